/// Encodes commands: `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`. Arguments are bytes with their length, so nothing is escaped and
/// nothing is spliced.
struct RedisWriter {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// Begins a command of so many arguments, its name included.
    mutating func command(_ count: Int) {
        head("*", count)
    }

    /// A name or an option of a command.
    mutating func word(_ word: StaticString) {
        head("$", word.utf8CodeUnitCount)
        word.withUTF8Buffer { bytes.append(contentsOf: $0) }
        newline()
    }

    mutating func text(_ text: String) {
        head("$", text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        newline()
    }

    mutating func text(_ text: [UInt8]) {
        head("$", text.count)
        bytes.append(contentsOf: text)
        newline()
    }

    mutating func integer(_ number: Int64) {
        let digits = Self.digits(number)
        head("$", digits)
        decimal(number)
        newline()
    }

    /// An argument of `count` bytes that `body` appends.
    mutating func argument(count: Int, _ body: (inout [UInt8]) -> Void) {
        head("$", count)
        body(&bytes)
        newline()
    }

    /// Commands that were written by another.
    mutating func encoded(_ commands: [UInt8]) {
        bytes.append(contentsOf: commands)
    }

    /// Takes the bytes, and leaves `spare` in their place to be filled.
    mutating func take(replacement spare: consuming [UInt8] = []) -> [UInt8] {
        let taken = bytes
        bytes = spare
        return taken
    }

    mutating func dropFirst(_ count: Int) {
        bytes.removeFirst(count)
    }

    private mutating func head(_ sign: Unicode.Scalar, _ count: Int) {
        bytes.append(UInt8(ascii: sign))
        decimal(Int64(count))
        newline()
    }

    private mutating func newline() {
        bytes.append(13)
        bytes.append(10)
    }

    private mutating func decimal(_ number: Int64) {
        Self.append(number, to: &bytes)
    }

    /// Appends the decimal digits of a number.
    static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        guard rest > 9 else { return bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)) }
        let start = bytes.count
        let count = digits(number) - (number < 0 ? 1 : 0)
        bytes.append(contentsOf: repeatElement(0, count: count))
        for index in (start..<start + count).reversed() {
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private static func digits(_ number: Int64) -> Int {
        var count = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
