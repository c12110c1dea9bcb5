import CKernels
import Diagnostics
import Foundation
import Notation
import Records
import Synchronization
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
      values string("\(SHA256.hex(Digest.bytes(.exact, of: body, code: code.word)))")

      """
    hashes = draws.points.hashes { [code] in SHA256.bytes(Digest.bytes(.exact, of: $0, code: code.word)) }
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
      bytes += known ?? SHA256.bytes(Digest.bytes(.exact, of: coordinate, code: code.word))
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

/// The host as a trial sees it: notes what it prints, which files it reads, on which its result depends, whether it writes any, and whether
/// it caught an error of its surroundings.
final class TrialHost: ForwardingHost {
  /// A file that it asked for and was given, with what told its state apart before it was read.
  private struct Asked {
    var read: FileRead
    var path: String?
    var facts: FileFacts?
    /// Whether there was another file, or another state of it, when it was asked for again.
    var hasChanged = false
  }

  private let files: TrialFiles
  private var asked: [Asked] = []
  private var printed: [String] = []
  /// The files that it was given to write.
  private var written: Set<String> = []
  private var hasWritten = false, hasMetSurroundings = false
  private var key: String?
  private var index = 0

  /// `files` has what the trials beside this one read and write.
  init(_ outer: any StudyHost, files: TrialFiles) {
    self.files = files
    super.init(outer)
  }

  /// The trial of an index and a key begins.
  func begin(_ index: Int, _ key: String?) {
    (asked, printed, written, hasWritten, hasMetSurroundings) = ([], [], [], false, false)
    (self.index, self.key) = (index, key)
  }

  /// Puts into the trial's outcome what it printed, which files it read, with the contents that it saw, which it wrote, and whether it caught
  /// an error of its surroundings.
  func end(_ outcome: inout TrialOutcome) {
    outcome.printed = printed
    outcome.reads = reads
    outcome.isRepeatable = !hasWritten
    outcome.written = written.sorted()
    outcome.hasMetSurroundings = hasMetSurroundings
  }

  /// A file that changed since it was read first has the hash `FileRead.changed`, which no file has.
  private var reads: [FileRead] {
    asked.map { asked in
      let (facts, hash) = FileHashes.state(asked.path)
      // What it wrote itself may change under its hands.
      let isSame = hasWritten || !asked.hasChanged && facts == asked.facts
      return FileRead(path: asked.read.path, isData: asked.read.isData, hash: isSame ? hash : FileRead.changed)
    }
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
    let place = try found.get()
    try files.use(place, of: path, forWriting: forWriting, by: index)
    if forWriting { written.insert(place) }
    return place
  }

  /// Inside a trial without a key, of which nothing is known to be the same, nothing is kept.
  override func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? {
    guard let key = trial ?? key, var place = outer.checkpoint(name, trial: key) else { return nil }
    place.reads = reads
    place.hasMetSurroundings = hasMetSurroundings
    return place
  }

  override func tookOver(_ read: FileRead) {
    note(FileRead(path: read.path, isData: read.isData, hash: ""), outer.path(of: read))
    outer.tookOver(read)
  }

  override func print(_ text: String) {
    printed.append(text)
    outer.print(text)
  }

  override func metSurroundings() {
    hasMetSurroundings = true
    outer.metSurroundings()
  }

  private func note(_ read: FileRead, _ path: String?) {
    let facts = path.flatMap(FileFacts.init)
    if let place = asked.firstIndex(where: { $0.read == read }) {
      if asked[place].path != path || asked[place].facts != facts { asked[place].hasChanged = true }
    } else {
      asked.append(Asked(read: read, path: path, facts: facts))
    }
  }
}

/// Who of a sweep's trials read and wrote which file. Trials run in any order: a file that two of them write, or one reads and another
/// writes, has not always the same content. Safe from any thread.
public final class TrialFiles: Sendable {
  private struct Users {
    var writer: Int?
    /// The first two that read it.
    var readers: [Int] = []
  }
  private let users = Mutex<[String: Users]>([:])

  /// Nobody has used any.
  public init() {}

  /// A trial wrote a file, in another process or before the run was interrupted.
  public func wrote(_ place: String, by trial: Int) {
    users.withLock { users in
      if users[place]?.writer == nil { users[place, default: Users()].writer = trial }
    }
  }

  /// A trial is about to use a file; throws E0702 where another one has, and one of them writes.
  func use(_ place: String, of path: String, forWriting: Bool, by trial: Int) throws {
    let isFree = users.withLock { users -> Bool in
      var known = users[place] ?? Users()
      if let writer = known.writer, writer != trial { return false }
      if forWriting {
        if known.readers.contains(where: { $0 != trial }) { return false }
        known.writer = trial
      } else if known.readers.count < 2, !known.readers.contains(trial) {
        known.readers.append(trial)
      }
      users[place] = known
      return true
    }
    guard !isFree else { return }
    throw RuntimeError(
      "E0702",
      forWriting ? "another trial of this sweep uses `\(path)`" : "another trial of this sweep writes `\(path)`",
      label: "trials run in any order",
      help: ["name the file after the point, such as `\"\(TrialFiles.example(path))\"`"])
  }

  /// `out.txt` as `out-{x}.txt`.
  private static func example(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name + "-{x}" }
    return name[..<dot] + "-{x}" + name[dot...]
  }
}

extension FileRead {
  /// In the place of the hash of a file that changed while a trial ran.
  public static let changed = "changed"
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
  static func hash(_ path: String?, computing: Bool = true) -> String { state(path, computing: computing).hash }

  /// The hash with what tells the state apart that has it; nil and empty without a file.
  static func state(_ path: String?, computing: Bool = true) -> (facts: FileFacts?, hash: String) {
    guard let path, let facts = FileFacts(path), facts.kind == .file else { return (nil, "") }
    return (facts, shared.hash(path, facts, computing: computing) ?? "")
  }

  private func hash(_ path: String, _ facts: FileFacts, computing: Bool) -> String? {
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
