import CKernels
import Tensors

/// Runs a loop: carries go back and forth between two buffers, entries are read and written where they lie.
final class ScanOperation: ProgramOperation {
  private let program: ScanProgram
  private let body: PlanBody
  /// Where things lie in scratch memory: per carry two buffers, per out one entry that nobody reads.
  private let carryBuffers: [(first: Int, second: Int)]
  private let outBuffers: [Int]
  private let total: Int
  private let isPassedOn: [Bool]
  /// Per carry the out that keeps what it was at each step: such a carry lies in that out, and nothing is copied.
  private let keptIn: [Int?]
  /// Carries of which each step replaces some rows, in one place.
  private let isReplaced: [Bool]
  /// Bytes of an entry of each sequence and each out, where those of all steps do not stay near.
  private let entryBytes: [Int64]?

  /// Less than this lies in the second cache anyway.
  private static let farBytes = 1 << 19

  init(_ program: ScanProgram, _ body: PlanBody) {
    self.program = program
    self.body = body
    var total = 0
    func take(_ bytes: Int) -> Int {
      defer { total += (bytes + 63) & ~63 }
      return total
    }
    let carries = program.carries
    let kept = (0..<carries).map { k in
      body.outputBytes.indices.dropFirst(carries).first { body.passes(k, to: $0) }
    }
    let isReplaced = (0..<carries).map { kept[$0] == nil && body.replacesRows($0) }
    carryBuffers = (0..<carries).map { k in
      let first = take(body.outputBytes[k])
      return (first, isReplaced[k] ? first : take(body.outputBytes[k]))
    }
    outBuffers = body.outputBytes[carries...].map(take)
    isPassedOn = (0..<carries).map { body.passes($0, to: $0) }
    (keptIn, self.isReplaced) = (kept, isReplaced)
    self.total = total
    let entries = body.inputBytes[carries..<(carries + program.sequences)] + body.outputBytes[carries...]
    let isFar = entries.reduce(0, +) * program.length > ScanOperation.farBytes
    entryBytes = isFar && carries > 0 ? entries.map(Int64.init) : nil
  }

  override var scratchBytes: Int { total }
  override var parts: [PlanBody] { [body] }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {
    let (carries, sequences, length) = (program.carries, program.sequences, program.length)
    if carries == 0, threads > 1, length > 1 { return try runParallel(x, results: results, threads: threads) }
    let (inputCount, outputCount) = (body.inputBytes.count, body.outputBytes.count)
    try withUnsafeTemporaryAllocation(
      of: UnsafeMutableRawPointer.self, capacity: 2 * (inputCount + outputCount) + 1
    ) { pointers in
      guard let inputs = pointers.baseAddress else { return }
      let outputs = inputs + inputCount
      for i in 0..<inputCount { (inputs + i).initialize(to: x[i]) }
      for i in 0...outputCount { (outputs + i).initialize(to: scratch) }
      if length > 0 {
        let workspace = try body.begin(threads: threads)
        defer { body.end(workspace) }
        for k in 0..<carries where isReplaced[k] {
          inputs[k] = results[k] ?? scratch + carryBuffers[k].first
          Kernels.copy(from: x[k], to: inputs[k], byteCount: body.outputBytes[k])
        }
        for step in 0..<length {
          try stopIfAsked()
          let entry = program.isReversed ? length - 1 - step : step
          for s in carries..<(carries + sequences) { inputs[s] = x[s] + entry * body.inputBytes[s] }
          for k in 0..<carries {
            let buffer = scratch + (step & 1 == 0 ? carryBuffers[k].first : carryBuffers[k].second)
            if isPassedOn[k] || isReplaced[k] {
              outputs[k] = inputs[k]
            } else if step == length - 1 {
              outputs[k] = results[k] ?? buffer
            } else if let y = keptIn[k], let stack = results[y] {
              outputs[k] = stack + (program.isReversed ? entry - 1 : entry + 1) * body.outputBytes[k]
            } else {
              outputs[k] = buffer
            }
          }
          for y in carries..<outputCount {
            outputs[y] = results[y].map { $0 + entry * body.outputBytes[y] } ?? scratch + outBuffers[y - carries]
          }
          if threads == 1, step + 1 < length {
            expectNext(inputs + carries, outputs + carries, in: outputs + outputCount + 1)
          }
          try body.run(workspace, inputs: inputs, outputs: outputs, threads: threads)
          for k in 0..<carries { inputs[k] = outputs[k] }
        }
      }
      for k in 0..<carries {
        if let result = results[k], result != inputs[k] {
          result.copyMemory(from: inputs[k], byteCount: body.outputBytes[k])
        }
      }
    }
  }

  /// While a step's products compute, what the next step reads and writes comes nearer. Nothing depends on it.
  private func expectNext(
    _ sequences: UnsafePointer<UnsafeMutableRawPointer>, _ outs: UnsafePointer<UnsafeMutableRawPointer>,
    in places: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) {
    guard let entryBytes else { return }
    let direction = program.isReversed ? -1 : 1
    for (index, bytes) in entryBytes.enumerated() {
      let here = index < program.sequences ? sequences[index] : outs[index - program.sequences]
      (places + index).initialize(to: here + direction * Int(bytes))
    }
    places.withMemoryRebound(to: UnsafeRawPointer?.self, capacity: entryBytes.count) {
      ck_expect_stretches(Int64(entryBytes.count), $0, entryBytes)
    }
  }

  /// Without carries no step waits for another one: the threads take steps as they come. The error is the first
  /// failing step's.
  private func runParallel(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>, threads: Int
  ) throws {
    let lanes = try (0..<threads).map { _ in try Lane(body, scratchBytes: total) }
    defer { for lane in lanes { body.end(lane.workspace) } }
    let failure = Failure()
    parallel(threads, program.length) { lane, entry in
      do {
        try stopIfAsked()
        try run(entry, lanes[lane], x, results)
      } catch { failure.record(error, entry) }
    }
    if let error = failure.error { throw error }
  }

  /// What one thread needs for its steps.
  private final class Lane {
    let workspace: Workspace
    let scratch: Storage
    let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer>

    init(_ body: PlanBody, scratchBytes: Int) throws {
      scratch = try Storage(byteCount: Swift.max(scratchBytes, 64))
      let count = body.inputBytes.count + body.outputBytes.count + 1
      workspace = try body.begin(threads: 1)
      pointers = .allocate(capacity: count)
      pointers.initialize(repeating: scratch.base, count: count)
    }

    deinit { pointers.deallocate() }
  }

  /// One step of a loop without carries.
  private func run(
    _ entry: Int, _ lane: Lane, _ x: UnsafePointer<UnsafeMutableRawPointer>,
    _ results: UnsafePointer<UnsafeMutableRawPointer?>
  ) throws {
    let inputs = lane.pointers
    let outputs = inputs + body.inputBytes.count
    for i in body.inputBytes.indices {
      inputs[i] = i < program.sequences ? x[i] + entry * body.inputBytes[i] : x[i]
    }
    for y in body.outputBytes.indices {
      outputs[y] = results[y].map { $0 + entry * body.outputBytes[y] } ?? lane.scratch.base + outBuffers[y]
    }
    try body.run(lane.workspace, inputs: inputs, outputs: outputs, threads: 1)
  }
}
