import StoresCore

/// Whether a statement may be sent again when a neighbour's failure took it along.
enum PostgresKind: Sendable {
    case read, write
}

/// A statement and what is bound to it.
struct PostgresCommand: Sendable {
    var sql: String
    var parameters: [PostgresParameter]
    /// Prepared once for each connection and kept. False for texts that are made for one call: they are parsed each
    /// time, and nothing is kept.
    var isPrepared: Bool

    init(_ sql: String, _ parameters: [PostgresParameter] = [], isPrepared: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.isPrepared = isPrepared
    }
}

/// A command as it goes to libpq: its values one after the other in one buffer. A class, since it is handed on often.
final class PostgresEncodedCommand: Sendable {
    let sql: String
    let isPrepared: Bool
    let types: [UInt32]
    let bytes: [UInt8]
    /// Where each value begins, negative for NULL; then the lengths of all.
    private let places: [Int32]

    init(_ command: PostgresCommand, types known: PostgresTypes) throws(StoreError) {
        guard command.parameters.count <= 65_535 else {
            throw StoreError(.tooLarge, "a statement has at most 65535 parameters", applied: .no)
        }
        var buffer = PostgresBytes(capacity: command.parameters.count * 16)
        var types: [UInt32] = []
        types.reserveCapacity(command.parameters.count)
        let count = command.parameters.count
        var places = [Int32](repeating: 0, count: count * 2)
        for (index, parameter) in command.parameters.enumerated() {
            types.append(try known.oid(of: parameter))
            let start = buffer.count
            let isPresent = try buffer.append(parameter, known)
            let length = buffer.count - start
            guard length < 1 << 30, buffer.count < Int(Int32.max) else {
                throw StoreError(
                    .tooLarge, "a statement's values have \(buffer.count) bytes; Postgres takes less than 1 GiB",
                    applied: .no)
            }
            places[index] = isPresent ? Int32(start) : -1
            places[count + index] = Int32(length)
        }
        sql = command.sql
        isPrepared = command.isPrepared
        self.types = types
        self.places = places
        bytes = buffer.bytes
    }

    /// The values as libpq wants them: pointers, lengths, and formats, which are all binary. Valid in `body` alone.
    func withValues<T>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> T
    ) -> T {
        let count = places.count / 2
        guard count > 0 else { return body(0, nil, nil, nil) }
        return bytes.withUnsafeBytes { buffer in
            places.withUnsafeBufferPointer { places in
                withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
                    withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { formats in
                        for index in 0..<count {
                            let place = Int(places[index])
                            pointers.initializeElement(at: index, to: place < 0 ? nil : Self.pointer(buffer, at: place))
                            formats.initializeElement(at: index, to: 1)
                        }
                        return body(
                            Int32(count), UnsafePointer(pointers.baseAddress), places.baseAddress.map { $0 + count },
                            UnsafePointer(formats.baseAddress))
                    }
                }
            }
        }
    }

    // An empty buffer has no address, and an empty value must still differ from NULL.
    private static func pointer(_ buffer: UnsafeRawBufferPointer, at offset: Int) -> UnsafePointer<CChar> {
        if let base = buffer.baseAddress { return (base + offset).assumingMemoryBound(to: CChar.self) }
        return UnsafePointer(empty)
    }

    nonisolated(unsafe) private static let empty: UnsafeMutablePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return pointer
    }()
}
