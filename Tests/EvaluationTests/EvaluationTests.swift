import Testing

@testable import Evaluation

@Suite struct HeapTests {
  @Test func valuesTakeSixteenBytes() {
    #expect(MemoryLayout<Value>.stride == 16)
  }

  @Test func nestedListsAreFreedWithoutRecursion() {
    let heap = Heap()
    defer { heap.destroy() }
    var list = heap.list([])
    for _ in 0..<1_000_000 { list = heap.list([list]) }
    heap.release(list)
    #expect(heap.state.pointee.liveObjects == 0)
  }

  @Test func anInterruptIsNotKeptWaitingByFreeing() {
    let heap = Heap()
    defer { heap.destroy() }
    let strings = heap.list((0..<100_000).map { heap.string("text number \($0)") })
    heap.state.pointee.poll.raise(Poll.interrupt)
    heap.release(strings)
    #expect(heap.state.pointee.liveObjects > 90_000)
    heap.state.pointee.poll.lower(Poll.interrupt)
    heap.release(heap.list([]))
    #expect(heap.state.pointee.liveObjects == 0)
  }

  @Test func recordsOfEqualHistoryShareAShape() {
    let heap = Heap()
    defer { heap.destroy() }
    let a = heap.record([("x", Value(1)), ("y", Value(2))])
    let b = heap.record([("x", Value(3)), ("y", heap.string("long enough to be no name"))])
    #expect(a.record.shape == b.record.shape)
    #expect(heap.field(b, named: "x")?.asInt == 3)
    #expect(heap.field(b, named: "z") == nil)
    heap.release(a)
    heap.release(b)
    heap.releaseSharedShapes()
    #expect(heap.state.pointee.liveObjects == 0)
  }

  @Test func aRecordMayHoldManyNames() {
    let heap = Heap()
    defer { heap.destroy() }
    var record = heap.emptyRecord()
    for i in 0..<10_000 {
      let key = heap.interned("key\(i)")
      record = heap.setField(record, key, Value(i))
      heap.release(key)
    }
    for i in stride(from: 0, to: 10_000, by: 37) { #expect(heap.field(record, named: "key\(i)")?.asInt == i) }
    #expect(heap.state.pointee.copies == 0)
    heap.release(record)
    heap.releaseSharedShapes()
    #expect(heap.state.pointee.liveObjects == 0)
  }
}
