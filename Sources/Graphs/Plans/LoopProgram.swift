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
  /// Two operations one after the other, each rounded: x and y first, then z.
  case pair(PairedFirst, PairedThen, ElementType)
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
  /// Joins each sum, difference or product that only the next instruction reads with that one, and each comparison with the
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
    joinedGate(first, second) ?? joinedPair(first, second)
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

  /// Two sums, differences or products of which the second takes what the first gives.
  private func joinedPair(_ first: LoopInstruction, _ second: LoopInstruction) -> LoopInstruction? {
    guard case .elementwise(.binary(let operation, let type)) = first.code, type.isFloat,
      case .elementwise(.binary(let next, _)) = second.code, let paired = PairedFirst(operation),
      first.perRow == second.perRow, references[first.out].slot == nil
    else { return nil }
    let isLeft = second.operands.0 == first.out
    guard isLeft != (second.operands.1 == first.out), let then = PairedThen(next, firstIsLeft: isLeft)
    else { return nil }
    let (other, stride) =
      isLeft ? (second.operands.1, second.strides.1) : (second.operands.0, second.strides.0)
    guard first.strides.0 + first.strides.1 + stride >= 2 else { return nil }
    var result = second
    result.code = .pair(paired, then, type)
    result.operands = (first.operands.0, first.operands.1, other)
    result.strides = (first.strides.0, first.strides.1, stride)
    return result
  }
}

/// The first of two operations in one pass; CKernels' numbers.
enum PairedFirst: Int32 {
  case add, subtract, multiply

  init?(_ operation: BinaryOperation) {
    switch operation {
    case .add: self = .add
    case .subtract: self = .subtract
    case .multiply: self = .multiply
    default: return nil
    }
  }
}

/// The second of two operations in one pass; CKernels' numbers.
enum PairedThen: Int32 {
  case add, subtract, subtractFrom, multiply

  init?(_ operation: BinaryOperation, firstIsLeft: Bool) {
    switch operation {
    case .add: self = .add
    case .subtract: self = firstIsLeft ? .subtract : .subtractFrom
    case .multiply: self = .multiply
    default: return nil
    }
  }
}
