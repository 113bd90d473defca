import StoresCore

/// What the demo calls its things, so that it can find and remove them, and nothing else.
struct DemoNames: Sendable {
    var prefix = "demo"

    func collection(_ embedder: some Embedder) -> String { "\(prefix)-passages-\(embedder.name)" }
    var index: String { "\(prefix)-passages" }
    var artifacts: String { "\(prefix)/documents/" }
    func artifact(_ document: String) -> String { artifacts + document }
    var scope: Scope { [prefix, "documents"] }
    var everything: Scope { [prefix] }
    var conversation: String { "\(prefix)/conversation" }
    var questionCounter: String { "\(prefix)/questions" }
    var run: String { prefix }
    func stream(_ number: Int64) -> String { "\(prefix)-run-\(number)" }
    func passage(_ document: String, _ ordinal: Int) -> String { "\(document)#\(ordinal)" }
}
