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
      let elements = try ownedElements(call, 0)
      defer { for element in elements { call.heap.release(element) } }
      let descending = try call.bool(1, default: false)
      if let indexes = try orderOfNumbers(elements, descending: descending, call.machine) {
        return try call.machine.list(of: indexes.count) { Value(Int(indexes[$0])) }
      }
      let keys = try elements.map { try SortKey($0, call) }
      var steps = 0
      let indexes = try keys.indices.sorted { i, j in
        steps &+= 1
        try call.machine.pollInterrupt(at: steps << 4)
        let order = try keys[i].compare(keys[j], descending: descending)
        return order == 0 ? i < j : order < 0
      }
      return call.heap.list(indexes.map { Value($0) })
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

  /// What `order` compares by.
  private enum SortKey {
    case number(Double)
    case integer(Int)
    case bool(Bool)
    /// A string that the list holds.
    case text(Value)
    case list([SortKey])

    init(_ value: Value, _ call: NativeCall) throws {
      switch value.tag {
      case .int: self = .integer(value.asInt)
      case .float: self = .number(value.asDouble)
      case .bool: self = .bool(value.asBool)
      case .string: self = .text(value)
      case .list:
        let list = value.list
        self = .list(try (0..<list.count).map { try SortKey(list.elements[$0], call) })
      case .tensor:
        guard let scalar = try TensorHooks.scalar(call.machine, value) else { fallthrough }
        self = try SortKey(scalar, call)
      default:
        throw RuntimeError(
          "E0211", "\(call.machine.brief(value)) has no place in an order", label: "sorted here",
          help: [
            value.isNone
              ? "`[x for x in xs if x != none]` leaves out what is missing"
              : "sort by numbers, strings, bools, or lists of these"
          ])
      }
    }

    private var kind: String {
      switch self {
      case .number, .integer: "number"
      case .bool: "bool"
      case .text: "string"
      case .list: "list"
      }
    }

    /// Below 0 when this comes first. NaN comes last in both directions. Throws E0211 for keys of different kinds.
    func compare(_ other: SortKey, descending: Bool) throws -> Int {
      let sign = descending ? -1 : 1
      switch (self, other) {
      case (.bool(let a), .bool(let b)): return a == b ? 0 : (b ? -sign : sign)
      case (.text(let a), .text(let b)): return Machine.order(strings: a, b) * sign
      case (.list(let a), .list(let b)):
        for (x, y) in zip(a, b) {
          let order = try x.compare(y, descending: descending)
          if order != 0 { return order }
        }
        return a.count == b.count ? 0 : (a.count < b.count ? -sign : sign)
      default:
        guard kind == other.kind else {
          throw RuntimeError(
            "E0211", "a \(kind) and a \(other.kind) have no order", label: "sorted here",
            help: ["sort by numbers, by strings, by bools, or by lists of these"])
        }
        let order = Machine.order(value, other.value)
        // A NaN is after what is none, and equal to another one.
        return order == 2 ? (isNaN ? (other.isNaN ? 0 : 1) : -1) : order * sign
      }
    }

    private var isNaN: Bool { if case .number(let x) = self { x.isNaN } else { false } }

    /// The number as a value.
    private var value: Value {
      switch self {
      case .number(let x): Value(x)
      case .integer(let n): Value(n)
      default: .none
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

  /// The numbers of a list or range argument (rank-0 tensors count).
  static func numbers(_ call: NativeCall, _ index: Int) throws -> [Value] {
    var numbers: [Value] = []
    try eachNumber(call, index) { numbers.append($0) }
    return numbers
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
