import CKernels

/// Keys of the counter-based generator (Philox 4x32-10): pure functions from keys to keys.
public enum RandomKey {
  /// A new key from a key and a number; keys of different numbers are independent streams.
  public static func derive(_ key: Int64, _ number: Int64) -> Int64 {
    Int64(bitPattern: ck_derive(UInt64(bitPattern: key), UInt64(bitPattern: number)))
  }
  /// The same with labels, as the design writes it.
  public static func derive(key: Int64, number: Int64) -> Int64 { derive(key, number) }

  /// A key from text: its UTF-8 bytes in words of eight, little-endian, chained through `derive`, then their number.
  public static func hash(_ text: String) -> Int64 {
    var key: Int64 = 0x4578_7020_6b65_7973
    var word: UInt64 = 0
    var filled: UInt64 = 0
    var length: Int64 = 0
    for byte in text.utf8 {
      word |= UInt64(byte) << (8 * filled)
      filled += 1
      length += 1
      if filled == 8 {
        key = derive(key, Int64(bitPattern: word))
        word = 0
        filled = 0
      }
    }
    if filled > 0 { key = derive(key, Int64(bitPattern: word)) }
    return derive(key, length)
  }
}
