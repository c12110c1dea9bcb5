import ArgumentParser
import Foundation
import Records
import Reports
import Studies

/// `exp export RUN --to md`
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a recorded run as a page, a document, a notebook, tables or pictures.",
    discussion: """
      html: the report, drawn anew. md: a document in GitHub's Markdown, its pictures in a folder beside it. ipynb: a Jupyter notebook \
      with all results. csv: a folder with every table, and the data of every figure. svg, pdf, png: a folder with every figure, for a paper or slides; pdf and png \
      are made by rsvg-convert (librsvg). A run of which any file but its page is not as \
      it was written is not exported.
      """)

  /// What a run can be written as.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case html, md, ipynb, csv, svg, pdf, png

    /// Whether it is a folder of files.
    var isFolder: Bool { ![.html, .md, .ipynb].contains(self) }
  }

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: "html, md, ipynb, csv, svg, pdf or png.") var to: Format
  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("Where to write it. (default: the run's name, here; - is standard output)", valueName: "path"),
    transform: PathArgument.named)
  var target: String?
  @Option(
    help: ArgumentHelp("Pixels of a png for each that the SVG has. (default: 2)", valueName: "factor"))
  var scale: Double?
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"

  func validate() throws {
    if let scale, to != .png || !(0.1...20).contains(scale) {
      throw ValidationError(
        to == .png
          ? "--scale is a number from 0.1 to 20" : "--scale is for --to png: the others are as large as they are shown")
    }
    if target == "-", to.isFolder || to == .md {
      throw ValidationError("--to \(to.rawValue) writes more than one file: it cannot go to standard output")
    }
  }

  func run() throws {
    let folder = try RunLookup.folder(name, below: out, ofStudy: true)
    // The page is drawn anew from the record, whatever became of the old one.
    if let damage = RunLookup.damage(folder, of: { $0 != RunFolder.pageName }) { throw RunLookup.failure(damage) }
    let place = target ?? folder.name + (to.isFolder ? "-\(to.rawValue)" : ".\(to.rawValue)")
    do {
      switch to {
      case .csv: try tables(folder, place)
      case .html: try write(ReportPage.html(try study(folder)), place)
      case .ipynb: try write(StudyExport.notebook(try study(folder)), place)
      case .md: try document(try study(folder), place)
      case .svg, .pdf, .png: try pictures(try study(folder), place)
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
    for (i, picture) in drawn(study).enumerated() { try write(picture, "\(stem)_files/\(i + 1).svg") }
  }

  /// Every figure as SVG, in order.
  private func drawn(_ study: StudyRecord) -> [String] {
    study.items.compactMap { item in
      if case .figure(let figure, _) = item { FigureDrawing.svg(figure) } else { nil }
    }
  }

  private func pictures(_ study: StudyRecord, _ place: String) throws {
    let pictures = drawn(study)
    guard !pictures.isEmpty else { throw RunLookup.failure("\(study.title) has no figures") }
    let contents = try pictures.enumerated().map { i, picture in
      RunFiles.Content(
        "\(place)/\(i + 1).\(to.rawValue)",
        to == .svg ? Array(picture.utf8) : try converted(picture, "figure \(i + 1)"))
    }
    let files = RunFiles()
    try files.makeFolders(place)
    try files.write(contents)
    // Of another run that was exported to the same place.
    var next = pictures.count + 1
    while files.fileSystem.exists("\(place)/\(next).\(to.rawValue)") {
      try files.fileSystem.remove("\(place)/\(next).\(to.rawValue)")
      next += 1
    }
  }

  /// A figure as PNG or PDF, by rsvg-convert.
  private func converted(_ picture: String, _ name: String) throws -> [UInt8] {
    let process = Process()
    let (input, output, complaints) = (Pipe(), Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["rsvg-convert", "--format", to.rawValue]
      + (to == .png ? ["--zoom", String(scale ?? 2), "--background-color", "white"] : [])
    (process.standardInput, process.standardOutput, process.standardError) = (input, output, complaints)
    let sent = Data(picture.utf8)
    signal(SIGPIPE, SIG_IGN)
    try process.run()
    DispatchQueue.global().async {
      try? input.fileHandleForWriting.write(contentsOf: sent)
      try? input.fileHandleForWriting.close()
    }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // What `env` says of a program that it does not find.
    if process.terminationStatus == 127 {
      throw RunLookup.failure(
        "pdf and png are made by rsvg-convert, which is not installed: apt-get install librsvg2-bin, or brew install librsvg; "
          + "--to svg needs nothing")
    }
    guard process.terminationStatus == 0, !data.isEmpty else {
      throw RunLookup.failure(
        "rsvg-convert cannot draw \(name): \(said.split(separator: "\n").first ?? "it says nothing")")
    }
    return [UInt8](data)
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
