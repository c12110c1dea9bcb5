import Tensors

/// Functions of lists and ranges that Exp cannot say, or not fast enough.
extension Natives {
  static let lists: [NativeFunction] = [
    NativeFunction(
      "min", ["xs"], kinds: [.list, .range], doc: "The smallest number of a list.", example: "min([3, 1, 2])  # => 1"
    ) { call in try extremeOfList(call, isMax: false) },
    NativeFunction(
      "max", ["xs"], kinds: [.list, .range], doc: "The largest number of a list.", example: "max([3, 1, 2])  # => 3"
    ) { call in try extremeOfList(call, isMax: true) },
    NativeFunction(
      "sum", ["xs"], kinds: [.list, .range], doc: "The sum of the numbers of a list; 0 for none.",
      example: "sum([1, 2, 3])  # => 6"
    ) { call in try folded(call, start: 0, +, { $0.addingReportingOverflow($1) }) },
    NativeFunction(
      "product", ["xs"], kinds: [.list, .range], doc: "The product of the numbers of a list; 1 for none.",
      example: "product([2, 3])  # => 6"
    ) { call in try folded(call, start: 1, *, { $0.multipliedReportingOverflow(by: $1) }) },
    NativeFunction(
      "reverse", ["xs"], kinds: [.list, .range], doc: "The elements from last to first.",
      example: "reverse([1, 2])  # => [2, 1]"
    ) { call in
      guard call[0].tag == .list else { return call.heap.list(try ownedElements(call, 0).reversed()) }
      let list = call[0].list
      return try call.machine.list(of: list.count) { call.heap.retained(list.elements[list.count - 1 - $0]) }
    },
    NativeFunction(
      "order", ["xs", "descending?"], kinds: [.list, .range],
      doc: "The indexes that sort numbers, strings, bools, or lists of these: stable, NaN last.",
      example: "order([3, 1, 2])  # => [1, 2, 0]"
    ) { call in
      let descending = try call.bool(1, default: false)
      let machine = call.machine
      let elements = try ownedElements(call, 0)
      defer { for element in elements { call.heap.release(element) } }
      // The elements, their keys, the indexes and half of them again where runs are merged.
      let bytes = elements.count * (MemoryLayout<Value>.stride + MemoryLayout<SortKey>.stride + 12)
      try machine.checkRoom(bytes)
      call.heap.account(bytes)
      defer { call.heap.account(-bytes) }
      if let indexes = try orderOfNumbers(elements, descending: descending, machine) {
        return try machine.list(of: indexes.count) { Value(Int(indexes[$0])) }
      }
      var check = SortCheck(call)
      let keys = try elements.map { try check.key($0) }
      var comparison = SortComparison(call, descending: descending)
      let indexes = try keys.indices.sorted { i, j in
        let order = try comparison.order(keys[i], keys[j])
        return order == 0 ? i < j : order < 0
      }
      return try machine.list(of: indexes.count) { Value(indexes[$0]) }
    },
  ]

  /// The order of ints alone, or of floats alone; nil for anything else.
  private static func orderOfNumbers(_ elements: [Value], descending: Bool, _ machine: Machine) throws -> [Int64]? {
    guard let tag = elements.first?.tag, tag == .int || tag == .float, elements.allSatisfy({ $0.tag == tag }) else {
      return nil
    }
    var order = [Int64](repeating: 0, count: elements.count)
    if tag == .int {
      let keys = try elements.enumerated().map { i, element in
        try machine.pollInterrupt(at: i)
        // Reversing all bits turns the order round without an overflow.
        return Int64(descending ? ~element.asInt : element.asInt)
      }
      try Kernels.argSort(.i64, outer: 1, length: keys.count, inner: 1, keys, &order)
    } else {
      let keys = try elements.enumerated().map { i, element in
        try machine.pollInterrupt(at: i)
        return descending ? -element.asDouble : element.asDouble
      }
      try Kernels.argSort(.f64, outer: 1, length: keys.count, inner: 1, keys, &order)
    }
    try machine.pollInterrupt()
    return order
  }

  /// What `order` compares by. Texts and lists are borrowed from the list that is sorted.
  private enum SortKey {
    case number(Double)
    case integer(Int)
    case bool(Bool)
    case text(Value)
    /// Its elements are compared as they stand, none of them copied.
    case list(Value)

    @inline(__always) init(_ value: Value, _ call: NativeCall) throws {
      switch value.tag {
      case .int: self = .integer(value.asInt)
      case .float: self = .number(value.asDouble)
      case .bool: self = .bool(value.asBool)
      case .string: self = .text(value)
      case .list: self = .list(value)
      default: self = try SortKey(other: value, call)
      }
    }

    /// Throws E0211 for what has no place in an order.
    @inline(never) private init(other value: Value, _ call: NativeCall) throws {
      if value.tag == .tensor, let scalar = try TensorHooks.scalar(call.machine, value) {
        self = try SortKey(scalar, call)
        return
      }
      throw RuntimeError(
        "E0211", "\(call.machine.brief(value)) has no place in an order", label: "sorted here",
        help: [
          value.isNone
            ? "`[x for x in xs if x != none]` leaves out what is missing"
            : "sort by numbers, strings, bools, or lists of these"
        ])
    }

    var kind: String {
      switch self {
      case .number, .integer: "number"
      case .bool: "bool"
      case .text: "string"
      case .list: "list"
      }
    }

    var isNaN: Bool { if case .number(let x) = self { x.isNaN } else { false } }

    /// The number as a value.
    var value: Value {
      switch self {
      case .number(let x): Value(x)
      case .integer(let n): Value(n)
      default: .none
      }
    }
  }

  /// Looks through everything that is to be sorted, before anything is compared, for what has no place in an order. A list
  /// that stands in several places is looked through once: lists of lists can be exponentially many and share most of them.
  private struct SortCheck {
    private let call: NativeCall
    private var watch = WalkWatch()
    private var seen: Set<UInt64> = []
    /// Lists with the place from which on they are to be looked through, inner ones last.
    private var work: [(list: Value, next: Int)] = []

    init(_ call: NativeCall) { self.call = call }

    /// The key of an element that the caller holds too. Throws E0211.
    @inline(__always) mutating func key(_ value: Value) throws -> SortKey {
      // Beside the list that is sorted, the caller's hold is one.
      if value.tag == .list, isNew(value, holders: 2) { try look(into: value) }
      try watch.step(call.machine)
      return try SortKey(value, call)
    }

    private mutating func isNew(_ list: Value, holders: UInt32) -> Bool {
      list.header.pointee.references <= holders || seen.insert(list.bits).inserted
    }

    private mutating func look(into list: Value) throws {
      work.append((list, 0))
      while let (list, next) = work.popLast() {
        for i in next..<list.list.count {
          let held = (work.capacity + seen.capacity) * MemoryLayout<(Value, Int)>.stride
          try watch.step(call.machine, holding: held)
          let element = list.list.elements[i]
          guard element.tag == .list else {
            _ = try SortKey(element, call)
            continue
          }
          guard isNew(element, holders: 1) else { continue }
          work.append((list, i + 1))
          work.append((element, 0))
          break
        }
      }
    }
  }

  /// Compares keys for `order`.
  private struct SortComparison {
    private let call: NativeCall
    private let sign: Int
    private var watch = WalkWatch()

    init(_ call: NativeCall, descending: Bool) {
      self.call = call
      sign = descending ? -1 : 1
    }

    /// Below 0 when the first comes first. NaN comes last in both directions. Throws E0211 for keys of different kinds.
    mutating func order(_ a: SortKey, _ b: SortKey) throws -> Int {
      try watch.step(call.machine)
      if case .list(let x) = a, case .list(let y) = b { return try order(lists: x, y) }
      return try order(atoms: a, b)
    }

    private mutating func order(atoms a: SortKey, _ b: SortKey) throws -> Int {
      switch (a, b) {
      case (.bool(let a), .bool(let b)): return a == b ? 0 : (b ? -sign : sign)
      case (.text(let a), .text(let b)):
        try watch.step(call.machine, parts: min(a.string.buffer.count, b.string.buffer.count) >> 6)
        return Machine.order(strings: a, b) * sign
      default:
        guard a.kind == b.kind else {
          throw RuntimeError(
            "E0211", "a \(a.kind) and a \(b.kind) have no order", label: "sorted here",
            help: ["sort by numbers, by strings, by bools, or by lists of these"])
        }
        let order = Machine.order(a.value, b.value)
        // A NaN is after what is none, and equal to another one.
        return order == 2 ? (a.isNaN ? (b.isNaN ? 0 : 1) : -1) : order * sign
      }
    }

    /// Element by element, the shorter of two alike first; a list is equal to itself, whatever it holds.
    private mutating func order(lists a: Value, _ b: Value) throws -> Int {
      if a.isIdentical(b) { return 0 }
      var (x, y, next) = (a, b, 0)
      // The lists around those that are compared, with the place where they go on.
      var around: [(Value, Value, Int)] = []
      while true {
        let shared = min(x.list.count, y.list.count)
        var isInside = false
        while next < shared {
          try watch.step(call.machine, holding: around.capacity * MemoryLayout<(Value, Value, Int)>.stride)
          let (p, q) = (x.list.elements[next], y.list.elements[next])
          next += 1
          if p.tag == .list, q.tag == .list {
            if p.isIdentical(q) { continue }
            around.append((x, y, next))
            (x, y, next) = (p, q, 0)
            isInside = true
            break
          }
          let order = try order(atoms: SortKey(p, call), SortKey(q, call))
          if order != 0 { return order }
        }
        if isInside { continue }
        if x.list.count != y.list.count { return x.list.count < y.list.count ? -sign : sign }
        guard let outer = around.popLast() else { return 0 }
        (x, y, next) = outer
      }
    }
  }

  /// The elements of a list or range argument, each with a count that the caller owns.
  static func ownedElements(_ call: NativeCall, _ index: Int) throws -> [Value] {
    let value = call[index]
    if value.tag == .range { return try rangeElements(value, call.machine) }
    guard value.tag == .list else { throw call.mismatch(index, "a list") }
    let list = value.list
    var elements: [Value] = []
    elements.reserveCapacity(list.count)
    do {
      for i in 0..<list.count {
        try call.machine.pollInterrupt(at: i)
        elements.append(call.heap.retained(list.elements[i]))
      }
    } catch {
      for element in elements { call.heap.release(element) }
      throw error
    }
    return elements
  }

  /// The numbers of a range; more than fit into memory are an error.
  static func rangeElements(_ value: Value, _ machine: Machine) throws -> [Value] {
    let counts = try machine.rangeCounts(value)
    guard counts.count < 1 << 31, machine.heap.hasRoom(for: counts.count * MemoryLayout<Value>.stride) else {
      throw RuntimeError("E0305", "a range of so many numbers does not fit into a list")
    }
    return try (0..<counts.count).map { i in
      try machine.pollInterrupt(at: i)
      return counts.value(i)
    }
  }

  /// Hands the numbers of a list or range argument (rank-0 tensors count) to `body`, in order.
  static func eachNumber(_ call: NativeCall, _ index: Int, _ body: (Value) throws -> Void) throws {
    let (value, machine) = (call[index], call.machine)
    if value.tag == .range {
      let counts = try machine.rangeCounts(value)
      for i in 0..<counts.count {
        try machine.pollInterrupt(at: i)
        try body(counts.value(i))
      }
      return
    }
    guard value.tag == .list else { throw call.mismatch(index, "a list") }
    let list = value.list
    for i in 0..<list.count {
      try machine.pollInterrupt(at: i)
      let element = list.elements[i]
      if element.isNumber {
        try body(element)
      } else if element.tag == .tensor, let scalar = try TensorHooks.scalar(machine, element), scalar.isNumber {
        try body(scalar)
      } else {
        throw RuntimeError(
          "E0210", "`\(call.function.name)` needs numbers, and the list holds \(machine.brief(element))",
          label: "called here")
      }
    }
  }

  private static func extremeOfList(_ call: NativeCall, isMax: Bool) throws -> Value {
    if let folded = try TensorHooks.folded(call, isMax ? .maximum : .minimum) { return folded }
    var best: Value?
    try eachNumber(call, 0) { next in
      if let found = best, !better(next, than: found, isMax: isMax) { return }
      best = next
    }
    guard let best else {
      throw RuntimeError(
        "E0212", "an empty list has no \(isMax ? "largest" : "smallest") number", label: "the list is empty",
        help: ["test `xs.length > 0` first"])
    }
    return best
  }

  private static func folded(
    _ call: NativeCall, start: Int, _ combine: (Double, Double) -> Double,
    _ checked: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws -> Value {
    if let folded = try TensorHooks.folded(call, start == 0 ? .add : .multiply) { return folded }
    var (whole, isWhole, isTooLarge, real) = (start, true, false, Double(start))
    try eachNumber(call, 0) { number in
      real = combine(real, number.number)
      guard isWhole, !isTooLarge else {
        isWhole = isWhole && number.tag == .int
        return
      }
      guard number.tag == .int else { return isWhole = false }
      (whole, isTooLarge) = checked(whole, number.asInt)
    }
    guard isWhole else { return Value(real) }
    if isTooLarge { throw Natives.overflow("the \(call.function.name)") }
    return Value(whole)
  }
}
