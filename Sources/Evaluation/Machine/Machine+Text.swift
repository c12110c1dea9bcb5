import Foundation
import Records

/// Strings made by interpolation.
extension Machine {
  /// `target` = the texts of values, joined; the values are given up.
  @inline(never) func concatenate(
    _ target: UnsafeMutablePointer<Value>, _ first: UnsafeMutablePointer<Value>, _ count: Int
  ) throws {
    var result = heap.emptyString(capacity: 24 + 8 * count)
    for i in 0..<count {
      let value = first[i]
      do { result = try append(textOf: value, to: result) } catch {
        heap.release(result)
        throw error
      }
      first[i] = .none
      heap.release(value)
    }
    Machine.put(heap, target, result)
  }

  /// A string that one owner holds with the text of a value behind it, as interpolation writes it; unchanged when it
  /// throws.
  func append(textOf value: Value, to string: Value) throws -> Value {
    switch value.tag {
    case .string:
      let more = value.string.pointee.byteCount
      try checkRoom(more)
      let result = heap.reserveString(string, more: more)
      heap.appendString(value, to: result)
      return result
    case .int: return appendInt(value.asInt, to: string)
    default: return append(try displayText(value), to: string)
    }
  }

  /// A string that one owner holds with a text behind it.
  func append(_ text: String, to string: Value) -> Value {
    var text = text
    return text.withUTF8 { bytes in
      let result = heap.reserveString(string, more: bytes.count)
      heap.appendBytes(result, bytes)
      return result
    }
  }

  private func appendInt(_ value: Int, to string: Value) -> Value {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
      var position = 20
      var rest = value.magnitude
      repeat {
        position -= 1
        buffer[position] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
      } while rest > 0
      if value < 0 {
        position -= 1
        buffer[position] = 0x2D
      }
      let result = heap.reserveString(string, more: 20 - position)
      heap.appendBytes(result, UnsafeBufferPointer(rebasing: buffer[position...]))
      return result
    }
  }

  /// Replaces a register's value by its text in a format.
  @inline(never) func format(_ slot: UnsafeMutablePointer<Value>, _ specification: Value) throws {
    let text = try formatted(slot.pointee, specification.swiftString)
    Machine.put(heap, slot, heap.string(text))
  }

  /// A format that was read; the last ones are kept.
  private func specification(_ text: String) throws -> FormatSpecification {
    let key = Array(text.utf8)
    if let known = formats[key] { return known }
    guard let format = FormatSpecification(text) else {
      throw RuntimeError(
        "E0212", "`:\(text)` is not a format", label: "cannot be read",
        help: ["formats are Python's, such as `:.3f`, `:>8`, `:,`, `:.1%`, `:.2e`; a brace itself is written `\\{`"])
    }
    if format.isTooLong {
      throw RuntimeError(
        "E0212", "the format `:\(text)` asks for too much", label: "at most 10 000 wide, with 1000 digits")
    }
    if formats.count >= 100 { formats = [:] }
    formats[key] = format
    return format
  }

  /// How the numbers of a tensor or list are formatted.
  private func eachFormatted(_ value: Value, _ text: String) -> [String] {
    let numbers: String
    switch value.tag {
    case .list where value.list.count > 0 && value.list.elements[0].isNumber: numbers = "xs"
    case .tensor: numbers = TensorOperations(self).operand(value)?.shape.count == 1 ? "t" : "reshape(t, -1)"
    default: return []
    }
    return ["each of its numbers is formatted in a list: `[\"{x:\(text)}\" for x in \(numbers)]`"]
  }

  /// A value in one of Python's formats.
  func formatted(_ value: Value, _ text: String) throws -> String {
    let format = try specification(text)
    var value = value
    if value.tag == .tensor, let scalar = try TensorHooks.scalar(self, value) { value = scalar }
    let result: String?
    switch value.tag {
    case .int: result = format.format(value.asInt)
    case .float: result = format.format(value.asDouble)
    default: result = format.format(try displayText(value))
    }
    guard let result else {
      throw RuntimeError(
        "E0212", "the format `:\(text)` does not fit \(brief(value))", label: describeKind(value),
        help: eachFormatted(value, text))
    }
    return result
  }
}
