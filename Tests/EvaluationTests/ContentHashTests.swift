import Testing

@testable import Evaluation

/// What `unique`, `group_by` and `join` find values by.
@Suite struct ContentHashTests {
  /// How many hashes a thousand values of a kind have.
  private func count(_ make: (Heap, Int) -> Value) throws -> Int {
    let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
    let heap = session.machine.heap, hash = ContentHash(session.machine)
    var seen: Set<UInt64> = []
    for i in 0..<1000 {
      let value = make(heap, i)
      seen.insert(hash(value))
      heap.release(value)
    }
    return seen.count
  }

  @Test func valuesThatDifferHaveHashesOfTheirOwn() throws {
    #expect(try count { heap, i in heap.record([("a", Value(i)), ("b", heap.string("x"))]) } == 1000)
    #expect(try count { heap, i in heap.record([("inner", heap.record([("a", Value(Double(i) / 2))]))]) } == 1000)
    #expect(try count { heap, i in heap.list([.none, heap.list([heap.string("\(i)")])]) } == 1000)
  }

  /// However deep a value is, hashing it ends soon.
  @Test func deepValuesEnd() throws {
    let found = try count { heap, i in
      (0..<(i % 3) * 2000 + 1).reduce(Value(i)) { inner, _ in heap.list([inner]) }
    }
    #expect(found >= 330)
  }
}
