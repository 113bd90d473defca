/// What is on its way on one connection: decides what is sent in which order and where the Syncs stand, and matches
/// the answers. Pure: it knows neither socket nor clock.
///
/// The server's work between two Syncs is one transaction. Reads share one Sync, which is what makes them fast; when
/// one of them fails, the server skips the rest up to the Sync, and those are sent again, each alone. A write has a
/// Sync of its own, and its outcome is known at the Sync's answer: a command that is complete is not yet committed.
struct PostgresPipeline {
    /// A statement that the server keeps. A class, since requests that are under way refer to it.
    final class Statement {
        let name: String
        let sql: String
        /// Why the server did not take it.
        var failure: PostgresFailure?

        init(name: String, sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    /// What the connection is to send, in this order.
    enum Action {
        case prepare(Statement, types: [UInt32])
        case execute(PostgresEncodedCommand, Statement?)
        case deallocate(Statement)
        case setStatementTimeout(milliseconds: Int)
        case sync
    }

    /// What libpq returned for a command.
    enum Reply {
        case rows(PostgresRows)
        case failed(PostgresFailure)
        /// The server skipped it, because one before it failed.
        case aborted
    }

    private struct Group {
        enum Content {
            case prepare(Statement)
            case reads([PostgresRequest])
            case single(PostgresRequest)
            /// Deallocation, settings: nobody waits for it.
            case housekeeping
        }

        var content: Content
        /// By command, where it is prepared.
        var statements: [Statement?]
        var replies: [Reply] = []
        /// The command whose answer is being read has had its result.
        var hasReply = false
        /// What failed after the last command: the commit.
        var failure: PostgresFailure?
        var count: Int

        /// Of the commands'.
        var firstFailure: PostgresFailure? {
            for case .failed(let failure) in replies { return failure }
            return nil
        }
    }

    /// What came of a reply.
    struct Completion {
        var request: PostgresRequest
        var outcome: PostgresOutcome
    }

    static let maxStatements = 512

    private var groups: [Group] = []
    private var firstGroup = 0
    private var statements: [String: Statement] = [:]
    /// In the order in which they were prepared, for dropping the oldest.
    private var order: [Statement] = []
    private var lastName = 0
    private(set) var statementTimeout = 0
    /// Requests to be sent again.
    private(set) var again: [PostgresRequest] = []

    /// Requests and housekeeping that have been sent and not been answered.
    private(set) var inFlight = 0

    var isIdle: Bool { inFlight == 0 }

    /// Those that wait for an answer, oldest first.
    var requests: [PostgresRequest] {
        groups[firstGroup...].flatMap { group -> [PostgresRequest] in
            switch group.content {
            case .reads(let requests): requests
            case .single(let request): [request]
            case .prepare, .housekeeping: []
            }
        }
    }

    // MARK: Sending

    /// - Parameters:
    ///   - limit: How many reads share a Sync at most. The server sends what it has answered by then.
    ///   - timeout: The server's time limit that a request wants, in milliseconds.
    /// - Returns: What is to be sent; requests that nobody waits for any more are left out.
    mutating func plan(
        _ requests: [PostgresRequest], sharing limit: Int = .max, timeout: (PostgresRequest) -> Int
    ) -> [Action] {
        var actions: [Action] = []
        actions.reserveCapacity(requests.count + 2)
        // The reads that share the Sync to come.
        var sharing: [PostgresRequest] = []
        var shared: [Statement?] = []
        func close(_ pipeline: inout PostgresPipeline) {
            guard !sharing.isEmpty else { return }
            actions.append(.sync)
            pipeline.push(.reads(sharing), shared)
            sharing = []
            shared = []
        }
        for request in requests where request.beginSending() {
            let wanted = timeout(request)
            if request.setsTimeout, wanted != statementTimeout {
                close(&self)
                statementTimeout = wanted
                actions += [.setStatementTimeout(milliseconds: wanted), .sync]
                push(.housekeeping, [nil])
            }
            let isShareable = request.isShareable
            if !isShareable { close(&self) }
            // All are prepared before the first is sent: its group is one transaction.
            var used: [Statement?] = []
            used.reserveCapacity(request.commands.count)
            for command in request.commands {
                var statement = command.isPrepared ? statements[command.sql] : nil
                if command.isPrepared, statement == nil {
                    close(&self)
                    let (made, preparation) = prepare(command)
                    actions += preparation
                    statement = made
                }
                used.append(statement)
            }
            for (command, statement) in zip(request.commands, used) { actions.append(.execute(command, statement)) }
            if isShareable {
                sharing.append(request)
                shared += used
                if sharing.count >= limit { close(&self) }
            } else {
                actions.append(.sync)
                push(.single(request), used)
            }
        }
        close(&self)
        return actions
    }

    private mutating func prepare(_ command: PostgresEncodedCommand) -> (Statement, [Action]) {
        var actions: [Action] = []
        if order.count >= Self.maxStatements {
            let oldest = order.removeFirst()
            if statements[oldest.sql] === oldest { statements[oldest.sql] = nil }
            actions += [.deallocate(oldest), .sync]
            push(.housekeeping, [nil])
        }
        lastName += 1
        let statement = Statement(name: "s\(lastName)", sql: command.sql)
        statements[command.sql] = statement
        order.append(statement)
        actions += [.prepare(statement, types: command.types), .sync]
        push(.prepare(statement), [nil])
        return (statement, actions)
    }

    private mutating func push(_ content: Group.Content, _ statements: [Statement?]) {
        groups.append(Group(content: content, statements: statements, count: statements.count))
        inFlight += 1
    }

    // MARK: Receiving

    mutating func received(_ reply: Reply) {
        guard firstGroup < groups.count else { return }
        if groups[firstGroup].replies.count < groups[firstGroup].count, !groups[firstGroup].hasReply {
            groups[firstGroup].replies.append(reply)
            groups[firstGroup].hasReply = true
        } else if case .failed(let failure) = reply, groups[firstGroup].failure == nil {
            groups[firstGroup].failure = failure
        }
    }

    /// The end of a command's results.
    mutating func endOfCommand() {
        guard firstGroup < groups.count else { return }
        groups[firstGroup].hasReply = false
    }

    /// The answer to a Sync: what stands before it is decided.
    mutating func synced() -> [Completion] {
        guard firstGroup < groups.count else { return [] }
        let group = groups[firstGroup]
        firstGroup += 1
        if firstGroup == groups.count {
            groups.removeAll(keepingCapacity: true)
            firstGroup = 0
        } else if firstGroup > 64, firstGroup * 2 > groups.count {
            groups.removeFirst(firstGroup)
            firstGroup = 0
        }
        inFlight -= 1
        switch group.content {
        case .housekeeping: return []
        case .prepare(let statement):
            if let failure = group.firstFailure {
                statement.failure = failure
                forget(statement)
            }
            return []
        case .reads(let requests):
            var completions: [Completion] = []
            completions.reserveCapacity(requests.count)
            for (index, request) in requests.enumerated() {
                let reply = index < group.replies.count ? group.replies[index] : .aborted
                switch reply {
                case .rows(let rows): completions.append(Completion(request: request, outcome: .rows([rows])))
                case .failed(let failure):
                    if let completion = failed(request, failure, group.statements[index]) {
                        completions.append(completion)
                    }
                case .aborted: resend(request)
                }
            }
            return completions
        case .single(let request):
            if let failure = group.failure ?? group.firstFailure {
                let index = group.replies.firstIndex { if case .failed = $0 { true } else { false } }
                return failed(request, failure, index.flatMap { group.statements[$0] }).map { [$0] } ?? []
            }
            var rows: [PostgresRows] = []
            for case .rows(let found) in group.replies { rows.append(found) }
            guard rows.count == group.count else {
                let failure = PostgresFailure(sqlState: nil, message: "the server answered out of turn")
                return [Completion(request: request, outcome: .lost(failure))]
            }
            return [Completion(request: request, outcome: .rows(rows))]
        }
    }

    /// A prepared statement that is gone or outdated is prepared anew, once; nothing of its group was kept.
    private mutating func failed(_ request: PostgresRequest, _ failure: PostgresFailure, _ statement: Statement?)
        -> Completion?
    {
        guard let statement else { return Completion(request: request, outcome: .failed(failure)) }
        if failure.sqlState == "26000", let reason = statement.failure {
            return Completion(request: request, outcome: .failed(reason))
        }
        let isOutdated =
            failure.sqlState == "26000" || failure.sqlState == "0A000" && failure.message.contains("cached plan")
        guard isOutdated, request.resends < 3 else { return Completion(request: request, outcome: .failed(failure)) }
        forget(statement)
        resend(request)
        return nil
    }

    private mutating func resend(_ request: PostgresRequest) {
        request.resends += 1
        again.append(request)
    }

    private mutating func forget(_ statement: Statement) {
        if statements[statement.sql] === statement { statements[statement.sql] = nil }
        order.removeAll { $0 === statement }
    }

    mutating func takeAgain() -> [PostgresRequest] {
        defer { again.removeAll(keepingCapacity: true) }
        return again
    }

    /// The error that the group at the front had before the connection went away.
    var frontFailure: PostgresFailure? {
        firstGroup < groups.count ? groups[firstGroup].firstFailure ?? groups[firstGroup].failure : nil
    }

    /// The connection is gone: who waited for an answer.
    mutating func abandon() -> [PostgresRequest] {
        let waiting = requests + takeAgain()
        groups.removeAll()
        firstGroup = 0
        inFlight = 0
        return waiting
    }
}
