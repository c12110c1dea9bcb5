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
      let elements = try ownedElements(call, 0)
      return call.heap.list(elements.reversed())
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
        return call.heap.list(indexes.map { Value($0) })
      }
      let keys = try elements.map { try SortKey($0, call) }
      var steps = 0
      let indexes = try keys.indices.sorted { i, j in
        steps &+= 1
        try call.machine.pollInterrupt(at: steps << 4)
        let order = keys[i].compare(keys[j], descending: descending)
        return order == 0 ? i < j : order < 0
      }
      return call.heap.list(indexes.map { Value($0) })
    },
  ]

  /// The order of ints alone, or of floats alone; nil for anything else.
  private static func orderOfNumbers(_ elements: [Value], descending: Bool, _ machine: Machine) throws -> [Int]? {
    guard let tag = elements.first?.tag, tag == .int || tag == .float, elements.count < 1 << 31,
      elements.allSatisfy({ $0.tag == tag })
    else { return nil }
    var steps = 0
    if tag == .int {
      // Reversing all bits turns the order round without an overflow.
      var keys = elements.enumerated().map { (key: descending ? ~$1.asInt : $1.asInt, index: Int32($0)) }
      try keys.sort {
        steps &+= 1
        try machine.pollInterrupt(at: steps)
        return $0.key != $1.key ? $0.key < $1.key : $0.index < $1.index
      }
      return keys.map { Int($0.index) }
    }
    // NaN comes last in both directions.
    var keys = elements.enumerated().map { (key: descending ? -$1.asDouble : $1.asDouble, index: Int32($0)) }
    try keys.sort { a, b in
      steps &+= 1
      try machine.pollInterrupt(at: steps)
      if a.key < b.key { return true }
      if a.key > b.key { return false }
      return a.key == b.key || a.key.isNaN == b.key.isNaN ? a.index < b.index : b.key.isNaN
    }
    return keys.map { Int($0.index) }
  }

  /// What `order` compares by.
  private enum SortKey {
    case number(Double)
    case integer(Int)
    case text(String)
    case list([SortKey])

    init(_ value: Value, _ call: NativeCall) throws {
      switch value.tag {
      case .int: self = .integer(value.asInt)
      case .float: self = .number(value.asDouble)
      case .bool: self = .integer(value.asBool ? 1 : 0)
      case .string: self = .text(value.swiftString)
      case .list:
        let list = value.list
        self = .list(try (0..<list.count).map { try SortKey(list.elements[$0], call) })
      case .tensor:
        guard let scalar = try TensorHooks.scalar(call.machine, value) else { fallthrough }
        self = try SortKey(scalar, call)
      default:
        throw RuntimeError(
          "E0211", "\(call.machine.brief(value)) has no place in an order", label: "sorted here",
          help: ["sort by numbers, strings, bools, or lists of these"])
      }
    }

    private var rank: Int {
      switch self {
      case .number, .integer: 0
      case .text: 1
      case .list: 2
      }
    }

    /// Below 0 when this comes first. NaN comes last in both directions.
    func compare(_ other: SortKey, descending: Bool) -> Int {
      let sign = descending ? -1 : 1
      switch (self, other) {
      case (.integer(let a), .integer(let b)): return a == b ? 0 : (a < b ? -sign : sign)
      case (.text(let a), .text(let b)):
        return a == b ? 0 : (a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) ? -sign : sign)
      case (.list(let a), .list(let b)):
        for (x, y) in zip(a, b) {
          let order = x.compare(y, descending: descending)
          if order != 0 { return order }
        }
        return a.count == b.count ? 0 : (a.count < b.count ? -sign : sign)
      default:
        guard rank == 0, other.rank == 0 else { return rank == other.rank ? 0 : (rank < other.rank ? -sign : sign) }
        let (a, b) = (double, other.double)
        if a.isNaN || b.isNaN { return a.isNaN ? (b.isNaN ? 0 : 1) : -1 }
        return a == b ? 0 : (a < b ? -sign : sign)
      }
    }

    private var double: Double {
      switch self {
      case .number(let x): x
      case .integer(let n): Double(n)
      default: .nan
      }
    }
  }

  /// The elements of a list or range argument, each with a count that the caller owns.
  static func ownedElements(_ call: NativeCall, _ index: Int) throws -> [Value] {
    let value = call[index]
    if value.tag == .list {
      let list = value.list
      return (0..<list.count).map { call.heap.retained(list.elements[$0]) }
    }
    guard value.tag == .range else { throw call.mismatch(index, "a list") }
    return try rangeElements(value, call)
  }

  /// The numbers of a range; more than 2³¹ of them is an error.
  static func rangeElements(_ value: Value, _ call: NativeCall) throws -> [Value] {
    let range = value.range
    let inclusive = range.pointee.header.flags & RangeObject.isInclusive != 0
    let (start, end, step) = (range.pointee.start, range.pointee.end, range.pointee.step)
    func tooLong() -> RuntimeError { RuntimeError("E0305", "a range of so many numbers does not fit into a list") }
    if start.tag == .int, end.tag == .int, step.tag == .int || step.tag == .none {
      let by = step.tag == .int ? step.asInt : 1
      guard by != 0 else { throw RuntimeError("E0207", "a range cannot advance by 0") }
      let (span, overflow) = end.asInt.subtractingReportingOverflow(start.asInt)
      guard !overflow else { throw tooLong() }
      if by > 0 ? span < 0 : span > 0 { return [] }
      var count = span / by
      if inclusive || span % by != 0 { count += 1 }
      guard count < 1 << 31, call.heap.hasRoom(for: count * 16) else { throw tooLong() }
      return (0..<count).map { Value(start.asInt + $0 * by) }
    }
    guard start.isNumber, end.isNumber, step.isNumber, step.number != 0 else {
      throw RuntimeError("E0207", "a range of floats needs a step", help: ["write `0..1 by 0.1`"])
    }
    let steps = (end.number - start.number) / step.number
    guard steps.isFinite, steps < 2e9 else { throw tooLong() }
    if steps < -1e-9 { return [] }
    // A last value within a billionth of a step of the end counts as the end.
    let last = Int((steps + 1e-9).rounded(.down))
    let reachesEnd = Swift.abs(Double(last) - steps) <= 1e-9
    let count = inclusive || !reachesEnd ? last + 1 : last
    guard call.heap.hasRoom(for: count * 16) else { throw tooLong() }
    return (0..<count).map { Value(start.number + Double($0) * step.number) }
  }

  /// The numbers of a list or range argument (rank-0 tensors count).
  static func numbers(_ call: NativeCall, _ index: Int) throws -> [Value] {
    let elements = try ownedElements(call, index)
    defer { for element in elements { call.heap.release(element) } }
    return try elements.enumerated().map { index, element in
      try call.machine.pollInterrupt(at: index)
      if element.isNumber { return element }
      if element.tag == .tensor, let scalar = try TensorHooks.scalar(call.machine, element), scalar.isNumber {
        return scalar
      }
      throw RuntimeError(
        "E0210", "`\(call.function.name)` needs numbers, and the list holds \(call.machine.brief(element))",
        label: "called here")
    }
  }

  private static func extremeOfList(_ call: NativeCall, isMax: Bool) throws -> Value {
    if let folded = try TensorHooks.folded(call, isMax ? .maximum : .minimum) { return folded }
    let numbers = try numbers(call, 0)
    guard var best = numbers.first else {
      throw RuntimeError(
        "E0212", "an empty list has no \(isMax ? "largest" : "smallest") number", label: "the list is empty",
        help: ["test `xs.length > 0` first"])
    }
    for next in numbers.dropFirst() where better(next, than: best, isMax: isMax) { best = next }
    return best
  }

  private static func folded(
    _ call: NativeCall, start: Int, _ combine: (Double, Double) -> Double,
    _ checked: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws -> Value {
    if let folded = try TensorHooks.folded(call, start == 0 ? .add : .multiply) { return folded }
    let numbers = try numbers(call, 0)
    if numbers.allSatisfy({ $0.tag == .int }) {
      var total = start
      for number in numbers {
        let (next, overflow) = checked(total, number.asInt)
        guard !overflow else { throw Natives.overflow("the \(call.function.name)") }
        total = next
      }
      return Value(total)
    }
    return Value(numbers.reduce(Double(start)) { combine($0, $1.number) })
  }
}
