import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Every file of the standard library compiles, and its `test` blocks pass.
@Suite struct LibraryTests {
  @Test func everyFileCompiles() throws {
    let library = try testLibrary.get()
    for (index, file) in library.files.enumerated() {
      do { _ = try library.code(ofFile: index) } catch let error as Diagnostic {
        let line = SourceStore.shared.file(error.span.file)?.position(Int(error.span.lower)).line ?? 0
        Issue.record("\(file.name).exp:\(line): \(error.message)")
      }
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
