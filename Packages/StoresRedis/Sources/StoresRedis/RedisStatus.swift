import StoresCore

/// What `stores doctor` shows of a server: who it is, and what it does with what it is told.
struct RedisStatus {
    let status: BackendStatus

    /// - Parameters:
    ///   - fsync: The server's `appendfsync`; nil where it does not say.
    ///   - save: Its `save`: when it writes snapshots; empty for never.
    init(_ server: RedisServer, _ configuration: RedisConfiguration, fsync: String?, save: String?, tiers: Set<Tier>) {
        var details = ["mode": server.mode, "role": server.role, "hiredis": RedisReplyReader.version]
        details["maxmemory_policy"] = server.fields["maxmemory_policy"]
        if let connected = server.fields["connected_slaves"] { details["replicas"] = connected }
        let appends = server.fields["aof_enabled"] == "1"
        details["appendonly"] = appends ? "yes" : "no"
        if appends { details["appendfsync"] = fsync ?? "unknown" }
        details["durability"] = Self.durability(appends: appends, fsync: fsync, save: save)
        var warnings: [String] = []
        if server.flavor != configuration.flavor {
            warnings.append(
                "this is \(server.flavor.title), and the adapter's name says \(configuration.flavor.rawValue)")
        }
        let policy = server.fields["maxmemory_policy"] ?? "noeviction"
        if tiers.contains(.event), server.fields["maxmemory"].map({ $0 != "0" }) ?? false, policy != "noeviction" {
            warnings.append("maxmemory_policy \(policy) may evict events; set noeviction")
        }
        if tiers.contains(.session), policy.hasPrefix("allkeys-") {
            warnings.append("maxmemory_policy \(policy) may evict leases and counters; set volatile-lru or noeviction")
        }
        if tiers.contains(.event), !appends {
            warnings.append(
                save == ""
                    ? "appendonly and save are off: a restart loses all events"
                    : "appendonly is off: a crash loses the events since the last snapshot of the server")
        }
        if !warnings.isEmpty { details["warning"] = warnings.joined(separator: "; ") }
        status = BackendStatus(version: "\(server.flavor.title) \(server.version)", details: details)
    }

    private static func durability(appends: Bool, fsync: String?, save: String?) -> String {
        switch (appends, fsync) {
        case (false, _) where save == "": "memory alone: a restart loses everything"
        case (false, _): "memory, and snapshots from time to time: a crash loses what came after the last"
        case (true, "always"): "on disk before it is acknowledged"
        case (true, "everysec"): "a power cut loses about the last second"
        case (true, "no"): "a power cut loses what the system has not written yet"
        case (true, _): "an append-only file; how often it is written to disk the server does not say"
        }
    }
}
