import StoresCore

/// What is to be done, from what is there and what is known. Pure.
struct DemoPlan {
    enum Step {
        case take(DemoDocument)
        case remove(String, DemoCatalog.Entry)

        var name: String {
            switch self {
            case .take(let document): document.name
            case .remove(let name, _): name
            }
        }
    }

    /// In the order of names.
    var steps: [Step]

    /// A document whose bytes are known is left alone. One that is known and whose file is gone is removed; one that
    /// merely was not named this time stays.
    init(_ documents: [DemoDocument], _ catalog: DemoCatalog, exists: (String) -> Bool = { Files.kind($0) == .file }) {
        steps = documents.filter { catalog.entries[$0.name]?.sha256 != $0.sha256 }.map(Step.take)
        let present = Set(documents.map(\.name))
        for (name, entry) in catalog.entries where !present.contains(name) && !exists(entry.path) {
            steps.append(.remove(name, entry))
        }
        steps.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
