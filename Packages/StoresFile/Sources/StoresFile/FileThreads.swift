import StoresCore
import Synchronization

/// Runs the blocking parts on a bounded number of threads and translates their errors.
struct FileThreads: Sendable {
    let pool: BlockingPool

    /// What a part that takes longer asks now and then: threads know neither the task's cancellation nor its deadline.
    final class Control: Sendable {
        private let isCancelled = Atomic(false)
        private let deadline: Deadline

        init(_ deadline: Deadline) {
            self.deadline = deadline
        }

        func cancel() { isCancelled.store(true, ordering: .relaxed) }

        func check() throws(FileError) {
            if isCancelled.load(ordering: .relaxed) { throw .store(.cancelled(applied: .no)) }
            if deadline.hasPassed { throw .store(.timeout("the call", applied: .no)) }
        }
    }

    func run<T: Sendable>(
        _ context: CallContext, _ body: @escaping @Sendable (Control) throws(FileError) -> T
    ) async throws(StoreError) -> T {
        try context.check(applied: .no)
        let control = Control(context.deadline)
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(
                    try await pool.run { () throws(StoreError) in
                        do throws(FileError) {
                            try control.check()
                            return try body(control)
                        } catch {
                            throw error.storeError
                        }
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            control.cancel()
        }
        return try result.get()
    }

    /// Runs to its end whether or not the task is cancelled: for cleaning up.
    func finish(_ body: @escaping @Sendable () throws(FileError) -> Void) async {
        let pool = pool
        await Task {
            _ = try? await pool.run { () throws(StoreError) in
                do throws(FileError) { try body() } catch { throw error.storeError }
            }
        }.value
    }
}
