import Diagnostics
import Foundation
import Notation
import Records
import Tensors

/// Sweeps: the points of the grid, one trial each on the host's threads, one table of all.
extension Machine {
  @inline(never) func sweep(
    _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ number: Int, _ first: UnsafeMutablePointer<Value>,
    result: UnsafeMutablePointer<Value>
  ) throws {
    try TensorHooks.requireUntraced(self, "sweep")
    let description = prototype.pointee.prototype.takeUnretainedValue().sweeps[number]
    let count = description.axes.count
    let operands = count + (description.hasCondition ? 2 : 1)
    nativeTop = max(nativeTop, first + operands)
    let points = try points(description, first)
    defer { for point in points { for value in point { heap.release(value) } } }
    if let walk = tensors.walk {
      let table = try walked(description, points, body: first[count], walk)
      for i in 0..<operands { Machine.drop(heap, first + i) }
      return Machine.put(heap, result, table)
    }
    let request = try request(description, body: first[count], points)
    let outcomes = try host.sweep(request)
    guard outcomes.count == points.count else { throw RuntimeError.interrupted }
    if outcomes.contains(where: { $0.status == .interrupted }) { throw RuntimeError.interrupted }
    let table = assemble(description, points, outcomes)
    for i in 0..<operands { Machine.drop(heap, first + i) }
    Machine.put(heap, result, table)
  }

  // MARK: points

  /// The coordinates of every point in grid order, owned.
  private func points(_ sweep: Prototype.SweepDescription, _ first: UnsafeMutablePointer<Value>) throws -> [[Value]] {
    let counts = try sweep.axes.indices.map { axis -> Int in
      guard isIterable(first[axis]), first[axis].tag != .record else {
        throw RuntimeError(
          "E0610", "`\(sweep.axes[axis])` must go through a list, range or tensor, not \(brief(first[axis]))")
      }
      return try iterationCount(first[axis])
    }
    var total = sweep.isZip ? counts[0] : 1
    if sweep.isZip {
      if let other = counts.first(where: { $0 != total }) {
        throw RuntimeError("E0610", "axes that are zipped must have equal lengths, not \(total) and \(other)")
      }
    } else {
      for count in counts {
        let (product, overflow) = total.multipliedReportingOverflow(by: count)
        total = overflow ? Int.max : product
      }
    }
    guard total <= 10_000_000 else { throw RuntimeError("E0610", "a sweep of \(total) points is too large") }
    var points: [[Value]] = []
    do {
      for index in 0..<total {
        try pollInterrupt(at: index)
        var rest = index
        var point: [Value] = []
        for axis in sweep.axes.indices.reversed() {
          let position = sweep.isZip ? index : rest % counts[axis]
          if !sweep.isZip { rest /= counts[axis] }
          point.append(try coordinate(first[axis], position))
        }
        points.append(point.reversed())
        if sweep.hasCondition, !(try isWanted(points[points.count - 1], first[sweep.axes.count + 1])) {
          for value in points.removeLast() { heap.release(value) }
        }
      }
    } catch {
      for point in points { for value in point { heap.release(value) } }
      throw error
    }
    return points
  }

  private func coordinate(_ axis: Value, _ position: Int) throws -> Value {
    let value = try iterationElement(axis, position)
    guard value.tag == .tensor, let scalar = try TensorHooks.scalar(self, value) else { return value }
    heap.release(value)
    return scalar
  }

  private func isWanted(_ point: [Value], _ condition: Value) throws -> Bool {
    var outcome = try call(condition, point)
    defer { heap.release(outcome) }
    return try self.condition(&outcome, 0)
  }

  /// A sweep in a study that is only planned: a few points spread over the grid stand for all.
  private func walked(
    _ sweep: Prototype.SweepDescription, _ points: [[Value]], body: Value, _ walk: StudyWalk
  ) throws -> Value {
    let span = span(of: frame) ?? .none
    let line = SourceStore.shared.file(span.file)?.position(Int(span.lower)).line ?? 0
    if !walk.sweeps.contains(where: { $0.line == line }) {
      walk.sweeps.append((points.count, sweep.axes, line))
    }
    try checkDuplicates(sweep, data(points))
    // Each group of neighbours is walked at one of them, by turns at another place, so that no coordinate keeps step with it.
    let groups = min(points.count, 96)
    let starts = (0...groups).map { $0 * points.count / max(groups, 1) }
    let groupOf = (0..<groups).flatMap { [Int](repeating: $0, count: starts[$0 + 1] - starts[$0]) }
    var rows: [Value] = [], tracked: [(point: Int, table: Table)] = []
    defer { for row in rows { heap.release(row) } }
    defer { trial = nil }
    for group in 0..<groups {
      let size = starts[group + 1] - starts[group]
      let index = starts[group] + (group * 7) % size
      let recorder = TrialRecorder { _ in }
      trial = recorder
      rows.append(try walk.trial(starts[group], times: size, of: span) { try call(body, points[index]) })
      tracked.append((index, recorder.table ?? Table(columns: [], rowCount: 0)))
    }
    var names: [String] = [], columns: [String: [Value]] = [:]
    for row in rows where row.tag == .record {
      for i in 0..<row.record.count where !names.contains(row.record.name(i)) { names.append(row.record.name(i)) }
    }
    if rows.contains(where: { $0.tag != .record && !$0.isNone }) { names.append("value") }
    for (axis, name) in sweep.axes.enumerated() { columns[name] = points.map { heap.retained($0[axis]) } }
    for name in names where columns[name] == nil {
      columns[name] = points.indices.map { index in
        let row = rows[groupOf[index]]
        if row.tag == .record { return heap.field(row, named: name).map { heap.retained($0) } ?? .none }
        return heap.retained(row)
      }
    }
    let all = sweep.axes + names.filter { !sweep.axes.contains($0) }
    let record = heap.record(all.map { ($0, heap.list(columns[$0] ?? [])) })
    let attachments = heap.record([("series", walkedSeries(sweep, points, tracked, walk))])
    return heap.table(columns: record, attachments: attachments)
  }

  /// What the walked points tracked, with numbers that nobody knows in the place of results.
  private func walkedSeries(
    _ sweep: Prototype.SweepDescription, _ points: [[Value]], _ tracked: [(point: Int, table: Table)], _ walk: StudyWalk
  ) -> Value {
    var names = sweep.axes
    for (_, table) in tracked {
      for column in table.columns where !names.contains(column.name) { names.append(column.name) }
    }
    var columns = [[Value]](repeating: [], count: names.count)
    for (point, table) in tracked {
      for row in 0..<table.rowCount {
        for (i, name) in names.enumerated() {
          if i < sweep.axes.count {
            columns[i].append(heap.retained(points[point][i]))
            continue
          }
          switch table.column(name)?[row] ?? .none {
          case .int(let n): columns[i].append(Value(n))
          case .string(let text): columns[i].append(heap.string(text))
          case .bool(let truth): columns[i].append(Value(truth))
          default: columns[i].append(walk.unknownNumber(self))
          }
        }
      }
    }
    return heap.table(columns: heap.record(zip(names, columns).map { ($0, heap.list($1)) }), attachments: .none)
  }

  // MARK: request

  private func request(
    _ sweep: Prototype.SweepDescription, body: Value, _ points: [[Value]]
  ) throws -> SweepRequest {
    let data = try self.data(points)
    try checkDuplicates(sweep, data)
    let base = RandomKey.derive(key: drawScope.key, number: drawScope.count)
    drawScope.count += 1
    let keys = try data.map { point in
      try pollInterrupt()
      return Machine.scopeKey(sweep, base, point)
    }
    let body = try portable(body)
    let coordinates = try points.map { point in
      try pollInterrupt()
      return try point.map { try portable($0) }
    }
    let archive = try SweepArchive(self, body: body, coordinates: coordinates, draws: keys)
    let settings = RunnerSettings(
      library: library, host: host, body: body, coordinates: coordinates, keys: keys, rootSeed: rootSeed,
      interrupts: interrupts, byteLimit: heap.state.pointee.byteLimit, checksNaN: tensors.checksNaN,
      collector: tensors.collector, timing: tensors.timing, archive: archive, name: sweep.name)
    return SweepRequest(
      name: sweep.name, coordinateNames: sweep.axes, points: data, span: span(of: frame) ?? .none,
      makeRunner: { SweepRunner(settings) }, archive: archive)
  }

  /// Points as data. Throws where the work is to stop: data are unfinished then.
  private func data(_ points: [[Value]]) throws -> [[Datum]] {
    let data = points.map { point in point.map { datum($0) } }
    try pollInterrupt()
    return data
  }

  private func checkDuplicates(_ sweep: Prototype.SweepDescription, _ points: [[Datum]]) throws {
    var seen: [[Datum]: Int] = [:]
    for (index, point) in points.enumerated() {
      if let earlier = seen.updateValue(index, forKey: point) {
        let place = zip(sweep.axes, point).map { "\($0) = \(DatumText.line($1))" }.joined(separator: ", ")
        throw RuntimeError(
          "E0611", "the point \(place) stands twice in this sweep", label: "points \(earlier + 1) and \(index + 1)",
          help: ["to repeat trials, add an axis such as `rep in 1..5`"])
      }
    }
  }

  /// Where a point draws: under its coordinates, or those that `paired by` names.
  private static func scopeKey(_ sweep: Prototype.SweepDescription, _ base: Int64, _ point: [Datum]) -> Int64 {
    var key = base
    for (name, value) in zip(sweep.axes, point) {
      if let paired = sweep.pairedBy, !paired.contains(name) { continue }
      key = RandomKey.derive(key: key, number: RandomKey.hash("\(name)=\(DatumText.line(value))"))
    }
    return key
  }

  // MARK: result

  /// The table of a sweep: coordinates, then fields in order of first appearance, then `error` (or `failure`) if a trial failed.
  private func assemble(_ sweep: Prototype.SweepDescription, _ points: [[Value]], _ outcomes: [TrialOutcome]) -> Value {
    var names: [String] = sweep.axes
    var columns: [String: [Value]] = [:]
    for (axis, name) in sweep.axes.enumerated() { columns[name] = points.map { heap.retained($0[axis]) } }
    var failures: [Value] = []
    for (row, outcome) in outcomes.enumerated() {
      for (name, value) in results(outcome) where !sweep.axes.contains(name) {
        if columns[name] == nil {
          names.append(name)
          columns[name] = [Value](repeating: .none, count: points.count)
        }
        columns[name]?[row] = value
      }
      let reason = outcome.error?.message ?? (outcome.status == .diverged ? "diverged" : nil)
      failures.append(outcome.status == .done ? .none : heap.string(reason ?? "failed"))
    }
    if failures.contains(where: { $0.tag == .string }) {
      let name = Table.failureColumn(besides: names)
      names.append(name)
      columns[name] = failures.map { heap.retained($0) }
    }
    let record = heap.record(names.map { ($0, heap.list(columns[$0] ?? [])) })
    let attachments = heap.record([
      ("series", series(sweep, points, outcomes)), ("failures", heap.list(failures)),
    ])
    return heap.table(columns: record, attachments: attachments)
  }

  /// The fields that a trial gave, owned.
  private func results(_ outcome: TrialOutcome) -> [(String, Value)] {
    guard outcome.status == .done else { return [] }
    guard let portable = outcome.value else { return outcome.fields.map { ($0.name, heap.value($0.value)) } }
    let value = self.value(portable)
    guard value.tag == .record else { return [("value", value)] }
    defer { heap.release(value) }
    return (0..<value.record.count).map { (value.record.name($0), heap.retained(value.record.values[$0])) }
  }

  /// What trials tracked: coordinates and tracked columns, a row per call of `track`.
  private func series(_ sweep: Prototype.SweepDescription, _ points: [[Value]], _ outcomes: [TrialOutcome]) -> Value {
    var names: [String] = sweep.axes
    for outcome in outcomes {
      for column in outcome.series?.columns ?? [] where !names.contains(column.name) { names.append(column.name) }
    }
    var columns = [[Value]](repeating: [], count: names.count)
    for (point, outcome) in zip(points, outcomes) {
      guard let series = outcome.series else { continue }
      for (i, name) in names.enumerated() {
        if i < sweep.axes.count {
          for _ in 0..<series.rowCount { columns[i].append(heap.retained(point[i])) }
        } else if let values = series.column(name) {
          for value in values { columns[i].append(heap.value(value)) }
        } else {
          for _ in 0..<series.rowCount { columns[i].append(.none) }
        }
      }
    }
    let record = heap.record(zip(names, columns).map { ($0, heap.list($1)) })
    return heap.table(columns: record, attachments: .none)
  }
}

/// Data on one line, for messages and keys.
enum DatumText {
  static func line(_ datum: Datum) -> String {
    switch datum {
    case .none: "none"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .float(let value): NumberText.shortest(value)
    case .string(let text): "\"\(text)\""
    case .list(let items): "[" + items.map(line).joined(separator: ", ") + "]"
    case .record(let fields): "{" + fields.map { "\($0.name): \(line($0.value))" }.joined(separator: ", ") + "}"
    case .table(let table):
      "table(" + table.columns.map { "\($0.name): \(line(.list($0.values)))" }.joined(separator: ", ") + ")"
    case .figure(let figure): "figure \(figure.title)"
    case .tensor(let tensor): "tensor \(tensor.shape) \(tensor.type) \(tensor.elements ?? []) \(tensor.hash)"
    case .model(let model): "model \(model.name)"
    case .other(let text): text
    }
  }
}
