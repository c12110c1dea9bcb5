import Syntax

/// Indexing and nested assignment.
extension Machine {
  static func outOfRange(_ index: Int, _ count: Int, _ what: String) -> RuntimeError {
    RuntimeError(
      "E0206", "index \(index) is out of range for \(what) of length \(count)",
      label: count == 0 ? "it is empty" : "valid are 0 to \(count - 1), and -1 to -\(count) from the end",
      help: index == count && count > 0 ? ["elements are counted from 0: the last is `[\(count - 1)]` or `[-1]`"] : [])
  }

  /// A position from the front for an index that may count from the end.
  static func position(_ index: Int, _ count: Int, _ what: String) throws -> Int {
    let position = index < 0 ? index &+ count : index
    guard position >= 0, position < count else { throw outOfRange(index, count, what) }
    return position
  }

  @inline(never) func getIndexSlow(
    _ target: UnsafeMutablePointer<Value>, _ object: UnsafeMutablePointer<Value>, at position: Int, _ flags: Int
  ) throws {
    var index = Value(position)
    try getIndexSlow(target, object, &index, flags & 1)
  }

  @inline(never) func getIndexSlow(
    _ target: UnsafeMutablePointer<Value>, _ object: UnsafeMutablePointer<Value>, _ index: UnsafeMutablePointer<Value>,
    _ flags: Int
  ) throws {
    if object.pointee.tag == .record, index.pointee.tag == .string { intern(index) }
    if flags & 1 != 0, object.pointee.tag == .list, object.pointee.isUnique,
      let range = try part(object.pointee, index.pointee)
    {
      let list = object.pointee
      object.pointee = .none
      cut(list, to: range)
      if flags & 2 != 0 { Machine.drop(heap, index) }
      return Machine.put(heap, target, list)
    }
    let result = try element(of: object.pointee, index.pointee)
    if flags & 1 != 0 { Machine.drop(heap, object) }
    if flags & 2 != 0 { Machine.drop(heap, index) }
    Machine.put(heap, target, result)
  }

  /// Makes the string in a register the interned one of its text, so that it is looked up once only.
  @inline(__always) private func intern(_ slot: UnsafeMutablePointer<Value>) {
    guard !slot.pointee.string.isInterned else { return }
    Machine.put(heap, slot, heap.interned(slot.pointee))
  }

  /// `object[index]`, owned.
  func element(of object: Value, _ index: Value) throws -> Value {
    if object.tag == .tensor { return try TensorHooks.index(self, object, [.value(index)]) }
    if let number = try wholeNumber(index) {
      switch object.tag {
      case .list: return heap.retained(object.list.elements[try Machine.position(number, object.list.count, "a list")])
      case .string:
        return try iterationElement(object, try Machine.position(number, try characterCount(object), "a string"))
      case .range:
        let counts = try rangeCounts(object)
        return counts.value(try Machine.position(number, counts.count, "a range"))
      case .table: return tableRow(object, try Machine.position(number, object.tableRowCount, "a table"))
      default: break
      }
    }
    if index.tag == .tensor, TensorOperations(self).operand(index)?.rank == 0 { throw unsuitableIndex(object, index) }
    switch (object.tag, index.tag) {
    case (.record, .string), (.table, .string), (.module, .string), (.closure, .string):
      if let found = try member(of: object, named: index) { return found }
      throw missingField(object, index.swiftString)
    case (.list, .range), (.list, .list), (.string, .range), (.table, .range), (.table, .list), (.list, .tensor),
      (.range, .range), (.range, .list), (.table, .tensor):
      return try selection(of: object, index)
    default: throw unsuitableIndex(object, index)
    }
  }

  /// An int, or a rank-0 tensor of one; nil for other kinds.
  private func wholeNumber(_ index: Value) throws -> Int? {
    if index.tag == .int { return index.asInt }
    if index.tag == .tensor, let scalar = try TensorHooks.scalar(self, index), scalar.tag == .int {
      return scalar.asInt
    }
    return nil
  }

  private func unsuitableIndex(_ object: Value, _ index: Value) -> RuntimeError {
    switch object.tag {
    case .list, .string, .range, .table:
      return RuntimeError(
        "E0207", "\(brief(object)) is indexed by integers and ranges, not by \(brief(index))",
        label: describeKind(index),
        help: wholeNumberHelp(index))
    case .record:
      return RuntimeError(
        "E0207", "a record is indexed by its names, not by \(brief(index))", label: describeKind(index))
    default:
      return RuntimeError("E0207", "\(brief(object)) cannot be indexed", label: describeKind(object))
    }
  }

  private func wholeNumberHelp(_ index: Value) -> [String] {
    if index.tag == .float { return ["`to_int(x)` makes an integer of it"] }
    let isFloat = index.tag == .tensor && TensorOperations(self).operand(index)?.type.isFloat == true
    return isFloat ? ["`cast(ids, \"i64\")` makes whole numbers of them"] : []
  }

  private func severalAssigned(_ index: Value) -> RuntimeError {
    RuntimeError(
      "E0207", "a list is assigned one element at a time, not at \(brief(index))", label: describeKind(index),
      help: ["a list with another part is joined anew: `xs = xs[0..<i] ++ ys ++ xs[j..<length(xs)]`"])
  }

  /// Several elements: indexes from a range, list or tensor, or a list of conditions.
  private func selection(of object: Value, _ index: Value) throws -> Value {
    let count = try iterationCount(object)
    if object.tag == .string || object.tag == .list, let range = try neighbours(count, index) {
      if object.tag == .list { return try elements(of: object, in: range) }
      var cursor = CharacterCursor(object, self)
      return try string(ofPieces: try cursor.characters(range))
    }
    var positions: [Int] = []
    let chosen = try iterationCount(index)
    try checkRoom(forElements: chosen)
    positions.reserveCapacity(min(chosen, 1 << 20))
    for i in 0..<chosen {
      try pollInterrupt(at: i)
      let item = try iterationElement(index, i)
      defer { heap.release(item) }
      let plain = item.tag == .tensor ? try TensorHooks.scalar(self, item) ?? item : item
      if plain.tag == .bool {
        guard chosen == count else {
          throw RuntimeError("E0206", "\(chosen) conditions cannot choose among \(count) elements")
        }
        if plain.asBool { positions.append(i) }
      } else if plain.tag == .int {
        positions.append(try Machine.position(plain.asInt, count, "a \(object.kindName)"))
      } else {
        throw unsuitableIndex(object, index.tag == .tensor ? index : plain)
      }
    }
    if object.tag == .table { return tableRows(object, positions) }
    if object.tag == .string { return try characters(of: object, at: positions) }
    return try list(of: positions.count) { try iterationElement(object, positions[$0]) }
  }

  /// The positions that a range of ascending neighbours chooses; nil for another range, for an empty one and for one that goes
  /// past an end.
  private func neighbours(_ count: Int, _ index: Value) throws -> Range<Int>? {
    guard index.tag == .range else { return nil }
    let counts = try rangeCounts(index)
    guard counts.count > 0, counts.start.tag == .int, counts.step.tag == .int, counts.step.asInt == 1 else {
      return nil
    }
    let start = counts.start.asInt
    guard start >= 0, start < count, counts.count <= count - start else { return nil }
    return start..<start + counts.count
  }

  /// The positions of a list that a range chooses, where they are neighbours and so many that the list's block is not too
  /// large for them.
  private func part(_ list: Value, _ index: Value) throws -> Range<Int>? {
    let range = try neighbours(list.list.count, index)
    return range.flatMap { $0.count >= list.list.pointee.capacity / 2 ? $0 : nil }
  }

  /// Takes all but some neighbouring elements out of a list that one owner holds.
  private func cut(_ list: Value, to range: Range<Int>) {
    let elements = list.list.elements, count = list.list.count
    for i in 0..<range.lowerBound { heap.release(elements[i]) }
    for i in range.upperBound..<count { heap.release(elements[i]) }
    if range.lowerBound > 0 { elements.update(from: elements + range.lowerBound, count: range.count) }
    list.list.pointee.count = range.count
  }

  /// Neighbouring elements of a list, copied together.
  private func elements(of list: Value, in range: Range<Int>) throws -> Value {
    try checkRoom(forElements: range.count)
    let part = heap.emptyList(capacity: range.count)
    do { try addElements(of: list, in: range, to: part) } catch {
      heap.release(part)
      throw error
    }
    return part
  }

  /// Characters of a string at positions that it has, in their order.
  private func characters(of string: Value, at positions: [Int]) throws -> Value {
    var cursor = CharacterCursor(string, self)
    var result = heap.emptyString(capacity: positions.count)
    do {
      for (i, position) in positions.enumerated() {
        try pollInterrupt(at: i)
        let character = try cursor.character(position)
        result = heap.reserveString(result, more: character.count)
        heap.appendBytes(result, character)
      }
    } catch {
      heap.release(result)
      throw error
    }
    return result
  }

  /// A table of some rows; attachments stay behind.
  func tableRows(_ table: Value, _ rows: [Int]) -> Value {
    let columns = table.box.pointee.first
    let result = heap.copiedRecord(columns)
    for i in 0..<columns.record.count {
      let source = columns.record.values[i].list
      let column = heap.emptyList(capacity: rows.count)
      for (j, row) in rows.enumerated() { column.list.elements[j] = heap.retained(source.elements[row]) }
      column.list.pointee.count = rows.count
      heap.release(result.record.values[i])
      result.record.values[i] = column
    }
    return heap.table(columns: result, attachments: .none)
  }

  @inline(never) func getIndexes(
    _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ target: UnsafeMutablePointer<Value>,
    _ first: UnsafeMutablePointer<Value>, _ number: Int
  ) throws {
    let list = prototype.pointee.prototype.takeUnretainedValue().indexLists[number].isWhole
    var values = first + 1
    let indexes = list.map { isWhole -> TensorHooks.Index in
      if isWhole { return .whole }
      defer { values += 1 }
      return .value(values.pointee)
    }
    let result: Value
    if first.pointee.tag == .tensor {
      result = try TensorHooks.index(self, first.pointee, indexes)
    } else if case .whole? = indexes.first, indexes.count == 1 {
      result = heap.retained(first.pointee)
    } else {
      throw RuntimeError(
        "E0207", "only tensors take several indexes at once, not \(brief(first.pointee))",
        label: describeKind(first.pointee), help: first.pointee.tag == .list ? ["write `xs[i][j]`"] : [])
    }
    for slot in 0..<(values - first) { Machine.drop(heap, first + slot) }
    Machine.put(heap, target, result)
  }

  // MARK: assignment

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
