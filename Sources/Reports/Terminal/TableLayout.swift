import Records

/// A table made ready for reading: which rows and columns are shown and how each cell reads. A column `loss_se`
/// beside `loss` is shown as `loss ± its standard error`.
struct TableLayout {
  struct Column {
    var name: String
    var cells: [String]
    /// Numbers stand at the right.
    var isRight: Bool
    /// The number that each cell stands for; nil where it stands for none.
    var numbers: [Double?] = []
    /// True when the cells carry a `±`.
    var hasError = false
  }

  var columns: [Column] = []
  /// Indexes of the shown rows; nil where rows are left out.
  var rows: [Int?] = []
  let rowCount: Int

  /// - Parameters:
  ///   - maxRows: with more rows, the first and the last ones are shown.
  ///   - groupsDigits: long integers with spaces (not where they might be copied).
  init(_ table: Table, maxRows: Int, groupsDigits: Bool) {
    rowCount = table.rowCount
    let limit = max(2, maxRows)
    if table.rowCount <= limit {
      rows = (0..<table.rowCount).map { $0 }
    } else {
      let head = (limit + 1) / 2
      rows = (0..<head).map { $0 } + [nil] + (table.rowCount - (limit - head)..<table.rowCount).map { $0 }
    }
    let byName = Dictionary(table.columns.map { ($0.name, $0) }) { first, _ in first }
    for column in table.columns {
      if column.name.hasSuffix("_se"), byName[String(column.name.dropLast(3))] != nil { continue }
      let errors = byName[column.name + "_se"]?.values
      columns.append(layOut(column, errors: errors, groupsDigits: groupsDigits))
    }
    if !table.failures.isEmpty {
      let cells = rows.map { row in row.map { DatumText.line(table.failures[$0] ?? "") } ?? "⋮" }
      columns.append(Column(name: Table.failureColumn(besides: table.columnNames), cells: cells, isRight: false))
    }
  }

  private func layOut(_ column: Table.Column, errors: [Datum]?, groupsDigits: Bool) -> Column {
    // Only what is shown counts: a table may have millions of rows.
    let shown = rows.compactMap { $0 }.filter { $0 < column.values.count }.map { column.values[$0] }
    let isRight = shown.allSatisfy { $0 == .none || $0.number != nil }
    let spread = errors.map { errors in rows.compactMap { $0 }.map { error(errors, $0) ?? .nan } }
    let style = NumberStyle(shown.compactMap(\.number), errors: spread)
    let cells = rows.map { row -> String in
      guard let row, row < column.values.count else { return row == nil ? "⋮" : "" }
      guard let x = column.values[row].number else { return TableLayout.text(column.values[row]) }
      if case .int(let i) = column.values[row], errors == nil {
        return groupsDigits ? NumberFormat.grouped(i) : String(i)
      }
      if let errors, row < errors.count { return style.text(x, error: error(errors, row) ?? .nan) }
      return style.text(x)
    }
    let numbers = rows.map { row in row.flatMap { $0 < column.values.count ? column.values[$0].number : nil } }
    return Column(
      name: DatumText.line(column.name), cells: cells, isRight: isRight, numbers: numbers, hasError: errors != nil)
  }

  private func error(_ errors: [Datum], _ row: Int) -> Double? {
    errors.indices.contains(row) ? errors[row].number : nil
  }

  private static func text(_ value: Datum) -> String {
    if value == .none { return "" }
    return DatumText.line(DatumText.brief(value, limit: 40, quotes: false))
  }
}

/// How the numbers of one column are written, so that they can be compared at a glance: with the same decimals,
/// unless they differ by many powers of ten.
struct NumberStyle {
  private var decimals: Int?

  init(_ numbers: [Double], errors: [Double]?) {
    let sizes = numbers.filter { $0.isFinite && $0 != 0 }.map(abs)
    guard let large = sizes.max(), large < 1e6, large >= 1e-4 else {
      decimals = sizes.isEmpty ? 0 : nil
      return
    }
    // What rounding leaves of the spread of equal numbers is none.
    let spread = (errors ?? []).filter { $0.isFinite && $0 > large * 1e-9 }.sorted()
    if !spread.isEmpty {
      // One digit of the larger errors, of 8 none: a table is for seeing, the file has the rest.
      decimals = max(0, min(6, -NumberStyle.exponent(1.25 * spread[(spread.count - 1) * 3 / 4])))
    } else if numbers.allSatisfy({ !$0.isFinite || $0 == $0.rounded() }) {
      decimals = 0
    } else {
      let small = sizes.sorted()[sizes.count / 10]
      guard small >= large * 1e-4 else { return }
      // Three digits of the smaller numbers, at most five of the largest, no more than the numbers have.
      let wanted = max(0, min(2 - NumberStyle.exponent(small), 4 - NumberStyle.exponent(large)))
      decimals = min(wanted, numbers.map(NumberStyle.ownDecimals).max() ?? 0)
    }
  }

  func text(_ x: Double) -> String {
    guard let decimals, x.isFinite else { return NumberFormat.short(x, digits: 3) }
    return NumberFormat.fixed(x, decimals)
  }

  func text(_ x: Double, error: Double) -> String {
    guard let decimals, x.isFinite else { return NumberFormat.withError(x, error) }
    return NumberFormat.withError(x, error, decimals: max(decimals, needed(x, error)))
  }

  /// Decimals of a number whose error the column's would hide or show wrong by more than a quarter; 0 for others.
  private func needed(_ x: Double, _ error: Double) -> Int {
    guard let decimals, error.isFinite, error > abs(x) * 1e-9 else { return 0 }
    let shown = Double(NumberFormat.fixed(error, decimals)) ?? error
    return abs(shown - error) <= error / 4 ? 0 : min(6, NumberFormat.decimals(forError: error))
  }

  /// The power of ten of the first digit.
  private static func exponent(_ x: Double) -> Int {
    var n = 0, y = x
    while y >= 10, n < 400 { (y, n) = (y / 10, n + 1) }
    while y < 1, y > 0, n > -400 { (y, n) = (y * 10, n - 1) }
    return n
  }

  /// Decimals that the number is written with by itself.
  private static func ownDecimals(_ x: Double) -> Int {
    let text = x.description.utf8
    guard x.isFinite, !text.contains(UInt8(ascii: "e")), let point = text.firstIndex(of: UInt8(ascii: ".")) else {
      return 9
    }
    let tail = text[point...].dropFirst()
    return tail.elementsEqual("0".utf8) ? 0 : tail.count
  }
}
