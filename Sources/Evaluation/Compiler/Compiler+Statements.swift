import Diagnostics
import Resolution
import Syntax

extension FunctionCompiler {
  /// Compiles a block; its value goes to `target`, or nowhere.
  mutating func block(_ block: Block, to target: Int?) {
    let last = block.statements.last { if case .prose = $0.kind { false } else { true } }
    let waiting = program.waitingFunctions(in: block.statements)
    for (index, statement) in block.statements.enumerated() {
      if statement === last, let target, case .expression(let value) = statement.kind {
        mark(value.span)
        expression(value, to: target)
        return
      }
      self.statement(statement)
      makeWaiting(waiting[index])
    }
    if let target { builder.emit(.loadNone, a: target) }
  }

  mutating func statement(_ statement: Statement) {
    let outer = builder.span
    builder.span = statement.span
    defer { builder.span = outer }
    mark(statement.span)
    let base = builder.nextRegister
    switch statement.kind {
    case .expression(let value): discard(value)
    case .letBinding(let pattern, let value), .varBinding(let pattern, let value): bind(pattern, to: value)
    case .assign(let target, let operation, let value): assign(target, operation, value, span: statement.span)
    case .function(let name, let literal, _): functionStatement(name, literal)
    case .param(let name, let value): slot(name, value, .makeParam)
    case .state(let name, let value): slot(name, value, .makeState)
    case .show(let value):
      let operand = operand(value)
      builder.emit(.show, x: operand.first, a: operand.register)
    case .forLoop(let pattern, let sequence, let body): forLoop(pattern, sequence, body)
    case .whileLoop(let condition, let body): whileLoop(condition, body)
    case .breakLoop: leave(isBreak: true)
    case .continueLoop: leave(isBreak: false)
    case .returnValue(let value):
      if let value {
        returnValue(of: value)
      } else {
        if let callerLine { builder.emit(.markRestore, a: callerLine) }
        builder.emit(.returnNone, b: builder.nextRegister)
      }
    case .expect(let condition): expect(condition)
    case .expectFails(let literal):
      let register = builder.allocate()
      makeFunction(literal, to: register)
      builder.emit(.expectFails, x: 1, a: register)
    case .prose, .languageVersion, .invalid: break
    case .option, .seed, .cite, .claim, .test, .use: break  // top-level statements: the session runs them
    }
    builder.free(from: base)
  }

  private mutating func slot(_ name: Name, _ value: Expression, _ op: Op) {
    guard let register = register(binding: name) else { return }
    expression(value, to: register)
    builder.emit(op, a: register)
  }

  // MARK: bindings

  mutating func bind(_ pattern: Pattern, to value: Expression) {
    if case .name(let name) = pattern.kind, let register = register(binding: name) {
      bindingName = name.text
      expression(value, to: register)
      bindingName = nil
      note(name, register)
      return
    }
    let register = builder.allocate()
    expression(value, to: register)
    destructure(pattern, from: register)
    builder.emit(.drop, a: register)
  }

  /// Takes apart the value of a register, which keeps it.
  mutating func destructure(_ pattern: Pattern, from source: Int) {
    let outer = builder.span
    builder.span = pattern.span
    defer { builder.span = outer }
    switch pattern.kind {
    case .ignore: break
    case .name(let name):
      if let register = register(binding: name) {
        builder.emit(.copy, a: register, b: source)
        note(name, register)
      }
    case .list(let patterns, let rest):
      var hasRest = true
      if case .exact = rest { hasRest = false }
      builder.emit(.checkList, x: hasRest ? 4 : 0, a: source, b: patterns.count)
      for (index, part) in patterns.enumerated() {
        self.part(part) { $0.emit(.element, a: $1, b: source, c: index) }
      }
      if case .named(let name) = rest, let register = register(binding: name) {
        builder.emit(.restOf, a: register, b: source, c: patterns.count)
        note(name, register)
      }
    case .record(let fields):
      for (field, part) in fields {
        builder.span = field.span
        let cache = builder.cache(field.text)
        self.part(part) { $0.emit(.getField, a: $1, b: source, c: cache) }
      }
    }
  }

  /// Fetches a part of a value and binds it.
  private mutating func part(_ pattern: Pattern, fetch: (inout CodeBuilder, Int) -> Void) {
    switch pattern.kind {
    case .ignore:
      let base = builder.nextRegister
      let register = builder.allocate()
      fetch(&builder, register)
      builder.emit(.drop, a: register)
      builder.free(from: base)
    case .name(let name):
      guard let register = register(binding: name) else { return }
      fetch(&builder, register)
      note(name, register)
    default:
      let base = builder.nextRegister
      let register = builder.allocate()
      fetch(&builder, register)
      destructure(pattern, from: register)
      builder.emit(.drop, a: register)
      builder.free(from: base)
    }
  }

  // MARK: functions

  /// A `fn` statement: made here unless it waits for a name further down.
  mutating func functionStatement(_ name: Name, _ literal: FunctionLiteral) {
    compiler.compile(literal)
    if program.functions[literal.id]?.madeAfter == nil { makeNamed(name, literal) }
  }

  /// Makes the functions that waited for a statement, where there are any.
  mutating func makeWaiting(_ statements: [Statement]?) {
    for statement in statements ?? [] {
      guard case .function(let name, let literal, _) = statement.kind else { continue }
      compiler.compile(literal)
      makeNamed(name, literal)
    }
  }

  /// Fills the slot of a named function; of a set of definitions the leader stands for all.
  private mutating func makeNamed(_ name: Name, _ literal: FunctionLiteral) {
    guard let layout = program.functions[literal.id], !compiler.followers.contains(literal.id),
      let register = register(binding: name)
    else { return }
    let outer = builder.span
    builder.span = name.span
    make(literal: literal.id, sources: layout.captures.map(\.source), to: register)
    builder.span = outer
  }

  /// An anonymous function, or the body of a claim, test, sweep: compiled and made.
  mutating func makeFunction(_ literal: FunctionLiteral, to register: Int, kind: Kind = .function) {
    let made = compiler.compile(literal, kind: kind)
    if made.name == "fn" {
      made.maker = prototype.name == "fn" ? prototype.maker : prototype.literal.map { _ in prototype.name }
    }
    let layout = program.functions[literal.id]
    make(literal: literal.id, sources: layout?.captures.map(\.source) ?? [], to: register)
  }

  /// Emits the making of the function of a literal, or of the set of definitions that it leads.
  mutating func make(literal: Int, sources: [Reference], to register: Int) {
    let encoded = sources.map { source -> Int in
      if case .capture(let index) = source { return -1 - index }
      return self.register(source) ?? 0
    }
    let members = program.overloads[literal]
    var recipe = Prototype.ClosureRecipe(children: [], sources: encoded)
    for member in members ?? [Overload(kind: nil, literal: literal)] {
      let child = compiler.prototype(member.literal)
      prototype.children.append(Prototype.Child(prototype: child))
      recipe.children.append((prototype.children.count - 1, member.kind.flatMap { KindSet.named($0) } ?? .any))
    }
    prototype.recipes.append(recipe)
    builder.emit(members == nil ? .makeClosure : .makeOverload, a: register, b: prototype.recipes.count - 1)
  }

  // MARK: loops

  private mutating func forLoop(_ pattern: Pattern, _ sequence: Expression, _ body: Block) {
    iterate(pattern, over: sequence) { $0.block(body, to: nil) }
  }

  /// Emits a loop over a sequence with the pattern bound. One that `makesList` adds an element to a list each time, so that
  /// there must be room for all of them.
  mutating func iterate(
    _ pattern: Pattern, over sequence: Expression, makesList: Bool = false, _ body: (inout FunctionCompiler) -> Void
  ) {
    let base = builder.nextRegister
    let nextOp: Op
    if case .range(let start, let end, let isInclusive, nil) = sequence.kind {
      let registers = builder.allocate(2)
      expression(start, to: registers)
      expression(end, to: registers + 1)
      builder.span = sequence.span
      builder.emit(.rangePrepare, x: isInclusive ? 4 : 0, a: registers)
      nextOp = .rangeNext
    } else {
      let registers = builder.allocate(2)
      expression(sequence, to: registers)
      builder.span = sequence.span
      builder.emit(.iterate, a: registers)
      nextOp = .next
    }
    let preparation = builder.here - 1
    let element: Int
    var binds = false
    if case .name(let name) = pattern.kind, let register = register(binding: name) {
      element = register
    } else {
      element = builder.allocate()
      binds = true
    }
    loops.append(Loop(base: builder.nextRegister))
    let entry = builder.emitJump(.jump)
    let start = builder.here
    if binds {
      destructure(pattern, from: element)
      builder.emit(.drop, a: element)
    }
    body(&self)
    guard let loop = loops.popLast() else { return }
    if makesList, loop.breaks.isEmpty, loop.continues.isEmpty, !builder.returns(from: start) {
      builder.checkRoom(at: preparation)
    }
    builder.patch(loop.continues + [entry])
    builder.span = sequence.span
    let distance = start - builder.here - 1
    if distance >= -32_000 {
      builder.emit(nextOp, a: base, b: element)
      builder.patch(builder.here - 1, to: start)
    } else {
      builder.emit(nextOp, a: base, b: element)
      builder.patch(builder.here - 1, to: builder.here + 1)
      let exit = builder.emitJump(.jump)
      builder.emitLoop(to: start)
      builder.patch([exit])
    }
    builder.patch(loop.breaks)
    if nextOp == .next { builder.emit(.drop, a: base) }
    builder.free(from: base)
  }

  private mutating func whileLoop(_ condition: Expression, _ body: Block) {
    loops.append(Loop(base: builder.nextRegister))
    let entry = builder.emitJump(.jump)
    let start = builder.here
    block(body, to: nil)
    guard let loop = loops.popLast() else { return }
    builder.patch(loop.continues + [entry])
    mark(condition.span)
    for jump in jump(on: condition, if: true) { builder.patch(jump, to: start) }
    builder.patch(loop.breaks)
  }

  private mutating func leave(isBreak: Bool) {
    guard let loop = loops.last else { return }
    for register in loop.base..<max(loop.base, builder.nextRegister) { builder.emit(.drop, a: register) }
    let jump = builder.emitJump(.jump)
    if isBreak {
      loops[loops.count - 1].breaks.append(jump)
    } else {
      loops[loops.count - 1].continues.append(jump)
    }
  }

  // MARK: expectations

  private mutating func expect(_ condition: Expression) {
    builder.span = condition.span
    if case .comparison(let operands, let operators, let tolerance) = condition.kind, operators.count == 1 {
      let left = operand(operands[0], beside: [operands[1]])
      let right = operand(operands[1], beside: tolerance.map { [$0] } ?? [])
      let limit = tolerance.map { operand($0) }
      builder.span = condition.span
      builder.emit(.expectCompare, x: left.first | right.second, a: left.register, b: right.register)
      builder.emit(.nop, a: compareCode(operators[0]), b: limit.map { $0.register + 1 } ?? 0)
      return
    }
    let value = operand(condition)
    builder.emit(.expectTrue, x: value.first, a: value.register)
  }

  /// The number of an operator in the word behind a general comparison.
  func compareCode(_ op: ComparisonOperator) -> Int { ComparisonOperator.allCases.firstIndex(of: op) ?? 0 }

  // MARK: the numbers behind a claim

  /// In a claim: remembers a name's value.
  mutating func note(_ name: Name, _ register: Int) {
    guard kind == .claim, notedNames.contains(name.text), !passingNames.contains(name.text) else { return }
    builder.emit(.note, a: register, b: builder.constant(.string(name.text)))
  }
}
