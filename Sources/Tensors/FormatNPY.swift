/// NumPy's .npy: C order, little-endian, versions 1 to 3; f32, f64, i32, i64, bool, and bytes (read as i32).
public enum NPY {
  /// Reads one array. Throws `badFile`.
  public static func read(_ path: String) throws -> Tensor {
    let bytes = try FileBytes(path: path)
    let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
    guard bytes.count >= 10, (0..<6).allSatisfy({ bytes.byte($0) == magic[$0] }) else {
      throw TensorError.file(path, "this is no .npy file")
    }
    let wide = bytes.byte(6) >= 2
    let start = wide ? 12 : 10
    guard let length = bytes.integer(at: 8, width: wide ? 4 : 2, bigEndian: false), length < 1 << 20,
      let header = bytes.text(at: start, count: Int(length))
    else { throw TensorError.file(path, "the .npy header is cut off") }
    let (name, shape) = try parse(header, path)
    let data = start + Int(length)
    let types: [String: ElementType] = ["<f4": .f32, "<f8": .f64, "<i4": .i32, "<i8": .i64, "|b1": .bool, "|u1": .bool]
    guard let type = types[name] else {
      throw TensorError.file(
        path, "the .npy element type \(name) is not read", help: "save it as float32, float64, int32, int64 or bool")
    }
    let count = try elementCount(shape, type: type)
    guard let source = bytes.pointer(at: data, count: count * type.byteCount) else {
      throw TensorError.file(path, "the file ends before its \(count) elements do")
    }
    if name == "|u1" {
      let result = try Tensor(uninitialized: shape, type: .i32)
      Kernels.convert(from: .bool, to: .i32, source, result.pointer, count: count)
      return result
    }
    let result = try Tensor(uninitialized: shape, type: type)
    result.pointer.copyMemory(from: source, byteCount: result.byteCount)
    return result
  }

  /// Writes one array, version 1. Throws `badFile`.
  public static func write(_ tensor: Tensor, to path: String) throws {
    let names: [ElementType: String] = [.f32: "<f4", .f64: "<f8", .i32: "<i4", .i64: "<i8", .bool: "|b1"]
    let extents = tensor.shape.map(String.init)
    let shape = extents.count == 1 ? "(\(extents[0]),)" : "(" + extents.joined(separator: ", ") + ")"
    var header = "{'descr': '\(names[tensor.type] ?? "")', 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    let head: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, UInt8(length & 255), UInt8(length >> 8 & 255)]
    try writeFile(path, head + Array(header.utf8), [tensor])
  }

  private static func parse(_ header: String, _ path: String) throws -> (String, Shape) {
    func value(_ key: String) -> Substring? {
      guard let found = header.firstRange(of: "'\(key)':") else { return nil }
      return header[found.upperBound...].drop { $0 == " " }
    }
    guard let descr = value("descr"), descr.first == "'", let order = value("fortran_order"),
      let shape = value("shape"),
      let open = shape.firstIndex(of: "("), let close = shape.firstIndex(of: ")"), open < close
    else { throw TensorError.file(path, "the .npy header is not understood") }
    if order.hasPrefix("True") {
      throw TensorError.file(path, "the array is in Fortran order", help: "save numpy.ascontiguousarray of it")
    }
    let extents = shape[shape.index(after: open)..<close].split(separator: ",").map {
      Int($0.filter { $0 != " " }) ?? -1
    }
    return (String(descr.dropFirst().prefix { $0 != "'" }), extents)
  }
}
