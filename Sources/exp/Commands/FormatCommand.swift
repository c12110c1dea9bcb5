import ArgumentParser
import Diagnostics
import Foundation
import Notation
import Records
import Studies
import Syntax

/// `exp fmt files…`
struct FormatCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "fmt", abstract: "Print scripts in the common layout.",
    discussion: "Writes one file to standard output. --write rewrites the files, --check only says which would change.")

  @Argument(help: "Scripts, or folders of them; - reads standard input.", completion: .script) var paths: [String]
  @Flag(help: "Rewrite the files.") var write = false
  @Flag(help: "Say which files would change; exit status 1 if any.") var check = false
  @Flag(help: "With --check: one JSON object.") var json = false
  @OptionGroup var errorOptions: ErrorOptions

  func validate() throws {
    if json, !check { throw ValidationError("--json goes with --check") }
  }

  func run() throws {
    let status = WorkerThread.run(name: "fmt") { self.formatAll() } ?? 2
    if status != 0 { throw ExitCode(status) }
  }

  private func formatAll() -> Int32 {
    var status: Int32 = 0
    let files = paths == ["-"] ? ["-"] : ScriptFinder.scripts(paths, endings: ["exp"])
    guard files.count == 1 || (write || check) && !files.isEmpty else {
      SourceLoader.refuse(
        files.isEmpty
          ? "there is no script in \(paths.joined(separator: ", "))"
          : "these are \(files.count) files: --write rewrites them, --check says which would change")
      return RunStatus.scriptWrong.rawValue
    }
    var changed: [String] = [], problems: [Diagnostic] = [], errors: [String] = []
    let complain = { (text: String) in if json { errors.append(text) } else { SourceLoader.complain(text) } }
    for path in files {
      guard let file = path == "-" ? standardInput() : SourceLoader.load(path, complain: complain) else {
        status = 2
        continue
      }
      let result = Syntax.parse(file)
      if result.diagnostics.contains(where: { $0.severity == .error }) {
        if !json { DiagnosticText.report(result.diagnostics, didRun: true, form: errorOptions.form) }
        problems += result.diagnostics
        status = 2
        continue
      }
      let text = printSource(result.tree), before = String(decoding: file.bytes, as: UTF8.self)
      let again = Syntax.parse(SourceStore.detached(name: path, text: text))
      guard sameStructure(result.tree, again.tree), again.diagnostics.isEmpty || !result.diagnostics.isEmpty else {
        complain("\(path) stays as it is: a mistake of exp fmt would change what it means")
        status = 2
        continue
      }
      if check {
        if text != before {
          if !json { Terminal.output.line(path) }
          changed.append(path)
          status = max(status, 1)
        }
      } else if write, path != "-" {
        guard text != before else { continue }
        do { try rewrite(path, text) } catch {
          let reason = (error as? FileError)?.reason ?? error.localizedDescription
          SourceLoader.complain("\(path) cannot be written: \(reason)")
          status = 2
        }
      } else {
        Terminal.output.write(text)
      }
    }
    if json {
      let answer: [JSON.Member] = [
        .init("files", .int(files.count)), .init("would_change", .array(changed.map { .string($0) })),
        .init("problems", .array(problems.map(JSONView.object))),
      ]
      SourceLoader.answer(answer, errors: errors)
    }
    return status
  }

  /// Replaces a file's text at one stroke. A link goes on to name the file, and the file keeps who may do what with it.
  private func rewrite(_ path: String, _ text: String) throws {
    let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let mode = try FileManager.default.attributesOfItem(atPath: place)[.posixPermissions]
    try RunFiles().write(text, to: place)
    if let mode { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place) }
  }

  private func standardInput() -> SourceFile? {
    let data = FileHandle.standardInput.readDataToEndOfFile()
    return SourceStore.shared.add(name: "<input>", content: data)
  }
}
