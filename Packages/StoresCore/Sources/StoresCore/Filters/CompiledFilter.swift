/// A filter prepared for many records: literals normalised, operand lists as hash sets.
///
/// This is the one implementation of the meaning of ``Filter``. Compile a filter of bounded depth only; see
/// ``Filter/validate(declared:maxOperands:allowsNestedFields:)``.
public struct CompiledFilter: Sendable {
    indirect enum Node: Sendable {
        case test(FieldLookup, FilterTest)
        case and([Node])
        case or([Node])
        case not(Node)
    }

    let root: Node

    public init(_ filter: Filter) {
        root = Node(filter)
    }

    /// Whether the filter is true of a record with this metadata.
    public func matches(_ metadata: Metadata) -> Bool {
        root.matches(metadata)
    }
}

extension Filter {
    /// Whether this filter is true of a record with this metadata. For many records make a ``CompiledFilter`` once.
    public func matches(_ metadata: Metadata) -> Bool {
        CompiledFilter(self).matches(metadata)
    }
}

extension CompiledFilter.Node {
    init(_ filter: Filter) {
        switch filter {
        case .and(let children): self = .and(children.map(Self.init))
        case .or(let children): self = .or(children.map(Self.init))
        case .not(let child): self = .not(Self(child))
        case .equal(let path, let value): self = .test(FieldLookup(path), .equal(FilterKey(value)))
        case .notEqual(let path, let value): self = .not(.test(FieldLookup(path), .equal(FilterKey(value))))
        case .less(let path, let value): self = .test(FieldLookup(path), .less(value))
        case .lessOrEqual(let path, let value): self = .test(FieldLookup(path), .lessOrEqual(value))
        case .greater(let path, let value): self = .test(FieldLookup(path), .greater(value))
        case .greaterOrEqual(let path, let value): self = .test(FieldLookup(path), .greaterOrEqual(value))
        case .in(let path, let values): self = .test(FieldLookup(path), .in(Set(values.map(FilterKey.init))))
        case .notIn(let path, let values):
            self = .not(.test(FieldLookup(path), .in(Set(values.map(FilterKey.init)))))
        case .contains(let path, let value): self = .test(FieldLookup(path), .contains(FilterKey(value)))
        case .containsAny(let path, let values):
            self = .test(FieldLookup(path), .containsAny(Set(values.map(FilterKey.init))))
        case .containsAll(let path, let values):
            self = .test(FieldLookup(path), .containsAll(Array(Set(values.map(FilterKey.init)))))
        case .startsWith(let path, let prefix): self = .test(FieldLookup(path), .startsWith(prefix))
        case .isNull(let path): self = .test(FieldLookup(path), .isNull)
        case .exists(let path): self = .not(.test(FieldLookup(path), .isNull))
        }
    }

    func matches(_ metadata: Metadata) -> Bool {
        switch self {
        case .test(let field, let test): test.matches(field.value(in: metadata))
        case .and(let nodes): nodes.allSatisfy { $0.matches(metadata) }
        case .or(let nodes): nodes.contains { $0.matches(metadata) }
        case .not(let node): !node.matches(metadata)
        }
    }
}

/// What a leaf of a filter asks of the value at its path.
enum FilterTest: Sendable {
    case equal(FilterKey)
    case less(Value)
    case lessOrEqual(Value)
    case greater(Value)
    case greaterOrEqual(Value)
    case `in`(Set<FilterKey>)
    case contains(FilterKey)
    case containsAny(Set<FilterKey>)
    case containsAll([FilterKey])
    case startsWith(String)
    case isNull

    /// - Parameter value: Nil when the field is missing, which is the same as null.
    func matches(_ value: Value?) -> Bool {
        let value = value ?? .null
        switch self {
        case .equal(let key): return key.matches(value)
        case .less(let literal): return FilterOrder.compare(value, literal).map { $0 < 0 } ?? false
        case .lessOrEqual(let literal): return FilterOrder.compare(value, literal).map { $0 <= 0 } ?? false
        case .greater(let literal): return FilterOrder.compare(value, literal).map { $0 > 0 } ?? false
        case .greaterOrEqual(let literal): return FilterOrder.compare(value, literal).map { $0 >= 0 } ?? false
        case .in(let keys): return !keys.isEmpty && keys.contains(FilterKey(value))
        case .contains(let key):
            guard case .array(let elements) = value else { return false }
            return elements.contains { key.matches($0) }
        case .containsAny(let keys):
            guard case .array(let elements) = value, !keys.isEmpty else { return false }
            return elements.contains { keys.contains(FilterKey($0)) }
        case .containsAll(let keys):
            if keys.isEmpty { return true }
            guard case .array(let elements) = value else { return false }
            return keys.allSatisfy { key in elements.contains { key.matches($0) } }
        case .startsWith(let prefix):
            guard case .string(let text) = value else { return false }
            return text.hasBytePrefix(prefix)
        case .isNull:
            if case .null = value { return true }
            return false
        }
    }
}

/// A field path prepared for many look-ups.
struct FieldLookup: Sendable {
    let path: FieldPath
    private let first: String
    private let firstIsASCII: Bool
    private let rest: [String]

    init(_ path: FieldPath) {
        self.path = path
        first = path.segments.first ?? ""
        firstIsASCII = first.utf8.allSatisfy { $0 < 0x80 }
        rest = Array(path.segments.dropFirst())
    }

    @inline(__always)
    func value(in metadata: Metadata) -> Value? {
        guard let index = metadata.index(forKey: first) else { return nil }
        // A key that is canonically equivalent to an ASCII one without being it has more bytes (KELVIN SIGN and K).
        let key = metadata.keys[index]
        guard firstIsASCII ? key.utf8.count == first.utf8.count : key.hasSameBytes(as: first) else { return nil }
        var value = metadata.values[index]
        for segment in rest {
            guard case .object(let fields) = value, let next = fields.value(forBytesOf: segment) else { return nil }
            value = next
        }
        return value
    }
}
