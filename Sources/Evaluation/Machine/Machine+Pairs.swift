/// Two instructions in one: where the second takes what the first puts into a temporary, and both are numbers or parts of
/// lists and records as a rule, the loop does both at once. Done to the loaded code: the first becomes one of the
/// operations below and the second stays behind it, for jumps, for errors and for whatever is no pair after all.
extension Machine {
  /// Makes the pairs of loaded code. Registers from `locals` on are temporaries.
  static func pair(_ code: UnsafeMutablePointer<Instruction>, count: Int, locals: Int) {
    var place = 0
    while place + 1 < count {
      let first = code[place], next = code[place + 1]
      if first.a >= locals, let pair = pair(first, next) {
        code[place] = pair
        place += 1
      }
      place += 1
    }
  }

  /// The pair that two instructions are, in place of the first; nil where they are none.
  private static func pair(_ first: Instruction, _ next: Instruction) -> Instruction? {
    let isFirst = next.b == first.a && (next.x & 1 != 0 || next.a == first.a)
    switch (first.op, next.op) {
    case (.getIndex, .getIndex), (.getIndex, .getIndexK):
      return isFirst && (next.op == .getIndexK || next.c != first.a) ? first.replacing(op: .getIndexTwice) : nil
    case (.getIndex, .getField): return isFirst ? first.replacing(op: .getIndexField) : nil
    default: break
    }
    let op: Op
    switch first.op {
    case .multiply: op = .multiplyThen
    case .getField: op = .getFieldThen
    case .getIndex: op = .getIndexThen
    case .getIndexK: op = .getIndexKThen
    default: return nil
    }
    let isSecond = next.c == first.a && (next.x & 2 != 0 || next.a == first.a)
    let operation: Int
    switch next.op {
    case .add: operation = 0
    case .subtract: operation = 1
    case .multiply: operation = 2
    default: return nil
    }
    guard isFirst != isSecond, next.b != next.c else { return nil }
    return first.replacing(op: op).replacing(x: first.x | operation << 5 | (isSecond ? 16 : 0))
  }

  /// The second half of a pair, an operation on floats: `value` is what the first half gave. Gives the number of
  /// instructions done with it: none where the other operand is no float, and the first half's value is put away.
  @inline(__always) static func goOn(
    _ heap: Heap, _ R: UnsafeMutablePointer<Value>, _ pair: Instruction, _ next: Instruction, _ value: Double
  ) -> Int {
    let isSecond = pair.x & 16 != 0
    let other = R[isSecond ? next.b : next.c]
    guard other.tag == .float else {
      put(heap, R + pair.a, Value(value))
      return 0
    }
    let x = other.asDouble
    let result =
      switch pair.x >> 5 {
      case 0: value + x
      case 1: isSecond ? x - value : value - x
      default: value * x
      }
    put(heap, R + next.a, Value(result))
    return 1
  }

  /// Makes the first instruction of a pair, which stands before `pc`, what it was; gives its place. Not inlined: the loop
  /// would keep another register for it.
  @inline(never) static func takeApart(
    _ pc: UnsafeMutablePointer<Instruction>, _ op: Op
  ) -> UnsafeMutablePointer<Instruction> {
    let place = pc - 1
    place.pointee = place.pointee.replacing(op: op).replacing(x: place.pointee.x & 0xF)
    return place
  }

  /// Where an element of a list stands; nil where it is no list, no int, or no such element.
  @inline(__always) static func place(_ list: Value, _ index: Value) -> UnsafeMutablePointer<Value>? {
    guard list.tag == .list, index.tag == .int else { return nil }
    var position = index.asInt
    if position < 0 { position &+= list.list.count }
    guard UInt(bitPattern: position) < UInt(bitPattern: list.list.count) else { return nil }
    return list.list.elements + position
  }
}
