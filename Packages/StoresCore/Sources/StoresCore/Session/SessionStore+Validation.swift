extension SessionStore {
    func checkKey(_ key: String, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in
            try NameRules.check(
                key, "key", maxBytes: min(Self.maxKeyBytes, capabilities.limits[.keyBytes] ?? .max))
        }
    }

    /// Whole segments: a trailing `/` is not part of the prefix; an empty prefix is refused.
    func checkPrefix(_ prefix: String, _ operation: String) throws(StoreError) -> String {
        // By bytes: a "/" after a prepended mark (U+0600) is one Character with it.
        let trimmed =
            prefix.utf8.last == UInt8(ascii: "/") ? String(decoding: prefix.utf8.dropLast(), as: UTF8.self) : prefix
        try checkKey(trimmed, operation)
        return trimmed
    }

    func check(_ write: SessionWrite, _ operation: String) throws(StoreError) {
        try checkKey(write.key, operation)
        try checkExpiry(write.expiry, operation)
        try checkCondition(write.condition, operation)
        try checkValueSize(write.value.bytes.count, operation)
        try runtime.check(operation) { () throws(StoreError) in
            try NameRules.check(write.value.contentType, "contentType", maxBytes: 256)
        }
        if let leaseGuard = write.leaseGuard {
            try runtime.require(.session(.leases), operation)
            try checkLease(leaseGuard.key, leaseGuard.generation, operation)
        }
    }

    func checkLease(_ key: String, _ generation: Int64, _ operation: String) throws(StoreError) {
        try checkKey(key, operation)
        guard generation >= 1 else {
            throw runtime.refuse("a generation is at least 1; got \(generation)", operation)
        }
    }

    func checkValueSize(_ size: Int, _ operation: String) throws(StoreError) {
        guard let most = capabilities.limits[.valueBytes], size > most else { return }
        throw runtime.refuse("a value has at most \(most) bytes here; got \(size)", operation, code: .tooLarge)
    }

    func checkExpiry(_ expiry: Expiry, _ operation: String) throws(StoreError) {
        guard case .after(let duration) = expiry, duration <= .zero else { return }
        throw runtime.refuse("a time to live is more than zero; got \(duration)", operation)
    }

    func checkCondition(_ condition: SessionCondition, _ operation: String) throws(StoreError) {
        switch condition {
        case .none: return
        case .ifAbsent: break
        case .ifMatch(let etag): try runtime.check(operation) { () throws(StoreError) in try ETagRules.check(etag) }
        }
        try runtime.require(.session(.conditionalWrites), operation)
    }
}

extension SessionWrite {
    /// Whether a second run has the same outcome: an unconditional write.
    var isIdempotent: Bool { condition == .none && leaseGuard == nil }
}
