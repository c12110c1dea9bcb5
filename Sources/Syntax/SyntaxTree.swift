import Diagnostics

/// A parsed file. Every node that a later stage annotates carries an `id`, dense from 0 to `nodeCount - 1` in this
/// tree.
public struct SyntaxTree: Sendable {
  /// The file the tree was read from.
  public let file: SourceFile
  /// The statements of the file in order; prose stands between them as `.prose`.
  public let statements: [Statement]
  /// One past the largest node id.
  public let nodeCount: Int
  /// All comments with their places, for the formatter.
  public let comments: [Comment]

  /// Makes a tree.
  public init(file: SourceFile, statements: [Statement], nodeCount: Int, comments: [Comment]) {
    self.file = file
    self.statements = statements
    self.nodeCount = nodeCount
    self.comments = comments
  }
}

/// A `#` comment.
public struct Comment: Sendable, Hashable {
  /// From the `#` to the end of the line, without white space at its end.
  public let span: Span
  /// The text with its `#`.
  public let text: String
  /// Makes a comment.
  public init(span: Span, text: String) {
    self.span = span
    self.text = text
  }
}

/// A name where it is bound or written: identifier, place and node id.
public struct Name: Sendable, Hashable {
  /// Node id, by which `ResolvedProgram.bindings` knows a binding occurrence.
  public let id: Int
  /// The identifier.
  public let text: String
  /// Where it stands.
  public let span: Span
  /// Makes a name.
  public init(id: Int, text: String, span: Span) {
    self.id = id
    self.text = text
    self.span = span
  }
}

/// A statement.
public final class Statement: Sendable {
  /// What kind, with its parts.
  public let kind: Kind
  /// From its first to its last byte.
  public let span: Span
  /// Longest way down to a leaf. The parser keeps it at or below `SyntaxLimits.height`, so that recursion over a tree
  /// is safe.
  public let height: Int

  /// Makes a statement.
  public init(_ kind: Kind, span: Span) {
    self.kind = kind
    self.span = span
    height = kind.partsHeight + 1
  }

  /// The kinds of statement.
  public indirect enum Kind: Sendable {
    /// An expression; at the top level its value is shown unless it is `none`.
    case expression(Expression)
    /// `let pattern = value`
    case letBinding(Pattern, Expression)
    /// `var pattern = value`
    case varBinding(Pattern, Expression)
    /// `target = value`, `target += value`, … The target is a name, or a chain of fields and indexes that ends in a
    /// name.
    case assign(target: Expression, operation: BinaryOperator?, value: Expression)
    /// `fn name(…) …`; `documentation` is the prose directly above.
    case function(Name, FunctionLiteral, documentation: String?)
    /// `param name = value`
    case param(Name, Expression)
    /// `state name = value`
    case state(Name, Expression)
    /// `option name = default in bounds "doc"`
    case option(Name, defaultValue: Expression, bounds: Expression?, documentation: String?)
    /// `seed n`
    case seed(Expression)
    /// `cite "…"`
    case cite(Expression)
    /// `show value`
    case show(Expression)
    /// `claim "text" { … }`; the text may interpolate. `id` is the node id of the block's frame.
    case claim(text: Expression, body: FunctionLiteral)
    /// `test "text" { … }`
    case test(text: Expression, body: FunctionLiteral)
    /// `use nn`, `use "./helpers.exp" as h`
    case use(path: String, isFile: Bool, alias: Name?)
    /// `for pattern in sequence { … }`
    case forLoop(Pattern, Expression, Block)
    /// `while condition { … }`
    case whileLoop(Expression, Block)
    /// `break`
    case breakLoop
    /// `continue`
    case continueLoop
    /// `return`, `return value`
    case returnValue(Expression?)
    /// `expect condition` (the comparison is kept as an expression so that both sides can be shown)
    case expect(Expression)
    /// `expect fails { … }`; the body is a function of no parameters.
    case expectFails(FunctionLiteral)
    /// Lines of `##` prose, joined by newlines, without the marks.
    case prose(String)
    /// `exp 1` on the first line.
    case languageVersion(Int)
    /// A statement that could not be read; already reported.
    case invalid
  }
}

/// Statements between braces; its value is that of a last expression statement, otherwise `none`.
public final class Block: Sendable {
  /// The statements.
  public let statements: [Statement]
  /// From brace to brace.
  public let span: Span
  /// Longest way down to a leaf. The parser keeps it at or below `SyntaxLimits.height`, so that recursion over a tree
  /// is safe.
  public let height: Int
  /// Makes a block.
  public init(statements: [Statement], span: Span) {
    self.statements = statements
    self.span = span
    height = tallest(statements, \.height) + 1
  }
}

/// What `let`, `var`, `for` and comprehensions bind.
public final class Pattern: Sendable {
  /// Shape of the pattern.
  public let kind: Kind
  /// Where it stands.
  public let span: Span
  /// Longest way down to a leaf. The parser keeps it at or below `SyntaxLimits.height`, so that recursion over a tree
  /// is safe.
  public let height: Int
  /// Makes a pattern.
  public init(_ kind: Kind, span: Span) {
    self.kind = kind
    self.span = span
    height = kind.partsHeight + 1
  }
  /// The names that it binds, in order.
  public var boundNames: [Name] {
    switch kind {
    case .name(let name): return [name]
    case .ignore: return []
    case .list(let elements, let rest):
      var names = elements.flatMap(\.boundNames)
      if case .named(let name) = rest { names.append(name) }
      return names
    case .record(let entries): return entries.flatMap { $0.pattern.boundNames }
    }
  }
  /// The kinds of pattern.
  public indirect enum Kind: Sendable {
    /// `name`
    case name(Name)
    /// `_`
    case ignore
    /// `[a, b, ...rest]`; without a rest the length must be exact. `rest` may be an ignored name (`nil` inside
    /// `.some`).
    case list([Pattern], rest: RestPattern)
    /// `{ a, b: pattern }`: field names with the pattern each is bound to.
    case record([(field: Name, pattern: Pattern)])
  }
  /// What a list pattern does with elements beyond its own.
  public enum RestPattern: Sendable {
    /// There must be none.
    case exact
    /// `...`: ignored.
    case ignored
    /// `...name`
    case named(Name)
  }
}

/// The parameters and body of a function, written in any of its forms; also the body of a claim, test or sweep.
public final class FunctionLiteral: Sendable {
  /// Node id, by which `ResolvedProgram.functions` knows it.
  public let id: Int
  /// Name it was declared under, or nil.
  public let name: String?
  /// Parameters in order.
  public let parameters: [Parameter]
  /// What it does.
  public let body: Body
  /// The whole literal.
  public let span: Span
  /// Longest way down to a leaf. The parser keeps it at or below `SyntaxLimits.height`, so that recursion over a tree
  /// is safe.
  public let height: Int
  /// Makes a function literal.
  public init(id: Int, name: String?, parameters: [Parameter], body: Body, span: Span) {
    self.id = id
    self.name = name
    self.parameters = parameters
    self.body = body
    self.span = span
    height = max(tallest(parameters) { $0.defaultValue?.height ?? 0 }, body.height) + 1
  }
  /// The statements at the head of the body that bind patterns whose names later defaults may use: they belong among the defaults, each
  /// behind its parameter.
  public var headStatements: ArraySlice<Statement> {
    guard case .block(let block) = body, let last = parameters.lastIndex(where: { $0.defaultValue != nil })
    else { return [] }
    return block.statements.prefix(parameters[..<last].count { $0.pattern != nil })
  }
  /// A body is one expression or a block.
  public enum Body: Sendable {
    /// `= e` or `-> e`
    case expression(Expression)
    /// `{ … }`
    case block(Block)
  }
}

/// One parameter of a function.
public struct Parameter: Sendable {
  /// Its name; for a pattern parameter its text, which no identifier can be.
  public let name: Name
  /// `x: tensor` picks the definition by the kind of the first argument.
  public let kind: Name?
  /// `= e`; may use earlier parameters and the names of their patterns.
  public let defaultValue: Expression?
  /// `...rest`
  public let isRest: Bool
  /// How a pattern parameter was written. The body of its function then begins with `let pattern = name`, put there
  /// by the parser.
  public let pattern: Pattern?
  /// Makes a parameter.
  public init(name: Name, kind: Name?, defaultValue: Expression?, isRest: Bool, pattern: Pattern? = nil) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.isRest = isRest
    self.pattern = pattern
  }
}

/// An expression.
public final class Expression: Sendable {
  /// Node id, by which `ResolvedProgram.references` knows a name.
  public let id: Int
  /// What kind, with its parts.
  public let kind: Kind
  /// From its first to its last byte.
  public let span: Span
  /// Longest way down to a leaf. The parser keeps it at or below `SyntaxLimits.height`, so that recursion over a tree
  /// is safe.
  public let height: Int
  /// Makes an expression.
  public init(id: Int, _ kind: Kind, span: Span) {
    self.id = id
    self.kind = kind
    self.span = span
    height = kind.partsHeight + 1
  }

  /// The kinds of expression.
  public indirect enum Kind: Sendable {
    /// `none`
    case none
    /// `true`, `false`
    case bool(Bool)
    /// `42`
    case int(Int)
    /// `0.5`
    case float(Double)
    /// A string without interpolation, escapes done.
    case string(String)
    /// `"a{x:.3f}b"`
    case interpolation([Segment])
    /// `x`
    case name(String)
    /// `[1, ...xs]`
    case list([Element])
    /// `[x^2 for x in xs if x > 0]`
    case comprehension(element: Expression, clauses: [Clause])
    /// `{ lr: 0.1, ...r, x, "mlp 64": f, (e): v }`
    case record([RecordEntry])
    /// `f(a, name: b, ...xs)`; a method call `x.f(a)` is `.call` of a `.field`.
    case call(Expression, [Argument])
    /// `x[i, .., 1..3]`
    case index(Expression, [Index])
    /// `x.f`
    case field(Expression, Name)
    /// `x?.f`
    case optionalField(Expression, Name)
    /// `-x`, `not x`
    case unary(UnaryOperator, Expression)
    /// Any binary operator but comparisons, `and`, `or`, `??`.
    case binary(BinaryOperator, Expression, Expression, operatorSpan: Span)
    /// `a < b <= c`; `tolerance` belongs to `≈ … within`. `operands.count == operators.count + 1`.
    case comparison(operands: [Expression], operators: [ComparisonOperator], tolerance: Expression?)
    /// `a and b`
    case and(Expression, Expression)
    /// `a or b`
    case or(Expression, Expression)
    /// `a ?? b`
    case coalesce(Expression, Expression)
    /// `a..b`, `a..<b`, `… by step`
    case range(Expression, Expression, inclusive: Bool, step: Expression?)
    /// `x -> e`, `(x, y) -> e`, `fn(x) { … }`
    case function(FunctionLiteral)
    /// `if c { … } else …`; the else is a block or another `if`.
    case conditional(Expression, then: Block, otherwise: Expression?)
    /// A block where the grammar asks for one (an `else` branch).
    case block(Block)
    /// `try { … } catch e { … }`
    case attempt(Block, Name?, handler: Block)
    /// `sweep x in xs, … { … }`; the body is a function whose parameters are the coordinates.
    case sweep(Sweep)
    /// An expression that could not be read; already reported.
    case invalid
  }

  /// A piece of an interpolated string.
  public enum Segment: Sendable {
    /// Text.
    case text(String)
    /// `{expression:format}`
    case value(Expression, format: String?)
  }
  /// An element of a list.
  public enum Element: Sendable {
    /// `e`
    case value(Expression)
    /// `...e`
    case spread(Expression)
  }
  /// A clause of a comprehension.
  public enum Clause: Sendable {
    /// `for pattern in sequence`
    case each(Pattern, Expression)
    /// `if condition`
    case filter(Expression)
  }
  /// An entry of a record.
  public enum RecordEntry: Sendable {
    /// `name: e`, `"any text": e`, and `name` alone
    case field(Name, Expression)
    /// `(e): v`
    case computed(Expression, Expression)
    /// `...e`
    case spread(Expression)
  }
  /// An argument of a call.
  public enum Argument: Sendable {
    /// `e`
    case positional(Expression)
    /// `name: e`
    case named(Name, Expression)
    /// `...e`: a list gives positional, a record named arguments.
    case spread(Expression)
  }
  /// An index inside brackets.
  public enum Index: Sendable {
    /// `..`: the whole axis.
    case whole(Span)
    /// Anything else: number, range, mask, ids, string.
    case value(Expression)
  }
}

/// A sweep expression.
public struct Sweep: Sendable {
  /// The coordinates: a name and the values it takes.
  public let axes: [(name: Name, values: Expression)]
  /// `zip`: axes advance together.
  public let isZip: Bool
  /// `where cond`, a function of the coordinates.
  public let condition: FunctionLiteral?
  /// `paired` with no names is an empty list; nil when absent.
  public let pairedBy: [Name]?
  /// The block, a function of the coordinates.
  public let body: FunctionLiteral
  /// Makes a sweep.
  public init(
    axes: [(name: Name, values: Expression)], isZip: Bool, condition: FunctionLiteral?, pairedBy: [Name]?,
    body: FunctionLiteral
  ) {
    self.axes = axes
    self.isZip = isZip
    self.condition = condition
    self.pairedBy = pairedBy
    self.body = body
  }
}

/// Unary operators.
public enum UnaryOperator: String, Sendable { case negate = "-", not = "not" }

/// Binary operators that are neither comparisons nor short-circuit.
public enum BinaryOperator: String, Sendable, CaseIterable {
  case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", remainder = "%", power = "^"
  case matmul = "@", join = "++"
}

/// Comparison operators.
public enum ComparisonOperator: String, Sendable, CaseIterable {
  case equal = "==", notEqual = "!=", less = "<", lessEqual = "<=", greater = ">", greaterEqual = ">=", close = "≈"
  /// `x in xs`
  case member = "in"
}

extension Statement {
  /// Whether this is a `test` block.
  public var isTest: Bool {
    if case .test = kind { return true }
    return false
  }
}
