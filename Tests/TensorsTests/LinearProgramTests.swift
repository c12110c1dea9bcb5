import Foundation
import Tensors
import Testing

/// A deterministic stream of small numbers.
private struct Numbers {
  var state: UInt64
  mutating func next(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % count
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
private let isPresent = LinearProgram.libraryVersion != nil
private typealias Bounds = LinearProgram.Bounds

private func program(
  _ cost: [Double], _ rows: [[Double]], low: [Double], high: [Double], unknowns: (Double, Double) = (0, .infinity),
  whole: Bool = false, maximizes: Bool = false
) -> LinearProgram {
  LinearProgram(
    cost: cost, matrix: rows.flatMap { $0 }, rows: Bounds(low: low, high: high),
    unknowns: Bounds(low: cost.map { _ in unknowns.0 }, high: cost.map { _ in unknowns.1 }),
    isWhole: cost.map { _ in whole }, maximizes: maximizes)
}

@Suite(.enabled(if: isPresent, "GLPK is not installed")) struct LinearProgramTests {
  @Test func solvesATextbookProgram() throws {
    let p = program(
      [3, 2], [[1, 1], [1, 3]], low: [-.infinity, -.infinity], high: [4, 6], maximizes: true)
    #expect(try p.solve() == .optimal(x: [4, 0], dual: [3, 0]))
  }

  @Test func saysWhyThereIsNoSolution() throws {
    let none = Double.infinity
    #expect(try program([1, 1], [[1, 1]], low: [-none], high: [-1]).solve() == .infeasible)
    #expect(try program([1, 1], [[1, 1]], low: [2], high: [1]).solve() == .infeasible)
    #expect(try program([1, 1], [[1, 1]], low: [none], high: [none]).solve() == .infeasible)
    #expect(try program([-1, 0], [[1, -1]], low: [-none], high: [1]).solve() == .unbounded)
    #expect(try program([-1, 0], [[1, -1]], low: [-none], high: [1], whole: true).solve() == .unbounded)
    #expect(try program([1], [[2]], low: [1], high: [1], whole: true).solve() == .infeasible)
    #expect(try program([], [], low: [], high: []).solve() == .optimal(x: [], dual: []))
    #expect(try program([1], [], low: [], high: []).solve() == .optimal(x: [0], dual: []))
  }

  /// Klee and Minty's cube, Beale's cycling example, and a corner in which too many rows meet.
  @Test func endsWhereSimplexMethodsAreSlow() throws {
    let none = Double.infinity
    let beale = program(
      [-0.75, 150, -0.02, 6], [[0.25, -60, -0.04, 9], [0.5, -90, -0.02, 3], [0, 0, 1, 0]],
      low: [-none, -none, -none], high: [0, 0, 1])
    guard case .optimal(let x, _) = try beale.solve() else { return #expect(Bool(false)) }
    #expect(abs(dot([-0.75, 150, -0.02, 6], x) + 0.05) < 1e-12)
    let n = 8
    let cube: [[Double]] = (0..<n).map { i in
      (0..<n).map { (j: Int) -> Double in j < i ? pow(2, Double(i - j + 1)) : j == i ? 1 : 0 }
    }
    let kleeMinty = program(
      (0..<n).map { pow(2, Double(n - 1 - $0)) }, cube, low: (0..<n).map { _ in -none },
      high: (0..<n).map { pow(5, Double($0 + 1)) }, maximizes: true)
    guard case .optimal(let corner, _) = try kleeMinty.solve() else { return #expect(Bool(false)) }
    #expect(corner == (0..<n).map { $0 == n - 1 ? pow(5, Double(n)) : 0 })
    let meeting = program(
      [1, 1], [[1, 2], [2, 1], [1, 1], [3, 3]], low: [3, 3, 2, 6], high: [none, none, none, none])
    #expect(try meeting.solve() == .optimal(x: [1, 1], dual: (try meeting.solve()).dual))
  }

  /// Small random programs of whole numbers: the value of the best corner, or the best whole point, found by looking at all.
  @Test(arguments: 0..<60) func findsWhatLookingAtAllFinds(_ seed: Int) throws {
    var numbers = Numbers(state: UInt64(seed) &* 77)
    let (n, m, side) = (2 + seed % 2, 3, 6)
    let rows = (0..<m).map { _ in (0..<n).map { _ in Double(numbers.next(11) - 4) } }
    let high = (0..<m).map { _ in Double(numbers.next(25) - 4) }
    let cost = (0..<n).map { _ in Double(numbers.next(15) - 7) }
    var best: Double?
    for code in 0..<Int(pow(Double(side), Double(n))) {
      let x = (0..<n).map { Double(code / Int(pow(Double(side), Double($0))) % side) }
      if zip(rows, high).allSatisfy({ dot($0, x) <= $1 }) { best = max(best ?? -.infinity, dot(cost, x)) }
    }
    let low = high.map { _ in -Double.infinity }
    let whole = program(
      cost, rows, low: low, high: high, unknowns: (0, Double(side - 1)), whole: true, maximizes: true)
    let found = try whole.solve().x.map { dot(cost, $0) }
    #expect(found == best)
    // Any number: never worse, within all bounds, and as good as the dual says.
    let free = program(cost, rows, low: low, high: high, unknowns: (0, Double(side - 1)), maximizes: true)
    guard case .optimal(let x, let dual?) = try free.solve() else { return #expect(best == nil) }
    let value = dot(cost, x)
    #expect(value >= (best ?? -.infinity) - 1e-9)
    #expect(zip(rows, high).allSatisfy { dot($0, x) <= $1 + 1e-9 })
    #expect(x.allSatisfy { $0 >= -1e-9 && $0 <= Double(side - 1) + 1e-9 })
    let reduced = (0..<n).map { j in cost[j] - dot(rows.map { $0[j] }, dual) }
    let bound = dot(high, dual) + reduced.map { max(0, $0) * Double(side - 1) }.reduce(0, +)
    #expect(dual.allSatisfy { $0 >= -1e-9 } && abs(bound - value) < 1e-9)
  }

  @Test func threadsSolveAtTheSameTimeWithTheSameBits() throws {
    var numbers = Numbers(state: 5)
    let n = 60
    let rows = (0..<n).map { _ in (0..<n).map { _ in Double(numbers.next(1000)) / 1000 } }
    let p = program(
      rows[0].map { _ in 1 }, rows, low: rows.map { _ in 1 }, high: rows.map { _ in .infinity })
    let first = try p.solve()
    let same = (0..<8).map { _ in Outcomes() }
    DispatchQueue.concurrentPerform(iterations: 8) { same[$0].outcome = try? p.solve() }
    for one in same { #expect(one.outcome == first) }
    #expect(first.x?.allSatisfy { $0 >= 0 } == true)
  }

  /// From a correction of a network: with the rest of a 0 in its second row GLPK went round in circles, or found nothing.
  @Test func theRestOfAZeroLeadsNobodyAstray() throws {
    let rows: [[Double]] = [
      [-0.672102177462087, 1, 0, 0], [-1, -1.11580203479915e-16, 0, 0], [-0.571473999400658, 1, 0, 0], [1, 0, 1, 0],
      [0, 1, 0, 1], [-1, 0, 1, 0], [0, -1, 0, 1],
    ]
    let low = [
      0.573396612613825, -0.647083645230469, 0.61144810869302, 0.805541157722473, 0.68438059091568,
      -0.805541157722473, -0.68438059091568,
    ]
    let p = LinearProgram(
      cost: [0, 0, 1, 1], matrix: rows.flatMap { $0 }, rows: Bounds(low: low, high: low.map { _ in .infinity }),
      unknowns: Bounds(low: [0.04, 0.045, 0, 0], high: [0.96, 0.955, .infinity, .infinity]),
      isWhole: [false, false, false, false], maximizes: false)
    let x = try #require(try p.solve().x)
    #expect(abs(x[2] + x[3] - 0.508385) < 1e-6)
  }

  @Test func numbersTooUnlikeAreAnError() throws {
    let p = program([1e300, 1], [[1e-300, 1e300]], low: [1e10], high: [.infinity])
    #expect(throws: TensorError.self) { try p.solve() }
    // And the next program is solved as if nothing had been.
    #expect(try program([1], [[1]], low: [2], high: [3]).solve() == .optimal(x: [2], dual: [1]))
  }
}

private final class Outcomes: @unchecked Sendable { var outcome: LinearProgram.Outcome? }

extension LinearProgram.Outcome {
  fileprivate var x: [Double]? { if case .optimal(let x, _) = self { x } else { nil } }
  fileprivate var dual: [Double]? { if case .optimal(_, let dual) = self { dual } else { nil } }
}
