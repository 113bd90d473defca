/// Names that can't be bound, because they stand where SQL wants an identifier.
enum PostgresIdentifier {
    /// The name in double quotes. Postgres cuts names after 63 bytes: callers keep below.
    static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
