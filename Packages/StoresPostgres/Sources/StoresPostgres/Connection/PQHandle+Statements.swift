import CLibPQ
import StoresCore

// Statements on a connection that is not in pipeline mode: waits on the calling thread, which must be one of the
// adapter's own.

extension PQHandle {
    /// One statement with text parameters; the answer is binary.
    func run(_ sql: String, _ values: [String], deadline: Deadline) throws(StoreError) -> PostgresRows {
        let isSent = PQConnect.withCStrings(values) { pointers in
            PQsendQueryParams(connection, sql, Int32(values.count), nil, pointers, nil, nil, 1)
        }
        guard isSent == 1 else { throw lost() }
        guard let rows = try results(deadline).last else {
            throw StoreError(.internal, "the server gave no answer", applied: .unknown)
        }
        return rows
    }

    /// Statements separated by semicolons; one transaction, unless one is open already.
    func script(_ sql: String, deadline: Deadline) throws(StoreError) {
        guard PQsendQuery(connection, sql) == 1 else { throw lost() }
        _ = try results(deadline)
    }

    /// `COPY … FROM STDIN (FORMAT binary)`; how many rows were taken.
    func copyIn(_ sql: String, deadline: Deadline, _ next: () throws(StoreError) -> [UInt8]?) throws(StoreError) -> Int
    {
        guard PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
        try awaitResult(deadline)
        guard let result = PQgetResult(connection) else { throw lost() }
        guard PQresultStatus(result) == PGRES_COPY_IN else {
            let failure = Self.failure(result)
            PQclear(result)
            _ = try results(deadline)
            throw .postgres(failure, .write, endpoint: "")
        }
        PQclear(result)
        do throws(StoreError) {
            while let chunk = try next() {
                try put(deadline) {
                    chunk.withUnsafeBytes { bytes in
                        PQputCopyData(
                            connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                            Int32(clamping: bytes.count))
                    }
                }
            }
        } catch {
            // The server then fails the COPY, and the connection is of use again.
            if PQputCopyEnd(connection, "given up") == 1 { _ = try? results(deadline) }
            throw error
        }
        try put(deadline) { PQputCopyEnd(connection, nil) }
        return try results(deadline).last?.affected ?? 0
    }

    /// Hands something to libpq and waits until the socket has taken it: libpq would keep whatever it is given.
    private func put(_ deadline: Deadline, _ body: () -> Int32) throws(StoreError) {
        guard body() == 1 else { throw lost() }
        while true {
            let pending = PQflush(connection)
            guard pending >= 0 else { throw lost() }
            if pending == 0 { return }
            if deadline.hasPassed { throw .timeout("COPY", applied: .no) }
            _ = Self.wait(socket, forReading: false, milliseconds: min(20, deadline.remainingMilliseconds))
            // The server may have something to say meanwhile, and wait until it is heard.
            if Self.wait(socket, forReading: true, milliseconds: 0) {
                guard PQconsumeInput(connection) == 1 else { throw lost() }
            }
        }
    }

    /// All results until the server is done; the first error is thrown.
    private func results(_ deadline: Deadline) throws(StoreError) -> [PostgresRows] {
        var rows: [PostgresRows] = []
        var failure: PostgresFailure?
        while true {
            try awaitResult(deadline)
            guard let result = PQgetResult(connection) else { break }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: rows.append(PostgresRows(taking: result))
            default:
                failure = failure ?? Self.failure(result)
                PQclear(result)
            }
            if isBroken { throw .lost(failure, .write) }
        }
        if let failure { throw .postgres(failure, .write, endpoint: "") }
        return rows
    }

    private func awaitResult(_ deadline: Deadline) throws(StoreError) {
        while true {
            let pending = PQflush(connection)
            guard pending >= 0 else { throw lost() }
            if pending == 0, PQisBusy(connection) == 0 { return }
            let remaining = deadline.remainingMilliseconds
            guard remaining > 0 else { throw .timeout("the statement", applied: .unknown) }
            if pending == 1 { _ = Self.wait(socket, forReading: false, milliseconds: min(remaining, 20)) }
            if Self.wait(socket, forReading: true, milliseconds: pending == 1 ? 0 : remaining) {
                guard PQconsumeInput(connection) == 1 else { throw lost() }
            }
        }
    }

    private func lost() -> StoreError { .lost(PostgresFailure(sqlState: nil, message: message), .write) }
}
