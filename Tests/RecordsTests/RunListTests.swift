import Foundation
import Testing

@testable import Records

/// Runs are listed, asked for by what they were and gave, and tagged.
@Suite struct RunListTests {
  private func entry(
    _ study: String = "a", options: [Datum.Field] = [.init("noise", .float(0.2))], seed: Int = 1, claims: [Bool] = [],
    tags: [String] = []
  ) -> RunList.Entry {
    var run = RunRecord(id: study + "-1", study: study, options: options, seed: seed, started: "2026-11-20T10:00:00Z")
    run.state = .done
    run.seconds = 1.5
    run.counts.failed = 2
    run.claims = claims.map { RunRecord.Claim(text: "", holds: $0) }
    return RunList.Entry(folder: RunFolder(path: "runs/" + run.id, files: RunFiles()), run: run, tags: tags)
  }

  @Test(arguments: [
    ("noise = 0.2", true), ("noise=0.20", true), ("noise == 0.2 and claims = passed", true), ("claims = failed", false),
    ("noise > 0.2", false), ("noise >= 0.2 and noise <= 0.2", true), ("not noise = 0.2", false),
    ("noise != 0.2", false),
    ("absent = 1", false), ("absent != 1", false), ("not absent = 1", true), ("seed = 9 or seed = 1", true),
    ("seed = 9 and seed = 1 or study = a", true), ("seed = 9 and (seed = 1 or study = a)", false),
    ("study = 'a'", true), ("study = \"b\"", false), ("tag = paper", true), ("tag = draft", false),
    ("tag != draft", true), ("tag != paper", false), ("started >= 2026-11 and started < 2026-12", true),
    ("state = done", true), ("failed = 2", true), ("failed > 2", false), ("noise = high", false),
    ("noise = '0.2'", false),
    ("option.noise = 0.2", true), ("seconds < 1e1", true),
  ])
  func filters(_ text: String, _ holds: Bool) throws {
    #expect(try RunFilter(text).holds(entry(claims: [true, true], tags: ["paper", "x"])) == holds)
  }

  @Test func claimsArePassedFailedOrNone() throws {
    for (claims, word) in [([true, true], "passed"), ([true, false], "failed"), ([], "none")] {
      for other in ["passed", "failed", "none"] {
        #expect(try RunFilter("claims = \(other)").holds(entry(claims: claims)) == (word == other))
      }
    }
  }

  @Test(arguments: [
    ("", 0), ("noise", 5), ("noise 0.2", 6), ("noise = ", 8), ("noise = 0.2 and", 15), ("(noise = 1", 10), ("= 1", 0),
    ("noise = 'a", 8), ("noise = 1 noise = 2", 10), ("and = 1", 0), (String(repeating: "(", count: 200), 100),
  ])
  func textsThatAreNoFilter(_ text: String, _ offset: Int) {
    #expect { _ = try RunFilter(text) } throws: { ($0 as? RunFilter.Failure)?.offset == offset }
  }

  @Test func unknownNamesAreNamed() throws {
    let filter = try RunFilter("nois = 1 and option.noise = 2 and seed = 1")
    #expect(filter.unknownNames(in: [entry()]) == ["nois"])
  }

  @Test func runsAreReadFromTheirFoldersOldestFirst() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    for (n, started) in ["2026-11-20T12:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T13:00:00Z"].enumerated() {
      let folder = try RunFolder.create(in: base, study: "s\(n)", identity: "abcdef")
      try folder.write(RunRecord(id: folder.name, study: "s\(n)", started: started))
    }
    for other in ["no run", ".removed-s9-abcdef-1"] {
      try FileManager.default.createDirectory(atPath: base + "/" + other, withIntermediateDirectories: true)
    }
    try "{".write(toFile: base + "/s2-abcdef/run.json", atomically: true, encoding: .utf8)
    let list = try RunList.read(base)
    #expect(list.entries.map(\.run.study) == ["s1", "s0"])
    #expect(list.unreadable == ["s2-abcdef"])
    #expect(try RunList.read(base + "/absent").entries.isEmpty)
  }

  @Test func runsThatWereLeftAtTheirFirstOrLastMomentAreShownSo() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    _ = try RunFolder.create(in: base, study: "first", identity: "abcdef")
    for study in ["last", "whole"] {
      let folder = try RunFolder.create(in: base, study: study, identity: "abcdef")
      var run = RunRecord(id: folder.name, study: study)
      run.state = .done
      if study == "last" { try folder.write(run) } else { try folder.seal(run) }
    }
    var list = try RunList.read(base)
    list.judge()
    #expect(list.unbegun == ["first-abcdef"])
    #expect(RunFolder.open(base + "/first-abcdef") == nil && RunFolder.openUnread(base + "/first-abcdef/") != nil)
    #expect(RunFolder.openUnread(base) == nil)
    #expect(list.entries.map { "\($0.run.study) \($0.run.state)" } == ["last lost", "whole done"])
  }

  @Test func ofASealedRunTheManifestTellsWhichLogsLackLines() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    let folder = try RunFolder.create(in: base, study: "s", identity: "abcdef")
    let log = try folder.log("trials/w1.jsonl")
    for n in 1...3 { try log.append(["index": .int(n)]) }
    try log.close()
    try folder.seal(RunRecord(id: folder.name, study: "s"))
    #expect(folder.changedLogs() == [] && folder.damage(sources: []) == [])
    let path = folder.path + "/trials/w1.jsonl"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { $0 + "\n" }
    try lines[0].write(toFile: path, atomically: false, encoding: .utf8)
    #expect(folder.changedLogs() == ["trials/w1.jsonl"])
    #expect(folder.damage(sources: []) == ["\(path) is not as it was written; trials that it lacks are computed again"])
    // A log that ends inside a line is named once.
    try (lines[0] + lines[1].prefix(9)).write(toFile: path, atomically: false, encoding: .utf8)
    #expect(folder.damage(sources: []) == ["\(path) ends inside a line; that trial is computed again"])
    try folder.unseal()
    #expect(folder.changedLogs() == [])
  }

  @Test func tagsAreKeptOutsideOfTheManifest() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    let folder = try RunFolder.create(in: base, study: "s", identity: "abcdef")
    try folder.setTags(["early"])
    try folder.seal(RunRecord(id: folder.name, study: "s"))
    try folder.setTags(["paper", "final"])
    #expect(try folder.checkManifest() == [])
    #expect(try RunList.read(base).entries.map(\.tags) == [["final", "paper"]])
    try folder.setTags([])
    #expect(folder.tags() == [])
    #expect(try folder.checkManifest() == [])
    #expect(
      RunFolder.isTag("v1.2_final-b") && !RunFolder.isTag("a b") && !RunFolder.isTag("") && !RunFolder.isTag("a/b"))
  }
}
