import StoresCore
import Synchronization

/// What a case works on: the stores, names of its own, the clock, and the list of what is to be removed.
final class Bench: Sendable {
    enum Made: Sendable {
        case collection(String)
        case index(String)
        case stream(String)
        case run(String)
        case artifacts([String])
        case keys([String])
    }

    let subject: ConformanceSubject
    let tier: Tier
    let stores: Stores
    /// Another view on the same data; where the subject brings none, the same stores.
    let other: Stores
    private let number: Int
    private let names = Atomic<Int>(0)
    private let made = Mutex<[Made]>([])

    init(subject: ConformanceSubject, tier: Tier, second: Stores?, number: Int) {
        self.subject = subject
        self.tier = tier
        stores = subject.stores
        other = second ?? subject.stores
        self.number = number
    }

    /// `prefix-7`: the start of every name that this case makes.
    var base: String { "\(subject.prefix)-\(number)" }

    /// A new name, at most 48 bytes.
    func name() -> String { "\(base)-\(names.add(1, ordering: .relaxed).newValue)" }

    func note(_ made: Made) { self.made.withLock { $0.append(made) } }

    func declares(_ capability: Capability) -> Bool { subject.declares(capability) }

    // MARK: Time

    /// A time to live that a case can wait for.
    var ttl: Duration { subject.advance == nil ? .milliseconds(1200) : .seconds(60) }

    /// Lets the time pass by which expiry is measured.
    func advance(by duration: Duration) async throws {
        if let advance = subject.advance {
            try await advance(duration)
        } else {
            // A little more: the backend's own clock decides, and it may be a few milliseconds behind.
            try await Task.sleep(for: duration + .milliseconds(100))
        }
    }

    /// Repeats until the body gives a value: for what a backend does in its own time.
    func eventually<T>(
        _ what: String, within: Duration = .seconds(15), _ body: () async throws -> T?
    ) async throws -> T {
        let deadline = ContinuousClock.now + within
        var delay = Duration.milliseconds(2)
        while true {
            if let value = try await body() { return value }
            guard ContinuousClock.now < deadline else { throw CaseFailure("\(what): not so after \(within)") }
            try await Task.sleep(for: delay)
            delay = min(delay * 2, .milliseconds(250))
        }
    }

    // MARK: What cases make

    func collection(
        _ dimensions: Int = 3, _ metric: VectorMetric? = nil, fields: [FieldDefinition] = [],
        hasUnitVectors: Bool = false
    ) async throws -> VectorCollection {
        let name = name()
        note(.collection(name))
        return try await stores.vector.collection(
            name, dimensions: dimensions, metric: metric ?? anyMetric, fields: fields, hasUnitVectors: hasUnitVectors)
    }

    /// A metric that the store has; euclidean takes every vector, so it comes last.
    var anyMetric: VectorMetric {
        let metrics: [(VectorMetric, VectorCapability)] = [
            (.cosine, .cosine), (.dot, .dot), (.euclidean, .euclidean),
        ]
        return metrics.first { declares(.vector($0.1)) }?.0 ?? .cosine
    }

    func index(_ fields: [String: SearchFieldType] = ["body": .text(.standard)]) async throws -> SearchIndex {
        let name = name()
        note(.index(name))
        return try await stores.search.index(name, fields: fields)
    }

    func stream() -> String {
        let name = name()
        note(.stream(name))
        return name
    }

    func run() -> String {
        let name = name()
        note(.run(name))
        return name
    }

    /// A scope of this case; all are under ``root``.
    func scope(_ segments: String...) -> Scope { Scope([root, name()] + segments) }

    /// Session and artifact keys of this case, and the first segment of its scopes.
    var root: String { base }

    func key(_ suffix: String = "") -> String {
        let key = "\(root)/\(names.add(1, ordering: .relaxed).newValue)\(suffix)"
        note(.keys([key]))
        return key
    }

    // MARK: The end

    /// Removes everything; what could not be removed, or nil.
    func cleanUp() async -> String? {
        var problems: [String] = []
        func attempt(_ body: () async throws -> Void) async {
            do {
                try await body()
            } catch let error as StoreError where error.code == .invalidArgument {
                // A hostile name that was refused: nothing was made under it.
            } catch {
                problems.append("\(error)")
            }
        }
        let made = made.withLock { $0 }
        for item in made {
            await attempt {
                switch item {
                case .collection(let name): _ = try await stores.vector.dropCollection(name, confirming: name)
                case .index(let name): try await stores.search.dropIndex(name, confirming: name)
                case .stream(let name):
                    guard declares(.event(.deleteStream)) else { return }
                    try await stores.event.deleteStream(name, confirming: name)
                case .run(let id): try await stores.event.deleteRun(id)
                case .artifacts(let keys): _ = try await stores.artifact.delete(keys)
                case .keys(let keys):
                    if tier != .artifact { try await stores.session.delete(keys) }
                }
            }
        }
        // A transaction may have written to tiers besides the case's own.
        let tiers: Set<Tier> = declares(.sharedTransactions(tier)) ? subject.tiers : [tier]
        if tiers.contains(.memory) {
            await attempt { try await stores.memory.forget(scope: Scope([root])) }
        }
        if tiers.contains(.session) {
            await attempt { try await stores.session.delete(prefix: root) }
        }
        if tier == .artifact {
            await attempt {
                var page: ArtifactListing
                repeat {
                    page = try await stores.artifact.list(prefix: root + "/")
                    let keys = page.objects.map(\.key)
                    if !keys.isEmpty { try await stores.artifact.delete(keys).throwIfFailed() }
                } while !page.objects.isEmpty
            }
        }
        return problems.first
    }
}
