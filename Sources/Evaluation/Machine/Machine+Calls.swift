import Diagnostics
import Graphs
import Notation
import Resolution
import Tensors

/// Calls that are not plain: defaults, rest and named arguments, sets of definitions, natives.
extension Machine {
  static var tooDeep: RuntimeError {
    RuntimeError(
      "E0303", "calls are nested too deeply", label: "more than \(maximumDepth) calls wait for each other here",
      help: ["is there a case in which the function does not call itself?"])
  }

  static var tooManySweeps: RuntimeError {
    RuntimeError(
      "E0303", "sweeps are nested too deeply",
      label: "more than \(maximumSweepDepth) sweeps run inside each other here",
      help: ["is there a case in which the function does not call itself?"])
  }

  /// The poll word is set: an interrupt, or too much memory.
  @inline(never) func answerPoll() throws {
    let bits = poll.bits
    if bits & Poll.interrupt != 0, !folds.putsOff() { throw RuntimeError.interrupted }
    if bits & Poll.memory != 0 {
      poll.lower(Poll.memory)
      if heap.state.pointee.bytes > heap.state.pointee.byteLimit { throw outOfMemory }
    }
  }

  /// Where registers of calls made from Swift begin.
  var callBase: UnsafeMutablePointer<Value> {
    max(frame.pointee.base + frame.pointee.prototype.pointee.registerCount, nativeTop)
  }

  // MARK: from Swift

  /// Calls a function value with positional arguments, all borrowed; the result is the caller's.
  func call(_ function: Value, _ arguments: [Value]) throws -> Value { try call(function, arguments, named: []) }

  /// Calls a function value with positional and named arguments, all borrowed; the result is the caller's.
  func call(_ function: Value, _ arguments: [Value], named: [(String, Value)]) throws -> Value {
    try checkNativeStack()
    let caller = frame
    let savedTop = nativeTop
    let base = callBase
    guard base + (arguments.count + named.count + 64) < stackLimit, frame < frameLimit else { throw Machine.tooDeep }
    let stub = caller + 1
    stub.pointee = Frame(base: base, code: haltCode + 1, prototype: Machine.noPrototype, captures: base)
    frame = stub
    defer {
      frame = caller
      nativeTop = savedTop
    }
    base[0] = heap.retained(function)
    for (i, argument) in arguments.enumerated() { base[1 + i] = heap.retained(argument) }
    do {
      let callee: Frame?
      if named.isEmpty {
        callee = try prepareCall(base, arguments.count, nil, result: base)
      } else {
        var gathered = Gathered()
        for i in 0..<arguments.count {
          gathered.positional.append(base[1 + i])
          base[1 + i] = .none
        }
        gathered.named = named.map { ($0.0, heap.retained($0.1)) }
        callee = try prepareCall(base, 0, gathered, result: base)
      }
      if let callee {
        (stub + 1).pointee = callee
        return try run(from: stub + 1, entry: stub)
      }
    } catch {
      for i in 0...arguments.count { Machine.drop(heap, base + i) }
      throw error
    }
    let result = base[0]
    base[0] = .none
    return result
  }

  /// Runs top-level code whose globals stand at `base`; gives the value it ends with, owned.
  func runTopLevel(_ prototype: Prototype, base: UnsafeMutablePointer<Value>) throws -> Value {
    try checkNativeStack()
    let caller = frame
    let savedTop = nativeTop
    let loaded = load(prototype)
    guard base + loaded.pointee.registerCount < stackLimit, frame < frameLimit else { throw Machine.tooDeep }
    let entry = caller + 1
    entry.pointee = Frame(base: base, code: loaded.pointee.code, prototype: loaded, captures: base)
    frame = entry
    defer {
      frame = caller
      nativeTop = savedTop
    }
    return try run(from: entry, entry: entry)
  }

  /// Native calls, and calls from natives, may nest until the thread's stack is nearly used up.
  func checkNativeStack() throws {
    var probe = 0
    let address = withUnsafeMutablePointer(to: &probe) { UInt(bitPattern: $0) }
    if address < nativeStackLimit { throw Machine.tooDeep }
  }

  // MARK: binding arguments

  /// Arguments of a call with names or spreads, owned.
  struct Gathered {
    var positional: [Value] = []
    var named: [(String, Value)] = []
  }

  private func release(_ gathered: Gathered) {
    for value in gathered.positional { heap.release(value) }
    for (_, value) in gathered.named { heap.release(value) }
  }

  /// Gets a call ready whose function stands in `slot` and whose `count` arguments stand behind it (or were
  /// gathered). A native is called and its result written; for a closure the frame to enter is returned.
  @inline(never) func prepareCall(
    _ slot: UnsafeMutablePointer<Value>, _ count: Int, _ gathered: Gathered?, result: UnsafeMutablePointer<Value>
  ) throws -> Frame? {
    let function = slot.pointee
    switch function.tag {
    case .closure:
      let prototype = function.closure.pointee.prototype
      if prototype.pointee.firstKinds != .any {
        let first =
          gathered.map { $0.positional.first ?? namedFirst($0.named, prototype) } ?? (count > 0 ? slot[1] : .unset)
        guard takes(prototype.pointee.firstKinds, first) else {
          let error = wrongKind(prototype.pointee.name, prototype.pointee.firstKinds, first)
          if let gathered { release(gathered) }
          throw error
        }
      }
      guard slot + (prototype.pointee.registerCount + count + 2) < stackLimit else {
        if let gathered { release(gathered) }
        throw Machine.tooDeep
      }
      if let gathered {
        try bind(gathered, to: prototype, at: slot + 1)
      } else {
        try bind(count, to: prototype, at: slot + 1)
      }
      return Frame(
        base: slot + 1, code: prototype.pointee.code, prototype: prototype, captures: function.closure.captures)
    case .overload:
      let first =
        gathered.map { $0.positional.first ?? namedFirst($0.named, function) } ?? (count > 0 ? slot[1] : .unset)
      guard let chosen = choose(function, first) else {
        let error = noDefinition(function, first)
        if let gathered { release(gathered) }
        throw error
      }
      Machine.put(heap, slot, heap.retained(chosen))
      return try prepareCall(slot, count, gathered, result: result)
    case .native, .bound:
      if count == 1, gathered == nil, slot[1].tag == .float, function.tag == .native,
        let operation = (NativeTable.shared.groups + Int(truncatingIfNeeded: function.bits)).pointee.scalar
      {
        let x = slot[1].asDouble
        Machine.put(heap, result, Value(operation == .sqrt ? x.squareRoot() : ScalarMath.apply(operation, x)))
        return nil
      }
      let value = try callNative(slot, count, gathered)
      Machine.drop(heap, slot)
      Machine.put(heap, result, value)
      return nil
    default:
      if let gathered { release(gathered) }
      throw notAFunction(function)
    }
  }

  func notAFunction(_ value: Value) -> RuntimeError {
    RuntimeError(
      "E0201", "\(brief(value)) is not a function and cannot be called", label: describeKind(value),
      help: notCalledHelp(value))
  }

  /// What may be meant by the call of a value that is no function.
  private func notCalledHelp(_ value: Value) -> [String] {
    let hiding = hidingName.map { [$0] } ?? []
    switch value.tag {
    case .list, .range, .table: return hiding + ["an element is taken with brackets, counted from 0: `xs[1]`"]
    case .tensor: return hiding + ["an element is taken with brackets, counted from 0: `t[1]`, `t[1, 2]`"]
    case .record:
      let record = value.record
      return hiding
        + (0..<record.count).filter { record.values[$0].isFunction }.prefix(1).map {
          let name = StringLiteral.fieldName(record.name($0))
          return "its field `\(name)` is a function: `r.\(name)(…)`"
        }
    case _ where !hiding.isEmpty: return hiding
    default: return value.isNumber ? ["a product is written with its sign: `\(brief(value)) * (…)`"] : unquoted(value)
    }
  }

  /// That the name which is called just now hides a function of the library.
  private var hidingName: String? {
    let loaded = frame.pointee.prototype
    guard loaded != Machine.noPrototype else { return nil }
    let prototype = loaded.pointee.prototype.takeUnretainedValue()
    guard let bound = prototype.hidingNames[frame.pointee.code - loaded.pointee.code - 1],
      let file = SourceStore.shared.file(bound.file)
    else { return nil }
    return
      "`\(file.text(bound))` is bound in line \(file.position(Int(bound.lower)).line) and hides the library's function"
  }

  /// What to say of a string that stands for a function of the library, as other frameworks take them; `exactly` where
  /// a string may well be meant, and only one that is such a name is taken for it.
  func unquoted(_ value: Value, exactly: Bool = false) -> [String] {
    guard value.tag == .string else { return [] }
    let name = value.swiftString
    let names = library.prelude.names
    guard let meant = names[name] != nil ? name : nearNames(name, among: names.keys).first,
      meant == name || !exactly
    else { return [] }
    return ["a function is given by its name without quotes: `\(meant)`"]
  }

  /// Positional arguments of a closure: defaults stay unset for the callee to fill in, a rest parameter takes what is
  /// left.
  private func bind(
    _ count: Int, to loaded: UnsafeMutablePointer<LoadedPrototype>, at base: UnsafeMutablePointer<Value>
  ) throws {
    let parameters = loaded.pointee.parameterCount
    let prototype = loaded.pointee.prototype.takeUnretainedValue()
    if let rest = prototype.parameters.firstIndex(where: \.isRest) {
      var list = heap.emptyList(capacity: max(0, count - rest))
      for i in min(rest, count)..<max(min(rest, count), count) {
        list = heap.append(base[i], to: list)
        base[i] = .none
      }
      for i in count..<max(count, parameters) { base[i] = .unset }
      for i in (rest + 1)..<max(rest + 1, parameters) { base[i] = .unset }
      Machine.put(heap, base + rest, list)
    } else {
      guard count <= parameters else { throw tooMany(prototype, count) }
      for i in count..<parameters { base[i] = .unset }
    }
    try checkGiven(prototype, base)
  }

  private func tooMany(_ prototype: Prototype, _ count: Int) -> RuntimeError {
    let parameters = prototype.parameters.count
    return RuntimeError(
      "E0201", "`\(prototype.name)` takes \(parameters) argument\(parameters == 1 ? "" : "s"), not \(count)",
      label: "its parameters are (\(prototype.parameters.map(\.name).joined(separator: ", ")))")
  }

  private func checkGiven(_ prototype: Prototype, _ base: UnsafeMutablePointer<Value>) throws {
    for (i, parameter) in prototype.parameters.enumerated() where base[i].isUnset && !parameter.hasDefault {
      if parameter.isRest { continue }
      let names = prototype.parameters.map(\.name).joined(separator: ", ")
      let isPair = i == 1 && base[0].tag == .list && base[0].list.count == prototype.parameters.count
      throw RuntimeError(
        "E0201", "`\(prototype.name)` needs a value for `\(parameter.name)`", label: "`\(parameter.name)` is missing",
        help: ["its parameters are (\(names))"]
          + (isPair ? ["it was given one list: `([\(names)]) -> …` takes a list apart"] : []))
    }
  }

  /// Named and spread arguments of a closure. Consumes them, also when it throws.
  private func bind(
    _ gathered: Gathered, to loaded: UnsafeMutablePointer<LoadedPrototype>, at base: UnsafeMutablePointer<Value>
  ) throws {
    let prototype = loaded.pointee.prototype.takeUnretainedValue()
    let parameters = prototype.parameters
    var bound = [Value](repeating: .unset, count: parameters.count)
    func abandon(_ from: Int, _ named: Int) {
      for value in bound { heap.release(value) }
      for value in gathered.positional[from...] { heap.release(value) }
      for (_, value) in gathered.named[named...] { heap.release(value) }
    }
    let rest = parameters.firstIndex(where: \.isRest)
    if let rest { bound[rest] = heap.emptyList(capacity: 4) }
    for (i, value) in gathered.positional.enumerated() {
      if let rest, i >= rest {
        bound[rest] = heap.append(value, to: bound[rest])
      } else if i < parameters.count {
        bound[i] = value
      } else {
        abandon(i, 0)
        throw tooMany(prototype, gathered.positional.count)
      }
    }
    for (i, (name, value)) in gathered.named.enumerated() {
      guard let index = parameters.firstIndex(where: { $0.name == name }), !parameters[index].isRest else {
        abandon(gathered.positional.count, i)
        throw unknownParameter(name, prototype.name, parameters.map(\.name))
      }
      guard bound[index].isUnset else {
        abandon(gathered.positional.count, i)
        throw givenTwice(name, prototype.name)
      }
      bound[index] = value
    }
    for (i, value) in bound.enumerated() { base[i] = value }
    do { try checkGiven(prototype, base) } catch {
      for i in 0..<bound.count { Machine.drop(heap, base + i) }
      throw error
    }
  }

  private func givenTwice(_ name: String, _ function: String) -> RuntimeError {
    RuntimeError("E0201", "`\(function)` got `\(name)` twice", label: "given by place and by name")
  }

  private func unknownParameter(_ name: String, _ function: String, _ names: [String]) -> RuntimeError {
    RuntimeError(
      "E0201", "`\(function)` has no parameter `\(name)`",
      label: nearNames(name, among: names).first.map { "did you mean `\($0)`?" } ?? "no such parameter",
      help: ["its parameters are (\(names.joined(separator: ", ")))"])
  }

  /// A call with names or spreads. Where the names say the same at each call of a function, the arguments behind `slot` go to
  /// their places; otherwise they are gathered.
  @inline(never) func prepareShaped(
    _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ number: Int, _ slot: UnsafeMutablePointer<Value>,
    result: UnsafeMutablePointer<Value>
  ) throws -> Frame? {
    let call = prototype.pointee.calls + number
    if call.pointee.count > 0 {
      var function = slot.pointee
      if function.tag == .overload, call.pointee.positionalCount > 0, let chosen = choose(function, slot[1]) {
        function = chosen
      }
      if function.tag == .closure {
        let callee = function.closure.pointee.prototype
        if call.pointee.callee != UnsafeRawPointer(callee) {
          settle(call, prototype, number, callee, callee.pointee.prototype.takeUnretainedValue().parameters) {
            $0.isRest ? nil : ($0.name, $0.hasDefault)
          }
        }
        if call.pointee.isSettled { return try prepareSettled(call, function, slot) }
      } else if function.tag == .native, let entry = settledNative(call, function, slot) {
        if call.pointee.callee != UnsafeRawPointer(entry) {
          settle(call, prototype, number, entry, entry.pointee.function.pointee.signature.parameters) {
            $0.isRest ? nil : ($0.name, $0.hasDefault)
          }
        }
        if call.pointee.isSettled {
          let value = try callSettled(call, entry, slot)
          Machine.drop(heap, slot)
          Machine.put(heap, result, value)
          return nil
        }
      }
    }
    let shape = prototype.pointee.prototype.takeUnretainedValue().calls[number]
    var gathered = Gathered()
    for (i, argument) in shape.arguments.enumerated() {
      let place = slot + (1 + i)
      switch argument {
      case .positional:
        gathered.positional.append(place.pointee)
        place.pointee = .none
      case .named(let name):
        gathered.named.append((name, place.pointee))
        place.pointee = .none
      case .spread:
        do { try spread(place.pointee, into: &gathered) } catch {
          release(gathered)
          throw error
        }
        Machine.drop(heap, place)
      }
    }
    return try prepareCall(slot, 0, gathered, result: result)
  }

  private func spread(_ value: Value, into gathered: inout Gathered) throws {
    switch value.tag {
    case .record:
      for i in 0..<value.record.count {
        gathered.named.append((value.record.name(i), heap.retained(value.record.values[i])))
      }
    case .list, .range, .tensor:
      let count = try iterationCount(value)
      guard count <= 10_000 else {
        throw RuntimeError("E0201", "a call takes at most 10 000 arguments, not \(count)")
      }
      for i in 0..<count { gathered.positional.append(try iterationElement(value, i)) }
    default:
      throw RuntimeError(
        "E0201", "`...` in a call needs a list or a record, not \(brief(value))", label: describeKind(value))
    }
  }

  // MARK: natives

  /// The native that a `.native` or `.bound` value stands for.
  func native(_ value: Value) -> NativeFunction {
    if value.tag == .bound, let bound = value.boxedObject as? BoundNative { return bound.function }
    return NativeTable.shared.groups[Int(truncatingIfNeeded: value.bits)].entries[0].function.pointee
  }

  /// Calls the native in `slot` with the arguments behind it (or gathered ones); the arguments are given up.
  private func callNative(
    _ slot: UnsafeMutablePointer<Value>, _ given: Int, _ gathered: Gathered?
  ) throws -> Value {
    let callee = slot.pointee
    let entry: UnsafePointer<NativeEntry>
    if callee.tag == .bound {
      guard let bound = callee.boxedObject as? BoundNative else { throw RuntimeError("E0201", "not a function") }
      entry = bound.entry
    } else {
      let group = NativeTable.shared.groups + Int(truncatingIfNeeded: callee.bits)
      let first =
        gathered.map { $0.positional.first ?? group.namedFirst($0.named) } ?? (given > 0 ? slot[1] : .unset)
      let second =
        gathered.map { $0.positional.count > 1 ? $0.positional[1] : .unset } ?? (given > 1 ? slot[2] : .unset)
      guard let chosen = group.choose(first, second, self) else {
        // The error shows the argument: it is worded before the argument is given up.
        let error = wrongKind(group.pointee.name, group.pointee.kinds, first)
        if let gathered { release(gathered) }
        throw error
      }
      entry = chosen
    }
    let base = slot + 1
    let savedTop = nativeTop
    let count = entry.pointee.parameterCount
    nativeTop = max(nativeTop, base + (max(count, given) + 2))
    guard nativeTop < stackLimit else {
      if let gathered { release(gathered) }
      nativeTop = savedTop
      throw Machine.tooDeep
    }
    defer { nativeTop = savedTop }
    if let gathered {
      try bind(gathered, to: entry.pointee, at: base)
    } else if given != count || entry.pointee.restIndex >= 0 || entry.pointee.collectsNamed {
      var collected = Gathered()
      for i in 0..<given {
        collected.positional.append(base[i])
        base[i] = .none
      }
      try bind(collected, to: entry.pointee, at: base)
    }
    // What a bound native holds comes as one more argument.
    let held = callee.tag == .bound ? 1 : 0
    if held == 1 { base[count] = heap.retained(callee.box.pointee.first) }
    defer { for i in 0..<(count + held) { Machine.drop(heap, base + i) } }
    return try perform(entry, base, count, callee)
  }

  /// Runs a native whose arguments are in their places, borrowed.
  func perform(
    _ entry: UnsafePointer<NativeEntry>, _ base: UnsafeMutablePointer<Value>, _ count: Int, _ callee: Value
  ) throws -> Value {
    let call = NativeCall(machine: self, entry: entry.pointee.function, arguments: base, count: count, callee: callee)
    do {
      if Probe.moment == nil { return try entry.pointee.body(call) }
      return try Probe.under(entry.pointee.function.pointee.name) { try entry.pointee.body(call) }
    } catch { throw withShapes(error, of: call) }
  }

  /// An error of a native's shapes with those that it was given, before they are gone.
  @inline(never) private func withShapes(_ error: Error, of call: NativeCall) -> Error {
    guard var error = error as? RuntimeError, error.id == "E0401", error.stack.isEmpty else { return error }
    let operations = TensorOperations(self)
    let parameters = call.function.signature.parameters
    for i in 0..<min(call.count, parameters.count) {
      let value = call[i]
      let parts = value.tag == .list ? (0..<min(value.list.count, 8)).map { value.list.elements[$0] } : [value]
      error.given.append(
        (parameters[i].name, parts.compactMap { $0.tag == .tensor ? operations.operand($0)?.shape : nil }))
    }
    return error
  }

  /// Arguments of a native into its registers. Consumes them, also when it throws.
  private func bind(_ gathered: Gathered, to entry: NativeEntry, at base: UnsafeMutablePointer<Value>) throws {
    let parameters = entry.function.pointee.signature.parameters
    let name = entry.function.pointee.name
    var bound = [Value](repeating: .unset, count: entry.parameterCount)
    var failure: RuntimeError?
    if entry.restIndex >= 0 { bound[entry.restIndex] = heap.emptyList(capacity: 4) }
    if entry.collectsNamed { bound[bound.count - 1] = heap.emptyRecord() }
    for (i, value) in gathered.positional.enumerated() {
      if entry.restIndex >= 0 && i >= entry.restIndex {
        bound[entry.restIndex] = heap.append(value, to: bound[entry.restIndex])
      } else if i < entry.positionalCount {
        bound[i] = value
      } else {
        heap.release(value)
        failure =
          failure
          ?? RuntimeError(
            "E0201",
            "`\(name)` takes \(entry.positionalCount) argument\(entry.positionalCount == 1 ? "" : "s"), not \(gathered.positional.count)",
            label: "its parameters are (\(parameters.map(\.name).joined(separator: ", ")))")
      }
    }
    for (key, value) in gathered.named {
      if let index = parameters.firstIndex(where: { $0.name == key && !$0.isRest }), bound[index].isUnset {
        bound[index] = value
      } else if entry.collectsNamed {
        let interned = heap.interned(key)
        bound[bound.count - 1] = heap.setField(bound[bound.count - 1], interned, value)
        heap.release(interned)
      } else {
        heap.release(value)
        let isGiven = parameters.contains { $0.name == key && !$0.isRest }
        failure = failure ?? (isGiven ? givenTwice(key, name) : unknownParameter(key, name, parameters.map(\.name)))
      }
    }
    for (i, parameter) in parameters.enumerated() where bound[i].isUnset && !parameter.hasDefault && failure == nil {
      failure = RuntimeError(
        "E0201", "`\(name)` needs a value for `\(parameter.name)`", label: "`\(parameter.name)` is missing",
        help: ["its parameters are (\(parameters.map(\.name).joined(separator: ", ")))"]
          + (callsFromElsewhere[name].map { [$0] } ?? []))
    }
    if let failure {
      for value in bound { heap.release(value) }
      throw failure
    }
    for (i, value) in bound.enumerated() { base[i] = value }
  }
}
