import StoresCore

/// A scope as the tables keep it, and the ranges that it and what is under it span.
///
/// The segments, each followed by a NUL, which none of them holds. A scope of more than ``maxKeyBytes`` is kept by its
/// first bytes and the SHA-256 of the whole, which stands beside it: index entries have a limit. Such scopes are listed
/// in the order of their checksums where their first bytes are the same.
struct PostgresScope: Sendable, Hashable {
    static let maxKeyBytes = 2000
    private static let keptBytes = maxKeyBytes - 32

    let bytes: [UInt8]

    init(_ scope: Scope) throws(StoreError) {
        guard !scope.segments.isEmpty else { throw .invalidArgument("a scope has at least one segment") }
        var bytes: [UInt8] = []
        for segment in scope.segments {
            guard !segment.isEmpty, !segment.utf8.contains(0) else {
                throw .invalidArgument("a scope's segment is not empty and has no NUL")
            }
            bytes.append(contentsOf: segment.utf8)
            bytes.append(0)
        }
        self.bytes = bytes
    }

    /// The `scope` column.
    var key: [UInt8] {
        guard bytes.count > Self.maxKeyBytes else { return bytes }
        var digest = SHA256Digest()
        digest.update(bytes)
        return Array(bytes.prefix(Self.keptBytes)) + digest.finalized()
    }

    /// The `long_scope` column.
    var long: [UInt8]? { bytes.count <= Self.maxKeyBytes ? nil : bytes }

    /// - Parameter long: The `long_scope` column.
    static func scope(key: [UInt8], long: [UInt8]?) -> Scope {
        Scope(
            (long ?? key).dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            })
    }

    /// The condition that a row of alias `f` is in this scope.
    func condition(_ depth: ScopeDepth, _ arguments: inout PostgresArguments) -> String {
        if depth == .exact { return "f.scope = \(arguments.bind(.bytes(key)))" }
        guard bytes.count > Self.keptBytes else { return keyCondition("f.scope", &arguments) }
        // What is under it may be there by its first bytes alone.
        let whole = range("coalesce(f.long_scope, f.scope)", bytes, &arguments)
        return "\(keyCondition("f.scope", &arguments)) AND \(whole)"
    }

    /// A condition on a key alone that is true of all within this scope, and of others where the scope is very long.
    func keyCondition(_ column: String, _ arguments: inout PostgresArguments) -> String {
        range(column, Array(bytes.prefix(Self.keptBytes)), &arguments)
    }

    /// What begins with these bytes.
    private func range(_ column: String, _ start: [UInt8], _ arguments: inout PostgresArguments) -> String {
        let lower = "\(column) >= \(arguments.bind(.bytes(start)))"
        // Bytes of UTF-8 are never 0xFF: the last can be counted up.
        var end = start
        guard let last = end.popLast() else { return lower }
        end.append(last &+ 1)
        return "\(lower) AND \(column) < \(arguments.bind(.bytes(end)))"
    }
}
