import Diagnostics
import Evaluation
import Foundation

/// A compiled step as `exp plan --graph` shows it.
enum StepGraphText {
  static func lines(_ graph: StepGraph, brief: Bool) -> [String] {
    let summary = graph.plan.summary
    var lines = ["step \(graph.name)\(place(graph.span))"]
    func line(_ name: String, _ text: String) {
      lines.append("  " + name.padding(toLength: 16, withPad: " ", startingAt: 0) + text)
    }
    line("recorded", "\(graph.recorded) nodes, \(graph.plan.graph.nodes.count) without equal and unused ones")
    line("before fusion", "\(summary.operations) operations, \(bytes(summary.bytesAlone)) moved")
    line(
      "after fusion",
      "\(summary.steps) steps, \(bytes(summary.bytesMoved)) moved, \(bytes(summary.arenaBytes)) between steps")
    let ratio = Double(summary.bytesMoved) / Double(max(summary.bytesLeast, 1))
    line("least possible", "\(bytes(summary.bytesLeast)): \(String(format: "%.2f", ratio)) times as much is moved")
    guard !brief else { return lines }
    lines.append("  nodes")
    lines += graph.plan.nodeLines.map { "    " + $0 }
    lines.append("  steps")
    lines += graph.plan.stepLines.map { "    " + $0 }
    return lines
  }

  private static func place(_ span: Span) -> String {
    guard span != .none, let file = SourceStore.shared.file(span.file) else { return "" }
    let name = NSString(string: file.name).lastPathComponent
    return " (\(name):\(file.position(Int(span.lower)).line))"
  }

  private static func bytes(_ count: Int) -> String {
    count < 10_000 ? "\(count) B" : count < 10_000_000 ? "\(count / 1000) kB" : "\(count / 1_000_000) MB"
  }
}
