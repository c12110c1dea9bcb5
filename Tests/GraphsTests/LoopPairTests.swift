import Tensors
import Testing

@testable import Graphs

/// Two sums, differences or products in one pass: each rounded, whichever operand is one number for all.
@Suite struct LoopPairTests {
  private static let operations: [BinaryOperation] = [.add, .subtract, .multiply]
  private static let count = 77

  private func applied<T: BinaryFloatingPoint>(_ operation: BinaryOperation, _ x: T, _ y: T) -> T {
    switch operation {
    case .add: x + y
    case .subtract: x - y
    default: x * y
    }
  }

  /// What both operations give, one element after the other in plain arithmetic.
  private func expected<T: BinaryFloatingPoint>(
    _ first: BinaryOperation, _ then: BinaryOperation, isLeft: Bool, _ x: [[Double]], as: T.Type
  ) -> [Double] {
    (0..<LoopPairTests.count).map { i in
      let (a, b, c) = (T(x[0][i % x[0].count]), T(x[1][i % x[1].count]), T(x[2][i % x[2].count]))
      let made = applied(first, a, b)
      return Double(isLeft ? applied(then, made, c) : applied(then, c, made))
    }
  }

  @Test(arguments: [ElementType.f32, .f64]) func eachHasTheBitsOfBothAlone(type: ElementType) throws {
    for first in LoopPairTests.operations {
      for then in LoopPairTests.operations {
        for isLeft in [true, false] {
          for number in [nil, 0, 1, 2] {
            let inputs = (0..<3).map { sample($0 == number ? [] : [LoopPairTests.count], type, seed: $0 + 3) }
            let plan = try plan(inputs) { trace, x in
              let made = try trace.apply(.binary(first), [x[0], x[1]])
              return [try trace.apply(.binary(then), isLeft ? [made, x[2]] : [x[2], made])]
            }
            let comment: Comment = "\(first) \(then) \(isLeft) \(String(describing: number))"
            guard case .loop(let loop)? = plan.steps.first else {
              Issue.record("no loop: \(comment)")
              continue
            }
            #expect(loop.program.body.count == 1, comment)
            var taken: [Tensor?] = inputs.map(copy)
            let given = values(try plan.run(&taken)[0]).map(\.bitPattern)
            let operands = inputs.map(values)
            let wanted =
              type == .f32
              ? expected(first, then, isLeft: isLeft, operands, as: Float.self)
              : expected(first, then, isLeft: isLeft, operands, as: Double.self)
            #expect(given == wanted.map(\.bitPattern), comment)
          }
        }
      }
    }
  }

  /// s (1 - s) g u, as a derivative has it: recorded apart, computed in two passes.
  @Test func operationsWaitForTheirReaders() throws {
    let inputs = (0..<3).map { sample([300], .f32, seed: $0 + 9) }
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      let one = trace.constant(tensor([1], [], .f32))
      let reached = try trace.apply(.binary(.multiply), [x[0], x[1]])
      let rest = try trace.apply(.binary(.subtract), [one, x[2]])
      let slope = try trace.apply(.binary(.multiply), [x[2], rest])
      return [try trace.apply(.binary(.multiply), [reached, slope])]
    }
    let plan = try plan(inputs, body)
    #expect(plan.description.contains("subtract-multiply multiply-multiply"), "\(plan)")
    var taken: [Tensor?] = inputs.map(copy)
    #expect(areSame(try plan.run(&taken)[0], try runEager(inputs, body)[0]))
  }

  /// What joins its reader here is read elsewhere, too.
  @Test func whatOthersReadIsNotLost() throws {
    let inputs = (0..<3).map { sample([300], .f32, seed: $0 + 20) }
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      let product = try trace.apply(.binary(.multiply), [x[0], x[1]])
      let sum = try trace.apply(.binary(.add), [product, x[2]])
      return [try trace.apply(.binary(.multiply), [product, sum])]
    }
    var taken: [Tensor?] = inputs.map(copy)
    #expect(areSame(try plan(inputs, body).run(&taken)[0], try runEager(inputs, body)[0]))
  }

  /// Terms that were recorded one after the other keep that order: few tiles are alive at once.
  @Test func sumsOfManyTermsTakeFewTiles() throws {
    let inputs = (0..<30).map { sample([2000], .f32, seed: $0) }
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      var sum = x[0]
      for next in x.dropFirst() {
        let term = try trace.apply(.binary(.multiply), [next, trace.apply(.unary(.exp), [next])])
        sum = try trace.apply(.binary(.add), [sum, term])
      }
      return [sum]
    }
    let plan = try plan(inputs, body)
    guard case .loop(let loop)? = plan.steps.first else {
      Issue.record("no loop")
      return
    }
    #expect(loop.program.registerBytes <= 4 * 4096)
    var taken: [Tensor?] = inputs.map(copy)
    #expect(areSame(try plan.run(&taken)[0], try runEager(inputs, body)[0]))
  }

  /// A sum of very many terms, each of which could wait for the next.
  @Test func longChainsWait() throws {
    let x = sample([40], .f32)
    func body(_ trace: Trace, _ inputs: [NodeID]) throws -> [NodeID] {
      var sum = inputs[0]
      for _ in 0..<5000 {
        let longer = try trace.apply(.binary(.add), [inputs[0], sum])
        sum = try trace.apply(.binary(.multiply), [longer, inputs[0]])
      }
      return [sum]
    }
    let small = try evaluate(.binary(.multiply), [x, tensor([0.25], [], .f32)])
    var taken: [Tensor?] = [copy(small)]
    #expect(areSame(try plan([small], body).run(&taken)[0], try runEager([small], body)[0]))
  }
}
