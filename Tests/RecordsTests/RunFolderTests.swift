import Foundation
import Testing

@testable import Records

@Suite struct RunFolderTests {
  static func temporary() throws -> String {
    let path = NSTemporaryDirectory() + "exp-records-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test func runsOfTheSameNameAreNumbered() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    let names = try ["abcdef1", "abcdef2", "1234567"].map {
      try RunFolder.create(in: base, study: "a", identity: $0).name
    }
    #expect(names == ["a-abcdef", "a-abcdef-2", "a-123456"])
  }

  @Test func aRunIsWrittenSealedAndRead() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    let identity = RunRecord.identity(
      sources: [("a.exp", "let x = 1")], options: [.init("n", .int(3))], seed: 7, numericsVersion: "1")
    let folder = try RunFolder.create(in: base + "/deep/runs", study: "double descent/..", identity: identity)
    #expect(folder.name == "double_descent_..-" + identity.prefix(6))
    var run = RunRecord(id: folder.name, study: "a", seed: 7)
    try folder.write(run)
    let table = RunFiles.Content(RunFolder.tablePath("runs"), CSV.write(Table(columns: [.init("x", [.float(0.1)])])))
    #expect(table.path == "tables/runs.csv")
    try folder.add([RunFolder.content(source: "../s/a.exp", text: "let x = 1"), table])
    #expect(try folder.addFigure(number: 1, svg: "<svg/>", csv: "x\n", gnuplot: "plot x") == "figures/1")
    let log = try folder.log("trials/runs-0.jsonl")
    try log.append(["i": 0])
    try log.close()
    run.state = .done
    try folder.seal(run, after: [RunFolder.content(StudyRecord(title: "t", run: run))])
    #expect(try folder.checkManifest() == [])
    #expect(RunFolder.open(folder.path + "/")?.readRun()?.state == .done)
    #expect(RunFolder.open(folder.path)?.readStudy()?.title == "t")
    #expect(
      try folder.contents() == [
        "figures/1.csv", "figures/1.gp", "figures/1.svg", "manifest.sha256", "run.json", "source/_../s/a.exp",
        "study.json",
        "tables/runs.csv",
        "trials/runs-0.jsonl",
      ])
    try checkWithSha256sum(folder.path)

    try folder.add([.init("tables/runs.csv", "changed")])
    try folder.add([.init("extra.txt", "new")])
    // A worker that came too late changes nothing of the run.
    #expect(try folder.addWorker([.init("host", .string("a"))]) == "w1")
    try FileManager.default.removeItem(atPath: folder.path + "/figures/1.gp")
    #expect(
      try folder.checkManifest().sorted() == [
        "changed: tables/runs.csv", "missing: figures/1.gp", "not listed: extra.txt",
      ])
    #expect(try folder.checkManifest { $0.hasPrefix("tables/") } == ["changed: tables/runs.csv"])
    #expect(try folder.checkManifest { $0 == RunFolder.studyName } == [])
  }

  private func checkWithSha256sum(_ path: String) throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/sha256sum") else { return }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.arguments = ["-c", "--status", "--strict", "manifest.sha256"]
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test func takenNamesGetANumber() throws {
    let base = try RunFolderTests.temporary()
    defer { try? FileManager.default.removeItem(atPath: base) }
    let names = try (0..<3).map { _ in try RunFolder.create(in: base, study: "a", identity: "abcdef0123").name }
    #expect(names == ["a-abcdef", "a-abcdef-2", "a-abcdef-3"])
  }

  @Test func pathsCannotLeadOut() throws {
    let folder = RunFolder(path: "r", files: RunFiles(FakeDisk()))
    for path in ["../x", "a/../../x", "/etc/x", "", "a//b", "./x", "a/\0"] {
      #expect(throws: FileError.self, "\(path)") { try folder.add([.init(path, "x")]) }
    }
  }

  @Test func aFolderThatCannotBeWrittenIsAnError() {
    #expect(throws: FileError.self) { try RunFolder.create(in: "/proc/nowhere/runs", study: "a", identity: "abcdef") }
    do {
      try RunFiles().write("x", to: "/proc/nowhere/f")
      Issue.record("no error")
    } catch { #expect("\(error)".hasPrefix("could not create /proc/nowhere/f")) }
  }

  /// The id depends on each of its four parts.
  @Test func identityHearsEveryIngredient() {
    func identity(
      _ text: String = "a", _ noise: Double = 0.1, _ seed: Int = 0, _ version: String = "1", name: String = "s.exp"
    ) -> String {
      RunRecord.identity(
        sources: [(name, text)], options: [.init("noise", .float(noise))], seed: seed, numericsVersion: version)
    }
    #expect(
      Set([
        identity(), identity("b"), identity("a", 0.2), identity("a", 0.1, 1), identity("a", 0.1, 0, "2"),
        identity(name: "t.exp"),
      ]).count == 6)
    #expect(identity() == identity())
  }

  @Test func tablesFromRows() {
    let table = Table(rows: [[.init("a", .int(1))], [.init("b", .int(2)), .init("a", .int(3))]], failures: [0: "no"])
    #expect(table.columnNames == ["a", "b"])
    #expect(table.column("b") == [.none, .int(2)])
    #expect(table.rows([1, 0, 7]).column("a") == [.int(3), .int(1)])
    #expect(table.rows([1, 0]).failures == [1: "no"])
    #expect(table.row(5).isEmpty)
  }
}
