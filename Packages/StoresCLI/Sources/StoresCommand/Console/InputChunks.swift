import StoresCore

/// The bytes of the input as they come: the body of an upload, with flat memory.
struct InputChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]
    let input: Input

    func makeAsyncIterator() -> Iterator { Iterator(input: input) }

    struct Iterator: AsyncIteratorProtocol {
        let input: Input

        mutating func next() async throws -> [UInt8]? { try await input.next(upTo: 512 << 10) }
    }
}
