import Notation

/// safetensors: a JSON header with names, types, shapes and offsets, then the elements.
public enum Safetensors {
  /// What a file holds, in the order of the header.
  public struct Contents {
    /// Names and tensors.
    public var tensors: [(name: String, tensor: Tensor)]
    /// The free text of `__metadata__`.
    public var metadata: [(key: String, value: String)]
  }

  /// Reads all tensors. F16 and BF16 are widened to f32, integers as in a .npy file. Throws `badFile`.
  public static func read(_ path: String) throws -> Contents {
    let bytes = try FileBytes(path: path)
    // A header begins with a brace.
    guard let length = bytes.integer(at: 0, width: 8, bigEndian: false), length < 1 << 30, bytes.byte(8) == 0x7b else {
      throw TensorError.file(path, "this is no safetensors file: its header is not JSON")
    }
    guard let header = bytes.text(at: 8, count: Int(length)) else {
      throw TensorError.file(
        path, "the file is cut off: its header has \(length) bytes, and \(bytes.count - 8) bytes follow")
    }
    guard let members = try? JSON.read(header).members else {
      throw TensorError.file(path, "this is no safetensors file: its header is not JSON")
    }
    var contents = Contents(tensors: [], metadata: [])
    var names: Set<String> = []
    for member in members {
      guard names.insert(member.key).inserted else {
        throw TensorError.file(path, "the file is damaged: it holds `\(member.key)` twice")
      }
      guard let fields = member.value.members else {
        throw TensorError.file(path, "the entry `\(member.key)` is no object")
      }
      if member.key == "__metadata__" {
        contents.metadata += fields.compactMap { field in field.value.string.map { (field.key, $0) } }
      } else {
        contents.tensors.append((member.key, try tensor(member.key, member.value, bytes, start: 8 + Int(length))))
      }
    }
    return contents
  }

  /// Writes tensors in the order given. Throws `badFile`.
  public static func write(
    _ tensors: [(name: String, tensor: Tensor)], metadata: [(key: String, value: String)] = [], to path: String
  ) throws {
    try writeFile(path, header(tensors, metadata), tensors.map(\.tensor))
  }

  /// The bytes that `write` would write.
  public static func bytes(
    of tensors: [(name: String, tensor: Tensor)], metadata: [(key: String, value: String)] = []
  ) throws -> [UInt8] {
    var result = header(tensors, metadata)
    for (_, tensor) in tensors {
      let canonical = try tensor.canonical()
      result += UnsafeRawBufferPointer(start: canonical.pointer, count: canonical.byteCount)
    }
    return result
  }

  private static func header(
    _ tensors: [(name: String, tensor: Tensor)], _ metadata: [(key: String, value: String)]
  ) -> [UInt8] {
    let names: [ElementType: String] = [.f32: "F32", .f64: "F64", .i32: "I32", .i64: "I64", .bool: "BOOL"]
    var entries: [JSON.Member] = []
    if !metadata.isEmpty {
      entries.append(.init("__metadata__", .object(metadata.map { .init($0.key, .string($0.value)) })))
    }
    var offset = 0
    for (name, tensor) in tensors {
      let end = offset + tensor.byteCount
      entries.append(
        .init(
          name,
          [
            "dtype": .string(names[tensor.type] ?? ""), "shape": .array(tensor.shape.map(JSON.int)),
            "data_offsets": [.int(offset), .int(end)],
          ]))
      offset = end
    }
    var header = Array(JSON.object(entries).compact.utf8)
    while header.count % 8 != 0 { header.append(0x20) }
    let length = UInt64(header.count)
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    return prefix + header
  }

  /// Element types of the format as NumPy would describe them.
  private static let elements = [
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<g2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
  ]

  private static func tensor(
    _ name: String, _ entry: JSON, _ bytes: FileBytes, start: Int
  ) throws -> Tensor {
    guard let dtype = entry["dtype"]?.string, let extents = entry["shape"]?.array,
      let offsets = entry["data_offsets"]?.array, offsets.count == 2, let from = offsets[0].int,
      let to = offsets[1].int, from >= 0, to >= from
    else { throw TensorError.file(bytes.path, "the entry `\(name)` has no dtype, shape and data_offsets") }
    let shape = extents.compactMap(\.int)
    guard shape.count == extents.count, shape.allSatisfy({ $0 >= 0 }) else {
      throw TensorError.file(bytes.path, "the shape \(JSON.array(extents).compact) of `\(name)` is none")
    }
    guard let element = elements[dtype].flatMap(StoredElement.init) else {
      throw TensorError.file(
        bytes.path, "`\(name)` has the element type \(dtype), which is not read",
        help: "save it as one of \(elements.keys.sorted().joined(separator: ", "))")
    }
    let count = try elementCount(shape, type: .f64)
    guard to <= bytes.count, to - from == count * element.width,
      let source = bytes.pointer(at: start + from, count: to - from)
    else {
      throw TensorError.file(bytes.path, "`\(name)` does not fit its data_offsets")
    }
    let result = try Tensor(uninitialized: shape, type: element.type)
    try element.copy(source, to: result.pointer, count: count, "\(bytes.path), `\(name)`")
    return result
  }
}
