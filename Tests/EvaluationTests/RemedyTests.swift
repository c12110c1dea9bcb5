import Diagnostics
import Testing

@testable import Evaluation
@testable import Resolution

/// What errors advise, followed literally.
@Suite struct RemedyTests {
  /// Names that the tables' remedies speak of; `x` and `a` are a number or a tensor.
  private static let scene = """
    let b = ones(3, 3)
    let c = [true, false, true]
    let t = if kind(x) == "number" { ones(2, 2) } else { tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]) }
    let [u, y, targets, outputs, mask, n, i] = [t, b, b, b, b > 0, 3, 1]
    let [logits, labels, ids] = [b, tensor([0, 1, 2], dtype: "i64"), tensor([0, 1, 2], dtype: "i64")]
    let name = "a"
    let s = "ab"
    let f = x -> sum(x * x)
    let r = { a: 1, b: 2 }
    let net = dense(3, 3)
    var xs = [3, 1, 2]
    let [ys, v, start, data, g] = [[4], 2, 0, { x: b, y: b }, f]
    let [condition, row] = [true, r]

    """
  private static let scenes = [
    "let [x, a] = [1.5, 2.5]\n" + scene, "let [x, a] = [ones(3, 3), ones(3, 3)]\n" + scene,
    // Tables.
    """
    let t = table([{ a: 1, b: 2, c: 0 }, { a: 3, b: 4, c: 0 }, { a: 3, b: 5, c: 0 }, { a: 1, b: 2, c: 1 },
      { a: 5, b: 2, c: 1 }])
    let [f, rows, other, table_] = [r -> r.a, [{ a: 1 }], table([{ a: 1, d: 4 }, { a: 3, d: 5 }]), t]

    """, "let table = table([{ a: 1, b: 2, c: 3 }, { a: 2, b: 3, c: 4 }])\nlet t = table\n",
    // Functions of elements, masks, sets of samples.
    "let [xs, f, c, a, b] = [[1, 2], x -> x, true, 1, 2]\n",
    "let [xs, f, start] = [[1, 2], (sum, x) -> sum + x, 0]\n",
    "let [net, x, y] = [dense(3, 3), ones(40, 3), ones(40, 3)]\n",
    "let [a, b] = [tensor([1.0, 2.0]) > 1.5, tensor([1.0, 2.0]) > 0]\n",
    // Vectors.
    "let [x, y, ids] = [tensor([1.0, 2.0]), tensor([1.0, 4.0]), [0, 1]]\nlet [t, mask] = [x, x > 1.5]\nlet name = \"a\"\n",
    // What reads files stands where they are written.
    "let net = dense(3, 3)\nlet t = table([{ a: 1 }])\nsave(net, \"net.safetensors\")\nwrite_csv(t, \"file.csv\")\n",
  ]

  /// What is told, but is no program: commands of a session and of the terminal, and words.
  private static let noPrograms: Set = [
    ":vars", ":undo", ":time", "?name", "exp doc name", "exp profile study.exp", "show", "exp export RUN --to svg", "}",
    "test", "expect condition", "def",
    "var",
    "use nn", "nn.dense(3, 4)", "fn", "let", "else if", "fn(x) { … }", "fail", "grad", "{ model, history }",
    "fail(\"…\")",
  ]

  private func errors(_ text: String) throws -> [Diagnostic] {
    let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
    let source = SourceStore.shared.add(name: "remedy.exp", text: text)
    return try onLargeStack { session.run(source) }.filter { $0.severity == .error }
  }

  /// Every program in the sentences of the tables runs.
  @Test func everyRemedyRuns() throws {
    let tables = [
      advice, namespaces, callsFromElsewhere, methodsFromElsewhere, stringMethods, tensorMethods, functionMethods,
      recordMethods, tableMethods,
    ]
    var programs = Set(
      tables.flatMap(\.values).flatMap { $0.matches(of: #/`([^`]+)`/#).map { String($0.1) } })
    programs.formUnion(namesFromElsewhere.values.filter { $0.contains(" ") || $0.contains("(") || $0.contains("^") })
    for program in programs.subtracting(Self.noPrograms).sorted() {
      let text = program.replacing("{ … }", with: "{ }").replacing("(…, ", with: "(1, 2, ").replacing("…", with: "x")
      let found = try Self.scenes.lazy.map { try errors($0 + text) }.first { $0.isEmpty }
      if found == nil {
        let said = try Self.scenes.map { try errors($0 + text).first.map { "\($0.id) \($0.message)" } ?? "" }
        Issue.record("\(program): \(said)")
      }
    }
  }

  /// What is written, what is said to it, and what the remedy gives.
  static let mended: [(wrong: String, told: String, right: String, shows: String)] = [
    (
      "np.hstack([t, t])", "concat([a, b], axis: -1)", "shape(concat([t, t], axis: -1))", "[2, 4]"
    ),
    ("hstack([v, v])", "concat([a, b], axis: -1)", "to_list(concat([v, v], axis: -1))", "[1.0, 2.0, 1.0, 2.0]"),
    ("vstack([t, t])", "concat([a, b], axis: 0)", "shape(concat([t, t], axis: 0))", "[4, 2]"),
    ("vstack([v, v])", "stack([a, b])", "shape(stack([v, v]))", "[2, 2]"),
    ("logical_and(t > 1, t < 3)", "where(a, b, false)", "sum(where(t > 1, t < 3, false))", "1"),
    ("logical_or(t < 2, t > 3)", "where(a, true, b)", "sum(where(t < 2, true, t > 3))", "2"),
    ("sprintf(\"%d\", 3)", "\"{x:.2f}\"", "\"{x:.2f}\"", "\"1.50\""),
    ("fprintf(\"%d\", 3)", "print(\"{x:.2f}\")", "print(\"{x:.2f}\")", ""),
    ("list(0..<5)", "did you mean `to_list`?", "to_list(0..<5)", "[0, 1, 2, 3, 4]"),
    ("t.view(4)", "did you mean `reshape`?", "shape(t.reshape(4))", "[4]"),
    ("t.ndim", "did you mean `rank`?", "t.rank", "2"),
    (
      "t.squeeze()", "reshape(t, [n for n in shape(t) if n != 1])",
      "shape(reshape(w, [n for n in shape(w) if n != 1]))", "[2]"
    ),
    ("t.unsqueeze(0)", "reshape(t, 1, ...shape(t))", "shape(reshape(t, 1, ...shape(t)))", "[1, 2, 2]"),
    ("t.permute(1, 0)", "transpose(t, [1, 0])", "shape(transpose(w, [1, 0]))", "[2, 1]"),
    ("t.mm(t)", "a @ b", "to_list(t @ t)", "[[7.0, 10.0], [15.0, 22.0]]"),
    ("t.astype(\"float64\")", "cast(t, \"f64\")", "dtype(cast(t, \"f64\"))", "\"f64\""),
    ("t.detach()", "stop_gradient(x)", "shape(stop_gradient(t))", "[2, 2]"),
    ("t.clone()", "there is nothing to copy", "shape(t)", "[2, 2]"),
    ("t.to(\"cuda\")", "leave it out", "shape(t)", "[2, 2]"),
    ("x.backward()", "grad(f)(x)", "grad(f)(x)", "3.0"),
    ("net.parameters()", "params(net)", "keys(params(net))", "[\"weight\", \"bias\"]"),
    ("net.fit(t, t)", "train(net, { x, y }, mse, steps: 100)", "train(net, { x: t, y: t }, mse, steps: 2).steps", "2"),
    ("net.forward(t)", "net(x)", "shape(net(t))", "[2, 2]"),
    ("adam().step()", "optimizer: adam()", "train(net, { x: t, y: t }, mse, optimizer: adam(), steps: 2).steps", "2"),
    ("rows.head(1)", "take(t, 5)", "length(take(rows, 1))", "1"),
    ("rows.groupby(\"a\")", "group(t, by: \"a\")", "length(group(rows, by: \"a\"))", "2"),
    ("rows.shape", "length(t)", "[length(rows), columns(rows)]", "[2, [\"a\", \"b\"]]"),
    ("array([1, 2])", "did you mean `tensor`?", "shape(tensor([1, 2]))", "[2]"),
    ("dict(a: 1)", "{ a: 1, b: 2 }", "{ a: 1 }", "{ a: 1 }"),
    ("F.relu(x)", "relu(…)", "relu(x)", "1.5"),
    ("MSELoss()", "mse(outputs, targets)", "mse(t, t)", "0.0"),
    (
      "nn.CrossEntropyLoss()", "cross_entropy(logits, labels)", "cross_entropy(t, tensor([0, 1], dtype: \"i64\")) > 0",
      "true"
    ),
    ("\", \".join([\"a\", \"b\"])", "join(xs, \", \")", "join([\"a\", \"b\"], \", \")", "\"a, b\""),
    ("sort([1, 3], key: x -> -x)", "did you mean `by`?", "sort([1, 3], by: x -> -x)", "[3, 1]"),
    ("sort([1, 3], reverse: true)", "did you mean `descending`?", "sort([1, 3], descending: true)", "[3, 1]"),
    ("\"{v:.2f}\"", "[\"{x:.2f}\" for x in t]", "[\"{x:.2f}\" for x in v]", "[\"1.00\", \"2.00\"]"),
    (
      "\"{t:.1f}\"", "for x in reshape(t, -1)]", "[\"{x:.1f}\" for x in reshape(t, -1)]",
      "[\"1.0\", \"2.0\", \"3.0\", \"4.0\"]"
    ),
    // Forms of other languages.
    ("{1, 2, 2}", "distinct([1, …])", "distinct([1, 2, 2])", "[1, 2]"),
    ("{\"a\", \"b\"}", "[\"a\", …]", "[\"a\", \"b\"]", "[\"a\", \"b\"]"),
    ("let d = { a: 1, b: 2 }\ndel d.a", "without(r, \"a\")", "let d = { a: 1, b: 2 }\nwithout(d, \"a\")", "{ b: 2 }"),
    ("map([1, 2], |x| x + 1)", "x -> x + 1", "map([1, 2], x -> x + 1)", "[2, 3]"),
    ("1.0 ~ 1.0", "a ≈ b", "1.0 ≈ 1.0", "true"),
    ("var([1, 2, 3])", "variance(xs)", "variance([1, 2, 3])", "1.0"),
    ("print(var([1, 2, 3]))", "variance(xs)", "variance([1, 2, 3])", "1.0"),
    ("let n = 1,000,000", "1_000_000", "1_000_000", "1000000"),
    ("let n = 0,5", "`0.5`", "0.5", "0.5"),
    (
      "linspace(**{ start: 0, stop: 1, count: 2 })", "...xs", "shape(linspace(...{ start: 0, stop: 1, count: 2 }))",
      "[2]"
    ),
    ("max(*[1, 2])", "...xs", "max(...[1, 2])", "2"),
    ("max([1, 2]...)", "...xs", "max(...[1, 2])", "2"),
    ("[*[1, 2], 3]", "...xs", "[...[1, 2], 3]", "[1, 2, 3]"),
    ("fn g(*xs) = xs", "...xs", "fn g(...xs) = xs\ng(1, 2)", "[1, 2]"),
    ("fn g(xs...) = xs", "...xs", "fn g(...xs) = xs\ng(1, 2)", "[1, 2]"),
    ("print(\"{ 'a': 1 }\")", "`\\{`", "print(\"\\{ 'a': 1 }\")", ""),
    ("let g = function(x) { x + 1 }", "fn(x) { … }", "let g = fn(x) { x + 1 }\ng(1)", "2"),
    ("map([1, 2], function(x) x + 1)", "x -> x + 1", "map([1, 2], x -> x + 1)", "[2, 3]"),
    (
      "[n if n > 1 else 0 for n in [1, 2]]", "if condition { a } else { b }",
      "[if n > 1 { n } else { 0 } for n in [1, 2]]", "[0, 2]"
    ),
    ("let ys = for n in [1, 2] { f(n) }", "[f(x) for x in xs]", "[f(x) for x in [1, 2]]", "[1, 4]"),
    ("for i = 1:3 { i }", "for i in 1..10 { … }", "for i in 1..3 { print(i) }", ""),
    ("let m = [1 2; 3 4]", "tensor([[1, 2], [3, 4]])", "shape(tensor([[1, 2], [3, 4]]))", "[2, 2]"),
    ("let m = [1, 2; 3, 4]", "tensor([[1, 2], [3, 4]])", "shape(tensor([[1, 2], [3, 4]]))", "[2, 2]"),
    ("t %*% t", "write `@`", "to_list(t @ t)", "[[7.0, 10.0], [15.0, 22.0]]"),
    ("2 %in% [1, 2]", "write `in`", "2 in [1, 2]", "true"),
    ("√4", "sqrt(x)", "sqrt(4)", "2.0"),
    ("rows.where(a > 1)", "takes a function here: `r -> r.a > 1`", "length(rows.where(r -> r.a > 1))", "1"),
    (
      "where(rows, a > 1 and b > a)", "`r -> r.a > 1 and r.b > r.a`", "length(where(rows, r -> r.a > 1 and r.b > r.a))",
      "0"
    ),
    ("filter([1, 2], n > 1)", "takes a function here: `n -> n > 1`", "filter([1, 2], n -> n > 1)", "[2]"),
    ("rows.count(a > 1)", "of rows `r -> r.a > 1`", "rows.count(r -> r.a > 1)", "1"),
    (
      "train(dense(1, 1), { x: v, y: v }, mse, steps: 2)", "reshape(x, [-1, 1])",
      "train(dense(1, 1), { x: reshape(v, [-1, 1]), y: reshape(v, [-1, 1]) }, mse, steps: 2).steps", "2"
    ),
    (
      "train(dense(1, 1), { x: reshape(v, [-1, 1]), y: v }, mse, steps: 2)", "reshape(y, [-1, 1])",
      "train(dense(1, 1), { x: reshape(v, [-1, 1]), y: reshape(v, [-1, 1]) }, mse, steps: 2).steps", "2"
    ),
  ]

  /// What is written, what is said to it, and what is not: names of other languages stand near it, but are not meant.
  static let unmeant: [(wrong: String, told: String, notTold: String)] = [
    // Fields of data may have any name.
    ("rows.c", "its columns are `a`, `b`", "nothing binds it"),
    ("rows[\"c\"]", "its columns are `a`, `b`", "nothing binds it"),
    ("rows[\"head\"]", "its columns are `a`, `b`", "take(t, 5)"),
    ("rows.names", "its columns are `a`, `b`", "columns(t)"),
    ("rows.head", "its columns are `a`, `b`", "take(t, 5)"),
    ("rows.iloc[0]", "`t[0]` is a row", "nothing binds it"),
    ("r.time", "its fields are `a`, `b`", ":time"), ("r.sample", "its fields are `a`, `b`", "choice"),
    ("r?.sample", "its fields are `a`, `b`", "choice"), ("r[\"step\"]", "its fields are `a`, `b`", "optimizer"),
    ("r.step", "its fields are `a`, `b`", "optimizer"), ("r.step()", "optimizer: adam()", "nothing"),
    ("let step = 3\nr.step", "its fields are `a`, `b`", "optimizer"),
    ("let step = 3\nr.step()", "optimizer: adam()", "nothing"),
    ("fn f(o) = o.step\nf(r)", "its fields are `a`, `b`", "optimizer"),
    ("r.scale", "its fields are `a`, `b`", "standardize"), ("r.F", "its fields are `a`, `b`", "relu"),
    ("r.type", "its fields are `a`, `b`", "kind"), ("r.sample(2)", "did you mean `choice`?", "nothing"),
    ("net[\"parameters\"]", "no field `parameters`", "params(net)"),
    // Misspelt names where no function is taken.
    ("where(mask, valeu * 2, 0)", "did you mean `value`", "takes a function"),
    ("where(mask, valeu * 2)", "`r -> r.valeu * 2`", "nothing binds it"),
    ("rule(valeu + 1, y: 2)", "did you mean `value`", "takes a function"),
    ("formula(valeu + 1, x -> x, 0, 1)", "did you mean `value`", "takes a function"),
    ("filter([1, 2], lenght([1]) > 2)", "did you mean `length`?", "takes a function"),
    ("filter([1, 2], np.mean([1]) > 2)", "`mean(…)`", "takes a function"),
    ("filter([1, 2], p.age > 2)", "`p -> p.age > 2`", "nothing binds it"),
    ("rows.where(lenght(b) > 1)", "`r -> lenght(r.b) > 1`", "r.lenght"),
    ("fn filter(a, f) = a + f\nfilter(3, valeu + 1)", "did you mean `value`", "takes a function"),
    ("fn keep(a, f) = a + f\nlet filter = keep\nfilter(3, valeu + 1)", "did you mean `value`", "takes a function"),
    // Mistakes that look like forms of other languages.
    ("var (c, d) = [1, 2]", "there are no tuples", "variance"),
    ("let ys = [\n  1\n  if true { 2 } else { 3 }\n]", "expected", "cannot follow what it chooses"),
    ("let y = { 1 + 2 }", "braces are a record here", "distinct"),
    ("let c, d = 1,2", "write `[c, d]`", "1.2"), ("let c = 1\nlet d = 1,2", "1.2", "there are no tuples"),
  ]

  @Test(arguments: unmeant.map(\.wrong)) func whatIsNotMeantIsNotTold(_ wrong: String) throws {
    let scene = """
      let [mask, value, net] = [true, 3, dense(2, 2)]
      let [r, rows] = [{ a: 1, b: 2 }, table([{ a: 1, b: 2 }])]

      """
    for (_, told, notTold) in Self.unmeant.filter({ $0.wrong == wrong }) {
      let words = try errors(scene + wrong).flatMap { [$0.message, $0.label] + $0.help }
      #expect(words.contains { $0.contains(told) }, "\(wrong): \(words)")
      #expect(!words.contains { $0.contains(notTold) }, "\(wrong): \(words)")
    }
  }

  @Test(arguments: mended.map(\.wrong)) func theRemedyGivesWhatIsMeant(_ wrong: String) throws {
    let scene = """
      let [x, v, t, w] = [1.5, tensor([1.0, 2.0]), tensor([[1.0, 2.0], [3.0, 4.0]]), ones(1, 2)]
      let [f, net, rows] = [x -> x * x, dense(2, 2), table([{ a: 1, b: 2 }, { a: 2, b: 2 }])]

      """
    for (_, told, right, shows) in Self.mended.filter({ $0.wrong == wrong }) {
      let found = try errors(scene + wrong)
      let words = found.flatMap { [$0.message, $0.label] + $0.help }
      #expect(words.contains { $0.contains(told) }, "\(wrong): \(words)")
      let host = TestHost()
      let session = Session(library: try testLibrary.get(), host: host, threads: 1)
      let source = SourceStore.shared.add(name: "remedy.exp", text: scene + right)
      let mistakes = try onLargeStack { session.run(source) }
      #expect(
        mistakes.isEmpty && host.shown.map(plain) == (shows.isEmpty ? [] : [shows]),
        "\(right): \(mistakes.map(\.message))")
    }
  }
}
