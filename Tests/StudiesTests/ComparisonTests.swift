import Foundation
import Notation
import Records
import Testing

@testable import Studies

/// Two records are the same, or part at a place that is named.
@Suite struct ComparisonTests {
  private func folders(_ bench: ReuseTests.Bench) throws -> [RunFolder] {
    let runs = bench.scratch.path + "/runs"
    return try FileManager.default.contentsOfDirectory(atPath: runs).sorted().compactMap {
      RunFolder.open(runs + "/" + $0)
    }
  }

  private func differences(_ a: String, _ b: String) throws -> (settings: [String], results: [String]) {
    let (one, other) = (ReuseTests.Bench(), ReuseTests.Bench())
    _ = try one.run(a)
    _ = try other.run(b)
    let comparison = RunComparison(
      try #require(try folders(one).first), try #require(try folders(other).first))
    return (comparison.settings().map(\.place), comparison.results().map(\.place))
  }

  @Test func aStudyRunTwiceIsTheSame() throws {
    let (settings, results) = try differences(ReuseTests.study, ReuseTests.study)
    #expect(settings.isEmpty && results.isEmpty)
  }

  @Test func theFirstStepAtWhichTrainingsPartIsNamed() throws {
    let text = """
      let runs = sweep x in [1, 2] {
        for i in 0..<5 { track(step: i, loss: if x == 2 and i >= 3 { EDIT } else { 0.5 }) }
        { x2: x * 2 }
      }
      runs
      """
    let (settings, results) = try differences(
      text.replacingOccurrences(of: "EDIT", with: "0.25"), text.replacingOccurrences(of: "EDIT", with: "0.125"))
    #expect(settings == ["source/demo.exp, line 2"])
    #expect(results == ["runs, trial 1 (x 2), series, step 3, loss"])
  }

  @Test func everyChangedLineOfTheTextIsTold() throws {
    let text = "## One\nlet a = 1\nlet b = 2\nlet c = 3\na + b + c"
    let other = "## Two\nlet a = 1\nlet b = 4\nlet d = 5\nlet c = 3"
    #expect(
      try differences(text, other).settings == [1, 3, 4, 5].map { "source/demo.exp, line \($0)" })
    let many = { (value: Int) in (0..<50).map { "let a\($0) = \(value)" }.joined(separator: "\n") }
    let settings = try differences(many(1), many(2)).settings
    #expect(settings.count == 20 && settings.last == "source/demo.exp, line 20, and 30 more")
  }

  /// A zero has a sign, letters have one form of several, and what a study wrote belongs to what it found.
  @Test(arguments: [
    ("show [0.0, 1.0]", "show [-0.0, 1.0]", "the value shown[0]"),
    ("show table([{ a: 0.0 }])", "show table([{ a: -0.0 }])", "a table, row 0, a"),
    ("show tensor([0.0])", "show tensor([-0.0])", "the value shown, element 0"),
    (
      "let runs = sweep x in [1] { track(v: 0.0); { a: 1 } }", "let runs = sweep x in [1] { track(v: -0.0); { a: 1 } }",
      "runs, trial 0 (x 1), series, row 0, v"
    ),
    ("print(\"\u{E9}\")", "print(\"e\u{301}\")", "a printed line"),
    ("write_text(\"a\\nb\", \"t.txt\")", "write_text(\"a\\nc\", \"t.txt\")", "files/t.txt, line 2"),
    ("write_npy(tensor([1.0, 2.0]), \"t.npy\")", "write_npy(tensor([1.0, 3.0]), \"t.npy\")", "files/t.npy, byte 134"),
    ("save({ w: tensor([1.0]) }, \"t.st\")", "save({ w: tensor([2.0]) }, \"t.st\")", "files/t.st, tensor w, element 0"),
    ("write_text(\"a\", \"t.txt\")", "write_text(\"a\", \"u.txt\")", "files/t.txt"),
  ])
  func whatLooksAlikeIsCompared(_ a: String, _ b: String, _ place: String) throws {
    let (settings, results) = try differences(a + "\n", b + "\n")
    #expect(settings == ["source/demo.exp, line 1"] && results.first == place)
    #expect(try differences(a + "\n", a + "\n").results.isEmpty)
  }

  @Test func textsThatLookAlikeAreToldApart() throws {
    let difference = try #require(DatumComparison.first(.string("a\u{E9}"), .string("ae\u{301}"), "p"))
    #expect(difference.first.hasSuffix("(U+00E9)") && difference.second.hasSuffix("(U+0065 U+0301)"))
  }

  /// Functions may look alike, and their trials do not go together by that.
  @Test func trialsOfFunctionsThatLookAlikeArePaired() throws {
    let text = "fn scaled(k) = x -> k * x\nlet runs = sweep f in [scaled(1), scaled(2)] { { y: f(3) } }\n"
    #expect(try differences(text, text).results.isEmpty)
    #expect(try differences(text, text.replacingOccurrences(of: "scaled(2)", with: "scaled(3)")).results.count == 1)
  }

  @Test func eachOfSeveralSweepsOfOneNameIsCompared() throws {
    let text = """
      for i in 1..3 {
        let runs = sweep x in [1, 2] { { y: x * (if i == 2 and x == 2 { EDIT } else { i }) } }
      }
      """
    let results = try differences(
      text.replacingOccurrences(of: "EDIT", with: "5"), text.replacingOccurrences(of: "EDIT", with: "6")
    ).results
    #expect(results == ["runs-2, trial 1 (x 2), y"])
  }

  @Test func anItemThatOnlyOneRunHasShiftsNoOther() throws {
    let text = """
      EXTRA
      let runs = sweep w in [4, 16] { { y: w * 0.5 } }
      runs
      let z = 5
      z
      claim "late" { z > 3 }
      """
    let one = text.replacingOccurrences(of: "EXTRA", with: "let a = 1")
    let other = text.replacingOccurrences(of: "EXTRA", with: "let a = 1\na\nclaim \"early\" { a == 1 }")
    #expect(try differences(one, other).results == ["the value a", "the claim “early”"])
    // A wider sweep has one trial more, and its table one row; the others are compared by their coordinates.
    let wider = one.replacingOccurrences(of: "[4, 16]", with: "[4, 8, 16]")
    #expect(try differences(one, wider).results == ["runs, trial 1 (w 8)", "the table runs, w 8"])
    let changed = wider.replacingOccurrences(of: "w * 0.5", with: "if w == 16 { 9.0 } else { w * 0.5 }")
    #expect(
      try differences(one, changed).results == [
        "runs, trial 1 (w 16), y", "runs, trial 1 (w 8)", "the table runs, w 16, y",
      ])
  }

  /// Which numbers a report sets beside a claim may change; those that both show may not.
  @Test func ofClaimsTheNumbersThatBothShowAreCompared() throws {
    let (one, other) = ("claim \"c\" { a < 5 and b < 3 }", "claim \"c\" { b < 3 }")
    let text = { (b: String, claim: String) in "let a = 1.5\nlet b = \(b)\n" + claim }
    #expect(try differences(text("2.5", one), text("2.5", other)).results == [])
    #expect(try differences(text("2.5", one), text("2.25", other)).results == ["the claim “c”, b"])
  }

  /// Of two figures the first field that differs is named, however long the figures are.
  @Test func theFirstFieldInWhichFiguresDifferIsNamed() {
    let long = JSON.array((0..<1000).map { .int($0) })
    func differ(_ a: JSON, _ b: JSON) -> RunDifference? { DatumComparison.firstOfJSON(a, b, "f") }
    let plain: JSON = ["title": "t", "x": ["points": long, "scale": "log"], "note": "n"]
    let other: JSON = [
      "title": "t", "x": ["points": long, "ticks": .array([.int(1)]), "scale": "linear"], "note": "n",
    ]
    #expect(differ(plain, other) == RunDifference(place: "f, x, scale", first: "\"log\"", second: "\"linear\""))
    #expect(
      differ(plain, plain.adding("more", "m")) == RunDifference(place: "f, more", first: "absent", second: "\"m\""))
    #expect(differ(plain, ["title": "t", "note": "n"])?.place == "f, x")
    #expect((differ(plain, ["title": "t", "note": "n"])?.first.count ?? 0) < 300)
  }

  @Test func rowsOfTablesGoTogetherByWhatTellsThemApart() {
    func place(_ a: [Table.Column], _ b: [Table.Column]) -> String? {
      DatumComparison.first(.table(Table(columns: a)), .table(Table(columns: b)), "t")?.place
    }
    let widths = Table.Column("w", [.int(4), .int(4), .int(8)]),
      reps = Table.Column("rep", [.int(1), .int(2), .int(1)])
    let losses = Table.Column("loss", [.float(1), .float(2), .float(3)])
    func row(_ i: Int) -> [Datum] { [widths.values[i], reps.values[i], losses.values[i]] }
    func table(_ rows: [[Datum]]) -> [Table.Column] {
      ["w", "rep", "loss"].enumerated().map { place, name in Table.Column(name, rows.map { $0[place] }) }
    }
    #expect(place(table([row(0), row(1), row(2)]), table([row(0), row(2)])) == "t, w 4, rep 2")
    #expect(
      place(table([row(0), row(2)]), table([row(0), [.int(4), .int(2), .float(7)], [.int(8), .int(1), .float(5)]]))
        == "t, w 8, rep 1, loss")
    #expect(place(table([row(0), row(1)]), table([row(1), row(0)])) == "t, order")
    #expect(place([widths, reps], [widths, reps, losses]) == "t, columns")
    // Without anything that tells rows apart they go by their numbers.
    #expect(place([.init("a", [.int(1), .int(1)])], [.init("a", [.int(1), .int(1), .int(1)])]) == "t, row 2")
    #expect(place([losses], [.init("loss", [.float(1), .float(4), .float(3)])]) == "t, row 1, loss")
    #expect(DatumComparison.first(.list([.int(1)]), .list([.int(1), .int(2)]), "l")?.place == "l, length")
  }

  @Test func whatIsTrackedOutsideOfTrialsIsASeries() throws {
    let text = """
      for i in 0..<4 { track(step: i, loss: if i == 2 { EDIT } else { 0.5 }) }
      track(step: 1, accuracy: 1.0)
      """
    let results = try differences(
      text.replacingOccurrences(of: "EDIT", with: "0.25"), text.replacingOccurrences(of: "EDIT", with: "0.125")
    ).results
    #expect(results == ["the series, step 2, loss"])
    let bench = ReuseTests.Bench()
    _ = try bench.run(text.replacingOccurrences(of: "EDIT", with: "0.25"))
    let tables = try bench.files(".csv").map { try String(contentsOfFile: $0, encoding: .utf8) }
    #expect(tables == ["step,accuracy\n1,1.0\n", "step,loss\n0,0.5\n1,0.5\n2,0.25\n3,0.5\n"])
  }

  /// Of an error that a report shows counts what it is and where, wherever the study stood.
  @Test func errorsAreTheSameInWhateverFolders() {
    let drawn = { (place: String, help: String) in
      """
      error: there is no file `gone`       E0701
        \(place)
          3 │ read("gone")
            │ ^^^^^^^^^^^^ looked for at \(help)
        in
          part  \(place)
      """
    }
    let essence = { ErrorText(drawn($0, $1)).essence }
    #expect(essence("a.exp:3:7", "/one") == "error: there is no file `gone` [E0701], a.exp:3:7")
    #expect(essence("a.exp:3:7", "/one") == essence("my runs/a-12/source/a.exp:3:7", "/two"))
    #expect(essence("a.exp:3:7", "/one") != essence("a.exp:4:7", "/one"))
    #expect(essence("a.exp:3:7", "/one") != essence("b.exp:3:7", "/one"))
    #expect(ErrorText("error: no room\n  help: none").essence == "error: no room")
    #expect(ErrorText("").essence == "")
  }

  @Test func aShownSweepWithFailuresIsTheTableOnRecord() throws {
    let bench = ReuseTests.Bench()
    let seen = try bench.run("let runs = sweep x in [1, 2] { if x == 2 { fail(\"no\") }; { y: x } }\nruns")
    #expect(seen.table == "x,y,error\n1,1,\n2,,\"no\"\n")
    #expect(bench.files(".csv").count == 1)
  }

  @Test func valuesAreShownInDecimalAndHexadecimal() throws {
    let difference = DatumComparison.first(.float(0.1), .float(0.5), "y")
    #expect(difference == RunDifference(place: "y", first: "0.1 (0x1.999999999999ap-4)", second: "0.5 (0x1p-1)"))
    #expect(DatumComparison.first(.float(0), .float(-0.0), "y") != nil)
    #expect(DatumComparison.first(.float(.nan), .float(.nan), "y") == nil)
    #expect(DatumComparison.first(.int(1), .float(1), "y") != nil)
    let table = { (x: Double) in Datum.table(Table(columns: [.init("a", [.int(1), .float(x)])])) }
    #expect(DatumComparison.first(table(1), table(2), "t")?.place == "t, row 1, a")
  }

  @Test func theTensorAndElementAreNamed() throws {
    let bench = ReuseTests.Bench()
    let study = "let runs = sweep x in [1] { { w: full([2000], x), v: full([3000], 2 * x) } }\nruns"
    _ = try bench.run(study)
    let file = try #require(bench.files(".safetensors").first)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    var other = bytes
    other[other.count - 4 * 7] ^= 1
    let difference = TensorFileComparison(bytes, other).first("runs, trial 0")
    #expect(difference.place == "runs, trial 0, tensor 1, element 2993")
    #expect(difference.first == "2.0 (0x1p+1)" && difference.second == "2.0000002 (0x1.000002p+1)")
  }

  @Test func aSampleTakesTheOtherTrialsFromTheRecord() throws {
    let bench = ReuseTests.Bench()
    _ = try bench.run(ReuseTests.study)
    let folder = try #require(try folders(bench).first)
    let seen = try bench.run(ReuseTests.study, fresh: true, sample: (folder.path, 1))
    #expect(seen.run.count == 1 && seen.reused.count == 2)
  }
}
