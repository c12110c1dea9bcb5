import Graphs
import Tensors

extension Natives {
  static let tensorElementwise: [NativeFunction] =
    unaryNames.map { name, operation, meaning in
      NativeFunction(
        name, ["x"], kinds: .tensorOrTree, doc: "\(meaning), element by element; maps over trees.",
        example: "\(name)(tensor([0.25, 0.5]))"
      ) { call in
        let operations = call.operations
        return try TreeArithmetic(call.machine).map(call[0], name) { try operations.unary(operation, $0) }
      }
    } + [
      logarithm("log2", 2), logarithm("log10", 10),
      NativeFunction(
        "is_nan", ["x"], kinds: .tensorOrTree, doc: "Where elements are NaN.", example: "is_nan(tensor([1.0, nan]))"
      ) { call in try floatTest(call, .isNaN) },
      NativeFunction(
        "is_finite", ["x"], kinds: .tensorOrTree, doc: "Where elements are neither NaN nor infinite.",
        example: "is_finite(tensor([1.0, inf]))"
      ) { call in try floatTest(call, .isFinite) },
      NativeFunction(
        "minimum", ["a", "b"], kinds: [.tensor, .list, .record, .function],
        doc: "The smaller of two, element by element; NaN wins.", example: "minimum(tensor([1, 5]), 3)"
      ) { call in try TensorHooks.extremum(call.machine, isMax: false, call[0], call[1]) },
      NativeFunction(
        "maximum", ["a", "b"], kinds: [.tensor, .list, .record, .function],
        doc: "The larger of two, element by element; NaN wins.", example: "maximum(tensor([1, 5]), 3)"
      ) { call in try TensorHooks.extremum(call.machine, isMax: true, call[0], call[1]) },
      NativeFunction(
        "atan2", ["y", "x"], doc: "The angle of the point (x, y), element by element.", example: "atan2(1.0, 1.0)"
      ) { call in
        try pairwise(call.machine, call[0], call[1], "atan2") { operations, a, b in
          try operations.arithmetic(.atan2, a, b, floats: true)
        }
      },
      NativeFunction(
        "where", ["c", "a", "b"], kinds: [.tensor, .bool],
        doc: "Elements of a where the condition holds, otherwise of b.", example: "where(tensor([1, -1]) > 0, 1, 0)"
      ) { call in try select(call) },
      NativeFunction(
        "stop_gradient", ["x"], doc: "The same value, through which no gradient passes; any tree.",
        example: "grad(x -> stop_gradient(x) * x)(3.0) # => 3.0"
      ) { call in
        let operations = call.operations
        if call[0].tag == .string || call[0].isNone { return call.heap.retained(call[0]) }
        return try TreeArithmetic(call.machine).map(call[0], "stop_gradient") { x in
          x.isTraced ? try operations.apply(.stopGradient, [x]) : x
        }
      },
    ]

  private static let unaryNames: [(String, UnaryOperation, String)] = [
    ("abs", .abs, "Absolute values"), ("sign", .sign, "-1, 0 or 1"), ("sqrt", .sqrt, "Square roots"),
    ("exp", .exp, "e to the power of each element"), ("expm1", .expm1, "exp(x) - 1, exact near 0"),
    ("log", .log, "Natural logarithms"), ("log1p", .log1p, "log(1 + x), exact near 0"),
    ("sin", .sin, "Sines of radians"), ("cos", .cos, "Cosines of radians"), ("tan", .tan, "Tangents of radians"),
    ("asin", .asin, "Inverse sines"), ("acos", .acos, "Inverse cosines"), ("atan", .atan, "Inverse tangents"),
    ("sinh", .sinh, "Hyperbolic sines"), ("cosh", .cosh, "Hyperbolic cosines"), ("tanh", .tanh, "Hyperbolic tangents"),
    ("sigmoid", .sigmoid, "1 / (1 + exp(-x))"), ("softplus", .softplus, "log(1 + exp(x))"),
    ("erf", .erf, "The error function"), ("gelu", .gelu, "The Gaussian error linear unit"),
    ("floor", .floor, "Rounded down"), ("ceil", .ceil, "Rounded up"), ("round", .round, "Rounded, halves to even"),
  ]

  private static func logarithm(_ name: String, _ base: Double) -> NativeFunction {
    NativeFunction(
      name, ["x"], kinds: .tensorOrTree,
      doc: "Logarithms to the base \(Int(base)), element by element; maps over trees.",
      example: "\(name)(tensor([1.0, 10.0]))"
    ) { call in
      let operations = call.operations
      return try TreeArithmetic(call.machine).map(call[0], name) {
        try operations.binary(.divide, try operations.unary(.log, $0), .float(ScalarMath.log(base)))
      }
    }
  }

  private static func floatTest(_ call: NativeCall, _ operation: UnaryOperation) throws -> Value {
    let operations = call.operations
    return try TreeArithmetic(call.machine).map(call[0], call.function.name) { x in
      let floats = x.type.isFloat ? x : try operations.convert(x, to: x.isNumber ? .f64 : .f32, asNumber: x.isNumber)
      return try operations.apply(.unary(operation), [floats])
    }
  }

  static func pairwise(
    _ m: Machine, _ a: Value, _ b: Value, _ name: String,
    _ body: (TensorOperations, TensorOperand, TensorOperand) throws -> TensorOperand
  ) throws -> Value {
    // A native's arguments are dropped when it has ended.
    let operations = TensorOperations(m, consuming: a, b)
    if let x = operations.operand(a), let y = operations.operand(b) {
      return operations.value(try body(operations, x, y))
    }
    return try TreeArithmetic(m).combine(a, b, name) { try body(operations, $0, $1) }
  }

  private static func select(_ call: NativeCall) throws -> Value {
    let operations = call.operations
    let condition = try call.operand(0)
    guard condition.type == .bool else {
      throw RuntimeError(
        "E0402", "`where` needs a boolean tensor, not \(condition.type.name)\(describe(condition.shape))",
        help: ["compare it with something, as in `where(x > 0, a, b)`"])
    }
    if case .bool(let truth) = condition, operations.operand(call[1]) == nil || operations.operand(call[2]) == nil {
      return call.heap.retained(truth ? call[1] : call[2])
    }
    return try pairwise(call.machine, call[1], call[2], "where") { operations, a, b in
      try operations.select(condition, a, b)
    }
  }
}

extension TensorOperations {
  /// A function of one argument; those that need fractions take integers as floats.
  func unary(_ operation: UnaryOperation, _ x: TensorOperand) throws -> TensorOperand {
    switch operation {
    case .abs, .sign, .negate:
      return try apply(.unary(operation), [x.type == .bool ? try convert(x, to: .i64, asNumber: x.isNumber) : x])
    case .floor, .ceil, .round:
      if !x.type.isFloat { return x.type == .bool ? try convert(x, to: .i64, asNumber: x.isNumber) : x }
      let whole = try apply(.unary(operation), [x])
      return x.isNumber ? try convert(whole, to: .i64, asNumber: true) : whole
    default:
      let floats = x.type.isFloat ? x : try convert(x, to: x.isNumber ? .f64 : .f32, asNumber: x.isNumber)
      return try elementwise(operation, floats)
    }
  }

  /// Elements of `a` where the condition holds, otherwise of `b`, mixed as `+` mixes them.
  func select(_ condition: TensorOperand, _ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    let type = commonType(a, b)
    let numbers = a.isNumber && b.isNumber
    if numbers, !condition.isNumber {
      // Two numbers chosen by a tensor make a tensor: f32, as everywhere, or i64 of ints.
      let made: ElementType = type == .f64 ? .f32 : type
      return try apply(.select, [condition, try convert(a, to: made), try convert(b, to: made)], isTensor: true)
    }
    return try apply(
      .select, [condition, try convert(a, to: type, asNumber: numbers), try convert(b, to: type, asNumber: numbers)],
      isTensor: !numbers)
  }
}

extension TensorHooks {
  /// `minimum(a, b)`, `maximum(a, b)` of numbers, tensors and trees.
  static func extremum(_ m: Machine, isMax: Bool, _ a: Value, _ b: Value) throws -> Value {
    try Natives.pairwise(m, a, b, isMax ? "maximum" : "minimum") { operations, x, y in
      try operations.arithmetic(isMax ? .maximum : .minimum, x, y)
    }
  }
}
