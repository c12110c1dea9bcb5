import Testing

@testable import Records

@Suite struct FigureTests {
  func figure(range: Datum, log: Bool = false) throws -> Figure {
    let axis = Datum.record([.init("label", .string("x")), .init("range", range), .init("log", .bool(log))])
    return try Figure(description: .record([.init("y", axis)]))
  }

  @Test func anAxisTakesItsRange() throws {
    #expect(try figure(range: .list([.float(0.01), .int(100)])).y.range == [0.01, 100])
    #expect(try figure(range: .none).y.range == nil)
    for ends in [[1], [1, 1], [2, 0], [0.5, .infinity], [.nan, 1]] {
      #expect(throws: FigureError.self) { try figure(range: .list(ends.map(Datum.float))) }
    }
    #expect(throws: FigureError.self) { try figure(range: .list([.int(0), .int(10)]), log: true) }
  }
}
