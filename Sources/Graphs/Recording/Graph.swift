import Tensors

/// A node of a trace or of a finished graph, by its place in the order of recording: inputs of a node come before it.
public struct NodeID: Hashable, Sendable, Comparable {
  /// The place.
  public let index: Int
  /// The node at a place.
  public init(_ index: Int) { self.index = index }
  /// By place.
  public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
}

/// One operation with its inputs and what is known of its result before it runs.
public struct Node: Sendable {
  /// The operation.
  public var primitive: Primitive
  /// Nodes it reads.
  public var inputs: [NodeID]
  /// Extents of the result.
  public var shape: Shape
  /// Element type of the result.
  public var type: ElementType
  /// A number of the language: rank 0, f64, i64 or bool, integer overflow is an error.
  public var isNumber: Bool
  /// Where it came from; the caller knows what the number means.
  public var origin: Int32

  /// Number of elements of the result.
  public var count: Int { shape.reduce(1, *) }
  /// Bytes of the result.
  public var byteCount: Int { count * type.byteCount }
}

/// What a graph takes at one input.
public struct GraphInput: Sendable, Equatable {
  /// Extents.
  public var shape: Shape
  /// Element type.
  public var type: ElementType
  /// A number of the language.
  public var isNumber: Bool
}

/// A finished recording: only what the outputs and guards need, each value computed once.
public struct Graph: Sendable {
  /// In an order in which inputs come before their readers.
  public var nodes: [Node]
  /// Tensors that `Primitive.constant` names.
  public var constants: [Tensor]
  /// What `Primitive.input` names.
  public var inputs: [GraphInput]
  /// The results, in the order asked for.
  public var outputs: [NodeID]
  /// Numbers the recording branched on, with the values that it saw: the graph holds for inputs that give the same.
  public var guards: [(node: NodeID, value: Tensor)]
}

/// What can go wrong when a graph runs (not when it is made: those are `TensorError`s).
public struct GraphError: Error, Sendable {
  /// The reasons.
  public enum Kind: Sendable, Equatable {
    /// An index into `bound` rows or classes, counted as written.
    case badIndex(value: Int, bound: Int)
    /// A block of so many entries that leaves an axis of `extent` entries, by where it begins.
    case badStart(value: Int, count: Int, extent: Int)
    /// An operation on integers left the 64-bit range.
    case overflow(operation: String, Int, Int)
    /// `//` or `%` of integers by zero.
    case divisionByZero(operation: String)
    /// An integer to a negative power.
    case negativeExponent(Int)
    /// A float, its fraction dropped, that is no integer of 64 bits.
    case noInteger(Double)
    /// A matrix without the property that a function of linear algebra needs.
    case notSolvable(TensorError)
    /// The tensors passed do not fit the graph.
    case wrongInput(index: Int, expected: String, actual: String)
    /// The user asked to stop.
    case interrupted
    /// With `checksNaN`: an operation made the first NaN, out of operands that hold none; `steps` are those of the loops
    /// around it, the innermost first, counted from 0 as the entries that they take.
    case madeNaN(operation: String, operands: String, place: String, steps: [Int] = [])
    /// What a plan needs at once is more than may be used; the operation whose result is the largest part.
    case tooMuchMemory(bytes: Int, limit: Int, operation: String, operands: String)
  }
  /// The reason.
  public var kind: Kind
  /// The origin of the node that failed.
  public var origin: Int32

  /// An error of a node.
  public init(_ kind: Kind, origin: Int32 = 0) {
    self.kind = kind
    self.origin = origin
  }

  /// The reason in the user's words.
  public var message: String {
    switch kind {
    case .badIndex(let value, let bound): "index \(value) is out of range for \(bound) entries"
    case .badStart(let value, let count, let extent):
      "\(count) elements from \(value) are out of range for \(extent) entries"
    case .overflow("abs", _, let x): "abs(\(x)) does not fit into a 64-bit integer"
    case .overflow(let operation, let a, let b): "\(a) \(operation) \(b) does not fit into a 64-bit integer"
    case .divisionByZero(let operation): "integer \(operation) by zero"
    case .negativeExponent(let n): "an integer cannot be raised to the negative power \(n)"
    case .noInteger(let x): "\(x) does not fit into a 64-bit integer"
    case .notSolvable(let error): error.message
    case .interrupted: "interrupted"
    case .madeNaN(let operation, let operands, let place, let steps):
      "`\(operation)` made a NaN\(place) from \(operands), which hold none"
        + (steps.isEmpty ? "" : ": " + steps.map { "step \($0) of a loop" }.joined(separator: ", in "))
    case .tooMuchMemory(let bytes, let limit, let operation, let operands):
      "this compiled step needs \(Words.bytes(bytes)) of memory, and \(Words.bytes(limit)) may be used; the largest part is "
        + "`\(operation)` of \(operands)"
    case .wrongInput(let index, let expected, let actual): "input \(index) should be \(expected) but is \(actual)"
    }
  }
}
