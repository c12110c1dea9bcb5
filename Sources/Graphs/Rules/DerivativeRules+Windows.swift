import Tensors

extension DerivativeStep {
  /// A convolution is linear in each operand, and the three of them are one another's derivatives.
  func convolution() throws -> [NodeID?] {
    let (first, second, g) = (inputs[0], inputs[1], cotangent)
    func forward(_ windows: WindowGeometry, _ groups: Int, _ image: NodeID, _ filter: NodeID) throws -> NodeID {
      try build.apply(.convolution(windows, groups: groups), [image, filter])
    }
    func input(_ windows: WindowGeometry, _ groups: Int, of image: Shape, _ result: NodeID, _ filter: NodeID) throws
      -> NodeID
    {
      try build.apply(
        .convolutionInput(windows, groups: groups, rows: image[1], columns: image[2]), [result, filter])
    }
    func filter(_ windows: WindowGeometry, _ groups: Int, _ image: NodeID, _ result: NodeID) throws -> NodeID {
      try build.apply(.convolutionFilter(windows, groups: groups), [image, result])
    }
    switch node.primitive {
    case .convolution(let windows, let groups):
      return [
        needed[0] ? try input(windows, groups, of: shape(0), g, second) : nil,
        needed[1] ? try filter(windows, groups, first, g) : nil,
      ]
    case .convolutionInput(let windows, let groups, _, _):
      return [
        needed[0] ? try forward(windows, groups, g, second) : nil,
        needed[1] ? try filter(windows, groups, g, first) : nil,
      ]
    case .convolutionFilter(let windows, let groups):
      return [
        needed[0] ? try input(windows, groups, of: shape(0), second, g) : nil,
        needed[1] ? try forward(windows, groups, first, g) : nil,
      ]
    default: return [nil, nil]
    }
  }

  func pool(
    _ pooling: Kernels.Pooling, _ windows: WindowGeometry, _ rows: Int, _ columns: Int
  ) throws -> [NodeID?] {
    func apply(_ other: Kernels.Pooling, _ operands: NodeID...) throws -> NodeID {
      try build.apply(.pool(other, windows, rows: rows, columns: columns), operands)
    }
    switch pooling {
    case .max: return [try apply(.place, inputs[0], cotangent)]
    case .pick: return [nil, needed[1] ? try apply(.place, inputs[0], cotangent) : nil]
    case .place: return [nil, needed[1] ? try apply(.pick, inputs[0], cotangent) : nil]
    case .sum: return [try apply(.spread, cotangent)]
    case .spread: return [try apply(.sum, cotangent)]
    }
  }
}
