import StoresCore

/// An expectation that was not met: what was expected, and what came.
struct CaseFailure: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Throws unless the condition holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw CaseFailure(message()) }
}

func expectEqual<T: Equatable>(_ actual: T, _ expected: T, _ what: @autoclosure () -> String) throws {
    guard actual == expected else {
        throw CaseFailure("\(what()): expected \(shown(expected)), got \(shown(actual))")
    }
}

/// Strings as bytes: Swift's own comparison takes a composed and a decomposed é as equal.
func expectBytes(_ actual: String, _ expected: String, _ what: @autoclosure () -> String) throws {
    guard actual.utf8.elementsEqual(expected.utf8) else {
        throw CaseFailure("\(what()): expected \(shown(expected)), got \(shown(actual))")
    }
}

func expectBytes(_ actual: [String], _ expected: [String], _ what: @autoclosure () -> String) throws {
    guard actual.elementsEqual(expected, by: { $0.utf8.elementsEqual($1.utf8) }) else {
        throw CaseFailure("\(what()): expected \(shown(expected)), got \(shown(actual))")
    }
}

/// The same strings, by bytes, in whatever order.
func expectSame(_ actual: [String], _ expected: [String], _ what: @autoclosure () -> String) throws {
    try expectBytes(actual.sortedByBytes, expected.sortedByBytes, what())
}

func expectClose(_ actual: Double?, _ expected: Double, _ what: @autoclosure () -> String, within: Double = 1e-4) throws
{
    guard let actual, abs(actual - expected) <= within else {
        throw CaseFailure("\(what()): expected \(expected) within \(within), got \(actual.map { "\($0)" } ?? "nil")")
    }
}

func unwrap<T>(_ value: T?, _ what: @autoclosure () -> String) throws -> T {
    guard let value else { throw CaseFailure("\(what()): expected a value, got nil") }
    return value
}

/// Runs the body, which must throw a `StoreError` of this code.
@discardableResult
func expectError<T>(
    _ codes: StoreError.Code..., during what: @autoclosure () -> String, _ body: () async throws -> T
) async throws -> StoreError {
    let wanted = codes.map(\.rawValue).joined(separator: " or ")
    do {
        let result = try await body()
        throw CaseFailure("\(what()): expected the error \(wanted), got \(shown(result))")
    } catch let error as StoreError {
        guard codes.contains(error.code) else {
            throw CaseFailure("\(what()): expected the error \(wanted), got \(error.debugDescription)")
        }
        return error
    }
}

/// Runs the body, which must be refused because the capability is not declared: `unsupported`, with nothing applied,
/// and the message says who can.
func expectUnsupported<T>(
    _ bench: Bench, _ capability: Capability, _ what: String, _ body: () async throws -> T
) async throws {
    let error = try await expectError(.unsupported, during: "\(what) without \(capability)", body)
    try expect(
        error.applied != .yes && error.applied != .unknown, "\(what): expected that nothing was applied, got \(error)")
    try expect(
        error.message.contains("\(capability)"),
        "\(what): expected the message to name \(capability), got \(error.message)")
    for name in bench.subject.registry.providers(of: capability)
    where name != bench.subject.adapter(of: capability.tier) {
        try expect(
            error.message.contains(name),
            "\(what): expected the message to name \(name), which has \(capability), got \(error.message)")
    }
}

/// One line, cut, with what can't be seen escaped.
func shown<T>(_ value: T) -> String {
    let text =
        switch value {
        case let text as String: text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
        case let texts as [String]: "[" + texts.prefix(40).map { shown($0) }.joined(separator: ", ") + "]"
        default: String(describing: value)
        }
    return text.utf8.count > 600 ? String(text.prefix(600)) + "…" : text
}

extension Sequence<String> {
    var sortedByBytes: [String] { sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

/// A string that is equal to another only when all bytes are.
struct Bytes: Hashable, Comparable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    static func < (a: Bytes, b: Bytes) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
