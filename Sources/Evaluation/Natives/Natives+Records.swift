/// Functions of records, and of functions as records of what they capture.
extension Natives {
  static let records: [NativeFunction] = [
    NativeFunction(
      "keys", ["r"], kinds: .record, doc: "The names of a record's fields, in order.",
      example: "keys({ a: 1, b: 2 })  # => [\"a\", \"b\"]"
    ) { call in
      let record = try call.record(0)
      return call.heap.list((0..<record.count).map { call.heap.retained(record.key($0)) })
    },
    NativeFunction(
      "values", ["r"], kinds: .record, doc: "The values of a record's fields, in order.",
      example: "values({ a: 1, b: 2 })  # => [1, 2]"
    ) { call in
      let record = try call.record(0)
      return call.heap.list((0..<record.count).map { call.heap.retained(record.values[$0]) })
    },
    NativeFunction(
      "has", ["r", "name"], kinds: [.record, .table], doc: "Whether a record has a field, or a table a column.",
      example: "has({ a: 1 }, \"b\")  # => false"
    ) { call in
      let record = call[0].tag == .table ? call[0].box.pointee.first : call[0]
      guard call[1].tag == .string else { throw call.mismatch(1, "a string") }
      return Value(call.machine.withKey(call[1]) { call.heap.field(record, $0) } != nil)
    },
    NativeFunction(
      "without", ["r", "...names"], kinds: [.record, .table], doc: "Without the fields, or columns, of these names.",
      example: "without({ a: 1, b: 2 }, \"b\")  # => { a: 1 }"
    ) { call in
      let isTable = call[0].tag == .table
      let record = isTable ? call[0].box.pointee.first : call[0], names = try call.list(1)
      var left: Set<Int> = []
      for i in 0..<names.count {
        guard names.elements[i].tag == .string else { throw call.mismatch(1, "names") }
        let key = call.heap.interned(names.elements[i].swiftString)
        left.insert(record.record.shape.index(of: key.string))
        call.heap.release(key)
      }
      let result = call.heap.record(record, without: left)
      return isTable
        ? call.heap.table(columns: result, attachments: call.heap.retained(call[0].box.pointee.second)) : result
    },
  ]
}
