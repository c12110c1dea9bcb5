import Diagnostics
import Resolution
import Syntax

/// The reference of every function, made from the library itself: `exp doc --pages docs/reference` writes it.
extension StandardLibrary {
  /// A page of Markdown.
  public struct Page: Sendable {
    /// `lists.md`
    public let file: String
    /// Its heading.
    public let title: String
    /// All of it.
    public let text: String
    /// `lists`
    public var name: String { String(file.dropLast(3)) }
  }

  /// A function on a page.
  private struct Item {
    var name: String
    var signature: String
    var documentation: String
    var examples: [(code: String, value: String)]
  }

  /// One page per library file, one per table of natives, and an index of all names, which comes first.
  public var referencePages: [Page] {
    var pages: [Page] = [], places: [String: [String]] = [:]
    let chapters =
      files.map { (file: $0.name, chapter: Self.chapter(of: $0)) }
      + Natives.chapters.map { chapter in
        (
          file: "native-" + chapter.file,
          chapter: (
            title: chapter.title, text: "Built in: what Exp cannot say in Exp.", items: chapter.natives.map(Self.item)
          )
        )
      }
    for (file, chapter) in chapters where !chapter.items.isEmpty {
      for name in Set(chapter.items.map(\.name)) { places[name, default: []].append(file) }
      pages.append(Page(file: file + ".md", title: chapter.title, text: Self.page(chapter)))
    }
    var index = """
      # Reference of all functions

      Written by `exp doc --pages docs/reference` from the library's own documentation; the tests execute its examples. `exp doc NAME` and,
      in a session, `?NAME` say the same.

      | page | functions |
      | --- | --- |

      """
    for (page, (_, chapter)) in zip(pages, chapters.filter { !$0.chapter.items.isEmpty }) {
      var names: [String] = []
      for item in chapter.items where !names.contains(item.name) { names.append(item.name) }
      index += "| [\(page.title)](\(page.file)) | \(names.map { "`\($0)`" }.joined(separator: " ")) |\n"
    }
    index += "\n## By name\n\n"
    for name in places.keys.sorted() {
      let links = places[name, default: []].map { "[\($0)](\($0).md)" }.joined(separator: ", ")
      index += "- `\(name)`: \(links)\n"
    }
    return [Page(file: "README.md", title: "Reference of all functions", text: index)] + pages
  }

  private static func page(_ chapter: (title: String, text: String, items: [Item])) -> String {
    var text = "# \(chapter.title)\n\n"
    if !chapter.text.isEmpty { text += chapter.text + "\n\n" }
    text += chapter.items.map { item in
      var part = "### `\(item.signature)`\n\n" + item.documentation + "\n"
      if !item.examples.isEmpty {
        let lines = item.examples.map { $0.value.isEmpty ? $0.code : "\($0.code)\n# => \($0.value)" }
        part += "\n```exp no-run\n\(lines.joined(separator: "\n"))\n```\n"
      }
      return part
    }.joined(separator: "\n")
    return text
  }

  /// The heading and prose of a library file, and its functions in their order.
  private static func chapter(of file: File) -> (title: String, text: String, items: [Item]) {
    var title = file.name, prose: [String] = [], items: [Item] = []
    for statement in file.tree.statements {
      switch statement.kind {
      case .prose(let text) where prose.isEmpty: prose = text.components("\n")
      case .function(let name, let literal, let text?) where !name.text.hasPrefix("_"):
        var lines = text.components("\n"), examples: [(String, String)] = []
        while let index = lines.firstIndex(where: { $0.hasPrefix("> ") }) {
          let value = index + 1 < lines.count ? lines[index + 1] : ""
          examples.append((String(lines[index].dropFirst(2)), value))
          lines.removeSubrange(index..<min(index + 2, lines.count))
        }
        items.append(
          Item(
            name: name.text, signature: Session.signature(name.text, literal),
            documentation: lines.joined(separator: "\n"), examples: examples))
      default: break
      }
    }
    if let heading = prose.first(where: { $0.hasPrefix("# ") }) { title = String(heading.dropFirst(2)) }
    let text = prose.filter { !$0.hasPrefix("# ") }.joined(separator: "\n")
    return (title, text.trimmingNewlines, items)
  }

  private static func item(_ native: NativeFunction) -> Item {
    let examples = native.example.components("\n").filter { !$0.isEmpty }.map { line -> (String, String) in
      let parts = line.components("  # => ")
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    return Item(
      name: native.name, signature: Session.signature(native.name, native.fullSignature), documentation: native.doc,
      examples: examples)
  }
}

extension Natives {
  /// The tables of natives, with the headings of their pages.
  static let chapters: [(file: String, title: String, natives: [NativeFunction])] = [
    ("values", "Values and messages", basics + digests + planning + folds), ("numbers", "Numbers", numbers),
    ("lists", "Lists", lists), ("strings", "Strings and patterns", strings + patterns), ("records", "Records", records),
    ("tables", "Tables", tables), ("files", "Files", files + tensorFiles), ("figures", "Figures", figures),
    ("makers", "Making tensors", tensorMakers), ("elementwise", "Elementwise functions of tensors", tensorElementwise),
    ("reductions", "Reductions of tensors", tensorReductions),
    ("shapes", "Shapes and indexes of tensors", tensorShapes + tensorIndexes),
    ("windows", "Convolution and pooling", windows), ("networks", "Networks of nodes", nodeNetworks),
    ("random", "Randomness", randomNatives), ("trees", "Models as trees", treeNatives),
    ("gradients", "Gradients and compiled functions", gradientNatives + compiledNatives + stepFolds),
    ("linear", "Linear algebra", linearAlgebra + linearPrograms), ("bodies", "Rigid bodies", rigidBodies),
  ]
}

extension String {
  fileprivate func components(_ separator: String) -> [String] {
    var parts: [String] = [], rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }

  fileprivate var trimmingNewlines: String {
    var text = self[...]
    while text.first?.isNewline == true { text.removeFirst() }
    while text.last?.isNewline == true { text.removeLast() }
    return String(text)
  }
}
