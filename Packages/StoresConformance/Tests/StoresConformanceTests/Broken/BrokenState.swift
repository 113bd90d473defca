import StoresCore
import Synchronization

/// Defects that any driver can have, by the names that the tiers' own lists use.
final class BrokenState: Sendable {
    let defect: String
    private let calls = Atomic<Int>(0)

    init(_ defect: String) { self.defect = defect }

    /// `leaksConnections`: a pool of five, of which none comes back.
    /// `deadlineIgnored`: a call that takes its time, whatever its deadline says.
    func take() async throws(StoreError) {
        if defect == "deadlineIgnored" { await Task.detached { try? await Task.sleep(for: .seconds(3)) }.value }
        guard defect == "leaksConnections" else { return }
        if calls.add(1, ordering: .relaxed).newValue > 5 {
            throw StoreError(.internal, "no connection is free")
        }
    }

    /// `clockStands`: time does not pass. `clockLate`: it is a millisecond behind.
    func context(_ context: CallContext) -> CallContext {
        switch defect {
        case "clockStands":
            CallContext(
                deadline: context.deadline, clock: ManualStoreClock(), ids: context.ids, attempt: context.attempt)
        case "clockLate":
            CallContext(
                deadline: context.deadline, clock: ManualStoreClock(start: context.now.advanced(by: .milliseconds(-1))),
                ids: context.ids, attempt: context.attempt)
        default: context
        }
    }

    /// `errorsOnTwoLines`: a native error's text, passed on as it came.
    func call<T>(_ body: () async throws(StoreError) -> T) async throws(StoreError) -> T {
        do throws(StoreError) {
            return try await body()
        } catch {
            guard defect == "errorsOnTwoLines" else { throw error }
            throw StoreError(error.code, "\(error.message)\nDETAIL: row", conflict: error.conflict)
        }
    }
}
