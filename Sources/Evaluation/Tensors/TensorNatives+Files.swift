import Foundation
import Graphs
import Notation
import Records
import Tensors

extension Natives {
  static let tensorFiles: [NativeFunction] = [
    NativeFunction(
      "save", ["x", "path"],
      doc:
        "Writes a value to a safetensors file: tensors under their paths, of functions their weights and states, and all else beside them.",
      example: "save({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).save() },
    NativeFunction(
      "load", ["x", "path"],
      doc:
        "What a safetensors file holds, its weights put into the functions of x. From files of other programs x with the tensors under its paths.",
      example: "load({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).load(call[0], try call.text(1)) },
    NativeFunction(
      "load", ["path"], kinds: .string, doc: "What a safetensors file holds, where that holds no function.",
      example: "load(\"weights.safetensors\")"
    ) { call in try TensorFiles(call).load(nil, try call.text(0)) },
    NativeFunction(
      "has_file", ["path"], kinds: .string, doc: "Whether `load(path)` would find a file that this script may read.",
      example: "has_file(\"no such file\")  # => false"
    ) { call in
      try TensorHooks.requireUntraced(call.machine, call.function.name)
      guard let path = try? call.machine.host.resolve(path: try call.text(0), forWriting: false) else {
        return Value(false)
      }
      return Value(FileFacts(path)?.kind == .file)
    },
    NativeFunction(
      "read_npy", ["path"], kinds: .string,
      doc:
        "The tensor in a NumPy .npy file of the run, the study's folder or the data folders. float16 becomes f32; integers of 8 and 16 bits become i32, unsigned ones of 32 and 64 bits i64.",
      example: "write_npy(ones(2), \"ones.npy\")\nread_npy(\"ones.npy\")  # => tensor f32[2] [1.0, 1.0]"
    ) { call in
      let path = try TensorFiles(call).path(try call.text(0), forWriting: false)
      return call.result(.tensor(try translatingErrors { try ReadArrays.shared.array(path) { try NPY.read(path) } }))
    },
    NativeFunction(
      "write_npy", ["t", "path"], kinds: .tensorLike,
      doc: "Writes a tensor as a NumPy .npy file, in the run folder or where `--allow-write` permits.",
      example: "write_npy(tensor([1, 2]), \"x.npy\")"
    ) { call in
      let tensor = try call.content(0)
      let path = try TensorFiles(call).path(try call.text(1), forWriting: true)
      try translatingErrors { try NPY.write(tensor, to: path) }
      return .none
    },
    NativeFunction(
      "read_npz", ["path", "names?"], kinds: .string,
      doc:
        "The arrays of a NumPy .npz archive, by name, or only those of a list `names`; from where `read_npy` reads.",
      example: "write_npz({ x: ones(2) }, \"ones.npz\")\nread_npz(\"ones.npz\").x  # => tensor f32[2] [1.0, 1.0]"
    ) { call in
      let path = try TensorFiles(call).path(try call.text(0), forWriting: false)
      let names = try call.has(1) ? call.texts(1) : nil
      let arrays = try translatingErrors { try NPZ.read(path, names: names) }
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
        "The tensor in an IDX file (such as MNIST's) below the data directories, plain or gzip: f32, or i64 where integers have one axis (labels).",
      example: "read_idx(\"mnist/train-images-idx3-ubyte\")"
    ) { call in
      let path = try TensorFiles(call).dataPath(try call.text(0), endings: ["", ".gz"])
      return try translatingErrors { call.result(.tensor(try IDX.read(path, type: nil))) }
    },
    NativeFunction(
      "read_bytes", ["name"],
      doc: "The bytes of a file below the data directories, plain or gzip, as numbers from 0 to 255: f32, one axis.",
      example: "read_bytes(\"cifar10/test_batch.bin\")"
    ) { call in
      let path = try TensorFiles(call).dataPath(try call.text(0), endings: ["", ".gz"])
      return call.result(.tensor(try translatingErrors { try IDX.bytes(path) }))
    },
    NativeFunction(
      "has_data", ["name"], doc: "Whether `read_idx(name)` would find a file below the data directories.",
      example: "has_data(\"no such file\")  # => false"
    ) { call in
      try TensorHooks.requireUntraced(call.machine, call.function.name)
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

  /// The path that a script means; none inside a compiled function, which would go on with what was there when it was read.
  func path(_ name: String, forWriting: Bool) throws -> String {
    guard forWriting else { return try call.fileToRead(name) }
    try TensorHooks.requireUntraced(machine, call.function.name)
    return try machine.host.resolve(path: name, forWriting: true)
  }

  /// The path of a data file, or an error that lists where it was looked for.
  func dataPath(_ name: String, endings: [String]) throws -> String {
    try TensorHooks.requireUntraced(machine, call.function.name)
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

  func writeArchive() throws -> Value {
    let path = try path(try call.text(1), forWriting: true)
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

  func save() throws -> Value {
    let path = try path(try call.text(1), forWriting: true)
    var writer = TreeFileWriter(call)
    let structure = try writer.structure(call[0])
    let metadata = [(key: TreeFileWriter.metadataKey, value: structure.compact)]
    try translatingErrors { try Safetensors.write(writer.tensors, metadata: metadata, to: path) }
    return .none
  }

  func load(_ template: Value?, _ name: String) throws -> Value {
    let path = try path(name, forWriting: false)
    let contents = try translatingErrors { try Safetensors.read(path) }
    let reader = TreeFileReader(call, name, contents)
    if let text = contents.metadata.first(where: { $0.key == TreeFileWriter.metadataKey })?.value,
      let structure = try? JSON.read(text)
    {
      return try reader.value(structure, like: template)
    }
    guard let template else { return try reader.flat() }
    return try reader.weights(template, "", inside: false) { $0.isEmpty ? "value" : $0 }
  }
}
