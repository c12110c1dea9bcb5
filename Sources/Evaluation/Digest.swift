import Records
import Tensors

/// The SHA-256 of a value's content. Values that are `same` have one digest: records whatever the order of their fields,
/// numbers by value (with one NaN and one zero), tensors by type, shape and elements (without axes: as numbers),
/// functions by their name and what they hold.
struct Digest {
  /// What stands for each part: a plain value's bytes, or an object's hash.
  private var parts: [[UInt8]] = []
  private var completed: [[UInt8]] = []
  /// What stands for a function's code.
  private let code: (Prototype) -> [UInt8]
  /// Whether to leave off in the midst of a large tensor.
  private let isInterrupted: () -> Bool
  /// Whether named functions that a function holds count as what those hold in turn, and not by themselves.
  private let seesThroughFunctions: Bool
  /// What functions hold, each value with its name, by the hashes of the functions.
  private var held: [[UInt8]: Set<[UInt8]>] = [:]

  private init(
    code: @escaping (Prototype) -> [UInt8], seesThroughFunctions: Bool = false,
    isInterrupted: @escaping () -> Bool = { false }
  ) {
    self.code = code
    self.seesThroughFunctions = seesThroughFunctions
    self.isInterrupted = isInterrupted
  }

  /// 64 hexadecimal digits. Throws for a traced value.
  static func hex(_ machine: Machine, _ value: Value) throws -> String {
    let copy = try machine.portable(value)
    var digest = Digest(code: { SHA256.bytes(Array($0.name.utf8)) }, isInterrupted: { machine.isInterrupted })
    for node in copy.nodes {
      digest.add(node)
      try machine.pollInterrupt()
    }
    return SHA256.hex(digest.parts.last ?? [])
  }

  /// Bytes that stand for a value, at most 32, its functions named by `code`.
  static func bytes(of value: PortableValue, code: (Prototype) -> [UInt8]) -> [UInt8] {
    withoutActuallyEscaping(code) { code in
      var digest = Digest(code: code)
      for node in value.nodes { digest.add(node) }
      return digest.parts.last ?? []
    }
  }

  /// The SHA-256 of a value, the same whether functions use named functions of an earlier cell, which they hold, or of their own
  /// file, which they do not.
  static func hex(of value: PortableValue, code: (Prototype) -> [UInt8]) -> String {
    withoutActuallyEscaping(code) { code in
      var digest = Digest(code: code, seesThroughFunctions: true)
      for node in value.nodes { digest.add(node) }
      return SHA256.hex(digest.parts.last ?? [])
    }
  }

  /// The values that a function holds, by the names under which it does, each with the bytes that stand for it.
  static func parts(of value: PortableValue, code: (Prototype) -> [UInt8]) -> [(name: String, hash: [UInt8])] {
    guard case .closure(let prototype, let count)? = value.nodes.last else { return [] }
    return withoutActuallyEscaping(code) { code in
      var digest = Digest(code: code)
      for node in value.nodes.dropLast() { digest.add(node) }
      guard digest.parts.count == count else { return [] }
      return zip(prototype.captures, digest.parts).filter { $0.0.isField }.map { ($0.name, $1) }
    }
  }

  private mutating func add(_ node: PortableValue.Node) {
    switch node {
    case .plain(let value): parts.append(Digest.bytes(of: value))
    case .again(let number): parts.append(completed[number])
    case .string(let text): complete("string", Array(text.utf8))
    case .list(let count):
      let elements = take(count)
      complete("list", elements.joined())
      see(through: elements)
    case .record(let names):
      let fields = zip(names, take(names.count)).sorted { $0.0 < $1.0 }
      complete("record", fields.map { SHA256.bytes(Array($0.utf8)) + $1 }.joined())
    case .range(let isInclusive): complete("range", [isInclusive ? 1 : 0] + take(3).joined())
    case .closure(let prototype, let count):
      let values = take(count)
      guard seesThroughFunctions else { return complete("function", code(prototype) + values.joined()) }
      var all: Set<[UInt8]> = []
      for (capture, value) in zip(prototype.captures, values) {
        if capture.role == .function, let known = held[value] {
          all.formUnion(known)
        } else {
          all.insert(SHA256.bytes(Array(capture.name.utf8)) + value)
        }
      }
      complete("function", code(prototype) + all.sorted { $0.lexicographicallyPrecedes($1) }.joined())
      held[parts[parts.count - 1]] = all
    case .box(.tensor, let object, _): complete(object as? Tensor)
    case .box(let tag, let object, _):
      let name = (object as? BoundNative)?.function.name ?? "", both = take(2)
      complete("object", [tag.rawValue] + SHA256.bytes(Array(name.utf8)) + both.joined())
      if tag == .overload { see(through: both) }
    }
  }

  /// Notes what the functions among some values hold as what the last part does: several of one name are one.
  private mutating func see(through values: ArraySlice<[UInt8]>) {
    guard seesThroughFunctions, let whole = parts.last else { return }
    let known = values.compactMap { held[$0] }
    if !known.isEmpty { held[whole] = known.reduce(into: []) { $0.formUnion($1) } }
  }

  private mutating func take(_ count: Int) -> ArraySlice<[UInt8]> {
    // A copy of these alone: the rest must stay without a second holder, or removing copies all of it.
    let taken = Array(parts.suffix(count))
    parts.removeLast(count)
    return taken[...]
  }

  private mutating func complete(_ kind: String, _ content: some Sequence<UInt8>) {
    complete(SHA256.bytes(Array(kind.utf8) + [0] + content))
  }

  private mutating func complete(_ part: [UInt8]) {
    completed.append(part)
    parts.append(part)
  }

  private mutating func complete(_ tensor: Tensor?) {
    guard let tensor else { return complete("nothing", []) }
    if let scalar = tensor.scalar, tensor.rank == 0 {
      return complete(tensor.type == .bool ? Digest.bytes(of: Value(scalar != 0)) : Digest.bytes(of: tensor))
    }
    var hash = SHA256()
    hash.update(Array("tensor \(tensor.type.name) \(tensor.shape)".utf8))
    switch tensor.type {
    case .f32: update(&hash, tensor, Float.self) { $0.isNaN ? Float.nan : $0 == 0 ? 0 : $0 }
    case .f64: update(&hash, tensor, Double.self) { $0.isNaN ? Double.nan : $0 == 0 ? 0 : $0 }
    case .i32, .i64, .bool: update(&hash, tensor, UInt8.self) { $0 }
    }
    complete(hash.finish())
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

  private static func bytes(of value: Value) -> [UInt8] {
    switch value.tag {
    case .native: return [1] + SHA256.bytes(Array(NativeTable.shared.groups[value.asInt].name.utf8))
    case .int where Int(exactly: Double(value.asInt)) == value.asInt: return bytes(of: Double(value.asInt))
    case .float: return bytes(of: value.asDouble)
    default: return [value.tag.rawValue] + bytes(of: value.bits)
    }
  }

  private static func bytes(of tensor: Tensor) -> [UInt8] {
    tensor.type.isFloat ? bytes(of: tensor.scalar ?? 0) : bytes(of: Value(tensor.integer(0)))
  }

  private static func bytes(of number: Double) -> [UInt8] {
    [2] + bytes(of: number.isNaN ? Double.nan.bitPattern : number == 0 ? 0 : number.bitPattern)
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
