import CKernels
import Tensors
import Testing

private let unaryByName: [String: UnaryOperation] = [
  "exp": .exp, "expm1": .expm1, "log": .log, "log1p": .log1p, "sin": .sin, "cos": .cos, "tan": .tan, "asin": .asin,
  "acos": .acos, "atan": .atan, "sinh": .sinh, "cosh": .cosh, "tanh": .tanh, "sigmoid": .sigmoid,
  "softplus": .softplus, "erf": .erf, "gelu": .gelu,
]

private func apply(_ table: ck_table, _ operation: UnaryOperation, _ x: Double) -> Double {
  var result = 0.0
  table.unary(Int32(operation.rawValue), 1, [x], &result, 1)
  return result
}
private func apply(_ table: ck_table, _ operation: UnaryOperation, _ x: Float) -> Float {
  var result: Float = 0
  table.unary(Int32(operation.rawValue), 0, [x], &result, 1)
  return result
}

@Suite struct FunctionTests {
  /// Against correctly rounded values: 2 ulp.
  @Test func errorsStayWithinTheirBounds() throws {
    var worst: [String: Double] = [:]
    for line in try fixture("functions.txt") where !line.hasPrefix("#") {
      let parts = line.split(separator: " ").map(String.init)
      let x = try #require(Double(parts[1])), expected = try #require(Double(parts[2]))
      if let operation = unaryByName[parts[0]] {
        let wide = ulps(ScalarMath.apply(operation, x), expected)
        let narrow = ulps(apply(variants[0], operation, Float(x)), expected)
        worst[parts[0] + " f64"] = max(worst[parts[0] + " f64"] ?? 0, wide)
        worst[parts[0] + " f32"] = max(worst[parts[0] + " f32"] ?? 0, narrow)
      } else {
        let y = try #require(Double(parts[3]))
        let operation: BinaryOperation = parts[0] == "power" ? .power : .atan2
        worst[parts[0] + " f64"] = max(worst[parts[0] + " f64"] ?? 0, ulps(ScalarMath.apply(operation, x, y), expected))
      }
    }
    #expect(worst.count == 2 * unaryByName.count + 2)
    for (function, error) in worst { #expect(error <= 2, "\(function): \(error) ulp") }
  }

  /// One float in 16 381 against the function of doubles; `scripts/test --long` takes all of them.
  @Test func floatsAgreeWithDoubles() {
    let x = stride(from: UInt64(0), to: 1 << 32, by: 16_381).map { Float(bitPattern: UInt32($0)) }
    let wide = x.map(Double.init)
    var (y, z) = ([Float](repeating: 0, count: x.count), [Double](repeating: 0, count: x.count))
    for operation in unaryByName.values {
      Kernels.unary(operation, .f32, x, &y, count: x.count)
      Kernels.unary(operation, .f64, wide, &z, count: x.count)
      let bound = [.sigmoid, .softplus, .gelu].contains(operation) ? 4.0 : 2
      for i in x.indices where y[i] != Float(z[i]) {
        #expect(ulps(y[i], z[i]) <= bound, "\(operation)(\(x[i])) = \(y[i]), not \(z[i])")
      }
    }
  }

  @Test func specialArguments() {
    let inf = Double.infinity
    let cases: [(UnaryOperation, Double, Double)] = [
      (.exp, inf, inf), (.exp, -inf, 0), (.exp, 0, 1), (.exp, -745.2, 0), (.exp, 710, inf), (.expm1, -inf, -1),
      (.expm1, -0.0, -0.0), (.log, 0, -inf), (.log, -0.0, -inf), (.log, -1, .nan), (.log, inf, inf), (.log, 1, 0),
      (.log1p, -1, -inf), (.log1p, -2, .nan), (.log1p, -0.0, -0.0), (.log1p, inf, inf), (.sin, inf, .nan),
      (.sin, -0.0, -0.0), (.cos, 0, 1), (.tan, -0.0, -0.0), (.asin, 1.5, .nan), (.acos, 1, 0), (.atan, inf, .pi / 2),
      (.tanh, inf, 1), (.tanh, -inf, -1), (.tanh, -0.0, -0.0), (.sigmoid, inf, 1), (.sigmoid, -inf, 0),
      (.sigmoid, 0, 0.5), (.softplus, -inf, 0), (.softplus, inf, inf), (.erf, inf, 1), (.erf, -inf, -1),
      (.gelu, -inf, -0.0), (.gelu, inf, inf), (.sqrt, -1, .nan), (.sqrt, -0.0, -0.0), (.round, 2.5, 2),
      (.round, -0.4, -0.0),
      (.round, 3.5, 4), (.floor, -0.5, -1), (.ceil, -0.5, -0.0), (.sign, -3, -1), (.sign, 0, 0), (.abs, -0.0, 0),
      (.sinh, -inf, -inf), (.cosh, -inf, inf), (.cosh, 0, 1),
    ]
    for (operation, x, expected) in cases {
      for table in variants {
        let wide = apply(table, operation, x)
        #expect(canonical(wide) == canonical(expected), "\(operation)(\(x)) = \(wide) in f64, \(name(table))")
        let narrow = apply(table, operation, Float(x))
        #expect(
          canonical(narrow) == canonical(Float(expected)), "\(operation)(\(x)) = \(narrow) in f32, \(name(table))")
      }
    }
    for operation in UnaryOperation.allCases.prefix(through: 23) {
      #expect(apply(variants[0], operation, Double.nan).isNaN, "\(operation)(NaN)")
      #expect(apply(variants[0], operation, Float.nan).isNaN, "\(operation)(NaN) in f32")
    }
  }

  @Test func specialPowers() {
    let inf = Double.infinity
    let cases: [(Double, Double, Double)] = [
      (2, 10, 1024), (3, 2, 9), (-2, 3, -8), (-2, 0.5, .nan), (0, 0, 1), (.nan, 0, 1), (1, .nan, 1), (0, -1, inf),
      (-0.0, -1, -inf), (-0.0, 3, -0.0), (inf, -2, 0), (-inf, 3, -inf), (0.5, inf, 0), (2, -inf, 0), (-1, inf, 1),
      (4, 0.5, 2), (10, -2, 0.01), (2, 1024, inf), (2, -1075, 0), (7, 1, 7), (1e300, 1e300, inf),
    ]
    for (x, y, expected) in cases {
      let result = ScalarMath.pow(x, y)
      #expect(canonical(result) == canonical(expected), "\(x)^\(y) = \(result)")
    }
  }

  @Test func remaindersAndFloors() {
    for (x, y) in [(7.0, 3.0), (-7, 3), (7, -3), (-7, -3), (5.5, 0.5), (-0.1, 1), (1e300, 3), (0.3, 0.1)] {
      let remainder = ScalarMath.remainder(x, y)
      #expect(remainder == 0 || (remainder < 0) == (y < 0))
      #expect(abs(remainder) < abs(y))
      let quotient = ScalarMath.floorDivide(x, y)
      #expect(quotient == quotient.rounded(.down))
      if abs(x) < 1e6 { #expect(abs(quotient * y + remainder - x) < 1e-12) }
    }
    #expect(ScalarMath.floorDivide(-7, 2) == -4)
    #expect(ScalarMath.floorDivide(1, 0) == .infinity)
    var i: [Int64] = [0, 0, 0, 0]
    Kernels.binary(
      .floorDivide, .i64, [Int64.min, 7, -7, 5] as [Int64], xStride: 1, [-1, 0, 2, -3] as [Int64], yStride: 1, &i,
      count: 4)
    #expect(i == [.min, 0, -4, -2])
  }

  /// Bits agree between the variants, for every operation, length 0 … 130, unaligned start, and in place.
  @Test func variantsTailsAndAliasesAgree() {
    var source = Source(5)
    var wide = source.doubles(140, scale: 3) + [.nan, .infinity, -.infinity, 0, -0.0, 0x1p-1040, 4e8, 0.25, 88, -104]
    wide[70] = 40_000_000
    let narrow = wide.map(Float.init)
    for operation in UnaryOperation.allCases.prefix(through: 23) {
      let code = Int32(operation.rawValue)
      var whole = [Double](repeating: 0, count: wide.count)
      var wholeNarrow = [Float](repeating: 0, count: wide.count)
      variants[0].unary(code, 1, wide, &whole, Int64(wide.count))
      variants[0].unary(code, 0, narrow, &wholeNarrow, Int64(narrow.count))
      let bits = whole.map(canonical), bitsNarrow = wholeNarrow.map(canonical)
      for table in variants {
        for length in [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, wide.count - 1] {
          let start = wide.count - length - (length % 3 == 0 ? 0 : 1)
          guard start >= 0 else { continue }
          var inPlace = wide, inPlaceNarrow = narrow
          inPlace.withUnsafeMutableBufferPointer {
            table.unary(code, 1, $0.baseAddress! + start, $0.baseAddress! + start, Int64(length))
          }
          inPlaceNarrow.withUnsafeMutableBufferPointer {
            table.unary(code, 0, $0.baseAddress! + start, $0.baseAddress! + start, Int64(length))
          }
          let same = inPlace[start..<start + length].map(canonical) == Array(bits[start..<start + length])
          let sameNarrow =
            inPlaceNarrow[start..<start + length].map(canonical) == Array(bitsNarrow[start..<start + length])
          let untouched =
            inPlace[..<start].map(canonical) == wide[..<start].map(canonical)
            && inPlace[(start + length)...].map(canonical) == wide[(start + length)...].map(canonical)
          #expect(same && untouched, "\(operation) f64 \(name(table)) length \(length)")
          #expect(sameNarrow, "\(operation) f32 \(name(table)) length \(length)")
        }
      }
      for (x, expected) in zip(wide.suffix(12), bits.suffix(12)) {
        #expect(canonical(ScalarMath.apply(operation, x)) == expected, "scalar \(operation)(\(x))")
      }
    }
  }

  @Test func binaryVariantsAgree() {
    var source = Source(6)
    let x = source.doubles(133, scale: 4) + [.nan, 0, -0.0, .infinity],
      y = source.doubles(133, scale: 4) + [1, 0, 0.0, -1]
    let xs = x.map(Float.init), ys = y.map(Float.init)
    for operation in BinaryOperation.allCases.prefix(through: 9) {
      let code = Int32(operation.rawValue)
      for strides in [(1, 1), (1, 0), (0, 1), (0, 0)] as [(Int64, Int64)] {
        var results: [[UInt64]] = [], narrowResults: [[UInt32]] = []
        for table in variants {
          var out = [Double](repeating: 0, count: x.count), narrow = [Float](repeating: 0, count: x.count)
          table.binary(code, 1, x, strides.0, y, strides.1, &out, Int64(x.count))
          table.binary(code, 0, xs, strides.0, ys, strides.1, &narrow, Int64(x.count))
          results.append(out.map(canonical))
          narrowResults.append(narrow.map(canonical))
        }
        #expect(results.allSatisfy { $0 == results[0] }, "\(operation) \(strides)")
        #expect(narrowResults.allSatisfy { $0 == narrowResults[0] }, "\(operation) f32 \(strides)")
        for i in [0, 77, 133, 134, 135] {
          let a = strides.0 == 0 ? x[0] : x[i], b = strides.1 == 0 ? y[0] : y[i]
          #expect(canonical(ScalarMath.apply(operation, a, b)) == results[0][i], "\(operation) scalar")
        }
      }
    }
  }

  @Test func maximumKeepsTheFirstOfEqualsAndNaN() {
    for (a, b, expected) in [(0.0, -0.0, 0.0), (-0.0, 0.0, -0.0), (.nan, 1, .nan), (1, .nan, .nan), (2, 1, 2)] {
      #expect(canonical(ScalarMath.apply(.maximum, a, b)) == canonical(expected))
    }
    for (a, b, expected) in [(0.0, -0.0, 0.0), (-0.0, 0.0, -0.0), (.nan, 1, .nan), (1, .nan, .nan), (2, 1, 1)] {
      #expect(canonical(ScalarMath.apply(.minimum, a, b)) == canonical(expected))
    }
  }

  @Test func conversions() {
    let x: [Double] = [1.9, -1.9, .nan, 1e30, -1e30, 3e9, 0]
    for table in variants {
      var narrow = [Int32](repeating: 9, count: 7), wide = [Int64](repeating: 9, count: 7)
      var flags = [UInt8](repeating: 9, count: 7)
      table.convert(1, 2, x, &narrow, 7)
      table.convert(1, 3, x, &wide, 7)
      table.convert(1, 4, x, &flags, 7)
      #expect(narrow == [1, -1, 0, .max, .min, .max, 0])
      #expect(wide == [1, -1, 0, .max, .min, 3_000_000_000, 0])
      #expect(flags == [1, 1, 1, 1, 1, 1, 0])
    }
  }
}
