import StoresCore

/// What `stores doctor` shows of the probes.
struct DoctorReport {
    var report: StartupReport
    /// The tiers that the executable chose itself.
    var filled: Set<Tier>

    var jsonValue: Value {
        [
            "up": .bool(report.isUp),
            "tiers": .array(report.probes.map(value)),
            "problems": .array(report.problems.map(\.jsonValue)),
        ]
    }

    private func value(_ probe: StartupReport.Probe) -> Value {
        .object(
            [
                "tier": .string(probe.tier.rawValue),
                "variable": .string(probe.variable),
                "adapter": .string(probe.adapter),
                "up": .bool(probe.error == nil),
                "filledIn": .bool(filled.contains(probe.tier)),
                "endpoint": probe.endpoint.map(Value.string),
                "version": (probe.status?.version).map(Value.string),
                "details": probe.status?.details.jsonValue,
                "latencyMilliseconds": probe.latency.jsonMilliseconds,
                "phase": (probe.phase?.rawValue).map(Value.string),
                "error": probe.error?.jsonValue,
            ].compactMapValues { $0 })
    }

    func text(_ style: TextStyle) -> String {
        var text = ""
        let width = report.probes.map { $0.variable.count + $0.adapter.count + 1 }.max() ?? 0
        // Tiers that share a backend share what is known of it.
        var shown: Set<String> = []
        for probe in report.probes {
            let name = "\(probe.variable)=\(probe.adapter)"
            let padding = String(repeating: " ", count: width - name.count)
            let state = probe.error == nil ? style.green("up  ") : style.red("down")
            var line = "\(state)  \(style.bold(name))\(padding)"
            if let endpoint = probe.endpoint { line += "  \(endpoint)" }
            if let status = probe.status { line += "  \(status.version)" }
            line += "  \(milliseconds(probe.latency)) ms"
            if filled.contains(probe.tier) { line += style.dim("  (not set, filled in)") }
            text += line + "\n"
            if let status = probe.status, shown.insert("\(probe.adapter) \(probe.endpoint ?? "")").inserted {
                for (name, value) in status.details.sorted(by: { $0.key < $1.key }) {
                    text += style.dim("      \(name): \(value)") + "\n"
                }
            }
            if let error = probe.error {
                text += "      failed at \(probe.phase?.rawValue ?? "open"): \(error.code.rawValue): \(error.message)\n"
                if let remedy = error.remedy { text += style.yellow("      \(remedy)") + "\n" }
            }
        }
        for problem in report.problems {
            text += "\(style.red("wrong"))  \(problem.message)\n"
            if let remedy = problem.remedy { text += style.yellow("      \(remedy)") + "\n" }
        }
        return text
    }

    private func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration / .microseconds(1)
        return "\((microseconds / 100).rounded() / 10)"
    }
}
