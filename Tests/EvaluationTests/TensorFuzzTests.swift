import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Random programs over tensors, numbers, draws and branches: compiled calls must have the bits of eager ones, and so
/// must their gradients. `EXP_FUZZ_SEED` makes others, `EXP_FUZZ_ROUNDS` so many times as many.
@Suite struct TensorFuzzTests {
  static let first = UInt64(ProcessInfo.processInfo.environment["EXP_FUZZ_SEED"] ?? "") ?? 1

  @Test(arguments: first..<first + 3 * UInt64(FuzzTests.rounds)) func compiledHasTheBitsOfEager(_ seed: UInt64) throws {
    var writer = ProgramWriter(state: seed)
    var text = ProgramWriter.prologue
    for number in 0..<40 {
      let body = writer.scalar(writer.below(4) + 2)
      text +=
        "both(\"\(number)\", (a, b, c, v, w, q, ids, n, i, r) -> { value: \(body), grad: grad(a -> \(body) + 0 * sum(a))(a) })\n"
    }
    if let path = ProcessInfo.processInfo.environment["EXP_FUZZ_LAST"] {
      try text.write(toFile: path + "-tensors-\(seed)", atomically: false, encoding: .utf8)
    }
    let (host, diagnostics, session) = try runProgram(text, name: "fuzz-\(seed).exp")
    #expect(diagnostics.map { DiagnosticPrinter().full($0) } == [])
    #expect(host.printed == [])
    #expect(session.liveObjects == 0)
  }
}

/// Writes expressions of a known shape: matrices [3, 4], vectors [4], rank-0 tensors and numbers.
private struct ProgramWriter {
  var state: UInt64

  static let prologue = """
    let a = normal([3, 4], key: 1)
    let b = normal([3, 4], key: 2)
    let c = normal([4, 3], key: 3)
    let v = normal([4], key: 4)
    let w = normal([3, 4], key: 5)
    let q = normal([4, 4], key: 6)
    let ids = tensor([2, 0, 3, 2], dtype: "i64")
    fn both(name, f) {
      let fast = compiled(f)
      for i in 0..1 {
        let r = { k: 0.75 + i }
        let eager = with_key(9, () -> f(a, b, c, v, w, q, ids, 1.5 - i, i, r))
        let quick = with_key(9, () -> fast(a, b, c, v, w, q, ids, 1.5 - i, i, r))
        if not same(eager, quick) { print("program {name}: {eager} and {quick}") }
      }
    }

    """

  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  private mutating func pick(_ choices: [String]) -> String { choices[below(choices.count)] }

  private mutating func function(_ x: String) -> String {
    let name = pick([
      "exp", "tanh", "sigmoid", "sin", "softplus", "abs", "sqrt", "log", "gelu", "erf", "relu", "floor", "sign",
      "stop_gradient", "-", "^2", "^3",
    ])
    switch name {
    case "-": return "(-(\(x)))"
    case "^2", "^3": return "((\(x))\(name))"
    case "sqrt", "log": return "\(name)(1 + abs(\(x)))"
    default: return "\(name)(\(x))"
    }
  }

  private mutating func combined(_ x: String, _ y: String) -> String {
    switch below(5) {
    case 0: return "((\(x)) - (\(y)))"
    case 1: return "((\(y)) * (\(x)))"
    case 2: return "((\(x)) / (3 + abs(\(y))))"
    case 3: return "maximum(\(x), \(y))"
    default: return "((\(x)) + (\(y)))"
    }
  }

  mutating func matrix(_ depth: Int) -> String {
    if depth == 0 { return pick(["a", "b", "transpose(c)", "w"]) }
    let d = depth - 1
    switch below(13) {
    case 0...2: return function(matrix(d))
    case 3: return combined(matrix(d), matrix(d))
    case 4: return combined(matrix(d), vector(d))
    case 5: return combined(matrix(d), number(d))
    case 6: return "((\(matrix(d))) @ q)"
    case 7: return "where(\(matrix(d)) > \(number(d)), \(matrix(d)), \(matrix(d)))"
    case 8: return "concat([(\(matrix(d)))[0..0], (\(matrix(d)))[1..2]])"
    case 9: return "softmax(\(matrix(d)))"
    case 10: return "stack([\(vector(d)), \(vector(d)), v])"
    case 11: return chosen(matrix(below(d + 1)), matrix(below(d + 1)))
    default: return "((\(matrix(d))) + normal([3, 4]))"
    }
  }

  mutating func vector(_ depth: Int) -> String {
    if depth == 0 { return pick(["v", "a[1]", "b[i]", "sum(a, axes: 0)", "v[ids]"]) }
    let d = depth - 1
    switch below(12) {
    case 0, 1: return function(vector(d))
    case 2: return combined(vector(d), vector(d))
    case 3: return combined(vector(d), scalar(d))
    case 4: return "sum(\(matrix(d)), axes: 0)"
    case 5: return "(\(matrix(d)))[\(below(6) - 3)]"
    case 6: return "((\(vector(d))) @ q)"
    case 7: return "sort(\(vector(d)))"
    case 8: return "(\(vector(d)))[ids]"
    case 9: return chosen(vector(below(d + 1)), vector(below(d + 1)))
    case 10: return looped(vector(d))
    default: return "((\(vector(d))) * uniform(4))"
    }
  }

  /// One of two by what a tensor says; what a branch gives is often nothing that it computed.
  private mutating func chosen(_ x: String, _ y: String) -> String {
    // Each is used once in a branch: derivatives of a branch add up by themselves, before they join others.
    let (first, second) = (pick(["x", function("x")]), pick(["y", "x", "1 - y"]))
    let condition = pick(["sum(x) > \(number(0))", "\(scalar(1)) > \(number(0))"])
    return "(((x, y) -> cond(\(condition), () -> \(first), () -> \(second)))(\(x), \(y)))"
  }

  /// A loop of unknown length, which has no derivative in reverse mode.
  private mutating func looped(_ x: String) -> String {
    let next = pick([
      "v", "0.5 * s.v + uniform(4)", "cond(sum(s.v) > 0, () -> s.v, () -> v)",
      "cond(sum(s.v) > s.n, () -> v, () -> 1 - s.v)",
    ])
    return
      "stop_gradient(while_loop({ v: \(x), n: 0 }, s -> where(sum(s.v) < 20, s.n, 9) < 3, s -> { v: \(next), n: s.n + 1 }).v)"
  }

  mutating func scalar(_ depth: Int) -> String {
    if depth == 0 { return pick(["sum(v)", "a[0, 1]", "mean(b)", "max(v)"]) }
    let d = depth - 1
    switch below(8) {
    case 0: return function(scalar(d))
    case 1: return combined(scalar(d), number(d))
    case 2: return combined(scalar(d), scalar(d))
    case 3: return "sum(\(matrix(d)))"
    case 4: return "mean(\(vector(d)))"
    case 5: return "((\(vector(d))) @ (\(vector(d))))"
    case 6: return "(\(vector(d)))[\(below(8) - 4)]"
    default: return "logsumexp(\(vector(d)))"
    }
  }

  mutating func number(_ depth: Int) -> String {
    if depth == 0 { return pick(["n", "r.k", "2.5", "i", "0.5"]) }
    let d = depth - 1
    switch below(4) {
    case 0: return function(number(d))
    case 1: return combined(number(d), number(d))
    case 2: return "(if \(number(d)) > 1 { \(number(d)) } else { \(number(d)) })"
    default: return "(\(number(d)) * 0.5)"
    }
  }
}
