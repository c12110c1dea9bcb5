/// One instruction: operation in bits 0–7, `x` in 8–15, `a`, `b`, `c` in 16–31, 32–47, 48–63. Jumps are relative to
/// the next instruction and stand in `c` (16 bits) or in `b` and `c` together (32 bits).
struct Instruction {
  var bits: UInt64

  init(bits: UInt64) { self.bits = bits }
  init(_ op: Op, x: Int = 0, a: Int = 0, b: Int = 0, c: Int = 0) {
    bits =
      UInt64(op.rawValue) | UInt64(x & 0xFF) << 8 | UInt64(a & 0xFFFF) << 16 | UInt64(b & 0xFFFF) << 32
      | UInt64(c & 0xFFFF) << 48
  }

  /// Every byte is an operation: the compiler emits no other, and `Op` is exhaustive up to `Op.last`.
  @inline(__always) var op: Op { unsafeBitCast(UInt8(truncatingIfNeeded: bits), to: Op.self) }
  @inline(__always) var x: Int { Int(truncatingIfNeeded: (bits >> 8) & 0xFF) }
  @inline(__always) var a: Int { Int(truncatingIfNeeded: (bits >> 16) & 0xFFFF) }
  @inline(__always) var b: Int { Int(truncatingIfNeeded: (bits >> 32) & 0xFFFF) }
  @inline(__always) var c: Int { Int(truncatingIfNeeded: bits >> 48) }
  /// `b` and `c` as one signed number.
  @inline(__always) var jump: Int { Int(Int64(bitPattern: bits) >> 32) }
  /// `c` as a signed number.
  @inline(__always) var shortJump: Int { Int(Int64(bitPattern: bits) >> 48) }

  func replacing(jump: Int) -> Instruction {
    Instruction(bits: bits & 0xFFFF_FFFF | UInt64(bitPattern: Int64(jump)) << 32)
  }
  func replacing(shortJump: Int) -> Instruction {
    Instruction(bits: bits & 0xFFFF_FFFF_FFFF | UInt64(bitPattern: Int64(shortJump)) << 48)
  }
  func replacing(op: Op) -> Instruction { Instruction(bits: bits & ~0xFF | UInt64(op.rawValue)) }
  func replacing(x: Int) -> Instruction { Instruction(bits: bits & ~0xFF00 | UInt64(x & 0xFF) << 8) }
}
