import CKernels
import Tensors

/// Where an instruction of a loop finds or puts a tile's elements.
struct LoopReference {
  /// A slot of the plan, or nil for a register of the tile.
  var slot: Int?
  /// Bytes into the slot or into the lane's registers.
  var offset: Int
  /// Bytes per row and per column that a tile further on lies further on.
  var rowBytes = 0
  var columnBytes = 0
}

/// What one instruction does to a tile.
enum LoopCode {
  case elementwise(ElementwiseCode)
  /// The sine, and the cosine into the second operand.
  case sineCosine(ElementType)
  /// A product and the sum or difference after it, each rounded: `mode` is one of CKernels'.
  case multiplyAdd(mode: Int32, ElementType)
  /// A comparison with one element, and a choice between that element and another operand.
  case gate(orEqual: Bool, ElementType)
  /// Per row, from full to one element.
  case reduce(Reduction, ElementType)
  case argReduce(isMax: Bool, ElementType)
  case pick(ElementType, ids: ElementType)
  /// Per row, from one element to full.
  case unpick(ElementType, ids: ElementType)
  case oneHot(ElementType, ids: ElementType)
  case expand(ElementType)
  /// A row of columns once for each row of a tile; done once, before the first tile.
  case repeatColumns(ElementType)
  /// Any other view, by index into the program's views.
  case strided(view: Int)
  /// A smaller tensor among zeros, by index into the program's placements.
  case placed(Int)
  case random(Distribution, ElementType)
  /// Adds each column over all rows; an index into the program's sums.
  case columnSum(Int)
}

/// One instruction: operands are indexes of references, strides 0 or 1.
struct LoopInstruction {
  var code: LoopCode
  var out: Int
  var operands: (Int, Int, Int) = (0, 0, 0)
  var strides: (Int, Int, Int) = (1, 1, 1)
  /// Over the tile's rows instead of all its elements.
  var perRow = false
  /// The node that it computes, or whose operand it prepares.
  var node: Int
}

/// A pass over rows × columns elements, tile by tile; each tile runs all instructions while it is in the cache.
struct LoopProgram {
  var rows: Int
  var columns: Int
  var tileRows: Int
  var tileColumns: Int
  var references: [LoopReference] = []
  /// Once per run and lane, then per tile.
  var prologue: [LoopInstruction] = []
  var body: [LoopInstruction] = []
  var views: [(layout: Layout, type: ElementType, slot: Int, perRow: Bool)] = []
  var placements: [Placement] = []
  /// Sums over all rows.
  var sums: [ColumnSum] = []
  /// Bytes of registers that a lane needs.
  var registerBytes = 0

  /// Tiles in all.
  var tileCount: Int {
    ((rows + tileRows - 1) / tileRows) * ((columns + tileColumns - 1) / tileColumns)
  }
}

extension LoopProgram {
  /// Joins each product that only the next instruction reads with that sum or difference, and each comparison with the
  /// choice that it makes: one pass instead of two. The operands of the first are still in their registers then.
  mutating func joinPairs(readers: (Int) -> Int) {
    var result: [LoopInstruction] = []
    for instruction in body {
      if let last = result.last, let joined = joined(last, instruction), readers(last.node) == 1 {
        result[result.count - 1] = joined
      } else {
        result.append(instruction)
      }
    }
    body = result
  }

  private func joined(_ first: LoopInstruction, _ second: LoopInstruction) -> LoopInstruction? {
    joinedGate(first, second) ?? joinedProduct(first, second)
  }

  /// select(c >= x, c, y) or with >, where c is one element for all.
  private func joinedGate(_ first: LoopInstruction, _ second: LoopInstruction) -> LoopInstruction? {
    guard case .elementwise(.compare(let comparison, let type)) = first.code, type.isFloat,
      comparison == .greaterEqual || comparison == .greater, case .elementwise(.select(type)) = second.code,
      first.perRow == second.perRow, references[first.out].slot == nil, second.operands.0 == first.out,
      second.strides.0 == 1, first.strides.0 == 0, first.strides.1 == 1, second.strides.1 == 0,
      second.strides.2 == 1, second.operands.2 != first.out
    else { return nil }
    let (c, other) = (references[first.operands.0], references[second.operands.1])
    guard c.slot != nil, c.slot == other.slot, c.offset == other.offset, c.rowBytes == 0, c.columnBytes == 0,
      other.rowBytes == 0, other.columnBytes == 0
    else { return nil }
    var result = second
    result.code = .gate(orEqual: comparison == .greaterEqual, type)
    result.operands = (first.operands.0, first.operands.1, second.operands.2)
    result.strides = (0, 1, 1)
    return result
  }

  private func joinedProduct(_ first: LoopInstruction, _ second: LoopInstruction) -> LoopInstruction? {
    guard case .elementwise(.binary(.multiply, let type)) = first.code, type.isFloat,
      case .elementwise(.binary(let operation, _)) = second.code, operation == .add || operation == .subtract,
      first.perRow == second.perRow, references[first.out].slot == nil
    else { return nil }
    let isLeft = second.operands.0 == first.out
    guard isLeft != (second.operands.1 == first.out) else { return nil }
    let (other, stride) =
      isLeft ? (second.operands.1, second.strides.1) : (second.operands.0, second.strides.0)
    guard stride == 1, first.strides.0 == 1 || first.strides.1 == 1 else { return nil }
    var result = second
    let mode = operation == .add ? CK_ADD_PRODUCT : isLeft ? CK_PRODUCT_MINUS : CK_SUBTRACT_PRODUCT
    result.code = .multiplyAdd(mode: Int32(mode), type)
    result.operands = (first.operands.0, first.operands.1, other)
    result.strides = (first.strides.0, first.strides.1, 1)
    return result
  }
}
