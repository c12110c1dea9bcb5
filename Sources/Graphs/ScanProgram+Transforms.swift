import Tensors

extension ScanProgram {
  /// Drops outs that nobody reads, and the carries that neither the caller nor what is left needs.
  func scanPruned(_ isUsed: [Bool]) -> (program: GraphProgram, operands: [Int], places: [Int])? {
    guard let found = variants.pruned(isUsed, { scanWithout(isUsed) }) else { return nil }
    return (found.program, found.operands, found.places)
  }

  private func scanWithout(_ isUsed: [Bool]) -> ScanVariants.Pruned? {
    var keep = isUsed
    var live: [Bool] = []
    var isInputLive = Array(repeating: false, count: body.inputs.count)
    while true {
      live = body.liveNodes(body.outputs.indices.filter { keep[$0] }.map { body.outputs[$0] })
      for (index, node) in body.nodes.enumerated() where live[index] {
        if case .input(let input) = node.primitive { isInputLive[input] = true }
      }
      let more = (0..<carries).filter { isInputLive[$0] && !keep[$0] }
      if more.isEmpty { break }
      for k in more { keep[k] = true }
    }
    for k in 0..<carries { isInputLive[k] = keep[k] }
    guard keep.contains(false) || isInputLive.contains(false) else { return nil }
    let operands = isInputLive.indices.filter { isInputLive[$0] }
    let outputs = keep.indices.filter { keep[$0] }
    var places = Array(repeating: 0, count: keep.count)
    for (new, old) in outputs.enumerated() { places[old] = new }
    let smaller = try? ScanProgram(
      body: body.selecting(outputs: outputs, inputs: operands), carries: keep[..<carries].filter { $0 }.count,
      sequences: isInputLive[carries..<(carries + sequences)].filter { $0 }.count, length: length,
      isReversed: isReversed)
    return smaller.map { ScanVariants.Pruned(program: $0, operands: operands, places: places) }
  }

  func scanTangents(_ step: ProgramTangents) throws -> [NodeID?] { [] }
  func scanBatch(_ step: ProgramBatch) throws -> [BatchedNode] { [] }
}
