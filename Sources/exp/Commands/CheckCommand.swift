import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies

/// `exp check files…`
struct CheckCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Find what is wrong with scripts without running them.")

  @Argument(help: "Scripts, or folders of them.", completion: .script) var paths: [String]
  @Flag(help: "Print one JSON object: how many files, and what is wrong with them.") var json = false
  @OptionGroup var errors: ErrorOptions

  func run() throws {
    let files = ScriptFinder.scripts(paths, endings: ["exp"])
    guard !files.isEmpty else {
      SourceLoader.refuse("there is no script in \(paths.joined(separator: ", "))")
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    let isFine = WorkerThread.run(name: "check") { () -> Bool in
      guard let library = SourceLoader.library() else { return false }
      var diagnostics: [Diagnostic] = [], unread: [String] = []
      for path in files {
        guard let file = SourceLoader.load(path, complain: { unread.append($0) }) else { continue }
        let run = StudyRun(source: file, options: RunOptions(), listener: SilentListener())
        diagnostics += Session(library: library, host: run, threads: 1).check(file, settings: [:])
      }
      // A file that others import may be among those given.
      var said: Set<String> = []
      diagnostics = diagnostics.filter { diagnostic in
        let file = SourceStore.shared.file(diagnostic.span.file).map {
          URL(fileURLWithPath: $0.name).standardizedFileURL.path
        }
        return said.insert("\(file ?? ""):\(diagnostic.span.lower):\(diagnostic.id):\(diagnostic.message)").inserted
      }
      if json {
        let problems = JSON.array(diagnostics.map(JSONView.object))
        SourceLoader.answer([.init("files", .int(files.count)), .init("problems", problems)], errors: unread)
      } else {
        unread.forEach(SourceLoader.complain)
        DiagnosticText.report(diagnostics, didRun: true, form: self.errors.form)
      }
      let errors = diagnostics.filter { $0.severity == .error }.count
      let isFine = errors == 0 && unread.isEmpty
      if isFine, !json { Terminal.output.line("\(Phrase.count(files.count, "file")): nothing wrong") }
      return isFine
    }
    if isFine != true { throw ExitCode(RunStatus.scriptWrong.rawValue) }
  }
}

/// Hears nothing.
final class SilentListener: RunListener {
  func receive(_ event: RunEvent) {}
}
