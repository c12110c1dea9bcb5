import Diagnostics
import Syntax
import Tensors

/// What an error of two shapes shows: both operands where they stand, where the text says that each came from, and where in a model it is
/// held.
struct ShapeTrail {
  private unowned(unsafe) let machine: Machine
  private let top: UnsafeMutablePointer<Frame>
  /// The innermost frame that runs text of the user's.
  private let own: UnsafeMutablePointer<Frame>
  private var trees: [UInt32: SyntaxTree] = [:]

  /// An operand: its text, its value (borrowed) and its shape.
  private struct Operand {
    var expression: Expression
    var value: Value
    var shape: Shape
    var name: String? { if case .name(let name) = expression.kind { name } else { nil } }
  }

  /// Nil where the program's own text is on no frame.
  init?(_ machine: Machine, from top: UnsafeMutablePointer<Frame>) {
    self.machine = machine
    self.top = top
    var frame = top
    while !Self.isOwn(frame, machine) {
      guard frame > machine.frames else { return nil }
      frame -= 1
    }
    own = frame
  }

  private static func isOwn(_ frame: UnsafeMutablePointer<Frame>, _ machine: Machine) -> Bool {
    guard frame.pointee.prototype != Machine.noPrototype, let span = machine.span(of: frame) else { return false }
    return !machine.library.fileIDs.contains(span.file)
  }

  /// The error with its operands; as it is where the machine stopped at something else than an operator of two tensors or a native.
  mutating func explain(_ error: RuntimeError) -> RuntimeError {
    guard let span = machine.span(of: top), let whole = tree(span.file)?.expression(at: span) else { return error }
    var error = error
    guard let (left, right) = operands(whole) else {
      error.notes += arguments(whole, error.given).compactMap { note($0) }
      if top == own, !error.notes.isEmpty, case .call(let callee, _) = whole.kind { underline(callee.span, &error) }
      return error
    }
    error.notes += [note(left), note(right)].compactMap { $0 }
    if top == own {
      underline(sign(of: whole, between: left.expression.span, right.expression.span), &error)
      if let reason = reason(whole, left, right) { error.label = reason }
    }
    return error
  }

  private func underline(_ place: Span, _ error: inout RuntimeError) {
    error.span = place
    error.stack[0].span = place
  }

  // MARK: operands

  private func operands(_ whole: Expression) -> (Operand, Operand)? {
    let instruction = (top.pointee.code - 1).pointee
    let expressions: (Expression, Expression)
    switch whole.kind {
    case .binary(_, let left, let right, _): expressions = (left, right)
    case .comparison(let parts, _, _) where parts.count == 2: expressions = (parts[0], parts[1])
    default: return nil
    }
    switch instruction.op {
    case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .matmul, .equal, .notEqual, .less,
      .lessEqual,
      .compareOther:
      break
    default: return nil
    }
    var values = (top.pointee.base[instruction.b], top.pointee.base[instruction.c])
    if instruction.x & 8 != 0, instruction.op == .less || instruction.op == .lessEqual { swap(&values.0, &values.1) }
    let operations = TensorOperations(machine)
    guard let left = operations.operand(values.0), let right = operations.operand(values.1) else { return nil }
    return (
      Operand(expression: expressions.0, value: values.0, shape: left.shape),
      Operand(expression: expressions.1, value: values.1, shape: right.shape)
    )
  }

  /// The tensors that a native was given, where its call names them one by one.
  private func arguments(_ call: Expression, _ given: [(parameter: String, shapes: [Shape])]) -> [Operand] {
    guard case .call(let callee, let arguments) = call.kind, let first = given.first else { return [] }
    var places: [String: Expression] = [:], position = 0
    // `x.f(a)` passes x first.
    if case .field(let receiver, _) = callee.kind {
      places[first.parameter] = receiver
      position = 1
    }
    for argument in arguments {
      switch argument {
      case .positional(let value):
        if position < given.count { places[given[position].parameter] = value }
        position += 1
      case .named(let name, let value): places[name.text] = value
      case .spread: return []
      }
    }
    return given.flatMap { parameter, shapes -> [Operand] in
      guard let value = places[parameter] else { return [] }
      var parts = [value]
      if case .list(let elements) = value.kind {
        parts = elements.compactMap { if case .value(let part) = $0 { part } else { nil } }
      }
      guard parts.count == shapes.count else { return [] }
      return zip(parts, shapes).map { Operand(expression: $0, value: .none, shape: $1) }
    }
  }

  /// Where the operator stands.
  private func sign(of whole: Expression, between left: Span, _ right: Span) -> Span {
    if case .binary(_, _, _, let sign) = whole.kind { return sign }
    let gap = Span(file: whole.span.file, lower: Int(left.upper), upper: Int(right.lower))
    let text = SourceStore.shared.file(gap.file)?.text(gap) ?? ""
    guard let first = text.firstIndex(where: { "=!<>≈".contains($0) }),
      let last = text.lastIndex(where: { "=!<>≈".contains($0) })
    else { return whole.span }
    let lower = Int(gap.lower) + text[..<first].utf8.count
    return Span(file: gap.file, lower: lower, upper: lower + text[first...last].utf8.count)
  }

  /// What is wrong, beside the operator.
  private func reason(_ whole: Expression, _ left: Operand, _ right: Operand) -> String? {
    let (a, b) = (left.shape, right.shape)
    if case .binary(.matmul, _, _, _) = whole.kind {
      guard let columns = a.last, let rows = b.count == 1 ? b.first : b.dropLast().last, columns != rows else {
        return nil
      }
      let place = b.count > 2 ? "last axis but one" : "first"
      return "the last axis of \(left.name ?? "the left side") (\(columns)) must equal the \(place) of "
        + "\(right.name ?? "the right side") (\(rows))"
    }
    for (back, (x, y)) in zip(a.reversed(), b.reversed()).enumerated() where x != y && x != 1 && y != 1 {
      return back == 0 ? "the last axes, \(x) and \(y), differ" : "axes −\(back + 1), \(x) and \(y), differ"
    }
    return nil
  }

  // MARK: where it came from

  private mutating func note(_ operand: Operand) -> Diagnostic.Note? {
    let given = argument(operand.expression, top)
    let subject = "\(operand.name.map { "\($0) is " } ?? "")\(describe(operand.shape))"
    if given.frame == own, own != top {
      return Diagnostic.Note(given.expression.span, subject + made(given.expression))
    }
    if given.frame != top, given.frame == own, let place = line(given.expression.span) {
      return Diagnostic.Note(operand.expression.span, "\(subject), given at line \(place)")
    }
    var text = subject + path(operand.value) + made(operand.expression)
    if own == top, given.frame != top, !machine.library.fileIDs.contains(given.expression.span.file),
      let place = line(given.expression.span)
    {
      text += ", given at line \(place)\(brief(given.expression).map { " as \($0)" } ?? "")"
    }
    return Diagnostic.Note(operand.expression.span, text)
  }

  /// The argument that a parameter was given, and the frame that gave it, as far up as names of parameters were handed on.
  private mutating func argument(
    _ expression: Expression, _ frame: UnsafeMutablePointer<Frame>
  ) -> (expression: Expression, frame: UnsafeMutablePointer<Frame>) {
    guard case .name(let name) = expression.kind, frame > machine.frames,
      case .parameter(let literal, let position)? = tree(expression.span.file)?.origin(
        of: name, usedAt: expression.span),
      frame.pointee.prototype.pointee.prototype.takeUnretainedValue().literal?.span == literal.span,
      isCalledDirectly(frame), let span = machine.span(of: frame - 1),
      case .call(_, let arguments)? = tree(span.file)?.expression(at: span)?.kind,
      let given = value(of: literal.parameters[position].name.text, position, arguments, (frame - 1).pointee)
    else { return (expression, frame) }
    return argument(given, frame - 1)
  }

  /// Whether the frame below called this one itself, not through a native.
  private func isCalledDirectly(_ frame: UnsafeMutablePointer<Frame>) -> Bool {
    let caller = frame - 1
    guard caller.pointee.prototype != Machine.noPrototype else { return false }
    let call = (caller.pointee.code - 1).pointee
    switch call.op {
    case .call, .callLocal, .callCapture, .callSelf, .callShaped:
      return caller.pointee.base + (call.a + 1) == frame.pointee.base
    default: return false
    }
  }

  /// The argument of a call that a parameter takes; nil where the text does not tell.
  private func value(
    of parameter: String, _ position: Int, _ arguments: [Expression.Argument], _ caller: Frame
  ) -> Expression? {
    let call = (caller.code - 1).pointee
    let count: Int
    switch call.op {
    case .callShaped: count = caller.prototype.pointee.prototype.takeUnretainedValue().calls[call.b].arguments.count
    case .callLocal, .callCapture: count = call.x
    default: count = call.b
    }
    // `x.f(a)` passes x first.
    guard count == arguments.count else { return nil }
    var place = 0
    for argument in arguments {
      switch argument {
      case .positional(let value):
        if place == position { return value }
        place += 1
      case .named(let name, let value): if name.text == parameter { return value }
      case .spread: return nil
      }
    }
    return nil
  }

  /// `, made at line 6 by he_normal(16, 10)`, for a name that was bound once.
  private mutating func made(_ expression: Expression) -> String {
    guard case .name(let name) = expression.kind,
      case .value(let bound, let value)? = tree(expression.span.file)?.origin(of: name, usedAt: expression.span),
      let place = line(bound.span)
    else { return "" }
    guard let text = brief(value) else { return ", made at line \(place)" }
    if case .call = value.kind { return ", made at line \(place) by \(text)" }
    return ", bound at line \(place) to \(text)"
  }

  /// ` (layers[0].weight of net)`: where the outermost model on the way holds a tensor.
  private mutating func path(_ value: Value) -> String {
    guard value.tag == .tensor, own < top else { return "" }
    var frame = own + 1
    while frame <= top {
      if frame.pointee.prototype != Machine.noPrototype, frame.pointee.prototype.pointee.captureCount > 0 {
        let object = UnsafeMutableRawPointer(frame.pointee.captures) - ClosureObject.headerBytes
        if let path = Self.path(of: value, in: Value(object: object, .closure)) {
          if let model = model(frame) { return " (\(path) of \(model))" }
          if path.contains(where: { $0 == "." || $0 == "[" }) { return " (\(path))" }
        }
      }
      frame += 1
    }
    return ""
  }

  /// The name under which the user's text called the function of a frame.
  private mutating func model(_ frame: UnsafeMutablePointer<Frame>) -> String? {
    guard frame == own + 1, isCalledDirectly(frame), let span = machine.span(of: own),
      case .call(let callee, _)? = tree(span.file)?.expression(at: span)?.kind
    else { return nil }
    return brief(callee)
  }

  /// The path of a weight or a state in a value, looked for among its first ten thousand parts.
  private static func path(of wanted: Value, in root: Value) -> String? {
    var pending = [(root, "")]
    var seen = 0
    while let (value, path) = pending.popLast(), seen < 10_000 {
      seen += 1
      guard let node = TreeNode(value) else { continue }
      for i in stride(from: min(node.count, 1_000) - 1, through: 0, by: -1) where node[i].isHeap {
        if node.role(i) != .plain, node[i].bits == wanted.bits { return node.path(i, under: path) }
        pending.append((node[i], node.path(i, under: path)))
      }
    }
    return nil
  }

  // MARK: text

  private mutating func tree(_ file: UInt32) -> SyntaxTree? {
    if let tree = trees[file] { return tree }
    trees[file] = SourceStore.shared.file(file).map { parse($0).tree }
    return trees[file]
  }

  private func line(_ span: Span) -> Int? { SourceStore.shared.file(span.file)?.position(Int(span.lower)).line }

  /// The text of an expression that is short and stands on one line.
  private func brief(_ expression: Expression) -> String? {
    guard expression.span.upper - expression.span.lower <= 60,
      let text = SourceStore.shared.file(expression.span.file)?.text(expression.span), !text.contains("\n")
    else { return nil }
    return text
  }
}

extension Machine {
  /// Whether a handler of any frame waits for errors raised in this one.
  func isGuarded(_ top: UnsafeMutablePointer<Frame>) -> Bool {
    var frame = top
    while frame >= frames {
      if frame.pointee.prototype != Machine.noPrototype, handler(frame) != nil { return true }
      frame -= 1
    }
    return false
  }
}
