import Foundation
import Studies

extension FileAccess {
  /// The data folders of a study at a path: those named on the command line, `EXP_DATA`, and `data` beside the study.
  static func dataFolders(_ arguments: [String], ofStudyAt path: String) -> [String] {
    let folder = NSString(string: path).deletingLastPathComponent
    return dataFolders(
      arguments: arguments, environment: ProcessInfo.processInfo.environment["EXP_DATA"],
      ownFolder: folder.isEmpty ? "." : folder)
  }
}
