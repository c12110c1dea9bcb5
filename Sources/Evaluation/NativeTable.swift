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

/// Natives of one name.
struct NativeGroup {
  let name: String
  let entries: [NativeEntry]
  /// Set when one definition takes everything.
  let only: NativeEntry?

  init(name: String, entries: [NativeEntry]) {
    self.name = name
    self.entries = entries
    only = entries.count == 1 && entries[0].kinds == .any ? entries[0] : nil
  }

  var kinds: KindSet { entries.reduce(into: KindSet()) { $0.formUnion($1.kinds) } }

  /// The definition for a first argument. Where that is a number, a tensor or tree in the second place decides:
  /// `maximum(0, x)`.
  func choose(_ first: Value, _ second: Value, _ machine: Machine) -> NativeEntry? {
    if let only { return only }
    if first.isUnset { return entries.first }
    var kinds = first.kinds
    if kinds == .number, second.isHeap, second.tag != .string, !second.kinds.isDisjoint(with: [.tensor, .tree]),
      entries.contains(where: { $0.kinds != .any && $0.kinds.contains(.tensor) })
    {
      kinds = .tensor
    }
    if let exact = entries.first(where: { $0.kinds != .any && !$0.kinds.isDisjoint(with: kinds) }) { return exact }
    if let general = entries.first(where: { $0.kinds == .any }) { return general }
    guard first.tag == .tensor, let scalar = try? TensorHooks.scalar(machine, first), scalar.isNumber else {
      return nil
    }
    return entries.first { $0.kinds.contains(.number) }
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
