import StoresCore

extension Dictionary where Key == String, Value == StoresCore.Value {
    /// Bytes as `text` when they are valid UTF-8, else as base64 in `<name>Base64`.
    mutating func setBytes(_ bytes: [UInt8], _ name: String) {
        if let text = String(validating: bytes, as: UTF8.self) {
            self["text"] = .string(text)
        } else {
            self[name + "Base64"] = .string(Base64.encode(bytes))
        }
    }
}

extension JSONFields {
    /// Bytes from `text`, from base64 in `<name>Base64`, or from any JSON in `<name>`. Nil when none is there.
    mutating func bytes(_ name: String) throws(StoreError) -> [UInt8]? {
        let text = try string("text")
        let base64 = try string(name + "Base64")
        let json = value(name)
        guard [text != nil, base64 != nil, json != nil].count(where: { $0 }) <= 1 else {
            throw error("give one of text, \(name)Base64 and \(name)")
        }
        if let text { return Array(text.utf8) }
        if let json {
            var writer = JSONWriter()
            writer.append(json)
            return writer.bytes
        }
        guard let base64 else { return nil }
        guard let bytes = Base64.decode(base64) else { throw error("\(name)Base64 is not base64") }
        return bytes
    }
}
