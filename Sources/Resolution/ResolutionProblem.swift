import Diagnostics

/// Everything that resolution can find wrong, as data; the wording stands below, sorted by id.
enum ResolutionProblem {
  // E0101–E0104: names
  case usedBeforeBound(name: String, bound: Span, inFunction: Bool)
  case functionUsedTooEarly(function: String, needs: String, bound: Span)
  case unknownName(
    name: String, near: [(name: String, span: Span)], meant: Counterpart?, assigned: AssignmentPlace?)
  case wordOfAForm(name: String, form: String)
  case endOfIndex(name: String)
  case seesNotItself(name: String, inFunction: Bool)
  // E0105–E0109: calls
  case tooManyArguments(callee: String, signature: Signature, given: Int)
  case missingArguments(callee: String, signature: Signature, names: [String])
  case unknownArgument(callee: String, signature: Signature, name: String, near: [String])
  case argumentTwice(callee: String, name: String, byPosition: Bool)
  case noDefinitionTakes(callee: String, signatures: [Signature], given: String)
  // E0111–E0115: definitions
  case duplicateField(name: String, first: Span)
  case duplicateInPattern(name: String, first: Span)
  case duplicateFunction(name: String, kind: String?, first: Span)
  case unknownKind(name: String, near: [String])
  case kindNotFirst(parameter: String)
  // E0116–E0120: assignment
  case assignToLet(name: String, bound: Span, isInner: Bool)
  case assignToCaptured(name: String, bound: Span, inside: Frame.Kind)
  case assignToParameter(name: String, bound: Span, isInner: Bool)
  case assignToFixed(name: String, role: BindingRole, bound: Span)
  case assignToLibraryName(name: String, place: AssignmentPlace)
  // E0121–E0128: places
  case outsideFunction(word: String)
  case returnOutside(inside: Frame.Kind)
  case outsideLoop(word: String)
  case notAtTopLevel(word: String)
  case stateAssignedElsewhere(name: String, bound: Span)
  case boundsNotConstant
  case secondOption(name: String, first: Span)
  case secondSeed
  // E0130–E0133: sweeps, modules, settings
  case duplicateCoordinate(name: String, first: Span)
  case pairedByUnknown(name: String, coordinates: [String])
  case unknownModule(name: String, near: [String])
  case unknownSetting(name: String, near: [String], options: [String])
  // E0150–E0152: warnings
  case capturedBeforeAssignment(name: String, function: String, made: Span)
  case hidesCalledFunction(name: String, bound: Span)
  case droppedComparison(inTest: Bool)

  /// The diagnostic that tells it.
  func diagnostic(at span: Span) -> Diagnostic {
    switch self {
    case .usedBeforeBound(let name, let bound, let inFunction):
      return Diagnostic(
        "E0101", "`\(name)` is used before it is bound", at: span, label: "it is bound only at \(line(bound))",
        notes: [Diagnostic.Note(bound, "`\(name)` is bound here")],
        help: inFunction
          ? ["a function holds what its names hold when it is made: bind `\(name)` above the function"]
          : ["move the line that binds `\(name)` above this one"])
    case .functionUsedTooEarly(let function, let needs, let bound):
      return Diagnostic(
        "E0102", "`\(function)` cannot be used yet", at: span,
        label: "it uses `\(needs)`, which is bound only at \(line(bound))",
        notes: [Diagnostic.Note(bound, "`\(needs)` is bound here")],
        help: ["move the line that binds `\(needs)` above this one, or pass it to `\(function)` as an argument"])
    case .unknownName(let name, let near, let meant, let assigned):
      var label = meant?.told ?? "", besides: [String] = []
      if let first = near.first {
        besides = meant.map { [$0.besides(name)] } ?? []
        let place = first.span == .none ? "" : " (\(line(first.span)))"
        let others = near.dropFirst().map { " or `\($0.name)`" }.joined()
        label = "did you mean `\(first.name)`\(place)\(others)?"
      }
      return Diagnostic(
        "E0103", "nothing is named `\(name)` here", at: span, label: label,
        help: besides
          + (assigned.map {
            ["to bind a new name that may be assigned again, write `var \(name) = …`\($0.before)"]
          } ?? []))
    case .wordOfAForm(let name, let form):
      return Diagnostic(
        "E0103", "nothing is named `\(name)` here", at: span, label: "it is written as a statement: `\(form)`")
    case .endOfIndex(let name):
      return Diagnostic(
        "E0103", "nothing is named `\(name)` here", at: span,
        label: "the last element is `x[-1]`, the one before it `x[-2]`")
    case .seesNotItself(let name, inFunction: false):
      return Diagnostic(
        "E0104", "`\(name)` has no value before it is bound here", at: span,
        label: "its first value cannot come from itself",
        help: ["bind `\(name)` first, in a line above this one, or use the name that is meant"])
    case .seesNotItself(let name, inFunction: true):
      return Diagnostic(
        "E0104", "`\(name)` cannot see itself", at: span, label: "`\(name)` is bound only after this function is made",
        help: ["write it as a named function, which can: `fn \(name)(…) = …`"])
    case .tooManyArguments(let callee, let signature, let given):
      let most = signature.parameters.prefix(signature.positionalCount).count
      return Diagnostic(
        "E0105", "`\(callee)` takes \(count(most, "argument")) by position and was given \(given)", at: span,
        help: [takes(signature)])
    case .missingArguments(let callee, let signature, let names):
      let quoted = names.map { "`\($0)`" }.joined(separator: " and ")
      return Diagnostic(
        "E0106", "`\(callee)` needs \(quoted)", at: span, label: "not given here", help: [takes(signature)])
    case .unknownArgument(let callee, let signature, let name, let near):
      return Diagnostic(
        "E0107", "`\(callee)` takes no argument `\(name)`", at: span, label: didYouMean(near), help: [takes(signature)])
    case .argumentTwice(let callee, let name, let byPosition):
      return Diagnostic(
        "E0108", "`\(callee)` is given `\(name)` twice", at: span,
        label: byPosition ? "it has already been given by position" : "it has already been given by name")
    case .noDefinitionTakes(let callee, let signatures, let given):
      return Diagnostic(
        "E0109", "no definition of `\(callee)` takes these arguments", at: span, label: "given: \(given)",
        help: signatures.map { "\(callee)(\($0.written))" })
    case .duplicateField(let name, let first):
      return Diagnostic(
        "E0111", "this record has the field `\(name)` twice", at: span, label: "the second one",
        notes: [Diagnostic.Note(first, "the first one")])
    case .duplicateInPattern(let name, let first):
      return Diagnostic(
        "E0112", "this pattern binds `\(name)` twice", at: span, label: "the second one",
        notes: [Diagnostic.Note(first, "the first one")])
    case .duplicateFunction(let name, let kind, let first):
      let what = kind.map { "`\(name)` is defined twice for the kind \($0)" } ?? "`\(name)` is defined twice"
      return Diagnostic(
        "E0113", what, at: span, notes: [Diagnostic.Note(first, "the first definition")],
        help: kind == nil
          ? ["name one of them differently, or define it per kind of its first argument: `fn \(name)(x: tensor) …`"]
          : [])
    case .unknownKind(let name, let near):
      return Diagnostic(
        "E0114", "there is no kind `\(name)`", at: span, label: didYouMean(near),
        help: ["kinds are \(kindNames.joined(separator: ", "))"])
    case .kindNotFirst(let parameter):
      return Diagnostic(
        "E0115", "only a first parameter can have a kind", at: span, label: "`\(parameter)` is not the first",
        help: ["a call picks a definition by the kind of its first argument alone"])
    case .assignToLet(let name, let bound, let isInner):
      return Diagnostic(
        "E0116", "`\(name)` was bound by `let` and cannot be assigned", at: span,
        notes: [Diagnostic.Note(bound, "bound here")],
        help: ["write `var \(name) = …` there" + (isInner ? "" : ", or bind it anew with `let \(name) = …`")])
    case .assignToCaptured(let name, let bound, let inside):
      let place: String
      switch inside {
      case .sweep, .condition: place = "a sweep's block"
      case .claim: place = "a claim"
      case .test, .expectation: place = "a test"
      case .function, .topLevel: place = "a function"
      }
      return Diagnostic(
        "E0117", "\(place) cannot assign `\(name)`, which belongs to the code around it", at: span,
        label: "it holds a copy of what `\(name)` held when it was made", notes: [Diagnostic.Note(bound, "bound here")],
        help: ["return the new value and assign it outside"])
    case .assignToParameter(let name, let bound, let isInner):
      return Diagnostic(
        "E0118", "`\(name)` is a parameter and cannot be assigned", at: span,
        notes: [Diagnostic.Note(bound, "bound here")],
        help: [
          isInner
            ? "parameters are bound like `let`; write `var \(name) = \(name)` at the beginning of the function"
            : "parameters are bound like `let`; write `var \(name) = \(name)` first, or `let \(name) = …` for a new one"
        ])
    case .assignToFixed(let name, let role, let bound):
      return Diagnostic(
        "E0119", "`\(name)` is \(role.described) and cannot be assigned", at: span,
        notes: [Diagnostic.Note(bound, "bound here")],
        help: role == .state
          ? ["a state is assigned by the function that captured it, in training"]
          : ["bind a name of your own: `var … = \(name)`"])
    case .assignToLibraryName(let name, let place):
      return Diagnostic(
        "E0120", "`\(name)` belongs to the standard library and cannot be assigned", at: span,
        help: ["a binding of your own hides it: `var \(name) = …`\(place.before)"])
    case .outsideFunction(let word):
      return Diagnostic(
        "E0121", "`\(word)` stands only inside a function", at: span,
        help: ["a model is a function that remembers its `param`s: `fn model() { param w = …; x -> … }`"])
    case .returnOutside(let inside):
      let text: String
      switch inside {
      case .sweep: text = "`return` cannot leave a sweep's block"
      case .claim: text = "`return` cannot leave a claim"
      case .test, .expectation: text = "`return` cannot leave a test"
      default: text = "`return` stands only inside a function"
      }
      return Diagnostic(
        "E0122", text, at: span, help: inside == .topLevel ? [] : ["the value of the block is its last expression"])
    case .outsideLoop(let word):
      return Diagnostic("E0123", "`\(word)` stands only inside a loop of the same function", at: span)
    case .notAtTopLevel(let word):
      return Diagnostic(
        "E0124", "`\(word)` stands only at the top level of a file", at: span, label: "here it is inside a block")
    case .stateAssignedElsewhere(let name, let bound):
      return Diagnostic(
        "E0125", "the state `\(name)` can be assigned only by the function that captured it", at: span,
        notes: [Diagnostic.Note(bound, "bound here")],
        help: ["assign it directly in the function that the model returns, not in one nested deeper"])
    case .boundsNotConstant:
      return Diagnostic(
        "E0126", "the bounds of an option are constants", at: span, label: "a range or a list of choices, written out")
    case .secondOption(let name, let first):
      return Diagnostic(
        "E0127", "there are two options named `\(name)`", at: span, label: "the second one",
        notes: [Diagnostic.Note(first, "the first one")])
    case .secondSeed:
      return Diagnostic(
        "E0128", "a file sets its seed once", at: span,
        help: ["draw under a key of its own instead: `with_key(key(\"again\"), f)`"])
    case .duplicateCoordinate(let name, let first):
      return Diagnostic(
        "E0130", "two coordinates of this sweep are named `\(name)`", at: span, label: "the second one",
        notes: [Diagnostic.Note(first, "the first one")])
    case .pairedByUnknown(let name, let coordinates):
      return Diagnostic(
        "E0131", "the sweep has no coordinate `\(name)` to be paired by", at: span,
        help: ["its coordinates are \(coordinates.joined(separator: ", "))"])
    case .unknownModule(let name, let near):
      return Diagnostic(
        "E0132", "there is no module `\(name)`", at: span, label: didYouMean(near),
        help: ["a file of your own is used by its path: `use \"./\(name).exp\"`"])
    case .unknownSetting(let name, let near, let options):
      // It stands on the command line, so nothing can be underlined.
      let suggestion = near.first.map { ["did you mean `\($0)`?"] } ?? []
      return Diagnostic(
        "E0133", "the study has no option `\(name)`", at: span,
        help: suggestion + [
          options.isEmpty ? "it has no options" : "its options are \(options.joined(separator: ", "))"
        ])
    case .capturedBeforeAssignment(let name, let function, let made):
      return Diagnostic(
        "E0150", "`\(function)` does not see this new value of `\(name)`", at: span,
        notes: [Diagnostic.Note(made, "`\(function)` took along what `\(name)` held here")],
        help: ["pass `\(name)` as an argument, or make the function after the last assignment"], severity: .warning)
    case .hidesCalledFunction(let name, let bound):
      return Diagnostic(
        "E0151", "`\(name)` is a plain value here and hides the function `\(name)`", at: span,
        notes: [Diagnostic.Note(bound, "bound here")], help: ["give the value another name"], severity: .warning)
    case .droppedComparison(let inTest):
      return Diagnostic(
        "E0152", "this comparison is thrown away", at: span,
        label: inTest ? "a test checks what stands behind `expect`" : "nothing uses its value",
        help: [inTest ? "write `expect` before it" : "`x = 3` assigns; a value of the function is its last expression"],
        severity: .warning)
    }
  }
}

/// Where an assignment stands: what is to keep its value must be bound outside of the blocks that end before the value is used.
enum AssignmentPlace {
  /// In the body of the function, or of the file, itself.
  case body
  /// In a block in it.
  case block
  /// In a loop in it.
  case loop

  /// Where the name is bound that the assignment lacks.
  var before: String {
    switch self {
    case .body: ""
    case .block: " before the block"
    case .loop: " before the loop"
    }
  }
}

/// The kinds by which a function may be defined.
let kindNames = [
  "number", "bool", "string", "list", "record", "range", "table", "tensor", "function", "figure",
]

extension Signature {
  /// How many arguments may be given by position: those before the first that stands, without a default, after one
  /// with.
  var positionalCount: Int {
    var count = 0, sawDefault = false
    for parameter in parameters {
      if parameter.isRest { return parameter.name == "_" ? count : Int.max }
      if parameter.hasDefault { sawDefault = true } else if sawDefault { return count }
      count += 1
    }
    return count
  }

  /// How many parameters a positional argument can be for itself; from a rest on it joins the rest.
  var placesBeforeRest: Int { parameters.firstIndex { $0.isRest } ?? parameters.count }

  /// Any named argument is accepted.
  var takesAnyName: Bool { parameters.contains { $0.isRest && $0.name == "_" } }

  /// The parameters as one would write them.
  var written: String {
    parameters.map { p in
      if p.isRest { return p.name == "_" ? "name: value, …" : "...\(p.name)" }
      return p.name + (p.kind.map { ": \($0)" } ?? "") + (p.hasDefault ? " = …" : "")
    }.joined(separator: ", ")
  }
}

extension BindingRole {
  /// With its article.
  var described: String {
    switch self {
    case .letName: "bound by `let`"
    case .varName: "a `var`"
    case .param: "a `param`"
    case .state: "a `state`"
    case .option: "an option of the study"
    case .parameter: "a parameter"
    case .function: "a function"
    case .loop: "bound by the loop"
    case .sweepCoordinate: "a coordinate of the sweep"
    case .module: "a module"
    }
  }
}

private func takes(_ signature: Signature) -> String {
  let names = signature.parameters.map {
    $0.isRest ? ($0.name == "_" ? "any named argument" : "...\($0.name)") : $0.name
  }
  return names.isEmpty ? "it takes no arguments" : "it takes \(names.joined(separator: ", "))"
}

private func didYouMean(_ near: [String]) -> String { near.first.map { "did you mean `\($0)`?" } ?? "" }

private func count(_ n: Int, _ noun: String) -> String { "\(n) \(noun)\(n == 1 ? "" : "s")" }

/// `line 11`, or the file and the line when the place is in another file.
private func line(_ span: Span) -> String {
  guard let file = SourceStore.shared.file(span.file) else { return "an earlier cell" }
  return "line \(file.position(Int(span.lower)).line)"
}
