import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Syntax

/// What a clean process needs to run a session's text as the session did.
struct ReplayArguments {
  /// `--seed`, `--data` and their like, as given to this process.
  var arguments: [String] = []
  /// `--seed`, which the saved script must say itself.
  var seed: Int?
}

extension Repl {
  /// Writes the session as a script: its cells, without what was undone or failed. It is run in a clean process first,
  /// and written only if every name then holds what it holds here. A file that this session did not write stays as it is.
  func save(_ argument: String) {
    let path = FileNames.unquoted(argument)
    guard !path.isEmpty else { return output.line(":save is followed by the name of a file, such as :save s.exp") }
    guard cells.contains(where: { $0.completedText.contains { !$0.isWhitespace } }) else {
      return output.line("there is nothing to save yet")
    }
    let place = path.contains(".") ? path : path + ".exp"
    guard written.contains(place) || !DiskFileSystem.shared.exists(place) else {
      return output.line("not saved: there is a file \(place) already; remove it or choose another name")
    }
    let folder = NSString(string: place).deletingLastPathComponent
    guard folder.isEmpty || DiskFileSystem.shared.exists(folder) else {
      return output.line("not saved: there is no folder \(folder)")
    }
    let draft = NSString(string: NSTemporaryDirectory()).appendingPathComponent("exp-\(getpid()).exp")
    defer { unlink(draft) }
    let here = thread.perform { [session] in session.fingerprints() } ?? []
    let script = thread.perform { self.script } ?? SessionScript(cells: [], prelude: library.prelude, seed: nil)
    func refuse(_ names: [String], _ why: String) {
      output.line("not saved: run again, \(listed(names)) would hold something else; \(why)")
    }
    let unrepeatable = "what came of a cell that was stopped or failed cannot be repeated (:undo takes it back)"
    guard script.lost.isEmpty else { return refuse(script.lost, unrepeatable) }
    let arguments = replay.arguments + script.renamed.map { "--replay-name=\($0.key)=\($0.value)" }
    do {
      // What a stopped statement came to is a result of the session alone, and those behind it have lower numbers there.
      let numbers = Dictionary(
        uniqueKeysWithValues: script.results.enumerated().map { ("_\($0.element)", "_\($0.offset + 1)") })
      var drawn: Set<Int> = []
      var others = Set(here.compactMap { numbers[$0.name] == nil ? result($0.name) : nil })
      while true {
        let text = script.text(drawn: drawn)
        try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
        let there = try Replay.run(draft, arguments: arguments)
        if let error = there.error { return output.line("not saved: run again, it fails with\n\(error)") }
        let different = here.filter {
          there.digests[result($0.name) == nil ? $0.name : numbers[$0.name] ?? ""] != $0.digest
        }.map(\.name)
        let results = Set(different.compactMap(result))
        if results.count == different.count, results.isSubset(of: others) {
          try RunFiles().write(text, to: place)
          written.insert(place)
          return output.line(
            "saved \(place): run again, "
              + (results.isEmpty
                ? "it gives the same values"
                : "its names hold the same values; \(listed(different)), which nothing uses, would be something else"))
        }
        // A draw belongs to its statement, which a name for its result changes: such results draw under their keys.
        let more = drawn.union(results.subtracting(others))
        if more.count > drawn.count {
          drawn = more
          continue
        }
        // What was only shown may be another.
        guard results.count == different.count, results.isDisjoint(with: script.used) else {
          let why =
            script.seeds > 1
            ? "a script sets its seed once, and this session did \(script.seeds) times (:undo takes a cell back)"
            : unrepeatable
          let lost = different.filter { name in !results.subtracting(script.used).contains { name == "_\($0)" } }
          return refuse(lost, why)
        }
        others.formUnion(results)
        drawn.subtract(results)
      }
    } catch { output.line("not saved: \(error)") }
  }

  /// The number of `_3`; nil for any other name.
  private func result(_ name: String) -> Int? { name.hasPrefix("_") ? Int(name.dropFirst()) : nil }

  /// The first names of many.
  private func listed(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and others" : "")
  }

  private var script: SessionScript {
    let scripts = cells.map { cell -> CellScript in
      let numbers = cell.results.dropFirst()
      return CellScript(
        text: cell.completedText, prelude: library.prelude, before: cell.results.lowerBound,
        origins: numbers.compactMap { number in session.origin(ofResult: number).map { (number, $0) } })
    }
    return SessionScript(cells: scripts, prelude: library.prelude, seed: replay.seed)
  }
}

extension Repl.Cell {
  /// The text up to the statement that failed.
  var completedText: String {
    guard let failedAt else { return text }
    let tree = parse(SourceStore.detached(name: "cell", text: text)).tree
    guard let failed = tree.statements.first(where: { Int($0.span.upper) > failedAt }) else { return text }
    return String(decoding: Array(text.utf8)[..<min(text.utf8.count, Int(failed.span.lower))], as: UTF8.self)
  }
}

/// A script run in a clean process, for what its names hold in the end.
enum Replay {
  struct Outcome {
    var digests: [String: String] = [:]
    var error: String?
  }

  /// In this process: runs the script as one cell and writes what its names hold.
  static func answer(_ session: Session, _ file: SourceFile, renamed: [String: String]) {
    var members: [JSON.Member] = []
    switch session.runCell(file, isKept: true) {
    case .failed(let diagnostics):
      members.append(.init("error", .string(diagnostics.map { DiagnosticText.plain($0) }.joined())))
    case .incomplete: members.append(.init("error", "the text is incomplete"))
    case .ended: members.append(.init("error", "interrupted"))
    case .value, .none: break
    }
    let digests = session.fingerprints(renamed: renamed).map { JSON.Member($0.name, .string($0.digest)) }
    members.append(.init("names", .object(digests)))
    Terminal.output.line(JSON.object(members).compact)
  }

  /// In another process, with the last line of its output read.
  static func run(_ path: String, arguments: [String]) throws -> Outcome {
    let process = Process()
    process.executableURL = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = ["repl", "--replay", path] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    let text = ReplayText(), isRead = DispatchSemaphore(value: 0), pressed = Interrupts.count
    try process.run()
    DispatchQueue.global().async {
      text.data = pipe.fileHandleForReading.readDataToEndOfFile()
      isRead.signal()
    }
    while isRead.wait(timeout: .now() + 0.05) == .timedOut {
      guard Interrupts.count == pressed else {
        kill(process.processIdentifier, SIGKILL)
        return Outcome(error: "(it was interrupted)")
      }
    }
    process.waitUntilExit()
    let last = String(decoding: text.data, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    guard let answer = try? JSON.read(last) else { return Outcome(error: "it did not run to its end") }
    var outcome = Outcome(error: answer["error"]?.string)
    for member in answer["names"]?.members ?? [] { outcome.digests[member.key] = member.value.string }
    return outcome
  }
}

/// What another process wrote, handed over by a semaphore.
private final class ReplayText: @unchecked Sendable { var data = Data() }
