import Foundation

/// Texts as the language writes them in a program.
public enum StringLiteral {
  /// A string literal for a text, quotes included: it reads back as the same text, shows control characters by their
  /// number and holds nothing that would be interpolated.
  public static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case "{": out += "\\{"
      default:
        if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
          out += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }

  /// A field's name as a record literal writes it: in quotes where it is no word.
  public static func fieldName(_ name: String) -> String { isWord(name) ? name : quoted(name) }

  /// Whether a text is spelt like a name, reserved words included, in the form that names have.
  public static func isWord(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first == "_" || first.properties.isIDStart else { return false }
    return text.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isIDContinue }
      && word(text).utf8.elementsEqual(text.utf8)
  }

  /// A name as programs mean it, however its accents were typed: in Unicode's normal form C.
  public static func word(_ written: String) -> String {
    written.utf8.allSatisfy { $0 < 0x80 } ? written : written.precomposedStringWithCanonicalMapping
  }
}

/// Texts as words of a command line.
public enum ShellWord {
  /// A text as a shell takes it for one word: in quotes where it needs them.
  public static func quoted(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "._-/=,:+@%".contains($0) }
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    return isPlain ? text : "'" + parts.joined(separator: "'\\''") + "'"
  }
}
