import Diagnostics
import Testing

@testable import Evaluation

/// Compiled code goes with the last machine that may run it.
@Suite struct PrototypeLeakTests {
  private final class Weak {
    weak var value: Prototype?
    init(_ value: Prototype) { self.value = value }
  }

  @Test(arguments: [
    "fn f(n) = if n < 1 { 0 } else { f(n - 1) }\nf(3)",
    "fn f(n) = if n < 1 { 0 } else { g(n - 1) }\nfn g(n) = f(n)\nf(3)",
    "fn outer(k) {\n  fn f(n) = if n < 1 { k } else { g(n - 1) }\n  fn g(n) = f(n)\n  f\n}\nouter(2)(5)",
    "fn f(x: list) = length(x) + f(0)\nfn f(x: number) = if x > 0 { f([]) } else { 1 }\nf([1])",
  ])
  func codeGoesWithItsMachine(_ text: String) throws {
    let library = try testLibrary.get()
    let all = try onLargeStack { () -> [Weak] in
      let session = Session(library: library, host: TestHost(), threads: 1)
      let known = Set(session.machine.loadedPrototypes.map { ObjectIdentifier($0) })
      let found = session.run(SourceStore.shared.add(name: "code.exp", text: text))
      #expect(found == [])
      return session.machine.loadedPrototypes.filter { !known.contains(ObjectIdentifier($0)) }.map { Weak($0) }
    }
    let left = all.compactMap { $0.value }.filter { SourceStore.shared.file($0.span.file)?.name == "code.exp" }
    #expect(left.map { $0.name } == [])
  }
}
