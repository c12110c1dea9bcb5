import CKernels
import Diagnostics
import Resolution
import Syntax
import Tensors

/// What is known of an expression's value without computing it.
public enum FoundType: Sendable {
  /// What it is, such as `tensor f32 [3, 4]`; several where that depends on what is not known.
  case types([String])
  /// It depends on a value that nobody knows before it is computed.
  case unknown
  /// Loops over plain numbers and lists took too long.
  case left
  /// The text is no single expression.
  case noExpression
  /// What is wrong.
  case failed([Diagnostic])
}

extension Session {
  /// Seconds of processor time after which `type` gives up.
  public static let typeLimit = 2.0

  /// What an expression of a cell gives. It is walked with shapes only, as by `plan`, in an interpreter of its own: tensors
  /// are not computed, nothing is said, written or kept, and a sweep or training is a few trials, or one step.
  public func type(of file: SourceFile, limit: Double = typeLimit) -> FoundType {
    let parsed = parse(file)
    if !parsed.isIncomplete, !parsed.diagnostics.isEmpty { return .failed(parsed.diagnostics) }
    guard let expression = Self.only(parsed) else { return .noExpression }
    switch prepare(Self.asFunction(parsed.tree, expression), keepsGlobals: true) {
    case .failure(let problems): return .failed(problems.diagnostics)
    case .success(let program):
      if let known = held(expression) { return .types([machine.typeText(known)]) }
      interrupts.reset()
      do {
        let function = try made(program, expression)
        defer { machine.heap.release(function) }
        let body = try machine.portable(function)
        return try walkedType(of: body, limit: limit)
      } catch { return .failed([machine.runtimeError(error).diagnostic]) }
    }
  }

  /// The text of the function that a name means in the next cell; nil for anything else. No cell runs.
  public func source(of file: SourceFile) -> String? {
    let parsed = parse(file)
    interrupts.reset()
    guard parsed.diagnostics.isEmpty, let expression = Self.only(parsed), case .name = expression.kind,
      case .success(let program) = prepare(parsed.tree, keepsGlobals: true),
      let value = try? evaluate(expression, program)
    else { return nil }
    defer { machine.heap.release(value) }
    return value.isFunction ? machine.sourceText(value) : nil
  }

  private static func only(_ parsed: ParseResult) -> Expression? {
    guard !parsed.isIncomplete, parsed.tree.statements.count == 1,
      case .expression(let expression)? = parsed.tree.statements.first?.kind
    else { return nil }
    return expression
  }

  /// The tree of `() -> expression`, which captures what the expression needs and computes nothing.
  private static func asFunction(_ tree: SyntaxTree, _ expression: Expression) -> SyntaxTree {
    let literal = FunctionLiteral(
      id: tree.nodeCount, name: nil, parameters: [], body: .expression(expression), span: expression.span)
    let function = Expression(id: tree.nodeCount + 1, .function(literal), span: expression.span)
    return SyntaxTree(
      file: tree.file, statements: [Statement(.expression(function), span: expression.span)],
      nodeCount: tree.nodeCount + 2, comments: [])
  }

  /// What a name of the session holds, borrowed.
  private func held(_ name: Expression) -> Value? {
    guard case .name(let text) = name.kind else { return nil }
    return names[text].map { held($0.slot) }
  }

  /// The function of such a tree, owned.
  private func made(_ prepared: Prepared, _ expression: Expression) throws -> Value {
    guard case .expression(let function)? = prepared.program.tree.statements.first?.kind else { return .none }
    return try evaluate(function, prepared)
  }

  /// What an expression at the top gives, owned.
  private func evaluate(_ expression: Expression, _ prepared: Prepared) throws -> Value {
    let code = prepared.compiler.compileTopLevel(span: expression.span) { $0.expression(expression, to: $0.result) }
    if let error = prepared.compiler.diagnostics.first { throw error }
    machine.nativeStackLimit = ThreadStack.limit
    machine.nativeTop = base + nextSlot
    return try machine.runTopLevel(code, base: base)
  }

  /// What a function without parameters gives, by every way through it, up to a few.
  private func walkedType(of body: PortableValue, limit: Double) throws -> FoundType {
    let walker = try Machine(
      library: library, host: WalkHost(host), interrupts: interrupts,
      byteLimit: machine.heap.state.pointee.byteLimit)
    walker.rootSeed = machine.rootSeed
    walker.nativeStackLimit = ThreadStack.limit
    let walk = StudyWalk(limit: limit)
    walk.recording.scope = DrawSource(.machine)
    walker.tensors.walk = walk
    walker.tensors.recording = walk.recording
    let function = walker.value(body)
    defer { walker.heap.release(function) }
    let watched = ck_watch(walker.poll.word)
    defer { _ = ck_watch(watched) }
    let watch = TimeLimit(limit) { [interrupts] in interrupts.interrupt() }
    defer { if watch.end() { interrupts.reset() } }
    var ways: [[Bool]] = [[]], count = 0
    var types: [String] = [], found: [Diagnostic] = []
    while let way = ways.popLast(), count < StudyWalk.maximumWays {
      count += 1
      walk.begin(way)
      walker.drawScope = DrawScope(key: Int64(walker.rootSeed), count: 0)
      do {
        let value = try walker.call(function, [])
        defer { walker.heap.release(value) }
        if let failure = walk.recording.failure { throw failure }
        let type = walker.typeText(value)
        if !types.contains(type) { types.append(type) }
      } catch {
        let failure = walker.runtimeError(error)
        if failure.id == RuntimeError.interrupted.id {
          guard watch.end() else { throw failure }
          return types.isEmpty ? .left : .types(types)
        }
        walk.noteDeadEnd()
        let isSure = !walk.hasChosen && !StudyWalk.isUnknown(failure)
        if isSure || StudyWalk.isCertain(failure) { found.append(failure.diagnostic) }
      }
      ways += walk.otherWays(than: way)
    }
    if !types.isEmpty { return .types(types) }
    return found.first.map { .failed([$0]) } ?? .unknown
  }
}
