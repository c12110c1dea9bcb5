// Least squares of minimum norm.
// How small the smallest singular value of the triangle may be: one over an estimate of the norm of its inverse, from a
// few steps of inverse iteration. Rows of w are columns of R.
static double CK(smallest_estimate)(int64_t k, int64_t length, const double *w, double *x) {
  for (int64_t i = 0; i < k; i++) x[i] = (i & 1 ? -1.0 : 1.0) * (1.0 + (double)i / (double)k);
  double estimate = D_INF;
  for (int step = 0; step < 8; step++) {
    double len = CK(norm)(x, k);
    if (ck_must_stop()) return 0;
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
  if (tall) CK(transpose2)(8, m, n, a, n, w, m);
  else ck_copy(w, a, m * n * (int64_t)sizeof *w);
  int64_t failed = CK(qr_columns)(k, length, w, tau);
  if (ck_must_stop()) {
    free(w);
    return failed;
  }
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
    for (int64_t i = 0; i < k && !ck_must_stop(); i++)
      for (int64_t j = 0; j < k; j++) r[i * k + j] = j >= i ? w[j * length + i] : 0;
    failed = CK(svd_square)(k, r, left, s, right);
    *rank = 0;
    for (int64_t i = 0; i < k && !failed; i++) *rank += s[i] > rcond * s[0];
  }
  for (int64_t q = 0; q < nrhs && !failed && !ck_must_stop(); q++) {
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

