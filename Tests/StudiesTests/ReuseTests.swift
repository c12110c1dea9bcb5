import Diagnostics
import Evaluation
import Foundation
import Records
import Testing

@testable import Studies

/// What an earlier run computed is taken from its record, and only that.
@Suite struct ReuseTests {
  /// Which trials were run, which came from the record, and the table's text.
  struct Seen: Equatable {
    var run: [Int] = []
    var reused: [Int] = []
    var table = ""
  }

  /// A folder of runs, and the studies run in it.
  final class Bench {
    let scratch = Scratch()
    /// What the last run said about its folders.
    private(set) var notices: [String] = []

    func run(
      _ text: String, set settings: [String: String] = [:], seed: Int? = nil, fresh: Bool = false,
      sample: (folder: String, trials: Int)? = nil, maxMemory: Int? = nil, checksNaN: Bool = false
    ) throws -> Seen {
      let ears = Ears()
      var options = RunOptions(
        settings: settings, seed: seed, threads: 2, dataFolders: [scratch.path + "/data"],
        runsFolder: scratch.path + "/runs", numericsVersion: "1", reusesRecords: !fresh)
      options.sample = sample
      let source = SourceStore.shared.add(name: scratch.path + "/demo.exp", text: text)
      let run = StudyRun(source: source, options: options, listener: ears)
      let library = try StandardLibrary.load(directory: nil)
      let diagnostics = WorkerThread.run(name: "study") {
        Session(library: library, host: run, threads: 2, maxMemory: maxMemory, checksNaN: checksNaN)
          .run(source, settings: settings)
      }
      let summary = run.finish(diagnostics ?? [])
      #expect(summary.status == .good || summary.status == .trialsFailed, "\(summary.diagnostics.map(\.message))")
      notices = []
      for case .noticed(let text) in ears.events { notices.append(text) }
      var seen = Seen()
      for case .trialEnded(let trial) in ears.events {
        if trial.outcome.isFromRecord { seen.reused.append(trial.index) } else { seen.run.append(trial.index) }
      }
      seen.run.sort()
      if let folder = summary.folder {
        let path = folder + "/tables/runs.csv"
        seen.table = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      }
      return seen
    }

    /// Why trials were run, in the run that has not this log.
    func reasons(_ old: String) throws -> [String] {
      let log = files(".jsonl").filter { $0 != old }.last ?? old
      return try RecordLog.read(log).records.compactMap { $0["why"]?.string }
    }

    /// A file's path below the folder of runs.
    func short(_ file: String) -> String { String(file.dropFirst(scratch.path.count + "/runs/".count)) }

    /// Files of the newest run's trials that end so.
    func files(_ ending: String) -> [String] {
      let all = FileManager.default.enumerator(atPath: scratch.path + "/runs")?.compactMap { $0 as? String } ?? []
      return all.filter { $0.hasSuffix(ending) }.map { scratch.path + "/runs/" + $0 }.sorted()
    }
  }

  /// What trials print is kept with them: the report has it in the order of the points, whoever ran them and when.
  @Test func whatTrialsPrintStandsInOrder() throws {
    let bench = Bench()
    let text = """
      print("before")
      let runs = sweep i in 1..6 {
        var total = 0.0
        for j in 1..(7 - i) * 3000 { total += j }
        print("trial", i)
        let inner = sweep k in 1..2 {
          print("inner", i, k)
          { k: k }
        }
        if i == 3 { fail("three") }
        { total: total }
      }
      print("after")
      """
    let trials = (1...6).flatMap { ["trial \($0)", "inner \($0) 1", "inner \($0) 2"] }
    for run in 1...2 {
      let seen = try bench.run(text)
      #expect(seen.run == (run == 1 ? Array(0...5) : [2]))
      #expect(bench.files("study.json").count == run)
      for file in bench.files("study.json") {
        let study = RunFolder.open(String(file.dropLast("/study.json".count)))?.readStudy()
        let lines = (study?.items ?? []).compactMap { if case .printed(let text) = $0 { text } else { nil } }
        #expect(lines == ["before"] + trials + ["after"])
      }
    }
  }

  static let study = """
    option size = 3
    let base = tensor([1.0, 2.0, 3.0])
    fn helper(x) = x * 2
    fn work(x) = sum(base) * helper(x) + normal() * 1e-3
    let runs = sweep x in [1, 2, 3] {
      track(step: 1, loss: x)
      { y: work(x) + size, net: base * x, f: dense(2, 1) }
    }
    runs
    """

  static func edited(_ from: String, _ to: String) -> String {
    let result = study.replacingOccurrences(of: from, with: to)
    #expect(result != study)
    return result
  }

  @Test func theSameStudyRunsNothingAgain() throws {
    let bench = Bench()
    let first = try bench.run(Self.study)
    #expect(first.run == [0, 1, 2] && first.reused.isEmpty && first.table.contains("net"))
    let second = try bench.run(Self.study)
    #expect(second == Seen(run: [], reused: [0, 1, 2], table: first.table))
    // What was copied can be reused in turn, also when the first record is gone.
    for file in bench.files(".jsonl").prefix(1) { try FileManager.default.removeItem(atPath: file) }
    #expect(try bench.run(Self.study).run == [])
    let fresh = try bench.run(Self.study, fresh: true)
    #expect(fresh == Seen(run: [0, 1, 2], reused: [], table: first.table))
  }

  /// Edits that change nothing a trial computes.
  @Test(arguments: [
    ("fn helper(x) = x * 2", "# Twice.\nfn helper(x) = \n  x * 2   # a comment"),
    ("option size = 3", "# # A study\n# Some prose.\n\noption size = 3"),
    ("runs\n", "runs\nlet other = 5\nclaim \"it works\" { true }\n"),
    ("option size = 3", "option size = 3\nlet unused = 17\nfn not_called(x) = x + 1"),
    ("let base = tensor([1.0, 2.0, 3.0])", "let values = [1.0, 2.0, 3.0]\nlet base = tensor(values)"),
    ("let runs = sweep x in [1, 2, 3] {", "let runs = sweep x in 1..3 {"),
  ])
  func editsThatChangeNoResult(_ from: String, _ to: String) throws {
    let bench = Bench()
    let first = try bench.run(Self.study)
    let text = (Self.study + "\n").replacingOccurrences(of: from, with: to)
    #expect(text != Self.study + "\n")
    let second = try bench.run(text)
    #expect(second.run == [] && second.table == first.table)
  }

  /// Edits that change what every trial computes.
  @Test(arguments: [
    ("x * 2", "x * 3"), ("[1.0, 2.0, 3.0]", "[1.0, 2.0, 3.5]"), ("option size = 3", "option size = 4"),
    ("sum(base)", "mean(base)"), ("normal()", "uniform()"), ("dense(2, 1)", "dense(2, 2)"),
    ("loss: x", "loss: -x"), ("{ y:", "{ z:"), ("let base", "seed 5\nlet base"),
  ])
  func editsThatChangeResults(_ from: String, _ to: String) throws {
    let bench = Bench()
    _ = try bench.run(Self.study)
    #expect(try bench.run(Self.edited(from, to)).run == [0, 1, 2])
  }

  /// Values that are `same` and yet not the same: a trial can tell them apart, or what it computes with them.
  @Test(arguments: [
    ("1", "1.0", "text(z)"), ("0.0", "-0.0", "1 / z"), ("3.0", "tensor(3.0)", "text(z * 0.1)"),
    ("tensor(1.0, dtype: \"f64\")", "tensor(1.0)", "text(z / 3)"),
    ("tensor(1, dtype: \"i32\")", "tensor(1, dtype: \"i64\")", "dtype(z)"),
    ("[1, [2, 3]]", "[1, [2.0, 3]]", "text(z)"), ("tensor([0.0])", "tensor([-0.0])", "text(1 / z)"),
    ("{ a: 1, b: 2 }", "{ b: 2, a: 1 }", "keys(z)[0]"),
    ("table([{ a: 1, b: 2 }])", "table([{ b: 2, a: 1 }])", "columns(z)[0]"),
    ("1..3", "1.0..3.0", "text(z)"), ("(k -> () -> k)(1)", "(k -> () -> k)(1.0)", "text(z())"),
    ("mlp([2, 3, 1])", "freeze(mlp([2, 3, 1]), \"layers[0].weight\")", "count(z)"),
    (
      "(m -> [m, m])(mlp([1, 1]))", "untied((m -> [m, m])(mlp([1, 1])))",
      "try { length(leaves(z)) } catch e { e.id }"
    ),
    ("\"\u{E9}\"", "\"e\u{301}\"", "length(z)"),
  ])
  func valuesThatAreNotTheSameAreOthers(_ before: String, _ after: String, _ read: String) throws {
    let bench = Bench()
    func study(_ value: String) -> String {
      "let z = \(value)\nlet runs = sweep x in [1, 2] { { y: \(read) } }\nruns\n"
    }
    let first = try bench.run(study(before)), second = try bench.run(study(after))
    #expect(second.run == [0, 1] && second.table != first.table)
    #expect(try bench.run(study(after)) == Seen(run: [], reused: [0, 1], table: second.table))
  }

  /// Coordinates too, also where they decide no draws.
  @Test(arguments: [
    ("[1, 1.0]", "text(x)"), ("[[1], [1.0]]", "text(x)"), ("[{ a: 1, b: 2 }, { b: 2, a: 1 }]", "keys(x)[0]"),
    ("[0.0, -0.0]", "1 / x"), ("[net, freeze(net, \"layers[0].weight\")]", "count(x)"),
  ])
  func anUnchangedStudyGivesWhatItGave(_ axis: String, _ read: String) throws {
    let bench = Bench()
    let study = """
      let net = mlp([2, 3, 1])
      let runs = sweep x in \(axis), rep in 1..2 paired by rep { { y: \(read) } }
      runs
      """
    let first = try bench.run(study)
    #expect(first.run == [0, 1, 2, 3])
    #expect(try bench.run(study) == Seen(run: [], reused: [0, 1, 2, 3], table: first.table))
  }

  /// The order of lines outside of a sweep that do not depend on each other.
  @Test func linesThatChangePlacesRunNothingAgain() throws {
    let bench = Bench()
    let lines = ["let a = 1", "let b = x -> x * 2", "let c = x -> x + a"]
    let sweep = "let runs = sweep x in [1, 2] { { y: b(x) + c(x) + a } }\nruns\n"
    let first = try bench.run(([lines[0], lines[1], lines[2]] + [sweep]).joined(separator: "\n"))
    for order in [[1, 0, 2], [0, 2, 1]] {
      let second = try bench.run((order.map { lines[$0] } + [sweep]).joined(separator: "\n"))
      #expect(second == Seen(run: [], reused: [0, 1], table: first.table))
    }
  }

  /// What another run cannot repeat it does not take over.
  @Test(arguments: ["write_text(\"a\", \"{x}.txt\")", "try { zeros(1_000_000, 1_000_000) } catch e { e.id }"])
  func trialsThatWroteOrMetTheLimitOfMemoryAreRunAgain(_ what: String) throws {
    let bench = Bench()
    let study = "let runs = sweep x in [1, 2] { let done = \(what); { y: x * 2 } }\nruns\n"
    _ = try bench.run(study)
    #expect(try bench.run(study).run == [0, 1])
  }

  /// A run that goes on computes again what read a file that has changed, and this is no second result.
  @Test(arguments: [1, 400])
  func aRunThatGoesOnFollowsItsFiles(_ size: Int) throws {
    let scratch = Scratch()
    let text = "let runs = sweep x in [1, 2] { { y: x + length(read_text(\"q.txt\")) * ones(\(size)) } }\nruns\n"
    func begin(_ folder: RunFolder?) throws -> StudyRun {
      var options = RunOptions(threads: 2, runsFolder: scratch.path + "/runs", numericsVersion: "1")
      options.place = folder.map { RunPlace(folder: $0, role: .coordinator) }
      options.leaseSeconds = 1
      let source = SourceStore.shared.add(name: scratch.path + "/demo.exp", text: text)
      let run = StudyRun(source: source, options: options, listener: Ears())
      let library = try StandardLibrary.load(directory: nil)
      let errors = WorkerThread.run(name: "study") {
        Session(library: library, host: run, threads: 2).run(source, settings: [:])
      }
      #expect(errors?.isEmpty == true, "\(errors ?? [])")
      return run
    }
    var folder: RunFolder?
    for text in ["abc", "abcd", "abc"] {
      _ = scratch.write(text, to: "q.txt")
      let run = try begin(folder)
      // As a killed process leaves it.
      run.participant?.end()
      folder = try #require(run.participant).folder
    }
    _ = scratch.write("abcde", to: "q.txt")
    let last = try begin(folder)
    #expect(last.finish([]).status == .good)
    let records = TrialRecord.latest(TrialStore.records(of: "runs", in: try #require(folder).path))
    #expect(records[0]?["session"]?.int == 4)
  }

  /// Comments and layout are results where a trial asks for the text, or for the line or the help of an error.
  @Test(arguments: [
    ("source(helper)", true), ("try { [1][5] } catch e { e.line }", true), ("text(try { [1][5] } catch e { e })", true),
    ("(try { [1][5] } catch e { [0, e] })[1].line", true),
    ("try { [1][5] } catch e { let f = () -> e; f().line }", true),
    ("try { [1].helper } catch e { e.help }", true),
    ("try { [1][5] } catch e { e.message }", false),
    ("try { [1][5] } catch e { starts_with(e.message, \"a\") }", false),
    ("try { [1][5] } catch { [{ line: 3 }][0].line }", false),
  ])
  func trialsThatReadTheTextFollowIt(_ read: String, _ follows: Bool) throws {
    let bench = Bench()
    let text = "fn helper(x) = x * 2\nlet runs = sweep x in [1, 2] { { y: helper(x), t: \(read) } }\nruns\n"
    let moved = "# Further down.\n" + text.replacingOccurrences(of: "x * 2", with: "x  *  2")
    _ = try bench.run(text)
    #expect(try bench.run(text).run == [])
    let second = try bench.run(moved)
    #expect(second.run == (follows ? [0, 1] : []))
    #expect(try bench.run(moved, fresh: true).table == second.table)
  }

  @Test func optionsAndSeedsAreDifferentTrials() throws {
    let bench = Bench()
    let first = try bench.run(Self.study)
    #expect(try bench.run(Self.study, set: ["size": "5"]).run == [0, 1, 2])
    #expect(try bench.run(Self.study, seed: 9).run == [0, 1, 2])
    #expect(
      try bench.run(Self.study, set: ["size": "3"], seed: 0) == Seen(run: [], reused: [0, 1, 2], table: first.table))
  }

  @Test func aWiderSweepRunsTheNewPointsOnly() throws {
    let bench = Bench()
    _ = try bench.run(Self.study)
    let wider = Self.edited("[1, 2, 3]", "[0, 1, 2, 3, 4]")
    let second = try bench.run(wider)
    #expect(second.run == [0, 4] && second.reused.sorted() == [1, 2, 3])
    #expect(try bench.run(wider, fresh: true).table == second.table)
  }

  @Test func aDamagedRecordIsRunAgain() throws {
    let bench = Bench()
    let study = Self.edited("base * x", "full([1000], x)")
    let first = try bench.run(study)
    let tensors = bench.files("runs/1.safetensors")
    #expect(tensors.count == 1)
    for file in tensors {
      var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
    }
    let second = try bench.run(study)
    #expect(second.run == [1] && second.reused.sorted() == [0, 2] && second.table == first.table)
    let file = try #require(tensors.first)
    let reasons = try bench.reasons(file.replacingOccurrences(of: "1.safetensors", with: "w1.jsonl"))
    #expect(reasons.contains("its record was damaged: \(bench.short(file))"), "\(reasons)")
  }

  @Test func aLineCutShortIsRunAgain() throws {
    let bench = Bench()
    let first = try bench.run(Self.study)
    let log = try #require(bench.files(".jsonl").first)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: log))
    try bytes.prefix(bytes.count - 40).write(to: URL(fileURLWithPath: log))
    let second = try bench.run(Self.study)
    #expect(second.run.count == 1 && second.reused.count == 2 && second.table == first.table)
    #expect(bench.notices == ["\(log) has 1 damaged line; such trials are computed again"])
    #expect(try bench.reasons(log).filter { $0.contains("damaged") } == ["its record was damaged: \(bench.short(log))"])
    _ = try bench.run(Self.study)
    #expect(bench.notices == [])
  }

  /// Whole lines leave no trace in the log: the manifest of the run that had ended tells that they are gone.
  @Test(arguments: [1, 3, 4])
  func linesCutOffAreNamedAndRunAgain(_ count: Int) throws {
    let bench = Bench()
    let first = try bench.run(Self.study)
    let log = try #require(bench.files(".jsonl").first)
    let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    let left = lines.dropLast(count).map { $0 + "\n" }.joined()
    try left.write(toFile: log, atomically: false, encoding: .utf8)
    let second = try bench.run(Self.study)
    #expect(second.run.count == min(count, 3) && second.table == first.table)
    #expect(bench.notices == ["\(log) is not as it was written; trials that it lacks are computed again"])
    let words = "its record is not in what is left of \(bench.short(log))"
    let reasons = try bench.reasons(log).filter { !$0.hasPrefix("taken from") }
    #expect(reasons == Array(repeating: words, count: min(count, 3)))
    _ = try bench.run(Self.study)
    #expect(bench.notices == [])
  }

  @Test func aChangedDataFileIsAnotherTrial() throws {
    let bench = Bench()
    let study = """
      let runs = sweep x in [1, 2] { { y: x * read_csv("numbers.csv").a[0] } }
      runs
      """
    _ = bench.scratch.write("a\n5\n", to: "data/numbers.csv")
    let first = try bench.run(study)
    #expect(try bench.run(study) == Seen(run: [], reused: [0, 1], table: first.table))
    _ = bench.scratch.write("a\n6\n", to: "data/numbers.csv")
    let changed = try bench.run(study)
    #expect(changed.run == [0, 1] && changed.table != first.table)
    _ = bench.scratch.write("a\n5\n", to: "data/numbers.csv")
    #expect(try bench.run(study) == Seen(run: [], reused: [0, 1], table: first.table))
  }

  @Test func failedTrialsAreTriedAgain() throws {
    let bench = Bench()
    let study = """
      let runs = sweep x in [1, 2] { if x == 2 { fail("no") } else { { y: x } } }
      runs
      """
    _ = try bench.run(study)
    let second = try bench.run(study)
    #expect(second.run == [1] && second.reused == [0])
  }

  /// A trial that caught an error of the machine or of a switch is run again, and so is one around trials that failed by it.
  @Test(arguments: [
    "try { sum([x for x in 0..<300_000]) } catch e { -1 }",
    "try { length(reverse(0..<300_000)) } catch e { -1 }",
    "if (try { expect fails { length([x for x in 0..<300_000]) }\n 1 } catch e { 0 }) == 1 { -1 } else { 0 }",
    "(fn() { let inner = sweep y in [1] { { z: length(reverse(0..<300_000)) } }\n if has(inner, \"error\") { -1 } else { 0 } })()",
    "try { sum(tensor([0.0, 1.0]) / tensor([0.0, 1.0])) } catch e { -1 }",
  ])
  func whatDependsOnTheSurroundingsIsRunAgain(_ value: String) throws {
    let bench = Bench()
    let study = "let runs = sweep x in [1] { { v: \(value) } }\nruns"
    let first = try bench.run(study, maxMemory: 4 << 20, checksNaN: true)
    #expect(first.table.hasSuffix(",-1\n"), "\(first.table)")
    let second = try bench.run(study)
    #expect(second.run == [0] && second.table != first.table)
    #expect(try bench.run(study).reused == [0])
  }

  @Test func theOwnFolderIsNoEarlierRunByWhateverPath() throws {
    let bench = Bench()
    _ = try bench.run(Self.study)
    let runs = bench.scratch.path + "/runs"
    let name = try #require(FileManager.default.contentsOfDirectory(atPath: runs).first)
    for (own, count) in [(nil, 1), (runs + "/" + name, 0), (runs + "/../runs/" + name, 0)] {
      #expect(TrialFinder(runsFolder: runs, study: "demo", own: own).ownFolders().count == count)
    }
  }

  @Test func whatALogGetsLaterIsFound() throws {
    let bench = Bench()
    _ = try bench.run(Self.study)
    let log = try #require(bench.files(".jsonl").first)
    let bytes = try DiskFileSystem.shared.read(log)
    let lines = bytes.split(separator: 0x0A).filter { TrialFinder.key(of: $0) != nil }
    let keys = lines.compactMap { TrialFinder.key(of: $0) }
    #expect(keys.count == 3)
    let ears = Ears()
    let host = StudyRun(
      source: SourceStore.shared.add(name: "demo.exp", text: ""), options: RunOptions(threads: 1), listener: ears)
    let index = TrialIndex(TrialFinder(runsFolder: bench.scratch.path + "/runs", study: "demo", own: nil))
    // The second line has no end yet.
    let text = lines.map { String(decoding: $0, as: UTF8.self) }
    func found(_ text: String) throws -> [Bool] {
      try text.write(toFile: log, atomically: false, encoding: .utf8)
      usleep(1_100_000)
      let all = index.find(Set(keys), host: host)
      return keys.map { all[$0] != nil }
    }
    #expect(try found(text[0] + "\n" + text[1].prefix(100)) == [true, false, false])
    #expect(try found(text[0] + "\n" + text[1] + "\n") == [true, true, false])
    #expect(try found(text[0] + "\n" + text[1] + "\n" + text[2] + "\n") == [true, true, true])
    // One that became shorter is another.
    #expect(try found(text[2] + "\n") == [false, false, true])
    #expect(index.damage(of: Set(keys), in: index.ownFolders, sweep: "runs", own: nil) == [:])
  }

  @Test func namesThatComeAgainAreNumbered() {
    var names = SweepNames()
    #expect(
      ["a", "a-2", "a", "b", "a", "a-2", "b"].map { names.folder($0) } == [
        "a", "a-2", "a-3", "b", "a-4", "a-2-2", "b-2",
      ])
  }

  @Test func reasonsNameWhatChanged() throws {
    let bench = Bench()
    func reasons(_ text: String, seed: Int? = nil, set: [String: String] = [:]) throws -> Set<String> {
      let before = Set(bench.files(".jsonl"))
      _ = try bench.run(text, set: set, seed: seed)
      let log = try #require(bench.files(".jsonl").first { !before.contains($0) })
      return Set(try RecordLog.read(log).records.compactMap { $0["why"]?.string })
    }
    #expect(try reasons(Self.study) == ["no earlier run has this sweep"])
    let first = try #require(FileManager.default.contentsOfDirectory(atPath: bench.scratch.path + "/runs").first)
    #expect(try reasons(Self.edited("x * 2", "x * 3")) == ["other code in `helper` (line 3: 2 → 3) since \(first)"])
    #expect(try reasons(Self.edited("3.0]", "3.5]")) == ["other values of `base` (line 2: 3.0 → 3.5) since \(first)"])
    #expect(try reasons(Self.edited("[1, 2, 3]", "[1, 2, 9]")).contains("a new point"))
    // The nearest of the earlier runs is the newest of those with the fewest differences.
    for (found, beginning) in [
      (try reasons(Self.edited("dense(2, 1)", "dense(1, 1)")), "other code in the sweep's block (line 7: 2 → 1)"),
      (try reasons(Self.study, seed: 3), "the seed is 3 instead of 0"),
      (try reasons(Self.study, set: ["size": "4"]), "the option size is 4 instead of 3"),
    ] { #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix(beginning + " since demo-") }, "\(found)") }
    let again = try reasons(Self.study)
    #expect(!again.isEmpty && again.allSatisfy { $0.hasPrefix("taken from demo-") })
  }
}
