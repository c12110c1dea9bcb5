import Graphs
import Tensors

/// Keys of draws: see docs/language.md, "Randomness".
extension TensorOperations {
  /// A fresh key where the program stands: derived from the scope's key and the count of draws, which it raises.
  func freshKey() throws -> TensorOperand {
    guard let recording = machine.tensors.recording, recording.isStaged else { return machineKey() }
    switch (recording.scope.key, recording.scope.count) {
    case (.call, _) where recording.drawsOutside:
      machine.tensors.recording = recording.parent
      defer { machine.tensors.recording = recording }
      return try freshKey()
    case (.machine, nil): return machineKey()
    default:
      let (key, count) = (scopeKey(recording), try drawCount(recording))
      recording.scope.offset += 1
      return try derive(key, count)
    }
  }

  private func machineKey() -> TensorOperand {
    let key = RandomKey.derive(machine.drawScope.key, machine.drawScope.count)
    machine.drawScope.count &+= 1
    return .int(Int(key))
  }

  /// The key of the scope in which a trace, or the one around it, draws.
  private func scopeKey(_ recording: Recording?) -> TensorOperand {
    guard let recording, recording.isStaged else { return .int(Int(machine.drawScope.key)) }
    switch recording.scope.key {
    case .call where recording.drawsOutside: return scopeKey(recording.parent)
    case .call: return .traced(TracedValue(hiddenInputs(recording).key, recording))
    case .key(let key): return .traced(TracedValue(key, recording))
    case .machine: return .int(Int(machine.drawScope.key))
    case .around: return scopeKey(recording.parent)
    }
  }

  /// How many draws came before in the scope of a trace that is in progress; it has a scope of its own.
  func drawCount(_ recording: Recording) throws -> TensorOperand {
    let (scope, offset) = (recording.scope, Int(recording.scope.offset))
    let begin: NodeID
    switch (scope.key, scope.count) {
    case (_, let count?): begin = count
    case (.call, nil): begin = hiddenInputs(recording).count
    case (.machine, nil): return .int(Int(machine.drawScope.count))
    case (.key, nil), (.around, nil): return .int(offset)
    }
    return try apply(.binary(.add), [.traced(TracedValue(begin, recording)), .int(offset)])
  }

  private func hiddenInputs(_ recording: Recording) -> (key: NodeID, count: NodeID) {
    if let hidden = recording.hidden { return hidden }
    let scope = machine.drawScope
    let made = (
      key: recording.trace.input(shape: [], type: .i64, isNumber: true, example: Tensor(scalar: Int(scope.key))),
      count: recording.trace.input(shape: [], type: .i64, isNumber: true, example: Tensor(scalar: Int(scope.count)))
    )
    recording.hidden = made
    return made
  }

  /// A new key from a key and a number.
  func derive(_ key: TensorOperand, _ number: TensorOperand) throws -> TensorOperand {
    if case .int(let k) = key, case .int(let n) = number { return .int(Int(RandomKey.derive(Int64(k), Int64(n)))) }
    return try apply(.deriveKey, [key, number])
  }

  /// Runs `body` with draws under a key, counted from 0.
  func withKey<Result>(_ key: TensorOperand, _ body: () throws -> Result) throws -> Result {
    let saved = machine.drawScope
    let recording = machine.tensors.recording
    let source = recording?.scope
    defer {
      machine.drawScope = saved
      if let source { recording?.scope = source }
    }
    switch key {
    case .int(let number):
      machine.drawScope = DrawScope(key: Int64(number), count: 0)
      recording?.scope = DrawSource(.machine)
    case .traced:
      if let recording, recording.isStaged {
        recording.scope = DrawSource(.key(try node(key, in: recording)))
      } else if let tensor = requireContent(key) {
        machine.drawScope = DrawScope(key: Int64(tensor.integer(0)), count: 0)
      }
    default: break
    }
    return try body()
  }
}

extension NativeCall {
  /// `key:` as a rank-0 i64 operand that is a number; a fresh key when left out.
  func drawKey(_ index: Int) throws -> TensorOperand {
    guard has(index) else { return try operations.freshKey() }
    return try key(self[index])
  }

  /// A key: an int, or a rank-0 integer tensor.
  func key(_ value: Value) throws -> TensorOperand {
    guard let operand = operations.operand(value), operand.rank == 0, operand.type == .i64 || operand.type == .i32
    else {
      throw RuntimeError(
        "E0412", "a key is a whole number, as `key(…)` makes it, not \(machine.brief(value))",
        help: ["`key(\"name\", i)` makes one of a name and numbers"])
    }
    if case .tensor(let tensor) = operand { return .int(tensor.integer(0)) }
    return try operations.convert(operand, to: .i64, asNumber: true)
  }
}
