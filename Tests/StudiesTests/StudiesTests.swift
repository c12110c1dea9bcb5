import Diagnostics
import Evaluation
import Foundation
import Records
import Synchronization
import Testing

@testable import Studies

/// Keeps all events.
final class Ears: RunListener {
  var events: [RunEvent] = []
  func receive(_ event: RunEvent) { events.append(event) }
  var names: [String] { events.map { String("\($0)".prefix { $0 != "(" }) } }
}

/// Runs trials by a closure and notes which threads and indexes it saw.
final class FakeRunner: TrialRunner {
  let body: (Int, (ProgressReport) -> Void) -> TrialOutcome
  init(_ body: @escaping (Int, (ProgressReport) -> Void) -> TrialOutcome) { self.body = body }
  func run(_ index: Int, report: @escaping (TrialNews) -> Void) -> TrialOutcome {
    body(index) { report(.progress($0)) }
  }
}

func outcome(
  _ fields: [Datum.Field], status: TrialOutcome.Status = .done, error: Diagnostic? = nil, series: Table? = nil
)
  -> TrialOutcome
{
  TrialOutcome(status: status, value: nil, fields: fields, series: series, error: error, seconds: 0.01)
}

func request(_ count: Int, _ body: @escaping @Sendable (Int, (ProgressReport) -> Void) -> TrialOutcome) -> SweepRequest
{
  SweepRequest(
    name: "runs", coordinateNames: ["x"], points: SweepPoints((0..<count).map { [.int($0)] }), span: .none,
    makeRunner: { FakeRunner(body) })
}

extension SweepSchedule {
  /// The trial to start next; nil when there is none to be started here now.
  func started() throws -> Int? {
    if case .run(let index, _) = try next() { return index }
    return nil
  }
}

/// A folder that is removed when the test ends.
final class Scratch {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("exp-test-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func write(_ text: String, to name: String) -> String {
    let full = path + "/" + name
    try? FileManager.default.createDirectory(
      atPath: NSString(string: full).deletingLastPathComponent, withIntermediateDirectories: true)
    try? text.write(toFile: full, atomically: true, encoding: .utf8)
    return full
  }
}

func study(
  _ text: String, _ ears: Ears, _ options: RunOptions = RunOptions(), name: String = "demo.exp",
  drawing: RunDrawing? = nil
) -> StudyRun {
  StudyRun(source: SourceStore.shared.add(name: name, text: text), options: options, listener: ears, drawing: drawing)
}

@Suite struct ShownCodeTests {
  /// Each line of code once, with the blank lines and comments above it; prose stands for itself.
  @Test func codeIsShownAsItStands() {
    let text = "# top\nlet a = 1; let b = 2\n\n# note\n\nfn f(x) {\n\n  x\n}  # end\n## prose\n\nlet d = 4\n"
    let source = SourceStore.shared.add(name: "demo.exp", text: text)
    let ears = Ears(), run = StudyRun(source: source, options: RunOptions(), listener: ears)
    for part in ["let a = 1", "let b = 2", "fn f(x) {\n\n  x\n}", "let d = 4"] {
      guard let place = text.range(of: part) else { continue }
      let lower = text.utf8.distance(from: text.startIndex, to: place.lowerBound)
      run.beginStatement(Span(file: source.id, lower: lower, upper: lower + part.utf8.count), prose: [])
    }
    _ = run.finish([])
    let codes = ears.events.compactMap { event -> [StudyRecord.CodeSpan]? in
      if case .code(let spans) = event { return spans } else { return nil }
    }
    #expect(
      codes.map { $0.map(\.text).joined() } == [
        "# top\nlet a = 1; let b = 2", "\n# note\n\nfn f(x) {\n\n  x\n}  # end", "\nlet d = 4",
      ])
    let joined = codes.reduce(into: []) { StudyRecord.add($1, below: &$0) }
    #expect(joined.map(\.text).joined().hasPrefix("# top\nlet a = 1; let b = 2\n\n# note\n\nfn f"))
    var alone: [StudyRecord.CodeSpan] = []
    StudyRecord.add(codes[2], below: &alone)
    #expect(alone.map(\.text).joined() == "let d = 4")
  }

  /// What was shown before is not copied for each statement.
  @Test func codeGrowsInPlace() {
    var items: [StudyRecord.Item] = []
    do {
      var code = [StudyRecord.CodeSpan("let x = 1")]
      code.reserveCapacity(1000)
      items = [.prose("p"), .code(code)]
    }
    func place() -> UnsafeRawPointer? {
      guard case .code(let code)? = items.last else { return nil }
      return code.withUnsafeBytes(\.baseAddress)
    }
    let before = place()
    for i in 0..<100 { StudyRecord.add([StudyRecord.CodeSpan("\nlet y\(i) = 1")], to: &items) }
    #expect(items.count == 2 && place() == before)
  }
}

@Suite struct SweepTests {
  @Test(arguments: [1, 2, 7]) func everyTrialRunsOnceAndOutcomesAreInGridOrder(_ threads: Int) throws {
    let ears = Ears(), run = study("", ears, RunOptions(threads: threads))
    let outcomes = try run.sweep(request(23) { index, _ in outcome([Datum.Field("y", .int(index * index))]) })
    #expect(outcomes.map { $0.fields.first?.value } == (0..<23).map { .int($0 * $0) })
    let ended = ears.events.compactMap {
      if case .trialEnded(let trial) = $0 { return trial.index } else { return nil }
    }
    #expect(ended.sorted() == Array(0..<23))
    #expect(run.finish([]).status == .good)
  }

  @Test func threadsWorkAtTheSameTime() throws {
    let run = study("", Ears(), RunOptions(threads: 3))
    let barrier = DispatchSemaphore(value: 0), all = DispatchSemaphore(value: 0)
    let helper = WorkerThread(name: "test") {
      for _ in 0..<3 { all.wait() }
      for _ in 0..<3 { barrier.signal() }
    }
    helper.start()
    let outcomes = try run.sweep(
      request(3) { _, _ in
        all.signal()
        return outcome([], status: barrier.wait(timeout: .now() + 10) == .success ? .done : .failed)
      })
    #expect(outcomes.allSatisfy { $0.status == .done })
  }

  @Test func aFailingTrialIsARowAndTheOthersGoOn() throws {
    let ears = Ears(), run = study("", ears, RunOptions(threads: 2))
    let wanted = request(5) { index, _ in
      index == 3
        ? outcome([], status: .failed, error: Diagnostic("E0401", "shapes differ", at: .none))
        : outcome([Datum.Field("y", .int(index))])
    }
    let outcomes = try run.sweep(wanted)
    let table = sweepTable(wanted, outcomes.enumerated().map { ($0, $1) })
    #expect(table.columnNames == ["x", "y"])
    #expect(table.failures == [3: "shapes differ"])
    let summary = run.finish([])
    #expect(summary.status == .trialsFailed)
    #expect(summary.trials == 5 && summary.failedTrials == 1)
    #expect(summary.firstTrialError?.id == "E0401")
  }

  @Test func anInterruptLeavesATableThatIsShown() throws {
    let scratch = Scratch(), ears = Ears()
    let run = study("", ears, RunOptions(runsFolder: scratch.path + "/runs"))
    let table = Table(columns: [Table.Column("a", (0..<5000).map { .int($0) })], rowCount: 5000)
    run.show(.table(table), name: "first", at: .none)
    run.interrupt()
    run.show(.table(table), name: "second", at: .none)
    let folder = try #require(run.finish([]).folder)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/tables") == ["first.csv"])
    #expect(ears.names.filter { $0 == "shown" }.count == 1)
  }

  @Test func anInterruptLeavesAFigureThatIsDrawn() throws {
    let scratch = Scratch(), ears = Ears()
    let made = Mutex<[StudyRun]>([])
    let drawing = RunDrawing(
      figure: { _, number in
        // Ctrl-C in the midst of the second.
        if number == 2 { made.withLock { $0[0].interrupt() } }
        return RunDrawing.FigureFiles(svg: Interruption.isRaised() ? "half" : "whole", csv: "", gnuplot: "")
      }, report: { _ in "" })
    let run = study("", ears, RunOptions(runsFolder: scratch.path + "/runs"), drawing: drawing)
    made.withLock { $0.append(run) }
    for _ in 0..<3 { run.show(.figure(Figure()), name: nil, at: .none) }
    let folder = try #require(run.finish([]).folder)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder + "/figures").filter { $0.hasSuffix(".svg") } == [
        "1.svg"
      ])
    #expect(ears.names.filter { $0 == "shown" }.count == 1)
    #expect(!Interruption.isRaised())
    // The run holds its drawing.
    made.withLock { $0 = [] }
  }

  @Test func anInterruptStartsNoFurtherTrial() throws {
    let run = study("", Ears(), RunOptions(threads: 1))
    let outcomes = try run.sweep(
      request(10) { _, _ in
        run.interrupt()
        return outcome([])
      })
    #expect(outcomes.isEmpty)
    #expect(run.counts.done == 1 && run.counts.interrupted == 9)
    #expect(run.finish([]).status == .interrupted)
  }

  @Test func aRunnerThatCannotBeMadeIsAnError() {
    let run = study("", Ears())
    let broken = SweepRequest(name: "runs", coordinateNames: ["x"], points: SweepPoints([[.int(1)]]), span: .none) {
      throw Diagnostic("E0999", "no memory", at: .none)
    }
    #expect(throws: Diagnostic.self) { try run.sweep(broken) }
  }

  @Test func threadsWithoutATrialAreLentToTheOthers() throws {
    let run = study("", Ears(), RunOptions(threads: 4)), idle = IdleThreads()
    let seen = Mutex<[Int]>([])
    var sweep = request(2) { index, _ in
      seen.withLock { $0.append(idle.count) }
      if index == 0 {
        // Until the other trial's thread is free too, with a limit for when that is never told.
        let limit = Date(timeIntervalSinceNow: 20)
        while idle.count < 3, Date() < limit { usleep(200) }
      }
      return outcome([])
    }
    sweep.idle = idle
    _ = try run.sweep(sweep)
    #expect(seen.withLock { $0.allSatisfy { $0 == 2 || $0 == 3 } })
    // All four at the end; one of them ran the first trial, so there were three before.
    #expect(idle.count == 4)
  }

  @Test func aSweepInsideATrialStaysOnItsThread() throws {
    let run = study("", Ears(), RunOptions(threads: 2))
    let outer = request(2) { _, _ in
      let inner = try? run.sweep(request(3) { index, _ in outcome([Datum.Field("z", .int(index))]) })
      return outcome([Datum.Field("n", .int(inner?.count ?? -1))])
    }
    let outcomes = try run.sweep(outer)
    #expect(outcomes.map(\.fields) == [[Datum.Field("n", .int(3))], [Datum.Field("n", .int(3))]])
    #expect(run.counts.total == 2)
  }

  @Test func progressCountsHowFarRunningTrialsAre() throws {
    let schedule = SweepSchedule(name: "runs", count: 4)
    let first = try #require(try schedule.started()), second = try #require(try schedule.started())
    schedule.finish(first, outcome([]))
    schedule.advance(second, share: 0.5)
    let progress = schedule.progress
    #expect(progress.done == 1 && progress.running == 1 && progress.total == 4)
    #expect(progress.share == 1.5 / 4)
    #expect((progress.left ?? -1) >= 0)
  }

  @Test(arguments: [0, 1, 2, 3, 5, 8, 51, 1000]) func theOrderIsAPermutation(_ count: Int) {
    #expect(SpreadOrder(count).sorted() == Array(0..<count))
  }

  @Test func theOrderSpreads() {
    #expect(Array(SpreadOrder(8)) == [0, 4, 2, 6, 1, 5, 3, 7])
    let beginning = SpreadOrder(100).prefix(10).sorted()
    #expect(zip(beginning, beginning.dropFirst()).allSatisfy { $1 - $0 <= 24 })
  }

  @Test func seriesCarryTheCoordinates() {
    let wanted = request(2) { _, _ in outcome([]) }
    let series = Table(columns: [.init("step", [.int(1), .int(2)]), .init("loss", [.float(0.5), .float(0.25)])])
    let table = seriesTable(wanted, [(0, outcome([], series: series)), (1, outcome([]))])
    #expect(table?.columnNames == ["x", "step", "loss"])
    #expect(table?.rowCount == 2)
  }
}

@Suite struct RunTests {
  let text = """
    ## # A study
    ## Of nothing.
    seed 7
    option noise = 0.2 in 0.0..0.5
    """

  func declare(_ run: StudyRun) throws {
    run.beginStatement(.none, prose: ["# A study\nOf nothing."])
    run.seeded(7)
    _ = try run.choose(noise)
  }
  let noise = OptionDeclaration(
    name: "noise", defaultValue: .float(0.2),
    bounds: .record([Datum.Field("lower", .float(0)), Datum.Field("upper", .float(0.5))]), documentation: "",
    span: .none)

  @Test func theHeaderComesOnceSeedAndOptionsAreKnownAndBeforeTheProse() throws {
    let ears = Ears(), run = study(text, ears)
    try declare(run)
    #expect(ears.names == ["option", "started", "prose"])
    guard case .started(let header)? = ears.events.first else { return }
    #expect(header.seed == 7 && header.study == "demo")
    #expect(header.options == [Datum.Field("noise", .float(0.2))])
  }

  /// Else a run would be named, and found again, without its options.
  @Test func sourcesNamedBeforeTheOptionsDoNotOpenTheRun() throws {
    let ears = Ears(), run = study(text, ears)
    run.cite("a paper")
    #expect(ears.names == [])
    try declare(run)
    #expect(ears.names == ["option", "started", "cited", "prose"])
    guard case .started(let header)? = ears.events.first else { return }
    #expect(header.options == [Datum.Field("noise", .float(0.2))])
  }

  @Test func theRunFolderHoldsTheRun() throws {
    let scratch = Scratch(), ears = Ears()
    // Prose has the title that what draws it reads in it.
    let drawing = RunDrawing(
      figure: { _, _ in RunDrawing.FigureFiles(svg: "", csv: "", gnuplot: "") },
      title: { $0.hasPrefix("# ") ? String($0.split(separator: "\n")[0].dropFirst(2)) : nil }, report: { _ in "" })
    let run = study(text, ears, RunOptions(threads: 2, runsFolder: scratch.path + "/runs"), drawing: drawing)
    try declare(run)
    _ = try run.sweep(request(4) { index, _ in outcome([Datum.Field("y", .float(Double(index) / 3))]) })
    run.claim(
      ClaimOutcome(text: "it holds", holds: true, numbers: [Datum.Field("y", .int(1))], error: nil, span: .none))
    let summary = run.finish([])
    #expect(summary.status == .good)
    let path = try #require(summary.folder)
    let folder = try #require(RunFolder.open(path))
    let record = try #require(folder.readRun())
    #expect(record.state == .done && record.seed == 7 && record.counts.done == 4)
    #expect(record.claims.map(\.holds) == [true])
    #expect(try folder.checkManifest().isEmpty)
    let log = try RecordLog.read(folder.path + "/trials/runs/w1.jsonl")
    #expect(log.records.count == 4 && log.damaged == 0)
    let csv = try String(contentsOfFile: folder.path + "/tables/runs.csv", encoding: .utf8)
    #expect(csv.hasPrefix("x,y\n0,0.0\n1,0.3333333333333333\n"))
    #expect(try String(contentsOfFile: folder.path + "/source/demo.exp", encoding: .utf8) == text)
    #expect(folder.readStudy()?.title == "A study")
  }

  /// A trial the listener has heard of is on disk, whatever happens to the process afterwards.
  @Test func aTrialIsOnDiskBeforeItIsTold() throws {
    final class Checker: RunListener {
      var counts: [Int] = []
      var folder: String?
      func receive(_ event: RunEvent) {
        if case .started(let header) = event { folder = header.folder }
        guard case .trialEnded = event, let folder else { return }
        counts.append((try? RecordLog.read(folder + "/trials/runs/w1.jsonl").records.count) ?? -1)
      }
    }
    let scratch = Scratch(), checker = Checker()
    let run = StudyRun(
      source: SourceStore.shared.add(name: "demo.exp", text: ""), options: RunOptions(runsFolder: scratch.path),
      listener: checker)
    _ = try run.sweep(request(5) { _, _ in outcome([]) })
    #expect(checker.counts == [1, 2, 3, 4, 5])
  }

  /// It is said before anything is computed, not after hours of training that nothing would keep.
  @Test func aFolderThatCannotBeWrittenEndsWithFiveBeforeAnyTrial() throws {
    let scratch = Scratch()
    let blocked = scratch.write("a file where the folder should be", to: "runs")
    let run = study("", Ears(), RunOptions(runsFolder: blocked))
    let outcomes = try run.sweep(request(2) { _, _ in outcome([]) })
    #expect(outcomes.isEmpty && run.counts.interrupted == 2)
    let summary = run.finish([Diagnostic("E0401", "stopped in the middle", at: .none)])
    #expect(summary.status == .notRecorded && summary.stopReason == "refused")
    #expect(summary.diagnostics.map(\.id) == ["E0801"])
  }

  /// Of what could not be written whole, nothing says that it is.
  @Test func aRunThatCouldNotRecordItselfIsNotSealed() throws {
    let scratch = Scratch()
    let run = study(text, Ears(), RunOptions(runsFolder: scratch.path + "/runs"))
    try declare(run)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/runs")
    let folder = scratch.path + "/runs/" + (names.first ?? "")
    // A folder stands where a file should go.
    try FileManager.default.createDirectory(atPath: folder + "/study.json", withIntermediateDirectories: true)
    #expect(run.finish([]).status == .notRecorded)
    #expect(RunFolder.open(folder)?.readRun()?.state == .failed)
    #expect(!FileManager.default.fileExists(atPath: folder + "/manifest.sha256"))
  }

  @Test func theHighestStatusWins() throws {
    let wrong = Diagnostic("E0201", "wrong", at: .none)
    let failed = ClaimOutcome(text: "c", holds: false, numbers: [], error: nil, span: .none)
    func status(_ body: (StudyRun) throws -> [Diagnostic]) rethrows -> RunStatus {
      let run = study("", Ears())
      return run.finish(try body(run)).status
    }
    #expect(status { _ in [] } == .good)
    #expect(
      status {
        $0.claim(failed)
        return []
      } == .claimFailed)
    #expect(
      status {
        $0.claim(failed)
        return [wrong]
      } == .scriptWrong)
    #expect(
      try status {
        _ = try $0.sweep(request(1) { _, _ in outcome([], status: .diverged) })
        return [wrong]
      } == .trialsFailed)
    #expect(
      status {
        $0.interrupt()
        return [wrong]
      } == .interrupted)
    #expect(status { _ in [Diagnostic("W0101", "odd", at: .none, severity: .warning)] } == .good)
  }

  @Test func anotherTableOfTheSameNameDoesNotReplaceTheFirst() throws {
    let scratch = Scratch(), ears = Ears()
    let run = study("", ears, RunOptions(runsFolder: scratch.path))
    let one = Table(columns: [.init("a", [.int(1)])]), two = Table(columns: [.init("a", [.int(2)])])
    for table in [one, two, one] { run.show(.table(table), name: "t", at: .none) }
    let files = ears.events.compactMap { if case .shown(let shown) = $0 { return shown.file } else { return nil } }
    #expect(files == ["tables/t.csv", "tables/t-2.csv", "tables/t.csv"])
  }

  @Test func runsThatBeginWithinASecondHaveAnOrder() {
    let stamps = (0..<200).map { _ in
      usleep(20)
      return timestamp()
    }
    #expect(stamps == Array(Set(stamps)).sorted() && stamps.allSatisfy { $0.count == 27 && $0.hasSuffix("Z") })
  }

  @Test func anOptionDeclaredTwiceIsAnError() throws {
    let run = study(text, Ears())
    _ = try run.choose(noise)
    #expect(throws: Diagnostic.self) { try run.choose(noise) }
  }

  /// Neither data folders nor the run's own files hold what a study imports, and what is frozen is what runs.
  @Test func anImportStandsBesideItsFileOnly() throws {
    let scratch = Scratch()
    for name in ["s/data/x.exp", "runs/files/x.exp", "s/y.exp", "runs/files/y.exp", "far/z.exp"] {
      _ = scratch.write("let v = 1", to: name)
    }
    let text = "use \"./x.exp\"\nuse \"./y.exp\"\nuse \"../far/z.exp\""
    var options = RunOptions(
      dataFolders: [scratch.path + "/s/data"], readable: [scratch.path + "/far"],
      writable: [scratch.path + "/runs/files"])
    let source = SourceStore.shared.add(name: scratch.write(text, to: "s/s.exp"), text: text)
    let run = StudyRun(source: source, options: options, listener: Ears())
    func imported(_ path: String) throws -> String { try run.imported(path, at: scratch.path + "/s/" + path) }
    #expect(try imported("x.exp").hasSuffix("/s/x.exp"))
    #expect(try imported("y.exp").hasSuffix("/s/y.exp"))
    #expect(try imported("../far/z.exp").hasSuffix("/far/z.exp"))
    #expect(throws: Diagnostic.self) { try run.imported("p.exp", at: "/etc/passwd") }
    #expect(run.readFiles(computing: true).map(\.name).sorted() == ["../far/z.exp", "y.exp"])
    #expect(importedSources(source).map(\.name) == ["s.exp", "y.exp", "../far/z.exp"])
    // A copy in a run's folder has beside it only what lay in the study's folder.
    let copy = SourceStore.shared.add(name: scratch.write(text, to: "runs/r/source/s.exp"), text: text)
    options.studyFolder = scratch.path + "/s"
    let again = StudyRun(source: copy, options: options, listener: Ears())
    let place = try again.imported("../far/z.exp", at: scratch.path + "/runs/r/source/../far/z.exp")
    #expect(place.hasSuffix("/far/z.exp") && !place.contains("runs"))
  }

  @Test func importsAreFrozenOnceAndChangeTheIdentity() throws {
    let scratch = Scratch()
    _ = scratch.write("use \"./b.exp\"\nlet a = 1", to: "lib/a.exp")
    _ = scratch.write("use \"./a.exp\"\nlet b = 1", to: "lib/b.exp")
    let path = scratch.write("use \"./lib/a.exp\" as a\nuse \"./absent.exp\"", to: "s.exp")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let sources = importedSources(SourceStore.shared.add(name: path, text: text))
    #expect(sources.map(\.name) == ["s.exp", "lib/a.exp", "lib/b.exp"])
  }

  @Test func importsAreFrozenHoweverTheyAreNamed() throws {
    let scratch = Scratch()
    let far = scratch.write("let far = 1", to: "far.exp")
    _ = scratch.write("use \"../near\" as n\nuse \"\(far)\" as f", to: "lib/a.exp")
    _ = scratch.write("let near = 1", to: "near.exp")
    let text = "use \"lib/./a\" as a"
    let sources = importedSources(SourceStore.shared.add(name: scratch.write(text, to: "s.exp"), text: text))
    #expect(sources.map(\.name) == ["s.exp", "lib/a.exp", "near.exp", "far.exp"])
  }

  @Test func aLongRowOfImportsIsFrozenWhole() throws {
    let scratch = Scratch()
    for i in 1...1200 { _ = scratch.write("use \"./f\(i + 1).exp\" as f", to: "f\(i).exp") }
    let text = "use \"./f1.exp\" as f"
    let sources = importedSources(SourceStore.shared.add(name: scratch.write(text, to: "s.exp"), text: text))
    #expect(sources.count == 1201)
  }
}
