import Records

/// What any value can do, and what a program says to the world.
extension Natives {
  static let basics: [NativeFunction] = [
    NativeFunction(
      "kind", ["x"],
      doc:
        "What a value is: \"none\", \"bool\", \"number\", \"string\", \"list\", \"record\", \"range\", \"tensor\", \"function\", \"table\", \"figure\" or \"module\".",
      example: "kind(0.5)  # => \"number\""
    ) { call in call.heap.interned(call[0].isNumber ? "number" : call[0].kindName) },
    NativeFunction(
      "same", ["a", "b"], doc: "Whether two values are equal by content; NaN is same as NaN.",
      example: "same([1, nan], [1, nan])  # => true"
    ) { call in Value(call.machine.isSame(call[0], call[1])) },
    NativeFunction(
      "length", ["x"],
      doc:
        "How many elements a list, range or first axis of a tensor has, characters a string, fields a record, rows a table.",
      example: "length([3, 1, 2])  # => 3"
    ) { call in
      guard call.machine.isIterable(call[0]) else {
        throw call.mismatch(0, "a list, range, string, record, table or tensor")
      }
      return Value(try call.machine.iterationCount(call[0]))
    },
    NativeFunction(
      "unique", ["xs"], kinds: [.list, .range],
      doc:
        "`{ values, ids }`: the distinct elements in order of first appearance, and for each element the index of its value.",
      example: "unique([\"b\", \"a\", \"b\"])  # => { values: [\"b\", \"a\"], ids: [0, 1, 0] }"
    ) { call in try unique(call) },
    NativeFunction(
      "text", ["x", "format?"], doc: "A value as interpolation writes it, in one of Python's formats if one is given.",
      example: "text(0.5, \".2f\")  # => \"0.50\""
    ) { call in
      guard call.has(1) else { return call.heap.string(try call.machine.displayText(call[0])) }
      return call.heap.string(try call.machine.formatted(call[0], try call.text(1)))
    },
    NativeFunction(
      "join", ["xs", "with?"], kinds: [.list, .range], doc: "The elements as interpolation writes them, in one string.",
      example: "join([1, 2], \", \")  # => \"1, 2\""
    ) { call in try joined(call) },
    NativeFunction(
      "print", ["...xs"], doc: "Writes values as text, separated by spaces.", example: "print(\"loss\", 0.5)"
    ) { call in
      try TensorHooks.requireUntraced(call.machine, "print")
      let xs = try call.list(0)
      let text = try (0..<xs.count).map { try call.machine.displayText(xs.elements[$0]) }.joined(separator: " ")
      call.machine.host.print(text)
      return .none
    },
    NativeFunction(
      "fail", ["message", "as?"],
      doc: "Ends the computation with an error; `as: \"diverged\"` makes a trial count as diverged rather than failed.",
      example: "try { fail(\"no\") } catch e { e.message }  # => \"no\""
    ) { call in
      var error = RuntimeError("E0200", try call.machine.displayText(call[0]), label: "raised here")
      if let kind = try call.optionalText(1) {
        guard kind == "diverged" || kind == "failed" else { throw call.mismatch(1, "\"diverged\" or \"failed\"") }
        error.marksDivergence = kind == "diverged"
      }
      throw error
    },
    NativeFunction(
      "checked", ["x", "name", "low?", "high?", "below?", "whole?"],
      doc:
        "A number that was given as the argument `name`, if it is at least `low`, at most `high`, below `below` and, with `whole`, without a fraction, an int then; otherwise an error that says so. A tensor is taken as it is: in compiled steps a check costs nothing.",
      example: """
        checked(0.5, "rate", 0, 1)  # => 0.5
        checked(100.0, "steps", 0, whole: true)  # => 100
        try { checked(-2, "steps", 0, whole: true) } catch e { e.id }  # => "E0200"
        try { checked("0.5", "rate", 0, 1) } catch e { e.id }  # => "E0200"
        """
    ) { call in
      try checkBounds(call)
      if try call.bool(5, default: false), call[0].tag == .float, let int = Int(exactly: call[0].asDouble) {
        return Value(int)
      }
      return call.take(0)
    },
    NativeFunction(
      "track", ["..._"],
      doc: "Writes a row of named values into the series of the trial, or of the run, and returns it.",
      example: "track(step: 1, loss: 0.5)  # => { step: 1, loss: 0.5 }"
    ) { call in
      try TensorHooks.requireUntraced(call.machine, "track")
      let machine = call.machine
      if let trial = machine.trial {
        try trial.track(call[0], machine)
      } else {
        machine.host.track(try machine.fields(call[0]))
      }
      return call.take(0)
    },
    NativeFunction(
      "progress", ["step", "total?", "loss?"], doc: "Says how far a long computation is.", example: "progress(10, 100)"
    ) { call in
      let report = ProgressReport(
        step: try call.int(0), total: call.has(1) ? try call.int(1) : nil, loss: call.has(2) ? try call.double(2) : nil)
      if let trial = call.machine.trial { trial.progress(report) } else { call.machine.host.progress(report) }
      return .none
    },
    NativeFunction(
      "has_data", ["name"], kinds: .string,
      doc: "Whether a data file, plain or packed as `.gz`, lies under the data directories.",
      example: "has_data(\"no-such-file\")  # => false"
    ) { call in
      try TensorHooks.requireUntraced(call.machine, call.function.name)
      let name = try call.text(0)
      return Value(["", ".gz"].contains { call.machine.host.dataFile(name + $0).path != nil })
    },
    NativeFunction(
      "parameter_names", ["f", "required?"], kinds: .function,
      doc: "The names of a function's parameters, in order; with `required: true` of those that it cannot do without.",
      example: "parameter_names((x, y) -> x)  # => [\"x\", \"y\"]"
    ) { call in
      let names = call.machine.parameterNames(call[0], required: try call.bool(1, default: false))
      return call.heap.list(names.map { call.heap.string($0) })
    },
    NativeFunction(
      "source", ["f"], kinds: .function, doc: "The text of a function written in Exp.",
      example: "source(x -> x)  # => \"x -> x\""
    ) { call in
      call.heap.string(call.machine.sourceText(call[0]))
    },
  ]

  private static func unique(_ call: NativeCall) throws -> Value {
    let machine = call.machine, heap = call.heap, hash = ContentHash(machine)
    // The latest value of each hash, and of each value the one before it of the same hash.
    var latest: [UInt64: Int] = [:], before: [Int] = []
    var values = heap.emptyList(capacity: 8)
    do {
      let ids = try machine.list(of: try machine.iterationCount(call[0])) { i in
        let element = try machine.iterationElement(call[0], i)
        let code = hash(element)
        var place = latest[code] ?? -1
        while place >= 0, !machine.isSame(values.list.elements[place], element) { place = before[place] }
        if place >= 0 {
          heap.release(element)
          return Value(place)
        }
        before.append(latest.updateValue(before.count, forKey: code) ?? -1)
        values = heap.append(element, to: values)
        // A comparison that an interrupt ended says that values differ.
        try machine.pollInterrupt()
        return Value(before.count - 1)
      }
      return heap.record([("values", values), ("ids", ids)])
    } catch {
      heap.release(values)
      throw error
    }
  }
}

extension Machine {
  /// Names of the parameters of a function; of the first definition of a set.
  func parameterNames(_ function: Value, required: Bool = false) -> [String] {
    switch function.tag {
    case .closure:
      return function.closure.prototype.parameters.filter { !required || !($0.hasDefault || $0.isRest) }.map(\.name)
    case .overload:
      let members = function.box.pointee.second.list
      return members.count > 1 ? parameterNames(members.elements[1], required: required) : []
    case .native, .bound:
      return native(function).signature.parameters.filter { !required || !($0.hasDefault || $0.isRest) }.map(\.name)
    default: return []
    }
  }

  /// The text of a function, of all its definitions; of a native that it is one.
  func sourceText(_ function: Value) -> String {
    let texts = sourceTexts(function)
    return texts.isEmpty ? "# \(functionName(function)) is a native function" : texts.joined(separator: "\n\n")
  }

  /// The texts of the definitions of a function that are written in Exp.
  private func sourceTexts(_ function: Value) -> [String] {
    switch function.tag {
    case .closure: return [SourceText.unindented(function.closure.prototype.span)]
    case .overload:
      let members = function.box.pointee.second.list
      return stride(from: 1, to: members.count, by: 2).flatMap { sourceTexts(members.elements[$0]) }
    default: return []
    }
  }
}
