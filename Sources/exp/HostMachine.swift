import Evaluation
import Foundation
import Records
import Tensors

/// What this machine and this binary are, for headers and records.
enum HostMachine {
  /// Instruction set of the kernels in use.
  static var kernels: String { Kernels.variant }

  /// Versions for the record.
  static var versions: [Datum.Field] {
    [
      Datum.Field("exp", .string(Version.exp)), Datum.Field("numerics", .int(numericsVersion)),
      Datum.Field("stdlib", .string(StandardLibrary.contentHash())),
    ]
  }

  /// Switches of the environment for the record.
  static var environment: [Datum.Field] {
    ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("EXP_") }.sorted { $0.key < $1.key }.map {
      Datum.Field($0.key, .string($0.value))
    }
  }

  /// The machine for the record.
  static var description: [Datum.Field] {
    var system = utsname()
    uname(&system)
    func text<Tuple>(_ field: Tuple) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return [
      Datum.Field("kernels", .string(kernels)),
      Datum.Field("cores", .int(ProcessInfo.processInfo.activeProcessorCount)),
      Datum.Field("processor", .string(processor)),
      Datum.Field("system", .string("\(text(system.sysname)) \(text(system.release)) \(text(system.machine))")),
    ]
  }

  /// The processor's name; on Linux for arm64, which has none, the numbers of its maker and its kind.
  private static var processor: String {
    #if canImport(Darwin)
      var size = 0
      guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 0 else { return "" }
      var name = [UInt8](repeating: 0, count: size)
      guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "" }
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    #else
      let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
      func value(_ name: String) -> String? {
        lines.first { $0.hasPrefix(name) }?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
      }
      if let name = value("model name") { return name }
      guard let maker = value("CPU implementer"), let part = value("CPU part") else { return "" }
      return "implementer \(maker), part \(part)"
    #endif
  }
}
