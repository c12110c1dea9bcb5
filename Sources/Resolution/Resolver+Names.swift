import Diagnostics
import Syntax

extension Resolver {
  // MARK: Scopes

  /// Opens the scope of a block: its named functions are visible at once, its other names from where they are bound.
  func openScope(for statements: [Statement], isFile: Bool = false) {
    blockCount += 1
    var scope = Scope(frame: frame, block: blockCount, isFile: isFile)
    for (index, statement) in statements.enumerated() {
      switch statement.kind {
      case .function(let name, let literal, _): hoist(name, literal, at: index, in: &scope)
      case .letBinding(let pattern, _), .varBinding(let pattern, _):
        for name in pattern.boundNames where scope.later[name.text] == nil { scope.later[name.text] = name.span }
      case .param(let name, _), .state(let name, _), .option(let name, _, _, _):
        if scope.later[name.text] == nil { scope.later[name.text] = name.span }
      default: break
      }
    }
    scopes.append(scope)
  }

  /// Opens a scope without statements, for loops, comprehensions and parameters.
  func openScope() {
    blockCount += 1
    scopes.append(Scope(frame: frame, block: blockCount, isFile: false))
  }

  func closeScope() { scopes.removeLast() }

  private func hoist(_ name: Name, _ literal: FunctionLiteral, at index: Int, in scope: inout Scope) {
    let isGlobal = scope.isFile
    let set: FunctionSet
    if let existing = scope.sets[name.text] {
      set = existing
    } else {
      set = FunctionSet(
        name: name.text, frame: frame, block: scope.block, isGlobal: isGlobal, isLibrary: isGlobal && isLibrary)
      sets.append(set)
      scope.sets[name.text] = set
      scope.names[name.text] = .functions(set)
    }
    let kind = literal.parameters.first?.kind?.text
    if let twin = set.members.first(where: { $0.literal.parameters.first?.kind?.text == kind }) {
      // What stands beside the first one is looked into by itself: a set has no more members than there are kinds.
      return report(.duplicateFunction(name: name.text, kind: kind, first: twin.name.span), at: name.span)
    }
    // There is one without a kind and one of each; of further ones the kinds are unknown, which is said where they stand.
    guard set.members.count <= kindNames.count else { return }
    let body = Frame(kind: .function, literal: literal, parent: frame, set: set, start: clock)
    set.members.append((name, literal, index, body))
  }

  // MARK: Binding

  /// Binds a name in the innermost scope.
  @discardableResult
  func bind(_ name: Name, role: BindingRole, signatures: [Signature] = []) -> Variable {
    bind(name.text, id: name.id, span: name.span, role: role, signatures: signatures)
  }

  /// Binds a name that may have no node of its own.
  @discardableResult
  func bind(_ text: String, id: Int?, span: Span, role: BindingRole, signatures: [Signature] = []) -> Variable {
    let depth = scopes.count - 1
    // Its parts by themselves: a scope that is held here would be copied when the name is added.
    let (isFile, block, statement) = (scopes[depth].isFile, scopes[depth].block, scopes[depth].statement)
    clock += 1
    let slot = takeSlot(isGlobal: isFile)
    let variable = Variable(
      name: text, role: role, frame: frame, slot: slot, isGlobal: isFile, order: clock, block: block,
      statement: statement, span: span, signatures: signatures)
    if let id { program.bindings[id] = Binding(place: variable.place, role: role) }
    if isFile {
      program.globals.append(
        GlobalBinding(name: text, slot: slot, role: role, signatures: signatures, span: span))
    }
    scopes[depth].names[text] = .variable(variable)
    return variable
  }

  func takeSlot(isGlobal: Bool) -> Int {
    if isGlobal {
      nextGlobal += 1
      return nextGlobal - 1
    }
    frame.nextSlot += 1
    return frame.nextSlot - 1
  }

  // MARK: Looking up

  func lookUp(_ name: String) -> Scope.Entry? {
    for scope in scopes.reversed() {
      if let entry = scope.names[name] { return entry }
    }
    return earlier(name).map { .variable($0) }
  }

  /// Resolves a name in an expression, noting what the function around it must hold.
  /// - Parameter member: What is asked of it behind a point.
  func use(_ name: String, id: Int, span: Span, member: String? = nil) {
    switch lookUp(name) {
    case .variable(let variable): note(variable, id: id, span: span)
    case .functions(let set): note(set, id: id, span: span)
    case nil:
      if prelude.names[name] != nil {
        program.references[id] = .prelude(name)
      } else {
        program.references[id] = .unresolved
        reportUnknown(name, member: member, at: span)
      }
    }
  }

  /// What `f` in `x.f` is besides a field. A function of one's own that takes no argument cannot be meant, so it does
  /// not hide the library's function of that name here.
  func lookUpMethod(_ name: String) -> Scope.Entry? {
    guard let entry = lookUp(name) else { return nil }
    let known = entry.signatures
    let takesNothing = !known.isEmpty && known.allSatisfy { $0.positionalCount == 0 }
    return takesNothing && prelude.names[name] != nil ? nil : entry
  }

  /// Notes what `f` in `x.f` may mean besides a field: a named function, a library function, a `let` that is a
  /// function, or a name of the same function that may turn out to be one.
  func useAsMethod(_ name: String, id: Int, span: Span) {
    switch lookUpMethod(name) {
    case .variable(let variable):
      guard variable.frame === frame || variable.isFunction else {
        if prelude.names[name]?.isEmpty == false { program.unsureMethods[id] = variable.span }
        return
      }
      note(variable, id: id, span: span, isMember: true)
      if !variable.isFunction || variable.role == .varName { program.unsureMethods[id] = variable.span }
    case .functions(let set): note(set, id: id, span: span, isMember: true)
    case nil:
      guard let signatures = prelude.names[name] else { return }
      program.references[id] = .prelude(name)
      if signatures.isEmpty { program.unsureMethods[id] = Span.none }
    }
  }

  func note(_ variable: Variable, id: Int, span: Span, isMember: Bool = false) {
    if variable.frame !== frame { frame.used[ObjectIdentifier(variable)] = variable }
    uses.append(Use(id: id, target: .variable(variable), frame: frame, order: clock, span: span, isMember: isMember))
  }

  func note(_ set: FunctionSet, id: Int, span: Span, isMember: Bool = false) {
    if set.isLibrary {
      program.references[id] = .prelude(set.name)
      return
    }
    frame.usedSets[ObjectIdentifier(set)] = set
    uses.append(Use(id: id, target: .functions(set), frame: frame, order: clock, span: span, isMember: isMember))
  }

  func reportUnknown(_ name: String, member: String? = nil, at span: Span, assigned: AssignmentPlace? = nil) {
    // Where a name was assigned that nothing binds, its later uses say nothing new.
    if assignedUnknown.contains(name) { return }
    if assigned != nil { assignedUnknown.insert(name) }
    // Names near those that are not reported need not be looked for.
    guard problems.count < SyntaxLimits.diagnostics else { return }
    if let bound = pending.last(where: { $0.name == name }) {
      let inner = sequence(first: frame, next: \.parent).prefix { $0 !== bound.frame }
      return report(.seesNotItself(name: name, inFunction: inner.contains { $0.kind == .function }), at: span)
    }
    for scope in scopes.reversed() {
      if let bound = scope.later[name] {
        return report(.usedBeforeBound(name: name, bound: bound, inFunction: scope.frame !== frame), at: span)
      }
    }
    // As `seed` is a member elsewhere, in `random.seed(3)`.
    let word = member == "seed" || member == "manual_seed" ? "seed" : name
    if let form = LanguageWord.beginningStatement(word)?.form {
      return report(.wordOfAForm(name: name, form: form), at: span)
    }
    if isInIndex, name == "end" { return report(.endOfIndex(name: name), at: span) }
    let isKnown = { [self] (name: String) in prelude.names[name] != nil || lookUp(name) != nil }
    let meant =
      member.flatMap { counterpart(of: $0, in: name, isKnown: isKnown) } ?? counterpart(of: name, isKnown: isKnown)
    // What the program itself binds comes first, a name of another language before the library's that look alike.
    let own = Set(scopes.flatMap { $0.names.keys }).union(globals.names)
    let near = nearNames(name, among: meant == nil ? own.union(prelude.names.keys) : own).prefix(2)
      .map { (name: $0, span: spanOfBinding($0)) }
    report(.unknownName(name: name, near: near, meant: meant, assigned: assigned), at: span)
  }

  private func spanOfBinding(_ name: String) -> Span {
    switch lookUp(name) {
    case .variable(let variable): variable.span
    case .functions(let set): set.members.first?.name.span ?? .none
    case nil: .none
    }
  }
}
