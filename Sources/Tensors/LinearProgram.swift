import CKernels
import CPrograms

/// The least, or largest, `cost · x` with `rows.low ≤ A x ≤ rows.high` and `unknowns.low ≤ x ≤ unknowns.high`; some
/// unknowns may be whole numbers. Solved by GLPK, which is opened when first needed.
public struct LinearProgram {
  /// Two numbers for each row, or unknown: finite, or infinite where there is no bound.
  public struct Bounds: Sendable {
    /// What each must at least be.
    public var low: [Double]
    /// What each may at most be.
    public var high: [Double]

    /// Bounds of equal count.
    public init(low: [Double], high: [Double]) { (self.low, self.high) = (low, high) }

    /// Whether no number lies within some pair of them.
    fileprivate var areEmpty: Bool {
      zip(low, high).contains { $0 > $1 || $0 == .infinity || $1 == -.infinity }
    }
  }

  /// How a program ends.
  public enum Outcome: Sendable, Equatable {
    /// The unknowns, and for each row what the optimum gains when its bound is raised by one; without whole numbers only.
    case optimal(x: [Double], dual: [Double]?)
    /// No x is within all bounds.
    case infeasible
    /// There is always a better x; with whole numbers: there is some x, and always a better one if they need not be whole.
    case unbounded
    /// The thread was asked to stop.
    case stopped
  }

  private let cost: [Double]
  private let matrix: [Double]
  private let rows: Bounds
  private let unknowns: Bounds
  private let isWhole: [UInt8]?
  private let maximizes: Bool

  /// `matrix` holds the rows one after another, each as long as `cost`; its elements and those of `cost` are finite, and no
  /// bound is NaN. `isWhole` is as long as `cost`.
  public init(cost: [Double], matrix: [Double], rows: Bounds, unknowns: Bounds, isWhole: [Bool], maximizes: Bool) {
    (self.cost, self.matrix, self.rows) = (cost, matrix, rows)
    self.isWhole = isWhole.contains(true) ? isWhole.map { $0 ? 1 : 0 } : nil
    self.unknowns = Bounds(
      low: zip(unknowns.low, isWhole).map { $1 ? LinearProgram.whole(above: $0) : $0 },
      high: zip(unknowns.high, isWhole).map { $1 ? LinearProgram.whole(below: $0) : $0 })
    self.maximizes = maximizes
  }

  /// The first whole number from a bound on; one that the bound misses by rounding only is meant.
  private static func whole(above bound: Double) -> Double { -whole(below: -bound) + 0 }
  private static func whole(below bound: Double) -> Double {
    bound.isFinite ? (bound + min(1e-6, max(1e-9, 4 * bound.ulp))).rounded(.down) + 0 : bound
  }

  /// GLPK's version, nil where it is not installed.
  public static var libraryVersion: String? { cp_version().map { String(cString: $0) } }

  /// Throws `missingLibrary`, `notSolvable` where the numbers are too unlike for GLPK or its steps come to no end, and `outOfMemory`.
  public func solve() throws -> Outcome {
    let (m, n) = (rows.low.count, cost.count)
    guard let height = Int32(exactly: m), let width = Int32(exactly: n), m < 100_000_000, n < 100_000_000 else {
      throw TensorError.tooLarge([m, n])
    }
    if rows.areEmpty || unknowns.areEmpty || hasRowBetweenWholes { return .infeasible }
    let room = Int32(clamping: max(16, (MemoryPool.limit - MemoryPool.liveBytes) >> 20))
    var (x, dual) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: m))
    var (rowPlaces, columnPlaces) = ([UInt8](repeating: 0, count: m), [UInt8](repeating: 0, count: n))
    let status = cp_solve(
      height, width, cost, matrix, rows.low, rows.high, unknowns.low, unknowns.high, isWhole, maximizes ? 1 : 0, room,
      &x,
      &dual, &rowPlaces, &columnPlaces)
    switch Int(status) {
    case CP_OPTIMAL:
      if isWhole != nil { return .optimal(x: rounded(x), dual: nil) }
      return .optimal(x: corner(rowPlaces, columnPlaces) ?? x, dual: dual)
    case CP_INFEASIBLE: return .infeasible
    case CP_UNBOUNDED: return .unbounded
    case CP_STOPPED: return .stopped
    case CP_ABSENT: throw TensorError.missingLibrary("linear_program", "GLPK", debian: "libglpk40", brew: "glpk")
    case CP_NO_MEMORY: throw TensorError.outOfMemory(bytes: Int(room) << 20)
    case CP_ENDLESS:
      throw TensorError.notSolvable(
        "linear_program",
        isWhole == nil
          ? "GLPK's steps come to no end" : "GLPK's steps come to no end: bounds of all unknowns would limit its search"
      )
    default: throw TensorError.notSolvable("linear_program", "its numbers are too unlike in size for GLPK")
    }
  }

  /// Whether some row of whole coefficients of whole unknowns, which is a multiple of their greatest common divisor, has none within its
  /// bounds. Branches upon unknowns without bounds would never find that out.
  private var hasRowBetweenWholes: Bool {
    guard let isWhole else { return false }
    let n = cost.count
    return rows.low.indices.contains { i in
      var divisor = 0
      for j in 0..<n where matrix[i * n + j] != 0 {
        guard isWhole[j] == 1, var rest = Int(exactly: matrix[i * n + j].magnitude) else { return false }
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
      }
      let unit = Double(divisor)
      return divisor != 0
        && LinearProgram.whole(below: rows.high[i] / unit) < LinearProgram.whole(above: rows.low[i] / unit)
    }
  }

  private func rounded(_ x: [Double]) -> [Double] {
    zip(x, isWhole ?? []).map { $1 == 1 ? $0.rounded() : $0 }
  }

  /// The solution from where its rows and unknowns stand alone: GLPK comes to it by steps that each add an error, and the sum
  /// of those may differ between processors. Nil if the corner is not well defined.
  private func corner(_ rowPlaces: [UInt8], _ columnPlaces: [UInt8]) -> [Double]? {
    func value(_ place: UInt8, _ bounds: Bounds, _ i: Int) -> Double {
      switch Int(place) {
      case CP_AT_LOW: bounds.low[i]
      case CP_AT_HIGH: bounds.high[i]
      default: 0
      }
    }
    let n = cost.count
    let active = rowPlaces.indices.filter { rowPlaces[$0] != CP_INSIDE }
    let sought = columnPlaces.indices.filter { columnPlaces[$0] == CP_INSIDE }
    guard active.count == sought.count else { return nil }
    var x = columnPlaces.indices.map { value(columnPlaces[$0], unknowns, $0) }
    guard !sought.isEmpty else { return x }
    let sides = active.map { i in
      (0..<n).reduce(value(rowPlaces[i], rows, i)) { $0.addingProduct(-matrix[i * n + $1], x[$1]) }
    }
    let system = active.flatMap { i in sought.map { matrix[i * n + $0] } }
    let k = sought.count
    let kernel = LinearAlgebra(.solve(transposed: false), m: k, n: k, k: 1, type: .f64)
    var (found, step, rest) = (sides.map { _ in 0.0 }, sides.map { _ in 0.0 }, sides)
    // The second time with what the first left over.
    for _ in 0..<2 {
      guard (try? kernel.run(system, rest, &step)) != nil, step.allSatisfy(\.isFinite) else { return nil }
      for j in 0..<k { found[j] += step[j] }
      for i in 0..<k { rest[i] = (0..<k).reduce(sides[i]) { $0.addingProduct(-system[i * k + $1], found[$1]) } }
    }
    for (j, number) in zip(sought, found) { x[j] = number }
    return x
  }
}
