import Diagnostics
import Foundation
import Syntax
import Testing

@testable import Resolution

/// Whatever the text, resolution ends with a program and diagnostics: cut, doubled and shuffled pieces of real files.
@Suite struct MutationTests {
  /// A small generator of its own, so that a failure repeats.
  private struct Lehmer {
    var state: UInt64
    mutating func below(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return n > 0 ? Int((state >> 33) % UInt64(n)) : 0
    }
  }

  /// `EXP_FUZZ_SEED` makes others, `EXP_FUZZ_ROUNDS` so many times as many.
  @Test func mutatedFilesAreSurvived() throws {
    let environment = ProcessInfo.processInfo.environment
    let rounds = 150 * max(1, Int(environment["EXP_FUZZ_ROUNDS"] ?? "") ?? 1)
    var random = Lehmer(state: UInt64(environment["EXP_FUZZ_SEED"] ?? "") ?? 7)
    let files = try (LibraryNamesTests.files(in: "stdlib") + LibraryNamesTests.files(in: "scripts/studies")).map {
      Array(try Data(contentsOf: LibraryNamesTests.root.appendingPathComponent($0)))
    }
    var resolved = 0
    for round in 0..<rounds {
      var bytes = files[random.below(files.count)]
      for _ in 0...random.below(4) {
        let from = random.below(bytes.count), length = random.below(60)
        let piece = Array(bytes[from..<min(from + length, bytes.count)])
        switch random.below(3) {
        case 0: bytes.removeSubrange(from..<min(from + length, bytes.count))
        case 1: bytes.insert(contentsOf: piece, at: random.below(bytes.count + 1))
        default: bytes = Array(bytes.prefix(max(from, 1)))
        }
        if bytes.isEmpty { bytes = [0x20] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let path = environment["EXP_FUZZ_LAST"] {
        try text.write(toFile: path + "-resolution", atomically: false, encoding: .utf8)
      }
      let file = SourceStore.shared.add(name: "mutated \(round)", text: text)
      let (program, diagnostics) = resolve(parse(file).tree, prelude: testPrelude, isLibrary: round % 2 == 0)
      for d in diagnostics { #expect(Int(d.span.upper) <= file.bytes.count) }
      check(program)
      resolved += 1
    }
    #expect(resolved == rounds)
  }

  /// Names near an unknown one are looked for as long as somebody will read of them.
  @Test func manyUnknownNamesTakeNoLonger() {
    let names = (0..<300).map { "let name_\($0) = \($0)\n" }.joined()
    let text = names + "let list = [" + String(repeating: "nane_1, ", count: 50_000) + "nane_1]"
    let tree = parse(SourceStore.shared.add(name: "unknown.exp", text: text)).tree
    var count = 0
    let time = ContinuousClock().measure { count = resolve(tree, prelude: testPrelude).1.count }
    #expect(count == SyntaxLimits.diagnostics)
    #expect(time < .seconds(8), "took \(time)")
  }

  @Test func wholeFilesHaveNoDanglingReference() throws {
    let prelude = try LibraryNamesTests.prelude(LibraryNamesTests.files(in: "stdlib").map(LibraryNamesTests.tree))
    for path in LibraryNamesTests.files(in: "scripts/studies") {
      let (program, _) = resolve(try LibraryNamesTests.tree(path), prelude: prelude)
      check(program)
      #expect(!program.references.values.contains(.unresolved))
    }
  }

  /// What a compiler may rely on: a capture's index is within its function's captures, a sibling's sources are
  /// complete.
  private func check(_ program: ResolvedProgram) {
    for layout in program.functions.values {
      for capture in layout.captures { #expect(capture.source != .unresolved) }
      for (leader, sources) in layout.siblings {
        #expect(sources.count == program.functions[leader]?.captures.count)
        for case .capture(let i) in sources { #expect(i < layout.captures.count) }
      }
    }
    for (leader, sources) in program.topLevelSiblings {
      #expect(sources.count == program.functions[leader]?.captures.count)
    }
    for set in program.overloads.values {
      #expect(Set(set.map { program.functions[$0.literal]?.captures }).count == 1)
    }
  }
}
