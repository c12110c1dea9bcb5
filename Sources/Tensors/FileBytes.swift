import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The bytes of a file in memory, unpacked if they are gzip.
final class FileBytes {
  let path: String
  private let base: UnsafeMutablePointer<UInt8>
  let count: Int

  /// Throws `badFile` if the file cannot be read, or is gzip and cannot be unpacked, and `outOfMemory` if what is packed
  /// is more than all tensors may be.
  init(path: String) throws {
    self.path = path
    var size: Int64 = 0
    var code: Int32 = 0
    guard let data = ck_read_file(path, &size, &code) else {
      throw unreadable(path, code)
    }
    guard size >= 2, data[0] == 0x1f, data[1] == 0x8b else {
      base = data
      count = Int(size)
      return
    }
    defer { ck_release(data) }
    var unpacked: Int64 = 0
    let room = min(1 << 36, MemoryPool.limit)
    guard let plain = ck_gunzip(data, size, Int64(room), &unpacked, &code) else {
      if code == 3 { throw TensorError.outOfMemory(bytes: room) }
      if code == 1 {
        throw TensorError.file(
          path, "the file is compressed and this system has no zlib",
          help: "install zlib (libz.so.1), or unpack the file with `gunzip`")
      }
      throw TensorError.file(path, "the compressed file is damaged or cut off")
    }
    base = plain
    count = Int(unpacked)
  }

  /// The `size` bytes of a deflated stream in memory; `path` names it in messages. Throws `badFile`, and `outOfMemory`
  /// for more than all tensors may be.
  init(inflating data: UnsafeRawPointer, count packed: Int, size: Int, path: String) throws {
    guard size <= MemoryPool.limit else { throw TensorError.outOfMemory(bytes: size) }
    self.path = path
    var unpacked: Int64 = 0
    var code: Int32 = 0
    guard
      let plain = ck_inflate(
        data.assumingMemoryBound(to: UInt8.self), Int64(packed), Int64(size), &unpacked, &code)
    else {
      throw code == 1
        ? TensorError.file(
          path, "the file is compressed and this system has no zlib", help: "install zlib (libz.so.1)")
        : TensorError.file(path, "the compressed file is damaged or cut off")
    }
    base = plain
    count = Int(unpacked)
    guard count == size else { throw TensorError.file(path, "the compressed file is damaged or cut off") }
  }

  deinit { ck_release(base) }

  /// Byte `index`; 0 past the end.
  func byte(_ index: Int) -> UInt8 { index >= 0 && index < count ? base[index] : 0 }

  /// An unsigned integer of `width` bytes at `index`; nil if it does not lie inside.
  func integer(at index: Int, width: Int, bigEndian: Bool) -> UInt64? {
    guard index >= 0, width <= 8, index <= count - width else { return nil }
    var value: UInt64 = 0
    for i in 0..<width { value = value << 8 | UInt64(base[index + (bigEndian ? i : width - 1 - i)]) }
    return value
  }

  /// The bytes of a range as a pointer; nil if it does not lie inside.
  func pointer(at index: Int, count length: Int) -> UnsafeRawPointer? {
    guard index >= 0, length >= 0, index <= count, length <= count - index else { return nil }
    return UnsafeRawPointer(base + index)
  }

  /// UTF-8 text of a range; nil if it does not lie inside.
  func text(at index: Int, count length: Int) -> String? {
    guard pointer(at: index, count: length) != nil else { return nil }
    return String(decoding: UnsafeBufferPointer(start: base + index, count: length), as: UTF8.self)
  }
}

/// A file of which parts are read to where they belong.
final class OpenFile {
  private let descriptor: Int32
  /// Bytes in all.
  let count: Int

  /// Nil where there is no such file that can be read at any place.
  init?(_ path: String) {
    // A pipe that nobody writes to would not open.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var facts = stat()
    let isFile = descriptor >= 0 && fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    count = isFile ? Int(facts.st_size) : 0
    if !isFile { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Bytes read between looks at whether the thread is to stop.
  private static let slice = 8 << 20

  /// Whether all of a range could be read; not where the thread is to stop.
  func read(at start: Int, count length: Int, to target: UnsafeMutableRawPointer) -> Bool {
    var done = 0
    while done < length {
      if ck_stopped() != 0 { return false }
      let read = pread(descriptor, target + done, min(Self.slice, length - done), off_t(start + done))
      if read < 0, errno == EINTR { continue }
      if read <= 0 { return false }
      done += read
    }
    return true
  }

  /// The bytes of a range; nil if it cannot be read.
  func bytes(at start: Int, count length: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: length)
    let isRead = bytes.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { read(at: start, count: length, to: $0) } ?? (length == 0)
    }
    return isRead ? bytes : nil
  }
}

/// Why `ck_read_file` gave nothing.
private func unreadable(_ path: String, _ code: Int32) -> TensorError {
  .file(path, "the file cannot be read: \(code == 0 ? "it is a pipe or a device" : String(cString: strerror(code)))")
}

/// Files that are read and written as they are.
public enum WholeFile {
  /// Does something with the bytes of a file. Throws `badFile` where it cannot be read, and what `body` throws.
  public static func read<T>(_ path: String, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) throws -> T {
    var size: Int64 = 0
    var code: Int32 = 0
    guard let data = ck_read_file(path, &size, &code) else { throw unreadable(path, code) }
    defer { ck_release(data) }
    return try body(UnsafeBufferPointer(start: data, count: Int(size)))
  }

  /// Writes bytes, complete or not at all; not at all, too, where the thread is to stop. Throws `badFile`.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
    try writeFile(path, parts: [bytes.baseAddress], sizes: [Int64(bytes.count)])
  }
}

/// Writes bytes and tensors one after the other, complete or not at all. Throws `badFile`.
/// Every NaN is written as the canonical one.
func writeFile(_ path: String, _ head: [UInt8], _ tensors: [Tensor]) throws {
  try writeFile(path, interleaving: [head], try tensors.map { try $0.canonical() }, [])
}

/// Writes piece, tensor, piece, tensor … and last `end`; where there are more tensors than pieces they follow one
/// another. Complete or not at all; throws `badFile`.
func writeFile(_ path: String, interleaving pieces: [[UInt8]], _ tensors: [Tensor], _ end: [UInt8]) throws {
  var parts: [UnsafeRawPointer?] = []
  var sizes: [Int64] = []
  var copies: [UnsafeMutableRawPointer] = []
  defer { for copy in copies { copy.deallocate() } }
  func add(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
    bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) } }
    copies.append(copy)
    parts.append(UnsafeRawPointer(copy))
    sizes.append(Int64(bytes.count))
  }
  for i in 0..<max(pieces.count, tensors.count) {
    if i < pieces.count { add(pieces[i]) }
    if i < tensors.count {
      parts.append(UnsafeRawPointer(tensors[i].pointer))
      sizes.append(Int64(tensors[i].byteCount))
    }
  }
  add(end)
  defer { withExtendedLifetime(tensors) {} }
  try writeFile(path, parts: parts, sizes: sizes)
}

private func writeFile(_ path: String, parts: [UnsafeRawPointer?], sizes: [Int64]) throws {
  let status = ck_write_file(path, parts, sizes, Int32(parts.count))
  if status != 0 { throw TensorError.file(path, "the file cannot be written: \(String(cString: strerror(status)))") }
}
