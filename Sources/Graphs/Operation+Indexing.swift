import Tensors

/// Gather, scatter and their kin: rows or elements named by integers, which are checked as they are read.
final class IndexOperation: Operation {
  private let primitive: Primitive
  private let type: ElementType
  private let idType: ElementType
  private let idOperand: Int
  /// Number of ids; rows they may name; elements per row.
  private let (count, bound, width): (Int, Int, Int)

  init(_ primitive: Primitive, _ inputs: [OperandInfo], _ out: OperandInfo) {
    self.primitive = primitive
    type = out.type
    let first = inputs[0]
    switch primitive {
    case .gather:
      idOperand = 1
      (count, bound, width) = (inputs[1].count, first.shape[0], first.shape.dropFirst().reduce(1, *))
    case .scatterAdd(let rows):
      idOperand = 0
      (count, bound, width) = (first.count, rows, inputs[1].shape.dropFirst(first.shape.count).reduce(1, *))
    case .pick:
      idOperand = 1
      (count, bound, width) = (inputs[1].count, first.shape.last ?? 0, 1)
    case .unpick(let classes), .oneHot(let classes, _):
      idOperand = 0
      (count, bound, width) = (first.count, classes, 1)
    default:
      idOperand = 0
      (count, bound, width) = (0, 0, 0)
    }
    idType = inputs[idOperand].type
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let ids = x[idOperand]
    let bad: Int?
    switch primitive {
    case .gather:
      bad = Kernels.gatherRows(type, rows: bound, width: width, x[0], idType: idType, ids, count: count, out)
    case .scatterAdd:
      bad = Kernels.scatterAddRows(
        type, rows: bound, width: width, idType: idType, ids, count: count, updates: x[1], out)
    case .pick: bad = Kernels.pick(type, rows: count, width: bound, x[0], idType: idType, ids, out)
    case .unpick: bad = Kernels.unpick(type, rows: count, width: bound, idType: idType, ids, updates: x[1], out)
    case .oneHot: bad = Kernels.oneHot(type, rows: count, width: bound, idType: idType, ids, out)
    default: bad = nil
    }
    if let bad { throw badIndex(ids, idType, bad, bound) }
  }
}

/// The error for the id at a place.
func badIndex(_ ids: UnsafeRawPointer, _ type: ElementType, _ place: Int, _ bound: Int) -> GraphError {
  let value =
    type == .i32
    ? Int(ids.load(fromByteOffset: place * 4, as: Int32.self)) : ids.load(fromByteOffset: place * 8, as: Int.self)
  return GraphError(.badIndex(value: value, bound: bound))
}
