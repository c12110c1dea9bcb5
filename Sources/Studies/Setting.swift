import Diagnostics
import Evaluation
import Records

/// Turns `--set name=value` into the option's value, or says what is wrong with it.
enum Setting {
  /// The value of an option: the typed text read as the type of the default, within the bounds; without a text nil,
  /// after a check of the default.
  static func value(for option: OptionDeclaration, text: String?) throws -> Datum? {
    guard let text else {
      if !isWithin(option.bounds, option.defaultValue) {
        throw StudyErrors.defaultOutOfBounds(
          option.name, value: plainText(option.defaultValue), bounds: describe(option), at: option.span)
      }
      return nil
    }
    let value = try read(text, for: option)
    guard isWithin(option.bounds, value) else {
      throw StudyErrors.settingOutOfBounds(
        option.name, value: text, bounds: describe(option), near: nearest(option.bounds, value), at: option.span)
    }
    return value
  }

  private static func read(_ text: String, for option: OptionDeclaration) throws -> Datum {
    let trimmed = text.trimmingSpaces()
    let literal = LiteralReader.read(trimmed)
    func wrong(_ wanted: String, _ help: String? = nil) -> Diagnostic {
      StudyErrors.settingHasWrongType(option.name, text: text, wanted: wanted, help: help, at: option.span)
    }
    switch (option.defaultValue, literal) {
    case (.int, .int?), (.float, .float?), (.bool, .bool?), (.list, .list?), (.record, .record?), (.string, .string?):
      return literal ?? .none
    case (.float, .int(let i)?): return .float(Double(i))
    case (.int, .float(let d)?):
      if allowsFloats(option.bounds) { return .float(d) }
      let whole = Int(exactly: d.rounded())
      throw wrong("a whole number", whole.map { "did you mean \(option.name)=\($0)?" })
    case (.string, _): return .string(text)
    case (.none, _): return literal ?? .string(text)
    case (.int, _): throw wrong("a whole number, such as \(plainText(option.defaultValue))")
    case (.float, _): throw wrong("a number, such as \(plainText(option.defaultValue))")
    case (.bool, _): throw wrong("true or false")
    case (.list, _): throw wrong("a list, such as \(plainText(option.defaultValue))")
    case (.record, _): throw wrong("a record, such as \(plainText(option.defaultValue))")
    default: throw wrong("a value that cannot be typed on a command line")
    }
  }

  private static func allowsFloats(_ bounds: Datum) -> Bool {
    switch bounds {
    case .record(let fields): return fields.contains { if case .float = $0.value { return true } else { return false } }
    case .list(let choices): return choices.contains { if case .float = $0 { return true } else { return false } }
    default: return false
    }
  }

  /// Whether a value is within bounds: between `lower` and `upper`, steps from `lower` on where there is a `step`, or among the choices
  /// (1 and 1.0 are the same choice).
  static func isWithin(_ bounds: Datum, _ value: Datum) -> Bool {
    switch bounds {
    case .list(let choices): return choices.contains { isSame($0, value) }
    case .record(let fields):
      guard let x = value.number else { return false }
      if let lower = limit(fields, "lower"), !(x >= lower) { return false }
      if let upper = limit(fields, "upper"), !(isOpen(fields) ? x < upper : x <= upper) { return false }
      guard let lower = limit(fields, "lower"), let step = limit(fields, "step") else { return true }
      // Typed numbers are decimal, and multiples of 0.1 are not.
      let distance = abs(lower + ((x - lower) / step).rounded() * step - x)
      return distance <= max(1e-9 * abs(step), 4 * max(abs(x), abs(lower)).ulp)
    default: return true
    }
  }

  private static func isSame(_ a: Datum, _ b: Datum) -> Bool {
    if let x = a.number, let y = b.number { return x == y }
    return a == b
  }

  private static func limit(_ fields: [Datum.Field], _ name: String) -> Double? {
    fields.first { $0.name == name }?.value.number
  }

  private static func isOpen(_ fields: [Datum.Field]) -> Bool { fields.contains { $0.name == "open" } }

  private static func describe(_ option: OptionDeclaration) -> String {
    switch option.bounds {
    case .list(let choices): return "choose one of " + choices.map(plainText).joined(separator: ", ")
    case .record(let fields):
      func text(_ name: String) -> String { fields.first { $0.name == name }.map { plainText($0.value) } ?? "" }
      let steps = text("step").isEmpty ? "" : " in steps of \(text("step"))"
      return "from \(text("lower")) to \(isOpen(fields) ? "less than " : "")\(text("upper"))\(steps)"
    default: return "any value"
    }
  }

  /// The choice spelled most like a value.
  private static func nearest(_ bounds: Datum, _ value: Datum) -> String? {
    switch bounds {
    case .list(let choices):
      return nearestName(plainText(value), among: choices.map(plainText))
    default: return nil
    }
  }
}

extension OptionDeclaration {
  /// What is wrong with a value of the option as it was typed; nil when it fits.
  public func refusal(of text: String) -> Diagnostic? {
    do { _ = try Setting.value(for: self, text: text) } catch { return error as? Diagnostic }
    return nil
  }
}

extension String {
  /// Without blanks and tabs at either end.
  func trimmingSpaces() -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
