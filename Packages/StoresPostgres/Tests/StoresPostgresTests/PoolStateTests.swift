import Testing

@testable import StoresPostgres

/// The pool's decisions, without connections.
@Suite struct PoolStateTests {
    private final class Connection {}
    private typealias State = PostgresPoolState<Connection, Int>

    private func letters(_ actions: [State.Action]) -> String {
        actions.map { action in
            switch action {
            case .open(let place): "open\(place.map(String.init) ?? "-") "
            case .give(_, let waiter): "give\(waiter) "
            case .fail(let waiter): "fail\(waiter) "
            case .close: "close "
            }
        }.joined()
    }

    @Test func oneConnectionIsOpenedForManyWhoWait() {
        var state = State(shared: 2, leases: 1)
        #expect(letters(state.pick { _ in 0 }.actions) == "open0 ")
        state.waitForShared(1)
        #expect(letters(state.pick { _ in 0 }.actions).isEmpty)
        state.waitForShared(2)
        #expect(letters(state.opened(Connection(), shared: 0)) == "give1 give2 ")
    }

    @Test func anotherIsOpenedWhenThereIsACrowd() {
        var state = State(shared: 2, leases: 1)
        _ = state.pick { _ in 0 }
        let first = Connection()
        _ = state.opened(first, shared: 0)
        #expect(state.pick { _ in State.crowd - 1 }.actions.isEmpty)
        let crowded = state.pick { _ in State.crowd }
        #expect(crowded.connection === first)
        #expect(letters(crowded.actions) == "open1 ")
        let second = Connection()
        _ = state.opened(second, shared: 1)
        #expect(state.pick { $0 === first ? 5 : 3 }.connection === second)
    }

    @Test func behindAStuckConnectionNobodyIsSent() {
        var state = State(shared: 2, leases: 1)
        _ = state.pick { _ in 0 }
        let first = Connection()
        _ = state.opened(first, shared: 0)
        let stuck = state.pick { _ in State.stuck + 1 }
        #expect(stuck.connection == nil && letters(stuck.actions) == "open1 ")
        state.waitForShared(1)
        // Another one is on its way, and the next comer waits for it as well.
        let next = state.pick { _ in State.stuck + 1 }
        #expect(next.connection == nil && next.actions.isEmpty)
        // Where none is to be had it is better than nothing.
        #expect(letters(state.failedToOpen(shared: 1)) == "give1 ")
        _ = state.pick { _ in State.stuck + 1 }
        _ = state.opened(Connection(), shared: 1)
        #expect(state.pick { _ in State.stuck + 1 }.connection != nil)
    }

    @Test func whoWaitsLearnsWhyNoConnectionCameUnlessThereIsOne() {
        var state = State(shared: 2, leases: 1)
        _ = state.pick { _ in 0 }
        state.waitForShared(1)
        #expect(letters(state.failedToOpen(shared: 0)) == "fail1 ")
        #expect(letters(state.pick { _ in 0 }.actions) == "open0 ")
    }

    @Test func leasesGoToWhoWaitsLongest() {
        var state = State(shared: 1, leases: 2)
        #expect(state.lease() == nil)
        #expect(letters(state.waitForLease(1)) == "open- ")
        #expect(letters(state.waitForLease(2)) == "open- ")
        #expect(letters(state.waitForLease(3)).isEmpty)
        #expect(state.leases == 2)
        var served: [Int] = []
        let connection = Connection()
        for isNew in [true, true, false] {
            _ = state.returned(connection, isNew: isNew) { waiter in
                // Who is gone is passed over.
                if waiter == 2 { return false }
                served.append(waiter)
                return true
            }
        }
        #expect(served == [1, 3])
        #expect(state.idleLeases.count == 1)
        #expect(state.lease() === connection)
    }

    /// Between the look for a free one and the wait for it.
    @Test func aLeaseThatCameBackMeanwhileIsGivenAtOnce() {
        var state = State(shared: 1, leases: 1)
        _ = state.waitForLease(1)
        let connection = Connection()
        _ = state.returned(connection, isNew: true) { _ in true }
        #expect(state.lease() == nil)
        #expect(state.returned(connection, isNew: false) { _ in true }.isEmpty)
        #expect(letters(state.waitForLease(2)) == "give2 ")
        #expect(state.idleLeases.isEmpty)
    }

    @Test func aLostLeaseMakesRoomForANewOne() {
        var state = State(shared: 1, leases: 1)
        _ = state.waitForLease(1)
        _ = state.returned(Connection(), isNew: true) { _ in true }
        #expect(letters(state.waitForLease(2)).isEmpty)
        #expect(letters(state.lostLease(isNew: false) { _ in true }) == "open- ")
        #expect(letters(state.lostLease(isNew: true) { _ in true }) == "fail2 ")
        #expect(state.leases == 0)
    }

    @Test func afterTheEndNothingIsOpened() {
        var state = State(shared: 1, leases: 1)
        _ = state.pick { _ in 0 }
        state.waitForShared(1)
        _ = state.waitForLease(2)
        #expect(letters(state.close()) == "fail1 fail2 ")
        #expect(letters(state.opened(Connection(), shared: 0)) == "close ")
        #expect(letters(state.returned(Connection(), isNew: true) { _ in true }) == "close ")
        #expect(state.pick { _ in 0 }.actions.isEmpty)
        #expect(state.leases == 0)
    }
}
