/// NumPy's .npy: versions 1 to 3, C or Fortran order, either byte order; f32, f64, i32, i64, bool; f16 is widened to f32, and
/// integers of fewer bits (and u32 and u64, to i64) are widened too.
public enum NPY {
  /// Reads one array. Throws `badFile`.
  public static func read(_ path: String) throws -> Tensor {
    if let tensor = try plain(path) { return tensor }
    let bytes = try FileBytes(path: path)
    return try read(bytes, 0..<bytes.count, path)
  }

  /// An array that lies in its file as a tensor lies in memory, read to where it belongs; nil for any other file, and for
  /// one with a mistake. Throws a `TensorError` without memory.
  private static func plain(_ path: String) throws -> Tensor? {
    guard let file = OpenFile(path), let start = file.bytes(at: 0, count: 12), Array(start[..<6]) == magic else {
      return nil
    }
    let isWide = start[6] >= 2
    let length = Int(start[8]) | Int(start[9]) << 8 | (isWide ? Int(start[10]) << 16 | Int(start[11]) << 24 : 0)
    let data = (isWide ? 12 : 10) + length
    guard length < 1 << 20, let text = file.bytes(at: isWide ? 12 : 10, count: length),
      let header = try? Header(String(decoding: text, as: UTF8.self), path), !header.isFortran, header.element.isPlain,
      let count = try? elementCount(header.shape, type: header.element.type),
      count * header.element.width <= file.count - data
    else { return nil }
    let tensor = try Tensor(uninitialized: header.shape, type: header.element.type)
    return file.read(at: data, count: tensor.byteCount, to: tensor.pointer) ? tensor : nil
  }

  private static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

  /// The array whose bytes lie in a range of a file; `name` is the array's in messages.
  static func read(_ bytes: FileBytes, _ range: Range<Int>, _ name: String) throws -> Tensor {
    let at = range.lowerBound
    guard range.count >= 10, (0..<6).allSatisfy({ bytes.byte(at + $0) == magic[$0] }) else {
      throw TensorError.file(name, "this is no .npy file")
    }
    let wide = bytes.byte(at + 6) >= 2
    let start = at + (wide ? 12 : 10)
    guard let length = bytes.integer(at: at + 8, width: wide ? 4 : 2, bigEndian: false), length < 1 << 20,
      start + Int(length) <= range.upperBound, let text = bytes.text(at: start, count: Int(length))
    else { throw TensorError.file(name, "the .npy header is cut off") }
    let header = try Header(text, name)
    let data = start + Int(length)
    let count = try elementCount(header.shape, type: header.element.type)
    let size = count * header.element.width
    guard size <= range.upperBound - data, let source = bytes.pointer(at: data, count: size) else {
      throw TensorError.file(name, "the file ends before its \(count) elements do")
    }
    let shape = header.isFortran ? Array(header.shape.reversed()) : header.shape
    let stored = try Tensor(uninitialized: shape, type: header.element.type)
    try header.element.copy(source, to: stored.pointer, count: count, name)
    guard header.isFortran, shape.count > 1, count > 0 else { return try stored.reshaped(header.shape) }
    // The axes in opposite order.
    let result = try Tensor(uninitialized: header.shape, type: stored.type)
    var strides = Array(repeating: Int64(1), count: shape.count)
    for axis in strides.indices.dropFirst() { strides[axis] = strides[axis - 1] * Int64(header.shape[axis - 1]) }
    Kernels.stridedCopy(stored.type, shape: header.shape, strides: strides, stored.pointer, result.pointer)
    return withExtendedLifetime(stored) { result }
  }

  /// Writes one array, version 1. Throws `badFile`.
  public static func write(_ tensor: Tensor, to path: String) throws {
    try writeFile(path, head(tensor), [tensor])
  }

  /// What stands before the elements.
  static func head(_ tensor: Tensor) -> [UInt8] {
    let names: [ElementType: String] = [.f32: "<f4", .f64: "<f8", .i32: "<i4", .i64: "<i8", .bool: "|b1"]
    let extents = tensor.shape.map(String.init)
    let shape = extents.count == 1 ? "(\(extents[0]),)" : "(" + extents.joined(separator: ", ") + ")"
    var header = "{'descr': '\(names[tensor.type] ?? "")', 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    let head: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, UInt8(length & 255), UInt8(length >> 8 & 255)]
    return head + Array(header.utf8)
  }
}

/// What a header says.
private struct Header {
  let element: StoredElement
  let shape: Shape
  let isFortran: Bool

  init(_ text: String, _ name: String) throws {
    func value(_ key: String) -> Substring? {
      guard let found = text.firstRange(of: "'\(key)':") else { return nil }
      return text[found.upperBound...].drop { $0 == " " }
    }
    guard let descr = value("descr"), descr.first == "'", let order = value("fortran_order"),
      let extents = value("shape"), let open = extents.firstIndex(of: "("), let close = extents.firstIndex(of: ")"),
      open < close
    else { throw TensorError.file(name, "the .npy header is not understood") }
    isFortran = order.hasPrefix("True")
    let written = extents[extents.index(after: open)..<close].split(separator: ",").map { $0.filter { $0 != " " } }
    shape = try written.filter { !$0.isEmpty }.map {
      guard let extent = Int($0), extent >= 0 else {
        throw TensorError.file(name, "the .npy header is damaged: an extent of its shape is `\($0)`")
      }
      return extent
    }
    let descriptor = String(descr.dropFirst().prefix { $0 != "'" })
    guard let element = StoredElement(descriptor) else {
      throw TensorError.file(
        name, "the .npy element type \(descriptor) is not read",
        help: "save it as float32, float64, int32, int64 or bool; `read_npz(path, names)` leaves it alone")
    }
    self.element = element
  }
}
