import Diagnostics
import Testing

@testable import Evaluation

/// What an error of two shapes says of its operands, and where.
@Suite struct ShapeTrailTests {
  /// The underlined text and label of the error, then those of its notes.
  private func told(_ program: String) throws -> [String] {
    let error = try #require(try runProgram(program, name: "shapes.exp").diagnostics.first)
    let places = [(error.span, error.label)] + error.notes.map { ($0.span, $0.text) }
    return places.map { span, text in
      "\(SourceStore.shared.file(span.file)?.text(span) ?? ""): \(text.replacing(#/line \d+/#, with: "line …"))"
    }
  }

  @Test func operandsOfOnesOwn() throws {
    #expect(
      try told("let x = zeros(32, 20)\nlet w = he_normal(16, 10)\nlet y = x @ w") == [
        "@: the last axis of x (20) must equal the first of w (16)",
        "x: x is [32, 20], made at line … by zeros(32, 20)",
        "w: w is [16, 10], made at line … by he_normal(16, 10)",
      ])
    #expect(try told("let a = zeros(2, 3)\n(a) < (zeros(4))").first == "<: the last axes, 3 and 4, differ")
    #expect(try told("zeros(3, 1, 2) + zeros(4, 5, 2)").first == "+: axes −3, 3 and 4, differ")
    #expect(
      try told("fn f(x, by) = x - by\nf(zeros(2), by: ones(3))").dropFirst() == [
        "x: x is [2], given at line … as zeros(2)", "by: by is [3], given at line … as ones(3)",
      ])
    #expect(
      try told("let w = zeros(2)\nfn f(x) {\n  let w = ones(3)\n  x + w\n}\nf(zeros(4))")[2]
        == "w: w is [3], made at line … by ones(3)")
    // What a `var` held may come from several places.
    #expect(try told("var v = zeros(3)\nv = ones(2)\nv * zeros(5)")[1] == "v: v is [2]")
  }

  @Test func operandsOfAssignments() throws {
    #expect(
      try told("let by = ones(3)\nvar v = zeros(2)\nv += by") == [
        "+=: the last axes, 2 and 3, differ", "v: v is [2]", "by: by is [3], made at line … by ones(3)",
      ])
    #expect(try told("var r = { w: zeros(2, 3) }\nr.w @= ones(2)").count == 1)
  }

  @Test func operandsOfNatives() throws {
    #expect(
      try told("let q = zeros(3, 2)\nconcat([zeros(2, 3), q], axis: 0)") == [
        "concat: [2, 3] and [3, 2]", "zeros(2, 3): [2, 3]", "q: q is [3, 2], made at line … by zeros(3, 2)",
      ])
    let solved = ["m: m is [3, 3], made at line … by zeros(3, 3)", "ones(4): [4]"]
    #expect(try told("let m = zeros(3, 3)\nm.solve(ones(4))").dropFirst() == solved[...])
    #expect(try told("let m = zeros(3, 3)\nsolve(b: ones(4), a: m)").dropFirst() == solved[...])
    // A list that is not written out does not say which of its elements is which.
    #expect(try told("let parts = [zeros(2, 3), zeros(3, 2)]\nconcat(parts, axis: 0)").count == 1)
    #expect(
      try told("fn joined(a) = concat([a, ones(1, 2)], axis: 0)\njoined(zeros(2, 3))")[1]
        == "a: a is [2, 3], given at line … as zeros(2, 3)")
  }

  @Test func operandsOfTheLibrary() throws {
    let mlp = try told("let net = mlp([784, 64, 10])\nnet(zeros(32, 783))")
    #expect(mlp[0] == "net(zeros(32, 783)): [32, 783] @ [784, 64]")
    #expect(mlp.contains("x: x is [32, 783]"))
    #expect(mlp.contains { $0.hasPrefix("weight: weight is [784, 64] (layers[0].weight of net)") })
    let held = try told(
      "let m = { enc: dense(4, 3), dec: dense(2, 4) }\nlet run = x -> m.dec(m.enc(x))\nrun(zeros(1, 4))")
    #expect(held.contains { $0.contains("weight is [2, 4] (weight of m.dec)") })
    let traced = try told("train(mlp([5, 3]), { x: zeros(8, 4), y: zeros(8, 3) }, loss: mse, steps: 2)")
    #expect(traced.contains { $0.contains("(layers[0].weight)") })
    #expect(try told("mse(zeros(3), zeros(4))").contains("zeros(3): outputs is [3]"))
  }

  @Test func whatIsCaughtIsAsItWas() throws {
    let program = "try { zeros(2) + zeros(3) } catch e { [e.id, e.line] }"
    #expect(try runProgram(program).host.shown.map { plain($0) } == ["[\"E0401\", 1]"])
  }
}
