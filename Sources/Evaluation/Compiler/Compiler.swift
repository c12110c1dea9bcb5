import Diagnostics
import Graphs
import Resolution
import Syntax

/// Turns the function literals of one resolved file or cell into prototypes. The top level is compiled statement by
/// statement, each as a prototype whose first registers are the globals.
final class Compiler {
  let program: ResolvedProgram
  /// Registers below this are globals, in code of the top level.
  let globalCount: Int
  /// Keep globals intact when a statement fails (the REPL): then nothing that an error could still need is moved.
  let keepsGlobals: Bool
  /// What could not be compiled, because it is too large.
  private(set) var diagnostics: [Diagnostic] = []
  private var prototypes: [Int: Prototype] = [:]
  /// Holds all that is compiled here.
  let unit = PrototypeUnit()
  private var hasNamedFunctions = false
  /// The file whose lines are marked for a profiler; nil while none looks.
  private let marked: SourceFile?
  /// Members of sets of definitions other than their leaders.
  let followers: Set<Int>

  init(program: ResolvedProgram, globalCount: Int, keepsGlobals: Bool) {
    self.program = program
    self.globalCount = globalCount
    self.keepsGlobals = keepsGlobals
    let file = program.tree.file
    marked = Probe.moment != nil && file.id == Profiler.file ? file : nil
    followers = Set(program.overloads.flatMap { leader, set in set.map(\.literal).filter { $0 != leader } })
  }

  /// The line on which a span begins, when lines are marked.
  func markedLine(_ span: Span) -> Int? {
    guard let marked, span.file == marked.id else { return nil }
    return marked.position(Int(span.lower)).line
  }

  /// The prototype of a literal, perhaps still empty: it is filled when the literal itself is met.
  func prototype(_ literal: Int) -> Prototype {
    if let known = prototypes[literal] { return known }
    let shell = Prototype(name: "fn", span: .none, literal: nil, unit: unit)
    prototypes[literal] = shell
    return shell
  }

  /// Compiles a function literal and everything inside.
  @discardableResult func compile(_ literal: FunctionLiteral, kind: FunctionCompiler.Kind = .function) -> Prototype {
    let prototype = prototype(literal.id)
    guard prototype.code.isEmpty else { return prototype }
    prototype.name = literal.name ?? "fn"
    prototype.span = literal.span
    prototype.literal = literal
    let layout = program.functions[literal.id] ?? FunctionLayout(localCount: literal.parameters.count, captures: [])
    prototype.captures = layout.captures.map { Prototype.CapturedName(name: $0.name, role: $0.role) }
    prototype.parameters = literal.parameters.map {
      Prototype.Parameter(
        name: $0.name.text, kinds: $0.kind.flatMap { KindSet.named($0.text) } ?? .any,
        hasDefault: $0.defaultValue != nil, isRest: $0.isRest)
    }
    build(prototype) { usesLongJumps in
      var function = FunctionCompiler(
        self, prototype, layout: layout, kind: kind, locals: layout.localCount, usesLongJumps: usesLongJumps)
      function.compileFunction(literal)
      return function
    }
    return prototype
  }

  /// The named functions of a file see each other wherever they stand: a statement may call one that stands below it.
  private func compileNamedFunctions() {
    guard !hasNamedFunctions else { return }
    hasNamedFunctions = true
    for statement in program.tree.statements {
      if case .function(_, let literal, _) = statement.kind { compile(literal) }
    }
  }

  /// Compiles code of the top level: `body` emits it and may leave a value in the register `FunctionCompiler.result`.
  func compileTopLevel(span: Span, _ body: (inout FunctionCompiler) -> Void) -> Prototype {
    compileNamedFunctions()
    let prototype = Prototype(name: "<top level>", span: span, literal: nil, unit: unit)
    prototype.keepCount = globalCount
    build(prototype) { usesLongJumps in
      var function = FunctionCompiler(
        self, prototype, layout: nil, kind: .topLevel, locals: globalCount + program.topLevelLocals,
        usesLongJumps: usesLongJumps)
      let result = function.builder.allocate()
      function.builder.emit(.loadNone, a: result)
      function.mark(span)
      body(&function)
      // Locals of blocks at the top level do not outlive the statement.
      for register in globalCount..<result { function.builder.emit(.drop, a: register) }
      function.builder.emit(.halt, a: result)
      return function
    }
    return prototype
  }

  private func build(_ prototype: Prototype, _ compile: (Bool) -> FunctionCompiler) {
    var result = compile(false)
    if result.builder.overflowedJump {
      prototype.clearCode()
      result = compile(true)
    }
    if result.builder.overflowedOperand || result.builder.overflowedJump
      || prototype.constants.count > 0xFFFF || prototype.cacheNames.count > 0xFFFF
    {
      diagnostics.append(
        Diagnostic(
          "E0301", "this function is too large", at: prototype.span,
          label: "more than 65 000 values at once, or constants", help: ["split it into several functions"]))
      prototype.clearCode()
      prototype.code = [Instruction(.raise)]
      prototype.constants = [.string("this function is too large")]
      prototype.spans = [prototype.span]
      return
    }
    Liveness.mark(
      prototype, keeping: prototype.literal == nil ? globalCount : 0, afterErrors: keepsGlobals)
  }
}

extension Prototype {
  /// Forgets what was compiled.
  func clearCode() {
    code = []
    spans = []
    constants = []
    children = []
    handlers = []
    readsErrorLines = false
    calls = []
    recipes = []
    keyLists = []
    indexLists = []
    paths = []
    sweeps = []
    methods = []
    hidingNames = [:]
    calledFields = []
    cacheNames = []
  }
}

/// The state of compiling one function body.
struct FunctionCompiler {
  enum Kind { case function, topLevel, claim }

  let compiler: Compiler
  let layout: FunctionLayout?
  let kind: Kind
  var builder: CodeBuilder
  var loops: [Loop] = []
  /// Inside a claim: the names whose values are noted.
  var notedNames: Set<String> = []
  /// Inside the last expression of a claim.
  var isInVerdict = false
  /// Names that the comprehensions around the expression being compiled bind: their values pass, and say nothing of the whole.
  var passingNames: Set<String> = []
  /// Jumps out of the chains with `?.` around the expression being compiled, innermost last.
  var chains: [[Int]] = []
  /// The expression that goes on with the chain around it.
  var chainLink: Int?
  /// What the value being compiled will be bound to, for sweeps.
  var bindingName: String?
  /// The register that keeps the line of the call, when lines are marked.
  var callerLine: Int?

  struct Loop {
    var breaks: [Int] = []
    var continues: [Int] = []
    /// First temporary inside the loop.
    var base: Int
  }

  init(
    _ compiler: Compiler, _ prototype: Prototype, layout: FunctionLayout?, kind: Kind, locals: Int, usesLongJumps: Bool
  ) {
    self.compiler = compiler
    self.layout = layout
    self.kind = kind
    builder = CodeBuilder(prototype: prototype, locals: locals, usesLongJumps: usesLongJumps)
  }

  /// Where top-level code leaves its value.
  var result: Int { prototype.localCount }

  var program: ResolvedProgram { compiler.program }
  var prototype: Prototype { builder.prototype }

  /// The register of a local or global; nil for other references.
  func register(_ reference: Reference?) -> Int? {
    switch reference {
    case .local(let slot): kind == .topLevel ? compiler.globalCount + slot : slot
    case .global(let slot): slot
    default: nil
    }
  }

  /// The register that a binding occurrence fills.
  func register(binding name: Name) -> Int? { register(program.bindings[name.id]?.place) }

  /// Says which line begins, when somebody looks.
  mutating func mark(_ span: Span) {
    if let line = compiler.markedLine(span) { builder.emit(.mark, b: line & 0xFFFF, c: line >> 16) }
  }

  mutating func compileFunction(_ literal: FunctionLiteral) {
    let base = builder.nextRegister
    if compiler.markedLine(literal.span) != nil {
      let register = builder.allocate()
      builder.emit(.markSave, a: register)
      callerLine = register
    }
    var patterns = literal.headStatements
    for parameter in literal.parameters {
      if let value = parameter.defaultValue, let register = register(binding: parameter.name) {
        let jump = builder.emitJump(.jumpIfSet, a: register)
        expression(value, to: register)
        builder.patch([jump])
      }
      if parameter.pattern != nil, let pattern = patterns.popFirst() { statement(pattern) }
    }
    switch literal.body {
    case .expression(let body):
      noteAll(body)
      returnValue(of: body)
    case .block(let block):
      if kind == .claim { findNotedNames(block) }
      returnBlock(Array(block.statements.dropFirst(literal.headStatements.count)))
    }
    builder.free(from: base)
  }

  /// Emits `return e`.
  mutating func returnValue(of value: Expression) {
    let base = builder.nextRegister
    mark(value.span)
    let operand = operand(value)
    if let callerLine { builder.emit(.markRestore, a: callerLine) }
    builder.emit(.returnValue, x: operand.isTemporary ? 1 : 0, a: operand.register, b: builder.nextRegister)
    builder.free(from: base)
  }

  private mutating func returnBlock(_ statements: [Statement]) {
    let last = statements.last { if case .prose = $0.kind { false } else { true } }
    let waiting = program.waitingFunctions(in: statements)
    for (index, statement) in statements.enumerated() {
      if statement === last, case .expression(let value) = statement.kind {
        noteAll(value)
        returnValue(of: value)
        return
      }
      self.statement(statement)
      makeWaiting(waiting[index])
    }
    if let callerLine { builder.emit(.markRestore, a: callerLine) }
    builder.emit(.returnNone, b: builder.nextRegister)
  }
}

/// A value in a register.
struct Operand {
  var register: Int
  /// Nobody reads the register afterwards.
  var isTemporary: Bool
  /// Flag for the first or second operand of an instruction.
  var first: Int { isTemporary ? 1 : 0 }
  var second: Int { isTemporary ? 2 : 0 }
}

extension ResolvedProgram {
  /// Functions of a list of statements that are made only behind another one of them, by that one's place.
  func waitingFunctions(in statements: [Statement]) -> [Int: [Statement]] {
    var waiting: [Int: [Statement]] = [:]
    for statement in statements {
      guard case .function(_, let literal, _) = statement.kind, let place = functions[literal.id]?.madeAfter else {
        continue
      }
      waiting[place, default: []].append(statement)
    }
    return waiting
  }
}
