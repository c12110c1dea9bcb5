import Foundation
import Notation
import Records
import Tensors

/// Reading and writing files, through the host, which says what may be touched.
extension Natives {
  static let files: [NativeFunction] = [
    NativeFunction(
      "read_csv", ["path", "separator?", "header?", "text?"], kinds: .string,
      doc:
        "A table from a CSV file with a header line; numbers, true and false are recognised, empty fields are none, and a column of whole numbers of which one does not fit into 64 bits stays text. Columns that `text` names, one name or a list, stay as they are written, such as \"01234\" where digits are no number. Fields are separated by commas, or by the `separator` given, such as \";\" or \"\\t\". With `header: false` the first line is a row, and the columns are `column_1`, `column_2` and so on.",
      example: """
        write_text("1,a\\n2,b\\n", "pairs.csv")
        read_csv("pairs.csv", header: false).column_2  # => ["a", "b"]
        """
    ) { call in
      let given = try call.optionalText(1)
      guard given == nil || given?.utf8.count == 1 && !["\"", "\n", "\r"].contains(given),
        let separator = (given ?? ",").first
      else {
        throw call.mismatch(1, "one character, such as \";\" or \"\\t\"")
      }
      let asked = try call.text(0)
      let text = try call.textFile(asked)
      if given == nil { try lookForSeparator(text, asked) }
      do {
        let hasHeader = try call.bool(2, default: true)
        let isNamed = !call.has(3) || [.string, .list].contains(call[3].tag)
        guard isNamed else { throw call.mismatch(3, "a column's name or a list of names") }
        let kept = !call.has(3) ? [] : call[3].tag == .string ? [try call.text(3)] : try call.texts(3)
        let table = try CSV.read(text, separator: separator, hasHeader: hasHeader, text: Set(kept)) { _ in
          try call.machine.pollInterrupt()
        }
        let names = table.columnNames
        if let missing = kept.first(where: { !names.contains($0) }) {
          throw RuntimeError(
            "E0208", "`\(asked)` has no column `\(missing)`", label: "no such column",
            help: names.isEmpty
              ? []
              : [
                "its columns are \(names.prefix(20).map { "`\($0)`" }.joined(separator: ", "))\(names.count > 20 ? ", …" : "")"
              ])
        }
        return call.heap.table(table)
      } catch let error as CSVError {
        throw RuntimeError("E0702", "`\(asked)` is no CSV table: \(error)")
      }
    },
    NativeFunction(
      "write_csv", ["t", "path"], kinds: .table,
      doc: "Writes a table as a CSV file with a header line, in the run folder or where `--allow-write` permits.",
      example: """
        write_csv(table([{ a: 1, b: "x" }]), "table.csv")
        read_text("table.csv")  # => "a,b\\n1,\\"x\\"\\n"
        """
    ) { call in
      let table = try call.machine.table(call[0])
      try call.machine.pollInterrupt()
      var text = try CSV.write(table) { _ in try call.machine.pollInterrupt() }
      try text.withUTF8 { try write($0, call) }
      return .none
    },
    NativeFunction(
      "read_text", ["path"], kinds: .string,
      doc: "The text of a UTF-8 file of the study's folder, its data folders, or where `--allow-read` permits.",
      example: """
        write_text("two\\nlines", "words.txt")
        read_text("words.txt")  # => "two\\nlines"
        """
    ) { call in call.heap.string(try call.textFile(try call.text(0))) },
    NativeFunction(
      "write_text", ["text", "path"], kinds: .string,
      doc: "Writes a text to a file, in the run folder or where `--allow-write` permits. What is there is replaced.",
      example: """
        write_text("new", "note.txt")
        read_text("note.txt")  # => "new"
        """
    ) { call in
      try write(try call.bytes(0), call)
      return .none
    },
    NativeFunction(
      "from_json", ["text"], kinds: .string,
      doc: "The value that a text in JSON stands for: objects are records, `null` is none.",
      example: "from_json('{\"lr\": 0.1, \"sizes\": [1, 2]}')  # => { lr: 0.1, sizes: [1, 2] }"
    ) { call in
      let values = JSONValues(call.machine)
      do { try JSON.read(Array(try call.text(0).utf8), into: values) } catch let error as JSONError {
        throw RuntimeError("E0702", "this text is not JSON: \(error.message), at byte \(error.offset)")
      }
      return values.takeResult()
    },
    NativeFunction(
      "to_json", ["x", "pretty?"],
      doc: "A value as JSON: numbers, strings, bools, none, and lists, records, tables and tensors of them.",
      example: "to_json([1, none, \"a\"])  # => \"[1,null,\\\"a\\\"]\""
    ) { call in
      var text = JSONText(call.machine, isPretty: try call.bool(1, default: false))
      try text.write(call[0], depth: 0)
      return call.heap.string(text.writer.text)
    },
  ]

  /// Fails where the header line has no comma and seems to be cut by something else: that would be one column of no use.
  private static func lookForSeparator(_ text: String, _ asked: String) throws {
    // What stands in quotes separates nothing.
    var isQuoted = false, header: Set<UInt8> = []
    for byte in text.utf8 {
      if byte == 0x22 { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == 0x0A || byte == 0x0D { break }
      header.insert(byte)
    }
    guard !header.contains(0x2C) else { return }
    for (byte, written) in [(UInt8(ascii: ";"), ";"), (0x09, "\\t")] where header.contains(byte) {
      let call = "read_csv(\(StringLiteral.quoted(asked)), separator: \"\(written)\")"
      throw RuntimeError(
        "E0702", "the fields of `\(asked)` seem to be separated by \"\(written)\"", label: "read here with commas",
        help: ["write `\(call)`; with `separator: \",\"` it is one column"])
    }
  }

  /// Writes a text to the file that the second argument names: all of it or, also when it is interrupted, nothing.
  private static func write(_ text: UnsafeBufferPointer<UInt8>, _ call: NativeCall) throws {
    try TensorHooks.requireUntraced(call.machine, call.function.name)
    let asked = try call.text(1)
    let path = try call.machine.host.resolve(path: asked, forWriting: true)
    do {
      try FileManager.default.createDirectory(
        atPath: NSString(string: path).deletingLastPathComponent, withIntermediateDirectories: true)
      try WholeFile.write(UnsafeRawBufferPointer(text), to: path)
    } catch {
      try call.machine.pollInterrupt()
      let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error) ?? error
      let reason =
        (error as? TensorError)?.reason
        ?? "its folder cannot be made: \(String(cString: strerror(Int32((cause as NSError).code))))"
      throw RuntimeError(
        "E0701", "`\(asked)`: \(reason)", label: "tried at \(path)",
        help: ["make room there, permit it, or choose another folder with --out DIR, and run again"])
    }
  }
}
