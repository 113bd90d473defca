import StoresCore

extension ArtifactInfo {
    var jsonFields: [String: Value] {
        [
            "key": .string(key), "size": .int(size), "etag": .string(etag), "contentType": .string(contentType),
            "metadata": metadata.jsonValue, "modified": .instant(modified), "sha256": sha256.map(Value.string),
        ].compactMapValues { $0 }
    }

    var jsonValue: Value { .object(jsonFields) }
}
