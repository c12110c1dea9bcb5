import CKernels
import Diagnostics
import Graphs
import Tensors

extension RuntimeError {
  /// An error of the tensor rooms in the language's words.
  init(_ error: TensorError) {
    let (id, label): (String, String) =
      switch error.kind {
      case .shapeMismatch(_, let left, let right): ("E0401", "\(describe(left)) and \(describe(right))")
      case .typeMismatch(_, let left, let right): ("E0402", "\(left.name) and \(right.name)")
      case .badType(_, let type): ("E0402", type.name)
      case .badAxis(_, let axis, let shape): ("E0403", "axis \(axis) of \(describe(shape))")
      case .badIndex(_, let index, _): ("E0404", "index \(index)")
      case .reshape(let from, let to): ("E0405", "from \(describe(from)) to \(describe(to))")
      case .badShape(let shape): ("E0405", describe(shape))
      case .wrongCount(_, let shape): ("E0405", describe(shape))
      case .tooLarge(let shape): ("E0406", describe(shape))
      case .outOfMemory: ("E0302", "here")
      case .outOfBounds: ("E0404", "here")
      case .notSolvable: ("E0407", "here")
      case .missingLibrary: ("E0413", "here")
      case .badFile: ("E0705", "here")
      case .other: ("E0401", "here")
      }
    self.init(id, error.message, label: label, help: error.help.map { [$0] } ?? [])
  }

  /// An error of running a graph; the span is that of the operation where it is known.
  init(_ error: GraphError, in recording: Recording?) {
    self.init("E0404", error.message)
    switch error.kind {
    case .overflow, .noInteger: id = "E0204"
    case .divisionByZero: id = "E0205"
    case .interrupted: self = .interrupted
    case .madeNaN:
      id = "E0515"
      label = "the first NaN is made here"
      help = ["keep the operands away from where it has no value, with `where(condition, a, b)` or `clip`"]
    case .tooMuchMemory:
      id = "E0302"
      label = "the largest part"
      help = ["make the tensors smaller, or raise `--max-memory`"]
    case .notSolvable(let reason): self = RuntimeError(reason)
    default: break
    }
    if let span = recording?.span(of: error.origin), span != .none { self.span = span }
  }

  static func untraceable(_ what: String, help: [String]) -> RuntimeError {
    RuntimeError("E0501", what, label: "not known while a compiled function is traced", help: help)
  }
}

/// Runs work of the tensor rooms and turns their errors into the language's.
@inline(__always)
func translatingErrors<Result>(_ recording: Recording? = nil, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as TensorError {
    // What was to stop ends as it can.
    throw ck_stopped() != 0 ? RuntimeError.interrupted : RuntimeError(error)
  } catch let error as GraphError {
    throw RuntimeError(error, in: recording)
  }
}
