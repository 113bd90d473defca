import StoresCore

/// What a subscription makes of errors: what passes is waited for, ever longer; anything else is its reader's.
struct KafkaPatience {
    private let endpoint: String
    /// In a row.
    private var failures = 0

    init(_ driver: KafkaEventDriver) {
        endpoint = driver.configuration.endpoint
    }

    func checkCancellation() throws(StoreError) {
        if Task.isCancelled { throw named(.cancelled()) }
    }

    mutating func succeeded() { failures = 0 }

    /// - Throws: What waiting does not mend; `cancelled`.
    mutating func wait(after error: StoreError) async throws(StoreError) {
        guard error.isRetryable else { throw named(error) }
        failures += 1
        let pause = min(.seconds(5), .milliseconds(50) * (1 << min(failures, 10)))
        do { try await Task.sleep(for: pause) } catch { throw named(.cancelled()) }
    }

    private func named(_ error: StoreError) -> StoreError {
        error.filling(tier: .event, adapter: "kafka", operation: "subscribe", endpoint: endpoint)
    }
}
