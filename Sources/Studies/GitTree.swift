import Foundation

/// The git tree around a study: which commit, and what was changed since. git is asked when the run begins, beside it.
public final class GitTree: @unchecked Sendable {
  /// What git said.
  public struct State: Sendable {
    /// The commit's hash.
    public var commit: String
    /// What files differ in from it, as `git diff` says it; empty for a clean tree.
    public var patch: String
  }

  /// Longest patch that is kept, in bytes.
  static let longest = 4 << 20

  private let done = DispatchSemaphore(value: 0)
  private var found: State?

  /// Of a folder; nil when no folder above it is a git tree.
  public init?(around folder: String) {
    var place = FileAccess.absolute(folder)
    while !FileManager.default.fileExists(atPath: place + "/.git") {
      guard place != "/", !place.isEmpty else { return nil }
      place = NSString(string: place).deletingLastPathComponent
    }
    let tree = place
    Thread.detachNewThread { [self] in
      found = GitTree.ask(tree)
      done.signal()
    }
  }

  /// What git said, waited for at most five seconds; nil without git, or a commit.
  public var state: State? {
    guard done.wait(timeout: .now() + 5) == .success else { return nil }
    done.signal()
    return found
  }

  /// The commit and whether files differ from it in one question, what differs in another where something does.
  private static func ask(_ tree: String) -> State? {
    // One thread is enough for a question that is asked beside the run.
    let status =
      "-c core.preloadIndex=false --no-optional-locks status --porcelain=v2 --branch"
      + " --untracked-files=no --no-renames"
    let lines = (git(status.split(separator: " ").map(String.init), in: tree) ?? "").split(separator: "\n")
    let heading = "# branch.oid "
    guard let commit = lines.first(where: { $0.hasPrefix(heading) })?.dropFirst(heading.count), commit != "(initial)"
    else { return nil }
    if lines.allSatisfy({ $0.hasPrefix("#") }) { return State(commit: String(commit), patch: "") }
    let patch = git(["diff", "HEAD", "--no-ext-diff", "--no-color"], in: tree) ?? ""
    let isKept = patch.utf8.count <= longest
    return State(commit: String(commit), patch: isKept ? patch : "# the patch is \(patch.utf8.count) bytes long\n")
  }

  /// What git answers; nil when it cannot be asked or refuses.
  private static func git(_ words: [String], in folder: String) -> String? {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder] + words
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
