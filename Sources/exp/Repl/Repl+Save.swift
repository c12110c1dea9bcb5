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
  /// and written only if every name then holds what it holds here.
  func save(_ argument: String) {
    let path = FileNames.unquoted(argument)
    guard !path.isEmpty else { return output.line(":save is followed by the name of a file, such as :save s.exp") }
    let text = thread.perform { self.savedText } ?? ""
    guard text.contains(where: { !$0.isWhitespace }) else { return output.line("there is nothing to save yet") }
    let place = path.contains(".") ? path : path + ".exp"
    let draft = NSString(string: NSTemporaryDirectory()).appendingPathComponent("exp-\(getpid()).exp")
    defer { unlink(draft) }
    let here = thread.perform { [session] in session.fingerprints() } ?? []
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
      let there = try Replay.run(draft, arguments: replay.arguments)
      if let error = there.error { return output.line("not saved: run again, it fails with\n\(error)") }
      let different = here.filter { there.digests[$0.name] != $0.digest }.map(\.name)
      guard different.isEmpty else {
        let names = different.prefix(5).joined(separator: ", ") + (different.count > 5 ? " and others" : "")
        // A draw belongs to the name that it is bound to, and a script must give such a result a name.
        let drawn = usedResults.map { "_\($0)" }.first { different.contains($0) }
        return output.line(
          "not saved: run again, \(names) would hold something else; "
            + (drawn.map { "\($0), which was drawn without a name, is used later: :undo, and bind it, `let x = …`" }
              ?? "what came of a cell that was stopped or failed cannot be repeated (:undo takes it back)"))
      }
      try Data(text.utf8).write(to: URL(fileURLWithPath: place), options: .atomic)
      output.line("saved \(place): run again, it gives the same values")
    } catch { output.line("not saved: \(error.localizedDescription)") }
  }

  /// The cells as a script. A result that later cells use as `_` or `_3` gets a name.
  private var savedText: String {
    let texts = cells.map { $0.completedText }
    let redefined = lastDefinitions(texts), used = usedResults
    var parts: [String] = []
    for (index, (cell, text)) in zip(cells, texts).enumerated() {
      if text.allSatisfy(\.isWhitespace) || redefined.contains(index) { continue }
      var named = ResultNames.replaced(in: text, last: cell.results.lowerBound)
      if used.contains(cell.results.upperBound), cell.results.count > 1 {
        named = ResultNames.binding(named, to: cell.results.upperBound)
      }
      parts.append(named.trimmingCharacters(in: .newlines))
    }
    var text = parts.isEmpty ? "" : parts.joined(separator: "\n\n") + "\n"
    if let seed = replay.seed, !text.contains("seed \(seed)") { text = "seed \(seed)\n\n" + text }
    return text
  }

  /// The results that later cells use as `_` or `_3`.
  private var usedResults: Set<Int> {
    cells.reduce(into: []) { $0.formUnion(ResultNames.used(in: $1.completedText, last: $1.results.lowerBound)) }
  }

  /// Cells that only define functions which later cells define again: in a script the last definition stands for all.
  private func lastDefinitions(_ texts: [String]) -> Set<Int> {
    var later: Set<String> = [], result: Set<Int> = []
    for (index, text) in texts.enumerated().reversed() {
      let statements = parse(SourceStore.detached(name: "cell", text: text)).tree.statements
      let names = statements.compactMap { statement -> String? in
        if case .function(let name, _, _) = statement.kind { return name.text }
        return nil
      }
      let isOnlyFunctions = statements.allSatisfy {
        switch $0.kind {
        case .function, .prose: return true
        default: return false
        }
      }
      if !names.isEmpty, isOnlyFunctions, names.allSatisfy(later.contains) { result.insert(index) }
      later.formUnion(names)
    }
    return result
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

/// `_` and `_3` in the text of cells.
enum ResultNames {
  /// The results that a cell uses; `last` was the last one before it.
  static func used(in text: String, last: Int) -> Set<Int> { Set(places(in: text, last: last).map(\.number)) }

  /// The text with names that a script can bind: `result_3`.
  static func replaced(in text: String, last: Int) -> String {
    var bytes = Array(text.utf8)
    for place in places(in: text, last: last).reversed() {
      bytes.replaceSubrange(place.lower..<place.upper, with: Array("result_\(place.number)".utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text of a cell with its last expression bound to the name of its result, and shown.
  static func binding(_ text: String, to number: Int) -> String {
    guard let last = parse(SourceStore.detached(name: "cell", text: text)).tree.statements.last,
      case .expression = last.kind
    else { return text }
    var bytes = Array(text.utf8)
    bytes.insert(contentsOf: Array("\nresult_\(number)".utf8), at: min(bytes.count, Int(last.span.upper)))
    bytes.insert(contentsOf: Array("let result_\(number) = ".utf8), at: Int(last.span.lower))
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func places(in text: String, last: Int) -> [(lower: Int, upper: Int, number: Int)] {
    let bytes = Array(text.utf8)
    return highlight(text).compactMap { span, kind in
      guard kind == .name || kind == .function else { return nil }
      let word = String(decoding: bytes[Int(span.lower)..<Int(span.upper)], as: UTF8.self)
      guard word.hasPrefix("_") else { return nil }
      // A pattern's `_` stands before `=`, `,`, `]`, `in` or `->`: as a value `_` is used only where there is a result.
      let rest = String(decoding: bytes[Int(span.upper)...].prefix(12), as: UTF8.self).drop { $0 == " " }
      if word == "_", rest.hasPrefix("->") || rest.hasPrefix("in ") || rest.hasPrefix("= ") { return nil }
      guard let number = word == "_" ? last : Int(word.dropFirst()), number > 0, number <= last else { return nil }
      return (Int(span.lower), Int(span.upper), number)
    }
  }
}

/// A script run in a clean process, for what its names hold in the end.
enum Replay {
  struct Outcome {
    var digests: [String: String] = [:]
    var error: String?
  }

  /// In this process: runs the script as one cell and writes what its names hold.
  static func answer(_ session: Session, _ file: SourceFile) {
    var members: [JSON.Member] = []
    switch session.runCell(file, isKept: true) {
    case .failed(let diagnostics):
      members.append(.init("error", .string(diagnostics.map { DiagnosticText.plain($0) }.joined())))
    case .incomplete: members.append(.init("error", "the text is incomplete"))
    case .value, .none: break
    }
    let digests = session.fingerprints().map { JSON.Member($0.name, .string($0.digest)) }
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
