import Syntax

/// Assignment to elements, fields and paths of both.
extension Machine {
  @inline(never) func setIndexSlow(
    _ object: UnsafeMutablePointer<Value>, _ index: UnsafeMutablePointer<Value>, _ value: UnsafeMutablePointer<Value>,
    _ flags: Int
  ) throws {
    if object.pointee.tag == .record, index.pointee.tag == .string {
      intern(index)
      // An existing field of a record that nobody else holds. A record is never put into itself.
      if object.pointee.isUnique, value.pointee.bits != object.pointee.bits {
        let place = object.pointee.record.shape.index(of: index.pointee.string)
        if place >= 0 {
          let new = value.pointee
          if flags & 2 != 0 { value.pointee = .none } else { heap.retain(new) }
          Machine.put(heap, object.pointee.record.values + place, new)
          if flags & 1 != 0 { Machine.drop(heap, index) }
          return
        }
      }
    }
    try assign(object, [.value(index.pointee)], value.pointee)
    if flags & 1 != 0 { Machine.drop(heap, index) }
    if flags & 2 != 0 { Machine.drop(heap, value) }
  }

  /// `slot[indexes] = value` (borrowed); the slot is as it was when it throws.
  private func assign(_ slot: UnsafeMutablePointer<Value>, _ indexes: [TensorHooks.Index], _ value: Value) throws {
    if slot.pointee.tag == .tensor { return try TensorHooks.store(self, at: slot, indexes, value) }
    // Counted first, so that a value put into itself is found shared and copied.
    heap.retain(value)
    do {
      guard let place = try place(slot, indexes, mayAdd: true) else { return heap.release(value) }
      Machine.put(heap, place, value)
    } catch {
      heap.release(value)
      throw error
    }
  }

  /// Where `slot[indexes]` is kept, with everything on the way made this slot's own.
  private func place(
    _ slot: UnsafeMutablePointer<Value>, _ indexes: [TensorHooks.Index], mayAdd: Bool
  ) throws -> UnsafeMutablePointer<Value>? {
    guard indexes.count == 1, case .value(let index) = indexes[0] else {
      throw RuntimeError("E0207", "only tensors take several indexes at once, not \(brief(slot.pointee))")
    }
    switch slot.pointee.tag {
    case .list:
      guard let number = try wholeNumber(index) else {
        throw index.tag == .range || index.tag == .list ? severalAssigned(index) : unsuitableIndex(slot.pointee, index)
      }
      let position = try Machine.position(number, slot.pointee.list.count, "a list")
      slot.pointee = heap.uniqueList(slot.pointee)
      return slot.pointee.list.elements + position
    case .record:
      guard index.tag == .string else { throw unsuitableIndex(slot.pointee, index) }
      return try fieldPlace(slot, index, mayAdd: mayAdd)
    case .range:
      slot.pointee = try listed(slot.pointee)
      return try place(slot, indexes, mayAdd: mayAdd)
    default:
      throw RuntimeError(
        "E0207", "cannot assign to a part of \(brief(slot.pointee))", label: describeKind(slot.pointee),
        help: slot.pointee.tag == .string ? ["strings do not change; make a new one"] : [])
    }
  }

  /// Where a field of the record in a slot is kept, the record being made the slot's own; a missing field is added as
  /// none.
  private func fieldPlace(
    _ slot: UnsafeMutablePointer<Value>, _ name: Value, mayAdd: Bool
  ) throws -> UnsafeMutablePointer<Value> {
    let key = heap.interned(name)
    defer { heap.release(key) }
    if heap.field(slot.pointee, key) == nil {
      guard mayAdd else { throw missingField(slot.pointee, name.swiftString) }
      slot.pointee = heap.setField(slot.pointee, key, .none)
    } else {
      slot.pointee = heap.uniqueRecord(slot.pointee)
    }
    let index = slot.pointee.record.shape.index(of: key.string)
    return slot.pointee.record.values + index
  }

  /// `root.a[i].b op= value` in one go: everything on the way is made the root's own, the last step assigned.
  @inline(never) func assignPath(
    _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ registers: UnsafeMutablePointer<Value>,
    _ root: UnsafeMutablePointer<Value>, _ first: UnsafeMutablePointer<Value>, _ number: Int
  ) throws {
    let path = prototype.pointee.paths + number
    if path.pointee.stepCount == 2, assignFloat(path, registers, root, first) { return }
    var operand = first
    guard let slot = plainPlace(path, registers, root, &operand) else {
      return try assignAnyPath(prototype, registers, root, first, number)
    }
    if let operation = path.pointee.operation {
      let old = slot.pointee, new = operand.pointee
      if old.tag == .float && new.tag == .float && operation == .add {
        slot.pointee = Value(old.asDouble + new.asDouble)
      } else if old.tag == .float && new.tag == .float && operation == .subtract {
        slot.pointee = Value(old.asDouble - new.asDouble)
      } else {
        try binarySlow(operation, slot, slot, operand, 3)
      }
    } else {
      let value = operand.pointee
      operand.pointee = .none
      Machine.put(heap, slot, value)
    }
    for i in 0...(operand - first) { Machine.drop(heap, first + i) }
  }

  /// `root[i][j] op= x` and `root[i].name op= x` of floats where nobody else holds the list and what is in it; false,
  /// and nothing is done, where it is not that.
  @inline(__always) private func assignFloat(
    _ path: UnsafeMutablePointer<LoadedPath>, _ registers: UnsafeMutablePointer<Value>,
    _ root: UnsafeMutablePointer<Value>, _ operands: UnsafeMutablePointer<Value>
  ) -> Bool {
    let steps = path.pointee.steps
    var operands = operands
    guard steps[0].isPlainIndex, root.pointee.tag == .list, root.pointee.isUnique,
      let row = Machine.place(root.pointee, Machine.index(steps, registers, &operands))
    else { return false }
    let slot: UnsafeMutablePointer<Value>
    if steps[1].isPlainIndex {
      guard let place = Machine.place(row.pointee, Machine.index(steps + 1, registers, &operands)) else { return false }
      slot = place
    } else {
      guard row.pointee.tag == .record, row.pointee.record.shape.pointee.id == steps[1].shape else { return false }
      slot = row.pointee.record.values + Int(steps[1].index)
    }
    let operand = operands.pointee
    guard row.pointee.isUnique, slot.pointee.tag == .float, operand.tag == .float else { return false }
    let old = slot.pointee.asDouble, new = operand.asDouble
    switch path.pointee.operation {
    case .none: slot.pointee = Value(new)
    case .add: slot.pointee = Value(old + new)
    case .subtract: slot.pointee = Value(old - new)
    case .multiply: slot.pointee = Value(old * new)
    default: return false
    }
    return true
  }

  /// The index of a step; `operand` moves on where it stands there.
  @inline(__always) private static func index(
    _ step: UnsafeMutablePointer<LoadedStep>, _ registers: UnsafeMutablePointer<Value>,
    _ operand: inout UnsafeMutablePointer<Value>
  ) -> Value {
    if step.pointee.local >= 0 { return registers[Int(step.pointee.local)] }
    if step.pointee.key.tag == .int { return step.pointee.key }
    defer { operand += 1 }
    return operand.pointee
  }

  /// Follows a path of existing fields of records and positions of lists; nil where anything else is met. `operand` moves on to the
  /// register of the value.
  @inline(__always) private func plainPlace(
    _ path: UnsafeMutablePointer<LoadedPath>, _ registers: UnsafeMutablePointer<Value>,
    _ root: UnsafeMutablePointer<Value>, _ operand: inout UnsafeMutablePointer<Value>
  ) -> UnsafeMutablePointer<Value>? {
    var slot = root
    for i in 0..<path.pointee.stepCount {
      let step = path.pointee.steps + i
      if step.pointee.key.tag == .string {
        guard slot.pointee.tag == .record else { return nil }
        let shape = slot.pointee.record.shape
        if shape.pointee.id != step.pointee.shape {
          let index = shape.index(of: step.pointee.key.string)
          guard index >= 0 else { return nil }
          step.pointee.shape = shape.pointee.id
          step.pointee.index = Int32(truncatingIfNeeded: index)
        }
        if !slot.pointee.isUnique { slot.pointee = heap.uniqueRecord(slot.pointee) }
        slot = slot.pointee.record.values + Int(step.pointee.index)
      } else {
        guard step.pointee.isPlainIndex,
          let place = Machine.place(slot.pointee, Machine.index(step, registers, &operand))
        else { return nil }
        let index = place - slot.pointee.list.elements
        if !slot.pointee.isUnique { slot.pointee = heap.uniqueList(slot.pointee) }
        slot = slot.pointee.list.elements + index
      }
    }
    return slot
  }

  /// A path in full generality.
  private func assignAnyPath(
    _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ registers: UnsafeMutablePointer<Value>,
    _ root: UnsafeMutablePointer<Value>, _ first: UnsafeMutablePointer<Value>, _ number: Int
  ) throws {
    let path = prototype.pointee.prototype.takeUnretainedValue().paths[number]
    var operands = first
    var slot = root
    var pendingIndexes: [TensorHooks.Index]?
    for (position, step) in path.steps.enumerated() {
      let isLast = position == path.steps.count - 1
      switch step {
      case .field(let name):
        slot = try fieldStep(slot, name, mayAdd: isLast && path.operation == nil)
      case .index, .local, .constant:
        let indexes = indexes(step, registers, &operands)
        if slot.pointee.tag == .tensor {
          guard isLast else {
            throw RuntimeError(
              "E0207", "cannot assign to a part of an element of a tensor", help: ["write `t[i, j] = v`"])
          }
          pendingIndexes = indexes
        } else if let place = try place(slot, indexes, mayAdd: isLast && path.operation == nil) {
          slot = place
        }
      }
    }
    if let indexes = pendingIndexes {
      try assignTensor(slot, indexes, path.operation, operands)
    } else if let operation = path.operation {
      try binarySlow(operation, slot, slot, operands, 3)
    } else {
      Machine.put(heap, slot, operands.pointee)
      operands.pointee = .none
    }
    var used = first
    while used <= operands {
      Machine.drop(heap, used)
      used += 1
    }
  }

  private func indexes(
    _ step: Prototype.AssignmentPath.Step, _ registers: UnsafeMutablePointer<Value>,
    _ operands: inout UnsafeMutablePointer<Value>
  ) -> [TensorHooks.Index] {
    switch step {
    case .field: return []
    case .local(let register): return [.value(registers[register])]
    case .constant(let index): return [.value(Value(index))]
    case .index(let isWhole):
      return isWhole.map { whole in
        if whole { return .whole }
        defer { operands += 1 }
        return .value(operands.pointee)
      }
    }
  }

  private func assignTensor(
    _ slot: UnsafeMutablePointer<Value>, _ indexes: [TensorHooks.Index], _ operation: BinaryOperator?,
    _ operand: UnsafeMutablePointer<Value>
  ) throws {
    guard let operation else { return try TensorHooks.store(self, at: slot, indexes, operand.pointee) }
    let part = try TensorHooks.index(self, slot.pointee, indexes)
    defer { heap.release(part) }
    let place = UnsafeMutablePointer<Value>.allocate(capacity: 2)
    place[0] = .none
    place[1] = part
    defer {
      heap.release(place[0])
      place.deallocate()
    }
    try binarySlow(operation, place, place + 1, operand, 0)
    try TensorHooks.store(self, at: slot, indexes, place[0])
  }

  func fieldStep(
    _ slot: UnsafeMutablePointer<Value>, _ name: String, mayAdd: Bool
  ) throws -> UnsafeMutablePointer<Value> {
    switch slot.pointee.tag {
    case .record:
      let key = heap.interned(name)
      defer { heap.release(key) }
      if heap.field(slot.pointee, key) == nil, let other = otherSpelling(of: key, in: slot.pointee) {
        return try fieldPlace(slot, slot.pointee.record.key(other), mayAdd: mayAdd)
      }
      return try fieldPlace(slot, key, mayAdd: mayAdd)
    case .closure:
      return try capturePlace(slot, name)
    default:
      throw RuntimeError(
        "E0208", "cannot assign to the field `\(name)` of \(brief(slot.pointee))", label: describeKind(slot.pointee),
        help: slot.pointee.tag == .table
          ? ["`t = t.with_column(\"\(name)\", values)` gives a table another column"] : [])
    }
  }

  /// `net.weight = w`: the captured value of a closure, the closure being made the slot's own.
  private func capturePlace(_ slot: UnsafeMutablePointer<Value>, _ name: String) throws -> UnsafeMutablePointer<Value> {
    let prototype = slot.pointee.closure.prototype
    guard let index = prototype.captures.firstIndex(where: { $0.name == name && $0.isField }) else {
      throw missingField(slot.pointee, name)
    }
    if !slot.pointee.isUnique {
      let old = slot.pointee
      let count = old.closure.captureCount
      let copy = heap.closure(old.closure.pointee.prototype, captures: count)
      for i in 0..<count { copy.closure.captures[i] = heap.retained(old.closure.captures[i]) }
      heap.state.pointee.copies += 1
      slot.pointee = copy
      heap.release(old)
    }
    return slot.pointee.closure.captures + index
  }
}
