import Diagnostics
import Records
import Syntax

/// What statements say to the study, and expectations.
extension Machine {
  /// Remembers a value for the claim being evaluated.
  @inline(never) func note(_ name: Value, _ value: Value) { notes.append((name.swiftString, heap.retained(value))) }

  @inline(never) func showStatement(_ slot: UnsafeMutablePointer<Value>, _ flags: Int) throws {
    host.show(try shown(slot.pointee), name: nil, at: span(of: frame) ?? .none)
    if flags & 1 != 0 { Machine.drop(heap, slot) }
  }

  /// A value as data for the study to show. A figure must be one that can be drawn.
  func shown(_ value: Value) throws -> Datum {
    guard value.tag == .figure, !isInterrupted else { return try ShownParts(self).datum(of: value) }
    do {
      let figure = try figure(value)
      try pollInterrupt()
      return .figure(figure)
    } catch {
      // What an interrupt has cut short cannot be read, for whatever reason.
      try pollInterrupt()
      guard let error = error as? FigureError else { throw error }
      throw RuntimeError("E0215", "this figure cannot be drawn: \(error.message)", label: "shown here")
    }
  }

  private func figure(_ value: Value) throws -> Figure {
    let description = try datum(value.box.pointee.first), interrupts = interrupts
    return try Interruption.heeding({ interrupts.isInterrupted }) { try Figure(description: description) }
  }

  func raised(_ text: Value) -> RuntimeError { RuntimeError("E0299", text.swiftString) }

  // MARK: expectations

  @inline(never) func expectTrue(_ slot: UnsafeMutablePointer<Value>, _ flags: Int) throws {
    guard try condition(slot, 0) else {
      throw RuntimeError("E0605", "expected this to be true", label: "it is false")
    }
    if flags & 1 != 0 { Machine.drop(heap, slot) }
  }

  @inline(never) func expectCompare(
    _ word: Instruction, _ registers: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>,
    _ b: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let op = ComparisonOperator.allCases[word.a]
    let tolerance = word.b > 0 ? registers[word.b - 1] : .none
    let x = a.pointee, y = b.pointee
    guard try expectation(op, x, y, tolerance) else {
      throw RuntimeError(
        "E0605", "expected \(expectationText(op)), but the left side is \(shown(x)) and the right side \(shown(y))",
        label: "\(shown(x)) \(op.rawValue) \(shown(y)) is false",
        help: Differences.help(self, op, x, y, tolerance: tolerance))
    }
    if flags & 1 != 0 { Machine.drop(heap, a) }
    if flags & 2 != 0 { Machine.drop(heap, b) }
  }

  private func expectation(_ op: ComparisonOperator, _ x: Value, _ y: Value, _ tolerance: Value) throws -> Bool {
    switch op {
    case .equal: return isSame(x, y)
    case .notEqual: return !isSame(x, y)
    case .close: return try isClose(x, y, tolerance)
    default:
      let outcome = try compareOther(op, x, y, tolerance)
      defer { heap.release(outcome) }
      return outcome.tag == .tensor ? try TensorHooks.all(self, outcome) : outcome.asBool
    }
  }

  private func expectationText(_ op: ComparisonOperator) -> String {
    switch op {
    case .equal: "equal values"
    case .notEqual: "different values"
    case .close: "close values"
    default: "`\(op.rawValue)` to hold"
    }
  }

  private func shown(_ value: Value) -> String {
    var printer = Printer(machine: self)
    printer.limit = 60
    printer.isBrief = true
    printer.write(value)
    return printer.text
  }

  @inline(never) func expectFails(_ slot: UnsafeMutablePointer<Value>) throws {
    do {
      let result = try call(slot.pointee, [])
      heap.release(result)
    } catch {
      let error = runtimeError(error)
      if error.isUncatchable { throw error }
      goesOn(after: error)
      Machine.drop(heap, slot)
      return
    }
    Machine.drop(heap, slot)
    throw RuntimeError("E0605", "expected this block to fail, but it ended without an error")
  }
}
