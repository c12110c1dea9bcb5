import Diagnostics
import Resolution

/// Errors on their way up: handlers, and what the call stack says.
extension Machine {
  /// Finds the handler of an error from the running frame down to `entry`, clearing the frames on the way; throws it
  /// on when there is none. Gives the frame to go on in.
  @inline(never) func unwind(
    _ thrown: Error, from top: UnsafeMutablePointer<Frame>, entry: UnsafeMutablePointer<Frame>
  ) throws -> UnsafeMutablePointer<Frame> {
    var error = runtimeError(thrown)
    if error.stack.isEmpty {
      // Of what a program tries and catches nobody sees the arguments, and text is not read again for it.
      let isCaught = !error.isUncatchable && isGuarded(top)
      error.stack = callStack(top, isBrief: isCaught)
      if error.id == "E0401", error.span == nil, !isCaught, var trail = ShapeTrail(self, from: top) {
        error = trail.explain(error)
      }
    }
    if let span = error.span, let call = error.stack.first?.span, call.file == span.file, call.lower <= span.lower,
      span.upper <= call.upper
    {
      // A part of what the frame executes: the stack says it once.
      error.stack[0].span = span
    }
    if error.span == nil {
      // Blame the program's own text rather than the library's, which the stack shows.
      let own = error.stack.first { !library.fileIDs.contains($0.span.file) }
      error.span = own?.span ?? span(of: top)
    }
    var frame = top
    while true {
      let prototype = frame.pointee.prototype
      let base = frame.pointee.base
      if !error.isUncatchable, let handler = handler(frame) {
        goesOn(after: error)
        folds.caught(calls: frame - frames)
        for i in handler.clearFrom..<max(handler.clearFrom, prototype.pointee.registerCount) {
          Machine.drop(heap, base + i)
        }
        Machine.put(heap, base + handler.register, errorRecord(error))
        frame.pointee.code = prototype.pointee.code + handler.target
        return frame
      }
      for i in prototype.pointee.keepCount..<max(prototype.pointee.keepCount, prototype.pointee.registerCount) {
        Machine.drop(heap, base + i)
      }
      if frame == entry { throw error }
      Machine.drop(heap, base - 1)
      frame -= 1
    }
  }

  /// To be called where the program goes on after an error, whatever it does with it.
  func goesOn(after error: RuntimeError) {
    if error.comesFromSurroundings { host.metSurroundings() }
  }

  func handler(_ frame: UnsafeMutablePointer<Frame>) -> Prototype.Handler? {
    let prototype = frame.pointee.prototype.pointee.prototype.takeUnretainedValue()
    if prototype.handlers.isEmpty { return nil }
    let place = frame.pointee.code - frame.pointee.prototype.pointee.code - 1
    return prototype.handlers.first { $0.lower <= place && place < $0.upper }
  }

  private func errorRecord(_ error: RuntimeError) -> Value {
    var line = Value.none
    if let span = error.span, let file = SourceStore.shared.file(span.file) {
      line = Value(file.position(Int(span.lower)).line)
    }
    return heap.record([
      ("message", heap.string(error.message)), ("id", heap.string(error.id)), ("line", line),
      ("help", heap.list(error.help.map { heap.string($0) })),
    ])
  }

  /// The error in this room's form.
  func runtimeError(_ error: Error) -> RuntimeError {
    if let error = error as? RuntimeError { return error }
    if let error = error as? Diagnostic {
      return RuntimeError(
        error.id, error.message, label: error.label, help: error.help, notes: error.notes,
        span: error.span == .none ? nil : error.span)
    }
    return TensorHooks.runtimeError(error) ?? RuntimeError("E0299", "\(error)")
  }

  /// What the frame was executing.
  func span(of frame: UnsafeMutablePointer<Frame>) -> Span? {
    let prototype = frame.pointee.prototype.pointee.prototype.takeUnretainedValue()
    let place = frame.pointee.code - frame.pointee.prototype.pointee.code - 1
    return place >= 0 && place < prototype.spans.count ? prototype.spans[place] : nil
  }

  /// The calls that wait for each other, innermost first; the middle of a very deep stack is left out and
  /// counted. Brief ones have no arguments.
  func callStack(_ top: UnsafeMutablePointer<Frame>, isBrief: Bool = false) -> [Diagnostic.Frame] {
    var stack: [Diagnostic.Frame] = []
    var frame = top, isMiddle = false
    while frame >= frames {
      if frame.pointee.prototype != Machine.noPrototype, let span = span(of: frame) {
        if isMiddle {
          stack[stack.count - 1].leftOut += 1
        } else {
          let prototype = frame.pointee.prototype.pointee.prototype.takeUnretainedValue()
          let function = describe(frame, prototype, brief: isBrief || stack.count > 12)
          stack.append(Diagnostic.Frame(function: function, span: span))
        }
      }
      isMiddle = stack.count == 24 && frame - frames > (isMiddle ? 24 : 48)
      // They are counted where somebody sees the stack.
      if isMiddle, isBrief { frame = frames + 24 }
      frame -= 1
    }
    return stack
  }

  /// `fib(n: 3)`
  private func describe(_ frame: UnsafeMutablePointer<Frame>, _ prototype: Prototype, brief: Bool) -> String {
    guard prototype.literal != nil else { return "<top level>" }
    guard !brief else { return prototype.name }
    let arguments = prototype.parameters.enumerated().map { i, parameter -> String in
      let value = frame.pointee.base[i]
      if value.isNone || value.isUnset { return parameter.name }
      var printer = Printer(machine: self)
      printer.limit = 24
      printer.isBrief = true
      printer.write(value)
      return "\(parameter.name): \(printer.text)"
    }
    return "\(prototype.name)(\(arguments.joined(separator: ", ")))"
  }
}
