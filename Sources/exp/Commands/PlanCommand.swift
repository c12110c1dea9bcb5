import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies
import Tensors

/// `exp plan study.exp`
struct PlanCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Walk a study with shapes only: what is wrong with it, and what it would cost.",
    discussion: """
      Numbers, records and options are what they are; tensors have a shape and no content. Where the study branches on what \
      is not known, both sides are followed; a statement whose loops take more than \(Int(Session.walkLimit)) seconds is left. Then a few trials and steps are run and timed, for four seconds of processor time at most, to say how \
      long it would take. Nothing is written or recorded.
      """)

  @Argument(help: "The study.", completion: .script) var path: String
  @OptionGroup var of: StudyOptions
  @OptionGroup var threading: ThreadOptions
  @Option(
    help: ArgumentHelp(
      "Seconds of processor time after which a statement is left, and at most the 4 for timing.", valueName: "seconds"))
  var limit = Session.walkLimit
  @Flag(help: "Run one step, and print each compiled step's operations before and after fusion and the bytes it moves.")
  var graph = false
  @Flag(help: "With --graph: counts only.") var brief = false
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var errors: ErrorOptions

  func validate() throws {
    guard limit > 0, limit <= 1e6 else { throw ValidationError("--limit is a number of seconds above 0, not \(limit)") }
    guard graph || !brief else {
      throw ValidationError("--brief is for the operations of --graph: write --graph --brief")
    }
  }

  func run() throws {
    // Nothing is written or recorded that would have to be ended.
    Interrupts.begin {
      let words: StaticString = "exp: stopped before the plan was made\n"
      _ = write(2, words.utf8Start, words.utf8CodeUnitCount)
      _exit(RunStatus.interrupted.rawValue)
    }
    let status = WorkerThread.run(name: "plan") { self.plan() } ?? RunStatus.scriptWrong.rawValue
    if status != 0 { throw ExitCode(status) }
  }

  private func plan() -> Int32 {
    let wrong = RunStatus.scriptWrong.rawValue
    guard let file = SourceLoader.load(path), let library = SourceLoader.library() else { return wrong }
    let options = of.runOptions(ofStudyAt: path), chosen = options.settings
    if graph {
      let run = StudyRun(source: file, options: options, listener: SilentListener())
      let session = Session(library: library, host: StepHost(run), threads: 1)
      let (graphs, diagnostics) = session.stepGraphs(file, settings: chosen)
      if json {
        let problems = diagnostics.map(JSONView.object)
        let compiled = graphs.map { StepGraphText.object($0, brief: brief) }
        SourceLoader.answer([.init("compiled", .array(compiled)), .init("problems", .array(problems))], errors: [])
      } else {
        DiagnosticText.report(diagnostics, didRun: true, form: errors.form)
        for line in graphs.flatMap({ StepGraphText.lines($0, brief: brief) }) { Terminal.output.line(line) }
      }
      return diagnostics.contains { $0.severity == .error } ? wrong : 0
    }
    let host = WalkHost(StudyRun(source: file, options: options, listener: SilentListener()))
    let session = Session(library: library, host: host, threads: 1)
    let report = session.plan(file, settings: chosen, limit: limit)
    let cores = threading.count, hasErrors = report.diagnostics.contains { $0.severity == .error }
    let timed =
      hasErrors
      ? [:]
      : Session.timings(
        file, report, settings: chosen, library: library,
        host: StudyRun(source: file, options: options, listener: SilentListener()), limit: min(limit, PlanTime.limit))
    let time = PlanTime(report, timed, threads: cores)
    if json {
      Terminal.output.line(Self.object(report, time).compact)
    } else {
      DiagnosticText.report(report.diagnostics, didRun: true, form: errors.form)
      if !hasErrors || !report.sweeps.isEmpty {
        for line in lines(report, time, threads: cores) { Terminal.output.line(line) }
      }
    }
    return hasErrors ? wrong : 0
  }

  private func lines(_ report: Session.PlanReport, _ time: PlanTime, threads: Int) -> [String] {
    var lines: [String] = []
    func line(_ name: String, _ text: String) {
      lines.append(name.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
    }
    for sweep in report.sweeps {
      line(
        "sweep",
        "\(Phrase.count(sweep.points, "trial")) over \(sweep.names.joined(separator: ", ")) (line \(sweep.line))")
    }
    if report.parameters > 0 { line("parameters", "up to \(report.parameters.formatted())") }
    line("arithmetic", "\(PlanTime.amount(report.work.products + report.work.elements)) operations")
    line("memory", "about \(PlanTime.bytes(report.stepBytes)), for one trial at a time")
    let known = report.isPart ? " for what is known" : ""
    line("time", "\(time.text(isBound: report.mayEndEarly))\(known) with \(Phrase.count(threads, "thread"))")
    for place in report.left {
      lines.append("line \(place): left after \(limit.formatted()) s, so not in these figures; do its loops end?")
    }
    for (place, needs) in report.unknown.map({ ($0.line, $0.needs) }) {
      lines.append(
        place == needs
          ? "line \(place): what it gives is not known before it has run"
          : "line \(place): not known before line \(needs) has run")
    }
    return lines
  }

  private static func object(_ report: Session.PlanReport, _ time: PlanTime) -> JSON {
    let sweeps = report.sweeps.map { sweep -> JSON in
      [
        "trials": .int(sweep.points), "coordinates": .array(sweep.names.map { .string($0) }), "line": .int(sweep.line),
      ]
    }
    let unknown = report.unknown.map { place -> JSON in ["line": .int(place.line), "needs": .int(place.needs)] }
    let problems = report.diagnostics.map { problem -> JSON in
      let line = SourceStore.shared.file(problem.span.file)?.position(Int(problem.span.lower)).line ?? 0
      return ["id": .string(problem.id), "message": .string(problem.message), "line": .int(line)]
    }
    return [
      "sweeps": .array(sweeps), "parameters": .int(report.parameters), "products": .float(report.work.products),
      "elements": .float(report.work.elements), "bytes": .float(report.stepBytes), "seconds": .float(time.seconds),
      "counted_seconds": .float(time.counted), "may_end_early": .bool(report.mayEndEarly),
      "is_part": .bool(report.isPart),
      "unknown": .array(unknown), "left": .array(report.left.map { .int($0) }), "problems": .array(problems),
    ]
  }
}

/// How long a study would take here.
struct PlanTime {
  /// Seconds of the process's own time that timing may take.
  static let limit = 4.0

  /// The estimate.
  private(set) var seconds = 0.0
  /// The part of it that was counted only, because it could not be timed.
  private(set) var counted = 0.0

  /// From the times of statements, and where there are none from what a plan counts and the speed of this machine, measured in a few
  /// milliseconds on a product of 128 × 256 × 128.
  init(_ report: Session.PlanReport, _ timed: [Int: Session.PlanReport.Part<Double>], threads: Int) {
    for part in timed.values { seconds += Self.seconds(part, threads) }
    let perProduct = Self.productSeconds()
    for (index, part) in report.parts where timed[index] == nil {
      counted += Self.seconds(part.map { $0.seconds(perProduct: perProduct) }, threads)
    }
    seconds += counted
  }

  private static func seconds(_ part: Session.PlanReport.Part<Double>, _ threads: Int) -> Double {
    part.alone + max(part.trials / Double(threads), part.largestTrial)
  }

  /// `about 3 min`, `at most about 40 s`
  func text(isBound: Bool) -> String {
    let text = (isBound ? "at most " : "") + (seconds < 1 ? "" : "about ") + Self.duration(seconds)
    return text + (counted > seconds / 2 && seconds >= 1 ? ", counted and not timed," : "")
  }

  /// Seconds for one floating-point operation of a product.
  private static func productSeconds() -> Double {
    let (m, k, n) = (128, 256, 128)
    let a = [Float](repeating: 0.5, count: m * k), b = [Float](repeating: 0.25, count: k * n)
    var c = [Float](repeating: 0, count: m * n), best = Double.infinity
    for _ in 0..<20 {
      let start = DispatchTime.now().uptimeNanoseconds
      a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
          c.withUnsafeMutableBytes { c in
            guard let x = a.baseAddress, let y = b.baseAddress, let z = c.baseAddress else { return }
            Kernels.matmul(.f32, m: m, n: n, k: k, x, lda: k, y, ldb: n, z, ldc: n)
          }
        }
      }
      best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
    }
    return best / Double(2 * m * k * n)
  }

  /// `3.1 billion`
  static func amount(_ x: Double) -> String {
    let names = [
      (1e15, "thousand billion"), (1e12, "thousand billion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"),
    ]
    guard let (unit, name) = names.first(where: { x >= $0.0 }) else { return String(Int(x)) }
    return String(format: "%.3g %@", unit == 1e15 ? x / 1e12 : x / unit, name)
  }

  static func bytes(_ x: Double) -> String {
    let names = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
    guard let (unit, name) = names.first(where: { x >= $0.0 }) else { return "\(Int(x)) bytes" }
    return String(format: x / unit >= 10 ? "%.0f %@" : "%.1f %@", x / unit, name)
  }

  static func duration(_ seconds: Double) -> String {
    if seconds < 1 { return "less than a second" }
    if seconds < 90 { return "\(Int(seconds.rounded())) s" }
    if seconds < 5400 { return "\(Int((seconds / 60).rounded())) min" }
    return String(format: "%.1f h", seconds / 3600)
  }
}
