// Householder reflections: QR with and without pivoting. "Columns" are kept as contiguous rows of a work array; blocks of
// reflectors are applied as matrix products.
// The reflection I - tau v v' with v[0] = 1 that maps x to (beta, 0, …): v overwrites x except x[0] = beta.
static double CK(reflector)(double *x, int64_t n) {
  if (n <= 1) return 0;
  double tail = CK(norm)(x + 1, n - 1);
  if (tail == 0) return 0;
  double alpha = x[0];
  double m = d_max(d_abs(alpha), tail);
  double beta = m * SQRT((alpha / m) * (alpha / m) + (tail / m) * (tail / m));
  if (alpha >= 0) beta = -beta;
  const double first = alpha - beta, inverse = 1.0 / first;
  if (inverse - inverse == 0) CK(scale)(inverse, x + 1, n - 1);
  else  // of numbers whose inverses are infinite
    for (int64_t i = 1; i < n; i++) x[i] /= first;
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
// `nb` reflectors as rows of v [nb, len] (zeros and the one written out) make I - V' T V, T upper triangular.
static void CK(block_factor)(int64_t nb, int64_t len, const double *v, const double *tau, double t[QR_BLOCK][QR_BLOCK]) {
  for (int64_t i = 0; i < nb; i++) {
    double d[QR_BLOCK];
    for (int64_t q = 0; q < i; q++) d[q] = CK(dot)(v + q * len + i, v + i * len + i, len - i);
    for (int64_t q = 0; q < i; q++) {
      double s = 0;
      for (int64_t r = q; r < i; r++) s = FMA(t[q][r], d[r], s);
      t[q][i] = -tau[i] * s;
    }
    t[i][i] = tau[i];
    for (int64_t q = i + 1; q < nb; q++) t[q][i] = 0;
  }
}
// Reflectors j0 ..< j0 + nb of w written out as rows of v [nb, length - j0].
static void CK(block_rows)(int64_t nb, int64_t j0, int64_t length, const double *w, double *v) {
  int64_t len = length - j0;
  for (int64_t i = 0; i < nb; i++) {
    memset(v + i * len, 0, (size_t)i * sizeof *v);
    v[i * len + i] = 1;
    memcpy(v + i * len + i + 1, w + (j0 + i) * length + j0 + i + 1, (size_t)(len - i - 1) * sizeof *v);
  }
}
// rows c [count, len] := c (I - V' T V), or with T transposed; y and z hold count * nb, update count * len.
static void CK(block_reflect)(
  int transposed, int64_t nb, int64_t len, const double *v, double t[QR_BLOCK][QR_BLOCK], int64_t count, double *c,
  int64_t ldc, double *y, double *z, double *update) {
  CK(multiply)(0, 1, count, nb, len, c, ldc, v, len, y, nb);
  CK(multiply)(0, transposed, count, nb, nb, y, nb, &t[0][0], QR_BLOCK, z, nb);
  CK(multiply)(0, 0, count, len, nb, z, nb, v, len, update, len);
  CK(subtract)(update, len, c, ldc, count, len);
}
// Householder QR of the matrix whose `count` columns are the rows of w, each `length` long; reflectors below the
// diagonal, R above. 0, or -1 without memory.
static int64_t CK(qr_columns)(int64_t count, int64_t length, double *w, double *tau) {
  int64_t steps = count < length ? count : length;
  double *v = malloc((size_t)(QR_BLOCK * length + 2 * count * QR_BLOCK + count * length + 1) * sizeof *v);
  if (!v) return -1;
  double *y = v + QR_BLOCK * length, *z = y + count * QR_BLOCK, *update = z + count * QR_BLOCK;
  for (int64_t j0 = 0; j0 < steps && !ck_must_stop(); j0 += QR_BLOCK) {
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
    CK(block_rows)(nb, j0, length, w, v);
    CK(block_factor)(nb, len, v, tau + j0, t);
    CK(block_reflect)(0, nb, len, v, t, rest, w + (j0 + nb) * length + j0, length, y, z, update);
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
// rows c [count, length] := c Q', that is Q times each of them, block by block.
static int64_t CK(apply_q_rows)(
  int64_t steps, int64_t length, const double *w, const double *tau, int64_t count, double *c) {
  double *v = malloc((size_t)(QR_BLOCK * length + 2 * count * QR_BLOCK + count * length + 1) * sizeof *v);
  if (!v) return -1;
  double *y = v + QR_BLOCK * length, *z = y + count * QR_BLOCK, *update = z + count * QR_BLOCK;
  int64_t blocks = (steps + QR_BLOCK - 1) / QR_BLOCK;
  for (int64_t s = blocks - 1; s >= 0 && !ck_must_stop(); s--) {
    int64_t j0 = s * QR_BLOCK, nb = steps - j0 < QR_BLOCK ? steps - j0 : QR_BLOCK;
    double t[QR_BLOCK][QR_BLOCK];
    CK(block_rows)(nb, j0, length, w, v);
    CK(block_factor)(nb, length - j0, v, tau + j0, t);
    CK(block_reflect)(1, nb, length - j0, v, t, count, c + j0, length, y, z, update);
  }
  free(v);
  return 0;
}
// q [m, k] is the first k columns of Q; r [k, n].
static int64_t CK(qr_unpack)(
  int64_t m, int64_t n, int64_t k, const double *w, const double *tau, double *q, double *r) {
  double *columns = calloc((size_t)(k * m + 1), sizeof *columns);
  if (!columns) return -1;
  for (int64_t j = 0; j < k && !ck_must_stop(); j++) columns[j * m + j] = 1;
  int64_t failed = CK(apply_q_rows)(k, m, w, tau, k, columns);
  CK(transpose2)(8, k, m, columns, m, q, k);
  free(columns);
  CK(transpose2)(8, n, k, w, m, r, n);
  for (int64_t i = 1; i < k && !ck_must_stop(); i++) memset(r + i * n, 0, (size_t)(i < n ? i : n) * sizeof *r);
  return failed;
}
// a [m, n] = q [m, k] r [k, n], k = min(m, n); with `order` the columns of a are taken in that order, largest first.
static int64_t CK(qr)(int64_t m, int64_t n, const double *a, double *q, double *r, int64_t *order) {
  int64_t k = m < n ? m : n;
  double *w = malloc((size_t)(m * n + k + m + n + 1) * sizeof *w);
  if (!w) return -1;
  double *tau = w + m * n, *column = tau + k, *norms = column + m;
  CK(transpose2)(8, m, n, a, n, w, m);
  int64_t failed = 0;
  if (!order) {
    failed = CK(qr_columns)(n, m, w, tau);
  } else {
    for (int64_t j = 0; j < n && !ck_must_stop(); j++) {
      order[j] = j;
      norms[j] = CK(norm)(w + j * m, m);
    }
    for (int64_t j = 0; j < k && !ck_must_stop(); j++) {
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
  if (!failed && !ck_must_stop()) failed = CK(qr_unpack)(m, n, k, w, tau, q, r);
  free(w);
  return failed;
}

