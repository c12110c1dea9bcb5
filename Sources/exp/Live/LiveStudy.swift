import Diagnostics
import Evaluation
import Foundation
import Records
import Studies

/// A study that runs again whenever an option or its text changes. One run at a time: a newer wish interrupts the one at
/// work, whose finished trials stay on record.
final class LiveStudy: @unchecked Sendable {
  private let path: String
  private let base: RunOptions
  private let hub: LiveHub
  private let condition = NSCondition()
  private var settings: [String: String]
  private var wish = 1
  private var isEnding = false
  private var run: StudyRun?
  private var names: Set<String> = []
  private var currentFolder: String?
  private var folders = LiveFolders()

  init(path: String, options: RunOptions, hub: LiveHub) {
    self.path = path
    base = options
    settings = options.settings
    self.hub = hub
  }

  // MARK: wishes, from any thread

  /// Gives options new values and runs; false when there is no option of such a name.
  func set(_ values: [(name: String, value: String)]) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard values.allSatisfy({ names.contains($0.name) }) else { return false }
    let before = settings
    for (name, value) in values { settings[name] = value }
    if settings != before { ask() }
    return true
  }

  /// Runs (again); finished trials are taken from the record.
  func start() {
    condition.lock()
    if run == nil { ask() }
    condition.unlock()
  }

  /// Runs with the text as it is now.
  func restart() {
    condition.lock()
    ask()
    condition.unlock()
  }

  /// Stops the run at work.
  func stop() {
    condition.lock()
    run?.interrupt()
    run?.stopProgram?()
    condition.unlock()
  }

  /// Stops the run at work and starts none again.
  func end() {
    condition.lock()
    isEnding = true
    run?.interrupt()
    run?.stopProgram?()
    condition.broadcast()
    condition.unlock()
  }

  /// The folder of the latest run.
  var folder: String? {
    condition.lock()
    defer { condition.unlock() }
    return currentFolder
  }

  private func ask() {
    wish += 1
    run?.interrupt()
    run?.stopProgram?()
    condition.broadcast()
  }

  // MARK: the loop

  /// Fulfils wishes until `end`.
  func work() {
    var done = 0
    while true {
      condition.lock()
      while wish == done, !isEnding { condition.wait() }
      let number = wish, settings = self.settings, isEnd = isEnding
      condition.unlock()
      if isEnd { return }
      done = number
      execute(number, settings)
    }
  }

  private func execute(_ number: Int, _ settings: [String: String]) {
    guard let file = SourceLoader.load(path) else { return }
    var options = base
    options.settings = settings
    let view = LiveView(hub) { [weak self] in self?.isCurrent(number) ?? false }
    view.onOptions = { [weak self] in self?.know($0) }
    view.onFolder = { [weak self] in self?.remember($0) }
    let run = StudyRun(source: file, options: options, listener: view, drawing: .standard)
    condition.lock()
    guard wish == number, !isEnding else {
      condition.unlock()
      return
    }
    self.run = run
    condition.unlock()
    hub.begin()
    let wanted = settings.filter { names.isEmpty || names.contains($0.key) || base.settings[$0.key] != nil }
    var execution = StudyExecution(run: run, file: file, settings: wanted, threads: options.threads)
    execution.takesInterrupts = false
    let summary = execution.execute()
    condition.lock()
    if let path = summary?.folder {
      folders.add(path)
      currentFolder = folders.latest
    }
    self.run = nil
    condition.unlock()
  }

  private func isCurrent(_ number: Int) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    return wish == number
  }

  private func know(_ found: [String]) {
    condition.lock()
    names = Set(found)
    // An option that the text no longer has keeps no value.
    settings = settings.filter { names.contains($0.key) }
    condition.unlock()
  }

  private func remember(_ folder: String?) {
    condition.lock()
    currentFolder = folder
    condition.unlock()
  }
}
