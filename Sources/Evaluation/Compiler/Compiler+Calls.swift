import Diagnostics
import Resolution
import Syntax

extension FunctionCompiler {
  mutating func call(_ callee: Expression, _ arguments: [Expression.Argument], to target: Int) {
    switch callee.kind {
    case .field(let receiver, let name): method(callee, receiver, name, arguments, isOptional: false, to: target)
    case .optionalField(let receiver, let name):
      method(callee, receiver, name, arguments, isOptional: true, to: target)
    default:
      let base = builder.allocate()
      let span = builder.span
      if let (op, place) = functionInPlace(callee, arguments) {
        self.arguments(arguments)
        builder.span = span
        builder.emit(op, x: arguments.count, a: base, b: place, c: target)
        noteHidingName(callee)
        return
      }
      var isSelf = false
      if case .name = callee.kind, case .itself = program.references[callee.id], !isShaped(arguments) {
        isSelf = true
      } else {
        chainLink = callee.id
        expression(callee, to: base)
      }
      self.arguments(arguments)
      builder.span = span
      emitCall(isSelf ? .callSelf : .call, base, arguments, implicit: 0, to: target)
      noteHidingName(callee)
    }
  }

  /// The operation that calls a function where it is, a local or what this function captured, and its place; nil where
  /// the function must be put before its arguments. No argument may rebind the local.
  private func functionInPlace(_ callee: Expression, _ arguments: [Expression.Argument]) -> (op: Op, place: Int)? {
    guard case .name = callee.kind, !isShaped(arguments), arguments.count <= 0xFF else { return nil }
    let reference = program.references[callee.id]
    if case .capture(let index) = reference {
      return layout?.captures[index].role == .state ? nil : (.callCapture, index)
    }
    let mayRebind = arguments.contains { if case .positional(let value) = $0 { mayAssign(value) } else { true } }
    guard let register = register(reference), !mayRebind else { return nil }
    return (.callLocal, register)
  }

  /// Evaluates arguments into the next registers.
  private mutating func arguments(_ arguments: [Expression.Argument]) {
    for argument in arguments {
      let register = builder.allocate()
      switch argument {
      case .positional(let value), .named(_, let value), .spread(let value): expression(value, to: register)
      }
    }
  }

  private func isShaped(_ arguments: [Expression.Argument]) -> Bool {
    arguments.contains { if case .positional = $0 { false } else { true } }
  }

  /// Emits the call itself; `implicit` arguments (a receiver) stand before the written ones.
  private mutating func emitCall(
    _ op: Op, _ base: Int, _ arguments: [Expression.Argument], implicit: Int, to target: Int
  ) {
    guard isShaped(arguments) else {
      builder.emit(op, a: base, b: arguments.count + implicit, c: target)
      return
    }
    var layout = [Prototype.CallShape.Argument](repeating: .positional, count: implicit)
    for argument in arguments {
      switch argument {
      case .positional: layout.append(.positional)
      case .named(let name, _): layout.append(.named(name.text))
      case .spread: layout.append(.spread)
      }
    }
    let shape = Prototype.CallShape(arguments: layout)
    let number = prototype.calls.firstIndex(of: shape) ?? prototype.calls.count
    if number == prototype.calls.count { prototype.calls.append(shape) }
    builder.emit(.callShaped, a: base, b: number, c: target)
  }

  /// `x.f(a)`: the field if it can be called, otherwise the function with x in front.
  private mutating func method(
    _ callee: Expression, _ receiver: Expression, _ name: Name, _ arguments: [Expression.Argument], isOptional: Bool,
    to target: Int
  ) {
    let span = builder.span
    let base = builder.allocate(2)
    chainLink = receiver.id
    expression(receiver, to: base + 1)
    if isOptional { jumpOutIfNone(base + 1) }
    let function = program.references[callee.id]
    // A receiver's own field is looked up before the arguments are evaluated only when nothing else can be meant.
    if function == nil {
      builder.span = name.span
      builder.emit(.getField, x: 1, a: base + 1, b: base + 1, c: builder.cache(name.text))
      noteHidingName(callee)
      prototype.calledFields.insert(builder.here - 1)
    }
    self.arguments(arguments)
    if let function {
      builder.span = name.span
      builder.emit(.tryMethod, a: base + 1, c: builder.cache(name.text))
      let asField = builder.emitJump(.jump)
      load(function, to: base)
      checkMethod(callee, name, at: base, isCalled: true)
      builder.span = span
      emitCall(.call, base, arguments, implicit: 1, to: target)
      let end = builder.emitJump(.jump)
      builder.patch([asField])
      emitCall(.call, base + 1, arguments, implicit: 0, to: target)
      builder.patch([end])
    } else {
      builder.span = span
      emitCall(.call, base + 1, arguments, implicit: 0, to: target)
    }
  }

  /// Where only running tells whether the name behind a dot is a function: what was loaded for it must be one.
  private mutating func checkMethod(_ value: Expression, _ name: Name, at register: Int, isCalled: Bool) {
    guard let bound = program.unsureMethods[value.id] else { return }
    prototype.methods.append((name.text, bound, isCalled))
    builder.span = name.span
    builder.emit(.checkMethod, a: register, b: prototype.methods.count - 1)
  }

  /// Keeps, for the error, where a name is bound that hides a function of the library, behind the dot or where it is called.
  private func noteHidingName(_ value: Expression) {
    if let bound = program.unsureMethods[value.id] { prototype.hidingNames[builder.here - 1] = bound }
  }

  /// `?.` found none: the chain ends with it.
  private mutating func jumpOutIfNone(_ register: Int) {
    let jump = builder.emitJump(.jumpIfNone, a: register)
    if !chains.isEmpty { chains[chains.count - 1].append(jump) }
  }

  /// `x.f` and `x?.f`.
  mutating func field(_ value: Expression, _ receiver: Expression, _ name: Name, isOptional: Bool, to target: Int) {
    let span = builder.span
    chainLink = receiver.id
    if !isOptional, program.references[value.id] == nil {
      let object = operand(receiver)
      builder.span = name.span
      builder.emit(.getField, x: object.first, a: target, b: object.register, c: builder.cache(name.text))
      noteHidingName(value)
      return
    }
    let base = builder.allocate(2)
    expression(receiver, to: base + 1)
    var ends: [Int] = []
    if isOptional { jumpOutIfNone(base + 1) }
    builder.span = name.span
    if let function = program.references[value.id] {
      builder.emit(.tryField, x: 1, a: target, b: base + 1, c: builder.cache(name.text))
      ends.append(builder.emitJump(.jump))
      load(function, to: base)
      checkMethod(value, name, at: base, isCalled: false)
      builder.span = span
      builder.emit(.call, a: base, b: 1, c: target)
    } else {
      builder.emit(.getField, x: 1, a: target, b: base + 1, c: builder.cache(name.text))
      noteHidingName(value)
    }
    builder.patch(ends)
  }

  // MARK: assignment

  mutating func assign(_ target: Expression, _ op: BinaryOperator?, _ value: Expression, span: Span) {
    switch target.kind {
    case .name: assignName(target, op, value)
    case .index(let root, let indexes):
      if op == nil, case .name = root.kind, let register = register(program.references[root.id]), indexes.count == 1,
        case .value(let only) = indexes[0]
      {
        let position = operand(only, beside: [value])
        let element = operand(value)
        builder.span = target.span
        builder.emit(
          .setIndex, x: position.first | element.second, a: register, b: position.register, c: element.register)
        return
      }
      assignPath(target, op, value)
    case .field(let root, let name):
      if op == nil, case .name = root.kind, let register = register(program.references[root.id]) {
        let element = operand(value)
        builder.span = target.span
        builder.emit(.setField, x: element.first, a: register, b: element.register, c: builder.cache(name.text))
        return
      }
      assignPath(target, op, value)
    default: break
    }
  }

  private mutating func assignName(_ target: Expression, _ op: BinaryOperator?, _ value: Expression) {
    let reference = program.references[target.id]
    if case .capture(let index) = reference {
      let register = builder.allocate()
      if let op {
        builder.emit(.getState, a: register, b: index)
        let second = operand(value)
        builder.emit(Self.plain(op), x: 1 | second.second, a: register, b: register, c: second.register)
      } else {
        expression(value, to: register)
      }
      builder.emit(.setState, a: register, b: index)
      return
    }
    guard let register = register(reference) else { return }
    switch op {
    case nil: expression(value, to: register)
    case .some(let op) where assigns(reference, in: value):
      // As in `x = x + (…)`, the value that the local has now is the left operand.
      let left = operand(target, beside: [value])
      let second = operand(value)
      builder.emit(Self.plain(op), x: left.first | second.second, a: register, b: left.register, c: second.register)
    case .join:
      if case .list(let elements) = value.kind, elements.count <= 16, !elements.isEmpty,
        elements.allSatisfy({ if case .value = $0 { true } else { false } })
      {
        let first = builder.nextRegister
        for element in elements {
          guard case .value(let value) = element else { continue }
          let place = builder.allocate()
          expression(value, to: place)
        }
        builder.emit(.joinElements, a: register, b: first, c: elements.count)
        return
      }
      let second = operand(value)
      builder.emit(.join, x: second.second, a: register, b: register, c: second.register)
    case .some(let op):
      if let constant = numberConstant(value), let fused = Self.withConstant(op) {
        builder.emit(fused, a: register, b: register, c: builder.constant(constant))
        return
      }
      let second = operand(value)
      builder.emit(Self.plain(op), x: second.second, a: register, b: register, c: second.register)
    }
  }

  /// Whether an expression holds an assignment to a local of this function.
  private func assigns(_ local: Reference?, in value: Expression) -> Bool {
    guard let local, mayAssign(value), let places = program.assignments[local] else { return false }
    return places.contains { value.span.lower <= $0.lower && $0.upper <= value.span.upper }
  }

  /// `root.a.b[i] = v`: indexes are evaluated from left to right, then the value; the change happens in one
  /// instruction.
  private mutating func assignPath(_ target: Expression, _ op: BinaryOperator?, _ value: Expression) {
    var steps: [(Expression, Expression.Kind)] = []
    var current = target
    var root: Expression?
    while root == nil {
      switch current.kind {
      case .field(let inner, _), .index(let inner, _):
        steps.append((current, current.kind))
        current = inner
      default: root = current
      }
    }
    guard let root, let register = register(program.references[root.id]) else { return }
    var path = Prototype.AssignmentPath(steps: [], operation: op)
    let first = builder.nextRegister
    // A local stays where it is unless what is evaluated behind it may change it.
    let mayChange =
      mayAssign(value)
      || steps.contains { _, kind in
        guard case .index(_, let indexes) = kind else { return false }
        return indexes.contains { if case .value(let value) = $0 { mayAssign(value) } else { false } }
      }
    for (_, kind) in steps.reversed() {
      switch kind {
      case .field(_, let name): path.steps.append(.field(name.text))
      case .index(_, let indexes):
        if indexes.count == 1, case .value(let only) = indexes[0] {
          if let constant = Self.smallInteger(only) {
            path.steps.append(.constant(constant))
            continue
          }
          if !mayChange, case .name = only.kind, let local = self.register(program.references[only.id]) {
            path.steps.append(.local(local))
            continue
          }
        }
        path.steps.append(
          .index(
            indexes.map { index in
              guard case .value(let value) = index else { return true }
              let place = builder.allocate()
              expression(value, to: place)
              return false
            }))
      default: break
      }
    }
    let place = builder.allocate()
    if let op, assigns(program.references[root.id], in: value) {
      // As in `r.a[i] = r.a[i] + (…)`, the element that the local has now is the left operand.
      path.operation = nil
      builder.span = target.span
      let left = read(path.steps, of: register, indexes: first)
      expression(value, to: place)
      builder.span = target.span
      builder.emit(Self.plain(op), x: 3, a: left, b: left, c: place)
      builder.emit(.move, a: place, b: left)
    } else {
      expression(value, to: place)
    }
    prototype.paths.append(path)
    builder.span = target.span
    builder.emit(.assignPath, a: register, b: first, c: prototype.paths.count - 1)
  }

  /// The register of the element that the steps of a path lead to from a local; the indexes, from the register `first`
  /// on, stay.
  private mutating func read(
    _ steps: [Prototype.AssignmentPath.Step], of root: Int, indexes first: Int
  ) -> Int {
    var object = root
    var index = first
    for step in steps {
      let x = object == root ? 0 : 1
      let part = builder.allocate()
      switch step {
      case .field(let name): builder.emit(.getField, x: x, a: part, b: object, c: builder.cache(name))
      case .constant(let value): builder.emit(.getIndexK, x: x, a: part, b: object, c: value & 0xFFFF)
      case .local(let local): builder.emit(.getIndex, x: x, a: part, b: object, c: local)
      case .index([false]):
        builder.emit(.getIndex, x: x, a: part, b: object, c: index)
        index += 1
      case .index(let isWhole):
        let count = isWhole.count { !$0 }
        let operands = builder.allocate(1 + count)
        builder.emit(.copy, a: operands, b: object)
        for i in 0..<count { builder.emit(.copy, a: operands + 1 + i, b: index + i) }
        prototype.indexLists.append(Prototype.IndexList(isWhole: isWhole))
        builder.emit(.getIndexes, a: part, b: operands, c: prototype.indexLists.count - 1)
        index += count
      }
      object = part
    }
    return object
  }
}
