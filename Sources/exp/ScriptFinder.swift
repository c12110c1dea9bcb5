import Foundation

/// Scripts named on a command line.
enum ScriptFinder {
  /// The files among paths, and below the folders among them those with one of the endings, in order of their names.
  static func scripts(_ paths: [String], endings: [String]) -> [String] {
    paths.flatMap { path -> [String] in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
        return [path]
      }
      let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
      return names.filter { name in
        let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
        return !isHidden && endings.contains { name.hasSuffix("." + $0) }
      }.sorted().map { path + "/" + $0 }
    }
  }
}
