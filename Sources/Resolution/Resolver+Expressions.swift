import Diagnostics
import Syntax

extension Resolver {
  /// Walks an expression. Chains that lean to the left (`a + b + …`, `x.f(1).g(2)…`) may be thousands of links long,
  /// so they are walked in a loop from their innermost operand outwards.
  func walk(_ expression: Expression) {
    guard expression.leftOperand != nil else { return walkLink(expression) }
    var spine = [expression]
    while let last = spine.last, let inner = last.leftOperand { spine.append(inner) }
    // What a name is asked for, as `normal` in `np.random.normal(3)`.
    let fields = spine.reversed().dropFirst().prefix { if case .field = $0.kind { true } else { false } }
    if case .name(let name) = spine[spine.count - 1].kind, case .field(_, let member)? = fields.last?.kind {
      use(name, id: spine[spine.count - 1].id, span: spine[spine.count - 1].span, member: member.text)
      spine.removeLast()
    }
    for link in spine.reversed() { walkLink(link) }
  }

  /// Everything in an expression but its left operand.
  private func walkLink(_ expression: Expression) {
    switch expression.kind {
    case .none, .bool, .int, .float, .string, .invalid: break
    case .interpolation(let segments):
      for case .value(let value, _) in segments { walk(value) }
    case .name(let name): use(name, id: expression.id, span: expression.span)
    case .list(let elements):
      for element in elements {
        switch element {
        case .value(let e), .spread(let e): walk(e)
        }
      }
    case .comprehension(let element, let clauses): walkComprehension(element, clauses)
    case .record(let entries): walkRecord(entries)
    case .call(let callee, let arguments):
      for (place, argument) in arguments.enumerated() {
        switch argument {
        case .positional(let e):
          let before = problems.count
          walk(e)
          if problems.count > before { adviseFunction(callee, place, e, of: arguments, since: before) }
        case .named(_, let e), .spread(let e): walk(e)
        }
      }
      checkCall(expression, callee, arguments)
    case .index(_, let indexes): walk(indexes)
    case .field(_, let name), .optionalField(_, let name): useAsMethod(name.text, id: expression.id, span: name.span)
    case .unary(_, let operand): walk(operand)
    case .binary(_, _, let right, _), .and(_, let right), .or(_, let right), .coalesce(_, let right): walk(right)
    case .comparison(let operands, _, let tolerance):
      for operand in operands.dropFirst() { walk(operand) }
      if let tolerance { walk(tolerance) }
    case .range(_, let to, _, let step):
      walk(to)
      if let step { walk(step) }
    case .function(let literal): walk(literal: literal, kind: .function)
    case .conditional: walkConditional(expression)
    case .block(let block): walk(block)
    case .attempt(let body, let name, let handler):
      walk(body)
      openScope()
      if let name { bind(name, role: .letName) }
      walk(handler)
      closeScope()
    case .sweep(let sweep): walkSweep(sweep)
    }
  }

  func walk(_ indexes: [Expression.Index]) {
    let outer = isInIndex
    isInIndex = true
    for case .value(let e) in indexes { walk(e) }
    isInIndex = outer
  }

  /// `if … else if … else`, in a loop for the same reason.
  private func walkConditional(_ expression: Expression) {
    var current: Expression? = expression
    while let link = current {
      guard case .conditional(let condition, let then, let otherwise) = link.kind else { return walk(link) }
      walk(condition)
      walk(then)
      current = otherwise
    }
  }

  private func walkComprehension(_ element: Expression, _ clauses: [Expression.Clause]) {
    var opened = 0
    for clause in clauses {
      switch clause {
      case .each(let pattern, let sequence):
        walk(sequence)
        openScope()
        opened += 1
        bind(pattern, role: .loop)
      case .filter(let condition): walk(condition)
      }
    }
    walk(element)
    for _ in 0..<opened { closeScope() }
  }

  private func walkRecord(_ entries: [Expression.RecordEntry]) {
    // By their bytes, as a record knows them.
    var first: [[UInt8]: Span] = [:]
    for entry in entries {
      switch entry {
      case .field(let name, let value):
        let key = Array(name.text.utf8)
        if let earlier = first[key] {
          report(.duplicateField(name: name.text, first: earlier), at: name.span)
        } else {
          first[key] = name.span
        }
        if name.span == value.span { shorthands.insert(value.id) }
        walk(value)
      case .computed(let name, let value):
        walk(name)
        walk(value)
      case .spread(let e): walk(e)
      }
    }
  }

  private func walkSweep(_ sweep: Sweep) {
    var first: [String: Span] = [:]
    for axis in sweep.axes {
      walk(axis.values)
      if let earlier = first[axis.name.text] {
        report(.duplicateCoordinate(name: axis.name.text, first: earlier), at: axis.name.span)
      } else {
        first[axis.name.text] = axis.name.span
      }
    }
    if let condition = sweep.condition { walk(literal: condition, kind: .condition) }
    for name in sweep.pairedBy ?? [] where first[name.text] == nil {
      report(.pairedByUnknown(name: name.text, coordinates: sweep.axes.map { "`\($0.name.text)`" }), at: name.span)
    }
    walk(literal: sweep.body, kind: .sweep)
  }
}

extension Expression {
  /// The operand by which a chain grows to the left; nil for all else.
  var leftOperand: Expression? {
    switch kind {
    case .binary(_, let left, _, _), .and(let left, _), .or(let left, _), .coalesce(let left, _): left
    case .call(let callee, _): callee
    case .index(let base, _), .field(let base, _), .optionalField(let base, _): base
    case .comparison(let operands, _, _): operands.first
    case .range(let from, _, _, _): from
    default: nil
    }
  }
}
