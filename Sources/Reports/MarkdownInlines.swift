/// Reads the markup inside a paragraph.
struct MarkdownInlines {
  private let characters: [Character]
  private let depth: Int
  private var position = 0
  private var text = ""
  private var found: [Markdown.Inline] = []

  static func read(_ text: String) -> [Markdown.Inline] { read(Array(text), depth: 0) }

  private static func read(_ characters: [Character], depth: Int) -> [Markdown.Inline] {
    var reader = MarkdownInlines(characters: characters, depth: depth)
    return reader.readAll()
  }

  private init(characters: [Character], depth: Int) {
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

  private mutating func endText() {
    if !text.isEmpty { found.append(.text(text)) }
    text = ""
  }

  private mutating func add(_ inline: Markdown.Inline, upTo end: Int) {
    endText()
    found.append(inline)
    position = end
  }

  private func at(_ i: Int) -> Character? { i >= 0 && i < characters.count ? characters[i] : nil }

  /// Takes markup that starts here; false when there is none.
  private mutating func readMarkup() -> Bool {
    guard depth < 12 else { return false }
    switch characters[position] {
    case "\n":
      add(.lineBreak, upTo: position + 1)
      return true
    case "\\":
      guard let next = at(position + 1), "\\`*_{}[]()#+-.!|$<>~".contains(next) else { return false }
      text.append(next)
      position += 2
      return true
    case "`": return readCode()
    case "$": return readFormula()
    case "*", "_": return readEmphasis()
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
    guard let end = find(Array(repeating: "`", count: length), from: start) else { return false }
    var code = String(characters[start..<end])
    if code.hasPrefix(" "), code.hasSuffix(" "), code.count > 2 { code = String(code.dropFirst().dropLast()) }
    add(.code(code), upTo: end + length)
    return true
  }

  /// `$…$` with no space inside the dollars and no digit behind, so that prices stay prices.
  private mutating func readFormula() -> Bool {
    guard let first = at(position + 1), first != " ", first != "$", let end = find(["$"], from: position + 1),
      at(end - 1) != " ", at(end + 1).map({ !$0.isNumber }) ?? true
    else { return false }
    add(.formula(String(characters[position + 1..<end])), upTo: end + 1)
    return true
  }

  private mutating func readEmphasis() -> Bool {
    let mark = characters[position]
    if mark == "_", let before = at(position - 1), before.isLetter || before.isNumber { return false }
    let isStrong = at(position + 1) == mark
    let length = isStrong ? 2 : 1
    guard let first = at(position + length), !first.isWhitespace, first != mark else { return false }
    var from = position + length + 1
    while let end = find(Array(repeating: mark, count: length), from: from) {
      let isWordInside = mark == "_" && (at(end + length).map { $0.isLetter || $0.isNumber } ?? false)
      let isOther = !isStrong && at(end + 1) == mark
      if at(end - 1)?.isWhitespace == false, !isWordInside, !isOther {
        let inner = MarkdownInlines.read(Array(characters[position + length..<end]), depth: depth + 1)
        add(isStrong ? .strong(inner) : .emphasis(inner), upTo: end + length)
        return true
      }
      from = end + (isOther ? 2 : 1)
    }
    return false
  }

  private mutating func readLink() -> Bool {
    guard let close = find(["]"], from: position + 1), at(close + 1) == "(", let end = find([")"], from: close + 2)
    else {
      return false
    }
    let address = String(characters[close + 2..<end])
    guard MarkdownInlines.isSafe(address) else { return false }
    let inner = MarkdownInlines.read(Array(characters[position + 1..<close]), depth: depth + 1)
    add(.link(inner, to: address), upTo: end + 1)
    return true
  }

  private mutating func readAngleLink() -> Bool {
    guard let end = find([">"], from: position + 1) else { return false }
    let address = String(characters[position + 1..<end])
    guard address.hasPrefix("https://") || address.hasPrefix("http://"), MarkdownInlines.isSafe(address) else {
      return false
    }
    add(.link([.text(address)], to: address), upTo: end + 1)
    return true
  }

  /// `https://…` and `arXiv:1912.02292` become links by themselves.
  private mutating func readBareLink() -> Bool {
    if let before = at(position - 1), before.isLetter || before.isNumber { return false }
    let rest = String(characters[position..<min(characters.count, position + 300)])
    if rest.hasPrefix("https://") || rest.hasPrefix("http://") {
      var address = rest.prefix { !$0.isWhitespace && !"<>\"'`".contains($0) }
      while let last = address.last, ".,;:!?)]".contains(last) { address.removeLast() }
      guard address.count > 8 else { return false }
      add(.link([.text(String(address))], to: String(address)), upTo: position + address.count)
      return true
    }
    guard rest.lowercased().hasPrefix("arxiv:") else { return false }
    var number = rest.dropFirst(6).prefix { ("0"..."9").contains($0) || $0 == "." }
    while number.last == "." { number.removeLast() }
    guard number.count >= 9 else { return false }
    add(.link([.text("arXiv:" + number)], to: "https://arxiv.org/abs/" + number), upTo: position + 6 + number.count)
    return true
  }

  /// Where a mark occurs next, not behind a backslash; seeks 2000 characters far at most.
  private func find(_ mark: [Character], from: Int) -> Int? {
    var i = from
    let end = min(characters.count, from + 2000)
    while i + mark.count <= end {
      if characters[i] == "\\", mark[0] != "`" {
        i += 2
        continue
      }
      if characters[i] == mark[0], Array(characters[i..<i + mark.count]) == mark { return i }
      i += 1
    }
    return nil
  }

  /// Addresses of the web, of mail, and paths beside the page; no other schemes.
  static func isSafe(_ address: String) -> Bool {
    if address.isEmpty || address.contains(where: { $0.isWhitespace || $0.isNewline }) { return false }
    if address.unicodeScalars.contains(where: { $0.value < 0x21 || $0.value == 0x7F }) { return false }
    let lower = address.lowercased()
    if lower.hasPrefix("https://") || lower.hasPrefix("http://") || lower.hasPrefix("mailto:") { return true }
    return !(lower.prefix { $0 != "/" && $0 != "?" && $0 != "#" }.contains(":")) && !lower.hasPrefix("//")
  }
}
