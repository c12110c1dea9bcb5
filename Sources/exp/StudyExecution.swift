import Diagnostics
import Evaluation
import Foundation
import Studies
import Tensors

/// A study's program in this process, as its run's options want it: on a thread with a deep stack, stopped by Ctrl-C and by what the run hears.
struct StudyExecution {
  let run: StudyRun
  let file: SourceFile
  /// Whether Ctrl-C stops this run; otherwise it belongs to somebody else.
  var takesInterrupts = true
  /// Whether what is made and not finished is of use to a later run.
  var keepsUnfinished = true

  /// Runs the program, then `afterwards`, and ends the run; nil when the library cannot be loaded, which has been said.
  func execute(afterwards: @escaping ([Diagnostic]) -> Void = { _ in }) -> RunSummary? {
    let summary = WorkerThread.run(name: "study") { () -> RunSummary? in
      guard let library = SourceLoader.library() else { return nil }
      let options = run.options
      // Tensors of all threads count together: the pool is the process's. Where nothing is said, the session says it.
      MemoryPool.limit = options.maxMemory ?? .max
      let session = Session(
        library: library, host: run, threads: options.threads, maxMemory: options.maxMemory,
        checksNaN: options.checksNaN)
      run.stopProgram = { session.interrupt() }
      if takesInterrupts {
        Interrupts.begin(keepsFirst: keepsUnfinished) {
          session.interrupt()
          run.interrupt()
        }
      }
      let diagnostics = session.run(file, settings: options.settings)
      afterwards(diagnostics)
      return run.finish(diagnostics, drawn: diagnostics.map { DiagnosticText.plain($0) })
    }
    return summary ?? nil
  }
}
