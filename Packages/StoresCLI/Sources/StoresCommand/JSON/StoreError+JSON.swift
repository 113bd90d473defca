import StoresCore

extension StoreError {
    /// The error as one JSON object; what is not known is left out.
    ///
    /// `{"code","message","retryable", "tier","adapter","operation","endpoint","resource","remedy","applied",
    /// "conflict":{"kind",…},"phase","retryAfterMilliseconds"}`
    var jsonValue: Value {
        var fields: [String: Value?] = [
            "code": .string(code.rawValue),
            "message": .string(message),
            "retryable": .bool(isRetryable),
            "tier": (tier?.rawValue).map(Value.string),
            "adapter": adapter.map(Value.string),
            "operation": operation.map(Value.string),
            "endpoint": endpoint.map(Value.string),
            "resource": resource.map(Value.string),
            "remedy": remedy.map(Value.string),
            "applied": (applied?.rawValue).map(Value.string),
            "conflict": conflict?.jsonValue,
            "phase": (phase?.rawValue).map(Value.string),
        ]
        if let retryAfter { fields["retryAfterMilliseconds"] = .int(retryAfter.wholeMilliseconds) }
        return .object(fields.compactMapValues { $0 })
    }
}

extension StoreError.Conflict {
    var jsonValue: Value {
        switch self {
        case .version(let current): ["kind": "version", "current": .int(current)]
        case .etag(let current): ["kind": "etag", "current": current.map(Value.string) ?? .null]
        case .revision(let expected, let actual):
            ["kind": "revision", "expected": .string(expected.text), "actual": actual.map(Value.int) ?? .null]
        case .partialDuplicate: ["kind": "partialDuplicate"]
        case .schema(let found, let wanted):
            ["kind": "schema", "found": .string(found), "wanted": .string(wanted)]
        }
    }
}

extension ExpectedRevision {
    /// As `--expect` takes it.
    var text: String {
        switch self {
        case .any: "any"
        case .noStream: "no-stream"
        case .exists: "exists"
        case .exact(let revision): String(revision)
        }
    }
}
