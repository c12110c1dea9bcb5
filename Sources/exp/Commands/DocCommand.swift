import ArgumentParser
import Evaluation
import Studies

/// `exp doc NAME`
struct DocCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doc", abstract: "Explain a function of the language or the standard library.")

  @Argument(help: "Its name, such as cosine.") var name: String

  func run() throws {
    let isFound = WorkerThread.run(name: "doc") { () -> Bool in
      guard let library = SourceLoader.library() else { return false }
      let run = StudyRun(source: SourceLoader.empty, options: RunOptions(), listener: SilentListener())
      let session = Session(library: library, host: run, threads: 1)
      guard let text = HelpText.explain(self.name, session) else {
        SourceLoader.complain(HelpText.unknown(self.name, library))
        return false
      }
      Terminal.output.line(text)
      return true
    }
    if isFound != true { throw ExitCode(1) }
  }
}
