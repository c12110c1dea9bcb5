/// Reads the markup inside a paragraph.
struct MarkdownInlines {
  /// Scalars, not characters: marks are single scalars and comparing them is fast.
  private let characters: [Unicode.Scalar]
  private let depth: Int
  private var position = 0
  private var text = String.UnicodeScalarView()
  private var found: [Markdown.Inline] = []

  static func read(_ text: String) -> [Markdown.Inline] { read(Array(text.unicodeScalars), depth: 0) }

  private static func read(_ characters: [Unicode.Scalar], depth: Int) -> [Markdown.Inline] {
    var reader = MarkdownInlines(characters: characters, depth: depth)
    return reader.readAll()
  }

  private init(characters: [Unicode.Scalar], depth: Int) {
    self.characters = characters
    self.depth = depth
  }

  private mutating func readAll() -> [Markdown.Inline] {
    while position < characters.count {
      if !readMarkup() {
        text.append(characters[position])
        position += 1
      }
    }
    endText()
    return found
  }

  /// Markup with a backslash before every `<` that is a plain letter; code, formulas and links between angles stay as they are.
  static func escapingTags(_ text: String) -> String {
    var reader = MarkdownInlines(characters: Array(text.unicodeScalars), depth: 0)
    var out = String.UnicodeScalarView()
    while reader.position < reader.characters.count {
      let start = reader.position, letter = reader.characters[start]
      let isMarkup = letter == "\\" || letter == "`" || letter == "$" || letter == "<"
      if !isMarkup || !reader.readMarkup() {
        if letter == "<" { out.append("\\") }
        reader.position += 1
      }
      out.append(contentsOf: reader.characters[start..<reader.position])
    }
    return String(out)
  }

  private mutating func endText() {
    if !text.isEmpty { found.append(.text(String(text))) }
    text = String.UnicodeScalarView()
  }

  private mutating func add(_ inline: Markdown.Inline, upTo end: Int) {
    endText()
    found.append(inline)
    position = end
  }

  private func string(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: characters[range])
    return String(view)
  }

  private static func isWord(_ s: Unicode.Scalar) -> Bool {
    s.properties.isAlphabetic || s.properties.numericType != nil
  }

  private func at(_ i: Int) -> Unicode.Scalar? { i >= 0 && i < characters.count ? characters[i] : nil }

  /// Takes markup that starts here; false when there is none.
  private mutating func readMarkup() -> Bool {
    guard depth < 12 else { return false }
    switch characters[position] {
    case "\n":
      add(.lineBreak, upTo: position + 1)
      return true
    case "\\":
      guard let next = at(position + 1), "\\`*_{}[]()#+-.!|$<>~".unicodeScalars.contains(next) else { return false }
      text.append(next)
      position += 2
      return true
    case "`": return readCode()
    case "$": return readFormula()
    case "*", "_": return readEmphasis()
    case "~": return readStruck()
    case "[": return readLink()
    case "<": return readAngleLink()
    case "h", "a", "A": return readBareLink()
    default: return false
    }
  }

  private mutating func readCode() -> Bool {
    var length = 1
    while at(position + length) == "`" { length += 1 }
    let start = position + length
    guard let end = find(Array(repeating: "`", count: length), from: start) else {
      // A run of backticks that nothing closes is text as a whole.
      text.append(contentsOf: characters[position..<start])
      position = start
      return true
    }
    var code = string(start..<end)
    if code.hasPrefix(" "), code.hasSuffix(" "), code.count > 2 { code = String(code.dropFirst().dropLast()) }
    add(.code(code), upTo: end + length)
    return true
  }

  /// `$…$` with no space inside the dollars and no digit behind, so that prices stay prices.
  private mutating func readFormula() -> Bool {
    guard let first = at(position + 1), first != " ", first != "$", let end = find(["$"], from: position + 1),
      at(end - 1) != " ", at(end + 1).map({ !("0"..."9").contains($0) }) ?? true
    else { return false }
    add(.formula(string(position + 1..<end)), upTo: end + 1)
    return true
  }

  private mutating func readEmphasis() -> Bool {
    let mark = characters[position]
    if mark == "_", let before = at(position - 1), MarkdownInlines.isWord(before) { return false }
    let isStrong = at(position + 1) == mark
    let length = isStrong ? 2 : 1
    guard let first = at(position + length), !first.properties.isWhitespace, first != mark else { return false }
    var from = position + length + 1
    while from < position + 1000, let end = find(Array(repeating: mark, count: length), from: from) {
      let isWordInside = mark == "_" && (at(end + length).map { MarkdownInlines.isWord($0) } ?? false)
      let isOther = !isStrong && at(end + 1) == mark
      if at(end - 1)?.properties.isWhitespace == false, !isWordInside, !isOther {
        let inner = MarkdownInlines.read(Array(characters[position + length..<end]), depth: depth + 1)
        add(isStrong ? .strong(inner) : .emphasis(inner), upTo: end + length)
        return true
      }
      from = end + (isOther ? 2 : 1)
    }
    return false
  }

  /// `~~gone~~`.
  private mutating func readStruck() -> Bool {
    guard at(position + 1) == "~", let first = at(position + 2), !first.properties.isWhitespace, first != "~",
      let end = find(["~", "~"], from: position + 3), at(end - 1)?.properties.isWhitespace == false
    else { return false }
    let inner = MarkdownInlines.read(Array(characters[position + 2..<end]), depth: depth + 1)
    add(.struck(inner), upTo: end + 2)
    return true
  }

  private mutating func readLink() -> Bool {
    guard let close = find(["]"], from: position + 1), at(close + 1) == "(", let end = find([")"], from: close + 2)
    else {
      return false
    }
    let address = string(close + 2..<end)
    guard MarkdownInlines.isSafe(address) else { return false }
    let inner = MarkdownInlines.read(Array(characters[position + 1..<close]), depth: depth + 1)
    add(.link(inner, to: address), upTo: end + 1)
    return true
  }

  private mutating func readAngleLink() -> Bool {
    guard let end = find([">"], from: position + 1) else { return false }
    let address = string(position + 1..<end)
    guard address.hasPrefix("https://") || address.hasPrefix("http://"), MarkdownInlines.isSafe(address) else {
      return false
    }
    add(.link([.text(address)], to: address), upTo: end + 1)
    return true
  }

  /// `https://…` and `arXiv:1912.02292` become links by themselves.
  private mutating func readBareLink() -> Bool {
    if let before = at(position - 1), MarkdownInlines.isWord(before) { return false }
    let rest = string(position..<min(characters.count, position + 300))
    if rest.hasPrefix("https://") || rest.hasPrefix("http://") {
      var address = rest.prefix { !$0.isWhitespace && !"<>\"'`".contains($0) }
      while let last = address.last, ".,;:!?)]".contains(last) { address.removeLast() }
      guard address.count > 8 else { return false }
      add(.link([.text(String(address))], to: String(address)), upTo: position + address.unicodeScalars.count)
      return true
    }
    guard rest.lowercased().hasPrefix("arxiv:") else { return false }
    var number = rest.dropFirst(6).prefix { ("0"..."9").contains($0) || $0 == "." }
    while number.last == "." { number.removeLast() }
    guard number.count >= 9 else { return false }
    add(.link([.text("arXiv:" + number)], to: "https://arxiv.org/abs/" + number), upTo: position + 6 + number.count)
    return true
  }

  /// Where a mark occurs next, not behind a backslash; seeks 1000 characters far at most.
  private func find(_ mark: [Unicode.Scalar], from: Int) -> Int? {
    var i = from
    let end = min(characters.count, from + 1000)
    while i + mark.count <= end {
      if characters[i] == "\\", mark[0] != "`" {
        i += 2
        continue
      }
      if characters[i] == mark[0], mark.count == 1 || characters[i..<i + mark.count].elementsEqual(mark) { return i }
      i += 1
    }
    return nil
  }

  /// Addresses of the web, of mail, and paths to files beside the page or below it; no other schemes, and no way out of its folder.
  static func isSafe(_ address: String) -> Bool {
    if address.isEmpty || address.contains(where: { $0.isWhitespace || $0.isNewline }) { return false }
    if address.unicodeScalars.contains(where: { $0.value < 0x21 || $0.value == 0x7F }) { return false }
    let lower = address.lowercased()
    if lower.hasPrefix("https://") || lower.hasPrefix("http://") || lower.hasPrefix("mailto:") { return true }
    // Browsers take a backslash for a slash and two coded dots for two dots.
    let path = lower.prefix { $0 != "?" && $0 != "#" }.replacing("\\", with: "/").replacing("%2e", with: ".")
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !(parts.first?.contains(":") ?? false) && !path.hasPrefix("/") && !parts.contains("..")
  }
}
