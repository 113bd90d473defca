import StoresCore

extension SessionEntry {
    func jsonValue(_ key: String) -> Value {
        var fields: [String: Value] = [
            "key": .string(key), "contentType": .string(value.contentType), "etag": .string(etag),
        ]
        fields.setBytes(value.bytes, "value")
        fields["expiresAt"] = expiresAt.map(Value.instant)
        return .object(fields)
    }
}

extension SessionReceipt {
    func jsonValue(_ key: String) -> Value {
        var fields: [String: Value] = ["key": .string(key), "etag": .string(etag)]
        fields["expiresAt"] = expiresAt.map(Value.instant)
        return .object(fields)
    }
}

extension Lease {
    var jsonValue: Value {
        ["key": .string(key), "generation": .int(generation), "expiresAt": .instant(expiresAt)]
    }
}

extension SessionWrite {
    /// What holds for a write that does not say it itself.
    struct Defaults {
        var expiry: Expiry?
        var contentType: String?
        var leaseGuard: LeaseGuard?
    }

    /// The fields of a write; the caller finishes.
    init(_ fields: inout JSONFields, _ defaults: Defaults = Defaults()) throws(StoreError) {
        let key = try fields.requiredString("key")
        let isText = fields.has("text")
        let isJSON = fields.has("value")
        guard let bytes = try fields.bytes("value") else { throw fields.error("text, valueBase64 or value is missing") }
        let defaultType =
            isText ? "text/plain; charset=utf-8" : isJSON ? "application/json" : "application/octet-stream"
        let contentType = try fields.string("contentType") ?? defaults.contentType ?? defaultType
        let said = try fields.string("expiry")
        guard let expiry = said.map({ Expiry(text: $0) }) ?? defaults.expiry else {
            throw fields.error("expiry is \"keep\", \"never\" or a duration such as \"30s\"")
        }
        var leaseGuard = defaults.leaseGuard
        if let guarded = fields.value("guard") {
            var inner = try JSONFields(guarded, "\(fields.place), guard")
            guard let generation = try inner.int("generation") else { throw inner.error("generation is missing") }
            leaseGuard = LeaseGuard(key: try inner.requiredString("key"), generation: generation)
            try inner.finish()
        }
        self.init(
            key: key, value: SessionValue(bytes: bytes, contentType: contentType), expiry: expiry,
            condition: try SessionCondition(&fields), leaseGuard: leaseGuard)
    }
}

extension SessionCondition {
    init(_ fields: inout JSONFields) throws(StoreError) {
        let ifAbsent = try fields.bool("ifAbsent") ?? false
        let ifMatch = try fields.string("ifMatch")
        guard !ifAbsent || ifMatch == nil else { throw fields.error("give one of ifAbsent and ifMatch") }
        self = ifMatch.map { .ifMatch($0) } ?? (ifAbsent ? .ifAbsent : .none)
    }
}
