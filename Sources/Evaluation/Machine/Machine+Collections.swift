/// Lists, records and what else is taken apart and put together.
extension Machine {
  // MARK: building

  /// A list that the caller owns alone with the elements of something iterable added; the list is given up when it
  /// throws.
  func extend(_ list: Value, with source: Value) throws -> Value {
    var result = list
    switch source.tag {
    case .list:
      result = heap.reserveList(result, more: source.list.count)
      do { try addElements(of: source, to: result) } catch {
        heap.release(result)
        throw error
      }
      return result
    default:
      do {
        let count = try iterationCount(source)
        try checkRoom(forElements: count)
        result = heap.reserveList(result, more: count)
        var cursor = source.tag == .string ? CharacterCursor(source, self) : nil
        for i in 0..<count {
          try pollInterrupt(at: i)
          let element = try cursor?.character(i)
          result = heap.append(try element.map { heap.interned($0) } ?? iterationElement(source, i), to: result)
        }
        return result
      } catch {
        // The caller's handle may be stale after a move: it must not be used again.
        heap.release(result)
        throw error
      }
    }
  }

  /// Adds the elements of a list, or some neighbours among them, to another one that has room for them; nothing is added when
  /// it throws.
  func addElements(of source: Value, in range: Range<Int>? = nil, to list: Value) throws {
    let range = range ?? 0..<source.list.count, count = range.count
    let elements = source.list.elements + range.lowerBound, target = list.list.elements + list.list.count
    var done = 0
    while done < count {
      let end = min(count, done + 1 << 16)
      for i in done..<end { target[i] = heap.retained(elements[i]) }
      done = end
      do { if done < count { try pollInterrupt() } } catch {
        for i in 0..<done { heap.release(target[i]) }
        throw error
      }
    }
    list.list.pointee.count += count
  }

  @inline(never) func listExtend(_ target: UnsafeMutablePointer<Value>, _ source: UnsafeMutablePointer<Value>) throws {
    guard isIterable(source.pointee) else {
      throw RuntimeError("E0207", "`...` in a list needs something to go through, not \(brief(source.pointee))")
    }
    let list = target.pointee
    target.pointee = .none
    target.pointee = try extend(list, with: source.pointee)
    Machine.drop(heap, source)
  }

  /// `target ++= [values]`
  @inline(never) func joinElements(
    _ target: UnsafeMutablePointer<Value>, _ first: UnsafeMutablePointer<Value>, _ count: Int
  ) throws {
    guard target.pointee.tag == .list else {
      if target.pointee.tag == .range {
        target.pointee = try listed(target.pointee)
        return try joinElements(target, first, count)
      }
      throw RuntimeError(
        "E0203", "`++` joins two lists or two strings, not \(brief(target.pointee)) and a list",
        label: "\(target.pointee.kindName) ++ list")
    }
    target.pointee = heap.uniqueList(target.pointee)
    for i in 0..<count {
      target.pointee = heap.append(first[i], to: target.pointee)
      first[i] = .none
    }
  }

  /// Anything iterable as a list; consumes the value.
  func listed(_ value: Value) throws -> Value {
    if value.tag == .list { return value }
    defer { heap.release(value) }
    return try extend(heap.emptyList(capacity: 8), with: value)
  }

  @inline(never) func recordSet(
    _ target: UnsafeMutablePointer<Value>, _ name: UnsafeMutablePointer<Value>, _ value: UnsafeMutablePointer<Value>
  ) throws {
    guard name.pointee.tag == .string else {
      throw RuntimeError(
        "E0207", "a field's name must be a string, not \(brief(name.pointee))", label: describeKind(name.pointee),
        help: name.pointee.isNumber ? ["`text(x)` is a number as a text"] : [])
    }
    let key = heap.interned(name.pointee)
    target.pointee = heap.setField(target.pointee, key, value.pointee)
    value.pointee = .none
    heap.release(key)
    Machine.drop(heap, name)
  }

  @inline(never) func recordExtend(_ target: UnsafeMutablePointer<Value>, _ source: UnsafeMutablePointer<Value>) throws
  {
    let value = source.pointee
    guard value.tag == .record else {
      throw RuntimeError("E0207", "`...` in a record needs a record, not \(brief(value))", label: describeKind(value))
    }
    if target.pointee.record.count == 0 {
      // { ...r, x: 1 } starts from r itself, which is copied at the first change unless it dies here.
      source.pointee = .none
      Machine.put(heap, target, value)
      return
    }
    for i in 0..<value.record.count {
      target.pointee = heap.setField(target.pointee, value.record.key(i), heap.retained(value.record.values[i]))
    }
    Machine.drop(heap, source)
  }

  @inline(never) func newRange(
    _ target: UnsafeMutablePointer<Value>, _ parts: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let start = try rangeNumber(parts[0], "start"), end = try rangeNumber(parts[1], "end")
    let step = flags & 8 != 0 ? try rangeNumber(parts[2], "step") : .none
    for i in 0..<(flags & 8 != 0 ? 3 : 2) { Machine.drop(heap, parts + i) }
    Machine.put(heap, target, heap.range(start, end, step: step, isInclusive: flags & 4 != 0))
  }

  @inline(never) func rangePrepare(_ slot: UnsafeMutablePointer<Value>, isInclusive: Bool) throws {
    let start = try rangeNumber(slot[0], "start"), end = try rangeNumber(slot[1], "end")
    let counts = try rangeCounts(start, end, step: .none, isInclusive: isInclusive)
    Machine.put(heap, slot, counts.start)
    Machine.put(heap, slot + 1, Value(counts.count))
  }

  // MARK: patterns

  @inline(never) func checkList(_ value: Value, _ count: Int, hasRest: Bool) throws {
    guard value.tag == .list || value.tag == .tensor || value.tag == .range else {
      throw RuntimeError(
        "E0209", "a list pattern cannot take \(brief(value)) apart", label: describeKind(value),
        help: value.tag == .record
          ? ["a record is taken apart by the names of its fields, as in `{ key, value }`"] : [])
    }
    let found = try iterationCount(value)
    guard hasRest ? found >= count : found == count else {
      throw RuntimeError(
        "E0209",
        "the pattern has \(hasRest ? "at least " : "")\(count) \(count == 1 ? "name" : "names"), but \(brief(value)) has "
          + "\(found) \(found == 1 ? "element" : "elements")",
        help: hasRest ? [] : ["`...rest` collects further elements, `...` ignores them"])
    }
  }

  @inline(never) func elementSlow(_ target: UnsafeMutablePointer<Value>, _ value: Value, _ index: Int) throws {
    let element = try iterationElement(value, index)
    Machine.put(heap, target, element)
  }

  @inline(never) func restOf(_ target: UnsafeMutablePointer<Value>, _ value: Value, _ start: Int) throws {
    let rest = try list(of: max(0, iterationCount(value) - start)) { try iterationElement(value, start + $0) }
    Machine.put(heap, target, rest)
  }

  // MARK: iteration

  func isIterable(_ value: Value) -> Bool {
    switch value.tag {
    case .list, .range, .string, .tensor, .table, .record: true
    default: false
    }
  }

  /// How many elements there are to go through.
  func iterationCount(_ value: Value) throws -> Int {
    switch value.tag {
    case .list: return value.list.count
    case .range: return try rangeCounts(value).count
    case .string: return try characterCount(value)
    case .tensor: return try TensorHooks.count(self, value)
    case .table: return value.tableRowCount
    case .record: return value.record.count
    default:
      throw RuntimeError(
        "E0207", "cannot go through \(brief(value))", label: describeKind(value),
        help: value.tag == .int
          ? ["`0..<\(value.asInt)` are the numbers below it"]
          : value.isFunction ? ["what is gone through comes before a function: `map(xs, f)`, or `xs.map(f)`"] : [])
    }
  }

  /// One of them, owned by the caller.
  func iterationElement(_ value: Value, _ i: Int) throws -> Value {
    switch value.tag {
    case .list: return heap.retained(value.list.elements[i])
    case .range: return try rangeCounts(value).value(i)
    case .string: return try character(value, i)
    case .tensor: return try TensorHooks.element(self, value, i)
    case .table: return tableRow(value, i)
    case .record:
      return heap.record([
        ("key", heap.retained(value.record.key(i))), ("value", heap.retained(value.record.values[i])),
      ])
    default: return .none
    }
  }

  /// Prepares a loop: A is what is gone through, A + 1 the position.
  @inline(never) func iterate(_ slot: UnsafeMutablePointer<Value>) throws {
    let value = slot.pointee
    guard isIterable(value) else {
      _ = try iterationCount(value)
      return
    }
    if value.tag == .tensor { _ = try TensorHooks.count(self, value) }
    if value.tag == .range {
      let counts = try rangeCounts(value)
      if counts.start.tag == .int, counts.step.tag == .int, counts.step.asInt == 1 {
        // The next value and how many are left.
        Machine.put(heap, slot + 1, Value(counts.count))
        return Machine.put(heap, slot, counts.start)
      }
    }
    Machine.put(heap, slot + 1, Value(0))
    if value.tag == .string, !value.string.isASCII {
      // Characters of several bytes are found once.
      let list = try extend(heap.emptyList(capacity: 8), with: value)
      Machine.put(heap, slot, list)
    }
  }

  /// Fails when a list with an element for each of what a prepared loop goes through does not fit.
  @inline(never) func checkRoom(forEach slot: UnsafeMutablePointer<Value>) throws {
    let isCounted = slot.pointee.tag == .int
    try checkRoom(forElements: isCounted ? slot[1].asInt : iterationCount(slot.pointee))
  }

  @inline(never) func nextSlow(_ slot: UnsafeMutablePointer<Value>, _ target: UnsafeMutablePointer<Value>) throws
    -> Bool
  {
    let position = slot[1].asInt
    if slot[0].tag == .range {
      let counts = try rangeCounts(slot[0])
      guard position < counts.count else { return false }
      slot[1] = Value(position + 1)
      Machine.put(heap, target, counts.value(position))
      return true
    }
    guard position < (try iterationCount(slot[0])) else { return false }
    let element = try iterationElement(slot[0], position)
    slot[1] = Value(position + 1)
    Machine.put(heap, target, element)
    return true
  }

  // MARK: characters

  func characterCount(_ value: Value) throws -> Int {
    let string = value.string
    if string.isASCII { return string.pointee.byteCount }
    let bytes = string.buffer
    guard let index = CharacterIndex.of(string, heap) else {
      var count = 0
      for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
      return count
    }
    while index.pointee.byteCount < bytes.count {
      try pollInterrupt()
      index.extend(to: min(index.pointee.byteCount + Machine.pieceBytes, bytes.count), in: bytes)
    }
    return index.pointee.count
  }

  /// The i-th character (Unicode scalar).
  private func character(_ value: Value, _ i: Int) throws -> Value {
    var cursor = CharacterCursor(value, self)
    return heap.interned(try cursor.character(i))
  }

  /// A row of a table as a record.
  func tableRow(_ table: Value, _ row: Int) -> Value {
    let columns = table.box.pointee.first
    let shape = columns.record.shape
    shape.pointee.references += 1
    let record = heap.record(shape: shape, capacity: max(1, columns.record.count))
    for i in 0..<columns.record.count {
      record.record.values[i] = heap.retained(columns.record.values[i].list.elements[row])
    }
    return record
  }
}
