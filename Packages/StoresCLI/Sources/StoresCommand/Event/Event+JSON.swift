import ArgumentParser
import StoresCore

extension RecordedEvent {
    var jsonValue: Value {
        var fields: [String: Value] = [
            "stream": .string(stream), "revision": .int(revision), "position": .string(position.rawValue),
            "id": .string(id), "type": .string(type), "contentType": .string(event.contentType),
            "metadata": event.metadata.jsonValue, "recordedAt": .instant(recordedAt),
        ]
        fields.setBytes(data, "data")
        return .object(fields)
    }
}

extension NewEvent {
    /// `{"id"?,"type","data":any JSON|"text"|"dataBase64","contentType"?,"metadata"?}`
    init(_ line: JSONLines.Line, ids: any IDGenerator) throws(StoreError) {
        var fields = try JSONFields(line)
        let isJSON = fields.has("data")
        let isText = fields.has("text")
        let data = try fields.bytes("data") ?? []
        let defaultType =
            isText && !isJSON
            ? (try? JSONReader.value(from: data)) != nil ? "application/json" : "text/plain; charset=utf-8"
            : isJSON || data.isEmpty ? "application/json" : "application/octet-stream"
        self.init(
            id: try fields.string("id") ?? ids.next(), type: try fields.requiredString("type"), data: data,
            contentType: try fields.string("contentType") ?? defaultType,
            metadata: try fields.stringMap("metadata") ?? [:])
        // What a read event has beside these, so that the output of read can be appended elsewhere.
        for name in ["stream", "revision", "position", "recordedAt"] { _ = fields.value(name) }
        try fields.finish()
    }
}

extension Run {
    var jsonValue: Value {
        var fields: [String: Value] = [
            "id": .string(id), "status": .string(status), "version": .int(version), "createdAt": .instant(createdAt),
            "updatedAt": .instant(updatedAt),
        ]
        fields.setBytes(state, "state")
        return .object(fields)
    }
}

/// `any`, `no-stream`, `exists`, or the last revision.
struct ExpectedArgument: ExpressibleByArgument, Sendable {
    let expected: ExpectedRevision

    init?(argument: String) {
        switch argument {
        case "any": expected = .any
        case "no-stream": expected = .noStream
        case "exists": expected = .exists
        default:
            guard let revision = Int64(argument) else { return nil }
            expected = .exact(revision)
        }
    }
}
