import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies

/// `exp diff A B`
struct DiffCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two recorded runs: what was asked for, then what was computed.",
    discussion: """
      With --replay both studies are run again, step by step, and the first step and tensor at which their trainings part is \
      named. The exit status is 0 when the results are the same, 1 when they differ, 2 when a record is not as it was written.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or its name below runs/.", valueName: "run")) var first: String
  @Argument(help: ArgumentHelp("Another.", valueName: "run")) var second: String
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @Flag(help: "Run both again to find the step and the tensor at which trainings part.") var replay = false
  @Option(help: ArgumentHelp("Folder with data files, for --replay; may be repeated.", valueName: "dir")) var data:
    [String] = []
  @OptionGroup var threading: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws { try StudyOptions.checkFolders(data) }

  func run() throws {
    let folders = try [first, second].map { try RunLookup.folder($0, below: out, ofStudy: true) }
    let damages = folders.compactMap { RunLookup.damage($0) }
    if !json { damages.forEach(SourceLoader.complain) }
    let comparison = RunComparison(folders[0], folders[1])
    let (settings, results) = (comparison.settings(), comparison.results())
    let parting = replay ? try self.parting(folders) : nil
    if json {
      let members = { (differences: [RunDifference]) in
        JSON.array(
          differences.map { ["place": .string($0.place), "first": .string($0.first), "second": .string($0.second)] })
      }
      var object: [JSON.Member] = [.init("settings", members(settings)), .init("results", members(results))]
      if replay { object.append(.init("parting", members(parting.map { [$0] } ?? []))) }
      SourceLoader.answer(object, errors: damages)
    } else {
      show(settings, results, parting)
    }
    if !damages.isEmpty { throw ExitCode(2) }
    if !results.isEmpty || parting != nil { throw ExitCode(1) }
  }

  private func show(_ settings: [RunDifference], _ results: [RunDifference], _ parting: RunDifference?) {
    let output = Terminal.output
    func show(_ difference: RunDifference) {
      output.line(difference.place)
      output.line("  - " + difference.first)
      output.line("  + " + difference.second)
    }
    (settings + results).forEach(show)
    if let parting {
      output.line("run again, they part at")
      show(parting)
    } else if replay {
      output.line("run again, their folds are the same after every step")
    }
    let verb = results.count == 1 ? "differs" : "differ"
    output.line(results.isEmpty ? "the results are the same" : "\(Phrase.count(results.count, "result")) \(verb)")
  }

  /// The first step and tensor at which the folds of two runs part, with the first element that differs; nil when they do not.
  private func parting(_ folders: [RunFolder]) throws -> RunDifference? {
    let replays = try folders.map { folder -> RunReplay in
      guard let record = folder.readRun() else { throw RunLookup.failure("\(folder.path)/run.json cannot be read") }
      return RunReplay(folder: folder, record: record, data: data)
    }
    let traces = try replays.map { try $0.trace(threads: threading.count) }
    guard let place = traces[0].firstDifference(traces[1]) else { return nil }
    let elements = try replays.map { try $0.trace(threads: threading.count, elementsAt: place).elements }
    var difference = RunDifference(
      place: "\(place.fold), step \(place.step)" + (place.tensor.isEmpty ? "" : ", tensor \(place.tensor)"),
      first: elements[0] == nil ? "is not there" : "is there", second: elements[1] == nil ? "is not there" : "is there")
    guard let a = elements[0], let b = elements[1] else { return difference }
    if let index = zip(a, b).enumerated().first(where: { $0.1.0.bitPattern != $0.1.1.bitPattern })?.offset {
      difference.place += ", element \(index)"
      difference.first = RunDifference.number(a[index])
      difference.second = RunDifference.number(b[index])
    } else {
      (difference.first, difference.second) = ("\(a.count) elements", "\(b.count) elements")
    }
    return difference
  }
}

/// Finds the run that a command line names.
enum RunLookup {
  /// One that is to go may be without a `run.json` that can be read.
  /// A study stands for its newest run where that is asked for.
  static func folder(
    _ name: String, below runs: String, isToGo: Bool = false, ofStudy: Bool = false
  ) throws -> RunFolder {
    let paths = [name, runs + "/" + name]
    for path in paths {
      if let folder = RunFolder.open(path) ?? (isToGo ? RunFolder.openUnread(path) : nil) { return folder }
    }
    if let path = paths.first(where: { DiskFileSystem.shared.exists($0 + "/run.json") }) {
      throw failure(RunFolder.whyUnread(path))
    }
    if ofStudy, let folder = RunFolder.runs(of: StudyRun.name(of: name), in: runs).first {
      SourceLoader.complain("\(shortPath(folder.path)) is the newest run of \(folder.readRun()?.study ?? name)")
      return folder
    }
    throw failure("\(name) is not the folder of a run" + (ofStudy ? ", nor a study that has one in \(runs)" : ""))
  }

  /// What is no longer as it was written in a run that came to its end, of the files that are wanted; nil when all is.
  static func damage(_ folder: RunFolder, of isWanted: (String) -> Bool = { _ in true }) -> String? {
    if !folder.isSealed, folder.readRun()?.state.isUnfinished != false { return nil }
    let problems = (try? folder.checkManifest(of: isWanted)) ?? ["it has no manifest"]
    if problems.isEmpty { return nil }
    return "\(folder.path) is not as it was written: " + problems.prefix(5).joined(separator: ", ")
  }

  /// Says why a command cannot be done, and what was found in scripts; gives the exit status.
  static func failure(_ why: String, _ problems: [Diagnostic] = []) -> ExitCode {
    SourceLoader.refuse(why, problems)
    return ExitCode(2)
  }
}
