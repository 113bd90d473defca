import StoresCore

/// Which connection serves whom, and when one is opened: pure decisions, taken under the pool's lock.
///
/// A part of the connections is shared: any number of requests are under way on each. The others are leased, to one
/// task at a time, first come first served.
struct PostgresPoolState<Connection: AnyObject, Waiter> {
    enum Shared {
        case vacant
        case opening
        case open(Connection)
    }

    /// What the pool is to do after a decision.
    enum Action {
        /// Open a connection; for the shared place of this index, or for leases.
        case open(shared: Int?)
        case give(Connection, to: Waiter)
        case fail(Waiter)
        case close(Connection)
    }

    private(set) var shared: [Shared]
    private(set) var idleLeases: [Connection] = []
    private(set) var leases: Int = 0
    let maximumLeases: Int
    private(set) var waitingForShared: [Waiter] = []
    private var waitingForLease: [Waiter?] = []
    private var firstWaiting = 0
    private var openingLeases = 0
    private(set) var isClosed = false

    /// Requests on a shared connection from which on another one is opened.
    static var crowd: Int { 8 }
    /// The weight of a connection that the server has not answered on for long: another one is waited for.
    static var stuck: Int { 1 << 20 }

    init(shared: Int, leases: Int) {
        self.shared = Array(repeating: .vacant, count: max(1, shared))
        maximumLeases = max(1, leases)
    }

    /// Every connection that is open.
    var connections: [Connection] {
        shared.compactMap { if case .open(let connection) = $0 { connection } else { nil } } + idleLeases
    }

    var waitingLeases: Int { waitingForLease.count - firstWaiting }

    // MARK: Shared

    /// The shared connection with the least to do, and whether another is to be opened beside it.
    mutating func pick(pending: (Connection) -> Int) -> (connection: Connection?, actions: [Action]) {
        var best: (connection: Connection, pending: Int)?
        var vacant: Int?
        var isOpening = false
        for (index, place) in shared.enumerated() {
            switch place {
            case .vacant: vacant = vacant ?? index
            case .opening: isOpening = true
            case .open(let connection):
                let count = pending(connection)
                if best.map({ count < $0.pending }) ?? true { best = (connection, count) }
            }
        }
        let wantsMore = best.map { $0.pending >= Self.crowd } ?? true
        let isStuck = best.map { $0.pending >= Self.stuck } ?? false
        if isStuck, isOpening, !isClosed { return (nil, []) }
        guard wantsMore, !isOpening, let vacant, !isClosed else { return (best?.connection, []) }
        shared[vacant] = .opening
        return (isStuck ? nil : best?.connection, [.open(shared: vacant)])
    }

    mutating func waitForShared(_ waiter: Waiter) { waitingForShared.append(waiter) }

    mutating func opened(_ connection: Connection, shared index: Int) -> [Action] {
        guard !isClosed else {
            shared[index] = .vacant
            return [.close(connection)]
        }
        shared[index] = .open(connection)
        defer { waitingForShared = [] }
        return waitingForShared.map { .give(connection, to: $0) }
    }

    /// An attempt for a shared place failed: who waits learns why, unless another connection can serve him.
    mutating func failedToOpen(shared index: Int) -> [Action] {
        shared[index] = .vacant
        defer { waitingForShared = [] }
        for case .open(let connection) in shared { return waitingForShared.map { .give(connection, to: $0) } }
        return waitingForShared.map { .fail($0) }
    }

    // MARK: Leases

    /// A free connection, or nil: then wait. Who came earlier goes first.
    mutating func lease() -> Connection? {
        guard waitingLeases == 0, let connection = idleLeases.popLast() else { return nil }
        return connection
    }

    mutating func waitForLease(_ waiter: Waiter) -> [Action] {
        // One may have come back since the look for it.
        if let connection = lease() { return [.give(connection, to: waiter)] }
        waitingForLease.append(waiter)
        guard leases < maximumLeases, openingLeases < waitingLeases, !isClosed else { return [] }
        leases += 1
        openingLeases += 1
        return [.open(shared: nil)]
    }

    /// A lease is back, or newly opened.
    ///
    /// - Parameter give: Tries to give the connection to a waiter; false when he has gone.
    mutating func returned(_ connection: Connection, isNew: Bool, give: (Waiter) -> Bool) -> [Action] {
        if isNew { openingLeases -= 1 }
        guard !isClosed else {
            leases -= 1
            return [.close(connection)]
        }
        while let waiter = nextWaiting() {
            if give(waiter) { return [] }
        }
        idleLeases.append(connection)
        return []
    }

    /// A leased connection ended, or could not be opened.
    mutating func lostLease(isNew: Bool, isOfUse: (Waiter) -> Bool) -> [Action] {
        leases -= 1
        guard isNew else { return openForWaiting() }
        openingLeases -= 1
        while let waiter = nextWaiting() {
            if isOfUse(waiter) { return [.fail(waiter)] + openForWaiting() }
        }
        return []
    }

    private mutating func openForWaiting() -> [Action] {
        guard waitingLeases > openingLeases, leases < maximumLeases, !isClosed else { return [] }
        leases += 1
        openingLeases += 1
        return [.open(shared: nil)]
    }

    private mutating func nextWaiting() -> Waiter? {
        while firstWaiting < waitingForLease.count {
            let waiter = waitingForLease[firstWaiting]
            waitingForLease[firstWaiting] = nil
            firstWaiting += 1
            if firstWaiting > 64, firstWaiting * 2 > waitingForLease.count {
                waitingForLease.removeFirst(firstWaiting)
                firstWaiting = 0
            }
            if let waiter { return waiter }
        }
        return nil
    }

    // MARK: Ends

    /// A connection that nobody has leased is gone.
    mutating func closed(_ connection: Connection) {
        for (index, place) in shared.enumerated() {
            if case .open(let open) = place, open === connection { shared[index] = .vacant }
        }
        if let index = idleLeases.firstIndex(where: { $0 === connection }) {
            idleLeases.remove(at: index)
            leases -= 1
        }
    }

    /// Waiters whose time has passed are told so; those that have ended otherwise are dropped.
    mutating func everyWaiter(_ body: (Waiter) -> Bool) {
        waitingForShared.removeAll { !body($0) }
        for index in firstWaiting..<waitingForLease.count {
            if let waiter = waitingForLease[index], !body(waiter) { waitingForLease[index] = nil }
        }
    }

    mutating func close() -> [Action] {
        guard !isClosed else { return [] }
        isClosed = true
        var actions = connections.map { Action.close($0) } + waitingForShared.map { .fail($0) }
        waitingForShared = []
        while let waiter = nextWaiting() { actions.append(.fail(waiter)) }
        for (index, place) in shared.enumerated() { if case .open = place { shared[index] = .vacant } }
        leases -= idleLeases.count
        idleLeases = []
        return actions
    }
}
