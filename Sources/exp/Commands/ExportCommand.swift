import ArgumentParser
import Foundation
import Records
import Reports
import Studies

/// `exp export RUN --to md`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a recorded run as a page, a document, a notebook or tables.",
    discussion: """
      html: the report, drawn anew. md: a document in GitHub's Markdown, its pictures in a folder beside it. ipynb: a Jupyter notebook \
      with all results. csv: a folder with every table, and the data of every figure. A run of which any file but its page is not as \
      it was written is not exported.
      """)

  /// What a run can be written as.
  enum Format: String, ExpressibleByArgument, CaseIterable { case html, md, ipynb, csv }

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: "html, md, ipynb or csv.") var to: Format
  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Where to write it. (default: the run's name, here; - is standard output)", valueName: "path"),
    transform: PathArgument.named)
  var target: String?
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"

  func validate() throws {
    if target == "-", to == .csv || to == .md {
      throw ValidationError("--to \(to.rawValue) writes more than one file: it cannot go to standard output")
    }
  }

  func run() throws {
    let folder = try RunLookup.folder(name, below: out, ofStudy: true)
    // The page is drawn anew from the record, whatever became of the old one.
    if let damage = RunLookup.damage(folder, of: { $0 != RunFolder.pageName }) { throw RunLookup.failure(damage) }
    let place = target ?? folder.name + (to == .csv ? "-csv" : ".\(to.rawValue)")
    do {
      switch to {
      case .csv: try tables(folder, place)
      case .html: try write(ReportPage.html(try study(folder)), place)
      case .ipynb: try write(StudyExport.notebook(try study(folder)), place)
      case .md: try document(try study(folder), place)
      }
    } catch let error as FileError { throw RunLookup.failure("\(error)") }
    if place != "-" { Terminal.output.line(shortPath(place)) }
  }

  private func study(_ folder: RunFolder) throws -> StudyRecord {
    if let study = folder.readStudy() { return study }
    throw RunLookup.failure("\(folder.path) has no report: the run did not come to its end")
  }

  private func write(_ text: String, _ place: String) throws {
    if place == "-" { return Terminal.output.line(text.hasSuffix("\n") ? String(text.dropLast()) : text) }
    let files = RunFiles()
    try files.makeFolders(RunFiles.parent(of: place))
    try files.write(text, to: place)
  }

  private func document(_ study: StudyRecord, _ place: String) throws {
    let stem = place.hasSuffix(".md") ? String(place.dropLast(3)) : place
    let beside = stem.split(separator: "/").last.map(String.init) ?? stem
    // A name with spaces or brackets would end the address of a picture.
    let address = beside.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))
    try write(StudyExport.markdown(study) { "\(address ?? beside)_files/\($0).svg" }, place)
    var number = 0
    for case .figure(let figure, _) in study.items {
      number += 1
      try write(FigureDrawing.svg(figure), "\(stem)_files/\(number).svg")
    }
  }

  /// Whether a file of a run's folder is a table or the data of a figure.
  private static func isTable(_ file: String) -> Bool {
    file.hasSuffix(".csv") && (file.hasPrefix("tables/") || file.hasPrefix("figures/"))
  }

  private func tables(_ folder: RunFolder, _ place: String) throws {
    let files = try folder.contents().filter(Self.isTable)
    guard !files.isEmpty else { throw RunLookup.failure("\(folder.path) has no tables") }
    for file in files {
      let bytes = try folder.files.fileSystem.read(folder.path + "/" + file)
      let name =
        file.hasPrefix("figures/")
        ? "figure-" + file.dropFirst("figures/".count) : String(file.dropFirst("tables/".count))
      let target = RunFiles()
      try target.makeFolders(place)
      try target.write(bytes, to: place + "/" + name)
    }
  }
}
