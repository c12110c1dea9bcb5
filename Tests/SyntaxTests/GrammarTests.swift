import Diagnostics
import Foundation
import Syntax
import Testing

/// The outline of a text that must have no errors.
func shape(_ text: String) -> String {
  let result = parseText(text)
  for d in result.diagnostics { return "error \(d.id) \(d.message) | \(d.label) at \(d.span.lower)" }
  return outline(result.tree)
}

/// Ids of the errors of a text, in order.
func errors(_ text: String) -> [String] { parseText(text).diagnostics.map(\.id) }

@Suite struct GrammarTests {
  @Test func probe() {
    for t in ["-x^2", "2^-1", "2^3^2", "-7 // 2", "1 + 2 * 3 - 4", "a ++ b + c", "0..<n - 1", "0..1 by 0.1", "a ?? 1..2", "0 < x <= 1", "not a == b and c or d",
      "a ≈ b within 1e-3", "x -> x + 1", "(x, y) -> x", "() -> 1", "f(a, b: 1, ...c)", "x.f(1)[0, .., 1..2]?.g", "{ a: 1, b, ...r, \"q\": 1, (e): v, if: 2 }",
      "let { a, b: [c, ...d], e: _ } = f", "\"a{x:.3f}b\\{{y}\"", "'raw{\\n}'", "\"\"\"\n    a\n      b {x}\n    c\n    \"\"\"", "fn f(x: tensor, y = 2, ...z) { x }",
      "fn f(x) = x\n## doc\nfn g() { }", "sweep a in 1..2, b in [1] zip where a < b paired by a, b { a }", "sweep a in xs paired { 1 }", "if a { 1 } else if b { 2 }\nelse { 3 }",
      "try { f() }\ncatch e { 1 }", "claim \"x {y}\" { true }", "test \"x\" { expect a == b\nexpect fails { f() } }", "option n = 0.2 in 0.0..0.5 \"doc\"", "seed 7; seed -1; seed - 1",
      "use nn\nuse \"./h.exp\" as h", "param = 3\nparam w = 3\nstate = param + 1", "xs[i].b += 2; xs ++= [1]", "[x^2 for x in xs for y in x if x > 0]", "a\n  .b()\n  .c", "return", "x not in xs", "exp 1\nexp(1)",
      "let f = ({ a, b }, [c]) -> a + c", "{ }", "()->{}", "a.if.let", "f(if: 1, in: 2)", "let y = 1\n-y", "while not x { break; continue }", "for { key, value } in r { print(key) }",
      "h[.., -1] @ readout", "{ loss: s.loss, ...(if m == none { {} } else { m(s) }) }", "a\n(b)", "0xff + 1_000 + 1e-3", "x = y -> z", "1..5", "9223372036854775807", "a == (b == c)", "(a..b)..c"] {
      print(t.replacingOccurrences(of: "\n", with: "⏎"), "   =>   ", shape(t))
    }
  }
}
