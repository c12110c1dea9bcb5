import Diagnostics
import Syntax

/// A tree in which every name is known. Side tables are keyed by the node ids of `tree`.
public struct ResolvedProgram: Sendable {
  /// The tree that was resolved.
  public let tree: SyntaxTree
  /// What each `.name` expression (by node id) refers to.
  public var references: [Int: Reference]
  /// The slot that each binding occurrence (`Name.id`) fills.
  public var bindings: [Int: Binding]
  /// Frame layout of each function literal (by its id), claims, tests and sweep bodies included.
  public var functions: [Int: FunctionLayout]
  /// Top-level names bound by this file or cell, with the global slot of each, in order of binding. A name bound twice has two
  /// slots, of which the last is the one that later cells see.
  public var globals: [GlobalBinding]
  /// Number of scratch slots that top-level blocks (`for`, `if`, comprehensions) need, as a frame of their own.
  public var topLevelLocals: Int

  /// Makes a program.
  public init(
    tree: SyntaxTree, references: [Int: Reference], bindings: [Int: Binding], functions: [Int: FunctionLayout],
    globals: [GlobalBinding], topLevelLocals: Int
  ) {
    self.tree = tree
    self.references = references
    self.bindings = bindings
    self.functions = functions
    self.globals = globals
    self.topLevelLocals = topLevelLocals
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
  /// The function being executed, by its own name.
  case itself
  /// A named function of an enclosing block (or file) reached from inside one of its siblings: code, not a capture. `group`
  /// is the id of the literal referred to.
  case sibling(Int)
  /// A name of the standard library or a builtin, found by name at run time.
  case prelude(String)
  /// A member of a module: `h.f` after `use … as h`.
  case module(String)
  /// Unknown; already reported.
  case unresolved
}

/// How a name was introduced; a closure's fields are the captures whose role is not `.function` or `.prelude`.
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
  /// What the closure takes along when it is made, in order of binding of the captured names.
  public var captures: [Capture]
  /// Ids of named functions of the same block that see each other through a shared scope, this one included; empty for
  /// anonymous functions and for a named function whose block has no sibling that it or they refer to.
  public var siblings: [Int]
  /// Makes a layout.
  public init(localCount: Int, captures: [Capture], siblings: [Int]) {
    self.localCount = localCount
    self.captures = captures
    self.siblings = siblings
  }
}

/// One captured name.
public struct Capture: Sendable, Hashable {
  /// The name, which is also the field's name.
  public var name: String
  /// Where the enclosing function finds it when the closure is made: `.local`, `.capture`, `.global`, `.itself`, `.sibling`.
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
  /// For functions known statically, what calls may be checked against.
  public var signature: Signature?
  /// Where it was bound, for messages; `Span.none` when not from a file.
  public var span: Span
  /// Makes a global binding.
  public init(name: String, slot: Int, role: BindingRole, signature: Signature? = nil, span: Span = .none) {
    self.name = name
    self.slot = slot
    self.role = role
    self.signature = signature
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
    /// `...rest`: collects further positional arguments.
    public var isRest: Bool
    /// `...options`-like natives that accept any named argument set this with the name `_`.
    /// Makes a parameter.
    public init(_ name: String, hasDefault: Bool = false, isRest: Bool = false) {
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
