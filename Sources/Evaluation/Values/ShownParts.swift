import Records

/// What is shown of a value and kept in the record of a run: all of it, or the beginning of what is very large, so that
/// no value that is shown takes long to write or to draw. Tables are always whole.
struct ShownParts {
  /// Elements that are shown of lists and records, those inside counted; so many times `bytesPerElement` of texts.
  static let most = 1 << 18
  static let bytesPerElement = 8
  private let machine: Machine
  private var left = ShownParts.most

  init(_ machine: Machine) { self.machine = machine }

  /// The value as data, cut where it is too large.
  func datum(of value: Value) throws -> Datum {
    guard isLarge(value) else { return try machine.datum(value, isShown: true) }
    var parts = self
    return try parts.cut(value, depth: 0)
  }

  /// Whether there is more than is shown; looks at no more than that.
  private func isLarge(_ value: Value) -> Bool {
    var left = left, work = [value]
    while let next = work.popLast() {
      left -= 1
      switch next.tag {
      case .string: left -= next.string.pointee.byteCount / Self.bytesPerElement
      case .list:
        guard next.list.count <= left else { return true }
        for i in 0..<next.list.count { work.append(next.list.elements[i]) }
      case .record:
        guard next.record.count <= left else { return true }
        for i in 0..<next.record.count { work.append(next.record.values[i]) }
      default: break
      }
      if left < 0 { return true }
    }
    return false
  }

  private mutating func cut(_ value: Value, depth: Int) throws -> Datum {
    left -= 1
    switch value.tag {
    case .string: return cut(value.string.buffer)
    case .list where depth < 64:
      var elements: [Datum] = []
      let count = value.list.count
      while left > 0, elements.count < count, !machine.isInterrupted {
        elements.append(try cut(value.list.elements[elements.count], depth: depth + 1))
      }
      if elements.count < count { elements.append(.omitted(count - elements.count)) }
      return .list(elements)
    case .record where depth < 64:
      var fields: [Datum.Field] = []
      let count = value.record.count
      while left > 0, fields.count < count, !machine.isInterrupted {
        fields.append(
          Datum.Field(value.record.name(fields.count), try cut(value.record.values[fields.count], depth: depth + 1)))
      }
      if fields.count < count { fields.append(Datum.Field("…", .omitted(count - fields.count))) }
      return .record(fields)
    default: return try machine.datum(value, depth: depth, isShown: true)
    }
  }

  /// A text up to the last whole character that is shown.
  private mutating func cut(_ bytes: UnsafeBufferPointer<UInt8>) -> Datum {
    var end = min(bytes.count, max(0, left) * Self.bytesPerElement)
    left -= bytes.count / Self.bytesPerElement
    if end == bytes.count { return .string(String(decoding: bytes, as: UTF8.self)) }
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return .other(String(decoding: bytes[..<end], as: UTF8.self) + "… \(bytes.count - end) more bytes")
  }
}
