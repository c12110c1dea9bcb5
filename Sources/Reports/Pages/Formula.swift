/// A formula in the TeX that prose uses, as MathML, which browsers draw without scripts. Reading never fails: a command
/// that is not known stands as it was written.
struct Formula {
  private let tokens: [Token]
  private var position = 0

  private enum Token: Hashable {
    case command(String)
    case open, close, up, down, prime, newCell, newRow
    case character(Character)
  }

  /// MathML for a formula; `isBlock` gives it a line of its own.
  static func mathML(_ text: String, isBlock: Bool = false) -> String {
    var formula = Formula(tokens: tokens(text))
    let body = formula.readRow(until: nil, depth: 0)
    let source = "<annotation encoding=\"application/x-tex\">\(Markup.escape(text))</annotation>"
    return "<math\(isBlock ? " display=\"block\"" : "")><semantics><mrow>\(body)</mrow>\(source)</semantics></math>"
  }

  private init(tokens: [Token]) { self.tokens = tokens }

  // MARK: reading

  private static func tokens(_ text: String) -> [Token] {
    var found: [Token] = []
    var rest = Substring(text.prefix(4000))
    while let c = rest.popFirst() {
      switch c {
      case "\\":
        let name = rest.prefix { $0.isASCII && $0.isLetter }
        if !name.isEmpty {
          found.append(.command(String(name)))
          rest = rest.dropFirst(name.count)
        } else if let next = rest.popFirst() {
          found.append(next == "\\" ? .newRow : .command(String(next)))
        }
      case "{": found.append(.open)
      case "}": found.append(.close)
      case "^": found.append(.up)
      case "_": found.append(.down)
      case "'": found.append(.prime)
      case "&": found.append(.newCell)
      default:
        // A blank counts only inside `\text{…}`.
        if !c.isWhitespace {
          found.append(.character(c))
        } else if found.last != .character(" ") {
          found.append(.character(" "))
        }
      }
    }
    return found
  }

  private var next: Token? { position < tokens.count ? tokens[position] : nil }

  private mutating func take(_ token: Token) -> Bool {
    guard next == token else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() { while take(.character(" ")) {} }

  /// Everything up to a token, which is taken, or the end.
  private mutating func readRow(until end: Token?, depth: Int) -> String {
    var out = ""
    skipBlanks()
    while let token = next {
      if token == end {
        position += 1
        return out
      }
      if end != nil, token == .command("end") || token == .command("right") { return out }
      out += readScripted(depth: depth)
      skipBlanks()
    }
    return out
  }

  /// An atom with what is raised and lowered behind it.
  private mutating func readScripted(depth: Int) -> String {
    let start = next
    let base = readAtom(depth: depth)
    var below: String?, above: String?
    skipBlanks()
    while let token = next {
      if token == .up, above == nil {
        position += 1
        above = readAtom(depth: depth)
      } else if token == .down, below == nil {
        position += 1
        below = readAtom(depth: depth)
      } else if token == .prime, above == nil {
        var count = 0
        while take(.prime) { count += 1 }
        above = "<mo>\(String(repeating: "′", count: min(count, 4)))</mo>"
      } else {
        break
      }
      skipBlanks()
    }
    var isLimits = false
    if case .command(let name)? = start { isLimits = FormulaSymbols.limits.contains(name) }
    let (under, over, both) = isLimits ? ("munder", "mover", "munderover") : ("msub", "msup", "msubsup")
    switch (below, above) {
    case (nil, nil): return base
    case (let below?, nil): return "<\(under)>\(base)\(below)</\(under)>"
    case (nil, let above?): return "<\(over)>\(base)\(above)</\(over)>"
    case (let below?, let above?): return "<\(both)>\(base)\(below)\(above)</\(both)>"
    }
  }

  /// One thing: a number, a letter, a group, a command with its arguments. Always one element.
  private mutating func readAtom(depth: Int) -> String {
    skipBlanks()
    guard let token = next else { return "<mrow></mrow>" }
    position += 1
    guard depth < 40 else { return "<mtext>…</mtext>" }
    switch token {
    case .open: return "<mrow>\(readRow(until: .close, depth: depth + 1))</mrow>"
    case .close: return "<mtext>}</mtext>"
    case .up: return "<mo>^</mo>"
    case .down: return "<mo>_</mo>"
    case .prime: return "<mo>′</mo>"
    case .newCell: return "<mo>&amp;</mo>"
    case .newRow: return "<mspace linebreak=\"newline\"/>"
    case .command(let name): return readCommand(name, depth: depth)
    case .character(let c):
      if c.isASCII, c.isNumber { return readNumber(c) }
      if c.isLetter { return "<mi>\(Markup.escape(String(c)))</mi>" }
      return "<mo>\(Markup.escape(c == "-" ? "−" : c == "*" ? "∗" : String(c)))</mo>"
    }
  }

  private mutating func readNumber(_ first: Character) -> String {
    var text = String(first)
    while case .character(let c)? = next, c.isASCII && c.isNumber || c == "." {
      // A point at the end belongs to the sentence.
      if c == "." {
        guard position + 1 < tokens.count, case .character(let after) = tokens[position + 1], after.isNumber else {
          break
        }
      }
      text.append(c)
      position += 1
    }
    return "<mn>\(Markup.escape(text))</mn>"
  }

  private mutating func readCommand(_ name: String, depth: Int) -> String {
    if let symbol = FormulaSymbols.letters[name] { return "<mi>\(symbol)</mi>" }
    if let symbol = FormulaSymbols.operators[name] { return "<mo>\(symbol)</mo>" }
    if FormulaSymbols.functions.contains(name) { return "<mi>\(name)</mi>" }
    if let mark = FormulaSymbols.accents[name] {
      return "<mover accent=\"true\">\(readAtom(depth: depth + 1))<mo>\(mark)</mo></mover>"
    }
    if let variant = FormulaSymbols.alphabets[name] { return readStyled(variant) }
    switch name {
    case "frac", "dfrac", "tfrac":
      return "<mfrac>\(readAtom(depth: depth + 1))\(readAtom(depth: depth + 1))</mfrac>"
    case "binom":
      let pair = "<mfrac linethickness=\"0\">\(readAtom(depth: depth + 1))\(readAtom(depth: depth + 1))</mfrac>"
      return "<mrow><mo>(</mo>\(pair)<mo>)</mo></mrow>"
    case "sqrt":
      guard take(.character("[")) else { return "<msqrt>\(readAtom(depth: depth + 1))</msqrt>" }
      let index = readRow(until: .character("]"), depth: depth + 1)
      return "<mroot>\(readAtom(depth: depth + 1))<mrow>\(index)</mrow></mroot>"
    case "left": return readFenced(depth: depth)
    case "begin": return readTable(depth: depth)
    case "text", "mathrm", "operatorname", "textrm", "mathit":
      return "<mtext>\(Markup.escape(readWords()))</mtext>"
    case ",", ":", ";", " ", "!", "quad", "qquad":
      let width = ["quad": "1em", "qquad": "2em", "!": "-0.17em", ",": "0.17em"][name] ?? "0.25em"
      return "<mspace width=\"\(width)\"/>"
    case "{", "}", "%", "$", "#", "&", "_": return "<mo>\(Markup.escape(name))</mo>"
    case "|": return "<mo>‖</mo>"
    default: return "<mtext>\\\(Markup.escape(name))</mtext>"
    }
  }

  /// Letters of a group without markup.
  private mutating func readWords() -> String {
    skipBlanks()
    guard take(.open) else {
      guard case .character(let c)? = next else { return "" }
      position += 1
      return String(c)
    }
    var out = "", level = 1
    while let token = next {
      position += 1
      switch token {
      case .open: level += 1
      case .close:
        level -= 1
        if level == 0 { return out }
      case .character(let c): out.append(c)
      case .command(let name): out += name == " " || name == "," ? " " : name
      case .up: out += "^"
      case .down: out += "_"
      case .prime: out += "'"
      case .newCell: out += "&"
      case .newRow: out += " "
      }
    }
    return out
  }

  private mutating func readStyled(_ variant: FormulaSymbols.Alphabet) -> String {
    let text = readWords().map { FormulaSymbols.styled($0, variant) }.joined()
    return "<mi>\(Markup.escape(text))</mi>"
  }

  private mutating func readDelimiter() -> String {
    skipBlanks()
    guard let token = next else { return "" }
    position += 1
    switch token {
    case .character(let c): return c == "." ? "" : Markup.escape(String(c))
    case .command(let name):
      if name == "|" { return "‖" }
      return FormulaSymbols.operators[name] ?? (name == "{" || name == "}" ? name : "")
    default: return ""
    }
  }

  private mutating func readFenced(depth: Int) -> String {
    let open = readDelimiter()
    let body = readRow(until: .command("right"), depth: depth + 1)
    let close = readDelimiter()
    let left = open.isEmpty ? "" : "<mo fence=\"true\" stretchy=\"true\">\(open)</mo>"
    let right = close.isEmpty ? "" : "<mo fence=\"true\" stretchy=\"true\">\(close)</mo>"
    return "<mrow>\(left)<mrow>\(body)</mrow>\(right)</mrow>"
  }

  /// `matrix`, `pmatrix`, `bmatrix`, `cases`, `aligned` and the like: cells in rows.
  private mutating func readTable(depth: Int) -> String {
    let name = readWords()
    var rows: [[String]] = [[""]]
    while let token = next {
      if take(.character(" ")) { continue }
      if token == .command("end") {
        position += 1
        _ = readWords()
        break
      }
      if take(.newCell) {
        rows[rows.count - 1].append("")
      } else if take(.newRow) {
        rows.append([""])
      } else {
        rows[rows.count - 1][rows[rows.count - 1].count - 1] += readScripted(depth: depth + 1)
      }
    }
    let body = rows.map { row in "<mtr>\(row.map { "<mtd>\($0)</mtd>" }.joined())</mtr>" }.joined()
    let table = "<mtable\(name == "cases" || name == "aligned" ? " columnalign=\"left\"" : "")>\(body)</mtable>"
    let fences = ["pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|"), "cases": ("{", "")][name]
    guard let fences else { return table }
    return "<mrow><mo fence=\"true\">\(fences.0)</mo>\(table)<mo fence=\"true\">\(fences.1)</mo></mrow>"
  }
}
