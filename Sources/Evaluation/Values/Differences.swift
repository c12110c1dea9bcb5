import Diagnostics
import Foundation
import Notation
import Syntax
import Tensors

/// Where two values of an expectation that is not met part: one walk over both, in order. For `≈` it goes on to the end, for how many
/// numbers are too far apart and which are the farthest.
struct Differences {
  private let machine: Machine
  private let op: ComparisonOperator
  private let tolerance: Value
  /// The containers on the way to where the walk is.
  private var pairs: [Pair] = []
  private var first: (place: String, text: String)?
  private var largest: (place: String, size: Double)?
  /// Numbers that `≈` compared, and those that are too far apart.
  private var compared = 0, apart = 0

  /// Two containers of the same form whose parts are compared.
  private struct Pair {
    var count: Int
    var next = 0
    var parts: (Int) -> (Value, Value)
    var step: (Int) -> String
  }

  private init(_ machine: Machine, _ op: ComparisonOperator, _ tolerance: Value) {
    self.machine = machine
    self.op = op
    self.tolerance = tolerance
  }

  /// Lines of help; none where the values themselves say as much.
  static func help(
    _ machine: Machine, _ op: ComparisonOperator, _ a: Value, _ b: Value, tolerance: Value
  ) -> [String] {
    var walk = Differences(machine, op, tolerance)
    walk.go(a, b)
    guard let first = walk.first, !machine.isInterrupted else { return [] }
    let place = first.place.isEmpty ? "" : " at `\(first.place)`"
    switch op {
    case .equal: return ["first difference\(place): \(first.text)"]
    case .close:
      guard let largest = walk.largest, walk.compared > 1 else { return ["first difference\(place): \(first.text)"] }
      let count = "\(walk.apart) of \(walk.compared) numbers \(walk.apart == 1 ? "is" : "are") too far apart"
      return [
        "first difference\(place): \(first.text)",
        "largest difference at `\(largest.place)`: \(String(format: "%.3g", largest.size)); \(count)",
      ]
    default: return ["first where it is false\(place): \(first.text)"]
    }
  }

  private var isOver: Bool { first != nil && op != .close }

  private mutating func go(_ a: Value, _ b: Value) {
    enter(a, b)
    while let last = pairs.indices.last, !isOver, !machine.isInterrupted {
      let index = pairs[last].next
      if index == pairs[last].count {
        pairs.removeLast()
        continue
      }
      pairs[last].next += 1
      let (x, y) = pairs[last].parts(index)
      enter(x, y)
    }
  }

  /// Compares two parts, or goes into them.
  private mutating func enter(_ a: Value, _ b: Value) {
    if op == .equal, a.isIdentical(b) { return }
    switch (a.tag, b.tag) {
    case (.list, .list):
      guard a.list.count == b.list.count else { return note("lengths \(a.list.count) and \(b.list.count)") }
      go(a.list.count, { (a.list.elements[$0], b.list.elements[$0]) }, { "[\($0)]" })
    case (.record, .record): enterRecords(a, b)
    case (.table, .table):
      guard a.tableRowCount == b.tableRowCount else { return note("\(a.tableRowCount) and \(b.tableRowCount) rows") }
      enterRecords(a.box.pointee.first, b.box.pointee.first)
    case (.figure, .figure): enter(a.box.pointee.first, b.box.pointee.first)
    case (.closure, .closure):
      guard a.closure.pointee.prototype == b.closure.pointee.prototype else { return note("two different functions") }
      let names = a.closure.prototype.captures
      go(
        a.closure.captureCount, { (a.closure.captures[$0], b.closure.captures[$0]) },
        { $0 < names.count ? "." + names[$0].name : "" })
    case (.overload, .overload), (.module, .module), (.bound, .bound):
      guard a.boxedObject === b.boxedObject else { return note("two different functions") }
      let (x, y) = (a.box.pointee, b.box.pointee)
      go(2, { $0 == 0 ? (x.first, y.first) : (x.second, y.second) }, { _ in "" })
    case (.tensor, .tensor) where op == .equal: findUnequal(a, b)
    case (.tensor, _) where op != .equal, (_, .tensor) where op != .equal: findFalse(a, b)
    default: compare(a, b)
    }
  }

  private mutating func go(_ count: Int, _ parts: @escaping (Int) -> (Value, Value), _ step: @escaping (Int) -> String)
  {
    pairs.append(Pair(count: count, parts: parts, step: step))
  }

  private mutating func enterRecords(_ a: Value, _ b: Value) {
    let heap = machine.heap
    for (one, other, side) in [(a, b, "left"), (b, a, "right")] {
      for i in 0..<one.record.count where heap.field(other, one.record.key(i)) == nil {
        return note("only the \(side) side has `\(one.record.name(i))`")
      }
    }
    go(
      a.record.count, { (a.record.values[$0], heap.field(b, a.record.key($0)) ?? .none) },
      { "." + StringLiteral.fieldName(a.record.name($0)) })
  }

  // MARK: leaves

  /// Two values that are shown whole, as far as they are no long texts.
  private mutating func compare(_ a: Value, _ b: Value) {
    if op == .close {
      guard a.isNumber, b.isNumber else { return }
      compared += 1
      if !pairs.isEmpty, !isClose(a.number, b.number) { note(texts(a, b), size: abs(a.number - b.number)) }
      return
    }
    guard op == .equal, !machine.isSame(a, b) else { return }
    guard a.tag == .string, b.tag == .string else { return pairs.isEmpty ? () : note(texts(a, b)) }
    let x = a.swiftString.unicodeScalars, y = b.swiftString.unicodeScalars
    guard !pairs.isEmpty || max(x.count, y.count) > 30 else { return }
    let same = zip(x, y).prefix { $0 == $1 }.count
    func text(_ all: String.UnicodeScalarView) -> String {
      let rest = all.dropFirst(same)
      return StringLiteral.quoted(String(String.UnicodeScalarView(rest.prefix(20)))) + (rest.count > 20 ? "…" : "")
    }
    note(same == 0 ? texts(a, b) : "\(text(x)) and \(text(y))", under: same == 0 ? "" : "[\(same)]")
  }

  private func isClose(_ x: Double, _ y: Double) -> Bool {
    x == y || abs(x - y) <= (tolerance.isNone ? Machine.closeness(to: y) : tolerance.number)
  }

  private mutating func findUnequal(_ a: Value, _ b: Value) {
    let operations = TensorOperations(machine)
    guard !machine.isSame(a, b), let x = operations.operand(a).flatMap(TensorHooks.knownContent),
      let y = operations.operand(b).flatMap(TensorHooks.knownContent)
    else { return }
    if x.type != y.type { return note("tensors of \(x.type.name) and \(y.type.name)") }
    if x.shape != y.shape { return note("shapes \(describe(x.shape)) and \(describe(y.shape))") }
    func isSame(_ i: Int) -> Bool {
      if !x.type.isFloat { return x.integer(i) == y.integer(i) }
      let p = x.element(i), q = y.element(i)
      return p == q || (p.isNaN && q.isNaN)
    }
    guard let i = (0..<x.count).first(where: { !isSame($0) }), x.rank > 0 || !pairs.isEmpty else { return }
    note(
      "\(TensorHooks.elementText(x, i)) and \(TensorHooks.elementText(y, i))",
      under: Self.text(Self.index(i, in: x.shape)))
  }

  /// Where a comparison that goes element by element does not hold; shapes spread as in the comparison.
  private mutating func findFalse(_ a: Value, _ b: Value) {
    let operations = TensorOperations(machine)
    guard let left = operations.operand(a), let right = operations.operand(b),
      let x = TensorHooks.knownContent(left), let y = TensorHooks.knownContent(right),
      let truth = try? TensorHooks.compare(machine, op == .close ? .equal : op, a, b, tolerance: .none)
    else { return }
    defer { machine.heap.release(truth) }
    guard let holds = operations.operand(truth).flatMap(TensorHooks.knownContent) else { return }
    compared += holds.count
    guard holds.rank > 0 || !pairs.isEmpty else { return }
    for i in 0..<holds.count where holds.integer(i) == 0 {
      if i & 0xFFFF == 0, machine.isInterrupted { return }
      let p = Self.position(i, in: holds.shape, of: x.shape), q = Self.position(i, in: holds.shape, of: y.shape)
      if op == .close, isClose(x.element(p), y.element(q)) { continue }
      let size = abs(x.element(p) - y.element(q))
      guard first == nil || size > largest?.size ?? -1 else {
        apart += 1
        continue
      }
      note(
        "\(TensorHooks.elementText(x, p)) and \(TensorHooks.elementText(y, q))",
        under: Self.text(Self.index(i, in: holds.shape)), size: size)
      if isOver { return }
    }
  }

  private static func index(_ position: Int, in shape: Shape) -> [Int] {
    var rest = position, index: [Int] = []
    for size in shape.reversed() {
      index.append(rest % size)
      rest /= size
    }
    return index.reversed()
  }

  /// Where an element lies that is spread to a position of a larger shape.
  private static func position(_ position: Int, in whole: Shape, of shape: Shape) -> Int {
    if shape == whole { return position }
    return zip(shape, index(position, in: whole).suffix(shape.count)).reduce(0) {
      $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1)
    }
  }

  private static func text(_ index: [Int]) -> String {
    index.isEmpty ? "" : "[" + index.map(String.init).joined(separator: ", ") + "]"
  }

  // MARK: what was found

  private mutating func note(_ text: String, under step: String = "", size: Double? = nil) {
    apart += 1
    let isLarger = size.map { $0 > (largest?.size ?? -1) } ?? false
    guard first == nil || isLarger else { return }
    var place = pairs.map { $0.step($0.next - 1) }.joined() + step
    if place.count > 200 { place = "…" + place.suffix(200) }
    if first == nil { first = (place, text) }
    if let size, isLarger { largest = (place, size) }
  }

  private func texts(_ a: Value, _ b: Value) -> String {
    func text(_ value: Value) -> String {
      var printer = Printer(machine: machine)
      printer.limit = 40
      printer.isBrief = true
      printer.write(value)
      return printer.text
    }
    return "\(text(a)) and \(text(b))"
  }
}
