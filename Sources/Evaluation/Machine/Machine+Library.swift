import Diagnostics
import Foundation
import Resolution
import Syntax

/// Library names and modules as values of this interpreter.
extension Machine {
  /// The value of a library name (an interned string), borrowed: natives and definitions of all files as one set.
  @inline(never) func libraryValue(_ key: Value) throws -> Value { try libraryValue(named: key.swiftString) }

  func libraryValue(named name: String) throws -> Value {
    if let known = libraryValues[name] { return known }
    if let constant = StandardLibrary.constants[name] { return constant }
    var members: [(KindSet, Value)] = []
    if let number = NativeTable.shared.numbers[name] {
      members.append((NativeTable.shared.groups[number].kinds, Value(tag: .native, bits: UInt64(number))))
    }
    for file in library.definitions[name] ?? [] {
      if let value = try libraryMembers(defining: name, inFile: file)[name] { members += definitions(of: value) }
    }
    guard let first = members.first else {
      throw RuntimeError("E0101", "`\(name)` is not known", label: "no such name in the library")
    }
    let value: Value
    if members.count == 1, first.0 == .any || first.1.tag == .native {
      value = heap.retained(first.1)
    } else {
      value = set(named: name, members)
    }
    libraryValues[name] = value
    return value
  }

  /// A set of definitions, owned; they are borrowed.
  private func set(named name: String, _ members: [(KindSet, Value)]) -> Value {
    var list = heap.emptyList(capacity: members.count * 2)
    for (kinds, member) in members {
      list = heap.append(Value(Int(kinds.rawValue)), to: list)
      list = heap.append(heap.retained(member), to: list)
    }
    return heap.box(.overload, heap.interned(name), list)
  }

  /// The definitions that a value holds, with their kinds; borrowed.
  private func definitions(of value: Value) -> [(KindSet, Value)] {
    switch value.tag {
    case .closure: return [(value.closure.prototype.parameters.first?.kinds ?? .any, value)]
    case .overload:
      let list = value.box.pointee.second.list
      return stride(from: 0, to: list.count, by: 2).map {
        (KindSet(rawValue: UInt16(truncatingIfNeeded: list.elements[$0].asInt)), list.elements[$0 + 1])
      }
    default: return [(.any, value)]
    }
  }

  /// What the part of a library file defines that has a name, run at its first use in this interpreter.
  private func libraryMembers(defining name: String, inFile index: Int) throws -> [String: Value] {
    let (part, code) = try library.code(defining: name, inFile: index)
    if let known = libraryParts[part] { return known }
    // While its code runs, its own names are not there yet.
    libraryParts[part] = [:]
    do {
      let members = try definitions(running: code)
      libraryParts[part] = members
      return members
    } catch {
      libraryParts[part] = nil
      throw error
    }
  }

  /// Runs the code of a file that only defines things; gives its globals by name, owned. Takes over the modules that it
  /// uses, with their slots. It draws where `scope` says, or where the program stands.
  func definitions(
    running file: StandardLibrary.CompiledFile, modules: [(slot: Int, value: Value)] = [], scope: DrawScope? = nil
  ) throws -> [String: Value] {
    let base = callBase + 1
    let savedTop = nativeTop
    nativeTop = base + file.globalCount
    let savedScope = drawScope
    if let scope { drawScope = scope }
    defer {
      nativeTop = savedTop
      drawScope = savedScope
      for i in 0..<file.globalCount { Machine.drop(heap, base + i) }
    }
    guard base + file.globalCount < stackLimit else {
      for module in modules { heap.release(module.value) }
      throw Machine.tooDeep
    }
    for module in modules { Machine.put(heap, base + module.slot, module.value) }
    for code in file.code { heap.release(try runTopLevel(code, base: base)) }
    var members: [String: Value] = [:]
    for global in file.globals where global.role != .module {
      let value = heap.retained(base[global.slot])
      if let old = members[global.name], global.role == .function, old.isFunction {
        members[global.name] = set(named: global.name, definitions(of: old) + definitions(of: value))
        heap.release(old)
        heap.release(value)
      } else {
        if let old = members[global.name] { heap.release(old) }
        members[global.name] = value
      }
    }
    return members
  }

  // MARK: modules

  /// The module of a `use` statement of the study, owned.
  func module(_ use: ModuleUse) throws -> Value {
    var chain = ImportChain(of: SourceStore.shared.file(use.span.file)?.name ?? "")
    return try module(use, &chain)
  }

  /// The module of a `use` statement of the last file of a chain, owned.
  private func module(_ use: ModuleUse, _ chain: inout ImportChain) throws -> Value {
    var members = heap.emptyRecord(capacity: 16)
    do {
      if use.isFile {
        for (name, value) in try fileModule(use.path, &chain).sorted(by: { $0.key < $1.key }) {
          let key = heap.interned(name)
          members = heap.setField(members, key, value)
          heap.release(key)
        }
      } else {
        for name in library.names(ofModule: use.path) {
          let key = heap.interned(name)
          members = heap.setField(members, key, heap.retained(try libraryValue(named: name)))
          heap.release(key)
        }
      }
    } catch {
      heap.release(members)
      throw error
    }
    return heap.box(.module, heap.string(use.name), members)
  }

  /// What a file defines, each value owned. A file runs once, however many import it.
  private func fileModule(_ written: String, _ chain: inout ImportChain) throws -> [String: Value] {
    let file = try chain.file(written, self)
    if let known = importedMembers[file.place] { return known.mapValues(heap.retained) }
    let parsed = parse(file.source)
    if let error = parsed.diagnostics.first(where: { $0.severity == .error }) { throw error }
    let (program, diagnostics) = resolve(parsed.tree, prelude: library.prelude)
    let problems = diagnostics + ImportedFile.studyStatements(in: parsed.tree)
    if let error = problems.first(where: { $0.severity == .error }) { throw error }
    let compiled = try StandardLibrary.compile(program)
    var modules: [(slot: Int, value: Value)] = []
    do {
      try chain.waiting(file) { chain in
        for use in program.uses { modules.append((use.slot, try module(use, &chain))) }
      }
    } catch {
      for module in modules { heap.release(module.value) }
      throw error
    }
    let scope = Session.scope("use \(file.path)", rootSeed)
    let members = try definitions(running: compiled, modules: modules, scope: scope)
    importedMembers[file.place] = members.mapValues(heap.retained)
    return members
  }

  /// The next import of a file runs it again: it may have changed.
  func forgetImports() {
    for members in importedMembers.values { for value in members.values { heap.release(value) } }
    importedMembers = [:]
  }

  /// A member of a module, owned.
  func moduleMember(_ module: Value, _ name: Value) throws -> Value? {
    withKey(name) { heap.field(module.box.pointee.second, $0) }.map(heap.retained)
  }
}
