import ArgumentParser
import StoresCore

/// `a/b/c`, or a JSON array of segments.
struct ScopeArgument: ExpressibleByArgument, Sendable {
    let scope: Scope

    init?(argument: String) {
        guard argument.utf8.first == UInt8(ascii: "[") else {
            scope = Scope(argument.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) })
            return
        }
        guard let value = try? JSONReader.value(from: argument), let scope = Scope(jsonValue: value) else { return nil }
        self.scope = scope
    }

    static let help: ArgumentHelp = "The scope: a/b/c, or a JSON array of segments."
}

extension Scope {
    var jsonValue: Value { .array(segments.map(Value.string)) }

    /// An array of strings, or a text with slashes between segments.
    init?(jsonValue: Value) {
        switch jsonValue {
        case .string(let text):
            self.init(text.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) })
        case .array(let values):
            var segments: [String] = []
            for value in values {
                guard case .string(let segment) = value else { return nil }
                segments.append(segment)
            }
            self.init(segments)
        default: return nil
        }
    }
}
