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
      found.first?.label == "`./files/ring_a.exp` imports `./files/ring_b.exp` imports `./files/ring_a.exp`")
    #expect(found.first.map { SourceStore.shared.file($0.span.file)?.name.hasSuffix("ring_b.exp") } == true)
  }

  @Test func aMissingFileIsNamed() throws {
    #expect(try check("let x = 1\nuse \"./absent.exp\" as a").map(\.id) == ["E0711"])
  }

  @Test func whatIsWrongInAnImportedFileIsSaidOnce() throws {
    let text = "use \"./files/wrong.exp\" as a\nuse \"./files/wrong.exp\" as b\nuse \"./files/outer.exp\" as c"
    #expect(try check(text).map(\.id) == ["E0103"])
  }
}
