import Diagnostics
import Foundation
import Synchronization

/// Regular expressions, by Swift's own engine. It looks for a match by trying, so some patterns take very long on some
/// texts: those are looked for on a thread of their own, which Ctrl-C leaves behind.
extension Natives {
  static let patterns: [NativeFunction] = [
    NativeFunction(
      "match_all", ["s", "pattern", "limit?"], kinds: .string,
      doc:
        "The matches of a regular expression from left to right, as records `{ text, start, groups, names }`: what is covered, where it begins (in characters), what each group holds (`none` where it took no part), and the named groups.",
      example: "[m.text for m in match_all(\"a1b22\", '\\d+')]  # => [\"1\", \"22\"]"
    ) { call in
      let limit = try call.int(2, default: Int.max)
      guard limit >= 0 else { throw call.mismatch(2, "a number of matches") }
      let text = try call.text(0)
      let found = try matches(call, text, try call.text(1), limit: limit)
      return call.heap.list(found.map { record(of: $0, call.heap) })
    },
    NativeFunction(
      "split_matches", ["s", "pattern"], kinds: .string,
      doc: "The parts of a string between the matches of a regular expression: one more than there are matches.",
      example: "split_matches(\"a, b;c\", '[,;] *')  # => [\"a\", \"b\", \"c\"]"
    ) { call in
      let text = try call.text(0)
      var parts: [Value] = []
      var end = text.startIndex
      for match in try matches(call, text, try call.text(1), limit: Int.max) {
        parts.append(call.heap.string(String(text[end..<match.range.lowerBound])))
        end = match.range.upperBound
      }
      parts.append(call.heap.string(String(text[end...])))
      return call.heap.list(parts)
    },
  ]

  private static func record(of match: PatternMatch, _ heap: Heap) -> Value {
    func value(_ text: String?) -> Value { text.map { heap.string($0) } ?? .none }
    let names = match.groups.compactMap { group in group.name.map { ($0, value(group.text)) } }
    return heap.record([
      ("text", heap.string(match.text)), ("start", Value(match.start)),
      ("groups", heap.list(match.groups.map { value($0.text) })), ("names", heap.record(names)),
    ])
  }

  private static func matches(
    _ call: NativeCall, _ text: String, _ source: String, limit: Int
  ) throws -> [PatternMatch] {
    let pattern = try TextPattern.of(source)
    if text.utf8.count <= pattern.quickBytes { return pattern.matches(in: text, limit: limit) }
    return try PatternThread.run(call.machine) { worker in
      pattern.matches(in: text, limit: limit) { worker.isLeft.load(ordering: .relaxed) }
    }
  }
}

/// One match of a regular expression.
struct PatternMatch: Sendable {
  var text: String
  var range: Range<String.Index>
  /// In characters, which are Unicode scalars as everywhere in a text.
  var start: Int
  var groups: [(name: String?, text: String?)]
}

/// A regular expression that was read. Its characters are Unicode scalars.
final class TextPattern: @unchecked Sendable {
  private let expression: Regex<AnyRegexOutput>
  /// Texts up to so many bytes take at most a few million steps.
  let quickBytes: Int
  /// Whether what stands before a place decides about a match there, as `^` and `\b` do.
  private let looksBehind: Bool

  private static let lock = NSLock()
  /// By their bytes: strings that are equal in other ones match differently.
  nonisolated(unsafe) private static var known: [[UInt8]: TextPattern] = [:]

  private init(_ expression: Regex<AnyRegexOutput>, _ source: String) {
    self.expression = expression
    (quickBytes, looksBehind) = Self.facts(source)
  }

  /// Reads a pattern; the last ones are kept.
  static func of(_ source: String) throws -> TextPattern {
    let key = Array(source.utf8)
    if let found = lock.withLock({ known[key] }) { return found }
    // The engine's reader calls itself once per group.
    guard key.count <= 1000 else {
      throw RuntimeError("E0214", "a pattern has at most 1000 bytes, and this one has \(key.count)")
    }
    let made: TextPattern
    do {
      made = TextPattern(try Regex(source).matchingSemantics(.unicodeScalar), source)
    } catch {
      throw RuntimeError(
        "E0214", "`\(source)` is no regular expression: \(error)", label: "used here",
        help: ["a character such as ( [ . * + ? that stands for itself has a \\ before it"])
    }
    lock.withLock {
      if known.count >= 100 { known = [:] }
      known[key] = made
    }
    return made
  }

  /// With n choices of how to go on, such as a repetition or another form, the time is at most the power n + 1 of the
  /// length, as the cube with `a*a*b`. A repeated group with choices inside, or a group's text that is asked for again, make
  /// it longer than that.
  private static func facts(_ source: String) -> (quickBytes: Int, looksBehind: Bool) {
    var choices = 0
    var repeatsGroup = false, asksAgain = false, looksBehind = false, isEscaped = false
    var before: Unicode.Scalar = " "
    for scalar in source.unicodeScalars {
      if isEscaped {
        asksAgain = asksAgain || scalar.properties.numericType != nil || scalar == "k" || scalar == "g"
        looksBehind = looksBehind || "bBAGyY".unicodeScalars.contains(scalar)
        isEscaped = false
        before = "a"
        continue
      }
      if "*+{?|".unicodeScalars.contains(scalar) {
        choices += 1
        repeatsGroup = repeatsGroup || (before == ")" && scalar != "|")
      }
      // Behind a bracket it is the class of all others.
      looksBehind = looksBehind || (scalar == "^" && before != "[")
      isEscaped = scalar == "\\"
      before = scalar
    }
    if asksAgain || (repeatsGroup && choices > 1) { return (0, looksBehind) }
    return (choices <= 1 ? 2000 : Int(pow(2000 * 2000, 1 / Double(choices + 1))), looksBehind)
  }

  /// Up to `limit` matches from left to right, unless nobody waits for them any more. An empty match behind another one's
  /// end does not count.
  func matches(in text: String, limit: Int, isLeft: () -> Bool = { false }) -> [PatternMatch] {
    guard limit > 0 else { return [] }
    // A search from a place on takes it for the beginning of the text.
    var known = looksBehind && limit > 1 ? text.matches(of: expression)[...] : nil
    var found: [PatternMatch] = []
    var start = text.startIndex, counted = text.startIndex, characters = 0
    var last: String.Index?
    while found.count < limit, !isLeft() {
      guard let match = known == nil ? try? expression.firstMatch(in: text[start...]) : known?.popFirst() else { break }
      let range = match.range
      if !(range.isEmpty && range.lowerBound == last) {
        characters += text.unicodeScalars.distance(from: counted, to: range.lowerBound)
        counted = range.lowerBound
        let groups = match.output.dropFirst().map { ($0.name, $0.substring.map(String.init)) }
        found.append(PatternMatch(text: String(text[range]), range: range, start: characters, groups: Array(groups)))
        last = range.upperBound
      }
      if range.isEmpty {
        guard range.upperBound < text.endIndex else { break }
        start = text.unicodeScalars.index(after: range.upperBound)
      } else {
        start = range.upperBound
      }
    }
    return found
  }
}

/// Threads with a deep stack that do one thing at a time for interpreters, which wait and may go away.
final class PatternThread: @unchecked Sendable {
  /// Seconds of processor time that one piece of work may take.
  nonisolated(unsafe) static var limit = 10.0

  private static let lock = NSLock()
  nonisolated(unsafe) private static var idle: [PatternThread] = []

  private let wake = DispatchSemaphore(value: 0)
  private let begun = DispatchSemaphore(value: 0)
  private var job: (() -> Void)?
  /// Set when nobody waits for its work any more.
  let isLeft = Atomic(false)
  #if os(Linux)
    private var id: id_t?
  #endif
  private var clock = CLOCK_MONOTONIC

  /// Throws E0302 where the system gives no thread.
  private init() throws {
    let isThere = SystemThread.start(name: "patterns", stackBytes: 64 << 20) { [self] in
      #if os(Linux)
        // `PROCESS/task/THREAD`.
        let names = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        id = names?.split(separator: "/").last.flatMap { id_t($0) }
        pthread_getcpuclockid(pthread_self(), &clock)
      #endif
      begun.signal()
      while !isLeft.load(ordering: .relaxed) {
        wake.wait()
        // Out of its place before it is done: the next interpreter may then put its own there at once.
        let work = job
        job = nil
        work?()
      }
    }
    guard isThere else {
      throw RuntimeError("E0302", "the system has no memory left for a thread that looks for a pattern")
    }
    begun.wait()
  }

  /// Seconds on the thread's own clock.
  private var seconds: Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Lets the thread finish the match that nobody waits for, with less of the processors than others. It is not left to
  /// idle ones: a process ends when its last thread does, which would then be seconds later on a busy machine.
  private func leave() {
    isLeft.store(true, ordering: .relaxed)
    #if os(Linux)
      if let id { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id, 10) }
    #endif
  }

  /// The result of `body`; an interrupt or the limit leaves the thread to itself and throws.
  static func run<T: Sendable>(_ machine: Machine, _ body: @escaping @Sendable (PatternThread) -> T) throws -> T {
    let worker = try lock.withLock { idle.popLast() } ?? PatternThread()
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var result: T?
    worker.job = {
      result = body(worker)
      done.signal()
    }
    let start = worker.seconds
    worker.wake.signal()
    while done.wait(timeout: .now() + .milliseconds(20)) == .timedOut {
      do {
        try machine.pollInterrupt()
        if worker.seconds - start > limit {
          throw RuntimeError(
            "E0304", "this pattern takes too long on this text", label: "given up after a long time of trying",
            help: ["repetitions of repetitions, such as `(a+)+`, can be tried in very many ways"])
        }
      } catch {
        worker.leave()
        throw error
      }
    }
    lock.withLock { idle.append(worker) }
    guard let result else { throw RuntimeError("E0299", "a pattern gave no result") }
    return result
  }
}
