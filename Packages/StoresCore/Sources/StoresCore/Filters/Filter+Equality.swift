// Written by hand, because the synthesised one would compare the prefix of `startsWith` by canonical equivalence.
extension Filter: Hashable {
    public static func == (lhs: Filter, rhs: Filter) -> Bool {
        lhs.operator == rhs.operator && lhs.path == rhs.path && lhs.literals == rhs.literals
            && lhs.children == rhs.children
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.operator)
        hasher.combine(path)
        hasher.combine(literals)
        hasher.combine(children)
    }
}
