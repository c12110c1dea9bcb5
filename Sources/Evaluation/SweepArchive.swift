import CKernels
import Diagnostics
import Foundation
import Notation
import Records
import Tensors

/// The trials of one sweep as far as records know them: see `TrialArchive`.
struct SweepArchive: TrialArchive, @unchecked Sendable {
  private let code: ReachableCode
  /// What enters the keys of all trials: the code, and what stands for the values that the body holds.
  private let before: String
  /// What stands for the values of axes that are long to hash.
  private let hashes: [[[UInt8]]?]
  private let draws: SweepDraws
  private let rootSeed: Int
  let parts: JSON

  /// Throws what a library file throws that cannot be compiled.
  init(_ machine: Machine, body: PortableValue, _ draws: SweepDraws) throws {
    code = try ReachableCode(from: [body] + draws.points.functions, in: machine)
    before = """
      format int(1)
      numerics int(\(numericsVersion))
      code string("\(SHA256.hex(code.hash))")
      values string("\(SHA256.hex(Digest.bytes(of: body, code: code.word)))")

      """
    hashes = draws.points.hashes { [code] in SHA256.bytes(Digest.bytes(of: $0, code: code.word)) }
    self.draws = draws
    rootSeed = machine.rootSeed
    parts = [
      "numerics": .int(numericsVersion), "seed": .int(rootSeed), "code": SweepArchive.object(code.parts),
      "values": SweepArchive.object(Digest.parts(of: body, code: code.word)),
    ]
  }

  private static func object(_ parts: [(name: String, hash: [UInt8])]) -> JSON {
    .object(parts.map { JSON.Member($0.name, .string(String(SHA256.hex($0.hash).prefix(16)))) })
  }

  /// The words are those of the first format, in which records have been kept.
  func key(_ index: Int) -> String {
    SHA256.hex(
      """
      \(before)coordinates string("\(SHA256.hex(coordinates(index)))")
      seed int(\(rootSeed))
      draws int(\(draws[index]))

      """)
  }

  /// What stands for a point.
  private func coordinates(_ index: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for (axis, coordinate) in draws.points.coordinates(index).enumerated() {
      let known = hashes[axis]?[draws.points.place(of: index, along: axis)]
      bytes += known ?? SHA256.bytes(Digest.bytes(of: coordinate, code: code.word))
    }
    return bytes
  }

  func encode(_ value: PortableValue) -> (json: JSON, tensors: [UInt8]?)? {
    guard let (json, tensors) = ValueArchive(code: code).write(value) else { return nil }
    if tensors.isEmpty { return (json, nil) }
    let named = tensors.enumerated().map { (name: String($0), tensor: $1) }
    guard let bytes = try? Safetensors.bytes(of: named) else { return nil }
    return (json, bytes)
  }

  func decode(_ json: JSON, tensors path: String?) -> PortableValue? {
    var tensors: [Tensor] = []
    if let path {
      guard let contents = try? Safetensors.read(path) else { return nil }
      for (place, entry) in contents.tensors.enumerated() {
        guard entry.name == String(place) else { return nil }
        tensors.append(entry.tensor)
      }
    }
    return ValueArchive(code: code).read(json, tensors: tensors)
  }
}

/// The host as a trial sees it: notes which files it reads, on which its result depends, and whether it writes any.
final class TrialHost: ForwardingHost {
  /// What it asked for, and the file that it was given.
  private var asked: [(read: FileRead, path: String?)] = []
  private var hasWritten = false
  private var key: String?

  /// The trial of a key begins.
  func begin(_ key: String?) { (asked, hasWritten, self.key) = ([], false, key) }

  /// What the trial read, with the contents as they are now, and whether it wrote.
  func end() -> (reads: [FileRead], hasWritten: Bool) {
    (asked.map { FileRead(path: $0.path, isData: $0.isData, hash: FileHashes.hash($1)) }, hasWritten)
  }

  override func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) {
    let found = outer.dataFile(relativePath)
    note(FileRead(path: relativePath, isData: true, hash: ""), found.path)
    return found
  }

  override func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting { hasWritten = true }
    let found = Result { try outer.resolve(path: path, forWriting: forWriting) }
    if !forWriting { note(FileRead(path: path, isData: false, hash: ""), try? found.get()) }
    return try found.get()
  }

  /// Inside a trial without a key, of which nothing is known to be the same, nothing is kept.
  override func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? {
    guard let key = trial ?? key, var place = outer.checkpoint(name, trial: key) else { return nil }
    place.reads = end().reads
    return place
  }

  override func tookOver(_ read: FileRead) {
    note(FileRead(path: read.path, isData: read.isData, hash: ""), outer.path(of: read))
    outer.tookOver(read)
  }

  private func note(_ read: FileRead, _ path: String?) {
    if !asked.contains(where: { $0.read == read }) { asked.append((read, path)) }
  }
}

extension StudyHost {
  /// The hash of a file that a script asked for as it is now; empty when there is none, and with `computing: false` where it
  /// is not known already.
  public func hash(of read: FileRead, computing: Bool = true) -> String {
    FileHashes.hash(path(of: read), computing: computing)
  }

  fileprivate func path(of read: FileRead) -> String? {
    read.isData ? dataFile(read.path).path : try? resolve(path: read.path, forWriting: false)
  }
}

/// Hashes of files, kept as long as a file's size and time of change are the same. Between two pieces of a file it looks whether to
/// stop: then there is no hash.
private final class FileHashes: @unchecked Sendable {
  static let shared = FileHashes()
  private let condition = NSCondition()
  private var known: [String: (facts: FileFacts, hash: String)] = [:]
  /// Files that a thread reads now: who wants the same one waits, and others do not.
  private var busy: Set<String> = []

  /// Empty without a file.
  static func hash(_ path: String?, computing: Bool = true) -> String {
    path.flatMap { shared.hash($0, computing: computing) } ?? ""
  }

  private func hash(_ path: String, computing: Bool) -> String? {
    guard let facts = FileFacts(path) else { return nil }
    condition.lock()
    defer { condition.unlock() }
    while busy.contains(path) { condition.wait() }
    if let entry = known[path], entry.facts == facts { return entry.hash }
    guard computing else { return nil }
    busy.insert(path)
    condition.unlock()
    let result = read(path)
    condition.lock()
    busy.remove(path)
    condition.broadcast()
    if let result { known[path] = (facts, result) }
    return result
  }

  private func read(_ path: String) -> String? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    setvbuf(file, nil, _IONBF, 0)
    var hash = SHA256()
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if ferror(file) != 0 || ck_stopped() != 0 { return nil }
      if count == 0 { break }
      piece.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    return hash.finishHex()
  }
}
