import StoresCore

/// The parameters of a statement that is being put together.
struct PostgresArguments: Sendable {
    private(set) var values: [PostgresParameter] = []

    init(_ values: [PostgresParameter] = []) {
        self.values = values
    }

    /// Adds a parameter and gives its place in the text: `$3`.
    mutating func bind(_ value: PostgresParameter) -> String {
        values.append(value)
        return "$\(values.count)"
    }
}
