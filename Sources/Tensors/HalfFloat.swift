/// IEEE half precision, which files hold and tensors do not.
enum HalfFloat {
  /// The same number as a float.
  static func widened(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    let value =
      exponent == 0
      ? fraction * 0x1p-24 : (1 + fraction * 0x1p-10) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    return sign * value
  }
}
