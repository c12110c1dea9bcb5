import Diagnostics
import Records

/// All code that a value reaches: the functions in it, those they make, and the library functions they name, each once,
/// in an order that depends on the code alone. Its hash says what is computed: comments, layout, prose and the code of
/// others do not enter, unless the code asks for them.
final class ReachableCode {
  /// The functions, in the order in which they were reached.
  private(set) var prototypes: [Prototype] = []
  private var units = HeldUnits()
  /// SHA-256 of all of it.
  private(set) var hash: [UInt8] = []
  private var numbers: [ObjectIdentifier: Int] = [:]
  private var names: [String: Int] = [:]
  private var libraryNames: [String] = []

  /// Throws what a library file throws that cannot be compiled.
  init(from roots: [PortableValue], in machine: Machine) throws {
    for root in roots { reach(root) }
    var (nextPrototype, nextName) = (0, 0)
    var library = SHA256()
    while nextPrototype < prototypes.count || nextName < libraryNames.count {
      while nextPrototype < prototypes.count {
        let prototype = prototypes[nextPrototype]
        nextPrototype += 1
        for child in prototype.children { number(child.prototype) }
        for instruction in prototype.code where instruction.op == .getPrelude {
          reach(prototype.cacheNames[instruction.c])
        }
      }
      if nextName < libraryNames.count {
        let name = libraryNames[nextName]
        nextName += 1
        guard let value = try machine.portable(libraryName: name) else { continue }
        reach(value)
        library.update(SHA256.bytes(Array(name.utf8)) + Digest.bytes(.exact, of: value) { self.word(for: $0) })
      }
    }
    var words = CodeWords()
    for prototype in prototypes { words.add(prototype, numbered: number) }
    var whole = SHA256()
    words.bytes.withUnsafeBytes { whole.update($0) }
    whole.update(library.finish())
    if readsText { for file in files { whole.update(SHA256.bytes(file.bytes)) } }
    hash = whole.finish()
  }

  /// Whether the text itself may be a result: `source` of a function, or the line of an error that was caught.
  private var readsText: Bool { names["source"] != nil || prototypes.contains(where: \.readsErrorLines) }

  /// The files of the functions, in the order in which they were reached.
  private var files: [SourceFile] {
    var seen: Set<UInt32> = []
    return prototypes.compactMap { seen.insert($0.span.file).inserted ? SourceStore.shared.file($0.span.file) : nil }
  }

  /// What stands for a function in a digest: its number in this code.
  func word(for prototype: Prototype) -> [UInt8] {
    SHA256.bytes(Array("function \(numbers[ObjectIdentifier(prototype)] ?? -1)".utf8))
  }

  /// The functions by name, in order of first appearance, each with a hash of its own code; functions of one name together.
  var parts: [(name: String, hash: [UInt8])] {
    var order: [String] = []
    var hashes: [String: [UInt8]] = [:]
    for prototype in prototypes {
      var words = CodeWords()
      words.add(prototype) { _ in 0 }
      if hashes[prototype.name] == nil { order.append(prototype.name) }
      hashes[prototype.name, default: []] += SHA256.bytes(words.bytes)
    }
    return order.map { ($0, SHA256.bytes(hashes[$0] ?? [])) }
  }

  /// SHA-256 of a function's own code and that of the functions that it makes.
  static func ownHash(of prototype: Prototype) -> [UInt8] {
    var words = CodeWords()
    words.add(prototype) { _ in 0 }
    return SHA256.bytes(words.bytes + prototype.children.flatMap { ownHash(of: $0.prototype) })
  }

  /// The number of a function; nil when it is not among them.
  func position(of prototype: Prototype) -> Int? { numbers[ObjectIdentifier(prototype)] }

  private func reach(_ value: PortableValue) {
    for node in value.nodes {
      switch node {
      case .closure(let prototype, _): number(prototype)
      case .plain(let value) where value.tag == .native: reach(NativeTable.shared.groups[value.asInt].name)
      default: continue
      }
    }
  }

  private func reach(_ name: String) {
    guard names[name] == nil else { return }
    names[name] = libraryNames.count
    libraryNames.append(name)
  }

  @discardableResult private func number(_ prototype: Prototype) -> Int {
    let id = ObjectIdentifier(prototype)
    if let known = numbers[id] { return known }
    numbers[id] = prototypes.count
    prototypes.append(prototype)
    units.hold(prototype)
    return prototypes.count - 1
  }
}

extension Machine {
  /// What a library name stands for, natives left out of account; nil for a name of natives alone, whose meaning belongs
  /// to the numerics version.
  fileprivate func portable(libraryName name: String) throws -> PortableValue? {
    guard library.definitions[name] != nil else { return nil }
    return try portable(try libraryValue(named: name))
  }
}

/// The parts of functions that decide what they compute, one after the other, without ambiguity.
private struct CodeWords {
  private(set) var bytes: [UInt8] = []

  private mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
  private mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }
  private mutating func add(_ flag: Bool) { bytes.append(flag ? 1 : 0) }
  private mutating func add(_ text: String) {
    let utf8 = Array(text.utf8)
    add(utf8.count)
    bytes += utf8
  }
  private mutating func add<Element>(_ list: [Element], _ body: (inout CodeWords, Element) -> Void) {
    add(list.count)
    for element in list { body(&self, element) }
  }

  mutating func add(_ prototype: Prototype, numbered: (Prototype) -> Int) {
    add(prototype.name)
    add(prototype.parameters) { words, parameter in
      words.add(parameter.name)
      words.add(UInt64(parameter.kinds.rawValue))
      words.add(parameter.hasDefault)
      words.add(parameter.isRest)
    }
    add(prototype.captures) { words, capture in
      words.add(capture.name)
      words.add(capture.role.rawValue)
    }
    add(prototype.code) { $0.add($1.bits) }
    add(prototype.constants) { $0.add($1) }
    add(prototype.children.map { numbered($0.prototype) }) { $0.add($1) }
    add(prototype.handlers) { words, handler in
      for part in [handler.lower, handler.upper, handler.target, handler.register, handler.clearFrom] {
        words.add(part)
      }
    }
    add(prototype.calls) { words, call in words.add(call.arguments) { $0.add($1) } }
    add(prototype.recipes) { words, recipe in
      words.add(recipe.children) { words, child in
        words.add(child.child)
        words.add(UInt64(child.kinds.rawValue))
      }
      words.add(recipe.sources) { $0.add($1) }
    }
    add(prototype.keyLists) { words, keys in words.add(keys) { $0.add($1) } }
    add(prototype.indexLists) { words, list in words.add(list.isWhole) { $0.add($1) } }
    add(prototype.paths) { $0.add($1) }
    add(prototype.sweeps) { $0.add($1) }
    add(prototype.cacheNames) { $0.add($1) }
  }

  private mutating func add(_ constant: Prototype.Constant) {
    switch constant {
    case .none: bytes.append(0)
    case .bool(let value): bytes.append(value ? 2 : 1)
    case .int(let value):
      bytes.append(3)
      add(value)
    case .float(let bits):
      bytes.append(4)
      add(bits)
    case .string(let text):
      bytes.append(5)
      add(text)
    case .list(let parts):
      bytes.append(6)
      add(parts) { $0.add($1) }
    }
  }

  private mutating func add(_ argument: Prototype.CallShape.Argument) {
    switch argument {
    case .positional: bytes.append(0)
    case .spread: bytes.append(1)
    case .named(let name):
      bytes.append(2)
      add(name)
    }
  }

  private mutating func add(_ path: Prototype.AssignmentPath) {
    add(path.steps) { words, step in
      switch step {
      case .field(let name):
        words.add(true)
        words.add(name)
      case .index(let isWhole):
        words.add(false)
        words.add(isWhole) { $0.add($1) }
      case .local(let register):
        words.bytes.append(2)
        words.add(register)
      case .constant(let index):
        words.bytes.append(3)
        words.add(index)
      }
    }
    add(path.operation?.rawValue ?? "")
  }

  private mutating func add(_ sweep: Prototype.SweepDescription) {
    add(sweep.name)
    add(sweep.axes) { $0.add($1) }
    add(sweep.isZip)
    add(sweep.pairedBy != nil)
    add(sweep.pairedBy ?? []) { $0.add($1) }
    add(sweep.hasCondition)
  }
}
