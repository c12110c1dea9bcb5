/// Diagnostics for programs: one JSON object on one line each.
extension DiagnosticPrinter {
  /// A diagnostic as a JSON object; lines and columns count from 1.
  public func json(_ diagnostic: Diagnostic) -> String {
    var parts = [
      "\"id\":\(quoted(diagnostic.id))", "\"severity\":\(quoted(diagnostic.severity.rawValue))",
      "\"message\":\(quoted(diagnostic.message))",
    ]
    parts += location(diagnostic.span)
    parts.append("\"label\":\(quoted(diagnostic.label))")
    parts.append(
      "\"notes\":["
        + diagnostic.notes.map { object(location($0.span) + ["\"text\":\(quoted($0.text))"]) }
        .joined(separator: ",") + "]")
    parts.append("\"help\":[" + diagnostic.help.map(quoted).joined(separator: ",") + "]")
    parts.append(
      "\"stack\":["
        + diagnostic.stack.map { object(["\"function\":\(quoted($0.function))"] + location($0.span)) }
        .joined(separator: ",") + "]")
    return object(parts)
  }

  private func object(_ parts: [String]) -> String { "{" + parts.joined(separator: ",") + "}" }

  private func location(_ span: Span) -> [String] {
    guard let file = store.file(span.file) else { return [] }
    let from = file.position(Int(span.lower)), to = file.position(Int(span.upper))
    return [
      "\"file\":\(quoted(file.name))", "\"line\":\(from.line)", "\"column\":\(from.column)", "\"endLine\":\(to.line)",
      "\"endColumn\":\(to.column)",
    ]
  }

  private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
