import CKernels
import Evaluation
import Foundation
import Testing

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
}
