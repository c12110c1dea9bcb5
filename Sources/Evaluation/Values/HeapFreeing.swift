/// Freeing is iterative, so that a list nested a million deep takes no native stack. An interrupt is not kept waiting by
/// millions of objects: what is left of them is freed with the next one that dies after it was answered.
extension Heap {
  /// Elements of a list that are released at once.
  private static let slice = 1 << 12

  /// Frees an object whose last count was given back.
  @inline(never) func free(_ value: Value) {
    switch value.tag {
    case .string:
      deallocateString(value)
    case .tensor:
      deallocateTensor(value)
    default:
      doom(value)
      if !state.pointee.isFreeing { drain() }
    }
  }

  private func doom(_ value: Value) {
    if state.pointee.doomedCount == state.pointee.doomedCapacity {
      let grown = UnsafeMutablePointer<Value>.allocate(capacity: state.pointee.doomedCapacity * 2)
      grown.moveInitialize(from: state.pointee.doomed, count: state.pointee.doomedCount)
      state.pointee.doomed.deallocate()
      state.pointee.doomed = grown
      state.pointee.doomedCapacity *= 2
    }
    state.pointee.doomed[state.pointee.doomedCount] = value
    state.pointee.doomedCount += 1
  }

  /// Frees what is doomed, until an interrupt stops it or all is done.
  func drain(ignoringInterrupts: Bool = false) {
    state.pointee.isFreeing = true
    while state.pointee.doomedCount > 0 {
      if !ignoringInterrupts, state.pointee.poll.isRaised, state.pointee.poll.bits & Poll.interrupt != 0 { break }
      state.pointee.doomedCount -= 1
      dismantle(state.pointee.doomed[state.pointee.doomedCount])
    }
    state.pointee.isFreeing = false
  }

  /// Releases what an object holds (children go to `doomed`) and gives its memory back.
  private func dismantle(_ value: Value) {
    switch value.tag {
    case .list:
      let list = value.list
      if list.pointee.count > Heap.slice {
        list.pointee.count -= Heap.slice
        doom(value)
        return releaseAll(list.elements + list.pointee.count, Heap.slice)
      }
      releaseAll(list.elements, list.pointee.count)
      deallocate(value.pointer, bytes: ListObject.bytes(list.pointee.capacity))
    case .record:
      let record = value.record
      releaseAll(record.values, record.count)
      releaseShape(record.pointee.shape)
      deallocate(value.pointer, bytes: RecordObject.bytes(Int(record.pointee.capacity)))
    case .closure:
      let closure = value.closure
      let count = closure.captureCount
      releaseAll(closure.captures, count)
      deallocate(value.pointer, bytes: ClosureObject.bytes(count))
    case .range:
      let range = value.pointer.assumingMemoryBound(to: RangeObject.self)
      release(range.pointee.start)
      release(range.pointee.end)
      release(range.pointee.step)
      deallocate(value.pointer, bytes: MemoryLayout<RangeObject>.stride)
    case .overload, .table, .figure, .module, .bound:
      let box = value.box
      release(box.pointee.first)
      release(box.pointee.second)
      box.pointee.object?.release()
      deallocate(value.pointer, bytes: MemoryLayout<BoxObject>.stride)
    case .none, .unset, .bool, .int, .float, .native, .string, .tensor: break
    }
  }

  @inline(__always) private func releaseAll(_ values: UnsafeMutablePointer<Value>, _ count: Int) {
    for i in 0..<count { release(values[i]) }
  }
}
