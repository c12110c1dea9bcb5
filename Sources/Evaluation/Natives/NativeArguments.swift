/// Conversions of arguments, with errors that name the function and the parameter.
extension NativeCall {
  private func parameter(_ index: Int) -> String {
    index < function.signature.parameters.count ? function.signature.parameters[index].name : "argument \(index + 1)"
  }

  /// The error for an argument of a wrong kind.
  func mismatch(_ index: Int, _ expected: String, help: [String] = []) -> RuntimeError {
    RuntimeError(
      "E0210", "`\(function.name)` needs \(expected) for `\(parameter(index))`, not \(machine.brief(self[index]))",
      label: "called here", help: help)
  }

  /// A number without a fraction; a rank-0 tensor counts as its number.
  func int(_ index: Int) throws -> Int {
    let value = try plain(index)
    if value.tag == .int { return value.asInt }
    if value.tag == .float, let exact = Int(exactly: value.asDouble) { return exact }
    throw mismatch(index, "an integer")
  }

  /// An integer, or the default when the argument was left out.
  func int(_ index: Int, default other: Int) throws -> Int { self[index].isUnset ? other : try int(index) }

  /// A number as a double; a rank-0 tensor counts as its number.
  func double(_ index: Int) throws -> Double {
    let value = try plain(index)
    guard value.isNumber else { throw mismatch(index, "a number") }
    return value.number
  }

  /// A number, or the default when the argument was left out.
  func double(_ index: Int, default other: Double) throws -> Double { self[index].isUnset ? other : try double(index) }

  /// A condition.
  func bool(_ index: Int) throws -> Bool {
    let value = try plain(index)
    guard value.tag == .bool else { throw mismatch(index, "true or false") }
    return value.asBool
  }

  /// A condition, or the default when the argument was left out.
  func bool(_ index: Int, default other: Bool) throws -> Bool { self[index].isUnset ? other : try bool(index) }

  /// A string's text.
  func text(_ index: Int) throws -> String {
    guard self[index].tag == .string else { throw mismatch(index, "a string") }
    return self[index].swiftString
  }

  /// A string's UTF-8 bytes, borrowed.
  func bytes(_ index: Int) throws -> UnsafeBufferPointer<UInt8> {
    guard self[index].tag == .string else { throw mismatch(index, "a string") }
    return self[index].string.buffer
  }

  /// A string's text, or nil when the argument was left out or is none.
  func optionalText(_ index: Int) throws -> String? { has(index) ? try text(index) : nil }

  /// A list (borrowed).
  func list(_ index: Int) throws -> UnsafeMutablePointer<ListObject> {
    guard self[index].tag == .list else { throw mismatch(index, "a list") }
    return self[index].list
  }

  /// The texts of a list of strings.
  func texts(_ index: Int) throws -> [String] {
    let given = try list(index)
    return try (0..<given.count).map { i in
      guard given.elements[i].tag == .string else { throw mismatch(index, "a list of strings") }
      return given.elements[i].swiftString
    }
  }

  /// A record (borrowed).
  func record(_ index: Int) throws -> UnsafeMutablePointer<RecordObject> {
    guard self[index].tag == .record else { throw mismatch(index, "a record") }
    return self[index].record
  }

  /// A function value (borrowed).
  func function(_ index: Int) throws -> Value {
    guard self[index].isFunction else { throw mismatch(index, "a function", help: machine.unquoted(self[index])) }
    return self[index]
  }

  /// The argument, with a rank-0 tensor turned into its number or condition.
  private func plain(_ index: Int) throws -> Value {
    let value = self[index]
    return value.tag == .tensor ? try TensorHooks.scalar(machine, value) ?? value : value
  }
}
