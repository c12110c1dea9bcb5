import Diagnostics
import Resolution
import Syntax

/// Top-level statements walked with shapes only.
extension StatementRunner {
  /// Walks one statement: every way through it, up to a few. What the first way that gets through it binds stays bound.
  mutating func walk(_ statement: Statement, _ index: Int, _ walk: StudyWalk) throws {
    let line = self.line(statement.span.lower, statement)
    let words = Set(Self.words(SourceText.whole(statement.span)))
    if let needs = words.compactMap({ walk.unknown[$0] }).min() {
      return forget(statement, words, line: line, needs: needs, walk)
    }
    let before = registers(), start = walk.nodeCount
    defer { walk.statements.append((index, start..<walk.nodeCount)) }
    defer { for value in before { machine.heap.release(value) } }
    var ways: [[Bool]] = [[]], count = 0, isUnknown = false
    var kept: [Value]?
    var gone = StudyWalk.Ways()
    var found: [Diagnostic] = []
    let session = self.session
    let watch = TimeLimit(walk.limit) { session.interrupt() }
    // It may have acted when the statement was just over, which is no interrupt of the next one.
    defer { if watch.end() { session.interrupts.reset() } }
    while let way = ways.popLast(), count < StudyWalk.maximumWays {
      if count > 0 { restore(before) }
      count += 1
      walk.begin(way)
      let start = walk.mark
      do {
        try run(statement, index)
        if let failure = walk.recording.failure { throw failure }
        gone.add(start, walk.mark, isThrough: true)
        if kept == nil { kept = registers() }
      } catch {
        gone.add(start, walk.mark, isThrough: false)
        let failure = machine.runtimeError(error)
        if failure.id == RuntimeError.interrupted.id {
          guard watch.end() else { throw failure }
          walk.left.append(line)
          break
        }
        walk.noteDeadEnd()
        let isSure = !walk.hasChosen && !StudyWalk.isUnknown(failure)
        if isSure || StudyWalk.isCertain(failure) { found.append(failure.diagnostic) } else { isUnknown = true }
      }
      ways += walk.otherWays(than: way)
    }
    walk.keepOne(of: gone)
    // Without its options nothing is known of a study.
    if case .option = statement.kind, let problem = found.first { throw problem }
    for problem in found where !walk.problems.contains(where: { $0.id == problem.id && $0.span == problem.span }) {
      walk.problems.append(problem)
    }
    guard let kept else {
      restore(before)
      // A mistake is told once: what depends on it is not known.
      let isNoted = isUnknown && found.isEmpty && walk.left.last != line
      forget(statement, words, line: line, needs: line, walk, isNoted: isNoted)
      return
    }
    restore(kept)
    for value in kept { machine.heap.release(value) }
  }

  /// The global registers' values, each with a count.
  private func registers() -> [Value] { (0..<session.nextSlot).map { machine.heap.retained(base[$0]) } }

  private func restore(_ values: [Value]) {
    for (i, value) in values.enumerated() { Machine.put(machine.heap, base + i, machine.heap.retained(value)) }
  }

  /// Makes what a statement binds unknown.
  private func forget(
    _ statement: Statement, _ words: Set<String>, line: Int, needs: Int, _ walk: StudyWalk, isNoted: Bool = true
  ) {
    if isNoted { walk.skipped.append((line, needs)) }
    var names: [String] = []
    switch statement.kind {
    case .letBinding(let pattern, _): names = Self.names(pattern)
    case .function(let name, _, _): names = [name.text]
    default: break
    }
    // Variables that it may assign.
    for other in prepared.program.tree.statements {
      guard case .varBinding(let pattern, _) = other.kind else { continue }
      names += Self.names(pattern).filter { words.contains($0) }
    }
    if case .function = statement.kind {} else if !names.isEmpty { walk.isPart = true }
    for name in names where walk.unknown[name] == nil { walk.unknown[name] = needs }
  }

  private func line(_ offset: UInt32, _ statement: Statement) -> Int {
    SourceStore.shared.file(statement.span.file)?.position(Int(offset)).line ?? 0
  }

  /// Everything in a text that looks like a name.
  private static func words(_ text: String) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
  }
}
