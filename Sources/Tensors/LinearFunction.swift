/// Functions of matrices. Every one is computed in f64 whatever the element type, with the same bits on every machine.
/// Results of several parts come as one: their elements one after the other.
public enum LinearFunction: Hashable, Sendable {
  /// [n, n] → the lower factor L of a = L Lᵀ; only the lower triangle is read.
  case cholesky
  /// [n, n], [n, k] → x with a x = b, or aᵀ x = b.
  case solve(transposed: Bool)
  /// [n, n], [n, k] → x with t x = b, or tᵀ x = b, where t is one triangle of the first operand; `unit`: with ones on
  /// its diagonal, whatever stands there.
  case triangular(upper: Bool, transposed: Bool, unit: Bool)
  /// [m, n], [m, k] → the x [n, k] of least norm that minimises ‖a x − b‖; singular values at or below `rcond` times
  /// the largest count as zero (nil: the type's epsilon times the larger extent).
  case leastSquares(rcond: Double?)
  /// [m, n] → q [m, k], r [k, n], and with pivoting the order [n] of a's columns, largest remaining norm first;
  /// k = min(m, n).
  case qr(pivoting: Bool)
  /// [n, n] → [n + 1, n]: L (below the diagonal, whose ones are left out) and U of the rows of a in the order that the
  /// last row gives.
  case lu
  /// [m, n] → u [m, k], s [k] descending, vt [k, n].
  case svd
  /// [n, n] → eigenvalues [n] ascending, eigenvectors in the columns of [n, n]; only the lower triangle is read.
  case eigenSymmetric
  /// [n, n] → [2, n]: real and imaginary parts of the eigenvalues, by real part and then imaginary part; pairs side by
  /// side.
  case eigenvalues
  /// [n, n] → real parts [n] and imaginary parts [n] of the eigenvalues, in the same order, then the real parts [n, n]
  /// and the imaginary parts [n, n] of the eigenvectors in their columns, each of length 1 with its largest element
  /// positive.
  case eigen
  /// [n, n] → [].
  case determinant
  /// [n, n] → [2]: sign and logarithm of the magnitude of the determinant; 0 and -inf for a singular matrix.
  case logDeterminant
  /// [m, n] → [] (i64): how many singular values are above `rcond` times the largest.
  case rank(rcond: Double?)
  /// [m, n], [m, n] → x / y; where y is negligible beside the largest of its matrix, 0 if x is negligible too, otherwise
  /// an error: what the derivatives of factors divide by, which they have where no two of these are equal.
  /// `offDiagonal`: 0 on the diagonal.
  case quotient(offDiagonal: Bool)

  /// How many matrices it takes.
  public var operandCount: Int {
    switch self {
    case .solve, .triangular, .leastSquares, .quotient: 2
    default: 1
    }
  }

  /// Its name in messages.
  public var name: String {
    switch self {
    case .cholesky: "cholesky"
    case .solve: "solve"
    case .triangular: "solve_triangular"
    case .leastSquares: "least_squares"
    case .qr: "qr"
    case .lu: "lu"
    case .svd: "svd"
    case .eigenSymmetric: "eigh"
    case .eigenvalues: "eigenvalues"
    case .eigen: "eig"
    case .determinant: "det"
    case .logDeterminant: "log_det"
    case .rank: "matrix_rank"
    case .quotient: "derivative of factors"
    }
  }

  /// Whether the first operand has to be square.
  public var needsSquare: Bool {
    switch self {
    case .leastSquares, .qr, .svd, .rank, .quotient: false
    default: true
    }
  }

  /// The result's last extents for one [m, n] matrix and k columns of the second operand.
  public func resultShape(_ m: Int, _ n: Int, _ k: Int) -> Shape {
    let least = min(m, n)
    switch self {
    case .cholesky: return [n, n]
    case .solve, .triangular, .leastSquares: return [n, k]
    case .qr(let pivoting): return [m * least + least * n + (pivoting ? n : 0)]
    case .lu: return [n + 1, n]
    case .svd: return [m * least + least + least * n]
    case .eigenSymmetric: return [n + n * n]
    case .eigenvalues: return [2, n]
    case .eigen: return [2 * n + 2 * n * n]
    case .determinant, .rank: return []
    case .logDeterminant: return [2]
    case .quotient: return [m, n]
    }
  }
}
