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
  private var declared: [OptionDeclaration]?
  private var currentFolder: String?
  private var folders = LiveFolders()

  init(path: String, options: RunOptions, hub: LiveHub) {
    self.path = path
    base = options
    settings = options.settings
    self.hub = hub
  }

  // MARK: wishes, from any thread

  /// Gives options new values and runs; says why when one is refused: then none is given.
  func set(_ values: [(name: String, value: String)]) -> String? {
    condition.lock()
    defer { condition.unlock() }
    for (name, value) in values {
      guard let option = declared?.first(where: { $0.name == name }) else { return "the study has no option \(name)" }
      if let refusal = option.refusal(of: value) { return refusal.message }
    }
    let before = settings
    for (name, value) in values { settings[name] = value }
    if settings != before { ask() }
    return nil
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
    // What the command line says is checked; what was chosen before a change of the text is taken where it still fits.
    condition.lock()
    if declared != nil { options.settings = [:] }
    condition.unlock()
    options.wishes = settings
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
    var execution = StudyExecution(run: run, file: file)
    execution.takesInterrupts = false
    let summary = execution.execute()
    if let summary, summary.status == .scriptWrong { DiagnosticText.report(summary.diagnostics, didRun: true) }
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

  private func know(_ found: [OptionDeclaration]) {
    condition.lock()
    declared = found
    // An option that the text no longer has keeps no value, and none a value that no longer fits.
    settings = settings.filter { name, text in found.contains { $0.name == name && $0.refusal(of: text) == nil } }
    condition.unlock()
  }

  private func remember(_ folder: String?) {
    condition.lock()
    currentFolder = folder
    condition.unlock()
  }
}
