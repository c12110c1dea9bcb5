/// Elements of one type in a shape: contiguous, row-major, immutable once made.
public final class Tensor: @unchecked Sendable {
  /// The memory, possibly shared with other tensors.
  public private(set) var storage: Storage
  /// Where this tensor's first element lies in `storage`, a multiple of the element's size.
  public let byteOffset: Int
  /// Extents, outermost first; `[]` is a number.
  public let shape: Shape
  /// Type of the elements.
  public let type: ElementType
  /// Product of the extents.
  public let count: Int

  /// A tensor on memory that exists. Throws `outOfBounds` if it does not fit into `storage`.
  public init(storage: Storage, byteOffset: Int = 0, shape: Shape, type: ElementType) throws {
    let count = try elementCount(shape, type: type)
    guard byteOffset >= 0, byteOffset <= storage.byteCount,
      count * type.byteCount <= storage.byteCount - byteOffset
    else { throw TensorError.outOfBounds(bytes: storage.byteCount, shape: shape) }
    self.storage = storage
    self.byteOffset = byteOffset
    self.shape = shape
    self.type = type
    self.count = count
  }

  /// A tensor whose elements the caller writes through `pointer` before anyone else sees it.
  public convenience init(uninitialized shape: Shape, type: ElementType) throws {
    let count = try elementCount(shape, type: type)
    try self.init(storage: Storage(byteCount: count * type.byteCount), shape: shape, type: type)
  }

  /// A tensor of another's form whose elements the caller writes through `pointer` before anyone else sees it.
  public init(uninitializedLike other: Tensor) throws {
    storage = try Storage(byteCount: other.byteCount)
    byteOffset = 0
    shape = other.shape
    type = other.type
    count = other.count
  }

  /// The same elements in another shape. Throws `reshape` if the counts differ.
  public func reshaped(_ shape: Shape) throws -> Tensor {
    guard try elementCount(shape, type: type) == count else { throw TensorError.reshape(from: self.shape, to: shape) }
    return try Tensor(storage: storage, byteOffset: byteOffset, shape: shape, type: type)
  }

  private init(number type: ElementType) {
    self.storage = Storage(smallByteCount: 8)
    self.byteOffset = 0
    self.shape = []
    self.type = type
    self.count = 1
  }

  /// A rank-0 f64.
  public convenience init(scalar: Double) {
    self.init(number: .f64)
    pointer.storeBytes(of: scalar, as: Double.self)
  }
  /// A rank-0 f32.
  public convenience init(scalar: Float) {
    self.init(number: .f32)
    pointer.storeBytes(of: scalar, as: Float.self)
  }
  /// A rank-0 i64.
  public convenience init(scalar: Int) {
    self.init(number: .i64)
    pointer.storeBytes(of: Int64(scalar), as: Int64.self)
  }
  /// A rank-0 bool.
  public convenience init(scalar: Bool) {
    self.init(number: .bool)
    pointer.storeBytes(of: scalar ? 1 : 0, as: UInt8.self)
  }

  /// Whether no other tensor shares the memory: a plan may then write into it, if nobody else holds this tensor.
  public var ownsStorageAlone: Bool { isKnownUniquelyReferenced(&storage) }
  /// The first element.
  public var pointer: UnsafeMutableRawPointer { storage.base + byteOffset }
  /// Number of axes.
  public var rank: Int { shape.count }
  /// Bytes of all elements.
  public var byteCount: Int { count * type.byteCount }
}

/// Product of the extents. Throws `badShape` for a negative extent and `tooLarge` when the bytes overflow 2^47.
public func elementCount(_ shape: Shape, type: ElementType = .bool) throws -> Int {
  var count = 1
  var hasZero = false
  for extent in shape {
    if extent < 0 { throw TensorError.badShape(shape) }
    if extent == 0 { hasZero = true }
    let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
    if overflow || product > 1 << 47 { throw TensorError.tooLarge(shape) }
    count = product
  }
  if hasZero { return 0 }
  if count * type.byteCount > 1 << 47 { throw TensorError.tooLarge(shape) }
  return count
}
