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
  for (int64_t r = 0; r < rows && !ck_must_stop(); r++)
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

// A matrix of `count` elements whose largest one is below `least` or above `most` is divided by the power of two given back, so
// that products of elements neither vanish nor overflow; otherwise that is 1. A small one comes near 1, which loses nothing; a
// large one only down to `most`, where the least of its small elements vanish.
static double CK(divided_into_range)(int64_t count, double *a, double least, double most) {
  if (ck_must_stop()) return 1;
  double m = CK(largest)(a, count);
  if (!(m > 0 && m < D_INF) || (m >= least && m <= most)) return 1;
  int exponent, bound = 0;
  frexp(m, &exponent);
  if (m > most) frexp(most, &bound);
  // 2^1074 for the least double would be infinite.
  const double factor = ldexp(1.0, exponent < -1000 ? -1000 : exponent - bound);
  for (int64_t i = 0; i < count; i++) a[i] /= factor;
  return factor;
}
// Between these the largest element of a matrix lies whose eigenvalues or singular values are computed.
#define LEAST_ELEMENT 0x1p-300
#define MOST_ELEMENT 0x1p300

#define LINEAR_BLOCK 32

// Lower factor in place, zeros above. 0, or 1 + the first pivot that is not positive, or -1 without memory.
static int64_t CK(cholesky)(int64_t n, double *a) {
  double *t = malloc((size_t)(LINEAR_BLOCK * (n + 1)) * sizeof *t);
  if (!t) return -1;
  for (int64_t j0 = 0; j0 < n; j0 += LINEAR_BLOCK) {
    if (ck_must_stop()) {
      free(t);
      return -1;
    }
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
  for (int64_t i = 0; i < n && !ck_must_stop(); i++)
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
    if (ck_must_stop()) {
      // Without all pivots there is nothing that a caller could go on with.
      free(t);
      return -1;
    }
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

// One diagonal block of `triangular`.
static void CK(triangular_block)(
  int upper, int transposed, int unit, int64_t n, const double *a, int64_t lda, int64_t nrhs, double *b) {
  int forward = upper == transposed;
  for (int64_t s = 0; s < n; s++) {
    int64_t i = forward ? s : n - 1 - s;
    if (!unit)
      for (int64_t q = 0; q < nrhs; q++) b[i * nrhs + q] /= a[i * lda + i];
    int64_t from = forward ? i + 1 : 0, to = forward ? n : i;
    for (int64_t r = from; r < to; r++)
      CK(axpy)(-(transposed ? a[i * lda + r] : a[r * lda + i]), b + i * nrhs, b + r * nrhs, nrhs);
  }
}
// b [n, nrhs] := triangle^-1 b. upper, transposed, unit diagonal as asked. Blocks of rows are solved one after the other; what
// they take from the rows that follow is a matrix product. A column's bits do not depend on its neighbours.
static int64_t CK(triangular)(
  int upper, int transposed, int unit, int64_t n, const double *a, int64_t lda, int64_t nrhs, double *b) {
  if (n <= LINEAR_BLOCK) {
    CK(triangular_block)(upper, transposed, unit, n, a, lda, nrhs, b);
    return 0;
  }
  double *t = malloc((size_t)(n * nrhs + 1) * sizeof *t);
  if (!t) return -1;
  int forward = upper == transposed;
  int64_t blocks = (n + LINEAR_BLOCK - 1) / LINEAR_BLOCK;
  for (int64_t s = 0; s < blocks && !ck_must_stop(); s++) {
    int64_t i0 = (forward ? s : blocks - 1 - s) * LINEAR_BLOCK;
    int64_t rows = n - i0 < LINEAR_BLOCK ? n - i0 : LINEAR_BLOCK;
    CK(triangular_block)(upper, transposed, unit, rows, a + i0 * lda + i0, lda, nrhs, b + i0 * nrhs);
    int64_t from = forward ? i0 + rows : 0, count = forward ? n - from : i0;
    if (count == 0) continue;
    const double *part = transposed ? a + i0 * lda + from : a + from * lda + i0;
    CK(multiply)(transposed, 0, count, nrhs, rows, part, lda, b + i0 * nrhs, nrhs, t, nrhs);
    CK(subtract)(t, nrhs, b + from * nrhs, nrhs, count, nrhs);
  }
  free(t);
  return 0;
}
// b := a^-1 b, or its transpose's, from the factors of P a = L U.
static int64_t CK(lu_solve)(
  int transposed, int64_t n, const double *a, const int64_t *pivots, int64_t nrhs, double *b) {
  int64_t failed = 0;
  if (transposed) {
    failed = CK(triangular)(1, 1, 0, n, a, n, nrhs, b);
    if (!failed) failed = CK(triangular)(0, 1, 1, n, a, n, nrhs, b);
  }
  for (int64_t s = 0; s < n; s++) {
    int64_t i = transposed ? n - 1 - s : s;
    if (pivots[i] != i)
      for (int64_t q = 0; q < nrhs; q++) {
        double v = b[i * nrhs + q];
        b[i * nrhs + q] = b[pivots[i] * nrhs + q];
        b[pivots[i] * nrhs + q] = v;
      }
  }
  if (transposed || failed) return failed;
  failed = CK(triangular)(0, 0, 1, n, a, n, nrhs, b);
  return failed ? failed : CK(triangular)(1, 0, 0, n, a, n, nrhs, b);
}
