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
}
