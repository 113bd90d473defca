public import StoresCore

extension JSONPull {
    public mutating func string() throws(StoreError) -> String {
        skipSpace()
        var end = index
        let read = bytes.withUnsafeBufferPointer { buffer -> Result<String, JSONString.Problem> in
            Result { () throws(JSONString.Problem) in try JSONString.read(buffer, at: &end) }
        }
        index = end
        switch read {
        case .success(let text): return text
        case .failure(let problem): throw error(problem.text)
        }
    }

    /// Goes behind a string without making a text of it: its escapes and its encoding are not looked at.
    mutating func skipString() throws(StoreError) {
        guard take(UInt8(ascii: "\"")) else { throw error("expected a string") }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return
            case UInt8(ascii: "\\"): index += 2
            case 0..<0x20: throw error("control character in a string")
            default: index += 1
            }
        }
        throw error("unterminated string")
    }
}
