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
    let grid = try grid(description, first)
    defer { grid.release(heap) }
    if let walk = tensors.walk {
      let table = try walked(description, grid, body: first[count], walk)
      for i in 0..<operands { Machine.drop(heap, first + i) }
      return Machine.put(heap, result, table)
    }
    let request = try request(description, body: first[count], grid.points)
    var outcomes = try host.sweep(request)
    defer { Discard.later(&outcomes) }
    guard outcomes.count == grid.count, !outcomes.contains(where: { $0.status == .interrupted }) else {
      throw RuntimeError.interrupted
    }
    let table = try assemble(description, grid, outcomes)
    for i in 0..<operands { Machine.drop(heap, first + i) }
    Machine.put(heap, result, table)
  }

  // MARK: points

  /// The points of a sweep with the values along its axes as this machine has them, owned.
  private struct Grid {
    let points: SweepPoints
    let values: [[Value]]
    var count: Int { points.count }

    func value(_ index: Int, _ axis: Int) -> Value { values[axis][points.place(of: index, along: axis)] }
    func point(_ index: Int) -> [Value] { values.indices.map { value(index, $0) } }
    func release(_ heap: Heap) {
      for axis in values { for value in axis { heap.release(value) } }
    }
  }

  private func grid(_ sweep: Prototype.SweepDescription, _ first: UnsafeMutablePointer<Value>) throws -> Grid {
    try checkSize(sweep, first)
    var values: [[Value]] = []
    do {
      var axes: [SweepAxis] = []
      for axis in sweep.axes.indices {
        values.append([])
        for place in 0..<(try iterationCount(first[axis])) {
          try pollInterrupt(at: place)
          values[axis].append(try coordinate(first[axis], place))
        }
        axes.append(try SweepAxis(values[axis], self))
      }
      let all = Grid(points: SweepPoints(axes, isZip: sweep.isZip, kept: nil), values: values)
      guard sweep.hasCondition else { return all }
      let kept = try all.points.indices.filter {
        try pollInterrupt()
        return try isWanted(all.point($0), first[sweep.axes.count + 1])
      }
      return Grid(points: SweepPoints(axes, isZip: sweep.isZip, kept: kept), values: values)
    } catch {
      for axis in values { for value in axis { heap.release(value) } }
      throw error
    }
  }

  private func checkSize(_ sweep: Prototype.SweepDescription, _ first: UnsafeMutablePointer<Value>) throws {
    let counts = try sweep.axes.indices.map { axis -> Int in
      guard isIterable(first[axis]), first[axis].tag != .record else {
        let said = brief(first[axis])
        throw RuntimeError(
          "E0610", "`\(sweep.axes[axis])` must go through a list, range or tensor, not \(said)",
          help: [
            first[axis].tag == .int
              ? "for each number up to it, write `1..\(said)`" : "for one value, write it in `[` and `]`"
          ],
          span: sweep.spans[axis])
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
    _ sweep: Prototype.SweepDescription, _ grid: Grid, body: Value, _ walk: StudyWalk
  ) throws -> Value {
    let span = span(of: frame) ?? .none
    let line = SourceStore.shared.file(span.file)?.position(Int(span.lower)).line ?? 0
    if !walk.sweeps.contains(where: { $0.line == line }) {
      walk.sweeps.append((grid.count, sweep.axes, line))
    }
    try checkDuplicates(sweep, grid.points)
    // Each group of neighbours is walked at one of them, by turns at another place, so that no coordinate keeps step with it.
    let groups = min(grid.count, 96)
    let starts = (0...groups).map { $0 * grid.count / max(groups, 1) }
    let groupOf = (0..<groups).flatMap { [Int](repeating: $0, count: starts[$0 + 1] - starts[$0]) }
    var rows: [Value] = [], tracked: [(point: Int, table: Table)] = []
    defer { for row in rows { heap.release(row) } }
    defer { trial = nil }
    for group in 0..<groups {
      let size = starts[group + 1] - starts[group]
      let index = starts[group] + (group * 7) % size
      let point = grid.point(index)
      let recorder = TrialRecorder(Array(zip(sweep.axes, point))) { _ in }
      trial = recorder
      rows.append(try walk.trial(starts[group], times: size, of: span) { try call(body, point) })
      try recorder.check(result: rows[group], self)
      tracked.append((index, recorder.table ?? Table(columns: [], rowCount: 0)))
    }
    var names = sweep.axes
    for row in rows where row.tag == .record {
      for i in 0..<row.record.count where !names.holds(row.record.name(i)) { names.append(row.record.name(i)) }
    }
    if rows.contains(where: { $0.tag != .record && !$0.isNone }), !names.holds("value") { names.append("value") }
    let columns = names.enumerated().map { column, name in
      grid.points.indices.map { index in
        if column < sweep.axes.count { return heap.retained(grid.value(index, column)) }
        let row = rows[groupOf[index]]
        if row.tag == .record { return heap.field(row, named: name).map { heap.retained($0) } ?? .none }
        return heap.retained(row)
      }
    }
    let record = heap.record(zip(names, columns).map { ($0, heap.list($1)) })
    let attachments = heap.record([("series", walkedSeries(sweep, grid, tracked, walk))])
    return heap.table(columns: record, attachments: attachments)
  }

  /// What the walked points tracked, with numbers that nobody knows in the place of results.
  private func walkedSeries(
    _ sweep: Prototype.SweepDescription, _ grid: Grid, _ tracked: [(point: Int, table: Table)], _ walk: StudyWalk
  ) -> Value {
    var names = sweep.axes
    for (_, table) in tracked {
      for column in table.columns where !names.holds(column.name) { names.append(column.name) }
    }
    var columns = [[Value]](repeating: [], count: names.count)
    for (point, table) in tracked {
      for row in 0..<table.rowCount {
        for (i, name) in names.enumerated() {
          if i < sweep.axes.count {
            columns[i].append(heap.retained(grid.value(point, i)))
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
    _ sweep: Prototype.SweepDescription, body: Value, _ points: SweepPoints
  ) throws -> SweepRequest {
    try checkDuplicates(sweep, points)
    let base = RandomKey.derive(key: drawScope.key, number: drawScope.count)
    drawScope.count += 1
    let words = try points.words { value in
      try pollInterrupt()
      return value.isSaidWhole ? nil : Digest.drawWord(of: value) { self.word(inDraws: $0) }
    }
    let draws = SweepDraws(points: points, names: sweep.axes, pairedBy: sweep.pairedBy, base: base, words: words)
    let body = try portable(body)
    let archive = try SweepArchive(self, body: body, draws)
    let settings = RunnerSettings(
      library: library, host: host, body: body, draws: draws, rootSeed: rootSeed, interrupts: interrupts,
      byteLimit: heap.state.pointee.byteLimit, checksNaN: tensors.checksNaN, collector: tensors.collector,
      timing: tensors.timing, archive: archive, name: sweep.name,
      idle: idle ?? IdleThreads(), depth: try depthInside())
    return SweepRequest(
      name: sweep.name, coordinateNames: sweep.axes, points: points, span: span(of: frame) ?? .none,
      makeRunner: { try SweepRunner(settings) }, archive: archive, idle: settings.idle,
      files: settings.files)
  }

  /// What stands for a function in the draws of a coordinate: its name and its maker's, and of one without a name in a study its code.
  private func word(inDraws prototype: Prototype) -> [UInt8] {
    let isOwn = prototype.name == "fn" && !library.fileIDs.contains(prototype.span.file)
    let code = isOwn ? ReachableCode.ownHash(of: prototype) : []
    return SHA256.bytes(Array("\(prototype.name) \(prototype.maker ?? "")".utf8) + code)
  }

  private func checkDuplicates(_ sweep: Prototype.SweepDescription, _ points: SweepPoints) throws {
    guard let (earlier, later) = try points.firstDuplicate({ try pollInterrupt(at: $0) }) else { return }
    let place = zip(sweep.axes, points[later]).map { "\($0) = \(DatumText.line($1))" }.joined(separator: ", ")
    // Where one axis has a value twice, that one is to blame.
    let changed = sweep.axes.indices.filter {
      points.place(of: earlier, along: $0) != points.place(of: later, along: $0)
    }
    throw RuntimeError(
      "E0611", "the point \(place) stands twice in this sweep", label: "points \(earlier + 1) and \(later + 1)",
      help: ["to repeat trials, add an axis such as `rep in 1..5`"],
      span: changed.count == 1 ? sweep.spans[changed[0]] : nil)
  }

  // MARK: result

  /// The table of a sweep: coordinates, then fields in order of first appearance, then `error` (or `failure`) if a trial
  /// failed.
  private func assemble(
    _ sweep: Prototype.SweepDescription, _ grid: Grid, _ outcomes: [TrialOutcome]
  ) throws -> Value {
    var columns = SweepColumns(sweep.axes)
    var failures: [Value] = [], hasFailed = false
    do {
      for (row, outcome) in outcomes.enumerated() {
        try pollInterrupt(at: row)
        for axis in sweep.axes.indices { columns.append(heap.retained(grid.value(row, axis)), axis) }
        for (place, (name, value)) in results(outcome).enumerated() {
          columns.set(heap, value, in: name, row: row, near: sweep.axes.count + place)
        }
        let reason = outcome.error?.message ?? (outcome.status == .diverged ? "diverged" : nil)
        failures.append(outcome.status == .done ? .none : heap.string(reason ?? "failed"))
        hasFailed = hasFailed || outcome.status != .done
      }
      if hasFailed {
        let name = Table.failureColumn(besides: columns.names)
        for (row, reason) in failures.enumerated() {
          columns.set(heap, heap.retained(reason), in: name, row: row, near: columns.names.count)
        }
      }
      let series = try series(sweep, grid, outcomes)
      let attachments = heap.record([("series", series), ("failures", heap.list(failures))])
      return heap.table(columns: columns.record(heap, rows: outcomes.count), attachments: attachments)
    } catch {
      columns.release(heap)
      for reason in failures { heap.release(reason) }
      throw error
    }
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
  private func series(_ sweep: Prototype.SweepDescription, _ grid: Grid, _ outcomes: [TrialOutcome]) throws -> Value {
    var names: [String] = sweep.axes
    for outcome in outcomes {
      for column in outcome.series?.columns ?? [] where !names.holds(column.name) { names.append(column.name) }
    }
    var columns = [[Value]](repeating: [], count: names.count)
    do {
      for (index, outcome) in outcomes.enumerated() {
        guard let series = outcome.series else { continue }
        try pollInterrupt()
        for (i, name) in names.enumerated() {
          if i < sweep.axes.count {
            for _ in 0..<series.rowCount { columns[i].append(heap.retained(grid.value(index, i))) }
          } else if let values = series.column(name) {
            for value in values { columns[i].append(heap.value(value)) }
          } else {
            for _ in 0..<series.rowCount { columns[i].append(.none) }
          }
        }
      }
    } catch {
      for column in columns { for value in column { heap.release(value) } }
      throw error
    }
    let record = heap.record(zip(names, columns).map { ($0, heap.list($1)) })
    return heap.table(columns: record, attachments: .none)
  }
}

extension [String] {
  /// Whether a name is among these, by its bytes, as a record knows its fields.
  fileprivate func holds(_ name: String) -> Bool { contains { $0.utf8.elementsEqual(name.utf8) } }
}

/// The columns of a sweep's table while its rows come in. Its values are owned.
private struct SweepColumns {
  private(set) var names: [String]
  private var values: [[Value]]
  /// How many names are coordinates, which no result replaces.
  private let axes: Int

  init(_ axes: [String]) {
    names = axes
    values = axes.map { _ in [] }
    self.axes = axes.count
  }

  mutating func append(_ value: Value, _ column: Int) { values[column].append(value) }

  /// A result. Rows mostly have the same names in the same order: `near` is where to look first.
  mutating func set(_ heap: Heap, _ value: Value, in name: String, row: Int, near: Int) {
    // By their bytes, as a record knows them.
    let isName = { (other: String) in other.utf8.elementsEqual(name.utf8) }
    let isThere = names.indices.contains(near) && isName(names[near])
    let column = isThere ? near : names.firstIndex(where: isName) ?? names.count
    if column < axes { return heap.release(value) }
    if column == names.count {
      names.append(name)
      values.append([])
    }
    while values[column].count < row { values[column].append(.none) }
    values[column].append(value)
  }

  /// All of them; what they hold is the record's.
  func record(_ heap: Heap, rows: Int) -> Value {
    let lists = values.map { heap.list($0 + [Value](repeating: .none, count: rows - $0.count)) }
    return heap.record(zip(names, lists).map { ($0, $1) })
  }

  func release(_ heap: Heap) {
    for column in values { for value in column { heap.release(value) } }
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
