import Foundation
import Records
import Testing

@testable import Studies

/// Old runs go; new ones, tagged ones and those that others have trials from stay.
@Suite struct CollectionTests {
  /// Runs of a folder, oldest first: name, state, tags, and the run that its trials come from.
  private func list(
    _ scratch: Scratch, _ runs: [(name: String, state: RunRecord.State, tags: Set<String>, from: String?)]
  ) throws -> RunList {
    let base = scratch.path + "/runs"
    for (n, run) in runs.enumerated() {
      let folder = try RunFolder.create(in: base, study: run.name, identity: "\(n)aaaaaaa")
      var record = RunRecord(id: folder.name, study: run.name, started: "2026-11-20T10:00:0\(n)Z")
      record.state = run.state
      try folder.write(record)
      try folder.setTags(run.tags)
      let log = try folder.log("trials/runs.jsonl")
      if let from = run.from { try log.append(["index": 0, "why": .string("taken from " + from)]) }
      try log.append(["index": 1, "why": "a new point"])
      try log.close()
      if run.state == .done { try folder.seal(record) }
    }
    return try RunList.read(base)
  }

  @Test func whatIsKept() throws {
    let scratch = Scratch()
    let list = try list(
      scratch,
      [
        ("a", .done, [], nil), ("a", .done, [], "a-0aaaaa"), ("a", .done, ["paper"], "a-1aaaaa"),
        ("a", .running, [], nil),
        ("a", .failed, [], nil), ("a", .done, [], nil), ("b", .done, [], nil), ("a", .done, [], "a-5aaaaa"),
      ])
    let kept = RunCollection(list).kept(newest: 1)
    #expect(
      kept == [
        "a-7aaaaa": .new, "b-6aaaaa": .new, "a-5aaaaa": .referenced(by: "a-7aaaaa"), "a-3aaaaa": .unfinished,
        "a-2aaaaa": .tagged, "a-1aaaaa": .referenced(by: "a-2aaaaa"), "a-0aaaaa": .referenced(by: "a-1aaaaa"),
      ])
    #expect(RunCollection(list).kept(newest: 9).count == 8)
    #expect(RunCollection(list).kept(newest: 0)["b-6aaaaa"] == nil)
  }

  /// What `--resume` can go on with stays, whoever stopped it and whether or not anybody said so.
  @Test(arguments: [RunRecord.State.planned, .running, .interrupted, .cancelled, .lost])
  func anUnfinishedRunIsKept(state: RunRecord.State) throws {
    let scratch = Scratch()
    var list = try list(scratch, [("a", .done, [], nil), ("a", .failed, [], nil), ("a", .done, [], nil)])
    list.entries[0].run.state = state
    #expect(RunCollection(list).kept(newest: 1) == ["a-0aaaaa": .unfinished, "a-2aaaaa": .new])
  }

  /// A run that was killed before it wrote its manifest says that it is done.
  @Test func aRunWithoutAManifestIsKept() throws {
    let scratch = Scratch()
    let list = try list(scratch, [("a", .done, [], nil), ("a", .done, [], nil), ("a", .done, [], nil)])
    try list.entries[0].folder.unseal()
    #expect(RunCollection(list).kept(newest: 1) == ["a-0aaaaa": .unfinished, "a-2aaaaa": .new])
  }

  @Test func aRemovedRunIsGoneAsAWhole() throws {
    let scratch = Scratch()
    let list = try list(scratch, [("a", .done, [], nil), ("b", .done, [], nil)])
    let folder = try #require(list.entries.first?.folder)
    #expect(RunCollection.bytes(folder) > 100)
    try RunCollection.remove(folder)
    let base = scratch.path + "/runs"
    #expect(try FileManager.default.contentsOfDirectory(atPath: base) == ["b-1aaaaa"])
    #expect(throws: FileError.self) { try RunCollection.remove(folder) }
    try FileManager.default.createDirectory(atPath: base + "/.removed-c-1", withIntermediateDirectories: false)
    RunCollection.removeLeftovers(base)
    #expect(try FileManager.default.contentsOfDirectory(atPath: base) == ["b-1aaaaa"])
  }
}
