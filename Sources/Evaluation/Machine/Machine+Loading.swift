import Syntax

/// Turning shared prototypes into this interpreter's raw form.
extension Machine {
  /// The loaded form of a prototype, made at first use.
  func load(_ prototype: Prototype) -> UnsafeMutablePointer<LoadedPrototype> {
    if let known = loaded[ObjectIdentifier(prototype)] { return known }
    loadedPrototypes.append(prototype)
    units.hold(prototype)
    let pointer = UnsafeMutablePointer<LoadedPrototype>.allocate(capacity: 1)
    let code = UnsafeMutablePointer<Instruction>.allocate(capacity: max(1, prototype.code.count))
    code.initialize(from: prototype.code, count: prototype.code.count)
    Machine.pair(code, count: prototype.code.count, locals: prototype.localCount)
    let constants = UnsafeMutablePointer<Value>.allocate(capacity: max(1, prototype.constants.count))
    for (i, constant) in prototype.constants.enumerated() { constants[i] = value(constant) }
    let caches = UnsafeMutablePointer<InlineCache>.allocate(capacity: max(1, prototype.cacheNames.count))
    for (i, name) in prototype.cacheNames.enumerated() {
      (caches + i).initialize(to: InlineCache(key: heap.interned(name)))
    }
    let shapes = UnsafeMutablePointer<UnsafeMutablePointer<RecordShape>?>.allocate(
      capacity: max(1, prototype.keyLists.count))
    shapes.initialize(repeating: nil, count: max(1, prototype.keyLists.count))
    let firstKinds = prototype.parameters.first?.kinds ?? .any
    let isLong = firstKinds != .any || prototype.parameters.contains { $0.isRest }
    pointer.initialize(
      to: LoadedPrototype(
        code: code, constants: constants, caches: caches, recipes: recipes(of: prototype), paths: paths(of: prototype),
        calls: calls(of: prototype), shapes: shapes,
        registerCount: prototype.registerCount, parameterCount: prototype.parameters.count,
        simpleParameterCount: isLong ? -1 : prototype.parameters.count, firstKinds: firstKinds,
        captureCount: prototype.captures.count, constantCount: prototype.constants.count,
        keepCount: prototype.keepCount,
        prototype: .passUnretained(prototype)))
    loaded[ObjectIdentifier(prototype)] = pointer
    return pointer
  }

  private func recipes(of prototype: Prototype) -> UnsafeMutablePointer<LoadedRecipe> {
    let recipes = UnsafeMutablePointer<LoadedRecipe>.allocate(capacity: max(1, prototype.recipes.count))
    for (i, recipe) in prototype.recipes.enumerated() {
      let sources = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, recipe.sources.count))
      for (j, source) in recipe.sources.enumerated() { sources[j] = Int32(truncatingIfNeeded: source) }
      (recipes + i).initialize(
        to: LoadedRecipe(
          child: nil, sources: sources, sourceCount: Int32(truncatingIfNeeded: recipe.sources.count),
          isOverload: recipe.children.count > 1, shared: .none))
    }
    return recipes
  }

  private func calls(of prototype: Prototype) -> UnsafeMutablePointer<LoadedCall> {
    let calls = UnsafeMutablePointer<LoadedCall>.allocate(capacity: max(1, prototype.calls.count))
    for (i, call) in prototype.calls.enumerated() {
      let count = call.arguments.count
      (calls + i).initialize(
        to: LoadedCall(
          count: call.arguments.contains(.spread) ? -1 : count,
          positionalCount: call.arguments.firstIndex { $0 != .positional } ?? count, callee: nil,
          places: .allocate(capacity: max(1, count))))
    }
    return calls
  }

  private func paths(of prototype: Prototype) -> UnsafeMutablePointer<LoadedPath> {
    let paths = UnsafeMutablePointer<LoadedPath>.allocate(capacity: max(1, prototype.paths.count))
    for (i, path) in prototype.paths.enumerated() {
      let steps = UnsafeMutablePointer<LoadedStep>.allocate(capacity: max(1, path.steps.count))
      for (j, step) in path.steps.enumerated() {
        switch step {
        case .field(let name):
          (steps + j).initialize(to: LoadedStep(key: heap.interned(name), isPlainIndex: false))
        case .index(let isWhole):
          (steps + j).initialize(to: LoadedStep(key: .none, isPlainIndex: isWhole == [false]))
        case .local(let register):
          let local = Int32(truncatingIfNeeded: register)
          (steps + j).initialize(to: LoadedStep(key: .none, isPlainIndex: true, local: local))
        case .constant(let index):
          (steps + j).initialize(to: LoadedStep(key: Value(index), isPlainIndex: true))
        }
      }
      (paths + i).initialize(to: LoadedPath(steps: steps, stepCount: path.steps.count, operation: path.operation))
    }
    return paths
  }

  private func value(_ constant: Prototype.Constant) -> Value {
    switch constant {
    case .none: .none
    case .bool(let value): Value(value)
    case .int(let value): Value(value)
    case .float(let bits): Value(Double(bitPattern: bits))
    case .string(let text): text.utf8.count <= StringObject.maximumInterned ? heap.interned(text) : heap.string(text)
    case .list(let parts): heap.list(parts.map(value))
    }
  }

  /// Gives up the values that a loaded prototype holds.
  func releaseConstants(_ pointer: UnsafeMutablePointer<LoadedPrototype>) {
    let prototype = pointer.pointee.prototype.takeUnretainedValue()
    for i in 0..<pointer.pointee.constantCount {
      heap.release(pointer.pointee.constants[i])
      pointer.pointee.constants[i] = .none
    }
    for i in 0..<prototype.cacheNames.count {
      heap.release(pointer.pointee.caches[i].key)
      pointer.pointee.caches[i].key = .none
      pointer.pointee.caches[i].value = .unset
    }
    for i in 0..<prototype.recipes.count {
      heap.release(pointer.pointee.recipes[i].shared)
      pointer.pointee.recipes[i].shared = .none
    }
    for i in 0..<prototype.paths.count {
      let path = pointer.pointee.paths[i]
      for j in 0..<path.stepCount {
        heap.release(path.steps[j].key)
        path.steps[j].key = .none
      }
    }
    for i in 0..<prototype.keyLists.count {
      if let shape = pointer.pointee.shapes[i] { heap.releaseShape(shape) }
      pointer.pointee.shapes[i] = nil
    }
  }

  /// Gives the raw memory of a loaded prototype back.
  static func unload(_ pointer: UnsafeMutablePointer<LoadedPrototype>) {
    let prototype = pointer.pointee.prototype.takeUnretainedValue()
    for i in 0..<prototype.recipes.count { pointer.pointee.recipes[i].sources.deallocate() }
    for i in 0..<prototype.paths.count { pointer.pointee.paths[i].steps.deallocate() }
    for i in 0..<prototype.calls.count { pointer.pointee.calls[i].places.deallocate() }
    pointer.pointee.calls.deallocate()
    pointer.pointee.paths.deallocate()
    pointer.pointee.code.deallocate()
    pointer.pointee.constants.deallocate()
    pointer.pointee.caches.deallocate()
    pointer.pointee.recipes.deallocate()
    pointer.pointee.shapes.deallocate()
    pointer.deallocate()
  }

  /// The shape of a record literal.
  @inline(never) func shape(
    _ pointer: UnsafeMutablePointer<LoadedPrototype>, _ index: Int
  ) -> UnsafeMutablePointer<RecordShape> {
    if let shape = pointer.pointee.shapes[index] { return shape }
    var shape = heap.emptyShape()
    for name in pointer.pointee.prototype.takeUnretainedValue().keyLists[index] {
      let key = heap.interned(name)
      shape = heap.extended(shape, with: key.string)
      heap.release(key)
    }
    pointer.pointee.shapes[index] = shape
    return shape
  }

  // MARK: closures

  /// Makes the closure or set of definitions of a recipe; owned by the caller.
  @inline(never) func make(
    _ owner: UnsafeMutablePointer<LoadedPrototype>, _ index: Int, registers: UnsafeMutablePointer<Value>,
    captures: UnsafeMutablePointer<Value>
  ) -> Value {
    let recipe = owner.pointee.recipes + index
    if recipe.pointee.sourceCount == 0, recipe.pointee.shared.isHeap { return heap.retained(recipe.pointee.shared) }
    if recipe.pointee.isOverload {
      let result = makeOverload(owner, index, registers, captures)
      if recipe.pointee.sourceCount == 0 { recipe.pointee.shared = heap.retained(result) }
      return result
    }
    let child: UnsafeMutablePointer<LoadedPrototype>
    if let known = recipe.pointee.child {
      child = known
    } else {
      let prototype = owner.pointee.prototype.takeUnretainedValue()
      child = load(prototype.children[prototype.recipes[index].children[0].child].prototype)
      recipe.pointee.child = child
    }
    let result = closure(child, recipe, registers, captures)
    if recipe.pointee.sourceCount == 0 { recipe.pointee.shared = heap.retained(result) }
    return result
  }

  @inline(__always) private func closure(
    _ child: UnsafeMutablePointer<LoadedPrototype>, _ recipe: UnsafeMutablePointer<LoadedRecipe>,
    _ registers: UnsafeMutablePointer<Value>, _ captures: UnsafeMutablePointer<Value>
  ) -> Value {
    let count = Int(recipe.pointee.sourceCount)
    let result = heap.closure(child, captures: count)
    let target = result.closure.captures
    for i in 0..<count {
      let source = Int(recipe.pointee.sources[i])
      target[i] = heap.retained(source >= 0 ? registers[source] : captures[-1 - source])
    }
    return result
  }

  private func makeOverload(
    _ owner: UnsafeMutablePointer<LoadedPrototype>, _ index: Int, _ registers: UnsafeMutablePointer<Value>,
    _ captures: UnsafeMutablePointer<Value>
  ) -> Value {
    let prototype = owner.pointee.prototype.takeUnretainedValue()
    var members = heap.emptyList(capacity: 8)
    var name = "fn"
    for (child, kinds) in prototype.recipes[index].children {
      let loaded = load(prototype.children[child].prototype)
      name = prototype.children[child].prototype.name
      members = heap.append(Value(Int(kinds.rawValue)), to: members)
      members = heap.append(closure(loaded, owner.pointee.recipes + index, registers, captures), to: members)
    }
    return heap.box(.overload, heap.interned(name), members)
  }
}
