import StoresCore

/// Order comparisons. Each asks for the kind first; under a negation, for another kind or the opposite comparison.
extension TermFilter {
    static func order(
        _ filter: Filter, _ path: FieldPath, _ comparison: Comparison, _ literal: Value, _ isNegated: Bool,
        _ form: FilterForm
    ) throws(StoreError) -> TermFilter {
        let pointer = FilterPath.pointer(path)
        let comparison = isNegated ? comparison.opposite : comparison
        switch literal {
        case .int, .double:
            guard let number = FilterOrder.number(literal) else { return constant(isNegated) }
            return guarded(
                pointer, [.number, .largeNumber], isNegated,
                compare(pointer, comparison, number, .number, .largeNumber))
        case .instant:
            guard let number = FilterOrder.number(literal) else { return constant(isNegated) }
            return guarded(
                pointer, [.instant, .largeInstant], isNegated,
                compare(pointer, comparison, number, .instant, .largeInstant))
        case .string(let text):
            try checkLength(filter, path, text, form.orderedBytes)
            let chunks = FilterOrder.chunks(text, upTo: form.orderedBytes)
            return guarded(pointer, [.string], isNegated, compare(pointer, comparison, chunks))
        case .null, .bool, .array, .object: return constant(isNegated)
        }
    }

    static func starts(
        _ filter: Filter, _ path: FieldPath, _ prefix: String, _ isNegated: Bool, _ form: FilterForm
    ) throws(StoreError) -> TermFilter {
        let pointer = FilterPath.pointer(path)
        try checkLength(filter, path, prefix, form.hasPrefixes ? FilterForm.longestPrefix : form.orderedBytes)
        if form.hasPrefixes { return has([FilterPath.prefix(pointer, prefix.utf8)], isNegated: isNegated) }
        let bytes = Array(prefix.utf8)
        var parts: [TermFilter] = []
        var start = 0
        var index = 0
        while bytes.count - start > FilterOrder.chunkBytes {
            let key = FilterPath.order(pointer, index)
            let chunk = FilterOrder.chunk(bytes[start...].prefix(FilterOrder.chunkBytes), size: 7)
            if isNegated {
                parts += [.order(key, .less, chunk), .order(key, .greater, chunk)]
            } else {
                parts.append(.order(key, .equal, chunk))
            }
            start += FilterOrder.chunkBytes
            index += 1
        }
        if start < bytes.count {
            let key = FilterPath.order(pointer, index)
            let range = FilterOrder.range(bytes[start...])
            parts +=
                isNegated
                ? [.order(key, .less, range.from), .order(key, .greaterOrEqual, range.below)]
                : [.order(key, .greaterOrEqual, range.from), .order(key, .less, range.below)]
        }
        return guarded(pointer, [.string], isNegated, isNegated ? any(parts) : all(parts))
    }

    /// What is true of no value, or under a negation of all.
    private static func constant(_ isNegated: Bool) -> TermFilter { isNegated ? .everything : .nothing }

    private static func guarded(
        _ pointer: String, _ kinds: [FilterKind], _ isNegated: Bool, _ test: TermFilter
    ) -> TermFilter {
        let terms = kinds.map { FilterPath.kind(pointer, $0) }
        return isNegated ? any([.hasNone(terms), test]) : all([.hasAny(terms), test])
    }

    private static func checkLength(
        _ filter: Filter, _ path: FieldPath, _ text: String, _ orderedBytes: Int
    ) throws(StoreError) {
        guard text.utf8.count > orderedBytes else { return }
        throw StoreError(
            .unsupported,
            "filter: \(filter.operator.rawValue) on \(path) with a text of \(text.utf8.count) bytes; at most "
                + "\(orderedBytes) have an order here",
            remedy: "compare with a shorter text, or with = or IN", applied: .no)
    }

    /// A number or instant against one, both as the largest double not above them and what is left.
    private static func compare(
        _ pointer: String, _ comparison: Comparison, _ bound: (whole: Double, rest: Double), _ small: FilterKind,
        _ large: FilterKind
    ) -> TermFilter {
        let whole = FilterPath.order(pointer, 0)
        let rest = FilterPath.order(pointer, 1)
        let isLarge = TermFilter.hasAny([FilterPath.kind(pointer, large)])
        let isSmall = TermFilter.hasAny([FilterPath.kind(pointer, small)])
        // Below 2^53 every whole number is a double: nothing is left, of the records at this double either.
        let isPlain = bound.rest == 0 && bound.whole.magnitude < 0x1p53
        switch comparison {
        case .equal: return .nothing
        case .less where bound.rest == 0, .greaterOrEqual where bound.rest == 0:
            return .order(whole, comparison, bound.whole)
        case .lessOrEqual where isPlain, .greater where isPlain: return .order(whole, comparison, bound.whole)
        case .less, .lessOrEqual:
            let atBound =
                bound.rest == 0
                ? isSmall : any([isSmall, all([isLarge, .order(rest, comparison, bound.rest)])])
            return any([
                .order(whole, .less, bound.whole), all([.order(whole, .equal, bound.whole), atBound]),
            ])
        case .greater, .greaterOrEqual:
            let atBound = bound.rest == 0 ? isLarge : all([isLarge, .order(rest, comparison, bound.rest)])
            return any([
                .order(whole, .greater, bound.whole), all([.order(whole, .equal, bound.whole), atBound]),
            ])
        }
    }

    /// Chunk by chunk: the first that differs decides, and the last one of the literal in any case.
    private static func compare(_ pointer: String, _ comparison: Comparison, _ chunks: [Double]) -> TermFilter {
        let strict: Comparison = comparison == .less || comparison == .lessOrEqual ? .less : .greater
        var same: [TermFilter] = []
        var parts: [TermFilter] = []
        for (index, chunk) in chunks.enumerated() {
            let key = FilterPath.order(pointer, index)
            let isLast = index == chunks.count - 1
            parts.append(all(same + [.order(key, isLast ? comparison : strict, chunk)]))
            same.append(.order(key, .equal, chunk))
        }
        return any(parts)
    }
}

extension TermFilter.Comparison {
    /// What is true exactly when this is not, of a number that is there.
    var opposite: TermFilter.Comparison {
        switch self {
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        case .greaterOrEqual: .less
        case .equal: .equal
        }
    }
}
