import CKernels
import Foundation
import Testing

@testable import Evaluation

/// Hashes of the files that a trial reads.
@Suite struct FileHashTests {
  @Test func aStopEndsHashing() throws {
    let folder = NSTemporaryDirectory() + "hashed-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("abc".utf8).write(to: URL(fileURLWithPath: folder + "/abc"))
    let host = TestHost()
    host.folder = folder
    let read = FileRead(path: "abc", isData: false, hash: "")
    var word: UInt32 = 1
    withUnsafePointer(to: &word) {
      let before = ck_watch($0)
      #expect(host.hash(of: read) == "")
      _ = ck_watch(before)
    }
    #expect(host.hash(of: read, computing: false) == "")
    #expect(host.hash(of: read) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(host.hash(of: read, computing: false) == host.hash(of: read))
  }

  /// What a trial read belongs to its record as the trial saw it: where it changed meanwhile, no file has the hash.
  @Test func aFileThatChangesUnderATrialHasNoHash() throws {
    let folder = NSTemporaryDirectory() + "hashed-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/q.txt")) }
    let outer = TestHost()
    outer.folder = folder
    let host = TrialHost(outer, files: TrialFiles())
    func hash(_ trial: () throws -> Void) throws -> String? {
      var outcome = TrialOutcome.notRun
      host.begin(0, nil)
      try trial()
      host.end(&outcome)
      return outcome.reads.first?.hash
    }
    func read() throws { _ = try host.resolve(path: "q.txt", forWriting: false) }
    try write("abc")
    let hashes = try [
      hash { try read() },
      // Between two reads, and after the last.
      hash {
        try read()
        try write("abcd")
        try read()
      },
      hash { try read() },
      hash {
        try read()
        try write("abc")
      },
      hash { try read() },
    ]
    #expect(hashes[1] == FileRead.changed && hashes[3] == FileRead.changed)
    #expect(hashes[0] == hashes[4] && hashes[0]?.count == 64 && hashes[2]?.count == 64 && hashes[2] != hashes[0])
  }
}
