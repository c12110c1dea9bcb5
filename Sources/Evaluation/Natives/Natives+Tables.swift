/// Making tables and reaching their rows; every verb on tables is Exp on top of these.
extension Natives {
  static let tables: [NativeFunction] = [
    NativeFunction(
      "table", ["rows"], kinds: [.list, .record, .table],
      doc: "A table from a list of records (one per row) or from a record of columns.",
      example: "table([{ a: 1 }, { a: 2 }]).a  # => [1, 2]"
    ) { call in
      switch call[0].tag {
      case .table: return call.heap.retained(call[0])
      case .record: return try tableOfColumns(call)
      default: return try tableOfRows(call)
      }
    },
    NativeFunction(
      "columns", ["t"], kinds: .table, doc: "The names of a table's columns.",
      example: "columns(table([{ a: 1, b: 2 }]))  # => [\"a\", \"b\"]"
    ) { call in
      let record = call[0].box.pointee.first.record
      return call.heap.list((0..<record.count).map { call.heap.retained(record.key($0)) })
    },
    NativeFunction(
      "row", ["t", "i"], kinds: .table, doc: "A row as a record; negative indexes count from the end.",
      example: "row(table([{ a: 1 }, { a: 2 }]), -1).a  # => 2"
    ) { call in
      let count = call[0].tableRowCount
      let index = try call.int(1)
      let i = index < 0 ? index + count : index
      guard i >= 0, i < count else { throw noRow("\(index)", count) }
      return tableRow(call.heap, call[0], i)
    },
    NativeFunction(
      "rows", ["t", "ids"], kinds: .table, doc: "The table of the rows with these indexes, in that order.",
      example: "rows(table([{ a: 1 }, { a: 2 }]), [1]).a  # => [2]"
    ) { call in
      let ids = try rowIndexes(call)
      defer { call.heap.release(ids) }
      let columns = call[0].box.pointee.first.record
      var result = call.heap.emptyRecord(capacity: Swift.max(1, columns.count))
      do {
        for c in 0..<columns.count {
          let source = columns.values[c].list
          let column = try call.machine.list(of: ids.list.count) {
            call.heap.retained(source.elements[ids.list.elements[$0].asInt])
          }
          result = call.heap.setField(result, columns.key(c), column)
        }
      } catch {
        call.heap.release(result)
        throw error
      }
      return call.heap.table(columns: result, attachments: call.heap.emptyRecord(capacity: 1))
    },
  ]

  /// The indexes that `rows` was given, each counted from the first row, as a list that the caller owns: it stands on the
  /// heap, as it may be as long as memory. The first index without a row is an error, whatever would follow.
  private static func rowIndexes(_ call: NativeCall) throws -> Value {
    let heap = call.heap, count = call[0].tableRowCount
    // No more than a range's ends are wanted of it where it leaves the table.
    let most = call[1].tag == .list ? call[1].list.count : 8
    try call.machine.checkRoom(forElements: most)
    var ids = heap.emptyList(capacity: most)
    do {
      try eachNumber(call, 1) { id in
        guard id.tag == .int, id.asInt >= -count, id.asInt < count else {
          throw noRow(call.machine.brief(id), count)
        }
        ids = heap.append(Value(id.asInt < 0 ? id.asInt + count : id.asInt), to: ids)
      }
    } catch {
      heap.release(ids)
      throw error
    }
    return ids
  }

  private static func noRow(_ index: String, _ count: Int) -> RuntimeError {
    RuntimeError(
      "E0206", "the table has no row \(index)", label: count == 0 ? "it is empty" : "it has rows 0 to \(count - 1)")
  }

  /// Row `i` (checked by the caller) as a record that the caller owns.
  static func tableRow(_ heap: Heap, _ table: Value, _ i: Int) -> Value {
    let columns = table.box.pointee.first.record
    columns.shape.pointee.references += 1
    let result = heap.record(shape: columns.shape, capacity: Swift.max(1, columns.count))
    for c in 0..<columns.count {
      let column = columns.values[c].list
      result.record.values[c] = i < column.count ? heap.retained(column.elements[i]) : .none
    }
    return result
  }

  private static func tableOfRows(_ call: NativeCall) throws -> Value {
    let rows = try call.list(0), heap = call.heap
    var names = heap.emptyRecord(capacity: 8)
    for i in 0..<rows.count {
      if call.machine.isInterrupted { break }
      guard rows.elements[i].tag == .record else {
        heap.release(names)
        throw RuntimeError(
          "E0210", "row \(i) of the table is \(call.machine.brief(rows.elements[i])), not a record",
          label: "called here",
          help: ["write each row as { name: value, … }"])
      }
      let row = rows.elements[i].record
      for f in 0..<row.count where heap.field(names, row.key(f)) == nil {
        names = heap.setField(names, row.key(f), .none)
      }
    }
    var columns = heap.emptyRecord(capacity: Swift.max(1, names.record.count))
    for f in 0..<names.record.count {
      let key = names.record.key(f)
      var column = heap.emptyList(capacity: rows.count)
      for i in 0..<rows.count where !call.machine.isInterrupted {
        column = heap.append(heap.retained(heap.field(rows.elements[i], key) ?? .none), to: column)
      }
      columns = heap.setField(columns, key, column)
    }
    heap.release(names)
    return heap.table(columns: columns, attachments: heap.emptyRecord(capacity: 1))
  }

  private static func tableOfColumns(_ call: NativeCall) throws -> Value {
    let record = try call.record(0), heap = call.heap
    var lengths: [(name: String, count: Int)] = []
    for f in 0..<record.count {
      switch record.values[f].tag {
      case .list: lengths.append((record.name(f), record.values[f].list.count))
      case .range: lengths.append((record.name(f), try call.machine.rangeCounts(record.values[f]).count))
      case .tensor:
        if try TensorHooks.scalar(call.machine, record.values[f]) == nil {
          lengths.append((record.name(f), try TensorHooks.count(call.machine, record.values[f])))
        }
      default: break
      }
    }
    let count = lengths.first?.count ?? (record.count > 0 ? 1 : 0)
    if let other = lengths.first(where: { $0.count != count }) {
      throw RuntimeError(
        "E0213",
        "column `\(other.name)` has \(other.count) values and column `\(lengths[0].name)` has \(count)",
        label: "the columns of a table are equally long")
    }
    var columns = heap.emptyRecord(capacity: Swift.max(1, record.count))
    do {
      for f in 0..<record.count {
        let column = try column(call, record.values[f], count)
        columns = heap.setField(columns, record.key(f), column)
      }
    } catch {
      heap.release(columns)
      throw error
    }
    return heap.table(columns: columns, attachments: heap.emptyRecord(capacity: 1))
  }

  private static func column(_ call: NativeCall, _ value: Value, _ count: Int) throws -> Value {
    let heap = call.heap
    switch value.tag {
    case .list: return heap.retained(value)
    case .range: return heap.list(try rangeElements(value, call.machine))
    case .tensor:
      if let scalar = try TensorHooks.scalar(call.machine, value) {
        return heap.list([Value](repeating: scalar, count: count))
      }
      var column = heap.emptyList(capacity: count)
      do {
        for i in 0..<count {
          let element = try TensorHooks.element(call.machine, value, i)
          if let scalar = element.tag == .tensor ? try TensorHooks.scalar(call.machine, element) : nil {
            heap.release(element)
            column = heap.append(scalar, to: column)
          } else {
            column = heap.append(element, to: column)
          }
        }
      } catch {
        heap.release(column)
        throw error
      }
      return column
    default:
      return heap.list((0..<count).map { _ in heap.retained(value) })
    }
  }
}
