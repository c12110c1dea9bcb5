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

  /// Reads all tensors. F16 and BF16 are widened to f32; bytes become i32. Throws `badFile`.
  public static func read(_ path: String) throws -> Contents {
    let bytes = try FileBytes(path: path)
    guard let length = bytes.integer(at: 0, width: 8, bigEndian: false), length < 1 << 30,
      let header = bytes.text(at: 8, count: Int(length)), let members = try? JSON.read(header).members
    else { throw TensorError.file(path, "this is no safetensors file: its header is not JSON") }
    var contents = Contents(tensors: [], metadata: [])
    for member in members {
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

  private static func tensor(
    _ name: String, _ entry: JSON, _ bytes: FileBytes, start: Int
  ) throws -> Tensor {
    guard let dtype = entry["dtype"]?.string, let extents = entry["shape"]?.array,
      let offsets = entry["data_offsets"]?.array, offsets.count == 2, let from = offsets[0].int,
      let to = offsets[1].int, from >= 0, to >= from
    else { throw TensorError.file(bytes.path, "the entry `\(name)` has no dtype, shape and data_offsets") }
    let shape = extents.map { $0.int ?? -1 }
    let kinds: [String: (ElementType, Int)] = [
      "F32": (.f32, 4), "F64": (.f64, 8), "I32": (.i32, 4), "I64": (.i64, 8), "BOOL": (.bool, 1), "U8": (.i32, 1),
      "F16": (.f32, 2), "BF16": (.f32, 2),
    ]
    guard let (type, width) = kinds[dtype] else {
      throw TensorError.file(bytes.path, "`\(name)` has the element type \(dtype), which is not read")
    }
    let count = try elementCount(shape, type: .f64)
    guard to <= bytes.count, to - from == count * width, let source = bytes.pointer(at: start + from, count: to - from)
    else {
      throw TensorError.file(bytes.path, "`\(name)` does not fit its data_offsets")
    }
    let result = try Tensor(uninitialized: shape, type: type)
    switch dtype {
    case "U8": Kernels.convert(from: .bool, to: .i32, source, result.pointer, count: count)
    case "F16", "BF16":
      let out = result.pointer.assumingMemoryBound(to: Float.self)
      for i in 0..<count {
        let bits = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
        out[i] = dtype == "BF16" ? Float(bitPattern: UInt32(bits) << 16) : HalfFloat.widened(bits)
      }
    default: result.pointer.copyMemory(from: source, byteCount: result.byteCount)
    }
    return result
  }
}
