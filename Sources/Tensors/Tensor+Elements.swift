import CKernels

/// Swift types that are stored as they are in a tensor: Float, Double, Int32, Int64, Int and UInt8 (bools).
public protocol TensorElement {
  /// The element type it stands for.
  static var elementType: ElementType { get }
}
extension Float: TensorElement {
  /// f32.
  public static var elementType: ElementType { .f32 }
}
extension Double: TensorElement {
  /// f64.
  public static var elementType: ElementType { .f64 }
}
extension Int32: TensorElement {
  /// i32.
  public static var elementType: ElementType { .i32 }
}
extension Int64: TensorElement {
  /// i64.
  public static var elementType: ElementType { .i64 }
}
extension Int: TensorElement {
  /// i64.
  public static var elementType: ElementType { .i64 }
}
extension Bool: TensorElement {
  /// bool.
  public static var elementType: ElementType { .bool }
}

extension Tensor {
  /// A tensor of the values in row-major order; rank 1 if no shape is given. Throws `wrongCount`.
  public convenience init<Element: TensorElement>(_ values: [Element], shape: Shape? = nil) throws {
    let shape = shape ?? [values.count]
    guard try elementCount(shape) == values.count else { throw TensorError.wrongCount(values.count, shape: shape) }
    try self.init(uninitialized: shape, type: Element.elementType)
    values.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress, bytes.count > 0 { pointer.copyMemory(from: source, byteCount: bytes.count) }
    }
  }

  /// All elements the same. The value is converted to `type`.
  public convenience init(repeating value: Double, shape: Shape, type: ElementType) throws {
    try self.init(uninitialized: shape, type: type)
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { word in
      guard let base = word.baseAddress else { return }
      Kernels.convert(from: .f64, to: type, [value], base, count: 1)
      Kernels.fill(type, base, pointer, count: count)
    }
  }

  /// The elements in place; their type must be stored as `Element` (checked: an empty buffer otherwise).
  public func withElements<Element: TensorElement, Result>(
    of element: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    guard Element.elementType == type else { return try body(UnsafeBufferPointer(start: nil, count: 0)) }
    let typed = UnsafePointer<Element>(pointer.assumingMemoryBound(to: Element.self))
    return try body(UnsafeBufferPointer(start: typed, count: count))
  }

  /// A copy of all elements; empty if they are not stored as `Element`.
  public func array<Element: TensorElement>(of element: Element.Type) -> [Element] {
    withElements(of: element) { Array($0) }
  }

  /// Element `index` in row-major order as a double (bools are 0 or 1); NaN if there is no such element.
  public func element(_ index: Int) -> Double {
    guard index >= 0, index < count else { return .nan }
    switch type {
    case .f32: return Double(pointer.load(fromByteOffset: index * 4, as: Float.self))
    case .f64: return pointer.load(fromByteOffset: index * 8, as: Double.self)
    case .i32: return Double(pointer.load(fromByteOffset: index * 4, as: Int32.self))
    case .i64: return Double(pointer.load(fromByteOffset: index * 8, as: Int64.self))
    case .bool: return Double(pointer.load(fromByteOffset: index, as: UInt8.self))
    }
  }

  /// Element `index` of an integer or bool tensor, exactly; 0 if it is neither or there is no such element.
  public func integer(_ index: Int) -> Int {
    guard index >= 0, index < count else { return 0 }
    switch type {
    case .i32: return Int(pointer.load(fromByteOffset: index * 4, as: Int32.self))
    case .i64: return Int(pointer.load(fromByteOffset: index * 8, as: Int64.self))
    case .bool: return Int(pointer.load(fromByteOffset: index, as: UInt8.self))
    case .f32, .f64: return 0
    }
  }

  /// The only element as a double; nil if there is not exactly one.
  public var scalar: Double? { count == 1 ? element(0) : nil }
  /// The only element of an integer or bool tensor; nil if there is not exactly one or it is a float.
  public var integerScalar: Int? { count == 1 && !type.isFloat ? integer(0) : nil }
  /// The same elements with every NaN the same (positive, quiet): what is hashed or written, because processors make
  /// different ones. The tensor itself if it holds none.
  public func canonical() throws -> Tensor {
    guard type.isFloat, ck_count_odd_nans(Int32(type.rawValue), pointer, Int64(count)) > 0 else { return self }
    let copy = try Tensor(uninitialized: shape, type: type)
    ck_canonical_nans(Int32(type.rawValue), pointer, copy.pointer, Int64(count))
    return copy
  }

  /// Whether type, shape and bytes agree (NaN is the same as a NaN of the same bits).
  public func hasSameBits(as other: Tensor) -> Bool {
    guard type == other.type, shape == other.shape else { return false }
    return ck_same_bytes(pointer, other.pointer, Int64(byteCount)) != 0
  }
}
