import Tensors
import Testing

@testable import Graphs

/// Operations cut into pieces for threads give the bits of the whole, whatever the order of the pieces.
@Suite struct PiecesTests {
  private func check(_ primitive: Primitive, _ inputs: [Tensor], least: Int) throws {
    let infos = inputs.map { OperandInfo(shape: $0.shape, type: $0.type) }
    let (shape, type) = try infer(primitive, shapes: infos.map(\.shape), types: infos.map(\.type))
    let operation = Operation.make(primitive, infos, OperandInfo(shape: shape, type: type))
    let pieces = try #require(operation as? PiecewiseOperation)
    #expect(pieces.pieces >= least)
    let (whole, parts) = (
      try Tensor(repeating: 7, shape: shape, type: type), try Tensor(repeating: -7, shape: shape, type: type)
    )
    let memory = try Tensor(repeating: 0, shape: [operation.scratchBytes / 8 + 1], type: .f64)
    try withExtendedLifetime((inputs, whole, parts, memory)) {
      let scratch = memory.pointer
      let operands = inputs.map(\.pointer)
      try operands.withUnsafeBufferPointer { at in
        let x = try #require(at.baseAddress)
        try operation.run(x, whole.pointer, scratch)
        pieces.prepare(x, parts.pointer, scratch)
        for step in [3, 1] {
          // Stretches of three, from the last, and then every piece again by itself.
          for first in stride(from: 0, to: pieces.pieces, by: step).reversed() {
            pieces.run(first..<min(pieces.pieces, first + step), x, parts.pointer, scratch)
          }
        }
        try pieces.finish(x, parts.pointer, scratch)
      }
    }
    #expect(values(whole).map(\.bitPattern) == values(parts).map(\.bitPattern), "\(primitive)")
  }

  @Test func products() throws {
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
      let product = Primitive.matmul(transposeA: transposeA, transposeB: transposeB)
      func pair(_ m: Int, _ n: Int, _ k: Int, _ batch: Shape = []) -> [Tensor] {
        [
          sample(batch + (transposeA ? [k, m] : [m, k]), .f32), sample(batch + (transposeB ? [n, k] : [k, n]), .f32),
        ]
      }
      try check(product, pair(211, 173, 90), least: 3)
      try check(product, pair(40, 700, 101), least: 2)
      try check(product, pair(130, 170, 100, [2]), least: 4)
      try check(product, pair(5, 6, 7, [9]), least: transposeA ? 9 : 9)
    }
  }

  @Test func gathers() throws {
    for (rows, width, count) in [(50, 3000, 37), (9, 70_000, 5), (30_000, 1, 20_011)] {
      let ids = (0..<count).map { ($0 * 7919) % (2 * rows) - rows }
      try check(.gather, [sample([rows, width], .f32), Tensor(ids, shape: [count])], least: 2)
    }
  }

  /// The first bad index is named, whichever piece finds one first.
  @Test func firstBadIndex() throws {
    var ids = Array(0..<40)
    (ids[38], ids[21], ids[33]) = (41, -77, 99)
    let (table, places) = (sample([40, 4000], .f32), try Tensor(ids, shape: [40]))
    let operation = GatherOperation([table, places].map { OperandInfo(shape: $0.shape, type: $0.type) })
    #expect(operation.pieces > 10)
    let (out, memory) = (
      try Tensor(uninitialized: [40, 4000], type: .f32), try Tensor(repeating: 3, shape: [operation.pieces], type: .f64)
    )
    withExtendedLifetime((table, places, out, memory)) {
      let x = [table.pointer, places.pointer]
      operation.prepare(x, out.pointer, memory.pointer)
      for piece in (0..<operation.pieces).reversed() {
        operation.run(piece..<(piece + 1), x, out.pointer, memory.pointer)
      }
      func bad(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing"
      }
      let expected = "\(GraphError(.badIndex(value: -77, bound: 40)))"
      #expect(bad { try operation.finish(x, out.pointer, memory.pointer) } == expected)
      #expect(bad { try operation.run(x, out.pointer, memory.pointer) } == expected)
    }
  }

  @Test func reductions() throws {
    for axes in [[0], [1], [2], [0, 1], [0, 2], [1, 2]] {
      try check(.reduce(.sum, axes: axes), [sample([70, 5, 130], .f32)], least: 1)
    }
    try check(.reduce(.max, axes: [0]), [sample([20, 300], .f32)], least: 5)
  }

  @Test func copies() throws {
    try check(.transpose([1, 0]), [sample([70, 90], .f32)], least: 90)
    try check(.transpose([2, 0, 3, 1, 4]), [sample([20, 3, 3, 2, 4], .f32)], least: 60)
    try check(.transpose([1, 0, 2]), [sample([3, 1, 8], .f64)], least: 1)
    try check(.slice(starts: [1, 2], counts: [5, 3], steps: [2, 1]), [sample([20, 9], .f32)], least: 5)
    try check(.broadcast([4, 30, 2]), [sample([30, 1], .f32)], least: 120)
  }
}
