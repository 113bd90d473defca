import Foundation
import StoresCore
import Testing

@testable import StoresCommand

/// `stores up` and `stores down`, with a fake `docker` on the PATH: a script that writes down its arguments, and
/// answers `ps` with what the test says, one reply for each time it is asked.
@Suite struct BundleTests {
    private static let file = "docker-compose.backend-stores.yml"

    /// A tool in a folder with a compose file and a fake docker.
    ///
    /// - Parameters:
    ///   - replies: What `docker compose ps` says, in turn; the last one from then on.
    ///   - up: The commands of `docker compose up`.
    private func tool(
        _ replies: [String] = [], up: String = "echo ' Container backend-stores-redis-1  Started' >&2",
        _ environment: [String: String] = [:]
    ) throws -> Tool {
        var tool = try Tool(environment)
        let folder = tool.folder
        try folder.write(Self.file, "services: {}\n")
        for (index, reply) in replies.enumerated() { try folder.write("ps-\(index)", reply + "\n") }
        try folder.write(
            "bin/docker",
            """
            #!/bin/bash
            cd '\(folder.path)'
            echo "$*" >> calls
            case "$*" in
            *" up -d "*) \(up) ;;
            *" ps "*)
                n=$(cat count 2>/dev/null || echo 0)
                cat ps-$n
                [ -e ps-$((n + 1)) ] && echo $((n + 1)) > count
                exit 0 ;;
            "inspect "*) echo '{"Status":"unhealthy","Log":[{"ExitCode":1,"Output":"early"},\
            {"ExitCode":1,"Output":"wget: 503\\n"}]}' ;;
            *" logs "*) echo 'the last line of the log' ;;
            *" config --services") printf 'postgres\nmongodb\n' ;;
            *" down") echo ' Container backend-stores-redis-1  Removed' ;;
            *) echo "the fake docker does not know: $*" >&2; exit 9 ;;
            esac
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/bin/docker")
        tool.environment["PATH"] = "\(folder.path)/bin:/usr/bin:/bin"
        return tool
    }

    private func container(_ service: String, _ state: String, _ health: String = "", code: Int = 0) -> String {
        #"{"ID":"id-\#(service)","Service":"\#(service)","State":"\#(state)","Health":"\#(health)","ExitCode":\#(code)}"#
    }

    private func calls(_ tool: Tool) throws -> [String] {
        String(decoding: try tool.folder.read("calls"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func upWaitsUntilAllAreHealthy() async throws {
        let tool = try tool([
            container("redis", "running", "starting"),
            container("redis", "running", "healthy") + "\n" + container("postgres", "running", "starting"),
            container("redis", "running", "healthy") + "\n" + container("postgres", "running", "healthy"),
        ])
        let result = await tool.run("up", "postgres", "redis")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "up    redis\nup    postgres\n")
        for line in ["starting postgres, redis", "redis is starting", "redis is healthy", "postgres is healthy"] {
            #expect(result.errors.contains("stores: \(line)\n"))
        }
        #expect(result.errors.contains("Container backend-stores-redis-1  Started"))
        #expect(try calls(tool)[0].hasSuffix("\(Self.file) up -d postgres redis"))
    }

    @Test func aServiceWithoutAHealthCheckIsUpWhenItRuns() async throws {
        let tool = try tool([container("otel-collector", "running")])
        let result = await tool.run("up", "otel-collector", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.object()["services"]?[0]?["state"] == .string("running"))
    }

    @Test func anArrayOfContainersIsReadToo() async throws {
        let tool = try tool(["[\(container("redis", "running", "healthy"))]"])
        #expect(await tool.run("up", "redis").status == 0)
    }

    @Test func anUnhealthyServiceIsShownWithItsLastCheck() async throws {
        let tool = try tool([container("weaviate", "running", "unhealthy")])
        let result = await tool.run("up", "weaviate")
        #expect(result.status == 5)
        #expect(result.errors.contains("weaviate is unhealthy; it says: wget: 503"), "\(result.errors)")
        #expect(result.errors.contains("docker compose -f \(Self.file) logs --tail 50 weaviate"))
        #expect(!result.errors.contains("early"))
    }

    @Test func aServiceThatEndedIsShownWithItsCode() async throws {
        let tool = try tool([container("opensearch", "exited", code: 137)])
        let result = await tool.run("up", "opensearch")
        #expect(result.status == 5)
        #expect(result.errors.contains("opensearch is exited with code 137"), "\(result.errors)")
    }

    @Test func aServiceThatIsLateIsShown() async throws {
        let tool = try tool([container("kafka", "running", "starting")])
        let result = await tool.run("up", "kafka", "--wait", "1ms")
        #expect(result.status == 5)
        #expect(result.errors.contains("kafka is starting; it says: wget: 503"), "\(result.errors)")
    }

    @Test func aTakenPortSaysWhatToDo() async throws {
        let tool = try tool(
            up: "echo 'Bind for 127.0.0.1:6379 failed: port is already allocated' >&2; exit 1")
        let result = await tool.run("up", "valkey")
        #expect(result.status == 5)
        #expect(result.errors.contains("port is already allocated"))
        #expect(result.errors.contains("run one at a time"))
    }

    @Test func aDockerWithoutComposeOrEngineSaysWhatIsMissing() async throws {
        for (said, remedy) in [
            ("unknown shorthand flag: 'f' in -f", "has no Compose"),
            ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "start Docker"),
        ] {
            let result = await (try tool(up: "echo \"\(said)\" >&2; exit 1")).run("up", "redis")
            #expect(result.status == 5)
            #expect(result.errors.contains(remedy), "\(result.errors)")
        }
    }

    @Test func withoutNamesTheTiersDecide() async throws {
        let tool = try tool([], ["STORE_VECTOR": "sqlite"])
        let result = await tool.run("up")
        #expect(result.status == 2)
        #expect(result.errors.contains("no STORE_* variable names a backend that the bundle runs"))
        let unknown = await (try self.tool([], ["STORE_VECTOR": "qdrnt"])).run("up")
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("STORE_VECTOR names \"qdrnt\""), "\(unknown.errors)")
    }

    @Test func aServiceOfTheBundleNeedsNoAdapterHere() async throws {
        let tool = try tool([container("mongodb", "running", "healthy")], ["STORE_MEMORY": "mongodb"])
        let result = await tool.run("up")
        #expect(result.status == 0 && result.output == "up    mongodb\n", "\(result.errors)")
    }

    @Test func servicesOfTheTiersEachOnce() throws {
        let adapters = [("qdrant", "qdrant"), ("redis", "redis"), ("sqlite", nil), ("s3", "minio")].map {
            AdapterDescription(
                name: $0.0, package: "StoresProbed", summary: "For tests.", systemName: $0.0, tiers: [:],
                composeService: $0.1)
        }
        let needed = try BundleServices.needed(
            by: [
                "STORE_VECTOR": "qdrant", "STORE_SESSION": "redis", "STORE_EVENT": "redis", "STORE_MEMORY": "sqlite",
                "STORE_ARTIFACT": "s3", "STORE_SEARCH": "",
            ], among: adapters, bundled: [])
        #expect(needed.sorted() == ["minio", "qdrant", "redis"])
    }

    @Test func downStopsWhateverProfilesAreActive() async throws {
        let tool = try tool()
        let result = await tool.run("down")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try calls(tool).first?.hasSuffix("\(Self.file) --profile * down") == true)
        #expect(result.errors.contains("Removed"))
    }

    @Test func theFileIsFoundInAFolderAbove() async throws {
        let above = try tool()
        try above.folder.write("one/two/file", "")
        let path = try BundleFile.find(nil, from: "\(above.folder.path)/one/two")
        #expect(path == "\(above.folder.path)/one/two/../../\(Self.file)")
    }

    @Test func withoutDockerOrFileItSaysSo() async throws {
        var tool = try tool()
        tool.environment["PATH"] = "/nowhere"
        let result = await tool.run("down")
        #expect(result.status == 5)
        #expect(result.errors.contains("there is no docker on the PATH"))
        let missing = await tool.run("down", "--file", "/nowhere/compose.yml")
        #expect(missing.status == 3)
    }

    @Test func aCancelledWaitIsAnErrorObjectToo() async throws {
        let tool = try tool([container("redis", "running", "starting")])
        let errors = Output()
        let command = CommandLineTool(
            environment: tool.environment, directory: tool.folder.path, input: Input(""), output: Output(),
            errors: errors)
        let running = Task { await command.run(["up", "redis", "--json"]) }
        let until = ContinuousClock.now + .seconds(30)
        while !errors.text.contains("redis is starting"), ContinuousClock.now < until { await Task.yield() }
        running.cancel()
        #expect(await running.value == 130)
        let last = try #require(errors.text.split(separator: "\n").last)
        #expect(try JSONReader.value(from: String(last))["code"] == "cancelled", "\(errors.text)")
    }

    @Test func aCancelledUpEndsDocker() async throws {
        let tool = try tool(up: "echo started; exec sleep 60")
        let errors = Output()
        let command = CommandLineTool(
            environment: tool.environment, directory: tool.folder.path, input: Input(""), output: Output(),
            errors: errors)
        let running = Task { await command.run(["up", "redis"]) }
        let until = ContinuousClock.now + .seconds(30)
        while !errors.text.contains("started"), ContinuousClock.now < until { await Task.yield() }
        #expect(errors.text.contains("started"))
        let start = ContinuousClock.now
        running.cancel()
        #expect(await running.value == 130)
        #expect(start.duration(to: .now) < .seconds(20))
    }
}

extension Value {
    fileprivate subscript(_ index: Int) -> Value? {
        if case .array(let values) = self, values.indices.contains(index) { values[index] } else { nil }
    }
}
