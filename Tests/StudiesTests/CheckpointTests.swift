import Diagnostics
import Evaluation
import Foundation
import Records
import Testing

@testable import Studies

/// Folds of an interrupted run go on from what they kept, with the same bits, and from nothing that is not theirs.
@Suite struct CheckpointTests {
  /// What a run said and gave.
  struct Seen {
    var status = RunStatus.good
    var notices: [String] = []
    var table = ""
    var shown: [Datum] = []
    var folder = ""
    var goesOn: Bool { notices.contains { $0.hasPrefix("goes on from step") } }
  }

  /// A folder of runs of one study.
  final class Bench: @unchecked Sendable {
    let scratch = Scratch()

    /// Runs a study; with `stopping`, until a checkpoint lies in its folder, or `until` comes back.
    func run(
      _ text: String, stopping: Bool = false, fresh: Bool = false, until: (() -> Void)? = nil
    ) throws -> Seen {
      let ears = Ears()
      let options = RunOptions(
        threads: 2, dataFolders: [scratch.path + "/data"], runsFolder: scratch.path + "/runs", numericsVersion: "1",
        reusesRecords: !fresh)
      let source = SourceStore.shared.add(name: scratch.path + "/demo.exp", text: text)
      let run = StudyRun(source: source, options: options, listener: ears)
      let library = try StandardLibrary.load(directory: nil)
      let before = Set(kept)
      let diagnostics = WorkerThread.run(name: "study") { () -> [Diagnostic] in
        let session = Session(library: library, host: run, threads: 2)
        if stopping {
          Thread.detachNewThread { [self] in
            if let until {
              until()
            } else {
              while Set(kept).subtracting(before).isEmpty, !run.isInterrupted { usleep(1000) }
            }
            run.interrupt()
            session.interrupt()
          }
        }
        return session.run(source, settings: [:])
      }
      let summary = run.finish(diagnostics ?? [])
      var seen = Seen(status: summary.status, folder: summary.folder ?? "")
      for event in ears.events {
        if case .noticed(let text) = event { seen.notices.append(text) }
        if case .shown(let value) = event { seen.shown.append(value.value) }
      }
      if let folder = summary.folder {
        seen.table = (try? String(contentsOfFile: folder + "/tables/runs.csv", encoding: .utf8)) ?? ""
      }
      return seen
    }

    /// The folders of runs.
    var folders: [String] { (try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/runs")) ?? [] }

    /// All checkpoints.
    var kept: [String] {
      let all = FileManager.default.enumerator(atPath: scratch.path + "/runs")?.compactMap { $0 as? String } ?? []
      return all.filter { $0.contains("/checkpoints/") && $0.hasSuffix(".safetensors") }.map {
        scratch.path + "/runs/" + $0
      }.sorted()
    }
  }

  /// A fold in a trial whose rows draw from the trial, and draws after it.
  static let trial = """
    let data = { x: normal([16, 3], key: 1), y: randint(16, high: 2, key: 2) }
    let runs = sweep x in [1] {
      let fit = train(mlp([3, 4, 2]), data, loss: cross_entropy, optimizer: adam(lr: 0.01), steps: 400, batch: 4, every: 10,
                      measure: none, checkpoint: 100)
      let walk = iterate([0.0], 3, (xs, i) -> xs ++ [uniform()], track: xs -> { d: uniform() })
      { loss: fit.history.loss[-1], d: digest(fit), w: digest(walk), after: uniform(), x2: x * 2 }
    }
    runs
    """

  @Test func aTrainingInATrialGoesOnWithTheSameBits() throws {
    let bench = Bench(), other = Bench()
    let whole = try other.run(Self.trial)
    #expect(whole.status == .good && !whole.goesOn && other.kept.isEmpty)
    let stopped = try bench.run(Self.trial, stopping: true)
    #expect(stopped.status == .interrupted && !bench.kept.isEmpty)
    let resumed = try bench.run("# Another comment.\n" + Self.trial)
    #expect(resumed.goesOn && resumed.table == whole.table)
    // What is on record needs no checkpoint.
    #expect(try FileManager.default.contentsOfDirectory(atPath: resumed.folder).contains("checkpoints") == false)
  }

  @Test func aRunThatIsToStopKeepsWhatItsFoldsCameTo() throws {
    let text = """
      let runs = sweep x in [1, 2] { { v: iterate(0.0, 1_000_000_000, (v, i) -> v + uniform()).value } }
      """
    let bench = Bench()
    var waited = 0.0, kept = 0
    let stopped = try bench.run(text, stopping: true) {
      while bench.folders.isEmpty { usleep(1000) }
      usleep(2_500_000)
      let start = monotonicSeconds()
      CheckpointClock.settle(within: 30)
      (waited, kept) = (monotonicSeconds() - start, bench.kept.count)
    }
    #expect(stopped.status == .interrupted && kept == 2 && waited < 20)
  }

  @Test func rowsThatDrawLeaveTheDrawsBehindThemAlone() throws {
    let text = """
      let runs = sweep x in [1] {
        let walk = iterate(0.0, 6_000, (v, i) -> v + uniform(), every: 100, track: v -> { d: uniform() }, checkpoint: 1000)
        let next = iterate(0.0, 4, (v, i) -> v + uniform(), checkpoint: 1)
        { walk: walk.value, rows: digest(walk.history), next: next.value, after: uniform() }
      }
      runs
      """
    let bench = Bench()
    _ = try bench.run(text, stopping: true)
    let resumed = try bench.run(text)
    let whole = try Bench().run(text).table
    #expect(resumed.goesOn && resumed.table == whole)
  }

  @Test func whatIsKeptBesideTheRowsComesBack() throws {
    let text = """
      let data = { x: normal([16, 3], key: 1), y: randint(16, high: 2, key: 2) }
      let runs = sweep x in [1] {
        let fit = train(mlp([3, 4, 2]), data, loss: cross_entropy, optimizer: adam(lr: 0.01), steps: 400, batch: 4, every: 10,
                        keep: true, checkpoint: 100)
        let walk = iterate(0.0, 6_000, (v, i) -> v + uniform(), every: 500, keep: v -> [v, uniform()], checkpoint: 1000)
        { models: length(fit.models), d: digest(fit), w: digest(walk.kept), after: uniform(), out: fit.models[0](data.x)[0, 0] }
      }
      runs
      """
    let bench = Bench(), other = Bench()
    let whole = try other.run(text)
    #expect(whole.status == .good && !whole.goesOn)
    #expect(try bench.run(text, stopping: true).status == .interrupted)
    let resumed = try bench.run(text)
    #expect(resumed.goesOn && resumed.table == whole.table)
  }

  @Test func aFoldOutsideOfTrialsGoesOn() throws {
    let text = """
      let walk = iterate({ xs: zeros(3), n: 0 }, 6_000, (v, i) -> { xs: v.xs + normal(3), n: v.n + 1 }, every: 1000, checkpoint: 1000)
      digest(walk)
      uniform()
      """
    let bench = Bench()
    _ = try bench.run(text, stopping: true)
    // Another text is another run: its folds have nothing in common with these.
    #expect(try bench.run(text + "\n1").goesOn == false)
    let resumed = try bench.run(text)
    #expect(resumed.goesOn)
    let whole = try Bench().run(text)
    #expect(resumed.shown == whole.shown)
  }

  @Test func foldsOfOneKeyAreToldApart() throws {
    let text = """
      let runs = sweep x in [1] {
        let a = iterate(0.0, 6_000, (v, i) -> v + uniform(), key: 5, every: 1000, checkpoint: 1000)
        let b = iterate(1.0, 100, (v, i) -> v - uniform(), key: 5, checkpoint: 50)
        let c = iterate([], 5, (xs, i) -> xs ++ [iterate(i, 9, (v, j) -> v * 2 + uniform(), key: 5, checkpoint: 3).value])
        { a: a.value, b: b.value, c: digest(c.value) }
      }
      runs
      """
    let bench = Bench()
    _ = try bench.run(text, stopping: true)
    let resumed = try bench.run(text)
    // Without any checkpoints nothing can be mixed up.
    let plain = text.replacing(try Regex(", checkpoint: [0-9]+"), with: "")
    let whole = try Bench().run(plain).table
    #expect(resumed.goesOn && resumed.table == whole)
  }

  /// Damage is named, refused and computed again.
  @Test(arguments: ["cut", "flipped", "empty", "removed"])
  func aDamagedCheckpointIsNotUsed(_ damage: String) throws {
    let bench = Bench()
    _ = try bench.run(Self.trial, stopping: true)
    for file in bench.kept {
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      switch damage {
      case "cut": bytes.removeLast(bytes.count / 3)
      case "flipped": bytes[bytes.count - 5] ^= 0x10
      case "empty": bytes = []
      default:
        try FileManager.default.removeItem(atPath: file)
        continue
      }
      try Data(bytes).write(to: URL(fileURLWithPath: file))
    }
    let resumed = try bench.run(Self.trial)
    let whole = try Bench().run(Self.trial).table
    #expect(!resumed.goesOn && resumed.table == whole)
    #expect(
      resumed.notices.contains { $0.contains("damaged") && $0.contains("/checkpoints/") } == (damage != "removed"))
  }

  @Test func whatWasReadMustBeAsItWas() throws {
    let bench = Bench()
    let text = """
      let runs = sweep x in [1] {
        let start = length(read_text("start.txt"))
        { v: iterate(start, 6_000, (v, i) -> v + uniform(), every: 1000, checkpoint: 1000).value }
      }
      runs
      """
    _ = bench.scratch.write("abc", to: "start.txt")
    _ = try bench.run(text, stopping: true)
    _ = bench.scratch.write("abcd", to: "start.txt")
    let resumed = try bench.run(text)
    #expect(!resumed.goesOn && resumed.notices.contains { $0.contains("start.txt has changed") })
    // And what an interrupted run read counts for the record of the trial that goes on.
    _ = try bench.run(text.replacingOccurrences(of: "6_000", with: "6_001"), stopping: true)
    _ = try bench.run(text.replacingOccurrences(of: "6_000", with: "6_001"))
    _ = bench.scratch.write("abcde", to: "start.txt")
    let changed = try bench.run(text.replacingOccurrences(of: "6_000", with: "6_001"))
    #expect(changed.table != resumed.table)
  }

  /// Steps before the checkpoint may have had less memory than those behind it would have.
  @Test func aTrialThatMetItsSurroundingsBeginsAnew() throws {
    let text = """
      let runs = sweep x in [1] {
        let start = try { length(reverse(0..9_000_000_000)) } catch e { 0.5 }
        { v: iterate(start, 6_000, (v, i) -> v + uniform(), every: 1000, checkpoint: 1000).value }
      }
      runs
      """
    let bench = Bench()
    _ = try bench.run(text, stopping: true)
    let resumed = try bench.run(text)
    #expect(!resumed.goesOn && resumed.notices.contains { $0.contains("error of its surroundings") })
  }

  @Test func valuesThatFilesCannotGiveBackAreComputedAgain() throws {
    let bench = Bench()
    let text = """
      let runs = sweep x in [1] {
        let made = iterate(v -> v, 3_000, (f, i) -> (if i % 2 == 0 { v -> v + 1 } else { v -> v * 2 }), every: 1000, checkpoint: 501)
        { y: made.value(5) }
      }
      runs
      """
    _ = try bench.run(text, stopping: true)
    let resumed = try bench.run(text)
    let whole = try Bench().run(text).table
    #expect(!resumed.goesOn && resumed.table == whole)
    #expect(resumed.notices.contains { $0.contains("functions that a file cannot give back") })
  }
}
