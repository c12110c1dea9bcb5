import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Studies
import Tensors

/// `exp` and its verbs.
@main struct ExpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exp",
    abstract: "Runs studies of learning systems, written as pages of text.",
    discussion:
      "Without a verb, exp is an interactive session. `exp run study.exp` runs a study and writes its report.",
    version: Version.line,
    subcommands: [
      RunCommand.self,
      ServeCommand.self,
      WorkerCommand.self, AttachCommand.self, StatusCommand.self, CancelCommand.self,
      ReplCommand.self,
      DemoCommand.self,
      CheckCommand.self,
      PlanCommand.self,
      ProfileCommand.self,
      FormatCommand.self,
      TestCommand.self,
      DocCommand.self,
      ExplainCommand.self,
      RunsCommand.self,
      VerifyCommand.self,
      DiffCommand.self, WhyCommand.self,
      ExportCommand.self,
      NewCommand.self,
      DoctorCommand.self,
      CompletionsCommand.self,
      VersionCommand.self,
    ],
    defaultSubcommand: ReplCommand.self)

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // A file that may not grow is an error of the write to it, as on a full disk, and no end of the process.
    signal(SIGXFSZ, SIG_IGN)
    if let complaint = switchComplaint.map({ "exp: \($0)" }) ?? complaint(about: arguments) {
      FileHandle.standardError.write(Data((complaint + "\n").utf8))
      Foundation.exit(64)
    }
    var ending: (any Error)?
    do {
      var command = try parseAsRoot(arguments)
      SourceLoader.answersInJSON = (command as? any AnswersInJSON)?.json ?? false
      try command.run()
    } catch { ending = error }
    if let problem = Terminal.output.problem {
      SourceLoader.complain("not everything could be written to standard output: \(problem)")
      let lost = ExitCode(RunStatus.notRecorded.rawValue)
      if let status = ending == nil ? ExitCode.success : ending as? ExitCode, status.rawValue < lost.rawValue {
        ending = lost
      }
    }
    exit(withError: ending)
  }

  /// What is wrong with a switch of the environment; nil where nothing is.
  private static var switchComplaint: String? {
    Switches.complaint ?? LeaseLength.complaint
  }

  /// What is wrong with a first word that is no verb; nil when it is one, or an option.
  static func complaint(about arguments: [String]) -> String? {
    guard let word = arguments.first, !word.hasPrefix("-") else { return nil }
    let verbs = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    if verbs.contains(word) { return complaint(of: word, about: arguments.dropFirst().first ?? "") }
    if word.hasSuffix(".exp") || FileManager.default.fileExists(atPath: word) {
      return "exp: to run a study, say `exp run \(arguments.map(ShellWord.quoted).joined(separator: " "))`"
    }
    let owner = configuration.subcommands.first { verb in
      verb.configuration.subcommands.contains { $0.configuration.commandName == word }
    }
    let near = owner?.configuration.commandName.map { "\($0) \(word)" } ?? nearestName(word, among: verbs)
    return "exp: there is no `exp \(word)`" + (near.map { "; did you mean `exp \($0)`?" } ?? "")
      + "\n  it knows " + verbs.sorted().joined(separator: ", ")
  }

  /// What is wrong with the word behind a verb that takes verbs of its own, or only options.
  private static func complaint(of verb: String, about word: String) -> String? {
    guard !word.isEmpty, !word.hasPrefix("-") else { return nil }
    if verb == "help" { return complaint(about: [word]) }
    if verb == "repl", word.hasSuffix(".exp") || FileManager.default.fileExists(atPath: word) {
      return "exp: to run a study first and keep its names, say `exp repl -i \(ShellWord.quoted(word))`"
    }
    let owner = configuration.subcommands.first { $0.configuration.commandName == verb }
    let own = owner?.configuration.subcommands.compactMap { $0.configuration.commandName } ?? []
    if own.isEmpty || own.contains(word) || owner?.configuration.defaultSubcommand == nil { return nil }
    return "exp: there is no `exp \(verb) \(word)`"
      + (nearestName(word, among: own).map { "; did you mean `exp \(verb) \($0)`?" } ?? "")
      + "\n  it knows " + own.sorted().joined(separator: ", ")
  }
}
