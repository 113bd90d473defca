#if Postgres
import Foundation
import StoresCore

/// A million events in and out: what the process holds does not grow with them.
enum PostgresStream: Benchmark {
    static let name = "postgres-stream"
    static let summary = "a million events appended to Postgres and read by a subscription: growth of memory"

    private static let count = 1_000_000
    private static let batch = 1000
    private static let streams = 100

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard PostgresServer.find() != nil else { return [] }
        let numbers = try Child.run("postgres-stream")
        guard numbers.count == 3 else { throw BenchError("the child printed \(numbers)") }
        return [
            Figure(
                name, "growth of resident memory, \(count.formatted) events of 200 bytes appended and read",
                value: Spread([numbers[0] / 1_048_576]), unit: "MiB", target: .atMost(64)),
            Figure(
                name, "append of \(batch.formatted) events at a time, each event", value: Spread([numbers[1]]),
                unit: "µs"),
            Figure(name, "subscription, each event", value: Spread([numbers[2]]), unit: "µs"),
        ]
    }

    /// - Returns: The growth of resident memory in bytes, and the microseconds of an event in and out.
    static func child() async throws -> [Double] {
        guard let server = PostgresServer.find() else { throw BenchError("no server") }
        defer { server.dropSchema() }
        return try await server.withStores(.event) { stores in
            // What the first calls set up is not what a stream takes.
            for number in 0..<streams { try await append(number, stores) }
            _ = try await read(streams * batch, stores)
            let before = ResidentMemory.current
            ResidentMemory.resetPeak()
            let put = try await Timing.seconds {
                for number in streams..<count / batch { try await append(number, stores) }
            }
            let get = try await Timing.seconds {
                guard try await read(count, stores) == Int64(count) * Int64(batch - 1) / 2 else {
                    throw BenchError("not every event came back")
                }
            }
            let written = Double(count - streams * batch)
            return [Double(ResidentMemory.peak - before), put / written * 1e6, get / Double(count) * 1e6]
        }
    }

    /// Events whose first two bytes are their place in the batch.
    private static func append(_ number: Int, _ stores: Stores) async throws {
        let rest = [UInt8](repeating: 0x30, count: 198)
        let events = (0..<batch).map { place in
            NewEvent(
                id: "\(number)-\(place)", type: "measured",
                data: [UInt8(truncatingIfNeeded: place >> 8), UInt8(truncatingIfNeeded: place)] + rest)
        }
        try await stores.event.append(events, to: "stream-\(number % streams)", expected: .any)
    }

    /// - Returns: The sum of the events' places.
    private static func read(_ expected: Int, _ stores: Stores) async throws -> Int64 {
        var (seen, sum) = (0, Int64(0))
        for try await element in try stores.event.subscribe(from: .start, batch: batch) {
            guard case .event(let event) = element else { continue }
            sum += Int64(event.data[0]) << 8 + Int64(event.data[1])
            seen += 1
            if seen == expected { break }
        }
        return sum
    }
}
#endif
