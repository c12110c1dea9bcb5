import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Programs made at random must end in a result or an error, never in a trap, and leave nothing on the heap. `EXP_FUZZ_SEED=n` makes
/// others, `EXP_FUZZ_ROUNDS=n` so many times as many, and `EXP_FUZZ_LAST=path` keeps the last of each.
@Suite struct FuzzTests {
  /// How many times the usual number of programs.
  static let rounds = max(1, Int(ProcessInfo.processInfo.environment["EXP_FUZZ_ROUNDS"] ?? "") ?? 1)

  /// SplitMix64.
  struct Random {
    var state: UInt64
    mutating func next(_ bound: Int) -> Int {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((z ^ (z >> 31)) % UInt64(bound))
    }
    mutating func pick(_ options: [String]) -> String { options[next(options.count)] }
  }

  /// Writes statements over a few variables of any kind.
  struct Writer {
    var random: Random
    var depth = 0
    let names = ["a", "b", "c", "d"]
    let functions = [
      "length", "sum", "kind", "text", "sqrt", "reverse", "unique", "max", "keys", "sort", "tensor", "to_list",
    ]

    mutating func expression() -> String {
      depth += 1
      defer { depth -= 1 }
      if depth > 4 { return atom() }
      let name = random.pick(names)
      switch random.next(24) {
      case 0...4: return atom()
      case 5:
        let sign = random.pick(["+", "-", "*", "/", "//", "%", "^", "++"])
        return "(\(expression()) \(sign) \(expression()))"
      case 6:
        let sign = random.pick(["==", "!=", "<", "<=", ">", ">=", "in", "≈"])
        return "(\(expression()) \(sign) \(expression()))"
      case 7: return "[\(expression()), \(expression())]"
      case 8: return "{ x: \(expression()), y: \(expression()) }"
      case 9: return "\(name)[\(expression())]"
      case 10: return "\(name).\(random.pick(["x", "y", "length", "series"]))"
      case 11: return "(if \(expression()) { \(expression()) } else { \(expression()) })"
      case 12: return "(try { \(expression()) } catch e { e.id })"
      case 13: return "[\(name) for \(random.pick(names)) in \(expression())]"
      case 14: return "\"{\(name)} \(random.next(9))\""
      case 15: return "(\(name) -> \(expression()))"
      case 16: return "\(name)(\(expression()))"
      case 17: return "\(random.pick(functions))(\(expression()))"
      case 18: return "[...\(expression()), \(expression())]"
      case 19: return "{ ...\(expression()), x: \(expression()) }"
      case 20: return "(\(random.next(5))..\(random.next(7)))"
      case 21: return "(\(expression()) ?? \(expression()))"
      case 22: return "map(\(expression()), \(name) -> \(expression()))"
      default: return "(-\(expression()))"
      }
    }

    mutating func atom() -> String {
      let plain = [
        "0", "1", "-1", "2.5", "9_223_372_036_854_775_807", "\"s\"", "none", "true", "nan", "[]", "{}", "inf",
      ]
      return random.pick(names + plain + ["(0..3)"])
    }

    mutating func statement() -> String {
      depth += 1
      defer { depth -= 1 }
      let name = random.pick(names)
      switch random.next(depth > 3 ? 6 : 11) {
      case 1: return "\(name)[\(expression())] = \(expression())"
      case 2: return "\(name).x = \(expression())"
      case 3: return "\(name) ++= [\(expression())]"
      case 4: return "\(name).y[\(expression())] \(random.pick(["=", "+=", "++="])) \(expression())"
      case 5: return "let \(random.pick(["[p, q]", "{ x, y }", "[p, ...q]"])) = \(expression())"
      case 6: return "for \(random.pick(["i", "[i, j]", "{ x }"])) in \(expression()) { \(statement()) }"
      case 7: return "if \(expression()) { \(statement()) } else { \(statement()) }"
      case 8: return "try { \(statement()); \(statement()) } catch e { \(statement()) }"
      case 9:
        let leave = random.pick(["break", "continue"])
        return "for k in 0..3 { \(statement()); if \(expression()) { \(leave) } }"
      default: return "\(name) = \(expression())"
      }
    }

    mutating func program() -> String {
      var text = "fn f(n) = if n <= 0 { [n] } else { f(n - 1) ++ [n] }\nfn g() {\n"
      for (name, value) in zip(names, ["[1, 2, 3]", "{ x: 1, y: [1, 2] }", "\"text\"", "f"]) {
        text += "  var \(name) = \(value)\n"
      }
      for _ in 0..<8 { text += "  try { \(statement()) } catch e { }\n" }
      text += "  \(expression())\n}\nlet result = try { g() } catch e { e.id }\n"
      for (name, value) in zip(names, ["[1, 2]", "{ x: [1], y: 2 }", "0.5", "f"]) { text += "var \(name) = \(value)\n" }
      for _ in 0..<5 { text += "try { \(statement()) } catch e { }\n" }
      return text
    }
  }

  @Test(arguments: 0..<8) func generatedProgramsEnd(_ seed: Int) throws {
    try onLargeStack {
      var ran = 0
      for round in 0..<40 * Self.rounds {
        let offset = Int(ProcessInfo.processInfo.environment["EXP_FUZZ_SEED"] ?? "") ?? 0
        var writer = Writer(random: Random(state: UInt64(offset + seed * 1_000_000 + round)))
        let text = writer.program()
        if let path = ProcessInfo.processInfo.environment["EXP_FUZZ_LAST"] {
          try? text.write(toFile: path + "\(seed)", atomically: false, encoding: .utf8)
        }
        let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1, maxMemory: 64 << 20)
        let timer = DispatchWorkItem { session.interrupt() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 2, execute: timer)
        let diagnostics = session.run(SourceStore.shared.add(name: "fuzz.exp", text: text))
        timer.cancel()
        if diagnostics.allSatisfy({ $0.severity != .error }) { ran += 1 }
        let left = session.liveObjects
        #expect(left == 0, "seed \(seed) round \(round):\n\(text)")
      }
      #expect(ran > 3 * Self.rounds / 2, "too few programs run")
    }
  }

  @Test(arguments: SpecTests.files) func mutatedSpecsEnd(_ file: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Specs")
    let text = try String(contentsOfFile: root.appendingPathComponent(file).path, encoding: .utf8)
    let parts = text.components(separatedBy: "\n# ---\n").map { Array($0.unicodeScalars) }.filter { !$0.isEmpty }
    let signs = Array("()[]{}.,:+-*/=<>\"' \n019xnotif?@^%".unicodeScalars)
    try onLargeStack {
      var random = Random(state: UInt64(Int(ProcessInfo.processInfo.environment["EXP_FUZZ_SEED"] ?? "") ?? 7))
      for _ in 0..<25 * Self.rounds {
        var part = parts[random.next(parts.count)]
        for _ in 0...random.next(4) where !part.isEmpty {
          let place = random.next(part.count)
          switch random.next(4) {
          case 0: part.remove(at: place)
          case 1: part.insert(signs[random.next(signs.count)], at: place)
          case 2: part[place] = signs[random.next(signs.count)]
          default: part.removeSubrange(place..<min(part.count, place + random.next(12)))
          }
        }
        var mutated = ""
        mutated.unicodeScalars.append(contentsOf: part)
        if let path = ProcessInfo.processInfo.environment["EXP_FUZZ_LAST"] {
          try? mutated.write(
            toFile: path + file.replacingOccurrences(of: "/", with: "-"), atomically: false, encoding: .utf8)
        }
        let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1, maxMemory: 64 << 20)
        let timer = DispatchWorkItem { session.interrupt() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 1, execute: timer)
        _ = session.run(SourceStore.shared.add(name: "mutated.exp", text: mutated))
        timer.cancel()
        let left = session.liveObjects
        #expect(left == 0, "\(file):\n\(mutated)")
      }
    }
  }

  @Test func longProgramsCompile() throws {
    try onLargeStack {
      let chain = "let x = 1\nx" + String(repeating: " + x", count: 200)
      let list = "length([" + (0..<70_000).map(String.init).joined(separator: ", ") + "])"
      let cases = (0..<9_000).map { "if x == \($0) { return \($0) + 0.5 }" }.joined(separator: "\n")
      for (text, expected) in [(chain, "201"), (list, "70000"), ("fn f(x) {\n\(cases)\n}\nf(8999)", "8999.5")] {
        let host = TestHost()
        let session = Session(library: try testLibrary.get(), host: host, threads: 1)
        let diagnostics = session.run(SourceStore.shared.add(name: "long.exp", text: text))
        #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
        #expect(host.shown.last.map(plain) == expected)
      }
    }
  }
}
