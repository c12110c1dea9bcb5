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
    do {
      var drawn: Set<Int> = []
      while true {
        let text = thread.perform { self.savedText(drawn: drawn) } ?? ""
        try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
        let there = try Replay.run(draft, arguments: replay.arguments)
        if let error = there.error { return output.line("not saved: run again, it fails with\n\(error)") }
        let different = here.filter { there.digests[$0.name] != $0.digest }.map(\.name)
        if different.isEmpty {
          try RunFiles().write(text, to: place)
          written.insert(place)
          return output.line("saved \(place): run again, it gives the same values")
        }
        // A draw belongs to its statement, which a name for its result changes: such results draw under their keys.
        let more = drawn.union(different.compactMap { $0.hasPrefix("_") ? Int($0.dropFirst()) : nil })
        guard more.count > drawn.count else {
          let names = different.prefix(5).joined(separator: ", ") + (different.count > 5 ? " and others" : "")
          return output.line(
            "not saved: run again, \(names) would hold something else; "
              + "what came of a cell that was stopped or failed cannot be repeated (:undo takes it back)")
        }
        drawn = more
      }
    } catch { output.line("not saved: \(error)") }
  }

  /// The cells as a script. A result that later cells use as `_` or `_3` gets a name, and so does one that was `drawn`
  /// under another key than the script's statement would have.
  private func savedText(drawn: Set<Int>) -> String {
    let scripts = cells.map { cell -> CellScript in
      let numbers = cell.results.dropFirst()
      return CellScript(
        text: cell.completedText, before: cell.results.lowerBound,
        origins: numbers.compactMap { number in session.origin(ofResult: number).map { (number, $0) } })
    }
    let redefined = lastDefinitions(scripts.map(\.text))
    let named = scripts.reduce(into: drawn) { $0.formUnion($1.used) }
    var parts: [String] = []
    for (index, script) in scripts.enumerated() {
      if script.text.allSatisfy(\.isWhitespace) || redefined.contains(index) { continue }
      parts.append(script.text(naming: named, drawn: drawn).trimmingCharacters(in: .newlines))
    }
    let text = parts.joined(separator: "\n\n") + "\n"
    guard let seed = replay.seed, !text.contains("seed \(seed)") else { return text }
    return "seed \(seed)\n\n" + text
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

/// The text of a cell on its way into a script, where its results have names.
struct CellScript {
  let text: String
  /// The number of the last result before the cell.
  let before: Int
  /// The numbers of the results that it gave, with where they came from, in order.
  let origins: [(number: Int, origin: ResultOrigin)]

  /// The results that it uses as `_` or `_3`.
  var used: Set<Int> { Set(uses.map(\.number)) }

  /// The text with names that a script can bind, `result_3`. The results among `named` that came from it are bound and
  /// shown, those among `drawn` with the draws that they had.
  func text(naming named: Set<Int>, drawn: Set<Int>) -> String {
    var edits = uses.map { ($0.lower, $0.upper, "result_\($0.number)") }
    let statements = self.statements
    for (number, origin) in origins where named.contains(number) {
      guard let statement = statements.first(where: { Int($0.span.lower) == origin.offset }),
        case .expression = statement.kind
      else { continue }
      let name = "result_\(number)", upper = Int(statement.span.upper)
      let key = "with_key(key(\(StringLiteral.quoted(origin.place))), () -> "
      edits.append((origin.offset, origin.offset, "let \(name) = " + (drawn.contains(number) ? key : "")))
      edits.append((upper, upper, (drawn.contains(number) ? ")" : "") + "\n\(name)"))
    }
    var bytes = Array(text.utf8)
    for (lower, upper, new) in edits.sorted(by: { ($0.0, $0.1) > ($1.0, $1.1) }) {
      bytes.replaceSubrange(lower..<upper, with: Array(new.utf8))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private var statements: [Statement] { parse(SourceStore.detached(name: "cell", text: text)).tree.statements }

  private var uses: [(lower: Int, upper: Int, number: Int)] {
    let bytes = Array(text.utf8), starts = statements.map { Int($0.span.lower) }
    return highlight(text).compactMap { span, kind in
      guard kind == .name || kind == .function else { return nil }
      let lower = Int(span.lower), word = String(decoding: bytes[lower..<Int(span.upper)], as: UTF8.self)
      guard word.hasPrefix("_") else { return nil }
      // A pattern's `_` stands before `=`, `,`, `]`, `in` or `->`: as a value `_` is used only where there is a result.
      let rest = String(decoding: bytes[Int(span.upper)...].prefix(12), as: UTF8.self).drop { $0 == " " }
      if word == "_", rest.hasPrefix("->") || rest.hasPrefix("in ") || rest.hasPrefix("= ") { return nil }
      let start = starts.last { $0 <= lower } ?? 0
      let last = origins.last { $0.origin.offset < start }?.number ?? before
      guard let number = word == "_" ? last : Int(word.dropFirst()), number > 0, number <= last else { return nil }
      return (lower, Int(span.upper), number)
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
