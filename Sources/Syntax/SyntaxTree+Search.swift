import Diagnostics

/// How a name got the value that it has at some place, as far as the text alone tells.
public enum NameOrigin: Sendable {
  /// `let name = value`, `param name = value`, `state name = value`.
  case value(Name, Expression)
  /// The parameter of this function with this position.
  case parameter(FunctionLiteral, Int)
}

extension SyntaxTree {
  /// The outermost expression that has exactly this span; of `a += b` that is `a + b`, whose operator is the statement's.
  public func expression(at span: Span) -> Expression? {
    var search = PlaceSearch(target: span)
    search.statements(statements)
    return search.found
  }

  /// The whole of the `and`s and `or`s of which the expression at `span` is an operand, and whether an `if`, a `while` or a filter asks it; nil where it is
  /// an operand of none.
  public func connective(around span: Span) -> (whole: Expression, isAsked: Bool)? {
    var search = PlaceSearch(target: span)
    search.statements(statements)
    guard search.found != nil, let whole = search.connective else { return nil }
    let isAsked = search.asked.contains { $0.lower <= whole.span.lower && whole.span.upper <= $0.upper }
    return (whole, isAsked)
  }

  /// How the name that is used at `place` got its value; nil where that may have happened in several places (`var`, loops), for
  /// names out of patterns, and for names that this file does not bind.
  public func origin(of name: String, usedAt place: Span) -> NameOrigin? {
    var search = PlaceSearch(target: place)
    search.statements(statements)
    return search.bound.last { $0.name == name }?.origin
  }
}

/// The way down to a place: the names bound on it, and the expression that stands there.
private struct PlaceSearch {
  let target: Span
  /// The outermost expression with the target's span.
  var found: Expression?
  /// In order of binding; inner names come later.
  var bound: [(name: String, origin: NameOrigin?)] = []
  /// The outermost of the `and`s and `or`s that lead to what is found without anything else between.
  var connective: Expression?
  /// The conditions on the way down.
  var asked: [Span] = []

  private func holds(_ span: Span) -> Bool { span.lower <= target.lower && target.upper <= span.upper }

  mutating func statements(_ list: [Statement]) {
    for statement in list {
      if holds(statement.span) { return self.statement(statement) }
      if statement.span.lower > target.lower { return }
      bind(statement)
    }
  }

  /// The names of a statement that stands before the target.
  private mutating func bind(_ statement: Statement) {
    switch statement.kind {
    case .letBinding(let pattern, let value):
      if case .name(let name) = pattern.kind { bound.append((name.text, .value(name, value))) } else { bind(pattern) }
    case .param(let name, let value), .state(let name, let value): bound.append((name.text, .value(name, value)))
    case .varBinding(let pattern, _): bind(pattern)
    case .option(let name, _, _, _), .function(let name, _, _): bound.append((name.text, nil))
    default: break
    }
  }

  private mutating func bind(_ pattern: Pattern) {
    switch pattern.kind {
    case .name(let name): bound.append((name.text, nil))
    case .ignore: break
    case .list(let parts, let rest):
      for part in parts { bind(part) }
      if case .named(let name) = rest { bound.append((name.text, nil)) }
    case .record(let parts): for part in parts { bind(part.pattern) }
    }
  }

  private mutating func statement(_ statement: Statement) {
    switch statement.kind {
    case .expression(let e), .letBinding(_, let e), .varBinding(_, let e), .param(_, let e), .state(_, let e),
      .seed(let e),
      .cite(let e), .show(let e), .expect(let e):
      expression(e)
    case .assign(let place, let operation?, let value) where statement.span == target:
      let gap = Span(file: target.file, lower: Int(place.span.upper), upper: Int(value.span.lower))
      let text = SourceStore.shared.file(gap.file)?.text(gap) ?? ""
      let lower = Int(gap.lower) + text.prefix { $0.isWhitespace }.utf8.count
      let sign = Span(file: gap.file, lower: lower, upper: lower + operation.rawValue.utf8.count + 1)
      found = Expression(
        id: place.id, .binary(operation, place, value, operatorSpan: sign), span: statement.span)
    case .assign(let place, _, let value): expressions([place, value])
    case .function(_, let literal, _), .expectFails(let literal): function(literal)
    case .option(_, let value, let bounds, _): expressions([value] + (bounds.map { [$0] } ?? []))
    case .claim(let text, let body), .test(let text, let body):
      expression(text)
      function(body)
    case .forLoop(let pattern, let sequence, let body):
      expression(sequence)
      if holds(body.span) { bind(pattern) }
      block(body)
    case .whileLoop(let condition, let body):
      asked.append(condition.span)
      expression(condition)
      block(body)
    case .returnValue(let value): if let value { expression(value) }
    case .use, .breakLoop, .continueLoop, .prose, .languageVersion, .invalid: break
    }
  }

  private mutating func block(_ block: Block) { if holds(block.span) { statements(block.statements) } }

  private mutating func function(_ literal: FunctionLiteral) {
    guard holds(literal.span) else { return }
    for (position, parameter) in literal.parameters.enumerated() {
      if let value = parameter.defaultValue, holds(value.span) { return expression(value) }
      bound.append((parameter.name.text, .parameter(literal, position)))
    }
    switch literal.body {
    case .expression(let value): expression(value)
    case .block(let block): self.block(block)
    }
  }

  private mutating func expressions(_ list: [Expression]) { for part in list { expression(part) } }

  private mutating func expression(_ value: Expression) {
    guard holds(value.span), found == nil else { return }
    if value.span == target {
      found = value
      return
    }
    switch value.kind {
    case .and, .or: connective = connective ?? value
    case .unary(.not, _): break
    case .conditional(let condition, _, _): (connective, asked) = (nil, asked + [condition.span])
    case .comprehension(_, let clauses):
      connective = nil
      for case .filter(let condition) in clauses { asked.append(condition.span) }
    default: connective = nil
    }
    switch value.kind {
    case .none, .bool, .int, .float, .string, .name, .invalid: break
    case .interpolation(let segments): for case .value(let part, _) in segments { expression(part) }
    case .list(let elements):
      for element in elements {
        switch element {
        case .value(let part), .spread(let part): expression(part)
        }
      }
    case .comprehension(let element, let clauses):
      for clause in clauses {
        switch clause {
        case .each(let pattern, let sequence):
          expression(sequence)
          bind(pattern)
        case .filter(let condition): expression(condition)
        }
      }
      expression(element)
    case .record(let entries):
      for entry in entries {
        switch entry {
        case .field(_, let part), .spread(let part): expression(part)
        case .computed(let key, let part): expressions([key, part])
        }
      }
    case .call(let callee, let arguments):
      expression(callee)
      for argument in arguments {
        switch argument {
        case .positional(let part), .named(_, let part), .spread(let part): expression(part)
        }
      }
    case .index(let base, let indexes):
      expression(base)
      for case .value(let part) in indexes { expression(part) }
    case .field(let base, _), .optionalField(let base, _), .unary(_, let base): expression(base)
    case .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b), .coalesce(let a, let b):
      expressions([a, b])
    case .comparison(let operands, _, let tolerance): expressions(operands + (tolerance.map { [$0] } ?? []))
    case .range(let a, let b, _, let step): expressions([a, b] + (step.map { [$0] } ?? []))
    case .function(let literal): function(literal)
    case .conditional(let condition, let then, let otherwise):
      expression(condition)
      block(then)
      if let otherwise { expression(otherwise) }
    case .block(let block): self.block(block)
    case .attempt(let body, let name, let handler):
      block(body)
      if holds(handler.span) {
        if let name { bound.append((name.text, nil)) }
        block(handler)
      }
    case .sweep(let sweep):
      expressions(sweep.axes.map(\.values))
      if let condition = sweep.condition { function(condition) }
      function(sweep.body)
    }
  }
}
