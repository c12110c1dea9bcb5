import Diagnostics
import Syntax

/// A tree in which every name is known. Side tables are keyed by the node ids of `tree`.
///
/// Named functions are code. A `fn f` holds what the names that it uses, itself or through other named functions,
/// hold when it is made; so every function that refers to `f` (by whatever path) has the captures of `f` among its
/// own, and makes `f` from them: `.sibling(literal)`. Functions that refer to each other in a ring therefore have
/// equal captures lists and can share one captures object. No closure ever holds itself. A `fn` statement fills its
/// own slot too, for code of its own block: at its place, or, when it reaches a name that is bound further down,
/// after the statement `FunctionLayout.madeAfter`.
///
/// Method form: `x.f` and `x.f(a)` mean the field `f` of x or else the function `f`. Where a function may be meant,
/// `references` has, under the id of the `.field` or `.optionalField` expression, what `f` is at that place; without
/// an entry there is only the field.
public struct ResolvedProgram: Sendable {
  /// The tree that was resolved.
  public let tree: SyntaxTree
  /// What each `.name` expression (by node id) refers to.
  public var references: [Int: Reference]
  /// The slot that each binding occurrence (`Name.id`) fills.
  public var bindings: [Int: Binding]
  /// Frame layout of each function literal (by its id), claims, tests and sweep bodies included.
  public var functions: [Int: FunctionLayout]
  /// Top-level names bound by this file or cell, with the global slot of each, in order of binding. A name bound
  /// twice has two slots, of which the last is the one that later cells see.
  public var globals: [GlobalBinding]
  /// Number of scratch slots that top-level blocks (`for`, `if`, comprehensions) need, as a frame of their own.
  public var topLevelLocals: Int
  /// Functions defined per kind of their first argument: the leader (the first literal of the set) → all members in
  /// order. Only sets that need a choice at the call are here; their members' captures lists are equal.
  public var overloads: [Int: [Overload]]
  /// Where top-level code outside of any function finds the captures of a function that it refers to by `.sibling`:
  /// for each such leader, one source per entry of that function's `captures`.
  public var topLevelSiblings: [Int: [Reference]]
  /// Of method forms: those whose name may stand for something else than a function, and where it is bound (`.none` for a
  /// name of the library). Without an entry in `references` it is an outer name that hides a function of the library.
  /// Of plain names that are called: where the one is bound that hides a function of the library.
  public var unsureMethods: [Int: Span]
  /// The `use` statements of the file in order, each with the global slot that its module fills.
  public var uses: [ModuleUse]
  /// Where a `var` is assigned: the names there, by the `.local` or `.global` of its own frame, which may be that of several functions.
  public var assignments: [Reference: [Span]] = [:]

  /// Makes a program.
  public init(
    tree: SyntaxTree, references: [Int: Reference], bindings: [Int: Binding], functions: [Int: FunctionLayout],
    globals: [GlobalBinding], topLevelLocals: Int, overloads: [Int: [Overload]] = [:],
    topLevelSiblings: [Int: [Reference]] = [:], unsureMethods: [Int: Span] = [:], uses: [ModuleUse] = []
  ) {
    self.tree = tree
    self.references = references
    self.bindings = bindings
    self.functions = functions
    self.globals = globals
    self.topLevelLocals = topLevelLocals
    self.overloads = overloads
    self.topLevelSiblings = topLevelSiblings
    self.unsureMethods = unsureMethods
    self.uses = uses
  }
}

/// Where the value of a name is found.
public enum Reference: Sendable, Hashable {
  /// A slot of the current function's frame (or of the top-level frame inside a top-level block).
  case local(Int)
  /// A captured value of the current function, index into `FunctionLayout.captures`.
  case capture(Int)
  /// A top-level binding of this file or of an earlier REPL cell; functions never see this: they capture.
  case global(Int)
  /// The function being executed, by its own name (never in a set of overloads, where the call chooses again).
  case itself
  /// A named function, made where it is referred to: code, not a capture. The id is that of its literal, or of the
  /// leader in `overloads`. The values of its captures are found by `FunctionLayout.siblings[id]` of the current
  /// function (`ResolvedProgram.topLevelSiblings[id]` at the top), one source per capture; nothing to copy when it
  /// has none.
  case sibling(Int)
  /// A name of the standard library or a builtin, found by name at run time.
  case prelude(String)
  /// A member of a module: `h.f` after `use … as h`.
  case module(String)
  /// Unknown; already reported.
  case unresolved
}

/// How a name was introduced; a closure's fields are its captures. (A `.function` is captured as a value only when it
/// comes from an earlier REPL cell; then it is no field, but what it holds still belongs to the tree.)
public enum BindingRole: String, Sendable, Hashable {
  case letName, varName, param, state, option, parameter, function, loop, sweepCoordinate, module
}

/// A binding occurrence.
public struct Binding: Sendable, Hashable {
  /// `.local` or `.global`.
  public var place: Reference
  /// How it was introduced.
  public var role: BindingRole
  /// Makes a binding.
  public init(place: Reference, role: BindingRole) {
    self.place = place
    self.role = role
  }
}

/// Frame layout of one function.
public struct FunctionLayout: Sendable {
  /// Locals including parameters (parameters take slots 0, 1, … in order).
  public var localCount: Int
  /// What the closure takes along when it is made, in order of binding of the captured names; of a sweep's block by name.
  public var captures: [Capture]
  /// For each leader that this function refers to by `.sibling`: where its captures are found in this function's
  /// frame, in the order of that function's `captures` (`.capture` or `.local`). If they are `.capture(0)`,
  /// `.capture(1)`, … up to this function's own count, both can share one captures object.
  public var siblings: [Int: [Reference]]
  /// For a `fn` statement: index, in its block or file, of the later statement after which it is made and its slot
  /// filled; nil when it is made where it stands. For a set of overloads the leader's value holds for the set, and is
  /// that of the last member.
  public var madeAfter: Int?
  /// Names of the parameters in order, as a call may use them.
  public var signature: Signature
  /// Makes a layout.
  public init(
    localCount: Int, captures: [Capture], siblings: [Int: [Reference]] = [:], madeAfter: Int? = nil,
    signature: Signature = Signature([])
  ) {
    self.localCount = localCount
    self.captures = captures
    self.siblings = siblings
    self.madeAfter = madeAfter
    self.signature = signature
  }
}

/// One definition of a function that is defined per kind of its first argument.
public struct Overload: Sendable, Hashable {
  /// `number`, `bool`, `string`, `list`, `record`, `range`, `table`, `tensor`, `function` or `figure`; nil takes what
  /// no other does.
  public var kind: String?
  /// Id of its literal.
  public var literal: Int
  /// Makes an overload.
  public init(kind: String?, literal: Int) {
    self.kind = kind
    self.literal = literal
  }
}

/// A `use` statement.
public struct ModuleUse: Sendable, Hashable {
  /// Module name or file path.
  public var path: String
  /// `use "./helpers.exp"` rather than `use nn`.
  public var isFile: Bool
  /// The name that the module is bound to.
  public var name: String
  /// The global slot of that name.
  public var slot: Int
  /// Where it stands.
  public var span: Span
  /// Makes a module use.
  public init(path: String, isFile: Bool, name: String, slot: Int, span: Span) {
    self.path = path
    self.isFile = isFile
    self.name = name
    self.slot = slot
    self.span = span
  }
}

/// One captured name.
public struct Capture: Sendable, Hashable {
  /// The name, which is also the field's name.
  public var name: String
  /// Where the enclosing function finds it when the closure is made: `.local`, `.capture` or, at the top, `.global`.
  public var source: Reference
  /// How it was introduced where it was bound.
  public var role: BindingRole
  /// Makes a capture.
  public init(name: String, source: Reference, role: BindingRole) {
    self.name = name
    self.source = source
    self.role = role
  }
}

/// A top-level name.
public struct GlobalBinding: Sendable, Hashable {
  /// The name.
  public var name: String
  /// Its slot in the interpreter's globals.
  public var slot: Int
  /// How it was introduced.
  public var role: BindingRole
  /// For functions known statically, what calls may be checked against (several when defined per kind); otherwise
  /// empty.
  public var signatures: [Signature]
  /// Where it was bound, for messages; `Span.none` when not from a file.
  public var span: Span
  /// Makes a global binding.
  public init(
    name: String, slot: Int, role: BindingRole, signatures: [Signature] = [], span: Span = .none
  ) {
    self.name = name
    self.slot = slot
    self.role = role
    self.signatures = signatures
    self.span = span
  }
}

/// What a call to a function must look like.
public struct Signature: Sendable, Hashable {
  /// One parameter.
  public struct Parameter: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// May be left out.
    public var hasDefault: Bool
    /// `...rest`: collects further positional arguments. A native that accepts any named argument (`track`) has a rest
    /// parameter named `_`.
    public var isRest: Bool
    /// The kind that picks a definition, on first parameters only.
    public var kind: String?
    /// Makes a parameter.
    public init(_ name: String, hasDefault: Bool = false, isRest: Bool = false, kind: String? = nil) {
      self.kind = kind
      self.name = name
      self.hasDefault = hasDefault
      self.isRest = isRest
    }
  }
  /// The parameters in order.
  public var parameters: [Parameter]
  /// Makes a signature.
  public init(_ parameters: [Parameter]) { self.parameters = parameters }
}

/// What the resolver may assume to exist before the file: builtins and the standard library's names.
public struct Prelude: Sendable {
  /// Every visible name with the signatures under which it may be called (several when defined per kind; empty when it
  /// is not a function or its parameters are not known statically).
  public var names: [String: [Signature]]
  /// Modules that `use` may name.
  public var modules: Set<String>
  /// Makes a prelude.
  public init(names: [String: [Signature]], modules: Set<String> = []) {
    self.names = names
    self.modules = modules
  }
}
