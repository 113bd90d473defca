/// Turns texts into vectors.
public protocol Embedder: Sendable {
    /// Names the model, so that vectors of different ones are not mixed: it belongs into a collection's name.
    var name: String { get }
    var dimensions: Int { get }
    var metric: VectorMetric { get }

    /// One vector of `dimensions` for each text, in order.
    func embed(_ texts: [String]) async throws -> [[Float]]
}

extension Embedder {
    public func embed(_ text: String) async throws -> [Float] {
        guard let vector = try await embed([text]).first else {
            throw StoreError(.internal, "the embedder gave no vector")
        }
        return vector
    }
}
