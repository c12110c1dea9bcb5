import Records
import Testing

@testable import Reports

@Suite struct TerminalTests {
  @Test(arguments: [80, 40]) func study(_ width: Int) {
    let terminal = TerminalText(width: width)
    let text = SampleStudy.study.items.map { terminal.item($0) }.joined(separator: "\n\n")
    expectGolden(text + "\n", "study-\(width).txt")
  }

  @Test func figures() {
    let terminal = TerminalText(width: 80)
    let text = SampleFigures.all.map { "— \($0.name)\n" + terminal.plot($0.figure, note: "figures/1.svg") }.joined(
      separator: "\n\n")
    expectGolden(text + "\n", "plots.txt")
  }
}
