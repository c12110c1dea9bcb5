import Tensors
import Testing

@testable import Graphs

/// Smaller tensors put into larger ones within a loop: the bits of the operation alone, whichever way the steps go.
@Suite struct PlacementTests {
  /// One axis of both tensors.
  struct Axis {
    var extent: Int
    var start: Int
    var count: Int
    var step: Int
  }

  /// Every way for few elements to lie on an axis, with steps up and down.
  static let leading: [Axis] = [
    Axis(extent: 5, start: 0, count: 5, step: 1), Axis(extent: 5, start: 4, count: 5, step: -1),
    Axis(extent: 5, start: 1, count: 2, step: 1), Axis(extent: 5, start: 3, count: 2, step: -1),
    Axis(extent: 5, start: 0, count: 3, step: 2), Axis(extent: 5, start: 4, count: 3, step: -2),
    Axis(extent: 7, start: 5, count: 2, step: -3), Axis(extent: 7, start: 1, count: 2, step: 3),
    Axis(extent: 3, start: 1, count: 1, step: -1),
  ]

  static let last: [Axis] = [
    Axis(extent: 17, start: 0, count: 17, step: 1), Axis(extent: 40, start: 3, count: 16, step: 1),
    Axis(extent: 40, start: 24, count: 16, step: 1),
  ]

  @Test(arguments: leading.indices, leading.indices)
  func stepsGoBothWays(_ first: Int, _ second: Int) throws {
    for last in PlacementTests.last {
      let axes = [PlacementTests.leading[first], PlacementTests.leading[second], last]
      let (starts, counts, steps) = (axes.map(\.start), axes.map(\.count), axes.map(\.step))
      let shape = axes.map(\.extent)
      #expect(Placement.hasLongStretches(starts: starts, counts: counts, steps: steps, shape: shape))
      for type in [ElementType.f32, .f64] {
        let x = sample(counts, type)
        let whole = try Graphs.evaluate(.unslice(starts: starts, steps: steps, shape: shape), [x])
        // Each element once: those that are there are those of the smaller one.
        #expect(values(whole).filter { $0 != 0 }.sorted() == values(x).sorted())
        let record: (Trace, [NodeID]) throws -> [NodeID] = { trace, inputs in
          let placed = try trace.apply(.unslice(starts: starts, steps: steps, shape: shape), [inputs[0]])
          return [try trace.apply(.unary(.negate), [placed])]
        }
        let plan = try plan([x], record)
        #expect(plan.description.contains("unslice negate"))
        var inputs: [Tensor?] = [x]
        let result = try plan.run(&inputs)
        #expect(areSame(result[0], try runEager([x], record)[0]), "\(axes)")
        // Stretches from anywhere to anywhere.
        let placement = Placement(
          slot: 0, offset: 0, type, starts: starts, counts: counts, steps: steps, shape: shape)
        for (from, to) in [(0, 1), (7, 60), (16, 18), (33, whole.count)] {
          let part = try Tensor(uninitialized: [to - from], type: type)
          placement.copy(from: x.pointer, to: part.pointer, first: from, count: to - from)
          #expect(values(part) == Array(values(whole)[from..<to]), "\(axes) \(from)..<\(to)")
        }
      }
    }
  }

  /// The second derivative of a running sum goes down the rows, and so does the first of rows in reverse.
  @Test func gradientsOfWideRowsInReverse() throws {
    let x = sample([6, 40], .f32)
    let record: (Trace, [NodeID]) throws -> [NodeID] = { trace, inputs in
      let down = try trace.apply(.slice(starts: [5, 0], counts: [6, 40], steps: [-1, 1]), [inputs[0]])
      let weighted = try trace.apply(.binary(.multiply), [down, trace.constant(sample([6, 40], .f32, seed: 2))])
      let sums = try trace.apply(.cumulativeSum(axis: 0), [weighted])
      let loss = try trace.apply(
        .reduce(.sum, axes: [0, 1]), [trace.apply(.binary(.multiply), [sums, trace.apply(.unary(.sin), [sums])])])
      let gradient = try trace.gradient(of: loss, wrt: [inputs[0]])[0]
      let length = try trace.apply(
        .reduce(.sum, axes: [0, 1]), [trace.apply(.binary(.multiply), [gradient, gradient])])
      return [gradient] + (try trace.gradient(of: length, wrt: [inputs[0]]))
    }
    var inputs: [Tensor?] = [x]
    let planned = try plan([x], record).run(&inputs)
    for (a, b) in zip(try runEager([x], record), planned) { #expect(areSame(a, b)) }
  }
}
