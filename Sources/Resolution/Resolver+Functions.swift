import Diagnostics
import Syntax

extension Resolver {
  /// Walks a `fn` statement: its body sees the names bound so far, and the named functions of its block wherever they
  /// stand.
  func walkFunctionStatement(_ name: Name, _ literal: FunctionLiteral) {
    let depth = scopes.count - 1
    // Hoisting put every `fn` of the block into a set; the statement of a later `let` of that name may have hidden it
    // since.
    guard
      let set = scopes[depth].sets[name.text],
      let member = set.members.first(where: { $0.literal === literal })
    else { return walk(literal: literal, kind: .function) }
    let isFirst = set.members.first?.literal === literal
    if isFirst {
      set.slot = takeSlot(isGlobal: set.isGlobal)
      if set.isGlobal {
        program.globals.append(
          GlobalBinding(
            name: name.text, slot: set.slot, role: .function, signatures: set.signatures, span: name.span))
      }
    }
    program.bindings[name.id] = Binding(place: set.place, role: .function)
    scopes[depth].names[name.text] = .functions(set)
    member.body.start = clock
    walk(literal, in: member.body)
    if set.members.last?.literal === literal {
      clock += 1
      set.order = clock
    }
  }

  /// Walks a function literal that is no `fn` statement.
  func walk(literal: FunctionLiteral, kind: Frame.Kind) {
    walk(literal, in: Frame(kind: kind, literal: literal, parent: frame, set: nil, start: clock))
  }

  private func walk(_ literal: FunctionLiteral, in body: Frame) {
    let outer = frame
    outer.children.append(body)
    body.loops = loops
    frames.append(body)
    frame = body
    openScope()
    checkKinds(literal)
    // Parameters take the slots 0, 1, … in order; a default sees those before it, and the names of their patterns.
    let role: BindingRole = body.kind == .sweep || body.kind == .condition ? .sweepCoordinate : .parameter
    var patterns = literal.headStatements
    for parameter in literal.parameters {
      if let value = parameter.defaultValue { behindParameters(of: literal) { walk(value) } }
      bind(parameter.name, role: role)
      if parameter.pattern != nil, let pattern = patterns.popFirst() {
        behindParameters(of: literal) { walk(pattern) }
      }
    }
    frame.nextSlot = max(frame.nextSlot, defaultSlots[literal.id] ?? 0)
    switch literal.body {
    case .expression(let e): walk(e)
    case .block(let block): walk(block, from: literal.headStatements.count, isDropped: body.kind == .test)
    }
    closeScope()
    frame = outer
  }

  /// The names of patterns, a default's own comprehensions and the like take slots behind the parameters, which must stay 0, 1, …
  private func behindParameters(of literal: FunctionLiteral, _ walk: () -> Void) {
    let slot = frame.nextSlot
    frame.nextSlot = max(slot, defaultSlots[literal.id] ?? literal.parameters.count)
    walk()
    defaultSlots[literal.id] = frame.nextSlot
    frame.nextSlot = slot
  }

  private func checkKinds(_ literal: FunctionLiteral) {
    for (index, parameter) in literal.parameters.enumerated() {
      guard let kind = parameter.kind else { continue }
      if index > 0 { report(.kindNotFirst(parameter: parameter.name.text), at: kind.span) }
      if !kindNames.contains(kind.text) {
        report(.unknownKind(name: kind.text, near: nearNames(kind.text, among: kindNames)), at: kind.span)
      }
    }
  }
}
