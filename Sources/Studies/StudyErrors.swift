import Diagnostics
import Notation
import Records

/// Wording of the errors that a study can make, in order of their ids. E06xx: options, sweeps; E07xx: files and data;
/// E08xx: records.
enum StudyErrors {
  static func settingHasWrongType(_ name: String, text: String, wanted: String, help: String?, at span: Span)
    -> Diagnostic
  {
    Diagnostic(
      "E0601", "--set \(name)=\(text): this option wants \(wanted)", at: span, label: "the option is declared here",
      help: help.map { [$0] } ?? [])
  }

  static func settingOutOfBounds(_ name: String, value: String, bounds: String, near: String?, at span: Span)
    -> Diagnostic
  {
    Diagnostic(
      "E0602", "--set \(name)=\(value) is out of bounds: \(bounds)", at: span, label: "the option is declared here",
      help: near.map { ["did you mean \(name)=\($0)?"] } ?? [])
  }

  static func defaultOutOfBounds(_ name: String, value: String, bounds: String, at span: Span) -> Diagnostic {
    Diagnostic("E0603", "the default of option `\(name)`, \(value), is out of bounds: \(bounds)", at: span)
  }

  static func duplicateOption(_ name: String, at span: Span) -> Diagnostic {
    Diagnostic("E0604", "option `\(name)` is declared twice", at: span, label: "a second time here")
  }

  /// `place` is where the path leads, from the root and without links; nil where there is no option that would allow it.
  static func mayNotRead(_ path: String, at place: String?, allowed: [String]) -> Diagnostic {
    Diagnostic(
      "E0701", "this study may not read \(path)", at: .none,
      help: ["it may read below " + allowed.joined(separator: ", ")]
        + (place.map { ["--allow-read \(ShellWord.quoted($0)) allows it"] } ?? []))
  }

  static func noPath(_ path: String) -> Diagnostic {
    let reason =
      path.utf8.count > FileAccess.longestPath
      ? "it has \(path.utf8.count) bytes, and no more than \(FileAccess.longestPath) lead anywhere"
      : "it holds the character U+0000"
    let shown = path.count > 60 ? String(path.prefix(60)) + "…" : path
    return Diagnostic("E0702", "\(StringLiteral.quoted(shown)) is no path: \(reason)", at: .none)
  }

  /// `place` is where the path leads, from the root and without links; nil where there is no option that would allow it.
  static func mayNotWrite(_ path: String, at place: String?, allowed: [String]) -> Diagnostic {
    Diagnostic(
      "E0702", "this study may not write \(path)", at: .none,
      help: [
        allowed.isEmpty
          ? "it keeps no run folder to write to" : "it may write below " + allowed.joined(separator: ", ")
      ] + (place.map { ["--allow-write \(ShellWord.quoted($0)) allows it"] } ?? []))
  }

  static func cannotRecord(_ what: String, why: String) -> Diagnostic {
    Diagnostic(
      "E0801", "this run could not be recorded: \(what): \(why)", at: .none,
      help: ["make room or choose another folder with --out DIR, and run again"])
  }

  static func unequal(_ what: String, first: String, second: String) -> Diagnostic {
    Diagnostic(
      "E0802", "\(what) has two results: one in \(first), another in \(second)", at: .none,
      help: [
        "the same trial gives the same result everywhere; this is a fault of Exp or of a machine: please report it",
        "`exp run --fresh` computes all trials anew",
      ])
  }

  static func lost(_ deaths: Int, at span: Span) -> Diagnostic {
    Diagnostic(
      "E0803", "\(deaths) workers died over this trial", at: span,
      help: ["it may need more memory than they had; `exp run --resume` tries it again"])
  }

  static func cannotGoOn(_ folder: String, why: String, help: String) -> Diagnostic {
    Diagnostic("E0804", "\(folder) cannot be gone on with: \(why)", at: .none, help: [help])
  }

  static func notARun(_ folder: String) -> Diagnostic {
    cannotGoOn(folder, why: "it has no run.json that this version of Exp reads", help: "`exp runs` lists runs")
  }

  static func otherStudy(_ folder: String) -> Diagnostic {
    cannotGoOn(
      folder, why: "the study, its options or its seed are not those that it was begun with",
      help: "`exp run` without --resume begins a new run and takes over the trials that are the same")
  }

  static func isBeingRun(_ folder: String) -> Diagnostic {
    cannotGoOn(
      folder, why: "somebody is at work on it",
      help: "`exp worker \(folder)` helps, `exp status \(folder)` says who it is")
  }
}

/// A value as it would be typed on a command line or in a header: `0.2`, `quick`, `[1, 2]`.
public func plainText(_ value: Datum) -> String {
  switch value {
  case .none: return "none"
  case .bool(let b): return b ? "true" : "false"
  case .int(let i): return String(i)
  case .float(let d): return d == d.rounded() && abs(d) < 1e15 ? String(format15(d)) : "\(d)"
  case .string(let s): return s
  case .list(let items): return "[" + items.map(plainText).joined(separator: ", ") + "]"
  case .record(let fields):
    return "{ " + fields.map { "\($0.name): \(plainText($0.value))" }.joined(separator: ", ") + " }"
  case .other(let line): return line
  case .table(let table): return "a table of \(table.rowCount) rows"
  case .figure: return "a figure"
  case .tensor(let tensor): return "a tensor \(tensor.shape)"
  case .model(let model): return model.name
  }
}

private func format15(_ d: Double) -> String { "\(d)" }
