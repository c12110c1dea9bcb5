import Foundation
import Notation
import Testing

@testable import Records

/// Damaged tables and records end in a value or an error, and what is read can be written and read again. `EXP_FUZZ_SEED` makes
/// others, `EXP_FUZZ_ROUNDS` so many times as many.
@Suite struct FuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = 1000 * max(1, Int(environment["EXP_FUZZ_ROUNDS"] ?? "") ?? 1)

  private struct Mutator {
    var state = UInt64(FuzzTests.environment["EXP_FUZZ_SEED"] ?? "") ?? 5
    static let pieces = [
      "\"", "\"\"", ",", "\n", "\r\n", "{", "}", "[", "]", ":", "\\", "\\u", "\\ud800", "1e999", "-", "0x", "nan",
      "null",
      "é", "\u{0}", "-0", "1e-400", "9223372036854775808", "[[[[[[[[", "{\"a\":", ";", "\t",
    ].map { Array($0.utf8) }

    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }

    mutating func mutated(_ text: String) -> [UInt8] {
      var bytes = Array(text.utf8)
      for _ in 0...below(4) where !bytes.isEmpty {
        let at = below(bytes.count)
        switch below(4) {
        case 0: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(9)))
        case 1: bytes.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: at)
        case 2: bytes[at] = UInt8(below(256))
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + below(30))], at: at)
        }
      }
      return bytes
    }
  }

  @Test func tables() throws {
    let text = "name,x,\"a, b\",ok\nwidth 4,1.5,\"said \"\"no\"\"\",true\n,nan,,false\n\"two\nlines\",-7,1e3,true\n"
    var mutator = Mutator()
    var read = 0
    for _ in 0..<Self.rounds {
      let mutated = String(decoding: mutator.mutated(text), as: UTF8.self)
      guard let table = try? CSV.read(mutated) else { continue }
      read += 1
      let again = CSV.write(table)
      #expect(CSV.write(try CSV.read(again)) == again, "\(mutated)")
    }
    #expect(read > Self.rounds / 4)
  }

  @Test func records() throws {
    let text =
      #"{"id":"a1","values":[1,-2.5e3,null,true,"é\n\u00e9\ud83d\ude00"],"deep":{"a":[{"b":[]}]},"#
      + #""n":9223372036854775807}"#
    var mutator = Mutator()
    var read = 0
    for _ in 0..<Self.rounds {
      let mutated = mutator.mutated(text)
      guard let json = try? JSON.read(mutated) else { continue }
      read += 1
      #expect(try JSON.read(json.compact).compact == json.compact, "\(String(decoding: mutated, as: UTF8.self))")
    }
    #expect(read > Self.rounds / 40)
  }

  /// A damaged line is left out; the others are found.
  @Test func logs() throws {
    let lines = try (0..<4).map { RecordLog.line(try JSON.read("{\"trial\":\($0),\"error\":0.25}")) }
    var mutator = Mutator()
    for _ in 0..<Self.rounds {
      let damaged = mutator.below(4)
      var bytes: [UInt8] = []
      for (index, line) in lines.enumerated() {
        bytes += index == damaged ? mutator.mutated(String(decoding: line, as: UTF8.self)) + [0x0A] : line
      }
      let found = RecordLog.read(bytes).records.map(\.compact)
      for index in 0..<4 where index != damaged {
        #expect(found.contains("{\"trial\":\(index),\"error\":0.25}"), "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}
