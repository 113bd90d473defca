import Testing

@testable import StoresCore

@Suite struct ArtifactBodyTests {
    private func body(_ chunks: [[UInt8]], maxSize: Int64? = nil, deadline: Deadline = .after(.seconds(600)))
        -> ArtifactBody
    {
        ArtifactBody(AsyncStream.of(chunks), deadline: deadline, maxSize: maxSize)
    }

    @Test func `counts and hashes what it hands out, without empty chunks`() async throws {
        let body = body([[], Array("a".utf8), [], [], Array("bc".utf8), []])
        #expect(!body.isStarted)
        var seen: [[UInt8]] = []
        while let chunk = try await body.next() {
            #expect(body.sha256 == nil)
            seen.append(chunk)
        }
        #expect(body.isStarted)
        #expect(seen == [Array("a".utf8), Array("bc".utf8)])
        #expect(body.size == 3)
        #expect(body.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `an empty body has the digest of nothing`() async throws {
        let body = body([])
        #expect(try await body.next() == nil)
        #expect(body.size == 0)
        #expect(body.sha256 == SHA256Digest.hexadecimal(of: []))
    }

    @Test func `large chunks come in pieces of 4 MiB`() async throws {
        let large = [UInt8](repeating: 7, count: 5 << 20)
        let body = body([large])
        var sizes: [Int] = []
        while let chunk = try await body.next() { sizes.append(chunk.count) }
        #expect(sizes == [4 << 20, 1 << 20])
        #expect(body.sha256 == SHA256Digest.hexadecimal(of: large))
    }

    @Test func `past the limit is tooLarge, and exactly at it is not`() async throws {
        let fits = body([[1, 2], [3]], maxSize: 3)
        while try await fits.next() != nil {}
        #expect(fits.size == 3)
        let error = await #expect(throws: StoreError.self) {
            let body = body([[1, 2], [3, 4]], maxSize: 3)
            while try await body.next() != nil {}
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.applied == .no)
    }

    @Test func `a passed deadline is a timeout`() async {
        let error = await #expect(throws: StoreError.self) {
            try await body([[1]], deadline: .after(.zero)).next()
        }
        #expect(error?.code == .timeout)
    }

    @Test func `a failing sequence is internal, with its error inside, also a StoreError of another store`() async {
        struct Broken: Error {}
        for thrown in [Broken(), StoreError(.unavailable, "the source is away")] as [any Error] {
            let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
                continuation.yield([1])
                continuation.finish(throwing: thrown)
            }
            let body = ArtifactBody(stream, deadline: .after(.seconds(600)), maxSize: nil)
            let error = await #expect(throws: StoreError.self) { while try await body.next() != nil {} }
            #expect(error?.code == .internal)
            #expect(error?.applied == .no)
            #expect(error?.isLocal == true)
            #expect(error.map { type(of: $0.underlying) } != nil)
            #expect(body.sha256 == nil)
        }
    }

    @Test func `a sequence that was cancelled is cancelled`() async {
        let stream = AsyncThrowingStream<[UInt8], any Error> { $0.finish(throwing: CancellationError()) }
        let body = ArtifactBody(stream, deadline: .after(.seconds(600)), maxSize: nil)
        let error = await #expect(throws: StoreError.self) { try await body.next() }
        #expect(error?.code == .cancelled)
    }

    @Test func `a chunk of many pieces is handed out in order`() async throws {
        let large = (0..<(9 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let body = body([large, [1, 2, 3]])
        var all: [UInt8] = []
        while let chunk = try await body.next() {
            #expect((1...(4 << 20)).contains(chunk.count))
            all += chunk
        }
        #expect(all == large + [1, 2, 3])
    }
}

extension AsyncStream where Element: Sendable {
    static func of(_ elements: [Element]) -> AsyncStream<Element> {
        AsyncStream { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}
