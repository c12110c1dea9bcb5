import Notation
import Syntax

/// Indexing.
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
  @inline(__always) func intern(_ slot: UnsafeMutablePointer<Value>) {
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
      throw missingField(object, index.swiftString, .indexed)
    case (.list, .range), (.list, .list), (.string, .range), (.table, .range), (.table, .list), (.list, .tensor),
      (.range, .range), (.range, .list), (.table, .tensor):
      return try selection(of: object, index)
    default: throw unsuitableIndex(object, index)
    }
  }

  /// An int, or a rank-0 tensor of one; nil for other kinds.
  func wholeNumber(_ index: Value) throws -> Int? {
    if index.tag == .int { return index.asInt }
    if index.tag == .tensor, let scalar = try TensorHooks.scalar(self, index), scalar.tag == .int {
      return scalar.asInt
    }
    return nil
  }

  func unsuitableIndex(_ object: Value, _ index: Value) -> RuntimeError {
    switch object.tag {
    case .table:
      // A selection meets the first of a list of names.
      let isName = index.tag == .string
      let wanted = isName ? ["`select(t, \(StringLiteral.quoted(index.swiftString)))` has the columns named"] : []
      let given = isName ? "a list of names" : brief(index)
      return RuntimeError(
        "E0207", "\(brief(object)) is indexed by integers, ranges and a column's name, not by \(given)",
        label: describeKind(index), help: wholeNumberHelp(index) + wanted)
    case .list, .string, .range:
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

  func severalAssigned(_ index: Value) -> RuntimeError {
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

  /// What picks from a list what several indexes pick from a tensor.
  private func severalIndexesHelp(_ object: Value, _ indexes: [TensorHooks.Index]) throws -> [String] {
    guard object.tag == .list, object.list.count > 0 else { return [] }
    let areWhole = try indexes.allSatisfy {
      if case .value(let index) = $0 { try wholeNumber(index) != nil } else { false }
    }
    switch (object.list.elements[0].tag == .list, areWhole) {
    case (true, true): return ["write `xs[i][j]`"]
    case (true, false): return ["the entries j of all rows are `[row[j] for row in xs]`, or `tensor(xs)[.., j]`"]
    case (false, true): return ["several elements are picked by one list: `xs[[0, 2]]`"]
    case (false, false): return ["a list takes one index: an integer, a range or a list of integers"]
    }
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
        label: describeKind(first.pointee), help: try severalIndexesHelp(first.pointee, indexes))
    }
    for slot in 0..<(values - first) { Machine.drop(heap, first + slot) }
    Machine.put(heap, target, result)
  }
}
