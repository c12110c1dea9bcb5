import Foundation
import Records
import Tensors

extension NativeCall {
  /// Where the file is that a script asks for: below the run's own files, the script's folder, the data folders, or where
  /// `--allow-read` permits. Throws E0701 where it may not be read, is not there, or is a folder, pipe or device; and E0503 inside a
  /// compiled function, which would go on with what was there when it was read.
  func fileToRead(_ asked: String) throws -> String {
    try TensorHooks.requireUntraced(machine, function.name)
    let path = try machine.host.resolve(path: asked, forWriting: false)
    switch FileFacts(path)?.kind {
    case .file: return path
    case .folder: throw RuntimeError("E0701", "`\(asked)` is a folder", label: "found at \(path)")
    case .other:
      throw RuntimeError(
        "E0701", "`\(asked)` is a pipe or a device, which are not read", label: "found at \(path)",
        help: ["write what comes out of it to a file first"])
    case nil:
      let folders = asked.hasPrefix("/") ? [] : machine.host.dataFile(asked).lookedIn
      throw RuntimeError(
        "E0701", "there is no file `\(asked)`", label: "looked for at \(path)", help: folders.map { "looked for \($0)" }
      )
    }
  }

  /// The text of a UTF-8 file that a script asks for. Throws E0701 where it cannot be read, E0702 where it is no such text.
  func textFile(_ asked: String) throws -> String {
    let path = try fileToRead(asked)
    do {
      return try WholeFile.read(path) { bytes in
        guard heap.hasRoom(for: bytes.count) else {
          throw RuntimeError("E0302", "`\(asked)` has \(bytes.count >> 20) MB, which do not fit into memory")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.notText(asked, bytes) }
        return text
      }
    } catch let error as TensorError {
      throw RuntimeError("E0701", "`\(asked)`: \(error.reason)", label: "found at \(path)")
    }
  }

  private static func notText(_ asked: String, _ bytes: UnsafeBufferPointer<UInt8>) -> RuntimeError {
    func error(_ what: String, from encoding: String) -> RuntimeError {
      RuntimeError(
        "E0702", "`\(asked)` is not a UTF-8 text: \(what)", label: "read here",
        help: ["`iconv -f \(encoding) -t utf-8` makes one of a text in \(encoding)"])
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return error("it begins as one in UTF-16", from: "utf-16")
    }
    var parser = Unicode.UTF8.ForwardParser(), rest = bytes.makeIterator()
    var place = 0, line = 1
    while case .valid(let scalar) = parser.parseScalar(from: &rest) {
      if bytes[place] == 0x0A { line += 1 }
      place += scalar.count
    }
    let byte = String(bytes[min(place, bytes.count - 1)], radix: 16, uppercase: true)
    return error("byte \(byte) on line \(line) belongs to no character", from: "latin1")
  }
}
