import StoresCore
import Testing

@testable import StoresPostgres

@Suite struct CodecTests {
    private func bytes(_ value: PostgresParameter, _ types: PostgresTypes = PostgresTypes(vector: 1, halfvec: 2)) throws
        -> [UInt8]?
    {
        var buffer = PostgresBytes()
        return try buffer.append(value, types) ? buffer.bytes : nil
    }

    @Test func everyHalfFloatSurvives() {
        for bits in UInt16.min...UInt16.max {
            let number = HalfFloat.number(bits)
            if number.isNaN {
                #expect(bits & 0x7C00 == 0x7C00)
                continue
            }
            #expect(HalfFloat.bits(of: number) == bits)
        }
    }

    @Test(arguments: [
        (Float(1), UInt16(0x3C00)), (-2, 0xC000), (65504, 0x7BFF), (65520, 0x7C00), (0.1, 0x2E66),
        (1.000_488_281_25, 0x3C00), (1.001_464_843_75, 0x3C02), (0x1p-24, 0x0001), (0x1p-26, 0x0000),
    ])
    func halfFloatsAreRoundedToTheNearestEven(_ number: Float, _ bits: UInt16) {
        #expect(HalfFloat.bits(of: number) == bits)
    }

    /// The bytes of `vector_send` and `halfvec_send`, as read off a server.
    @Test func vectorsAreWhatPgvectorSends() throws {
        #expect(
            try bytes(.vector([1, 2, -0.5])) == [
                0, 3, 0, 0, 0x3F, 0x80, 0, 0, 0x40, 0, 0, 0, 0xBF, 0, 0, 0,
            ])
        #expect(try bytes(.halfvec([1, 2, -0.5])) == [0, 3, 0, 0, 0x3C, 0, 0x40, 0, 0xB8, 0])
        #expect(throws: StoreError.self) { try bytes(.halfvec([70_000])) }
        #expect(throws: StoreError.self) { try bytes(.vector([])) }
    }

    @Test func arraysSayWhetherTheyHaveNULLs() throws {
        let whole: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 97]
        #expect(try bytes(.textArray(["a"])) == whole)
        let holed: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255]
        #expect(try bytes(.textArray([nil])) == holed)
        #expect(try bytes(.int8Array([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20])
    }

    @Test func aNULIsRefusedBeforeItIsSent() {
        let error = #expect(throws: StoreError.self) { try bytes(.text("a\0b")) }
        #expect(error?.code == .invalidArgument)
        #expect(throws: StoreError.self) { try PostgresJSON.encode(["a": "b\0"]) }
        #expect(throws: StoreError.self) { try PostgresJSON.encode(["a\0": "b"]) }
    }

    @Test func aTypeThatTheDatabaseLacksIsRefused() {
        let error = #expect(throws: StoreError.self) { try PostgresTypes().oid(of: .vector([1])) }
        #expect(error?.code == .unsupported)
        #expect(error?.remedy?.contains("CREATE EXTENSION vector") == true)
    }

    @Test func tooManyParametersAreRefused() {
        let error = #expect(throws: StoreError.self) {
            try PostgresEncodedCommand(
                PostgresCommand("", Array(repeating: .bool(true), count: 65_536)), types: PostgresTypes())
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func namesAreQuoted() {
        #expect(PostgresIdentifier.quoted("a\"b; DROP") == "\"a\"\"b; DROP\"")
    }

    @Test(arguments: ["", "zz", "6", "61.62", "ff", "6100"])
    func foreignCursorsAreRefused(_ text: String) {
        let isOwn = text.isEmpty
        #expect((try? CursorCodec.text(Cursor(rawValue: text))) == (isOwn ? "" : nil))
    }

    @Test func positionsKeepTheirOrder() throws {
        let earlier = PostgresPosition(transaction: 9, sequence: 500)
        let later = PostgresPosition(transaction: 10, sequence: 1)
        #expect(earlier.position < later.position)
        #expect(try PostgresPosition(later.position) == later)
        #expect(throws: StoreError.self) { try PostgresPosition(Position(7)) }
    }
}
