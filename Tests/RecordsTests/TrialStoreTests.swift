import Foundation
import Notation
import Testing

@testable import Records

/// Finished trials on disk, leases, claims: what several processes share.
@Suite struct TrialStoreTests {
  private func run(_ disk: FakeDisk) throws -> RunFolder {
    try RunFolder.create(in: "runs", study: "s", identity: "0123456789", files: RunFiles(disk))
  }

  private func line(_ index: Int, _ y: Int) -> JSON { ["index": .int(index), "y": .int(y)] }

  @Test func eachWorkerHasItsLogAndReadsThoseOfOthersOnce() throws {
    let folder = try run(FakeDisk())
    let (one, two) = (
      TrialStore(run: folder, sweep: "runs", worker: "w1"), TrialStore(run: folder, sweep: "runs", worker: "w2")
    )
    try one.append(line(0, 1))
    try two.append(line(1, 2))
    #expect(one.newLines().map(\.json) == [line(1, 2)] && one.newLines().isEmpty)
    try two.append(line(2, 3))
    #expect(one.newLines().map(\.json) == [line(2, 3)])
    #expect(one.newLines(includingOwn: true).map(\.log) == ["trials/runs/w1.jsonl"])
    #expect(TrialStore.records(of: "runs", in: folder.path, fileSystem: folder.files.fileSystem).count == 3)
  }

  @Test func aLineThatIsNotWholeYetIsReadWhenItIs() throws {
    let disk = FakeDisk(), folder = try run(disk)
    let one = TrialStore(run: folder, sweep: "runs", worker: "w1")
    let before = RecordLog.line(line(5, 5)), whole = RecordLog.line(line(0, 1))
    try folder.files.makeFolders(folder.path + "/trials/runs")
    let file = try disk.append(folder.path + "/trials/runs/w2.jsonl")
    try disk.write(before + whole.prefix(20), to: file)
    #expect(one.newLines().map(\.json) == [line(5, 5)] && one.newLines().isEmpty)
    try disk.write(Array(whole.dropFirst(20)), to: file)
    #expect(one.newLines().map(\.json) == [line(0, 1)])
  }

  @Test func whatWasAppendedSurvivesALossOfPowerOnceSynced() throws {
    let disk = FakeDisk(), folder = try run(disk)
    let store = TrialStore(run: folder, sweep: "runs", worker: "w1")
    try store.append(line(0, 1))
    try store.sync()
    try store.append(line(1, 1))
    let left = disk.afterPowerLoss()[folder.path + "/trials/runs/w1.jsonl"] ?? []
    #expect(RecordLog.read(left).records == [line(0, 1)])
  }

  @Test func tensorsTakeTheirNameOnce() throws {
    let disk = FakeDisk(), folder = try run(disk)
    let (one, two) = (
      TrialStore(run: folder, sweep: "runs", worker: "w1"), TrialStore(run: folder, sweep: "runs", worker: "w2")
    )
    let name = try one.commitTensors([1, 2, 3], trial: 4) { _ in true }
    #expect(name == "trials/runs/4.safetensors")
    // The same again is accepted, another of a trial that is finished is not, and a damaged leftover is replaced.
    #expect(try two.commitTensors([1, 2, 3], trial: 4) { _ in true } == name)
    #expect(throws: TrialStore.Unequal.self) { try two.commitTensors([9], trial: 4) { _ in true } }
    #expect(try disk.read(folder.path + "/" + name) == [1, 2, 3])
    _ = try two.commitTensors([9], trial: 4) { _ in false }
    #expect(try disk.read(folder.path + "/" + name) == [9])
    #expect(disk.afterPowerLoss()[folder.path + "/" + name] == [9])
    #expect(!disk.names.keys.contains { $0.contains("/attempts/") })
  }

  @Test func aFullDiskLeavesNoTensorsBehind() throws {
    for write in 0..<3 {
      let disk = FakeDisk(), folder = try run(disk)
      disk.faults = [.fullAtWrite(write)]
      let store = TrialStore(run: folder, sweep: "runs", worker: "w1")
      do { _ = try store.commitTensors([1, 2, 3, 4], trial: 0) { _ in false } } catch {
        #expect(!disk.exists(folder.path + "/trials/runs/0.safetensors"))
      }
    }
  }

  @Test func aClaimIsForTheFirst() throws {
    let folder = try run(FakeDisk()), live = folder.live
    try live.make()
    #expect(try live.claim("runs/0", ["worker": "w1"]))
    #expect(try !live.claim("runs/0", ["worker": "w2"]))
    #expect(live.claim("runs/0")?["worker"]?.string == "w1")
    live.remove()
    #expect(!live.exists)
    #expect(throws: FileError.self) { try live.claim("runs/1", ["worker": "w1"]) }
    #expect(!live.exists)
  }

  @Test func whatMattersOnlyWhileOneWorksIsNotSealed() throws {
    let folder = try run(FakeDisk())
    try folder.live.make()
    try folder.live.write(Lease(worker: "w1", seconds: 5))
    try folder.seal(RunRecord(id: folder.name, study: "s"))
    folder.live.remove()
    #expect(try folder.checkManifest().isEmpty)
    try folder.unseal()
    #expect(throws: FileError.self) { try folder.checkManifest() }
  }

  @Test func workersHaveNamesOfTheirOwn() throws {
    let folder = try run(FakeDisk())
    #expect(try (1...3).map { _ in try folder.addWorker([]) } == ["w1", "w2", "w3"])
  }

  @Test func whatWasRemovedOrCutIsNamed() throws {
    let disk = FakeDisk(), folder = try run(disk), texts = [(name: "s.exp", text: "let x = 1")]
    try folder.add([RunFolder.content(source: "s.exp", text: "let x = 1")])
    for worker in try (1...2).map({ _ in try folder.addWorker([]) }) {
      let store = TrialStore(run: folder, sweep: "runs", worker: worker)
      try store.append(["index": 1])
      try store.append(["index": 2])
    }
    #expect(folder.damage(sources: texts).isEmpty)
    let log = "\(folder.path)/trials/runs/w2.jsonl"
    try disk.remove("\(folder.path)/trials/runs/w1.jsonl")
    let bytes = try disk.read(log)
    try folder.files.write(Array(bytes.dropLast(3)), to: log)
    try folder.files.makeFolders(folder.path + "/checkpoints/0123456789abcdef")
    let found = folder.damage(sources: [(name: "s.exp", text: "let x = 2")]).map { $0.dropFirst(folder.path.count + 1) }
    #expect(
      found == [
        "trials/runs/w1.jsonl is gone; its trials are computed again",
        "trials/runs/w2.jsonl ends inside a line; that trial is computed again",
        "checkpoints/0123456789abcdef/ is empty; what it kept is computed again",
        "source/s.exp was damaged or gone; it is written again",
      ])
  }
}

@Suite struct LeaseTests {
  /// Of a process of another machine, which cannot be looked at.
  private func lease(_ counter: Int, hasEnded: Bool = false) -> Lease {
    let far = ProcessIdentity(host: "far", system: "another", process: 1, start: "1")
    var lease = Lease(worker: "w1", identity: far, seconds: 10)
    lease.counter = counter
    lease.hasEnded = hasEnded
    return lease
  }

  @Test func aCounterThatStandsStillIsDeadByOnesOwnClock() {
    let watch = LeaseWatch()
    watch.observe([lease(1)], at: 100)
    #expect(watch.verdict("w1", at: 110, patience: 5) == .alive && watch.undecided(at: 105) == ["w1"])
    watch.observe([lease(2)], at: 110)
    #expect(watch.verdict("w1", at: 119, patience: 5) == .alive && watch.undecided(at: 119).isEmpty)
    watch.observe([lease(2)], at: 119)
    #expect(watch.verdict("w1", at: 120.5, patience: 5) == .dead)
    // It only slept.
    watch.observe([lease(3)], at: 121)
    #expect(watch.verdict("w1", at: 122, patience: 5) == .alive)
    watch.observe([lease(3, hasEnded: true)], at: 122)
    #expect(watch.verdict("w1", at: 122, patience: 5) == .ended)
  }

  @Test func oneThatIsNeverSeenIsDeadAfterAWhile() {
    let watch = LeaseWatch()
    #expect(watch.verdict("w9", at: 0, patience: 5) == .alive)
    #expect(watch.verdict("w9", at: 4, patience: 5) == .alive)
    #expect(watch.verdict("w9", at: 5.5, patience: 5) == .dead)
  }

  #if os(Linux)
    @Test func aDeadProcessOfThisMachineIsSeenAtOnce() throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sleep")
      process.arguments = ["30"]
      try process.run()
      let stat = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
      let start = stat.split(separator: ")").last?.split(separator: " ")[19]
      var identity = ProcessIdentity.own
      identity.process = Int(process.processIdentifier)
      identity.start = String(start ?? "")
      #expect(identity.lives == true)
      // The number is used again by another.
      var later = identity
      later.start += "1"
      #expect(later.lives == false)
      process.terminate()
      process.waitUntilExit()
      let watch = LeaseWatch()
      watch.observe([Lease(worker: "w2", identity: identity, seconds: 1000)], at: 0)
      #expect(watch.verdict("w2", at: 0, patience: 1000) == .dead)
      #expect(ProcessIdentity.own.lives == true)
    }
  #endif
}
