import ArgumentParser
import StoresCore

/// `vector,document,metadata`, `all` or `none`.
struct IncludeArgument: ExpressibleByArgument, Sendable {
    let include: VectorInclude

    init(_ include: VectorInclude) {
        self.include = include
    }

    init?(argument: String) {
        var include: VectorInclude = []
        for name in argument.split(separator: ",") {
            switch name {
            case "metadata": include.insert(.metadata)
            case "document": include.insert(.document)
            case "vector": include.insert(.vector)
            case "all": include = .all
            case "none": break
            default: return nil
            }
        }
        self.include = include
    }

    var defaultValueDescription: String { "metadata" }
}
