import CKernels
import Graphs
import Records
import Tensors

/// Tensors as text and as data.
extension TensorHooks {
  /// As shown by `show`, `print` and in errors; `brief` fits one line.
  static func show(_ m: Machine, _ t: Value, brief: Bool) -> String {
    let operations = TensorOperations(m)
    guard let x = operations.operand(t) else { return "tensor" }
    let head = "tensor \(x.type.name)\(describe(x.shape))"
    guard let content = knownContent(x) else { return x.isNumber ? "number" : head }
    if content.rank == 0 { return elementText(content, 0) }
    if brief {
      let shown = min(4, content.count)
      guard content.rank == 1 else { return head }
      let body = (0..<shown).map { elementText(content, $0) }.joined(separator: ", ")
      return "\(head) [\(body)\(content.count > shown ? ", …" : "")]"
    }
    return head + " " + TensorText(content).text
  }

  /// A value is turned into text. While a compiled function is traced, numbers in it join the key, so that the text
  /// stays true; a tensor whose content is not known ends the trace with an error.
  static func noteText(_ m: Machine, _ value: Value) {
    guard let recording = m.tensors.recording, recording.isStaged, m.tensors.walk == nil, value.isHeap,
      value.tag != .string
    else { return }
    let operations = TensorOperations(m)
    var pending = [value]
    while !m.isInterrupted, let part = pending.popLast() {
      if part.tag == .tensor, let operand = operations.operand(part) {
        if operations.requireContent(operand) == nil, recording.failure == nil {
          var failure = RuntimeError.untraceable(
            "a compiled function cannot turn the content of a tensor into text",
            help: ["return the tensor and make the text outside"])
          failure.span = m.currentSpan
          recording.failure = failure
        }
      } else if part.tag == .list || part.tag == .record, let node = TreeNode(part) {
        for i in 0..<node.count where node[i].isHeap { pending.append(node[i]) }
      }
    }
  }

  /// Whether the content of every tensor in a value, its lists and its records is known now.
  static func isKnown(_ m: Machine, _ value: Value) -> Bool {
    let operations = TensorOperations(m)
    var pending = [value]
    while !m.isInterrupted, let part = pending.popLast() {
      if part.tag == .tensor, let operand = operations.operand(part) {
        if knownContent(operand) == nil { return false }
      } else if part.tag == .list || part.tag == .record, let node = TreeNode(part) {
        for i in 0..<node.count where node[i].isHeap { pending.append(node[i]) }
      }
    }
    return true
  }

  /// The content without making it part of a trace's key.
  static func knownContent(_ x: TensorOperand) -> Tensor? {
    switch x {
    case .tensor(let tensor): tensor
    case .traced(let traced): traced.value
    case .int(let number): Tensor(scalar: number)
    case .float(let number): Tensor(scalar: number)
    case .bool(let truth): Tensor(scalar: truth)
    }
  }

  /// One element in the shortest form that reads back as the same.
  static func elementText(_ tensor: Tensor, _ index: Int) -> String {
    switch tensor.type {
    case .bool: return tensor.integer(index) != 0 ? "true" : "false"
    case .i32, .i64: return String(tensor.integer(index))
    case .f32:
      let number = tensor.pointer.load(fromByteOffset: index * 4, as: Float.self)
      return floatText(Double(number), "\(number)")
    case .f64:
      let number = tensor.element(index)
      return floatText(number, "\(number)")
    }
  }

  private static func floatText(_ number: Double, _ shortest: String) -> String {
    if number.isNaN { return "nan" }
    if number.isInfinite { return number < 0 ? "-inf" : "inf" }
    return shortest
  }

  /// As data. A tensor of rank 0 is its number; where it is to be shown, one that still says whether it is an f32.
  static func datum(_ m: Machine, _ t: Value, isShown: Bool) -> Datum {
    let operations = TensorOperations(m)
    guard let x = operations.operand(t), let content = knownContent(x) else { return .other("traced") }
    if content.rank == 0 {
      switch content.type {
      case .bool: return .bool(content.integer(0) != 0)
      case .i32, .i64: return .int(content.integer(0))
      case .f32 where isShown: return .tensor(.single(content.element(0)))
      case .f32, .f64: return .float(content.element(0))
      }
    }
    return .tensor(tensorDatum(content))
  }

  /// Whether data say all elements of a tensor: few enough, and no integers that doubles do not have.
  static func isSaidWhole(_ tensor: Tensor) -> Bool {
    guard tensor.count <= maximumElements else { return false }
    return tensor.type != .i64
      || (0..<tensor.count).allSatisfy { Int(exactly: tensor.element($0)) == tensor.integer($0) }
  }

  /// Largest tensor whose elements all go along.
  private static let maximumElements = 10_000

  /// Unfinished where the work is to stop, which whoever shows it asks.
  static func tensorDatum(_ tensor: Tensor) -> TensorDatum {
    func isLeft(_ i: Int) -> Bool { i & 0xFFFF == 0 && ck_stopped() != 0 }
    var minimum = Double.infinity, maximum = -Double.infinity, sum = 0.0, finite = 0
    for i in 0..<tensor.count {
      if isLeft(i) { break }
      let x = tensor.element(i)
      guard x.isFinite else { continue }
      minimum = min(minimum, x)
      maximum = max(maximum, x)
      sum += x
      finite += 1
    }
    let mean = finite > 0 ? sum / Double(finite) : .nan
    var squares = 0.0
    for i in 0..<tensor.count {
      if isLeft(i) { break }
      let x = tensor.element(i)
      if x.isFinite { squares += (x - mean) * (x - mean) }
    }
    return TensorDatum(
      shape: tensor.shape, type: tensor.type.name,
      elements: tensor.count <= maximumElements ? (0..<tensor.count).map(tensor.element) : nil,
      corner: corner(tensor), minimum: finite > 0 ? minimum : .nan, maximum: finite > 0 ? maximum : .nan, mean: mean,
      deviation: finite > 0 ? (squares / Double(finite)).squareRoot() : .nan, nonFinite: tensor.count - finite)
  }

  private static func corner(_ tensor: Tensor) -> [[Double]] {
    guard tensor.count > 0, let width = tensor.shape.last else { return [] }
    let height = tensor.rank >= 2 ? tensor.shape[tensor.rank - 2] : 1
    return (0..<min(8, height)).map { i in (0..<min(8, width)).map { tensor.element(i * width + $0) } }
  }

  /// A function that holds parameters, as data; nil when it holds none.
  static func modelDatum(_ m: Machine, _ f: Value) throws -> ModelDatum? {
    let scan = try TreeScan(f, wantsPaths: true, machine: m)
    guard !scan.params.isEmpty else { return nil }
    let operations = TensorOperations(m)
    var leaves: [ModelDatum.Leaf] = []
    var count = 0
    for entry in scan.modelTensors {
      guard let x = operations.operand(entry.value), let content = knownContent(x) else { continue }
      if entry.isTrainable { count += content.count }
      leaves.append(
        ModelDatum.Leaf(path: entry.path, isTrainable: entry.isTrainable, tensor: tensorDatum(content)))
    }
    let name = f.tag == .closure ? m.functionName(f) : "function"
    return ModelDatum(name: name, parameterCount: count, tensors: leaves)
  }
}

/// A tensor drawn as nested brackets; long axes keep their first and last elements.
private struct TensorText {
  let tensor: Tensor
  var text = ""
  private static let edge = 3

  init(_ tensor: Tensor) {
    self.tensor = tensor
    let width = columnWidth()
    write(axis: 0, offset: 0, indent: 1, width: width)
  }

  private func shown(_ extent: Int) -> [Int?] {
    let limit = tensor.count > 200 ? TensorText.edge * 2 : Int.max
    guard extent > limit else { return (0..<extent).map { $0 } }
    return (0..<TensorText.edge).map { $0 } + [nil] + (extent - TensorText.edge..<extent).map { $0 }
  }

  private func element(_ index: Int) -> String {
    guard tensor.type.isFloat else { return TensorHooks.elementText(tensor, index) }
    let x = tensor.element(index)
    guard x.isFinite else { return TensorHooks.elementText(tensor, index) }
    let exact = TensorHooks.elementText(tensor, index)
    if exact.count <= 7 { return exact }
    let magnitude = abs(x)
    if magnitude != 0, magnitude < 1e-4 || magnitude >= 1e6 { return short(x, exponent: true) }
    return short(x, exponent: false)
  }

  private func short(_ x: Double, exponent: Bool) -> String {
    NumberFormatting.significant(x, digits: 4, exponent: exponent)
  }

  private func columnWidth() -> Int {
    var width = 0
    let step = max(1, tensor.count / 200)
    for i in stride(from: 0, to: tensor.count, by: step) { width = max(width, element(i).count) }
    return width
  }

  private mutating func write(axis: Int, offset: Int, indent: Int, width: Int) {
    let extent = tensor.shape[axis]
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    text += "["
    for (k, index) in shown(extent).enumerated() {
      let isLast = axis == tensor.rank - 1
      if k > 0 { text += isLast ? ", " : ",\n" + String(repeating: " ", count: indent) }
      guard let index else {
        text += "…"
        continue
      }
      if isLast {
        let cell = element(offset + index)
        if tensor.rank > 1 { text += String(repeating: " ", count: max(0, width - cell.count)) }
        text += cell
      } else {
        write(axis: axis + 1, offset: offset + index * inner, indent: indent + 1, width: width)
      }
    }
    text += "]"
  }
}

/// Numbers in few digits, without Foundation's locale.
enum NumberFormatting {
  /// `digits` significant digits; with a power of ten if asked for.
  static func significant(_ x: Double, digits: Int, exponent: Bool) -> String {
    if x == 0 { return "0" }
    var power = 0
    var scaled = abs(x)
    while scaled >= 10, power < 400 { scaled /= 10; power += 1 }
    while scaled < 1, power > -400 { scaled *= 10; power -= 1 }
    let unit = [1.0, 10, 100, 1000, 10_000, 100_000][max(0, min(5, digits - 1))]
    var mantissa = Int((scaled * unit).rounded())
    if Double(mantissa) >= unit * 10 {
      mantissa /= 10
      power += 1
    }
    let sign = x < 0 ? "-" : ""
    if exponent {
      var body = String(mantissa)
      body.insert(".", at: body.index(after: body.startIndex))
      while body.hasSuffix("0") { body.removeLast() }
      if body.hasSuffix(".") { body.removeLast() }
      return "\(sign)\(body)e\(power)"
    }
    return sign + decimal(mantissa, shift: power - (digits - 1))
  }

  private static func decimal(_ mantissa: Int, shift: Int) -> String {
    var body = String(mantissa)
    if shift >= 0 { return body + String(repeating: "0", count: shift) }
    if body.count <= -shift { body = String(repeating: "0", count: -shift - body.count + 1) + body }
    body.insert(".", at: body.index(body.endIndex, offsetBy: shift))
    while body.hasSuffix("0") { body.removeLast() }
    if body.hasSuffix(".") { body.removeLast() }
    return body
  }
}
