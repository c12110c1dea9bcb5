import CKernels

/// An element as it lies in a file, and the type that it becomes.
struct StoredElement {
  /// NumPy's letter of a kind, or `g` for bfloat16, which NumPy does not know.
  private let kind: Character
  let width: Int
  private let isSwapped: Bool
  let type: ElementType

  /// By NumPy's description, as in `<f4`; nil for one that no tensor can hold.
  init?(_ descriptor: String) {
    guard let order = descriptor.first, "<>|=".contains(order), let kind = descriptor.dropFirst().first,
      let width = Int(descriptor.dropFirst(2))
    else { return nil }
    let types: [String: ElementType] = [
      "f2": .f32, "g2": .f32, "f4": .f32, "f8": .f64, "b1": .bool, "i1": .i32, "i2": .i32, "i4": .i32, "i8": .i64,
      "u1": .i32, "u2": .i32, "u4": .i64, "u8": .i64,
    ]
    guard let type = types["\(kind)\(width)"] else { return nil }
    (self.kind, self.width, self.type) = (kind, width, type)
    isSwapped = order == ">" && width > 1
  }

  /// Whether it lies in the file as in memory. Bools may be any byte there.
  var isPlain: Bool { !isSwapped && width == type.byteCount && "fi".contains(kind) }

  /// Copies `count` elements. Throws `badFile`, with the file's or array's `name`, where one does not fit the type,
  /// and where the thread is to stop.
  func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, _ name: String) throws {
    if isPlain {
      Kernels.copy(from: source, to: target, byteCount: count * width)
      return try stopIfAsked(name)
    }
    switch width {
    case 1: try widen(UInt8.self, source, target, count, name)
    case 2: try widen(UInt16.self, source, target, count, name)
    case 4: try widen(UInt32.self, source, target, count, name)
    default: try widen(UInt64.self, source, target, count, name)
    }
  }

  private func stopIfAsked(_ name: String) throws {
    if ck_stopped() != 0 { throw TensorError.file(name, "it was not read to its end") }
  }

  private func widen<Bits: FixedWidthInteger & UnsignedInteger>(
    _ bitsType: Bits.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, _ name: String
  ) throws {
    for i in 0..<count {
      if i & 0xFFFF == 0 { try stopIfAsked(name) }
      let stored = source.loadUnaligned(fromByteOffset: i * width, as: Bits.self)
      let bits = UInt64(isSwapped ? Bits(bigEndian: stored) : Bits(littleEndian: stored))
      if kind == "u", bits > UInt64(Int64.max) {
        throw TensorError.file(
          name, "element \(i) is \(bits), which is more than an i64 holds", help: "save it as float64")
      }
      store(bits, target + i * type.byteCount)
    }
  }

  private func store(_ bits: UInt64, _ target: UnsafeMutableRawPointer) {
    let whole = kind == "i" ? Int64(bitPattern: bits << (64 - 8 * width)) >> (64 - 8 * width) : Int64(bitPattern: bits)
    switch type {
    case .f32:
      let value =
        switch (kind, width) {
        case ("g", _): UInt32(truncatingIfNeeded: bits) << 16
        case (_, 2): HalfFloat.widened(UInt16(truncatingIfNeeded: bits)).bitPattern
        default: UInt32(truncatingIfNeeded: bits)
        }
      target.storeBytes(of: value, as: UInt32.self)
    case .f64: target.storeBytes(of: bits, as: UInt64.self)
    case .i32: target.storeBytes(of: Int32(truncatingIfNeeded: whole), as: Int32.self)
    case .i64: target.storeBytes(of: whole, as: Int64.self)
    case .bool: target.storeBytes(of: bits == 0 ? 0 : 1, as: UInt8.self)
    }
  }
}
