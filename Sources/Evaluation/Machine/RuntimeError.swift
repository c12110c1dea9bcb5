import Diagnostics
import Tensors

/// What an operation throws inside this room. The machine adds the span of the instruction and the call stack when it
/// unwinds, so natives and hooks give words only.
struct RuntimeError: Error {
  var id: String
  /// One line in the user's terms, without a full stop.
  var message: String
  /// Beside the underline.
  var label: String
  var help: [String]
  var notes: [Diagnostic.Note]
  /// Where; filled in by the machine unless known better.
  var span: Span?
  var stack: [Diagnostic.Frame] = []
  /// Of a native: the shapes of the tensors that each of its parameters was given, by itself or in a list.
  var given: [(parameter: String, shapes: [Shape])] = []
  /// Not to be caught by `try`: the user's interrupt, and errors of the machine's limits on memory.
  var isUncatchable = false
  /// `fail("…", as: "diverged")`: a trial that ends with it counts as diverged.
  var marksDivergence = false

  init(
    _ id: String, _ message: String, label: String = "", help: [String] = [], notes: [Diagnostic.Note] = [],
    span: Span? = nil
  ) {
    self.id = id
    self.message = message
    self.label = label
    self.help = help
    self.notes = notes
    self.span = span
  }

  /// As the outside sees it.
  var diagnostic: Diagnostic {
    Diagnostic(id, message, at: span ?? .none, label: label, notes: notes, help: help, stack: stack)
  }

  /// Whether the same program with the same files may not end with it elsewhere: under another limit of memory, without `--check-nan`, on a
  /// faster machine, or where a library is installed.
  var comesFromSurroundings: Bool { ["E0302", "E0304", "E0305", "E0413", "E0515"].contains(id) }

  /// The user pressed Ctrl-C, or a limit on time was reached.
  static var interrupted: RuntimeError {
    var error = RuntimeError("E0309", "interrupted")
    error.isUncatchable = true
    return error
  }
}
