import Foundation

/// Functions of strings.
extension Natives {
  static let strings: [NativeFunction] = [
    NativeFunction(
      "split", ["s", "by"], kinds: .string, doc: "The parts of a string between separators; by \"\" its characters.",
      example: "split(\"a,b\", \",\")  # => [\"a\", \"b\"]"
    ) { call in
      let (text, separator) = (try call.text(0), try call.text(1))
      let parts = separator.isEmpty ? text.map(String.init) : text.components(separatedBy: separator)
      return call.heap.list(parts.map { call.heap.string($0) })
    },
    NativeFunction(
      "trim", ["s"], kinds: .string, doc: "Without white space at both ends.", example: "trim(\" a \")  # => \"a\""
    ) { call in call.heap.string(try call.text(0).trimmingCharacters(in: .whitespacesAndNewlines)) },
    NativeFunction(
      "upper", ["s"], kinds: .string, doc: "In capitals.", example: "upper(\"ab\")  # => \"AB\""
    ) { call in call.heap.string(try call.text(0).uppercased()) },
    NativeFunction(
      "lower", ["s"], kinds: .string, doc: "In small letters.", example: "lower(\"AB\")  # => \"ab\""
    ) { call in call.heap.string(try call.text(0).lowercased()) },
    NativeFunction(
      "replace", ["s", "from", "to"], kinds: .string, doc: "Every occurrence of `from` replaced by `to`.",
      example: "replace(\"a-b\", \"-\", \"+\")  # => \"a+b\""
    ) { call in
      let (text, from, to) = (try call.text(0), try call.text(1), try call.text(2))
      return call.heap.string(from.isEmpty ? text : text.replacingOccurrences(of: from, with: to))
    },
    NativeFunction(
      "starts_with", ["s", "prefix"], kinds: .string, doc: "Whether a string begins so.",
      example: "starts_with(\"abc\", \"ab\")  # => true"
    ) { call in Value(try call.text(0).hasPrefix(try call.text(1))) },
    NativeFunction(
      "ends_with", ["s", "suffix"], kinds: .string, doc: "Whether a string ends so.",
      example: "ends_with(\"abc\", \"bc\")  # => true"
    ) { call in Value(try call.text(0).hasSuffix(try call.text(1))) },
  ]
}
