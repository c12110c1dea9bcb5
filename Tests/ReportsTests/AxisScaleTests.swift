import Records
import Testing

@testable import Reports

@Suite struct AxisScaleTests {
  func labels(_ kind: Figure.Scale, _ low: Double, _ high: Double, _ count: Int = 7, data: [Double] = []) -> [String] {
    AxisScale(kind, data: data, range: [low, high], tickCount: count).ticks.filter(\.isMajor).map {
      $0.label + ($0.exponent.isEmpty ? "" : "^" + $0.exponent)
    }
  }

  @Test func linearTicks() {
    #expect(labels(.linear, 0, 1) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(.linear, -1, 1) == ["−1.0", "−0.5", "0.0", "0.5", "1.0"])
    #expect(labels(.linear, 0, 3) == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"])
    #expect(
      labels(.linear, 0, 50_000) == [
        "0", "10\u{202F}000", "20\u{202F}000", "30\u{202F}000", "40\u{202F}000", "50\u{202F}000",
      ])
    #expect(labels(.linear, 0.1, 0.1004) == ["0.1000", "0.1001", "0.1002", "0.1003", "0.1004"])
    #expect(labels(.linear, 0, 3e-8) == ["0", "5", "10", "15", "20", "25", "30"])
    #expect(AxisScale(.linear, data: [], range: [0, 3e-8], tickCount: 7).factorExponent == -9)
  }

  @Test func logTicks() {
    #expect(labels(.log, 0.001, 1000, 10) == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"])
    #expect(labels(.log, 1, 40) == ["1", "2", "5", "10", "20"].filter { _ in true })
    #expect(labels(.log, 1e-8, 1e3, 12).first == "10^−8")
    #expect(
      labels(.log, 2, 512, 10, data: [2, 4, 6, 8, 16, 32, 64, 128, 512]) == [
        "2", "4", "8", "16", "32", "64", "128", "256", "512",
      ])
    #expect(labels(.log, 100, 110).count >= 3)
  }

  /// Whatever the numbers, limits are finite and in order, ticks lie inside, and places of the data are between 0 and
  /// 1.
  @Test func anyNumbersGiveAUsableAxis() {
    let odd: [Double] = [
      0, -0.0, 1, -1, 1e-300, 1e300, -1e300, Double.leastNonzeroMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, .nan,
      .infinity, -.infinity, 0.1,
      0.1 + 1e-17, 1e16, 1e16 + 2, 3, 1e-5, 123456789,
    ].map { $0 }
    for kind in [Figure.Scale.linear, .log] {
      for a in odd {
        for b in odd {
          for range in [nil, [a, b]] {
            let scale = AxisScale(kind, data: [a, b], range: range, tickCount: 7, zeroBased: true)
            #expect(scale.lower.isFinite && scale.upper.isFinite && scale.lower < scale.upper, "\(kind) \(a) \(b)")
            #expect(scale.ticks.count < 400)
            for tick in scale.ticks {
              let place = scale.place(tick.value) ?? .nan
              #expect(place > -0.01 && place < 1.01, "\(kind) \(a) \(b): tick \(tick.value)")
            }
            if range == nil {
              for x in [a, b] where x.isFinite && (kind == .linear || x > 0) {
                let place = scale.place(x) ?? .nan
                #expect(place >= -1e-6 && place <= 1 + 1e-6, "\(kind) \(a) \(b): \(x) at \(place)")
              }
            }
          }
        }
      }
    }
  }

  @Test func labelsInAColumnKeepTheirDistance() {
    var state: UInt64 = 1
    for n in 1..<20 {
      let wanted = (0..<n).map { _ -> Double in
        state = state &* 6_364_136_223_846_793_005 &+ 1
        return Double(state >> 40).truncatingRemainder(dividingBy: 300)
      }
      let places = LabelPlacement.column(wanted, gap: 15, lower: 0, upper: 300)
      let sorted = places.sorted()
      #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 > 14.999 })
      #expect((sorted.first ?? 0) >= -0.001 && (sorted.last ?? 0) <= 300.001)
      // The order of the curves is the order of their names.
      let byWish = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
      #expect(byWish == wanted.indices.sorted { (places[$0], $0) < (places[$1], $1) })
    }
    #expect(LabelPlacement.column([10, 200], gap: 15, lower: 0, upper: 300) == [10, 200])
    #expect(LabelPlacement.column([100, 100], gap: 16, lower: 0, upper: 300) == [92, 108])
  }
}
