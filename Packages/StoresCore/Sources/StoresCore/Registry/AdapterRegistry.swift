/// The adapters that an application links, by name. A value: nothing is global, nothing registers itself (R2).
///
/// ```swift
/// var registry = AdapterRegistry()      // "memory" is always there
/// registry.register(StoresSQLite.self)
/// ```
public struct AdapterRegistry: Sendable {
    struct Entry: Sendable {
        var description: AdapterDescription
        var adapter: any StoreAdapter.Type
    }

    private var entries: [String: Entry] = [:]

    public init() {
        register(InMemoryStores.self)
    }

    /// Adds every name of an adapter. A name that is there already is replaced.
    public mutating func register(_ adapter: any StoreAdapter.Type) {
        for description in adapter.descriptions {
            entries[description.name] = Entry(description: description, adapter: adapter)
        }
    }

    /// What is registered, by name.
    public var descriptions: [AdapterDescription] {
        entries.values.map(\.description).sorted { $0.name < $1.name }
    }

    /// The names that can serve a tier, in order.
    public func names(for tier: Tier) -> [String] {
        descriptions.filter { $0.tiers[tier] != nil }.map(\.name)
    }

    /// The names of the adapters that declare a capability.
    public func providers(of capability: Capability) -> [String] {
        descriptions.filter { $0.tiers[capability.tier]?.contains(capability) ?? false }.map(\.name)
    }

    /// The adapter that a selection names (R1).
    ///
    /// - Throws: `invalidArgument` that lists what is registered, and says the nearest spelling, or the package to add.
    func entry(named name: String, for tier: Tier) throws(StoreError) -> Entry {
        let names = names(for: tier)
        if let entry = entries[name] {
            guard entry.description.tiers[tier] != nil else {
                throw error("\(name) is no \(tier.rawValue) store, in \(tier.variable)", names, for: tier)
            }
            return entry
        }
        var message = "unknown \(tier.rawValue) store \(Redaction.name(name)) in \(tier.variable)"
        if let known = KnownAdapters.package(of: name, tier: tier) {
            throw error(
                message, names, for: tier,
                remedy: "add the package \(known) to the application and call registry.register(\(known).self)")
        }
        message += Spelling.hint(name, among: names + KnownAdapters.names(for: tier))
        throw error(message, names, for: tier)
    }

    private func error(_ message: String, _ names: [String], for tier: Tier, remedy: String? = nil) -> StoreError {
        StoreError(
            .invalidArgument, "\(message); registered: \(names.joined(separator: ", "))",
            remedy: remedy ?? "set \(tier.variable) to one of them", tier: tier, phase: .configuration)
    }
}
