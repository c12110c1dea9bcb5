import Diagnostics
import Notation
import Records
import Resolution

/// What a session was before a cell, as far as the cell may change it. Each binding has a slot of its own and values are
/// immutable, so only the slots of `var`s and of `_` change, and those of names that were hidden are emptied.
struct SessionMoment {
  var nextSlot: Int
  var lastSlot: Int?
  /// Whether `_` was a name.
  var isLastNamed: Bool
  /// What the slots that may change held; owned.
  var values: [(slot: Int, value: Value)]
  /// Names that were hidden since, with what they held; owned.
  var hidden: [(binding: GlobalBinding, value: Value)] = []
  /// How often the places had been met that were met since.
  var places: [String: Int] = [:]
  var rootSeed: Int
  var resultCount: Int
}

/// What `undo` changed.
public struct UndoneCell: Sendable, Hashable {
  /// Names that are gone.
  public var removed: [String] = []
  /// Names that hold again what they held before.
  public var restored: [String] = []
  /// Whether it changed any name at all.
  public var isEmpty: Bool { removed.isEmpty && restored.isEmpty }
}

/// Where a result of a session came from.
public struct ResultOrigin: Sendable, Hashable {
  /// The name under which its statement drew: `key(place)` is the key of its draws.
  public var place: String
  /// Where its statement begins in the text of its cell, in bytes.
  public var offset: Int
}

extension Session {
  /// Cells that can be undone; older ones are forgotten.
  public static let undoDepth = 100
  /// Earlier results that stay reachable as `_1`, `_2`, …; older ones are forgotten.
  public static let resultDepth = 200

  /// How many cells `undoCell` could take back.
  public var undoableCells: Int { moments.count }

  /// The number of the last result: it is `_` and `_n`. 0 before the first.
  public var lastResult: Int { resultCount }

  /// Takes back the last cell that began to run, exactly: names, what they held, results, and where draws go on. Gives
  /// what changed; nil when there is nothing to take back.
  public func undoCell() -> UndoneCell? {
    guard let moment = moments.popLast() else { return nil }
    var undone = UndoneCell()
    for global in names.bindings where !Self.isResult(global.name) {
      let before =
        global.slot < moment.nextSlot
        ? moment.values.first { $0.slot == global.slot }?.value ?? held(global.slot)
        : moment.hidden.first { $0.binding.name == global.name }?.value
      guard let before else {
        undone.removed.append(global.name)
        continue
      }
      if !before.isIdentical(held(global.slot)) { undone.restored.append(global.name) }
    }
    for slot in moment.nextSlot..<max(nextSlot, moment.nextSlot) { put(.none, at: slot) }
    for (slot, value) in moment.values { put(machine.heap.retained(value), at: slot) }
    for (binding, value) in moment.hidden where binding.slot < moment.nextSlot {
      put(machine.heap.retained(value), at: binding.slot)
    }
    restore(moment)
    release(moment)
    machine.rootSeed = moment.rootSeed
    host.seeded(moment.rootSeed)
    return undone
  }

  /// Whether a name is `_` or `_3`, which the session binds itself.
  static func isResult(_ name: String) -> Bool { name.hasPrefix("_") && name.dropFirst().allSatisfy(\.isNumber) }

  /// What is wrong with a name that a cell binds: results are numbered by the session alone.
  static func problemWithName(_ bound: GlobalBinding) -> Diagnostic? {
    guard isResult(bound.name), bound.name != "_" else { return nil }
    return Diagnostic(
      "E0028", "`\(bound.name)` is the name of a result and cannot be given to anything else", at: bound.span,
      label: "choose another name")
  }

  func moment() -> SessionMoment {
    let changing = names.bindings.filter { $0.role == .varName }.map(\.slot) + (lastSlot.map { [$0] } ?? [])
    return SessionMoment(
      nextSlot: nextSlot, lastSlot: lastSlot, isLastNamed: names["_"] != nil,
      values: changing.map { ($0, machine.heap.retained(held($0))) }, rootSeed: machine.rootSeed,
      resultCount: resultCount)
  }

  /// Keeps a moment before a cell. What was kept gives way when it takes much memory.
  func keep(_ moment: SessionMoment) {
    moments.append(moment)
    let state = machine.heap.state
    while moments.count > Self.undoDepth || moments.count > 1 && state.pointee.bytes > state.pointee.byteLimit / 4 {
      release(moments.removeFirst())
    }
  }

  func release(_ moment: SessionMoment) {
    for (_, value) in moment.values { machine.heap.release(value) }
    for (_, value) in moment.hidden { machine.heap.release(value) }
  }

  /// Empties the slot of a binding that a later one hides, and keeps what it held for `undoCell`: functions captured what they
  /// held, and nothing else can reach it.
  func hide(_ binding: GlobalBinding?) {
    guard let binding, let last = moments.indices.last else { return }
    moments[last].hidden.append((binding, machine.heap.retained(held(binding.slot))))
    put(.none, at: binding.slot)
  }

  /// Empties the slots of the last cell that no name is bound to: of statements that failed, and of names that it bound twice.
  func forgetUnbound() {
    guard let first = moments.last?.nextSlot else { return }
    let bound = Set(names.bindings.reversed().prefix { $0.slot >= first }.map(\.slot))
    for slot in first..<nextSlot where !bound.contains(slot) { put(.none, at: slot) }
  }
}

// MARK: what is bound

/// A name of a session.
public struct SessionVariable: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// `let`, `var`, `fn`, `option`, `use`, or `result` for `_3`.
  public var role: String
  /// What it holds, such as `tensor f32 [3, 4]`.
  public var type: String
  /// What it holds, on one line.
  public var value: String
}

extension Session {
  /// All names of the session in the order in which they were bound; `_` is left out.
  public var variables: [SessionVariable] {
    names.bindings.filter { $0.name != "_" }.map { global in
      let value = held(global.slot)
      return SessionVariable(
        name: global.name, role: Self.isResult(global.name) ? "result" : Self.word(global.role),
        type: machine.typeText(value), value: machine.brief(value))
    }
  }

  /// The SHA-256 of what each name holds; `_` is left out. Equal sessions have equal digests, where functions that were
  /// `renamed`, by their new names, count as those that they were.
  public func fingerprints(renamed: [String: String] = [:]) -> [(name: String, digest: String)] {
    names.bindings.filter { $0.name != "_" }.map { ($0.name, machine.fingerprint(held($0.slot), renamed: renamed)) }
      .sorted { $0.name < $1.name }
  }

  private static func word(_ role: BindingRole) -> String {
    switch role {
    case .varName: "var"
    case .function: "fn"
    case .option: "option"
    case .module: "use"
    default: "let"
    }
  }
}

extension Machine {
  /// What a value is, with its shape: `tensor f32 [3, 4]`, `record { a: int }`.
  func typeText(_ value: Value, depth: Int = 0) -> String {
    switch value.tag {
    case .tensor:
      guard let operand = TensorOperations(self).operand(value) else { return "tensor" }
      if operand.isNumber { return operand.type == .bool ? "bool" : operand.type.isFloat ? "float" : "int" }
      let shape = operand.shape.map(String.init).joined(separator: ", ")
      return "tensor \(operand.type.name) [\(shape)]"
    case .list:
      let count = value.list.count
      let kinds = Set((0..<min(count, 1000)).map { value.list.elements[$0].kindName })
      return "list of \(count)" + (kinds.count == 1 ? ": \(kinds.first ?? "")" : "")
    case .record:
      guard depth < 2 else { return "record" }
      let fields = (0..<min(value.record.count, 12)).map {
        "\(StringLiteral.fieldName(value.record.name($0))): \(typeText(value.record.values[$0], depth: depth + 1))"
      }
      guard !fields.isEmpty else { return "record {}" }
      return "record { \(fields.joined(separator: ", "))\(value.record.count > 12 ? ", …" : "") }"
    case .table:
      let columns = value.box.pointee.first.record
      let names = (0..<min(columns.count, 12)).map { columns.name($0) }.joined(separator: ", ")
      let rows = "\(value.tableRowCount) row\(value.tableRowCount == 1 ? "" : "s")"
      return "table of \(rows): \(names)\(columns.count > 12 ? ", …" : "")"
    case .native, .closure, .overload, .bound:
      guard let scan = try? TreeScan(value, wantsPaths: true, machine: self), !scan.params.isEmpty else {
        return functionText(value)
      }
      let sizes = scan.modelTensors.filter(\.isTrainable).compactMap { TensorOperations(self).operand($0.value)?.shape }
      return "function with \(sizes.reduce(0) { $0 + $1.reduce(1, *) }) parameters"
    default: return value.kindName
    }
  }

  /// The SHA-256 of a value, its functions told apart by their text.
  func fingerprint(_ value: Value, renamed: [String: String]) -> String {
    guard let portable = try? portable(value) else { return "unknown" }
    let names = renamed.sorted { $0.key.count > $1.key.count }
    return Digest.hex(of: portable) {
      let text = names.reduce($0.name + SourceText.whole($0.span)) { $0.replacing($1.key, with: $1.value) }
      return SHA256.bytes(Array(text.utf8))
    }
  }
}
