import Graphs
import Tensors

extension Natives {
  static let tensorFiles: [NativeFunction] = [
    NativeFunction(
      "save", ["x", "path"], doc: "Writes the tensors of a model or tree to a safetensors file, under their paths.",
      example: "save({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).save() },
    NativeFunction(
      "load", ["x", "path"], doc: "The model or tree x with the tensors that a safetensors file holds under its paths.",
      example: "load({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).load() },
    NativeFunction(
      "read_npy", ["path"], kinds: .string,
      doc: "The tensor in a NumPy .npy file of the run, the study's folder or the data folders.",
      example: "write_npy(ones(2), \"x.npy\")\nread_npy(\"x.npy\")  # => tensor f32[2] [1.0, 1.0]"
    ) { call in
      let path = try call.machine.host.resolve(path: try call.text(0), forWriting: false)
      return call.result(.tensor(try translatingErrors { try NPY.read(path) }))
    },
    NativeFunction(
      "write_npy", ["t", "path"], kinds: .tensorLike,
      doc: "Writes a tensor as a NumPy .npy file, in the run folder or where `--allow-write` permits.",
      example: "write_npy(tensor([1, 2]), \"x.npy\")"
    ) { call in
      let tensor = try call.content(0)
      let path = try call.machine.host.resolve(path: try call.text(1), forWriting: true)
      try translatingErrors { try NPY.write(tensor, to: path) }
      return .none
    },
    NativeFunction(
      "read_npz", ["path"], kinds: .string,
      doc: "The arrays of a NumPy .npz archive, by name; from where `read_npy` reads.",
      example: "write_npz({ x: ones(2) }, \"data.npz\")\nread_npz(\"data.npz\").x  # => tensor f32[2] [1.0, 1.0]"
    ) { call in
      let path = try call.machine.host.resolve(path: try call.text(0), forWriting: false)
      let arrays = try translatingErrors { try NPZ.read(path) }
      return call.heap.record(arrays.map { ($0.name, call.result(.tensor($0.tensor))) })
    },
    NativeFunction(
      "write_npz", ["arrays", "path"], kinds: .record,
      doc: "Writes a record of tensors as a NumPy .npz archive, to where `write_npy` writes.",
      example: "write_npz({ x: zeros(2), y: ones(3) }, \"data.npz\")"
    ) { call in try TensorFiles(call).writeArchive() },
    NativeFunction(
      "read_idx", ["name"],
      doc:
        "The tensor in an IDX file (such as MNIST's) below the data directories, plain or gzip: f32, or i64 where it has one axis (labels).",
      example: "read_idx(\"mnist/train-images-idx3-ubyte\")"
    ) { call in
      let path = try TensorFiles(call).dataPath(try call.text(0), endings: ["", ".gz"])
      return try translatingErrors {
        let tensor = try IDX.read(path)
        return call.result(.tensor(tensor.rank == 1 ? try IDX.read(path, type: .i64) : tensor))
      }
    },
    NativeFunction(
      "has_data", ["name"], doc: "Whether `read_idx(name)` would find a file below the data directories.",
      example: "has_data(\"no such file\")  # => false"
    ) { call in
      let name = try call.text(0)
      return Value((try? TensorFiles(call).dataPath(name, endings: ["", ".gz"])) != nil)
    },
  ]
}

/// Files of tensors.
struct TensorFiles {
  let call: NativeCall
  private var machine: Machine { call.machine }

  init(_ call: NativeCall) { self.call = call }

  /// The path of a data file, or an error that lists where it was looked for.
  func dataPath(_ name: String, endings: [String]) throws -> String {
    var lookedIn: [String] = []
    for ending in endings {
      let found = machine.host.dataFile(name + ending)
      if let path = found.path { return path }
      lookedIn += found.lookedIn
    }
    throw RuntimeError(
      "E0701", "there is no data file `\(name)`", label: "not found",
      help: lookedIn.map { "looked for \($0)" } + ["`--data DIR` or EXP_DATA name another directory"])
  }

  /// Tensors with their paths: of a model all params and states, of another tree all tensors.
  private func tensors(_ value: Value) -> [(path: String, value: Value)] {
    let scan = TreeScan(value, wantsPaths: true, machine: machine)
    if scan.holdsFunction { return scan.modelTensors.map { ($0.path, $0.value) } }
    return scan.allTensors.map { ($0.path, $0.value) }
  }

  func save() throws -> Value {
    let path = try machine.host.resolve(path: try call.text(1), forWriting: true)
    var named: [(name: String, tensor: Tensor)] = []
    for (path, value) in tensors(call[0]) {
      guard let operand = call.operations.operand(value) else { continue }
      named.append((path.isEmpty ? "value" : path, try call.content(operand)))
    }
    guard !named.isEmpty else {
      throw RuntimeError("E0203", "`save` writes tensors, and \(machine.brief(call[0])) holds none")
    }
    try translatingErrors { try Safetensors.write(named, to: path) }
    return .none
  }

  func writeArchive() throws -> Value {
    let path = try machine.host.resolve(path: try call.text(1), forWriting: true)
    let arrays = try call.record(0)
    var named: [(name: String, tensor: Tensor)] = []
    for i in 0..<arrays.count {
      let (name, value) = (arrays.name(i), arrays.values[i])
      guard let operand = call.operations.operand(value) else {
        throw RuntimeError(
          "E0203", "`write_npz` writes tensors, and `\(name)` is \(machine.brief(value))",
          help: ["`tensor(x)` makes one of a list of numbers"])
      }
      named.append((name, try call.content(operand)))
    }
    try translatingErrors { try NPZ.write(named, to: path) }
    return .none
  }

  func load() throws -> Value {
    let name = try call.text(1)
    let path = try machine.host.resolve(path: name, forWriting: false)
    let contents = try translatingErrors { try Safetensors.read(path) }
    var found: [String: Tensor] = [:]
    for (name, tensor) in contents.tensors { found[name] = tensor }
    var replacements: [UInt64: Tensor] = [:]
    for (path, value) in tensors(call[0]) {
      let key = path.isEmpty ? "value" : path
      guard let tensor = found[key], let old = call.operations.operand(value) else {
        throw RuntimeError(
          "E0705", "\(name) has no tensor `\(key)`", label: "not in the file",
          help: ["it holds \(contents.tensors.prefix(8).map { "`\($0.name)`" }.joined(separator: ", "))"])
      }
      guard tensor.shape == old.shape else {
        throw RuntimeError(
          "E0405", "`\(key)` has shape \(describe(tensor.shape)) in \(name) and \(describe(old.shape)) in the model",
          label: "\(describe(tensor.shape)) and \(describe(old.shape))")
      }
      replacements[value.bits] = try translatingErrors {
        tensor.type == old.type ? tensor : try Graphs.evaluate(.convert(old.type), [tensor])
      }
    }
    let operations = call.operations
    return TreeRebuild(machine).rebuild(call[0]) { part, _ in
      guard part.tag == .tensor, let tensor = replacements[part.bits] else { return nil }
      let box = operations.value(.tensor(tensor))
      box.header.pointee.flags = part.header.pointee.flags
      return box
    }
  }
}
