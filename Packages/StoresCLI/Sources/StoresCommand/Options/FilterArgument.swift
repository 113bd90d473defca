import ArgumentParser
import StoresCore

/// `--where`: a filter in its text form.
struct FilterArgument: ExpressibleByArgument, Sendable {
    let text: String

    init?(argument: String) { text = argument }

    /// - Throws: `invalidArgument` with the column.
    func filter() throws(StoreError) -> Filter {
        do throws(StoreError) {
            return try Filter(parsing: text)
        } catch {
            throw .invalidArgument("--where: \(error.message)", remedy: FilterArgument.example)
        }
    }

    static let example = "for example: section = 'libs' AND (size > 100 OR tags CONTAINS 'swift')"
    static let help: ArgumentHelp = "A filter: \"section = 'libs' AND size > 100\"."
}

extension Optional<FilterArgument> {
    func filter() throws(StoreError) -> Filter? { try self?.filter() }
}
