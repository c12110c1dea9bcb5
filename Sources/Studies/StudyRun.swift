import Diagnostics
import Evaluation
import Foundation
import Records
import Synchronization
import Syntax

/// One run of one study: what the program says through `StudyHost` becomes events for a listener and files in a run
/// folder. Use: make it, run the program with it as host, then call `finish` with what went wrong.
public final class StudyRun: StudyHost, @unchecked Sendable {
  /// The study's name.
  public let study: String
  /// What the user asked for.
  public let options: RunOptions
  let listener: any RunListener
  let lock = NSRecursiveLock()
  let source: SourceFile
  var recorder: RunRecorder?
  /// This process's part in the run; nil when nothing is recorded.
  private(set) var participant: RunParticipant?
  let recording: RecordingFailure
  private var runFolder: String?
  var sweepNames = SweepNames()
  /// The trials of earlier runs, from the first sweep on; nil where none is to be taken.
  private(set) lazy var trialIndex: TrialIndex? = {
    guard let runs = options.runsFolder, options.reusesRecords else { return nil }
    return TrialIndex(TrialFinder(runsFolder: runs, study: study, own: participant?.folder.path))
  }()
  /// Stops the program that runs, when the run is cancelled or over; safe from any thread.
  public var stopProgram: (@Sendable () -> Void)?
  /// Where folds keep what they need to go on; nil while nothing is recorded.
  var checkpoints: Checkpoints?
  /// Files that were read, each once, without their hashes.
  var reads: [FileRead] = []
  /// SHA-256 of files that were imported, by their paths from the study's folder.
  private(set) var imports: [String: String] = [:]
  var counts = RunRecord.Counts()
  var firstTrialError: Diagnostic?
  private let drawing: RunDrawing?
  private let isInteractive: Bool
  private var rules: FileAccess
  /// The same inside trials.
  private var trialRules: FileAccess
  private let started = monotonicSeconds()
  private let interruptFlag = Atomic(false)
  /// Values of the options that were declared so far.
  private(set) var chosen: [Datum.Field] = []
  private var seed = 0
  private var hasBegun = false
  private var isStarted = false
  private var undeclared: Int
  private var waiting: [() -> Void] = []
  /// Where the code ends that was shown last.
  private var shownCode = 0
  private lazy var highlighted = HighlightedFile(source)
  private var claims: [RunRecord.Claim] = []
  private var claimErrors: [Diagnostic] = []
  private var stopReason: String?
  private var computingSince: Double?
  private var computingLast = 0.0

  /// A run of a source file. `drawing` nil leaves pictures and page out of the run folder.
  /// An interactive one has no header, may declare an option anew and writes in `outputFolder`, or without one in the current folder.
  public init(
    source: SourceFile, options: RunOptions, listener: any RunListener, drawing: RunDrawing? = nil,
    isInteractive: Bool = false, outputFolder: String? = nil
  ) {
    self.source = source
    self.isInteractive = isInteractive
    self.options = options
    self.listener = listener
    self.drawing = drawing
    study = Self.name(of: source.name)
    recording = RecordingFailure(options.place?.folder.path ?? options.runsFolder ?? "runs")
    let ownFolder = source.name.contains("/") ? NSString(string: source.name).deletingLastPathComponent : "."
    rules = FileAccess(
      ownFolder: ownFolder, dataFolders: options.dataFolders, outputFolder: outputFolder ?? (isInteractive ? "." : nil),
      readable: options.readable,
      writable: options.writable, takesPaths: options.takesPaths)
    trialRules = rules
    seed = options.seed ?? 0
    undeclared = parse(source).tree.statements.reduce(0) { count, statement in
      switch statement.kind {
      case .option, .seed: return count + 1
      default: return count
      }
    }
  }

  /// A study's name: its file name without folder and `.exp`.
  public static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".exp") && file.count > 4 ? String(file.dropLast(4)) : file
  }

  /// Asks the run to stop: no further trial is started. Safe in a signal handler.
  public func interrupt() { interruptFlag.store(true, ordering: .relaxed) }

  /// Forgets an interrupt: the next cell of a session may run.
  public func resume() { interruptFlag.store(false, ordering: .relaxed) }

  /// True once `interrupt` was called.
  public var isInterrupted: Bool { interruptFlag.load(ordering: .relaxed) }

  // MARK: options and seed

  /// The root seed that overrides the study's own.
  public var seedOverride: Int? { options.seed }

  /// The value of an option: that of `--set`, read and checked, or nil for the default, checked too.
  public func choose(_ option: OptionDeclaration) throws -> Datum? {
    let isSecond = locked { chosen.contains { $0.name == option.name } }
    if isSecond, !isInteractive { throw StudyErrors.duplicateOption(option.name, at: option.span) }
    let known = options.values.first { $0.name == option.name }?.value
    let wish = options.wishes[option.name].flatMap { option.refusal(of: $0) == nil ? $0 : nil }
    let value = try known ?? Setting.value(for: option, text: options.settings[option.name] ?? wish)
    locked {
      chosen.append(Datum.Field(option.name, value ?? option.defaultValue))
      listener.receive(.option(option, value: value ?? option.defaultValue))
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
        recorder?.endSeries()
        for markdown in prose {
          recorder?.prose(markdown)
          listener.receive(.prose([markdown]))
        }
        recorder?.code(spans)
        if !spans.isEmpty { listener.receive(.code(spans)) }
      }
      hasBegun = true
      computingSince = nil
      if isFirst { startIfNeeded() }
    }
  }

  /// A value is shown; an interrupt leaves it.
  public func show(_ value: Datum, name: String?, at span: Span) {
    locked {
      startIfNeeded()
      Interruption.heeding({ [unowned self] in isInterrupted }) {
        let place = recorder.map { $0.show(value, name: name) } ?? (nil, nil)
        guard let place else { return }
        listener.receive(
          .shown(ShownValue(value: value, name: name, span: span, file: place.file, figure: place.figure)))
      }
    }
  }

  /// `print`. What trials print is recorded with them, in their order.
  public func print(_ text: String) {
    locked {
      startIfNeeded()
      if !WorkerThread.isRunningTrials { recorder?.add(.printed(text)) }
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
      if let error = outcome.error {
        claimErrors.append(error)
        recorder?.add(.error(DiagnosticPrinter().full(error)))
      }
      listener.receive(.claimed(outcome))
    }
  }

  /// `track` outside of any trial.
  public func track(_ row: [Datum.Field]) {
    locked {
      startIfNeeded()
      recorder?.track(row)
      listener.receive(.tracked(row, trial: nil))
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
  public func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) {
    noteRead(FileRead(path: relativePath, isData: true, hash: ""))
    return rules.dataFile(relativePath)
  }

  /// The absolute path a script means, or why it may not have it.
  public func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting { locked { startIfNeeded() } }
    let rules = WorkerThread.isRunningTrials ? trialRules : rules
    if !forWriting { noteRead(FileRead(path: path, isData: false, hash: "")) }
    let place = try rules.resolve(path, forWriting: forWriting)
    if forWriting, let folder = rules.outputFolder, FileAccess.isBelow(FileAccess.canonical(folder), place) {
      try? FileManager.default.createDirectory(
        atPath: NSString(string: place).deletingLastPathComponent, withIntermediateDirectories: true)
    }
    return place
  }

  /// Where a file is that the study imports. What lies outside of the folder of a study that runs from its copy is looked for from where
  /// the study stood.
  public func imported(_ path: String, at place: String) throws -> String {
    var found = try rules.imported(place)
    if let folder = options.studyFolder, !FileManager.default.fileExists(atPath: found) {
      found = try rules.imported(ImportedFile.path(path, beside: folder))
    }
    if FileFacts(found)?.kind == .file, let text = FileManager.default.contents(atPath: found) {
      locked { imports[path] = SHA256.hex([UInt8](text)) }
    }
    return found
  }

  // MARK: beginning and end

  /// The header, the run folder and what waited for them.
  func startIfNeeded() {
    if !isStarted {
      isStarted = true
      var header = RunHeader(
        study: study, seed: seed, options: chosen, threads: options.threads, machine: options.machine, folder: nil,
        workers: options.workers)
      var notices: [String] = []
      if options.runsFolder != nil || options.place != nil { notices = begin(&header) }
      // Of a run that is refused nothing is told but why.
      if stopReason == StudyRun.refused { waiting = [] } else { listener.receive(.started(header)) }
      for notice in notices { noticed(notice) }
    }
    let actions = waiting
    waiting = []
    for action in actions { action() }
  }

  /// Why the other workers of a run that was interrupted stop.
  private static let interruptedElsewhere = "interrupted"
  /// Why a run was stopped that could not have its folder.
  private static let refused = "refused"
  /// Why one stops whose results the others cannot have, for want of room.
  static let unrecorded = "unrecorded"

  /// The run's folder, and this process's part in it; gives what was found wrong there. A run that cannot have its folder is
  /// stopped before it computes what nothing would keep.
  private func begin(_ header: inout RunHeader) -> [String] {
    let notices = recording.attempt { try join(&header) }
    if recording.diagnostic != nil { stop(StudyRun.refused) }
    return notices ?? []
  }

  private func join(_ header: inout RunHeader) throws -> [String] {
    let sources = importedSources(source)
    let identity = RunRecord.identity(
      sources: sources, options: header.options, seed: header.seed, numericsVersion: options.numericsVersion)
    let beginning = RunBeginning(
      options: options, header: header, identity: identity, sources: sources, study: source.name)
    let begun = try beginning.begin()
    let folder = begun.folder
    header.folder = folder.path
    runFolder = folder.path
    guard let participant = begun.participant else {
      stop("planned")
      return begun.notices
    }
    self.participant = participant
    checkpoints = openCheckpoints(folder)
    if participant.leads {
      recorder = RunRecorder(folder, begun.run, drawing: drawing, recording: recording) { [unowned self] in
        isInterrupted
      }
      rules.outputFolder = folder.path + "/files"
    } else {
      // What the study writes outside of trials is the coordinator's to keep.
      rules.outputFolder = folder.path + "/live/\(participant.name)"
    }
    trialRules.outputFolder = folder.path + "/files"
    participant.begin { [weak self] why in self?.stop(why) }
    return begun.notices
  }

  /// All who work on the run are to stop.
  func stop(_ why: String) {
    locked { stopReason = stopReason ?? why }
    // Who asks waits a little longer than that (see `stopOthers`).
    if why == StudyRun.interruptedElsewhere { CheckpointClock.settle(within: 2.5) }
    interrupt()
    stopProgram?()
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
    let isCancelled = stopReason == "cancelled"
    let state: RunRecord.State =
      isCancelled ? .cancelled : isInterrupted ? .interrupted : errors.isEmpty ? .done : .failed
    let shownErrors = isInterrupted ? [] : drawn
    let isLeft = isInterrupted && options.leavesQuietly && !isCancelled
    if isLeft { recorder = nil }
    if isInterrupted { stopOthers() }
    if state == .done, recorder != nil { checkpoints?.finished() }
    // Who has interrupted it does not wait for hashes.
    recorder?.depends(on: readFiles(computing: !isInterrupted), git: options.git)
    recorder?.finish(state: state, seconds: seconds, counts: counts, claims: claims, errors: shownErrors)
    participant?.end()
    if recorder != nil { participant?.live.remove() }
    if recording.diagnostic != nil { status = max(status, .notRecorded) }
    // Of a run that was refused, or that could not go on recording, its program says only where it was stopped.
    let told = [StudyRun.refused, StudyRun.unrecorded].contains(stopReason) ? [] : diagnostics
    let summary = RunSummary(
      status: status, hasRun: hasBegun, claimsHeld: held, claims: claims.count,
      trials: counts.done + counts.failed + counts.diverged,
      failedTrials: counts.failed + counts.diverged, seconds: seconds, folder: runFolder,
      diagnostics: told + (recording.diagnostic.map { [$0] } ?? []), claimErrors: claimErrors,
      firstTrialError: firstTrialError, stopReason: stopReason)
    listener.receive(.finished(summary))
    return summary
  }

  /// Waits, where another process leads the run, until it is over or stopped, or the lead is free: then true.
  public func waitForLead() -> Bool {
    guard let participant, !participant.leads else { return false }
    let end = options.idleSeconds.map { monotonicSeconds() + $0 } ?? .infinity
    return participant.waitForLead { [self] in isInterrupted || monotonicSeconds() > end }
  }

  /// Those who work on the run with this process stop too; what they are at is finished anew when the run goes on.
  private func stopOthers() {
    guard let participant, recorder != nil, !participant.others.isEmpty else { return }
    try? participant.live.askToStop(StudyRun.interruptedElsewhere)
    let deadline = monotonicSeconds() + 3
    while !participant.others.isEmpty, monotonicSeconds() < deadline {
      Thread.sleep(forTimeInterval: 0.05)
      participant.look()
    }
  }

  func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// A statement with what stands above it since the last one or the last prose, blank lines and comments, and up to
  /// the end of its last line; nil where it has been shown with another.
  private func wholeLines(_ span: Span) -> Span? {
    let bytes = source.bytes, starts = source.lineStarts
    var end = min(Int(span.upper), bytes.count)
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    guard end > shownCode else { return nil }
    var line = source.position(Int(span.lower)).line - 1
    func isProse(_ line: Int) -> Bool { bytes[starts[line]...].starts(with: [0x23, 0x23]) }
    while line > 0, starts[line - 1] > shownCode || shownCode == 0, !isProse(line - 1) { line -= 1 }
    shownCode = end
    return Span(file: span.file, lower: starts[line], upper: end)
  }

  private func codeSpans(of span: Span) -> [StudyRecord.CodeSpan] {
    guard span.file == source.id, let lines = wholeLines(span) else { return [] }
    return highlighted[lines].map { piece in
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
