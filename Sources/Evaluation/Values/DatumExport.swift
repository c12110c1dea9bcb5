import Records

/// Values as data for tables, options, figures and the terminal.
extension Machine {
  /// A value as data, or as what is shown of it. Deeply nested lists are cut at a depth of 64, which nothing that is shown reaches.
  func datum(_ value: Value, depth: Int = 0, isShown: Bool = false) -> Datum {
    if isInterrupted { return .none }
    switch value.tag {
    case .none, .unset: return .none
    case .bool: return .bool(value.asBool)
    case .int: return .int(value.asInt)
    case .float: return .float(value.asDouble)
    case .string: return .string(value.swiftString)
    case .list:
      guard depth < 64 else { return .other("[…]") }
      return .list((0..<value.list.count).map { datum(value.list.elements[$0], depth: depth + 1, isShown: isShown) })
    case .record:
      guard depth < 64 else { return .other("{ … }") }
      return .record(fields(value, depth: depth + 1, isShown: isShown))
    case .table: return .table(table(value, depth: depth + 1))
    case .figure:
      return (try? Figure(description: datum(value.box.pointee.first))).map { .figure($0) } ?? .other("figure")
    case .tensor: return TensorHooks.datum(self, value, isShown: isShown)
    case .closure, .overload, .bound:
      if let model = TensorHooks.modelDatum(self, value) { return .model(model) }
      return .other(text(value))
    case .native, .range, .module: return .other(text(value))
    }
  }

  /// The fields of a record as data.
  func fields(_ record: Value, depth: Int = 0, isShown: Bool = false) -> [Datum.Field] {
    (0..<record.record.count).map {
      Datum.Field(record.record.name($0), datum(record.record.values[$0], depth: depth, isShown: isShown))
    }
  }

  /// A table as data.
  func table(_ value: Value, depth: Int = 0) -> Table {
    let columns = value.box.pointee.first
    var exported = (0..<columns.record.count).map { i -> Table.Column in
      let list = columns.record.values[i].list
      return Table.Column(
        columns.record.name(i), (0..<list.count).map { datum(list.elements[$0], depth: depth + 1) })
    }
    let failures = failures(value), count = value.tableRowCount
    // In a sweep's table the reasons stand in a last column too: they are said once.
    if !failures.isEmpty, exported.last?.values == (0..<count).map({ failures[$0].map(Datum.string) ?? .none }) {
      exported.removeLast()
    }
    return Table(columns: exported, rowCount: count, failures: failures)
  }

  /// Row → reason, from the attachment `failures` of a sweep's table: a list with none for rows that did not fail.
  func failures(_ table: Value) -> [Int: String] {
    let attachments = table.box.pointee.second
    guard attachments.tag == .record, let list = heap.field(attachments, named: "failures"), list.tag == .list else {
      return [:]
    }
    var result: [Int: String] = [:]
    for i in 0..<list.list.count {
      let reason = list.list.elements[i]
      if reason.tag == .string { result[i] = reason.swiftString }
    }
    return result
  }
}
