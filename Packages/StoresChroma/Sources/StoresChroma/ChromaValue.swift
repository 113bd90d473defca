#if HTTP
import StoresCore
import StoresHTTP

/// A string, an integer or a bool that stands under its field's own name in Chroma, and therefore needs no term: the
/// name and the value that a term of ``FilterTerms`` is about.
///
/// Chroma compares such values exactly. What it can't tell is whether the field is of the record's last version, which
/// the term of its kind says.
struct ChromaValue: Equatable {
    let name: String
    let value: Value

    /// Nil for a term that says anything else than that a field at the top has this value, and for a field that can't
    /// have its own name in Chroma.
    init?(term: String) {
        let bytes = term.utf8
        guard
            let separator = bytes.firstIndex(where: {
                $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "@")
            }), bytes[separator] == UInt8(ascii: "="), bytes.first == UInt8(ascii: "/"),
            let name = Self.name(bytes[bytes.index(after: bytes.startIndex)..<separator]), ChromaCodec.isOwn(name)
        else { return nil }
        let text = term[term.index(after: separator)...]
        switch text.utf8.first {
        case UInt8(ascii: "s"): value = .string(String(text.dropFirst()))
        case UInt8(ascii: "b"): value = .bool(text == "b1")
        case UInt8(ascii: "n"):
            guard let number = Int64(text.dropFirst()) else { return nil }
            value = .int(number)
        default: return nil
        }
        self.name = name
    }

    /// The segment of a pointer, or nil when there are several.
    private static func name(_ segment: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(segment.count)
        var isEscaped = false
        for byte in segment {
            if isEscaped {
                guard let place = escapes.firstIndex(of: byte) else { return nil }
                bytes.append(escaped[place])
                isEscaped = false
            } else if byte == UInt8(ascii: "~") {
                isEscaped = true
            } else if byte == UInt8(ascii: "/") {
                return nil
            } else {
                bytes.append(byte)
            }
        }
        return isEscaped ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static let escapes = Array("01234".utf8)
    private static let escaped = Array("~/=?@".utf8)

    /// Whether a record with these metadata has the value under the name itself: a double that equals an integer has
    /// a term.
    func stands(in metadata: Metadata) -> Bool {
        switch (value, metadata[name]) {
        case (.string, .string?), (.int, .int?), (.bool, .bool?): true
        default: false
        }
    }

    /// Whether some records have a term for it nevertheless: those with a double.
    var mayHaveTerm: Bool { if case .int = value { true } else { false } }

    /// The term of a field that has such a value.
    var kind: String { FilterTerms([name: value]).terms.first ?? "" }
}
#endif
