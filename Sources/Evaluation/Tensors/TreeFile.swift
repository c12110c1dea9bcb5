import Graphs
import Notation
import Records
import Tensors

/// What `save` writes: every tensor of a value under its path, and beside them, as JSON in the file's metadata, all
/// that is not a tensor. Of a function its params and states are written; its code is not.
struct TreeFileWriter {
  /// Key of the JSON in the metadata of a safetensors file.
  static let metadataKey = "exp"
  /// Deepest nesting written.
  static let maxDepth = 200

  private let call: NativeCall
  private(set) var tensors: [(name: String, tensor: Tensor)] = []
  private var used: Set<String> = []
  private var watch = WalkWatch()
  /// Bytes of the names and of the structure so far.
  private var bytes = 0

  init(_ call: NativeCall) { self.call = call }

  /// Names are paths; where a field's name makes two paths equal, the later one gets a stroke.
  private mutating func add(_ path: String, _ value: Value) throws -> JSON {
    guard let operand = TensorOperations(call.machine).operand(value) else { return .null }
    var name = path.isEmpty ? "value" : path
    while !used.insert(name).inserted { name += "'" }
    tensors.append((name, try call.content(operand)))
    // The name stands in the structure too.
    bytes += 2 * name.utf8.count + 2 * MemoryLayout<(String, Tensor)>.stride
    return .string(name)
  }

  /// The structure of a value, its tensors by name.
  mutating func structure(_ value: Value, _ path: String = "", depth: Int = 0) throws -> JSON {
    guard depth < Self.maxDepth else {
      throw RuntimeError("E0203", "`save` takes values nested up to \(Self.maxDepth) levels deep", label: "called here")
    }
    bytes += 2 * MemoryLayout<JSON>.stride
    try watch.step(call.machine, holding: bytes)
    switch value.tag {
    case .none, .unset: return .null
    case .bool: return .bool(value.asBool)
    case .int: return .int(value.asInt)
    case .float:
      let x = value.asDouble
      return x.isFinite ? .float(x) : ["float": .string(x.isNaN ? "nan" : x > 0 ? "inf" : "-inf")]
    case .string: return .string(value.swiftString)
    case .tensor: return ["tensor": try add(path, value)]
    case .list:
      return .array(
        try (0..<value.list.count).map {
          try structure(value.list.elements[$0], "\(path)[\($0)]", depth: depth + 1)
        })
    case .record: return ["record": try fields(value, path, depth)]
    case .table:
      let columns = try fields(value.box.pointee.first, path, depth)
      let attachments = value.box.pointee.second
      guard attachments.tag == .record, attachments.record.count > 0 else { return ["table": columns] }
      return ["table": columns, "attachments": try fields(attachments, path.isEmpty ? "of" : path + ".of", depth)]
    default:
      guard value.isFunction else {
        throw RuntimeError(
          "E0203", "`save` does not take \(call.machine.brief(value))",
          label: path.isEmpty ? "called here" : "at \(path)",
          help: ["it takes tensors, models, numbers, strings, lists, records and tables"])
      }
      var names: [JSON] = []
      try weights(value, path, depth, &names)
      return ["model": .array(names)]
    }
  }

  private mutating func fields(_ record: Value, _ path: String, _ depth: Int) throws -> JSON {
    var members: [JSON.Member] = []
    for i in 0..<record.record.count {
      let name = record.record.name(i)
      let under = path.isEmpty ? name : "\(path).\(name)"
      members.append(JSON.Member(name, try structure(record.record.values[i], under, depth: depth + 1)))
    }
    return .object(members)
  }

  /// The params and states of a function, in the order of its captures.
  private mutating func weights(_ value: Value, _ path: String, _ depth: Int, _ names: inout [JSON]) throws {
    guard let node = TreeNode(value) else { return }
    try call.machine.checkNativeStack()
    try call.machine.pollInterrupt()
    for i in 0..<node.count {
      let under = TreeFileReader.path(node, i, under: path)
      if node.role(i) != .plain {
        if node[i].tag == .tensor { names.append(try add(under, node[i])) }
      } else {
        try weights(node[i], under, depth, &names)
      }
    }
  }
}

/// What `load` makes of a file and of a value that has its form, from which functions come.
struct TreeFileReader {
  private let call: NativeCall
  private let name: String
  private var tensors: [String: Tensor] = [:]
  private var heap: Heap { call.heap }

  init(_ call: NativeCall, _ name: String, _ contents: Safetensors.Contents) {
    (self.call, self.name) = (call, name)
    for (name, tensor) in contents.tensors { tensors[name] = tensor }
  }

  /// The path of a node's child.
  static func path(_ node: TreeNode, _ i: Int, under path: String) -> String {
    let step = node.path(i, under: "")
    return path.isEmpty || step.isEmpty || step.hasPrefix("[") ? path + step : "\(path).\(step)"
  }

  private func misfit(_ message: String, _ path: String, help: [String] = []) -> RuntimeError {
    RuntimeError("E0705", "\(name) \(message)", label: path.isEmpty ? "not in the file" : "at \(path)", help: help)
  }

  private func tensor(_ key: String, like template: Value?, _ path: String) throws -> Value {
    guard let tensor = tensors[key] else {
      throw misfit(
        "has no tensor `\(key)`", path,
        help: ["it holds \(tensors.keys.sorted().prefix(8).map { "`\($0)`" }.joined(separator: ", "))"])
    }
    let operations = TensorOperations(call.machine)
    guard let template, template.tag == .tensor, let old = operations.operand(template) else {
      return operations.value(.tensor(tensor))
    }
    guard tensor.shape == old.shape else {
      throw RuntimeError(
        "E0405", "`\(key)` has shape \(describe(tensor.shape)) in \(name) and \(describe(old.shape)) in the model",
        label: "\(describe(tensor.shape)) and \(describe(old.shape))")
    }
    let converted = try translatingErrors {
      tensor.type == old.type ? tensor : try Graphs.evaluate(.convert(old.type), [tensor])
    }
    let box = operations.value(.tensor(converted))
    if box.tag == .tensor { box.header.pointee.flags |= template.header.pointee.flags & TensorFlags.isFrozen }
    return box
  }

  /// A value of our own file; owned.
  func value(_ json: JSON, like template: Value?, _ path: String = "") throws -> Value {
    try call.machine.checkNativeStack()
    switch json {
    case .null: return .none
    case .bool(let b): return Value(b)
    case .int(let i): return Value(i)
    case .float(let x): return Value(x)
    case .string(let s): return heap.string(s)
    case .array(let items):
      let like = template.flatMap { $0.tag == .list ? $0.list : nil }
      return heap.list(
        try collected(items.count) { i in
          try value(items[i], like: like.flatMap { i < $0.count ? $0.elements[i] : nil }, "\(path)[\(i)]")
        })
    case .object(let members):
      guard let member = members.first else { throw misfit("holds a part of no known kind", path) }
      switch (member.key, member.value) {
      case ("tensor", .string(let key)): return try tensor(key, like: template, path)
      case ("float", .string(let text)):
        return Value(text == "nan" ? Double.nan : text == "inf" ? .infinity : -.infinity)
      case ("record", .object(let fields)): return try record(fields, like: template, path)
      case ("table", .object(let columns)):
        let table = try record(columns, like: nil, path)
        do {
          try checkColumns(table, path)
          let attachments =
            if case .object(let fields)? = json["attachments"] { try record(fields, like: nil, path) } else {
              heap.emptyRecord(capacity: 1)
            }
          return heap.table(columns: table, attachments: attachments)
        } catch {
          heap.release(table)
          throw error
        }
      case ("model", .array(let names)):
        guard let template, template.isFunction else {
          throw misfit(
            "holds the weights of a function here, and code is not kept in files", path,
            help: ["load(x, path) puts them into the functions of x"])
        }
        var names = names.compactMap(\.string)[...]
        let model = try weights(template, path) { _ in names.popFirst() }
        guard names.isEmpty else {
          heap.release(model)
          throw misfit("has more weights than the model: `\(names.first ?? "")` is one too many", path)
        }
        return model
      default: throw misfit("holds a part of the unknown kind `\(member.key)`", path)
      }
    }
  }

  /// The columns of a table are lists of one length.
  private func checkColumns(_ table: Value, _ path: String) throws {
    for i in 0..<table.record.count {
      let column = table.record.values[i]
      let under = path.isEmpty ? table.record.name(i) : "\(path).\(table.record.name(i))"
      guard column.tag == .list else { throw misfit("is damaged: the column `\(under)` is no list", under) }
      let rows = table.record.values[0].list.count
      guard column.list.count == rows else {
        throw misfit(
          "is damaged: the column `\(under)` has \(column.list.count) rows, and the first has \(rows)", under)
      }
    }
  }

  private func record(_ fields: [JSON.Member], like template: Value?, _ path: String) throws -> Value {
    // By their bytes, as a record knows them.
    var names: Set<[UInt8]> = []
    if let twice = fields.first(where: { !names.insert(Array($0.key.utf8)).inserted }) {
      throw misfit("is damaged: it holds `\(twice.key)` twice", path.isEmpty ? twice.key : "\(path).\(twice.key)")
    }
    let like = template.flatMap { $0.tag == .record ? $0 : nil }
    if let like {
      for k in 0..<like.record.count where !names.contains(Array(like.record.name(k).utf8)) {
        throw misfit(
          "has no `\(like.record.name(k))`\(path.isEmpty ? "" : " in `\(path)`")", "",
          help: ["it holds \(fields.prefix(8).map { "`\($0.key)`" }.joined(separator: ", "))"])
      }
    }
    let values = try collected(fields.count) { i in
      let name = fields[i].key
      var partner: Value?
      if let like {
        for k in 0..<like.record.count where like.record.name(k).utf8.elementsEqual(name.utf8) {
          partner = like.record.values[k]
        }
      }
      return try value(fields[i].value, like: partner, path.isEmpty ? name : "\(path).\(name)")
    }
    return heap.record(zip(fields, values).map { ($0.key, $1) })
  }

  /// Values made one after the other, released where one cannot be made.
  private func collected(_ count: Int, _ make: (Int) throws -> Value) throws -> [Value] {
    var values: [Value] = []
    do { for i in 0..<count { values.append(try make(i)) } } catch {
      for value in values { heap.release(value) }
      throw error
    }
    return values
  }

  /// The function or tree with its params and states (outside functions all tensors) from the file; `next` gives
  /// the name for a path, nil where the file has none left.
  func weights(_ value: Value, _ path: String, inside: Bool = true, _ next: (String) -> String?) throws -> Value {
    try call.machine.checkNativeStack()
    try call.machine.pollInterrupt()
    guard let node = TreeNode(value) else {
      guard !inside, value.tag == .tensor else { return heap.retained(value) }
      return try tensor(next(path) ?? path, like: value, path)
    }
    let isFunction = inside || value.isFunction
    let children = try collected(node.count) { i in
      let under = TreeFileReader.path(node, i, under: path)
      if node.role(i) != .plain {
        guard node[i].tag == .tensor else { return heap.retained(node[i]) }
        guard let key = next(under) else { throw misfit("has no tensor for `\(under)`", path) }
        return try tensor(key, like: node[i], under)
      }
      return try weights(node[i], under, inside: isFunction, next)
    }
    return node.rebuilt(children, heap)
  }

  /// A file of another program, as a record of its tensors.
  func flat() throws -> Value {
    let names = tensors.keys.sorted()
    return heap.record(zip(names, try collected(names.count) { try tensor(names[$0], like: nil, "") }).map { ($0, $1) })
  }
}
