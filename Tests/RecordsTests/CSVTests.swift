import Testing

@testable import Records

@Suite struct CSVTests {
  @Test func everyKindKeepsItsType() throws {
    let table = Table(columns: [
      Table.Column("i", [.int(3), .int(-7), .none]),
      Table.Column("x", [.float(2), .float(0.1), .float(1e-300)]),
      Table.Column("odd", [.float(.infinity), .float(-.infinity), .float(-0.0)]),
      Table.Column("s", [.string("a,\"b\"\nc"), .string(""), .string("12")]),
      Table.Column("b", [.bool(true), .bool(false), .string("true")]),
      Table.Column("a \"name\", quoted", [.none, .string(" x "), .string("π\r\n")]),
    ])
    let text = CSV.write(table)
    #expect(try CSV.read(text) == table)
    #expect(text.hasPrefix("i,x,odd,s,b,\"a \"\"name\"\", quoted\"\n3,2.0,inf,\"a,\"\"b\"\"\nc\",true,\n"))
  }

  @Test func nanStaysNan() throws {
    let table = try CSV.read(CSV.write(Table(columns: [Table.Column("x", [.float(-.nan), .float(.nan)])])))
    let values = try #require(table.column("x"))
    #expect(values.count == 2)
    for value in values {
      guard case .float(let x) = value else { Issue.record("\(value)"); continue }
      #expect(x.isNaN)
    }
  }

  @Test func doublesRoundTripToTheBit() throws {
    var state: UInt64 = 1
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
    var values: [Double] = [
      0, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, 2.2250738585072014e-308, 0.1 + 0.2, 1e16, 1e22,
    ]
    while values.count < 5000 {
      let x = Double(bitPattern: next())
      if !x.isNaN { values.append(x) }
    }
    let table = try CSV.read(CSV.write(Table(columns: [Table.Column("x", values.map(Datum.float))])))
    let back = (table.column("x") ?? []).map { value -> UInt64 in
      if case .float(let x) = value { return x.bitPattern }
      return 0xdead
    }
    #expect(back == values.map(\.bitPattern))
  }

  @Test func stringsRoundTrip() throws {
    let pieces = [
      "a", ",", "\"", "\n", "\r", "\r\n", " ", "", "é", "日本", "\u{0}", "none", "1", "nan", "\u{FEFF}", ";", "\t",
    ]
    var state: UInt64 = 7
    func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return Int((state >> 33) % UInt64(n))
    }
    for _ in 0..<300 {
      let columns = (0...next(3)).map { c in
        Table.Column(
          "c\(c)" + pieces[next(pieces.count)],
          (0..<5).map { _ -> Datum in
            next(4) == 0 ? .none : .string((0..<next(5)).map { _ in pieces[next(pieces.count)] }.joined())
          })
      }
      let table = Table(columns: columns)
      #expect(try CSV.read(CSV.write(table)) == table)
    }
  }

  @Test func oddFields() throws {
    let text =
      "a,b\r\n 1\t, true \n\"1\",\" x\"\r\n\"\"\"\"\"\",\"a\"\"b\nc\"\rfalse,-nan\n-Infinity,0x1p3\n,"
      + "12345678901234567890e0\n1e999,\"\"\n1 2, - \n"
    let table = try CSV.read(text)
    #expect(
      (0..<table.rowCount).map { table.row($0).map(\.value) } == [
        [.int(1), .bool(true)], [.string("1"), .string(" x")], [.string("\"\""), .string("a\"b\nc")],
        [.bool(false), .string("-nan")], [.float(-.infinity), .string("0x1p3")],
        [.none, .float(12_345_678_901_234_567_168)], [.float(.infinity), .string("")],
        [.string("1 2"), .string(" - ")],
      ])
  }

  @Test func foreignFilesAreRead() throws {
    let table = try CSV.read("\u{FEFF}name,x,,x\r\nab c, 1 ,2.5,0x10\r\n\r\n\"q\",+3,-1e-3,007\r\n")
    #expect(table.columnNames == ["name", "x", "column_3", "x_2"])
    #expect(table.row(0).map(\.value) == [.string("ab c"), .int(1), .float(2.5), .string("0x10")])
    #expect(table.row(1).map(\.value) == [.string("q"), .int(3), .float(-0.001), .int(7)])
    #expect(try CSV.read("a\tb\n1\t2", separator: "\t").row(0).map(\.value) == [.int(1), .int(2)])
    #expect(try CSV.read("").rowCount == 0)
    let marked = Table(columns: [Table.Column("\u{FEFF}a;b", [.int(1)])])
    #expect(try CSV.read(CSV.write(marked)) == marked && CSV.write(marked) == "\"\u{FEFF}a;b\"\n1\n")
  }

  @Test func withoutAHeaderTheFirstLineIsARow() throws {
    let table = try CSV.read("\r\n1,a,\n\n2,\"b\",x\n", hasHeader: false)
    #expect(table.columnNames == ["column_1", "column_2", "column_3"] && table.rowCount == 2)
    #expect(table.row(0).map(\.value) == [.int(1), .string("a"), .none])
    #expect(table.row(1).map(\.value) == [.int(2), .string("b"), .string("x")])
    #expect(try CSV.read("5\n\n6", hasHeader: false).column("column_1") == [.int(5), .none, .int(6)])
    #expect(try CSV.read("", hasHeader: false).rowCount == 0)
    #expect(throws: CSVError(message: "1 field where the first row has 2", line: 2)) {
      try CSV.read("1,2\n3\n", hasHeader: false)
    }
  }

  @Test func mistakesNameTheirLine() {
    func message(_ text: String) -> String {
      do {
        _ = try CSV.read(text)
        return "no error"
      } catch { return "\(error)" }
    }
    #expect(message("a,b\n1,2\n3\n") == "line 3: 1 field where the header has 2")
    #expect(message("a,b\n\"1\n\",2\n3,4,5\n") == "line 4: 3 fields where the header has 2")
    #expect(message("a\n\"x\"y\n") == "line 2: text follows a closing quote")
    #expect(message("a\n\"x\ny\"\n\"z\" \n") == "line 4: text follows a closing quote")
    #expect(message("a\n\"x\n") == "line 2: a quoted field does not end")
    #expect(message("a\n1\n\"x\n\n") == "line 3: a quoted field does not end")
  }

  @Test func integersOutOfRangeKeepTheirDigits() throws {
    let text = "a,b\n9223372036854775807,1\n9223372036854775808,2\n-99999999999999999991,3\n 007,4\n,5\n"
    let table = try CSV.read(text)
    let written = ["9223372036854775807", "9223372036854775808", "-99999999999999999991", " 007"]
    #expect(table.column("a") == written.map(Datum.string) + [.none])
    #expect(table.column("b") == (1...5).map(Datum.int))
  }

  @Test func amongDoublesTheyAreDoubles() throws {
    let text = "a\n100000000000000000000\n1.5\n2\n-99999999999999999991\n"
    #expect(try CSV.read(text).column("a") == [.float(1e20), .float(1.5), .int(2), .float(-1e20)])
    #expect(
      try CSV.read("a\n9223372036854775808\n1e20\n").column("a") == [.float(9_223_372_036_854_775_808), .float(1e20)])
  }

  @Test func columnsOfTextStayAsTheyAreWritten() throws {
    let text = "zip,n,flag\n01234,01,true\n\"0\"\"1\",2,false\n,,\n 1e3 ,3,x\n"
    let table = try CSV.read(text, text: ["zip", "flag"])
    #expect(table.column("zip") == [.string("01234"), .string("0\"1"), .none, .string(" 1e3 ")])
    #expect(table.column("n") == [.int(1), .int(2), .none, .int(3)])
    #expect(table.column("flag") == [.string("true"), .string("false"), .none, .string("x")])
    #expect(try CSV.read("007\n", hasHeader: false, text: ["column_1"]).column("column_1") == [.string("007")])
  }

  @Test func failuresAndNestedValues() throws {
    let table = Table(
      columns: [Table.Column("failure", [.int(1), .list([.int(1), .string("x")])])], failures: [1: "it, broke"])
    #expect(CSV.write(table) == "failure,error\n1,\n\"[1,\"\"x\"\"]\",\"it, broke\"\n")
  }
}
