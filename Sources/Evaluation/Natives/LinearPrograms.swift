import Tensors

extension Natives {
  static let linearPrograms: [NativeFunction] = [
    NativeFunction(
      "linear_program", ["cost", "rows", "at_least?", "at_most?", "low?", "high?", "whole?", "maximize?"],
      doc:
        "The x with the least (with `maximize: true` the largest) `cost @ x` among those with `at_least ≤ rows @ x ≤ at_most` and `low ≤ x ≤ high`, bounds that are left out being infinite: `{ status, x, value, dual }`. `rows` is a matrix, a bound a number or a vector. The status is \"optimal\", \"infeasible\" or \"unbounded\"; the rest is `none` unless it is optimal. `dual` says what the value gains when a row's bound is raised by one. `whole:` is true, or a list of the places of the unknowns that are whole numbers; then `dual` is none, and \"unbounded\" is a program that has some x and would be so if none were whole. Computed in f64 by GLPK; no derivative.",
      example:
        "linear_program([3, 2], [[1, 1], [1, 3]], at_most: [4, 6], low: 0, maximize: true).x  # => tensor f64[2] [4.0, 0.0]"
    ) { call in try LinearProgramCall(call: call).solve() }
  ]
}

/// The arguments of one call of `linear_program`, checked.
private struct LinearProgramCall {
  let call: NativeCall

  func solve() throws -> Value {
    let cost = try numbers(0, rank: 1)
    let rows = try numbers(1, rank: 2)
    let n = cost.count
    guard rows.shape[1] == n || rows.count == 0 else {
      throw RuntimeError(
        "E0401", "`linear_program`: \(n) costs, but rows of \(rows.shape[1])",
        label: "\(describe(cost.shape)) and \(describe(rows.shape))")
    }
    for (index, numbers) in [(0, cost), (1, rows)] { try check(index, numbers, isFine: \.isFinite, "finite numbers") }
    let m = rows.shape[0]
    let program = LinearProgram(
      cost: cost.array(of: Double.self), matrix: rows.array(of: Double.self),
      rows: .init(low: try bound(2, m, -.infinity), high: try bound(3, m, .infinity)),
      unknowns: .init(low: try bound(4, n, -.infinity), high: try bound(5, n, .infinity)), isWhole: try whole(n),
      maximizes: try call.bool(7, default: false))
    let outcome = try translatingErrors { try program.solve() }
    switch outcome {
    case .optimal(let x, let dual):
      let value = zip(cost.array(of: Double.self), x).reduce(0) { $0 + $1.0 * $1.1 }
      return try answer("optimal", x: x, value: value, dual: dual)
    case .infeasible: return try answer("infeasible")
    case .unbounded: return try answer("unbounded")
    case .stopped:
      try call.machine.pollInterrupt()
      throw RuntimeError.interrupted
    }
  }

  private func answer(_ status: String, x: [Double]? = nil, value: Double? = nil, dual: [Double]? = nil) throws -> Value
  {
    let tensors = try [x, dual].map { numbers in try translatingErrors { try numbers.map { try Tensor($0) } } }
    return call.heap.record([
      ("status", call.heap.string(status)), ("x", tensors[0].map { call.result(.tensor($0)) } ?? .none),
      ("value", value.map { Value($0) } ?? .none), ("dual", tensors[1].map { call.result(.tensor($0)) } ?? .none),
    ])
  }

  /// An argument in f64, its content known now.
  private func numbers(_ index: Int, rank: Int) throws -> Tensor {
    let operand = try TensorBuilding(call.machine).tensor(of: call[index], type: .f64)
    guard operand.rank == rank || rank == 2 && operand.shape == [0] else {
      throw call.mismatch(index, rank == 1 ? "a vector" : "a matrix")
    }
    let content = try call.content(operand)
    return operand.rank == rank ? content : try translatingErrors { try Tensor([Double](), shape: [0, 0]) }
  }

  /// One number for each of `count`, from an argument that is left out, a number or a vector.
  private func bound(_ index: Int, _ count: Int, _ other: Double) throws -> [Double] {
    guard call.has(index) else { return Array(repeating: other, count: count) }
    let given = try call.content(try TensorBuilding(call.machine).tensor(of: call[index], type: .f64))
    guard given.rank == 0 || given.shape == [count] else {
      throw RuntimeError(
        "E0401",
        "`linear_program`: `\(name(index))` is a number or a vector of \(count), not of \(describe(given.shape))",
        label: describe(given.shape))
    }
    try check(index, given, isFine: { !$0.isNaN }, "numbers")
    return given.rank == 0 ? Array(repeating: given.element(0), count: count) : given.array(of: Double.self)
  }

  private func name(_ index: Int) -> String { call.function.signature.parameters[index].name }

  private func check(_ index: Int, _ numbers: Tensor, isFine: (Double) -> Bool, _ wanted: String) throws {
    guard let wrong = numbers.array(of: Double.self).first(where: { !isFine($0) }) else { return }
    throw RuntimeError(
      "E0407", "`linear_program` needs \(wanted) for `\(name(index))`, not \(wrong.isNaN ? "nan" : "\(wrong)")",
      label: "called here")
  }

  /// Which of `count` unknowns are whole numbers.
  private func whole(_ count: Int) throws -> [Bool] {
    guard call.has(6) else { return Array(repeating: false, count: count) }
    if call[6].tag == .bool { return Array(repeating: call[6].asBool, count: count) }
    var isWhole = Array(repeating: false, count: count)
    let places = try call.content(try TensorBuilding(call.machine).tensor(of: call[6], type: .f64))
    for place in places.array(of: Double.self) {
      guard let j = Int(exactly: place), isWhole.indices.contains(j) else {
        throw RuntimeError(
          "E0404",
          "`linear_program`: `whole` names unknown \(Int(exactly: place).map { "\($0)" } ?? "\(place)") of \(count)",
          label: "called here")
      }
      isWhole[j] = true
    }
    return isWhole
  }
}
