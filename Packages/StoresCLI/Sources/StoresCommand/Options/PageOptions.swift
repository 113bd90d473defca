import ArgumentParser
import StoresCore

/// Listings stream every page. With `--limit` there is one page of that many, and when there is more, a last line
/// `{"next":"…"}` with what `--cursor` takes.
struct PageOptions: ParsableArguments {
    @Option(help: "One page of at most this many; without it, all.")
    var limit: Int?

    @Option(help: "Where a page that was listed before ended.")
    var cursor: String?

    /// Calls `fetch` for each page, and `emit` for its items.
    func stream<Item: Sendable>(
        to console: Console, fetch: (Cursor?, Int) async throws -> Page<Item>, emit: (Item) -> Value
    ) async throws {
        try await stream(to: console) { cursor, limit in
            let page = try await fetch(cursor, limit)
            return (page.items.map(emit), page.next)
        }
    }

    func stream(to console: Console, fetch: (Cursor?, Int) async throws -> ([Value], Cursor?)) async throws {
        var next = cursor.map(Cursor.init(rawValue:))
        repeat {
            let page = try await fetch(next, limit ?? 500)
            for item in page.0 { try await console.emit(item) }
            next = page.1
        } while limit == nil && next != nil
        if let next { try await console.emit(["next": .string(next.rawValue)]) }
    }
}
