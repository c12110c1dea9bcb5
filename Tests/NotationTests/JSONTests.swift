import Testing

@testable import Notation

@Suite struct JSONTests {
  @Test func writesCompactAndPretty() {
    let json: JSON = ["a": 1, "b": [true, .null, 2.0, "x\"\\\n\u{1}é"], "c": ["d": []]]
    #expect(json.compact == #"{"a":1,"b":[true,null,2.0,"x\"\\\n\u0001é"],"c":{"d":[]}}"#)
    #expect(
      json.pretty
        == "{\n  \"a\": 1,\n  \"b\": [true, null, 2.0, \"x\\\"\\\\\\n\\u0001é\"],\n  \"c\": {\n    \"d\": []\n  }\n}\n")
  }

  /// Plain values stay on a line while they take at most 84: 12 each, texts and keys 4 more than their bytes.
  @Test(arguments: [
    ("[1, 2, 3, 4, 5, 6, 7]", true), ("[1, 2, 3, 4, 5, 6, 7, 8]", false), ("[\"12345678\", 2, 3, 4, 5, 6, 7]", true),
    ("[1, 2, 3, 4, 5, 6, \"123456789\"]", false), ("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}", true),
    ("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5}", false), ("[]", true), ("{}", true), ("[1, [], 2]", false),
    ("{\"a\": 1, \"b\": {}}", false),
  ]) func shortGroupsStayOnALine(_ line: String, _ isShort: Bool) throws {
    let json = try JSON.read(line)
    let spread = json.compact.replacing(",", with: ",\n  ").replacing(":", with: ": ")
    let inner = spread.dropFirst().dropLast()
    #expect(json.pretty == (isShort ? line : "\(line.prefix(1))\n  \(inner)\n\(line.suffix(1))") + "\n")
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "nul", "01", "1.", "-", "1e", "\"", "\"\\x\"", "\"\\ud800\"",
    "\"a\nb\"", "1 2",
    "[1 2]", "+1", "1e999", "'a'", "\"\\u12g4\"", "\"\\u+123\"", "\u{FEFF}1",
  ])
  func mistakesThrow(_ text: String) {
    #expect(throws: JSONError.self) { try JSON.read(text) }
  }

  @Test func deepNestingIsAnErrorNotACrash() {
    #expect(throws: JSONError.self) { try JSON.read(String(repeating: "[", count: 100_000)) }
    #expect(throws: JSONError.self) { try JSON.read(String(repeating: "{\"a\":", count: 100_000)) }
  }

  @Test func readsEscapesAndNumbers() throws {
    #expect(try JSON.read(#""\u00e9\ud83d\ude00\/\b\f""#) == .string("é😀/\u{8}\u{C}"))
    #expect(
      try JSON.read(" [ 1 , -0 , -0.0, 1E2, 9223372036854775807, 9223372036854775808 ] ").array?.map(\.number) == [
        1, 0, -0.0, 100, 9223372036854775808, 9223372036854775808,
      ])
    #expect(throws: JSONError.self) { try JSON.read([0x22, 0xFF, 0x22]) }
  }
}
