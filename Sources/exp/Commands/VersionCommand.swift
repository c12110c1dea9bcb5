import ArgumentParser

/// `exp version`
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() { Terminal.output.line(Version.line) }
}
