import Foundation
import Records

/// Reading and writing files, through the host, which says what may be touched.
extension Natives {
  static let files: [NativeFunction] = [
    NativeFunction(
      "read_csv", ["path"], kinds: .string,
      doc: "A table from a CSV file with a header line; numbers, true and false are recognised, empty fields are none."
    ) { call in
      let asked = try call.text(0)
      let path = try located(call, asked)
      guard let data = FileManager.default.contents(atPath: path) else {
        throw RuntimeError("E0701", "`\(asked)` cannot be read", label: "looked for at \(path)")
      }
      do {
        return call.heap.table(try CSV.read(String(decoding: data, as: UTF8.self)))
      } catch let error as CSVError {
        throw RuntimeError("E0702", "`\(asked)` is no CSV table: \(error)")
      }
    }
  ]

  /// Where a file that a script names is: below the data directories, or else where the host allows a path of the
  /// script's own.
  static func located(_ call: NativeCall, _ asked: String) throws -> String {
    if !asked.hasPrefix("/"), let path = call.machine.host.dataFile(asked).path { return path }
    return try call.machine.host.resolve(path: asked, forWriting: false)
  }
}
