import Notation
import Records
import Testing

@testable import Reports

@Suite struct TerminalTests {
  @Test(arguments: [80, 40]) func study(_ width: Int) {
    let terminal = TerminalText(width: width)
    let text = SampleStudy.study.items.map { terminal.item($0) }.joined(separator: "\n\n")
    expectGolden(text + "\n", "study-\(width).txt")
  }

  /// A number of an f32 has the digits that mean it, also out of a record, which does not say so; a double keeps all of its own.
  @Test func numbersOfTensors() {
    let terminal = TerminalText(width: 80), mean = Double(Float(0.15))
    let shown = Datum.list([.tensor(.single(mean)), .record([.init("loss", .tensor(.single(mean)))])])
    let kept = Datum.list([.float(mean), .record([.init("loss", .float(mean))])])
    #expect(terminal.value(shown) == "[0.15, { loss: 0.15 }]")
    #expect(terminal.value(kept) == "[\(mean), { loss: \(mean) }]")
    #expect(terminal.value(DatumText.recorded(kept)) == terminal.value(shown))
    for x in [0.1 + 0.2, 0x1p-20, 0x1p-9, 1.5, .infinity, -.infinity, 1e300] {
      #expect(terminal.value(DatumText.recorded(.float(x))) == NumberText.shortest(x))
      #expect(terminal.value(.float(x)) == NumberText.shortest(x))
    }
    for (x, text) in [(.infinity, "inf"), (.nan, "nan"), (-0.0, "-0.0"), (Double(Float(1e-7)), "1e-07")] {
      #expect(terminal.value(.tensor(.single(x))) == text)
    }
  }

  /// A model in a record keeps the name of its field, on a terminal and on a page, which writes values with the same hand.
  @Test func modelsInRecordsHaveNames() {
    let model = Datum.model(SampleStudy.model), lines = TerminalText(width: 80).value(model).split(separator: "\n")
    let both = TerminalText(width: 80).value(.record([.init("p", model), .init("q", model)])).split(separator: "\n")
    #expect(both[1] == "  p: " + lines[0] && both[lines.count + 1] == "  q: " + lines[0])
  }

  /// Records in many others take a line each, whatever they hold.
  @Test func deepRecordsAreShownInPart() {
    let leaf = Datum.tensor(SampleStudy.tensor)
    let deep = (0..<14).reduce(leaf) { part, _ in .record([.init("a", part), .init("b", part)]) }
    let shown = TerminalText(width: 80).value(deep).split(separator: "\n")
    #expect(shown.count < 400 && shown.allSatisfy { $0.count <= 92 }, "\(shown.count) lines")
  }

  @Test func figures() {
    let terminal = TerminalText(width: 80)
    let text = SampleFigures.all.map { "— \($0.name)\n" + terminal.plot($0.figure, note: "figures/1.svg") }.joined(
      separator: "\n\n")
    expectGolden(text + "\n", "plots.txt")
  }

  /// Rules and the diagonal are there, with their labels, and no dot of the data becomes another for them.
  @Test func rulesLeaveTheData() throws {
    func plot(_ marks: [Figure.Mark], y range: [Double]? = nil) -> [String] {
      let figure = Figure(x: .init(label: "x"), y: .init(label: "", range: range), marks: marks)
      return TerminalText(width: 60).plot(figure, note: "1.svg").split(separator: "\n").map(String.init)
    }
    let up = Figure.Series(name: "a", x: [0, 1, 2], y: [0.1, 0.5, 0.9])
    let curve = Figure.Mark.line(up, dash: nil, color: nil), bare = plot([curve])
    let level = plot([curve, .rule(isVertical: false, at: 0.7, label: "limit")])
    let ruled = try #require(level.firstIndex { $0.hasSuffix("  limit") })
    #expect(level[ruled].contains("⠉ ⠉ ⠉") && level.indices.allSatisfy { $0 == ruled || level[$0] == bare[$0] })
    // Where the data are, nothing else is.
    for (with, without) in zip(level[ruled], bare[ruled]) where without > "\u{2800}" && without <= "\u{28FF}" {
      #expect(with == without)
    }
    let upright = plot([curve, .rule(isVertical: true, at: 1, label: "half")])
    #expect(upright.count == bare.count + 1 && upright[0].contains("half"))
    #expect(upright.dropFirst().filter { $0.contains("⠅") || $0.contains("⠨") }.count == 8)
    let names = (1...8).map { Figure.Mark.rule(isVertical: false, at: Double($0) / 10, label: "r\($0)") }
    let crowded = plot([curve] + names + [.rule(isVertical: false, at: 0.85, label: "r9")])
    // The curve's name and that of the file come first, and one finds no room.
    #expect(crowded.filter { $0.hasSuffix("  a") }.count == 1 && crowded.filter { $0.hasSuffix("  1.svg") }.count == 1)
    #expect(crowded.filter { $0.contains(#/  r\d$/#) }.count == 7)
    #expect(plot([curve, .rule(isVertical: false, at: 7, label: "far")], y: [0, 1]) == plot([curve], y: [0, 1]))
    // Both axes reach as far, and the diagonal from corner to corner.
    let dots = Figure.Series(name: "", x: [1, 2], y: [3, 4])
    let square = plot([.points(dots, labels: nil, color: nil), .diagonal])
    let rows = square.filter { $0.contains("│") || $0.contains("┤") }
    #expect(rows.count == 9 && rows.allSatisfy { $0.contains(#/[⠒⠤⣀⠉⡠⠔⠊⠑]/#) })
    #expect(square.last?.contains("4") == true)
  }

  /// Names of bars take up to half of the line.
  @Test func namesOfBars() {
    let names = (1...2).map { "a method with a rather long name \($0)" }
    let figure = Figure(
      x: .init(label: ""), y: .init(label: ""), marks: [.bars(labels: names, values: [1, 2], name: "")])
    func shown(_ width: Int) -> [Substring] { TerminalText(width: width).plot(figure).split(separator: "\n") }
    #expect(zip(shown(80), names).allSatisfy { $0.hasPrefix($1 + "  █") })
    #expect(shown(80).allSatisfy { TextWidth.columns($0) <= 80 })
    #expect(shown(50).allSatisfy { $0.hasPrefix("a method with a rather long…  █") })
  }

  /// Level rules of bars stand upright in what neither bars nor numbers take.
  @Test func rulesOfBars() {
    func shown(_ values: [Double], _ rules: [Double], range: [Double]? = nil) -> [String] {
      let figure = Figure(
        x: .init(label: ""), y: .init(label: "", range: range),
        marks: [.bars(labels: values.indices.map { "m\($0)" }, values: values, name: "")]
          + rules.map { .rule(isVertical: false, at: $0, label: $0 == rules[0] ? "limit" : "") })
      return TerminalText(width: 60).plot(figure).split(separator: "\n").map(String.init)
    }
    func places(_ line: String) -> [Int] { line.enumerated().filter { $0.element == "┊" }.map(\.offset) }
    let lines = shown([1, 2, 3.9, 5], [4, 8])
    // 38 columns of bars, of which 8 is the end.
    #expect(lines.map(places) == [[23, 42], [23, 42], [42], [42], [23]])
    #expect(lines[4] == String(repeating: " ", count: 23) + "┊ limit")
    let numbers = [" 1 ", " 2 ", " 3.9", " 5"]
    #expect(zip(lines, numbers).allSatisfy { $0.contains($1) })
    #expect(shown([-1, 1], [-0.5, 0.5, 9], range: [-1, 1]).map { places($0).count } == [1, 1, 1])
    // An axis that begins above zero: bars begin with it.
    let high = shown([95, 90, 100], [], range: [90, 100]).map { line in line.filter { $0 == "█" }.count }
    #expect(high == [19, 0, 38])
  }

  /// An axis of names has them, cut to their part of it, and of many some.
  @Test func namesOfCategories() {
    func axis(_ names: [String]) -> String {
      let figure = Figure(
        x: .init(label: "", categories: names), y: .init(label: ""),
        marks: [.strip(names.indices.map { [Double($0)] }, name: "")])
      return TerminalText(width: 60).plot(figure).split(separator: "\n").last.map(String.init) ?? ""
    }
    #expect(axis(["adam", "a name longer than its part", "日本語"]).contains(#/─adam─+a name longer t…─+日本語─+$/#))
    let many = axis((1...20).map { "name \($0)" })
    #expect(many.contains("└name 1─") && many.matches(of: #/─name \d+/#).count >= 4 && !many.contains("…"), "\(many)")
    for names in [["a"], ["日本", "日本語日本語日本語日本語"], (1...20).map { "name \($0)" }] {
      #expect(TextWidth.columns(axis(names)) == TextWidth.columns(axis(["b", "c"])))
    }
  }
}
