/// What is written otherwise in other languages, where what was meant is clear.
enum ForeignForm: Hashable {
  /// `{1, 2}`, with its first element.
  case setOfValues(String)
  /// `var(xs)`.
  case variance
  /// `for` or `while` where a value is wanted.
  case loopAsValue(String)
  /// `for i = …`.
  case countedLoop
  /// `1,000,000`.
  case groupedDigits(String)
  /// `0,5`.
  case decimalComma(whole: String, fraction: String)
  /// `*xs`, `**r` and `xs...`.
  case spread(String)
  /// `[1 2; 3 4]`.
  case rowsWithoutCommas(found: String)

  // swift-format-ignore
  var wording: SyntaxProblem.Wording {
    switch self {
    case .setOfValues(let first):
      return .init(id: "E0032", message: "braces hold fields, which have names", label: "a list is written `[\(first), …]`",
        help: ["the different elements of a list are `distinct([\(first), …])`"])
    case .variance:
      return .init(id: "E0027", message: "`var` binds a name", label: "the variance of numbers is `variance(xs)`")
    case .loopAsValue(let word):
      return .init(id: "E0027", message: "`\(word)` begins a statement and has no value", label: "expected an expression",
        help: word == "for" ? ["a list of values is written `[f(x) for x in xs]`"] : [])
    case .countedLoop:
      return .init(id: "E0020", message: "expected `in`", label: "found `=`",
        help: ["a loop goes through values: `for i in 1..10 { … }`"])
    case .groupedDigits(let digits):
      return .init(id: "E0060", message: "a number has no commas", label: "write `\(digits)`")
    case .decimalComma(let whole, let fraction):
      return .init(id: "E0060", message: "a comma belongs to no number", label: "write `\(whole).\(fraction)`, or a list `[\(whole), \(fraction)]`")
    case .spread(let sign):
      return .init(id: "E0001", message: "Exp has no `\(sign)` for several values", label: "write `...` before them: `...xs`")
    case .rowsWithoutCommas(let found):
      return .init(id: "E0020", message: "expected `,` or `]`", label: "found \(found)",
        help: ["commas separate elements, `[1, 2, 3]`; a matrix is `tensor([[1, 2], [3, 4]])`"])
    }
  }
}

extension Parser {
  /// `*xs` or `**r`, as other languages spread or gather several values; takes the sign.
  mutating func eatForeignSpread() -> Bool {
    guard at(.star) || atForeign("**") else { return false }
    remark(.foreignForm(.spread(text(token))))
    advance()
    return true
  }

  /// The `...` behind the values, as in `f(xs...)`.
  mutating func eatTrailingSpread() -> Bool {
    guard at(.ellipsis), peek().kind.closes || peek().kind == .comma else { return false }
    remark(.foreignForm(.spread("...` behind `xs")))
    advance()
    return true
  }

  /// A number with commas, the first of which stands here: `1,000,000` or `0,5`.
  var numberWithCommas: ForeignForm? {
    guard index > 0, tokens[index - 1].kind == .int else { return nil }
    var digits = [text(tokens[index - 1])], at = index
    while tokens[at].kind == .comma, !tokens[at].spaceBefore, tokens[at + 1].kind == .int, !tokens[at + 1].spaceBefore {
      digits.append(text(tokens[at + 1]))
      at += 2
    }
    guard digits.count > 1, digits.allSatisfy({ $0.allSatisfy(\.isNumber) }) else { return nil }
    if digits.dropFirst().allSatisfy({ $0.count == 3 }), digits[0].count <= 3, digits[0] != "0" {
      return .groupedDigits(digits.joined(separator: "_"))
    }
    return digits.count == 2 ? .decimalComma(whole: digits[0], fraction: digits[1]) : nil
  }

  /// `function(x) { … }` or `function(x) x + 1` stands here, where a call could not be followed by what follows.
  var beginsForeignFunction: Bool {
    guard atWord("function"), index > 0, [.assign, .leftParen, .comma, .colon].contains(tokens[index - 1].kind),
      peek().kind == .leftParen, peek().match > index
    else { return false }
    let body = tokens[min(peek().match + 1, tokens.count - 1)]
    return !body.newlineBefore && [.leftBrace, .name, .int, .float].contains(body.kind)
  }

  /// The end of `|x|` or `|x, y|`, which begins here.
  var closingBar: Int? {
    guard atForeign("|"), peek().kind == .name else { return nil }
    var at = index + 1
    while tokens[at].kind == .name, tokens[at + 1].kind == .comma { at += 2 }
    guard tokens[at].kind == .name, tokens[at + 1].kind == .foreign, text(tokens[at + 1]) == "|" else { return nil }
    return at + 1
  }
}
