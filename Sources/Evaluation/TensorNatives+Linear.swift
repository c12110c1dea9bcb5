import Graphs
import Tensors

extension Natives {
  static let linearAlgebra: [NativeFunction] = [
    NativeFunction(
      "least_squares", ["a", "b"],
      doc:
        "The x of least norm among those that minimise |a x - b|, computed in f64; b is a vector or several columns.",
      example: "least_squares(eye(2), tensor([1, 2]))"
    ) { call in
      let (a, b) = try systems(call)
      return call.result(.tensor(try translatingErrors { try LinearAlgebra.leastSquares(a, b, rcond: 1e-12).x }))
    },
    NativeFunction(
      "solve", ["a", "b"], doc: "The x with a x = b for a square matrix, computed in f64.",
      example: "solve(eye(2), tensor([1, 2]))"
    ) { call in
      let (a, b) = try systems(call)
      return call.result(.tensor(try translatingErrors { try LinearAlgebra.solve(a, b) }))
    },
    matrixFunction("cholesky", "The lower factor L of a positive definite matrix a = L Lᵀ") {
      try LinearAlgebra.cholesky($0)
    },
    matrixFunction("inverse", "The inverse of a square matrix") { try LinearAlgebra.inverse($0) },
    matrixFunction("pinv", "The pseudo-inverse") { try LinearAlgebra.pseudoInverse($0) },
    matrixFunction("det", "The determinant of a square matrix") { try LinearAlgebra.determinant($0) },
    NativeFunction(
      "svd", ["a"], kinds: .tensor,
      doc: "`{ u, s, vt }` with a = u diag(s) vt and s descending.", example: "svd(eye(2)).s"
    ) { call in
      let a = try matrix(call, 0)
      let parts = try translatingErrors { try LinearAlgebra.svd(a) }
      return record(call, [("u", parts.u), ("s", parts.s), ("vt", parts.vt)])
    },
    NativeFunction(
      "eigh", ["a"], kinds: .tensor,
      doc: "`{ values, vectors }` of a symmetric matrix: eigenvalues ascending, eigenvectors in columns.",
      example: "eigh(eye(2)).values"
    ) { call in
      let a = try matrix(call, 0)
      let parts = try translatingErrors { try LinearAlgebra.eigenSymmetric(a) }
      return record(call, [("values", parts.values), ("vectors", parts.vectors)])
    },
    NativeFunction(
      "qr", ["a"], kinds: .tensor, doc: "`{ q, r }` with a = q r, q orthonormal and r upper triangular.",
      example: "qr(eye(2)).r"
    ) { call in
      let a = try matrix(call, 0)
      let parts = try translatingErrors { try LinearAlgebra.qr(a) }
      return record(call, [("q", parts.q), ("r", parts.r)])
    },
    NativeFunction(
      "save", ["x", "path"], doc: "Writes the tensors of a model or tree to a safetensors file, under their paths.",
      example: "save({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).save() },
    NativeFunction(
      "load", ["x", "path"], doc: "The model or tree x with the tensors that a safetensors file holds under its paths.",
      example: "load({ w: zeros(2) }, \"weights.safetensors\")"
    ) { call in try TensorFiles(call).load() },
    NativeFunction(
      "read_npy", ["path"], doc: "The tensor in a NumPy .npy file.", example: "read_npy(\"x.npy\")"
    ) { call in
      let path = try TensorFiles(call).dataPath(try call.text(0), endings: [""])
      return call.result(.tensor(try translatingErrors { try NPY.read(path) }))
    },
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

  private static func matrixFunction(
    _ name: String, _ meaning: String, _ body: @escaping @Sendable (Tensor) throws -> Tensor
  ) -> NativeFunction {
    NativeFunction(name, ["a"], kinds: .tensor, doc: "\(meaning), computed in f64.", example: "\(name)(eye(2))") {
      call in
      let a = try matrix(call, 0)
      return call.result(.tensor(try translatingErrors { try body(a) }))
    }
  }

  /// A matrix of floats whose content is known.
  private static func matrix(_ call: NativeCall, _ index: Int) throws -> Tensor {
    let tensor = try call.content(index)
    if tensor.type.isFloat { return tensor }
    return try translatingErrors { try Graphs.evaluate(.convert(.f32), [tensor]) }
  }

  /// Two operands in the wider of their types.
  private static func systems(_ call: NativeCall) throws -> (Tensor, Tensor) {
    let a = try matrix(call, 0), b = try matrix(call, 1)
    guard a.type != b.type else { return (a, b) }
    return try translatingErrors {
      (try Graphs.evaluate(.convert(.f64), [a]), try Graphs.evaluate(.convert(.f64), [b]))
    }
  }

  private static func record(_ call: NativeCall, _ fields: [(String, Tensor)]) -> Value {
    call.heap.record(fields.map { ($0.0, call.result(.tensor($0.1))) })
  }
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
