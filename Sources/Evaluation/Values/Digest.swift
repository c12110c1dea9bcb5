import Records
import Tensors

/// The SHA-256 of a value's content, for a value as it is or for all that are `same`.
struct Digest {
  /// What has one digest.
  enum Form {
    /// Values that are `same`: records whatever the order of their fields, numbers by value (with one NaN and one zero), tensors by
    /// type, shape and elements (without axes: as numbers), ranges by the numbers in them, functions by their name and what they hold.
    case same
    /// Values that no program can tell apart: an int and a float are two, and so are the zeros, a number and a tensor without axes,
    /// fields in two orders, a parameter that is frozen and one that is not, one that stands twice and two with equal elements. Of every
    /// type there is one NaN.
    case exact
  }

  private let form: Form
  /// What stands for a value: a plain one's bytes, or an object's hash.
  private struct Part {
    var bytes: [UInt8]
    /// Whether it is or holds a tensor. Of these values alone it can be seen whether one stands twice.
    var holdsTensors: Bool
    /// A plain value itself.
    var plain: Value? = nil
  }
  private var parts: [Part] = []
  private var completed: [Part] = []
  /// Of the completed objects that hold tensors, how many came before.
  private var numbers: [Int: Int] = [:]
  /// What stands for a function's code.
  private let code: (Prototype) -> [UInt8]
  /// Whether to leave off in the midst of a large tensor.
  private let isInterrupted: () -> Bool
  /// Whether named functions that a function holds count as what those hold in turn, and not by themselves.
  private let seesThroughFunctions: Bool
  /// What functions hold, each value with its name, by the hashes of the functions.
  private var held: [[UInt8]: Set<[UInt8]>] = [:]

  private init(
    _ form: Form, code: @escaping (Prototype) -> [UInt8], seesThroughFunctions: Bool = false,
    isInterrupted: @escaping () -> Bool = { false }
  ) {
    self.form = form
    self.code = code
    self.seesThroughFunctions = seesThroughFunctions
    self.isInterrupted = isInterrupted
  }

  /// 64 hexadecimal digits, the same for values that are `same`. Throws for a traced value.
  static func hex(_ machine: Machine, _ value: Value) throws -> String {
    let copy = try machine.portable(value)
    var digest = Digest(.same, code: { SHA256.bytes(Array($0.name.utf8)) }, isInterrupted: { machine.isInterrupted })
    for node in copy.nodes {
      digest.add(node)
      try machine.pollInterrupt()
    }
    return SHA256.hex(digest.parts.last?.bytes ?? [])
  }

  /// Bytes that stand for a value, at most 32, its functions named by `code`.
  static func bytes(_ form: Form, of value: PortableValue, code: (Prototype) -> [UInt8]) -> [UInt8] {
    withoutActuallyEscaping(code) { code in
      var digest = Digest(form, code: code)
      for node in value.nodes { digest.add(node) }
      return digest.parts.last?.bytes ?? []
    }
  }

  /// The SHA-256 of a value, the same for values that are `same`, whether functions use named functions of an earlier cell, which they
  /// hold, or of their own file, which they do not.
  static func hex(of value: PortableValue, code: (Prototype) -> [UInt8]) -> String {
    withoutActuallyEscaping(code) { code in
      var digest = Digest(.same, code: code, seesThroughFunctions: true)
      for node in value.nodes { digest.add(node) }
      return SHA256.hex(digest.parts.last?.bytes ?? [])
    }
  }

  /// What stands for exactly a value where a trial draws, the same whether functions use named functions of an earlier cell, which they
  /// hold, or of their own file, which they do not.
  static func drawWord(of value: PortableValue, code: (Prototype) -> [UInt8]) -> String {
    withoutActuallyEscaping(code) { code in
      var digest = Digest(.exact, code: code, seesThroughFunctions: true)
      for node in value.nodes { digest.add(node) }
      return SHA256.hex(digest.parts.last?.bytes ?? [])
    }
  }

  /// The values that a function holds, by the names under which it does, each with the bytes that stand for exactly it.
  static func parts(of value: PortableValue, code: (Prototype) -> [UInt8]) -> [(name: String, hash: [UInt8])] {
    guard case .closure(let prototype, let count)? = value.nodes.last else { return [] }
    return withoutActuallyEscaping(code) { code in
      var digest = Digest(.exact, code: code)
      for node in value.nodes.dropLast() { digest.add(node) }
      guard digest.parts.count == count else { return [] }
      return zip(prototype.captures, digest.parts).filter { $0.0.isField }.map { ($0.name, $1.bytes) }
    }
  }

  private mutating func add(_ node: PortableValue.Node) {
    switch node {
    case .plain(let value): parts.append(Part(bytes: bytes(of: value), holdsTensors: false, plain: value))
    case .again(let number):
      guard form == .exact, let place = numbers[number] else { return parts.append(completed[number]) }
      parts.append(Part(bytes: SHA256.bytes(Array("again \(place)".utf8)), holdsTensors: true))
    case .string(let text): complete("string", [Array(text.utf8)], false)
    case .list(let count):
      let elements = take(count)
      complete("list", elements.parts, elements.holdTensors)
      see(through: elements.parts)
    case .record(let names):
      let values = take(names.count)
      let fields = zip(names, values.parts)
      let inOrder = form == .exact ? Array(fields) : fields.sorted { $0.0 < $1.0 }
      complete("record", inOrder.map { SHA256.bytes(Array($0.utf8)) + $1 }, values.holdTensors)
    case .range(let isInclusive): addRange(isInclusive)
    case .closure(let prototype, let count): addFunction(prototype, take(count))
    case .box(.tensor, let object, let flags): complete(object as? Tensor, flags)
    case .box(let tag, let object, _):
      let name = (object as? BoundNative)?.function.name ?? "", both = take(2)
      complete("object", [[tag.rawValue], SHA256.bytes(Array(name.utf8))] + both.parts, both.holdTensors)
      if tag == .overload { see(through: both.parts) }
    }
  }

  /// Ranges are `same` when they hold the same numbers, however they are written: each form of one as its first number, its step and how
  /// many there are.
  private mutating func addRange(_ isInclusive: Bool) {
    let numbers = parts.suffix(3).compactMap(\.plain), written = take(3).parts
    guard form == .same, numbers.count == 3,
      let counts = try? RangeCounts(numbers[0], numbers[1], step: numbers[2], isInclusive: isInclusive)
    else { return complete("range", [[isInclusive ? 1 : 0]] + written, false) }
    let told = [counts.start, counts.step].prefix(min(counts.count, 2)).map { bytes(of: $0) }
    complete("range", [Digest.bytes(of: UInt64(counts.count))] + told, false)
  }

  private mutating func addFunction(_ prototype: Prototype, _ values: (parts: [[UInt8]], holdTensors: Bool)) {
    guard seesThroughFunctions else {
      return complete("function", [code(prototype)] + values.parts, values.holdTensors)
    }
    var all: Set<[UInt8]> = []
    for (capture, value) in zip(prototype.captures, values.parts) {
      if capture.role == .function, let known = held[value] {
        all.formUnion(known)
      } else {
        all.insert(SHA256.bytes(Array(capture.name.utf8)) + value)
      }
    }
    complete(
      "function", [code(prototype)] + all.sorted { $0.lexicographicallyPrecedes($1) }, values.holdTensors)
    held[parts[parts.count - 1].bytes] = all
  }

  /// Notes what the functions among some values hold as what the last part does: several of one name are one.
  private mutating func see(through values: [[UInt8]]) {
    guard seesThroughFunctions, let whole = parts.last?.bytes else { return }
    let known = values.compactMap { held[$0] }
    if !known.isEmpty { held[whole] = known.reduce(into: []) { $0.formUnion($1) } }
  }

  private mutating func take(_ count: Int) -> (parts: [[UInt8]], holdTensors: Bool) {
    let taken = parts.suffix(count).map(\.bytes), holdTensors = parts.suffix(count).contains(where: \.holdsTensors)
    parts.removeLast(count)
    return (taken, holdTensors)
  }

  /// Parts of an exact digest stand with their lengths before them: plain values take fewer bytes than hashes.
  private mutating func complete(_ kind: String, _ content: [[UInt8]], _ holdsTensors: Bool) {
    var bytes = Array(kind.utf8) + [0]
    for part in content {
      if form == .exact { bytes += Digest.bytes(of: UInt64(part.count)) }
      bytes += part
    }
    complete(SHA256.bytes(bytes), holdsTensors)
  }

  private mutating func complete(_ part: [UInt8], _ holdsTensors: Bool) {
    if holdsTensors { numbers[completed.count] = numbers.count }
    completed.append(Part(bytes: part, holdsTensors: holdsTensors))
    parts.append(completed[completed.count - 1])
  }

  private mutating func complete(_ tensor: Tensor?, _ flags: UInt8) {
    guard let tensor else { return complete("nothing", [], false) }
    if form == .same, let scalar = tensor.scalar, tensor.rank == 0 {
      return complete(tensor.type == .bool ? bytes(of: Value(scalar != 0)) : bytes(of: tensor), true)
    }
    var hash = SHA256()
    hash.update(Array("tensor \(tensor.type.name) \(tensor.shape)".utf8))
    if form == .exact { hash.update([0, flags]) }
    let isExact = form == .exact
    switch tensor.type {
    case .f32: update(&hash, tensor, Float.self) { $0.isNaN ? Float.nan : $0 == 0 && !isExact ? 0 : $0 }
    case .f64: update(&hash, tensor, Double.self) { $0.isNaN ? Double.nan : $0 == 0 && !isExact ? 0 : $0 }
    case .i32, .i64, .bool: update(&hash, tensor, UInt8.self) { $0 }
    }
    complete(hash.finish(), true)
  }

  /// The elements in pieces, each element in its one form.
  private func update<Element>(
    _ hash: inout SHA256, _ tensor: Tensor, _: Element.Type, _ form: (Element) -> Element
  ) {
    let elements = UnsafeBufferPointer(
      start: UnsafeRawPointer(tensor.pointer).assumingMemoryBound(to: Element.self),
      count: tensor.byteCount / MemoryLayout<Element>.stride)
    var start = 0
    while start < elements.count, !isInterrupted() {
      let piece = elements[start..<min(start + 4096, elements.count)].map(form)
      piece.withUnsafeBytes { hash.update($0) }
      start += piece.count
    }
  }

  private func bytes(of value: Value) -> [UInt8] {
    switch value.tag {
    case .native: [1] + SHA256.bytes(Array(NativeTable.shared.groups[value.asInt].name.utf8))
    case .int where form == .same && Int(exactly: Double(value.asInt)) == value.asInt: bytes(of: Double(value.asInt))
    case .float: bytes(of: value.asDouble)
    default: [value.tag.rawValue] + Digest.bytes(of: value.bits)
    }
  }

  private func bytes(of tensor: Tensor) -> [UInt8] {
    tensor.type.isFloat ? bytes(of: tensor.scalar ?? 0) : bytes(of: Value(tensor.integer(0)))
  }

  private func bytes(of number: Double) -> [UInt8] {
    let isZero = number == 0 && form == .same, bits = number.isNaN ? Double.nan.bitPattern : number.bitPattern
    return [form == .same ? 2 : Tag.float.rawValue] + Digest.bytes(of: isZero ? 0 : bits)
  }

  private static func bytes(of bits: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) } }
}

extension Natives {
  static let digests: [NativeFunction] = [
    NativeFunction(
      "digest", ["x"],
      doc:
        "The SHA-256 of a value's content in 64 hexadecimal digits: values that are `same` have one digest, on every machine.",
      example: "digest({ a: 1 }) == digest({ a: 1 })  # => true"
    ) { call in call.heap.string(try Digest.hex(call.machine, call[0])) }
  ]
}
