import Diagnostics
import Syntax

/// Resolves a tree: what every name refers to, what every function holds, and everything that can be known to be
/// wrong before it runs, in source order. `globals` are the bindings of earlier REPL cells and `nextSlot` the first
/// free global slot. In a library file (`isLibrary`) the file's own top-level functions are referred to through the
/// prelude, because functions of one name may be defined per kind in several files. Never throws and never traps,
/// whatever the tree.
public func resolve(
  _ tree: SyntaxTree, prelude: Prelude, globals: GlobalNames = GlobalNames(), nextSlot: Int = 0, isLibrary: Bool = false
) -> (ResolvedProgram, [Diagnostic]) {
  let resolver = Resolver(tree, prelude: prelude, globals: globals, nextSlot: nextSlot, isLibrary: isLibrary)
  resolver.walkFile()
  resolver.settleCaptures()
  return (resolver.program, resolver.sortedDiagnostics())
}

/// Where a cell writes a name of the session, which `earlier` cells may have bound: the uses of that binding, or of the cell's own
/// top-level functions of that name, with the places where those are defined.
public func places(of name: String, in tree: SyntaxTree, prelude: Prelude, earlier: Bool) -> [NamePlace] {
  let globals = GlobalNames(earlier ? [GlobalBinding(name: name, slot: 0, role: .function)] : [])
  let resolver = Resolver(tree, prelude: prelude, globals: globals, nextSlot: 1, isLibrary: false)
  resolver.walkFile()
  var found = resolver.places.filter { $0.name == name }
  for set in resolver.sets where set.name == name && set.isGlobal {
    found += set.members.map { NamePlace(name: name, span: $0.name.span) }
  }
  return found
}

/// Where a cell uses what earlier cells bound to these names, as values of their own: not `x.f`.
public func uses(of names: [String], in tree: SyntaxTree, prelude: Prelude) -> [NamePlace] {
  let globals = GlobalNames(names.enumerated().map { GlobalBinding(name: $1, slot: $0, role: .letName) })
  let resolver = Resolver(tree, prelude: prelude, globals: globals, nextSlot: names.count, isLibrary: false)
  resolver.walkFile()
  let wanted = Set(names)
  return resolver.places.filter { !$0.isMember && wanted.contains($0.name) }
}

/// A place of a text at which a name stands.
public struct NamePlace: Sendable {
  /// The name.
  public var name: String
  /// Where it stands.
  public var span: Span
  /// In `{ name }`, where it names the field as well.
  public var isField = false
  /// In `x.name`.
  public var isMember = false
}

/// One pass over one tree. The walk (`+Statements`, `+Expressions`, `+Functions`) binds names in order and notes
/// uses; what functions hold is settled afterwards (`+Captures`), because a function may use one that stands below
/// it.
final class Resolver {
  /// A name in use, to be turned into a `Reference` when all captures are known.
  struct Use {
    enum Target {
      case variable(Variable)
      case functions(FunctionSet)
    }
    let id: Int
    let target: Target
    let frame: Frame
    let order: Int
    let span: Span
    let isMember: Bool
  }

  let tree: SyntaxTree
  let prelude: Prelude
  let isLibrary: Bool
  /// What earlier cells bound.
  let globals: GlobalNames
  private var earlierNames: [String: Variable] = [:]
  var program: ResolvedProgram
  var problems: [Diagnostic] = []

  let top: Frame
  var frame: Frame
  var scopes: [Scope] = []
  var frames: [Frame] = []
  var sets: [FunctionSet] = []
  var uses: [Use] = []
  /// The values of fields that are written as names alone, `{ name }`.
  var shorthands: Set<Int> = []
  var nextGlobal: Int
  var blockCount = 0
  /// The clock of the walk: every binding takes one tick.
  var clock = 0
  /// Names that were assigned although nothing binds them.
  var assignedUnknown: Set<String> = []
  /// Names that the `let`s being walked are about to bind, and where they stand.
  var pending: [(name: String, frame: Frame)] = []
  /// Assignments to `var`s, by which a closure that took the value before is warned about.
  var assignments: [(variable: Variable, order: Int, loops: [Int], span: Span)] = []
  /// The loops around the statement being walked, by number.
  var loops: [Int] = []
  var loopCount = 0
  /// First slot behind those that the defaults of a literal's parameters use, by the literal's id.
  var defaultSlots: [Int: Int] = [:]
  /// The expression being walked stands between the brackets of an index.
  var isInIndex = false
  var optionNames: [String: Span] = [:]
  var hasSeed = false

  init(_ tree: SyntaxTree, prelude: Prelude, globals: GlobalNames, nextSlot: Int, isLibrary: Bool) {
    self.globals = globals
    self.tree = tree
    self.prelude = prelude
    self.isLibrary = isLibrary
    program = ResolvedProgram(
      tree: tree, references: [:], bindings: [:], functions: [:], globals: [], topLevelLocals: 0)
    top = Frame(kind: .topLevel, literal: nil, parent: nil, set: nil, start: 0)
    frame = top
    frames = [top]
    nextGlobal = max(nextSlot, 0)
  }

  /// Where the session's names are used: those that earlier cells bound, and the top-level functions.
  var places: [NamePlace] {
    uses.compactMap { use in
      let name: String
      switch use.target {
      case .variable(let variable):
        guard variable.isGlobal, variable.order == 0 else { return nil }
        name = variable.name
      case .functions(let set):
        guard set.isGlobal else { return nil }
        name = set.name
      }
      return NamePlace(name: name, span: use.span, isField: shorthands.contains(use.id), isMember: use.isMember)
    }
  }

  /// A name that an earlier cell bound, made when it is first met.
  func earlier(_ name: String) -> Variable? {
    if let known = earlierNames[name] { return known }
    guard let global = globals[name] else { return nil }
    let variable = Variable(
      name: global.name, role: global.role, frame: top, slot: global.slot, isGlobal: true, order: 0, block: -1,
      statement: 0, span: global.span, signatures: global.signatures)
    variable.isFunction = global.role == .function || !global.signatures.isEmpty
    earlierNames[name] = variable
    return variable
  }

  /// Frames, names and sets of functions hold each other, and frames the tree.
  deinit {
    for frame in frames { (frame.children, frame.used, frame.usedSets, frame.captures) = ([], [:], [:], []) }
    for set in sets { set.members = [] }
  }

  /// Walks the statements of the file in the file's scope.
  func walkFile() {
    openScope(for: tree.statements, isFile: true)
    walk(tree.statements)
    closeScope()
    program.topLevelLocals = top.nextSlot
  }

  /// Notes something wrong.
  func report(_ problem: ResolutionProblem, at span: Span, hint: String? = nil) {
    guard problems.count < SyntaxLimits.diagnostics else { return }
    var diagnostic = problem.diagnostic(at: span)
    if let hint { diagnostic.help.append(hint) }
    problems.append(diagnostic)
  }

  /// Everything wrong, in source order, each thing once.
  func sortedDiagnostics() -> [Diagnostic] {
    var seen: Set<Diagnostic> = []
    return problems.enumerated()
      .sorted { ($0.element.span.lower, $0.offset) < ($1.element.span.lower, $1.offset) }
      .map(\.element).filter { seen.insert($0).inserted }
  }
}
