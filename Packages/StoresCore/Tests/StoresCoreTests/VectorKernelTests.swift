import CStoresKernels
import Testing

@testable import StoresCore

/// The C kernels, and the bounds that make a scan of half of the bits exact.
@Suite struct VectorKernelTests {
    private static let kernels = [StoresKernel.baseline, .AVX2, .AVX512].filter { stores_kernel_is_available($0) }

    private func high(_ vector: [Float]) -> [UInt16] { split(vector).high }

    private func split(_ vector: [Float]) -> (high: [UInt16], low: [UInt16]) {
        var (high, low) = (
            Array(repeating: UInt16(0), count: vector.count), Array(repeating: UInt16(0), count: vector.count)
        )
        stores_split(vector, vector.count, &high, &low)
        return (high, low)
    }

    private func value(_ high: UInt16) -> Float { Float(bitPattern: UInt32(high) << 16) }

    @Test func `Two planes give a float32 back bit for bit`() {
        // Every sign and exponent, with the fractions at which rounding changes.
        let fractions: [UInt32] = [
            0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x1_0000, 0x1_8000, 0x3F_FFFF, 0x7F_0000, 0x7F_7FFF, 0x7F_8000,
            0x7F_FFFF,
        ]
        var random = SeededGenerator(31)
        var vector: [Float] = []
        for top in UInt32(0)..<512 where top & 0xFF != 0xFF {
            vector += fractions.map { Float(bitPattern: top << 23 | $0) }
            vector.append(Float(bitPattern: top << 23 | UInt32.random(in: 0..<0x80_0000, using: &random)))
        }
        #expect(vector.contains(.greatestFiniteMagnitude) && vector.contains(-.leastNonzeroMagnitude))
        let (high, low) = split(vector)
        var joined = Array(repeating: Float(0), count: vector.count)
        stores_join(high, low, vector.count, &joined)
        #expect(joined.map(\.bitPattern) == vector.map(\.bitPattern))
        for (number, half) in zip(vector, high) where abs(number) >= Float.leastNormalMagnitude {
            let rounded = value(half)
            guard rounded.isFinite else {
                // Rounded up beyond the range; such a row is extreme.
                #expect(number.magnitude > 3.38e38)
                continue
            }
            #expect(abs(Double(number) - Double(rounded)) <= abs(Double(number)) * 0x1p-8)
        }
    }

    @Test(arguments: [1, 2, 7, 15, 16, 17, 31, 33, 100, 384, 1536])
    func `Kernels of all variants agree`(dimensions: Int) {
        var random = SeededGenerator(UInt64(dimensions))
        let count = 23
        let rows = (0..<count).map { _ in high((0..<dimensions).map { _ in .random(in: -1...1, using: &random) }) }
        let plane = rows.flatMap { $0 }
        let query = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
        let exact = rows.map { row in zip(row, query).reduce(0.0) { $0 + Double(value($1.0)) * Double($1.1) } }
        let lengths = rows.map { row in row.reduce(0.0) { $0 + Double(value($1)) * Double(value($1)) }.squareRoot() }
        let reach = VectorKernel.norm(query)
        for kernel in Self.kernels {
            for taken in [0, 1, 3, 4, 22, 23] {
                for chosen in [nil, (0..<Int32(taken)).map { $0 * 7 % Int32(count) }] {
                    var products = Array(repeating: Float.nan, count: count)
                    stores_dots(kernel, plane, chosen, taken, query, dimensions, &products)
                    for place in 0..<taken {
                        let row = chosen.map { Int($0[place]) } ?? place
                        // The rounding that `VectorBounds` allows for.
                        let error = Double(dimensions) * 0x1.01p-24 * lengths[row] * reach
                        #expect(abs(Double(products[place]) - exact[row]) <= error)
                    }
                    #expect(products[taken...].allSatisfy { $0.isNaN }, "\(kernel) writes no more than it should")
                }
            }
        }
        let best: StoresKernel? = Self.kernels.last
        #expect(best != nil)
    }

    @Test(arguments: [1, 7, 8, 9, 100])
    func `Sums are those of double precision`(dimensions: Int) {
        var random = SeededGenerator(77)
        for scale: Float in [1e-38, 1e-20, 1, 1e20, 1e38] {
            let a = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) * scale }
            let q = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
            let (high, low) = split(a)
            let sums = stores_sums(high, low, q, dimensions)
            let pairs = zip(a, q).map { (Double($0), Double($1)) }
            let size = Double(scale) * Double(dimensions)
            #expect(abs(sums.product - pairs.reduce(0) { $0 + $1.0 * $1.1 }) <= 1e-14 * size)
            let lengths = pairs.reduce(0) { $0 + $1.0 * $1.0 }
            #expect(abs(sums.squared_length - lengths) <= 1e-14 * lengths)
            let distances = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            #expect(abs(sums.squared_distance - distances) <= 1e-14 * distances)
        }
    }

    /// Vectors whose every component is as far from a bfloat16 as can be, and whose errors all point the same way as
    /// the query: the worst that the bound has to cover.
    private func adversarial(_ dimensions: Int, _ scale: Float, _ random: inout SeededGenerator) -> ([Float], [Float]) {
        let down = Bool.random(using: &random)
        let vector = (0..<dimensions).map { _ -> Float in
            let base = UInt32.random(in: 0x3F00...0x3F8F, using: &random) << 16
            let sign: UInt32 = Bool.random(using: &random) ? 0x8000_0000 : 0
            return Float(bitPattern: sign | base | (down ? 0x8000 : 0x7FFF)) * scale
        }
        let (high, _) = split(vector)
        let query = zip(vector, high).map { Float((Double($0) - Double(value($1))) / Double(scale)) * 100 }
        return (vector, query)
    }

    @Test(arguments: [VectorMetric.cosine, .dot, .euclidean], [1, 3, 64, 384, 1000, 4096])
    func `No rank is outside of its bounds`(metric: VectorMetric, dimensions: Int) {
        var random = SeededGenerator(UInt64(dimensions) * 3)
        func noise(_ scale: Float) -> [Float] {
            (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) * scale }
        }
        var pairs: [([Float], [Float])] = []
        for power in [-12, -6, 0, 6, 12] {
            let scale = Float(sign: .plus, exponent: power * 3, significand: 1)
            for _ in 0..<20 {
                let pair = adversarial(dimensions, scale, &random)
                pairs.append(pair)
                pairs.append((pair.0, pair.1.map { -$0 }))
                pairs.append((noise(scale), noise(1)))
                let vector = noise(scale)
                pairs.append((vector, vector))
            }
        }
        var used = 0.0
        for (vector, query) in pairs {
            let bounds = VectorBounds(vector, metric)
            let probe = VectorProbe(query, metric)
            let (high, low) = split(vector)
            let sums = stores_sums(high, low, query, dimensions)
            let rank: Double
            switch metric {
            case .dot: rank = sums.product
            case .cosine: rank = sums.product / (sums.squared_length.squareRoot() * VectorKernel.norm(query))
            case .euclidean: rank = sums.product - sums.squared_length / 2
            }
            for kernel in Self.kernels {
                var product: Float = .nan
                stores_dots(kernel, high, nil, 1, probe.query, dimensions, &product)
                let upper = probe.upper(product, bounds)
                let lower = probe.lower(upper, bounds)
                guard Double(lower) <= rank, rank <= Double(upper) else {
                    Issue.record("\(kernel): \(rank) is not in \(lower)...\(upper)")
                    return
                }
                let width = (Double(upper) - Double(lower)) / 2
                used = max(used, abs(rank - (Double(upper) - width)) / width)
            }
        }
        // The worst case comes near to the bound, so this test would see one that is too small.
        if metric == .dot { #expect(used > 0.8) }
    }

    @Test func `Extreme lengths have no bounds`() {
        for scale: Float in [1e-38, 1e-20, 1e20, 1e38] {
            let bounds = VectorBounds([scale, -scale, scale], .dot)
            let probe = VectorProbe([1, 2, 3], .dot)
            #expect(probe.upper(0, bounds).isNaN)
            let far = VectorProbe([scale, scale, 0], .euclidean)
            let upper = far.upper(0, VectorBounds([1, 2, 3], .euclidean))
            #expect(upper == .infinity && !(far.lower(upper, VectorBounds([1, 2, 3], .euclidean)) > -.infinity))
        }
    }

    @Test func `The largest numbers`() {
        var random = SeededGenerator(5)
        for limit in [1, 2, 3, 10, 100] {
            var largest = LargestNumbers(limit: limit)
            var all: [Float] = []
            for count in 1...300 {
                let number = Float(Int.random(in: 0..<200, using: &random))
                all.append(number)
                largest.insert(number)
                largest.insert(.nan)
                largest.insert(-.infinity)
                #expect(largest.least == (count < limit ? -.infinity : all.sorted(by: >)[limit - 1]))
            }
        }
    }
}
