import Diagnostics
import Foundation
import Resolution
import Testing
import Tensors

@testable import Evaluation

/// Every function of the library with arguments nobody means: each call ends in a value or an error that has its own
/// wording, stops when it is interrupted, and leaves nothing on the heap. `EXP_FUZZ_SEED`, `EXP_FUZZ_ROUNDS` and
/// `EXP_FUZZ_LAST` as in `FuzzTests`; `EXP_FUZZ_ONLY=name` takes one function.
@Suite struct LibraryFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment

  /// Functions that leave files behind, or end what runs.
  private static let left: Set = ["save", "write_text", "write_csv", "write_npy", "write_npz", "write_network", "exit"]

  static let functions: [(name: String, signatures: [Signature])] = {
    guard let library = try? testLibrary.get() else { return [] }
    return library.prelude.names.filter { !$0.value.isEmpty && !left.contains($0.key) }
      .filter { environment["EXP_FUZZ_ONLY"].map($0.key.contains) ?? true }
      .map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
  }()

  /// Bound before the calls, so that one value may be passed twice.
  private static let prologue = """
    let net = mlp([3, 4, 2])
    let step = compiled(x -> x * 2)
    let matrix = normal([4, 4], key: 1)
    let cube = normal([2, 3, 4], key: 2)
    let rows = table([{ a: 1, b: 2.5, c: "x" }, { a: 2, b: nan, c: "y" }, { a: 2, b: -1, c: none }])
    let data = { x: normal([6, 3], key: 3), y: randint(6, high: 2, key: 4) }
    let picture = plot(rows, x: "a", y: "b")
    let long = pad("", 5000, with: "a")
    var deep = []
    for i in 0..300 { deep = [deep] }
    """

  private static let values = [
    "0", "1", "-1", "2", "3", "7", "1_000_000", "1_000_000_000_000", "-1_000_000_000_000", "9_223_372_036_854_775_807",
    "(-9_223_372_036_854_775_807 - 1)", "0.5", "-0.5", "nan", "inf", "-inf", "1e308", "1e-320", "1e18", "none", "true",
    "false", "\"\"", "\"a\"", "\"x\"", "\"f32\"", "\"i64\"", "\"bool\"", "\"(\"", "\"(a|a)*b\"", "\"é😀\"", "long",
    "deep",
    "[]", "[1, 2, 3]", "[0]", "[[1, 2], [3, 4]]", "[\"a\", \"b\"]", "[none]", "[1, \"a\"]", "[nan, inf]", "[3, 4]",
    "[-1]", "[0, 0]", "[1e12]", "[9_223_372_036_854_775_807, 2]", "[1_000_000, 1_000_000]", "[x -> x]", "[{ a: 1 }]",
    "{}", "{ x: 1 }", "{ a: [1], b: 2 }", "rows", "table([])", "data", "net", "step", "picture", "matrix", "cube",
    "zeros(0)", "zeros(3)", "ones(2, 3)", "zeros(2, 0, 3)", "tensor(1.5)", "tensor([2, 0, 1], dtype: \"i64\")",
    "tensor([1, -5], dtype: \"i32\")", "tensor([true, false])", "normal([3, 3], key: 5, dtype: \"f64\")",
    "tensor([nan, inf, 0])", "zeros(1, 1, 1, 1)", "normal([1, 8, 8, 2], key: 6)", "x -> x", "() -> 1", "(a, b) -> a",
    "sqrt", "x -> fail(\"no\")", "x -> [x, x]", "x -> sum(x * x)", "(s, x) -> s + x", "0..3", "0..<0",
    "0..9_000_000_000_000", "0..1 by 0.25", "sgd(lr: 0.1)", "(x -> { a: x })",
  ]

  /// A call of a function: mostly as many arguments as it takes, some by name, each anything.
  private static func call(_ name: String, _ signatures: [Signature], _ random: inout FuzzTests.Random) -> String {
    let parameters = signatures[random.next(signatures.count)].parameters
    var words: [String] = []
    var isNamed = false
    for parameter in parameters {
      if parameter.hasDefault && random.next(3) == 0 {
        isNamed = true
        continue
      }
      let value = random.pick(values)
      if parameter.isRest {
        for _ in 0..<random.next(3) where !isNamed { words.append(random.pick(values)) }
      } else if isNamed || random.next(6) == 0 {
        isNamed = true
        words.append("\(parameter.name): \(value)")
      } else {
        words.append(value)
      }
    }
    return "\(name)(\(words.joined(separator: ", ")))"
  }

  @Test(arguments: 0..<8) func callsEnd(_ part: Int) throws {
    MemoryPool.limit = 2 << 30
    let seed = Int(Self.environment["EXP_FUZZ_SEED"] ?? "") ?? 0
    #expect(!Self.functions.isEmpty, "no function of the library, or none of that name")
    try onLargeStack {
      for index in stride(from: part, to: Self.functions.count, by: 8) {
        let (name, signatures) = Self.functions[index]
        var random = FuzzTests.Random(state: UInt64(seed * 1_000_003 + index))
        let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1, maxMemory: 64 << 20)
        if case .failed(let problems) = session.runCell(SourceStore.shared.add(name: "fuzz", text: Self.prologue)) {
          Issue.record("the prologue does not run: \(problems.map(\.message))")
          return
        }
        var said: [String] = []
        for _ in 0..<6 * FuzzTests.rounds {
          let text = Self.call(name, signatures, &random)
          said.append(text)
          if let path = Self.environment["EXP_FUZZ_LAST"] {
            try? text.write(toFile: path + "\(part)", atomically: false, encoding: .utf8)
          }
          let timer = DispatchWorkItem { session.interrupt() }
          DispatchQueue.global().asyncAfter(deadline: .now() + 0.5, execute: timer)
          let begun = ThreadClock.seconds
          let outcome = session.runCell(SourceStore.shared.add(name: "fuzz", text: text))
          timer.cancel()
          let spent = ThreadClock.seconds - begun
          #expect(spent < Self.patience, "\(text) took \(spent) s of its thread")
          if case .failed(let problems) = outcome {
            for problem in problems where problem.id == "E0299" { Issue.record("\(text): \(problem.message)") }
          }
        }
        let left = session.liveObjects
        #expect(left == 0, "\(left) objects left by one of\n\(said.joined(separator: "\n"))")
      }
    }
  }

  /// Seconds of processor time for a call that is interrupted after half a second by the clock. An operation that asks for no
  /// interrupt at all takes minutes in a debug build; how soon the others answer, Tests/Terminal/interrupt_tests.py tells.
  private static let patience = 10.0
}
