#if SQLite
import GRDB
import GRDBSQLite
import StoresCore

/// The SQL functions by which a filter's leaves look into a record's metadata. SQLite's own JSON functions would
/// not do: they read `1e400` and some long doubles to other numbers, and mix kinds.
enum SQLiteFunctions {
    private final class Definition {
        let test: FilterTest.Operator
        init(_ test: FilterTest.Operator) { self.test = test }
    }

    static func install(in db: Database) throws {
        for test in FilterTest.Operator.allCases {
            let definition = Unmanaged.passRetained(Definition(test))
            // SQLite calls the destructor when it fails, too.
            let code = sqlite3_create_function_v2(
                db.sqliteConnection, test.function, test == .exists ? 2 : 3,
                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, definition.toOpaque(),
                { context, count, arguments in SQLiteFunctions.call(context, count, arguments) }, nil, nil,
                { pointer in
                    if let pointer { Unmanaged<Definition>.fromOpaque(pointer).release() }
                })
            guard code == SQLITE_OK else {
                throw SQLiteFailure(code: code, message: "\(test.function) can't be registered")
            }
        }
    }

    private static func call(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard let context, let arguments, let pointer = sqlite3_user_data(context) else { return }
        guard let test = prepared(context, pointer, count, arguments) else {
            return sqlite3_result_error(context, "a filter's path and literal are JSON", -1)
        }
        do {
            sqlite3_result_int(context, try test.matches(text(arguments[0])) ? 1 : 0)
        } catch {
            sqlite3_result_error(context, "metadata is no JSON", -1)
            sqlite3_result_error_code(context, SQLITE_CORRUPT)
        }
    }

    /// The leaf, decoded once for each statement: SQLite keeps it with the path's parameter.
    private static func prepared(
        _ context: OpaquePointer, _ definition: UnsafeMutableRawPointer, _ count: Int32,
        _ arguments: UnsafeMutablePointer<OpaquePointer?>
    ) -> FilterTest? {
        if let known = sqlite3_get_auxdata(context, 1) {
            return Unmanaged<FilterTest>.fromOpaque(known).takeUnretainedValue()
        }
        let test = Unmanaged<Definition>.fromOpaque(definition).takeUnretainedValue().test
        let literal = count > 2 ? text(arguments[2]) : UnsafeBufferPointer(start: nil, count: 0)
        guard let made = FilterTest(test, path: text(arguments[1]), literal: literal) else { return nil }
        sqlite3_set_auxdata(context, 1, Unmanaged.passRetained(made).toOpaque()) { pointer in
            if let pointer { Unmanaged<FilterTest>.fromOpaque(pointer).release() }
        }
        return made
    }

    private static func text(_ value: OpaquePointer?) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_value_text(value)
        return UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_value_bytes(value)))
    }
}
#endif
