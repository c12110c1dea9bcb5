import CKernels
import Foundation
import Tensors
import Testing

/// Damaged array files end in an array or an error. `EXP_FUZZ_SEED` makes others, `EXP_FUZZ_ROUNDS` so many times as many.
@Suite struct FileFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment

  /// Whole files of every format, and how each is read.
  private static func samples() throws -> [(name: String, bytes: [UInt8], read: (String) throws -> Void)] {
    let folder = NSTemporaryDirectory() + "/exp-fuzz-\(getpid())-"
    func made(_ write: (String) throws -> Void) throws -> [UInt8] {
      defer { unlink(folder + "whole") }
      try write(folder + "whole")
      return try Array(Data(contentsOf: URL(fileURLWithPath: folder + "whole")))
    }
    func fixture(_ name: String) throws -> [UInt8] {
      try Array(Data(contentsOf: URL(fileURLWithPath: fixturePath(name))))
    }
    let array = try Tensor((0..<24).map(Float.init), shape: [2, 3, 4])
    let npz: (String) throws -> Void = { _ = try NPZ.read($0) }
    return [
      ("npy", try made { try NPY.write(array, to: $0) }, { _ = try NPY.read($0) }),
      ("fortran.npy", try fixture("f4.npy"), { _ = try NPY.read($0) }),
      ("plain.npz", try fixture("plain.npz"), npz), ("packed.npz", try fixture("packed.npz"), npz),
      (
        "safetensors",
        try made { try Safetensors.write([("w", array), ("s", Tensor(scalar: 7))], metadata: [("k", "v")], to: $0) },
        { _ = try Safetensors.read($0) }
      ),
      ("idx", [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6], { _ = try IDX.read($0) }),
      ("idx.gz", gzipFixture, { _ = try IDX.read($0, type: .i32) }),
      ("cifar", [7] + [UInt8](repeating: 255, count: 3072), { _ = try CIFAR.read($0) }),
    ]
  }

  @Test func damagedFilesEnd() throws {
    let rounds = 150 * max(1, Int(Self.environment["EXP_FUZZ_ROUNDS"] ?? "") ?? 1)
    var random = Source(UInt64(Self.environment["EXP_FUZZ_SEED"] ?? "") ?? 1)
    let path = NSTemporaryDirectory() + "/exp-fuzz-\(getpid())-damaged"
    defer { unlink(path) }
    func below(_ bound: Int) -> Int { Int(random.next() >> 16) % bound }
    for (name, whole, read) in try Self.samples() {
      var wrong = 0
      for _ in 0..<rounds {
        var bytes = whole
        for _ in 0...below(3) where !bytes.isEmpty {
          // Mostly in the header, where lengths and types stand.
          let at = below(below(2) == 0 ? min(bytes.count, 128) : bytes.count)
          switch below(6) {
          case 0: bytes.removeSubrange(at...)
          case 1: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(9)))
          case 2: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + below(40))], at: at)
          case 3: for i in at..<min(bytes.count, at + 8) { bytes[i] = below(2) == 0 ? 0xFF : 0x7F }
          case 4: bytes[at] = UInt8(below(10)) + 0x30
          default: bytes[at] = UInt8(below(256))
          }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        if let last = Self.environment["EXP_FUZZ_LAST"] {
          try Data(bytes).write(to: URL(fileURLWithPath: last + "-file"))
        }
        do { try read(path) } catch is TensorError { wrong += 1 }
      }
      #expect(wrong > rounds / 10, "\(name): hardly anything is found wrong")
    }
  }
}
