/// IDX, the format of MNIST: big-endian, plain or gzip.
public enum IDX {
  /// What a file holds, without its elements.
  public struct Header: Sendable, Equatable {
    /// The type in the file: bytes are read as `i32` or scaled floats.
    public let fileType: String
    /// Extents, outermost first.
    public let shape: Shape
  }

  /// Reads a file. Bytes become `type` (f32 by default) times `scale`; other element types are converted likewise. Without a type
  /// integers along one axis, which are labels, become i64, and all else f32. Throws `badFile` with what is wrong.
  public static func read(_ path: String, type: ElementType? = .f32, scale: Double = 1) throws -> Tensor {
    let bytes = try FileBytes(path: path)
    guard bytes.count >= 4, bytes.byte(0) == 0, bytes.byte(1) == 0 else {
      throw TensorError.file(path, "this is no IDX file: it does not begin with two zero bytes")
    }
    let code = bytes.byte(2)
    guard let (width, _) = element(code) else {
      throw TensorError.file(path, "the IDX element type \(code) is not known")
    }
    let rank = Int(bytes.byte(3))
    var shape: Shape = []
    for axis in 0..<rank {
      guard let extent = bytes.integer(at: 4 + 4 * axis, width: 4, bigEndian: true) else {
        throw TensorError.file(path, "the IDX header is cut off")
      }
      shape.append(Int(extent))
    }
    let count = try elementCount(shape, type: .f64)
    let start = 4 + 4 * rank
    guard bytes.count - start == count * width, let source = bytes.pointer(at: start, count: count * width) else {
      throw TensorError.file(
        path, "the IDX header promises \(count) elements of \(width) bytes, and \(bytes.count - start) bytes follow")
    }
    let isLabels = rank == 1 && code != 13 && code != 14
    return try elements(
      source, code: code, count: count, shape: shape, type: type ?? (isLabels ? .i64 : .f32), scale: scale)
  }

  /// The bytes of any file, plain or gzip, as f32 numbers from 0 to 255. Throws `badFile`.
  public static func bytes(_ path: String) throws -> Tensor {
    let bytes = try FileBytes(path: path)
    let result = try Tensor(uninitialized: [bytes.count], type: .f32)
    if let source = bytes.pointer(at: 0, count: bytes.count) {
      Kernels.convert(from: .bool, to: .f32, source, result.pointer, count: bytes.count)
    }
    return result
  }

  private static func element(_ code: UInt8) -> (width: Int, name: String)? {
    switch code {
    case 8: (1, "u8")
    case 9: (1, "i8")
    case 11: (2, "i16")
    case 12: (4, "i32")
    case 13: (4, "f32")
    case 14: (8, "f64")
    default: nil
    }
  }

  private static func elements(
    _ source: UnsafeRawPointer, code: UInt8, count: Int, shape: Shape, type: ElementType, scale: Double
  ) throws -> Tensor {
    let values = try Tensor(uninitialized: shape, type: .f64)
    let out = values.pointer.assumingMemoryBound(to: Double.self)
    if code == 8 {
      Kernels.widenBytes(source, out, count: count)
    } else {
      for i in 0..<count { out[i] = number(source, code, i) }
    }
    if scale != 1 {
      Kernels.binary(.multiply, .f64, values.pointer, xStride: 1, [scale], yStride: 0, values.pointer, count: count)
    }
    if type == .f64 { return values }
    let result = try Tensor(uninitialized: shape, type: type)
    Kernels.convert(from: .f64, to: type, values.pointer, result.pointer, count: count)
    return result
  }

  private static func number(_ source: UnsafeRawPointer, _ code: UInt8, _ i: Int) -> Double {
    switch code {
    case 9: Double(source.load(fromByteOffset: i, as: Int8.self))
    case 11: Double(Int16(bigEndian: source.loadUnaligned(fromByteOffset: 2 * i, as: Int16.self)))
    case 12: Double(Int32(bigEndian: source.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self)))
    case 13:
      Double(
        Float(bitPattern: UInt32(bigEndian: source.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))))
    default:
      Double(bitPattern: UInt64(bigEndian: source.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)))
    }
  }
}

extension Kernels {
  /// Bytes to doubles.
  static func widenBytes(_ x: UnsafeRawPointer, _ out: UnsafeMutablePointer<Double>, count: Int) {
    convert(from: .bool, to: .f64, x, out, count: count)
  }
}
