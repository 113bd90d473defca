import StoresCore

/// The fields of a JSON object that a command reads, taken one by one. What is left over at the end is a mistake: a
/// misspelt field is refused, not ignored.
struct JSONFields {
    private var fields: Metadata
    /// For messages: `stdin line 3`.
    let place: String

    init(_ value: Value, _ place: String) throws(StoreError) {
        guard case .object(let fields) = value else {
            throw .invalidArgument("\(place): expected an object, got \(value.kindName)")
        }
        self.fields = fields
        self.place = place
    }

    init(_ line: JSONLines.Line) throws(StoreError) {
        try self.init(line.value, "stdin line \(line.number)")
    }

    func error(_ message: String) -> StoreError { .invalidArgument("\(place): \(message)") }

    /// Refuses what nothing has read.
    func finish() throws(StoreError) {
        guard let name = fields.keys.min() else { return }
        throw error("unknown field \(Redaction.name(name))")
    }

    func has(_ name: String) -> Bool { fields[name] != nil }

    /// Any value; nil when it is missing or null.
    mutating func value(_ name: String) -> Value? {
        guard let value = fields.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    mutating func string(_ name: String) throws(StoreError) -> String? {
        switch value(name) {
        case nil: return nil
        case .string(let text): return text
        case .some(let other): throw error("\(name) is a string, not \(other.kindName)")
        }
    }

    mutating func requiredString(_ name: String) throws(StoreError) -> String {
        guard let text = try string(name) else { throw error("\(name) is missing") }
        return text
    }

    mutating func int(_ name: String) throws(StoreError) -> Int64? {
        switch value(name) {
        case nil: return nil
        case .int(let number): return number
        case .some(let other): throw error("\(name) is an integer, not \(other.kindName)")
        }
    }

    mutating func double(_ name: String) throws(StoreError) -> Double? {
        switch value(name) {
        case nil: return nil
        case .int(let number): return Double(number)
        case .double(let number): return number
        case .some(let other): throw error("\(name) is a number, not \(other.kindName)")
        }
    }

    mutating func bool(_ name: String) throws(StoreError) -> Bool? {
        switch value(name) {
        case nil: return nil
        case .bool(let flag): return flag
        case .some(let other): throw error("\(name) is true or false, not \(other.kindName)")
        }
    }

    /// An instant, as JSON instant, RFC 3339 text, or milliseconds since 1970.
    mutating func instant(_ name: String) throws(StoreError) -> Timestamp? {
        switch value(name) {
        case nil: return nil
        case .instant(let instant): return instant
        case .int(let milliseconds): return Timestamp(millisecondsSinceEpoch: milliseconds)
        case .string(let text):
            guard let instant = Timestamp(text) else { throw error("\(name) is not an RFC 3339 time") }
            return instant
        case .some(let other): throw error("\(name) is an instant, not \(other.kindName)")
        }
    }

    mutating func object(_ name: String) throws(StoreError) -> Metadata? {
        switch value(name) {
        case nil: return nil
        case .object(let fields): return fields
        case .some(let other): throw error("\(name) is an object, not \(other.kindName)")
        }
    }

    mutating func stringMap(_ name: String) throws(StoreError) -> [String: String]? {
        guard let fields = try object(name) else { return nil }
        var map: [String: String] = [:]
        for (key, value) in fields {
            guard case .string(let text) = value else { throw error("the values of \(name) are strings") }
            map[key] = text
        }
        return map
    }

    mutating func array(_ name: String) throws(StoreError) -> [Value]? {
        switch value(name) {
        case nil: return nil
        case .array(let values): return values
        case .some(let other): throw error("\(name) is an array, not \(other.kindName)")
        }
    }

    mutating func strings(_ name: String) throws(StoreError) -> [String]? {
        guard let values = try array(name) else { return nil }
        var strings: [String] = []
        for value in values {
            guard case .string(let text) = value else { throw error("\(name) is an array of strings") }
            strings.append(text)
        }
        return strings
    }

    mutating func vector(_ name: String) throws(StoreError) -> [Float]? {
        guard let values = try array(name) else { return nil }
        guard let vector = values.floats else { throw error("\(name) is an array of 32-bit floats") }
        return vector
    }

    mutating func filter(_ name: String) throws(StoreError) -> Filter? {
        guard let text = try string(name) else { return nil }
        do throws(StoreError) { return try Filter(parsing: text) } catch {
            throw self.error("\(name): \(error.message)")
        }
    }
}

extension [Value] {
    /// These numbers as a vector; nil when one is no number, or out of the range of a float.
    var floats: [Float]? {
        var floats: [Float] = []
        floats.reserveCapacity(count)
        for value in self {
            let float: Float
            switch value {
            case .int(let number): float = Float(number)
            case .double(let number): float = Float(number)
            default: return nil
            }
            guard float.isFinite else { return nil }
            floats.append(float)
        }
        return floats
    }
}

extension [Float] {
    /// As JSON numbers that read back bit for bit.
    var jsonValue: Value { .array(map { .double(Double($0)) }) }
}

extension Timestamp {
    var jsonValue: Value { .instant(self) }
}

extension [String: String] {
    var jsonValue: StoresCore.Value { .object(mapValues { .string($0) }) }
}

extension Duration {
    /// Milliseconds with their fraction.
    var jsonMilliseconds: Value {
        let (seconds, attoseconds) = components
        return .double((Double(seconds) * 1_000_000 + Double(attoseconds / 1_000_000_000_000)) / 1000)
    }
}
