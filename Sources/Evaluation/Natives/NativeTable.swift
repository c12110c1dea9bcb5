import Tensors

/// The natives of the process, grouped by name, behind raw pointers so that calls touch no counted object.
final class NativeTable: @unchecked Sendable {
  static let shared = NativeTable(Natives.all)

  let groups: UnsafeMutablePointer<NativeGroup>
  let count: Int
  /// Name → number of its group.
  let numbers: [String: Int]

  init(_ natives: [NativeFunction]) {
    var names: [String] = []
    var members: [String: [NativeEntry]] = [:]
    for native in natives {
      if members[native.name] == nil { names.append(native.name) }
      members[native.name, default: []].append(NativeEntry(native))
    }
    count = names.count
    groups = .allocate(capacity: max(1, count))
    var numbers: [String: Int] = [:]
    for (i, name) in names.enumerated() {
      (groups + i).initialize(to: NativeGroup(name: name, entries: members[name] ?? []))
      numbers[name] = i
    }
    self.numbers = numbers
  }
}

/// Natives of one name. Lives as long as the process, and its entries behind a raw pointer, so that a call counts nothing.
struct NativeGroup {
  let name: String
  let entries: UnsafeBufferPointer<NativeEntry>
  /// Set when one definition takes everything.
  let only: UnsafePointer<NativeEntry>?
  /// What it does to one float, when that is one elementary function.
  let scalar: UnaryOperation?

  init(name: String, entries: [NativeEntry]) {
    self.name = name
    let buffer = UnsafeMutableBufferPointer<NativeEntry>.allocate(capacity: max(1, entries.count))
    for (i, entry) in entries.enumerated() { buffer.initializeElement(at: i, to: entry) }
    self.entries = UnsafeBufferPointer(start: buffer.baseAddress, count: entries.count)
    scalar = entries.lazy.compactMap(\.function.pointee.scalar).first
    only = entries.count == 1 && entries[0].kinds == .any ? self.entries.baseAddress : nil
  }

  var kinds: KindSet { entries.reduce(into: KindSet()) { $0.formUnion($1.kinds) } }
}

extension UnsafeMutablePointer where Pointee == NativeGroup {
  /// The first definition that takes one of some kinds, leaving aside those that take everything.
  @inline(__always) private func first(taking kinds: KindSet) -> UnsafePointer<NativeEntry>? {
    guard var entry = pointee.entries.baseAddress else { return nil }
    for _ in 0..<pointee.entries.count {
      if entry.pointee.kinds != .any && !entry.pointee.kinds.isDisjoint(with: kinds) { return entry }
      entry += 1
    }
    return nil
  }

  /// The argument that is given by the name of a definition's first parameter, borrowed; unset without one.
  func namedFirst(_ named: [(name: String, value: Value)]) -> Value {
    for (name, value) in named
    where pointee.entries.contains(where: { $0.function.pointee.signature.parameters.first?.name == name }) {
      return value
    }
    return .unset
  }

  /// The definition for a first argument. Where that is a number, a tensor or tree in the second place decides:
  /// `maximum(0, x)`.
  func choose(_ first: Value, _ second: Value, _ machine: Machine) -> UnsafePointer<NativeEntry>? {
    if let only = pointee.only { return only }
    if first.isUnset { return pointee.entries.baseAddress }
    var kinds = first.kinds
    if kinds == .number, second.isHeap, second.tag != .string, !second.kinds.isDisjoint(with: [.tensor, .tree]),
      self.first(taking: .tensor) != nil
    {
      kinds = .tensor
    }
    if let exact = self.first(taking: kinds) { return exact }
    if var entry = pointee.entries.baseAddress {
      for _ in 0..<pointee.entries.count {
        if entry.pointee.kinds == .any { return entry }
        entry += 1
      }
    }
    guard first.tag == .tensor, let scalar = try? TensorHooks.scalar(machine, first), scalar.isNumber else {
      return nil
    }
    return self.first(taking: .number)
  }
}

/// A native with what a call needs at hand.
struct NativeEntry {
  let function: UnsafePointer<NativeFunction>
  let body: NativeFunction.Body
  let kinds: KindSet
  let parameterCount: Int
  /// Parameters that positional arguments may fill.
  let positionalCount: Int
  let restIndex: Int
  /// Its last parameter collects further named arguments.
  let collectsNamed: Bool

  /// The function lives as long as the process.
  init(_ native: NativeFunction) {
    let pointer = UnsafeMutablePointer<NativeFunction>.allocate(capacity: 1)
    pointer.initialize(to: native)
    function = UnsafePointer(pointer)
    body = native.body
    kinds = native.kinds
    let parameters = native.signature.parameters
    parameterCount = parameters.count
    collectsNamed = parameters.last.map { $0.isRest && $0.name == "_" } ?? false
    restIndex = parameters.firstIndex { $0.isRest && $0.name != "_" } ?? -1
    positionalCount = parameters.count - (collectsNamed ? 1 : 0)
  }
}
