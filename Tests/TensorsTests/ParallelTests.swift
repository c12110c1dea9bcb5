import CKernels
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory of a job whose pieces run at once: raw, because arrays may not be written from several threads.
private final class Job {
  let n: Int
  let runs, a, b, c: Tensor

  init(pieces: Int, n: Int) throws {
    var source = Source(12)
    self.n = n
    runs = try Tensor([Int32](repeating: 0, count: pieces))
    a = try Tensor(source.floats(pieces * 20 * n))
    b = try Tensor(source.floats(n * n))
    c = try Tensor(uninitialized: [pieces * 20 * n], type: .f32)
  }

  func run(_ piece: Int) {
    runs.pointer.assumingMemoryBound(to: Int32.self)[piece] += 1
    let start = piece * 20 * n * 4
    Kernels.matmul(
      .f32, m: 20, n: n, k: n, a.pointer + start, lda: n, b.pointer, ldb: n, c.pointer + start, ldc: n)
  }
}

@Suite struct ParallelTests {
  /// Every piece runs once, and a product cut into row blocks has the bits of the whole.
  @Test(arguments: [1, 2, 3, 4, 9]) func piecesOfAProduct(threads: Int32) throws {
    for pieces in [1, 2, 7, 40] {
      let n = 33
      let job = try Job(pieces: pieces, n: n)
      let whole = try Tensor(uninitialized: [pieces * 20 * n], type: .f32)
      Kernels.matmul(
        .f32, m: pieces * 20, n: n, k: n, job.a.pointer, lda: n, job.b.pointer, ldb: n, whole.pointer, ldc: n)
      ck_parallel(
        threads, Int64(pieces),
        { context, _, piece in
          guard let context else { return }
          Unmanaged<Job>.fromOpaque(context).takeUnretainedValue().run(Int(piece))
        }, Unmanaged.passUnretained(job).toOpaque())
      #expect(job.runs.array(of: Int32.self).allSatisfy { $0 == 1 })
      #expect(job.c.hasSameBits(as: whole))
    }
  }

  /// Jobs of any number of threads, one right after the other and with gaps in which threads park: every piece of each runs
  /// once, on a lane that the job has.
  @Test func manyJobs() throws {
    final class Tally: @unchecked Sendable {
      let runs = UnsafeMutablePointer<Int32>.allocate(capacity: 64)
      var threads: Int64 = 1
      var strangers = false
      deinit { runs.deallocate() }
    }
    let tally = Tally()
    for job in 0..<3000 {
      let pieces = [3, 64, 17, 4, 1, 5][job % 6]
      tally.runs.update(repeating: 0, count: 64)
      tally.threads = [4, 2, 7, 3, 1][job % 5]
      ck_parallel(
        Int32(tally.threads), Int64(pieces),
        { context, lane, piece in
          guard let context else { return }
          let tally = Unmanaged<Tally>.fromOpaque(context).takeUnretainedValue()
          tally.runs[Int(piece)] += 1
          if lane < 0 || lane >= tally.threads { tally.strangers = true }
        }, Unmanaged.passUnretained(tally).toOpaque())
      #expect((0..<pieces).allSatisfy { tally.runs[$0] == 1 } && !tally.strangers)
      if job % 500 == 0 { usleep(2000) }
    }
  }

  /// A thread whose maker rounds upwards and drops subnormals computes as all others do once it sets its control.
  @Test func floatingPointControlIsSet() {
    #if arch(x86_64)
      let tiny: [Float] = [0x1p-140]
      var product: [Float] = [9]
      let before = fegetround()
      fesetround(FE_UPWARD)
      Kernels.setFloatingPointControl()
      #expect(fegetround() == before)
      Kernels.binary(.multiply, .f32, tiny, xStride: 1, [0.5] as [Float], yStride: 1, &product, count: 1)
      #expect(product == [0x1p-141])
    #endif
  }
}
