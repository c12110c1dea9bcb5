/// Bounds on what may be written, so that no later recursion over a tree can run out of stack.
public enum SyntaxLimits {
  /// Deepest nesting of brackets, blocks, functions and prefix operators.
  public static let nesting = 256
  /// Greatest height of a tree: a chain such as `a + a + …` is as high as it is long.
  public static let height = 1000
  /// After this many errors in one file the parser stops reporting.
  public static let diagnostics = 100
}

/// The largest height among parts, 0 without any.
func tallest<C: Collection>(_ parts: C, _ height: (C.Element) -> Int) -> Int {
  var best = 0
  for part in parts { best = max(best, height(part)) }
  return best
}

extension FunctionLiteral.Body {
  /// Height of the body's tree.
  var height: Int {
    switch self {
    case .expression(let e): return e.height
    case .block(let b): return b.height
    }
  }
}

extension Pattern.Kind {
  /// Height of the tallest part.
  var partsHeight: Int {
    switch self {
    case .name, .ignore: return 0
    case .list(let parts, _): return tallest(parts, \.height)
    case .record(let parts): return tallest(parts) { $0.pattern.height }
    }
  }
}

extension Statement.Kind {
  /// Height of the tallest part.
  var partsHeight: Int {
    switch self {
    case .expression(let e), .param(_, let e), .state(_, let e), .seed(let e), .cite(let e), .show(let e),
      .expect(let e):
      return e.height
    case .letBinding(let p, let e), .varBinding(let p, let e): return max(p.height, e.height)
    case .assign(let target, _, let value): return max(target.height, value.height)
    case .function(_, let f, _), .expectFails(let f): return f.height
    case .option(_, let value, let bounds, _): return max(value.height, bounds?.height ?? 0)
    case .claim(let text, let body), .test(let text, let body): return max(text.height, body.height)
    case .forLoop(let p, let e, let body): return max(p.height, e.height, body.height)
    case .whileLoop(let e, let body): return max(e.height, body.height)
    case .returnValue(let e): return e?.height ?? 0
    case .use, .breakLoop, .continueLoop, .prose, .languageVersion, .invalid: return 0
    }
  }
}

extension Expression.Kind {
  /// Height of the tallest part.
  var partsHeight: Int {
    switch self {
    case .none, .bool, .int, .float, .string, .name, .invalid: return 0
    case .interpolation(let parts): return tallest(parts, \.height)
    case .list(let parts): return tallest(parts, \.height)
    case .comprehension(let element, let clauses): return max(element.height, tallest(clauses, \.height))
    case .record(let entries): return tallest(entries, \.height)
    case .call(let callee, let arguments): return max(callee.height, tallest(arguments, \.height))
    case .index(let base, let indexes): return max(base.height, tallest(indexes, \.height))
    case .field(let base, _), .optionalField(let base, _), .unary(_, let base): return base.height
    case .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b), .coalesce(let a, let b):
      return max(a.height, b.height)
    case .comparison(let operands, _, let tolerance): return max(tallest(operands, \.height), tolerance?.height ?? 0)
    case .range(let a, let b, _, let step): return max(a.height, b.height, step?.height ?? 0)
    case .function(let f): return f.height
    case .conditional(let c, let then, let otherwise): return max(c.height, then.height, otherwise?.height ?? 0)
    case .block(let b): return b.height
    case .attempt(let body, _, let handler): return max(body.height, handler.height)
    case .sweep(let s):
      return max(tallest(s.axes) { $0.values.height }, s.condition?.height ?? 0, s.body.height)
    }
  }
}

extension Expression.Segment {
  /// Height of the interpolated expression.
  var height: Int {
    if case .value(let e, _) = self { return e.height }
    return 0
  }
}

extension Expression.Element {
  /// Height of the element's expression.
  var height: Int {
    switch self {
    case .value(let e), .spread(let e): return e.height
    }
  }
}

extension Expression.Clause {
  /// Height of the clause's tallest part.
  var height: Int {
    switch self {
    case .each(let p, let e): return max(p.height, e.height)
    case .filter(let e): return e.height
    }
  }
}

extension Expression.RecordEntry {
  /// Height of the entry's tallest part.
  var height: Int {
    switch self {
    case .field(_, let e), .spread(let e): return e.height
    case .computed(let key, let value): return max(key.height, value.height)
    }
  }
}

extension Expression.Argument {
  /// Height of the argument's expression.
  var height: Int {
    switch self {
    case .positional(let e), .named(_, let e), .spread(let e): return e.height
    }
  }
}

extension Expression.Index {
  /// Height of the index's expression.
  var height: Int {
    if case .value(let e) = self { return e.height }
    return 0
  }
}
