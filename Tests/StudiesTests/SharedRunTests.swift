import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Synchronization
import Testing

@testable import Studies

/// Several who work on one run: each trial once, those of the dead again, equal results, going on with what was left.
@Suite struct SharedRunTests {
  final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var seen: [Int] = []
    func add(_ index: Int) {
      lock.lock()
      seen.append(index)
      lock.unlock()
    }
  }

  let scratch = Scratch()

  private func options(_ place: RunPlace? = nil, threads: Int = 2) -> RunOptions {
    var options = RunOptions(threads: threads, runsFolder: scratch.path + "/runs", numericsVersion: "1")
    options.place = place
    options.leaseSeconds = 1
    return options
  }

  private func trials(_ count: Int, _ counter: Counter, seconds: Double = 0, scale: Int = 2) -> SweepRequest {
    request(count) { index, _ in
      counter.add(index)
      if seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
      return outcome([Datum.Field("y", .int(index * scale))])
    }
  }

  private func folder(_ run: StudyRun) throws -> RunFolder { try #require(run.participant).folder }

  @Test func twoWorkersShareTheTrials() throws {
    let first = study("", Ears(), options()), counter = Counter()
    first.startIfNeeded()
    let second = study("", Ears(), options(RunPlace(folder: try folder(first), role: .worker)))
    let outcomes = Mutex<[[TrialOutcome]]>([[], []])
    let threads = [first, second].enumerated().map { place, run in
      WorkerThread(name: "process") {
        let done = (try? run.sweep(trials(40, counter, seconds: 0.01))) ?? []
        outcomes.withLock { $0[place] = done }
      }
    }
    for thread in threads { thread.start() }
    for thread in threads { thread.join() }
    #expect(counter.seen.sorted() == Array(0..<40))
    for part in outcomes.withLock({ $0 }) {
      #expect(part.map { $0.fields.first?.value } == (0..<40).map { .int($0 * 2) })
    }
    #expect(!second.finish([]).hasRun && first.finish([]).status == .good)
    let path = try folder(first).path
    #expect(try RunFolder.open(path)?.checkManifest() == [] && !RunFolder.open(path)!.live.exists)
    #expect(TrialStore.logs(in: path).count == 2)
  }

  /// A worker of another machine that says nothing any more, or has said that it ended in good order.
  private func deadWorker(_ folder: RunFolder, _ name: String, ended: Bool = false) throws {
    let far = ProcessIdentity(host: "far", system: "another", process: 1, start: "1")
    var lease = Lease(worker: name, identity: far, seconds: 1)
    lease.hasEnded = ended
    try folder.live.write(lease)
  }

  @Test func theTrialsOfADeadWorkerAreRunByAnother() throws {
    let run = study("", Ears(), options()), counter = Counter()
    run.startIfNeeded()
    let folder = try folder(run)
    try deadWorker(folder, "w7")
    _ = try folder.live.claim("runs/0", ["worker": "w7", "count": 5])
    let outcomes = try run.sweep(trials(12, counter))
    #expect(counter.seen.sorted() == Array(0..<12) && outcomes.allSatisfy { $0.status == .done })
    let records = TrialStore.records(of: "runs", in: folder.path)
    #expect(records.filter { $0["why"]?.string == "w7 ended while it ran" }.count == 5)
  }

  @Test func aTrialOverWhichThreeDiedIsGivenUp() throws {
    let ears = Ears(), run = study("", ears, options()), counter = Counter()
    run.startIfNeeded()
    let folder = try folder(run)
    for name in ["w7", "w8", "w9"] { try deadWorker(folder, name) }
    _ = try folder.live.claim("runs/0", ["worker": "w7", "count": 1])
    _ = try folder.live.claim("runs/trial-0-2", ["worker": "w8"])
    _ = try folder.live.claim("runs/trial-0-3", ["worker": "w9"])
    let outcomes = try run.sweep(trials(4, counter))
    #expect(counter.seen.sorted() == [1, 2, 3] && outcomes[0].error?.id == "E0803")
    #expect(run.finish([]).status == .trialsFailed)
  }

  @Test func workersWhoseTimeWasUpDidNotDieOverTheirTrial() throws {
    let run = study("", Ears(), options()), counter = Counter()
    run.startIfNeeded()
    let folder = try folder(run)
    for (place, name) in ["w5", "w6", "w7", "w8", "w9"].enumerated() {
      try deadWorker(folder, name, ended: place != 2)
      let claim: JSON = place == 0 ? ["worker": .string(name), "count": 1] : ["worker": .string(name)]
      _ = try folder.live.claim(place == 0 ? "runs/0" : "runs/trial-0-\(place + 1)", claim)
    }
    let outcomes = try run.sweep(trials(4, counter))
    #expect(counter.seen.sorted() == [0, 1, 2, 3] && outcomes.allSatisfy { $0.status == .done })
  }

  @Test func anotherResultOfATrialIsAnErrorThatNamesBoth() throws {
    let first = study("", Ears(), options()), counter = Counter()
    first.startIfNeeded()
    let folder = try folder(first)
    let second = study("", Ears(), options(RunPlace(folder: folder, role: .worker)))
    _ = try second.sweep(trials(3, counter))
    let store = TrialStore(run: folder, sweep: "runs", worker: "w5")
    let event = TrialEvent(
      sweep: "runs", index: 1, coordinates: [.init("x", .int(1))], outcome: outcome([.init("y", .int(99))]))
    try store.append(
      TrialRecord.json(event, key: nil, value: nil, why: "").adding("session", .int(1)))
    let error = #expect(throws: Diagnostic.self) { try first.sweep(trials(3, counter)) }
    #expect(error?.id == "E0802")
    #expect(error?.message.contains("w2.jsonl") == true && error?.message.contains("w5.jsonl") == true)
    #expect(error?.message.contains("x=1") == true)
  }

  /// Two processes of one run, of which one has a log that nothing can be written to; what each gave and how each ended.
  private func sharing(_ counter: Counter, unwritable: Int) throws -> (
    folder: RunFolder, outcomes: [[TrialOutcome]], ends: [RunSummary]
  ) {
    let first = study("", Ears(), options(threads: 1))
    first.startIfNeeded()
    let folder = try folder(first)
    let second = study("", Ears(), options(RunPlace(folder: folder, role: .worker), threads: 1))
    second.startIfNeeded()
    first.participant?.look()
    try folder.files.makeFolders(folder.path + "/trials/runs/w\(unwritable).jsonl")
    let results = Mutex<[([TrialOutcome], RunSummary?)]>([([], nil), ([], nil)])
    let threads = [first, second].enumerated().map { place, run in
      WorkerThread(name: "process") {
        let done = (try? run.sweep(trials(60, counter, seconds: 0.02))) ?? []
        _ = run.waitForLead()
        let end = run.finish([])
        results.withLock { $0[place] = (done, end) }
      }
    }
    for thread in threads { thread.start() }
    for thread in threads { thread.join() }
    return (folder, results.withLock { $0.map(\.0) }, results.withLock { $0.compactMap(\.1) })
  }

  @Test func aWorkerThatCannotWriteLeavesItsTrialsToTheOthers() throws {
    let counter = Counter()
    let (folder, outcomes, ends) = try sharing(counter, unwritable: 2)
    #expect(ends[1].status == .notRecorded && ends[1].diagnostics.map(\.id) == ["E0801"] && outcomes[1].isEmpty)
    #expect(ends[0].status == .good && outcomes[0].allSatisfy { $0.status == .done })
    #expect(counter.seen.count == 61 && Set(counter.seen).count == 60)
    #expect(try folder.readRun()?.state == .done && folder.checkManifest().isEmpty)
  }

  @Test func oneThatLeadsAndCannotWriteEndsTheRunForAll() throws {
    let counter = Counter()
    let (folder, outcomes, ends) = try sharing(counter, unwritable: 1)
    #expect(ends[0].status == .notRecorded && ends[0].diagnostics.map(\.id) == ["E0801"])
    #expect(ends[1].status == .interrupted && outcomes.allSatisfy(\.isEmpty) && !folder.live.exists)
    #expect(Set(counter.seen).count < 60 && !folder.isSealed)
    // What the others found is there to go on with.
    let newest = try #require(UnfinishedRun.newest(ofStudyAt: "demo.exp", in: scratch.path + "/runs"))
    let again = study("", Ears(), options(RunPlace(folder: newest, role: .coordinator)))
    again.startIfNeeded()
    #expect(try again.sweep(trials(60, counter)).allSatisfy { $0.status == .done })
    #expect(try again.finish([]).status == .good && folder.checkManifest().isEmpty)
  }

  @Test func whoWaitsForTheLeadRunsNothing() throws {
    let run = study("", Ears(), options())
    run.startIfNeeded()
    _ = try run.sweep(trials(3, Counter(), seconds: 0.15))
    let participant = try #require(run.participant)
    let end = monotonicSeconds() + 10
    func running() -> Int? { participant.live.lease(of: participant.name)?.running }
    while running() != 0, monotonicSeconds() < end { Thread.sleep(forTimeInterval: 0.05) }
    #expect(running() == 0)
  }

  @Test func whoLeadsTellsOfFilesThatChangedUnderAnothersTrial() throws {
    let ears = Ears(), first = study("", ears, options())
    first.startIfNeeded()
    let place = RunPlace(folder: try folder(first), role: .worker)
    let others = [Ears(), Ears()], workers = others.map { study("", $0, options(place)) }
    let sweep = request(2) { index, _ in
      var found = outcome([Datum.Field("y", .int(index))])
      found.reads = [FileRead(path: "d.csv", isData: true, hash: index == 1 ? FileRead.changed : "0")]
      found.printed = ["trial \(index)"]
      return found
    }
    for worker in workers { _ = try worker.sweep(sweep) }
    _ = try first.sweep(sweep)
    let notices = ([ears] + others).map { ears in
      ears.events.compactMap { if case .noticed(let text) = $0 { text } else { nil } }
    }
    #expect(notices[0].count == 1)
    #expect(notices[0].first?.hasPrefix("d.csv changed while trial 1 of runs (x=1) ran") == true)
    #expect(notices[1] == notices[0] && notices[2].isEmpty)
    let printed = ears.events.compactMap { if case .printed(let text) = $0 { text } else { nil } }
    #expect(printed.sorted() == ["trial 0", "trial 1"])
  }

  @Test func sweepsOfARunStandInTheOrderOfTheRun() {
    let parts = [["runs", "long", "a"], ["long", "b"], ["b", "gone", "a"]]
    #expect(RunWatcher.merged(parts, ["a", "b", "c", "long", "runs"]) == ["c", "runs", "long", "b", "a"])
    #expect(RunWatcher.merged([["b", "a"], ["a", "b"]], ["a", "b"]) == ["a", "b"])
    #expect(RunWatcher.merged([], ["b", "a"]) == ["b", "a"])
  }

  @Test func aRunThatWasKilledGoesOn() throws {
    let counter = Counter(), first = study("", Ears(), options())
    first.startIfNeeded()
    _ = try first.sweep(trials(5, counter))
    let folder = try folder(first)
    // As a killed process leaves it: no end, its lease of a process that is gone.
    first.participant?.end()
    #expect(folder.readRun()?.state == .running)
    #expect(RunLife.state(try #require(folder.readRun()), of: folder, RunLife(folder).look()) == .lost)
    let newest = try #require(UnfinishedRun.newest(ofStudyAt: "demo.exp", in: scratch.path + "/runs"))
    #expect(newest.path == folder.path)
    let ears = Ears(), again = study("", ears, options(RunPlace(folder: newest, role: .coordinator)))
    again.startIfNeeded()
    _ = try again.sweep(trials(5, counter))
    #expect(again.finish([]).status == .good && folder.readRun()?.state == .done && folder.readRun()?.session == 2)
    #expect(UnfinishedRun.newest(ofStudyAt: "demo.exp", in: scratch.path + "/runs") == nil)
    #expect(try folder.checkManifest().isEmpty)
  }

  /// A run that was left, as a killed process leaves it.
  private func leftRun() throws -> RunFolder {
    let first = study("", Ears(), options())
    first.startIfNeeded()
    _ = try first.sweep(trials(3, Counter()))
    first.participant?.end()
    return try folder(first)
  }

  @Test func ofSeveralWhoGoOnWithARunOneDoes() throws {
    for _ in 1...10 {
      let folder = try leftRun(), place = RunPlace(folder: folder, role: .coordinator)
      let runs = (1...6).map { _ in study("", Ears(), options(place)) }
      let threads = runs.map { run in WorkerThread(name: "process") { run.startIfNeeded() } }
      for thread in threads { thread.start() }
      for thread in threads { thread.join() }
      let led = runs.filter { $0.participant?.leads == true }
      #expect(led.count == 1 && folder.live.exists && folder.readRun()?.session == 2)
      for run in runs where run.participant?.leads != true {
        #expect(run.participant == nil && run.finish([]).diagnostics.map(\.id) == ["E0804"])
      }
      let last = try #require(led.first)
      _ = try last.sweep(trials(3, Counter()))
      #expect(try last.finish([]).status == .good && folder.checkManifest().isEmpty)
    }
  }

  @Test func whoDiedBeforeItWentOnIsFollowed() throws {
    let folder = try leftRun()
    let own = ProcessIdentity.own
    let gone = ProcessIdentity(host: own.host, system: own.system, process: 1 << 30, start: "1")
    #expect(try SessionClaims(folder, session: 2).claim(after: 0, seconds: 30, identity: gone))
    let again = study("", Ears(), options(RunPlace(folder: folder, role: .coordinator)))
    again.startIfNeeded()
    #expect(try again.sweep(trials(3, Counter())).allSatisfy { $0.status == .done })
    #expect(again.finish([]).status == .good)
  }

  @Test func whoJoinsWhatIsRemovedIsToldSo() throws {
    let folder = try leftRun()
    folder.live.remove()
    let late = study("", Ears(), options(RunPlace(folder: folder, role: .worker)))
    late.startIfNeeded()
    #expect(late.participant == nil && late.finish([]).diagnostics.map(\.id) == ["E0804"])
  }

  @Test func whatFailedIsTriedAgainWhenARunGoesOn() throws {
    let counter = Counter(), first = study("", Ears(), options())
    func failing(_ isFailing: Bool) -> SweepRequest {
      request(3) { index, _ in
        counter.add(index)
        let error = Diagnostic("E0999", "too bad", at: .none)
        return isFailing && index == 1 ? outcome([], status: .failed, error: error) : outcome([.init("y", .int(1))])
      }
    }
    first.startIfNeeded()
    _ = try first.sweep(failing(true))
    first.participant?.end()
    let place = RunPlace(folder: try folder(first), role: .coordinator)
    let again = study("", Ears(), options(place))
    again.startIfNeeded()
    let outcomes = try again.sweep(failing(false))
    #expect(outcomes.allSatisfy { $0.status == .done })
    #expect(counter.seen.filter { $0 == 1 }.count == 2)
  }

  @Test func aRunThatIsBeingRunIsLeftAlone() throws {
    let first = study("", Ears(), options())
    first.startIfNeeded()
    let ears = Ears()
    let other = study("", ears, options(RunPlace(folder: try folder(first), role: .coordinator)))
    other.beginStatement(.none, prose: ["Never told."])
    let summary = other.finish([])
    #expect(summary.diagnostics.map(\.id) == ["E0804"] && summary.stopReason == "refused")
    // It is refused before its header, and nothing else is told.
    #expect(ears.events.count == 1)
    #expect(first.finish([]).status == .good)
  }

  @Test func anotherTextIsNotGoneOnWith() throws {
    let first = study("let x = 1", Ears(), options())
    first.startIfNeeded()
    first.participant?.end()
    let other = study(
      "let x = 2", Ears(), options(RunPlace(folder: try folder(first), role: .coordinator)))
    other.startIfNeeded()
    #expect(other.finish([]).diagnostics.map(\.id) == ["E0804"])
    #expect(RunFolder.open(try folder(first).path)?.readRun()?.state == .running)
  }

  @Test func cancellingStopsAllWhoWorkOnARun() throws {
    let first = study("", Ears(), options()), counter = Counter()
    first.startIfNeeded()
    let folder = try folder(first)
    let canceller = WorkerThread(name: "cancel") {
      Thread.sleep(forTimeInterval: 0.3)
      try? folder.live.askToStop("cancelled")
    }
    canceller.start()
    _ = try first.sweep(trials(1000, counter, seconds: 0.05))
    canceller.join()
    let summary = first.finish([])
    #expect(summary.status == .interrupted && summary.stopReason == "cancelled" && counter.seen.count < 500)
    #expect(folder.readRun()?.state == .cancelled)
  }

  @Test func shortTrialsAreClaimedManyAtATime() throws {
    let first = study("", Ears(), options()), counter = Counter()
    first.startIfNeeded()
    let claims = try folder(first).path + "/live/claims/runs"
    _ = try first.sweep(trials(2000, counter))
    let count = try FileManager.default.contentsOfDirectory(atPath: claims).count
    #expect(count < 200, "\(count) claims")
    #expect(counter.seen.sorted() == Array(0..<2000))
  }
}
