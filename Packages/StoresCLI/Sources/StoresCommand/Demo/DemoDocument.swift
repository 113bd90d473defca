import StoresCore

/// A file that the demo takes in.
struct DemoDocument: Hashable, Sendable {
    /// Its path below the working directory, else its absolute path without the first slash.
    var name: String
    var path: String
    var sha256: String

    var syntax: PassageSplitter.Syntax {
        switch DemoSources.fileExtension(name) {
        case "md", "markdown": .markdown
        case "rst": .restructuredText
        default: .plain
        }
    }

    var contentType: String {
        switch syntax {
        case .markdown: "text/markdown; charset=utf-8"
        case .restructuredText: "text/x-rst; charset=utf-8"
        case .plain: "text/plain; charset=utf-8"
        }
    }
}
