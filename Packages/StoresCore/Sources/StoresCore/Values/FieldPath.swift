/// The way to a metadata field: one segment for a top-level field, more for fields of nested objects.
///
/// Segments are data. A dot, quote or bracket inside a segment is literal; only ``init(dotted:)`` splits.
/// At most 16 segments of 1 to 512 UTF-8 bytes, without NUL; tier types refuse others with `invalidArgument`.
public struct FieldPath: Sendable {
    public static let maxSegments = 16
    public static let maxSegmentBytes = 512

    public var segments: [String]

    public init(_ segments: [String]) {
        self.segments = segments
    }

    public init(_ segment: String) {
        self.segments = [segment]
    }

    /// Splits at dots: `FieldPath(dotted: "author.name")` has two segments.
    public init(dotted text: String) {
        // By bytes: a dot with a combining mark after it is a dot too.
        self.segments = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }

    /// Why this path is refused, or nil when it is valid.
    public var problem: String? {
        if segments.isEmpty { return "a field path needs at least one segment" }
        if segments.count > Self.maxSegments {
            return "a field path has at most \(Self.maxSegments) segments; got \(segments.count)"
        }
        for segment in segments {
            if segment.isEmpty { return "a field path segment is not empty" }
            if segment.utf8.count > Self.maxSegmentBytes {
                return "a field path segment has at most \(Self.maxSegmentBytes) bytes; got \(segment.utf8.count)"
            }
            if segment.hasNUL { return "a field path segment has no NUL" }
        }
        return nil
    }

    /// The value at this path, or nil when a segment is missing or passes through something that is no object.
    @inlinable
    public func value(in metadata: Metadata) -> Value? {
        guard let first = segments.first, var value = metadata.value(forBytesOf: first) else { return nil }
        for segment in segments.dropFirst() {
            guard case .object(let fields) = value, let next = fields.value(forBytesOf: segment) else { return nil }
            value = next
        }
        return value
    }
}

// By UTF-8 bytes, as field names are looked up (F5, X11).
extension FieldPath: Hashable {
    public static func == (lhs: FieldPath, rhs: FieldPath) -> Bool {
        lhs.segments.elementsEqual(rhs.segments) { $0.hasSameBytes(as: $1) }
    }

    public func hash(into hasher: inout Hasher) {
        for segment in segments { segment.hashBytes(into: &hasher) }
    }
}

extension FieldPath: ExpressibleByStringLiteral {
    /// One segment, the literal itself: dots do not split.
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension FieldPath: CustomStringConvertible {
    /// The text form of ``Filter``: segments joined by dots, those that are no identifiers in double quotes.
    public var description: String { segments.map(Self.quoted).joined(separator: ".") }

    static func quoted(_ segment: String) -> String {
        let plain = segment.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): index > 0
            default: false
            }
        }
        if plain, !segment.isEmpty, !FilterKeyword.isReserved(segment) { return segment }
        // Scalar by scalar: a quote with a combining mark after it is no `Character` of its own.
        var text = "\""
        for scalar in segment.unicodeScalars {
            if scalar == "\\" || scalar == "\"" { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        text.unicodeScalars.append("\"")
        return text
    }
}
