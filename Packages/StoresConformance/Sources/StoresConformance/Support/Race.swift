import StoresCore

/// Runs the attempts at the same time and returns how many succeeded; the others must have failed with `conflict`.
func race(_ count: Int, _ attempt: @escaping @Sendable (Int) async throws -> some Sendable) async throws -> Int {
    try await withThrowingTaskGroup(of: Bool.self, returning: Int.self) { group in
        for number in 0..<count {
            group.addTask {
                do {
                    _ = try await attempt(number)
                    return true
                } catch let error as StoreError where error.code == .conflict {
                    return false
                }
            }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
}
