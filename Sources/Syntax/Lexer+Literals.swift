import Diagnostics

extension Lexer {
  // MARK: Numbers

  private func isDigit(_ c: UInt8) -> Bool { c >= UInt8(ascii: "0") && c <= UInt8(ascii: "9") }

  private mutating func skipDigits() {
    while isDigit(byte()) || byte() == UInt8(ascii: "_") { position += 1 }
  }

  mutating func lexNumber() {
    let lower = position
    if byte() == UInt8(ascii: "0"), byte(1) | 0x20 == UInt8(ascii: "x") {
      position += 2
      finishNumber(.int, from: lower)
      return
    }
    skipDigits()
    var kind = TokenKind.int
    if byte() == UInt8(ascii: "."), byte(1) != UInt8(ascii: ".") {
      if isDigit(byte(1)) {
        position += 1
        skipDigits()
        kind = .float
      } else if beginsBareExponent || identifierLength(at: position + 1, first: true) == 0,
        byte(1) != UInt8(ascii: "*"),
        byte(1) != UInt8(ascii: "^"), byte(1) != UInt8(ascii: "+"), byte(1) != UInt8(ascii: "-"),
        byte(1) != UInt8(ascii: "/")
      {
        position += 1
        report(.fractionWithoutDigits(text(lower, position)), from: lower, to: position)
        kind = .float
      }
    }
    if byte() | 0x20 == UInt8(ascii: "e") {
      let sign = byte(1) == UInt8(ascii: "-") || byte(1) == UInt8(ascii: "+") ? 1 : 0
      if isDigit(byte(1 + sign)) {
        position += 1 + sign
        skipDigits()
        kind = .float
      }
    }
    finishNumber(kind, from: lower)
  }

  /// `.e5`, which belongs to a number such as `1.e5` and is no field.
  private var beginsBareExponent: Bool { byte(1) | 0x20 == UInt8(ascii: "e") && isDigit(byte(2)) }

  /// Takes letters that touch the number, and judges underscores and digits.
  private mutating func finishNumber(_ kind: TokenKind, from lower: Int) {
    let end = position
    let isPlain = bytes[lower..<end].allSatisfy { $0 != UInt8(ascii: "_") && $0 | 0x20 != UInt8(ascii: "x") }
    if isPlain, identifierLength(at: end, first: false) == 0 { return add(kind, from: lower) }
    while true {
      let length = identifierLength(at: position, first: false)
      if length == 0 { break }
      position += length
    }
    let written = text(lower, position)
    if written.hasPrefix("0x") || written.hasPrefix("0X") {
      let digits = written.dropFirst(2)
      if digits.isEmpty || !digits.allSatisfy({ $0.isASCII && $0.isHexDigit || $0 == "_" })
        || hasStrayUnderscore(digits)
      {
        report(.malformedNumber(written), from: lower, to: position)
      }
    } else if position > end {
      let number = String(text(lower, end).reversed().drop { $0 == "_" }.reversed())
      let letters = text(end, position)
      if TokenKind.reserved[letters] != nil || letters == "by" {
        report(.wordAfterNumber(number: number, word: letters), from: lower, to: position)
        position = end
      } else {
        report(.lettersAfterNumber(number: number, letters: letters), from: lower, to: position)
      }
    } else if hasStrayUnderscore(written[...]) {
      report(.malformedNumber(written), from: lower, to: position)
    }
    add(kind, from: lower)
  }

  /// An underscore that does not stand between two digits.
  private func hasStrayUnderscore(_ digits: Substring) -> Bool {
    guard digits.utf8.contains(UInt8(ascii: "_")) else { return false }
    let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
    return parts.contains { part in
      guard let first = part.first, let last = part.last else { return true }
      return !first.isHexDigit || !last.isHexDigit
    }
  }

  /// `.5`, which wants a digit before its point.
  mutating func lexBareFraction() {
    let lower = position
    position += 1
    skipDigits()
    report(.fractionWithoutDigits(text(lower, position)), from: lower, to: position)
    finishNumber(.float, from: lower)
  }

  func text(_ lower: Int, _ upper: Int) -> String {
    String(decoding: bytes[min(lower, bytes.count)..<min(max(lower, upper), bytes.count)], as: UTF8.self)
  }

  // MARK: Strings

  mutating func openString() {
    let triple = byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"")
    open.append(.string(tokens.count, triple: triple, outer: lineString))
    // Inside a string that must end on its line, a `"""` one must too.
    if !triple { lineString = open.count - 1 }
    take(.stringBegin, triple ? 3 : 1)
  }

  /// Text up to the end of the string, an interpolation, or the end of the line.
  mutating func lexStringText(triple: Bool) {
    let lower = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): skipEscape(triple: triple)
      case UInt8(ascii: "{"):
        if position > lower { add(.stringText, from: lower) }
        open.append(.interpolation(tokens.count))
        return take(.interpolationBegin, 1)
      case UInt8(ascii: "\"") where !triple || (byte(1) == UInt8(ascii: "\"") && byte(2) == UInt8(ascii: "\"")):
        if position > lower { add(.stringText, from: lower) }
        return endString(length: triple ? 3 : 1)
      case 0x0A where lineString >= 0:
        if position > lower { add(.stringText, from: lower) }
        return closeStrings(downTo: lineString)
      default: position += 1
      }
    }
    if position > lower { add(.stringText, from: lower) }
  }

  /// Over a backslash and what it escapes; the braces of `\u{…}` are no interpolation.
  private mutating func skipEscape(triple: Bool) {
    let escaped = byte(1)
    if escaped == 0x0A || (escaped == 0x0D && byte(2) == 0x0A), !triple {
      position += 1
      return
    }
    position = min(position + 2, bytes.count)
    guard escaped == UInt8(ascii: "u"), byte() == UInt8(ascii: "{") else { return }
    while position < bytes.count, ![0x0A, UInt8(ascii: "\""), UInt8(ascii: "}")].contains(byte()) { position += 1 }
  }

  private mutating func endString(length: Int) {
    guard case .string(let begin, _, let outer)? = open.popLast() else { return }
    lineString = outer
    tokens[begin].match = tokens.count
    take(.stringEnd, length)
  }

  /// The line or the text ended inside strings: reports the outermost and closes it and all that was opened inside.
  mutating func closeStrings(downTo bottom: Int) {
    guard
      let first = open[min(bottom, open.count)...].firstIndex(where: {
        if case .string = $0 { return true } else { return false }
      })
    else { return }
    if case .string(let begin, let triple, _) = open[first] {
      let lower = tokens[begin].lower
      if !triple, first + 1 < open.count, case .interpolation(let brace) = open[first + 1] {
        report(.unclosedInterpolation, from: tokens[brace].lower, to: max(position, lower + 1))
      } else {
        let end = triple ? lower + 3 : max(position, lower + 1)
        report(triple ? .unterminatedText : .unterminatedString, from: lower, to: end)
      }
      if triple, position >= bytes.count { endsInsideText = true }
    }
    while open.count > first, let last = open.popLast() {
      switch last {
      case .bracket: break
      case .interpolation(let begin):
        tokens[begin].match = tokens.count
        add(.interpolationEnd, from: position)
      case .string(let begin, _, let outer):
        lineString = outer
        tokens[begin].match = tokens.count
        add(.stringEnd, from: position)
      }
    }
  }

  /// `'…'` without escapes or interpolation, on one line.
  mutating func lexRawString() {
    let lower = position
    var end = position + 1
    while end < bytes.count, bytes[end] != UInt8(ascii: "'"), bytes[end] != 0x0A { end += 1 }
    if end < bytes.count, bytes[end] == UInt8(ascii: "'") {
      position = end + 1
      return add(.rawString, from: lower)
    }
    if followsOperand { return take(.foreign, 1) }
    position = end
    report(.unterminatedRawString, from: lower, to: end)
    add(.rawString, from: lower)
  }
}
