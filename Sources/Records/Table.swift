/// Named columns of equal length. `failures[i]`, where present, says why row i has no results.
public struct Table: Sendable, Hashable {
  /// One column.
  public struct Column: Sendable, Hashable {
    /// Its name, unique in the table.
    public var name: String
    /// One datum per row.
    public var values: [Datum]
    /// Makes a column.
    public init(_ name: String, _ values: [Datum]) {
      self.name = name
      self.values = values
    }
  }
  /// The columns in order.
  public var columns: [Column]
  /// Number of rows (columns may be absent).
  public var rowCount: Int
  /// Row → one-line reason, for trials that failed.
  public var failures: [Int: String]
  /// Makes a table.
  public init(columns: [Column], rowCount: Int? = nil, failures: [Int: String] = [:]) {
    self.columns = columns
    self.rowCount = rowCount ?? columns.first?.values.count ?? 0
    self.failures = failures
  }
}
