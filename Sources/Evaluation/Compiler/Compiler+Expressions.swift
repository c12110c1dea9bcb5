import Diagnostics
import Resolution
import Syntax

extension FunctionCompiler {
  /// Evaluates for effect only.
  mutating func discard(_ value: Expression) {
    let base = builder.nextRegister
    defer { builder.free(from: base) }
    switch value.kind {
    case .conditional(let condition, let then, let otherwise):
      conditional(condition, then, otherwise, to: nil)
    case .block(let block): self.block(block, to: nil)
    default:
      let register = builder.allocate()
      expression(value, to: register)
      builder.emit(.drop, a: register)
    }
  }

  /// Evaluates into a register of its own, or names the register that already holds the value. When one of the
  /// expressions evaluated before the use (`beside`) could rebind the local, the value is copied out first.
  mutating func operand(_ value: Expression, beside others: [Expression] = []) -> Operand {
    if case .name = value.kind, let register = register(program.references[value.id]),
      !others.contains(where: { mayAssign($0) })
    {
      return Operand(register: register, isTemporary: false)
    }
    let register = builder.allocate()
    expression(value, to: register)
    return Operand(register: register, isTemporary: true)
  }

  /// Whether evaluating could run an assignment: it holds a block.
  func mayAssign(_ value: Expression) -> Bool {
    switch value.kind {
    case .none, .bool, .int, .float, .string, .name, .function, .invalid: false
    case .conditional, .block, .attempt, .sweep, .comprehension: true
    case .interpolation(let segments):
      segments.contains { if case .value(let e, _) = $0 { mayAssign(e) } else { false } }
    case .list(let elements):
      elements.contains {
        switch $0 {
        case .value(let e), .spread(let e): mayAssign(e)
        }
      }
    case .record(let entries):
      entries.contains {
        switch $0 {
        case .field(_, let e), .spread(let e): mayAssign(e)
        case .computed(let k, let e): mayAssign(k) || mayAssign(e)
        }
      }
    case .call(let callee, let arguments):
      mayAssign(callee)
        || arguments.contains {
          switch $0 {
          case .positional(let e), .named(_, let e), .spread(let e): mayAssign(e)
          }
        }
    case .index(let base, let indexes):
      mayAssign(base) || indexes.contains { if case .value(let e) = $0 { mayAssign(e) } else { false } }
    case .field(let e, _), .optionalField(let e, _), .unary(_, let e): mayAssign(e)
    case .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b), .coalesce(let a, let b):
      mayAssign(a) || mayAssign(b)
    case .comparison(let operands, _, let tolerance):
      operands.contains { mayAssign($0) } || tolerance.map { mayAssign($0) } ?? false
    case .range(let a, let b, _, let step): mayAssign(a) || mayAssign(b) || step.map { mayAssign($0) } ?? false
    }
  }

  /// Evaluates into a register: a temporary, or a local that the expression may still read before the last moment.
  mutating func expression(_ value: Expression, to target: Int) {
    let outer = builder.span
    builder.span = value.span
    let base = builder.nextRegister
    let name = bindingName
    bindingName = nil
    emit(value, to: target, bindingName: name)
    builder.free(from: base)
    builder.span = outer
  }

  /// Whether a register is a named local or global.
  private func isNamed(_ register: Int) -> Bool { register < prototype.localCount }

  /// Builds a value in several steps: in a temporary, then moved when the target is a named register.
  private mutating func inSteps(_ target: Int, _ build: (inout FunctionCompiler, Int) -> Void) {
    guard isNamed(target) else {
      build(&self, target)
      return
    }
    let register = builder.allocate()
    build(&self, register)
    builder.emit(.move, a: target, b: register)
  }

  /// A chain of fields, calls and indexes with a `?.` in it: where that finds none, the whole chain is none.
  private mutating func emit(_ value: Expression, to target: Int, bindingName: String?) {
    guard value.id != chainLink, FunctionCompiler.holdsOptional(value) else {
      return emitLink(value, to: target, bindingName: bindingName)
    }
    chains.append([])
    emitLink(value, to: target, bindingName: bindingName)
    let end = builder.emitJump(.jump)
    builder.patch(chains.removeLast())
    builder.emit(.loadNone, a: target)
    builder.patch([end])
  }

  /// Whether a `?.` stands in a chain of fields, calls and indexes.
  private static func holdsOptional(_ value: Expression) -> Bool {
    var link = value
    while true {
      switch link.kind {
      case .optionalField: return true
      case .field(let base, _), .call(let base, _), .index(let base, _): link = base
      default: return false
      }
    }
  }

  private mutating func emitLink(_ value: Expression, to target: Int, bindingName: String?) {
    switch value.kind {
    case .none, .bool, .int, .float, .string: builder.loadConstant(constant(value) ?? .none, to: target)
    case .name: load(program.references[value.id], to: target)
    case .interpolation(let segments): interpolate(segments, to: target)
    case .list(let elements): list(elements, to: target)
    case .comprehension(let element, let clauses):
      let around = passingNames
      for case .each(let pattern, _) in clauses { passingNames.formUnion(pattern.boundNames.map(\.text)) }
      inSteps(target) { compiler, register in
        compiler.builder.emit(.newList, a: register)
        compiler.clauses(clauses[...], element, into: register)
      }
      passingNames = around
    case .record(let entries): record(entries, to: target)
    case .call(let callee, let arguments): call(callee, arguments, to: target)
    case .index(let base, let indexes): index(base, indexes, to: target)
    case .field(let base, let name): field(value, base, name, isOptional: false, to: target)
    case .optionalField(let base, let name): field(value, base, name, isOptional: true, to: target)
    case .unary(let op, let operand): unary(op, operand, whole: value, to: target)
    case .binary(let op, let left, let right, _): binary(op, left, right, to: target)
    case .comparison(let operands, let operators, let tolerance):
      comparison(operands, operators, tolerance, to: target)
    case .and(let left, let right): shortCircuit(left, right, isAnd: true, to: target)
    case .or(let left, let right): shortCircuit(left, right, isAnd: false, to: target)
    case .coalesce(let left, let right):
      inSteps(target) { compiler, register in
        compiler.expression(left, to: register)
        let jump = compiler.builder.emitJump(.jumpIfNotNone, a: register)
        compiler.expression(right, to: register)
        compiler.builder.patch([jump])
      }
    case .range(let start, let end, let isInclusive, let step):
      let registers = builder.allocate(3)
      expression(start, to: registers)
      expression(end, to: registers + 1)
      if let step { expression(step, to: registers + 2) }
      builder.emit(.newRange, x: (isInclusive ? 4 : 0) | (step == nil ? 0 : 8), a: target, b: registers)
    case .function(let literal): makeFunction(literal, to: target)
    case .conditional(let condition, let then, let otherwise): conditional(condition, then, otherwise, to: target)
    case .block(let block): self.block(block, to: target)
    case .attempt(let body, let name, let handler): attempt(body, name, handler, to: target)
    case .sweep(let sweep): self.sweep(sweep, name: bindingName ?? "sweep", to: target)
    case .invalid: builder.emit(.loadNone, a: target)
    }
  }

  /// The constant that an expression is, if it is one.
  func constant(_ value: Expression) -> Prototype.Constant? {
    switch value.kind {
    case .none: return Prototype.Constant.none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value.bitPattern)
    case .string(let value): return .string(value)
    case .unary(.negate, let inner):
      switch inner.kind {
      case .int(let value): return value == Int.min ? nil : .int(-value)
      case .float(let value): return .float((-value).bitPattern)
      default: return nil
      }
    default: return nil
    }
  }

  /// A number constant's place; nil when the expression is none.
  func numberConstant(_ value: Expression) -> Prototype.Constant? {
    switch constant(value) {
    case .int(let value): .int(value)
    case .float(let bits): .float(bits)
    default: nil
    }
  }

  mutating func load(_ reference: Reference?, to target: Int) {
    switch reference {
    case .local, .global:
      guard let register = register(reference), register != target else { return }
      builder.emit(.copy, a: target, b: register)
    case .capture(let index):
      let isState = layout.map { $0.captures[index].role == .state } ?? false
      builder.emit(isState ? .getState : .getCapture, a: target, b: index)
    case .itself: builder.emit(.getSelf, a: target)
    case .sibling(let leader):
      let sources = (layout?.siblings ?? program.topLevelSiblings)[leader] ?? []
      make(literal: leader, sources: sources, to: target)
    case .prelude(let name), .module(let name):
      builder.emit(.getPrelude, a: target, c: builder.cache(name))
    case .unresolved, nil:
      builder.emit(.raise, b: builder.constant(.string("this name is not known")))
    }
  }

  private mutating func interpolate(_ segments: [Expression.Segment], to target: Int) {
    let first = builder.nextRegister
    for segment in segments {
      let register = builder.allocate()
      switch segment {
      case .text(let text): builder.loadConstant(.string(text), to: register)
      case .value(let value, let format):
        expression(value, to: register)
        if let format {
          builder.span = value.span
          builder.emit(.format, a: register, b: builder.constant(.string(format)))
        }
      }
    }
    builder.emit(.concatenate, a: target, b: first, c: builder.nextRegister - first)
  }

  /// Elements of a list that stand in registers at once. A longer list is appended to, or loaded whole.
  private static let listHead = 48

  /// The constant that a list of nothing but constants is; nil for any other.
  private func constant(_ elements: [Expression.Element]) -> Prototype.Constant? {
    var parts: [Prototype.Constant] = []
    parts.reserveCapacity(elements.count)
    for element in elements {
      guard case .value(let value) = element else { return nil }
      if let part = constant(value) {
        parts.append(part)
      } else if case .list(let inner) = value.kind, let part = constant(inner) {
        parts.append(part)
      } else {
        return nil
      }
    }
    return .list(parts)
  }

  private mutating func list(_ elements: [Expression.Element], to target: Int) {
    if elements.count > Self.listHead, let whole = constant(elements) {
      builder.emit(.loadConstant, a: target, b: builder.append(whole))
      return
    }
    var head = 0
    while head < min(elements.count, Self.listHead), case .value = elements[head] { head += 1 }
    let isWhole = head == elements.count
    let build = { (compiler: inout FunctionCompiler, register: Int) in
      let first = compiler.builder.nextRegister
      for element in elements[..<head] {
        guard case .value(let value) = element else { continue }
        let place = compiler.builder.allocate()
        compiler.expression(value, to: place)
      }
      compiler.builder.emit(.newList, a: register, b: first, c: head)
      compiler.builder.free(from: first)
      for element in elements[head...] {
        let place = compiler.builder.allocate()
        switch element {
        case .value(let value):
          compiler.expression(value, to: place)
          compiler.builder.emit(.listAppend, x: 2, a: register, b: place)
        case .spread(let value):
          compiler.expression(value, to: place)
          compiler.builder.span = value.span
          compiler.builder.emit(.listExtend, x: 1, a: register, b: place)
        }
        compiler.builder.free(from: first)
      }
    }
    if isWhole { build(&self, target) } else { inSteps(target, build) }
  }

  private mutating func clauses(_ rest: ArraySlice<Expression.Clause>, _ element: Expression, into list: Int) {
    switch rest.first {
    case .each(let pattern, let sequence):
      iterate(pattern, over: sequence, makesList: rest.count == 1) {
        $0.clauses(rest.dropFirst(), element, into: list)
      }
    case .filter(let condition):
      let exits = jump(on: condition, if: false)
      clauses(rest.dropFirst(), element, into: list)
      builder.patch(exits)
    case nil:
      let base = builder.nextRegister
      let value = operand(element)
      builder.emit(.listAppend, x: value.second, a: list, b: value.register)
      builder.free(from: base)
    }
  }

  private mutating func record(_ entries: [Expression.RecordEntry], to target: Int) {
    var names: [String] = []
    var isPlain = entries.count <= 64
    for entry in entries {
      if case .field(let name, _) = entry { names.append(name.text) } else { isPlain = false }
    }
    if isPlain, Set(names).count == names.count {
      let first = builder.nextRegister
      for entry in entries {
        guard case .field(_, let value) = entry else { continue }
        let register = builder.allocate()
        expression(value, to: register)
      }
      builder.emit(.newRecord, a: target, b: first, c: builder.keyList(names))
      return
    }
    inSteps(target) { compiler, register in
      compiler.builder.emit(.newRecord, a: register, b: 0, c: compiler.builder.keyList([]))
      for entry in entries {
        let first = compiler.builder.nextRegister
        switch entry {
        case .field(let name, let value):
          let registers = compiler.builder.allocate(2)
          compiler.builder.loadConstant(.string(name.text), to: registers)
          compiler.expression(value, to: registers + 1)
          compiler.builder.emit(.recordSet, a: register, b: registers, c: registers + 1)
        case .computed(let key, let value):
          let registers = compiler.builder.allocate(2)
          compiler.expression(key, to: registers)
          compiler.expression(value, to: registers + 1)
          compiler.builder.span = key.span
          compiler.builder.emit(.recordSet, a: register, b: registers, c: registers + 1)
        case .spread(let value):
          let place = compiler.builder.allocate()
          compiler.expression(value, to: place)
          compiler.builder.span = value.span
          compiler.builder.emit(.recordExtend, a: register, b: place)
        }
        compiler.builder.free(from: first)
      }
    }
  }

  /// A whole number that is written out and has 16 bits.
  static func smallInteger(_ expression: Expression) -> Int? {
    switch expression.kind {
    case .int(let value) where Int16(exactly: value) != nil: return value
    case .unary(.negate, let operand):
      if case .int(let value) = operand.kind, Int16(exactly: 0 &- value) != nil { return 0 &- value }
    default: break
    }
    return nil
  }

  private mutating func index(_ base: Expression, _ indexes: [Expression.Index], to target: Int) {
    chainLink = base.id
    if indexes.count == 1, case .value(let only) = indexes[0] {
      if let constant = Self.smallInteger(only) {
        let object = operand(base)
        builder.emit(.getIndexK, x: object.first, a: target, b: object.register, c: constant & 0xFFFF)
        return
      }
      let object = operand(base, beside: [only])
      let position = operand(only)
      builder.emit(
        .getIndex, x: object.first | position.second, a: target, b: object.register, c: position.register)
      return
    }
    let first = builder.allocate()
    expression(base, to: first)
    var isWhole: [Bool] = []
    for index in indexes {
      switch index {
      case .whole: isWhole.append(true)
      case .value(let value):
        isWhole.append(false)
        let register = builder.allocate()
        expression(value, to: register)
      }
    }
    prototype.indexLists.append(Prototype.IndexList(isWhole: isWhole))
    builder.emit(.getIndexes, a: target, b: first, c: prototype.indexLists.count - 1)
  }

  private mutating func conditional(
    _ condition: Expression, _ then: Block, _ otherwise: Expression?, to target: Int?
  ) {
    let skips = jump(on: condition, if: false)
    let base = builder.nextRegister
    block(then, to: target)
    builder.free(from: base)
    guard otherwise != nil || target != nil else {
      builder.patch(skips)
      return
    }
    let end = builder.emitJump(.jump)
    builder.patch(skips)
    if let otherwise {
      if let target { expression(otherwise, to: target) } else { discard(otherwise) }
    } else if let target {
      builder.emit(.loadNone, a: target)
    }
    builder.patch([end])
  }

  private mutating func attempt(_ body: Block, _ name: Name?, _ handler: Block, to target: Int) {
    let lower = builder.here
    let base = builder.nextRegister
    block(body, to: target)
    builder.free(from: base)
    let upper = builder.here
    let end = builder.emitJump(.jump)
    let error = builder.allocate()
    prototype.handlers.append(
      Prototype.Handler(lower: lower, upper: upper, target: builder.here, register: error, clearFrom: base))
    if let name, let register = register(binding: name) {
      builder.emit(.move, a: register, b: error)
    } else {
      builder.emit(.drop, a: error)
    }
    let first = builder.here
    block(handler, to: target)
    if let name, let register = register(binding: name), readsLine(of: register, from: first) {
      prototype.readsErrorLines = true
    }
    builder.patch([end])
  }

  /// Whether the code since a place may see a line of the text in the error in a register: by its field of that name or by its help, which
  /// may name one, or because the error goes anywhere else than to the access of another field.
  private func readsLine(of register: Int, from first: Int) -> Bool {
    (first..<builder.here).contains { place in
      let instruction = prototype.code[place]
      guard Liveness.uses(instruction, prototype, at: place).contains(where: { $0.register == register }) else {
        return false
      }
      return instruction.op != .getField || ["line", "help"].contains(prototype.cacheNames[instruction.c])
    }
  }

  private mutating func sweep(_ sweep: Sweep, name: String, to target: Int) {
    let first = builder.nextRegister
    for axis in sweep.axes {
      let register = builder.allocate()
      expression(axis.values, to: register)
    }
    makeFunction(sweep.body, to: builder.allocate())
    if let condition = sweep.condition { makeFunction(condition, to: builder.allocate()) }
    prototype.sweeps.append(
      Prototype.SweepDescription(
        name: name, axes: sweep.axes.map(\.name.text), spans: sweep.axes.map(\.values.span), isZip: sweep.isZip,
        pairedBy: sweep.pairedBy?.map(\.text),
        hasCondition: sweep.condition != nil))
    builder.emit(.sweep, a: target, b: first, c: prototype.sweeps.count - 1)
  }
}
