import Foundation
import Notation
import Records
import Tensors

/// What a fold kept on the way: its value, its rows and what is kept beside them, the step, where its caller's draws stood,
/// and the files read until then.
/// A safetensors file whose metadata hold everything that is no tensor, and a hash over all of it.
struct FoldCheckpoint {
  /// What a file is refused for; it is named, and the fold begins anew.
  struct Refusal: Error { var why: String }

  /// State of the draws around the fold.
  struct Draws: Equatable {
    var count: Int64
    var folds: Int64
  }

  private let call: NativeCall
  private let place: CheckpointPlace

  init(_ call: NativeCall, _ place: CheckpointPlace) { (self.call, self.place) = (call, place) }

  // MARK: writing

  /// Writes a record `{ value, rows, step, ends }`, with `along` where values are kept beside rows. Throws what the file system says, or E0203 for a value that files cannot hold.
  func write(_ record: Value) throws {
    var writer = TreeFileWriter(call)
    let structure = try writer.structure(record)
    let scope = call.machine.drawScope
    let text = JSON.object([
      .init("owner", .string(place.owner)), .init("digest", .string(try digest(record))),
      .init("draws", .int(Int(scope.count))), .init("folds", .int(Int(scope.folds))),
      .init(
        "reads",
        .array(place.reads.map { ["path": .string($0.path), "data": .bool($0.isData), "sha256": .string($0.hash)] })),
      .init("surroundings", .bool(place.hasMetSurroundings)), .init("fold", structure),
    ]).compact
    let metadata = [
      (key: FoldCheckpoint.textKey, value: text),
      (key: FoldCheckpoint.checkKey, value: FoldCheckpoint.check(text, writer.tensors)),
    ]
    let bytes = try translatingErrors { try Safetensors.bytes(of: writer.tensors, metadata: metadata) }
    let files = RunFiles()
    try files.makeFolders(RunFiles.parent(of: place.file))
    try files.write(bytes, to: place.file)
  }

  private static let textKey = "exp", checkKey = "check"

  /// Over the text and every tensor with its name, type, shape and bits.
  private static func check(_ text: String, _ tensors: [(name: String, tensor: Tensor)]) -> String {
    var hash = SHA256()
    hash.update(Array(text.utf8))
    for (name, tensor) in tensors {
      hash.update(Array("\n\(name) \(tensor.type.name) \(tensor.shape)\n".utf8))
      guard let canonical = try? tensor.canonical() else { continue }
      hash.update(UnsafeRawBufferPointer(start: canonical.pointer, count: canonical.byteCount))
    }
    return hash.finishHex()
  }

  /// Of the content, functions by their code: what a file gives back must have it, since code is not in files.
  private func digest(_ record: Value) throws -> String {
    let portable = try call.machine.portable(record)
    return SHA256.hex(
      Digest.bytes(.same, of: portable) { prototype in
        var hash = SHA256()
        hash.update(Array("\(prototype.name) \(prototype.constants)".utf8))
        for instruction in prototype.code { withUnsafeBytes(of: instruction.bits) { hash.update($0) } }
        return hash.finish()
      })
  }

  // MARK: reading

  /// The record that the newest whole file of the place holds, owned, with the draws around it; nil without one. `along` makes
  /// what a value kept beside a row is like, owned. Files that are refused are named to the host.
  func read(like start: Value, along: () throws -> Value) -> (record: Value, draws: Draws)? {
    for file in [place.file] + place.earlier where FileManager.default.fileExists(atPath: file) {
      do { return try read(file, like: start, along) } catch let refusal as Refusal {
        call.machine.host.noticed("\(file): \(refusal.why); it is not used, and the steps are computed again")
      } catch {
        call.machine.host.noticed("\(file) is damaged; it is not used, and the steps are computed again")
      }
    }
    return nil
  }

  private func read(
    _ file: String, like start: Value, _ along: () throws -> Value
  ) throws -> (record: Value, draws: Draws)? {
    let contents = try Safetensors.read(file)
    func metadata(_ key: String) -> String? { contents.metadata.first { $0.key == key }?.value }
    guard let text = metadata(FoldCheckpoint.textKey), let json = try? JSON.read(text),
      let structure = json["fold"], let count = json["draws"]?.int, let folds = json["folds"]?.int,
      let digest = json["digest"]?.string,
      metadata(FoldCheckpoint.checkKey) == FoldCheckpoint.check(text, contents.tensors)
    else { throw Refusal(why: "the checkpoint is damaged") }
    // One of another trial or run of that name is no fault: it is not ours.
    guard json["owner"]?.string == place.owner else { return nil }
    let reads = (json["reads"]?.array ?? []).compactMap { item -> FileRead? in
      guard let path = item["path"]?.string, let isData = item["data"]?.bool, let hash = item["sha256"]?.string
      else { return nil }
      return FileRead(path: path, isData: isData, hash: hash)
    }
    let host = call.machine.host
    if let changed = reads.first(where: { host.hash(of: $0) != $0.hash }) {
      throw Refusal(why: "\(changed.path) has changed since the checkpoint was kept")
    }
    let hasMetSurroundings = json["surroundings"]?.bool ?? false
    if hasMetSurroundings, file != place.file {
      throw Refusal(why: "the trial had caught an error of its surroundings before the checkpoint was kept")
    }
    let heap = call.heap
    var fields = [
      ("value", heap.retained(start)), ("rows", heap.list([])), ("step", Value(0)), ("ends", Value(false)),
    ]
    if let count = structure["record"]?["along"]?.array?.count {
      do {
        let one = try along()
        defer { heap.release(one) }
        fields.append(("along", heap.list((0..<count).map { _ in heap.retained(one) })))
      } catch {
        for field in fields { heap.release(field.1) }
        throw error
      }
    }
    let form = heap.record(fields)
    defer { heap.release(form) }
    let record = try TreeFileReader(call, file, contents).value(structure, like: form)
    guard record.tag == .record, try self.digest(record) == digest else {
      heap.release(record)
      throw Refusal(why: "the fold's value holds functions that a file cannot give back")
    }
    for read in reads { host.tookOver(read) }
    if hasMetSurroundings { host.metSurroundings() }
    return (record, Draws(count: Int64(count), folds: Int64(folds)))
  }
}
