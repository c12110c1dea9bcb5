import ArgumentParser
import Foundation
import Notation
import Studies

/// `exp new NAME`
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Begin a study: a file that runs as it stands, to be changed.",
    discussion: "Writes NAME.exp with an option, a sweep, a plot, a claim and a test. It never writes over a file.")

  @Argument(help: "Its name; .exp may be left out.", completion: .script) var name: String

  func run() throws {
    let path = name.hasSuffix(".exp") ? name : name + ".exp"
    let title = NSString(string: path).lastPathComponent.dropLast(4).replacingOccurrences(of: "_", with: " ")
    guard !title.isEmpty, !title.hasPrefix("-") else { throw ValidationError("a study needs a name, such as lines") }
    guard title.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw ValidationError("a study's name is one line of text, without control characters")
    }
    guard !FileManager.default.fileExists(atPath: path) else {
      SourceLoader.complain("there is a file \(path) already")
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    let folder = NSString(string: path).deletingLastPathComponent
    guard folder.isEmpty || FileManager.default.fileExists(atPath: folder) else {
      SourceLoader.complain("\(path) cannot be written: there is no folder \(folder)")
      throw ExitCode(RunStatus.notRecorded.rawValue)
    }
    do { try Data(Self.text(title).utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting) } catch {
      SourceLoader.complain("\(path) cannot be written: \(error.localizedDescription)")
      throw ExitCode(RunStatus.notRecorded.rawValue)
    }
    let word = ShellWord.quoted(path)
    Terminal.output.line("\(path) is written; next:\n  exp run \(word)\n  exp test \(word)\n  exp repl -i \(word)")
  }

  /// The study that a new file holds.
  static func text(_ title: String) -> String {
    """
    ## # \(title)
    ## What the study asks, in a sentence. This one: how large a network must be to follow a sine.

    seed 1
    option noise = 0.1 in 0.0..1.0 "standard deviation of the noise in the data"
    option steps = 500 in 10..10_000 "training steps"

    ## Points of a sine, with noise. `normal(…)` draws the same numbers in every run of the study.
    fn points(n) {
      let x = uniform(n, 1, low: -3, high: 3)
      { x, y: sin(x) + noise * normal(n, 1) }
    }
    let data = points(200)

    test "there are as many inputs as outputs" { expect shape(points(5).x) == shape(points(5).y) }

    ## One trial for each width and repetition, on all cores. A trial's record becomes a row of the table.
    let runs = sweep width in [1, 2, 4, 16], rep in 1..3 {
      let fit = train(mlp([1, width, 1]), data, loss: mse, optimizer: adam(lr: 0.02), steps: steps)
      { parameters: count(fit.model), error: mse(fit.model(data.x), data.y) }
    }
    runs.mean("error", by: "width")
    plot(runs, x: "width", y: "error", log: "x", band: "rep")

    ## What the study should show; the report says whether it does.
    claim "wider networks fit better" {
      let curve = runs.mean("error", by: "width")
      curve.where(r -> r.width == 16).error[0] < curve.where(r -> r.width == 1).error[0]
    }

    """
  }
}
