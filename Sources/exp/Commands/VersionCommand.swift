import ArgumentParser
import Notation
import Tensors

/// `exp version`
struct VersionCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  @Flag(help: "Print one JSON object.") var json = false

  func run() {
    let version: JSON = ["exp": .string(Version.exp), "numerics": .int(numericsVersion)]
    Terminal.output.line(json ? version.compact : Version.line)
  }
}
