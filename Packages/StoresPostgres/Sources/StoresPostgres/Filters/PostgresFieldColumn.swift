import StoresCore

/// A generated column that holds one declared field in its SQL type, with an index: what the planner has statistics of.
///
/// The column is named by its number, so that no name of a user is part of a query.
struct PostgresFieldColumn: Sendable, Hashable {
    enum Kind: String, Sendable {
        /// Integers and doubles, as exact decimals.
        case number
        /// Milliseconds since 1970.
        case instant
        /// The first ``PostgresFieldColumn/prefixLength`` characters: an index entry has at most 2,704 bytes.
        case string
    }

    static let prefixLength = 128

    var name: String
    var kind: Kind
    var path: FieldPath

    /// The columns of a collection's declared fields. Bools and arrays have none: the index over the whole metadata
    /// finds them.
    static func columns(of fields: [FieldDefinition]) -> [PostgresFieldColumn] {
        var columns: [PostgresFieldColumn] = []
        for (number, field) in fields.enumerated() where field.isIndexed {
            let kind: Kind
            switch field.type {
            case .int, .double: kind = .number
            case .instant: kind = .instant
            case .string: kind = .string
            case .bool, .boolArray, .intArray, .doubleArray, .stringArray, .instantArray: continue
            }
            columns.append(PostgresFieldColumn(name: "field_\(number)", kind: kind, path: field.path))
        }
        return columns
    }

    /// The column's definition in `CREATE TABLE`. The path is there as quoted literals: DDL takes no parameters.
    func definition(of metadata: String) -> String {
        let steps = path.segments.map(PostgresLiteral.quoted)
        let value = metadata + steps.map { " -> \($0)" }.joined()
        let text = metadata + steps.dropLast().map { " -> \($0)" }.joined() + " ->> \(steps.last ?? "''")"
        switch kind {
        case .number:
            return "\(name) numeric GENERATED ALWAYS AS "
                + "(CASE WHEN jsonb_typeof(\(value)) = 'number' THEN (\(value))::numeric END) STORED"
        case .instant:
            return "\(name) bigint GENERATED ALWAYS AS "
                + "(CASE WHEN jsonb_typeof(\(value) -> '$instant') = 'number' "
                + "THEN (\(value) -> '$instant')::bigint END) STORED"
        case .string:
            return "\(name) text COLLATE \"C\" GENERATED ALWAYS AS "
                + "(CASE WHEN jsonb_typeof(\(value)) = 'string' THEN left(\(text), \(Self.prefixLength)) END) STORED"
        }
    }

    /// Whether a text is shorter than what the column holds of one, so that comparing the column with it is comparing
    /// the whole value.
    static func isWhole(_ text: String) -> Bool { text.unicodeScalars.count < prefixLength }
}

/// Texts as literals, for the few statements that take no parameters.
enum PostgresLiteral {
    /// With `standard_conforming_strings` on, which every connection of the pool has, a quote is all that is special.
    static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''") + "'"
    }
}
