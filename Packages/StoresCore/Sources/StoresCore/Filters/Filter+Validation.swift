extension Filter {
    /// The deepest tree: a leaf alone has depth 1 (F7).
    public static let maxDepth = 32
    /// Every leaf, `and`, `or` and `not` counts one.
    public static let maxNodes = 1000
    /// The operands of one `in`, `notIn`, `containsAny` or `containsAll`.
    public static let maxOperands = 1000

    /// Refuses what no adapter should have to interpret: F4 (kinds of literals), F6 (paths), F7 (size).
    ///
    /// - Parameters:
    ///   - declared: The fields whose type is known. Integer and double literals are interchangeable.
    ///   - maxOperands: The backend's own limit of an operand list, if it is lower than ``maxOperands``.
    ///   - allowsNestedFields: Whether paths may have more than one segment.
    /// - Throws: `invalidArgument` naming the field and the limit; `unsupported` for a nested path where none may be.
    public func validate(
        declared: [FieldDefinition] = [], maxOperands: Int? = nil, allowsNestedFields: Bool = true
    ) throws(StoreError) {
        try validateSize()
        let types = Dictionary(declared.map { ($0.path, $0.type) }, uniquingKeysWith: { first, _ in first })
        let operands = min(maxOperands ?? Self.maxOperands, Self.maxOperands)
        var rest = [self]
        while let node = rest.popLast() {
            rest.append(contentsOf: node.children)
            guard let path = node.path else { continue }
            if let problem = path.problem { throw .invalidArgument("filter: \(problem)") }
            guard allowsNestedFields || path.segments.count == 1 else {
                throw StoreError(
                    .unsupported, "filter: \(node.operator.rawValue) on \(path): nested fields are not supported",
                    remedy: "keep the field at the top level of the metadata", applied: .no)
            }
            try node.validateLiterals(of: path, type: types[path], maxOperands: operands)
        }
    }

    /// Depth and nodes, without recursion: a tree may be deeper than the stack.
    private func validateSize() throws(StoreError) {
        var level = [self]
        var depth = 0
        var nodes = 0
        while !level.isEmpty {
            depth += 1
            nodes += level.count
            guard depth <= Self.maxDepth else {
                throw .invalidArgument("filter: deeper than \(Self.maxDepth) levels")
            }
            guard nodes <= Self.maxNodes else { throw .invalidArgument("filter: more than \(Self.maxNodes) nodes") }
            var next: [Filter] = []
            for node in level {
                let children = node.children
                guard nodes + next.count + children.count <= Self.maxNodes else {
                    throw .invalidArgument("filter: more than \(Self.maxNodes) nodes")
                }
                next.append(contentsOf: children)
            }
            level = next
        }
    }

    private func validateLiterals(of path: FieldPath, type: FieldType?, maxOperands: Int) throws(StoreError) {
        let literals = literals
        let isList: Bool
        switch self {
        case .in, .notIn, .containsAny, .containsAll: isList = true
        default: isList = false
        }
        guard !isList || literals.count <= maxOperands else {
            throw .invalidArgument(
                "filter: \(self.operator.rawValue) on \(path) has \(literals.count) operands; at most \(maxOperands)")
        }
        for literal in literals {
            switch literal {
            case .null:
                throw .invalidArgument(
                    "filter: \(self.operator.rawValue) on \(path) has the literal null",
                    remedy: "use isNull or exists")
            case .array, .object:
                throw .invalidArgument(
                    "filter: \(self.operator.rawValue) on \(path) has a literal of kind \(literal.kindName)",
                    remedy: "compare with a bool, number, string or instant; look into arrays with contains")
            case .double(let number) where !number.isFinite:
                throw .invalidArgument("filter: \(self.operator.rawValue) on \(path) has a number that is not finite")
            case .bool where isOrder:
                throw .invalidArgument("filter: \(self.operator.rawValue) on \(path): bools have no order")
            default: break
            }
        }
        if let type { try validate(literals, of: path, against: type) }
    }

    private var isOrder: Bool {
        switch self {
        case .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }

    private func validate(_ literals: [Value], of path: FieldPath, against type: FieldType) throws(StoreError) {
        switch self {
        case .isNull, .exists, .and, .or, .not: return
        case .contains, .containsAny, .containsAll:
            guard type.isArray else {
                throw .invalidArgument(
                    "filter: \(self.operator.rawValue) on \(path), which is declared \(type.rawValue), not an array",
                    remedy: "compare it with = or IN")
            }
        default:
            guard !type.isArray else {
                throw .invalidArgument(
                    "filter: \(self.operator.rawValue) on \(path), which is declared \(type.rawValue)",
                    remedy: "look into arrays with contains")
            }
        }
        for literal in literals where !type.elementAccepts(literal) {
            throw .invalidArgument(
                "filter: \(self.operator.rawValue) on \(path), which is declared \(type.rawValue), "
                    + "with a literal of kind \(literal.kindName)")
        }
    }
}

extension FieldType {
    var isArray: Bool {
        switch self {
        case .bool, .int, .double, .string, .instant: false
        case .boolArray, .intArray, .doubleArray, .stringArray, .instantArray: true
        }
    }

    /// Whether a filter may compare a field of this type, or an element of it, with this literal.
    func elementAccepts(_ literal: Value) -> Bool {
        switch (self, literal) {
        case (.bool, .bool), (.boolArray, .bool), (.string, .string), (.stringArray, .string),
            (.instant, .instant), (.instantArray, .instant),
            (.int, .int), (.int, .double), (.double, .int), (.double, .double),
            (.intArray, .int), (.intArray, .double), (.doubleArray, .int), (.doubleArray, .double):
            true
        default: false
        }
    }
}
