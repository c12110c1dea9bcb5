import Notation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which process of which machine somebody is: enough for a process on the same machine to see at once whether it lives.
public struct ProcessIdentity: Sendable, Hashable {
  /// The machine's name.
  public var host: String
  /// What is the same for processes that see each other's numbers, and for no others: one start of one machine, and the
  /// container. Empty when it cannot be known.
  public var system: String
  /// Its number.
  public var process: Int
  /// When it started, in the system's own units, so that a number used again is not mistaken for it.
  public var start: String

  /// Makes an identity.
  public init(host: String, system: String, process: Int, start: String) {
    self.host = host
    self.system = system
    self.process = process
    self.start = start
  }

  /// This process.
  public static let own: ProcessIdentity = {
    var facts = utsname()
    uname(&facts)
    let host = withUnsafeBytes(of: facts.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let process = Int(getpid())
    return ProcessIdentity(host: host, system: ownSystem(), process: process, start: start(of: process) ?? "")
  }()

  /// Whether the process lives: nil when that cannot be seen from here.
  public var lives: Bool? {
    guard !system.isEmpty, system == ProcessIdentity.own.system, !start.isEmpty else { return nil }
    return ProcessIdentity.start(of: process) == start
  }

  /// The start of this machine and the set of process numbers that this process sees.
  private static func ownSystem() -> String {
    guard let boot = try? DiskFileSystem.shared.read("/proc/sys/kernel/random/boot_id") else { return "" }
    var target = [CChar](repeating: 0, count: 256)
    guard readlink("/proc/self/ns/pid", &target, 255) > 0 else { return "" }
    let id = String(decoding: boot, as: UTF8.self).filter { !$0.isNewline }
    return id + " " + String(decoding: target.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The time of a process's start, if there is such a process and it is no zombie.
  private static func start(of process: Int) -> String? {
    guard let bytes = try? DiskFileSystem.shared.read("/proc/\(process)/stat") else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let close = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return String(fields[19])
  }

  var json: JSON {
    [
      "host": .string(host), "system": .string(system), "process": .int(process), "start": .string(start),
    ]
  }

  init?(json: JSON) {
    guard let host = json["host"]?.string, let system = json["system"]?.string, let process = json["process"]?.int,
      let start = json["start"]?.string
    else { return nil }
    self.init(host: host, system: system, process: process, start: start)
  }
}
