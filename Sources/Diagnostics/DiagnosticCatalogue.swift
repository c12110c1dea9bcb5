/// The long explanations of error ids, for `exp explain` and `docs/diagnostics.md`. Each room has a list of its own,
/// sorted by id.
public enum DiagnosticCatalogue {
  /// What is to be said about an id beyond the message.
  public struct Entry: Sendable, Hashable {
    /// `E0103`.
    public let id: String
    /// The error in general, in one line.
    public let title: String
    /// Why it is one, and what to do.
    public let text: String
    /// A short text that brings it about; empty where none can be shown.
    public let wrong: String
    /// The same mended.
    public let right: String

    init(_ id: String, _ title: String, _ text: String, wrong: String = "", right: String = "") {
      self.id = id
      self.title = title
      self.text = text
      self.wrong = wrong
      self.right = right
    }
  }

  /// A family of ids.
  public struct Chapter: Sendable {
    /// `Syntax`.
    public let title: String
    /// When errors of this family are found.
    public let introduction: String
    /// Sorted by id.
    public let entries: [Entry]
  }

  /// All explanations, in order of their ids.
  public static let chapters: [Chapter] = [
    Chapter(
      title: "Reading the text: E00xx",
      introduction: "Found before anything runs, as many as a file has, up to a hundred.", entries: syntax),
    Chapter(
      title: "Names, calls and places: E01xx",
      introduction: "Found before anything runs, all together with those above.", entries: resolution),
    Chapter(
      title: "Values and calls: E02xx",
      introduction:
        "Met while a program runs, with the calls that led there. `try` catches them, as it does all that follow.",
      entries: values),
    Chapter(
      title: "Limits: E03xx", introduction: "No program can bring down Exp; it meets these instead.", entries: limits),
    Chapter(title: "Tensors and shapes: E04xx", introduction: "Met while a program runs.", entries: tensors),
    Chapter(
      title: "Models, gradients and compiled functions: E05xx", introduction: "Met while a program runs.",
      entries: gradients),
    Chapter(title: "Studies: E06xx", introduction: "Options, sweeps, claims and tests.", entries: studies),
    Chapter(title: "Files and data: E07xx", introduction: "Reading and writing.", entries: files),
    Chapter(title: "Records: E08xx", introduction: "The folder of a run.", entries: records),
  ]

  private static let byID: [String: Entry] = Dictionary(
    chapters.flatMap(\.entries).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

  /// The entry of an id in any spelling of its letter; nil for an id that no error has.
  public static func entry(_ id: String) -> Entry? { byID[id.uppercased()] }

  /// The explanation of an id as text for a terminal, ending with a newline; nil for an id that no error has.
  public static func explanation(_ id: String) -> String? {
    guard let entry = entry(id) else { return nil }
    var text = "\(entry.id): \(entry.title)\n\n\(filled(entry.text))\n"
    if !entry.wrong.isEmpty { text += "\nThis is wrong:\n\n\(indented(entry.wrong))" }
    if !entry.right.isEmpty { text += "\nThis is right:\n\n\(indented(entry.right))" }
    return text
  }

  /// `docs/diagnostics.md`, which is written from here; see `DiagnosticsTests`.
  public static var document: String {
    var text = """
      # Errors and what they mean

      Every error has an id that stays the same from version to version. `exp explain E0103` shows what stands here. This page is
      written from `Sources/Diagnostics/DiagnosticCatalogue+*.swift`; a test compares the two.

      """
    for chapter in chapters {
      text += "\n## \(chapter.title)\n\n\(chapter.introduction)\n"
      for entry in chapter.entries {
        text += "\n### \(entry.id) \(entry.title)\n\n\(filled(entry.text))\n"
        if !entry.wrong.isEmpty { text += "\n```text\n# wrong\n\(entry.wrong)\n```\n" }
        if !entry.right.isEmpty { text += "\n```text\n# right\n\(entry.right)\n```\n" }
      }
    }
    return text
  }

  private static func indented(_ code: String) -> String {
    code.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
  }

  /// Paragraphs in lines of at most 100 characters.
  private static func filled(_ text: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty, line.count + 1 + word.count > 100 {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " " + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
