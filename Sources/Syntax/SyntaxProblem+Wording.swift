import Diagnostics

/// Id, message, label beside the underline, and help of every problem, sorted by id.
extension SyntaxProblem {
  /// The words of one problem.
  struct Wording {
    let id: String
    let message: String
    var label = ""
    var help: [String] = []
  }

  /// The problem as it is shown.
  func diagnostic(at span: Span) -> Diagnostic {
    let words = wording
    return Diagnostic(words.id, words.message, at: span, label: words.label, help: words.help)
  }

  // swift-format-ignore
  var wording: Wording {
    switch self {
    // E0001–E0019: characters, numbers, strings.
    case .foreignOperator(let text): return ForeignOperator.wording(text)
    case .invalidText:
      return Wording(id: "E0001", message: "the file is not valid UTF-8 here", label: "this byte belongs to no character",
        help: ["save the file as UTF-8"])
    case .nullCharacter:
      return Wording(id: "E0001", message: "the file is no text: it has a U+0000 here", label: "no script has one",
        help: ["remove it, or save the file as UTF-8"])
    case .unterminatedString:
      return Wording(id: "E0002", message: "this string has no end on its line", label: "begins here",
        help: ["close it with `\"`, or write `\"\"\"` around text of several lines"])
    case .unclosedInterpolation:
      return Wording(id: "E0002", message: "a `{` in this string has no `}` on its line", label: "begins here",
        help: ["close it with `}`; a brace itself is written `\\{`"])
    case .unterminatedRawString:
      return Wording(id: "E0002", message: "this string has no end on its line", label: "begins here", help: ["close it with `'`"])
    case .unterminatedText:
      return Wording(id: "E0003", message: "this text has no end", label: "begins here", help: ["close it with `\"\"\"`"])
    case .unknownEscape(let text):
      return Wording(id: "E0004", message: "a string cannot hold `\(text)`",
        label: text == "\\(" ? "a value stands in braces: \"{x}\"" : "no such escape",
        help: ["the escapes are \\n \\t \\r \\0 \\\\ \\\" \\' \\{ \\} and \\u{…}; '…' takes everything as it stands"])
    case .emptyInterpolation(let format):
      return Wording(id: "E0005", message: "there is nothing between the braces of this string", label: "expected an expression",
        help: ["the value stands in its braces: `\"{x\(format.map { ":" + $0 } ?? "")}\"`; `\\{` is a brace itself"])
    case .malformedNumber(let text):
      return Wording(id: "E0006", message: "`\(text)` is not a number", label: "numbers are written 42, 1_000, 0xff, 0.5, 1e-3")
    case .fractionWithoutDigits(let text):
      let mended = text.hasPrefix(".") ? "0\(text)" : "\(text)0"
      return Wording(id: "E0007", message: "a number has digits on both sides of its point", label: "write `\(mended)`")
    case .lettersAfterNumber(let number, let letters):
      return Wording(id: "E0008", message: "the number \(number) runs into `\(letters)`",
        label: ["b", "o"].contains(letters.prefix(1)) && number == "0"
          ? "only 0x… is known besides decimal numbers" : "write `\(number) * \(letters)` for the product")
    case .wordAfterNumber(let number, let word):
      return Wording(id: "E0008", message: "the number \(number) runs into `\(word)`", label: "write `\(number) \(word)`, with a space")
    case .integerOverflow(let text):
      return Wording(id: "E0009", message: "`\(text)` does not fit into 64 bits", label: "the largest integer is 9223372036854775807",
        help: ["write it as a float, such as `1e20`, if it need not be exact"])
    case .floatOverflow(let text):
      return Wording(id: "E0009", message: "`\(text)` is larger than any float", label: "the largest float is 1.7976931348623157e308")
    case .stringPrefix(let prefix):
      return Wording(id: "E0010", message: "strings have no prefix `\(prefix)` here",
        label: prefix == "r" ? "write '…' for text without escapes" : "leave it out: \"{x}\" interpolates in every string")
    // E0020–E0039: brackets, lines, words.
    case .expected(let what, let found):
      return Wording(id: "E0020", message: "expected \(what)", label: "found \(found)")
    case .unclosedBracket(let bracket):
      return Wording(id: "E0021", message: "this `\(bracket)` is never closed", label: "opened here")
    case .strayCloser(let bracket):
      return Wording(id: "E0022", message: "this `\(bracket)` closes nothing", label: "nothing is open here")
    case .forgottenComma:
      return Wording(id: "E0023", message: "a comma is missing before this line", label: "the next element begins here",
        help: ["inside brackets newlines do not separate"])
    case .lineStartsWithOperator(let operation, let isFirst):
      return Wording(id: "E0024", message: "a line cannot start with `\(operation)`",
        label: isFirst ? "nothing stands before it" : "the statement before it has already ended",
        help: (["//", "%"].contains(operation) ? ["a comment begins with `#`"] : [])
          + (operation == "@" ? ["there are no decorators: a function is changed by a call, `let fast = compiled(f)`"] : [])
          + (isFirst ? [] : ["put `\(operation)` at the end of the line before, or put parentheses around the whole"]))
    case .foreignComment(let sign):
      return Wording(id: "E0024", message: "a comment begins with `#`", label: sign == "//" ? "`//` divides, and gives a whole number" : "`\(sign)` begins none")
    case .forgottenParentheses(let name, let found):
      return Wording(id: "E0025", message: "expected the end of the line", label: "found \(found)",
        help: [
          LanguageWord.beginningStatement(name).map { "it is written `\($0.form)`" } ?? "a call is written `\(name)(…)`"
        ])
    case .forgottenSign(let number, let name):
      return Wording(id: "E0025", message: "expected the end of the line", label: "found the name `\(name)`",
        help: ["a product is written `\(number) * \(name)`"])
    case .forgottenSeparator(let found):
      return Wording(id: "E0020", message: "expected the end of the line", label: "found \(found)",
        help: ["a new line, or `;`, separates statements"])
    case .needsParentheses(let what):
      return Wording(id: "E0026", message: "\(what) needs parentheses here", label: "it binds less tightly than the operator before it")
    case .statementAsExpression(let word):
      return Wording(id: "E0027", message: "`\(word)` begins a statement and has no value", label: "expected an expression")
    case .assignmentAsValue(let operation):
      return Wording(id: "E0027", message: "an assignment is a statement and has no value", label: "`\(operation)` cannot stand inside brackets",
        help: ["a loop assigns, `for x in xs { total += x }`; a function cannot rebind outer names"])
    case .reservedName(let word):
      return Wording(id: "E0028", message: "`\(word)` is a reserved word and cannot be a name here", label: "choose another name",
        help: ["after `.`, and before `:`, any word may stand"])
    case .nothingAfter(let sign):
      return Wording(id: "E0029", message: "nothing follows `\(sign)`", label: "expected an expression after it, on this line or the next")
    // E0030–E0049: records, bindings, functions.
    case .blockForRecord(let place):
      return Wording(id: "E0030", message: "braces are a record here, not a block of statements",
        label: place == .afterArrow ? "after `->` comes one expression" : "expected fields such as `lr: 0.1`",
        help: [
          place == .functionBody
            ? "a function's block stands without `=`: leave it out, `fn f(x) { … }`"
            : "one expression stands without braces; a function of several statements is written `fn(x) { … }`"
        ])
    case .equalsForColon(let name, let what):
      return Wording(id: "E0031", message: "\(what) is named with `:`", label: "write `\(name): …`")
    case .numberAsField(let number):
      return Wording(id: "E0032", message: "a field's name cannot be the number \(number)", label: "expected a name, a string, or (expression)",
        help: ["write a word, or the number as a text: `\"\(number)\": …`"])
    case .assignmentInCondition:
      return Wording(id: "E0033", message: "`=` assigns and cannot stand in a condition", label: "write `==` to compare")
    case .notAssignable(let what):
      return Wording(id: "E0034", message: "\(what) cannot be assigned to", label: "expected a name, or its fields and elements")
    case .destructuringWithoutLet(let parts, let isRecord):
      return Wording(id: "E0035", message: "a pattern binds new names only after `let` or `var`",
        label: "what is bound already is assigned part by part",
        help: [assignedOneByOne(parts, isRecord: isRecord), "new names are bound by `let` before it, and hide those of outside"])
    case .functionWithoutFn(let name):
      return Wording(id: "E0036", message: "a function is defined with `fn`", label: "write `fn \(name)(…) = …`")
    case .bindingWithoutValue(let word, let found):
      return Wording(id: "E0037", message: "`\(word)` needs a value", label: "expected `= value`, found \(found)")
    case .mutableLet(let name):
      return Wording(id: "E0073", message: "Exp has no `let mut` statement", label: "write `var \(name) = …`")
    case .dottedCall(let name):
      return Wording(id: "E0067", message: "functions of numbers take tensors element by element as they are",
        label: "write `\(name)(…)`, or `map(xs, \(name))` for a list")
    case .coordinateWithoutIn(let name, let found):
      return Wording(id: "E0020", message: "expected `in`", label: "found \(found)",
        help: ["the values of a coordinate stand after `in`: `sweep \(name) in [1, 2, 4] { … }`"])
    case .typeAnnotation:
      return Wording(id: "E0038", message: "bindings have no types", label: "leave out the `:` and what follows up to `=`")
    case .returnType:
      return Wording(id: "E0038", message: "functions declare no type for their result", label: "leave it out")
    case .arrowAfterFn:
      return Wording(id: "E0039", message: "`fn(…)` is followed by `{ … }` or `= …`", label: "write `=`, or leave out `fn`")
    case .namedFunctionAsExpression(let name):
      return Wording(id: "E0040", message: "a function inside an expression has no name", label: "write `fn(…)`",
        help: ["define `fn \(name)(…)` in a statement of its own to give it a name"])
    case .duplicateParameter(let name):
      return Wording(id: "E0041", message: "two parameters are named `\(name)`", label: "this one repeats an earlier name")
    case .restNotLast:
      return Wording(id: "E0042", message: "`...` collects the rest, so it stands last", label: "something follows it")
    case .positionalAfterNamed:
      return Wording(id: "E0043", message: "positional arguments stand before named ones", label: "give it a name, or move it forward")
    // E0050–E0069: blocks and what stands in them.
    case .colonBlock:
      return Wording(id: "E0050", message: "expected `{` and a block", label: "blocks stand in braces, not after `:`")
    case .wordBlock(let word):
      return Wording(id: "E0050", message: "expected `{` and a block", label: "blocks stand in braces, not after `\(word)`")
    case .elseIf(let word):
      return Wording(id: "E0051", message: "there is no `\(word)`", label: "write `else if`")
    case .strayElse(let word, let isFirst):
      return Wording(id: "E0052", message: "this `\(word)` belongs to no `\(word == "else" ? "if" : "try")`", label: "nothing before it can take it",
        help: [
          isFirst
            ? "`\(word)` stands after the closing brace, in a session \(word == "else" ? "on the same line" : "on its line or on the next")"
            : "`\(word)` stands after the closing brace, on its line or on the next"
        ])
    case .foreignCatch(let word):
      return Wording(id: "E0053", message: "there is no `\(word)`",
        label: word == "finally" ? "what always runs stands behind `try { … } catch e { … }`" : "write `catch e`")
    case .missingCatch:
      return Wording(id: "E0053", message: "this `try` has no `catch`", label: "an error would go unnoticed",
        help: ["write what it comes to then: `try { … } catch e { … }`"])
    case .trailingIf:
      return Wording(id: "E0054", message: "`if` cannot follow what it chooses", label: "write `if condition { a } else { b }`")
    case .parenthesizedFor:
      return Wording(id: "E0055", message: "expected a name to bind", label: "loops are written `for x in xs { … }`",
        help: ["counting from 0 to n - 1: `for i in 0..<n { … }`; pairs are taken apart with `for [a, b] in …`"])
    case .sweepOrder(let word):
      return Wording(id: "E0056", message: "`\(word)` stands too late in this sweep", label: "the order is `zip`, `where`, `paired by`")
    case .parenthesizedSweep:
      return Wording(id: "E0056", message: "the coordinates of a sweep stand without parentheses",
        label: "write `sweep x in xs, y in ys { … }`")
    case .versionNotFirst:
      return Wording(id: "E0057", message: "the language version is named on a file's first line", label: "move it to the top",
        help: ["the exponential function is called: `exp(1)`"])
    case .unknownVersion(let version):
      return Wording(id: "E0058", message: "this Exp does not know version \(version) of the language", label: "it knows version 1")
    // E0060–E0079: habits from other languages.
    case .tuple:
      return Wording(id: "E0060", message: "there are no tuples", label: "write a list `[a, b]` or a record `{ a, b }`")
    case .barePattern(let names, let inLoop):
      return Wording(id: "E0060", message: "there are no tuples", label: "write `[\(names)]` to take a list apart",
        help: inLoop ? ["`for { key, value } in d` goes through the fields of a record"] : [])
    case .severalAssigned(let parts):
      return Wording(id: "E0060", message: "there are no tuples", label: "several are assigned one by one",
        help: [assignedOneByOne(parts, isRecord: false), "new names are bound by `let [a, b] = [1, 2]`, and hide those of outside"])
    case .emptyParentheses:
      return Wording(id: "E0061", message: "expected an expression between the parentheses", label: "nothing stands here",
        help: ["a function without parameters is written `() -> value`, an empty list `[]`"])
    case .bareComprehension:
      return Wording(id: "E0062", message: "a comprehension stands in brackets", label: "write `[… for x in xs]`")
    case .recordComprehension:
      return Wording(id: "E0062", message: "a comprehension makes a list, not a record", label: "no `for` stands in a record",
        help: ["`var d = {}`, then `for x in xs { d[name] = value }` fills a record"])
    case .setComprehension(let name):
      return Wording(id: "E0062", message: "a comprehension makes a list, and there are no sets", label: "no `for` stands in a record",
        help: ["the different elements of a list: `distinct([\(name) for \(name) in xs])`"])
    case .mixedComprehension:
      return Wording(id: "E0063", message: "a comprehension has one element before its `for`", label: "it can have no other elements",
        help: ["join lists with `++`"])
    case .openRange:
      return Wording(id: "E0064", message: "a slice names both its ends", label: "write `a..<b`, or `..` alone for the whole axis",
        help: ["negative indexes count from the end: `xs[-2..-1]` are the last two"])
    case .colonSlice:
      return Wording(id: "E0064", message: "a slice is a range, without `:`", label: "write `a..<b`, or `..` alone for the whole axis",
        help: ["both ends are named; negative indexes count from the end: `xs[-2..-1]` are the last two"])
    case .colonRange:
      return Wording(id: "E0064", message: "a range is written with two points", label: "write `a..b`, or `a..<b` without its end")
    case .chainedRange:
      return Wording(id: "E0065", message: "a range has two ends", label: "write `a..b by step` for a step")
    case .emptyIndex:
      return Wording(id: "E0066", message: "an index is missing between the brackets", label: "expected a number, a range, a mask or a string")
    case .optionalIndex:
      return Wording(id: "E0066", message: "there is no `?[`", label: "write `[`",
        help: ["a name that a record may lack: `if has(r, name) { r[name] } else { … }`; where the record itself may be none, `r?.x`"])
    case .indexAfterDot(let index):
      return Wording(id: "E0067", message: "a field has a name", label: "write `[\(index)]` for the element at \(index)")
    case .increment(let text):
      return Wording(id: "E0068", message: "there is no `x\(text)`", label: "write `x += 1`", help: ["`++` joins lists and strings"])
    case .unaryPlus:
      return Wording(id: "E0069", message: "there is no `+` before a value", label: "leave it out")
    case .strayColon:
      return Wording(id: "E0070", message: "expected the end of the line", label: "`:` names fields and arguments, inside braces and parentheses",
        help: ["blocks stand in braces: `if x > 0 { … }`"])
    case .recordInBlock(let name):
      return Wording(id: "E0070", message: "expected the end of the line", label: "these braces are a block's, and `:` names no field in it",
        help: ["a record has braces of its own, in a block too: `{ { \(name): … } }`"])
    case .strayArrow:
      return Wording(id: "E0071", message: "expected parameters before `->`", label: "write `x -> …` or `(x, y) -> …`")
    case .plainString(let what):
      return Wording(id: "E0072", message: "\(what) is a plain string", label: "it cannot interpolate")
    case .foreignStatement(let word, let advice):
      return Wording(id: "E0073", message: "Exp has no `\(word)` statement", label: advice)
    case .foreignForm(let form): return form.wording
    // E0090–E0099: limits.
    case .tooDeep:
      return Wording(id: "E0090", message: "this is nested deeper than \(SyntaxLimits.nesting) levels", label: "one level too many",
        help: ["give parts of it names with `let`, or move them into functions"])
    case .tooTall:
      return Wording(id: "E0091", message: "this expression chains more than about \(SyntaxLimits.height) operations", label: "the whole chain",
        help: ["keep the parts in a list and fold them, for example with `sum`"])
    }
  }
}

extension SyntaxProblem {
  /// How several names, or parts of values, that are bound already get new values of each other.
  private func assignedOneByOne(_ parts: [String], isRecord: Bool) -> String {
    let assigned = parts.enumerated().map { i, part in "`\(part) = next\(isRecord ? ".\(part)" : "[\(i)]")`" }
    return "names that are bound already: `let next = \(isRecord ? "r" : "[…]")`, then "
      + assigned.joined(separator: ", ")
  }
}

/// What to say about operators and characters of other languages.
enum ForeignOperator {
  private static let equivalents: [String: String] = [
    "&&": "and", "||": "or", "!": "not", "¬": "not", "**": "^", ".^": "^", "**=": "^=", "===": "==", "!==": "!=",
    "<>": "!=", "~=": "!=", "div": "//", "mod": "%", "%/%": "//", "%%": "%", "%*%": "@", "%in%": "in", "is": "==",
    "is not": "!=",
    "= =": "==",
    ":=": "=", "=>": "->", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "×": "*", "·": "*", "÷": "/", "−": "-",
    ".*": "*", "./": "/", ".+": "+", ".-": "-", "∈": "in", "–": "-", "—": "-", "…": "...", "...": "..",
  ]

  /// Quotation marks of print, with which a whole quotation may begin.
  private static let quotes = ["“": "\"", "”": "\"", "„": "\"", "‘": "'", "’": "'", "«": "\"", "»": "\""]

  private static let advice: [String: String] = [
    "<-": "a name is bound with `let x = …`, and bound anew with `x = …`",
    "|>": "call with a point instead: `xs.map(f)`",
    "%>%": "call with a point instead: `xs.map(f)`",
    "|": "write `or` for conditions; of tensors element by element `where(a, true, b)`",
    "&": "write `and` for conditions; of tensors element by element `where(a, b, false)`",
    "?": "write `if condition { a } else { b }`",
    "::": "functions are called `f(x)` or `x.f()`; `reverse(xs)` turns a list round",
    "~": "write `not` for conditions",
    "a ~ b": "numbers that are close are compared by `a ≈ b`",
    "|x|": "a function is written `x -> x + 1`, and of two arguments `(x, y) -> x + y`",
    "function": "a function is written `x -> x + 1`, and one of several statements `fn(x) { … }`",
    "√": "a root is written `sqrt(x)`",
    "$": "strings interpolate with braces: \"{x}\"",
    "\\": "a line goes on by itself inside brackets and after an operator",
    "\\ … ->": "a function is written `x -> …`, and of two arguments `(x, y) -> …`",
    "'": "a transpose is written `transpose(x)`",
    "\u{FFFD}": "the file is not valid UTF-8 here",
    "\u{00A0}": "this is a no-break space: write an ordinary one",
  ]

  static func wording(_ text: String) -> SyntaxProblem.Wording {
    let quote = text.unicodeScalars.first.map(String.init) ?? text
    if let equivalent = equivalents[text] ?? quotes[quote] {
      let text = quotes[quote] == nil ? text : quote
      return SyntaxProblem.Wording(id: "E0001", message: "Exp has no `\(text)`", label: "write `\(equivalent)`")
    }
    let first = text.first.map(String.init) ?? text
    if let advice = advice[text] ?? advice[first] {
      let known = self.advice[text] != nil ? text : first
      return SyntaxProblem.Wording(id: "E0001", message: "Exp has no `\(printable(known))`", label: advice)
    }
    if let scalar = text.unicodeScalars.first, Lexer.isBlank(scalar) {
      return SyntaxProblem.Wording(
        id: "E0001", message: "Exp has no `\(printable(first))`",
        label: scalar.properties.isWhitespace
          ? "this is no ordinary space: write one" : "a character stands here that cannot be seen: remove it")
    }
    return SyntaxProblem.Wording(
      id: "E0001", message: "`\(printable(first))` means nothing here",
      label: "no such character in Exp, outside strings and comments")
  }

  /// A character that can be seen: control characters and blanks by their number.
  private static func printable(_ text: String) -> String {
    guard let scalar = text.unicodeScalars.first else { return text }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return "U+" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count))
        + String(scalar.value, radix: 16, uppercase: true)
    default: return text
    }
  }
}
