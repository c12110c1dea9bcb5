import Diagnostics
import Resolution

extension Machine {
  /// What to say to a first argument that no definition of a function takes.
  func meantFirst(_ name: String, _ kinds: KindSet, _ first: Value) -> [String] {
    if let method = methodFromElsewhere(name, of: first, isCalled: true) { return [method] }
    if first.tag == .list || first.tag == .range, kinds.contains(.tensor) { return [Self.tensorOfList] }
    if first.tag == .list || first.tag == .string { return [] }
    guard kinds.isSubset(of: [.list, .range]), first.isNumber || first.tag == .tensor else { return [] }
    if first.isNumber { return ["it takes them as one list: `\(name)([\(brief(first)), …])`"] }
    if name == "concat" || name == "stack" { return ["it takes them as one list: `\(name)([a, b])`"] }
    return ["`to_list(t)` makes a list of a tensor; `t[1..<length(t)]` is a part of it, `t[-1]` its last entry"]
  }

  /// What to say where a list or range stands for a tensor.
  static let tensorOfList = "`tensor(xs)` makes a tensor of a list or range"

  @inline(never) func getFieldSlow(
    _ target: UnsafeMutablePointer<Value>, _ object: UnsafeMutablePointer<Value>,
    _ cache: UnsafeMutablePointer<InlineCache>, _ flags: Int
  ) throws {
    guard let found = try lookUp(object.pointee, cache) else {
      throw noField(object.pointee, cache.pointee.key.swiftString)
    }
    if flags & 1 != 0 { Machine.drop(heap, object) }
    Machine.put(heap, target, found)
  }

  @inline(never) func tryFieldSlow(
    _ target: UnsafeMutablePointer<Value>, _ object: UnsafeMutablePointer<Value>,
    _ cache: UnsafeMutablePointer<InlineCache>, _ flags: Int
  ) throws -> Bool {
    guard let found = try lookUp(object.pointee, cache) else { return false }
    if flags & 1 != 0 { Machine.drop(heap, object) }
    Machine.put(heap, target, found)
    return true
  }

  /// Replaces a receiver by its field when that can be called.
  @inline(never) func tryMethod(
    _ slot: UnsafeMutablePointer<Value>, _ cache: UnsafeMutablePointer<InlineCache>
  ) throws -> Bool {
    guard let found = try lookUp(slot.pointee, cache) else { return false }
    guard found.isFunction else {
      heap.release(found)
      return false
    }
    Machine.put(heap, slot, found)
    return true
  }

  /// The field of a cache's name, owned; fills the cache for records.
  private func lookUp(_ object: Value, _ cache: UnsafeMutablePointer<InlineCache>) throws -> Value? {
    let name = cache.pointee.key
    guard object.tag == .record else {
      if let found = try member(of: object, named: name) { return found }
      guard object.tag == .table, let other = otherSpelling(of: name, in: object.box.pointee.first) else { return nil }
      return heap.retained(object.box.pointee.first.record.values[other])
    }
    var index = object.record.shape.index(of: name.string)
    if index < 0, let other = otherSpelling(of: name, in: object) { index = other }
    guard index >= 0 else { return nil }
    cache.pointee.shape = object.record.shape.pointee.id
    cache.pointee.index = Int32(truncatingIfNeeded: index)
    return heap.retained(object.record.values[index])
  }

  /// The index of the one field of a record whose name is the one behind a dot but for how its accents are written:
  /// names in source are in normal form C, those that come of files and strings as they stand there. Nil where none or
  /// several are.
  func otherSpelling(of name: Value, in record: Value) -> Int? {
    if name.string.isASCII { return nil }
    // Texts are equal where they are canonically equivalent.
    let text = name.swiftString
    let found = (0..<record.record.count).filter { record.record.name($0) == text }
    return found.count == 1 ? found[0] : nil
  }

  /// The member of a name, owned; nil when there is none.
  func member(of object: Value, named name: Value) throws -> Value? {
    switch object.tag {
    case .record: return withKey(name) { heap.field(object, $0) }.map(heap.retained)
    case .table:
      if let column = withKey(name, { heap.field(object.box.pointee.first, $0) }) { return heap.retained(column) }
      let attachments = object.box.pointee.second
      guard attachments.tag == .record else { return nil }
      return withKey(name) { heap.field(attachments, $0) }.map(heap.retained)
    case .module: return try moduleMember(object, name)
    case .closure:
      let text = name.swiftString
      let prototype = object.closure.prototype
      guard let index = prototype.captures.firstIndex(where: { $0.name == text && $0.isField }) else { return nil }
      let slot = object.closure.captures[index]
      return prototype.captures[index].role == .state ? try TensorHooks.readState(self, slot) : heap.retained(slot)
    case .tensor: return try TensorHooks.field(self, object, name.swiftString)
    default: return nil
    }
  }

  /// Names that may stand behind the dot.
  func memberNames(_ object: Value) -> [String] {
    switch object.tag {
    case .record: return (0..<object.record.count).map { object.record.name($0) }
    case .table:
      let columns = object.box.pointee.first.record
      return (0..<columns.count).map { columns.name($0) }
    case .module:
      let members = object.box.pointee.second
      return members.tag == .record ? (0..<members.record.count).map { members.record.name($0) } : []
    case .closure: return object.closure.prototype.captures.filter(\.isField).map(\.name)
    default: return []
    }
  }

  /// The name behind a dot is neither a field of the receiver, which stands behind `slot`, nor a function: it is what
  /// stands in `slot`.
  @inline(never) func notAMethod(
    _ loaded: UnsafeMutablePointer<LoadedPrototype>, _ slot: UnsafeMutablePointer<Value>, _ number: Int
  ) -> RuntimeError {
    let prototype = loaded.pointee.prototype.takeUnretainedValue()
    let (name, bound, isCalled) = prototype.methods[number]
    let use: FieldUse = isCalled ? .called : .read
    let key = heap.interned(name)
    defer { heap.release(key) }
    if let field = try? member(of: slot[1], named: key) {
      defer { heap.release(field) }
      return notAFunction(field)
    }
    // Of a record's misspelt field, and of none, that says nothing.
    let isHiding = bound != .none && library.prelude.names[name]?.isEmpty == false
    guard !slot[1].isNone, isHiding || memberNames(slot[1]).isEmpty else { return missingField(slot[1], name, use) }
    let what = isHiding ? "and hides the library's function" : "which is no function"
    return missingField(
      slot[1], name, use, hint: "`\(name)` is \(brief(slot.pointee)) here\(line(bound, prototype)), \(what)", isHiding)
  }

  /// A receiver has no field of a name that no function behind the dot has either.
  private func noField(_ object: Value, _ name: String) -> RuntimeError {
    let loaded = frame.pointee.prototype
    let prototype = loaded.pointee.prototype.takeUnretainedValue()
    let instruction = frame.pointee.code - loaded.pointee.code - 1
    let use: FieldUse = prototype.calledFields.contains(instruction) ? .called : .read
    guard !object.isNone, let bound = prototype.hidingNames[instruction] else { return missingField(object, name, use) }
    let place = line(bound, prototype)
    let what = "another `\(name)`\(place)\(place.isEmpty ? "" : ",") hides the library's function here"
    return missingField(object, name, use, hint: what, true)
  }

  /// `, from line 3` of the same file.
  private func line(_ bound: Span, _ prototype: Prototype) -> String {
    let file = bound.file == prototype.span.file ? SourceStore.shared.file(bound.file) : nil
    return file.map { ", from line \($0.position(Int(bound.lower)).line)" } ?? ""
  }

  /// A missing field with what its name stands for otherwise.
  private func missingField(
    _ object: Value, _ name: String, _ use: FieldUse, hint: String, _ isHiding: Bool
  ) -> RuntimeError {
    var error = missingField(object, name, use)
    error.help.insert(hint, at: 0)
    if isHiding, memberNames(object).isEmpty { error.label = "no such field" }
    return error
  }

  /// How a field is asked for: `x.f`, `x.f()` or `x["f"]`.
  enum FieldUse { case read, called, indexed }

  func missingField(_ object: Value, _ name: String, _ use: FieldUse = .read) -> RuntimeError {
    let names = memberNames(object)
    let noun = object.tag == .table ? "column" : object.tag == .module ? "member" : "field"
    if object.isNone {
      return RuntimeError(
        "E0208", "none has no field `\(name)`", label: "this is none", help: ["`x?.\(name)` is none where x is none"])
    }
    var help: [String] = []
    if !names.isEmpty {
      let listed = names.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
      help.append("its \(noun)s are \(listed)\(names.count > 20 ? ", …" : "")")
    }
    if object.tag == .table, case let reasons = failures(object), let first = reasons[0],
      reasons.count == object.tableRowCount
    {
      help.append("all \(reasons.count) trials failed, the first with: \(first)")
    }
    for other in names where other == name && !other.utf8.elementsEqual(name.utf8) {
      let written = other.unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }
      help.append("its `\(other)` is written with other characters: `\"\(written.joined())\"`")
    }
    // What has no fields is only followed by functions.
    var label = "no such \(noun)"
    var near = names.isEmpty ? nil : nearNames(name, among: names).first
    // What holds data may have lacked a field of any name: that a function is meant only its call tells.
    let holdsData = [.record, .table, .module].contains(object.tag)
    if use != .indexed, let ours = methodFromElsewhere(name, of: object, isCalled: use == .called) {
      help.append(ours)
    } else if near == nil, use != .indexed {
      let isKnown = { [library] in library.prelude.names[$0] != nil }
      switch holdsData && use == .read ? nil : counterpart(of: name, isKnown: isKnown) {
      case .advice(let told)?: help.append(told)
      case let meant?: label = meant.told
      case nil: near = names.isEmpty ? nearNames(name, among: library.prelude.names.keys.sorted()).first : nil
      }
    }
    if let near { label = "did you mean `\(near)`?" }
    if near == nil { help += unquoted(object, exactly: true) }
    return RuntimeError(
      "E0208", "\(brief(object)) has no \(noun) `\(name)`",
      label: label, help: help)
  }

  @inline(never) func setFieldSlow(
    _ object: UnsafeMutablePointer<Value>, _ value: UnsafeMutablePointer<Value>,
    _ cache: UnsafeMutablePointer<InlineCache>, _ flags: Int
  ) throws {
    var name = cache.pointee.key
    switch object.pointee.tag {
    case .record:
      if !name.string.isASCII, heap.field(object.pointee, name) == nil,
        let other = otherSpelling(of: name, in: object.pointee)
      {
        name = object.pointee.record.key(other)
      }
      object.pointee = heap.setField(object.pointee, name, heap.retained(value.pointee))
      cache.pointee.shape = object.pointee.record.shape.pointee.id
      cache.pointee.index = Int32(truncatingIfNeeded: object.pointee.record.shape.index(of: name.string))
      if flags & 1 != 0 { Machine.drop(heap, value) }
    default:
      heap.retain(value.pointee)
      do {
        let place = try fieldStep(object, name.swiftString, mayAdd: true)
        Machine.put(heap, place, value.pointee)
      } catch {
        heap.release(value.pointee)
        throw error
      }
      if flags & 1 != 0 { Machine.drop(heap, value) }
    }
  }
}
