import CStoresKernels

/// How far the rank of a row can be from what its high plane says.
///
/// A row a is a high plane ã, which is a rounded to bfloat16, and a rest. Its *rank* orders rows as the similarity
/// does: the cosine, the dot product, and for euclidean a · q − |a|² / 2 = (|q|² − |a − q|²) / 2. All three are
/// `scale` (a · q) + `offset`, and a scan has the float32 product s of ã and q alone. With u = 2⁻²⁴:
///
///     |a · q − ã · q| ≤ |a − ã| |q|                 by Cauchy–Schwarz; |a − ã| is known when a row is written,
///                                                   and at most 2⁻⁸ |a|, as each component moves by half a bfloat16
///     |ã · q − s|     ≤ n u / (1 − n u) |ã| |q|     n products summed in any order, fused or not (Higham, Accuracy and
///                                                   Stability of Numerical Algorithms, 3.1), with |ã| ≤ 1.004 |a|
///
/// To these come at most 16 u of |a| |q| and of `offset`: for the rounding of the query when it is scaled to length 1,
/// of `scale`, of `offset`, and of the sums below. `slack` = (2 n + 32) u covers all of it nearly twice. So
///
///     |rank − (scale s + offset)| ≤ reach × error + slack × |offset|
///     error = scale (|a − ã| + slack |a|), reach = |q|
///
/// Products that underflow lose at most 2⁻¹⁵⁰ each, which is far less than `slack` of lengths that are not extreme. A
/// row or a query of an extreme length has bounds that are not numbers, or infinite, and is always looked at.
struct VectorBounds: Sendable {
    /// 1 / |a| under cosine, else 1.
    let scale: Float
    let error: Float
    /// −|a|² / 2 under euclidean, else 0; the smaller by `slack`, so that it is never too low.
    let offset: Float

    init(_ vector: [Float], _ metric: VectorMetric) {
        let rounding = stores_rounding(vector, vector.count)
        let length = rounding.squared_length.squareRoot()
        guard !Self.isExtreme(length) else {
            (scale, error, offset) = (.nan, .nan, .nan)
            return
        }
        let slack = Self.slack(vector.count)
        let factor = metric == .cosine && length > 0 ? 1 / length : 1
        scale = Float(factor)
        error = Float((rounding.squared_error.squareRoot() + slack * length) * factor * (1 + 0x1p-20))
        offset = metric == .euclidean ? Float(-rounding.squared_length / 2 * (1 - slack)) : 0
    }

    static func slack(_ dimensions: Int) -> Double { Double(2 * dimensions + 32) * 0x1p-24 }

    /// Lengths whose products or squares could leave the range or the precision of float32.
    static func isExtreme(_ length: Double) -> Bool {
        length != 0 && !(length >= 1e-15 && length <= 1e15)
    }
}

/// A query in the form that a scan multiplies rows with.
struct VectorProbe {
    /// Of length 1 under cosine.
    let query: [Float]
    private let reach: Float
    private let slack: Float

    init(_ query: [Float], _ metric: VectorMetric) {
        let length = VectorKernel.norm(query)
        // In double precision, so that no query is extreme under cosine.
        self.query = metric == .cosine && length > 0 ? query.map { Float(Double($0) / length) } : query
        let reach = VectorKernel.norm(self.query)
        self.reach = VectorBounds.isExtreme(reach) ? .infinity : Float(reach).nextUp
        slack = Float(VectorBounds.slack(query.count))
    }

    /// The rank is not above this; not a number when that is not known.
    ///
    /// - Parameter product: Of the high plane of the row and ``query``.
    @inline(__always)
    func upper(_ product: Float, _ bounds: VectorBounds) -> Float {
        product * bounds.scale + reach * bounds.error + bounds.offset
    }

    /// The rank is not below this; not a number, or −∞, when that is not known.
    @inline(__always)
    func lower(_ upper: Float, _ bounds: VectorBounds) -> Float {
        upper - 2 * reach * bounds.error + 3 * slack * bounds.offset
    }
}
