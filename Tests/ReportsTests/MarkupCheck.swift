/// What is wrong with a text as XML: an element that does not close, a bare `&` or `<`, a broken attribute; nil when
/// nothing is. `void` lists elements that need no end (HTML's).
func markupProblem(_ text: String, void: Set<String> = []) -> String? {
  let s = Array(text)
  var open: [String] = [], i = 0
  func isName(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "-" || c == ":" }
  while i < s.count {
    if s[i] == "&" {
      let end = s[i...].prefix(10).firstIndex(of: ";")
      guard let end, s[i + 1..<end].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "#" }), end > i + 1 else {
        return "bare & near \(String(s[max(0, i - 20)..<min(s.count, i + 20)]))"
      }
      i = end + 1
      continue
    }
    guard s[i] == "<" else {
      i += 1
      continue
    }
    let near = String(s[i..<min(s.count, i + 40)])
    if near.hasPrefix("<!doctype html>") {
      i += 15
      continue
    }
    i += 1
    let isEnd = i < s.count && s[i] == "/"
    if isEnd { i += 1 }
    let start = i
    while i < s.count, isName(s[i]) { i += 1 }
    let name = String(s[start..<i])
    if name.isEmpty { return "bare < at \(near)" }
    if isEnd {
      guard i < s.count, s[i] == ">", open.popLast() == name else { return "unexpected end at \(near)" }
      i += 1
      continue
    }
    var isClosed = false
    while i < s.count, s[i] != ">" {
      if s[i] == "/" {
        isClosed = true
        i += 1
      } else if s[i].isWhitespace {
        i += 1
      } else {
        while i < s.count, isName(s[i]) { i += 1 }
        guard i + 1 < s.count, s[i] == "=", s[i + 1] == "\"", let end = s[(i + 2)...].firstIndex(of: "\"") else {
          return "broken attribute at \(near)"
        }
        if s[i + 2..<end].contains("<") { return "< in attribute at \(near)" }
        i = end + 1
      }
    }
    i += 1
    if name == "style" {
      while i < s.count, s[i] != "<" { i += 1 }
    }
    if !isClosed && !void.contains(name) { open.append(name) }
  }
  return open.isEmpty ? nil : "not closed: \(open)"
}
