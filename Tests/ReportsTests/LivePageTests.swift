import Foundation
import Records
import Testing

@testable import Reports

/// The controls of a live page.
@Suite struct LivePageTests {
  private func bounds(_ lower: Datum, _ upper: Datum, _ others: Datum.Field...) -> Datum {
    .record([Datum.Field("lower", lower), Datum.Field("upper", upper)] + others)
  }

  private func control(_ value: Datum, _ bounds: Datum) -> String {
    LivePage.controls([
      LivePage.Option(name: "o", documentation: "", value: value, initial: value, bounds: bounds)
    ])
  }

  /// Round values between the bounds, and the default among them.
  @Test(arguments: [
    (0.05, 0.001, 0.5), (1e-3, 1e-5, 1e-1), (0.2, 0, 0.5), (0.123, -1, 1), (1e5, 1e3, 2e5), (3, 1e-300, 1e300),
  ])
  func aSliderGoesThroughRoundValuesAndTheDefault(_ initial: Double, _ lower: Double, _ upper: Double) throws {
    let values = try #require(SliderValues.between(lower, upper, isOpen: false, initial: initial))
    #expect(values.contains(initial) && values.first == lower && values.last == upper && values == values.sorted())
    #expect(values.count >= 50 && values.count < 2_000)
    let digits = values.map { "\($0)".prefix { $0 != "e" }.filter(\.isNumber).trimmingCharacters(in: ["0"]).count }
    #expect(digits.allSatisfy { $0 <= 3 })
    #expect(try #require(SliderValues.between(lower, upper, isOpen: true, initial: nil)).contains(upper) == false)
    #expect(SliderValues.between(0, 20 * Double.leastNonzeroMagnitude, isOpen: false, initial: nil) == nil)
    #expect(control(.float(initial), bounds(.float(lower), .float(upper))).contains(" data-values=") == (upper < 1e15))
  }

  @Test func ordersOfMagnitudeHaveAsManyValues() throws {
    let values = try #require(SliderValues.between(1e-5, 1e-1, isOpen: false, initial: nil))
    #expect(
      Set([-5, -4, -3, -2].map { k in values.filter { Int(log10($0 * 1.0001).rounded(.down)) == k }.count }) == [23])
  }

  @Test func aSliderOfWholeNumbersKeepsToItsRange() {
    let five = bounds(.int(0), .int(5), .init("open", .bool(true)))
    #expect(control(.int(3), five).contains("min=\"0.0\" max=\"4.0\" step=\"1.0\" value=\"3\""))
    let tens = bounds(.int(0), .int(95), .init("step", .int(10)))
    #expect(control(.int(10), tens).contains("max=\"90.0\" step=\"10.0\""))
    let open = bounds(.int(0), .int(100), .init("open", .bool(true)), .init("step", .int(10)))
    #expect(control(.int(10), open).contains("max=\"90.0\" step=\"10.0\""))
  }

  /// What is done is green only where all claims hold and no trial failed, as in the terminal.
  @Test func whatIsDoneIsNotAlwaysGood() {
    #expect(LivePage.status(state: "done", facts: []).contains("class=\"yes\" data-state=\"done\""))
    #expect(LivePage.status(state: "done", isGood: false, facts: []).contains("class=\"no\" data-state=\"done\""))
    #expect(LivePage.status(state: "failed", facts: []).contains("class=\"no\""))
  }
}
