import Foundation
import Syntax

/// Comparisons beyond two ints or two floats.
extension Machine {
  /// `target = a op b` as a value.
  @inline(never) func compareSlow(
    _ op: ComparisonOperator, _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>,
    _ b: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let result = try compare(op, a.pointee, b.pointee, isSwapped: flags & 8 != 0)
    if flags & 1 != 0 { Machine.drop(heap, a) }
    if flags & 2 != 0 { Machine.drop(heap, b) }
    Machine.put(heap, target, result)
  }

  /// A comparison whose outcome is a condition.
  @inline(never) func compareToJump(
    _ op: ComparisonOperator, _ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws -> Bool {
    if op == .equal, a.pointee.tag == .string, b.pointee.tag == .string {
      let outcome = heap.stringsEqual(a.pointee, b.pointee)
      dropBoth(a, b, flags)
      return outcome
    }
    let result = try compare(op, a.pointee, b.pointee, isSwapped: flags & 8 != 0)
    if result.tag == .tensor {
      defer { heap.release(result) }
      let outcome = try TensorHooks.condition(self, result)
      dropBoth(a, b, flags)
      return outcome
    }
    dropBoth(a, b, flags)
    return result.asBool
  }

  private func dropBoth(_ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>, _ flags: Int) {
    if flags & 1 != 0 { Machine.drop(heap, a) }
    if flags & 2 != 0 { Machine.drop(heap, b) }
  }

  /// `in` and `≈`; the word names operator and tolerance register.
  @inline(never) func compareOther(
    _ word: Instruction, _ registers: UnsafeMutablePointer<Value>, _ target: UnsafeMutablePointer<Value>,
    _ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let op = ComparisonOperator.allCases[word.a]
    let tolerance = word.b > 0 ? registers[word.b - 1] : .none
    let result = try compareOther(op, a.pointee, b.pointee, tolerance)
    dropBoth(a, b, flags)
    Machine.put(heap, target, result)
  }

  func compareOther(_ op: ComparisonOperator, _ a: Value, _ b: Value, _ tolerance: Value) throws -> Value {
    switch op {
    case .member: return Value(try isMember(a, of: b))
    case .close:
      if a.tag == .tensor || b.tag == .tensor {
        return try TensorHooks.compare(self, .close, a, b, tolerance: tolerance)
      }
      return Value(try isClose(a, b, tolerance))
    default: return try compare(op, a, b, isSwapped: false)
    }
  }

  /// `a op b` for all but `in` and `≈`; a tensor on a side gives a tensor.
  func compare(_ op: ComparisonOperator, _ a: Value, _ b: Value, isSwapped: Bool) throws -> Value {
    if a.tag == .tensor || b.tag == .tensor {
      if (op == .equal || op == .notEqual) && (a.isNone || b.isNone) { return Value(op == .notEqual) }
      return try TensorHooks.compare(self, op, a, b, tolerance: .none)
    }
    switch op {
    case .equal, .notEqual:
      let isSame = isEqual(a, b)
      try pollInterrupt()
      return Value(isSame == (op == .equal))
    default: break
    }
    if a.isNumber && b.isNumber {
      let order = Machine.order(a, b)
      switch op {
      case .less: return Value(order == -1)
      case .lessEqual: return Value(order == -1 || order == 0)
      case .greater: return Value(order == 1)
      default: return Value(order == 1 || order == 0)
      }
    }
    guard a.tag == .string && b.tag == .string else { throw incomparable(op, a, b, isSwapped: isSwapped) }
    let order = Machine.order(strings: a, b)
    switch op {
    case .less: return Value(order < 0)
    case .lessEqual: return Value(order <= 0)
    case .greater: return Value(order > 0)
    default: return Value(order >= 0)
    }
  }

  private func incomparable(_ op: ComparisonOperator, _ a: Value, _ b: Value, isSwapped: Bool) -> RuntimeError {
    let sign = isSwapped ? op.rawValue.replacingOccurrences(of: "<", with: ">") : op.rawValue
    let (x, y) = isSwapped ? (b, a) : (a, b)
    return RuntimeError(
      "E0203", "`\(sign)` needs two numbers or two strings, not \(brief(x)) and \(brief(y))",
      label: "\(x.kindName) \(sign) \(y.kindName)",
      help: [x, y].contains { $0.tag == .list || $0.tag == .range } && ![x, y].contains { $0.tag == .string }
        ? ["only tensors are compared element by element: `tensor(xs)` makes one of a list or range"] : [])
  }

  /// -1, 0 or 1; 2 when a NaN is among them. Ints and floats compare exactly.
  static func order(_ a: Value, _ b: Value) -> Int {
    if a.tag == .int && b.tag == .int { return a.asInt < b.asInt ? -1 : a.asInt > b.asInt ? 1 : 0 }
    let x = a.number, y = b.number
    if x.isNaN || y.isNaN { return 2 }
    if x != y || a.tag == b.tag { return x < y ? -1 : x > y ? 1 : 0 }
    // Equal as doubles: the int may have been rounded.
    let (int, float, sign) = a.tag == .int ? (a.asInt, y, 1) : (b.asInt, x, -1)
    guard let exact = Int(exactly: float) else { return float > 0 ? -sign : sign }
    return int < exact ? -sign : int > exact ? sign : 0
  }

  /// By Unicode scalars, which is the order of UTF-8 bytes.
  static func order(strings a: Value, _ b: Value) -> Int {
    let x = a.string.buffer, y = b.string.buffer
    if let first = x.baseAddress, let second = y.baseAddress {
      let order = memcmp(first, second, min(x.count, y.count))
      if order != 0 { return order < 0 ? -1 : 1 }
    }
    return x.count == y.count ? 0 : x.count < y.count ? -1 : 1
  }

  private func isMember(_ a: Value, of b: Value) throws -> Bool {
    switch b.tag {
    case .list:
      for i in 0..<b.list.count {
        try pollInterrupt(at: i)
        if isSame(a, b.list.elements[i]) && !isNaN(a) { return true }
      }
      return false
    case .range:
      guard a.isNumber else { return false }
      let counts = try rangeCounts(b)
      return counts.contains(a)
    case .string:
      guard a.tag == .string else { break }
      let part = a.string.buffer
      return try part.isEmpty || !Natives.occurrences(of: part, in: b.string.buffer, self, limit: 1).isEmpty
    case .record:
      guard a.tag == .string else { break }
      return withKey(a) { heap.field(b, $0) != nil }
    case .table:
      guard a.tag == .string else { break }
      return withKey(a) { heap.field(b.box.pointee.first, $0) != nil }
    default: break
    }
    throw RuntimeError(
      "E0203",
      "`in` looks for a value in a list or range, a text in a string, a name in a record or table; not for \(brief(a)) in \(brief(b))"
    )
  }

  private func isNaN(_ a: Value) -> Bool { a.tag == .float && a.asDouble.isNaN }

  /// Runs a body with the interned form of a string.
  func withKey<R>(_ name: Value, _ body: (Value) -> R) -> R {
    let key = heap.interned(name)
    defer { heap.release(key) }
    return body(key)
  }

  /// How far off a number may be that is close to this one where nothing else is said; nothing but itself is close to an infinite one.
  static func closeness(to number: Double) -> Double { min(1e-6 * max(1, abs(number)), .greatestFiniteMagnitude) }

  /// `a ≈ b`, also leaf by leaf of lists and records.
  func isClose(_ a: Value, _ b: Value, _ tolerance: Value) throws -> Bool {
    guard tolerance.isNone || tolerance.isNumber else {
      throw RuntimeError("E0203", "`within` needs a number, not \(brief(tolerance))")
    }
    var work = [(a, b)]
    while let (x, y) = work.popLast() {
      try pollInterrupt()
      if x.isNumber && y.isNumber {
        let limit = tolerance.isNone ? Machine.closeness(to: y.number) : tolerance.number
        if !(x.number == y.number || abs(x.number - y.number) <= limit) { return false }
      } else if x.tag == .list && y.tag == .list {
        guard x.list.count == y.list.count else { return false }
        for i in 0..<x.list.count { work.append((x.list.elements[i], y.list.elements[i])) }
      } else if x.tag == .record && y.tag == .record {
        guard x.record.count == y.record.count else { return false }
        for i in 0..<x.record.count {
          guard let other = heap.field(y, x.record.key(i)) else { return false }
          work.append((x.record.values[i], other))
        }
      } else if x.tag == .tensor || y.tag == .tensor {
        let outcome = try TensorHooks.compare(self, .close, x, y, tolerance: tolerance)
        defer { heap.release(outcome) }
        let holds = outcome.tag == .tensor ? try TensorHooks.all(self, outcome) : outcome.asBool
        if !holds { return false }
      } else {
        throw RuntimeError("E0203", "`≈` compares numbers and tensors, not \(brief(x)) and \(brief(y))")
      }
    }
    return true
  }

  // MARK: equality by content

  /// `a == b` where neither is a tensor: NaN equals nothing.
  func isEqual(_ a: Value, _ b: Value) -> Bool { matches(a, b, nanIsSame: false) }

  /// `same(a, b)`: NaN is same as NaN.
  func isSame(_ a: Value, _ b: Value) -> Bool { matches(a, b, nanIsSame: true) }

  /// Pairs to compare stand in `work`; of two lists also the place from which on.
  private func matches(_ first: Value, _ second: Value, nanIsSame: Bool) -> Bool {
    if !first.isHeap || first.tag == .string { return atomsMatch(first, second, nanIsSame) }
    var work = [(first, second, 0)]
    while let (a, b, next) = work.popLast() {
      if isInterrupted { return false }
      if nanIsSame && a.isIdentical(b) { continue }
      switch (a.tag, b.tag) {
      case (.list, .list):
        guard a.list.count == b.list.count else { return false }
        // What is inside comes before the rest of the lists: the work is as long as they are deep, not as long as they are.
        for i in next..<a.list.count {
          let x = a.list.elements[i], y = b.list.elements[i]
          guard !x.isHeap || x.tag == .string else {
            work.append((a, b, i + 1))
            work.append((x, y, 0))
            break
          }
          if !atomsMatch(x, y, nanIsSame) || (i & 0xFFFF == 0 && isInterrupted) { return false }
        }
      case (.record, .record):
        guard recordsMatch(a, b, &work) else { return false }
      case (.closure, .closure):
        guard a.closure.pointee.prototype == b.closure.pointee.prototype else { return false }
        for i in 0..<a.closure.captureCount { work.append((a.closure.captures[i], b.closure.captures[i], 0)) }
      case (.range, .range):
        let x = a.range, y = b.range
        if let first = try? rangeCounts(a), let second = try? rangeCounts(b) {
          guard first.count == second.count else { return false }
          if first.count > 0 { work.append((first.start, second.start, 0)) }
          if first.count > 1 { work.append((first.step, second.step, 0)) }
          continue
        }
        guard x.pointee.header.flags == y.pointee.header.flags else { return false }
        work.append((x.pointee.start, y.pointee.start, 0))
        work.append((x.pointee.end, y.pointee.end, 0))
        work.append((x.pointee.step, y.pointee.step, 0))
      case (.table, .table): work.append((a.box.pointee.first, b.box.pointee.first, 0))
      case (.figure, .figure): work.append((a.box.pointee.first, b.box.pointee.first, 0))
      case (.overload, .overload), (.module, .module), (.bound, .bound):
        guard a.boxedObject === b.boxedObject else { return false }
        work.append((a.box.pointee.first, b.box.pointee.first, 0))
        work.append((a.box.pointee.second, b.box.pointee.second, 0))
      case (.tensor, _), (_, .tensor):
        if a.tag == .tensor && b.tag == .tensor {
          guard TensorHooks.same(self, a, b) else { return false }
        } else {
          guard let scalar = try? TensorHooks.scalar(self, a.tag == .tensor ? a : b),
            atomsMatch(scalar, a.tag == .tensor ? b : a, nanIsSame)
          else { return false }
        }
      default: guard atomsMatch(a, b, nanIsSame) else { return false }
      }
    }
    return true
  }

  private func recordsMatch(_ a: Value, _ b: Value, _ work: inout [(Value, Value, Int)]) -> Bool {
    guard a.record.count == b.record.count else { return false }
    let isSameShape = a.record.shape == b.record.shape
    for i in 0..<a.record.count {
      if isSameShape {
        work.append((a.record.values[i], b.record.values[i], 0))
      } else {
        guard let other = heap.field(b, a.record.key(i)) else { return false }
        work.append((a.record.values[i], other, 0))
      }
    }
    return true
  }

  private func atomsMatch(_ a: Value, _ b: Value, _ nanIsSame: Bool) -> Bool {
    if a.isNumber && b.isNumber {
      if nanIsSame, a.number.isNaN, b.number.isNaN { return true }
      return Machine.order(a, b) == 0
    }
    if a.tag != b.tag {
      if b.tag == .tensor, let scalar = try? TensorHooks.scalar(self, b) { return atomsMatch(a, scalar, nanIsSame) }
      return false
    }
    return a.tag == .string ? heap.stringsEqual(a, b) : a.bits == b.bits
  }
}
