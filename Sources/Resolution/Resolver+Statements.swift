import Diagnostics
import Syntax

extension Resolver {
  /// Walks the statements of the innermost scope.
  func walk(_ statements: [Statement]) {
    let depth = scopes.count - 1
    for (index, statement) in statements.enumerated() {
      scopes[depth].statement = index
      walk(statement)
    }
  }

  /// Walks a block in a scope of its own; `first` is the first statement that belongs to it. Where nothing uses the block's value
  /// it `isDropped`.
  func walk(_ block: Block, from first: Int = 0, isDropped: Bool = false) {
    let statements = Array(block.statements.dropFirst(first))
    openScope(for: statements)
    walk(statements)
    for statement in isDropped ? statements[...] : statements.dropLast() { checkDropped(statement) }
    closeScope()
  }

  /// Warns of a comparison whose value nothing uses, also as that of a block of `if`.
  private func checkDropped(_ statement: Statement) {
    guard case .expression(let value) = statement.kind else { return }
    var current: Expression? = value
    while let link = current {
      current = nil
      switch link.kind {
      case .comparison: report(.droppedComparison(inTest: isInTest), at: link.span)
      case .and(_, let right), .or(_, let right): if case .comparison = right.kind { current = right }
      case .conditional(_, let then, let otherwise):
        if let last = then.statements.last { checkDropped(last) }
        current = otherwise
      case .block(let block): if let last = block.statements.last { checkDropped(last) }
      default: break
      }
    }
  }

  private var isInTest: Bool { frame.kind == .test }

  private var isTopLevel: Bool { scopes.last?.isFile ?? false }

  func walk(_ statement: Statement) {
    switch statement.kind {
    case .expression(let e), .show(let e), .cite(let e), .expect(let e): walk(e)
    case .letBinding(let pattern, let value): walkBinding(pattern, value, role: .letName)
    case .varBinding(let pattern, let value): walkBinding(pattern, value, role: .varName)
    case .assign(let target, let operation, let value):
      walk(value)
      walkAssignment(target, compound: operation != nil)
    case .function(let name, let literal, _): walkFunctionStatement(name, literal)
    case .param(let name, let value): walkModelBinding(name, value, role: .param, word: "param")
    case .state(let name, let value): walkModelBinding(name, value, role: .state, word: "state")
    case .option(let name, let value, let bounds, _): walkOption(name, value, bounds, at: statement.span)
    case .seed(let value):
      requireTopLevel("seed", statement)
      if hasSeed { report(.secondSeed, at: statement.span) }
      hasSeed = true
      walk(value)
    case .claim(let text, let body):
      requireTopLevel("claim", statement)
      walk(text)
      walk(literal: body, kind: .claim)
    case .test(let text, let body):
      requireTopLevel("test", statement)
      walk(text)
      walk(literal: body, kind: .test)
    case .use(let path, let isFile, let alias): walkUse(path, isFile, alias, statement)
    case .forLoop(let pattern, let sequence, let body):
      walk(sequence)
      openScope()
      bind(pattern, role: .loop)
      walkLoop(body)
      closeScope()
    case .whileLoop(let condition, let body):
      walk(condition)
      walkLoop(body)
    case .breakLoop:
      if frame.loopDepth == 0 { report(.outsideLoop(word: "break"), at: statement.span) }
    case .continueLoop:
      if frame.loopDepth == 0 { report(.outsideLoop(word: "continue"), at: statement.span) }
    case .returnValue(let value):
      if frame.kind != .function { report(.returnOutside(inside: frame.kind), at: statement.span) }
      if let value { walk(value) }
    case .expectFails(let body): walk(literal: body, kind: .expectation)
    case .prose, .languageVersion, .invalid: break
    }
  }

  private func walkLoop(_ body: Block) {
    frame.loopDepth += 1
    loopCount += 1
    loops.append(loopCount)
    walk(body, isDropped: true)
    loops.removeLast()
    frame.loopDepth -= 1
  }

  private func requireTopLevel(_ word: String, _ statement: Statement) {
    if !isTopLevel { report(.notAtTopLevel(word: word), at: statement.span) }
  }

  private func walkBinding(_ pattern: Pattern, _ value: Expression, role: BindingRole) {
    let names = pattern.boundNames.map(\.text)
    pending.append(contentsOf: names.map { ($0, frame) })
    walk(value)
    pending.removeLast(names.count)
    bind(pattern, role: role)
    guard case .name(let name) = pattern.kind, case .variable(let variable)? = scopes.last?.names[name.text] else {
      return
    }
    switch value.kind {
    case .function(let literal):
      variable.isFunction = true
      if role == .letName {
        variable.signatures = [Signature(literal)]
        if variable.isGlobal, let last = program.globals.indices.last {
          program.globals[last].signatures = variable.signatures
        }
      }
    case .int, .float, .bool, .string, .interpolation, .list, .comprehension, .comparison: variable.isPlainValue = true
    default: break
    }
  }

  /// Binds every name of a pattern.
  func bind(_ pattern: Pattern, role: BindingRole) {
    var first: [String: Span] = [:]
    for name in pattern.boundNames {
      if let earlier = first[name.text] {
        report(.duplicateInPattern(name: name.text, first: earlier), at: name.span)
      } else {
        first[name.text] = name.span
      }
      bind(name, role: role)
    }
  }

  private func walkModelBinding(_ name: Name, _ value: Expression, role: BindingRole, word: String) {
    if frame.kind != .function { report(.outsideFunction(word: word), at: name.span) }
    pending.append((name.text, frame))
    walk(value)
    pending.removeLast()
    bind(name, role: role)
  }

  private func walkOption(_ name: Name, _ value: Expression, _ bounds: Expression?, at span: Span) {
    if !isTopLevel { report(.notAtTopLevel(word: "option"), at: span) }
    walk(value)
    if let bounds {
      walk(bounds)
      if !bounds.isConstant { report(.boundsNotConstant, at: bounds.span) }
    }
    if let first = optionNames[name.text] {
      report(.secondOption(name: name.text, first: first), at: name.span)
    } else {
      optionNames[name.text] = name.span
    }
    bind(name, role: .option)
  }

  private func walkUse(_ path: String, _ isFile: Bool, _ alias: Name?, _ statement: Statement) {
    requireTopLevel("use", statement)
    if !isFile, !prelude.modules.contains(path) {
      report(.unknownModule(name: path, near: nearNames(path, among: prelude.modules)), at: statement.span)
    }
    var stem = path.split(separator: "/").last.map(String.init) ?? path
    if stem.hasSuffix(".exp") { stem.removeLast(4) }
    let variable = bind(alias?.text ?? stem, id: alias?.id, span: alias?.span ?? statement.span, role: .module)
    program.uses.append(
      ModuleUse(path: path, isFile: isFile, name: variable.name, slot: variable.slot, span: statement.span))
  }

  // MARK: Assignment

  private func walkAssignment(_ target: Expression, compound: Bool) {
    var root = target
    while true {
      switch root.kind {
      case .field(let base, _): root = base
      case .index(let base, let indexes):
        walk(indexes)
        root = base
      case .name(let name): return assign(name, at: root)
      default: return walk(root)  // not assignable: the parser has said so
      }
    }
  }

  private func assign(_ name: String, at root: Expression) {
    guard let entry = lookUp(name) else {
      if prelude.names[name] != nil {
        program.references[root.id] = .prelude(name)
        report(.assignToLibraryName(name: name, place: assignmentPlace), at: root.span)
      } else {
        program.references[root.id] = .unresolved
        reportUnknown(name, at: root.span, assigned: assignmentPlace)
      }
      return
    }
    switch entry {
    case .functions(let set):
      note(set, id: root.id, span: root.span)
      report(
        .assignToFixed(name: name, role: .function, bound: set.members.first?.name.span ?? .none), at: root.span)
    case .variable(let variable):
      note(variable, id: root.id, span: root.span)
      checkAssignment(variable, at: root.span)
    }
  }

  private var assignmentPlace: AssignmentPlace {
    if frame.loopDepth > 0 { return .loop }
    // A function has a scope of its parameters, and one of its body.
    return scopes.count { $0.frame === frame } > (frame === top ? 1 : 2) ? .block : .body
  }

  private func checkAssignment(_ variable: Variable, at span: Span) {
    let isOwn = variable.frame === frame
    switch variable.role {
    case .varName where isOwn:
      clock += 1
      assignments.append((variable, clock, loops, span))
      program.assignments[variable.place, default: []].append(span)
    case .state:
      // Only the function that captured it: its frame's parent is the one that holds the state.
      if frame.kind != .function || frame.parent !== variable.frame {
        report(.stateAssignedElsewhere(name: variable.name, bound: variable.span), at: span)
      }
    case .letName where isOwn:
      // What an earlier cell bound has no block of this one.
      let isInner = variable.order == 0 ? assignmentPlace != .body : variable.block != scopes.last?.block
      report(.assignToLet(name: variable.name, bound: variable.span, isInner: isInner), at: span)
    case .parameter where isOwn:
      // A parameter's block is the function's own scope, around that of its body.
      report(.assignToParameter(name: variable.name, bound: variable.span, isInner: assignmentPlace != .body), at: span)
    case .varName, .letName, .parameter:
      report(.assignToCaptured(name: variable.name, bound: variable.span, inside: frame.kind), at: span)
    case .param, .option, .function, .loop, .sweepCoordinate, .module:
      report(.assignToFixed(name: variable.name, role: variable.role, bound: variable.span), at: span)
    }
  }
}

extension Expression {
  /// Written out without names or calls.
  var isConstant: Bool {
    switch kind {
    case .none, .bool, .int, .float, .string, .invalid: return true
    case .unary(_, let e): return e.isConstant
    case .list(let elements):
      return elements.allSatisfy { if case .value(let e) = $0 { e.isConstant } else { false } }
    case .range(let from, let to, _, let step): return from.isConstant && to.isConstant && (step?.isConstant ?? true)
    default: return false
    }
  }
}
