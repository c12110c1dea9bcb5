import Tensors

extension BatchStep {
  private var trace: Trace { build.trace }

  /// `x` with axis `from` moved to place `to`.
  private func moved(_ x: NodeID, from: Int, to: Int) throws -> NodeID {
    var order = Array(trace.shape(x).indices)
    order.insert(order.remove(at: from), at: to)
    return try build.transpose(x, order)
  }

  /// 0, 1, … of each entry, as [size, 1, …] with `rank` axes in all, times `factor`.
  private func offsets(_ factor: Int, rank: Int) throws -> NodeID {
    let shape = [size] + Array(repeating: 1, count: rank - 1)
    let count = try apply(.iota(shape: shape, axis: 0, type: .i64), [])
    return try apply(.binary(.multiply), [count, trace.scalar(Double(factor), .i64)])
  }

  /// Ids as i64 and counted from the front; one that is out of range of `bound` raises the error it raises alone.
  private func checked(_ ids: NodeID, bound: Int) throws -> NodeID {
    let wide = trace.type(ids) == .i64 ? ids : try apply(.convert(.i64), [ids])
    let zeros = try build.filled(0, [bound], .i64)
    let valid = try apply(.binary(.add), [wide, apply(.gather, [zeros, wide])])
    let zero = trace.scalar(0, .i64)
    let fromEnd = try apply(.binary(.add), [valid, trace.scalar(Double(bound), .i64)])
    return try apply(.select, [apply(.compare(.less), [valid, zero]), fromEnd, valid])
  }

  /// Rows of one table per entry: `table` [size, n, …], `ids` [size, …].
  private func rows(_ table: NodeID, _ ids: NodeID) throws -> NodeID {
    let shape = trace.shape(table)
    let flat = try build.reshape(table, [shape[0] * shape[1]] + shape.dropFirst(2))
    let place = try apply(
      .binary(.add), [checked(ids, bound: shape[1]), offsets(shape[1], rank: trace.shape(ids).count)])
    return try apply(.gather, [flat, place])
  }

  func gather() throws -> NodeID {
    let (table, ids) = (operands[0], operands[1])
    guard table.isBatched else { return try apply(.gather, [table.node, ids.node]) }
    if ids.isBatched { return try rows(table.node, ids.node) }
    let found = try apply(.gather, [moved(table.node, from: 0, to: 1), ids.node])
    return try moved(found, from: shapes[1].count, to: 0)
  }

  func scatterAdd(_ count: Int) throws -> NodeID {
    let (ids, updates) = (operands[0], operands[1])
    guard ids.isBatched else {
      let behind = try moved(updates.node, from: 0, to: shapes[0].count)
      return try moved(apply(.scatterAdd(rows: count), [ids.node, behind]), from: 1, to: 0)
    }
    let place = try apply(
      .binary(.add), [checked(ids.node, bound: count), offsets(count, rank: shapes[0].count + 1)])
    let all = try apply(.scatterAdd(rows: size * count), [place, spread(1)])
    return try build.reshape(all, [size, count] + trace.shape(all).dropFirst())
  }

  func dynamicSlice(_ count: Int) throws -> NodeID {
    let (x, start) = (operands[0], operands[1])
    guard start.isBatched else {
      let inside = try moved(x.node, from: 0, to: 1)
      return try moved(apply(.dynamicSlice(count: count), [inside, start.node]), from: 1, to: 0)
    }
    let ids = try places(from: start.node, count: count, of: shapes[0][0])
    return x.isBatched ? try rows(x.node, ids) : try apply(.gather, [x.node, ids])
  }

  /// start, start + 1, … per entry, as [size, count].
  private func places(from start: NodeID, count: Int, of extent: Int) throws -> NodeID {
    let first = try build.reshape(firstRow(start, count, of: extent), [size, 1])
    return try apply(.binary(.add), [first, apply(.iota(shape: [1, count], axis: 1, type: .i64), [])])
  }

  /// Where `count` rows begin, per entry; below 0 counted from the end. A start that leaves no room raises an error.
  private func firstRow(_ start: NodeID, _ count: Int, of extent: Int) throws -> NodeID {
    let zero = trace.scalar(0, .i64)
    let fromEnd = try apply(.binary(.add), [start, trace.scalar(Double(extent), .i64)])
    let first = try apply(.select, [apply(.compare(.less), [start, zero]), fromEnd, start])
    // What is still below 0 was too far below to begin with, and stays so.
    let place = try apply(.select, [apply(.compare(.less), [first, zero]), start, first])
    guard count > 1 else { return try checked(place, bound: extent - count + 1) }
    // The error names an element that is missing: the first or the last one.
    let travel = trace.scalar(Double(count - 1), .i64)
    let last = try checked(apply(.binary(.add), [checked(place, bound: extent), travel]), bound: extent)
    return try apply(.binary(.subtract), [last, travel])
  }

  func dynamicUpdate() throws -> NodeID {
    let (extent, count) = (shapes[0][0], shapes[2][0])
    guard operands[1].isBatched else {
      let inside = try (moved(spread(0), from: 0, to: 1), moved(spread(2), from: 0, to: 1))
      return try moved(apply(.dynamicUpdate, [inside.0, operands[1].node, inside.1]), from: 1, to: 0)
    }
    guard count > 0 else { return try spread(0) }
    // Where each row of the result comes from in the update; rows outside stay.
    let first = try build.reshape(firstRow(operands[1].node, count, of: extent), [size, 1])
    let row = try apply(.iota(shape: [1, extent], axis: 1, type: .i64), [])
    let place = try apply(.binary(.subtract), [row, first])
    let (zero, last) = (trace.scalar(0, .i64), trace.scalar(Double(count - 1), .i64))
    let inside = try apply(
      .binary(.and),
      [apply(.compare(.greaterEqual), [place, zero]), apply(.compare(.lessEqual), [place, last])])
    let clipped = try apply(.binary(.minimum), [apply(.binary(.maximum), [place, zero]), last])
    let new = try rows(spread(2), clipped)
    let mask = try build.reshape(inside, [size, extent] + Array(repeating: 1, count: shapes[0].count - 1))
    return try apply(.select, [mask, new, spread(0)])
  }
}
