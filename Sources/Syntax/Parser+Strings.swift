import Diagnostics

extension Parser {
  /// A string of any form; all escapes are done and interpolations parsed.
  mutating func parseString() -> Expression {
    let lower = token.lower
    if at(.rawString) { return parseRawString() }
    let begin = index
    let isText = token.upper - token.lower == 3
    guard enter() else {
      leave()
      if tokens[begin].match >= begin { index = min(tokens[begin].match + 1, tokens.count - 1) }
      lastErrorIndex = index
      return invalid()
    }
    advance()
    let saved = newlinesEnd
    newlinesEnd = false
    var segments: [Expression.Segment] = []
    let indent = isText ? commonIndent(begin) : 0
    while !at(.stringEnd), !at(.end) {
      let start = index
      switch kind {
      case .stringText:
        let piece = decode(token, isText: isText, indent: indent)
        if !piece.isEmpty { segments.append(.text(piece)) }
        advance()
      case .interpolationBegin: segments.append(parseInterpolation())
      default: break
      }
      if index == start {
        let match = tokens[begin].match
        index = match > index ? match : min(index + 1, tokens.count - 1)
      }
    }
    newlinesEnd = saved
    leave()
    _ = eat(.stringEnd)
    return make(joined(segments), span(from: lower))
  }

  private mutating func parseRawString() -> Expression {
    let place = span(token)
    let written = text(token)
    let isClosed = written.utf8.count > 1 && written.hasSuffix("'")
    advance()
    return make(.string(String(written.dropFirst().dropLast(isClosed ? 1 : 0))), place)
  }

  private func joined(_ segments: [Expression.Segment]) -> Expression.Kind {
    var text = ""
    for segment in segments {
      guard case .text(let part) = segment else { return .interpolation(segments) }
      text += part
    }
    return .string(text)
  }

  private mutating func parseInterpolation() -> Expression.Segment {
    let opener = index
    advance()
    if at(.interpolationEnd) || at(.colon) {
      let format = at(.colon) && peek().kind == .formatText ? text(peek()) : nil
      report(.emptyInterpolation(format: format), at: span(from: tokens[opener].lower))
    }
    let value = index == lastErrorIndex ? invalid() : parseExpression()
    var format: String?
    if at(.colon) {
      advance()
      if at(.formatText) {
        format = text(token)
        advance()
      }
    }
    if !eat(.interpolationEnd) {
      report(.expected("`:` and a format, or `}`", found: describe(token)))
      let match = tokens[opener].match
      if match >= index { index = min(match + 1, tokens.count - 1) }
    }
    return .value(value, format: format)
  }

  // MARK: Text

  /// The white space that every line of a `"""` string with something on it begins with.
  private func commonIndent(_ begin: Int) -> Int {
    let end = tokens[begin].match > begin ? tokens[begin].match : tokens.count - 1
    var common = Int.max
    for token in tokens[begin...end] where token.kind == .stringText {
      var at = token.lower
      while at < token.upper {
        guard file.bytes[at] == 0x0A else {
          at += 1
          continue
        }
        at += 1
        let start = at
        while at < token.upper, file.bytes[at] == 0x20 || file.bytes[at] == 0x09 { at += 1 }
        let isBlank = at >= token.upper ? at >= tokens[end].lower : file.bytes[at] == 0x0A || file.bytes[at] == 0x0D
        if !isBlank { common = min(common, at - start) }
      }
    }
    return common == .max ? 0 : common
  }

  /// A piece of text with its escapes done; of `"""` text without the indent, the first newline, and a last line of
  /// nothing but white space.
  private mutating func decode(_ token: Token, isText: Bool, indent: Int) -> String {
    let bytes = file.bytes
    var at = token.lower, end = token.upper
    if isText {
      if tokens[index - 1].kind == .stringBegin { at = afterFirstNewline(at, end) }
      if peek().kind == .stringEnd { end = beforeLastLine(at, end, token.lower) }
    }
    var out: [UInt8] = []
    out.reserveCapacity(max(0, end - at))
    if isText, at > token.lower { at = skipIndent(at, end, indent) }
    while at < end {
      let c = bytes[at]
      at += 1
      if c == UInt8(ascii: "\\") {
        at = decodeEscape(at, end, &out)
        if isText, bytes[at - 1] == 0x0A { at = skipIndent(at, end, indent) }
      } else if c == 0x0D, at < end, bytes[at] == 0x0A {
        continue
      } else {
        out.append(c)
        if c == 0x0A, isText { at = skipIndent(at, end, indent) }
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private func skipIndent(_ at: Int, _ end: Int, _ indent: Int) -> Int {
    var at = at
    let limit = min(end, at + indent)
    while at < limit, file.bytes[at] == 0x20 || file.bytes[at] == 0x09 { at += 1 }
    return at
  }

  private func afterFirstNewline(_ lower: Int, _ end: Int) -> Int {
    var at = lower
    while at < end, [0x20, 0x09, 0x0D].contains(file.bytes[at]) { at += 1 }
    return at < end && file.bytes[at] == 0x0A ? at + 1 : lower
  }

  /// Where the text ends when its last line is only white space. `first` is where the piece began.
  private func beforeLastLine(_ lower: Int, _ end: Int, _ first: Int) -> Int {
    var at = end
    while at > lower, [0x20, 0x09].contains(file.bytes[at - 1]) { at -= 1 }
    guard at > lower, file.bytes[at - 1] == 0x0A else { return at == lower && lower > first ? lower : end }
    return at - 1 > lower && file.bytes[at - 2] == 0x0D ? at - 2 : at - 1
  }

  /// Decodes the escape whose backslash stands before `at`; gives where to go on.
  private mutating func decodeEscape(_ at: Int, _ end: Int, _ out: inout [UInt8]) -> Int {
    guard at < end else { return at }
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "0"): 0,
      UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "\""): UInt8(ascii: "\""),
      UInt8(ascii: "'"): UInt8(ascii: "'"), UInt8(ascii: "{"): UInt8(ascii: "{"), UInt8(ascii: "}"): UInt8(ascii: "}"),
    ]
    let c = file.bytes[at]
    if let value = simple[c] {
      out.append(value)
      return at + 1
    }
    if c == UInt8(ascii: "u"), at + 1 < end, file.bytes[at + 1] == UInt8(ascii: "{") {
      return decodeScalar(at, end, &out)
    }
    // A line that goes on in the next one.
    if c == 0x0A { return at + 1 }
    if c == 0x0D, at + 1 == end || file.bytes[at + 1] == 0x0A { return min(at + 2, end) }
    var width = 1
    while at + width < end, file.bytes[at + width] & 0xC0 == 0x80 { width += 1 }
    let place = Span(file: file.id, lower: at - 1, upper: at + width)
    remark(.unknownEscape(file.text(place)), at: place)
    return at + width
  }

  private mutating func decodeScalar(_ at: Int, _ end: Int, _ out: inout [UInt8]) -> Int {
    var close = at + 2
    while close < end, file.bytes[close] != UInt8(ascii: "}"), close - at < 12 { close += 1 }
    let digits = String(decoding: file.bytes[(at + 2)..<close], as: UTF8.self)
    let isClosed = close < end && file.bytes[close] == UInt8(ascii: "}")
    let place = Span(file: file.id, lower: at - 1, upper: isClosed ? close + 1 : close)
    guard isClosed, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
      remark(.unknownEscape(file.text(place)), at: place)
      return isClosed ? close + 1 : close
    }
    out.append(contentsOf: Array(String(Character(scalar)).utf8))
    return close + 1
  }
}
