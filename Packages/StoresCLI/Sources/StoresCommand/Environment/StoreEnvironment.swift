import StoresCore

/// The variables that the stores are opened with: the process's, those of `.env` below them, and for tiers that
/// nothing names the executable's own defaults.
///
/// The library's default is in memory. A command line's is on disk, so that what one command wrote the next one reads.
struct StoreEnvironment: Sendable {
    var variables: [String: String]
    /// The tiers that were filled in, with the adapter.
    private(set) var filled: [(tier: Tier, adapter: String)] = []

    /// - Parameters:
    ///   - tiers: The tiers that are used; the others are left as they are.
    /// - Throws: `invalidArgument` for a `.env` file that can't be read.
    init(process: [String: String], directory: String, tiers: [Tier]) throws(StoreError) {
        variables = process
        let path = directory == "." ? ".env" : "\(directory)/.env"
        if let bytes = try Files.contentsIfPresent(path) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw StoreError(.invalidArgument, ".env is not UTF-8", phase: .configuration)
            }
            variables = DotEnv.merge(try DotEnv.parse(text), under: process)
        }
        if directory != "." {
            if (variables["SQLITE_PATH"] ?? "").isEmpty {
                variables["SQLITE_PATH"] = "\(directory)/.local-data/stores.sqlite"
            }
            if (variables["ARTIFACT_DIR"] ?? "").isEmpty {
                variables["ARTIFACT_DIR"] = "\(directory)/.local-data/artifacts"
            }
        }
        guard variables["STORE_ENV"] != "production" else { return }
        for tier in tiers where (variables[tier.variable] ?? "").isEmpty {
            let adapter = tier == .artifact ? "file" : "sqlite"
            guard LinkedAdapters.registry().names(for: tier).contains(adapter) else { continue }
            variables[tier.variable] = adapter
            filled.append((tier, adapter))
        }
    }

    /// One line for people about what was filled in; nil when everything was named.
    var summary: String? {
        guard !filled.isEmpty else { return nil }
        let groups = ["sqlite", "file"].compactMap { adapter -> String? in
            let tiers = filled.filter { $0.adapter == adapter }.map(\.tier.variable)
            return tiers.isEmpty ? nil : "\(tiers.joined(separator: ", ")) = \(adapter)"
        }
        return "stores: not set, kept under ./.local-data: \(groups.joined(separator: "; "))"
    }
}
