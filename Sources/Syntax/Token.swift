/// What a token is. Strings are several tokens: `stringBegin`, then `stringText` and interpolations, then `stringEnd`.
enum TokenKind: UInt8, Sendable {
  case end, name, int, float, prose
  case stringBegin, stringText, interpolationBegin, formatText, interpolationEnd, stringEnd, rawString
  // Reserved words.
  case kwLet, kwVar, kwFn, kwIf, kwElse, kwFor, kwWhile, kwIn, kwBreak, kwContinue, kwReturn, kwTry, kwCatch
  case kwAnd, kwOr, kwNot, kwTrue, kwFalse, kwNone, kwSweep, kwShow, kwExpect
  // Brackets and punctuation.
  case leftParen, rightParen, leftBracket, rightBracket, leftBrace, rightBrace
  case comma, colon, semicolon, dot, questionDot, ellipsis, arrow
  // Assignment.
  case assign, plusAssign, minusAssign, timesAssign, divideAssign, floorAssign, remainderAssign, powerAssign
  case matmulAssign, joinAssign
  // Operators.
  case plus, minus, star, slash, slashSlash, percent, caret, at, plusPlus
  case dotDot, dotDotLess, questionQuestion
  case equalEqual, notEqual, less, lessEqual, greater, greaterEqual, approximately
  /// Characters or operators that Exp does not have.
  case foreign

  /// The reserved words.
  static let reserved: [String: TokenKind] = [
    "let": .kwLet, "var": .kwVar, "fn": .kwFn, "if": .kwIf, "else": .kwElse, "for": .kwFor, "while": .kwWhile,
    "in": .kwIn, "break": .kwBreak, "continue": .kwContinue, "return": .kwReturn, "try": .kwTry, "catch": .kwCatch,
    "and": .kwAnd, "or": .kwOr, "not": .kwNot, "true": .kwTrue, "false": .kwFalse, "none": .kwNone,
    "sweep": .kwSweep, "show": .kwShow, "expect": .kwExpect,
  ]

  /// A reserved word.
  var isReserved: Bool { rawValue >= TokenKind.kwLet.rawValue && rawValue <= TokenKind.kwExpect.rawValue }
  /// A name or a reserved word: both may stand after `.` and before `:`.
  var isWord: Bool { self == .name || isReserved }
  /// `=`, `+=`, …
  var isAssignment: Bool { rawValue >= TokenKind.assign.rawValue && rawValue <= TokenKind.joinAssign.rawValue }
  /// Opens a bracket that `Token.match` pairs.
  var opens: Bool { self == .leftParen || self == .leftBracket || self == .leftBrace || self == .interpolationBegin }
  /// Closes a bracket.
  var closes: Bool {
    self == .rightParen || self == .rightBracket || self == .rightBrace || self == .interpolationEnd
  }

  /// Only ever begins a statement, so a line that starts with it ends whatever was left open before.
  var beginsStatement: Bool {
    switch self {
    case .kwLet, .kwVar, .kwWhile, .kwBreak, .kwContinue, .kwReturn, .kwShow, .kwExpect: return true
    default: return false
    }
  }

  /// An operator, or a sign such as `=`, after which an expression must follow.
  var wantsOperand: Bool {
    switch self {
    case .kwAnd, .kwOr, .kwNot, .kwIn, .arrow, .questionQuestion, .dotDot, .dotDotLess: return true
    default: return isAssignment || binaryOperator != nil || comparison != nil
    }
  }

  /// The operation of `+=` and its like.
  var compoundOperator: BinaryOperator? {
    switch self {
    case .plusAssign: return .add
    case .minusAssign: return .subtract
    case .timesAssign: return .multiply
    case .divideAssign: return .divide
    case .floorAssign: return .floorDivide
    case .remainderAssign: return .remainder
    case .powerAssign: return .power
    case .matmulAssign: return .matmul
    case .joinAssign: return .join
    default: return nil
    }
  }

  /// The binary operator, without comparisons and the short-circuit ones.
  var binaryOperator: BinaryOperator? {
    switch self {
    case .plus: return .add
    case .minus: return .subtract
    case .star: return .multiply
    case .slash: return .divide
    case .slashSlash: return .floorDivide
    case .percent: return .remainder
    case .caret: return .power
    case .at: return .matmul
    case .plusPlus: return .join
    default: return nil
    }
  }

  /// The comparison operator.
  var comparison: ComparisonOperator? {
    switch self {
    case .equalEqual: return .equal
    case .notEqual: return .notEqual
    case .less: return .less
    case .lessEqual: return .lessEqual
    case .greater: return .greater
    case .greaterEqual: return .greaterEqual
    case .approximately: return .close
    case .kwIn: return .member
    default: return nil
    }
  }
}

/// A piece of text, by its place.
struct Token: Sendable {
  /// What it is.
  var kind: TokenKind
  /// A newline stands between it and the token before it.
  var newlineBefore: Bool
  /// White space, a newline or a comment stands before it.
  var spaceBefore: Bool
  /// Offset of the first byte.
  var lower: Int
  /// Offset past the last byte.
  var upper: Int
  /// For a bracket, the index of the token that closes or opens it; -1 without one.
  var match = -1
}

/// How tightly operators bind; larger is tighter.
enum Precedence: Int, Comparable {
  case or = 1, and, not, comparison, coalesce, range, join, additive, multiplicative, unary, power

  static func < (a: Precedence, b: Precedence) -> Bool { a.rawValue < b.rawValue }

  /// The next tighter one.
  var tighter: Precedence { Precedence(rawValue: rawValue + 1) ?? .power }
}

extension BinaryOperator {
  /// How tightly it binds.
  var precedence: Precedence {
    switch self {
    case .add, .subtract: return .additive
    case .multiply, .divide, .floorDivide, .remainder, .matmul: return .multiplicative
    case .power: return .power
    case .join: return .join
    }
  }
}
