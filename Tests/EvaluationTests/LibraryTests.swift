import Diagnostics
import Foundation
import Resolution
import Syntax
import Testing

@testable import Evaluation

/// Every file of the standard library compiles, and its `test` blocks pass.
@Suite struct LibraryTests {
  @Test func everyFileCompiles() throws {
    let library = try testLibrary.get()
    for (index, file) in library.files.enumerated() {
      let result = resolve(file.tree, prelude: library.prelude, isLibrary: true)
      do {
        if let error = (file.whole.diagnostics + result.1).first(where: { $0.severity == .error }) { throw error }
        _ = try StandardLibrary.compile(result.0)
        for name in file.names { _ = try library.code(defining: name, inFile: index) }
      } catch let error as Diagnostic {
        let line = SourceStore.shared.file(error.span.file)?.position(Int(error.span.lower)).line ?? 0
        Issue.record("\(file.name).exp:\(line): \(error.message)")
      }
    }
  }

  /// At the start only the heads of functions are read; they are what the whole files say.
  @Test func interfacesAreThoseOfTheWholeFiles() throws {
    for file in try testLibrary.get().files {
      #expect(interface(of: file.source) != nil, "\(file.name).exp is read whole at every start")
      let whole = StandardLibrary.File.definitions(of: file.tree)
      #expect(file.definitions.map(\.name) == whole.map(\.name))
      for (quick, full) in zip(file.definitions, whole) {
        func heads(_ parameters: [Parameter]?) -> [String]? {
          parameters?.map { "\($0.name.text) \($0.kind?.text ?? "") \($0.defaultValue != nil) \($0.isRest)" }
        }
        #expect(heads(quick.parameters) == heads(full.parameters), "\(quick.name)")
      }
    }
  }

  /// The scripts that were written before the language; decision 16 has the one name that differs.
  @Test func scriptsWrittenBeforeTheLanguage() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("SyntaxTests/Fixtures")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".exp") }
    #expect(names.count == 6)
    for name in names {
      let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      let wrong = session.check(SourceStore.shared.add(name: name, text: text)).map(\.message)
      #expect(wrong == (name == "stdlib_sketch.exp" ? ["nothing is named `rate` here"] : []), "\(name)")
    }
  }

  @Test func everyNameHasAValue() throws {
    try onLargeStack {
      let library = try testLibrary.get()
      let machine = Machine(library: library, host: TestHost())
      for name in library.prelude.names.keys.sorted() {
        do { _ = try machine.libraryValue(named: name) } catch {
          Issue.record("\(name): \(machine.runtimeError(error).message)")
        }
      }
      machine.clearRoots()
      #expect(machine.heap.state.pointee.liveObjects == 0)
    }
  }
}
