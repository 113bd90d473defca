public import StoresCore

extension ConformanceSubject {
    /// Opens tiers of one adapter with a clock that the cases move, lets the body test them, and shuts them down.
    ///
    /// ```swift
    /// let report = try await ConformanceSubject.with(
    ///     StoresSQLite.self, named: "sqlite", tiers: [tier], settings: ["SQLITE_PATH": path]
    /// ) { await Conformance.run($0) }
    /// ```
    ///
    /// The cases that need it open the same settings again, as after a restart and as a second process would.
    ///
    /// - Parameters:
    ///   - adapter: What is tested.
    ///   - name: The value of `STORE_<TIER>`: one of the adapter's names.
    ///   - settings: The adapter's variables.
    ///   - prefix: Of all names that the cases make; different for runs that share a server.
    ///   - waivers: By case id, why this store is excused.
    ///   - body: Gets the subject, for ``Conformance/run(_:only:progress:)``.
    /// - Throws: What the body throws, and `StoreError` where the stores can't be opened.
    public static func with<T>(
        _ adapter: any StoreAdapter.Type, named name: String, tiers: Set<Tier>, settings: [String: String],
        prefix: String = "test", waivers: [String: String] = [:], _ body: (ConformanceSubject) async throws -> T
    ) async throws -> T {
        var linked = AdapterRegistry()
        linked.register(adapter)
        let registry = linked
        let clock = ManualStoreClock()
        // Cases that run beside each other may keep a small server busy for longer than a start-up probe waits.
        let options = StoresOptions(probeTimeout: .seconds(30), clock: clock)
        let environment = settings.merging(tiers.map { ($0.variable, name) }) { $1 }
        let open: @Sendable () async throws -> Stores = {
            try await Stores.open(registry: registry, environment: environment, options: options)
        }
        return try await Stores.withOpen(registry: registry, environment: environment, options: options) { stores in
            try await body(
                ConformanceSubject(
                    stores: stores, tiers: tiers, advance: { clock.advance(by: $0) }, reopen: open, second: open,
                    prefix: prefix, waivers: waivers, registry: registry))
        }
    }
}
