import CKernels

/// NumPy's .npz: a zip archive of .npy files, stored or deflated. Archives are written stored, with the date that zip
/// counts from, so that equal arrays give equal bytes.
public enum NPZ {
  /// Names and arrays in the order of the archive's directory; with `names` only those. Throws `badFile`, also of a
  /// name that the archive lacks.
  public static func read(_ path: String, names: [String]? = nil) throws -> [(name: String, tensor: Tensor)] {
    let bytes = try FileBytes(path: path)
    var result: [(name: String, tensor: Tensor)] = []
    for entry in try directory(bytes) where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      if let names, !names.contains(name) { continue }
      if result.contains(where: { $0.name == name }) {
        throw TensorError.file(path, "the archive holds two arrays called `\(name)`")
      }
      result.append((name, try tensor(entry, bytes, name)))
    }
    if let missing = names?.first(where: { name in !result.contains { $0.name == name } }) {
      throw TensorError.file(path, "the archive holds no array called `\(missing)`")
    }
    return result
  }

  /// Writes arrays under their names. Throws `badFile`.
  public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
    var pieces: [[UInt8]] = []
    var directory: [UInt8] = []
    var offset = 0
    let canonical = try tensors.map { ($0.name, try $0.tensor.canonical()) }
    for (name, tensor) in canonical {
      guard !name.isEmpty, !name.utf8.contains(where: { $0 < 32 || $0 == 0x2f || $0 == 0x5c }) else {
        throw TensorError.file(path, "`\(name)` cannot be the name of an array in an archive")
      }
      let file = Array((name + ".npy").utf8)
      let head = NPY.head(tensor)
      let size = head.count + tensor.byteCount
      guard size < 0xffff_ffff - offset, tensors.count < 0xffff, file.count < 0xffff else {
        throw TensorError.file(
          path, "the archive would be larger than 4 GB", help: "write the arrays one by one with `write_npy`")
      }
      let check = ck_crc32(ck_crc32(0, head, Int64(head.count)), tensor.pointer, Int64(tensor.byteCount))
      // The sum is then that of a part.
      if ck_stopped() != 0 { throw TensorError.file(path, "the archive was not written") }
      // Version 2.0, names in UTF-8, stored, 1980-01-01.
      let common =
        little(20, 2) + little(0x0800, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
        + little(Int(check), 4) + little(size, 4) + little(size, 4) + little(file.count, 2) + little(0, 2)
      let local = little(0x0403_4b50, 4) + common + file + head
      directory += little(0x0201_4b50, 4) + little(20, 2) + common
      directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(offset, 4) + file
      pieces.append(local)
      offset += local.count + tensor.byteCount
    }
    let end =
      little(0x0605_4b50, 4) + little(0, 4) + little(tensors.count, 2) + little(tensors.count, 2)
      + little(directory.count, 4) + little(offset, 4) + little(0, 2)
    try writeFile(path, interleaving: pieces, canonical.map { $0.1 }, directory + end)
  }

  private static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A file of the archive.
  private struct Entry {
    var name: String
    var method, packed, size, header, check: Int
  }

  private static func directory(_ bytes: FileBytes) throws -> [Entry] {
    func number(_ at: Int, _ width: Int) -> Int? {
      bytes.integer(at: at, width: width, bigEndian: false).flatMap { Int(exactly: $0) }
    }
    let broken = TensorError.file(bytes.path, "this is no .npz file: its directory is missing or damaged")
    // The last record is at the end but for a comment of up to 64 kB.
    let lowest = max(0, bytes.count - 65_557)
    guard bytes.count >= 22,
      let end = stride(from: bytes.count - 22, through: lowest, by: -1).first(where: { number($0, 4) == 0x0605_4b50 }),
      let count = number(end + 10, 2), var at = number(end + 16, 4)
    else { throw broken }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard number(at, 4) == 0x0201_4b50, let method = number(at + 10, 2), let check = number(at + 16, 4),
        let packed = number(at + 20, 4), let size = number(at + 24, 4), let nameLength = number(at + 28, 2),
        let extra = number(at + 30, 2), let comment = number(at + 32, 2), let header = number(at + 42, 4),
        let name = bytes.text(at: at + 46, count: nameLength)
      else { throw broken }
      guard packed != 0xffff_ffff, size != 0xffff_ffff, header != 0xffff_ffff else {
        throw TensorError.file(bytes.path, "archives beyond 4 GB are not read", help: "save the arrays as .npy files")
      }
      entries.append(
        Entry(name: name, method: method, packed: packed, size: size, header: header, check: check))
      at += 46 + nameLength + extra + comment
    }
    return entries
  }

  private static func tensor(_ entry: Entry, _ bytes: FileBytes, _ name: String) throws -> Tensor {
    let label = "\(bytes.path), array `\(name)`"
    guard let nameLength = bytes.integer(at: entry.header + 26, width: 2, bigEndian: false),
      let extra = bytes.integer(at: entry.header + 28, width: 2, bigEndian: false),
      let data = bytes.pointer(at: entry.header + 30 + Int(nameLength) + Int(extra), count: entry.packed)
    else { throw TensorError.file(label, "the archive is cut off") }
    let start = entry.header + 30 + Int(nameLength) + Int(extra)
    let (source, range): (FileBytes, Range<Int>)
    switch entry.method {
    case 0 where entry.packed == entry.size: (source, range) = (bytes, start..<start + entry.size)
    case 8:
      source = try FileBytes(inflating: data, count: entry.packed, size: entry.size, path: label)
      range = 0..<source.count
    default: throw TensorError.file(label, "the archive's way of packing (\(entry.method)) is not read")
    }
    guard let content = source.pointer(at: range.lowerBound, count: range.count),
      Int(ck_crc32(0, content, Int64(range.count))) == entry.check
    else { throw TensorError.file(label, "the archive is damaged: a check sum does not agree") }
    return try NPY.read(source, range, label)
  }
}
