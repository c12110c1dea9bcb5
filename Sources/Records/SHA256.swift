import CHashes

/// SHA-256 (FIPS 180-4), for run ids, manifests and trial keys. Feed bytes with `update`, then take `finish()` once.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// What is no whole block yet.
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  /// Starts a hash.
  public init() { pending.reserveCapacity(64) }

  /// The hash of bytes, as 32 bytes.
  public static func bytes(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The hash of bytes, as 64 lower-case hexadecimal digits.
  public static func hex(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finishHex()
  }

  /// The hash of a text's UTF-8 bytes, as 64 lower-case hexadecimal digits.
  public static func hex(_ text: String) -> String { hex(Array(text.utf8)) }

  /// Takes in more bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// Takes in more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length &+= UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let missing = rest.prefix(64 - pending.count)
      pending += missing
      rest = rest.dropFirst(missing.count)
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { SHA256.take($0[...], &state) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.prefix(rest.count & ~63)
    SHA256.take(whole, &state)
    pending += rest.dropFirst(whole.count)
  }

  /// The 32 bytes of the hash.
  public mutating func finish() -> [UInt8] {
    let bits = length &* 8
    var padding: [UInt8] = [0x80]
    while (pending.count + padding.count) % 64 != 56 { padding.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      padding.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    update(padding)
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  /// The hash as 64 lower-case hexadecimal digits.
  public mutating func finishHex() -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    for byte in finish() {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func take(_ blocks: Slice<UnsafeRawBufferPointer>, _ state: inout [UInt32]) {
    let bytes = UnsafeRawBufferPointer(rebasing: blocks)
    guard let start = bytes.baseAddress else { return }
    ch_sha256_blocks(&state, start.assumingMemoryBound(to: UInt8.self), Int64(bytes.count / 64))
  }
}
