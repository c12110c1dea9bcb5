/// An error or warning as data; `DiagnosticPrinter` draws it.
public struct Diagnostic: Error, Sendable, Hashable {
  /// How bad it is.
  public enum Severity: String, Sendable { case error, warning }

  /// A second place that matters, with what is to be said about it.
  public struct Note: Sendable, Hashable {
    /// Where.
    public var span: Span
    /// What.
    public var text: String
    /// Makes a note.
    public init(_ span: Span, _ text: String) {
      self.span = span
      self.text = text
    }
  }

  /// One frame of the Exp call stack of a run-time error, innermost first.
  public struct Frame: Sendable, Hashable {
    /// Name of the function, or `<top level>`.
    public var function: String
    /// Where it was executing.
    public var span: Span
    /// How many calls between this one and the next of the stack are left out of it.
    public var leftOut: Int
    /// Makes a frame.
    public init(function: String, span: Span, leftOut: Int = 0) {
      self.function = function
      self.span = span
      self.leftOut = leftOut
    }
  }

  /// Stable id such as `E0103`; `exp explain` says more about it.
  public var id: String
  /// Error or warning.
  public var severity: Severity
  /// One line, in the user's terms, without a full stop.
  public var message: String
  /// What to underline.
  public var span: Span
  /// What stands beside the underline: found, expected, the near name.
  public var label: String
  /// Other places.
  public var notes: [Note]
  /// What to do.
  public var help: [String]
  /// The Exp call stack, for run-time errors.
  public var stack: [Frame]

  /// Makes a diagnostic.
  public init(
    _ id: String, _ message: String, at span: Span, label: String = "", notes: [Note] = [], help: [String] = [],
    stack: [Frame] = [], severity: Severity = .error
  ) {
    self.id = id
    self.severity = severity
    self.message = message
    self.span = span
    self.label = label
    self.notes = notes
    self.help = help
    self.stack = stack
  }
}
