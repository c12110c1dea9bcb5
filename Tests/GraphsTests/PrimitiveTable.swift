import Tensors

@testable import Graphs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One row of the table: an operation on sample inputs and what it should give, computed plainly.
struct PrimitiveCase: Sendable {
  var primitive: Primitive
  var inputs: [Tensor]
  /// Result by a plain loop over doubles.
  var reference: @Sendable ([Tensor]) -> [Double]
  var shape: Shape
  /// Inputs that have a derivative.
  var smooth: [Int] = []
  /// Input shapes (with the types of `inputs`) that the shape rule must refuse.
  var refused: [[Shape]] = []
}

/// The primitives, by the name of their case: one that is added has to be named here before the tests compile, and to
/// get a row in the table before they pass.
enum PrimitiveKind: CaseIterable {
  case unary, binary, compare, select, convert, broadcast, reshape, transpose, reduce, argReduce, cumulativeSum, matmul
  case slice, unslice, dynamicSlice, dynamicUpdate, concat, gather, scatterAdd, pick, unpick, oneHot, iota, sort,
    argSort, topOrder
  case random, deriveKey, permutation, stopGradient, linear
  case convolution, convolutionInput, convolutionFilter, pool, network

  /// nil for the two that are not run, and for programs, which have tests of their own.
  init?(_ primitive: Primitive) {
    switch primitive {
    case .input, .constant, .program, .result: return nil
    case .unary: self = .unary
    case .binary: self = .binary
    case .compare: self = .compare
    case .select: self = .select
    case .convert: self = .convert
    case .broadcast: self = .broadcast
    case .reshape: self = .reshape
    case .transpose: self = .transpose
    case .reduce: self = .reduce
    case .argReduce: self = .argReduce
    case .cumulativeSum: self = .cumulativeSum
    case .matmul: self = .matmul
    case .slice: self = .slice
    case .unslice: self = .unslice
    case .dynamicSlice: self = .dynamicSlice
    case .dynamicUpdate: self = .dynamicUpdate
    case .concat: self = .concat
    case .gather: self = .gather
    case .scatterAdd: self = .scatterAdd
    case .pick: self = .pick
    case .unpick: self = .unpick
    case .oneHot: self = .oneHot
    case .iota: self = .iota
    case .sort: self = .sort
    case .argSort: self = .argSort
    case .topOrder: self = .topOrder
    case .random: self = .random
    case .deriveKey: self = .deriveKey
    case .permutation: self = .permutation
    case .stopGradient: self = .stopGradient
    case .convolution: self = .convolution
    case .convolutionInput: self = .convolutionInput
    case .convolutionFilter: self = .convolutionFilter
    case .pool: self = .pool
    case .network: self = .network
    case .linear: self = .linear
    }
  }
}

enum PrimitiveTable {
  static let all: [PrimitiveCase] =
    UnaryOperation.allCases.map(unary) + BinaryOperation.allCases.flatMap(binary) + Comparison.allCases.map(compare)
    + [select] + converts + movement + Reduction.allCases.flatMap(reduce) + axis + products + slices + indexing
    + sources + windows + networks + linear

  // MARK: Elementwise

  static func unary(_ operation: UnaryOperation) -> PrimitiveCase {
    let f: @Sendable (Double) -> Double =
      switch operation {
      case .negate: { -$0 }
      case .abs: { Swift.abs($0) }
      case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
      case .sqrt: { $0.squareRoot() }
      case .exp: { exp($0) }
      case .expm1: { expm1($0) }
      case .log: { log($0) }
      case .log1p: { log1p($0) }
      case .sin: { sin($0) }
      case .cos: { cos($0) }
      case .tan: { tan($0) }
      case .asin: { asin($0) }
      case .acos: { acos($0) }
      case .atan: { atan($0) }
      case .sinh: { sinh($0) }
      case .cosh: { cosh($0) }
      case .tanh: { tanh($0) }
      case .sigmoid: { 1 / (1 + exp(-$0)) }
      case .softplus: { log1p(exp($0)) }
      case .erf: { erf($0) }
      case .gelu: { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }
      case .floor: { floor($0) }
      case .ceil: { ceil($0) }
      case .round: { $0.rounded(.toNearestOrEven) }
      case .not: { 1 - $0 }
      case .isNaN: { $0.isNaN ? 1 : 0 }
      case .isFinite: { $0.isFinite ? 1 : 0 }
      }
    let x: Tensor
    switch operation {
    case .not: x = sample([3, 7], .bool) { $0 < 0.5 ? 0 : 1 }
    case .sqrt, .log, .log1p: x = sample([3, 7]) { 0.3 + 2 * $0 }
    case .asin, .acos: x = sample([3, 7]) { 1.6 * $0 - 0.8 }
    case .tan: x = sample([3, 7]) { 2 * $0 - 1 }
    case .isNaN, .isFinite: x = tensor([0, .nan, .infinity, -1, 3, -.infinity], [6])
    default: x = sample([3, 7])
    }
    let smooth: [Int] =
      switch operation {
      case .sign, .floor, .ceil, .round, .not, .isNaN, .isFinite: []
      default: [0]
      }
    return PrimitiveCase(
      primitive: .unary(operation), inputs: [x], reference: { values($0[0]).map(f) }, shape: x.shape, smooth: smooth)
  }

  static func binary(_ operation: BinaryOperation) -> [PrimitiveCase] {
    let f: @Sendable (Double, Double) -> Double =
      switch operation {
      case .add: { $0 + $1 }
      case .subtract: { $0 - $1 }
      case .multiply: { $0 * $1 }
      case .divide: { $0 / $1 }
      case .floorDivide: { floor($0 / $1) }
      case .remainder: { $0 - $1 * floor($0 / $1) }
      case .power: { pow($0, $1) }
      case .atan2: { atan2($0, $1) }
      case .minimum: { $0 <= $1 ? $0 : $1 }
      case .maximum: { $0 >= $1 ? $0 : $1 }
      case .and: { $0 * $1 }
      case .or: { max($0, $1) }
      case .xor: { $0 == $1 ? 0 : 1 }
      }
    let isLogic = [.and, .or, .xor].contains(operation)
    let smooth: [Int] = isLogic || operation == .floorDivide ? [] : [0, 1]
    let shapes: [(Shape, Shape, Shape)] = [
      ([4, 5], [4, 5], [4, 5]), ([4, 5], [5], [4, 5]), ([4, 1], [1, 5], [4, 5]), ([], [2, 3], [2, 3]),
      ([2, 3, 4], [3, 1], [2, 3, 4]), ([2, 40], [2, 1], [2, 40]),
    ]
    return shapes.map { a, b, out in
      func values(_ shape: Shape, _ seed: Int) -> Tensor {
        if isLogic { return sample(shape, .bool, seed: seed) { $0 < 0.5 ? 0 : 1 } }
        if operation == .power { return sample(shape, seed: seed) { 0.4 + 2 * $0 } }
        // Away from zero, where quotients and atan2 have kinks and poles.
        return sample(shape, seed: seed) { $0 < 0.5 ? 2 * $0 - 1.6 : 2 * $0 - 0.3 }
      }
      return PrimitiveCase(
        primitive: .binary(operation), inputs: [values(a, 3), values(b, 4)],
        reference: { zip(spread($0[0], out), spread($0[1], out)).map(f) }, shape: out, smooth: smooth,
        refused: [[[4, 5], [4]], [[2, 3], [3, 2]]])
    }
  }

  static func compare(_ operation: Comparison) -> PrimitiveCase {
    let f: @Sendable (Double, Double) -> Bool =
      switch operation {
      case .equal: { $0 == $1 }
      case .notEqual: { $0 != $1 }
      case .less: { $0 < $1 }
      case .lessEqual: { $0 <= $1 }
      case .greater: { $0 > $1 }
      case .greaterEqual: { $0 >= $1 }
      }
    let x = sample([3, 4]) { ($0 * 3).rounded() }
    let y = sample([4], seed: 2) { ($0 * 3).rounded() }
    return PrimitiveCase(
      primitive: .compare(operation), inputs: [x, y],
      reference: { zip(spread($0[0], [3, 4]), spread($0[1], [3, 4])).map { f($0, $1) ? 1 : 0 } }, shape: [3, 4],
      refused: [[[3, 4], [3]]])
  }

  static let select = PrimitiveCase(
    primitive: .select, inputs: [sample([3, 1], .bool) { $0 < 0.5 ? 0 : 1 }, sample([3, 4]), sample([4], seed: 2)],
    reference: { x in
      let all = x.map { spread($0, [3, 4]) }
      return all[0].indices.map { all[0][$0] != 0 ? all[1][$0] : all[2][$0] }
    }, shape: [3, 4], smooth: [1, 2], refused: [[[3], [3, 4], [4]]])

  static let converts: [PrimitiveCase] = ElementType.allCases.map { type in
    let x = tensor([-2.75, -1, -0.25, 0, 0.5, 1.5, 3, 100.25], [2, 4])
    return PrimitiveCase(
      primitive: .convert(type), inputs: [x],
      reference: {
        values($0[0]).map { type.isFloat ? $0 : type == .bool ? ($0 != 0 ? 1 : 0) : $0.rounded(.towardZero) }
      },
      shape: [2, 4], smooth: type == .f64 ? [0] : [])
  }

  // MARK: Structure

  static let movement: [PrimitiveCase] = [
    PrimitiveCase(
      primitive: .broadcast([3, 2, 4]), inputs: [sample([2, 1])], reference: { spread($0[0], [3, 2, 4]) },
      shape: [3, 2, 4], smooth: [0], refused: [[[3, 1]]]),
    PrimitiveCase(
      primitive: .reshape([4, 3]), inputs: [sample([2, 6])], reference: { values($0[0]) }, shape: [4, 3], smooth: [0],
      refused: [[[5]], [[2, 7]]]),
    PrimitiveCase(
      primitive: .transpose([2, 0, 1]), inputs: [sample([2, 3, 4])],
      reference: { x in
        let v = values(x[0])
        return indexes([4, 2, 3]).map { v[($0[1] * 3 + $0[2]) * 4 + $0[0]] }
      }, shape: [4, 2, 3], smooth: [0], refused: [[[2, 3]]]),
    PrimitiveCase(
      primitive: .stopGradient, inputs: [sample([3])], reference: { values($0[0]) }, shape: [3]),
    PrimitiveCase(
      primitive: .concat(axis: 1), inputs: [sample([2, 3]), sample([2, 1], seed: 2), sample([2, 2], seed: 3)],
      reference: { x in
        (0..<2).flatMap { row in x.flatMap { t in (0..<t.shape[1]).map { t.element(row * t.shape[1] + $0) } } }
      }, shape: [2, 6], smooth: [0, 1, 2], refused: [[[2, 3], [3, 1], [2, 2]], [[2], [2], [2]]]),
  ]

  static func reduce(_ operation: Reduction) -> [PrimitiveCase] {
    let isLogic = operation == .any || operation == .all
    let f: @Sendable ([Double]) -> Double =
      switch operation {
      case .sum: { $0.reduce(0, +) }
      case .product: { $0.reduce(1, *) }
      case .max, .any: { $0.max() ?? 0 }
      case .min, .all: { $0.min() ?? 1 }
      }
    let cases: [(Shape, [Int])] = [
      ([5], [0]), ([3, 4], [1]), ([3, 4], [0]), ([2, 3, 4], [0, 2]), ([2, 3], [0, 1]),
    ]
    return cases.map { shape, axes in
      let kept = shape.indices.filter { !axes.contains($0) }
      let x = isLogic ? sample(shape, .bool) { $0 < 0.5 ? 0 : 1 } : sample(shape)
      return PrimitiveCase(
        primitive: .reduce(operation, axes: axes), inputs: [x],
        reference: { t in
          var rows: [[Int]: [Double]] = [:]
          for (i, place) in indexes(shape).enumerated() {
            rows[kept.map { place[$0] }, default: []].append(t[0].element(i))
          }
          return indexes(kept.map { shape[$0] }).map { f(rows[$0] ?? []) }
        }, shape: kept.map { shape[$0] }, smooth: isLogic ? [] : [0], refused: [[[]]])
    }
  }

  static let axis: [PrimitiveCase] = [
    along(.argReduce(isMax: true, axis: 0), axis: 0, drops: true) { [Double($0.firstIndex(of: $0.max()!)!)] },
    along(.argReduce(isMax: false, axis: 1), axis: 1, drops: true) { [Double($0.firstIndex(of: $0.min()!)!)] },
    along(.cumulativeSum(axis: 0), axis: 0, smooth: true) { row in row.indices.map { row[0...$0].reduce(0, +) } },
    along(.cumulativeSum(axis: 1), axis: 1, smooth: true) { row in row.indices.map { row[0...$0].reduce(0, +) } },
    along(.sort(axis: 0), axis: 0, smooth: true) { $0.sorted() },
    along(.sort(axis: 1), axis: 1, smooth: true) { $0.sorted() },
    along(.argSort(axis: 1), axis: 1) { row in row.indices.sorted { row[$0] < row[$1] }.map(Double.init) },
    along(.topOrder(axis: 1, count: 5), axis: 1) { row in row.indices.sorted { row[$0] > row[$1] }.map(Double.init) },
    along(.topOrder(axis: 0, count: 2), axis: 0, keeps: 2) { row in
      row.indices.sorted { row[$0] > row[$1] }.prefix(2).map(Double.init)
    },
  ]

  /// A function of the rows of a matrix along an axis.
  static func along(
    _ primitive: Primitive, axis: Int, drops: Bool = false, keeps: Int? = nil, smooth: Bool = false,
    _ f: @escaping @Sendable ([Double]) -> [Double]
  ) -> PrimitiveCase {
    PrimitiveCase(
      primitive: primitive, inputs: [sample([4, 5])],
      reference: { t in
        let v = values(t[0])
        if axis == 1 { return (0..<4).flatMap { f(Array(v[($0 * 5)..<($0 * 5 + 5)])) } }
        let columns = (0..<5).map { c in f((0..<4).map { v[$0 * 5 + c] }) }
        return (0..<columns[0].count).flatMap { r in columns.map { $0[r] } }
      }, shape: drops ? [axis == 0 ? 5 : 4] : axis == 0 ? [keeps ?? 4, 5] : [4, keeps ?? 5],
      smooth: smooth ? [0] : [], refused: [[[]]])
  }
}

/// All indexes of a shape in row-major order.
func indexes(_ shape: Shape) -> [[Int]] {
  shape.reduce([[]]) { partial, extent in partial.flatMap { head in (0..<extent).map { head + [$0] } } }
}

/// The elements repeated into a shape by NumPy's rules.
func spread(_ x: Tensor, _ shape: Shape) -> [Double] {
  let v = values(x)
  let lead = shape.count - x.shape.count
  return indexes(shape).map { place in
    var at = 0
    for (axis, extent) in x.shape.enumerated() { at = at * extent + (extent == 1 ? 0 : place[lead + axis]) }
    return v[at]
  }
}
