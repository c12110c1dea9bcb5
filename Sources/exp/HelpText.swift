import Diagnostics
import Evaluation

/// What `?name` and `exp doc name` say.
enum HelpText {
  /// Signature, place, documentation and example; nil when nothing has that name.
  static func explain(_ name: String, _ session: Session) -> String? {
    guard let entry = session.help(name) else { return nil }
    var lines = [Phrase.ends(entry.signature, entry.source, width: min(Terminal.output.width, 100))]
    lines += entry.text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  " + $0 }
    if !entry.example.isEmpty {
      lines += entry.example.split(separator: "\n").map { "  > " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  /// What to say about a name that means nothing.
  static func unknown(_ name: String, _ library: StandardLibrary) -> String {
    let near = nearestName(name, among: library.prelude.names.keys.sorted())
    return "nothing is named \(name)" + (near.map { "; did you mean \($0)?" } ?? "")
  }
}
