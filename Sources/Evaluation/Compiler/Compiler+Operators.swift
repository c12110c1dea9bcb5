import Resolution
import Syntax

extension FunctionCompiler {
  mutating func unary(_ op: UnaryOperator, _ operand: Expression, whole: Expression, to target: Int) {
    if let constant = constant(whole) {
      builder.loadConstant(constant, to: target)
      return
    }
    let value = self.operand(operand)
    builder.emit(op == .negate ? .negate : .not, x: value.first, a: target, b: value.register)
  }

  mutating func binary(_ op: BinaryOperator, _ left: Expression, _ right: Expression, to target: Int) {
    if let constant = numberConstant(right), let fused = Self.withConstant(op) {
      let value = operand(left)
      builder.emit(fused, x: value.first, a: target, b: value.register, c: builder.constant(constant))
      return
    }
    if let constant = numberConstant(left), op == .subtract || op == .divide {
      let value = operand(right)
      builder.emit(
        op == .subtract ? .subtractFromK : .divideIntoK, x: value.first, a: target, b: value.register,
        c: builder.constant(constant))
      return
    }
    if let constant = numberConstant(left), op == .add || op == .multiply {
      let value = operand(right)
      builder.emit(
        op == .add ? .addK : .multiplyK, x: value.first | 8, a: target, b: value.register,
        c: builder.constant(constant))
      return
    }
    let first = operand(left, beside: [right])
    let second = operand(right)
    builder.emit(
      Self.plain(op), x: first.first | second.second, a: target, b: first.register, c: second.register)
  }

  static func withConstant(_ op: BinaryOperator) -> Op? {
    switch op {
    case .add: .addK
    case .subtract: .subtractK
    case .multiply: .multiplyK
    case .divide: .divideK
    case .floorDivide: .floorDivideK
    case .remainder: .remainderK
    case .power: .powerK
    case .matmul, .join: nil
    }
  }

  static func plain(_ op: BinaryOperator) -> Op {
    switch op {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .floorDivide: .floorDivide
    case .remainder: .remainder
    case .power: .power
    case .matmul: .matmul
    case .join: .join
    }
  }

  /// `a and b`, `a or b` as a value.
  mutating func shortCircuit(_ left: Expression, _ right: Expression, isAnd: Bool, to target: Int) {
    let base = builder.nextRegister
    let register = target < prototype.localCount ? builder.allocate() : target
    expression(left, to: register)
    builder.span = left.span
    let jump = builder.emitJump(isAnd ? .jumpIfNot : .jumpIf, a: register)
    expression(right, to: register)
    builder.span = right.span
    let end = builder.here
    builder.emit(.asCondition, x: 1, a: register, b: register)
    builder.patch(jump, to: end)
    if register != target { builder.emit(.move, a: target, b: register) }
    builder.free(from: base)
  }

  // MARK: comparisons

  mutating func comparison(
    _ operands: [Expression], _ operators: [ComparisonOperator], _ tolerance: Expression?, to target: Int
  ) {
    let base = builder.nextRegister
    let values = comparisonOperands(operands, tolerance)
    let limit = tolerance.map { operand($0) }
    let chain = operators.count > 1 ? builder.allocate(2) : target
    for (index, op) in operators.enumerated() {
      let isLast = index == operators.count - 1
      // An operand in the middle of a chain is read twice.
      let right = Operand(register: values[index + 1].register, isTemporary: isLast && values[index + 1].isTemporary)
      compare(op, values[index], right, limit, to: index == 0 ? chain : chain + 1)
      if index > 0 { builder.emit(.both, x: 3, a: isLast ? target : chain, b: chain, c: chain + 1) }
    }
    builder.free(from: base)
  }

  /// Evaluates the operands of a comparison, in order.
  private mutating func comparisonOperands(_ operands: [Expression], _ tolerance: Expression?) -> [Operand] {
    var values: [Operand] = []
    for (index, expression) in operands.enumerated() {
      let value = operand(expression, beside: Array(operands[(index + 1)...]) + (tolerance.map { [$0] } ?? []))
      noteOperand(expression, value.register)
      values.append(value)
    }
    return values
  }

  private mutating func compare(
    _ op: ComparisonOperator, _ left: Operand, _ right: Operand, _ limit: Operand?, to target: Int
  ) {
    let plain: Op
    switch op {
    case .equal: plain = .equal
    case .notEqual: plain = .notEqual
    case .less, .greater: plain = .less
    case .lessEqual, .greaterEqual: plain = .lessEqual
    case .close, .member:
      builder.emit(.compareOther, x: left.first | right.second, a: target, b: left.register, c: right.register)
      builder.emit(.nop, a: compareCode(op), b: limit.map { $0.register + 1 } ?? 0)
      return
    }
    let isSwapped = op == .greater || op == .greaterEqual
    let (a, b) = isSwapped ? (right, left) : (left, right)
    builder.emit(
      plain, x: a.first | b.second | (isSwapped ? 8 : 0), a: target, b: a.register, c: b.register)
  }

  // MARK: conditions

  /// Emits jumps that are taken when the condition is `wanted`; otherwise the code goes on. Gives the jumps to patch.
  mutating func jump(on condition: Expression, if wanted: Bool) -> [Int] {
    let outer = builder.span
    builder.span = condition.span
    defer { builder.span = outer }
    switch condition.kind {
    case .bool(let value):
      return value == wanted ? [builder.emitJump(.jump)] : []
    case .unary(.not, let inner): return jump(on: inner, if: !wanted)
    case .and(let left, let right): return jump(left, right, decides: false, wanted: wanted)
    case .or(let left, let right): return jump(left, right, decides: true, wanted: wanted)
    case .comparison(let operands, let operators, nil)
    where operators.count == 1 && !builder.usesLongJumps && !notesComparisons:
      if let jump = fusedJump(operands[0], operators[0], operands[1], wanted) { return [jump] }
      return plainJump(condition, wanted)
    default: return plainJump(condition, wanted)
    }
  }

  private mutating func jump(_ left: Expression, _ right: Expression, decides: Bool, wanted: Bool) -> [Int] {
    if wanted == decides { return jump(on: left, if: decides) + jump(on: right, if: decides) }
    let around = jump(on: left, if: decides)
    let jumps = jump(on: right, if: wanted)
    builder.patch(around)
    return jumps
  }

  private mutating func plainJump(_ condition: Expression, _ wanted: Bool) -> [Int] {
    let base = builder.nextRegister
    let value = operand(condition)
    let jump = builder.emitJump(wanted ? .jumpIf : .jumpIfNot, a: value.register)
    prototype.code[jump] = prototype.code[jump].replacing(x: value.first)
    builder.free(from: base)
    return [jump]
  }

  private mutating func fusedJump(
    _ left: Expression, _ op: ComparisonOperator, _ right: Expression, _ wanted: Bool
  ) -> Int? {
    let base = builder.nextRegister
    defer { builder.free(from: base) }
    let outcome = wanted != (op == .notEqual) ? 4 : 0
    if op == .equal || op == .notEqual, left.isNone || right.isNone {
      let value = operand(left.isNone ? right : left)
      let jump = builder.emitJump(outcome == 4 ? .jumpIfNone : .jumpIfNotNone, a: value.register)
      prototype.code[jump] = prototype.code[jump].replacing(x: value.first)
      return jump
    }
    if let constant = numberConstant(right), let fused = Self.jumpWithConstant(op) {
      let value = operand(left)
      builder.emit(fused, x: value.first | outcome, a: value.register, b: builder.constant(constant))
      return builder.here - 1
    }
    if let constant = numberConstant(left), let mirrored = Self.mirrored(op),
      let fused = Self.jumpWithConstant(mirrored)
    {
      let value = operand(right)
      builder.emit(fused, x: value.first | outcome | 8, a: value.register, b: builder.constant(constant))
      return builder.here - 1
    }
    let isSwapped = op == .greater || op == .greaterEqual
    let fused: Op
    switch op {
    case .equal, .notEqual: fused = .jumpEqual
    case .less, .greater: fused = .jumpLess
    case .lessEqual, .greaterEqual: fused = .jumpLessEqual
    case .close, .member: return nil
    }
    var first = operand(left, beside: [right])
    var second = operand(right)
    if isSwapped { swap(&first, &second) }
    builder.emit(
      fused, x: first.first | second.second | outcome | (isSwapped ? 8 : 0), a: first.register, b: second.register)
    return builder.here - 1
  }

  private static func jumpWithConstant(_ op: ComparisonOperator) -> Op? {
    switch op {
    case .equal, .notEqual: .jumpEqualK
    case .less: .jumpLessK
    case .lessEqual: .jumpLessEqualK
    case .greater: .jumpGreaterK
    case .greaterEqual: .jumpGreaterEqualK
    case .close, .member: nil
    }
  }

  private static func mirrored(_ op: ComparisonOperator) -> ComparisonOperator? {
    switch op {
    case .equal, .notEqual: op
    case .less: .greater
    case .lessEqual: .greaterEqual
    case .greater: .less
    case .greaterEqual: .lessEqual
    case .close, .member: nil
    }
  }
}

extension Expression {
  /// Whether it is the literal `none`.
  fileprivate var isNone: Bool { if case .none = kind { true } else { false } }
}
