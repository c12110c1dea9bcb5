import Diagnostics

/// Emits the instructions of one prototype and hands out its registers.
struct CodeBuilder {
  let prototype: Prototype
  /// What the next instructions are blamed on.
  var span: Span
  /// First free register; locals stand below all temporaries.
  var nextRegister: Int
  /// Set when an operand field overflowed: the function is compiled again with long jumps, or refused.
  var overflowedJump = false
  var overflowedOperand = false
  /// Fused comparisons are not used, so that every conditional jump has 32 bits.
  let usesLongJumps: Bool
  private var constantNumbers: [Prototype.Constant: Int] = [:]

  init(prototype: Prototype, locals: Int, usesLongJumps: Bool) {
    self.prototype = prototype
    self.usesLongJumps = usesLongJumps
    span = prototype.span
    nextRegister = locals
    prototype.localCount = locals
    prototype.registerCount = locals
  }

  /// Where the next instruction will stand.
  var here: Int { prototype.code.count }

  mutating func emit(_ op: Op, x: Int = 0, a: Int = 0, b: Int = 0, c: Int = 0) {
    if a > 0xFFFF || b > 0xFFFF || c > 0xFFFF { overflowedOperand = true }
    prototype.code.append(Instruction(op, x: x, a: a, b: b, c: c))
    prototype.spans.append(span)
  }

  /// Emits a jump to be patched; gives its place.
  mutating func emitJump(_ op: Op, a: Int = 0) -> Int {
    emit(op, a: a)
    return here - 1
  }

  /// Makes jumps lead here.
  mutating func patch(_ jumps: [Int]) { for jump in jumps { patch(jump, to: here) } }

  mutating func patch(_ place: Int, to target: Int) {
    let distance = target - place - 1
    let instruction = prototype.code[place]
    switch instruction.op {
    case .jumpEqual, .jumpLess, .jumpLessEqual, .jumpEqualK, .jumpLessK, .jumpLessEqualK, .jumpGreaterK,
      .jumpGreaterEqualK, .next, .rangeNext:
      if distance != Int(Int16(truncatingIfNeeded: distance)) { overflowedJump = true }
      prototype.code[place] = instruction.replacing(shortJump: distance)
    default:
      if distance != Int(Int32(truncatingIfNeeded: distance)) { overflowedOperand = true }
      // A jump backwards asks whether somebody wants the program to stop.
      let isLoop = instruction.op == .jump && distance < 0
      prototype.code[place] = (isLoop ? instruction.replacing(op: .loop) : instruction).replacing(jump: distance)
    }
  }

  mutating func emitLoop(to target: Int) {
    emit(.loop)
    patch(here - 1, to: target)
  }

  /// Whether some instruction from a place on leaves the function.
  func returns(from place: Int) -> Bool {
    prototype.code[place...].contains { $0.op == .returnValue || $0.op == .returnNone }
  }

  /// The loop that is prepared at a place fails at once where a list of so many elements does not fit.
  mutating func checkRoom(at place: Int) {
    prototype.code[place] = prototype.code[place].replacing(x: prototype.code[place].x | 8)
  }

  mutating func allocate(_ count: Int = 1) -> Int {
    let first = nextRegister
    nextRegister += count
    prototype.registerCount = max(prototype.registerCount, nextRegister)
    if nextRegister > 0xFFF0 { overflowedOperand = true }
    return first
  }

  /// Frees all temporaries from a register on.
  mutating func free(from register: Int) { nextRegister = register }

  /// The number of a constant of its own.
  mutating func append(_ constant: Prototype.Constant) -> Int {
    prototype.constants.append(constant)
    return prototype.constants.count - 1
  }

  /// The number of a constant, which equals share.
  mutating func constant(_ constant: Prototype.Constant) -> Int {
    if let number = constantNumbers[constant] { return number }
    let number = append(constant)
    constantNumbers[constant] = number
    return number
  }

  /// An inline cache for a field name. Each use has its own.
  mutating func cache(_ name: String) -> Int {
    prototype.cacheNames.append(name)
    return prototype.cacheNames.count - 1
  }

  mutating func loadConstant(_ constant: Prototype.Constant, to register: Int) {
    switch constant {
    case .none: emit(.loadNone, a: register)
    case .bool(let value): emit(value ? .loadTrue : .loadFalse, a: register)
    case .int(let value) where value == Int(Int32(truncatingIfNeeded: value)):
      emit(.loadInteger, a: register)
      prototype.code[here - 1] = prototype.code[here - 1].replacing(jump: value)
    default: emit(.loadConstant, a: register, b: self.constant(constant))
    }
  }
}

extension CodeBuilder {
  /// The number of a list of record names.
  mutating func keyList(_ names: [String]) -> Int {
    prototype.keyLists.append(names)
    return prototype.keyLists.count - 1
  }
}
