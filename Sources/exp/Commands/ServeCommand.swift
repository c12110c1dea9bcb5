import ArgumentParser
import Dispatch
import Evaluation
import FlyingFox
import Foundation
import Studies
import Tensors

/// `exp serve study.exp`
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "A live page of a study: cells, progress, sliders for its options.",
    discussion: """
      The page follows the run; a slider runs again what depends on it, and saving the file what changed. Only this \
      machine can see it unless --host says otherwise, and only under the address with the token. Ctrl-C ends it. Of each \
      setting that was seen one run's folder stays, so that going back to it computes nothing; `exp runs gc` clears them.
      """)

  @Argument(help: "The study.", completion: .script) var study: String
  @OptionGroup var of: StudyOptions
  @OptionGroup var threading: ThreadOptions
  @Option(
    help: ArgumentHelp("Folder in which the runs' folders are made.", valueName: "dir"),
    transform: PathArgument.named)
  var out: String = "runs"
  @Option(help: ArgumentHelp("Address to listen on.", valueName: "address")) var host: String = "127.0.0.1"
  @Option(help: "Port to listen on; 0 for any that is free.") var port: UInt16 = 0

  /// Set by Ctrl-C.
  nonisolated(unsafe) private static var isOver = false

  func run() throws {
    guard SourceLoader.load(study) != nil else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let options = of.runOptions(ofStudyAt: study, threads: threading.count).recorded(below: out)
    let hub = LiveHub(name: study)
    let live = LiveStudy(path: study, options: options, hub: hub)
    let server = LiveServer(hub: hub, study: live, token: LiveServer.makeToken())
    let address = try listen(server)
    Interrupts.begin { ServeCommand.isOver = true }
    Terminal.output.line("\(study) is live at \(address) · Ctrl-C ends it")
    let worker = WorkerThread(name: "live") { live.work() }
    guard worker.start() else {
      SourceLoader.complain("the system gives no thread for the study")
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    follow(live, hub)
    hub.close()
    live.end()
    while !worker.join(seconds: 0.1) {}
  }

  /// Starts to listen; gives the address of the page.
  private func listen(_ server: LiveServer) throws -> String {
    let http: HTTPServer
    do { http = try server.server(host: host, port: port) } catch {
      SourceLoader.complain("\(host) is no address to listen on")
      throw ExitCode(64)
    }
    let found = Answer<UInt16>()
    Task.detached {
      do { try await http.run() } catch { found.give(nil) }
    }
    Task.detached {
      try? await http.waitUntilListening(timeout: 5)
      switch await http.listeningAddress {
      case .ip4(_, let port), .ip6(_, let port): found.give(port)
      default: found.give(nil)
      }
    }
    guard let port = found.wait() else {
      SourceLoader.complain("port \(port) of \(host) cannot be had")
      throw ExitCode(1)
    }
    return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(server.token)/live"
  }

  /// Until Ctrl-C: runs again when a file was saved.
  private func follow(_ live: LiveStudy, _ hub: LiveHub) {
    var watch = SourceLoader.load(study).map(FileWatch.init)
    var ticks = 0
    while !ServeCommand.isOver {
      usleep(150_000)
      ticks += 1
      if ticks % 60 == 0 { hub.greet() }
      if watch?.hasChanged() == true {
        watch = SourceLoader.load(study).map(FileWatch.init) ?? watch
        live.restart()
      }
    }
  }
}

/// A value that one thread waits for and another gives, once.
private final class Answer<Value: Sendable>: @unchecked Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let lock = NSLock()
  private var value: Value?
  private var isGiven = false

  func give(_ value: Value?) {
    lock.lock()
    defer { lock.unlock() }
    guard !isGiven else { return }
    isGiven = true
    self.value = value
    semaphore.signal()
  }

  func wait() -> Value? {
    semaphore.wait()
    return value
  }
}
