import ArgumentParser
import Diagnostics

/// `exp explain E0103`
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say more about an error, by its id.")

  @Argument(help: "The id at the right of the error's first line, such as E0103.") var id: String

  func run() throws {
    guard let text = DiagnosticCatalogue.explanation(id.uppercased()) else {
      SourceLoader.complain("no error has the id \(id); ids look like E0103")
      throw ExitCode(1)
    }
    Terminal.output.line(text)
  }
}
