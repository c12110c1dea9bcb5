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
