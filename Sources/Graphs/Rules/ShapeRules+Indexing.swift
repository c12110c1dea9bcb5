import Tensors

extension Operands {
  func dynamicSlice(_ count: Int) throws -> (Shape, ElementType) {
    try checkAxis(0)
    try checkScalarIndex(1, "start")
    guard count >= 0, count <= shapes[0][0] else {
      throw error("cannot take \(count) rows from \(shapes[0][0])")
    }
    return ([count] + shapes[0].dropFirst(), types[0])
  }

  func dynamicUpdate() throws -> (Shape, ElementType) {
    try checkAxis(0)
    try checkScalarIndex(1, "start")
    guard shapes[2].count == shapes[0].count, shapes[2].dropFirst() == shapes[0].dropFirst(),
      shapes[2][0] <= shapes[0][0], types[2] == types[0]
    else { throw error("needs an update whose rows look like the target's") }
    return (shapes[0], types[0])
  }

  func gather() throws -> (Shape, ElementType) {
    try checkAxis(0)
    try checkIndices(1)
    return (try checked(shapes[1] + shapes[0].dropFirst()), types[0])
  }

  func scatterAdd(_ rows: Int) throws -> (Shape, ElementType) {
    try checkIndices(0)
    let (ids, updates) = (shapes[0], shapes[1])
    guard types[1] != .bool else { throw error("is not defined for booleans") }
    guard updates.count >= ids.count, Array(updates.prefix(ids.count)) == ids else {
      throw error("needs one update per index")
    }
    return (try checked([rows] + updates.dropFirst(ids.count)), types[1])
  }

  func pick() throws -> (Shape, ElementType) {
    try checkIndices(1)
    guard !shapes[0].isEmpty, Array(shapes[0].dropLast()) == shapes[1] else {
      throw error("needs one index per row: the indices' shape should be \(shapes[0].dropLast())")
    }
    return (shapes[1], types[0])
  }

  func unpick(_ count: Int) throws -> (Shape, ElementType) {
    try checkIndices(0)
    guard shapes[0] == shapes[1] else { throw error("needs one index per update") }
    return (try checked(shapes[1] + [count]), types[1])
  }

  func oneHot(_ count: Int, _ type: ElementType) throws -> (Shape, ElementType) {
    try checkIndices(0)
    return (try checked(shapes[0] + [count]), type)
  }

  func random(_ distribution: Distribution, _ shape: Shape, _ type: ElementType) throws -> (Shape, ElementType) {
    guard types[0] == .i64 else { throw error("needs i64 keys") }
    switch distribution {
    case .uniform, .normal:
      guard type.isFloat else { throw error("draws floating-point numbers, not \(type.name)") }
    case .integer(let low, let high):
      guard type == .i32 || type == .i64 else { throw error("draws integers, not \(type.name)") }
      guard low < high else { throw error("cannot draw an integer from \(low) up to, excluding, \(high)") }
      guard type == .i64 || (low >= Int(Int32.min) && high <= Int(Int32.max) + 1) else {
        throw error("cannot hold \(low) ..< \(high) in i32")
      }
    }
    return (try checked(shapes[0] + shape), type)
  }

  func deriveKey() throws -> (Shape, ElementType) {
    guard types[0] == .i64, types[1] == .i64 else { throw error("needs i64 keys and numbers") }
    return (try keys(0, 1), .i64)
  }

  func permutation(_ n: Int, _ count: Int) throws -> (Shape, ElementType) {
    guard types[0] == .i64, types[1] == .i64 else { throw error("needs i64 keys and starts") }
    guard n >= 0, count >= 0, count <= n else { throw error("cannot take \(count) of a permutation of \(n)") }
    return (try checked(keys(0, 1) + [count]), .i64)
  }

  /// One key, or several of one shape, each with a number of its own or the same for all.
  private func keys(_ a: Int, _ b: Int) throws -> Shape {
    guard shapes[a] == shapes[b] || shapes[a].isEmpty || shapes[b].isEmpty else {
      throw error("needs as many keys as numbers")
    }
    return shapes[a].isEmpty ? shapes[b] : shapes[a]
  }
}
