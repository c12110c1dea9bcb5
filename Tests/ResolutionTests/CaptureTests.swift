import Diagnostics
import Syntax
import Testing

@testable import Resolution

/// A reference in a few letters: `l0` local, `c1` capture, `g2` global, `self`, `code(f)` a named function, `lib`.
private func written(_ r: Reference, _ names: [Int: String]) -> String {
  switch r {
  case .local(let i): "l\(i)"
  case .capture(let i): "c\(i)"
  case .global(let i): "g\(i)"
  case .itself: "self"
  case .sibling(let id): "code(\(names[id] ?? "?"))"
  case .prelude: "lib"
  case .module: "module"
  case .unresolved: "?"
  }
}

/// All references to a name in the order of the text, and the captures of each named function.
private struct Picture {
  var references: [String: [String]] = [:]
  var captures: [String: String] = [:]
  var layouts: [String: FunctionLayout] = [:]
  let program: ResolvedProgram

  init(_ text: String, globals: [GlobalBinding] = [], nextSlot: Int = 0, isLibrary: Bool = false) {
    let (program, diagnostics) = resolveText(text, globals: globals, nextSlot: nextSlot, isLibrary: isLibrary)
    #expect(diagnostics.filter { $0.severity == .error }.isEmpty, "\(diagnostics.map(rendered))")
    self.program = program
    var found: [(Int, Int, String)] = []
    var names: [Int: String] = [:]
    Walker(
      name: { found.append((Int($0.span.lower), $0.id, $1)) },
      literal: { names[$0.id] = $0.name ?? "λ\(names.count)" }
    ).walk(program.tree.statements)
    for (_, id, name) in found.sorted(by: { $0.0 < $1.0 }) {
      references[name, default: []].append(program.references[id].map { written($0, names) } ?? "-")
    }
    for (id, layout) in program.functions {
      guard let name = names[id] else { continue }
      layouts[name] = layout
      captures[name] = layout.captures.map { "\($0.name)=\(written($0.source, names)):\($0.role.rawValue)" }
        .joined(separator: " ")
    }
  }
}

/// Visits every name and function literal; only what the tests' texts contain.
private struct Walker {
  var name: (Expression, String) -> Void
  var literal: (FunctionLiteral) -> Void

  func walk(_ statements: [Statement]) {
    for s in statements {
      switch s.kind {
      case .expression(let e), .show(let e), .letBinding(_, let e), .varBinding(_, let e), .param(_, let e),
        .state(_, let e),
        .option(_, let e, _, _):
        walk(e)
      case .assign(let t, _, let v):
        walk(t)
        walk(v)
      case .function(_, let f, _), .claim(_, let f), .test(_, let f): walk(f)
      case .forLoop(_, let e, let b), .whileLoop(let e, let b):
        walk(e)
        walk(b.statements)
      default: break
      }
    }
  }
  func walk(_ f: FunctionLiteral) {
    literal(f)
    for p in f.parameters { if let d = p.defaultValue { walk(d) } }
    switch f.body {
    case .expression(let e): walk(e)
    case .block(let b): walk(b.statements)
    }
  }
  func walk(_ e: Expression) {
    switch e.kind {
    case .name(let n): name(e, n)
    case .call(let c, let arguments):
      walk(c)
      for a in arguments {
        switch a {
        case .positional(let e), .named(_, let e), .spread(let e): walk(e)
        }
      }
    case .field(let b, let n):
      walk(b)
      name(e, "." + n.text)
    case .binary(_, let a, let b, _):
      walk(a)
      walk(b)
    case .comparison(let operands, _, _): operands.forEach(walk)
    case .function(let f): walk(f)
    case .list(let elements):
      for case .value(let e) in elements { walk(e) }
    case .record(let entries):
      for case .field(_, let e) in entries { walk(e) }
    case .comprehension(let e, let clauses):
      walk(e)
      for case .each(_, let s) in clauses { walk(s) }
    case .conditional(let c, let then, let otherwise):
      walk(c)
      walk(then.statements)
      if let otherwise { walk(otherwise) }
    case .block(let b): walk(b.statements)
    case .sweep(let s):
      for axis in s.axes { walk(axis.values) }
      if let c = s.condition { walk(c) }
      walk(s.body)
    default: break
    }
  }
}

@Suite struct ScopeTests {
  @Test func laterLetHides() {
    let p = Picture("let x = 1\nlet x = x + 1\nprint(x)\nlet y = x")
    #expect(p.references["x"] == ["g0", "g1", "g1"])
    #expect(p.program.globals.map(\.slot) == [0, 1, 2])
  }

  @Test func blocksOfTheTopLevelHaveAFrame() {
    let p = Picture("let x = 1\nfor i in [1] { let x = x + i\n print(x) }\nprint(x)")
    #expect(p.references["x"] == ["g0", "l1", "g0"])
    #expect(p.references["i"] == ["l0"])
    #expect(p.program.topLevelLocals == 2)
  }

  @Test func parametersTakeTheFirstSlots() {
    let p = Picture("fn f(a, b = [a for i in [1, 2]], c = b) { let d = c\n d }")
    #expect(p.references["a"] == ["l0"])
    #expect(p.references["b"] == ["l1"])
    #expect(p.references["c"] == ["l2"])
    #expect(p.references["d"] == ["l4"])
    #expect(p.layouts["f"]?.localCount == 5)
  }

  @Test func comprehensionsBindFromLeftToRight() {
    let p = Picture("let xs = [[1]]\nlet ys = [y + z for x in xs for y in x for z in x]\n")
    #expect(p.references["x"] == ["l0", "l0"])
    #expect(p.references["y"] == ["l1"])
    #expect(p.references["z"] == ["l2"])
  }

  @Test func cellsGoOn() {
    let globals = [
      GlobalBinding(name: "x", slot: 0, role: .letName),
      GlobalBinding(name: "f", slot: 1, role: .function, signatures: [Signature([.init("a")])]),
    ]
    let p = Picture("let y = f(x)\nlet g = () -> f(x)", globals: globals, nextSlot: 2)
    #expect(p.references["x"] == ["g0", "c0"])
    #expect(p.references["f"] == ["g1", "c1"])
    #expect(p.captures["λ0"] == "x=g0:letName f=g1:function")
    #expect(p.program.globals.map(\.slot) == [2, 3])
    let (_, said) = resolveText("f(1, 2)", globals: globals, nextSlot: 2)
    #expect(said.map(\.id) == ["E0105"])
    // What an earlier cell bound may be bound anew, but not inside a block.
    let (_, assigned) = resolveText("x = 1\nif 1 < 2 { x = 2 }", globals: globals, nextSlot: 2)
    #expect(assigned.map { $0.help[0].contains("let x = …") } == [true, false])
  }

  @Test func usesFillGlobals() {
    let p = Picture("use nn\nuse \"./a/helpers.exp\"\nuse \"./b.exp\" as c\nprint(nn, helpers, c.x)")
    #expect(p.program.uses.map(\.name) == ["nn", "helpers", "c"])
    #expect(p.program.uses.map(\.slot) == [0, 1, 2])
    #expect(p.references["c"] == ["g2"])
  }
}

@Suite struct CaptureTests {
  @Test func throughSeveralLevelsInOrderOfBinding() {
    let p = Picture("let b = 1\nlet a = 2\nfn outer(p) {\n  param w = 3\n  x -> (y -> a + w + p + b + x)\n}")
    #expect(p.captures["outer"] == "b=g0:letName a=g1:letName")
    #expect(p.captures["λ1"] == "b=c0:letName a=c1:letName p=l0:parameter w=l1:param")
    #expect(p.captures["λ2"] == "b=c0:letName a=c1:letName p=c2:parameter w=c3:param x=l0:parameter")
    #expect(p.references["w"] == ["c3"])
  }

  @Test func selfAndSiblingsAreCode() {
    let p = Picture(
      "fn even(n) = if n == 0 { true } else { odd(n - 1) }\nfn odd(n) = if n == 0 { false } else { even(n - 1) }\nfn loop(n) = loop(n)\neven(3)"
    )
    #expect(p.captures["even"] == "" && p.captures["odd"] == "")
    #expect(p.references["odd"] == ["code(odd)"])
    #expect(p.references["even"] == ["code(even)", "g0"])
    #expect(p.references["loop"] == ["self"])
  }

  @Test func siblingsOfARingShareTheirCaptures() throws {
    let p = Picture(
      "fn outer(a) {\n let b = 1\n fn even(n) = odd(n - a)\n fn odd(n) = even(n - b)\n even\n}")
    #expect(p.captures["even"] == "a=l0:parameter b=l1:letName")
    #expect(p.captures["odd"] == p.captures["even"])
    let even = try #require(p.layouts["even"])
    #expect(even.siblings.values.map { $0 } == [[.capture(0), .capture(1)]])
    #expect(p.references["even"] == ["code(even)", "l2"])
  }

  @Test func whatANamedFunctionHoldsIsHeldByItsUsers() throws {
    let p = Picture("fn model() {\n  param w = 1\n  let k = 2\n  fn apply(x) = x * w\n  x -> apply(x) + k\n}")
    #expect(p.captures["apply"] == "w=l0:param")
    #expect(p.captures["λ2"] == "w=l0:param k=l1:letName")
    let user = try #require(p.layouts["λ2"])
    #expect(user.siblings.values.map { $0 } == [[.capture(0)]])
  }

  @Test func functionsWaitForWhatTheyReach() {
    let p = Picture("fn first(x) = second(x)\nlet rate = 1\nlet other = 2\nfn second(x) = x * rate\nfirst(1)")
    #expect(p.layouts["first"]?.madeAfter == 1)
    #expect(p.layouts["second"]?.madeAfter == nil)
    #expect(p.captures["first"] == "rate=g1:letName")
    #expect(p.references["first"] == ["g0"])
  }

  @Test func functionsThatHoldNothingCanBeUsedAbove() {
    let p = Picture("let y = twice(2)\nfn twice(x) = x + x\nlet z = twice(2)")
    #expect(p.references["twice"] == ["code(twice)", "g1"])
    #expect(p.program.topLevelSiblings.values.map { $0 } == [[]])
  }

  @Test func aFunctionSeesTheLetAboveIt() {
    let p = Picture("let x = 1\nfn f() = x\nlet x = 2\nfn g() = x\nf()\ng()")
    #expect(p.captures["f"] == "x=g0:letName")
    #expect(p.captures["g"] == "x=g2:letName")
  }

  @Test func overloadsAreOneSet() throws {
    let p = Picture(
      "let k = 1\nfn half(x: list) = [half(y) for y in x]\nfn half(x: number) = x * k\nfn other(x) = half(x)\nhalf([2])"
    )
    let set = try #require(p.program.overloads.values.first)
    #expect(set.map(\.kind) == ["list", "number"])
    #expect(p.references["half"] == ["code(half)", "code(half)", "g1"])
    #expect(p.captures["other"] == "k=g0:letName")
    #expect(p.program.functions[set[0].literal]?.captures == p.program.functions[set[1].literal]?.captures)
    #expect(p.program.functions[set[0].literal]?.madeAfter == 2)
  }

  @Test func ownDefinitionHidesTheLibrary() {
    let p = Picture("fn sqrt(x) = x\nsqrt(4)\nlet s = [1].sqrt")
    #expect(p.references["sqrt"] == ["g0"])
    #expect(p.references[".sqrt"] == ["g0"])
  }

  @Test func methodsMayMeanFunctions() {
    let p = Picture("let weight = 1\nfn twice(x) = x + weight\nlet f = m -> m.weight + m.twice() + m.sqrt + m.nothing")
    #expect(p.references[".weight"] == ["-"])
    #expect(p.references[".twice"] == ["code(twice)"])
    #expect(p.references[".sqrt"] == ["lib"])
    #expect(p.references[".nothing"] == ["-"])
    #expect(p.captures["λ1"] == "weight=g0:letName")
  }

  @Test func aFunctionOfNoArgumentIsNoMethod() {
    let p = Picture("fn sqrt() = 2\nlet length = () -> 3\nlet a = [1].sqrt\nlet b = [1].length\nsqrt()")
    #expect(p.references[".sqrt"] == ["lib"])
    #expect(p.references[".length"] == ["lib"])
    #expect(p.references["sqrt"] == ["g0"])
  }

  @Test func statesAreAssignedByTheirClosure() {
    let p = Picture("fn norm() {\n  state seen = 0\n  fn(x) {\n    seen = seen + 1\n    x\n  }\n}")
    #expect(p.references["seen"] == ["c0", "c0"])
    #expect(p.captures["λ1"] == "seen=l0:state")
  }

  @Test func sweepBlocksAreFunctionsOfTheirCoordinates() {
    let p = Picture(
      "let k = 2\nlet runs = sweep width in [1, k], rep in [1] where width > k { { a: width * rep * k } }")
    #expect(p.references["width"] == ["l0", "l0"])
    #expect(p.references["rep"] == ["l1"])
    #expect(p.references["k"] == ["g0", "c0", "c0"])
  }

  @Test func libraryFilesUseTheMergedSets() {
    let p = Picture(
      "fn sqrt(x: list) = length(x)\nfn sqrt(x: table) = 1\nfn error(m, d) = sqrt(m)", isLibrary: true)
    #expect(p.program.overloads.values.map { $0.map(\.kind) } == [["list", "table"]])
    #expect(p.references["sqrt"] == ["lib"])
    #expect(p.captures["error"] == "")
  }

  @Test func longChainsDoNotNest() {
    let sum = Array(repeating: "1", count: 900).joined(separator: " + ")
    let (_, said) = resolveText("let x = \(sum)\n")
    #expect(said.isEmpty)
  }

  /// Functions within functions, of several definitions and that use each other: nothing keeps their frames, nor the
  /// tree, once the references are known.
  @Test func whatTheWalkKnewIsGivenBack() {
    weak var top: Frame?
    weak var literal: FunctionLiteral?
    do {
      let text = """
        fn even(n) = if n == 0 { true } else { odd(n - 1) }
        fn odd(n) = if n == 0 { false } else { even(n - 1) }
        fn size(x: list) = length(x)
        fn size(x: table) = 1
        let k = 2
        let f = x -> y -> x + y + k
        let runs = sweep w in [1, 2] { { y: f(w)(k) } }
        """
      let parsed = parse(SourceStore.detached(name: "given back.exp", text: text))
      let resolver = Resolver(parsed.tree, prelude: testPrelude, globals: GlobalNames(), nextSlot: 0, isLibrary: false)
      resolver.walkFile()
      resolver.settleCaptures()
      #expect(resolver.frames.count == 8 && resolver.sets.count == 3)
      top = resolver.top
      literal = resolver.frames.last?.literal
      #expect(top != nil && literal != nil)
    }
    #expect(top == nil)
    #expect(literal == nil)
  }
}
