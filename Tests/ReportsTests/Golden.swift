import Foundation
import Testing

/// Compares a text with `Golden/<name>`. To accept what the code writes now, look at it and run
/// `EXP_REWRITE_GOLDEN=1 swift test --filter ReportsTests`; git then shows what changed.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
  let file = folder.appendingPathComponent(name)
  if ProcessInfo.processInfo.environment["EXP_REWRITE_GOLDEN"] != nil {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? text.write(to: file, atomically: true, encoding: .utf8)
    return
  }
  guard let expected = try? String(contentsOf: file, encoding: .utf8) else {
    Issue.record("no golden file \(name)", sourceLocation: sourceLocation)
    return
  }
  guard text != expected else { return }
  let new = text.split(separator: "\n", omittingEmptySubsequences: false)
  let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
  let line = zip(new, old).enumerated().first { $1.0 != $1.1 }?.offset ?? min(new.count, old.count)
  let found = line < new.count ? String(new[line]) : "(nothing)",
    wanted = line < old.count ? String(old[line]) : "(nothing)"
  Issue.record(
    "\(name) differs at line \(line + 1)\n  now:    \(found)\n  golden: \(wanted)", sourceLocation: sourceLocation)
}
