import Foundation

/// A range as start, step and number of values: the i-th is `start + i * step`.
struct RangeCounts {
  var start: Value
  var step: Value
  var count: Int

  /// The i-th value, 0 ≤ i < count.
  func value(_ i: Int) -> Value {
    if start.tag == .int && step.tag == .int { return Value(start.asInt &+ i &* step.asInt) }
    return Value(start.number + Double(i) * step.number)
  }

  /// Whether a number is one of the values, exactly.
  func contains(_ x: Value) -> Bool {
    guard count > 0 else { return false }
    if start.tag == .int && step.tag == .int {
      guard let x = x.tag == .int ? x.asInt : Int(exactly: x.asDouble) else { return false }
      let first = start.asInt, step = step.asInt
      guard step > 0 ? x >= first : x <= first else { return false }
      // Up to 2^64 - 1 apart, which is no Int; a count that fits leaves room for the quotient.
      let distance = step > 0 ? UInt(bitPattern: x &- first) : UInt(bitPattern: first &- x)
      let (position, rest) = distance.quotientAndRemainder(dividingBy: step.magnitude)
      return rest == 0 && position < UInt(count)
    }
    let position = ((x.number - start.number) / step.number).rounded()
    guard position >= 0, position < Double(count) else { return false }
    return Machine.order(value(Int(position)), x) == 0
  }
}

extension RangeCounts {
  /// Why a range has no number of values.
  enum Uncountable: Error { case byZero, tooMany, withoutStep, withoutEnd }

  /// Counts what is between two numbers; without a step (none) ints go up by one.
  init(_ start: Value, _ end: Value, step: Value, isInclusive: Bool) throws(Uncountable) {
    if start.tag == .int && end.tag == .int && (step.isNone || step.tag == .int) {
      let step = step.isNone ? 1 : step.asInt
      if step == 0 { throw .byZero }
      let (distance, overflow) = end.asInt.subtractingReportingOverflow(start.asInt)
      if overflow { throw .tooMany }
      var count = 0
      if step == -1 || step == 1
        ? (step < 0 ? distance <= 0 : distance >= 0) : (distance == 0 || (distance > 0) == (step > 0))
      {
        if distance == Int.min { throw .tooMany }
        let whole = step == Int.min ? 0 : abs(distance) / abs(step)
        let isExact = step == Int.min ? distance == 0 : whole * abs(step) == abs(distance)
        let (counted, tooMany) = whole.addingReportingOverflow(isExact && !isInclusive ? 0 : 1)
        if tooMany { throw .tooMany }
        count = counted
      }
      self.init(start: start, step: Value(step), count: count)
      return
    }
    guard !step.isNone else { throw .withoutStep }
    let a = start.number, b = end.number, s = step.number
    if s == 0 || s.isNaN { throw .byZero }
    let steps = (b - a) / s
    guard steps.isFinite, abs(steps) < 9e15 else { throw .withoutEnd }
    guard steps >= 0 else {
      self.init(start: start, step: step, count: 0)
      return
    }
    // A last value that misses the end by rounding only is still the end: 0..1 by 0.1 has eleven values.
    let nearest = steps.rounded()
    let isExact = abs(steps - nearest) <= 1e-9 * max(1, nearest)
    let whole = isExact ? Int(nearest) : Int(steps)
    self.init(start: start, step: step, count: isExact && !isInclusive ? whole : whole + 1)
  }
}

extension Machine {
  /// Start, step and count of a range value.
  func rangeCounts(_ range: Value) throws -> RangeCounts {
    let object = range.range
    let isInclusive = object.pointee.header.flags & RangeObject.isInclusive != 0
    return try rangeCounts(
      object.pointee.start, object.pointee.end, step: object.pointee.step, isInclusive: isInclusive)
  }

  func rangeCounts(_ start: Value, _ end: Value, step: Value, isInclusive: Bool) throws -> RangeCounts {
    do {
      return try RangeCounts(start, end, step: step, isInclusive: isInclusive)
    } catch {
      switch error {
      case .byZero: throw RuntimeError("E0211", "the step of a range must not be 0", label: "step 0")
      case .tooMany: throw RuntimeError("E0211", "this range holds too many values to count")
      case .withoutStep:
        let step = brief(Value(Self.likelyStep(end.number - start.number)))
        throw RuntimeError(
          "E0211", "a range of floats needs a step", label: "\(brief(start)) to \(brief(end)), by what?",
          help: ["write `\(brief(start))..\(brief(end)) by \(step)`"])
      case .withoutEnd:
        throw RuntimeError(
          "E0211", "this range has no number of values", label: "its ends are not finite, or too far apart")
      }
    }
  }

  /// A power of ten that goes a distance, up or down, in five to fifty steps.
  private static func likelyStep(_ distance: Double) -> Double {
    let step = pow(10, log10(abs(distance) / 5).rounded(.down))
    return step > 0 && step.isFinite ? (distance < 0 ? -step : step) : 0.1
  }

  /// A number for the end or step of a range: rank-0 tensors count.
  func rangeNumber(_ value: Value, _ what: String) throws -> Value {
    if value.isNumber { return value }
    if value.tag == .tensor, let scalar = try TensorHooks.scalar(self, value), scalar.isNumber { return scalar }
    throw RuntimeError("E0211", "the \(what) of a range must be a number, not \(brief(value))")
  }
}
