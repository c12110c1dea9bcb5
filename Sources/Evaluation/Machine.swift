import Diagnostics
import Records

/// One interpreter: a heap, a register stack, the loaded code and the host it speaks to. Used by one thread at a time.
final class Machine {
  /// Where all values of this interpreter live.
  let heap: Heap
  /// What the program says to the study around it.
  let host: StudyHost
  /// The functions and modules that every program sees.
  let library: StandardLibrary
  /// The draw scope: a draw takes `derive(key, count)` and raises the count.
  var drawScope = DrawScope(key: 0, count: 0)
  /// The root seed (`seed n`).
  var rootSeed = 0
  /// State of the tensor side (traces, training mode); the machine itself never looks at it.
  var tensorState: AnyObject?

  init(library: StandardLibrary, host: StudyHost) {
    self.library = library
    self.host = host
    heap = Heap()
  }

  deinit { heap.destroy() }

  /// Calls a function value with positional arguments, all borrowed; the result is the caller's.
  func call(_ function: Value, _ arguments: [Value]) throws -> Value {
    throw RuntimeError("E0200", "not yet available")
  }

  /// Calls a function value with positional and named arguments, all borrowed; the result is the caller's.
  func call(_ function: Value, _ arguments: [Value], named: [(String, Value)]) throws -> Value {
    throw RuntimeError("E0200", "not yet available")
  }

  /// One line, at most about 60 characters, for messages: `the list [1, 2, …]`, `3`, `none`.
  func brief(_ value: Value) -> String { value.kindName }
}

/// Where draws come from: see LANGUAGE.md, "Randomness".
struct DrawScope {
  var key: Int64
  var count: Int64
}
