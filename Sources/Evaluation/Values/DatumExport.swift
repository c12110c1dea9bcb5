import Records

/// Values as data for tables, options, figures and the terminal.
extension Machine {
  /// A value as data, or as what is shown of it. Deeply nested lists are cut at a depth of 64, which nothing that is shown
  /// reaches. Throws where the user asks to stop, and E0302 where data take more memory than is left: parts that a value
  /// shares are as many data as places where they stand.
  func datum(_ value: Value, depth: Int = 0, isShown: Bool = false) throws -> Datum {
    var export = DatumExport(self, isShown: isShown)
    return try export.datum(value, depth)
  }

  /// The fields of a record as data.
  func fields(_ record: Value) throws -> [Datum.Field] {
    var export = DatumExport(self)
    return try export.fields(record, 0)
  }

  /// A table as data.
  func table(_ value: Value) throws -> Table {
    var export = DatumExport(self)
    return try export.table(value, 0)
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

/// Makes data of one value.
private struct DatumExport {
  private let machine: Machine
  private let isShown: Bool
  private var watch = WalkWatch()
  /// Bytes of the data made so far.
  private var bytes = 0

  init(_ machine: Machine, isShown: Bool = false) {
    (self.machine, self.isShown) = (machine, isShown)
  }

  mutating func datum(_ value: Value, _ depth: Int) throws -> Datum {
    switch value.tag {
    case .none, .unset: return .none
    case .bool: return .bool(value.asBool)
    case .int: return .int(value.asInt)
    case .float: return .float(value.asDouble)
    case .string:
      let count = value.string.pointee.byteCount
      try hold(count, parts: count >> 12)
      return .string(value.swiftString)
    case .list:
      guard depth < 64 else { return .other("[…]") }
      return .list(try elements(value, depth + 1))
    case .record:
      guard depth < 64 else { return .other("{ … }") }
      return .record(try fields(value, depth + 1))
    case .table: return .table(try table(value, depth + 1))
    case .figure:
      let description = try datum(value.box.pointee.first, depth)
      return (try? Figure(description: description)).map { .figure($0) } ?? .other("figure")
    case .tensor:
      let datum = TensorHooks.datum(machine, value, isShown: isShown)
      if case .tensor(let tensor) = datum {
        try hold(256 + (tensor.elements?.count ?? 0) * MemoryLayout<Double>.stride, parts: 1)
      }
      return datum
    case .closure, .overload, .bound:
      if let model = try TensorHooks.modelDatum(machine, value) { return .model(model) }
      return .other(machine.text(value))
    case .native, .range, .module: return .other(machine.text(value))
    }
  }

  /// Room for what is made next, which stands for so many parts.
  @inline(__always) private mutating func hold(_ more: Int, parts: Int) throws {
    bytes += more
    try watch.step(machine, parts: parts, holding: bytes)
  }

  private mutating func elements(_ list: Value, _ depth: Int) throws -> [Datum] {
    let count = list.list.count
    try hold(32 + count * MemoryLayout<Datum>.stride, parts: 1 + count)
    var elements: [Datum] = []
    elements.reserveCapacity(count)
    for i in 0..<count {
      try watch.step(machine, holding: bytes)
      elements.append(try datum(list.list.elements[i], depth))
    }
    return elements
  }

  mutating func fields(_ record: Value, _ depth: Int) throws -> [Datum.Field] {
    let count = record.record.count
    try hold(32 + count * MemoryLayout<Datum.Field>.stride, parts: 1 + count)
    var fields: [Datum.Field] = []
    fields.reserveCapacity(count)
    for i in 0..<count { fields.append(Datum.Field(record.record.name(i), try datum(record.record.values[i], depth))) }
    return fields
  }

  mutating func table(_ value: Value, _ depth: Int) throws -> Table {
    let columns = value.box.pointee.first
    var exported: [Table.Column] = []
    for i in 0..<columns.record.count {
      exported.append(Table.Column(columns.record.name(i), try elements(columns.record.values[i], depth + 1)))
    }
    let failures = machine.failures(value), count = value.tableRowCount
    // In a sweep's table the reasons stand in a last column too: they are said once.
    if !failures.isEmpty, exported.last?.values == (0..<count).map({ failures[$0].map(Datum.string) ?? .none }) {
      exported.removeLast()
    }
    return Table(columns: exported, rowCount: count, failures: failures)
  }
}
