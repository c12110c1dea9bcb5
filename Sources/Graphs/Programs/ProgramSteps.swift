import Tensors

/// What the forward-mode rule of a program is given.
struct ProgramTangents {
  let node: NodeID
  let operands: [NodeID]
  /// Per operand; nil where it does not move.
  let tangents: [NodeID?]
  let build: Builder
}

/// A node of a batched recording: with the batch as its first axis, or the same for all of the batch.
public struct BatchedNode: Sendable {
  /// The node.
  public var node: NodeID
  /// Whether its first axis is the batch.
  public var isBatched: Bool

  /// A node of a batch.
  public init(_ node: NodeID, isBatched: Bool) {
    self.node = node
    self.isBatched = isBatched
  }
}

/// What the batching rule of a program is given.
struct ProgramBatch {
  let operands: [BatchedNode]
  /// Entries in the batch.
  let size: Int
  /// Those that take part; nil where all do.
  let active: ActiveEntries?
  let build: Builder
}
