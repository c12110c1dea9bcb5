import Diagnostics
import Resolution
import Syntax

/// The compiled form of one function literal: immutable after compilation, shared by all interpreters of the process.
final class Prototype: @unchecked Sendable {
  /// One parameter.
  struct Parameter: Sendable {
    var name: String
    /// Kinds it takes when the function is one of several definitions; `.any` otherwise.
    var kinds: KindSet
    var hasDefault: Bool
    var isRest: Bool
  }
  /// What a closure takes along: the field's name and how the name was bound.
  struct CapturedName: Sendable {
    var name: String
    var role: BindingRole
    /// Whether it is a field of the closure for programs and trees (functions of the same block and modules are not).
    var isField: Bool { role != .function && role != .module }
  }
  /// Instructions `lower..<upper` run under a handler that starts at `target` with the error in `register`; registers from
  /// `clearFrom` on are dead there.
  struct Handler: Sendable {
    var lower: Int
    var upper: Int
    var target: Int
    var register: Int
    var clearFrom: Int
  }

  /// Name it was declared under, or `fn` for an anonymous one.
  let name: String
  /// The whole literal.
  let span: Span
  /// Its tree, for `source(f)` and trial keys; nil for top-level code.
  let literal: FunctionLiteral?
  var parameters: [Parameter] = []
  var captures: [CapturedName] = []
  var code: [Instruction] = []
  /// Per instruction: what to underline.
  var spans: [Span] = []
  var constants: [Constant] = []
  var children: [Prototype] = []
  var handlers: [Handler] = []
  /// Descriptors of calls with names or spreads, of patterns and of other wide operands.
  var calls: [CallShape] = []
  var registerCount = 0
  var localCount = 0
  /// Number of inline caches.
  var cacheCount = 0

  init(name: String, span: Span, literal: FunctionLiteral?) {
    self.name = name
    self.span = span
    self.literal = literal
  }

  /// A constant, turned into a value when an interpreter loads the prototype.
  enum Constant: Hashable, Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case float(UInt64)
    case string(String)
  }

  /// How the arguments of a call are laid out in registers.
  struct CallShape: Sendable, Hashable {
    enum Argument: Sendable, Hashable {
      case positional
      case named(String)
      case spread
    }
    var arguments: [Argument]
  }
}

/// A prototype as one interpreter runs it: raw pointers, constants as values of its heap.
struct LoadedPrototype {
  var code: UnsafeMutablePointer<Instruction>
  var constants: UnsafeMutablePointer<Value>
  var caches: UnsafeMutablePointer<InlineCache>
  var children: UnsafeMutablePointer<UnsafeMutablePointer<LoadedPrototype>?>
  var registerCount: Int32
  var parameterCount: Int32
  /// Parameters from the first that must be given; -1 when a rest parameter or a default after it makes calls take the long way.
  var simpleParameterCount: Int32
  var captureCount: Int32
  var prototype: Unmanaged<Prototype>
}

/// Remembers where a field was found the last time.
struct InlineCache {
  var shape: UInt32 = 0
  var index: Int32 = 0
}
