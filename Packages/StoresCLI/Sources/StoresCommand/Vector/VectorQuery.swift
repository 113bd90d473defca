import ArgumentParser
import StoresCore

struct VectorQuery: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "The nearest records, best first; by vector, by text, or by both.",
        discussion: """
            --vector and --text together are a hybrid query, which has ranks and no scores.
            Out: {"id","similarity","score","metadata","document","vector"}, a match a line.
            With --queries, each line of stdin is a query, {"vector"|"embed"|"text","where","limit","minScore"}, and is \
            answered by a line {"matches":[…],"complete":true}; what a line does not say, --where, --limit and \
            --min-score do.

            stores vector query --collection docs --embed "event streams" --where "section = 'libs'" --limit 5
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var call: CallOptions

    @Option(help: "A JSON array of numbers; \"-\" reads it from stdin.")
    var vector: String?

    @Option(help: "Words to be made a vector by feature hashing, as upsert --embed does.")
    var embed: String?

    @Option(help: "Words to be found in the documents.")
    var text: String?

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @Option(help: "Matches, at least 1.")
    var limit = 10

    @Option(help: "Inclusive; scores are (1 + cos) / 2, or 1 / (1 + distance).")
    var minScore: Double?

    @Option(help: "What comes with the ids: metadata,document,vector, all or none.")
    var include = IncludeArgument(.metadata)

    @Flag(help: "Read queries from stdin.")
    var queries = false

    func validate() throws {
        if vector != nil, embed != nil { throw ValidationError("give one of --vector and --embed") }
        guard queries != (vector != nil || embed != nil || text != nil) else {
            throw ValidationError("give --vector, --embed or --text, or --queries alone")
        }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let collection = try await place.existing(stores)
        guard queries else {
            let request = Request(
                vector: try await queryVector(collection, console), text: text, filter: try filter.filter(),
                limit: limit, minScore: minScore)
            let matches = try await request.run(on: collection, include.include)
            for match in matches { try await console.emit(match.jsonValue(include.include)) }
            if !matches.isComplete { console.note("stores: the backend may have more matches than it gave") }
            return
        }
        let defaults = Request(
            vector: nil, text: nil, filter: try filter.filter(), limit: limit, minScore: minScore)
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch() {
            for line in batch {
                let request = try Request(line, defaults: defaults, dimensions: collection.spec.dimensions)
                let matches = try await request.run(on: collection, include.include)
                try await console.emit([
                    "matches": .array(matches.map { $0.jsonValue(include.include) }),
                    "complete": .bool(matches.isComplete),
                ])
            }
            try await console.output.flush()
        }
    }

    private func queryVector(_ collection: VectorCollection, _ console: Console) async throws -> [Float]? {
        if let embed { return FeatureHashingEmbedder(dimensions: collection.spec.dimensions).vector(embed) }
        if vector == "-" { return try Self.floats(try await console.input.all()) }
        return try vector.map { try Self.floats(Array($0.utf8)) }
    }

    private static func floats(_ text: [UInt8]) throws -> [Float] {
        guard case .array(let values) = try JSONReader.value(from: text), let floats = values.floats else {
            throw StoreError.invalidArgument("--vector is a JSON array of numbers, each a 32-bit float")
        }
        return floats
    }

    /// One query, from options or from a line.
    struct Request {
        var vector: [Float]?
        var text: String?
        var filter: Filter?
        var limit: Int
        var minScore: Double?

        init(vector: [Float]?, text: String?, filter: Filter?, limit: Int, minScore: Double?) {
            self.vector = vector
            self.text = text
            self.filter = filter
            self.limit = limit
            self.minScore = minScore
        }

        init(_ line: JSONLines.Line, defaults: Request, dimensions: Int) throws(StoreError) {
            var fields = try JSONFields(line)
            vector = try fields.vector("vector")
            if let words = try fields.string("embed") {
                guard vector == nil else { throw fields.error("give one of vector and embed") }
                vector = FeatureHashingEmbedder(dimensions: dimensions).vector(words)
            }
            text = try fields.string("text")
            filter = try fields.filter("where") ?? defaults.filter
            limit = try fields.int("limit").map(Int.init(clamping:)) ?? defaults.limit
            minScore = try fields.double("minScore") ?? defaults.minScore
            guard vector != nil || text != nil else { throw fields.error("vector, embed or text is missing") }
            try fields.finish()
        }

        func run(on collection: VectorCollection, _ include: VectorInclude) async throws(StoreError) -> VectorMatches {
            if minScore != nil, text != nil {
                throw .invalidArgument("text and hybrid queries have ranks and no scores: leave --min-score out")
            }
            return switch (vector, text) {
            case (let vector?, let text?):
                try await collection.hybridQuery(
                    text: text, vector: vector, where: filter, limit: limit, include: include)
            case (let vector?, nil):
                try await collection.query(
                    vector, where: filter, limit: limit, minScore: minScore, include: include)
            case (nil, let text?):
                try await collection.query(text: text, where: filter, limit: limit, include: include)
            case (nil, nil): throw .invalidArgument("there is nothing to query by")
            }
        }
    }
}
