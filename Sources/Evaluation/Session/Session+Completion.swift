import Resolution

extension Session {
  /// The words that may stand in place of the word before a byte offset of a line: behind a dot the fields of what stands
  /// before it, or functions where none fits; inside a call the names of its arguments first; then, sorted, names and
  /// words of the language.
  public func complete(_ line: String, at offset: Int) -> [String] {
    let before = Array(String(decoding: Array(line.utf8).prefix(max(0, offset)), as: UTF8.self))
    var start = before.count
    while start > 0, Self.isWord(before[start - 1]) { start -= 1 }
    let prefix = String(before[start...])
    let context = before[..<start]
    var found: [String], arguments: [String] = []
    if context.last == "." {
      let receiver = chain(context.dropLast())
      found = receiver.map { members($0) } ?? []
      found = found.filter { $0.hasPrefix(prefix) }
      // A field and a function that begin alike would be completed to what is neither.
      if found.isEmpty { found += functions(prefix) }
    } else {
      arguments = argumentNames(context, prefix: prefix)
      guard !prefix.isEmpty else { return arguments }
      found = Self.words.filter { $0.hasPrefix(prefix) }
      found += names.bindings.map(\.name).filter { $0.hasPrefix(prefix) }
      found += library.prelude.names.keys.filter { $0.hasPrefix(prefix) }
    }
    return arguments + Set(found).subtracting(arguments).sorted()
  }

  private static let words = [
    "let", "var", "fn", "if", "else", "for", "while", "in", "break", "continue", "return", "try", "catch", "and", "or",
    "not", "true", "false", "none", "sweep", "show", "expect", "param", "state", "option", "seed", "cite", "claim",
    "test",
    "use",
  ]

  private static func isWord(_ character: Character) -> Bool {
    character == "_" || character.isLetter || character.isNumber
  }

  /// The names before a dot, first to last (`net.layers[0].` gives `net`, `layers`, `0`); nil when it is no chain of
  /// names and plain indexes.
  private func chain(_ text: ArraySlice<Character>) -> [String]? {
    var names: [String] = [], end = text.endIndex
    while true {
      if end > text.startIndex, text[end - 1] == "]" {
        guard let open = text[..<end].lastIndex(of: "[") else { return nil }
        let index = String(text[(open + 1)..<(end - 1)]).filter { $0 != " " }
        let quoted = index.count > 2 && index.hasPrefix("\"") && index.hasSuffix("\"")
        guard quoted || Int(index) != nil else { return nil }
        names.insert(quoted ? String(index.dropFirst().dropLast()) : index, at: 0)
        end = open
        continue
      }
      var start = end
      while start > text.startIndex, Self.isWord(text[start - 1]) { start -= 1 }
      guard start < end else { return nil }
      names.insert(String(text[start..<end]), at: 0)
      guard start > text.startIndex, text[start - 1] == "." else { return names }
      end = start - 1
    }
  }

  private func functions(_ prefix: String) -> [String] {
    library.prelude.names.filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }.map(\.key)
      + names.bindings.filter { !$0.signatures.isEmpty && $0.name.hasPrefix(prefix) }.map(\.name)
  }

  /// `name: ` for the parameters of the innermost open call.
  private func argumentNames(_ text: ArraySlice<Character>, prefix: String) -> [String] {
    var depth = 0, at = text.endIndex
    while at > text.startIndex {
      at -= 1
      switch text[at] {
      case ")", "]", "}": depth += 1
      case "(" where depth == 0:
        var start = at
        while start > text.startIndex, Self.isWord(text[start - 1]) { start -= 1 }
        let name = String(text[start..<at])
        let signatures = names[name].map(\.signatures)
        let parameters = (signatures ?? library.prelude.names[name] ?? []).flatMap(\.parameters)
        var seen: Set<String> = []
        return parameters.filter { !$0.isRest && $0.name.hasPrefix(prefix) && seen.insert($0.name).inserted }
          .map { $0.name + ":" }
      case "(", "[", "{": depth -= 1
      default: break
      }
    }
    return []
  }
}
