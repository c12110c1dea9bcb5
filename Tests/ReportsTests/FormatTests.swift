import Records
import Testing

@testable import Reports

@Suite struct FormatTests {
  @Test(arguments: [
    (0.0, "0"), (1.0, "1"), (0.5, "0.5"), (0.1 + 0.2, "0.3"), (1234.5678, "1235"), (123456.7, "123457"), (1e6, "1e6"),
    (0.001, "0.001"),
    (0.00012345, "1.234e-4"), (-2.5, "-2.5"), (1e300, "1e300"), (-1e-300, "-1e-300"),
    (.leastNonzeroMagnitude, "4.941e-324"),
    (.infinity, "inf"),
    (-.infinity, "-inf"), (.nan, "nan"), (-0.0, "0"), (99999.6, "100000"), (999999.6, "1e6"),
  ])
  func short(_ x: Double, _ expected: String) { #expect(NumberFormat.short(x) == expected) }

  @Test func oneLargeErrorDoesNotHideTheOthers() {
    let (means, errors) = ([0.905, 0.141, 0.0741, 0.0794], [0.228, 0.0149, 0.0042, 0.0061])
    let style = NumberStyle(means, errors: errors)
    #expect(
      zip(means, errors).map { style.text($0, error: $1) } == [
        "0.91 ± .23", "0.141 ± .015", "0.074 ± .004", "0.079 ± .006",
      ])
  }

  /// What a mean of a few whole numbers, or one row of very different size, would lose.
  @Test func noErrorIsHiddenOrShownFarFromItself() {
    func texts(_ means: [Double], _ errors: [Double]) -> [String] {
      let style = NumberStyle(means, errors: errors)
      return zip(means, errors).map { style.text($0, error: $1) }
    }
    #expect(texts([1.5, 4.5], [0.5, 1.5]) == ["1.5 ± .5", "4.5 ± 1.5"])
    #expect(texts([1500, 47, 0.015], [210, 17, 0.005]) == ["1500 ± 210", "47 ± 17", "0.015 ± .005"])
    #expect(texts([0.3, 0.3], [1e-17, 0.02]) == ["0.30", "0.30 ± .02"])
  }

  @Test func fixedAndGrouped() {
    #expect(NumberFormat.fixed(-0.0001, 2) == "0.00")
    #expect(NumberFormat.fixed(2.675, 2) == "2.67")
    #expect(NumberFormat.fixed(1e300, 0).count == 301)
    #expect(NumberFormat.fixed(.nan, 3) == "nan")
    #expect(NumberFormat.grouped(9999) == "9999")
    #expect(NumberFormat.grouped(-1_234_567) == "-1\u{202F}234\u{202F}567")
    #expect(NumberFormat.grouped(.min) == "-9\u{202F}223\u{202F}372\u{202F}036\u{202F}854\u{202F}775\u{202F}808")
  }

  @Test func errors() {
    #expect(NumberFormat.withError(0.5367, 0.0312) == "0.54 ± .03")
    #expect(NumberFormat.withError(12.34, 1.24) == "12.3 ± 1.2")
    #expect(NumberFormat.withError(1234, 56) == "1234 ± 56")
    #expect(NumberFormat.withError(0.5, 0) == "0.5")
    #expect(NumberFormat.withError(0.5, .nan) == "0.5")
    #expect(NumberFormat.withError(.nan, 0.1) == "nan")
    #expect(NumberFormat.withError(0.5, 1e-300).hasPrefix("0.5"))
    #expect(NumberFormat.withError(0.5, 0.0001, decimals: 2) == "0.50")
  }

  @Test func durations() {
    #expect(NumberFormat.duration(0.0042) == "4.2 ms")
    #expect(NumberFormat.duration(0.5) == "0.50 s")
    #expect(NumberFormat.duration(4.12) == "4.1 s")
    #expect(NumberFormat.duration(100) == "100 s")
    #expect(NumberFormat.duration(125) == "2 min 5 s")
    #expect(NumberFormat.duration(11_520) == "3 h 12 min")
    #expect(NumberFormat.duration(.nan) == "?")
    #expect(NumberFormat.duration(1e300) == "1e300 s")
  }

  @Test func columnsOfText() {
    #expect(TextWidth.columns("abc") == 3)
    #expect(TextWidth.columns("日本") == 4)
    #expect(TextWidth.columns("é") == 1)
    #expect(TextWidth.columns("e\u{301}") == 1)
    #expect(TextWidth.columns("👩‍🔬") == 2)
    #expect(TextWidth.columns("λ_max ±") == 7)
    #expect(TextWidth.columns("\u{7}\u{1B}") == 0)
    #expect(TextWidth.columns("한글") == 4)
    #expect(TextWidth.columns("▁█⢀") == 3)
    #expect(TextWidth.cut("日本語", to: 5) == "日本…")
    #expect(TextWidth.cut("日本語", to: 4) == "日…")
    #expect(TextWidth.cut("abc", to: 3) == "abc")
    #expect(TextWidth.pad("日", to: 4) == "日  ")
  }

  @Test func valuesInWords() {
    #expect(
      DatumText.brief(.record([.init("a", .int(1)), .init("b", .list([.string("x\n"), .none]))]))
        == "{ a: 1, b: [\"x\\n\", none] }")
    #expect(DatumText.brief(.list([])) == "[]")
    #expect(DatumText.brief(.record([])) == "{}")
    #expect(DatumText.brief(.list((0..<1000).map(Datum.int)), limit: 20) == "[0, 1, 2, 3, 4, 5, … 994 more]")
    let cut: [Datum] = (0..<1000).map(Datum.int) + [.omitted(500)]
    #expect(DatumText.brief(.list(cut), limit: 20) == "[0, 1, 2, 3, 4, 5, … 1494 more]")
    #expect(DatumText.brief(.list([.int(1), .omitted(2)])) == "[1, … 2 more]")
    #expect(DatumText.brief(.list([.omitted(2)])) == "[… 2 more]")
    let fields = (0..<9).map { Datum.Field("f\($0)", .int($0)) } + [Datum.Field("…", .omitted(5))]
    #expect(DatumText.brief(.record(fields), limit: 20) == "{ f0: 0, f1: 1, f2: 2, … 11 more }")
    #expect(DatumText.brief(.record(fields)).hasSuffix("f8: 8, … 5 more }"))
    var deep = Datum.int(1)
    for _ in 0..<200 { deep = .list([deep]) }
    #expect(DatumText.brief(deep) == "[[[[[[[…]]]]]]]")
    #expect(DatumText.clean("a\u{1B}[2J\u{9B}b\u{202E}") == "a␛[2J\u{FFFD}b\u{FFFD}")
  }

  @Test func bars() {
    #expect(TerminalText.bar(0.5, columns: 4) == "██")
    #expect(TerminalText.bar(1, columns: 4) == "████")
    #expect(TerminalText.bar(.nan, columns: 4) == "")
    #expect(TerminalText.bar(7, columns: 2) == "██")
    #expect(TerminalText.bar(0.3, columns: 4) == "█▎")
    let figure = Figure(title: "", marks: [.bars(labels: ["a", "b", "c"], values: [-2, 1, -0.1], name: "")])
    #expect(
      TerminalText(width: 33, color: false).plot(figure).split(separator: "\n", omittingEmptySubsequences: false) == [
        "a  ████████ -2", "b          ████ 1", "c         ▐ -0.1",
      ])
    #expect(TerminalText.histogram([1, 1, 1]) == nil)
    #expect(TerminalText.histogram(Array(repeating: 2, count: 50)) == nil)
    #expect(TerminalText.histogram([-1e308, 1e308] + Array(repeating: 0, count: 9)) == nil)
  }

  /// Ticks read differently, with no more digits than that takes.
  @Test func differentNumbersReadDifferently() {
    #expect(NumberFormat.distinct([1e6, 1.2e6], digits: 3) == ["1e6", "1.2e6"])
    #expect(
      NumberFormat.distinct([1_577_850_000, 1_577_900_000, 1_577_900_000], digits: 3) == [
        "1.57785e9", "1.5779e9", "1.5779e9",
      ])
    let figure = Figure(
      title: "",
      marks: [.line(.init(name: "", x: [1_577_836_800, 1_578_009_600], y: [1, 2]), dash: nil, color: nil)])
    let axis = TerminalText(width: 80).plot(figure).split(separator: "\n").last ?? ""
    let labels = axis.split { $0 == "─" || $0 == "└" || $0 == " " }
    #expect(labels.count > 2 && Set(labels).count == labels.count)
  }
}
