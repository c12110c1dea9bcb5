import Tensors
import Testing

@testable import Graphs

/// What `exp plan --graph` says of a plan.
@Suite struct SummaryTests {
  @Test func aFusedChainMovesWhatItMust() throws {
    let x = sample([1000], .f32)
    let plan = try plan([x]) { trace, inputs in
      let doubled = try trace.apply(.binary(.multiply), [inputs[0], trace.scalar(2, .f32)])
      return [try trace.apply(.unary(.exp), [doubled])]
    }
    let summary = plan.summary
    #expect(summary.operations == 2 && summary.steps == 1)
    // Each alone reads and writes 4000 bytes; fused, the product stays in the cache. The 2 is read besides.
    #expect(summary.bytesAlone == 16_004 && summary.bytesLeast == 8004 && summary.arenaBytes == 0)
    #expect(summary.bytesMoved >= 8000 && summary.bytesMoved < 8100)
    #expect(plan.nodeLines.count == 4 && plan.stepLines.count == 1)
  }

  @Test func ofATableOnlyRowsCount() throws {
    let table = sample([5000, 10], .f32)
    let plan = try plan([table, tensor([1, 7], [2], .i64)]) { [try $0.apply(.gather, $1)] }
    // Two rows of 40 bytes read and written, and two ids.
    #expect(plan.summary.bytesLeast == 176 && plan.summary.bytesMoved == 176)
  }
}
