import Tensors

/// An operation of a graph. Shapes and types of the results follow from those of the inputs by `Primitive.infer`.
public enum Primitive: Hashable, Sendable {
  /// Argument `index` of the graph.
  case input(index: Int)
  /// A tensor known when the graph was made, by index into `Graph.constants`.
  case constant(index: Int)
  /// Elementwise, one input.
  case unary(UnaryOperation)
  /// Elementwise, two inputs of one type, broadcast.
  case binary(BinaryOperation)
  /// Elementwise, two inputs of one type, broadcast; gives bool.
  case compare(Comparison)
  /// condition (bool), a, b: broadcast; gradients do not pass through the branch not taken.
  case select
  /// To another element type; float → int truncates, saturates out of range, NaN → 0.
  case convert(ElementType)
  /// To a larger shape by NumPy's rules.
  case broadcast(Shape)
  /// Same elements, other shape.
  case reshape(Shape)
  /// Axes in the order given.
  case transpose([Int])
  /// Over the axes given (sorted, non-negative), which are dropped.
  case reduce(Reduction, axes: [Int])
  /// Index (i64) of the first largest or smallest element along an axis, which is dropped.
  case argReduce(isMax: Bool, axis: Int)
  /// Running sum along an axis.
  case cumulativeSum(axis: Int)
  /// [..., m, k] × [..., k, n]; the flags say that an operand is stored transposed in its last two axes. Leading axes
  /// broadcast.
  case matmul(transposeA: Bool, transposeB: Bool)
  /// image [n, rows, columns, channels], filter [rows, columns, channels / groups, filters] → [n, rows, columns, filters]:
  /// cross-correlation.
  case convolution(WindowGeometry, groups: Int)
  /// cotangent of a convolution's result, filter → cotangent of its image, which has the extents given: also the
  /// transposed convolution.
  case convolutionInput(WindowGeometry, groups: Int, rows: Int, columns: Int)
  /// image, cotangent of a convolution's result → cotangent of its filter.
  case convolutionFilter(WindowGeometry, groups: Int)
  /// Over windows on images of the extents given: max and sum of (image); pick of (image, other image) what lies where
  /// the first is largest; place of (image, result) and spread of (result) are their adjoints.
  case pool(Kernels.Pooling, WindowGeometry, rows: Int, columns: Int)
  /// x [networks, inputs, lanes] or [inputs, lanes], code [networks, words] (i64), weights [networks, connections], shared [lanes]
  /// → [networks, outputs, lanes]: networks of nodes, each described by its code (`CKernels/variant/networks.h`).
  case network(outputs: Int)
  /// Static slice: per axis start, count, step (step may be negative).
  case slice(starts: [Int], counts: [Int], steps: [Int])
  /// The adjoint of `slice`: places the input into zeros of `shape`.
  case unslice(starts: [Int], steps: [Int], shape: Shape)
  /// input, start (rank-0 i64): `count` rows from `start` along axis 0; out of range raises the bad-index flag.
  case dynamicSlice(count: Int)
  /// input, start (rank-0 i64), update: the input with rows along axis 0 replaced.
  case dynamicUpdate
  /// All inputs along an axis.
  case concat(axis: Int)
  /// table, ids (i32/i64, any shape): rows along axis 0; negative ids count from the end, out of range raises the
  /// bad-index flag.
  case gather
  /// ids, updates → zeros of [rows, …] with updates added in index order: the adjoint of `gather`.
  case scatterAdd(rows: Int)
  /// x, ids: x[..., ids[...]] along the last axis (ids has x's shape without the last axis): picks one element per row.
  case pick
  /// ids, updates → zeros [..., count] with each update at its id: the adjoint of `pick`.
  case unpick(count: Int)
  /// ids → [..., count] of 0 and 1 in the type given.
  case oneHot(count: Int, type: ElementType)
  /// 0, 1, 2, … along an axis.
  case iota(shape: Shape, axis: Int, type: ElementType)
  /// Stable sort along an axis, ascending; NaN last.
  case sort(axis: Int)
  /// The permutation (i64) that sorts along an axis, stable.
  case argSort(axis: Int)
  /// The positions (i64) of the `count` largest elements along an axis, the largest first; NaN before all, of equal ones the first
  /// first.
  case topOrder(axis: Int, count: Int)
  /// key (rank-0 i64) → draws.
  case random(Distribution, shape: Shape, type: ElementType)
  /// key, number (both rank-0 i64) → a new key: the mixing function of `RandomKey.derive`.
  case deriveKey
  /// key, start (rank-0 i64) → `permutation(n, key)[start ..< start + count]` as i64; the executor keeps the last
  /// few permutations (`PermutationCache`).
  case permutation(n: Int, count: Int)
  /// The input, without gradient.
  case stopGradient
  /// A loop or a choice made of smaller graphs; its value is its results.
  case program(GraphProgram)
  /// One result of a program.
  case result(index: Int, shape: Shape, type: ElementType)
  /// Functions of the matrices in the last two axes, in f64; leading axes are equal. Parts of one result stand one
  /// after the other.
  case linear(LinearFunction)
}
