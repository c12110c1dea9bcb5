import Tensors

/// A table far from the processor, of which a plan picks a few rows by ids. A training loop mostly walks through a longer row of
/// ids, batch by batch; so where the ids of the next batch can be seen, its rows come nearer while this one is worked on. They
/// are fetched and nothing more: no result depends on it.
struct PickedTable {
  private let place: ScalarStep.Place
  private let rows: Int
  private let rowBytes: Int
  private let idType: ElementType
  private let count: Int

  /// Smaller tables are near anyway.
  private static let farBytes = 1 << 19
  /// More than this would push out of the second cache what is worked on.
  private static let mostBytes = 1 << 19
  private static let mostRows = 256

  /// Nil where it would not pay.
  init?(_ table: Node, at place: ScalarStep.Place, ids: Node) {
    guard table.byteCount > PickedTable.farBytes, let rows = table.shape.first, rows > 0 else { return nil }
    self.place = place
    self.rows = rows
    rowBytes = table.byteCount / rows
    idType = ids.type
    count = ids.count
    guard count > 0, count <= PickedTable.mostRows, count * rowBytes <= PickedTable.mostBytes else { return nil }
  }

  /// After `source` has made the ids of this run: those of the next are looked up, and their rows expected.
  func expectNext(
    after source: Operation, _ operands: UnsafePointer<UnsafeMutableRawPointer>,
    _ slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) {
    withUnsafeTemporaryAllocation(byteCount: count * idType.byteCount, alignment: 8) { next in
      guard let ids = next.baseAddress, source.copyNext(operands, to: ids) else { return }
      Kernels.expectRows(
        rows: rows, rowBytes: rowBytes, slots[place.slot] + place.offset, idType: idType, ids, count: count)
    }
  }
}
