import CKernels
import Tensors
import Testing

/// Serialized: they read the process-wide counters.
@Suite(.serialized) struct StorageTests {
  @Test func blocksAreAlignedAndReused() throws {
    for bytes in [0, 1, 63, 64, 65, 100, 4096, 5000, 1 << 20] {
      let storage = try Storage(byteCount: bytes)
      #expect(Int(bitPattern: storage.base) % 64 == 0)
      memset(storage, bytes)
    }
    var address: UnsafeMutableRawPointer?
    do { address = try Storage(byteCount: 777_777).base }
    #expect(try Storage(byteCount: 770_000).base == address, "a block of the same class comes back")
  }
  private func memset(_ storage: Storage, _ bytes: Int) {
    for i in stride(from: 0, to: bytes, by: 61) { storage.base.storeBytes(of: 1, toByteOffset: i, as: UInt8.self) }
  }

  /// Sizes of neighbouring classes never overlap: every block holds what was asked for.
  @Test func classesHoldTheirSizes() throws {
    var live: [Storage] = []
    for bytes in stride(from: 1, to: 3000, by: 37) {
      let storage = try Storage(byteCount: bytes)
      storage.base.initializeMemory(as: UInt8.self, repeating: UInt8(live.count & 255), count: bytes)
      live.append(storage)
    }
    for (i, storage) in live.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount)
      #expect(bytes.allSatisfy { $0 == UInt8(i & 255) })
    }
  }

  #if compiler(>=6.2)
    /// In a process of its own, which the test library of Swift 6.1 cannot begin: the limit is the process's, and other
    /// tests run beside this one.
    @Test func theLimitIsAnError() async {
      await #expect(processExitsWith: .success) {
        MemoryPool.limit = MemoryPool.liveBytes + (64 << 20)
        #expect(throws: TensorError.self) { try Tensor(uninitialized: [1 << 26], type: .f32) }
        _ = try Tensor(uninitialized: [1 << 10], type: .f32)
        MemoryPool.limit = 0
        #expect(throws: TensorError.self) { try Tensor(uninitialized: [1 << 12], type: .f64) }
        #expect(Tensor(scalar: 2.5).scalar == 2.5)
      }
    }
  #endif

  @Test func impossibleShapesAreErrors() {
    #expect(throws: TensorError.self) { try Tensor(uninitialized: [Int.max, 2], type: .f32) }
    #expect(throws: TensorError.self) { try Tensor(uninitialized: [1 << 40, 1 << 40], type: .f32) }
    #expect(throws: TensorError.self) { try Tensor(uninitialized: [-1], type: .f32) }
    #expect(throws: TensorError.self) { try Tensor([1, 2, 3] as [Float], shape: [2]) }
    #expect(throws: Never.self) { try Tensor(uninitialized: [0, 5], type: .f32) }
  }

  @Test func elements() throws {
    let tensor = try Tensor([1, 2, 3, 4] as [Int32], shape: [2, 2])
    #expect(tensor.element(3) == 4 && tensor.integer(2) == 3 && tensor.element(4).isNaN && tensor.integer(-1) == 0)
    #expect(try tensor.reshaped([4]).array(of: Int32.self) == [1, 2, 3, 4])
    #expect(throws: TensorError.self) { try tensor.reshaped([3]) }
    #expect(tensor.array(of: Float.self).isEmpty)
    #expect(Tensor(scalar: 5).integerScalar == 5 && Tensor(scalar: true).scalar == 1 && tensor.scalar == nil)
    #expect(try Tensor(repeating: 2.5, shape: [3], type: .f32).array(of: Float.self) == [2.5, 2.5, 2.5])
    #expect(
      try Tensor(repeating: 1, shape: [2, 2], type: .bool).hasSameBits(
        as: Tensor([true, true, true, true], shape: [2, 2])))
  }

  /// The raw values of the Swift enumerations are the codes of the C kernels.
  @Test func codesAgree() {
    #expect(Int(ElementType.bool.rawValue) == CK_BOOL.intValue)
    #expect(Int(UnaryOperation.isFinite.rawValue) == CK_ISFINITE.intValue)
    #expect(Int(UnaryOperation.gelu.rawValue) == CK_GELU.intValue)
    #expect(Int(BinaryOperation.xor.rawValue) == CK_XOR.intValue)
    #expect(Int(BinaryOperation.power.rawValue) == CK_POWER.intValue)
    #expect(Int(Comparison.greaterEqual.rawValue) == CK_GREATEREQUAL.intValue)
    #expect(Int(Reduction.all.rawValue) == CK_ALL.intValue)
  }
}

extension RawRepresentable where RawValue: BinaryInteger {
  var intValue: Int { Int(rawValue) }
}
extension BinaryInteger {
  var intValue: Int { Int(self) }
}
