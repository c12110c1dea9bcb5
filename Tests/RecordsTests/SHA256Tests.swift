import CHashes
import Testing

@testable import Records

/// The NIST vectors (FIPS 180-4 examples and the CAVP short messages), and that the cut of the input does not matter.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func vectors(_ text: String, _ expected: String) { #expect(SHA256.hex(text) == expected) }

  @Test func oneByte() {
    #expect(SHA256.hex([0xd3]) == "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1")
    #expect(SHA256.hex([0x11, 0xaf]) == "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98")
  }

  @Test func tenThousandLetters() {
    // `printf 'a%.0s' $(seq 10000) | sha256sum`
    let expected = "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711"
    #expect(SHA256.hex([UInt8](repeating: 0x61, count: 10_000)) == expected)
  }

  /// The hash of the 301 hashes, as hexadecimal digits one after the other, of the first 0 to 300 bytes 7 i mod 256; Python's
  /// hashlib gives the same.
  @Test func everyLength() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let hashes = (0...300).map { SHA256.hex(Array(bytes[..<$0])) }.joined()
    #expect(SHA256.hex(hashes) == "917dfe241fcf4d27cf00582a4b7cbc1f5bb92f4298d46d8d986f7cda814596c6")
  }

  /// The processor's instructions and plain C take the same blocks to the same state.
  @Test func instructionsAndPlainC() {
    var (fast, plain) = ((0..<8).map { UInt32($0) }, (0..<8).map { UInt32($0) })
    let bytes = (0..<64 * 10).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 &+ 5) }
    for (first, count) in [(0, 0), (0, 1), (1, 2), (3, 7)] {
      bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        ch_sha256_blocks(&fast, start + 64 * first, Int64(count))
        ch_sha256_blocks_plain(&plain, start + 64 * first, Int64(count))
      }
      #expect(fast == plain)
    }
  }

  @Test func anyCutGivesTheSame() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = SHA256.hex(bytes)
    for cut in [1, 55, 56, 63, 64, 65, 119, 128, 299] {
      var hash = SHA256()
      var position = 0
      while position < bytes.count {
        let end = min(position + cut, bytes.count)
        hash.update(Array(bytes[position..<end]))
        position = end
      }
      #expect(hash.finishHex() == whole, "cut every \(cut)")
    }
  }
}
