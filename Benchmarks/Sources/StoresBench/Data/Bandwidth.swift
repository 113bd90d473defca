import CMeasure

/// How fast one thread of this machine reads memory: the bound of every scan.
final class Bandwidth {
    private let pages: UnsafeMutableRawPointer
    private let bytes: Int

    /// - Parameter bytes: As much as the scan reads that it is compared with.
    init(bytes: Int) throws {
        let whole = bytes / 256 * 256
        guard let pages = measure_allocate_pages(whole) else { throw BenchError("no memory of \(bytes) bytes") }
        self.pages = pages
        self.bytes = whole
        pages.initializeMemory(as: Float.self, repeating: 1, count: whole / 4)
    }

    deinit {
        measure_free_pages(pages, bytes)
    }

    /// Sums the memory once; the seconds for `bytes` bytes.
    func seconds(for wanted: Int) async -> Double {
        let seconds = await Timing.seconds { keep(sum()) }
        return seconds * Double(wanted) / Double(bytes)
    }

    private func sum() -> Float {
        typealias Lane = SIMD16<Float>
        let lanes = UnsafeBufferPointer(start: pages.assumingMemoryBound(to: Lane.self), count: bytes / 64)
        var (a, b, c, d) = (Lane.zero, Lane.zero, Lane.zero, Lane.zero)
        var index = 0
        while index &+ 4 <= lanes.count {
            a += lanes[index]
            b += lanes[index &+ 1]
            c += lanes[index &+ 2]
            d += lanes[index &+ 3]
            index &+= 4
        }
        return (a + b + c + d).sum()
    }
}
