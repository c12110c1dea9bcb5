import Foundation

/// The checkout these tests stand in: its sources as text.
enum Checkout {
  /// Folder of Package.swift.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Names of the folders directly below a folder of the checkout.
  static func folders(in path: String) -> [String] {
    let base = root.appendingPathComponent(path)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base.path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let there = FileManager.default.fileExists(atPath: base.appendingPathComponent(name).path, isDirectory: &isFolder)
      return there && isFolder.boolValue && !name.hasPrefix(".")
    }.sorted()
  }

  /// Paths, relative to the checkout, of all files below a folder with one of the endings.
  static func files(in path: String, endings: [String]) -> [String] {
    let base = root.appendingPathComponent(path)
    guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
    return walk.compactMap { $0 as? String }
      .filter { name in !name.contains(".build/") && endings.contains { name.hasSuffix("." + $0) } }
      .map { path.isEmpty ? $0 : path + "/" + $0 }.sorted()
  }

  /// Lines of a file of the checkout.
  static func lines(_ path: String) -> [String] {
    let text = (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
    return text.components(separatedBy: "\n")
  }
}

/// What a line of Swift says with comments and the contents of string literals taken out, good enough to look for
/// operators.
func withoutTextAndComments(_ line: String) -> String {
  var result = "", inString = false, previous: Character = " "
  for character in line {
    if character == "\"", previous != "\\" { inString.toggle() }
    if !inString, character == "/", previous == "/" { return String(result.dropLast()) }
    if !inString || character == "\"" { result.append(character) }
    previous = previous == "\\" && character == "\\" ? " " : character
  }
  return result
}
