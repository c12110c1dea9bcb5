/// Escaping for HTML and SVG; every text that comes from a study goes through it.
enum Markup {
  /// Text for element contents and quoted attributes. Control characters become visible signs.
  static func escape(_ text: some StringProtocol) -> String {
    var out = String.UnicodeScalarView()
    for s in DatumText.clean(text).unicodeScalars {
      switch s {
      case "&": out.append(contentsOf: "&amp;".unicodeScalars)
      case "<": out.append(contentsOf: "&lt;".unicodeScalars)
      case ">": out.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
      case "'": out.append(contentsOf: "&#39;".unicodeScalars)
      default: out.append(s)
      }
    }
    return String(out)
  }

  /// A coordinate with at most two decimals.
  static func number(_ x: Double) -> String {
    guard x.isFinite else { return "0" }
    let hundredths = (min(max(x, -1e9), 1e9) * 100).rounded()
    guard hundredths != 0 else { return "0" }
    return NumberFormat.trimmed(NumberFormat.fixed(hundredths / 100, 2))
  }

  /// Base 64 for embedded pictures.
  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for i in stride(from: 0, to: bytes.count, by: 3) {
      let rest = bytes.count - i
      let a = Int(bytes[i]), b = rest > 1 ? Int(bytes[i + 1]) : 0, c = rest > 2 ? Int(bytes[i + 2]) : 0
      out.append(digits[a >> 2])
      out.append(digits[(a & 3) << 4 | b >> 4])
      out.append(rest > 1 ? digits[(b & 15) << 2 | c >> 6] : UInt8(ascii: "="))
      out.append(rest > 2 ? digits[c & 63] : UInt8(ascii: "="))
    }
    return String(decoding: out, as: UTF8.self)
  }
}
