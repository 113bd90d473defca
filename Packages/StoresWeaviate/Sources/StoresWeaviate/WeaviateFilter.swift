#if HTTP
import StoresCore
import StoresHTTP

/// A `where` of Weaviate's.
///
/// Conditions are on the terms and orders that ``WeaviateCodec`` stores, so that missing fields, nulls, kinds and large
/// numbers mean what they mean everywhere.
indirect enum WeaviateFilter: Sendable {
    /// The property has one of these texts. Never empty.
    case any(StaticString, [String])
    /// The property has none of these texts, or nothing at all. Never empty.
    case none(StaticString, [String])
    /// The property has a text that begins so. The beginning has no `*` and no `?`, for which there is no escape.
    case begins(StaticString, String)
    case not(WeaviateFilter)
    case compare(property: String, TermFilter.Comparison, Double)
    case isNull(StaticString, Bool)
    case and([WeaviateFilter])
    case or([WeaviateFilter])

    /// Every object: all have an id. By the index of nulls.
    static let everything = WeaviateFilter.isNull(WeaviateCodec.id, false)
    static let nothing = WeaviateFilter.isNull(WeaviateCodec.id, true)

    /// The objects of these records.
    static func records(_ ids: some Sequence<String>) -> WeaviateFilter { .any("id", ids.map(WeaviateName.object)) }

    /// Compiles in full: nil for what every record matches.
    init?(_ filter: TermFilter, _ shape: WeaviateShape) {
        if filter == .everything { return nil }
        self.init(part: filter, shape)
    }

    private init(part filter: TermFilter, _ shape: WeaviateShape) {
        switch filter {
        case .everything: self = .everything
        case .nothing: self = .nothing
        case .hasAny(let terms): self = Self.terms(terms) ?? .any(WeaviateCodec.terms, terms.map(WeaviateCodec.term))
        case .hasNone(let terms):
            self = Self.terms(terms).map { .not($0) } ?? .none(WeaviateCodec.terms, terms.map(WeaviateCodec.term))
        case .order(let key, let comparison, let bound):
            if shape.orders.contains(key) {
                self = .compare(property: WeaviateCodec.prefix + key, comparison, bound)
            } else {
                let terms = WeaviateOrder.terms(key, comparison, bound)
                self = terms.isEmpty ? .nothing : .any(WeaviateCodec.terms, terms)
            }
        case .and(let parts): self = .and(parts.map { WeaviateFilter(part: $0, shape) })
        case .or(let parts): self = .or(parts.map { WeaviateFilter(part: $0, shape) })
        }
    }

    /// A term that stands for all that begin with it.
    private static func terms(_ terms: [String]) -> WeaviateFilter? {
        guard let term = terms.first, TermFilter.isPrefix(term) else { return nil }
        return .begins(WeaviateCodec.terms, term)
    }

    /// - Parameter notation: Several texts stand under `valueText` in GraphQL, under `valueTextArray` in JSON.
    func value(_ notation: WeaviateValue.Notation) -> WeaviateValue {
        switch self {
        case .any(let property, let texts): return Self.texts(property, "Equal", "ContainsAny", texts, notation)
        case .none(let property, let texts): return Self.texts(property, "NotEqual", "ContainsNone", texts, notation)
        case .begins(let property, let text):
            return Self.clause(.text("\(property)"), "Like", "valueText", .text(text + "*"))
        case .not(let part):
            return .object([("operator", .word("Not")), ("operands", .list([part.value(notation)]))])
        case .compare(let property, let comparison, let bound):
            return Self.clause(.text(property), comparison.word, "valueNumber", .number(bound))
        case .isNull(let property, let isNull):
            return Self.clause(.text("\(property)"), "IsNull", "valueBoolean", .bool(isNull))
        case .and(let parts):
            return .object([("operator", .word("And")), ("operands", .list(parts.map { $0.value(notation) }))])
        case .or(let parts):
            return .object([("operator", .word("Or")), ("operands", .list(parts.map { $0.value(notation) }))])
        }
    }

    private static func texts(
        _ property: StaticString, _ one: StaticString, _ several: StaticString, _ texts: [String],
        _ notation: WeaviateValue.Notation
    ) -> WeaviateValue {
        if texts.count == 1 { return clause(.text("\(property)"), one, "valueText", .text(texts[0])) }
        let key: StaticString = notation == .graphQL ? "valueText" : "valueTextArray"
        return clause(.text("\(property)"), several, key, .texts(texts))
    }

    private static func clause(
        _ property: WeaviateValue, _ word: StaticString, _ key: StaticString, _ value: WeaviateValue
    ) -> WeaviateValue {
        .object([("path", .list([property])), ("operator", .word(word)), (key, value)])
    }
}

extension TermFilter.Comparison {
    fileprivate var word: StaticString {
        switch self {
        case .less: "LessThan"
        case .lessOrEqual: "LessThanEqual"
        case .equal: "Equal"
        case .greaterOrEqual: "GreaterThanEqual"
        case .greater: "GreaterThan"
        }
    }
}
#endif
