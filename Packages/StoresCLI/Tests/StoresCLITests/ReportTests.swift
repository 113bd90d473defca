import StoresCore
import Testing

@testable import StoresCommand

/// doctor, adapters, conformance.
@Suite struct ReportTests {
    @Test func theDoctorFindsAllTiersUp() async throws {
        let tool = try Tool()
        let result = await tool.run("doctor", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let report = try result.object()
        guard case .array(let tiers) = report["tiers"] else { throw StoreError(.internal, "no tiers") }
        #expect(tiers.count == 6 && report["up"] == true)
        #expect(tiers.allSatisfy { $0["up"] == true && $0["version"] != nil && $0["filledIn"] == true })
        let text = await tool.run("doctor")
        #expect(text.output.contains("STORE_ARTIFACT=file") && !text.output.contains("\u{1B}"))
    }

    @Test func theDoctorSaysWhatIsWrongAndGoesOn() async throws {
        let tool = try Tool(["STORE_VECTOR": "sqlit", "STORE_SESION": "memory", "STORE_MEMORY": "memory"])
        let result = await tool.run("doctor", "--json")
        #expect(result.status == 1)
        let report = try result.object()
        guard case .array(let problems) = report["problems"], case .array(let tiers) = report["tiers"] else {
            throw StoreError(.internal, "no report")
        }
        #expect(problems.count == 2 && tiers.count == 5)
        let text = await tool.run("doctor")
        #expect(text.output.contains("did you mean \"sqlite\"") && text.output.contains("STORE_SESSION"))
    }

    @Test func theDoctorNamesThePhaseOfWhatIsDown() async throws {
        let tool = try Tool(["SQLITE_PATH": "/dev/null/no/stores.sqlite"])
        let result = await tool.run("doctor", "--json")
        #expect(result.status == 1)
        guard case .array(let tiers) = try result.object()["tiers"] else { throw StoreError(.internal, "no tiers") }
        #expect(tiers.count { $0["up"] == false && $0["phase"] != nil && $0["error"]?["code"] != nil } == 5)
        #expect(tiers.first { $0["tier"] == "artifact" }?["up"] == true)
    }

    @Test func adaptersListEverySettingAndCapability() async throws {
        let tool = try Tool()
        let json = try await tool.run("adapters", "--json").object()
        guard case .array(let adapters) = json["adapters"] else { throw StoreError(.internal, "no adapters") }
        let names = adapters.map { $0["name"] }
        #expect(names == LinkedAdapters.registry().descriptions.map { .string($0.name) })
        #expect(names.contains("memory") && names.contains("sqlite") && names.contains("file"))
        let markdown = await tool.run("adapters", "--markdown").output
        for adapter in LinkedAdapters.registry().descriptions {
            for setting in adapter.settings { #expect(markdown.contains("| `\(setting.variable)` |")) }
        }
        for tier in Tier.stores {
            for capability in Capability.all(of: tier) { #expect(markdown.contains("`\(capability.name)`")) }
        }
        let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("|") }
        #expect(rows.allSatisfy { $0.hasSuffix("|") })
        #expect(try await tool.run("adapters", "sqlite", "--json").object()["adapters"] != json["adapters"])
        #expect(await tool.run("adapters", "nonsense").status == 2)
    }

    @Test func conformanceRunsCasesAndLeavesNothing() async throws {
        let tool = try Tool(["STORE_VECTOR": "memory"])
        let vector = await tool.run("conformance", "--tier", "vector", "--case", "V4", "--case", "V8", "--json")
        #expect(vector.status == 0, "\(vector.output)\(vector.errors)")
        #expect(try vector.object()["passing"] == true)
        let oracle = await tool.run("conformance", "--tier", "memory", "--case", "M3", "--cases", "5")
        #expect(oracle.status == 0, "\(oracle.output)")
        #expect(try await tool.run("memory", "list", "--scope", "cli").values().isEmpty)
    }

    @Test func theDemoSpeaksJSON() async throws {
        let tool = try Tool()
        try DemoDocuments.write(2, to: tool.folder)
        let result = await tool.run("demo", "--json", "--ask", "which generation has topic1?")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        let report = try result.object()
        #expect(report["documents"]?["indexed"] == 2)
        #expect(
            report["backends"]?["vector"]?["adapter"] == "sqlite" && report["backends"]?["artifact"]?["objects"] == 2)
        let again = try await tool.run("demo", "--json").object()
        #expect(again["documents"]?["unchanged"] == 2 && again["run"]?["number"] == 2)
        let text = await tool.run("demo", "--reset").output
        #expect(text.contains("run 1") && text.contains("by vector") && !text.contains("\u{1B}"))
        let empty = try Tool()
        let nothing = await empty.run("demo")
        #expect(nothing.status == 2 && nothing.errors.contains("README.md"))
    }
}
