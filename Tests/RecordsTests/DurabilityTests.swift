import Notation
import Testing

@testable import Records

/// That a written file survives a loss of power whole, and that an interrupted or failed write leaves the old one.
/// The disk of these tests forgets what was not synced; the tests named after mistakes show that it would notice
/// them.
@Suite struct DurabilityTests {
  let old = Array("old contents".utf8), new = Array("the new contents, longer".utf8)

  @Test func whatIsWrittenSurvives() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    try files.makeFolders("runs/a")
    try files.write(old, to: "runs/a/run.json")
    #expect(disk.afterPowerLoss() == ["runs/a/run.json": old])
    try files.write(new, to: "runs/a/run.json")
    #expect(disk.afterPowerLoss() == ["runs/a/run.json": new])
    #expect(disk.openCount == 0)
  }

  /// Whatever operation fails, the old contents stand or the new ones, whole, in memory and after a loss of power,
  /// and the failure is told.
  @Test func everyFailureLeavesOldOrNew() throws {
    let whole = FakeDisk()
    try RunFiles(whole).write(new, to: "f")
    // Making the file, writing, securing it, renaming, securing the folder.
    #expect(whole.operations >= 5)
    for n in 0..<(whole.operations + 2) {
      let disk = FakeDisk(), files = RunFiles(disk)
      try files.write(old, to: "f")
      disk.faults = [.failsAt(disk.operations + n)]
      var threw = false
      do { try files.write(new, to: "f") } catch { threw = true }
      let now = try disk.read("f"), later = disk.afterPowerLoss()["f"]
      #expect(now == old || now == new)
      #expect(later == old || later == new)
      #expect(threw == (n < whole.operations), "operation \(n)")
      if !threw { #expect(now == new && later == new) }
      #expect(disk.openCount == 0)
    }
  }

  /// None takes its name before the contents of all are safe, and each folder is synced once, last.
  @Test func filesWrittenTogetherWaitForTheDiskOnce() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    try files.makeFolders("d")
    let before = disk.asked.count
    try files.write([.init("d/a", old), .init("d/b", "text"), .init("c", new)])
    #expect(disk.afterPowerLoss() == ["d/a": old, "d/b": Array("text".utf8), "c": new])
    #expect(disk.openCount == 0)
    let asked = disk.asked[before...].map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
    #expect(
      asked.map(\.[0]) == ["create", "write", "create", "write", "create", "write"]
        + Array(repeating: "secure", count: 3) + Array(repeating: "rename", count: 3) + ["secure", "secure"])
    #expect(asked.suffix(2).map(\.[1]) == ["d", "."])
  }

  /// The same as of one file: each is the old one or the new one, in memory and after a loss of power, and nothing is left over.
  @Test func everyFailureAmongSeveralLeavesEachOldOrNew() throws {
    for n in 0..<14 {
      let disk = FakeDisk(), files = RunFiles(disk)
      try files.write([.init("f", old), .init("g", old)])
      disk.faults = [.failsAt(disk.operations + n)]
      var threw = false
      do { try files.write([.init("f", new), .init("g", new)]) } catch { threw = true }
      for name in ["f", "g"] {
        let now = try disk.read(name), later = disk.afterPowerLoss()[name]
        #expect(now == old || now == new)
        #expect(later == old || later == new)
        if !threw { #expect(now == new && later == new) }
      }
      #expect(disk.names.keys.sorted() == ["f", "g"])
      #expect(disk.openCount == 0)
    }
  }

  @Test func aFullDiskLeavesTheOldFileAndNoRest() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    try files.write(old, to: "f")
    disk.faults = [.fullAtWrite(1)]
    #expect(throws: FileError(operation: "write", path: "f", code: 28, reason: "no space left on device")) {
      try files.write(new, to: "f")
    }
    #expect(try disk.read("f") == old)
    #expect(disk.names.keys.sorted() == ["f"])
  }

  @Test func firstCommitWins() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    #expect(try files.commit(old, to: "trial.json"))
    #expect(try !files.commit(new, to: "trial.json"))
    #expect(disk.afterPowerLoss() == ["trial.json": old])
    #expect(disk.names.keys.sorted() == ["trial.json"])
  }

  // The next three do what a careless writer would; each must be noticed by `afterPowerLoss`, or the tests above
  // prove nothing.

  @Test func mistakeSkippedFileSyncIsNoticed() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    disk.faults = [.skipsFileSync]
    try files.write(new, to: "f")
    #expect(disk.afterPowerLoss()["f"] != new)
  }

  @Test func mistakeSkippedFolderSyncIsNoticed() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    disk.faults = [.skipsFolderSync]
    try files.write(new, to: "f")
    #expect(disk.afterPowerLoss()["f"] == nil)
    try files.makeFolders("runs/a")
    #expect(throws: Never.self) { try files.write(new, to: "runs/a/f") }
    #expect(disk.afterPowerLoss()["runs/a/f"] == nil)
  }

  @Test func mistakeRenameBeforeWriteIsNoticed() throws {
    let disk = FakeDisk()
    try RunFiles(disk).write(old, to: "f")
    let file = try disk.create("f.part")
    try disk.rename("f.part", to: "f")
    try disk.syncFolder(".")
    #expect(disk.afterPowerLoss()["f"] == [])
    try disk.write(new, to: file)
    #expect(disk.afterPowerLoss()["f"] == [])
  }

  @Test func logsSurviveAfterSync() throws {
    let disk = FakeDisk(), log = try RecordLog("t.jsonl", files: RunFiles(disk))
    try log.append(["a": 1])
    #expect(RecordLog.read(try disk.read("t.jsonl")).records == [["a": 1]])
    #expect(disk.afterPowerLoss()["t.jsonl"] == [])
    try log.sync()
    #expect(RecordLog.read(disk.afterPowerLoss()["t.jsonl"] ?? []).records == [["a": 1]])
    try log.append(["a": 2])
    try log.close()
    try log.close()
    #expect(RecordLog.read(disk.afterPowerLoss()["t.jsonl"] ?? []).records.count == 2)
    #expect(disk.openCount == 0)
  }

  @Test func logsSkipDamageAndGoOn() throws {
    let disk = FakeDisk(), files = RunFiles(disk)
    let first = try RecordLog("t.jsonl", files: files)
    try first.append(["a": 1, "text": "line\nbreak"])
    disk.faults = [.fullAtWrite(1)]
    #expect(throws: FileError.self) { try first.append(["a": 2]) }
    disk.faults = []
    let second = try RecordLog("t.jsonl", files: files)
    try second.append(["a": 3])
    let read = RecordLog.read(try disk.read("t.jsonl"))
    #expect(read.records.map { $0["a"]?.int } == [1, 3])
    #expect(read.damaged == 1)
    var bytes = try disk.read("t.jsonl")
    // One changed digit: still JSON, but no longer what was appended.
    let digit = try #require(bytes.firstRange(of: Array("\"a\":1".utf8))).upperBound - 1
    bytes[digit] = UInt8(ascii: "7")
    #expect(RecordLog.read(bytes).records.map { $0["a"]?.int } == [3])
    for line in String(decoding: RecordLog.line(["x": 0.5]), as: UTF8.self).split(separator: "\n") {
      #expect(try JSON.read(String(line))["record"]?["x"]?.number == 0.5)
    }
  }

  #if os(Linux)
    /// What could not be written is named by its path, also where a file is open for long.
    @Test func errorsOfOpenFilesNameThePath() throws {
      let disk = DiskFileSystem.shared, file = try disk.append("/dev/full")
      defer { try? disk.close(file) }
      let error = #expect(throws: FileError.self) { try disk.write([1], to: file) }
      #expect(error?.description == "could not write /dev/full: No space left on device")
    }
  #endif

  @Test func whatComesWhileTheLiveFolderGoesIsRemovedToo() throws {
    let disk = FakeDisk()
    _ = try disk.makeFolder("run")
    let live = LiveFolder("run", files: RunFiles(disk))
    try live.make()
    _ = try live.claim("runs/1", ["worker": "w1"])
    var late = 2
    disk.beforeRemoval = { folder in
      guard folder == "run/live/leases", late > 0 else { return }
      late -= 1
      try? live.write(Lease(worker: "w2", identity: .own, seconds: 30))
    }
    // The disk is held by what it calls.
    defer { disk.beforeRemoval = { _ in } }
    live.remove()
    #expect(late == 0 && !live.exists)
  }
}
