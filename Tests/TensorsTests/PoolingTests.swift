import Tensors
import Testing

/// Windows of two by two beside each other: of few channels a vector holds many at once.
@Suite struct PoolingTests {
  /// Equal values, both zeros, infinities and NaN come often.
  private func values<T: BinaryFloatingPoint & BitwiseCopyable>(_ count: Int, seed: Int) -> [T] {
    let few: [T] = [1, 1, -2, 0, -0.0, .infinity, -.infinity, .nan, 3, -2]
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return few[Int(state >> 33) % few.count]
    }
  }

  private func hasSameBits<T: BitwiseCopyable>(_ a: [T], _ b: [T]) -> Bool {
    a.withUnsafeBytes { x in b.withUnsafeBytes { y in x.elementsEqual(y) } }
  }

  @Test(arguments: 1...18) func pairsOfTaps(channels: Int) {
    for (rows, columns) in [(2, 2), (4, 6), (5, 7), (6, 40), (3, 67)] {
      check(Float.self, .f32, rows, columns, channels)
      check(Double.self, .f64, rows, columns, channels)
    }
  }

  private func check<T: BinaryFloatingPoint & BitwiseCopyable>(
    _: T.Type, _ type: ElementType, _ rows: Int, _ columns: Int, _ channels: Int
  ) {
    let axis = WindowAxis(window: 2, stride: 2), geometry = WindowGeometry(rows: axis, columns: axis)
    let image = [2, rows, columns, channels], result = [2, rows / 2, columns / 2, channels]
    let x: [T] = values(image.reduce(1, *), seed: channels * rows + columns)
    let y: [T] = values(result.reduce(1, *), seed: channels)
    var largest = y
    var placed = [T](repeating: 0, count: x.count)
    for place in y.indices {
      let (c, t, u) = (place % channels, place / channels % result[2], place / channels / result[2] % result[1])
      let n = place / channels / result[2] / result[1]
      let taps = (0..<4).map { ((n * rows + 2 * u + $0 / 2) * columns + 2 * t + $0 % 2) * channels + c }
      // The first of equals, and the first NaN.
      var (best, chosen) = (-T.infinity, taps[0])
      for tap in taps where !(best >= x[tap] || best.isNaN) { (best, chosen) = (x[tap], tap) }
      largest[place] = best
      placed[chosen] = 0 + y[place]
    }
    // All images, and the second one alone, whose results stand behind what is not touched.
    for first in [0, 1] {
      let (skipX, skipY) = (first * x.count / 2, first * y.count / 2)
      var found = [T](repeating: 7, count: y.count)
      Kernels.pool(.max, type, geometry, image: image, result: result, images: first..<2, x, x, &found)
      #expect(hasSameBits(found, Array(repeating: 7, count: skipY) + largest[skipY...]))
      var back = [T](repeating: 7, count: x.count)
      Kernels.pool(.place, type, geometry, image: image, result: result, images: first..<2, x, y, &back)
      #expect(hasSameBits(back, Array(repeating: 7, count: skipX) + placed[skipX...]))
    }
  }
}
