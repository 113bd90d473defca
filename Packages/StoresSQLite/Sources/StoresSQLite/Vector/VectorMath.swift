#if SQLite
/// Products and distances of a stored vector (float32, little-endian, as all of Swift's platforms are) and a query,
/// summed in double precision straight from SQLite's memory.
enum VectorMath {
    static func dot(_ stored: UnsafeRawBufferPointer, _ query: UnsafeBufferPointer<Float>) -> Double {
        sum(stored, UnsafeRawBufferPointer(query), count: query.count, { $0 * $1 }, scalar: { $0 * $1 })
    }

    static func squaredDistance(_ stored: UnsafeRawBufferPointer, _ query: UnsafeBufferPointer<Float>) -> Double {
        sum(
            stored, UnsafeRawBufferPointer(query), count: query.count, { ($0 - $1) * ($0 - $1) },
            scalar: { ($0 - $1) * ($0 - $1) })
    }

    static func norm(_ vector: [Float]) -> Double { vector.withUnsafeBytes { norm($0) } }

    static func norm(_ stored: UnsafeRawBufferPointer) -> Double {
        sum(stored, stored, count: stored.count / 4, { $0 * $1 }, scalar: { $0 * $1 }).squareRoot()
    }

    /// Both hold at least `count` numbers, at any alignment.
    @inline(__always)
    private static func sum(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, count: Int,
        _ term: (SIMD8<Double>, SIMD8<Double>) -> SIMD8<Double>, scalar: (Double, Double) -> Double
    ) -> Double {
        let count = min(count, a.count / 4, b.count / 4)
        var even = SIMD8<Double>.zero
        var odd = SIMD8<Double>.zero
        var index = 0
        while index + 16 <= count {
            even += term(load(a, index), load(b, index))
            odd += term(load(a, index + 8), load(b, index + 8))
            index += 16
        }
        var total = (even + odd).sum()
        while index < count {
            total += scalar(number(a, index), number(b, index))
            index += 1
        }
        return total
    }

    @inline(__always)
    private static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> SIMD8<Double> {
        SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
    }

    @inline(__always)
    private static func number(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Double {
        Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
    }
}
#endif
