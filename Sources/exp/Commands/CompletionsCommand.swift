import ArgumentParser
import Foundation

/// `exp completions bash`
struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions", abstract: "Print what makes a shell complete exp's verbs, options and files.",
    discussion: """
      bash: exp completions bash > ~/.local/share/bash-completion/completions/exp
      zsh:  exp completions zsh > a folder of $fpath, as _exp
      fish: exp completions fish > ~/.config/fish/completions/exp.fish
      """)

  @Argument(help: "bash, zsh or fish. (default: that of $SHELL)", completion: .list(["bash", "zsh", "fish"]))
  var shell: String?

  func run() throws {
    let own = ProcessInfo.processInfo.environment["SHELL"].map { NSString(string: $0).lastPathComponent }
    guard let name = shell ?? own, let known = CompletionShell(rawValue: name) else {
      throw ValidationError("there are completions for bash, zsh and fish, not for \(shell ?? own ?? "no shell")")
    }
    Terminal.output.line(ExpCommand.completionScript(for: known))
  }
}

extension CompletionKind {
  /// A script.
  static var script: CompletionKind { .file(extensions: ["exp"]) }
  /// A name of the library.
  static var libraryName: CompletionKind {
    .custom { _, _, prefix in
      (SourceLoader.library()?.prelude.names.keys.filter { $0.hasPrefix(prefix) } ?? []).sorted()
    }
  }
}
