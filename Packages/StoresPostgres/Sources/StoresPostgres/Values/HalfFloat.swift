/// IEEE 754 binary16, which Swift has not on every machine as a type.
enum HalfFloat {
    /// Rounds to the nearest, ties to even; what is too large becomes infinity.
    static func bits(of number: Float) -> UInt16 {
        let bits = number.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let exponent = Int(bits >> 23 & 0xFF) - 127 + 15
        let mantissa = bits & 0x7F_FFFF
        if bits >> 23 & 0xFF == 0xFF { return sign | 0x7C00 | (mantissa == 0 ? 0 : 0x200) }
        if exponent >= 31 { return sign | 0x7C00 }
        if exponent <= 0 {
            // Subnormal: the implicit one is shifted in.
            guard exponent >= -10 else { return sign }
            let full = mantissa | 0x80_0000
            return sign | UInt16(truncatingIfNeeded: rounded(full, dropping: UInt32(14 - exponent)))
        }
        // A carry out of the mantissa raises the exponent, as it should.
        return sign | UInt16(truncatingIfNeeded: UInt32(exponent) << 10 + rounded(mantissa, dropping: 13))
    }

    static func number(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10 & 0x1F)
        let mantissa = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(mantissa) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | mantissa << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
        }
    }

    private static func rounded(_ value: UInt32, dropping bits: UInt32) -> UInt32 {
        let kept = value >> bits
        let rest = value & (1 << bits - 1)
        let half: UInt32 = 1 << (bits - 1)
        return rest > half || rest == half && kept & 1 == 1 ? kept + 1 : kept
    }
}
