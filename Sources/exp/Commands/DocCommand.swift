import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Reports
import Studies

/// `exp doc NAME`
struct DocCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "doc", abstract: "Explain a function of the library, a page, a word of the language, or an error.",
    discussion: """
      Without a name, the names of the pages. --pages writes the reference of all functions as Markdown; --check says whether it \
      is up to date.
      """)

  @Argument(help: "Its name, such as cosine.", completion: .libraryName) var name: String?
  @Flag(help: "Print one JSON object.") var json = false
  @Option(help: ArgumentHelp("Write the reference of all functions into this folder.", valueName: "folder"))
  var pages: String?
  @Option(help: ArgumentHelp("Say which pages in this folder are out of date.", valueName: "folder")) var check: String?

  func validate() throws {
    guard [name, pages, check].compactMap({ $0 }).count <= 1 else {
      throw ValidationError("give the name of a function, a page or a word, or --pages, or --check")
    }
  }

  func run() throws {
    let isFine = WorkerThread.run(name: "doc") { () -> Bool in
      guard let library = SourceLoader.library() else { return false }
      if let name = self.name { return self.explain(name, library) }
      if let folder = self.pages ?? self.check { return self.write(library.referencePages, into: folder) }
      self.list(library.referencePages)
      return true
    }
    if isFine != true { throw ExitCode(1) }
  }

  private func list(_ pages: [StandardLibrary.Page]) {
    if json {
      let objects = pages.map { page -> JSON in ["name": .string(page.name), "title": .string(page.title)] }
      return Terminal.output.line((["pages": .array(objects)] as JSON).compact)
    }
    let width = pages.map(\.name.count).max() ?? 0
    Terminal.output.line("`exp doc NAME` explains a function, a word of the language or a page:\n")
    for page in pages { Terminal.output.line("  \(TextWidth.pad(page.name, to: width))  \(page.title)") }
  }

  private func explain(_ name: String, _ library: StandardLibrary) -> Bool {
    if let error = DiagnosticCatalogue.entry(name), let text = DiagnosticCatalogue.explanation(name) {
      Terminal.output.line(json ? ExplainCommand.object(error).compact : text)
      return true
    }
    let run = StudyRun(source: SourceLoader.empty, options: RunOptions(), listener: SilentListener())
    let session = Session(library: library, host: run, threads: 1)
    guard let entry = session.help(name), let text = HelpText.explain(name, session) else {
      if let page = HelpText.page(name, library) {
        let object: JSON = ["name": .string(name), "title": .string(page.title), "text": .string(page.text)]
        Terminal.output.line(json ? object.compact : page.text)
        return true
      }
      SourceLoader.refuse(HelpText.unknown(name, library))
      return false
    }
    guard json else {
      Terminal.output.line(text)
      return true
    }
    let definitions = entry.definitions.map { definition -> JSON in
      [
        "signature": .string(definition.signature), "place": .string(definition.place),
        "documentation": .string(definition.documentation),
      ]
    }
    let object: JSON = ["name": .string(name), "definitions": .array(definitions)]
    Terminal.output.line(object.compact)
    return true
  }

  /// Writes pages, or only compares them; pages of other names in the folder are removed or reported.
  private func write(_ pages: [StandardLibrary.Page], into folder: String) -> Bool {
    var stale: [String] = []
    let isCheck = check != nil
    do {
      if !isCheck { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
      for page in pages {
        let path = folder + "/" + page.file
        if FileManager.default.contents(atPath: path) == Data(page.text.utf8) { continue }
        stale.append(path)
        if !isCheck { try Data(page.text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) }
      }
      let known = Set(pages.map(\.file))
      let others = try FileManager.default.contentsOfDirectory(atPath: folder)
      for other in others where other.hasSuffix(".md") && !known.contains(other) {
        stale.append(folder + "/" + other)
        if !isCheck { try FileManager.default.removeItem(atPath: folder + "/" + other) }
      }
    } catch {
      SourceLoader.complain("\(folder): \(error.localizedDescription)")
      return false
    }
    for path in stale.sorted() { Terminal.output.line(path) }
    if isCheck, !stale.isEmpty { SourceLoader.complain("`exp doc --pages \(folder)` writes them anew") }
    return !isCheck || stale.isEmpty
  }
}
