import CKernels
import Tensors

/// The compiled variants that this processor runs, best first; the last is the baseline.
let variants: [ck_table] = (0..<ck_variant_count()).compactMap { ck_variant($0)?.pointee }

func name(_ table: ck_table) -> String { String(cString: table.name) }

/// Bits with every NaN the same.
func canonical(_ value: Float) -> UInt32 { value.isNaN ? 0x7fc0_0000 : value.bitPattern }
func canonical(_ value: Double) -> UInt64 { value.isNaN ? 0x7ff8_0000_0000_0000 : value.bitPattern }

/// Deterministic test data.
struct Source {
  var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
  /// In -1 ..< 1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-52 - 1 }
  mutating func floats(_ n: Int, scale: Double = 1) -> [Float] { (0..<n).map { _ in Float(unit() * scale) } }
  mutating func doubles(_ n: Int, scale: Double = 1) -> [Double] { (0..<n).map { _ in unit() * scale } }
}

/// Distance in units in the last place of the reference.
func ulps(_ value: Double, _ reference: Double) -> Double {
  if value.isNaN && reference.isNaN || value == reference { return 0 }
  if !value.isFinite || !reference.isFinite { return .infinity }
  return abs(value - reference) / max(abs(reference).ulp, .leastNonzeroMagnitude)
}
func ulps(_ value: Float, _ reference: Double) -> Double {
  let rounded = Float(reference)
  if value.isNaN && reference.isNaN || value == rounded { return 0 }
  if !value.isFinite || !rounded.isFinite { return .infinity }
  return abs(Double(value) - reference) / Double(max(abs(rounded).ulp, .leastNonzeroMagnitude))
}

/// A file of Tests/TensorsTests/Fixtures, as lines.
func fixture(_ name: String, file: StaticString = #filePath) throws -> [Substring] {
  let text = try readText(fixturePath(name, file: file))
  return text.split(separator: "\n", omittingEmptySubsequences: true)
}
func fixturePath(_ name: String, file: StaticString = #filePath) -> String {
  let path = "\(file)"
  return path[..<(path.lastIndex(of: "/") ?? path.startIndex)] + "/Fixtures/" + name
}
struct Unreadable: Error { let path: String }
func readText(_ path: String) throws -> String {
  var size: Int64 = 0
  var code: Int32 = 0
  guard let data = ck_read_file(path, &size, &code) else { throw Unreadable(path: path) }
  defer { ck_release(data) }
  return String(decoding: UnsafeBufferPointer(start: data, count: Int(size)), as: UTF8.self)
}
