import ArgumentParser
import CReadline
import Evaluation
import Foundation
import Notation
import Records
import Studies
import Tensors

/// `exp doctor`
struct DoctorCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what this machine offers to Exp and what is missing.")

  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let output = Terminal.output
    var found: [JSON] = []
    func line(_ mark: String, _ name: String, _ text: String) {
      if json {
        let states = ["✓": "fine", "!": "slow", "–": "absent", "✗": "missing"]
        found.append(["name": .string(name), "state": .string(states[mark] ?? mark), "text": .string(text)])
      } else {
        output.line("\(mark) \(name.padding(toLength: 14, withPad: " ", startingAt: 0))\(text)")
      }
    }
    line("✓", "exp", Version.line)
    let isSlow = !Kernels.hasHardwareFMA
    line(
      isSlow ? "!" : "✓", "kernels",
      HostMachine.kernels + (isSlow ? ": right but 50 to 200 times slower than AVX2 or arm64" : ""))
    line("✓", "cores", "\(ProcessInfo.processInfo.activeProcessorCount)")
    line("✓", "readline", String(cString: rl_library_version))
    var isWhole = true
    if let library = SourceLoader.library(complain: SourceLoader.complain) {
      line("✓", "stdlib", Phrase.count(library.prelude.names.count, "name"))
    } else {
      isWhole = false
      line("✗", "stdlib", "not found; EXP_STDLIB may name its folder")
    }
    for (library, names, use) in [("zlib", ["libz.so.1", "libz.dylib"], "to read mnist()'s .gz files")] {
      let handle = names.lazy.compactMap { dlopen($0, RTLD_LAZY) }.first
      line(handle == nil ? "–" : "✓", library, handle == nil ? "absent; needed \(use)" : "present")
    }
    let programs = LinearProgram.libraryVersion
    line(
      programs == nil ? "–" : "✓", "GLPK",
      programs
        ?? "absent; needed for linear_program(…): apt-get install libglpk40 (Debian, Ubuntu), or brew install glpk")
    let bodies = RigidBodies.libraryVersion
    line(
      bodies == nil ? "–" : "✓", "Box2D",
      bodies
        ?? "absent when this was built; needed for rigid_bodies(…): apt-get install libbox2d-dev (Debian, Ubuntu), and build"
    )
    for (tool, use) in [("rsvg-convert", "figures as PNG"), ("gnuplot", "figures from their .gp files")] {
      let path = find(tool)
      line(path == nil ? "–" : "✓", tool, path ?? "absent; would give \(use)")
    }
    let environment = ProcessInfo.processInfo.environment["EXP_DATA"]
    for folder in FileAccess.dataFolders(arguments: [], environment: environment, ownFolder: ".") {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { !$0.hasPrefix(".") }.sorted()
      line(
        names == nil ? "–" : "✓", "data",
        shortPath(folder) + (names.map { ": " + $0.joined(separator: ", ") } ?? ", absent"))
    }
    if json { output.line((["works": .bool(isWhole), "found": .array(found)] as JSON).compact) }
    if !isWhole { throw ExitCode(1) }
  }

  private func find(_ tool: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(tool)" }
      .first { access($0, X_OK) == 0 }
  }
}
