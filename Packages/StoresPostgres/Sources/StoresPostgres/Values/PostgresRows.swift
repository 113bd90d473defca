import CLibPQ
import StoresCore

/// The rows of one statement, in binary. Owns libpq's result, and frees it.
///
/// `@unchecked Sendable`: a finished `PGresult` is not changed by anybody any more, and reading it is thread-safe.
final class PostgresRows: RandomAccessCollection, @unchecked Sendable {
    private let result: OpaquePointer
    let count: Int
    let columns: Int

    /// Takes the result over.
    init(taking result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        columns = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    var startIndex: Int { 0 }
    var endIndex: Int { count }
    subscript(position: Int) -> PostgresRow { PostgresRow(rows: self, index: Int32(position)) }

    /// The number in the command tag: rows that were inserted, updated, deleted or returned.
    var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// For example `COMMIT`.
    var tag: String { String(cString: PQcmdStatus(result)) }

    func isNull(_ row: Int32, _ column: Int) -> Bool {
        PQgetisnull(result, row, Int32(column)) != 0
    }

    /// Outside of the rows and columns libpq gives NULL and says so on standard error; the callers know their columns.
    func withBytes<T>(_ row: Int32, _ column: Int, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> T)
        throws(StoreError) -> T
    {
        guard column < columns, let start = PQgetvalue(result, row, Int32(column)) else {
            throw StoreError(.internal, "the server's answer has no column \(column)")
        }
        let length = Int(PQgetlength(result, row, Int32(column)))
        return try body(UnsafeRawBufferPointer(start: start, count: length))
    }
}
