/// Finds the last use of every local and marks it, so that the machine moves the value there instead of counting: `s
/// = step(s)` hands over sole ownership. Backward data flow over the instructions of one prototype; temporaries were
/// marked when they were emitted.
enum Liveness {
  /// `keeping`: so many first registers (globals) are alive at the end, and, with `afterErrors`, also when an error
  /// ends the code.
  static func mark(_ prototype: Prototype, keeping globals: Int, afterErrors: Bool) {
    let words = (prototype.localCount + 63) / 64
    let count = prototype.code.count
    guard words > 0, count > 0, count * words <= 1 << 23 else { return }
    var flow = Flow(prototype: prototype, words: words, globals: globals, afterErrors: afterErrors)
    flow.solve()
    flow.rewrite()
  }

  /// A register that an instruction reads; `flag` marks its last use there, 0 when the instruction cannot take it.
  struct Use {
    var register: Int
    var flag: Int
  }

  /// What an instruction reads of named registers (temporaries do not matter here).
  static func uses(_ i: Instruction, _ prototype: Prototype, at place: Int) -> [Use] {
    switch i.op {
    case .copy, .move: return [Use(register: i.b, flag: 0)]
    case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .matmul, .join, .equal, .notEqual,
      .less, .lessEqual, .getIndex:
      return [Use(register: i.b, flag: 1), Use(register: i.c, flag: 2)]
    case .compareOther:
      return [Use(register: i.b, flag: 1), Use(register: i.c, flag: 2)] + tolerance(prototype, place)
    case .expectCompare:
      return [Use(register: i.a, flag: 1), Use(register: i.b, flag: 2)] + tolerance(prototype, place)
    case .addK, .subtractK, .multiplyK, .divideK, .floorDivideK, .remainderK, .powerK, .subtractFromK, .divideIntoK,
      .negate, .not, .getField, .tryField, .getIndexK:
      return [Use(register: i.b, flag: 1)]
    case .jumpEqual, .jumpLess, .jumpLessEqual: return [Use(register: i.a, flag: 1), Use(register: i.b, flag: 2)]
    case .jumpEqualK, .jumpLessK, .jumpLessEqualK, .jumpGreaterK, .jumpGreaterEqualK, .jumpIf, .jumpIfNot, .show,
      .expectTrue, .returnValue:
      return [Use(register: i.a, flag: 1)]
    case .listAppend: return [Use(register: i.b, flag: 2)]
    case .setIndex:
      return [Use(register: i.a, flag: 0), Use(register: i.b, flag: 1), Use(register: i.c, flag: 2)]
    case .setField: return [Use(register: i.a, flag: 0), Use(register: i.b, flag: 1)]
    case .element, .restOf, .asCondition, .callLocal: return [Use(register: i.b, flag: 0)]
    case .setState, .jumpIfNone, .jumpIfNotNone, .jumpIfSet, .joinElements, .checkList, .makeParam,
      .makeState, .note, .markRestore:
      return [Use(register: i.a, flag: 0)]
    case .assignPath:
      let locals = prototype.paths[i.c].steps.compactMap { if case .local(let register) = $0 { register } else { nil } }
      return ([i.a] + locals).map { Use(register: $0, flag: 0) }
    case .makeClosure, .makeOverload:
      return prototype.recipes[i.b].sources.filter { $0 >= 0 }.map { Use(register: $0, flag: 0) }
    case .nop, .halt, .mark, .markSave, .loadConstant, .loadInteger, .loadNone, .loadTrue, .loadFalse, .drop,
      .getCapture, .getState, .getPrelude, .getSelf, .jump, .loop, .both, .concatenate, .format, .newList,
      .listExtend, .newRecord, .recordSet, .recordExtend, .newRange, .getIndexes, .tryMethod, .checkMethod, .iterate,
      .next, .rangePrepare, .rangeNext, .call, .callCapture, .callSelf, .callShaped, .returnNone, .expectFails, .sweep,
      .raise,
      .multiplyThen, .getFieldThen, .getIndexThen, .getIndexKThen, .getIndexTwice, .getIndexField:
      return []
    }
  }

  private static func tolerance(_ prototype: Prototype, _ place: Int) -> [Use] {
    let next = prototype.code[place + 1]
    return next.b > 0 ? [Use(register: next.b - 1, flag: 0)] : []
  }

  /// The register that an instruction certainly writes; -1 for none.
  static func definition(_ i: Instruction) -> Int {
    switch i.op {
    case .call, .callLocal, .callCapture, .callSelf, .callShaped: return i.c
    case .next, .rangeNext: return i.b
    case .markSave, .loadConstant, .loadInteger, .loadNone, .loadTrue, .loadFalse, .copy, .move, .drop, .getCapture,
      .getState, .getPrelude, .getSelf, .makeClosure, .makeOverload, .add, .subtract, .multiply, .divide,
      .floorDivide, .remainder, .power, .matmul, .join, .addK, .subtractK, .multiplyK, .divideK, .floorDivideK,
      .remainderK, .powerK, .subtractFromK, .divideIntoK, .negate, .not, .equal, .notEqual, .less, .lessEqual,
      .compareOther, .both, .asCondition, .concatenate, .format, .newList, .newRecord, .newRange, .getIndex, .getIndexK,
      .getIndexes, .getField, .element, .restOf, .makeParam, .makeState, .sweep:
      return i.a
    case .nop, .halt, .mark, .markRestore, .setState, .jump, .loop, .jumpIf, .jumpIfNot, .jumpIfNone,
      .jumpIfNotNone, .jumpIfSet, .jumpEqual, .jumpLess, .jumpLessEqual, .jumpEqualK, .jumpLessK, .jumpLessEqualK,
      .jumpGreaterK, .jumpGreaterEqualK, .listAppend, .listExtend, .joinElements, .recordSet, .recordExtend,
      .setIndex, .assignPath, .tryField, .tryMethod, .checkMethod, .setField, .checkList, .iterate, .rangePrepare,
      .returnValue, .returnNone, .note, .show, .expectTrue, .expectCompare, .expectFails, .raise, .multiplyThen,
      .getFieldThen,
      .getIndexThen, .getIndexKThen, .getIndexTwice, .getIndexField:
      return -1
    }
  }

  /// Where control may go next.
  static func successors(_ i: Instruction, at place: Int) -> [Int] {
    switch i.op {
    case .jump, .loop: return [place + 1 + i.jump]
    case .jumpIf, .jumpIfNot, .jumpIfNone, .jumpIfNotNone, .jumpIfSet: return [place + 1, place + 1 + i.jump]
    case .jumpEqual, .jumpLess, .jumpLessEqual, .jumpEqualK, .jumpLessK, .jumpLessEqualK, .jumpGreaterK,
      .jumpGreaterEqualK, .next, .rangeNext:
      return [place + 1, place + 1 + i.shortJump]
    case .tryField, .tryMethod: return [place + 1, place + 2]
    case .returnValue, .returnNone, .raise, .halt: return []
    default: return [place + 1]
    }
  }
}

/// The sets of live registers, one row of bits per instruction.
private struct Flow {
  let prototype: Prototype
  let words: Int
  let count: Int
  /// Registers alive when the code is left regularly, or by an error.
  var atEnd: [UInt64]
  var atError: [UInt64]
  var liveIn: [UInt64]
  /// Per instruction: index of the innermost handler that covers it, or -1.
  var handler: [Int]

  init(prototype: Prototype, words: Int, globals: Int, afterErrors: Bool) {
    self.prototype = prototype
    self.words = words
    count = prototype.code.count
    // Whole words: a file of many names has as many globals in each of its statements.
    let kept = min(globals, prototype.localCount)
    atEnd = [UInt64](repeating: .max, count: kept >> 6) + [UInt64](repeating: 0, count: words - (kept >> 6))
    if kept & 63 > 0 { atEnd[kept >> 6] = (1 << UInt64(kept & 63)) - 1 }
    atError = afterErrors ? atEnd : [UInt64](repeating: 0, count: words)
    liveIn = [UInt64](repeating: 0, count: count * words)
    handler = [Int](repeating: -1, count: count)
    // Handlers are appended when their body ends, so inner ones come first.
    for (index, covered) in prototype.handlers.enumerated() {
      for place in covered.lower..<min(covered.upper, count) where handler[place] < 0 { handler[place] = index }
    }
  }

  mutating func solve() {
    var isChanged = true
    var row = [UInt64](repeating: 0, count: words)
    while isChanged {
      isChanged = false
      for place in stride(from: count - 1, through: 0, by: -1) {
        let instruction = prototype.code[place]
        liveOut(instruction, place, into: &row)
        let definition = Liveness.definition(instruction)
        if definition >= 0, definition < prototype.localCount {
          row[definition >> 6] &= ~(1 << UInt64(definition & 63))
        }
        for use in Liveness.uses(instruction, prototype, at: place) where use.register < prototype.localCount {
          row[use.register >> 6] |= 1 << UInt64(use.register & 63)
        }
        addErrorEdge(place, to: &row)
        for word in 0..<words where liveIn[place * words + word] != row[word] {
          liveIn[place * words + word] = row[word]
          isChanged = true
        }
      }
    }
  }

  private func liveOut(_ instruction: Instruction, _ place: Int, into row: inout [UInt64]) {
    for word in 0..<words { row[word] = 0 }
    switch instruction.op {
    case .returnValue, .returnNone, .halt:
      for word in 0..<words { row[word] = atEnd[word] }
      return
    default: break
    }
    for next in Liveness.successors(instruction, at: place) where next >= 0 && next < count {
      for word in 0..<words { row[word] |= liveIn[next * words + word] }
    }
  }

  private func addErrorEdge(_ place: Int, to row: inout [UInt64]) {
    let index = handler[place]
    if index >= 0 {
      let target = prototype.handlers[index].target
      for word in 0..<words { row[word] |= liveIn[target * words + word] }
    } else {
      for word in 0..<words { row[word] |= atError[word] }
    }
  }

  mutating func rewrite() {
    var row = [UInt64](repeating: 0, count: words)
    for place in 0..<count {
      let instruction = prototype.code[place]
      let uses = Liveness.uses(instruction, prototype, at: place).filter { $0.register < prototype.localCount }
      guard !uses.isEmpty else { continue }
      liveOut(instruction, place, into: &row)
      let definition = Liveness.definition(instruction)
      var flags = instruction.x
      for use in uses {
        let isAlive = row[use.register >> 6] & (1 << UInt64(use.register & 63)) != 0
        if isAlive && use.register != definition { continue }
        if uses.filter({ $0.register == use.register }).count > 1 { continue }
        if instruction.op == .copy, use.register != instruction.a {
          prototype.code[place] = Instruction(.move, a: instruction.a, b: instruction.b)
        }
        flags |= use.flag
      }
      if flags != instruction.x { prototype.code[place] = instruction.replacing(x: flags) }
    }
  }
}
