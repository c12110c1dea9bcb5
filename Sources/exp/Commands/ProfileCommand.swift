import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Reports
import Studies
import Tensors

/// `exp profile study.exp`
struct ProfileCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Run a study on one thread and say where its time and memory go.",
    discussion: """
      By line and by operation. Time spent in the library counts for the line that calls it, compiled steps count for the lines \
      they were made of. Nothing is printed or recorded, and no trial is taken from an earlier record.
      """)

  @Argument(help: "The study.", completion: .script) var path: String
  @OptionGroup var of: StudyOptions
  @Option(help: ArgumentHelp("Stop after the first so many trials of a sweep that has more.", valueName: "n"))
  var trials: Int?
  @Option(help: ArgumentHelp("How many lines and operations to show.", valueName: "n")) var top = 12
  @Flag(help: "Print one JSON object, with everything.") var json = false
  @OptionGroup var errors: ErrorOptions

  func validate() throws {
    if let trials, trials < 1 { throw ValidationError("--trials is at least 1") }
    if top < 1 { throw ValidationError("--top is at least 1") }
  }

  func run() throws {
    guard let file = SourceLoader.load(path) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let isFine = WorkerThread.run(name: "profile") { self.profile(file) }
    if isFine != true { throw ExitCode(RunStatus.scriptWrong.rawValue) }
  }

  private func profile(_ file: SourceFile) -> Bool {
    guard let library = SourceLoader.library() else { return false }
    var options = of.runOptions(ofStudyAt: path)
    options.writable = [NSTemporaryDirectory()]
    options.takesPaths = false
    let run = StudyRun(source: file, options: options, listener: SilentListener())
    let session = Session(library: library, host: ProfileHost(run, trials: trials ?? .max), threads: 1)
    Interrupts.begin { session.interrupt() }
    let (profile, diagnostics) = Profiler.run(file, in: session, settings: options.settings)
    let errors = diagnostics.filter { $0.severity == .error && $0.id != DiagnosticText.interruptedID }
    if json {
      Terminal.output.line(object(profile, file, errors).compact)
    } else if errors.isEmpty || profile.seconds > 0.05 {
      tell(profile, file, wasStopped: diagnostics.contains { $0.id == DiagnosticText.interruptedID })
    }
    if !json { DiagnosticText.report(errors, didRun: true, form: self.errors.form) }
    return errors.isEmpty
  }

  private func tell(_ profile: Profiler, _ file: SourceFile, wasStopped: Bool) {
    let output = Terminal.output, width = min(output.width, 110)
    func row(_ share: Profiler.Share, _ text: String) {
      let part = profile.seconds > 0 ? share.seconds / profile.seconds * 100 : 0
      let time = TextWidth.pad(String(format: "%.3f s", share.seconds), to: 11)
      let cells = [time, String(format: "%4.0f %%  ", part), Self.padded(PlanTime.bytes(Double(share.bytes)), 9)]
      output.line(TextWidth.cut("  " + cells.joined() + "  " + text, to: width).trimmingTrailingSpaces)
    }
    let reason = Interrupts.count > 0 ? "by Ctrl-C" : "after \(Phrase.count(trials ?? 0, "trial")) of a sweep"
    let stopped = wasStopped ? ", stopped \(reason)" : ""
    output.line(
      "\(path): \(Phrase.duration(profile.seconds)) on one thread\(stopped) · most memory of tensors "
        + "\(PlanTime.bytes(Double(MemoryPool.peakBytes)))\n")
    output.line(output.styled("  time        share     memory  line", .faint))
    let lines = profile.lines.sorted { $0.value.seconds > $1.value.seconds }
    let digits = String(lines.map(\.key).max() ?? 0).count
    for (line, share) in lines.prefix(top) {
      let text = line == 0 ? "reading, checking and what belongs to no line" : file.line(line)
      let number = Self.padded(line == 0 ? "" : String(line), digits)
      row(share, number + "  " + text.trimmingCharacters(in: .whitespaces))
    }
    rest(lines.count)
    output.line("\n" + output.styled("  time        share     memory  operation", .faint))
    let operations = profile.operations.sorted { $0.value.seconds > $1.value.seconds }
    for (name, share) in operations.prefix(top) { row(share, name.isEmpty ? "the interpreter" : name) }
    rest(operations.count)
  }

  private func rest(_ count: Int) {
    if count > top { Terminal.output.line("  … and \(count - top) more: --top \(count)") }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - TextWidth.columns(text))) + text
  }

  private func object(_ profile: Profiler, _ file: SourceFile, _ problems: [Diagnostic]) -> JSON {
    func share(_ share: Profiler.Share) -> [JSON.Member] {
      [.init("seconds", .float(share.seconds)), .init("bytes", .int(share.bytes))]
    }
    let lines = profile.lines.sorted { $0.key < $1.key }.map { line, seen -> JSON in
      .object([.init("line", .int(line)), .init("text", .string(line == 0 ? "" : file.line(line)))] + share(seen))
    }
    let operations = profile.operations.sorted { $0.value.seconds > $1.value.seconds }.map { name, seen -> JSON in
      .object([.init("operation", .string(name.isEmpty ? "interpreter" : name))] + share(seen))
    }
    return [
      "seconds": .float(profile.seconds), "samples": .int(profile.samples), "peak_bytes": .int(MemoryPool.peakBytes),
      "lines": .array(lines), "operations": .array(operations),
      "problems": .array(problems.map(JSONView.object)),
    ]
  }
}
