import Diagnostics
import Evaluation
import Foundation
import Records
import Syntax

/// One run of one study: what the program says through `StudyHost` becomes events for a listener and files in a run
/// folder. Use: make it, run the program with it as host, then call `finish` with what went wrong.
public final class StudyRun: StudyHost, @unchecked Sendable {
  /// The study's name.
  public let study: String
  let options: RunOptions
  let listener: any RunListener
  let lock = NSRecursiveLock()
  var recorder: RunRecorder?
  var counts = RunRecord.Counts()
  var firstTrialError: Diagnostic?
  private let source: SourceFile
  private let drawing: RunDrawing?
  private let isInteractive: Bool
  private var rules: FileAccess
  private let started = monotonicSeconds()
  private let interruptFlag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
  private var chosen: [Datum.Field] = []
  private var seed = 0
  private var hasBegun = false
  private var isStarted = false
  private var undeclared: Int
  private var waiting: [() -> Void] = []
  private var claims: [RunRecord.Claim] = []
  private var recordingFailure: Diagnostic?
  private var computingSince: Double?
  private var computingLast = 0.0

  /// A run of a source file. `drawing` nil leaves pictures and page out of the run folder.
  /// An interactive one has no header, may declare an option anew and write in the current folder.
  public init(
    source: SourceFile, options: RunOptions, listener: any RunListener, drawing: RunDrawing? = nil,
    isInteractive: Bool = false
  ) {
    self.source = source
    self.isInteractive = isInteractive
    self.options = options
    self.listener = listener
    self.drawing = drawing
    study = Self.name(of: source.name)
    let ownFolder = source.name.contains("/") ? NSString(string: source.name).deletingLastPathComponent : "."
    rules = FileAccess(
      ownFolder: ownFolder, dataFolders: options.dataFolders, outputFolder: isInteractive ? "." : nil,
      readable: options.readable,
      writable: options.writable)
    interruptFlag.initialize(to: 0)
    seed = options.seed ?? 0
    undeclared = parse(source).tree.statements.reduce(0) { count, statement in
      switch statement.kind {
      case .option, .seed: return count + 1
      default: return count
      }
    }
  }

  deinit { interruptFlag.deallocate() }

  /// A study's name: its file name without folder and `.exp`.
  static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".exp") && file.count > 4 ? String(file.dropLast(4)) : file
  }

  /// Asks the run to stop: no further trial is started. Safe in a signal handler.
  public func interrupt() { interruptFlag.pointee = 1 }

  /// Forgets an interrupt: the next cell of a session may run.
  public func resume() { interruptFlag.pointee = 0 }

  /// True once `interrupt` was called.
  public var isInterrupted: Bool { interruptFlag.pointee != 0 }

  // MARK: options and seed

  /// The root seed that overrides the study's own.
  public var seedOverride: Int? { options.seed }

  /// The value of an option: that of `--set`, read and checked, or nil for the default, checked too.
  public func choose(_ option: OptionDeclaration) throws -> Datum? {
    let isSecond = locked { chosen.contains { $0.name == option.name } }
    if isSecond, !isInteractive { throw StudyErrors.duplicateOption(option.name, at: option.span) }
    let known = options.values.first { $0.name == option.name }?.value
    let value = try known ?? Setting.value(for: option, text: options.settings[option.name])
    locked {
      chosen.append(Datum.Field(option.name, value ?? option.defaultValue))
      declared()
    }
    return value
  }

  /// The root seed is known.
  public func seeded(_ root: Int) {
    locked {
      seed = root
      // Before the first statement it is the default, which a `seed` statement may still change.
      if hasBegun { declared() }
    }
  }

  private func declared() {
    undeclared -= 1
    if undeclared == 0 { startIfNeeded() }
  }

  // MARK: what the notebook shows

  /// A statement begins: its prose is told, its text recorded.
  public func beginStatement(_ span: Span, prose: [String]) {
    locked {
      let spans = codeSpans(of: span)
      let isFirst = undeclared <= 0
      waiting.append { [self] in
        for markdown in prose {
          recorder?.prose(markdown)
          listener.receive(.prose([markdown]))
        }
        recorder?.code(spans)
      }
      hasBegun = true
      computingSince = nil
      if isFirst { startIfNeeded() }
    }
  }

  /// A value is shown.
  public func show(_ value: Datum, name: String?, at span: Span) {
    locked {
      startIfNeeded()
      let place = recorder?.show(value, name: name)
      listener.receive(
        .shown(ShownValue(value: value, name: name, span: span, file: place?.file, figure: place?.figure)))
    }
  }

  /// `print`.
  public func print(_ text: String) {
    locked {
      startIfNeeded()
      recorder?.add(.printed(text))
      listener.receive(.printed(text))
    }
  }

  /// `cite`. It waits for the options that follow it, which are part of the run's name.
  public func cite(_ text: String) {
    locked {
      waiting.append { [self] in
        recorder?.add(.citation(text))
        listener.receive(.cited(text))
      }
      if isStarted || undeclared <= 0 { startIfNeeded() }
    }
  }

  /// A claim was evaluated.
  public func claim(_ outcome: ClaimOutcome) {
    locked {
      startIfNeeded()
      let claim = RunRecord.Claim(outcome)
      claims.append(claim)
      recorder?.add(.claim(claim))
      listener.receive(.claimed(outcome))
    }
  }

  /// `track` outside of any trial.
  public func track(_ row: [Datum.Field]) {
    locked {
      startIfNeeded()
      listener.receive(.tracked(row))
    }
  }

  /// A long computation outside of any trial; at most ten events a second are passed on.
  public func progress(_ report: ProgressReport) {
    let now = monotonicSeconds()
    guard now - computingLast >= 0.1 || report.step == report.total else { return }
    locked {
      startIfNeeded()
      computingLast = now
      let since = computingSince ?? now
      computingSince = since
      listener.receive(.computing(report, secondsElapsed: now - since))
      if report.step == report.total { computingSince = nil }
    }
  }

  // MARK: files

  /// Finds a data file.
  public func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) { rules.dataFile(relativePath) }

  /// The absolute path a script means, or why it may not have it.
  public func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting || path.hasPrefix(FileAccess.checkpoints) { locked { startIfNeeded() } }
    let place = try rules.resolve(path, forWriting: forWriting)
    if forWriting, let folder = rules.outputFolder, FileAccess.isBelow(FileAccess.canonical(folder), place) {
      try? FileManager.default.createDirectory(
        atPath: NSString(string: place).deletingLastPathComponent, withIntermediateDirectories: true)
    }
    return place
  }

  // MARK: beginning and end

  /// The header, the run folder and what waited for them.
  func startIfNeeded() {
    if !isStarted {
      isStarted = true
      var header = RunHeader(
        study: study, seed: seed, options: chosen, threads: options.threads, machine: options.machine, folder: nil)
      if options.runsFolder != nil {
        do {
          let made = try makeRecorder(header)
          recorder = made
          header.folder = made.folder.path
          rules.outputFolder = made.folder.path + "/files"
          if options.reusesRecords {
            rules.earlierOutputs = RunFolder.earlier(than: made.folder).map { $0 + "/files" }
          }
        } catch { recordingFailure = error as? Diagnostic ?? StudyErrors.cannotRecord("runs", why: "\(error)") }
      }
      listener.receive(.started(header))
    }
    let actions = waiting
    waiting = []
    for action in actions { action() }
  }

  private func makeRecorder(_ header: RunHeader) throws -> RunRecorder {
    let sources = importedSources(source)
    let identity = RunRecord.identity(
      sources: sources, options: header.options, seed: header.seed, numericsVersion: options.numericsVersion)
    return try RunRecorder(options: options, header: header, identity: identity, sources: sources, drawing: drawing)
  }

  /// Ends the run: writes the report and tells the summary. `diagnostics` are what was wrong with the script; `drawn`
  /// are the same as text for the report.
  @discardableResult public func finish(_ diagnostics: [Diagnostic], drawn: [String] = []) -> RunSummary {
    lock.lock()
    defer { lock.unlock() }
    let errors = diagnostics.filter { $0.severity == .error }
    if errors.isEmpty || isStarted { startIfNeeded() }
    let seconds = monotonicSeconds() - started
    let held = claims.filter(\.holds).count
    var status = RunStatus.good
    if held < claims.count { status = max(status, .claimFailed) }
    if !errors.isEmpty, !isInterrupted { status = max(status, .scriptWrong) }
    if counts.failed + counts.diverged > 0 { status = max(status, .trialsFailed) }
    if isInterrupted { status = max(status, .interrupted) }
    let state: RunRecord.State = isInterrupted ? .interrupted : errors.isEmpty ? .done : .failed
    let shownErrors = isInterrupted ? [] : drawn
    recorder?.finish(state: state, seconds: seconds, counts: counts, claims: claims, errors: shownErrors)
    let recording = recordingFailure ?? recorder?.failure
    if recording != nil { status = max(status, .notRecorded) }
    let summary = RunSummary(
      status: status, hasRun: hasBegun, claimsHeld: held, claims: claims.count,
      trials: counts.done + counts.failed + counts.diverged,
      failedTrials: counts.failed + counts.diverged, seconds: seconds, folder: recorder?.folder.path,
      diagnostics: diagnostics + (recording.map { [$0] } ?? []), firstTrialError: firstTrialError)
    listener.receive(.finished(summary))
    return summary
  }

  func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// A span up to the end of its last line, so that a comment behind a statement is shown with it.
  private func wholeLines(_ span: Span) -> Span {
    var end = min(Int(span.upper), source.bytes.count)
    while end < source.bytes.count, source.bytes[end] != 0x0A { end += 1 }
    return Span(file: span.file, lower: Int(span.lower), upper: end)
  }

  private func codeSpans(of span: Span) -> [StudyRecord.CodeSpan] {
    guard span.file == source.id else { return [] }
    return highlight(source, wholeLines(span)).map { piece in
      StudyRecord.CodeSpan(piece.text, StudyRecord.CodeSpan.Kind(rawValue: piece.kind.rawValue) ?? .plain)
    }
  }
}

extension RunRecord.Claim {
  /// A claim as it is recorded.
  public init(_ outcome: ClaimOutcome) {
    let error = outcome.error.map { "\($0.message) (\($0.id))" } ?? ""
    self.init(text: outcome.text, holds: outcome.holds, numbers: outcome.numbers, error: error)
  }
}
