import Diagnostics
import Foundation
import Graphs
import Tensors

/// Where a script's time and memory go. Another thread looks a few thousand times a second at which line and which
/// operation are at work, so that what is measured runs as it always does.
public final class Profiler: @unchecked Sendable {
  /// What was seen of a line or an operation.
  public struct Share: Sendable {
    /// Seconds.
    public var seconds = 0.0
    /// Most bytes of tensors that were alive at the time.
    public var bytes = 0
  }
  /// By line of the script; 0 is what belongs to none.
  public private(set) var lines: [Int: Share] = [:]
  /// By operation; "" is the interpreter itself.
  public private(set) var operations: [String: Share] = [:]
  /// Seconds from the beginning to the end.
  public private(set) var seconds = 0.0
  /// How often the thread looked.
  public private(set) var samples = 0

  /// The file whose lines count.
  nonisolated(unsafe) static var file: UInt32 = 0

  private let moment: UnsafeMutablePointer<Probe.Moment>
  private let ended = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var isOver = false
  private var numbers: [Int: Share] = [:]

  private init() {
    moment = .allocate(capacity: 1)
    moment.initialize(to: Probe.Moment())
  }

  deinit { moment.deallocate() }

  /// Runs a script with a session that uses one thread, and says what it saw. Compiled steps count for the lines that
  /// they were made of, the library for the line that calls it.
  public static func run(
    _ file: SourceFile, in session: Session, settings: [String: String] = [:]
  ) -> (profile: Profiler, diagnostics: [Diagnostic]) {
    let profiler = Profiler()
    Self.file = file.id
    Probe.start(profiler.moment)
    let begun = DispatchTime.now().uptimeNanoseconds
    if !SystemThread.start(name: "profile", stackBytes: 8 << 20, { profiler.look() }) { profiler.ended.signal() }
    let diagnostics = session.run(file, settings: settings)
    profiler.lock.withLock { profiler.isOver = true }
    profiler.ended.wait()
    Probe.start(nil)
    Self.file = 0
    profiler.seconds = Double(DispatchTime.now().uptimeNanoseconds - begun) * 1e-9
    for (number, share) in profiler.numbers { profiler.operations[Probe.name(number)] = share }
    return (profiler, diagnostics)
  }

  private func look() {
    var before = DispatchTime.now().uptimeNanoseconds
    while !lock.withLock({ isOver }) {
      usleep(250)
      let now = DispatchTime.now().uptimeNanoseconds
      let seen = moment.pointee, bytes = MemoryPool.liveBytes, passed = Double(now - before) * 1e-9
      before = now
      samples += 1
      lines[seen.effectiveLine, default: Share()].add(passed, bytes)
      numbers[seen.operation, default: Share()].add(passed, bytes)
    }
    ended.signal()
  }

  /// The lines of the profiled file that the origins of a trace stand for: those of the innermost calls in this file; 0 where
  /// the whole function stands elsewhere.
  static func lines(of recording: Recording) -> [Int] {
    guard let source = SourceStore.shared.file(file) else { return [] }
    return zip(recording.spans, recording.lines).map { span, line in
      span.file == file && span != .none ? source.position(Int(span.lower)).line : line
    }
  }
}

extension Profiler.Share {
  mutating fileprivate func add(_ passed: Double, _ held: Int) {
    seconds += passed
    bytes = max(bytes, held)
  }
}

/// A study that is run to be measured: what it prints is swallowed, nothing is recorded, trials run one after the other.
public final class ProfileHost: QuietHost {
  /// At most so many trials of a sweep run; the program ends with a sweep that has more.
  public let trials: Int

  /// `trials` bounds what is run of a sweep.
  public init(_ outer: any StudyHost, trials: Int = .max) {
    self.trials = trials
    super.init(outer)
  }

  /// One after the other, in order.
  public override func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.prefix(trials).map { runner.run($0) { _ in } }
  }
}
