import Tensors

/// What a compiled function's trace depends on, as words that are compared exactly: the structure of the arguments,
/// with shapes, types, booleans, strings, functions, and the numbers that functions captured. Beside it, in the same
/// order, what the plan takes as inputs: tensors, and the numbers of lists, records and of the arguments themselves.
struct CompiledKey {
  private(set) var words: [UInt64] = []
  private(set) var inputs: [Tensor?] = []
  /// Names of records, borrowed; whoever keeps the words keeps these alive, since they are compared by address.
  private(set) var names: [Value] = []
  private var pending: [Part] = []

  private struct Part {
    var value: Value
    /// Inside a function's captures, where numbers are part of the key.
    var isCaptured: Bool
    var role: TreeNode.Role

    /// Parts, or words, that it gives at once when it is visited.
    @inline(__always) var count: Int {
      switch value.tag {
      case .list: value.list.count
      case .record: value.record.count
      case .string: value.string.pointee.byteCount >> 3
      default: 0
      }
    }
  }

  /// What the walk holds when it has visited a part.
  private func bytes(with part: Part) -> Int {
    words.capacity * MemoryLayout<UInt64>.stride + names.capacity * MemoryLayout<Value>.stride
      + inputs.count * Self.inputBytes + (pending.capacity + part.count) * MemoryLayout<Part>.stride
  }
  /// A number becomes a tensor of its own, an input of the trace and one of the plan; measured.
  private static let inputBytes = 640

  /// Marks the params seen in the current walk, in the unused second value of their boxes, over the place among the inputs.
  private var stamp: UInt64 = 0
  /// More inputs than memory holds; what is left counts walks, and begins again after days of them.
  private static let placeBits: UInt64 = 28

  /// Words in front of a part's own, by what it is; tags are below 64.
  private enum Mark {
    static let param: UInt64 = 1 << 32
    static let state: UInt64 = 1 << 33
    static let frozen: UInt64 = 1 << 34
    static let seenBefore: UInt64 = 1 << 35
  }

  /// Walks the arguments; forgets what was walked before, but not the memory.
  mutating func walk(_ arguments: [Value], in machine: Machine) throws {
    words.removeAll(keepingCapacity: true)
    inputs.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    stamp = machine.tensors.nextStamp() & (UInt64.max >> Self.placeBits)
    for argument in arguments { pending.append(Part(value: argument, isCaptured: false, role: .plain)) }
    pending.reverse()
    var watch = WalkWatch()
    while let part = pending.popLast() {
      try watch.step(machine, parts: 1 + part.count, holding: bytes(with: part))
      visit(part)
    }
  }

  private mutating func visit(_ part: Part) {
    let value = part.value
    let tag = UInt64(value.tag.rawValue)
    switch value.tag {
    case .none, .unset: words.append(tag)
    case .bool, .native:
      words.append(tag)
      words.append(value.bits)
    case .int, .float:
      words.append(tag)
      if part.isCaptured {
        words.append(value.bits)
      } else {
        inputs.append(value.tag == .int ? Tensor(scalar: value.asInt) : Tensor(scalar: value.asDouble))
      }
    case .string: visitText(value.string.buffer, tag)
    case .tensor: visitTensor(part)
    case .list:
      words.append(tag | UInt64(value.list.count) << 8)
      push(value.list.elements, value.list.count, isCaptured: part.isCaptured)
    case .record: visitRecord(part)
    case .closure:
      words.append(tag)
      words.append(UInt64(UInt(bitPattern: value.closure.pointee.prototype)))
      pushCaptures(value)
    case .range:
      words.append(tag | UInt64(value.header.pointee.flags) << 8)
      let range = value.range
      for end in [range.pointee.step, range.pointee.end, range.pointee.start] {
        pending.append(Part(value: end, isCaptured: true, role: .plain))
      }
    case .overload, .table, .figure, .module, .bound:
      words.append(tag)
      if value.tag == .bound, let native = value.boxedObject as? BoundNative {
        var name = native.function.name
        name.withUTF8 { visitText($0, tag) }
      }
      pending.append(Part(value: value.box.pointee.second, isCaptured: true, role: .plain))
      pending.append(Part(value: value.box.pointee.first, isCaptured: true, role: .plain))
    }
  }

  private mutating func push(_ values: UnsafeMutablePointer<Value>, _ count: Int, isCaptured: Bool) {
    var i = count - 1
    while i >= 0 {
      pending.append(Part(value: values[i], isCaptured: isCaptured, role: .plain))
      i -= 1
    }
  }

  private mutating func pushCaptures(_ value: Value) {
    let captures = value.closure.captures
    let names = value.closure.prototype.captures
    var i = value.closure.captureCount - 1
    while i >= 0 {
      var role = TreeNode.Role.plain
      if captures[i].tag == .tensor, i < names.count {
        if names[i].role == .param { role = .param } else if names[i].role == .state { role = .state }
      }
      pending.append(Part(value: captures[i], isCaptured: true, role: role))
      i -= 1
    }
  }

  private mutating func visitRecord(_ part: Part) {
    let record = part.value.record
    let count = record.count
    words.append(UInt64(Tag.record.rawValue) | UInt64(count) << 8)
    for i in 0..<count {
      words.append(record.key(i).bits)
      names.append(record.key(i))
    }
    push(record.values, count, isCaptured: part.isCaptured)
  }

  private mutating func visitText(_ bytes: UnsafeBufferPointer<UInt8>, _ tag: UInt64) {
    words.append(tag | UInt64(bytes.count) << 8)
    var word: UInt64 = 0
    for (i, byte) in bytes.enumerated() {
      word = word << 8 | UInt64(byte)
      if i & 7 == 7 {
        words.append(word)
        word = 0
      }
    }
    if bytes.count & 7 != 0 { words.append(word) }
  }

  private mutating func visitTensor(_ part: Part) {
    let box = part.value.box
    var head = UInt64(Tag.tensor.rawValue)
    if part.role == .param {
      head |= Mark.param
      if box.pointee.second.tag == .int, box.pointee.second.bits >> Self.placeBits == stamp {
        words.append(head | Mark.seenBefore)
        words.append(box.pointee.second.bits & (1 << Self.placeBits - 1))
        return
      }
      box.pointee.second = Value(tag: .int, bits: stamp << Self.placeBits | UInt64(inputs.count))
    } else if part.role == .state {
      head |= Mark.state
    }
    let flags = part.value.header.pointee.flags
    if flags & TensorFlags.isFrozen != 0 { head |= Mark.frozen }
    guard let object = part.value.boxedObject, let tensor = TensorOperations.plainTensor(object) else {
      words.append(head)
      return
    }
    words.append(head | UInt64(tensor.type.rawValue) << 8 | UInt64(tensor.shape.count) << 16)
    for extent in tensor.shape { words.append(UInt64(extent)) }
    inputs.append(tensor)
  }

  /// Drops the tensors, so that a plan's inputs have no further owner.
  mutating func takeInputs() -> [Tensor?] {
    let taken = inputs
    inputs = []
    return taken
  }
}

extension TensorState {
  /// A number for one walk over params, never used before in this interpreter.
  func nextStamp() -> UInt64 {
    stamps += 1
    return stamps
  }
}

extension TensorOperations {
  /// The tensor that a box's object holds, without the cost of a dynamic cast.
  @inline(__always) static func plainTensor(_ object: AnyObject) -> Tensor? {
    type(of: object) == Tensor.self ? unsafeDowncast(object, to: Tensor.self) : nil
  }
}
