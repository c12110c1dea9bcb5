import Tensors

@testable import Graphs

/// A small deterministic source of choices for fuzzing.
struct Dice {
  private var state: Int64
  private var count: Int64 = 0

  init(_ seed: Int) { state = RandomKey.derive(0x5eed, Int64(seed)) }

  mutating func word() -> UInt64 {
    count += 1
    return UInt64(bitPattern: RandomKey.derive(state, count))
  }
  mutating func below(_ n: Int) -> Int { Int(word() % UInt64(n)) }
  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }
  mutating func uniform() -> Double { Double(word() >> 11) * 0x1p-53 }
}

/// A tensor of reproducible values, by default from -2 to 2.
func sample(
  _ shape: Shape, _ type: ElementType = .f64, seed: Int = 1, _ map: (Double) -> Double = { 4 * $0 - 2 }
) -> Tensor {
  var dice = Dice(seed &* 7919 &+ shape.reduce(1, *))
  let values = (0..<shape.reduce(1, *)).map { _ in map(dice.uniform()) }
  return tensor(values, shape, type)
}

func tensor(_ values: [Double], _ shape: Shape, _ type: ElementType = .f64) -> Tensor {
  let wide = try! Tensor(values, shape: shape)
  return type == .f64 ? wide : try! evaluate(.convert(type), [wide])
}

func values(_ tensor: Tensor) -> [Double] { (0..<tensor.count).map { tensor.element($0) } }

/// Whether two tensors have the same bits, but that NaNs may differ in their payload, which no program can see.
func areSame(_ a: Tensor, _ b: Tensor) -> Bool {
  a.shape == b.shape && a.type == b.type
    && zip(values(a), values(b)).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}

/// Records `body` on the tensors in one mode and returns what it computes.
func runEager(_ inputs: [Tensor], numbers: Set<Int> = [], _ body: (Trace, [NodeID]) throws -> [NodeID]) throws
  -> [Tensor]
{
  let trace = Trace(.eager)
  let nodes = inputs.enumerated().map { i, x in
    trace.input(shape: x.shape, type: x.type, isNumber: numbers.contains(i), example: x)
  }
  return try body(trace, nodes).map { trace.value($0)! }
}

/// The plan of `body`; `strips` where it is to run strip by strip what is small, too.
func plan(
  _ inputs: [Tensor], numbers: Set<Int> = [], fuse: Bool = true, strips: StripLimits? = nil,
  _ body: (Trace, [NodeID]) throws -> [NodeID]
) throws -> Plan {
  let trace = Trace(.staged)
  let nodes = inputs.enumerated().map { i, x in
    trace.input(shape: x.shape, type: x.type, isNumber: numbers.contains(i), example: numbers.contains(i) ? x : nil)
  }
  let graph = try trace.finish(outputs: body(trace, nodes))
  return try strips.map { try Plan(graph, fuse: fuse, strips: $0) } ?? Plan(graph, fuse: fuse)
}

/// A tensor of its own memory.
func copy(_ x: Tensor) -> Tensor {
  let out = try! Tensor(uninitialized: x.shape, type: x.type)
  out.pointer.copyMemory(from: x.pointer, byteCount: x.byteCount)
  return out
}
