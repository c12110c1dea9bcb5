import CKernels

extension Kernels {
  /// Copies bytes; after every few megabytes it looks whether to stop.
  public static func copy(from x: UnsafeRawPointer, to out: UnsafeMutableRawPointer, byteCount: Int) {
    ck_copy_rows(1, Int64(byteCount), x, 0, out, 0)
  }

  /// out[i0, i1, …] = x[i0 * strides[0] + i1 * strides[1] + …]: any broadcast, transposition or slice. Strides are in
  /// elements and may be zero or negative; `x` is the element at index zero.
  public static func stridedCopy(
    _ type: ElementType, shape: Shape, strides: [Int64], _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) {
    let extents = shape.map(Int64.init)
    ck_strided_copy(Int32(type.byteCount), Int32(shape.count), extents, strides, x, out)
  }

  /// out's axis i is x's axis `permutation[i]`.
  public static func transpose(
    _ type: ElementType, shape: Shape, permutation: [Int], _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) {
    var strides = [Int64](repeating: 1, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = Int64(stride)
      stride *= shape[axis]
    }
    stridedCopy(
      type, shape: permutation.map { shape[$0] }, strides: permutation.map { strides[$0] }, x, out)
  }

  /// Rows of `width` elements: out[i] = table[ids[i]]. Negative ids count from the end. Returns the position of the
  /// first id out of range (whose row is zeros), or nil.
  public static func gatherRows(
    _ type: ElementType, rows: Int, width: Int, _ table: UnsafeRawPointer, idType: ElementType, _ ids: UnsafeRawPointer,
    count: Int, _ out: UnsafeMutableRawPointer
  ) -> Int? {
    found(
      ck_gather_rows(
        Int64(rows), Int64(width * type.byteCount), table, Int32(idType.rawValue), ids, Int64(count), out))
  }

  /// Rows that this thread will probably gather soon, the first 256 of them: long products bring them nearer while they compute.
  /// Ids as those of `gatherRows`, those out of range are left out. The table need not outlive the call.
  public static func expectRows(
    rows: Int, rowBytes: Int, _ table: UnsafeRawPointer, idType: ElementType, _ ids: UnsafeRawPointer, count: Int
  ) { ck_expect_rows(Int64(rows), Int64(rowBytes), table, Int32(idType.rawValue), ids, Int64(count)) }

  /// The expected row that is the i-th to come on this thread, for tests; nil when there are not so many left.
  static func expectedRow(_ i: Int) -> UnsafeRawPointer? { UnsafeRawPointer(ck_expected_row(Int64(i))) }

  /// Clears out, [rows, width], and adds update i to row ids[i], in the order of i. Returns as `gatherRows`.
  public static func scatterAddRows(
    _ type: ElementType, rows: Int, width: Int, idType: ElementType, _ ids: UnsafeRawPointer, count: Int,
    updates: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) -> Int? {
    found(
      ck_scatter_add_rows(
        Int32(type.rawValue), Int64(rows), Int64(width), Int32(idType.rawValue), ids, Int64(count), updates, out))
  }

  /// out[r] = x[r, ids[r]] of x [rows, width]. Returns as `gatherRows`.
  public static func pick(
    _ type: ElementType, rows: Int, width: Int, _ x: UnsafeRawPointer, idType: ElementType, _ ids: UnsafeRawPointer,
    _ out: UnsafeMutableRawPointer
  ) -> Int? {
    found(ck_pick(Int32(type.byteCount), Int64(rows), Int64(width), x, Int32(idType.rawValue), ids, out))
  }

  /// Clears out, [rows, width], and writes out[r, ids[r]] = updates[r]. Returns as `gatherRows`.
  public static func unpick(
    _ type: ElementType, rows: Int, width: Int, idType: ElementType, _ ids: UnsafeRawPointer,
    updates: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) -> Int? {
    found(ck_unpick(Int32(type.byteCount), Int64(rows), Int64(width), Int32(idType.rawValue), ids, updates, out))
  }

  /// out[r, c] = 1 if ids[r] is c, else 0. Returns as `gatherRows`.
  public static func oneHot(
    _ type: ElementType, rows: Int, width: Int, idType: ElementType, _ ids: UnsafeRawPointer,
    _ out: UnsafeMutableRawPointer
  ) -> Int? {
    found(ck_one_hot(Int32(type.rawValue), Int64(rows), Int64(width), Int32(idType.rawValue), ids, out))
  }

  /// out[o, i, j] = i for out [outer, length, inner].
  public static func iota(_ type: ElementType, outer: Int, length: Int, inner: Int, _ out: UnsafeMutableRawPointer) {
    ck_iota(Int32(type.rawValue), Int64(outer), Int64(length), Int64(inner), out)
  }

  /// Sorts along the middle axis of [outer, length, inner], stable, ascending, NaN last; all of the outer × inner rows or those
  /// given. Throws without memory.
  public static func sort(
    _ type: ElementType, outer: Int, length: Int, inner: Int, rows: Range<Int>? = nil, _ x: UnsafeRawPointer,
    _ out: UnsafeMutableRawPointer
  ) throws {
    let rows = rows ?? 0..<outer * inner
    try sorted(
      ck_sort(
        Int32(type.rawValue), Int64(length), Int64(inner), Int64(rows.lowerBound), Int64(rows.count), x, out, nil),
      length)
  }

  /// The positions (i64) that sort along the middle axis, stable, NaN last. Throws without memory.
  public static func argSort(
    _ type: ElementType, outer: Int, length: Int, inner: Int, rows: Range<Int>? = nil, _ x: UnsafeRawPointer,
    _ order: UnsafeMutablePointer<Int64>
  ) throws {
    let rows = rows ?? 0..<outer * inner
    try sorted(
      ck_sort(
        Int32(type.rawValue), Int64(length), Int64(inner), Int64(rows.lowerBound), Int64(rows.count), x, nil, order),
      length)
  }

  /// The positions [outer, count, inner] (i64) of the `count` largest elements along the middle axis, NaN before all, of equal ones
  /// the first first. Throws without memory.
  public static func topOrder(
    _ type: ElementType, outer: Int, length: Int, inner: Int, count: Int, rows: Range<Int>? = nil,
    _ x: UnsafeRawPointer,
    _ order: UnsafeMutablePointer<Int64>
  ) throws {
    let rows = rows ?? 0..<outer * inner
    try sorted(
      ck_top_order(
        Int32(type.rawValue), Int64(length), Int64(inner), Int64(rows.lowerBound), Int64(rows.count), Int64(count), x,
        order), length)
  }

  private static func sorted(_ status: Int32, _ length: Int) throws {
    if status != 0 { throw TensorError.outOfMemory(bytes: length * 32) }
  }

  private static func found(_ position: Int64) -> Int? { position < 0 ? nil : Int(position) }
}
