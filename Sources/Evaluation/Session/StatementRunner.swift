import Diagnostics
import Records
import Resolution
import Syntax

/// Runs the top-level statements of a file or cell, one after the other, and tells the host about them.
struct StatementRunner {
  let session: Session
  let machine: Machine
  let base: UnsafeMutablePointer<Value>
  let prepared: Session.Prepared
  let mode: Session.Mode
  private var result = Session.Executed()
  private var prose: [String] = []
  private var uses: ArraySlice<ModuleUse>
  /// Functions that wait for statements, by the places of these: they are made behind them.
  private let waiting: [Int: [Statement]]
  /// Test blocks met so far.
  private var testCount = 0

  init(
    session: Session, machine: Machine, base: UnsafeMutablePointer<Value>, prepared: Session.Prepared,
    mode: Session.Mode
  ) {
    self.session = session
    self.machine = machine
    self.base = base
    self.prepared = prepared
    self.mode = mode
    uses = prepared.program.uses[...]
    waiting = prepared.program.waitingFunctions(in: prepared.program.tree.statements)
  }

  var host: StudyHost { machine.host }
  private var statements: [Statement] { prepared.program.tree.statements }

  mutating func run() -> Session.Executed {
    if mode != .cell { session.beginSeed() }
    for (index, statement) in statements.enumerated() {
      if case .prose(let text) = statement.kind {
        prose.append(text)
        continue
      }
      let tensors = machine.tensors, started = tensors.timing?.now ?? 0
      // A test has a watch of its own.
      let watch = mode == .test && statement.isTest ? nil : limitWatch
      do {
        defer { if watch?.end() == true { session.interrupts.reset() } }
        if let walk = tensors.walk { try self.walk(statement, index, walk) } else { try run(statement, index) }
        tensors.timing?.finish(statement: index, since: started)
        if mode == .cell, let step = machine.folds.endedStep() { return ended(statement, at: step) }
      } catch {
        if mode == .cell { _ = machine.folds.endedStep() }
        if let timing = tensors.timing, machine.runtimeError(error).id != RuntimeError.interrupted.id {
          timing.leave()
          continue
        }
        var failure = machine.runtimeError(error)
        if failure.id == RuntimeError.interrupted.id, watch?.end() == true { failure.message = tooLong }
        if mode == .test, session.mayFailInTests(statement.span, failure.id) { continue }
        result.diagnostics.append(failure.diagnostic)
        result.failedAt = statement.span.lower
        return result
      }
    }
    return result
  }

  /// Whether a fold of a statement may be ended early: what it then gives is the value of an expression, or what one name was to be bound to.
  private static func mayEnd(_ statement: Statement) -> Bool {
    switch statement.kind {
    case .expression: return true
    case .letBinding(let pattern, _), .varBinding(let pattern, _):
      if case .name = pattern.kind { return true }
      return false
    default: return false
    }
  }

  /// A fold of a statement was ended at a step: the session remembers what it came to; names keep what they meant.
  private mutating func ended(_ statement: Statement, at step: Int) -> Session.Executed {
    switch statement.kind {
    case .letBinding(let pattern, _), .varBinding(let pattern, _):
      if case .name = pattern.kind, let global = prepared.program.globals.last(where: { $0.span == pattern.span }) {
        session.remember((base + global.slot).pointee, statement.span)
      }
    default: break
    }
    result.last = nil
    result.failedAt = statement.span.lower
    result.endedAt = step
    return result
  }

  mutating func run(_ statement: Statement, _ index: Int) throws {
    host.beginStatement(statement.span, prose: prose)
    prose = []
    machine.drawScope = session.place(place(of: statement))
    machine.folds.forget()
    if mode == .cell { machine.folds.ending = Self.mayEnd(statement) ? .allowed : .never }
    switch statement.kind {
    case .expression(let value): try show(value, statement.span, isLast: index == statements.count - 1)
    case .show(let value): try showNamed(value, statement.span)
    case .option(let name, let value, let bounds, let text):
      try option(name, value, bounds, text ?? "", span: statement.span)
    case .seed(let value): try seed(value)
    case .cite(let value):
      let text = try evaluate(value)
      host.cite(try machine.displayText(text))
      machine.heap.release(text)
    case .claim(let text, let body): if mode != .test { try claim(text, body, statement.span) }
    case .test(let text, let body):
      if mode == .test { try test(text, body, statement.span) }
      if mode == .cell, session.answersTests { try answer(text, body, statement.span) }
    case .use: try use()
    case .prose, .languageVersion, .invalid: break
    default:
      machine.heap.release(try execute(statement.span) { $0.statement(statement) })
    }
    if let functions = waiting[index] {
      machine.heap.release(try execute(statement.span) { $0.makeWaiting(functions) })
    }
  }

  // MARK: code

  /// Compiles and runs top-level code; gives what it leaves as its result, owned.
  private func execute(_ span: Span, _ body: (inout FunctionCompiler) -> Void) throws -> Value {
    let code = prepared.compiler.compileTopLevel(span: span, body)
    if let error = prepared.compiler.diagnostics.first { throw error }
    return try machine.runTopLevel(code, base: base)
  }

  /// The value of an expression, owned.
  private func evaluate(_ expression: Expression) throws -> Value {
    try execute(expression.span) { $0.expression(expression, to: $0.result) }
  }

  // MARK: statements

  private mutating func show(_ expression: Expression, _ span: Span, isLast: Bool) throws {
    let value = try evaluate(expression)
    defer { machine.heap.release(value) }
    result.last = nil
    guard !value.isNone, mode != .test else { return }
    let datum = try shown(value, expression.span)
    try machine.pollInterrupt()
    if mode == .cell { session.remember(value, span) }
    if mode == .cell && isLast { result.last = datum } else { host.show(datum, name: name(of: expression), at: span) }
  }

  private func showNamed(_ expression: Expression, _ span: Span) throws {
    let value = try evaluate(expression)
    defer { machine.heap.release(value) }
    let datum = try shown(value, expression.span)
    try machine.pollInterrupt()
    host.show(datum, name: name(of: expression), at: span)
  }

  private func shown(_ value: Value, _ span: Span) throws -> Datum {
    do { return try machine.shown(value) } catch let error as RuntimeError {
      throw Diagnostic(error.id, error.message, at: span, label: error.label)
    }
  }

  /// A value shown by its name keeps it as a caption.
  private func name(of expression: Expression) -> String? {
    if case .name(let name) = expression.kind { return name }
    return nil
  }

  private func option(
    _ name: Name, _ value: Expression, _ bounds: Expression?, _ text: String, span: Span
  ) throws {
    let initial = try evaluate(value)
    defer { machine.heap.release(initial) }
    let limits = try bounds.map { try evaluate($0) } ?? .none
    defer { machine.heap.release(limits) }
    let declaration = OptionDeclaration(
      name: name.text, defaultValue: try machine.datum(initial), bounds: try boundsDatum(limits, bounds?.span ?? span),
      documentation: text, span: span)
    let chosen = try host.choose(declaration)
    guard let slot = prepared.program.bindings[name.id], case .global(let register) = slot.place else { return }
    Machine.put(
      machine.heap, base + register, chosen.map { machine.heap.value($0) } ?? machine.heap.retained(initial))
  }

  private func boundsDatum(_ bounds: Value, _ span: Span) throws -> Datum {
    switch bounds.tag {
    case .none: return .none
    case .list: return try machine.datum(bounds)
    case .range:
      let range = bounds.range.pointee
      var fields = [
        Datum.Field("lower", try machine.datum(range.start)), Datum.Field("upper", try machine.datum(range.end)),
      ]
      if range.header.flags & RangeObject.isInclusive == 0 { fields.append(Datum.Field("open", .bool(true))) }
      if !range.step.isNone { fields.append(Datum.Field("step", try machine.datum(range.step))) }
      return .record(fields)
    default:
      throw RuntimeError(
        "E0601", "the bounds of an option are a range or a list of choices, not \(machine.brief(bounds))", span: span)
    }
  }

  private func seed(_ expression: Expression) throws {
    let value = try evaluate(expression)
    defer { machine.heap.release(value) }
    guard value.tag == .int else {
      throw RuntimeError("E0602", "a seed is an integer, not \(machine.brief(value))", span: expression.span)
    }
    machine.rootSeed = host.seedOverride ?? value.asInt
    host.seeded(machine.rootSeed)
  }

  private mutating func use() throws {
    guard let use = uses.popFirst() else { return }
    do {
      Machine.put(machine.heap, base + use.slot, try machine.module(use))
    } catch {
      var failure = machine.runtimeError(error)
      if failure.span == nil { failure.span = use.span }
      throw failure
    }
  }

  // MARK: claims and tests

  private func claim(_ text: Expression, _ body: FunctionLiteral, _ span: Span) throws {
    let name = try evaluate(text)
    defer { machine.heap.release(name) }
    defer { forgetNotes() }
    var outcome = ClaimOutcome(
      text: try machine.displayText(name), holds: false, numbers: [], error: nil, span: span)
    do {
      let function = try execute(body.span) { $0.makeFunction(body, to: $0.result, kind: .claim) }
      defer { machine.heap.release(function) }
      var value = try machine.call(function, [])
      defer { machine.heap.release(value) }
      do { outcome.holds = try machine.condition(&value, 0) } catch {
        var failure = machine.runtimeError(error)
        failure.span = failure.span ?? Self.verdict(body)
        if failure.id == "E0202" { failure.help.append("a claim ends in a condition, such as `error < 0.1`") }
        throw failure
      }
    } catch {
      let failure = machine.runtimeError(error)
      if failure.isUncatchable || mode == .walk { throw failure }
      outcome.error = failure.diagnostic
      if outcome.error?.span == Span.none { outcome.error?.span = span }
    }
    outcome.numbers = try noted()
    host.claim(outcome)
  }

  /// What decides a claim: the last expression of its block.
  private static func verdict(_ body: FunctionLiteral) -> Span {
    switch body.body {
    case .expression(let expression): expression.span
    case .block(let block): block.statements.last?.span ?? block.span
    }
  }

  /// The values noted, each name once, with its last value.
  private func noted() throws -> [Datum.Field] {
    var fields: [Datum.Field] = []
    for (name, value) in machine.notes {
      let datum = try machine.datum(value)
      if let known = fields.firstIndex(where: { $0.name == name }) {
        fields[known].value = datum
      } else {
        fields.append(Datum.Field(name, datum))
      }
    }
    return fields
  }

  private func forgetNotes() {
    for (_, value) in machine.notes { machine.heap.release(value) }
    machine.notes = []
  }

  /// Interrupts the session when its limit is over; nil where it has none.
  private var limitWatch: TimeLimit? {
    let session = session
    return session.limit.map { TimeLimit(Double($0), byClock: true) { session.interrupt() } }
  }

  /// What is said of a test or statement that the watch ended.
  private var tooLong: String { "not over within \(session.limit ?? 0) s" }

  private mutating func test(_ text: Expression, _ body: FunctionLiteral, _ span: Span) throws {
    let name = try evaluate(text)
    defer { machine.heap.release(name) }
    var outcome = Session.TestOutcome(name: try machine.displayText(name), error: nil, span: span)
    defer { testCount += 1 }
    guard session.isTestWanted(testCount, outcome.name) else { return }
    let watch = limitWatch
    // It may have acted when the test was just over, which is no interrupt of the next one.
    defer { if watch?.end() == true { session.interrupts.reset() } }
    do {
      let function = try execute(body.span) { $0.makeFunction(body, to: $0.result) }
      defer { machine.heap.release(function) }
      try session.runsTest { machine.heap.release(try machine.call(function, [])) }
    } catch {
      let failure = machine.runtimeError(error)
      outcome.error = failure.diagnostic
      if failure.id == RuntimeError.interrupted.id {
        guard watch?.end() == true else { throw failure }
        outcome.error?.message = tooLong
      }
    }
    result.tests.append(outcome)
  }

  /// A test that was typed is answered like a claim; one that fails ends its cell.
  private mutating func answer(_ text: Expression, _ body: FunctionLiteral, _ span: Span) throws {
    try test(text, body, span)
    guard let outcome = result.tests.popLast() else { return }
    host.claim(ClaimOutcome(text: outcome.name, holds: outcome.error == nil, numbers: [], error: nil, span: span))
    if let error = outcome.error { throw error }
  }

  // MARK: places

  /// What the draws of a statement depend on besides the seed.
  private func place(of statement: Statement) -> String {
    switch statement.kind {
    case .letBinding(let pattern, _), .varBinding(let pattern, _):
      return "let " + Self.names(pattern).joined(separator: ",")
    case .claim(let text, _), .test(let text, _): return "claim " + normalised(text.span)
    default: return normalised(statement.span)
    }
  }

  static func names(_ pattern: Pattern) -> [String] {
    switch pattern.kind {
    case .name(let name): return [name.text]
    case .ignore: return ["_"]
    case .list(let parts, let rest):
      var all = parts.flatMap { names($0) }
      if case .named(let name) = rest { all.append(name.text) }
      return all
    case .record(let fields): return fields.flatMap { names($0.pattern) }
    }
  }

  /// The tokens of a text, so that spaces and comments do not matter.
  private func normalised(_ span: Span) -> String {
    let comments = prepared.program.tree.comments
    // They stand in the order of the text: the first one of the statement is found by halving.
    var (first, end) = (0, comments.count)
    while first < end {
      let middle = (first + end) / 2
      if comments[middle].span.lower < span.lower { first = middle + 1 } else { end = middle }
    }
    var text = ""
    var start = Int(span.lower)
    for comment in comments[first...].prefix(while: { $0.span.upper <= span.upper }) {
      text += SourceText.whole(Span(file: span.file, lower: start, upper: Int(comment.span.lower)))
      start = Int(comment.span.upper)
    }
    text += SourceText.whole(Span(file: span.file, lower: start, upper: Int(span.upper)))
    return text.filter { !$0.isWhitespace }
  }
}
