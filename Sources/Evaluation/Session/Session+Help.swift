import Diagnostics
import Resolution
import Syntax

/// What is known about a name: how it is called, where it is defined, what it does.
public struct HelpEntry: Sendable {
  /// One definition; a name has several when it is defined once per kind of its first argument.
  public struct Definition: Sendable {
    /// `cosine(peak, steps, floor = 0, warmup = 0)`
    public var signature: String
    /// `stdlib/schedules.exp:21`, the section for a word of the language, or empty for a native.
    public var place: String
    /// The prose above the function, Markdown; lines that begin with `>` are examples with their value below.
    public var documentation: String
  }
  /// The definitions in the order in which calls try them.
  public var definitions: [Definition]
}

extension Session {
  /// Explains a name of the session, the standard library, the natives, or a word of the language; nil when nothing has it.
  public func help(_ name: String) -> HelpEntry? {
    if let own = names[name] { return HelpEntry(definitions: definitions(of: own)) }
    var found: [HelpEntry.Definition] = []
    for file in library.files where file.names.contains(name) {
      for statement in file.tree.statements {
        guard case .function(let declared, let literal, let prose) = statement.kind, declared.text == name else {
          continue
        }
        found.append(
          HelpEntry.Definition(
            signature: Self.signature(name, literal), place: Self.place(declared.span), documentation: prose ?? ""))
      }
    }
    for native in Natives.all where native.name == name {
      let example =
        native.example.isEmpty ? "" : "\n> " + native.example.split(separator: "\n").joined(separator: "\n> ")
      found.append(
        HelpEntry.Definition(
          signature: Self.signature(name, native.fullSignature), place: "", documentation: native.doc + example))
    }
    if found.isEmpty, library.prelude.names[name] != nil {
      found.append(HelpEntry.Definition(signature: name, place: "", documentation: ""))
    }
    if let word = LanguageWord.named(name) {
      found.append(
        HelpEntry.Definition(
          signature: word.form, place: "docs/language.md, \(word.section)", documentation: word.meaning))
    }
    return found.isEmpty ? nil : HelpEntry(definitions: found)
  }

  private func definitions(of global: GlobalBinding) -> [HelpEntry.Definition] {
    let signatures = global.signatures.map { Self.signature(global.name, $0) }
    return (signatures.isEmpty ? ["\(global.name) = \(brief(global))"] : signatures).map {
      HelpEntry.Definition(signature: $0, place: Self.place(global.span), documentation: "")
    }
  }

  static func signature(_ name: String, _ signature: Signature) -> String {
    let parameters = signature.parameters.map { parameter -> String in
      let kind = parameter.kind.map { ": " + $0 } ?? ""
      return (parameter.isRest ? "..." : "") + parameter.name + kind + (parameter.hasDefault ? "?" : "")
    }
    return name + "(" + parameters.joined(separator: ", ") + ")"
  }

  static func signature(_ name: String, _ literal: FunctionLiteral) -> String {
    let parameters = literal.parameters.map { parameter -> String in
      let kind = parameter.kind.map { ": " + $0.text } ?? ""
      let initial = parameter.defaultValue.map { " = " + SourceText.line($0.span) } ?? ""
      return (parameter.isRest ? "..." : "") + parameter.name.text + kind + initial
    }
    return name + "(" + parameters.joined(separator: ", ") + ")"
  }

  /// The last two parts of the path, and the line.
  private static func place(_ span: Span) -> String {
    guard let file = SourceStore.shared.file(span.file) else { return "" }
    let path = file.name.split(separator: "/").suffix(2).joined(separator: "/")
    return "\(path):\(file.position(Int(span.lower)).line)"
  }
}
