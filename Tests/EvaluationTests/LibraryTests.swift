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

  /// Functions are compiled one by one, those of one name together; a file that binds anything else, as a whole.
  @Test func functionsStandForThemselves() throws {
    let texts = [
      "a": "fn double(x: list) = [double(v) for v in x]\nfn other() = 1\nfn double(x) = 2 * x\n"
        + "fn broken(x) = unknown_to_all(x)\n",
      "b": "let factor = 3\nfn triple(x) = factor * x\nfn nine(x) = triple(triple(x))\n",
    ]
    let files = texts.sorted { $0.key < $1.key }.map { name, text in
      StandardLibrary.File(
        name: name, path: name, source: SourceStore.shared.add(name: "stdlib/\(name).exp", text: text))
    }
    let library = StandardLibrary(files: files)
    for (name, file, part) in [("double", 0, "double" as String?), ("triple", 1, nil), ("nine", 1, nil)] {
      let found = try library.code(defining: name, inFile: file)
      #expect(found.part == StandardLibrary.Part(file: file, name: part), "\(name)")
      #expect(found.code.globals.map(\.name).contains(name))
    }
    #expect(throws: Diagnostic.self) { try library.code(defining: "broken", inFile: 0) }
    let host = TestHost()
    let session = Session(library: library, host: host, threads: 1)
    let text = "print(double([1, 2]))\nprint(nine(2))\nprint(double(double(1)))"
    #expect(session.run(SourceStore.shared.add(name: "x", text: text)).isEmpty)
    #expect(host.printed == ["[2, 4]", "18", "4"])
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
      let machine = try Machine(library: library, host: TestHost())
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
