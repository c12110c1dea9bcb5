/// CIFAR-10's binary files: records of one label byte and 3 × 32 × 32 bytes of colour planes, plain or gzip.
public enum CIFAR {
  /// Images [n, 3, 32, 32] in f32, scaled from 0 … 255 to 0 … 1, and labels [n] in i64. Throws `badFile`.
  public static func read(_ path: String) throws -> (images: Tensor, labels: Tensor) {
    let bytes = try FileBytes(path: path)
    let record = 3073, pixels = 3072
    let n = bytes.count / record
    guard n > 0, bytes.count % record == 0, let source = bytes.pointer(at: 0, count: bytes.count) else {
      throw TensorError.file(path, "this is no CIFAR-10 binary file: \(bytes.count) bytes are no multiple of \(record)")
    }
    let images = try Tensor(uninitialized: [n, 3, 32, 32], type: .f32)
    let labels = try Tensor(uninitialized: [n], type: .i64)
    for i in 0..<n {
      Kernels.convert(from: .bool, to: .i64, source + i * record, labels.pointer + i * 8, count: 1)
      Kernels.convert(
        from: .bool, to: .f32, source + i * record + 1, images.pointer + i * pixels * 4, count: pixels)
    }
    Kernels.binary(
      .divide, .f32, images.pointer, xStride: 1, [Float(255)], yStride: 0, images.pointer, count: images.count)
    return (images, labels)
  }
}
