import StoresCore

/// A fact on its way into the collection, prepared before a client is taken.
struct MongoFactWrite: Sendable {
    /// What is left of MongoDB's 16 MiB.
    private static let maxBytes = 16 << 20 - 8192

    let put: FactPut
    let now: Timestamp
    let key: MongoFactKey
    let id: String
    let stamp: String
    /// The fields that do not depend on what is there.
    private let content: BSONDocument

    /// - Throws: `tooLarge`.
    init(_ put: FactPut, now: Timestamp, stamp: String) throws(StoreError) {
        let draft = put.draft
        self.put = put
        self.now = now
        self.stamp = stamp
        key = MongoFactKey(draft.id, draft.scope)
        id = key.id
        let words = MongoWords(draft.content)
        var content: BSONDocument = [
            "id": .string(draft.id), "scope": .array(draft.scope.segments.map(BSONValue.string)),
            "content": .string(draft.content), "attributes": .document(BSONDocument(draft.attributes)),
            "updated": .date(now.millisecondsSinceEpoch), "stamp": .string(stamp),
            "fields": .array(MongoFields.texts(draft.attributes).map(BSONValue.string)),
            "words": words.array, "length": .int64(Int64(words.count)),
        ]
        if let long = key.long { content["key"] = .string(long) }
        if let expiresAt = draft.expiresAt { content["expires"] = .date(expiresAt.millisecondsSinceEpoch) }
        if let source = draft.source { content["source"] = .string(source) }
        if let embedding = draft.embedding { content["embedding"] = .binary(MongoVector.bytes(embedding)) }
        self.content = content
        let size = content.encoded.count
        guard size <= Self.maxBytes else {
            throw StoreError(
                .tooLarge,
                "a fact with its words and attributes takes at most \(Self.maxBytes) bytes here; got \(size)",
                remedy: "keep large texts in an artifact store", resource: draft.id, applied: .no)
        }
    }

    func fact(_ version: Int64, _ createdAt: Timestamp) -> Fact {
        let draft = put.draft
        return Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: createdAt, updatedAt: now, version: version, expiresAt: draft.expiresAt, source: draft.source)
    }

    /// Without its `_id`.
    func document(_ fact: Fact, life: String) -> BSONDocument {
        content.merging([
            "version": .int64(fact.version), "created": .date(fact.createdAt.millisecondsSinceEpoch),
            "life": .string(life),
        ])
    }

    func conflict(_ current: Int64) -> StoreError { Self.conflict(put.draft.id, put.ifVersion ?? 0, current) }

    static func conflict(_ id: String, _ wanted: Int64, _ current: Int64) -> StoreError {
        let wish = wanted == 0 ? "the fact must not exist yet" : "the fact must be at version \(wanted)"
        return StoreError(
            .conflict, "\(wish); \(current == 0 ? "it does not exist" : "it is at version \(current)")",
            remedy: "read the fact again and repeat the write with its version", resource: id, applied: .no,
            conflict: .version(current: current))
    }
}

/// The words of a text, and how often each is there.
struct MongoWords {
    let array: BSONValue
    let count: Int

    init(_ text: String) {
        let terms = TextAnalyzer.standard.terms(text)
        var frequencies: [[UInt8]: Int64] = [:]
        for term in terms { frequencies[Array(Self.word(term).utf8), default: 0] += 1 }
        count = terms.count
        array = .array(
            frequencies.map { ["w": .string(MongoKey.text($0)), "n": .int64($1)] })
    }

    /// A long word is kept as its beginning and a checksum of the whole: indexes of some servers have a limit.
    static func word(_ term: String) -> String {
        guard term.utf8.count > 256 else { return term }
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in term.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(String.UnicodeScalarView(term.unicodeScalars.prefix(48))) + "|" + String(sum, radix: 16)
    }
}

/// Embeddings as the bytes of their floats, least significant first.
enum MongoVector {
    static func bytes(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for number in vector {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The dot product with a vector of as many numbers, and the length of what is stored.
    static func compare(_ stored: [UInt8], _ vector: [Float]) -> (dot: Double, norm: Double) {
        var dot = 0.0
        var square = 0.0
        stored.withUnsafeBytes { bytes in
            for index in vector.indices {
                let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
                let number = Double(Float(bitPattern: bits))
                dot += number * Double(vector[index])
                square += number * number
            }
        }
        return (dot, square.squareRoot())
    }
}
