import Tensors

/// Functions of plain numbers. Tensors and trees have definitions of their own under the same names.
extension Natives {
  static let numbers: [NativeFunction] =
    transcendental + rounding + [
      NativeFunction(
        "abs", ["x"], kinds: .number, doc: "The size of a number, without its sign.", example: "abs(-3)  # => 3"
      ) { call in
        let x = call[0]
        if x.tag == .float { return Value(Swift.abs(x.asDouble)) }
        guard x.asInt != Int.min else { throw overflow("abs(\(x.asInt))") }
        return Value(Swift.abs(x.asInt))
      },
      NativeFunction(
        "sign", ["x"], kinds: .number, doc: "−1, 0 or 1; NaN for NaN.", example: "sign(-2.5)  # => -1.0"
      ) { call in
        let x = call[0]
        return x.tag == .int ? Value(x.asInt.signum()) : Value(ScalarMath.apply(.sign, x.asDouble))
      },
      NativeFunction(
        "log2", ["x"], kinds: .number, doc: "The logarithm to base 2.", example: "log2(8)  # => 3.0"
      ) { call in Value(exactPower(of: 2, call[0].number) ?? ScalarMath.log(call[0].number) / ScalarMath.log(2)) },
      NativeFunction(
        "log10", ["x"], kinds: .number, doc: "The logarithm to base 10.", example: "log10(1000)  # => 3.0"
      ) { call in Value(exactPower(of: 10, call[0].number) ?? ScalarMath.log(call[0].number) / ScalarMath.log(10)) },
      NativeFunction(
        "minimum", ["a", "b"], kinds: .number, doc: "The smaller of two; NaN if either is.",
        example: "minimum(2, 3)  # => 2"
      ) { call in try chosen(call, .minimum) },
      NativeFunction(
        "maximum", ["a", "b"], kinds: .number, doc: "The larger of two; NaN if either is.",
        example: "maximum(2, 3)  # => 3"
      ) { call in try chosen(call, .maximum) },
      NativeFunction(
        "min", ["a", "...rest"], kinds: .number, doc: "The smallest of the numbers given.",
        example: "min(3, 1, 2)  # => 1"
      ) { call in try extreme(call, isMax: false) },
      NativeFunction(
        "max", ["a", "...rest"], kinds: .number, doc: "The largest of the numbers given.",
        example: "max(3, 1, 2)  # => 3"
      ) { call in try extreme(call, isMax: true) },
      NativeFunction(
        "is_nan", ["x"], kinds: .number, doc: "Whether a number is not a number.", example: "is_nan(nan)  # => true"
      ) { call in Value(call[0].tag == .float && call[0].asDouble.isNaN) },
      NativeFunction(
        "is_finite", ["x"], kinds: .number, doc: "Whether a number is neither infinite nor NaN.",
        example: "is_finite(inf)  # => false"
      ) { call in Value(call[0].tag == .int || call[0].asDouble.isFinite) },
      NativeFunction(
        "is_int", ["x"], doc: "Whether a value is an integer.", example: "is_int(3.0)  # => false"
      ) { call in Value(call[0].tag == .int) },
      NativeFunction(
        "to_int", ["x"], doc: "As an integer: a float loses its fraction, a string is read, a bool is 0 or 1.",
        example: "to_int(\"12\")  # => 12"
      ) { call in try integer(call) },
      NativeFunction(
        "to_float", ["x"],
        doc: "As a float: an integer, a bool, a text with a number, a tensor without axes, with its derivative.",
        example: "to_float(2)  # => 2.0"
      ) { call in
        switch call[0].tag {
        case .int, .float: return Value(call[0].number)
        case .bool: return Value(call[0].asBool ? 1.0 : 0.0)
        case .string:
          guard let x = Double(call[0].swiftString.filter { $0 != "_" }) else { throw unreadable(call, "number") }
          return Value(x)
        default:
          // What is differentiated, or compiled, goes on as a number.
          let operations = TensorOperations(call.machine)
          if let x = operations.operand(call[0]), x.isTraced, x.rank == 0 {
            return operations.value(try operations.convert(x, to: .f64, asNumber: true))
          }
          return Value(try call.double(0))
        }
      },
      NativeFunction(
        "power_mod", ["base", "exponent", "m"],
        doc: "base^exponent modulo m, from 0 to m - 1, without large numbers in between.",
        example: "power_mod(3, 100, 7)  # => 4"
      ) { call in
        let base = try call.int(0), exponent = try call.int(1), modulus = try call.int(2)
        guard exponent >= 0 else { throw call.mismatch(1, "an integer from 0") }
        guard modulus >= 1 else { throw call.mismatch(2, "an integer from 1") }
        return Value(power(base, exponent, modulo: modulus))
      },
    ]

  /// By squares, whose 128 bits are divided at once.
  private static func power(_ base: Int, _ exponent: Int, modulo modulus: Int) -> Int {
    let m = UInt(modulus), rest = base % modulus
    func product(_ a: UInt, _ b: UInt) -> UInt { m.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder }
    var result = 1 % m, square = UInt(rest < 0 ? rest + modulus : rest), left = exponent
    while left > 0 {
      if left & 1 == 1 { result = product(result, square) }
      square = product(square, square)
      left >>= 1
    }
    return Int(result)
  }

  private static let transcendental: [NativeFunction] = [
    ("sqrt", .sqrt, "The square root; NaN below 0.", "sqrt(9)  # => 3.0"),
    ("exp", .exp, "e to the power x.", "exp(0)  # => 1.0"),
    ("expm1", .expm1, "exp(x) − 1, exact near 0.", "expm1(0)  # => 0.0"),
    ("log", .log, "The natural logarithm.", "log(1)  # => 0.0"),
    ("log1p", .log1p, "log(1 + x), exact near 0.", "log1p(0)  # => 0.0"),
    ("sin", .sin, "The sine of an angle in radians.", "sin(0)  # => 0.0"),
    ("cos", .cos, "The cosine of an angle in radians.", "cos(0)  # => 1.0"),
    ("tan", .tan, "The tangent of an angle in radians.", "tan(0)  # => 0.0"),
    ("asin", .asin, "The angle whose sine is x.", "asin(0)  # => 0.0"),
    ("acos", .acos, "The angle whose cosine is x.", "acos(1)  # => 0.0"),
    ("atan", .atan, "The angle whose tangent is x.", "atan(0)  # => 0.0"),
    ("sinh", .sinh, "The hyperbolic sine.", "sinh(0)  # => 0.0"),
    ("cosh", .cosh, "The hyperbolic cosine.", "cosh(0)  # => 1.0"),
    ("tanh", .tanh, "The hyperbolic tangent.", "tanh(0)  # => 0.0"),
    ("sigmoid", .sigmoid, "1 / (1 + exp(−x)).", "sigmoid(0)  # => 0.5"),
    ("softplus", .softplus, "log(1 + exp(x)).", "softplus(-inf)  # => 0.0"),
    ("erf", .erf, "The error function.", "erf(0)  # => 0.0"),
    ("gelu", .gelu, "x times the normal distribution function of x (Hendrycks & Gimpel 2016).", "gelu(0)  # => 0.0"),
  ].map { (name: String, operation: UnaryOperation, doc: String, example: String) in
    var function = NativeFunction(name, ["x"], kinds: .number, doc: doc, example: example) { call in
      Value(ScalarMath.apply(operation, call[0].number))
    }
    function.scalar = operation
    return function
  }

  private static let rounding: [NativeFunction] = [
    ("floor", FloatingPointRoundingRule.down, "The largest integer not above x.", "floor(-1.5)  # => -2"),
    ("ceil", .up, "The smallest integer not below x.", "ceil(1.2)  # => 2"),
    (
      "round", .toNearestOrEven,
      "The nearest integer; of two, the even one. A text with two decimals is `\"{x:.2f}\"`.", "round(2.5)  # => 2"
    ),
  ].map { (name: String, rule: FloatingPointRoundingRule, doc: String, example: String) in
    NativeFunction(name, ["x"], kinds: .number, doc: doc, example: example) { call in
      if call[0].tag == .int { return call[0] }
      let rounded = call[0].asDouble.rounded(rule)
      guard let exact = Int(exactly: rounded) else { throw overflow("\(name)(\(call[0].asDouble))") }
      return Value(exact)
    }
  }

  static func overflow(_ what: String) -> RuntimeError {
    RuntimeError(
      "E0204", "\(what) does not fit into a 64-bit integer", label: "integers have 64 bits",
      help: ["use a float where such sizes are meant"])
  }

  /// log of an exact power of a small base, which dividing two rounded logarithms may miss; nil for anything else.
  private static func exactPower(of base: Double, _ x: Double) -> Double? {
    guard x >= 1, x <= 9e15, x == x.rounded() else { return nil }
    var power = 1.0, exponent = 0.0
    while power < x {
      power *= base
      exponent += 1
    }
    return power == x ? exponent : nil
  }

  private static func chosen(_ call: NativeCall, _ operation: BinaryOperation) throws -> Value {
    let (a, b) = (call[0], call[1])
    if b.tag == .tensor || !b.kinds.isDisjoint(with: .tree) {
      return try TensorHooks.extremum(call.machine, isMax: operation == .maximum, a, b)
    }
    guard b.isNumber else { throw call.mismatch(1, "a number or a tensor") }
    if a.tag == .int, b.tag == .int {
      return Value(operation == .minimum ? Swift.min(a.asInt, b.asInt) : Swift.max(a.asInt, b.asInt))
    }
    return Value(ScalarMath.apply(operation, a.number, b.number))
  }

  private static func extreme(_ call: NativeCall, isMax: Bool) throws -> Value {
    let rest = try call.list(1)
    if let folded = try TensorHooks.folded(
      call.machine, [call[0]] + (0..<rest.count).map { rest.elements[$0] }, isMax ? .maximum : .minimum)
    {
      return folded
    }
    var best = call[0]
    for i in 0..<rest.count {
      var next = rest.elements[i]
      if next.tag == .tensor, let scalar = try TensorHooks.scalar(call.machine, next) { next = scalar }
      guard next.isNumber else {
        throw RuntimeError(
          "E0210", "`\(call.function.name)` compares numbers, not \(call.machine.brief(next))", label: "called here")
      }
      best = better(next, than: best, isMax: isMax) ? next : best
    }
    return best
  }

  /// Whether `next` replaces `best`: NaN always wins and stays, ties keep the first.
  static func better(_ next: Value, than best: Value, isMax: Bool) -> Bool {
    if best.tag == .float, best.asDouble.isNaN { return false }
    if next.tag == .float, next.asDouble.isNaN { return true }
    if next.tag == .int, best.tag == .int { return isMax ? next.asInt > best.asInt : next.asInt < best.asInt }
    return isMax ? next.number > best.number : next.number < best.number
  }

  /// The error for a text that is none of these numbers.
  private static func unreadable(_ call: NativeCall, _ what: String) -> RuntimeError {
    RuntimeError(
      "E0210", "`\(call.function.name)` reads a text that is a \(what), and \(call.machine.brief(call[0])) is none",
      label: "called here")
  }

  private static func integer(_ call: NativeCall) throws -> Value {
    switch call[0].tag {
    case .int: return call[0]
    case .bool: return Value(call[0].asBool ? 1 : 0)
    case .string:
      let text = call[0].swiftString.filter { $0 != "_" }
      if let n = Int(text) { return Value(n) }
      let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
      guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw unreadable(call, "whole number")
      }
      throw overflow(call.machine.brief(call[0]))
    default:
      // Integers stay as they are: as floats they would lose digits.
      switch TensorOperations(call.machine).operand(call[0]) {
      case .traced(let traced) where traced.isNumber && traced.type == .i64: return call.heap.retained(call[0])
      case .tensor(let tensor) where tensor.count == 1 && !tensor.type.isFloat: return Value(tensor.integer(0))
      default: break
      }
      let x = try call.double(0)
      guard let n = Int(exactly: x.rounded(.towardZero)) else { throw overflow("to_int(\(x))") }
      return Value(n)
    }
  }
}
