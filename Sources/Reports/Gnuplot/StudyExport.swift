import Notation
import Records

/// A study's record as a Markdown document or a notebook, for others to read, edit and show.
public enum StudyExport {
  /// Rows of a table that a document shows; all of them stand in the table's CSV file.
  public static let maxRows = 60

  /// A document in GitHub's Markdown. `figures` gives the path of figure n's picture, from 1.
  public static func markdown(_ study: StudyRecord, figures: (Int) -> String) -> String {
    var parts: [String] = [], number = 0
    if !beginsWithHeading(study) { parts.append("# \(MarkdownText.markup(study.title))") }
    for item in study.items {
      switch item {
      case .prose(let text): parts.append(Markdown.escapingTags(clean(text)))
      case .code(let spans): parts.append(MarkdownText.fenced(spans.map(\.text).joined(), "exp"))
      case .table(let name, let table, _): parts.append(MarkdownText.table(table, name))
      case .figure(let figure, _):
        number += 1
        let title = figure.title.isEmpty ? "figure \(number)" : figure.title
        parts.append("![\(MarkdownText.line(title))](\(figures(number)))")
        if !figure.caption.isEmpty { parts.append(MarkdownText.markup(figure.caption)) }
      case .claim(let claim): parts.append(MarkdownText.claim(claim))
      case .citation(let text): parts.append("> \(MarkdownText.markup(text))")
      case .value, .printed, .error, .coverage, .series: parts.append(MarkdownText.fenced(plain(item), ""))
      }
    }
    parts.append("---\n\n\(MarkdownText.line(provenance(study.run)))")
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// A Jupyter notebook (nbformat 4.5): prose and code in cells, what was shown behind the code that showed it.
  public static func notebook(_ study: StudyRecord) -> String {
    var notebook = Notebook()
    if !beginsWithHeading(study) { notebook.prose("# \(MarkdownText.markup(study.title))") }
    for item in study.items {
      switch item {
      case .prose(let text): notebook.prose(Markdown.escapingTags(clean(text)))
      case .citation(let text): notebook.prose("> \(MarkdownText.markup(text))")
      case .code(let spans): notebook.code(spans.map(\.text).joined())
      case .printed(let text): notebook.stream(clean(text) + "\n")
      case .figure(let figure, _):
        notebook.display([
          .init("image/svg+xml", .string(FigureDrawing.svg(figure))), .init("text/plain", .string(plain(item))),
        ])
      case .table(let name, let table, _):
        notebook.display([
          .init("text/html", .string(HTMLTable.html(table, name))), .init("text/plain", .string(plain(item))),
        ])
      case .claim(let claim):
        notebook.display([
          .init("text/markdown", .string(MarkdownText.claim(claim))), .init("text/plain", .string(plain(item))),
        ])
      case .value, .error, .coverage, .series: notebook.display([.init("text/plain", .string(plain(item)))])
      }
    }
    notebook.prose(MarkdownText.line(provenance(study.run)))
    return notebook.json.compact + "\n"
  }

  /// What a terminal without colours shows of an item.
  private static func plain(_ item: StudyRecord.Item) -> String {
    var item = item
    if case .value(let name, let value) = item { item = .value(name: name, DatumText.recorded(value)) }
    // Reasons of failed trials stand whole.
    let width = if case .coverage = item { 10_000 } else { 100 }
    var text = clean(TerminalText(width: width, color: false).item(item))
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  private static func clean(_ text: String) -> String { DatumText.clean(text) }

  private static func beginsWithHeading(_ study: StudyRecord) -> Bool {
    for item in study.items {
      guard case .prose(let text) = item else { continue }
      if case .heading? = Markdown(text).blocks.first { return true }
      return false
    }
    return false
  }

  /// `double_descent-7f3a9c · seed 7 · noise 0.2 · Exp 0.1.0 · 2026-11-20`
  private static func provenance(_ run: RunRecord) -> String {
    var parts = [run.id, "seed \(run.seed)"]
    parts += run.options.map { "\($0.name) \(DatumText.brief($0.value, limit: 40, quotes: false))" }
    if case .string(let version)? = run.versions.first(where: { $0.name == "exp" })?.value {
      parts.append("Exp \(version)")
    }
    if run.state != .done { parts.append(run.state.rawValue) }
    if run.started.count >= 10 { parts.append(String(run.started.prefix(10))) }
    return parts.joined(separator: " · ")
  }
}

/// Pieces of Markdown whose texts can say nothing but themselves.
enum MarkdownText {
  /// One line in which no letter is markup.
  static func line(_ text: String) -> String {
    var out = ""
    for character in DatumText.clean(text) {
      if "\\`*_{}[]<>()#+!|~$".contains(character) { out.append("\\") }
      out.append(character.isNewline ? " " : character)
    }
    return out
  }

  /// One line of what is Markdown already; nothing in it becomes HTML.
  static func markup(_ text: String) -> String {
    Markdown.escapingTags(String(DatumText.clean(text).map { $0.isNewline ? " " : $0 }))
  }

  /// Text as it is, between fences longer than any in it.
  static func fenced(_ text: String, _ language: String) -> String {
    var longest = 2, run = 0
    for character in text {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    return "\(fence)\(language)\n\(DatumText.clean(text))\n\(fence)"
  }

  /// `- [x] the claim — peak 56, threshold 60.5`
  static func claim(_ claim: RunRecord.Claim) -> String {
    let numbers = claim.numbers.map { "\($0.name) \(DatumText.brief($0.value, limit: 40, quotes: false))" }
    var text = "- [\(claim.holds ? "x" : " ")] \(markup(claim.text))"
    if !numbers.isEmpty { text += " — \(line(numbers.joined(separator: ", ")))" }
    if !claim.error.isEmpty { text += " — \(line(claim.error))" }
    return text
  }

  /// A table with its first rows; a row without results says why.
  static func table(_ table: Table, _ name: String) -> String {
    let names = table.columnNames
    guard !names.isEmpty else { return line(name.isEmpty ? "an empty table" : "\(name): an empty table") }
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let reason = table.failures.isEmpty ? [] : [Table.failureColumn(besides: names)]
    var lines = [row((names + reason).map(line)), row((names + reason).map { _ in "---" })]
    for place in 0..<min(table.rowCount, StudyExport.maxRows) {
      let cells = table.columns.map { line(DatumText.brief($0.values[place], limit: 60, quotes: false)) }
      lines.append(row(cells + reason.map { _ in line(table.failures[place] ?? "") }))
    }
    if table.rowCount > StudyExport.maxRows {
      lines.append("\n\(StudyExport.maxRows) of \(table.rowCount) rows")
    }
    return (name.isEmpty ? "" : "**\(line(name))**\n\n") + lines.joined(separator: "\n")
  }
}

/// A table for notebooks.
private enum HTMLTable {
  static func html(_ table: Table, _ name: String) -> String {
    func cells(_ texts: [String], _ tag: String) -> String {
      "<tr>" + texts.map { "<\(tag)>\(Markup.escape(DatumText.clean($0)))</\(tag)>" }.joined() + "</tr>"
    }
    var out = "<table>"
    if !name.isEmpty { out += "<caption>\(Markup.escape(DatumText.clean(name)))</caption>" }
    let reason = table.failures.isEmpty ? [] : [Table.failureColumn(besides: table.columnNames)]
    out += cells(table.columnNames + reason, "th")
    for place in 0..<min(table.rowCount, StudyExport.maxRows) {
      let values = table.columns.map { DatumText.brief($0.values[place], limit: 60, quotes: false) }
      out += cells(values + reason.map { _ in table.failures[place] ?? "" }, "td")
    }
    out += "</table>"
    if table.rowCount > StudyExport.maxRows { out += "<p>\(StudyExport.maxRows) of \(table.rowCount) rows</p>" }
    return out
  }
}

/// Cells of a notebook as they come.
private struct Notebook {
  private var cells: [(isCode: Bool, source: String, outputs: [JSON])] = []

  mutating func prose(_ text: String) { cells.append((false, text, [])) }
  mutating func code(_ text: String) { cells.append((true, text, [])) }

  mutating func stream(_ text: String) {
    output(["output_type": "stream", "name": "stdout", "text": .string(text)])
  }

  mutating func display(_ data: [JSON.Member]) {
    output(["output_type": "display_data", "data": .object(data), "metadata": [:]])
  }

  private mutating func output(_ json: JSON) {
    if cells.last?.isCode != true { cells.append((true, "", [])) }
    cells[cells.count - 1].outputs.append(json)
  }

  var json: JSON {
    let list = cells.enumerated().map { number, cell -> JSON in
      var members: [JSON.Member] = [
        .init("id", .string("cell-\(number)")), .init("cell_type", .string(cell.isCode ? "code" : "markdown")),
        .init("metadata", [:]), .init("source", .string(cell.source)),
      ]
      if cell.isCode { members += [.init("execution_count", .null), .init("outputs", .array(cell.outputs))] }
      return .object(members)
    }
    return [
      "cells": .array(list),
      "metadata": [
        "kernelspec": ["name": "exp", "display_name": "Exp", "language": "exp"],
        "language_info": ["name": "exp", "file_extension": ".exp"],
      ],
      "nbformat": 4, "nbformat_minor": 5,
    ]
  }
}
