#if Kafka
import Foundation
import StoresCore
import StoresKafka

/// The brokers that KAFKA_BROKERS names, or their peer, and C programs to compare with.
struct KafkaServer {
    let brokers: String
    /// Where the peer takes commands; nil for real brokers, on which the adapter makes its topics.
    let peer: String?

    /// - Returns: Nil where no brokers are named; says so on standard error.
    static func find() -> KafkaServer? {
        guard let brokers = Settings.environment["KAFKA_BROKERS"] else {
            FileHandle.standardError.write(
                Data("left out: KAFKA_BROKERS names no brokers (scripts/services start kafka-peer, then env)\n".utf8))
            return nil
        }
        return KafkaServer(brokers: brokers, peer: Settings.environment["KAFKA_PEER"])
    }

    /// A topic of one partition, whose order is that of all its events. Real brokers make it when it is opened first.
    func topic() throws -> String {
        let name = "bench-\(UInt32.random(in: .min ... .max))"
        guard let peer else { return name }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = """
            import socket, sys
            host, _, port = sys.argv[1].rpartition(":")
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(f"create {sys.argv[2]} 1\\n".encode())
                sys.exit(connection.recv(100) != b"ok\\n")
            """
        process.arguments = ["python3", "-c", script, peer, name]
        try process.runUnmasked()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError("the peer of Kafka made no topic") }
        return name
    }

    func withStores<T>(_ topic: String, _ more: [String: String] = [:], _ body: (Stores) async throws -> T)
        async throws -> T
    {
        var registry = AdapterRegistry()
        registry.register(StoresKafka.self)
        let environment = [
            "STORE_EVENT": "kafka", "KAFKA_BROKERS": brokers, "KAFKA_TOPIC": topic, "KAFKA_PARTITIONS": "1",
            "STORE_TIMEOUT": "60s",
        ]
        return try await Stores.withOpen(
            registry: registry, environment: environment.merging(more) { $1 }, body)
    }
}
#endif
