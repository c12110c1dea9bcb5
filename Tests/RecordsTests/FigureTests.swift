import Testing

@testable import Records

@Suite struct FigureTests {
  func figure(range: Datum) throws -> Figure {
    let axis = Datum.record([.init("label", .string("x")), .init("range", range)])
    return try Figure(description: .record([.init("y", axis)]))
  }

  @Test func anAxisTakesItsRange() throws {
    #expect(try figure(range: .list([.float(0.01), .int(100)])).y.range == [0.01, 100])
    #expect(try figure(range: .none).y.range == nil)
    #expect(throws: FigureError.self) { try figure(range: .list([.int(1)])) }
  }
}
