import Notation
import Records

/// Values made of a JSON text as it is read: lists, and records for objects. What is not taken at the end is given
/// back.
final class JSONValues: JSONBuilder {
  private let machine: Machine
  private var heap: Heap { machine.heap }
  private var result = Value.none
  /// What is open, outermost first, with the key of the member that comes next.
  private var groups: [(value: Value, key: Value)] = []

  init(_ machine: Machine) { self.machine = machine }

  deinit {
    heap.release(result)
    for group in groups {
      heap.release(group.value)
      heap.release(group.key)
    }
  }

  /// The value, owned by the caller.
  func takeResult() -> Value {
    defer { result = .none }
    return result
  }

  private func add(_ value: Value) throws {
    guard let (group, key) = groups.popLast() else { return result = value }
    if group.tag == .list {
      groups.append((heap.append(value, to: group), .none))
    } else {
      groups.append((heap.setField(group, key, value), .none))
      heap.release(key)
    }
    try machine.pollInterrupt()
  }

  func null() throws { try add(.none) }
  func bool(_ b: Bool) throws { try add(Value(b)) }
  func int(_ i: Int) throws { try add(Value(i)) }
  func float(_ x: Double) throws { try add(Value(x)) }
  func string(_ s: String) throws { try add(heap.string(s)) }
  func goOn() throws { try machine.pollInterrupt() }
  func beginArray() { groups.append((heap.emptyList(capacity: 4), .none)) }
  func beginObject() { groups.append((heap.emptyRecord(), .none)) }

  func key(_ name: String) throws {
    guard let (group, _) = groups.popLast() else { return }
    let key = heap.interned(name)
    groups.append((group, key))
    if heap.field(group, key) != nil {
      throw RuntimeError("E0702", "this text is not usable JSON: an object has the same key twice")
    }
  }

  func end() throws {
    if let (group, _) = groups.popLast() { try add(group) }
  }
}

/// A value written as JSON. What JSON cannot say is an error rather than a `null`.
struct JSONText {
  private let machine: Machine
  private(set) var writer: JSONWriter
  private let room: Int

  init(_ machine: Machine, isPretty: Bool) {
    self.machine = machine
    room = machine.roomForText
    writer = JSONWriter(isPretty: isPretty)
  }

  mutating func write(_ value: Value, depth: Int) throws {
    guard depth < 500 else { throw unsuitable("lists nested deeper than 500", "keep it as a table or a flat list") }
    try machine.pollInterrupt()
    if writer.byteCount > room { throw machine.outOfMemory }
    switch value.tag {
    case .none, .unset: writer.null()
    case .bool: writer.bool(value.asBool)
    case .int: writer.int(value.asInt)
    case .float:
      guard value.asDouble.isFinite else {
        throw unsuitable(machine.brief(value), "replace it by `none` or a string first")
      }
      writer.float(value.asDouble)
    case .string: try writer.string(value.swiftString, goOn: machine.pollInterrupt)
    case .record:
      writer.begin(.object)
      for i in 0..<value.record.count {
        writer.key(value.record.name(i))
        try write(value.record.values[i], depth: depth + 1)
      }
      writer.end()
    case .list, .range, .table, .tensor:
      if value.tag == .tensor, let scalar = try TensorHooks.scalar(machine, value) {
        return try write(scalar, depth: depth)
      }
      let count = try machine.iterationCount(value)
      writer.begin(.array)
      for i in 0..<count {
        let element = try machine.iterationElement(value, i)
        defer { machine.heap.release(element) }
        try write(element, depth: depth + 1)
      }
      writer.end()
    default: throw unsuitable(machine.brief(value), "leave it out: `without(r, \"name\")`")
    }
  }

  private func unsuitable(_ what: String, _ help: String) -> RuntimeError {
    RuntimeError("E0210", "JSON cannot hold \(what)", label: "called here", help: [help])
  }
}
