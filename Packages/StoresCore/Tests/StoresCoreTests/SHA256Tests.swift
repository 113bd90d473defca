import StoresCore
import Testing

@Suite struct SHA256Tests {
    // FIPS 180-4 examples and NIST CAVP short messages.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
                + "nopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        ("\u{D3}", nil),
    ])
    func `published vectors`(message: String, digest: String?) {
        let bytes = digest == nil ? [0xD3] : Array(message.utf8)
        let wanted = digest ?? "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"
        #expect(SHA256Digest.hexadecimal(of: bytes) == wanted)
    }

    @Test(arguments: [63, 997, 65_537])
    func `a million a, in parts of any size`(part: Int) {
        var digest = SHA256Digest()
        var left = 1_000_000
        while left > 0 {
            let count = min(part, left)
            digest.update([UInt8](repeating: UInt8(ascii: "a"), count: count))
            left -= count
        }
        #expect(digest.hexadecimal() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `lengths around the block agree whether fed at once or byte by byte`() {
        for length in 0...200 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            var digest = SHA256Digest()
            for byte in bytes { digest.update([byte]) }
            digest.update([])
            #expect(digest.hexadecimal() == SHA256Digest.hexadecimal(of: bytes))
            #expect(digest.finalized().count == 32)
        }
    }

    @Test func `asking for the digest does not end the feeding`() {
        var digest = SHA256Digest()
        digest.update(Array("ab".utf8))
        _ = digest.hexadecimal()
        digest.update(Array("c".utf8))
        #expect(digest.hexadecimal() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
