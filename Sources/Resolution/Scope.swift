import Diagnostics
import Syntax

/// A bound name during the walk. Each binding has a slot of its own, so a later `let` of the same name hides, never
/// overwrites.
final class Variable {
  let name: String
  let role: BindingRole
  /// The function whose frame holds it; the top-level frame for globals.
  let frame: Frame
  let slot: Int
  let isGlobal: Bool
  /// When it was bound, on the clock of the walk; 0 for bindings of earlier cells.
  let order: Int
  /// Which block bound it, and by which of its statements.
  let block: Int
  let statement: Int
  let span: Span
  /// What calls may be checked against; empty when not known.
  var signatures: [Signature]
  /// Bound by `let` directly to a function literal, so that `x.f` may mean it.
  var isFunction = false
  /// Bound by `let` directly to a number, string, list or record.
  var isPlainValue = false

  init(
    name: String, role: BindingRole, frame: Frame, slot: Int, isGlobal: Bool, order: Int, block: Int, statement: Int,
    span: Span, signatures: [Signature] = []
  ) {
    self.name = name
    self.role = role
    self.frame = frame
    self.slot = slot
    self.isGlobal = isGlobal
    self.order = order
    self.block = block
    self.statement = statement
    self.span = span
    self.signatures = signatures
  }

  /// Where the code of its own frame finds it.
  var place: Reference { isGlobal ? .global(slot) : .local(slot) }
}

/// The functions of one name in one block: one, or several that differ in the kind of their first argument.
final class FunctionSet {
  let name: String
  let frame: Frame
  let block: Int
  var members: [(name: Name, literal: FunctionLiteral, statement: Int, body: Frame)] = []
  /// Filled when the first member's statement is reached.
  var slot = 0
  let isGlobal: Bool
  /// In a library file the names of the file are found through the prelude, where the sets of all files are merged.
  let isLibrary: Bool
  /// When its slot is filled: the last member's statement was passed, and all that it holds is bound.
  var order = Int.max
  /// The statement after which that is, when it is not the leader's own.
  var madeAfter: Int?

  init(name: String, frame: Frame, block: Int, isGlobal: Bool, isLibrary: Bool) {
    self.name = name
    self.frame = frame
    self.block = block
    self.isGlobal = isGlobal
    self.isLibrary = isLibrary
  }

  var leader: Int { members.first?.literal.id ?? 0 }
  var isOverloaded: Bool { members.count > 1 || members.first?.literal.parameters.first?.kind != nil }
  var signatures: [Signature] { members.map { Signature($0.literal) } }
  var place: Reference { isGlobal ? .global(slot) : .local(slot) }
}

/// A function literal, or the top level, whose code has one frame of slots.
final class Frame {
  /// What kind of body it is: decides about `return`, `param` and the wording of errors.
  enum Kind { case topLevel, function, sweep, condition, claim, test, expectation }
  let kind: Kind
  let literal: FunctionLiteral?
  let parent: Frame?
  /// The set it is a member of, when it is the body of a `fn` statement.
  let set: FunctionSet?
  /// When the walk came to it, and inside which loops.
  var start: Int
  var loops: [Int] = []
  var nextSlot = 0
  var loopDepth = 0
  var children: [Frame] = []
  /// Names of outer frames that its own code uses.
  var used: [ObjectIdentifier: Variable] = [:]
  /// Named functions that its own code uses.
  var usedSets: [ObjectIdentifier: FunctionSet] = [:]
  /// All names of outer frames that it must hold, in order of binding, or of a sweep's block by name; known after the walk.
  var captures: [Variable] = []

  init(kind: Kind, literal: FunctionLiteral?, parent: Frame?, set: FunctionSet?, start: Int) {
    self.kind = kind
    self.literal = literal
    self.parent = parent
    self.set = set
    self.start = start
  }
}

/// The names of one block.
struct Scope {
  enum Entry {
    case variable(Variable)
    case functions(FunctionSet)

    /// What calls of the name may look like; empty when not known.
    var signatures: [Signature] {
      switch self {
      case .variable(let variable): variable.signatures
      case .functions(let set): set.signatures
      }
    }
  }
  let frame: Frame
  let block: Int
  let isFile: Bool
  var names: [String: Entry] = [:]
  /// The named functions of the block, hidden by a later `let` or not.
  var sets: [String: FunctionSet] = [:]
  /// Names that later statements of the block bind, for "used before it is bound".
  var later: [String: Span] = [:]
  /// The statement being walked.
  var statement = 0
}

extension Signature {
  /// The signature of a function as written.
  init(_ literal: FunctionLiteral) {
    self.init(
      literal.parameters.map {
        Parameter($0.name.text, hasDefault: $0.defaultValue != nil, isRest: $0.isRest, kind: $0.kind?.text)
      })
  }
}
