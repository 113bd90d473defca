/// The values of one field in the rows of a block: each distinct value once, in the order of filters, and for each row
/// the number of its value. A test is answered by binary search among the values, then a comparison of small integers
/// for each row.
final class FilterColumn: Sendable {
    /// Values that filters cannot tell apart have the same code.
    let codes: [UInt16]
    /// By code: null, then bools, numbers, strings, instants, each ascending, then all that has no order.
    let values: [Value]
    private let starts: [Int]

    init(_ fields: [Value?]) {
        var numbers: [FilterKey: Int] = [:]
        var distinct: [Value] = []
        let provisional = fields.map { field -> Int in
            let value = field ?? .null
            let key = FilterKey(value)
            if let number = numbers[key] { return number }
            numbers[key] = distinct.count
            distinct.append(value)
            return distinct.count - 1
        }
        let order = distinct.indices.sorted { a, b in
            let (left, right) = (Self.kind(distinct[a]), Self.kind(distinct[b]))
            guard left == right else { return left < right }
            return (FilterOrder.compare(distinct[a], distinct[b]) ?? 0) < 0
        }
        var code = Array(repeating: UInt16(0), count: distinct.count)
        for (position, number) in order.enumerated() { code[number] = UInt16(truncatingIfNeeded: position) }
        codes = provisional.map { code[$0] }
        let sorted = order.map { distinct[$0] }
        values = sorted
        starts = (0...Self.unordered + 1).map { kind in
            sorted.firstIndex { Self.kind($0) >= kind } ?? sorted.count
        }
    }

    private static let unordered = 5

    private static func kind(_ value: Value) -> Int {
        switch value {
        case .null: 0
        case .bool: 1
        case .double(let number) where number.isNaN: unordered
        case .int, .double: 2
        case .string: 3
        case .instant: 4
        case .array, .object: unordered
        }
    }

    private func range(_ kind: Int) -> Range<Int> { starts[kind]..<starts[kind + 1] }

    /// The first code in the range whose value fails `precedes`; those that pass come first.
    private func partition(_ range: Range<Int>, _ precedes: (Value) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if precedes(values[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first code whose value is at least the literal, or above it.
    private func start(of literal: Value, above: Bool = false) -> Int {
        partition(range(Self.kind(literal))) { value in
            guard let order = FilterOrder.compare(value, literal) else { return false }
            return above ? order <= 0 : order < 0
        }
    }

    /// The rows whose value passes the test.
    func mask(_ test: FilterTest) -> FilterMask {
        switch test {
        case .isNull: return mask(range(0))
        case .equal(let key): return mask(codes(equalTo: key))
        case .less(let literal):
            return ordered(literal) { range, literal in range.lowerBound..<start(of: literal) }
        case .lessOrEqual(let literal):
            return ordered(literal) { range, literal in range.lowerBound..<start(of: literal, above: true) }
        case .greater(let literal):
            return ordered(literal) { range, literal in start(of: literal, above: true)..<range.upperBound }
        case .greaterOrEqual(let literal):
            return ordered(literal) { range, literal in start(of: literal)..<range.upperBound }
        case .startsWith(let prefix):
            let start = start(of: .string(prefix))
            return mask(start..<partition(start..<range(3).upperBound) { test.matches($0) })
        case .in(let keys):
            var table = Array(repeating: false, count: values.count)
            if keys.count > values.count {
                for code in values.indices { table[code] = test.matches(values[code]) }
            } else {
                for key in keys { for code in codes(equalTo: key) { table[code] = true } }
            }
            return mask(table)
        case .containsAll(let keys) where keys.isEmpty: return .all
        case .contains, .containsAny, .containsAll:
            // Arrays are among the values without order; nothing else contains.
            var table = Array(repeating: false, count: values.count)
            for code in range(Self.unordered) { table[code] = test.matches(values[code]) }
            return mask(table)
        }
    }

    private func ordered(_ literal: Value, _ codes: (Range<Int>, Value) -> Range<Int>) -> FilterMask {
        let kind = Self.kind(literal)
        guard (2...4).contains(kind) else { return .none }
        return mask(codes(range(kind), literal))
    }

    private func codes(equalTo key: FilterKey) -> Range<Int> {
        let literal: Value
        switch key {
        case .int(let number): literal = .int(number)
        case .double(let number): literal = .double(number)
        case .string(let text): literal = .string(text.text)
        case .instant(let instant): literal = .instant(instant)
        case .null: return range(0)
        case .bool: return linear(range(1), key)
        case .array, .object: return linear(range(Self.unordered), key)
        }
        guard Self.kind(literal) != Self.unordered else { return 0..<0 }
        return start(of: literal)..<start(of: literal, above: true)
    }

    private func linear(_ range: Range<Int>, _ key: FilterKey) -> Range<Int> {
        guard let code = range.first(where: { key.matches(values[$0]) }) else { return 0..<0 }
        return code..<code + 1
    }

    private func mask(_ range: Range<Int>) -> FilterMask {
        if range.isEmpty { return .none }
        if range.count == values.count { return .all }
        let (low, count) = (UInt16(range.lowerBound), UInt16(range.count))
        return .some(
            Array(unsafeUninitializedCapacity: codes.count) { mask, filled in
                // A plain loop over pointers, which the compiler turns into eight comparisons at a time.
                codes.withUnsafeBufferPointer { codes in
                    for row in 0..<codes.count { mask[row] = codes[row] &- low < count ? 1 : 0 }
                }
                filled = codes.count
            })
    }

    private func mask(_ table: [Bool]) -> FilterMask {
        guard table.contains(true) else { return .none }
        return .some(codes.map { table[Int($0)] ? 1 : 0 })
    }
}

/// Rows of a block that pass, one byte for each: 1 or 0.
enum FilterMask: Sendable {
    case none
    case all
    case some([UInt8])

    func and(_ other: @autoclosure () -> FilterMask) -> FilterMask {
        if case .none = self { return .none }
        switch (self, other()) {
        case (_, .none): return .none
        case (.all, let mask), (let mask, .all): return mask
        case (.some(var left), .some(let right)):
            for index in left.indices { left[index] &= right[index] }
            return .some(left)
        default: return .none
        }
    }

    func or(_ other: @autoclosure () -> FilterMask) -> FilterMask {
        if case .all = self { return .all }
        switch (self, other()) {
        case (_, .all): return .all
        case (.none, let mask), (let mask, .none): return mask
        case (.some(var left), .some(let right)):
            for index in left.indices { left[index] |= right[index] }
            return .some(left)
        default: return .all
        }
    }

    var complement: FilterMask {
        switch self {
        case .none: .all
        case .all: .none
        case .some(let mask): .some(mask.map { $0 ^ 1 })
        }
    }

    /// The number of rows that pass, of `count`.
    func count(of count: Int) -> Int {
        switch self {
        case .none: 0
        case .all: count
        case .some(let mask): mask.reduce(0) { $0 &+ Int($1) }
        }
    }

    /// The rows that pass, ascending.
    func rows(of count: Int) -> [Int32] {
        switch self {
        case .none: return []
        case .all: return Array(0..<Int32(truncatingIfNeeded: count))
        case .some(let mask):
            var rows: [Int32] = []
            mask.withUnsafeBytes { bytes in
                var index = 0
                // Eight rows at a time, most of which do not pass.
                while index + 8 <= bytes.count {
                    var word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    while word != 0 {
                        rows.append(Int32(truncatingIfNeeded: index + word.trailingZeroBitCount / 8))
                        word &= word &- 1
                    }
                    index += 8
                }
                while index < bytes.count {
                    if bytes[index] != 0 { rows.append(Int32(truncatingIfNeeded: index)) }
                    index += 1
                }
            }
            return rows
        }
    }
}

extension CompiledFilter.Node {
    /// The rows of a block of which this is true, by its columns.
    func mask(_ block: VectorBlock) -> FilterMask {
        switch self {
        case .test(let field, let test): block.column(field).mask(test)
        case .and(let nodes): nodes.reduce(.all) { mask, node in mask.and(node.mask(block)) }
        case .or(let nodes): nodes.reduce(.none) { mask, node in mask.or(node.mask(block)) }
        case .not(let node): node.mask(block).complement
        }
    }
}
