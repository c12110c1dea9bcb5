import ArgumentParser
import Foundation

/// `--set name=value`, as it is typed.
enum OptionSettings {
  /// Complains about settings that cannot be meant, and numbers of threads that no machine has.
  static func validate(_ settings: [String], threads: Int?) throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is a number from 1 to 1024") }
    var seen: [String: String] = [:]
    for setting in settings {
      guard setting.dropFirst().contains("=") else {
        throw ValidationError("--set takes name=value, such as --set noise=0.4, and was given '\(setting)'")
      }
      let (name, value) = split(setting)
      if let other = seen[name] {
        throw ValidationError(
          "--set gives \(name) twice: "
            + (other == value ? "\(value) both times" : "\(other) and \(value)"))
      }
      seen[name] = value
    }
  }

  /// Names and values.
  static func parsed(_ settings: [String]) -> [String: String] {
    Dictionary(settings.map(split), uniquingKeysWith: { $1 })
  }

  private static func split(_ setting: String) -> (String, String) {
    guard let equals = setting.firstIndex(of: "=") else { return (setting, "") }
    return (
      setting[..<equals].trimmingCharacters(in: .whitespaces), String(setting[setting.index(after: equals)...])
    )
  }
}
