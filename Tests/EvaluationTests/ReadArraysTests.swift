import Diagnostics
import Foundation
import Records
import Tensors
import Testing

@testable import Evaluation

/// Arrays that are read again.
@Suite struct ReadArraysTests {
  private let folder = NSTemporaryDirectory() + "arrays-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  /// Writes an array of one value into a file that was changed so many seconds ago.
  private func write(_ value: Float, _ name: String, count: Int = 4, age: Double) throws -> String {
    let path = folder + "/" + name
    try NPY.write(Tensor(repeating: Double(value), shape: [count], type: .f32), to: path)
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    return path
  }

  @Test func anArrayIsReadOnceAndAgainWhenItsFileChanges() throws {
    let arrays = ReadArrays(byteLimit: 1 << 20)
    var reads = 0
    func first(_ path: String) throws -> Float {
      let array = try arrays.array(path) {
        reads += 1
        return try NPY.read(path)
      }
      return withExtendedLifetime(array) { array.pointer.load(as: Float.self) }
    }
    let path = try write(1, "x.npy", age: 1000)
    #expect(try first(path) == 1 && first(path) == 1)
    #expect(reads == 1)
    _ = try write(2, "x.npy", age: 500)
    #expect(try first(path) == 2 && first(path) == 2)
    #expect(reads == 2)
    // What was written a moment ago might be written again within the same tick of the file system's clock.
    _ = try write(3, "x.npy", age: 0)
    #expect(try first(path) == 3 && first(path) == 3)
    #expect(reads == 4)
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: TensorError.self) { try first(path) }
  }

  @Test func theOneNotAskedForLongestMakesRoom() throws {
    let arrays = ReadArrays(byteLimit: 100)
    var reads: [String] = []
    func read(_ path: String) throws {
      _ = try arrays.array(path) {
        reads.append(URL(fileURLWithPath: path).lastPathComponent)
        return try NPY.read(path)
      }
    }
    let (a, b) = (try write(1, "a", count: 10, age: 100), try write(2, "b", count: 10, age: 100))
    let (c, d) = (try write(3, "c", count: 10, age: 100), try write(4, "d", count: 30, age: 100))
    for path in [a, b, a, c, a, b, d, d, a] { try read(path) }
    #expect(reads == ["a", "b", "c", "b", "d", "d", "a"])
  }

  /// What a program does with an array that it read is not seen by who reads it next.
  @Test func whatWasReadIsNotChanged() throws {
    let path = try write(1, "x.npy", age: 1000)
    let host = TestHost()
    host.folder = folder
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    let text = "var t = read_npy(\"x.npy\")\nt[0] = 9.0\nt = t * 2\nprint(t[0])\nprint(read_npy(\"x.npy\")[0])"
    #expect(session.run(SourceStore.shared.add(name: "x", text: text)).isEmpty)
    #expect(host.printed == ["18.0", "1.0"], "\(path)")
  }
}
