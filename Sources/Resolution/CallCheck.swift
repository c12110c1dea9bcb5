import Diagnostics
import Syntax

extension Resolver {
  /// Checks the arguments of a call whose callee is known before anything runs.
  func checkCall(_ call: Expression, _ callee: Expression, _ arguments: [Expression.Argument]) {
    switch callee.kind {
    case .name(let name):
      var signatures: [Signature] = []
      var isLibrary = true
      switch lookUp(name) {
      case .functions(let set):
        signatures = set.signatures
        isLibrary = set.isLibrary
        // In a library file the sets of other files may hold the definition that is meant.
        if set.isLibrary, let all = prelude.names[name], all.count > signatures.count { signatures = all }
      case .variable(let variable):
        signatures = variable.signatures
        isLibrary = false
        if variable.isPlainValue, let hidden = prelude.names[name], !hidden.isEmpty {
          report(.hidesCalledFunction(name: name, bound: variable.span), at: callee.span)
        }
        if !variable.isFunction, prelude.names[name]?.isEmpty == false {
          program.unsureMethods[callee.id] = variable.span
        }
      case nil: signatures = prelude.names[name] ?? []
      }
      check(
        arguments, receivers: 0, against: signatures, callee: name, at: callee.span,
        hint: isLibrary ? callsFromElsewhere[name] : nil)
    case .field(let receiver, let name):
      // Only of a value that surely has no fields is it certain that the function is meant.
      guard receiver.hasNoFields else { return }
      switch lookUpMethod(name.text) {
      case .functions(let set):
        check(arguments, receivers: 1, against: set.signatures, callee: name.text, at: name.span)
      case .variable: break
      case nil:
        if let signatures = prelude.names[name.text] {
          check(arguments, receivers: 1, against: signatures, callee: name.text, at: name.span)
        } else {
          reportUnknown(name.text, at: name.span)
        }
      }
    default: break
    }
  }

  /// An operation on names that nothing binds stands where a function of the library takes a function, as `a > 1` in
  /// `t.where(a > 1)`: says how it is written, beside the first of the problems that it has caused.
  func adviseFunction(
    _ callee: Expression, _ place: Int, _ argument: Expression, of arguments: [Expression.Argument], since first: Int
  ) {
    switch argument.kind {
    case .binary, .comparison, .unary, .and, .or: break
    default: return
    }
    let name: String, receivers: Int, meant: Scope.Entry?
    switch callee.kind {
    case .name(let called): (name, receivers, meant) = (called, 0, lookUp(called))
    case .field(_, let called): (name, receivers, meant) = (called.text, 1, lookUpMethod(called.text))
    default: return
    }
    switch meant {
    case nil: break
    case .functions(let set)?: if !set.isLibrary { return }
    case .variable?: return
    }
    let index = place + receivers
    let takers = (prelude.names[name] ?? []).filter {
      // An `f` of a kind is a figure.
      $0.parameters.indices.contains(index) && $0.parameters[index].name == "f" && $0.parameters[index].kind == nil
        && CallCheck(name, $0, arguments, receivers: receivers, at: argument.span).problems.isEmpty
    }
    let unknown = problems[first...].filter {
      $0.id == "E0103" && $0.span.file == argument.span.file && !isFunctionOrModule($0.span)
    }
    guard !takers.isEmpty, let one = unknown.first else { return }
    var ofRow = tree.file.text(argument.span), names: Set<String> = []
    for problem in unknown.sorted(by: { $0.span.lower > $1.span.lower }) {
      names.insert(tree.file.text(problem.span))
      let at = Int(problem.span.lower) - Int(argument.span.lower)
      ofRow =
        String(decoding: ofRow.utf8.prefix(at), as: UTF8.self) + "r."
        + String(decoding: ofRow.utf8.dropFirst(at), as: UTF8.self)
    }
    let isOfRows = takers.contains { $0.parameters[0].kind == "table" }
    var ways: [String] = []
    if names.count == 1, !takers.allSatisfy({ $0.parameters[0].kind == "table" }) {
      ways.append("`\(tree.file.text(one.span)) -> \(tree.file.text(argument.span))`")
    }
    if isOfRows { ways.append("\(ways.isEmpty ? "" : "of rows ")`r -> \(ofRow)`") }
    if let at = problems.firstIndex(of: one), !ways.isEmpty {
      problems[at].help.append("`\(name)` takes a function here: \(ways.joined(separator: ", "))")
    }
  }

  /// The name in a span is called, or one that other languages give to a module, with a member behind it.
  private func isFunctionOrModule(_ span: Span) -> Bool {
    let bytes = tree.file.bytes, end = Int(span.upper)
    guard bytes.indices.contains(end) else { return false }
    return bytes[end] == UInt8(ascii: "(")
      || bytes[end] == UInt8(ascii: ".") && namespaces[tree.file.text(span)] != nil
  }

  private func check(
    _ arguments: [Expression.Argument], receivers: Int, against signatures: [Signature], callee: String, at span: Span,
    hint: String? = nil
  ) {
    if signatures.isEmpty { return }
    let attempts = signatures.map { CallCheck(callee, $0, arguments, receivers: receivers, at: span).problems }
    if attempts.contains(where: \.isEmpty) { return }
    if signatures.count == 1 {
      for (problem, place) in attempts[0] { report(problem, at: place, hint: hint) }
      return
    }
    // A name that none of the definitions knows is most likely a misspelling.
    let names = arguments.compactMap { if case .named(let name, _) = $0 { name } else { nil } }
    for name in names where signatures.allSatisfy({ !$0.takesAnyName && $0.index(of: name.text) == nil }) {
      let all = Signature(
        signatures.flatMap(\.parameters).reduce(into: []) { list, p in
          if !list.contains(where: { $0.name == p.name }) { list.append(p) }
        })
      let near = nearArguments(name.text, among: all.parameters.map(\.name))
      return report(.unknownArgument(callee: callee, signature: all, name: name.text, near: near), at: name.span)
    }
    // Where all take equally many, too many are too many for each.
    if Set(signatures.map(\.positionalCount)).count == 1 {
      for (problem, place) in attempts[0] {
        if case .tooManyArguments = problem { return report(problem, at: place, hint: hint) }
      }
    }
    var given = arguments.map { argument -> String in
      switch argument {
      case .positional: "a value"
      case .named(let name, _): "\(name.text): …"
      case .spread: "..."
      }
    }
    if receivers > 0 { given.insert("a value", at: 0) }
    report(
      .noDefinitionTakes(
        callee: callee, signatures: signatures, given: given.isEmpty ? "nothing" : given.joined(separator: ", ")),
      at: span)
  }
}

/// Arguments held against one signature.
struct CallCheck {
  /// What is wrong, with places; empty when the call fits.
  private(set) var problems: [(ResolutionProblem, Span)] = []

  init(
    _ callee: String, _ signature: Signature, _ arguments: [Expression.Argument], receivers: Int, at span: Span
  ) {
    var byPosition = receivers
    var named: [String] = []
    var hasSpread = false, tooMany: Span?
    let most = signature.positionalCount
    let byPlace = min(most, signature.placesBeforeRest)
    for argument in arguments {
      switch argument {
      case .positional(let e):
        byPosition += 1
        if byPosition > most, tooMany == nil { tooMany = e.span }
      case .spread: hasSpread = true
      case .named(let name, _):
        if named.contains(name.text) {
          problems.append((.argumentTwice(callee: callee, name: name.text, byPosition: false), name.span))
        } else if let index = signature.index(of: name.text) {
          if !hasSpread, index < min(byPosition, byPlace) {
            problems.append((.argumentTwice(callee: callee, name: name.text, byPosition: true), name.span))
          }
        } else if !signature.takesAnyName {
          let candidates = signature.parameters.filter { !$0.isRest }.map(\.name)
          let near = nearArguments(name.text, among: candidates)
          problems.append(
            (.unknownArgument(callee: callee, signature: signature, name: name.text, near: near), name.span))
        }
        named.append(name.text)
      }
    }
    if receivers > most, tooMany == nil { tooMany = span }
    if let tooMany {
      problems.append((.tooManyArguments(callee: callee, signature: signature, given: byPosition), tooMany))
    }
    guard !hasSpread else { return }
    let missing = signature.parameters.enumerated().filter { index, p in
      !p.hasDefault && !p.isRest && !(index < byPlace && index < byPosition) && !named.contains(p.name)
    }.map(\.element.name)
    // A name misspelt or given in the wrong place explains a missing one.
    let misspelt = problems.contains { problem, _ in
      switch problem {
      case .unknownArgument, .argumentTwice: true
      default: false
      }
    }
    if !missing.isEmpty, !misspelt {
      problems.append((.missingArguments(callee: callee, signature: signature, names: missing), span))
    }
  }
}

extension Signature {
  /// Index of the parameter of a name; a rest has none.
  func index(of name: String) -> Int? { parameters.firstIndex { $0.name == name && !$0.isRest } }
}

extension Expression {
  /// A literal of a kind that has no fields, so that `x.f(a)` can only be `f(x, a)`.
  var hasNoFields: Bool {
    switch kind {
    case .int, .float, .bool, .string, .interpolation, .list, .comprehension, .range: true
    default: false
    }
  }
}
