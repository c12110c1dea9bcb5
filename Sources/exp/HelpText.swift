import Diagnostics
import Evaluation
import Reports
import Resolution

/// What `?name` and `exp doc name` say.
enum HelpText {
  /// Signature, place, documentation and example; nil when nothing has that name.
  static func explain(_ name: String, _ session: Session) -> String? {
    guard let entry = session.help(name) else { return nil }
    let width = min(Terminal.output.width, 100)
    return entry.definitions.map { definition in
      let lines = filled(definition.documentation, width: width - 2)
      return
        ([Phrase.ends(definition.signature, definition.place, width: width)] + lines.map { $0.isEmpty ? "" : "  " + $0 })
        .joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// Documentation with its prose filled into lines; examples, lists and tables stand as they are.
  static func filled(_ documentation: String, width: Int) -> [String] {
    guard !documentation.isEmpty else { return [] }
    var lines: [String] = [], line = "", isExample = false
    func end() {
      if !line.isEmpty { lines.append(line) }
      line = ""
    }
    for written in documentation.split(separator: "\n", omittingEmptySubsequences: false) {
      isExample = written.hasPrefix(">") || isExample && !written.isEmpty
      let isOther = written.isEmpty || " -*|#$".contains(written.prefix(1)) || written.hasPrefix("```")
      if isExample || isOther {
        end()
        lines.append(String(written))
        continue
      }
      for word in written.split(separator: " ") {
        if !line.isEmpty, TextWidth.columns(line) + 1 + TextWidth.columns(String(word)) > width { end() }
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    end()
    return lines
  }

  /// The page of the reference that has a name, as it is written: Markdown.
  static func page(_ name: String, _ library: StandardLibrary) -> StandardLibrary.Page? {
    library.referencePages.first { $0.name == name }
  }

  /// What to say about a name that means nothing.
  static func unknown(_ name: String, _ library: StandardLibrary) -> String {
    let names = library.prelude.names
    return switch counterpart(of: name, isKnown: { names[$0] != nil }) {
    case .function(let ours)?: "nothing is named \(name); did you mean \(ours)?"
    case .expression(let ours)?: "nothing is named \(name); Exp says `\(ours)`"
    case .advice(let told)?: "nothing is named \(name); \(told)"
    case nil:
      "nothing is named \(name)" + (nearestName(name, among: names.keys.sorted()).map { "; did you mean \($0)?" } ?? "")
    }
  }
}
