import StoresCore

/// A growing buffer of Postgres's binary formats: network byte order.
struct PostgresBytes {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

    /// All of it; what comes next is expected to be as much.
    mutating func take() -> [UInt8] {
        var next: [UInt8] = []
        next.reserveCapacity(bytes.count)
        swap(&bytes, &next)
        return next
    }

    mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// A value's length and its bytes, as arrays and COPY have them; -1 is NULL.
    ///
    /// - Throws: `invalidArgument` for what has no such form, `tooLarge` from 1 GiB on.
    mutating func appendField(_ value: PostgresParameter, _ types: PostgresTypes) throws(StoreError) {
        let place = bytes.count
        append(Int32(-1))
        guard try append(value, types) else { return }
        try setLength(at: place)
    }

    /// Writes the length of what follows the four bytes at `place`.
    mutating func setLength(at place: Int) throws(StoreError) {
        let length = bytes.count - place - 4
        guard length < 1 << 30 else {
            throw StoreError(.tooLarge, "a value has \(length) bytes; Postgres takes less than 1 GiB", applied: .no)
        }
        withUnsafeBytes(of: Int32(length).bigEndian) { source in
            for (offset, byte) in source.enumerated() { bytes[place + offset] = byte }
        }
    }

    /// - Returns: False for NULL, for which nothing is written.
    mutating func append(_ value: PostgresParameter, _ types: PostgresTypes) throws(StoreError) -> Bool {
        switch value {
        case .bool(let value): return append(value) { $0.append(UInt8($1 ? 1 : 0)) }
        case .int2(let value): return append(value) { $0.append($1) }
        case .int4(let value): return append(value) { $0.append($1) }
        case .int8(let value): return append(value) { $0.append($1) }
        case .xid8(let value): return append(value) { $0.append($1) }
        case .float4(let value): return append(value) { $0.append($1.bitPattern) }
        case .float8(let value): return append(value) { $0.append($1.bitPattern) }
        case .bytes(let value): return append(value) { $0.append(raw: $1) }
        case .text(let value):
            guard let value else { return false }
            try append(text: value)
            return true
        case .jsonb(let value):
            return append(value) { $0.append(json: $1) }
        case .uuid(let value):
            guard let value else { return false }
            guard value.count == 16 else { throw .invalidArgument("a UUID has 16 bytes; got \(value.count)") }
            append(raw: value)
            return true
        case .vector(let value):
            guard let value else { return false }
            try append(vector: value)
            return true
        case .halfvec(let value):
            guard let value else { return false }
            try append(halfvec: value)
            return true
        case .boolArray, .int2Array, .int4Array, .int8Array, .float4Array, .float8Array, .textArray, .bytesArray,
            .jsonbArray, .xid8Array, .vectorArray, .halfvecArray:
            try appendArray(value, types)
            return true
        }
    }

    private mutating func append<T>(_ value: T?, _ body: (inout PostgresBytes, T) -> Void) -> Bool {
        guard let value else { return false }
        body(&self, value)
        return true
    }

    mutating func append(text: String) throws(StoreError) {
        var text = text
        let hasNUL = text.withUTF8 { utf8 in
            bytes.append(contentsOf: utf8)
            return utf8.contains(0)
        }
        guard !hasNUL else {
            throw .invalidArgument("a text has a NUL, which Postgres can't store")
        }
    }

    mutating func append(json: [UInt8]) {
        // The version of the binary format, in front of the text.
        append(UInt8(1))
        append(raw: json)
    }

    /// pgvector's `vector_send`: the number of dimensions, a zero, the numbers as float32.
    mutating func append(vector: [Float]) throws(StoreError) {
        try appendDimensions(vector.count)
        vector.withUnsafeBufferPointer { vector in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: vector.count) { words in
                for index in vector.indices { words[index] = vector[index].bitPattern.bigEndian }
                bytes.append(contentsOf: UnsafeRawBufferPointer(words))
            }
        }
    }

    /// pgvector's `halfvec_send`: as a vector, of IEEE 754 half floats.
    ///
    /// - Throws: `invalidArgument` for a number above 65504, the largest half float.
    mutating func append(halfvec: [Float]) throws(StoreError) {
        try appendDimensions(halfvec.count)
        for number in halfvec {
            let half = HalfFloat.bits(of: number)
            guard half & 0x7FFF < 0x7C00 else {
                throw .invalidArgument("a half-precision vector takes numbers up to 65504; got \(number)")
            }
            append(half)
        }
    }

    private mutating func appendDimensions(_ count: Int) throws(StoreError) {
        guard (1...16_000).contains(count) else {
            throw .invalidArgument("a vector has 1 to 16000 dimensions in Postgres; got \(count)")
        }
        append(Int16(count))
        append(Int16(0))
    }

    private mutating func appendArray(_ value: PostgresParameter, _ types: PostgresTypes) throws(StoreError) {
        func list<T>(_ values: [T], _ make: (T) -> PostgresParameter) -> [PostgresParameter] { values.map(make) }
        let (element, values): (UInt32, [PostgresParameter]) =
            switch value {
            case .boolArray(let all): (PostgresTypes.bool, list(all) { .bool($0) })
            case .int2Array(let all): (PostgresTypes.int2, list(all) { .int2($0) })
            case .int4Array(let all): (PostgresTypes.int4, list(all) { .int4($0) })
            case .int8Array(let all): (PostgresTypes.int8, list(all) { .int8($0) })
            case .xid8Array(let all): (PostgresTypes.xid8, list(all) { .xid8($0) })
            case .float4Array(let all): (PostgresTypes.float4, list(all) { .float4($0) })
            case .float8Array(let all): (PostgresTypes.float8, list(all) { .float8($0) })
            case .textArray(let all): (PostgresTypes.text, list(all) { .text($0) })
            case .bytesArray(let all): (PostgresTypes.bytea, list(all) { .bytes($0) })
            case .jsonbArray(let all): (PostgresTypes.jsonb, list(all) { .jsonb($0) })
            case .vectorArray(let all): (try types.oid(of: .vector(nil)), list(all) { .vector($0) })
            case .halfvecArray(let all): (try types.oid(of: .halfvec(nil)), list(all) { .halfvec($0) })
            default: throw StoreError(.internal, "a parameter that is no array was written as one", applied: .no)
            }
        guard let count = Int32(exactly: values.count) else { throw .invalidArgument("an array is too long") }
        append(Int32(values.isEmpty ? 0 : 1))
        let flags = bytes.count
        append(Int32(0))
        append(element)
        guard !values.isEmpty else { return }
        append(count)
        append(Int32(1))
        for value in values {
            let place = bytes.count
            try appendField(value, types)
            // A NULL ends with its length.
            if bytes.count == place + 4, bytes[place] == 0xFF { bytes[flags + 3] = 1 }
        }
    }
}
