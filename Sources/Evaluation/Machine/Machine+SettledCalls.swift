/// Calls with names that say the same at each call of one function: where their arguments go is found out once, and kept beside the
/// call.
extension Machine {
  /// Settles to which parameters of a function the arguments of a call go, if its names say it and all is given that has no default.
  func settle<Parameter>(
    _ call: UnsafeMutablePointer<LoadedCall>, _ prototype: UnsafeMutablePointer<LoadedPrototype>, _ number: Int,
    _ callee: UnsafeRawPointer, _ parameters: [Parameter], _ describe: (Parameter) -> (name: String, hasDefault: Bool)?
  ) {
    call.pointee.callee = callee
    call.pointee.places[0] = -1
    var left: [(name: String, hasDefault: Bool)?] = []
    for parameter in parameters {
      guard let description = describe(parameter) else { return }
      left.append(description)
    }
    var places: [Int32] = []
    for (i, argument) in prototype.pointee.prototype.takeUnretainedValue().calls[number].arguments.enumerated() {
      let place: Int?
      switch argument {
      case .positional: place = i < left.count ? i : nil
      case .named(let name): place = left.firstIndex { $0?.name == name }
      case .spread: place = nil
      }
      guard let place, left[place] != nil else { return }
      left[place] = nil
      places.append(Int32(truncatingIfNeeded: place))
    }
    guard left.allSatisfy({ $0?.hasDefault ?? true }) else { return }
    for (i, place) in places.enumerated() { call.pointee.places[i] = place }
  }

  /// Moves the arguments behind a slot to their parameters; those that are left out are unset.
  private func place(_ call: UnsafeMutablePointer<LoadedCall>, _ base: UnsafeMutablePointer<Value>, _ parameters: Int) {
    let count = call.pointee.count, places = call.pointee.places
    withUnsafeTemporaryAllocation(of: Value.self, capacity: count) { given in
      for i in 0..<count { given[i] = base[i] }
      for i in 0..<parameters { base[i] = .unset }
      for i in 0..<count { base[Int(places[i])] = given[i] }
    }
  }

  /// The frame of a closure, or of the chosen definition of the set in `slot`, for a call that is settled.
  func prepareSettled(
    _ call: UnsafeMutablePointer<LoadedCall>, _ function: Value, _ slot: UnsafeMutablePointer<Value>
  ) throws -> Frame {
    let callee = function.closure.pointee.prototype
    if callee.pointee.firstKinds != .any {
      let given = (0..<call.pointee.count).first { call.pointee.places[$0] == 0 }.map { slot[1 + $0] } ?? .unset
      guard takes(callee.pointee.firstKinds, given) else {
        throw wrongKind(callee.pointee.name, callee.pointee.firstKinds, given)
      }
    }
    guard slot + (callee.pointee.registerCount + call.pointee.count + 2) < stackLimit else { throw Machine.tooDeep }
    if slot.pointee.tag == .overload { Machine.put(heap, slot, heap.retained(function)) }
    place(call, slot + 1, callee.pointee.parameterCount)
    return Frame(
      base: slot + 1, code: callee.pointee.code, prototype: callee, captures: function.closure.captures)
  }

  /// The definition of a native that a call takes; nil where its names are needed to choose one.
  func settledNative(
    _ call: UnsafeMutablePointer<LoadedCall>, _ function: Value, _ slot: UnsafeMutablePointer<Value>
  ) -> UnsafePointer<NativeEntry>? {
    let group = NativeTable.shared.groups + Int(truncatingIfNeeded: function.bits)
    if let only = group.pointee.only { return only }
    guard call.pointee.positionalCount > 0 else { return nil }
    return group.choose(slot[1], call.pointee.positionalCount > 1 ? slot[2] : .unset, self)
  }

  func callSettled(
    _ call: UnsafeMutablePointer<LoadedCall>, _ entry: UnsafePointer<NativeEntry>, _ slot: UnsafeMutablePointer<Value>
  ) throws -> Value {
    let base = slot + 1
    let savedTop = nativeTop
    let count = entry.pointee.parameterCount
    nativeTop = max(nativeTop, base + (count + 2))
    defer { nativeTop = savedTop }
    guard nativeTop < stackLimit else { throw Machine.tooDeep }
    place(call, base, count)
    defer { for i in 0..<count { Machine.drop(heap, base + i) } }
    return try perform(entry, base, count, slot.pointee)
  }
}
