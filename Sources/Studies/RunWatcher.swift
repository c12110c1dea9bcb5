import Diagnostics
import Evaluation
import Foundation
import Notation
import Records

/// Looks at a run from outside: how far its sweeps are, who works on it. Reads each log from where it last stopped.
public final class RunWatcher {
  /// How far one sweep is.
  public struct Sweep: Sendable {
    /// Its name below `trials/`.
    public var name: String
    /// Its points, once somebody has begun it.
    public var total = 0
    /// Trials with a result, from records included.
    public var done = 0
    /// Of those, the ones that were taken from the record of an earlier run.
    public var reused = 0
    /// Trials that ended with an error, or diverged.
    public var failed = 0
    /// Of those, the ones over which workers died.
    public var lost = 0
  }

  /// A run as it is.
  public struct Picture: Sendable {
    /// What `run.json` says.
    public var run: RunRecord
    /// `run.state`, but `lost` where nobody works on it who should.
    public var state: RunRecord.State
    /// Workers that live, and those that died.
    public var workers: RunLife.Verdict
    /// In order of their beginning.
    public var sweeps: [Sweep]
    /// Trials that ended since the last look.
    public var ended: [TrialEvent]
    /// Whether the run has ended and all its files are written.
    public var isOver: Bool
    /// Trials that are being run.
    public var running: Int { workers.living.reduce(0) { $0 + $1.running } }
  }

  /// The run's folder.
  public let folder: RunFolder
  private let life: RunLife
  private var stores: [(name: String, store: TrialStore)] = []
  private var totals: [String: Int] = [:]
  private var trials: [String: [Int: JSON]] = [:]

  /// Of a run's folder.
  public init(_ folder: RunFolder) {
    self.folder = folder
    life = RunLife(folder)
  }

  /// Looks; nil when `run.json` cannot be read.
  public func look() -> Picture? {
    let workers = life.look()
    // The state is read behind the leases: a run that ends in between is not taken for lost.
    guard let run = folder.readRun() else { return nil }
    var ended: [TrialEvent] = []
    findSweeps()
    for (name, store) in stores {
      for line in store.newLines(includingOwn: true) {
        if let total = line.json["trials"]?.int { totals[name] = total }
        guard let index = line.json["index"]?.int else { continue }
        let known = trials[name]?[index]
        let counts = TrialRecord.latest([known, line.json].compactMap { $0 })[index]
        trials[name, default: [:]][index] = counts
        if known == nil { ended.append(event(name, index, line.json)) }
      }
    }
    let state = RunLife.state(run, of: folder, workers)
    return Picture(
      run: run, state: state, workers: workers, sweeps: stores.map { sweep($0.name) }, ended: ended,
      isOver: state.hasEnded && (!folder.live.exists || workers.living.isEmpty))
  }

  private func findSweeps() {
    let found = ((try? folder.files.fileSystem.list(folder.path + "/trials")) ?? []).filter { $0.hasSuffix("/") }
    let new = found.map { String($0.dropLast()) }.filter { name in !stores.contains { $0.name == name } }
    guard !new.isEmpty else { return }
    stores += new.map { ($0, TrialStore(run: folder, sweep: $0, worker: "")) }
    // A worker has worked on some sweeps, one after the other: `trials/<sweep>/<worker>.jsonl`.
    let begun = folder.logsBegun().map { logs in logs.compactMap { $0.split(separator: "/").dropFirst().first } }
    let order = RunWatcher.merged(begun.map { $0.map(String.init) }, stores.map(\.name))
    let places = Dictionary(uniqueKeysWithValues: zip(order, 0...))
    stores.sort { places[$0.name, default: 0] < places[$1.name, default: 0] }
  }

  /// Names in the order that each part tells of some; where these say nothing, as they stand.
  static func merged(_ parts: [[String]], _ names: [String]) -> [String] {
    let known = Set(names)
    var parts = parts.map { $0.filter(known.contains)[...] }, left = names, order: [String] = []
    var tellers: [String: Int] = [:]
    for name in parts.joined() { tellers[name, default: 0] += 1 }
    while !left.isEmpty {
      var heads: [String: Int] = [:]
      for name in parts.compactMap(\.first) { heads[name, default: 0] += 1 }
      let next = left.remove(at: left.firstIndex { heads[$0] == tellers[$0] } ?? 0)
      for part in parts.indices where parts[part].first == next { parts[part].removeFirst() }
      order.append(next)
    }
    return order
  }

  private func sweep(_ name: String) -> Sweep {
    var sweep = Sweep(name: name)
    for json in (trials[name] ?? [:]).values {
      switch json["status"]?.string {
      case "done": sweep.done += 1
      default:
        sweep.failed += 1
        if json["error"]?.string?.hasPrefix("E0803") == true { sweep.lost += 1 }
      }
      if json["from"] != nil { sweep.reused += 1 }
    }
    sweep.total = max(totals[name] ?? 0, sweep.done + sweep.failed)
    return sweep
  }

  private func event(_ sweep: String, _ index: Int, _ json: JSON) -> TrialEvent {
    let record = TrialRecord(json: json, folder: folder.path)
    return TrialEvent(
      sweep: sweep, index: index, coordinates: json["coordinates"].flatMap(Datum.fields) ?? [],
      outcome: record.told)
  }
}

extension TrialRecord {
  /// What became of the trial, for telling: without its value.
  var told: TrialOutcome {
    TrialOutcome(
      status: json["status"]?.string.flatMap(TrialOutcome.Status.init) ?? .failed, value: nil,
      fields: json["fields"].flatMap(Datum.fields) ?? [], series: nil, error: error(in: nil),
      seconds: json["seconds"]?.number ?? 0)
  }
}
