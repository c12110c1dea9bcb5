import CKernels
import Tensors
import Testing

/// A convolution's extents: rows and columns of image, window, stride, dilation, padding.
private struct Extents {
  var batch = 1, groups = 1, own = 1, other = 1
  var image = (1, 1), window = (1, 1), stride = (1, 1), dilation = (1, 1), before = (0, 0), after = (0, 0)

  var result: (Int, Int) {
    (
      (image.0 + before.0 + after.0 - (window.0 - 1) * dilation.0 - 1) / stride.0 + 1,
      (image.1 + before.1 + after.1 - (window.1 - 1) * dilation.1 - 1) / stride.1 + 1
    )
  }
  var imageCount: Int { batch * image.0 * image.1 * groups * own }
  var resultCount: Int { batch * result.0 * result.1 * groups * other }
  var filterCount: Int { window.0 * window.1 * own * groups * other }

  func kernel(turned: Bool) -> ck_convolution {
    var p = ck_convolution()
    p.batch = Int64(batch)
    p.groups = Int64(groups)
    p.source_channels = Int64(turned ? other : own)
    p.target_channels = Int64(turned ? own : other)
    p.turned = turned ? 1 : 0
    let (from, to) = turned ? (result, image) : (image, result)
    p.rows = ck_window_axis(
      source: Int64(from.0), target: Int64(to.0), window: Int64(window.0), stride: Int64(stride.0),
      dilation: Int64(dilation.0), before: Int64(before.0))
    p.columns = ck_window_axis(
      source: Int64(from.1), target: Int64(to.1), window: Int64(window.1), stride: Int64(stride.1),
      dilation: Int64(dilation.1), before: Int64(before.1))
    return p
  }

  /// Source row and column of a window's place; the row is nil outside the image, the column is -1.
  func place(_ u: Int, _ t: Int, _ i: Int, _ j: Int) -> (Int, Int)? {
    let (r, q) = (u * stride.0 - before.0 + i * dilation.0, t * stride.1 - before.1 + j * dilation.1)
    guard (0..<image.0).contains(r) else { return nil }
    return (r, (0..<image.1).contains(q) ? q : -1)
  }
}

/// The orders that `Sources/CKernels/variant/convolution.h` promises, one element after the other.
private struct Definition<T: BinaryFloatingPoint> {
  let e: Extents
  let image: [T], filter: [T], result: [T]

  private func x(_ n: Int, _ r: Int, _ q: Int, _ c: Int) -> T {
    q < 0 ? 0 : image[((n * e.image.0 + r) * e.image.1 + q) * e.groups * e.own + c]
  }
  private func w(_ i: Int, _ j: Int, _ c: Int, _ o: Int) -> T {
    filter[((i * e.window.1 + j) * e.own + c) * e.groups * e.other + o]
  }

  /// Chains over blocks of 256 of `places`, block sums in order.
  private func blocks(_ places: [(k: Int, a: T, b: T)]) -> T {
    var sum: T?
    var (chain, block): (T, Int?) = (0, nil)
    for (k, a, b) in places {
      if let now = block, now != k / 256 {
        sum = sum.map { $0 + chain } ?? chain
        chain = 0
      }
      block = k / 256
      chain = chain.addingProduct(a, b)
    }
    return sum.map { $0 + chain } ?? chain
  }

  func forward() -> [T] {
    var out: [T] = []
    for n in 0..<e.batch {
      for u in 0..<e.result.0 {
        for t in 0..<e.result.1 {
          for o in 0..<e.groups * e.other {
            var places: [(Int, T, T)] = []
            for i in 0..<e.window.0 {
              for j in 0..<e.window.1 {
                guard let (r, q) = e.place(u, t, i, j) else { continue }
                for c in 0..<e.own {
                  let k = (i * e.window.1 + j) * e.own + c
                  places.append((k, x(n, r, q, o / e.other * e.own + c), w(i, j, c, o)))
                }
              }
            }
            out.append(blocks(places))
          }
        }
      }
    }
    return out
  }

  func input() -> [T] {
    var out: [T] = []
    for n in 0..<e.batch {
      for r in 0..<e.image.0 {
        for q in 0..<e.image.1 {
          for c in 0..<e.groups * e.own {
            var places: [(Int, T, T)] = []
            for i in (0..<e.window.0).reversed() {
              for j in (0..<e.window.1).reversed() {
                let (a, b) = (r + e.before.0 - i * e.dilation.0, q + e.before.1 - j * e.dilation.1)
                guard a % e.stride.0 == 0, b % e.stride.1 == 0, (0..<e.result.0).contains(a / e.stride.0), a >= 0
                else { continue }
                let inside = b >= 0 && b / e.stride.1 < e.result.1
                for o in 0..<e.other {
                  let all = c / e.own * e.other + o
                  let place = ((n * e.result.0 + a / e.stride.0) * e.result.1 + b / e.stride.1) * e.groups * e.other
                  let k = ((e.window.0 - 1 - i) * e.window.1 + e.window.1 - 1 - j) * e.other + o
                  places.append((k, inside ? result[place + all] : 0, w(i, j, c % e.own, all)))
                }
              }
            }
            out.append(blocks(places))
          }
        }
      }
    }
    return out
  }

  /// Chains over strips of at most 256 places; strips are added up in 8 parts, parts in order.
  func filterGradient() -> [T] {
    let (rows, columns) = e.result
    let step =
      columns > 256
      ? (1, 1, 256) : rows > 256 / columns ? (1, 256 / columns, columns) : (256 / (rows * columns), rows, columns)
    var strips: [[(Int, Int, Int)]] = []
    for n in stride(from: 0, to: e.batch, by: step.0) {
      for u in stride(from: 0, to: rows, by: step.1) {
        for t in stride(from: 0, to: columns, by: step.2) {
          strips.append(
            (n..<min(n + step.0, e.batch)).flatMap { n in
              (u..<min(u + step.1, rows)).flatMap { u in
                (t..<min(t + step.2, columns)).map { (n, u, $0) }
              }
            })
        }
      }
    }
    let parts = min(8, strips.count)
    var out: [T] = []
    for i in 0..<e.window.0 {
      for j in 0..<e.window.1 {
        for c in 0..<e.own {
          for o in 0..<e.groups * e.other {
            let sums = (0..<parts).map { part in
              strips[strips.count * part / parts..<strips.count * (part + 1) / parts].reduce(T(0)) { sum, strip in
                var chain: T = 0
                for (n, u, t) in strip {
                  guard let (r, q) = e.place(u, t, i, j) else { continue }
                  let y = result[((n * rows + u) * columns + t) * e.groups * e.other + o]
                  chain = chain.addingProduct(x(n, r, q, o / e.other * e.own + c), y)
                }
                return sum + chain
              }
            }
            out.append(sums.dropFirst().reduce(sums[0], +))
          }
        }
      }
    }
    return out
  }
}

@Suite struct ConvolutionTests {
  private static let cases: [Extents] = [
    Extents(batch: 3, own: 3, other: 5, image: (6, 5), window: (3, 3), before: (1, 1), after: (1, 1)),
    // Several tiles across and more than one panel of filters; a chain of two blocks.
    Extents(own: 40, other: 35, image: (4, 31), window: (3, 3), before: (1, 1), after: (1, 1)),
    Extents(batch: 2, own: 4, other: 6, image: (7, 9), window: (3, 3), stride: (2, 2), before: (1, 1), after: (1, 1)),
    Extents(
      own: 9, other: 17, image: (9, 8), window: (2, 5), stride: (3, 2), dilation: (2, 1), before: (0, 3), after: (2, 0)),
    Extents(batch: 2, groups: 3, own: 2, other: 4, image: (5, 6), window: (3, 2), dilation: (1, 2), before: (1, 1)),
    Extents(batch: 2, own: 1, other: 8, image: (1, 300), window: (1, 4), stride: (1, 1), before: (0, 2), after: (0, 1)),
    Extents(batch: 70, own: 5, other: 70, image: (2, 2), window: (3, 3), before: (1, 1), after: (1, 1)),
    Extents(batch: 5, own: 70, other: 3, image: (20, 17), window: (1, 1), stride: (2, 2)),
    Extents(batch: 1, own: 2, other: 2, image: (6, 6), window: (1, 1), stride: (4, 3)),
    // Every channel alone: less than a vector of them, some vectors and a rest; places beside the image; a wide window.
    Extents(batch: 2, groups: 5, image: (6, 9), window: (3, 3), before: (1, 1), after: (1, 1)),
    Extents(
      groups: 67, image: (7, 11), window: (3, 5), stride: (2, 2), dilation: (1, 2), before: (1, 4), after: (1, 3)),
    Extents(batch: 40, groups: 33, image: (5, 4), window: (2, 7), stride: (1, 3), before: (0, 5), after: (1, 6)),
    Extents(groups: 3, image: (20, 20), window: (17, 16), before: (8, 8), after: (8, 7)),
    // Strips that do not fit the scratch memory.
    Extents(own: 1, other: 2, image: (600, 600), window: (2, 2), dilation: (599, 599)),
  ]

  @Test(arguments: cases.indices) func everyVariantFollowsTheDefinition(_ index: Int) {
    var source = Source(UInt64(index + 1))
    let e = ConvolutionTests.cases[index]
    check(e, source.floats(e.imageCount), source.floats(e.filterCount), source.floats(e.resultCount))
    check(e, source.doubles(e.imageCount), source.doubles(e.filterCount), source.doubles(e.resultCount))
  }

  private func check<T: TensorElement & BinaryFloatingPoint>(_ e: Extents, _ image: [T], _ filter: [T], _ result: [T]) {
    let definition = Definition(e: e, image: image, filter: filter, result: result)
    let expected = (definition.forward(), definition.input(), definition.filterGradient())
    let type = Int32(T.elementType.rawValue)
    for table in variants {
      let label = "\(name(table)) \(T.self) \(e)"
      for (turned, wanted) in [(false, expected.0), (true, expected.1)] {
        // Strips one by one and from the last: as threads might take them.
        let found = convolved(table, type, e.kernel(turned: turned), turned ? result : image, filter, wanted.count)
        #expect(found.elementsEqual(wanted), "\(label), turned: \(turned)")
      }
      var p = e.kernel(turned: false)
      let parts = Int(table.filter_parts(&p))
      var all = [T](repeating: -99, count: parts * e.filterCount), found = [T](repeating: -99, count: e.filterCount)
      image.withUnsafeBytes { x in
        result.withUnsafeBytes { y in
          p.source = x.baseAddress
          all.withUnsafeMutableBufferPointer { out in
            for part in (0..<parts).reversed() {
              table.filter_gradient(type, &p, y.baseAddress, Int64(part), out.baseAddress! + part * e.filterCount)
            }
          }
        }
      }
      all.withUnsafeBytes { x in
        found.withUnsafeMutableBytes { out in
          table.fold_parts(type, Int64(parts), Int64(e.filterCount), x.baseAddress, out.baseAddress)
        }
      }
      #expect(found.elementsEqual(expected.2), "\(label), filter")
    }
  }

  private func convolved<T: TensorElement & BinaryFloatingPoint>(
    _ table: ck_table, _ type: Int32, _ kernel: ck_convolution, _ source: [T], _ filter: [T], _ count: Int
  ) -> [T] {
    var p = kernel
    var packed = [T](repeating: 0, count: Int(table.convolution_packed(type, &p)))
    var out = [T](repeating: -99, count: count)
    filter.withUnsafeBytes { f in
      packed.withUnsafeMutableBytes { table.convolution_pack(type, &p, f.baseAddress, $0.baseAddress) }
    }
    source.withUnsafeBytes { x in
      packed.withUnsafeBytes { f in
        out.withUnsafeMutableBytes { y in
          (p.source, p.filter, p.target) = (x.baseAddress, f.baseAddress, y.baseAddress)
          for strip in (0..<table.convolution_pieces(type, &p)).reversed() {
            table.convolution(type, &p, strip, strip + 1)
          }
        }
      }
    }
    return out
  }

  /// An image alone has the bits it has in a batch.
  @Test func imagesDoNotSeeTheirNeighbours() {
    var e = Extents(batch: 6, own: 3, other: 20, image: (5, 5), window: (3, 3), before: (1, 1), after: (1, 1))
    var source = Source(9)
    let (image, filter) = (source.floats(e.imageCount), source.floats(e.filterCount))
    let together = convolved(variants[0], 0, e.kernel(turned: false), image, filter, e.resultCount)
    let size = e.imageCount / 6, count = e.resultCount / 6
    e.batch = 1
    for i in 0..<6 {
      let alone = convolved(
        variants[0], 0, e.kernel(turned: false), Array(image[i * size..<(i + 1) * size]), filter, count)
      #expect(alone.elementsEqual(together[i * count..<(i + 1) * count]))
    }
  }

  /// Windows that do not fit the scratch memory take the plain way, with the same bits.
  @Test func largeWindowsGiveTheSameBits() {
    let e = Extents(own: 600, other: 2, image: (22, 22), window: (22, 22))
    var source = Source(11)
    let (image, filter) = (source.floats(e.imageCount, scale: 0.1), source.floats(e.filterCount, scale: 0.1))
    let wanted = Definition<Float>(e: e, image: image, filter: filter, result: []).forward()
    for table in variants where name(table) != "base" {
      let found = convolved(table, 0, e.kernel(turned: false), image, filter, e.resultCount)
      #expect(found.elementsEqual(wanted), "\(name(table))")
    }
  }
}
