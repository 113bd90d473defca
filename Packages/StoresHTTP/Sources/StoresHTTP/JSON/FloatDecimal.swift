/// The shortest decimal that reads back as the same float.
///
/// Source: R. Giulietti, "The Schubfach way to render doubles" (2020), in the form for 32 bits of A. Jaschke's
/// Drachennest (`schubfach.cc`, Boost licence). Tables and steps keep the names of the paper.
enum FloatDecimal {
    /// The most bytes that `write` writes: sign, nine digits, point, `e`, sign, two digits of exponent.
    static let maxBytes = 16

    /// Writes a finite number as JSON. Others become `null`, which JSON has in their place.
    ///
    /// - Parameter out: Room for ``maxBytes``.
    /// - Returns: How many bytes were written.
    @inline(__always)
    static func write(_ value: Float, to out: UnsafeMutablePointer<UInt8>) -> Int {
        let biased = value.bitPattern >> 23 & 0xFF
        // From 2^-13 to below 1, where nearly all coordinates of unit vectors are.
        return biased &- 114 < 13 ? writeFraction(value.bitPattern, to: out) : writeAny(value, to: out)
    }

    /// Without branches that depend on the digits, which no processor predicts.
    @inline(__always)
    private static func writeFraction(_ bits: UInt32, to out: UnsafeMutablePointer<UInt8>) -> Int {
        out.pointee = UInt8(ascii: "-")
        let sign = Int(bits >> 31)
        let (digits, exponent) = decimal(
            0x0080_0000 | bits & 0x007F_FFFF, Int32(bitPattern: bits >> 23 & 0xFF) &- 150,
            isLowerCloser: bits & 0x007F_FFFF == 0)
        // There are as many places as the exponent says, 8 to 12, and the first of nine digits is 0 or 1.
        let places = Int(-exponent)
        let isLong = digits >= 100_000_000
        let word = eight(isLong ? digits &- 100_000_000 : digits)
        guard word != 0 else { return writeAny(Float(bitPattern: bits), to: out) }
        let start = UnsafeMutableRawPointer(out + sign)
        start.storeBytes(of: 0x3030_3030, toByteOffset: 2, as: UInt32.self)
        start.storeBytes(of: isLong ? UInt8(ascii: "1") : UInt8(ascii: "0"), toByteOffset: places &- 7, as: UInt8.self)
        start.storeBytes(of: UInt16(littleEndian: 0x2E30), as: UInt16.self)
        start.storeBytes(
            of: UInt64(littleEndian: word | 0x3030_3030_3030_3030), toByteOffset: places &- 6, as: UInt64.self)
        return sign &+ 2 &+ places &- word.leadingZeroBitCount >> 3
    }

    /// The eight digits of a number below 10^8, the first one in the lowest byte.
    @inline(__always)
    private static func eight(_ number: UInt32) -> UInt64 {
        let first = number / 10_000
        // Divisions of all parts at once: by 100 up to 43,698 as a product with 5243 / 2^19, by 10 up to 178 with
        // 103 / 2^10.
        let fours = UInt64(first) | UInt64(number &- first &* 10_000) << 32
        let hundreds = (fours &* 5243) >> 19 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) << 8
    }

    private static func writeAny(_ value: Float, to out: UnsafeMutablePointer<UInt8>) -> Int {
        let bits = value.bitPattern
        var end = out
        guard value.isFinite else {
            for byte in [UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "l"), UInt8(ascii: "l")] {
                end.pointee = byte
                end += 1
            }
            return 4
        }
        if bits >> 31 != 0 {
            end.pointee = UInt8(ascii: "-")
            end += 1
        }
        guard bits << 1 != 0 else {
            end.pointee = UInt8(ascii: "0")
            end += 1
            guard bits != 0 else { return 1 }
            // A reader that takes "-0" for an integer would lose the sign.
            end[0] = UInt8(ascii: ".")
            end[1] = UInt8(ascii: "0")
            return 4
        }
        let (digits, exponent) = decimal(bits & 0x007F_FFFF, bits >> 23 & 0xFF)
        return format(digits, exponent, end) + (end - out)
    }

    private static func decimal(_ significand: UInt32, _ biased: UInt32) -> (digits: UInt32, exponent: Int32) {
        guard biased != 0 else { return decimal(significand, -149, isLowerCloser: false) }
        let c = 0x0080_0000 | significand
        let q = Int32(biased) - 150
        // Whole numbers below 2^24 are their own digits.
        if q <= 0, q > -24, c & ((1 << UInt32(-q)) - 1) == 0 { return (c >> UInt32(-q), 0) }
        return decimal(c, q, isLowerCloser: significand == 0 && biased > 1)
    }

    /// `digits` × 10^`exponent` with whatever trailing zeros the search leaves, for `c` × 2^`q`.
    @inline(__always)
    private static func decimal(
        _ c: UInt32, _ q: Int32, isLowerCloser: Bool
    ) -> (digits: UInt32, exponent: Int32) {
        let odd = c & 1
        let cb = 4 &* c
        let cbl = cb &- 2 &+ (isLowerCloser ? 1 : 0)
        let k = (q &* 1_262_611 &- (isLowerCloser ? 524_031 : 0)) >> 22
        let h = UInt32(truncatingIfNeeded: q &+ ((-k &* 1_741_647) >> 19) &+ 1)
        let power = powers[Int(31 &- k)]
        let vb = roundToOdd(power, cb &<< h)
        let lower = roundToOdd(power, cbl &<< h) &+ odd
        let upper = roundToOdd(power, (cb &+ 2) &<< h) &- odd
        let s = vb >> 2
        // Both candidates are made before one is chosen: with one digit less, and with all of them.
        let shorter = s / 10
        let isShorterUp = lower <= 40 &* shorter
        let isShorterDown = 40 &* shorter &+ 40 <= upper
        let isUp = lower <= 4 &* s
        let isDown = 4 &* s &+ 4 <= upper
        let middle = 4 &* s &+ 2
        let rounds = vb > middle || (vb == middle && s & 1 != 0)
        let full = s &+ ((isUp != isDown ? isDown : rounds) ? 1 : 0)
        let short = (shorter &+ (isShorterDown ? 1 : 0)) &* 10
        return (s >= 10 && isShorterUp != isShorterDown ? short : full, k)
    }

    @inline(__always)
    private static func roundToOdd(_ power: UInt64, _ cp: UInt32) -> UInt32 {
        let low = (power & 0xFFFF_FFFF) &* UInt64(cp)
        let high = (power >> 32) &* UInt64(cp) &+ low >> 32
        return UInt32(truncatingIfNeeded: high >> 32) | (high & 0xFFFF_FFFF > 1 ? 1 : 0)
    }

    private static func format(_ number: UInt32, _ exponent: Int32, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        var (number, exponent) = (number, exponent)
        // The search may leave trailing zeros, and whole numbers have their own.
        while number % 10 == 0 { (number, exponent) = (number / 10, exponent + 1) }
        let count = digits(in: number)
        let point = Int32(count) + exponent
        switch point {
        case 1...10 where exponent >= 0:
            put(number, count, out)
            for index in 0..<Int(exponent) { out[count + index] = UInt8(ascii: "0") }
            return count + Int(exponent)
        case 1...9:
            // Digits on both sides of the point.
            put(number, count, out + 1)
            for index in 0..<Int(point) { out[index] = out[index + 1] }
            out[Int(point)] = UInt8(ascii: ".")
            return count + 1
        case -4...0:
            out[0] = UInt8(ascii: "0")
            out[1] = UInt8(ascii: ".")
            for index in 0..<Int(-point) { out[2 + index] = UInt8(ascii: "0") }
            put(number, count, out + 2 + Int(-point))
            return 2 + Int(-point) + count
        default:
            put(number, count, out + 1)
            out[0] = out[1]
            var end = 1
            if count > 1 {
                out[1] = UInt8(ascii: ".")
                end = count + 1
            }
            out[end] = UInt8(ascii: "e")
            let scale = point - 1
            var magnitude = UInt32(scale.magnitude)
            end += 1
            if scale < 0 {
                out[end] = UInt8(ascii: "-")
                end += 1
            }
            if magnitude >= 10 {
                out[end] = UInt8(ascii: "0") + UInt8(magnitude / 10)
                magnitude %= 10
                end += 1
            }
            out[end] = UInt8(ascii: "0") + UInt8(magnitude)
            return end + 1
        }
    }

    /// How many digits a number above zero has: 1233 / 4096 is a little more than log10(2).
    @inline(__always)
    private static func digits(in number: UInt32) -> Int {
        let least = ((32 - number.leadingZeroBitCount) &* 1233) >> 12
        let bound: UInt32 =
            switch least {
            case 0: 1
            case 1: 10
            case 2: 100
            case 3: 1000
            case 4: 10_000
            case 5: 100_000
            case 6: 1_000_000
            case 7: 10_000_000
            case 8: 100_000_000
            default: 1_000_000_000
            }
        return least + (number >= bound ? 1 : 0)
    }

    /// Two digits at a time.
    @inline(__always)
    private static func put(_ number: UInt32, _ count: Int, _ out: UnsafeMutablePointer<UInt8>) {
        let pairs = Self.pairs.utf8Start
        var rest = number
        var index = count
        while rest >= 100 {
            let quotient = rest / 100
            let pair = pairs + Int(rest &- quotient &* 100) &* 2
            index &-= 2
            out[index] = pair[0]
            out[index &+ 1] = pair[1]
            rest = quotient
        }
        if rest >= 10 {
            out[0] = pairs[Int(rest) &* 2]
            out[1] = pairs[Int(rest) &* 2 &+ 1]
        } else {
            out[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
        }
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354\
        555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    /// ceil(10^k × 2^(63 - floor(log2 10^k))) for k from -31 to 45.
    private static let powers: [UInt64] = [
        0x81CE_B32C_4B43_FCF5, 0xA242_5FF7_5E14_FC32, 0xCAD2_F7F5_359A_3B3F, 0xFD87_B5F2_8300_CA0E,
        0x9E74_D1B7_91E0_7E49, 0xC612_0625_7658_9DDB, 0xF796_87AE_D3EE_C552, 0x9ABE_14CD_4475_3B53,
        0xC16D_9A00_9592_8A28, 0xF1C9_0080_BAF7_2CB2, 0x971D_A050_74DA_7BEF, 0xBCE5_0864_9211_1AEB,
        0xEC1E_4A7D_B695_61A6, 0x9392_EE8E_921D_5D08, 0xB877_AA32_36A4_B44A, 0xE695_94BE_C44D_E15C,
        0x901D_7CF7_3AB0_ACDA, 0xB424_DC35_095C_D810, 0xE12E_1342_4BB4_0E14, 0x8CBC_CC09_6F50_88CC,
        0xAFEB_FF0B_CB24_AAFF, 0xDBE6_FECE_BDED_D5BF, 0x8970_5F41_36B4_A598, 0xABCC_7711_8461_CEFD,
        0xD6BF_94D5_E57A_42BD, 0x8637_BD05_AF6C_69B6, 0xA7C5_AC47_1B47_8424, 0xD1B7_1758_E219_652C,
        0x8312_6E97_8D4F_DF3C, 0xA3D7_0A3D_70A3_D70B, 0xCCCC_CCCC_CCCC_CCCD, 0x8000_0000_0000_0000,
        0xA000_0000_0000_0000, 0xC800_0000_0000_0000, 0xFA00_0000_0000_0000, 0x9C40_0000_0000_0000,
        0xC350_0000_0000_0000, 0xF424_0000_0000_0000, 0x9896_8000_0000_0000, 0xBEBC_2000_0000_0000,
        0xEE6B_2800_0000_0000, 0x9502_F900_0000_0000, 0xBA43_B740_0000_0000, 0xE8D4_A510_0000_0000,
        0x9184_E72A_0000_0000, 0xB5E6_20F4_8000_0000, 0xE35F_A931_A000_0000, 0x8E1B_C9BF_0400_0000,
        0xB1A2_BC2E_C500_0000, 0xDE0B_6B3A_7640_0000, 0x8AC7_2304_89E8_0000, 0xAD78_EBC5_AC62_0000,
        0xD8D7_26B7_177A_8000, 0x8786_7832_6EAC_9000, 0xA968_163F_0A57_B400, 0xD3C2_1BCE_CCED_A100,
        0x8459_5161_4014_84A0, 0xA56F_A5B9_9019_A5C8, 0xCECB_8F27_F420_0F3A, 0x813F_3978_F894_0985,
        0xA18F_07D7_36B9_0BE6, 0xC9F2_C9CD_0467_4EDF, 0xFC6F_7C40_4581_2297, 0x9DC5_ADA8_2B70_B59E,
        0xC537_1912_364C_E306, 0xF684_DF56_C3E0_1BC7, 0x9A13_0B96_3A6C_115D, 0xC097_CE7B_C907_15B4,
        0xF0BD_C21A_BB48_DB21, 0x9676_9950_B50D_88F5, 0xBC14_3FA4_E250_EB32, 0xEB19_4F8E_1AE5_25FE,
        0x92EF_D1B8_D0CF_37BF, 0xB7AB_C627_0503_05AE, 0xE596_B7B0_C643_C71A, 0x8F7E_32CE_7BEA_5C70,
        0xB35D_BF82_1AE4_F38C,
    ]
}
