import ArgumentParser

/// `name=value`.
struct KeyValueArgument: ExpressibleByArgument, Sendable {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equal = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        name = String(argument[..<equal])
        value = String(argument[argument.utf8.index(after: equal)...])
        guard !name.isEmpty else { return nil }
    }
}

extension [KeyValueArgument] {
    /// - Throws: When a name is given twice.
    func dictionary(_ option: String) throws -> [String: String] {
        var values: [String: String] = [:]
        for pair in self {
            guard values.updateValue(pair.value, forKey: pair.name) == nil else {
                throw ValidationError("\(option): \(pair.name) is given twice")
            }
        }
        return values
    }
}
