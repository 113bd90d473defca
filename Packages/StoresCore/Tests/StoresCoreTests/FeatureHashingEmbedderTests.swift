import StoresCore
import Testing

struct FeatureHashingEmbedderTests {
    let embedder = FeatureHashingEmbedder()

    private func cosine(_ a: String, _ b: String) -> Float {
        zip(embedder.vector(a), embedder.vector(b)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func vectorsHaveLengthOne() async throws {
        let vectors = try await embedder.embed(["a server for Swift", "", "!!!", "naïve café 東京", "x"])
        #expect(vectors.count == 5)
        for vector in vectors {
            #expect(vector.count == 384)
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    /// Guards against a change of hash or weights, which would make stored vectors worthless without a word.
    @Test func theFunctionDoesNotChange() {
        let vector = FeatureHashingEmbedder(dimensions: 16, analyzer: .standard).vector("swift server")
        let rounded = vector.map { ($0 * 1000).rounded() / 1000 }
        #expect(rounded == Self.golden, "\(rounded)")
    }

    static let golden: [Float] = [
        0, 0, -0.306, -0.153, -0.306, 0, 0, 0, 0, 0, 0.153, 0, 0, 0.743, -0.153, 0.437,
    ]

    @Test func sharedWordsAndStemsAreNear() {
        #expect(cosine("connecting to a database", "database connections") > 0.5)
        #expect(cosine("database connection", "grilled vegetables with rice") < 0.2)
        #expect(cosine("the same text", "the same text") > 0.999)
    }

    @Test func theNameTellsModelsApart() {
        #expect(embedder.name == "feature-hashing-english-384")
        #expect(FeatureHashingEmbedder(dimensions: 1).dimensions == 16)
    }
}
