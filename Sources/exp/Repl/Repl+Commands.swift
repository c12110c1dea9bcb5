import Diagnostics
import Evaluation
import Foundation
import Reports

/// A line that begins with `:` and is for the session itself.
struct ReplVerb: Sendable {
  /// The word behind the colon.
  var name: String
  /// What may follow it, for the help.
  var argument = ""
  /// What it does, in a few words.
  var summary: String
}

extension Repl {
  /// All commands, in the order of the help.
  static let verbs = [
    ReplVerb(name: "time", argument: "cell", summary: "runs a cell and says how long it took"),
    ReplVerb(name: "type", argument: "expression", summary: "what an expression gives, without computing it"),
    ReplVerb(name: "vars", argument: "[text]", summary: "the names of the session, and earlier results"),
    ReplVerb(name: "undo", argument: "[n]", summary: "takes back the last n cells that bound a name, exactly"),
    ReplVerb(name: "load", argument: "s.exp", summary: "runs a script and keeps its names"),
    ReplVerb(name: "save", argument: "s.exp", summary: "writes the session as a script that gives the same values"),
    ReplVerb(name: "history", argument: "[text]", summary: "what was typed, in this session and before"),
    ReplVerb(name: "plot", argument: FigureView.Mode.names, summary: "how figures are shown"),
    ReplVerb(name: "help", summary: "this list"),
    ReplVerb(name: "quit", summary: "leaves, like Ctrl-D"),
  ]

  /// What `:help` says.
  static var helpText: String {
    let rows =
      [
        ("an expression", "shows its value, which is then `_`, and `_3` when it is the third"),
        ("?name", "explains a function, with an example; ??name shows its text too"),
        ("Tab", "completes names, fields, arguments, options and files"),
        ("Up, Ctrl-R", "earlier cells, whole; Ctrl-R searches them, Page Up those that begin alike"),
        ("Ctrl-C", "drops what is typed; stops what is running and keeps what was bound"),
      ]
      + verbs.map { verb -> (String, String) in
        (":" + verb.name + (verb.argument.isEmpty ? "" : " " + verb.argument), verb.summary)
      }
    let width = rows.map { TextWidth.columns($0.0) }.filter { $0 <= 24 }.max() ?? 0
    return rows.map { row in
      TextWidth.columns(row.0) <= width
        ? TextWidth.pad(row.0, to: width) + "  " + row.1
        : row.0 + "\n" + String(repeating: " ", count: width + 2) + row.1
    }.joined(separator: "\n")
  }

  /// Whether a line is a command for the session itself: nil if not, otherwise whether the session ends.
  func command(_ line: String) -> Bool? {
    if line.hasPrefix("?") {
      let name = String(line.drop { $0 == "?" }).trimmingCharacters(in: .whitespaces)
      help(name)
      if line.hasPrefix("??"), !name.isEmpty { source(of: name) }
      return false
    }
    guard line.hasPrefix(":") else { return nil }
    let words = line.dropFirst().split(separator: " ", maxSplits: 1).map(String.init)
    let name = words.first ?? "", rest = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
    switch name {
    case "quit", "q", "exit": return true
    case "help", "h", "": output.line(Self.helpText)
    case "time": output.line(":time is followed by what is to be timed, such as :time sum(0..<1_000_000)")
    case "type": type(of: rest)
    case "vars": variables(rest)
    case "undo": undo(rest)
    case "load": load(path: rest)
    case "save": save(rest)
    case "history": history(rest)
    case "plot": plot(rest)
    default:
      let near = nearestVerb(name)
      output.line("there is no :\(name)" + (near.map { "; did you mean :\($0)?" } ?? "; :help lists what there is"))
    }
    return false
  }

  private func nearestVerb(_ name: String) -> String? {
    let alike = Self.verbs.map(\.name).filter { $0.hasPrefix(name) }
    return alike.count == 1 ? alike[0] : nearestName(name, among: Self.verbs.map(\.name))
  }

  /// The text of a function of the session or of the library; nothing for any other name.
  private func source(of name: String) {
    let file = SourceStore.shared.add(name: "<source>", text: name)
    if let text = thread.perform({ [session] in session.source(of: file) }) ?? nil { output.line("\n" + text) }
  }

  /// What an expression gives, without computing it.
  private func type(of text: String) {
    guard !text.isEmpty else { return output.line(":type is followed by an expression, such as :type zeros(2, 3)") }
    let file = SourceStore.shared.add(name: "<type>", text: text)
    switch thread.perform({ [session] in session.type(of: file) }) {
    case .types(let types): output.line(types.joined(separator: ", or "))
    case .unknown: output.line("not known before it is computed")
    case .left: output.line("not known: its loops over numbers and lists would take too long")
    case .noExpression: output.line(":type is followed by one whole expression, such as :type zeros(2, 3)")
    case .failed(let diagnostics): tell(.failed(diagnostics))
    case nil: break
    }
  }

  private func variables(_ filter: String) {
    let all = (thread.perform { [session] in session.variables } ?? []).filter {
      filter.isEmpty || $0.name.contains(filter)
    }
    guard !all.isEmpty else { return output.line(filter.isEmpty ? "nothing is bound" : "no name has \(filter) in it") }
    let bound = all.filter { $0.role != "result" }, results = all.filter { $0.role == "result" }
    let nameWidth = min(24, all.map { TextWidth.columns($0.name) }.max() ?? 0)
    for variable in bound + results.suffix(filter.isEmpty ? 10 : 200) {
      let isNumber = variable.type.hasPrefix("tensor ") && variable.type.hasSuffix(" []")
      let isPlain = isNumber || ["int", "float", "bool", "none"].contains(variable.type)
      let text = variable.type == "string" ? variable.value.replacing("the string ", with: "") : variable.type
      let role = variable.role == "result" ? "" : variable.role
      let line =
        "\(TextWidth.pad(role, to: 6))  \(TextWidth.pad(variable.name, to: nameWidth))  "
        + (isPlain ? variable.value : text)
      output.line(TextWidth.cut(line.trimmingTrailingSpaces, to: output.width - 1))
    }
    if filter.isEmpty, results.count > 10 { output.line("… and \(results.count - 10) earlier results") }
  }

  private func undo(_ text: String) {
    guard let wanted = text.isEmpty ? 1 : Int(text), wanted > 0 else {
      return output.line(":undo is followed by how many cells, such as :undo 2")
    }
    for _ in 0..<wanted {
      guard undoOne() else { return output.line("nothing is left to undo") }
    }
  }

  /// Takes cells back until one of them had bound a name.
  private func undoOne() -> Bool {
    var isAny = false
    while let undone = thread.perform({ [session] in session.undoCell() }) ?? nil {
      isAny = true
      let cell = cells.popLast(), text = cell?.text ?? "", isStopped = cell?.isStopped ?? false
      if undone.isEmpty, !isStopped { continue }
      let first = text.split(separator: "\n").first.map(String.init) ?? ""
      let what = TextWidth.cut(first, to: 48) + (text.contains("\n") ? " …" : "")
      var changes: [String] = []
      if !undone.restored.isEmpty { changes.append(listed(undone.restored) + " as before") }
      if !undone.removed.isEmpty { changes.append(listed(undone.removed) + " unbound") }
      if isStopped { changes.append("`_` as before") }
      output.line("undone: \(what)   (\(changes.joined(separator: ", ")))")
      return true
    }
    if isAny { output.line("undone: nothing had been bound") }
    return isAny
  }

  private func listed(_ names: [String]) -> String {
    names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
  }

  private func load(path: String) {
    let path = FileNames.unquoted(path)
    guard !path.isEmpty else { return output.line(":load is followed by the name of a script") }
    guard let file = SourceLoader.load(path) else { return }
    load(file)
  }

  private func history(_ text: String) {
    let found = input.history(containing: text)
    if found.isEmpty { return output.line(text.isEmpty ? "nothing was typed yet" : "nothing typed had \(text) in it") }
    for cell in found.suffix(30) { output.line("  " + cell.replacing("\n", with: "\n  ")) }
  }

  private func plot(_ text: String) {
    if text.isEmpty {
      return output.line("figures are shown as \(figures.mode.rawValue); :plot \(FigureView.Mode.names)")
    }
    guard let mode = FigureView.Mode(rawValue: text) else {
      return output.line(":plot is followed by \(FigureView.Mode.names)")
    }
    figures.mode = mode
  }
}
