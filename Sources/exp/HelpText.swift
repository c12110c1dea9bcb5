import Diagnostics
import Evaluation

/// What `?name` and `exp doc name` say.
enum HelpText {
  /// Signature, place, documentation and example; nil when nothing has that name.
  static func explain(_ name: String, _ session: Session) -> String? {
    guard let entry = session.help(name) else { return nil }
    let width = min(Terminal.output.width, 100)
    return entry.definitions.map { definition in
      let text = definition.documentation
      let lines = text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false)
      return
        ([Phrase.ends(definition.signature, definition.place, width: width)] + lines.map { $0.isEmpty ? "" : "  " + $0 })
        .joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// What to say about a name that means nothing.
  static func unknown(_ name: String, _ library: StandardLibrary) -> String {
    let near = nearestName(name, among: library.prelude.names.keys.sorted())
    return "nothing is named \(name)" + (near.map { "; did you mean \($0)?" } ?? "")
  }
}
