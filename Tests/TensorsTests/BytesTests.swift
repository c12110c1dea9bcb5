import Foundation
import Tensors
import Testing

@Suite struct BytesTests {
  @Test func aFileOfBytesIsATensorOfNumbers() throws {
    let path = NSTemporaryDirectory() + "/exp-bytes-\(getpid())"
    defer { unlink(path) }
    try Data([0, 1, 127, 128, 255]).write(to: URL(fileURLWithPath: path))
    #expect(try IDX.bytes(path).array(of: Float.self) == [0, 1, 127, 128, 255])
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(try IDX.bytes(path).shape == [0])
  }
}
