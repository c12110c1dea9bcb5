import Tensors

/// A hash of what a value is: values that are `same` have the same one. Looks at about a hundred atoms.
struct ContentHash {
  private let machine: Machine
  private static let start: UInt64 = 0xcbf2_9ce4_8422_2325
  /// How many atoms one value may take.
  private static let atoms = 100

  init(_ machine: Machine) { self.machine = machine }

  func callAsFunction(_ value: Value) -> UInt64 { hash(value, Self.atoms) }

  private static func mixed(_ hash: UInt64, _ bits: UInt64) -> UInt64 {
    (hash ^ bits) &* 0x100_0000_01b3 ^ (hash >> 31)
  }

  private static func bits(_ number: Double) -> UInt64 { number.isNaN ? 1 : number == 0 ? 0 : number.bitPattern }

  /// What is inside shares the atoms that are left; so nothing deep is followed for long, and the order of a record's
  /// fields, which is no part of what it is, decides nothing.
  private func hash(_ value: Value, _ atoms: Int) -> UInt64 {
    func number(_ x: Double) -> UInt64 { Self.mixed(Self.start, Self.bits(x)) }
    switch value.tag {
    case .int: return number(Double(value.asInt))
    case .float: return number(value.asDouble)
    case .string: return Self.mixed(Self.start, StringTable.hash(value.string.buffer))
    case .list: return hash(value.list, atoms)
    case .record: return hash(value.record, atoms)
    case .tensor:
      if let scalar = try? TensorHooks.scalar(machine, value) {
        defer { machine.heap.release(scalar) }
        return hash(scalar, atoms)
      }
      return hash(tensor: value, atoms)
    case .table where atoms > 1: return Self.mixed(hash(value.box.pointee.first, atoms - 1), 77)
    default: return Self.mixed(Self.start, UInt64(value.tag.rawValue) &+ (value.isHeap ? 0 : value.bits))
    }
  }

  private func hash(_ list: UnsafeMutablePointer<ListObject>, _ atoms: Int) -> UInt64 {
    var hash = Self.mixed(Self.start, UInt64(list.count))
    let looked = min(list.count, atoms - 1)
    for i in 0..<max(0, looked) { hash = Self.mixed(hash, self.hash(list.elements[i], (atoms - 1) / looked)) }
    return hash
  }

  private func hash(_ record: UnsafeMutablePointer<RecordObject>, _ atoms: Int) -> UInt64 {
    var sum = UInt64(record.count) &+ 77
    guard atoms > 1 else { return Self.mixed(Self.start, sum) }
    let each = max(1, (atoms - 1) / max(1, record.count))
    for i in 0..<record.count {
      sum &+= Self.mixed(StringTable.hash(record.key(i).string.buffer), hash(record.values[i], each))
    }
    return Self.mixed(Self.start, sum)
  }

  /// Elements far from each other, with the type and the shape.
  private func hash(tensor value: Value, _ atoms: Int) -> UInt64 {
    let operations = TensorOperations(machine)
    guard let operand = operations.operand(value), let content = operations.requireContent(operand) else {
      return Self.mixed(Self.start, 5)
    }
    var hash = Self.mixed(Self.start, UInt64(content.type.rawValue))
    for extent in content.shape { hash = Self.mixed(hash, UInt64(extent)) }
    let looked = min(content.count, atoms)
    for i in 0..<looked { hash = Self.mixed(hash, Self.bits(content.element(i * content.count / looked))) }
    return hash
  }
}
