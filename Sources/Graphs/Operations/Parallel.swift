import CKernels
import Synchronization
import Tensors

/// Splits `count` pieces of work over threads of the process-wide pool; the caller works too. Runs them alone when
/// the pool is busy. `body` gets the lane (below `threads`) and the piece.
func parallel(_ threads: Int, _ count: Int, _ body: (_ lane: Int, _ piece: Int) -> Void) {
  withoutActuallyEscaping(body) { escaping in
    let box = ParallelBody(escaping)
    ck_parallel(
      Int32(threads), Int64(count),
      { context, lane, piece in
        guard let context else { return }
        Unmanaged<ParallelBody>.fromOpaque(context).takeUnretainedValue().body(Int(lane), Int(piece))
      }, Unmanaged.passUnretained(box).toOpaque())
    withExtendedLifetime(box) {}
  }
}

private final class ParallelBody {
  let body: (Int, Int) -> Void
  init(_ body: @escaping (Int, Int) -> Void) { self.body = body }
}

extension LoopProgram {
  /// Rough nanoseconds of one pass on one thread.
  var work: Int { rows * columns / 8 * Swift.max(body.count, 1) }
}

extension LoopStep {
  /// Runs all tiles on several threads. The error of the first failing tile is thrown.
  func runParallel(_ workspace: Workspace, _ threads: Int) throws {
    let tiles = program.tileCount
    // Whole blocks of the loop's sums.
    let unit = program.tilesPerBlock
    let chunk = Swift.max(1, tiles / (threads * 4) / unit) * unit
    let count = (tiles + chunk - 1) / chunk
    let (slots, lanes, shared) = (workspace.slots, workspace.lanes, workspace.sharedBase)
    let failure = Failure()
    parallel(threads, count) { lane, piece in
      do {
        try run(
          (piece * chunk)..<Swift.min(tiles, (piece + 1) * chunk), slots: slots, registers: lanes[lane].registers.base,
          current: lanes[lane].current, shared: shared)
      } catch {
        failure.record(error, piece)
      }
    }
    if let error = failure.error { throw error }
    finish(slots: slots, shared: shared)
  }
}

/// The error of the first piece that failed, whichever thread met it first.
final class Failure {
  private let first = Mutex<(piece: Int, error: Error)?>(nil)

  var error: Error? { first.withLock { $0?.error } }

  func record(_ error: Error, _ piece: Int) {
    first.withLock { first in
      if piece < first?.piece ?? .max { first = (piece, error) }
    }
  }
}

/// An operation made of pieces that may run in any order, with something before and after.
class PiecewiseOperation: Operation {
  var pieces: Int { 0 }
  /// Rough nanoseconds on one thread.
  var work: Double { 0 }
  func prepare(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {}
  func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {}
  /// Throws a `GraphError` for what the pieces could not do.
  func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {}

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    prepare(x, out, scratch)
    run(0..<pieces, x, out, scratch)
    try finish(x, out, scratch)
  }
}

extension Operation {
  /// Runs on several threads where that pays. Returns whether it did.
  func runParallel(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer,
    _ threads: Int
  ) throws -> Bool {
    if let linear = self as? LinearOperation { return try linear.runParallel(x, out, threads) }
    guard let operation = self as? PiecewiseOperation, operation.work > 20_000, operation.pieces > 1 else {
      return false
    }
    operation.prepare(x, out, scratch)
    // A few times as many chunks as threads, so that a late thread is not waited for long.
    let chunk = Swift.max(1, operation.pieces / (threads * 8))
    parallel(threads, (operation.pieces + chunk - 1) / chunk) { _, index in
      operation.run((index * chunk)..<Swift.min(operation.pieces, (index + 1) * chunk), x, out, scratch)
    }
    try operation.finish(x, out, scratch)
    return true
  }
}
