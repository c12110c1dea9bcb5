import Foundation
import Notation
import Records

/// Writes values as text, without recursion and, when asked, only the first so many characters.
struct Printer {
  let machine: Machine
  var out: [UInt8] = []
  /// Stop after about so many bytes.
  var limit = Int.max
  /// Lists longer than this are cut in brief form.
  var isBrief = false

  /// Whether a string was cut, which says so itself.
  private(set) var isCut = false

  private enum Work {
    case value(Value)
    case text(String)
    /// The rest of a list from an index on.
    case list(Value, Int)
    case record(Value, Int)
    case columns(Value, Int)
  }

  /// The text of a value as it stands inside others: strings are quoted.
  mutating func write(_ value: Value) {
    var work = [Work.value(value)]
    while let item = work.popLast() {
      if out.count > limit {
        if !isCut { add("…") }
        return
      }
      if machine.isInterrupted { return }
      switch item {
      case .text(let text): add(text)
      case .value(let value): begin(value, &work)
      case .list(let list, let i):
        let count = list.list.count
        if i == count {
          add("]")
        } else if isBrief && i >= 4 && count > 6 {
          add(", …]")
        } else {
          if i > 0 { add(", ") }
          work.append(.list(list, i + 1))
          work.append(.value(list.list.elements[i]))
        }
      case .record(let record, let i):
        let count = record.record.count
        if i == count {
          add(" }")
        } else if isBrief && i >= 4 && count > 6 {
          add(", … }")
        } else {
          add(i > 0 ? ", " : "{ ")
          add(StringLiteral.fieldName(record.record.name(i)))
          add(": ")
          work.append(.record(record, i + 1))
          work.append(.value(record.record.values[i]))
        }
      case .columns: break
      }
    }
  }

  private mutating func begin(_ value: Value, _ work: inout [Work]) {
    switch value.tag {
    case .none, .unset: add("none")
    case .bool: add(value.asBool ? "true" : "false")
    case .int: addInt(value.asInt)
    case .float: add(NumberText.shortest(value.asDouble))
    case .string: quote(value)
    case .list:
      add("[")
      work.append(.list(value, 0))
    case .record: if value.record.count == 0 { add("{}") } else { work.append(.record(value, 0)) }
    case .range:
      let range = value.range
      work.append(.value(range.pointee.end))
      work.append(.text(range.pointee.header.flags & RangeObject.isInclusive != 0 ? ".." : "..<"))
      work.append(.value(range.pointee.start))
      if !range.pointee.step.isNone {
        let end = work.remove(at: work.count - 3)
        work.insert(contentsOf: [.value(range.pointee.step), .text(" by "), end], at: work.count - 2)
      }
    case .tensor: add(TensorHooks.show(machine, value, brief: true))
    case .native, .closure, .overload, .bound: add(machine.functionText(value))
    case .table:
      let columns = value.box.pointee.first
      add("table of \(value.tableRowCount) \(value.tableRowCount == 1 ? "row" : "rows"): ")
      add((0..<columns.record.count).map { columns.record.name($0) }.joined(separator: ", "))
    case .figure: add("figure")
    case .module: add("module \(value.box.pointee.first.swiftString)")
    }
  }

  mutating func add(_ text: String) { out.append(contentsOf: text.utf8) }

  private mutating func addInt(_ value: Int) { add(String(value)) }

  /// What lies far beyond the limit is not looked at.
  private mutating func quote(_ value: Value) {
    let bytes = value.string.buffer
    var room = limit == .max ? bytes.count : Swift.min(bytes.count, Swift.max(0, limit - out.count) + 1)
    while room < bytes.count, bytes[room] & 0xC0 == 0x80 { room += 1 }
    add(StringLiteral.quoted(String(decoding: bytes.prefix(room), as: UTF8.self)))
    isCut = room < bytes.count
    if isCut { add("…") }
  }

  var text: String { String(decoding: out, as: UTF8.self) }
}

extension Machine {
  /// As it stands inside other values.
  func text(_ value: Value) -> String {
    var printer = Printer(machine: self)
    printer.write(value)
    return printer.text
  }

  /// As `print` and interpolation write it: a string as it is.
  func displayText(_ value: Value) throws -> String {
    if value.tag == .string { return value.swiftString }
    TensorHooks.noteText(self, value)
    var printer = Printer(machine: self)
    printer.limit = roomForText
    printer.write(value)
    try pollInterrupt()
    if printer.out.count > printer.limit { throw outOfMemory }
    return printer.text
  }

  /// So many bytes a text that is being made may have: it is copied twice on its way into a string.
  var roomForText: Int { max(0, heap.state.pointee.byteLimit - heap.state.pointee.bytes) / 3 }

  /// One line, at most about 60 characters, for messages.
  func brief(_ value: Value) -> String {
    switch value.tag {
    case .none, .unset, .bool, .int, .float: return text(value)
    default: break
    }
    var printer = Printer(machine: self)
    printer.limit = 50
    printer.isBrief = true
    printer.write(value)
    switch value.tag {
    case .string, .list, .record, .range: return "the \(value.kindName) \(printer.text)"
    case .tensor:
      // One without axes is shown as its number.
      return ["tensor", "number"].contains { printer.text.hasPrefix($0) } ? "the \(printer.text)" : printer.text
    default: return printer.text
    }
  }

  /// `fn name(x, y)`.
  func functionText(_ value: Value) -> String {
    switch value.tag {
    case .native:
      return "fn \(native(value).name)(\(native(value).signature.parameters.map(\.name).joined(separator: ", ")))"
    case .closure:
      let prototype = value.closure.prototype
      let parameters = prototype.parameters.map { ($0.isRest ? "..." : "") + $0.name }.joined(separator: ", ")
      return "fn \(prototype.name == "fn" ? "" : prototype.name)(\(parameters))".replacingOccurrences(
        of: "fn (", with: "fn(")
    case .overload: return "fn \(value.box.pointee.first.swiftString)(…)"
    case .bound:
      let name = (value.boxedObject as? BoundNative)?.function.name ?? "fn"
      return "fn \(name)(…)"
    default: return value.kindName
    }
  }

  /// The name of a function for messages.
  func functionName(_ value: Value) -> String {
    switch value.tag {
    case .native: return native(value).name
    case .closure:
      let prototype = value.closure.prototype
      return prototype.name == "fn" ? prototype.maker ?? "fn" : prototype.name
    case .overload: return value.box.pointee.first.swiftString
    case .bound: return (value.boxedObject as? BoundNative)?.function.name ?? "fn"
    default: return value.kindName
    }
  }
}
