import Diagnostics
import Evaluation
import Foundation
import Testing

/// What is known of imported files before anything runs.
@Suite struct ImportCheckTests {
  private func check(_ text: String) throws -> [Diagnostic] {
    let host = TestHost()
    host.folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Specs/modules"
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    return session.check(SourceStore.shared.add(name: "study.exp", text: text))
  }

  @Test func aRingIsNamed() throws {
    let found = try check("use \"./files/ring_a.exp\" as a\na.b()")
    #expect(found.map(\.id) == ["E0712"])
    #expect(
      found.first?.label == "`files/ring_a.exp` imports `files/ring_b.exp` imports `files/ring_a.exp`")
    #expect(found.first.map { SourceStore.shared.file($0.span.file)?.name.hasSuffix("ring_b.exp") } == true)
  }

  @Test func aMissingFileIsNamed() throws {
    #expect(try check("let x = 1\nuse \"./absent.exp\" as a").map(\.id) == ["E0711"])
  }

  @Test func whatIsWrongInAnImportedFileIsSaidOnce() throws {
    let text = "use \"./files/wrong.exp\" as a\nuse \"./files/wrong.exp\" as b\nuse \"./files/outer.exp\" as c"
    #expect(try check(text).map(\.id) == ["E0103"])
  }

  /// Options, seed, claims and citations of an imported file would be passed over.
  @Test func whatOnlyAStudySaysIsNamedInAnImportedFile() throws {
    let found = try check("use \"./files/study.exp\" as a\na.twice(2)")
    #expect(found.map(\.id) == ["E0713", "E0713", "E0713", "E0713"])
    #expect(
      found.map(\.message)
        == ["seed", "option", "cite", "claim"].map { "`\($0)` stands in a file that is imported" })
    let host = TestHost()
    host.folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Specs/modules"
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    let text = "use \"./files/study.exp\" as a\nprint(a.twice(2))"
    let study = SourceStore.shared.add(name: "study.exp", text: text)
    #expect(try onLargeStack { session.run(study) }.map(\.id) == ["E0713"])
    #expect(host.printed == [])
    let places = found.compactMap { diagnostic in
      SourceStore.shared.file(diagnostic.span.file).map { file in
        "\(file.name.hasSuffix("files/study.exp")) \(file.position(Int(diagnostic.span.lower)).line)"
      }
    }
    #expect(places == ["true 1", "true 2", "true 3", "true 5"])
  }

  @Test func aFileThatSeveralImportRunsOnce() throws {
    let host = TestHost()
    host.folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Specs/modules/files"
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    let text = "use \"./left.exp\" as l\nuse \"./right.exp\" as r\nuse \"./drawn.exp\" as d"
    let file = SourceStore.shared.add(name: "study.exp", text: text)
    #expect(try onLargeStack { session.run(file) } == [])
    #expect(host.printed == ["drawn"])
    // The next program runs it again: it may have changed.
    #expect(try onLargeStack { session.run(file) } == [])
    #expect(host.printed == ["drawn", "drawn"])
  }

  /// Files that import each other in a row: however many, they are checked and run, or the row is too long for the stack.
  @Test func aLongChainOfImports() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("exp-chain-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let count = 2_100
    for i in 1...count {
      let text = i < count ? "use \"./f\(i + 1).exp\" as m\nfn g() = m.g() + 1\n" : "fn g() = 1\n"
      try Data(text.utf8).write(to: folder.appendingPathComponent("f\(i).exp"))
    }
    let host = TestHost()
    host.folder = folder.path
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    let file = SourceStore.shared.add(name: "chain.exp", text: "use \"./f1.exp\" as m\nm.g()")
    #expect(try onLargeStack(of: 1 << 20) { session.check(file) }.map(\.id) == ["E0303"])
    #expect(try onLargeStack { session.check(file) } == [])
    #expect(try onLargeStack { session.run(file) } == [])
    #expect(host.events.contains { if case .shown(.int(count), _) = $0 { true } else { false } })
  }

  /// What a run refuses before its first statement, a check refuses.
  @Test func asManyNamesAsARunTakes() throws {
    let found = try check((0...60_000).map { "let a\($0) = 0\n" }.joined())
    #expect(found.map(\.id) == ["E0301"] && found.first.map { $0.span.lower > 0 && !$0.help.isEmpty } == true)
  }
}
