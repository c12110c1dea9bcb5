import Notation

/// Diagnostics for programs: one JSON object on one line each.
extension DiagnosticPrinter {
  /// A diagnostic as a JSON object; lines and columns count from 1.
  public func json(_ diagnostic: Diagnostic) -> String {
    let head: [JSON.Member] = [
      .init("id", .string(diagnostic.id)), .init("severity", .string(diagnostic.severity.rawValue)),
      .init("message", .string(Self.cut(diagnostic.message))),
    ]
    let tail: [JSON.Member] = [
      .init("label", .string(Self.cut(diagnostic.label))),
      .init(
        "notes",
        .array(diagnostic.notes.map { .object(location($0.span) + [.init("text", .string(Self.cut($0.text)))]) })),
      .init("help", .array(diagnostic.help.map { .string(Self.cut($0)) })),
      .init(
        "stack",
        .array(
          diagnostic.stack.map { frame in
            let leftOut = frame.leftOut > 0 ? [JSON.Member("leftOut", .int(frame.leftOut))] : []
            return .object([.init("function", .string(frame.function))] + location(frame.span) + leftOut)
          })),
    ]
    return JSON.object(head + location(diagnostic.span) + tail).compact
  }

  private func location(_ span: Span) -> [JSON.Member] {
    guard let file = store.file(span.file) else { return [] }
    let from = file.position(Int(span.lower)), to = file.position(Int(span.upper))
    return [
      .init("file", .string(file.name)), .init("line", .int(from.line)), .init("column", .int(from.column)),
      .init("endLine", .int(to.line)), .init("endColumn", .int(to.column)),
    ]
  }
}
