import Diagnostics
import Evaluation
import Foundation
import Syntax

/// Completes what is typed in a session: commands and their arguments, files inside strings, names of the language.
struct ReplCompletion {
  let thread: SessionThread
  let session: Session

  /// The words that may stand in place of the one before a byte offset of a line, and the quote that ends a string there;
  /// `before` are the earlier lines of the cell.
  func words(_ line: String, at offset: Int, before: String) -> (words: [String], quote: Character?) {
    let typed = String(decoding: Array(line.utf8).prefix(max(0, offset)), as: UTF8.self)
    if before.isEmpty {
      if let words = command(typed) { return (words, nil) }
    }
    let text = before + typed
    if let (path, quote) = Self.openString(text) { return (FileNames.complete(path, endings: []), quote) }
    return (thread.perform { [session] in session.complete(text, at: text.utf8.count) } ?? [], nil)
  }

  /// Completions of a line that begins with `:` or `?`; nil when it does not, or holds a cell.
  private func command(_ typed: String) -> [String]? {
    if typed.hasPrefix("?") {
      let name = String(typed.drop { $0 == "?" })
      return thread.perform { [session] in session.complete(name, at: name.utf8.count) }
    }
    guard typed.hasPrefix(":") else { return nil }
    guard let space = typed.firstIndex(of: " ") else {
      let word = typed.dropFirst()
      return Repl.verbs.map(\.name).filter { $0.hasPrefix(word) }
    }
    let rest = String(typed[typed.index(after: space)...])
    switch typed[typed.index(after: typed.startIndex)..<space] {
    case "load": return FileNames.complete(rest, endings: [".exp"])
    case "save": return FileNames.complete(rest, endings: [".exp"])
    case "plot": return FigureView.Mode.allCases.map(\.rawValue).filter { $0.hasPrefix(rest) }
    case "time", "type": return nil
    default: return []
    }
  }

  /// What stands behind the quote of a string that is not closed yet, and that quote; nil outside of strings.
  private static func openString(_ text: String) -> (text: String, quote: Character)? {
    guard let last = text.split(separator: "\n", omittingEmptySubsequences: false).last else { return nil }
    var quote: Character?, start = last.startIndex, depth = 0
    var at = last.startIndex
    while at < last.endIndex {
      let character = last[at]
      if let open = quote {
        if character == "\\" {
          at = last.index(after: at)
          if at == last.endIndex { break }
        } else if character == "{", open == "\"" {
          depth += 1
          quote = nil
        } else if character == open {
          quote = nil
        }
      } else if character == "#", depth == 0 {
        return nil
      } else if character == "\"" || character == "'" {
        quote = character
        start = last.index(after: at)
      } else if character == "}", depth > 0 {
        depth -= 1
        quote = "\""
      }
      at = last.index(after: at)
    }
    return quote.map { (String(last[start...]), $0) }
  }
}

/// Names of files as people type them.
enum FileNames {
  /// Without quotes and spaces around it, `~` being the user's folder.
  static func unquoted(_ text: String) -> String {
    var name = text.trimmingCharacters(in: .whitespaces)
    for quote in ["\"", "'"] where name.count >= 2 && name.hasPrefix(quote) && name.hasSuffix(quote) {
      name = String(name.dropFirst().dropLast())
    }
    return NSString(string: name).expandingTildeInPath
  }

  /// What may stand in place of the last word (as line editing cuts words) of a path that is being typed. Folders
  /// end in `/`; with endings only such files are given.
  static func complete(_ path: String, endings: [String]) -> [String] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let prefix = parts.last ?? ""
    let head = parts.dropLast().joined(separator: "/")
    let folder = parts.count > 1 ? (head.isEmpty ? "/" : NSString(string: head).expandingTildeInPath) : "."
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    // Line editing replaces only what stands behind the last of these.
    let kept = prefix.lastIndex(where: ReadlineInput.wordBreaks.contains)
      .map { prefix.distance(from: prefix.startIndex, to: $0) + 1 }
    return names.compactMap { name -> String? in
      guard name.hasPrefix(prefix), !name.hasPrefix(".") || prefix.hasPrefix(".") else { return nil }
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
      if !isFolder.boolValue, !endings.isEmpty, !endings.contains(where: name.hasSuffix) { return nil }
      return String(name.dropFirst(kept ?? 0)) + (isFolder.boolValue ? "/" : "")
    }
  }
}
