import CKernels
import Foundation
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

private func temporary(_ name: String) -> String { "/tmp/exp-tensors-\(getpid())-\(name)" }
private func put(_ bytes: [UInt8], _ name: String) throws -> String {
  let path = temporary(name)
  let status = bytes.withUnsafeBytes { ck_write_file(path, [$0.baseAddress], [Int64(bytes.count)], 1) }
  #expect(status == 0)
  return path
}

/// Threads that write.
private final class Writers {
  let path: String
  let arrays: [Tensor]
  let failures: Tensor

  init(path: String, arrays: [Tensor], failures: Tensor) {
    (self.path, self.arrays, self.failures) = (path, arrays, failures)
  }

  func run(_ piece: Int) {
    for _ in 0..<20 where (try? NPY.write(arrays[piece], to: path)) == nil {
      failures.pointer.storeBytes(of: 1, as: Int64.self)
    }
  }
}

@Suite struct FileTests {
  @Test func idx() throws {
    let path = try put([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 255, 1, 2, 3], "a.idx")
    defer { unlink(path) }
    #expect(try IDX.read(path, type: .i64).array(of: Int64.self) == [0, 51, 255, 1, 2, 3])
    let scaled = try IDX.read(path, scale: 1.0 / 255)
    #expect(scaled.shape == [2, 3] && scaled.array(of: Float.self)[2] == 1)
    let short = try put([0, 0, 8, 1, 0, 0, 0, 9, 1], "b.idx")
    defer { unlink(short) }
    #expect(throws: TensorError.self) { try IDX.read(short) }
    let wrong = try put([1, 2, 3], "c.idx")
    defer { unlink(wrong) }
    #expect(throws: TensorError.self) { try IDX.read(wrong) }
    #expect(throws: TensorError.self) { try IDX.read("/nowhere/file") }
    let big = try put([0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0], "d.idx")
    defer { unlink(big) }
    #expect(try IDX.read(big).array(of: Float.self) == [1])
  }

  /// A gzip stream of the IDX file of three bytes 7, 8, 9, made by Python's gzip.
  @Test func gzip() throws {
    let packed: [UInt8] = gzipFixture
    let path = try put(packed, "e.gz")
    defer { unlink(path) }
    #expect(try IDX.read(path, type: .i32).array(of: Int32.self) == [7, 8, 9])
    let cut = try put(Array(packed.dropLast(12)), "f.gz")
    defer { unlink(cut) }
    #expect(throws: TensorError.self) { try IDX.read(cut) }
  }

  /// A file of several members, as `cat a.gz b.gz` gives, is all of them; zeros may follow, and nothing else.
  @Test func gzipOfSeveralMembers() throws {
    let one = try put(gzipFixture, "e1.gz"), two = try put(gzipFixture + gzipFixture + [0, 0, 0], "e2.gz")
    let other = try put(gzipFixture + [1, 2, 3], "e3.gz"), cut = try put(gzipFixture + gzipFixture.dropLast(9), "e4.gz")
    defer { for path in [one, two, other, cut] { unlink(path) } }
    let bytes = try IDX.bytes(one).array(of: Float.self)
    #expect(try IDX.bytes(two).array(of: Float.self) == bytes + bytes)
    for path in [other, cut] { #expect(throws: TensorError.self) { try IDX.bytes(path) } }
  }

  /// Every way of storing numbers that is read, in both kinds of archive.
  @Test(arguments: ["plain.npz", "packed.npz"]) func npz(_ file: String) throws {
    let arrays = try NPZ.read(fixturePath(file))
    #expect(
      arrays.map(\.name) == ["fortran", "big", "half", "small", "words", "unsigned", "flags", "none"])
    let line = (0..<24).map(Double.init)
    let expected: [(ElementType, [Double])] = [
      (.f64, line), (.f32, line), (.f32, line.map { $0 / 4 }), (.i32, line.map { $0 - 12 }),
      (.i32, line.map { $0 + 65_500 }), (.i64, line.map { $0 + 2_147_483_648 }),
      (.bool, line.map { $0.truncatingRemainder(dividingBy: 2) == 0 ? 1 : 0 }), (.f32, []),
    ]
    for ((name, tensor), (type, values)) in zip(arrays, expected) {
      #expect(tensor.type == type && tensor.shape == (name == "none" ? [0, 3] : [2, 3, 4]), "\(name)")
      #expect((0..<tensor.count).map { tensor.element($0) } == values, "\(name)")
    }
  }

  /// An array that cannot be read is in nobody's way who does not ask for it.
  @Test func arraysByName() throws {
    let path = temporary("two.npz")
    defer { unlink(path) }
    try NPZ.write([("good", Tensor(scalar: 1)), ("bad", Tensor(scalar: 2))], to: path)
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let places = bytes.indices.filter { bytes[$0...].starts(with: Array("'<".utf8)) }
    bytes[try #require(places.last) + 2] = UInt8(ascii: "U")
    let damaged = try put(bytes, "text.npz")
    defer { unlink(damaged) }
    #expect(throws: TensorError.self) { try NPZ.read(damaged) }
    #expect(try NPZ.read(damaged, names: ["good"]).map(\.name) == ["good"])
    #expect(throws: TensorError.self) { try NPZ.read(damaged, names: ["missing"]) }
  }

  /// Several threads that write to one path leave one of what they wrote, complete.
  @Test func writersOfOnePath() throws {
    let path = temporary("same.npy")
    defer { unlink(path) }
    let arrays = try (0..<8).map { try Tensor([Float](repeating: Float($0), count: 10_000)) }
    let failures = Tensor(scalar: 0)
    let job = Writers(path: path, arrays: arrays, failures: failures)
    ck_parallel(
      8, 8,
      { context, _, piece in
        guard let context else { return }
        Unmanaged<Writers>.fromOpaque(context).takeUnretainedValue().run(Int(piece))
      }, Unmanaged.passUnretained(job).toOpaque())
    #expect(failures.integer(0) == 0)
    let found = try NPY.read(path).array(of: Float.self)
    #expect(found.count == 10_000 && Set(found).count == 1)
  }

  @Test func npzIsWrittenAndDamageSeen() throws {
    let path = temporary("a.npz")
    defer { unlink(path) }
    let arrays: [(name: String, tensor: Tensor)] = [
      ("weights", try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])), ("π", Tensor(scalar: 3)),
    ]
    try NPZ.write(arrays, to: path)
    let back = try NPZ.read(path)
    #expect(back.map(\.name) == ["weights", "π"])
    for ((_, a), (_, b)) in zip(arrays, back) { #expect(a.hasSameBits(as: b)) }
    #expect(throws: TensorError.self) { try NPZ.write([("a/b", Tensor(scalar: 3))], to: path) }
    var size: Int64 = 0
    var code: Int32 = 0
    let data = try #require(ck_read_file(path, &size, &code))
    defer { ck_release(data) }
    let damaged = temporary("b.npz")
    defer { unlink(damaged) }
    for place in stride(from: 0, to: Int(size), by: 7) {
      data[place] ^= 0x41
      var part: UnsafeRawPointer? = UnsafeRawPointer(data)
      #expect(ck_write_file(damaged, &part, &size, 1) == 0)
      // A changed byte is an error or, in what is not looked at (dates, versions), nothing.
      if let found = try? NPZ.read(damaged) {
        for (name, tensor) in found {
          if let old = arrays.first(where: { $0.name == name }) { #expect(old.tensor.hasSameBits(as: tensor)) }
        }
      }
      data[place] ^= 0x41
    }
    for length in stride(from: Int64(0), to: size, by: 11) {
      var part: UnsafeRawPointer? = UnsafeRawPointer(data)
      var cut = length
      #expect(ck_write_file(damaged, &part, &cut, 1) == 0)
      #expect(throws: TensorError.self) { try NPZ.read(damaged) }
    }
  }

  @Test func npy() throws {
    let floats = try NPY.read(fixturePath("f4.npy"))
    #expect(floats.shape == [2, 3] && floats.array(of: Float.self) == [0, 0.25, 0.5, 0.75, 1, 1.25])
    #expect(try NPY.read(fixturePath("i8.npy")).array(of: Int64.self) == [1, -2, 3])
    let scalar = try NPY.read(fixturePath("scalar.npy"))
    #expect(scalar.shape == [] && scalar.scalar == 2.5)
    for tensor in [floats, scalar, try Tensor([true, false]), try Tensor([] as [Double])] {
      let path = temporary("g.npy")
      defer { unlink(path) }
      try NPY.write(tensor, to: path)
      #expect(try NPY.read(path).hasSameBits(as: tensor))
    }
    #expect(throws: TensorError.self) { try NPY.read(fixturePath("functions.txt")) }
  }

  /// Integers of every width become i32 or i64, and those that fit neither are refused.
  @Test func storedElements() throws {
    func safetensor(_ dtype: String, _ width: Int, _ data: [UInt8]) throws -> Tensor {
      let places = "\"shape\":[\(data.count / width)],\"data_offsets\":[0,\(data.count)]"
      let header = "{\"a\":{\"dtype\":\"\(dtype)\",\(places)}}"
      let path = try put([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + data, "n-\(dtype)")
      defer { unlink(path) }
      return try Safetensors.read(path).tensors[0].tensor
    }
    #expect(try safetensor("I8", 1, [255, 127]).array(of: Int32.self) == [-1, 127])
    #expect(try safetensor("U8", 1, [255, 127]).array(of: Int32.self) == [255, 127])
    #expect(try safetensor("I16", 2, [254, 255, 0, 128]).array(of: Int32.self) == [-2, -32768])
    #expect(try safetensor("U16", 2, [254, 255, 0, 128]).array(of: Int32.self) == [65534, 32768])
    #expect(try safetensor("U32", 4, [254, 255, 255, 255]).array(of: Int64.self) == [4_294_967_294])
    #expect(try safetensor("U64", 8, [1, 0, 0, 0, 0, 0, 0, 127]).array(of: Int64.self) == [(127 << 56) + 1])
    #expect(throws: TensorError.self) { try safetensor("U64", 8, [0, 0, 0, 0, 0, 0, 0, 128]) }
    #expect(try safetensor("F16", 2, [0, 60, 0, 192]).array(of: Float.self) == [1, -2])
    #expect(try safetensor("BF16", 2, [128, 63, 0, 192]).array(of: Float.self) == [1, -2])
    #expect(try safetensor("BOOL", 1, [0, 7]).array(of: Bool.self) == [false, true])
    func array(_ descriptor: String, _ width: Int, _ data: [UInt8]) throws -> Tensor {
      var header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(data.count / width),), }"
      header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
      let path = try put([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0] + Array(header.utf8) + data, "o.npy")
      defer { unlink(path) }
      return try NPY.read(path)
    }
    #expect(try array(">u8", 8, [0, 0, 0, 0, 0, 0, 1, 2]).array(of: Int64.self) == [258])
    #expect(try array("<u8", 8, [2, 1, 0, 0, 0, 0, 0, 0]).array(of: Int64.self) == [258])
    #expect(throws: TensorError.self) { try array("<u8", 8, [0, 0, 0, 0, 0, 0, 0, 255]) }
    #expect(try array(">i2", 2, [255, 254]).array(of: Int32.self) == [-2])
    #expect(try array("|b1", 1, [3, 0]).array(of: Bool.self) == [true, false])
  }

  @Test func safetensors() throws {
    let path = temporary("h.safetensors")
    defer { unlink(path) }
    let weights = try Tensor([1.5, -2, 3, 4] as [Float], shape: [2, 2]), steps = Tensor(scalar: 7)
    try Safetensors.write(
      [("layer \"a\".weight", weights), ("steps", steps)], metadata: [("made by", "a test\n\u{1}")], to: path)
    let contents = try Safetensors.read(path)
    #expect(contents.tensors.map(\.name) == ["layer \"a\".weight", "steps"])
    #expect(contents.tensors[0].tensor.hasSameBits(as: weights) && contents.tensors[1].tensor.hasSameBits(as: steps))
    #expect(contents.metadata.map(\.value) == ["a test\n\u{1}"])
  }

  @Test(arguments: [
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
    "{\"a\":{\"dtype\":\"Q9\",\"shape\":[2],\"data_offsets\":[0,8]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e30],\"data_offsets\":[0,8]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[256],\"data_offsets\":[9223372036854773760,9223372036854774784]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "{\"a\":3}", "{", "[[[[", "nonsense", "",
  ]) func damagedSafetensors(header: String) throws {
    let length = UInt8(header.utf8.count)
    let path = try put([length, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0, 0, 0, 0, 0], "i\(length)")
    defer { unlink(path) }
    #expect {
      try Safetensors.read(path)
    } throws: {
      ($0 as? TensorError)?.message.hasPrefix(path) == true
    }
  }

  @Test func aTensorTwiceIsDamage() throws {
    let path = temporary("h2.safetensors")
    defer { unlink(path) }
    try Safetensors.write([("a", Tensor(scalar: 7)), ("a", Tensor(scalar: 8))], to: path)
    #expect(throws: TensorError.file(path, "the file is damaged: it holds `a` twice")) { try Safetensors.read(path) }
  }

  @Test func cifar() throws {
    let first: [UInt8] = [7] + [UInt8](repeating: 255, count: 3072)
    let second: [UInt8] = [3] + [UInt8](repeating: 51, count: 3072)
    let path = try put(first + second, "l.bin")
    defer { unlink(path) }
    let (images, labels) = try CIFAR.read(path)
    #expect(images.shape == [2, 3, 32, 32] && labels.array(of: Int64.self) == [7, 3])
    #expect(images.element(3071) == 1 && images.element(3072) == Double(Float(51) / 255))
    let short = try put(Array(first.dropLast()), "m.bin")
    defer { unlink(short) }
    #expect(throws: TensorError.self) { try CIFAR.read(short) }
  }

  @Test func hugeLengthsAreErrors() throws {
    let path = try put([255, 255, 255, 255, 255, 255, 255, 127, 1, 2], "j")
    defer { unlink(path) }
    #expect(throws: TensorError.self) { try Safetensors.read(path) }
    let idx = try put(
      [0, 0, 8, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], "k")
    defer { unlink(idx) }
    #expect(throws: TensorError.self) { try IDX.read(idx) }
  }

  @Test func whatIsToStopLeavesNoFileBehind() throws {
    let folder = NSTemporaryDirectory() + "/exp-stopped-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let great = [UInt8](repeating: 1, count: 9 << 20), path = folder + "/x"
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    var word: UInt32 = 1
    withUnsafePointer(to: &word) {
      let before = ck_watch($0)
      #expect(throws: TensorError.self) { try great.withUnsafeBytes { try WholeFile.write($0, to: path) } }
      _ = ck_watch(before)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    try great.withUnsafeBytes { try WholeFile.write($0, to: path) }
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == great)
  }
}
