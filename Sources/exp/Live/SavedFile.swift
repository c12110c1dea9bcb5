import Foundation
import Studies

/// Looks, from a thread of its own, whether a study's files were saved, and stops the run at work then.
final class SavedFile: @unchecked Sendable {
  private let lock = NSLock()
  private var watch: FileWatch?
  private var isChanged = false
  private var isOver = false
  private var run: StudyRun?

  init(_ path: String) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    watch = SourceLoader.load(path).map(FileWatch.init)
    Thread.detachNewThread { [weak self] in
      while let self, !self.look() { usleep(150_000) }
    }
  }

  deinit { isOver = true }

  /// False when there was no file to watch.
  var isWatching: Bool { watch != nil }

  /// True once the files are others than at the beginning.
  var hasChanged: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isChanged
  }

  /// The run that a save stops.
  func interrupt(_ run: StudyRun?) {
    lock.lock()
    self.run = run
    lock.unlock()
  }

  /// Until the files are others; false when `isStopped` says so first.
  func wait(until isStopped: () -> Bool) -> Bool {
    while !hasChanged {
      if isStopped() { return false }
      usleep(50_000)
    }
    return true
  }

  /// True when there is nothing more to look for.
  private func look() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard !isChanged, watch?.hasChanged() == true else { return isChanged || isOver }
    isChanged = true
    run?.interrupt()
    run?.stopProgram?()
    return true
  }
}
