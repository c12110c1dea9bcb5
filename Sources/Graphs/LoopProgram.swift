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
  case random(Distribution, ElementType)
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
  /// Bytes of registers that a lane needs.
  var registerBytes = 0

  /// Tiles in all.
  var tileCount: Int {
    ((rows + tileRows - 1) / tileRows) * ((columns + tileColumns - 1) / tileColumns)
  }
}
