import StoresCore

/// What the facts in memory say about the documents that are in the stores.
struct DemoCatalog {
    struct Entry: Sendable {
        var sha256: String
        var passages: Int
        var path: String
        var headings: [String]
        var version: Int64
    }

    var entries: [String: Entry] = [:]
    /// Versions of facts of another make: their documents are taken in anew, over them.
    private(set) var foreign: [String: Int64] = [:]

    static func load(_ memory: MemoryStore, _ names: DemoNames, _ timings: DemoTimings) async throws -> DemoCatalog {
        var catalog = DemoCatalog()
        var cursor: Cursor?
        repeat {
            let from = cursor
            let page = try await timings.measure(.memory) {
                try await memory.list(scope: names.scope, depth: .exact, cursor: from, limit: 500)
            }
            for fact in page.items {
                if let entry = Entry(fact) {
                    catalog.entries[fact.id] = entry
                } else {
                    catalog.foreign[fact.id] = fact.version
                }
            }
            cursor = page.next
        } while cursor != nil
        return catalog
    }

    /// The version of the fact about a document; 0 when there is none.
    func version(_ name: String) -> Int64 { entries[name]?.version ?? foreign[name] ?? 0 }

    var passages: Int { entries.values.reduce(0) { $0 + $1.passages } }
}

extension DemoCatalog.Entry {
    /// Nil for a fact of another make.
    init?(_ fact: Fact) {
        guard case .string(let sha256) = fact.attributes["sha256"],
            case .int(let passages) = fact.attributes["passages"],
            case .string(let path) = fact.attributes["path"]
        else { return nil }
        var headings: [String] = []
        if case .array(let values) = fact.attributes["headings"] {
            headings = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        self.init(
            sha256: sha256, passages: Int(clamping: passages), path: path, headings: headings, version: fact.version)
    }
}
