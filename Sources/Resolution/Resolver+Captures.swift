import Diagnostics
import Syntax

extension Resolver {
  /// After the walk: what each function must hold, when named functions can be made, and what every noted use refers
  /// to.
  func settleCaptures() {
    settleFreeNames()
    for set in sets { settlePlace(of: set) }
    for frame in frames where frame.literal != nil { layOut(frame) }
    for use in uses { settle(use) }
    warnOfLateAssignments()
  }

  /// A function holds what it uses of outer frames, what its inner functions do, and what the named functions it uses
  /// do.
  private func settleFreeNames() {
    var free = frames.map(\.used)
    var number: [ObjectIdentifier: Int] = [:]
    for (i, frame) in frames.enumerated() { number[ObjectIdentifier(frame)] = i }
    var changed = true
    while changed {
      changed = false
      // Inner frames come after their outer ones, so going backwards most programs settle in one round.
      for i in frames.indices.reversed() {
        let frame = frames[i]
        let before = free[i].count
        func take(_ names: [ObjectIdentifier: Variable]) {
          for (id, variable) in names where variable.frame !== frame { free[i][id] = variable }
        }
        for child in frame.children {
          if let c = number[ObjectIdentifier(child)] { take(free[c]) }
        }
        var used = Array(frame.usedSets.values)
        // Members of one set of overloads hold the same, so that any of them can be made from any other's captures.
        if let own = frame.set, own.members.count > 1 { used.append(own) }
        for set in used {
          for member in set.members {
            if let m = number[ObjectIdentifier(member.body)] { take(free[m]) }
          }
        }
        if free[i].count != before { changed = true }
      }
    }
    for (i, frame) in frames.enumerated() {
      // No program sees what a sweep's block holds: there the order of lines outside of it is to decide nothing.
      frame.captures = free[i].values.sorted {
        frame.kind == .sweep && $0.name != $1.name ? $0.name < $1.name : $0.place(before: $1)
      }
    }
  }

  private func settlePlace(of set: FunctionSet) {
    guard let own = set.members.last?.statement, let leader = set.members.first else { return }
    if set.isOverloaded {
      program.overloads[set.leader] = set.members.map {
        Overload(kind: $0.literal.parameters.first?.kind?.text, literal: $0.literal.id)
      }
    }
    var last = own
    for variable in leader.body.captures where variable.frame === set.frame && variable.block == set.block {
      last = max(last, variable.statement)
      set.order = max(set.order, variable.order)
    }
    set.madeAfter = last > leader.statement ? last : nil
  }

  private func layOut(_ frame: Frame) {
    guard let literal = frame.literal else { return }
    let captures = frame.captures.map { variable in
      Capture(
        name: variable.name, source: frame.parent.map { variable.source(in: $0) } ?? .unresolved, role: variable.role)
    }
    let isLeader = frame.set.map { $0.leader == literal.id } ?? false
    program.functions[literal.id] = FunctionLayout(
      localCount: frame.nextSlot, captures: captures, madeAfter: isLeader ? frame.set?.madeAfter : nil,
      signature: Signature(literal))
  }

  private func settle(_ use: Use) {
    switch use.target {
    case .variable(let variable): program.references[use.id] = variable.source(in: use.frame)
    case .functions(let set): program.references[use.id] = settle(set, use)
    }
  }

  private func settle(_ set: FunctionSet, _ use: Use) -> Reference {
    guard let leader = set.members.first else { return .unresolved }
    if use.frame === leader.body, !set.isOverloaded { return .itself }
    if use.frame === set.frame, use.order >= set.order { return set.place }
    for variable in leader.body.captures {
      if !isBound(variable, at: use) {
        report(
          .functionUsedTooEarly(function: set.name, needs: variable.name, bound: variable.span), at: use.span)
        break
      }
    }
    let sources = leader.body.captures.map { $0.source(in: use.frame) }
    if let literal = use.frame.literal {
      program.functions[literal.id]?.siblings[set.leader] = sources
    } else {
      program.topLevelSiblings[set.leader] = sources
    }
    return .sibling(set.leader)
  }

  /// Whether a name that a function holds is bound where the function is used: at the use itself, or where the
  /// closure around the use is made in the frame that binds the name. A named function of the same block is made late
  /// enough.
  private func isBound(_ variable: Variable, at use: Use) -> Bool {
    if variable.frame === use.frame { return variable.order <= use.order }
    var closure = use.frame
    while let parent = closure.parent, parent !== variable.frame { closure = parent }
    if let set = closure.set, set.block == variable.block { return true }
    return variable.order <= closure.start
  }

  /// A named function that took a `var` along and is used after the `var` was assigned again gives the old value. Not
  /// said of functions that are made anew in every round of a loop around both.
  private func warnOfLateAssignments() {
    guard !assignments.isEmpty else { return }
    var lastUse: [ObjectIdentifier: Int] = [:]
    for use in uses {
      if case .functions(let set) = use.target {
        lastUse[ObjectIdentifier(set)] = max(lastUse[ObjectIdentifier(set)] ?? 0, use.order)
      }
    }
    for set in sets where !set.isLibrary {
      guard let leader = set.members.first, let used = lastUse[ObjectIdentifier(set)] else { continue }
      for assignment in assignments
      where leader.body.start < assignment.order && assignment.order <= used
        && Set(assignment.loops).isDisjoint(with: leader.body.loops)
        && leader.body.captures.contains(where: { $0 === assignment.variable })
      {
        report(
          .capturedBeforeAssignment(
            name: assignment.variable.name, function: set.name, made: leader.name.span), at: assignment.span)
      }
    }
  }
}

extension Variable {
  /// Where the code of a frame finds this variable: in a slot of its own frame, otherwise among its captures.
  fileprivate func source(in frame: Frame) -> Reference {
    if self.frame === frame { return place }
    guard let index = frame.captures.firstIndex(where: { $0 === self }) else { return .unresolved }
    return .capture(index)
  }

  /// Order of binding; names of earlier cells by slot.
  fileprivate func place(before other: Variable) -> Bool { (order, slot) < (other.order, other.slot) }
}
