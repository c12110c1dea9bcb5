import Foundation
import Notation
import Records
import Resolution
import Tensors

/// A value as JSON, so that it outlives the process: nodes in the order of `PortableValue`, functions by their number in
/// the code that made the value, large tensors in a list beside it.
struct ValueArchive {
  let code: ReachableCode

  /// Tensors of at most so many bytes stand in the JSON itself.
  static let inlineBytes = 1024

  /// nil for a value that cannot be kept: one with a function outside of the code, or with what `grad(f)` and its kin
  /// give.
  func write(_ value: PortableValue) -> (json: JSON, tensors: [Tensor])? {
    var tensors: [Tensor] = []
    var nodes: [JSON] = []
    for node in value.nodes {
      guard let json = write(node, &tensors) else { return nil }
      nodes.append(json)
    }
    return (.array(nodes), tensors)
  }

  private func write(_ node: PortableValue.Node, _ tensors: inout [Tensor]) -> JSON? {
    switch node {
    case .plain(let value):
      switch value.tag {
      case .none: return .null
      case .unset: return ["unset": true]
      case .bool: return .bool(value.asBool)
      case .int: return .int(value.asInt)
      case .float: return Datum.float(value.asDouble).json
      case .native: return ["native": .string(NativeTable.shared.groups[value.asInt].name)]
      default: return nil
      }
    case .string(let text): return .string(text)
    case .list(let count): return ["list": .int(count)]
    case .record(let names): return ["record": .array(names.map(JSON.string))]
    case .range(let isInclusive): return ["range": .bool(isInclusive)]
    case .closure(let prototype, let captures):
      guard let number = code.position(of: prototype) else { return nil }
      return ["function": .int(number), "captures": .int(captures)]
    case .box(.tensor, let object, let flags):
      guard let tensor = object as? Tensor else { return nil }
      return write(tensor, flags, &tensors)
    case .box(let tag, nil, _): return ["box": .int(Int(tag.rawValue))]
    case .box: return nil
    case .again(let number): return ["again": .int(number)]
    }
  }

  private func write(_ tensor: Tensor, _ flags: UInt8, _ tensors: inout [Tensor]) -> JSON {
    guard tensor.byteCount <= ValueArchive.inlineBytes else {
      tensors.append(tensor)
      return ["tensor": .int(tensors.count - 1), "flags": .int(Int(flags))]
    }
    let bytes = UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.byteCount)
    return [
      "type": .string(tensor.type.name), "shape": .array(tensor.shape.map(JSON.int)),
      "bytes": .string(Data(bytes).base64EncodedString()), "flags": .int(Int(flags)),
    ]
  }

  /// nil for JSON that is no value of this code.
  func read(_ json: JSON, tensors: [Tensor]) -> PortableValue? {
    guard let items = json.array, !items.isEmpty else { return nil }
    var result = PortableValue()
    var (depth, completed) = (0, 0)
    for item in items {
      guard let node = read(item, tensors) else { return nil }
      var taken = 0
      switch node {
      case .plain, .string, .box(.tensor, _, _): break
      case .again(let number): guard number >= 0, number < completed else { return nil }
      case .list(let count): taken = count
      case .record(let names):
        // By their bytes, as a record knows them.
        guard Set(names.map { Array($0.utf8) }).count == names.count else { return nil }
        taken = names.count
      case .range: taken = 3
      case .closure(let prototype, let captures):
        guard prototype.captures.count == captures else { return nil }
        taken = captures
      case .box: taken = 2
      }
      guard taken >= 0, taken <= depth else { return nil }
      depth += 1 - taken
      switch node {
      case .plain, .again: break
      default: completed += 1
      }
      result.append(node)
    }
    return depth == 1 ? result : nil
  }

  private func read(_ json: JSON, _ tensors: [Tensor]) -> PortableValue.Node? {
    switch json {
    case .null: return .plain(.none)
    case .bool(let value): return .plain(Value(value))
    case .int(let value): return .plain(Value(value))
    case .float(let value): return .plain(Value(value))
    case .string(let text): return .string(text)
    case .array: return nil
    case .object(let members):
      guard let first = members.first else { return nil }
      switch (first.key, first.value) {
      case ("$float", _):
        guard case .float(let value)? = Datum(json: json) else { return nil }
        return .plain(Value(value))
      case ("unset", _): return .plain(.unset)
      case ("native", .string(let name)):
        return NativeTable.shared.numbers[name].map { .plain(Value(tag: .native, bits: UInt64($0))) }
      case ("list", .int(let count)): return .list(count)
      case ("record", .array(let names)):
        let texts = names.compactMap(\.string)
        return texts.count == names.count ? .record(texts) : nil
      case ("range", .bool(let isInclusive)): return .range(isInclusive: isInclusive)
      case ("function", .int(let number)):
        guard code.prototypes.indices.contains(number), let captures = json["captures"]?.int else { return nil }
        return .closure(code.prototypes[number], captures: captures)
      case ("tensor", .int(let number)):
        guard tensors.indices.contains(number) else { return nil }
        return .box(.tensor, tensors[number], flags: flags(json))
      case ("type", .string(let type)): return tensor(type, json).map { .box(.tensor, $0, flags: flags(json)) }
      case ("box", .int(let raw)):
        let known: [Tag] = [.overload, .table, .figure, .module]
        return known.first { Int($0.rawValue) == raw }.map { .box($0, nil, flags: 0) }
      case ("again", .int(let number)): return .again(number)
      default: return nil
      }
    }
  }

  private func flags(_ json: JSON) -> UInt8 {
    UInt8(truncatingIfNeeded: json["flags"]?.int ?? 0) & TensorFlags.isFrozen
  }

  private func tensor(_ type: String, _ json: JSON) -> Tensor? {
    guard let type = [ElementType.f32, .f64, .i32, .i64, .bool].first(where: { $0.name == type }),
      let shape = json["shape"]?.array?.compactMap(\.int), let text = json["bytes"]?.string,
      let data = Data(base64Encoded: text), let tensor = try? Tensor(uninitialized: shape, type: type),
      tensor.byteCount == data.count
    else { return nil }
    data.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { tensor.pointer.copyMemory(from: base, byteCount: data.count) }
    }
    return tensor
  }
}
