import StoresCore

/// Similarities in double precision: what a store's are compared with (V6).
enum Exact {
    static func similarity(_ metric: VectorMetric, _ a: [Float], _ b: [Float]) -> Double {
        switch metric {
        case .cosine: cosine(a, b)
        case .dot: dot(a, b)
        case .euclidean:
            -zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }.squareRoot()
        }
    }

    static func cosine(_ a: [Float], _ b: [Float]) -> Double {
        dot(a, b) / (dot(a, a).squareRoot() * dot(b, b).squareRoot())
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
}
