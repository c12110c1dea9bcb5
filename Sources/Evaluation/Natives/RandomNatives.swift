import Graphs
import Notation
import Tensors

extension Natives {
  static let randomNatives: [NativeFunction] = [
    NativeFunction(
      "uniform", ["...shape", "low?", "high?", "key?", "dtype?"],
      doc: "Draws that are uniform from `low:` (0) up to `high:` (1); without a shape one number.",
      example: "shape(uniform(2, 3, low: -1, high: 1)) # => [2, 3]"
    ) { call in
      let low = call.has(1) ? try call.operand(1) : .float(0)
      let high = call.has(2) ? try call.operand(2) : .float(1)
      if let least = low.known, let most = high.known, !(least <= most) {
        throw RuntimeError(
          "E0412", "there is no number from \(NumberText.shortest(least)) up to \(NumberText.shortest(most))",
          label: "low \(NumberText.shortest(least)), high \(NumberText.shortest(most))")
      }
      let (u, isNumber) = try draw(call, .uniform, key: 3, dtype: 4)
      guard call.has(1) || call.has(2) else { return call.result(u) }
      let operations = call.operations
      let spread = try operations.arithmetic(.multiply, u, try operations.binary(.subtract, high, low))
      return call.result(try drawn(try operations.arithmetic(.add, spread, low), isNumber))
    },
    NativeFunction(
      "normal", ["...shape", "mean?", "sd?", "key?", "dtype?"],
      doc:
        "Draws of the normal distribution with `mean:` (0) and standard deviation `sd:` (1); without a shape one number.",
      example: "shape(normal([64, 10], sd: 0.1)) # => [64, 10]"
    ) { call in
      if call.has(2), let sd = try call.operand(2).known, !(sd >= 0) {
        throw RuntimeError(
          "E0412", "a standard deviation is at least 0, not \(NumberText.shortest(sd))",
          label: "sd \(NumberText.shortest(sd))")
      }
      let (z, isNumber) = try draw(call, .normal, key: 3, dtype: 4)
      let operations = call.operations
      var result = z
      if call.has(2) { result = try operations.arithmetic(.multiply, result, try call.operand(2)) }
      if call.has(1) { result = try operations.arithmetic(.add, result, try call.operand(1)) }
      return call.result(try drawn(result, isNumber))
    },
    NativeFunction(
      "randint", ["...shape", "high", "low?", "key?"],
      doc: "Whole numbers from `low:` (0) up to, and without, `high:`; without a shape one.",
      example: "shape(randint(5, high: 10)) # => [5]"
    ) { call in
      var shape = try call.shape(rest: 0)
      guard call.has(1) || shape?.count == 1 else { throw call.mismatch(1, "a whole number") }
      // `randint(10)` names the bound.
      var high = 0
      if call.has(1) {
        high = try bound(call, 1)
      } else if let only = shape?.first {
        high = only
        shape = nil
      }
      let low = call.has(2) ? try bound(call, 2) : 0
      guard low < high else {
        throw RuntimeError(
          "E0412", "there is no whole number from \(low) up to, and without, \(high)", label: "low \(low), high \(high)"
        )
      }
      let key = try call.drawKey(3)
      if let shape { try checkRoom(call, shape, .i64) }
      let primitive = Primitive.random(.integer(low: low, high: high), shape: shape ?? [], type: .i64)
      return call.result(try call.operations.apply(primitive, [key], isTensor: shape != nil))
    },
    NativeFunction(
      "permutation", ["n", "start?", "count?", "key?"],
      doc: "The numbers 0..<n in an order that belongs to the key; `start:` and `count:` take a part of it.",
      example: "sort(permutation(4))"
    ) { call in
      let n = try call.int(0)
      guard n >= 0 else { throw RuntimeError(TensorError.badShape([n])) }
      let operations = call.operations
      let start = call.has(1) ? try call.operand(1) : .int(0)
      guard start.rank == 0, !start.type.isFloat else { throw call.mismatch(1, "a whole number") }
      let count = try permutationCount(call, n, start)
      try checkRoom(call, [count], .i64)
      let key = try call.drawKey(3)
      let first = try operations.convert(start, to: .i64, asNumber: true)
      return call.result(try operations.apply(.permutation(n: n, count: count), [key, first], isTensor: true))
    },
    NativeFunction(
      "key", ["...parts"],
      doc:
        "A key for random functions: of a name and numbers, from the root seed; of a key and numbers, derived; of nothing, fresh where it stands.",
      example: "key(\"data\", 1) == key(\"data\", 1) # => true"
    ) { call in try makeKey(call) },
    NativeFunction(
      "with_key", ["k", "f", "...args"], doc: "f of the arguments, drawing under the key k from a count of 0.",
      example: "with_key(key(\"a\"), () -> uniform()) == with_key(key(\"a\"), () -> uniform()) # => true"
    ) { call in
      let key = try call.key(call[0])
      let f = try call.function(1)
      // The arguments move on, so that what only this call holds may be changed in place.
      let list = call.take(2)
      let isOwner = list.isUnique
      let arguments = (0..<list.list.count).map {
        isOwner ? list.list.elements[$0] : call.heap.retained(list.list.elements[$0])
      }
      if isOwner { list.list.pointee.count = 0 }
      call.heap.release(list)
      return try call.operations.withKey(key) { try call.machine.call(f, taking: arguments) }
    },
  ]

  /// One tensor of draws, or a number when no shape was given.
  private static func draw(
    _ call: NativeCall, _ distribution: Distribution, key: Int, dtype: Int
  ) throws -> (TensorOperand, isNumber: Bool) {
    let shape = try call.shape(rest: 0)
    let type = try call.elementType(dtype) ?? (shape == nil ? .f64 : .f32)
    guard type.isFloat else {
      throw RuntimeError("E0402", "`\(call.function.name)` draws floating-point numbers, not \(type.name)")
    }
    let isNumber = shape == nil && type == .f64
    if let shape { try checkRoom(call, shape, type) }
    let drawn = try call.operations.apply(
      .random(distribution, shape: shape ?? [], type: type), [try call.drawKey(key)], isTensor: !isNumber)
    return (drawn, isNumber)
  }

  /// A bound of whole numbers, which a trace holds fixed.
  private static func bound(_ call: NativeCall, _ index: Int) throws -> Int {
    do { return try call.int(index) } catch let error as RuntimeError where error.id == "E0501" {
      throw RuntimeError.untraceable(
        "`randint` cannot be compiled for a bound that is computed: it needs it as a number",
        help: ["`cast(floor(uniform(n, dtype: \"f64\") * high), \"i64\")` draws n whole numbers below any `high`"])
    }
  }

  private static func drawn(_ operand: TensorOperand, _ isNumber: Bool) throws -> TensorOperand { operand }

  private static func permutationCount(_ call: NativeCall, _ n: Int, _ start: TensorOperand) throws -> Int {
    if call.has(2) {
      let count = try call.int(2)
      guard count >= 0, count <= n else {
        throw RuntimeError("E0412", "a permutation of \(n) has no part of \(count)", label: "count \(count)")
      }
      if case .int(let first) = start, first < 0 || first > n - count {
        throw RuntimeError(
          "E0412", "a permutation of \(n) has no elements from \(first) to \(first &+ count)", label: "start \(first)")
      }
      return count
    }
    let first = try call.int(1, default: 0)
    guard first >= 0, first <= n else {
      throw RuntimeError("E0412", "a permutation of \(n) has no element \(first)", label: "start \(first)")
    }
    return n - first
  }

  private static func makeKey(_ call: NativeCall) throws -> Value {
    let operations = call.operations
    let parts = call[0].list
    guard parts.count > 0 else { return call.result(try operations.freshKey()) }
    var key: TensorOperand
    if parts.elements[0].tag == .string {
      key = .int(
        Int(RandomKey.derive(Int64(call.machine.rootSeed), RandomKey.hash(parts.elements[0].swiftString))))
    } else {
      key = try call.key(parts.elements[0])
    }
    for i in 1..<max(1, parts.count) {
      key = try operations.derive(key, try keyPart(call, parts.elements[i]))
    }
    return call.result(key)
  }

  private static func keyPart(_ call: NativeCall, _ value: Value) throws -> TensorOperand {
    switch value.tag {
    case .string: return .int(Int(RandomKey.hash(value.swiftString)))
    case .bool: return .int(value.asBool ? 1 : 0)
    case .float:
      if let whole = Int(exactly: value.asDouble) { return .int(whole) }
      return .int(Int(Int64(bitPattern: value.asDouble.bitPattern)))
    default:
      guard let operand = call.operations.operand(value), operand.rank == 0, !operand.type.isFloat else {
        throw RuntimeError("E0412", "a key is made of names and whole numbers, not of \(call.machine.brief(value))")
      }
      if case .tensor(let tensor) = operand { return .int(tensor.integer(0)) }
      return try call.operations.convert(operand, to: .i64, asNumber: true)
    }
  }
}
