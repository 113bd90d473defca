import Configuration

/// What the configuration chose: an adapter for each tier, with its settings.
struct TierSelection {
    struct Choice {
        var tier: Tier
        var entry: AdapterRegistry.Entry
        var isDefaulted: Bool
    }

    var choices: [Choice] = []
    /// By adapter name; one for all tiers that it serves.
    var settings: [String: Settings] = [:]
    var options: StoresOptions
    var problems: [StoreError] = []
    var notices: [String] = []

    /// - Parameters:
    ///   - configuration: Keys as `store.vector` and `sqlite.path`.
    ///   - variables: The names in the environment, when it is known, for the report of misspelt ones (R3).
    init(registry: AdapterRegistry, configuration: ConfigReader, variables: [String]?, options: StoresOptions) {
        self.options = options
        let lookup = { (setting: SettingDescription) -> String? in
            configuration.string(forKey: ConfigKey(setting.key), isSecret: setting.isSecret)
        }
        var isProduction = false
        do throws(StoreError) {
            let settings = try Settings(StoresOptions.settings, lookup: lookup)
            isProduction = settings.string("STORE_ENV") == "production"
            self.options = try options.applying(settings)
        } catch {
            problems.append(error)
        }
        if let variables {
            let (misspelt, foreign) = Self.unknown(variables)
            problems += misspelt
            notices = foreign
        }
        for tier in Tier.allCases {
            let name = configuration.string(forKey: ConfigKey("store.\(tier.rawValue)")).flatMap {
                $0.isEmpty ? nil : $0
            }
            if name == nil, tier == .telemetry { continue }
            if name == nil, isProduction {
                problems.append(
                    StoreError(
                        .invalidArgument, "\(tier.variable) is not set, and STORE_ENV is production",
                        remedy: "name a store, or \(tier.variable)=memory to keep it in memory on purpose", tier: tier,
                        phase: .configuration))
                continue
            }
            do throws(StoreError) {
                let entry = try registry.entry(named: name ?? "memory", for: tier)
                choices.append(Choice(tier: tier, entry: entry, isDefaulted: name == nil))
                let adapter = entry.description.name
                if settings[adapter] == nil {
                    settings[adapter] = try Settings(entry.description.settings, lookup: lookup)
                }
            } catch {
                problems.append(error.filling(tier: tier, adapter: name))
            }
        }
    }

    /// `STORE_*` variables that nothing reads. One that is near a known one is misspelt, and an error; another is
    /// somebody else's (Kubernetes sets `STORE_SERVICE_HOST` for a service named `store`), and only reported.
    private static func unknown(_ variables: [String]) -> (misspelt: [StoreError], foreign: [String]) {
        let known = Tier.allCases.map(\.variable) + StoresOptions.settings.map(\.variable)
        let prefix = "STORE_"
        var misspelt: [StoreError] = []
        var foreign: [String] = []
        for variable in variables.sorted() where variable.hasPrefix(prefix) && !known.contains(variable) {
            // Without the prefix, which all have in common.
            let rest = String(variable.dropFirst(prefix.count))
            guard let nearest = Spelling.nearest(rest, among: known.map { String($0.dropFirst(prefix.count)) }) else {
                foreign.append("the variable \(Redaction.name(variable)) is none of the stores' and is ignored")
                continue
            }
            misspelt.append(
                StoreError(
                    .invalidArgument,
                    "unknown variable \(Redaction.name(variable)); did you mean \"\(prefix)\(nearest)\"?",
                    remedy: "unset it, or use one of: \(known.joined(separator: ", "))", phase: .configuration))
        }
        return (misspelt, foreign)
    }
}
