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

  @Test func figures() {
    let terminal = TerminalText(width: 80)
    let text = SampleFigures.all.map { "— \($0.name)\n" + terminal.plot($0.figure, note: "figures/1.svg") }.joined(
      separator: "\n\n")
    expectGolden(text + "\n", "plots.txt")
  }
}
