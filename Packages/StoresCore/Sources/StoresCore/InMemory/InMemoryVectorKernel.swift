import CStoresKernels

/// The loops of `CStoresKernels`, over memory that stays where it is meanwhile.
enum VectorKernel {
    /// The fastest that this processor has.
    private static let kernel: StoresKernel =
        [.AVX512, .AVX2].first { stores_kernel_is_available($0) } ?? .baseline

    /// The dot products of rows of a high plane with the query, all or chosen ones.
    static func dots(
        _ rows: UnsafePointer<UInt16>, _ chosen: [Int32]?, count: Int, _ query: [Float],
        into products: inout [Float]
    ) {
        products.withUnsafeMutableBufferPointer { products in
            stores_dots(kernel, rows, chosen, count, query, query.count, products.baseAddress)
        }
    }

    /// The length of a vector, in double precision.
    static func norm(_ vector: [Float]) -> Double {
        stores_rounding(vector, vector.count).squared_length.squareRoot()
    }
}
