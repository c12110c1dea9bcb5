import Graphs
import Notation
import Tensors

/// What an operation of tensors works on: a tensor, a plain number of the language, or a traced value.
enum TensorOperand {
  case tensor(Tensor)
  case int(Int)
  case float(Double)
  case bool(Bool)
  case traced(TracedValue)

  /// Its number, where it is one and known now.
  var known: Double? {
    switch self {
    case .int(let number): Double(number)
    case .float(let number): number
    case .tensor, .bool, .traced: nil
    }
  }

  var shape: Shape {
    switch self {
    case .tensor(let tensor): tensor.shape
    case .traced(let value): value.shape
    case .int, .float, .bool: []
    }
  }

  var rank: Int { shape.count }

  var type: ElementType {
    switch self {
    case .tensor(let tensor): tensor.type
    case .traced(let value): value.type
    case .int: .i64
    case .float: .f64
    case .bool: .bool
    }
  }

  /// A number (or plain condition) of the language, which gives way to a tensor's type.
  var isNumber: Bool {
    switch self {
    case .tensor: false
    case .traced(let value): value.isNumber
    case .int, .float, .bool: true
    }
  }

  var isTraced: Bool { if case .traced = self { true } else { false } }
}

/// Operations on operands: recorded where one of them is traced, otherwise executed at once.
struct TensorOperations {
  unowned(unsafe) let machine: Machine
  /// An operand that nobody will see after the operation, whose memory an elementwise result may have.
  private var spare: Tensor?

  init(_ machine: Machine) { self.machine = machine }

  /// For one operation on values that the caller drops afterwards.
  init(_ machine: Machine, consuming a: Value, _ b: Value) {
    self.machine = machine
    // Where a NaN was made is found by looking at the operands.
    if !machine.tensors.checksNaN { spare = TensorOperations.spare(a) ?? TensorOperations.spare(b) }
  }

  /// The tensor that a value is, where nothing else holds it or its memory, and it is large: small ones are not worth the asking.
  private static func spare(_ value: Value) -> Tensor? {
    guard value.tag == .tensor, value.isUnique, value.box.pointee.first.tag == .int,
      value.box.pointee.first.asInt >= 1 << 16, let held = value.box.pointee.object
    else { return nil }
    // The one count of the object moves into `object`, so that the test for sole ownership sees no other.
    value.box.pointee.object = nil
    var object = held.takeRetainedValue()
    let isAlone = isKnownUniquelyReferenced(&object)
    value.box.pointee.object = Unmanaged.passRetained(object)
    guard isAlone, let tensor = object as? Tensor, tensor.ownsStorageAlone else { return nil }
    return tensor
  }

  // MARK: values and operands

  /// A tensor, number or bool as an operand; nil for anything else.
  @inline(__always) func operand(_ value: Value) -> TensorOperand? {
    switch value.tag {
    case .tensor:
      guard let object = value.boxedObject else { return nil }
      return operand(of: object)
    case .int: return .int(value.asInt)
    case .float: return .float(value.asDouble)
    case .bool: return .bool(value.asBool)
    default: return nil
    }
  }

  func operand(of object: AnyObject) -> TensorOperand {
    if let tensor = object as? Tensor { return .tensor(tensor) }
    if let traced = object as? TracedValue { return resolved(traced) }
    if let cell = object as? StateCell { return operand(of: cell.content) }
    return .int(0)
  }

  /// A value of a trace that has ended is its tensor, where that is known.
  private func resolved(_ traced: TracedValue) -> TensorOperand {
    if let current = machine.tensors.recording, current.isInside(traced.recording) { return .traced(traced) }
    guard let tensor = traced.value else { return .traced(traced) }
    return traced.isNumber ? number(tensor) : .tensor(tensor)
  }

  /// A rank-0 tensor as a plain number.
  func number(_ tensor: Tensor) -> TensorOperand {
    switch tensor.type {
    case .f32, .f64: .float(tensor.element(0))
    case .i32, .i64: .int(tensor.integer(0))
    case .bool: .bool(tensor.integer(0) != 0)
    }
  }

  /// An operand as a value of the language, owned by the caller.
  func value(_ operand: TensorOperand) -> Value {
    switch operand {
    case .tensor(let tensor): return machine.heap.tensor(holding: tensor, bytes: tensor.byteCount)
    case .int(let number): return Value(number)
    case .float(let number): return Value(number)
    case .bool(let truth): return Value(truth)
    case .traced(let traced):
      let box = machine.heap.tensor(holding: traced, bytes: 0)
      if traced.isNumber { box.header.pointee.flags |= TensorFlags.isNumber }
      return box
    }
  }

  /// The operand as a tensor in the type it has; nil for a traced one.
  func tensor(_ operand: TensorOperand) -> Tensor? {
    switch operand {
    case .tensor(let tensor): tensor
    case .int(let number): Tensor(scalar: number)
    case .float(let number): Tensor(scalar: number)
    case .bool(let truth): Tensor(scalar: truth)
    case .traced: nil
    }
  }

  /// The content that is known now: of plain operands, and of traced ones in an eager trace. Nil while a compiled
  /// function is traced, except for numbers that follow from numbers; their value then joins the key of the trace.
  func requireContent(_ operand: TensorOperand) -> Tensor? {
    guard case .traced(let traced) = operand else { return tensor(operand) }
    return traced.requiredValue
  }

  // MARK: applying

  /// The node of an operand in a recording.
  func node(_ operand: TensorOperand, in recording: Recording) throws -> NodeID {
    switch operand {
    case .traced(let traced):
      guard let node = recording.node(of: traced) else {
        throw RuntimeError(
          "E0502", "a value that a compiled function computed while it was traced is used outside of that call",
          help: ["return the value from the compiled function"])
      }
      return node
    case .tensor(let tensor): return recording.trace.constant(tensor)
    case .int(let number):
      if abs(Double(number)) < 1e15 { return recording.trace.scalar(Double(number), .i64, isNumber: true) }
      return recording.trace.constant(Tensor(scalar: number), isNumber: true)
    case .float(let number):
      if number.isNaN { return recording.trace.constant(Tensor(scalar: number), isNumber: true) }
      return recording.trace.scalar(number, .f64, isNumber: true)
    case .bool(let truth): return recording.trace.constant(Tensor(scalar: truth), isNumber: true)
    }
  }

  /// An elementwise function of one operand.
  func elementwise(_ operation: UnaryOperation, _ x: TensorOperand) throws -> TensorOperand {
    if case .tensor(let tensor) = x, !isWatched {
      let result = try translatingErrors { try plainUnary(operation, tensor) }
      if let result { return .tensor(result) }
    } else if let recording = eagerRecording(x, x) {
      let node = try node(x, in: recording)
      let result = try recordPlain(recording) { try recording.trace.applyPlain(operation, node, $0) }
      if let result { return result }
    }
    return try apply(.unary(operation), [x])
  }

  /// Likewise of two.
  func elementwise(_ operation: BinaryOperation, _ x: TensorOperand, _ y: TensorOperand) throws -> TensorOperand {
    if case .tensor(let a) = x, case .tensor(let b) = y, !isWatched {
      let result = try translatingErrors { try plainBinary(operation, a, b, over: spare) }
      if let result { return .tensor(result) }
    } else if let recording = eagerRecording(x, y) {
      let (a, b) = (try node(x, in: recording), try node(y, in: recording))
      let result = try recordPlain(recording) { try recording.trace.applyPlain(operation, a, b, $0) }
      if let result { return result }
    }
    return try apply(.binary(operation), [x, y])
  }

  /// Whether someone looks at every operation: a check for NaN, a walk with shapes only, a profile.
  private var isWatched: Bool {
    let state = machine.tensors
    return state.checksNaN || state.walk != nil || Probe.moment != nil
  }

  /// The recording of a derivative that runs as it is recorded, where both operands are tensors and one is traced: what
  /// many small operations in a row meet, and what then needs no lists.
  private func eagerRecording(_ x: TensorOperand, _ y: TensorOperand) -> Recording? {
    guard x.isTraced || y.isTraced, let recording = machine.tensors.recording, !recording.isStaged, !x.isNumber,
      !y.isNumber
    else { return nil }
    return recording
  }

  private func recordPlain(
    _ recording: Recording, _ apply: (_ origin: Int32) throws -> NodeID?
  ) throws -> TensorOperand? {
    let origin = recording.origin(of: machine.currentSpan)
    return try translatingErrors(recording) { try apply(origin) }.map { .traced(TracedValue($0, recording)) }
  }

  /// Applies a primitive. The result is a number where all operands are numbers and it has rank 0.
  func apply(_ primitive: Primitive, _ operands: [TensorOperand], isTensor: Bool = false) throws -> TensorOperand {
    if operands.contains(where: \.isTraced), let recording = machine.tensors.recording {
      return try record(primitive, operands, recording, isTensor: isTensor)
    }
    let allNumbers = !isTensor && operands.allSatisfy(\.isNumber)
    var inputs: [Tensor] = []
    inputs.reserveCapacity(operands.count)
    for operand in operands {
      guard let tensor = tensor(operand) else {
        throw RuntimeError(
          "E0502", "a value that a compiled function computed while it was traced is used outside of that call",
          help: ["return the value from the compiled function"])
      }
      inputs.append(tensor)
    }
    if let walk = machine.tensors.walk, let recording = machine.tensors.recording,
      try translatingErrors(nil, { try walk.isLarge(primitive, inputs) })
    {
      return try record(primitive, operands, recording, isTensor: isTensor)
    }
    let result = try Probe.under(primitive.name) {
      try translatingErrors { try Graphs.evaluate(primitive, inputs, over: spare) }
    }
    if machine.tensors.checksNaN { try translatingErrors { try Graphs.checkNaN(primitive, inputs, result) } }
    return allNumbers && result.rank == 0 && !operands.isEmpty ? number(result) : .tensor(result)
  }

  private func record(
    _ primitive: Primitive, _ operands: [TensorOperand], _ recording: Recording, isTensor: Bool
  ) throws -> TensorOperand {
    var isNumber = !isTensor
    var nodes: [NodeID] = []
    nodes.reserveCapacity(operands.count)
    for operand in operands {
      if !operand.isNumber { isNumber = false }
      nodes.append(try node(operand, in: recording))
    }
    let origin = recording.origin(of: machine.currentSpan)
    let result = try translatingErrors(recording) {
      try recording.trace.apply(primitive, nodes, isNumber: isNumber, origin: origin)
    }
    return .traced(TracedValue(result, recording))
  }

  // MARK: types

  /// The operand in another element type. A number that becomes a tensor's companion is one no longer.
  func convert(_ operand: TensorOperand, to type: ElementType, asNumber: Bool = false) throws -> TensorOperand {
    if operand.type == type, operand.isNumber == asNumber || operand.isTraced == false && asNumber { return operand }
    switch operand {
    case .int(let number) where !asNumber: return .tensor(try scalar(Double(number), exact: number, type))
    case .float(let number) where !asNumber: return .tensor(try scalar(number, exact: nil, type))
    case .bool(let truth) where !asNumber: return .tensor(try scalar(truth ? 1 : 0, exact: truth ? 1 : 0, type))
    case .int(let number) where type == .f64: return .float(Double(number))
    case .bool(let truth) where type == .i64: return .int(truth ? 1 : 0)
    case .bool(let truth) where type == .f64: return .float(truth ? 1 : 0)
    case .traced(let traced) where traced.isNumber && traced.type == type && !asNumber:
      return try apply(.reshape([]), [operand], isTensor: true)
    default:
      return try apply(.convert(type), [operand], isTensor: !asNumber)
    }
  }

  /// A rank-0 tensor of a number.
  func scalar(_ number: Double, exact: Int?, _ type: ElementType) throws -> Tensor {
    switch type {
    case .f64: return Tensor(scalar: number)
    case .f32: return Tensor(scalar: Float(number))
    case .bool: return Tensor(scalar: number != 0)
    case .i64, .i32:
      let whole = try wholeNumber(exact.map { .int($0) } ?? .float(number), type)
      if type == .i64 { return Tensor(scalar: whole) }
      return try translatingErrors { try Graphs.evaluate(.convert(type), [Tensor(scalar: whole)]) }
    }
  }

  /// A number as an element of an integer type, without its fraction; E0204 where the type has no room for it.
  func wholeNumber(_ number: TensorOperand, _ type: ElementType) throws -> Int {
    try requireRoom(for: number, type)
    switch number {
    case .int(let exact): return exact
    case .bool(let truth): return truth ? 1 : 0
    case .float(let float): return Int(float)
    default: return 0
    }
  }

  /// E0204 where an integer type has no room for a number.
  func requireRoom(for number: TensorOperand, _ type: ElementType) throws {
    let text: String, whole: Int?, isNegative: Bool
    switch number {
    case .int(let exact): (text, whole, isNegative) = (String(exact), exact, exact < 0)
    case .float(let float):
      (text, whole, isNegative) = (NumberText.shortest(float), Int(exactly: float.rounded(.towardZero)), float < 0)
    default: return
    }
    if let whole, type == .i64 || Int32(exactly: whole) != nil { return }
    let end = type == .i64 ? (isNegative ? Int.min : .max) : Int(isNegative ? Int32.min : .max)
    throw RuntimeError(
      "E0204", "\(text) does not fit beside elements of type \(type.name)",
      label: text == "nan" ? "no number" : "\(type.name) ends at \(end)",
      help: whole == nil ? [] : ["`cast(t, \"i64\")` makes room for it"])
  }

  /// The common type of two operands by the language's rules; `nil` when both are numbers.
  func commonType(_ a: TensorOperand, _ b: TensorOperand) -> ElementType {
    if a.isNumber == b.isNumber { return TensorOperations.widest(a.type, b.type, numbers: a.isNumber) }
    let (tensor, number) = a.isNumber ? (b.type, a.type) : (a.type, b.type)
    switch (tensor, number) {
    case (.f32, _), (.f64, _): return tensor
    case (.i32, .f64), (.i64, .f64), (.bool, .f64): return .f32
    case (.bool, .i64): return .i64
    default: return tensor
    }
  }

  static func widest(_ a: ElementType, _ b: ElementType, numbers: Bool) -> ElementType {
    if a == b { return a }
    if a == .f64 || b == .f64 { return .f64 }
    if a == .f32 || b == .f32 { return .f32 }
    if a == .i64 || b == .i64 { return .i64 }
    return .i32
  }
}
