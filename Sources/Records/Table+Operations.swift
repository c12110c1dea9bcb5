extension Table {
  /// Why a point of a sweep has no result that was never run, or not to its end.
  public static let notRun = "not run"

  /// How much of a sweep the table holds, `57 of 60 trials; 3 failed`, with `40 not run` where it was stopped; nil when
  /// nothing is missing.
  public var coverage: String? {
    guard !failures.isEmpty else { return nil }
    let notRun = failures.values.filter { $0 == Table.notRun }.count
    var parts: [String] = []
    if failures.count > notRun { parts.append("\(failures.count - notRun) failed") }
    if notRun > 0 { parts.append("\(notRun) not run") }
    return "\(rowCount - failures.count) of \(rowCount) trials; " + parts.joined(separator: ", ")
  }

  /// A table from rows: the columns are all names in order of their first appearance; a row without a name has `none`
  /// there.
  public init(rows: [[Datum.Field]], failures: [Int: String] = [:]) {
    // By their bytes, as records know them.
    var order: [[UInt8]: Int] = [:]
    var columns: [Column] = []
    for (i, row) in rows.enumerated() {
      for (place, field) in row.enumerated() {
        // Rows mostly have the same names in the same order.
        var at = place
        if place >= columns.count || !columns[place].name.utf8.elementsEqual(field.name.utf8) {
          let key = Array(field.name.utf8)
          at = order[key, default: columns.count]
          if at == columns.count {
            order[key] = at
            columns.append(Column(field.name, Array(repeating: .none, count: rows.count)))
          }
        }
        columns[at].values[i] = field.value
      }
    }
    self.init(columns: columns, rowCount: rows.count, failures: failures)
  }

  /// Names of the columns in order.
  public var columnNames: [String] { columns.map(\.name) }

  /// The values of a column; nil when there is none of that name.
  public func column(_ name: String) -> [Datum]? { columns.first { $0.name.utf8.elementsEqual(name.utf8) }?.values }

  /// One row as named values; empty for an index outside the table.
  public func row(_ index: Int) -> [Datum.Field] {
    guard index >= 0, index < rowCount else { return [] }
    return columns.map { Datum.Field($0.name, index < $0.values.count ? $0.values[index] : .none) }
  }

  /// The table with its rows picked (and repeated) in the order given; indexes outside are left out.
  public func rows(_ indexes: [Int]) -> Table {
    let valid = indexes.filter { $0 >= 0 && $0 < rowCount }
    var reasons: [Int: String] = [:]
    for (to, from) in valid.enumerated() { if let reason = failures[from] { reasons[to] = reason } }
    let picked = columns.map { column in
      Column(column.name, valid.map { $0 < column.values.count ? column.values[$0] : .none })
    }
    return Table(columns: picked, rowCount: valid.count, failures: reasons)
  }

  /// The name of the column that says why rows failed, beside columns of these names: `error`, or `failure` (`failure_2` …)
  /// where a field of the study's own has that name, as a test error does.
  public static func failureColumn(besides names: [String]) -> String {
    if !names.contains("error") { return "error" }
    var name = "failure", n = 2
    while names.contains(name) {
      name = "failure_\(n)"
      n += 1
    }
    return name
  }

  /// The table as files show it: reasons of failed rows stand in a last column.
  public var withFailureColumn: Table {
    guard !failures.isEmpty else { return self }
    var table = self
    table.columns.append(
      Column(
        Table.failureColumn(besides: columnNames), (0..<rowCount).map { failures[$0].map(Datum.string) ?? .none }))
    table.failures = [:]
    return table
  }
}
