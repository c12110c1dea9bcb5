import Foundation
import Studies

/// Processes of this machine that help with a run: started when the run has its folder, stopped when it ends. They end by
/// themselves when this process does.
final class LocalWorkers: RunListener {
  private let count: Int
  private let arguments: [String]
  private let listener: any RunListener
  private var processes: [Process] = []

  /// `count` processes `exp worker RUN` with further arguments; events go on to `listener`.
  init(count: Int, arguments: [String], listener: any RunListener) {
    self.count = count
    self.arguments = arguments
    self.listener = listener
  }

  func receive(_ event: RunEvent) {
    if case .started(let header) = event, let folder = header.folder { start(folder) }
    if case .finished = event { stop() }
    listener.receive(event)
  }

  private func start(_ folder: String) {
    for _ in 0..<count {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: OwnProgram.path)
      process.arguments = ["worker", folder, "--with-parent", "--quiet"] + arguments
      process.standardInput = FileHandle.nullDevice
      do {
        try process.run()
        processes.append(process)
      } catch { SourceLoader.complain("a worker could not be started: \(error.localizedDescription)") }
    }
  }

  private func stop() {
    for process in processes where process.isRunning { process.terminate() }
    for process in processes { process.waitUntilExit() }
    processes = []
  }
}

/// This program.
enum OwnProgram {
  /// Its path from the root.
  static var path: String {
    if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
    return Bundle.main.executablePath ?? CommandLine.arguments[0]
  }
}
