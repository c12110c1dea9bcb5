import CKernels
import Tensors
import Testing

private func numbers(_ line: Substring) -> [Double] { line.split(separator: " ").compactMap { Double($0) } }

private func times(_ a: Tensor, _ b: Tensor, transA: Bool = false, transB: Bool = false) throws -> [Double] {
  let (m, k) = transA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
  let n = transB ? b.shape[0] : b.shape[1]
  var c = [Double](repeating: 0, count: m * n)
  Kernels.matmul(
    .f64, transA: transA, transB: transB, m: m, n: n, k: k, a.pointer, lda: a.shape[1], b.pointer, ldb: b.shape[1], &c,
    ldc: n)
  return c
}

/// The greatest difference of two elements; infinite where the counts differ or one is a NaN.
private func distance(_ x: [Double], _ y: [Double]) -> Double {
  guard x.count == y.count else { return .infinity }
  return zip(x, y).reduce(0) { $1.0 - $1.1 <= .infinity ? max($0, abs($1.0 - $1.1)) : .infinity }
}
private func identity(_ n: Int) -> [Double] { (0..<n * n).map { $0 % (n + 1) == 0 ? 1 : 0 } }

@Suite struct LinearAlgebraTests {
  @Test func agreesWithNumPy() throws {
    let lines = try fixture("linear.txt").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 5 * 21)
    for start in stride(from: 0, to: lines.count, by: 5) {
      let head = lines[start].split(separator: " ").map(String.init)
      let m = try #require(Int(head[1])), n = try #require(Int(head[2])), rank = try #require(Int(head[3]))
      let a = try Tensor(numbers(lines[start + 1]), shape: [m, n]), b = try Tensor(numbers(lines[start + 2]))
      let expected = numbers(lines[start + 3]), singular = numbers(lines[start + 4])
      let x = try LinearAlgebra.leastSquares(a, b)
      #expect(try LinearAlgebra.apply(.rank(rcond: nil), [a]).element(0) == Double(rank))
      let size = expected.map(abs).max() ?? 1
      let error = distance(x.array(of: Double.self), expected) / size
      #expect(error < (head[0] == "ill" ? 1e-6 : 1e-11), "\(lines[start]) \(error)")
      let (u, s, vt) = try LinearAlgebra.svd(a)
      #expect(distance(s.array(of: Double.self), singular) < 1e-13 * singular[0])
      let k = min(m, n)
      #expect(distance(try times(u, u, transA: true), identity(k)) < 1e-12)
      #expect(distance(try times(vt, vt, transB: true), identity(k)) < 1e-12)
      let scaled = u.array(of: Double.self).enumerated().map { $1 * s.element($0 % k) }
      let back = try times(try Tensor(scaled, shape: [m, k]), vt)
      #expect(distance(back, a.array(of: Double.self)) < 1e-12 * max(1, singular[0]))
      let (q, r) = try LinearAlgebra.qr(a)
      #expect(distance(try times(q, r), a.array(of: Double.self)) < 1e-12)
      #expect(distance(try times(q, q, transA: true), identity(k)) < 1e-12)
      let inverse = try LinearAlgebra.pseudoInverse(a)
      let solution = try times(inverse, try b.reshaped([m, 1]))
      #expect(distance(solution, expected) / size < (head[0] == "ill" ? 1e-6 : 1e-10))
    }
  }

  /// Solutions to the accuracy that the condition allows; eigenvalues to that of their sizes; determinants and pivoted
  /// diagonals to many digits even where rows differ by twelve orders.
  @Test func squaresAgreeWithNumPyAndSciPy() throws {
    let lines = try fixture("squares.txt").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 9 * 20)
    for start in stride(from: 0, to: lines.count, by: 9) {
      let head = lines[start].split(separator: " ").map(String.init)
      let (kind, n) = (head[0], try #require(Int(head[1])))
      func row(_ i: Int) -> [Double] { numbers(lines[start + i]) }
      let a = try Tensor(row(1), shape: [n, n]), b = try Tensor(row(2))
      let s = try LinearAlgebra.svd(a).s.array(of: Double.self)
      let condition = kind == "graded" ? 1e4 : s[0] / max(s[n - 1], 1e-300)
      let x = try LinearAlgebra.solve(a, b).array(of: Double.self)
      let size = row(3).map(abs).max() ?? 1
      #expect(distance(x, row(3)) < 1e-14 * Double(n) * condition * size, "\(lines[start])")
      let both = try LinearAlgebra.apply(.logDeterminant, [a]).array(of: Double.self)
      #expect(both[0] == row(4)[0] && abs(both[1] - row(4)[1]) < 1e-11 * max(1, abs(row(4)[1])), "\(lines[start])")
      let elements = row(1)
      let symmetric = (0..<n * n).map { elements[$0] + elements[$0 % n * n + $0 / n] }
      let values = try LinearAlgebra.eigenSymmetric(Tensor(symmetric, shape: [n, n])).values.array(of: Double.self)
      #expect(distance(values, row(5)) < 1e-13 * (row(5).map(abs).max() ?? 1), "\(lines[start])")
      let general = try LinearAlgebra.apply(.eigenvalues, [a]).array(of: Double.self)
      // A defective eigenvalue of order n moves by the n-th root of a rounding error.
      if kind != "defective" || n < 3 {
        let bound = (kind == "defective" ? 1e-7 : 1e-12) * Double(n) * (row(6).map(abs).max() ?? 1)
        #expect(distance(Array(general[..<n]), row(6)) < bound, "\(lines[start])")
        #expect(distance(Array(general[n...]), row(7)) < bound, "\(lines[start])")
      }
      // a v = v λ in real and imaginary parts, each v of length 1 and its largest element positive.
      let whole = try LinearAlgebra.apply(.eigen, [a]).array(of: Double.self)
      #expect(Array(whole[..<(2 * n)]) == general)
      let (re, im) = (Array(whole[2 * n..<2 * n + n * n]), Array(whole[(2 * n + n * n)...]))
      let (alongRe, alongIm) = (
        try times(a, Tensor(re, shape: [n, n])), try times(a, Tensor(im, shape: [n, n]))
      )
      let largest = elements.map(abs).max() ?? 1
      for j in 0..<n {
        let (x, y) = (whole[j], whole[n + j])
        for i in 0..<n {
          let at = i * n + j
          #expect(abs(alongRe[at] - (x * re[at] - y * im[at])) < 1e-13 * Double(n) * max(1, largest), "\(lines[start])")
          #expect(abs(alongIm[at] - (x * im[at] + y * re[at])) < 1e-13 * Double(n) * max(1, largest), "\(lines[start])")
        }
        let sizes = (0..<n).map { re[$0 * n + j] * re[$0 * n + j] + im[$0 * n + j] * im[$0 * n + j] }
        let best = sizes.max() ?? 0
        #expect(abs(sizes.reduce(0, +) - 1) < 1e-13)
        #expect((0..<n).contains { sizes[$0] > best * (1 - 1e-11) && im[$0 * n + j] == 0 && re[$0 * n + j] > 0 })
      }
      let trace = (0..<n).reduce(0) { $0 + elements[$1 * (n + 1)] }
      #expect(abs(general[..<n].reduce(0, +) - trace) < 1e-12 * Double(n) * max(1, abs(trace)))
      let (_, r, order) = try LinearAlgebra.qrPivoted(a)
      for (i, expected) in row(8).enumerated() {
        #expect(abs(abs(r.element(i * (n + 1))) - abs(expected)) < 1e-13 * abs(row(8)[0]), "\(lines[start])")
      }
      #expect(order.sorted() == Array(0..<n))
    }
  }

  /// Singular values over 30 orders of magnitude: a bidiagonal matrix's small ones are found to full relative accuracy.
  @Test func smallSingularValuesAreExact() throws {
    let n = 24
    var elements = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      elements[i * n + i] = ScalarMath.pow(10, Double(-i))
      if i + 1 < n { elements[i * n + i + 1] = ScalarMath.pow(10, Double(-i)) }
    }
    let a = try Tensor(elements, shape: [n, n])
    let s = try LinearAlgebra.svd(a).s.array(of: Double.self)
    let product = s.reduce(0) { $0 + ScalarMath.log($1) }
    #expect(abs(product - ScalarMath.log(10) * Double(-n * (n - 1) / 2)) < 1e-12)
    for special in [[Double](repeating: 0, count: n * n), identity(n).map { $0 * 3 }] {
      let (u, s, vt) = try LinearAlgebra.svd(Tensor(special, shape: [n, n]))
      #expect(distance(try times(u, u, transA: true), identity(n)) < 1e-14)
      #expect(distance(try times(vt, vt, transB: true), identity(n)) < 1e-14)
      #expect(s.array(of: Double.self) == [Double](repeating: special[0], count: n))
    }
  }

  /// Near the ends of the range of doubles, where squares of elements overflow or vanish, to a rounding error of the largest value.
  @Test func extremesAgreeWithNumPy() throws {
    let lines = try fixture("extremes.txt").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 7 * 30)
    for start in stride(from: 0, to: lines.count, by: 7) {
      let n = try #require(Int(lines[start].split(separator: " ")[1]))
      func row(_ i: Int) -> [Double] { numbers(lines[start + i]) }
      let (a, order) = (row(1), Int64(n))
      let symmetric = (0..<n * n).map { a[$0] + a[$0 % n * n + $0 / n] }
      let tall = (0..<n * (n - 1)).map { a[$0 / (n - 1) * n + $0 % (n - 1)] }
      let bound = max(1e-14 * Double(n) * (row(5).first ?? 0), 16 * .leastNonzeroMagnitude)
      for table in variants {
        var (values, vectors) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: 2 * n * n))
        #expect(table.eigen(order, symmetric, &values, &vectors) == 0)
        #expect(distance(values, row(2)) <= 2 * bound, "\(lines[start]) \(name(table))")
        let turned = try Tensor(Array(vectors[..<(n * n)]), shape: [n, n])
        #expect(distance(try times(turned, turned, transA: true), identity(n)) < 1e-13)
        for general in [false, true] {
          var (re, im) = (values, values)
          let status =
            general
            ? table.eigenvalues(order, a, &re, &im, &vectors) : table.eigenvalues(order, a, &re, &im, nil)
          #expect(status == 0)
          let sorted = (0..<n).sorted { (re[$0], im[$0]) < (re[$1], im[$1]) }
          #expect(distance(sorted.map { re[$0] }, row(3)) <= 8 * bound, "\(lines[start]) \(name(table))")
          #expect(distance(sorted.map { im[$0] }, row(4)) <= 8 * bound, "\(lines[start]) \(name(table))")
        }
        let lengths = (0..<n).map { j in
          stride(from: j, to: vectors.count, by: n).reduce(0) { $0 + vectors[$1] * vectors[$1] }
        }
        #expect(distance(lengths, [Double](repeating: 1, count: n)) < 1e-13)
        for (matrix, k, expected) in [(a, n, row(5)), (tall, n - 1, row(6))] {
          var (u, s, vt) = (vectors, [Double](repeating: 0, count: k), vectors)
          #expect(table.svd(order, Int64(k), matrix, &u, &s, &vt) == 0)
          #expect(distance(s, expected) <= bound, "\(lines[start]) \(name(table))")
        }
      }
    }
  }

  /// A power of two more or less is a power of two more or less in the values, and nothing in the vectors.
  @Test func scalesOfMatricesMoveNoBit() throws {
    var source = Source(41)
    let n = 7
    let base = source.doubles(n * n)
    for function in [LinearFunction.eigenSymmetric, .eigenvalues, .eigen, .svd] {
      let expected = try LinearAlgebra.apply(function, [Tensor(base, shape: [n, n])]).array(of: Double.self)
      let places = function == .svd ? n * n..<n * n + n : 0..<(function == .eigenSymmetric ? n : 2 * n)
      for exponent in [-960, -700, -540, -310, -290, 290, 310, 520, 700, 1010] {
        let scale = Double(sign: .plus, exponent: exponent, significand: 1)
        let matrix = try Tensor(base.map { $0 * scale }, shape: [n, n])
        let scaled = try LinearAlgebra.apply(function, [matrix]).array(of: Double.self)
        let back = scaled.indices.map { places.contains($0) ? scaled[$0] / scale : scaled[$0] }
        #expect(back == expected, "\(function) 2^\(exponent)")
      }
    }
    // Elements far apart within one matrix.
    let apart = try LinearAlgebra.eigenSymmetric(Tensor([1e-100, 1e-100, 1e-100, 1e100], shape: [2, 2])).values
    #expect(abs(apart.element(0) / 1e-100 - 1) < 1e-14 && apart.element(1) == 1e100)
    for (large, small) in [(1e250, 1e-250), (1e150, 1e-300), (1e-80, 1e-300)] {
      let matrix = try Tensor([0, large, small, 0], shape: [2, 2])
      let pair = try LinearAlgebra.apply(.eigenvalues, [matrix]).array(of: Double.self)
      let root = large.squareRoot() * small.squareRoot()
      #expect(distance(pair.map { $0 / root }, [-1, 1, 0, 0]) < 1e-14, "\(large) \(small)")
    }
    // The least numbers have factors too.
    let least = try Tensor([3.0, 1, 4, 2, 1, 5].map { $0 * 0x1p-1030 }, shape: [3, 2])
    let (q, r) = try LinearAlgebra.qr(least)
    #expect(distance(try times(q, q, transA: true), identity(2)) < 1e-12)
    #expect(distance(try times(q, r), least.array(of: Double.self)) <= 20 * Double.leastNonzeroMagnitude)
  }

  /// Sizes around the blocks: factors multiply back.
  @Test(arguments: [23, 24, 25, 47, 49, 64, 96, 97, 150]) func blocksMeet(n: Int) throws {
    var source = Source(UInt64(n))
    let a = try Tensor(source.doubles(n * n), shape: [n, n]), b = try Tensor(source.doubles(n * 3), shape: [n, 3])
    let (u, s, vt) = try LinearAlgebra.svd(a)
    let scaled = u.array(of: Double.self).enumerated().map { $1 * s.element($0 % n) }
    #expect(distance(try times(Tensor(scaled, shape: [n, n]), vt), a.array(of: Double.self)) < 1e-13 * Double(n))
    #expect(distance(try times(u, u, transA: true), identity(n)) < 1e-13)
    let (q, r) = try LinearAlgebra.qr(a)
    #expect(distance(try times(q, r), a.array(of: Double.self)) < 1e-13 * Double(n))
    for transposed in [false, true] {
      let x = try LinearAlgebra.solve(a, b, transposed: transposed)
      #expect(distance(try times(a, x, transA: transposed), b.array(of: Double.self)) < 1e-9)
    }
    let values = try LinearAlgebra.apply(.eigenvalues, [a]).array(of: Double.self)
    let trace = (0..<n).reduce(0) { $0 + a.element($1 * (n + 1)) }
    #expect(abs(values[..<n].reduce(0, +) - trace) < 1e-11 * Double(n))
  }

  @Test func squareSolvers() throws {
    var source = Source(21)
    for n in [1, 2, 5, 31, 32, 33, 70] {
      let g = try Tensor(source.doubles(n * n), shape: [n, n])
      var positive = try times(g, g, transB: true)
      for i in 0..<n { positive[i * (n + 1)] += 1 }
      let a = try Tensor(positive, shape: [n, n])
      let factor = try LinearAlgebra.cholesky(a)
      #expect(distance(try times(factor, factor, transB: true), positive) < 1e-12 * Double(n))
      let b = try Tensor(source.doubles(n * 3), shape: [n, 3])
      let x = try LinearAlgebra.solve(a, b)
      #expect(distance(try times(a, x), b.array(of: Double.self)) < 1e-11)
      let y = try LinearAlgebra.solveTriangular(factor, b, upper: false)
      #expect(distance(try times(factor, y), b.array(of: Double.self)) < 1e-11)
      let z = try LinearAlgebra.solveTriangular(factor, b, upper: false, transposed: true)
      #expect(distance(try times(factor, z, transA: true), b.array(of: Double.self)) < 1e-11)
      #expect(distance(try times(a, try LinearAlgebra.inverse(a)), identity(n)) < 1e-10)
      let (values, vectors) = try LinearAlgebra.eigenSymmetric(a)
      let scaled = vectors.array(of: Double.self).enumerated().map { $1 * values.element($0 % n) }
      #expect(distance(try times(a, vectors), scaled) < 1e-11 * max(1, values.element(n - 1)))
      #expect(zip((0..<n), (1..<n)).allSatisfy { values.element($0) <= values.element($1) })
      let both = try LinearAlgebra.apply(.logDeterminant, [a])
      let (sign, logarithm) = (both.element(0), both.element(1))
      let expected = (0..<n).reduce(0.0) { $0 + ScalarMath.log(values.element($1)) }
      #expect(sign == 1 && abs(logarithm - expected) < 1e-9 * max(1, abs(expected)))
    }
    let swap = try Tensor([0, 2, 3, 0] as [Float], shape: [2, 2])
    #expect(try LinearAlgebra.apply(.determinant, [swap]).scalar == -6)
    #expect(try LinearAlgebra.inverse(swap).array(of: Float.self) == [0, Float(1) / 3, 0.5, 0])
  }

  /// The factorisations have one order of additions, whatever the variant; the long way through the blocks too.
  @Test func variantsAgree() throws {
    var source = Source(31)
    for (m, n) in [(40, 70), (70, 40), (50, 50)] {
      let a = source.doubles(m * n), b = source.doubles(m)
      var solutions: [[Double]] = []
      for table in variants {
        var x = [Double](repeating: 0, count: n)
        var rank: Int64 = 0
        #expect(table.least_squares(Int64(m), Int64(n), 1, a, b, 1e-14, &x, &rank) == 0)
        let k = min(m, n)
        var u = [Double](repeating: 0, count: m * k), s = [Double](repeating: 0, count: k)
        var vt = [Double](repeating: 0, count: k * n)
        #expect(table.svd(Int64(m), Int64(n), a, &u, &s, &vt) == 0)
        var (re, im) = (s, s)
        var vectors = [Double](repeating: 0, count: 2 * k * k)
        #expect(table.eigenvalues(Int64(k), a, &re, &im, &vectors) == 0)
        var triangle = b + b + b
        #expect(table.triangular(0, 1, 1, Int64(k), a, Int64(n), 3, &triangle) == 0)
        solutions.append(x + u + s + vt + re + im + vectors + triangle)
      }
      #expect(solutions.allSatisfy { $0 == solutions[0] })
    }
  }

  @Test func mistakesAreErrors() throws {
    let a = try Tensor([1, 2, 2, 4] as [Double], shape: [2, 2]),
      wide = try Tensor([1, 2, 3] as [Double], shape: [1, 3])
    #expect(throws: TensorError.self) { try LinearAlgebra.solve(a, Tensor([1, 2] as [Double])) }
    #expect(throws: TensorError.self) { try LinearAlgebra.cholesky(Tensor([-1] as [Double], shape: [1, 1])) }
    #expect(throws: TensorError.self) { try LinearAlgebra.inverse(wide) }
    #expect(throws: TensorError.self) { try LinearAlgebra.leastSquares(wide, Tensor([1, 2] as [Double])) }
    #expect(throws: TensorError.self) { try LinearAlgebra.svd(Tensor([.nan] as [Double], shape: [1, 1])) }
    #expect(throws: TensorError.self) { try LinearAlgebra.qr(Tensor([1] as [Int32], shape: [1, 1])) }
    #expect(try LinearAlgebra.apply(.rank(rcond: nil), [a]).element(0) == 1)
    let nothing = try LinearAlgebra.leastSquares(Tensor([] as [Double], shape: [0, 2]), Tensor([] as [Double]))
    #expect(nothing.array(of: Double.self) == [0, 0])
  }

  /// Memory fresh from the system is cleared where it is first written, so a great matrix copied in one go keeps Ctrl-C waiting.
  @Test func askedToStopTheyCopyNoGreatMatrix() throws {
    let n = 1024
    let a = identity(n)
    let functions: [LinearFunction] = [
      .cholesky, .lu, .triangular(upper: false, transposed: false, unit: true), .qr(pivoting: false), .svd,
      .eigenSymmetric,
    ]
    var word: UInt32 = 1
    withUnsafePointer(to: &word) { word in
      let before = ck_watch(word)
      defer { _ = ck_watch(before) }
      for function in functions {
        var out = [Double](repeating: 7, count: function.resultShape(n, n, n).reduce(1, *))
        try? LinearAlgebra(function, m: n, n: n, k: n, type: .f64).run(a, a, &out)
        #expect(out[n * n - 1] == 7, "\(function)")
      }
    }
  }
}
