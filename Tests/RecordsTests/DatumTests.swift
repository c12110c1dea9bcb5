import Notation
import Testing

@testable import Records

@Suite struct DatumTests {
  /// Random values of every kind come back the same, in the compact and in the pretty form.
  @Test func everyValueRoundTrips() throws {
    var random = Dice(seed: 3)
    for _ in 0..<400 {
      let value = random.datum(depth: 0)
      for text in [value.json.compact, value.json.pretty] {
        let back = try #require(Datum(json: try JSON.read(text)))
        #expect(back.json.compact == value.json.compact)
        if !value.json.compact.contains("nan") { #expect(back == value) }
      }
    }
  }

  @Test func notFiniteDoublesHaveAForm() throws {
    for x in [Double.nan, .infinity, -.infinity, -0.0, Double.leastNonzeroMagnitude * 1_000, .greatestFiniteMagnitude] {
      guard case .float(let back)? = Datum(json: try JSON.read(Datum.float(x).json.compact)) else {
        Issue.record("\(x)")
        continue
      }
      #expect(back.bitPattern == x.bitPattern || (x.isNaN && back.isNaN))
    }
  }

  /// What is shown of a number of an f32 is on record as the number.
  @Test func shownNumbersAreNumbersOnRecord() {
    for x in [0.5, Double(Float(0.15)), .infinity, .nan] {
      #expect(Datum.tensor(.single(x)).json.compact == Datum.float(x).json.compact)
    }
    var vector = TensorDatum.single(0.5)
    vector.shape = [1]
    #expect(vector.single == nil && Datum.tensor(vector).json["$tensor"] != nil)
  }

  @Test func runAndStudyRoundTrip() throws {
    var run = RunRecord(
      id: "a-123456", study: "a", options: [.init("x", .float(0.1)), .init("$y", .string("z"))], seed: -3)
    run.state = .interrupted
    run.seconds = 1.5
    run.counts = .init(total: 5, done: 2, failed: 1, diverged: 1, interrupted: 1, reused: 1)
    run.claims = [
      .init(text: "c", holds: true, numbers: [.init("n", .int(1))]), .init(text: "d", holds: false, error: "why"),
    ]
    #expect(RunRecord(json: try JSON.read(run.json.pretty)) == run)
    let study = StudyRecord(
      title: "t", run: run,
      items: [
        .prose("# t"), .code([.init("let", .keyword), .init(" x")]), .value(name: nil, .int(1)),
        .value(name: "v", .none),
        .table(name: "r", Table(columns: [.init("a", [.int(1), .none])], failures: [1: "no"]), file: "tables/r.csv"),
        .claim(run.claims[0]), .printed("p"), .citation("c"), .error("e"),
        .coverage(.init(name: "runs", counts: run.counts, failures: ["f"])),
        .series(Table(columns: [.init("step", [.int(1)]), .init("loss", [.float(0.5)])]), file: "tables/series.csv"),
        .figure(
          Figure(
            title: "f", x: .init(scale: .log, range: [1, 2]), z: .init(label: "z"),
            marks: [
              .line(.init(name: "l", x: [1], y: [.infinity], lower: [0], upper: [2]), dash: 1, color: nil),
              .points(.init(name: "p", x: [1], y: [2]), labels: ["a"], color: 3),
              .rule(isVertical: false, at: 1, label: "r"), .diagonal,
              .bars(labels: ["a"], values: [1], name: "b"), .heat(x: [1], y: [2], values: [[3]]),
              .images([[0, 1]], width: 2, height: 1, captions: ["c"]),
            ]), stem: "figures/1"),
      ])
    #expect(StudyRecord(json: try JSON.read(study.json.compact)) == study)
  }

  /// Any damage to a record is refused or read as something; nothing crashes.
  @Test func damagedRecordsDoNotCrash() {
    var random = Dice(seed: 9)
    let bytes =
      Array(random.datum(depth: 0, kind: 9).json.compact.utf8) + Array(RunRecord(id: "a", study: "b").json.pretty.utf8)
    for _ in 0..<2000 {
      var copy = bytes
      copy[random.next(copy.count)] = UInt8(random.next(256))
      copy.removeSubrange(random.next(copy.count)...)
      if let json = try? JSON.read(copy) {
        _ = Datum(json: json)
        _ = RunRecord(json: json)
      }
    }
  }
}

/// Random values for tests.
struct Dice {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func word() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 31) ^ (state << 17)
  }

  mutating func next(_ n: Int) -> Int { Int(word() % UInt64(n)) }

  mutating func double() -> Double {
    switch next(6) {
    case 0: return Double(bitPattern: word())
    case 1: return [0, -0.0, .infinity, -.infinity, .nan, 1e300, 1e-300][next(7)]
    default: return Double(next(2000) - 1000) / 16
    }
  }

  mutating func string() -> String {
    let pieces = ["a", "$", "\"", "\\", "\n", "é", "😀", "", "\u{0}", " ", "x"]
    return (0..<next(5)).map { _ in pieces[next(pieces.count)] }.joined()
  }

  mutating func datum(depth: Int, kind: Int? = nil) -> Datum {
    switch kind ?? next(depth > 3 ? 5 : 11) {
    case 0: return .none
    case 1: return .bool(next(2) == 0)
    case 2: return .int(Int(truncatingIfNeeded: word()))
    case 3: return .float(double())
    case 4: return .string(string())
    case 5: return .list((0..<next(4)).map { _ in datum(depth: depth + 1) })
    case 6: return .record((0..<next(4)).map { i in Datum.Field("\(string())\(i)", datum(depth: depth + 1)) })
    case 7:
      let n = next(4)
      return .table(
        Table(
          columns: (0..<next(3)).map { i in .init("c\(i)\(string())", (0..<n).map { _ in datum(depth: depth + 1) }) },
          rowCount: n,
          failures: n > 1 ? [1: string()] : [:]))
    case 8:
      return .tensor(
        TensorDatum(
          shape: [next(9), 2], type: "f32", elements: next(2) == 0 ? nil : [double(), double()], corner: [[double()]],
          minimum: double(),
          maximum: double(), mean: double(), deviation: double(), nonFinite: next(3), hash: next(2) == 0 ? "" : "ab"))
    case 9:
      let marks: [Figure.Mark] = [
        .line(.init(name: string(), x: [double()], y: [double()]), dash: nil, color: next(3)), .diagonal,
        .heat(x: [double()], y: [double()], values: [[double()]]),
      ]
      return .figure(Figure(title: string(), y: .init(label: string(), scale: .log), marks: marks))
    default: return .other(string())
    }
  }
}
