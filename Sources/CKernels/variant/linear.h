// Linear algebra in doubles. Matrices are row-major; "columns" of a matrix that is factored by reflections are kept as
// contiguous rows of a work array. Inner products have one order: 16 lanes of fused multiply-add chains and a fixed
// tree, so the bits do not depend on the variant. The level-3 work goes through the matrix product.
#include <stdlib.h>

static double CK(dot)(const double *x, const double *y, int64_t n) {
  double lane[16] = {0};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    _Pragma("clang loop vectorize(assume_safety) unroll(full)") for (int l = 0; l < 16; l++) lane[l] =
      FMA(x[i + l], y[i + l], lane[l]);
  for (int l = 0; i < n; i++, l++) lane[l] = FMA(x[i], y[i], lane[l]);
  for (int d = 8; d > 0; d /= 2)
    for (int l = 0; l < d; l++) lane[l] += lane[l + d];
  return lane[0];
}
// y += a x
static void CK(axpy)(double a, const double *x, double *y, int64_t n) {
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) y[i] = FMA(a, x[i], y[i]);
}
static void CK(scale)(double a, double *x, int64_t n) {
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) x[i] *= a;
}
static void CK(subtract)(const double *x, int64_t ldx, double *y, int64_t ldy, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < columns; i++) y[r * ldy + i] -=
      x[r * ldx + i];
}
// c[m, n] = op(a) op(b)
static void CK(multiply)(
  int ta, int tb, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, const double *b, int64_t ldb,
  double *c, int64_t ldc) {
  ck_product p = {.m = m, .n = n, .k = k, .a = a, .lda = lda, .b = b, .ldb = ldb, .c = c, .ldc = ldc, .trans_a = ta,
                  .trans_b = tb};
  CK(product_f64)(&p);
}
// Largest magnitude, for scaling; NaN if there is one.
static double CK(largest)(const double *x, int64_t n) {
  double m = 0;
  for (int64_t i = 0; i < n; i++) m = d_max(m, d_abs(x[i]));
  return m;
}
static double CK(norm)(const double *x, int64_t n) {
  double s = CK(dot)(x, x, n);
  if (s > 0x1p-900 && s < 0x1p900) return SQRT(s);
  double m = CK(largest)(x, n);
  if (!(m > 0) || m == D_INF) return m;
  double t = 0;
  for (int64_t i = 0; i < n; i++) t = FMA(x[i] / m, x[i] / m, t);
  return m * SQRT(t);
}

#define LINEAR_BLOCK 32

// Lower factor in place, zeros above. 0, or 1 + the first pivot that is not positive, or -1 without memory.
static int64_t CK(cholesky)(int64_t n, double *a) {
  double *t = malloc((size_t)(LINEAR_BLOCK * (n + 1)) * sizeof *t);
  if (!t) return -1;
  for (int64_t j0 = 0; j0 < n; j0 += LINEAR_BLOCK) {
    int64_t j1 = j0 + LINEAR_BLOCK < n ? j0 + LINEAR_BLOCK : n;
    for (int64_t i = j0; i < n; i++) {
      int64_t stop = i < j1 ? i + 1 : j1;
      for (int64_t j = j0; j < stop; j++) {
        double s = a[i * n + j] - CK(dot)(a + i * n + j0, a + j * n + j0, j - j0);
        if (i == j) {
          if (!(s > 0)) {
            free(t);
            return i + 1;
          }
          a[i * n + i] = SQRT(s);
        } else {
          a[i * n + j] = s / a[j * n + j];
        }
      }
    }
    for (int64_t i0 = j1; i0 < n; i0 += LINEAR_BLOCK) {
      int64_t rows = n - i0 < LINEAR_BLOCK ? n - i0 : LINEAR_BLOCK;
      int64_t columns = i0 + rows - j1;
      CK(multiply)(0, 1, rows, columns, j1 - j0, a + i0 * n + j0, n, a + j1 * n + j0, n, t, columns);
      CK(subtract)(t, columns, a + i0 * n + j1, n, rows, columns);
    }
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) a[i * n + j] = 0;
  free(t);
  return 0;
}

// L and U in place with partial pivoting, row i exchanged with pivots[i]. 0, or 1 + the first zero pivot, or -1.
static int64_t CK(lu)(int64_t n, double *a, int64_t *pivots) {
  int64_t singular = 0;
  double *t = malloc((size_t)(n * n + 1) * sizeof *t);
  if (!t) return -1;
  for (int64_t j0 = 0; j0 < n; j0 += LINEAR_BLOCK) {
    int64_t j1 = j0 + LINEAR_BLOCK < n ? j0 + LINEAR_BLOCK : n;
    for (int64_t j = j0; j < j1; j++) {
      int64_t best = j;
      for (int64_t i = j + 1; i < n; i++)
        if (d_abs(a[i * n + j]) > d_abs(a[best * n + j])) best = i;
      pivots[j] = best;
      if (best != j)
        for (int64_t q = 0; q < n; q++) {
          double v = a[j * n + q];
          a[j * n + q] = a[best * n + q];
          a[best * n + q] = v;
        }
      double d = a[j * n + j];
      if (d == 0) {
        if (!singular) singular = j + 1;
        continue;
      }
      for (int64_t i = j + 1; i < n; i++) {
        double f = a[i * n + j] / d;
        a[i * n + j] = f;
        if (f != 0) CK(axpy)(-f, a + j * n + j + 1, a + i * n + j + 1, j1 - j - 1);
      }
    }
    if (j1 == n) break;
    for (int64_t i = j0; i < j1; i++)
      for (int64_t q = j0; q < i; q++) CK(axpy)(-a[i * n + q], a + q * n + j1, a + i * n + j1, n - j1);
    CK(multiply)(0, 0, n - j1, n - j1, j1 - j0, a + j1 * n + j0, n, a + j0 * n + j1, n, t, n - j1);
    CK(subtract)(t, n - j1, a + j1 * n + j1, n, n - j1, n - j1);
  }
  free(t);
  return singular;
}

// b [n, nrhs] := triangle^-1 b. upper, transposed, unit diagonal as asked.
static void CK(triangular)(
  int upper, int transposed, int unit, int64_t n, const double *a, int64_t lda, int64_t nrhs, double *b) {
  int forward = upper == transposed;
  for (int64_t s = 0; s < n; s++) {
    int64_t i = forward ? s : n - 1 - s;
    if (!unit)
      for (int64_t q = 0; q < nrhs; q++) b[i * nrhs + q] /= a[i * lda + i];
    int64_t from = forward ? i + 1 : 0, to = forward ? n : i;
    if (nrhs == 1) {
      double v = b[i];
      if (transposed) CK(axpy)(-v, a + i * lda + from, b + from, to - from);
      else
        for (int64_t r = from; r < to; r++) b[r] = FMA(-a[r * lda + i], v, b[r]);
    } else {
      for (int64_t r = from; r < to; r++)
        CK(axpy)(-(transposed ? a[i * lda + r] : a[r * lda + i]), b + i * nrhs, b + r * nrhs, nrhs);
    }
  }
}
static void CK(lu_solve)(int64_t n, const double *a, const int64_t *pivots, int64_t nrhs, double *b) {
  for (int64_t i = 0; i < n; i++)
    if (pivots[i] != i)
      for (int64_t q = 0; q < nrhs; q++) {
        double v = b[i * nrhs + q];
        b[i * nrhs + q] = b[pivots[i] * nrhs + q];
        b[pivots[i] * nrhs + q] = v;
      }
  CK(triangular)(0, 0, 1, n, a, n, nrhs, b);
  CK(triangular)(1, 0, 0, n, a, n, nrhs, b);
}

// The reflection I - tau v v' with v[0] = 1 that maps x to (beta, 0, …): v overwrites x except x[0] = beta.
static double CK(reflector)(double *x, int64_t n) {
  if (n <= 1) return 0;
  double tail = CK(norm)(x + 1, n - 1);
  if (tail == 0) return 0;
  double alpha = x[0];
  double m = d_max(d_abs(alpha), tail);
  double beta = m * SQRT((alpha / m) * (alpha / m) + (tail / m) * (tail / m));
  if (alpha >= 0) beta = -beta;
  CK(scale)(1.0 / (alpha - beta), x + 1, n - 1);
  x[0] = beta;
  return (beta - alpha) / beta;
}
// c := (I - tau v v') c for one vector, v[0] taken as 1.
INL void CK(reflect)(const double *v, double tau, double *c, int64_t n) {
  if (tau == 0) return;
  double s = -tau * (c[0] + CK(dot)(v + 1, c + 1, n - 1));
  c[0] += s;
  CK(axpy)(s, v + 1, c + 1, n - 1);
}

#define QR_BLOCK 24
// Householder QR of the matrix whose `count` columns are the rows of w, each `length` long; reflectors below the
// diagonal, R above. 0, or -1 without memory.
static int64_t CK(qr_columns)(int64_t count, int64_t length, double *w, double *tau) {
  int64_t steps = count < length ? count : length;
  double *v = malloc((size_t)(QR_BLOCK * length + 2 * count * QR_BLOCK + count * length + 1) * sizeof *v);
  if (!v) return -1;
  double *y = v + QR_BLOCK * length, *z = y + count * QR_BLOCK, *update = z + count * QR_BLOCK;
  for (int64_t j0 = 0; j0 < steps; j0 += QR_BLOCK) {
    int64_t nb = steps - j0 < QR_BLOCK ? steps - j0 : QR_BLOCK;
    for (int64_t j = j0; j < j0 + nb; j++) {
      for (int64_t i = j0; i < j; i++) CK(reflect)(w + i * length + i, tau[i], w + j * length + i, length - i);
      tau[j] = CK(reflector)(w + j * length + j, length - j);
    }
    int64_t rest = count - j0 - nb, len = length - j0;
    if (rest <= 0) break;
    if (rest < 4) {
      for (int64_t q = j0 + nb; q < count; q++)
        for (int64_t i = j0; i < j0 + nb; i++)
          CK(reflect)(w + i * length + i, tau[i], w + q * length + i, length - i);
      continue;
    }
    double t[QR_BLOCK][QR_BLOCK];
    for (int64_t i = 0; i < nb; i++) {
      for (int64_t q = 0; q < i; q++) v[i * len + q] = 0;
      v[i * len + i] = 1;
      memcpy(v + i * len + i + 1, w + (j0 + i) * length + j0 + i + 1, (size_t)(len - i - 1) * sizeof *v);
    }
    // H1 H2 … = I - V' T V with T upper triangular; the update is C := C (I - V' T V) for rows C, transposed order.
    for (int64_t i = 0; i < nb; i++) {
      double ti = tau[j0 + i];
      double d[QR_BLOCK];
      for (int64_t q = 0; q < i; q++) d[q] = CK(dot)(v + q * len + i, v + i * len + i, len - i);
      for (int64_t q = 0; q < i; q++) {
        double s = 0;
        for (int64_t r = q; r < i; r++) s = FMA(t[q][r], d[r], s);
        t[q][i] = -ti * s;
      }
      t[i][i] = ti;
      for (int64_t q = i + 1; q < nb; q++) t[q][i] = 0;
    }
    double *c = w + (j0 + nb) * length + j0;
    CK(multiply)(0, 1, rest, nb, len, c, length, v, len, y, nb);
    CK(multiply)(0, 0, rest, nb, nb, y, nb, &t[0][0], QR_BLOCK, z, nb);
    CK(multiply)(0, 0, rest, len, nb, z, nb, v, len, update, len);
    CK(subtract)(update, len, c, length, rest, len);
  }
  free(v);
  return 0;
}
// c := Q' c or Q c for one vector.
static void CK(apply_q)(
  int transposed, int64_t steps, int64_t length, const double *w, const double *tau, double *c) {
  for (int64_t s = 0; s < steps; s++) {
    int64_t i = transposed ? s : steps - 1 - s;
    CK(reflect)(w + i * length + i, tau[i], c + i, length - i);
  }
}
// Row i of q [m, k] is row i of the first k columns of Q; r [k, n].
static void CK(qr_unpack)(
  int64_t m, int64_t n, int64_t k, const double *w, const double *tau, double *q, double *r, double *column) {
  for (int64_t j = 0; j < k; j++) {
    memset(column, 0, (size_t)m * sizeof *column);
    column[j] = 1;
    CK(apply_q)(0, k, m, w, tau, column);
    for (int64_t i = 0; i < m; i++) q[i * k + j] = column[i];
  }
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j < n; j++) r[i * n + j] = j >= i ? w[j * m + i] : 0;
}
// a [m, n] = q [m, k] r [k, n], k = min(m, n); with `order` the columns of a are taken in that order, largest first.
static int64_t CK(qr)(int64_t m, int64_t n, const double *a, double *q, double *r, int64_t *order) {
  int64_t k = m < n ? m : n;
  double *w = malloc((size_t)(m * n + k + m + n + 1) * sizeof *w);
  if (!w) return -1;
  double *tau = w + m * n, *column = tau + k, *norms = column + m;
  CK(transpose_f64)(m, n, a, n, w, m);
  int64_t failed = 0;
  if (!order) {
    failed = CK(qr_columns)(n, m, w, tau);
  } else {
    for (int64_t j = 0; j < n; j++) {
      order[j] = j;
      norms[j] = CK(norm)(w + j * m, m);
    }
    for (int64_t j = 0; j < k; j++) {
      int64_t best = j;
      for (int64_t i = j + 1; i < n; i++)
        if (norms[i] > norms[best]) best = i;
      if (best != j) {
        memcpy(column, w + j * m, (size_t)m * sizeof *w);
        memcpy(w + j * m, w + best * m, (size_t)m * sizeof *w);
        memcpy(w + best * m, column, (size_t)m * sizeof *w);
        int64_t o = order[j];
        order[j] = order[best];
        order[best] = o;
        norms[best] = norms[j];
      }
      tau[j] = CK(reflector)(w + j * m + j, m - j);
      for (int64_t i = j + 1; i < n; i++) {
        CK(reflect)(w + j * m + j, tau[j], w + i * m + j, m - j);
        norms[i] = CK(norm)(w + i * m + j + 1, m - j - 1);
      }
    }
  }
  if (!failed) CK(qr_unpack)(m, n, k, w, tau, q, r, column);
  free(w);
  return failed;
}

// One-sided Jacobi: makes the rows of g [k, length] orthogonal by rotations, which also turn the rows of j [k, width].
static void CK(orthogonalise)(int64_t k, int64_t length, double *g, int64_t width, double *j) {
  for (int sweep = 0; sweep < 60; sweep++) {
    int64_t rotations = 0;
    for (int64_t p = 0; p < k - 1; p++)
      for (int64_t q = p + 1; q < k; q++) {
        double *x = g + p * length, *y = g + q * length;
        double a = CK(dot)(x, x, length), b = CK(dot)(y, y, length), c = CK(dot)(x, y, length);
        if (!(d_abs(c) > 1e-15 * SQRT(a) * SQRT(b)) || c == 0) continue;
        rotations++;
        double z = (b - a) / (2.0 * c);
        double t = (z >= 0 ? 1.0 : -1.0) / (d_abs(z) + SQRT(1.0 + z * z));
        if (d_abs(z) > 1e150) t = 0.5 / z;
        double cs = 1.0 / SQRT(1.0 + t * t), sn = cs * t;
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < length; i++) {
          double u = x[i], v = y[i];
          x[i] = FMA(cs, u, -(sn * v));
          y[i] = FMA(sn, u, cs * v);
        }
        double *jx = j + p * width, *jy = j + q * width;
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < width; i++) {
          double u = jx[i], v = jy[i];
          jx[i] = FMA(cs, u, -(sn * v));
          jy[i] = FMA(sn, u, cs * v);
        }
      }
    if (rotations == 0) break;
  }
}
// r [k, k] (row-major) = left' diag(s) right with rows of left and right orthonormal, s descending. r is destroyed.
static int64_t CK(svd_square)(int64_t k, double *r, double *left, double *s, double *right) {
  // Scaled so that no inner product overflows or vanishes.
  double m = CK(largest)(r, k * k);
  double factor = m > 0 && m < D_INF ? m : 1.0;
  for (int64_t i = 0; i < k * k; i++) r[i] /= factor;
  double *j = calloc((size_t)(k * k + 1), sizeof *j);
  int64_t *order = malloc((size_t)(k + 1) * sizeof *order);
  if (!j || !order) {
    free(j);
    free(order);
    return -1;
  }
  for (int64_t i = 0; i < k; i++) j[i * k + i] = 1;
  CK(orthogonalise)(k, k, r, k, j);  // j r0 = diag(s) right, so r0 = j' diag(s) right
  for (int64_t i = 0; i < k; i++) {
    s[i] = CK(norm)(r + i * k, k);
    order[i] = i;
  }
  for (int64_t i = 1; i < k; i++) {
    int64_t o = order[i], q = i;
    for (; q > 0 && s[order[q - 1]] < s[o]; q--) order[q] = order[q - 1];
    order[q] = o;
  }
  double tiny = k > 0 ? s[order[0]] * 1e-300 : 0;
  for (int64_t i = 0; i < k; i++) {
    double v = s[order[i]];
    memcpy(left + i * k, j + order[i] * k, (size_t)k * sizeof *left);
    memcpy(right + i * k, r + order[i] * k, (size_t)k * sizeof *right);
    if (v > tiny) CK(scale)(1.0 / v, right + i * k, k);
    else memset(right + i * k, 0, (size_t)k * sizeof *right);
  }
  for (int64_t i = 0; i < k; i++) j[i] = s[order[i]] * factor;
  memcpy(s, j, (size_t)k * sizeof *s);
  // Rows that belong to zero singular values: completed to an orthonormal set.
  for (int64_t i = 0; i < k; i++) {
    double *x = right + i * k;
    if (CK(dot)(x, x, k) > 0.5) continue;
    for (int64_t e = 0; e < k; e++) {
      memset(x, 0, (size_t)k * sizeof *x);
      x[e] = 1;
      for (int pass = 0; pass < 2; pass++)
        for (int64_t q = 0; q < k; q++)
          if (q != i) {
            double d = CK(dot)(right + q * k, x, k);
            CK(axpy)(-d, right + q * k, x, k);
          }
      double len = CK(norm)(x, k);
      if (len > 0.5 / SQRT((double)k)) {
        CK(scale)(1.0 / len, x, k);
        break;
      }
    }
  }
  free(j);
  free(order);
  return 0;
}
// a [m, n] = u [m, k] diag(s) vt [k, n], k = min(m, n), s descending.
static int64_t CK(svd)(int64_t m, int64_t n, const double *a, double *u, double *s, double *vt) {
  int tall = m >= n;
  int64_t k = tall ? n : m, length = tall ? m : n;
  double *w = malloc((size_t)(k * length + 4 * k * k + 2 * k + length + 1) * sizeof *w);
  if (!w) return -1;
  double *r = w + k * length, *left = r + k * k, *right = left + k * k, *tau = right + k * k, *column = tau + k;
  if (tall) CK(transpose_f64)(m, n, a, n, w, m);
  else memcpy(w, a, (size_t)(m * n) * sizeof *w);
  int64_t failed = CK(qr_columns)(k, length, w, tau);
  if (!failed) {
    for (int64_t i = 0; i < k; i++)
      for (int64_t j = 0; j < k; j++) r[i * k + j] = j >= i ? w[j * length + i] : 0;
    failed = CK(svd_square)(k, r, left, s, right);
  }
  if (!failed) {
    // The long side is Q left'; the short side right.
    for (int64_t j = 0; j < k; j++) {
      memset(column, 0, (size_t)length * sizeof *column);
      memcpy(column, left + j * k, (size_t)k * sizeof *column);
      CK(apply_q)(0, k, length, w, tau, column);
      if (tall)
        for (int64_t i = 0; i < m; i++) u[i * k + j] = column[i];
      else memcpy(vt + j * n, column, (size_t)n * sizeof *vt);
    }
    if (tall) memcpy(vt, right, (size_t)(k * k) * sizeof *vt);
    else CK(transpose_f64)(k, k, right, k, u, k);
  }
  free(w);
  return failed;
}

// How small the smallest singular value of the triangle may be: one over an estimate of the norm of its inverse, from a
// few steps of inverse iteration. Rows of w are columns of R.
static double CK(smallest_estimate)(int64_t k, int64_t length, const double *w, double *x) {
  for (int64_t i = 0; i < k; i++) x[i] = (i & 1 ? -1.0 : 1.0) * (1.0 + (double)i / (double)k);
  double estimate = D_INF;
  for (int step = 0; step < 8; step++) {
    double len = CK(norm)(x, k);
    if (!(len > 0) || len == D_INF) return 0;
    CK(scale)(1.0 / len, x, k);
    for (int64_t j = 0; j < k; j++) x[j] = (x[j] - CK(dot)(w + j * length, x, j)) / w[j * length + j];
    for (int64_t j = k - 1; j >= 0; j--) {
      x[j] /= w[j * length + j];
      CK(axpy)(-x[j], w + j * length, x, j);
    }
    double grown = CK(norm)(x, k);
    if (!(grown < D_INF)) return 0;
    double now = 1.0 / SQRT(grown);
    if (now < estimate) estimate = now;
  }
  return estimate;
}

// Least squares of minimum norm: x [n, nrhs] for a [m, n], b [m, nrhs]. Singular values at or below rcond times the
// largest count as zero. When the triangle is far from that bound it is solved directly, else by its singular values.
static int64_t CK(least_squares)(
  int64_t m, int64_t n, int64_t nrhs, const double *a, const double *b, double rcond, double *x, int64_t *rank) {
  int tall = m >= n;
  int64_t k = tall ? n : m, length = tall ? m : n;
  if (k == 0 || nrhs == 0) {
    memset(x, 0, (size_t)(n * nrhs) * sizeof *x);
    *rank = 0;
    return 0;
  }
  double *w = malloc((size_t)(k * length + 3 * k * k + 2 * k + 2 * length + 1) * sizeof *w);
  if (!w) return -1;
  double *r = w + k * length, *left = r + k * k, *right = left + k * k, *tau = right + k * k, *s = tau + k,
         *column = s + k, *y = column + length;
  if (tall) CK(transpose_f64)(m, n, a, n, w, m);
  else memcpy(w, a, (size_t)(m * n) * sizeof *w);
  int64_t failed = CK(qr_columns)(k, length, w, tau);
  double frobenius = 0;
  for (int64_t j = 0; j < k; j++) {
    double c = CK(norm)(w + j * length, j + 1);
    frobenius = d_max(frobenius, c);
  }
  int direct = 1;
  for (int64_t j = 0; j < k; j++) direct &= d_abs(w[j * length + j]) > 0;
  if (!failed && direct) {
    double least = CK(smallest_estimate)(k, length, w, column);
    direct = least > 100.0 * rcond * frobenius * SQRT((double)k);
  }
  *rank = k;
  if (!failed && !direct) {
    for (int64_t i = 0; i < k; i++)
      for (int64_t j = 0; j < k; j++) r[i * k + j] = j >= i ? w[j * length + i] : 0;
    failed = CK(svd_square)(k, r, left, s, right);
    *rank = 0;
    for (int64_t i = 0; i < k && !failed; i++) *rank += s[i] > rcond * s[0];
  }
  for (int64_t q = 0; q < nrhs && !failed; q++) {
    for (int64_t i = 0; i < m; i++) column[i] = b[i * nrhs + q];
    if (tall) CK(apply_q)(1, k, length, w, tau, column);
    if (direct) {
      if (tall) {
        for (int64_t j = k - 1; j >= 0; j--) {
          column[j] /= w[j * length + j];
          CK(axpy)(-column[j], w + j * length, column, j);
        }
      } else {
        for (int64_t j = 0; j < k; j++)
          column[j] = (column[j] - CK(dot)(w + j * length, column, j)) / w[j * length + j];
      }
    } else {
      // R = left' S right; a tall system is R x = c, a wide one R' y = b.
      const double *into = tall ? left : right, *from = tall ? right : left;
      memset(y, 0, (size_t)k * sizeof *y);
      for (int64_t i = 0; i < *rank; i++) {
        double c = CK(dot)(into + i * k, column, k) / s[i];
        CK(axpy)(c, from + i * k, y, k);
      }
      memcpy(column, y, (size_t)k * sizeof *y);
    }
    if (!tall) {
      for (int64_t i = k; i < length; i++) column[i] = 0;
      CK(apply_q)(0, k, length, w, tau, column);
    }
    for (int64_t i = 0; i < n; i++) x[i * nrhs + q] = column[i];
  }
  free(w);
  return failed;
}

// Symmetric eigenproblem after EISPACK's tred2 and tql2 (as in JAMA): values ascending, vectors in the columns of
// `vectors` [n, n]. Only the lower triangle of a is read. 0, 1 if it does not converge, -1 without memory.
static int64_t CK(eigen)(int64_t n, const double *a, double *values, double *vectors) {
  if (n == 0) return 0;
  double *v = malloc((size_t)(n * n + n) * sizeof *v);
  if (!v) return -1;
  double *e = v + n * n, *d = values;
#define V_(row, column) v[(column) * n + (row)]  // stored by columns
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) V_(i, j) = i >= j ? a[i * n + j] : a[j * n + i];
  for (int64_t j = 0; j < n; j++) d[j] = V_(n - 1, j);
  for (int64_t i = n - 1; i > 0; i--) {
    double scale = 0, h = 0;
    for (int64_t k = 0; k < i; k++) scale += d_abs(d[k]);
    if (scale == 0) {
      e[i] = d[i - 1];
      for (int64_t j = 0; j < i; j++) {
        d[j] = V_(i - 1, j);
        V_(i, j) = 0;
        V_(j, i) = 0;
      }
    } else {
      for (int64_t k = 0; k < i; k++) d[k] /= scale;
      h = CK(dot)(d, d, i);
      double f = d[i - 1], g = SQRT(h);
      if (f > 0) g = -g;
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      for (int64_t j = 0; j < i; j++) e[j] = 0;
      for (int64_t j = 0; j < i; j++) {
        f = d[j];
        V_(j, i) = f;
        g = FMA(V_(j, j), f, e[j]) + CK(dot)(&V_(j + 1, j), d + j + 1, i - 1 - j);
        CK(axpy)(f, &V_(j + 1, j), e + j + 1, i - 1 - j);
        e[j] = g;
      }
      CK(scale)(1.0 / h, e, i);
      f = CK(dot)(e, d, i);
      double hh = f / (h + h);
      CK(axpy)(-hh, d, e, i);
      for (int64_t j = 0; j < i; j++) {
        f = d[j];
        g = e[j];
        CK(axpy)(-f, e + j, &V_(j, j), i - j);
        CK(axpy)(-g, d + j, &V_(j, j), i - j);
        d[j] = V_(i - 1, j);
        V_(i, j) = 0;
      }
    }
    d[i] = h;
  }
  for (int64_t i = 0; i < n - 1; i++) {
    V_(n - 1, i) = V_(i, i);
    V_(i, i) = 1;
    double h = d[i + 1];
    if (h != 0) {
      for (int64_t k = 0; k <= i; k++) d[k] = V_(k, i + 1) / h;
      for (int64_t j = 0; j <= i; j++) {
        double g = CK(dot)(&V_(0, i + 1), &V_(0, j), i + 1);
        CK(axpy)(-g, d, &V_(0, j), i + 1);
      }
    }
    for (int64_t k = 0; k <= i; k++) V_(k, i + 1) = 0;
  }
  for (int64_t j = 0; j < n; j++) {
    d[j] = V_(n - 1, j);
    V_(n - 1, j) = 0;
  }
  V_(n - 1, n - 1) = 1;
  e[0] = 0;
  for (int64_t i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  double f = 0, tst1 = 0;
  int64_t failed = 0;
  for (int64_t l = 0; l < n && !failed; l++) {
    tst1 = d_max(tst1, d_abs(d[l]) + d_abs(e[l]));
    int64_t m = l;
    while (m < n - 1 && d_abs(e[m]) > 0x1p-52 * tst1) m++;
    if (m > l) {
      int iteration = 0;
      do {
        if (++iteration > 100 || !(tst1 < D_INF)) {
          failed = 1;
          break;
        }
        double g = d[l], p = (d[l + 1] - g) / (2.0 * e[l]);
        double r = SQRT(p * p + 1.0);
        if (p < 0) r = -r;
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        double dl1 = d[l + 1], h = g - d[l];
        for (int64_t i = l + 2; i < n; i++) d[i] -= h;
        f += h;
        p = d[m];
        double c = 1, c2 = 1, c3 = 1, el1 = e[l + 1], s = 0, s2 = 0;
        for (int64_t i = m - 1; i >= l; i--) {
          c3 = c2;
          c2 = c;
          s2 = s;
          g = c * e[i];
          h = c * p;
          double big = d_max(d_abs(p), d_abs(e[i]));
          r = big == 0 ? 0 : big * SQRT((p / big) * (p / big) + (e[i] / big) * (e[i] / big));
          e[i + 1] = s * r;
          s = r == 0 ? 0 : e[i] / r;
          c = r == 0 ? 1 : p / r;
          p = c * d[i] - s * g;
          d[i + 1] = h + s * (c * g + s * d[i]);
          double *x = &V_(0, i), *y = &V_(0, i + 1);
          _Pragma("clang loop vectorize(assume_safety)") for (int64_t k = 0; k < n; k++) {
            double u = x[k], w = y[k];
            y[k] = FMA(s, u, c * w);
            x[k] = FMA(c, u, -(s * w));
          }
        }
        p = -s * s2 * c3 * el1 * e[l] / dl1;
        e[l] = s * p;
        d[l] = c * p;
      } while (d_abs(e[l]) > 0x1p-52 * tst1);
    }
    d[l] += f;
    e[l] = 0;
  }
  // Ascending, columns with their values.
  for (int64_t i = 0; i < n - 1; i++) {
    int64_t k = i;
    for (int64_t j = i + 1; j < n; j++)
      if (d[j] < d[k]) k = j;
    if (k != i) {
      double t = d[k];
      d[k] = d[i];
      d[i] = t;
      for (int64_t j = 0; j < n; j++) {
        t = V_(j, i);
        V_(j, i) = V_(j, k);
        V_(j, k) = t;
      }
    }
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) vectors[i * n + j] = V_(i, j);
#undef V_
  free(v);
  return failed;
}
