import Diagnostics
import Evaluation
import Foundation
import Notation

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

  /// The same for programs, with the numbers as they are.
  static func object(_ graph: StepGraph, brief: Bool) -> JSON {
    let summary = graph.plan.summary
    let line = SourceStore.shared.file(graph.span.file)?.position(Int(graph.span.lower)).line
    var members: [JSON.Member] = [
      .init("name", .string(graph.name)), .init("line", line.map(JSON.int) ?? .null),
      .init("recorded", .int(graph.recorded)), .init("operations", .int(summary.operations)),
      .init("bytes_before", .int(summary.bytesAlone)), .init("steps", .int(summary.steps)),
      .init("bytes_moved", .int(summary.bytesMoved)), .init("bytes_between", .int(summary.arenaBytes)),
      .init("bytes_least", .int(summary.bytesLeast)),
    ]
    if !brief {
      members.append(.init("nodes", .array(graph.plan.nodeLines.map { .string(String($0)) })))
      members.append(.init("step_lines", .array(graph.plan.stepLines.map { .string(String($0)) })))
    }
    return .object(members)
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
