import Diagnostics
import Evaluation
import Foundation
import Notation

/// Files and the standard library, with a message on standard error when one cannot be had.
enum SourceLoader {
  /// A source file, or nil after saying why not. Of documents only the examples are scripts, which few verbs look for.
  static func load(
    _ path: String, takesDocuments: Bool = false, complain: (String) -> Void = { SourceLoader.refuse($0) }
  ) -> SourceFile? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      complain("there is no file \(path)" + (similar(path).map { "; did you mean \($0)?" } ?? ""))
      return nil
    }
    if isFolder.boolValue {
      complain("\(path) is a folder")
      return nil
    }
    if path.hasSuffix(".md"), !takesDocuments {
      complain("\(path) is a document and no script; `exp test \(path)` runs its examples")
      return nil
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      complain("\(path) cannot be read")
      return nil
    }
    guard data.count < 64 << 20 else {
      complain("\(path) is too large to be a script (\(data.count >> 20) MB)")
      return nil
    }
    return SourceStore.shared.add(name: path, content: data)
  }

  /// The script of the same folder whose name is most like a file's that does not exist.
  private static func similar(_ path: String) -> String? {
    let scriptPath = path.hasSuffix(".exp") ? path : path + ".exp"
    if scriptPath != path, FileManager.default.fileExists(atPath: scriptPath) { return scriptPath }
    let parent = (scriptPath as NSString).deletingLastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "." : parent)) ?? []
    let scripts = names.filter { $0.hasSuffix(".exp") }.map { String($0.dropLast(4)) }.sorted()
    let name = ((scriptPath as NSString).lastPathComponent as NSString).deletingPathExtension
    return nearestName(name, among: scripts).map { (parent as NSString).appendingPathComponent($0 + ".exp") }
  }

  /// The standard library, or nil after saying why not.
  static func library(complain: (String) -> Void = { SourceLoader.refuse($0) }) -> StandardLibrary? {
    do { return try StandardLibrary.load() } catch {
      if let diagnostic = error as? Diagnostic, !answersInJSON {
        Terminal.errors.line(DiagnosticText.draw(diagnostic))
      } else {
        complain((error as? Diagnostic)?.message ?? "the standard library cannot be loaded: \(error)")
      }
      return nil
    }
  }

  /// One line on standard error.
  static func complain(_ text: String) { Terminal.errors.line("exp: " + text) }

  /// Whether the verb answers in JSON; set once, before it begins.
  nonisolated(unsafe) static var answersInJSON = false

  /// Why there is no answer, and what was found in scripts: as JSON in its place, or as a complaint.
  static func refuse(_ text: String, _ problems: [Diagnostic] = []) {
    guard answersInJSON else {
      DiagnosticText.report(problems, didRun: true)
      return complain(text)
    }
    var members: [JSON.Member] = [.init("error", .string(text))]
    if !problems.isEmpty { members.append(.init("problems", .array(problems.map(JSONView.object)))) }
    Terminal.output.line(JSON.object(members).compact)
  }

  /// An object that is the answer, with what kept it from being whole under `error`.
  static func answer(_ members: [JSON.Member], errors: [String]) {
    let error = errors.isEmpty ? [] : [JSON.Member("error", .string(errors.joined(separator: "; ")))]
    Terminal.output.line(JSON.object(members + error).compact)
  }
}

/// A verb that takes `--json`.
protocol AnswersInJSON { var json: Bool { get } }

extension SourceLoader {
  /// A file without text, for sessions that have none.
  static var empty: SourceFile { SourceStore.shared.add(name: "<session>", text: "") }
}
