import Graphs
import Tensors

extension Natives {
  static let linearAlgebra: [NativeFunction] = [
    NativeFunction(
      "solve", ["a", "b"],
      doc:
        "The x with a x = b for square matrices in the last two axes; b is a vector or matrices of columns. Computed in f64.",
      example: "solve(tensor([[2, 0], [0, 4]]), tensor([1, 2]))  # => tensor f32[2] [0.5, 0.5]"
    ) { call in try system(call, .solve(transposed: false)) },
    NativeFunction(
      "solve_triangular", ["t", "b", "upper?", "transposed?"],
      doc:
        "The x with t x = b, of t only one triangle (the lower, or the upper) read; `transposed:` solves with its transpose.",
      example: "solve_triangular(tensor([[1, 0], [1, 1]]), tensor([1, 3]))  # => tensor f32[2] [1.0, 2.0]"
    ) { call in
      let (upper, transposed) = (try call.bool(2, default: false), try call.bool(3, default: false))
      return try system(call, .triangular(upper: upper, transposed: transposed, unit: false))
    },
    NativeFunction(
      "least_squares", ["a", "b", "rcond?"],
      doc:
        "The x of least norm among those that minimise |a x - b|; singular values of a up to `rcond:` (1e-12) times the largest count as zero. Computed in f64.",
      example: "least_squares(eye(2), tensor([1, 2]))"
    ) { call in try system(call, .leastSquares(rcond: try call.double(2, default: 1e-12))) },
    NativeFunction(
      "cholesky", ["a"], kinds: .tensor,
      doc: "The lower factor L of positive definite matrices a = L Lᵀ, of which the lower triangle is read.",
      example: "cholesky(tensor([[4, 2], [2, 2]]))"
    ) { call in call.result(try call.operations.apply(.linear(.cholesky), [try matrices(call, 0)], isTensor: true)) },
    NativeFunction(
      "det", ["a"], kinds: .tensor, doc: "The determinant of square matrices.", example: "det(eye(2))"
    ) { call in
      call.result(try call.operations.apply(.linear(.determinant), [try matrices(call, 0)], isTensor: true))
    },
    NativeFunction(
      "log_det", ["a"], kinds: .tensor,
      doc: "`{ sign, log }` of the determinant of square matrices: 0 and -inf where there is no inverse.",
      example: "log_det(eye(2)).sign"
    ) { call in
      let a = try matrices(call, 0)
      let both = try call.operations.apply(.linear(.logDeterminant), [a], isTensor: true)
      let lead = Array(a.shape.dropLast(2))
      return call.heap.record([
        ("sign", try part(call, both, 0, lead)), ("log", try part(call, both, 1, lead)),
      ])
    },
    NativeFunction(
      "matrix_rank", ["a", "rcond?"], kinds: .tensor,
      doc:
        "How many singular values exceed `rcond:` (the type's epsilon times the larger extent) times the largest.",
      example: "matrix_rank(ones(3, 2))"
    ) { call in
      let rcond = call.has(1) ? try call.double(1) : nil
      return call.result(
        try call.operations.apply(.linear(.rank(rcond: rcond)), [try matrices(call, 0)], isTensor: true))
    },
    NativeFunction(
      "qr", ["a", "pivoting?"], kinds: .tensor,
      doc:
        "`{ q, r }` with a = q r, q orthonormal and r upper triangular; with `pivoting: true` also the `order` of a's columns, the largest remaining first.",
      example: "qr(eye(2)).r"
    ) { call in try orthogonal(call, pivoting: try call.bool(1, default: false)) },
    NativeFunction(
      "lu_factors", ["a"], kinds: .tensor,
      doc:
        "`{ factors, order }` of square matrices: l (below the diagonal, its ones left out) and u of the rows in that order.",
      example: "to_list(lu_factors(tensor([[0, 1], [2, 3]])).order)  # => [1, 0]"
    ) { call in try triangles(call) },
    NativeFunction(
      "svd", ["a"], kinds: .tensor, doc: "`{ u, s, vt }` with a = u diag(s) vt and s descending.",
      example: "svd(eye(2)).s"
    ) { call in
      let a = try matrices(call, 0)
      let (m, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
      let k = min(m, n)
      let all = try call.operations.apply(.linear(.svd), [a], isTensor: true)
      let lead = Array(a.shape.dropLast(2))
      return call.heap.record([
        ("u", try part(call, all, 0, lead + [m, k])), ("s", try part(call, all, m * k, lead + [k])),
        ("vt", try part(call, all, m * k + k, lead + [k, n])),
      ])
    },
    NativeFunction(
      "eigh", ["a"], kinds: .tensor,
      doc:
        "`{ values, vectors }` of symmetric matrices, of which the lower triangle is read: eigenvalues ascending, eigenvectors in columns.",
      example: "eigh(eye(2)).values"
    ) { call in
      let a = try matrices(call, 0)
      let all = try call.operations.apply(.linear(.eigenSymmetric), [a], isTensor: true)
      let (lead, n) = (Array(a.shape.dropLast(2)), a.shape[a.rank - 1])
      return call.heap.record([
        ("values", try part(call, all, 0, lead + [n])), ("vectors", try part(call, all, n, lead + [n, n])),
      ])
    },
    NativeFunction(
      "eigenvalues", ["a"], kinds: .tensor,
      doc:
        "`{ re, im }`: the eigenvalues of square matrices by real part, complex pairs side by side. Derivatives where they are apart.",
      example: "eigenvalues(tensor([[0, -1], [1, 0]])).im  # => tensor f32[2] [-1.0, 1.0]"
    ) { call in
      let a = try matrices(call, 0)
      let both = try call.operations.apply(.linear(.eigenvalues), [a], isTensor: true)
      let (lead, n) = (Array(a.shape.dropLast(2)), a.shape[a.rank - 1])
      let flat = try call.operations.reshape(both, lead + [2 * n])
      return call.heap.record([
        ("re", try part(call, flat, 0, lead + [n])), ("im", try part(call, flat, n, lead + [n])),
      ])
    },
    NativeFunction(
      "eig", ["a"], kinds: .tensor,
      doc:
        "`{ re, im, vectors_re, vectors_im }`: the eigenvalues of square matrices as `eigenvalues` gives them, and eigenvectors in columns, each of length 1 with its largest element positive.",
      example: "eig(tensor([[2, 1], [0, 3]])).vectors_re[0, 0]  # => 1.0"
    ) { call in
      let a = try matrices(call, 0)
      let all = try call.operations.apply(.linear(.eigen), [a], isTensor: true)
      let (lead, n) = (Array(a.shape.dropLast(2)), a.shape[a.rank - 1])
      return call.heap.record([
        ("re", try part(call, all, 0, lead + [n])), ("im", try part(call, all, n, lead + [n])),
        ("vectors_re", try part(call, all, 2 * n, lead + [n, n])),
        ("vectors_im", try part(call, all, 2 * n + n * n, lead + [n, n])),
      ])
    },
  ]

  private static func orthogonal(_ call: NativeCall, pivoting: Bool) throws -> Value {
    let a = try matrices(call, 0)
    let (m, n) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let (k, lead) = (min(m, n), Array(a.shape.dropLast(2)))
    let all = try call.operations.apply(.linear(.qr(pivoting: pivoting)), [a], isTensor: true)
    var fields = [
      ("q", try part(call, all, 0, lead + [m, k])), ("r", try part(call, all, m * k, lead + [k, n])),
    ]
    if pivoting { fields.append(("order", try part(call, all, (m + n) * k, lead + [n], type: .i64))) }
    return call.heap.record(fields)
  }

  private static func triangles(_ call: NativeCall) throws -> Value {
    let a = try matrices(call, 0)
    let (n, lead) = (a.shape[a.rank - 1], Array(a.shape.dropLast(2)))
    let packed = try call.operations.apply(.linear(.lu), [a], isTensor: true)
    let all = try call.operations.reshape(packed, lead + [(n + 1) * n])
    return call.heap.record([
      ("factors", try part(call, all, 0, lead + [n, n])), ("order", try part(call, all, n * n, lead + [n], type: .i64)),
    ])
  }

  /// Elements of the last axis from `start`, in a shape of their own.
  private static func part(
    _ call: NativeCall, _ x: TensorOperand, _ start: Int, _ shape: Shape, type: ElementType? = nil
  ) throws -> Value {
    let lead = Array(x.shape.dropLast())
    let count = shape.dropFirst(lead.count).reduce(1, *)
    let starts = lead.map { _ in 0 } + [count == 0 ? 0 : start]
    let steps = lead.map { _ in 1 } + [1]
    let cut = try call.operations.apply(
      .slice(starts: starts, counts: lead + [count], steps: steps), [x], isTensor: true)
    let shaped = try call.operations.reshape(cut, shape)
    return call.result(try type.map { try call.operations.convert(shaped, to: $0) } ?? shaped)
  }

  /// Matrices of floats.
  private static func matrices(_ call: NativeCall, _ index: Int) throws -> TensorOperand {
    let operand = try call.tensor(index)
    guard operand.rank >= 2 else {
      throw RuntimeError(
        "E0401", "`\(call.function.name)` takes matrices, and \(describe(operand.shape)) has \(operand.rank) axes",
        label: describe(operand.shape))
    }
    return operand.type.isFloat ? operand : try call.operations.convert(operand, to: .f32)
  }

  /// A function of matrices and right sides, whose leading axes are repeated as in arithmetic. A vector is one column.
  private static func system(_ call: NativeCall, _ function: LinearFunction) throws -> Value {
    let operations = call.operations
    var a = try matrices(call, 0), b = try call.tensor(1)
    let type: ElementType = a.type == .f64 || b.type == .f64 ? .f64 : .f32
    (a, b) = (try operations.convert(a, to: type), try operations.convert(b, to: type))
    let isVector = b.rank == 1
    if isVector { b = try operations.reshape(b, b.shape + [1]) }
    guard b.rank >= 2, b.shape[b.rank - 2] == a.shape[a.rank - 2],
      let lead = common(a.shape.dropLast(2), b.shape.dropLast(2))
    else {
      throw RuntimeError(TensorError.shapes(call.function.name, a.shape, try call.tensor(1).shape))
    }
    func spread(_ x: TensorOperand) throws -> TensorOperand {
      let shape = lead + x.shape.suffix(2)
      return shape == x.shape ? x : try operations.apply(.broadcast(shape), [x], isTensor: true)
    }
    let x = try operations.apply(.linear(function), [try spread(a), try spread(b)], isTensor: true)
    return call.result(isVector ? try operations.reshape(x, Array(x.shape.dropLast())) : x)
  }

  private static func common(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> Shape? {
    var (x, y) = (Array(a), Array(b))
    while x.count < y.count { x.insert(1, at: 0) }
    while y.count < x.count { y.insert(1, at: 0) }
    for (i, extent) in y.enumerated() where x[i] != extent {
      if x[i] == 1 { x[i] = extent } else if extent != 1 { return nil }
    }
    return x
  }
}
