/// What the server or libpq said. Texts of statements hold placeholders only, never values; `detail` may quote a key.
public struct PostgresFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The five characters of the server's error code; nil for errors of libpq, which are those of the connection.
    public var sqlState: String?
    public var message: String
    public var detail: String?
    public var hint: String?
    /// The name of a violated constraint.
    public var constraint: String?

    public init(
        sqlState: String?, message: String, detail: String? = nil, hint: String? = nil, constraint: String? = nil
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
    }

    public var description: String {
        let parts = [message, detail, hint.map { "hint: \($0)" }].compactMap { $0 }
        return "Postgres " + (sqlState.map { "error \($0): " } ?? "connection: ") + parts.joined(separator: "; ")
    }

    /// The server is going away, or ends this connection.
    var endsConnection: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("57P") || sqlState.hasPrefix("08") || sqlState == "25P03"
    }
}
