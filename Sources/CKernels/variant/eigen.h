// Eigenvalues and vectors of symmetric matrices; of general ones see eigen_general.h.

// Symmetric a [n, n] = Q T Q' with T tridiagonal (d, e), by panels of reflections; reflectors written out as rows of v (row g
// starts at g + 1). a is destroyed. 0, or -1 without memory.
static int64_t CK(tridiagonalise)(int64_t n, double *a, double *d, double *e, double *v, double *tau) {
  // Rows q: V and then W of the panel, and the other way round, so that both products of the update are one.
  double *vw = malloc((size_t)(4 * PANEL * n + n * n + 1) * sizeof *vw);
  if (!vw) return -1;
  double *wv = vw + 2 * PANEL * n, *update = wv + 2 * PANEL * n;
  ck_clear(v, n * n * (int64_t)sizeof *v);
  for (int64_t j0 = 0; j0 < n && !ck_must_stop(); j0 += PANEL) {
    int64_t nb = n - j0 < PANEL ? n - j0 : PANEL;
    memset(vw, 0, (size_t)(2 * nb * n) * sizeof *vw);
    double *V = vw, *W = vw + nb * n;
    for (int64_t i = 0; i < nb && !ck_must_stop(); i++) {
      int64_t g = j0 + i, rest = n - g - 1;
      double *column = a + g * n;  // row g, which is column g
      for (int64_t q = 0; q < i; q++) {
        CK(axpy)(-W[q * n + g], V + q * n + g, column + g, rest + 1);
        CK(axpy)(-V[q * n + g], W + q * n + g, column + g, rest + 1);
      }
      d[g] = column[g];
      tau[g] = 0;
      if (rest == 0) break;
      double *u = V + i * n + g + 1, *w = W + i * n + g + 1;
      memcpy(u, column + g + 1, (size_t)rest * sizeof *u);
      tau[g] = CK(reflector)(u, rest);
      e[g] = u[0];
      u[0] = 1;
      memcpy(v + g * n + g + 1, u, (size_t)rest * sizeof *u);
      int64_t r = 0;
      for (; r + 4 <= rest; r += 4) CK(axpy4)(u + r, a + (g + 1 + r) * n + g + 1, n, w, rest);
      for (; r < rest; r++) CK(axpy)(u[r], a + (g + 1 + r) * n + g + 1, w, rest);
      for (int64_t q = 0; q < i; q++) {
        double alongW = CK(dot)(W + q * n + g + 1, u, rest), alongV = CK(dot)(V + q * n + g + 1, u, rest);
        CK(axpy)(-alongW, V + q * n + g + 1, w, rest);
        CK(axpy)(-alongV, W + q * n + g + 1, w, rest);
      }
      CK(scale)(tau[g], w, rest);
      CK(axpy)(-0.5 * tau[g] * CK(dot)(w, u, rest), u, w, rest);
    }
    int64_t j1 = j0 + nb, rest = n - j1;
    if (rest == 0) break;
    memcpy(wv, W, (size_t)(nb * n) * sizeof *wv);
    memcpy(wv + nb * n, V, (size_t)(nb * n) * sizeof *wv);
    CK(multiply)(1, 0, rest, rest, 2 * nb, vw + j1, n, wv + j1, n, update, rest);
    CK(subtract)(update, rest, a + j1 * n + j1, n, rest, rest);
  }
  free(vw);
  return 0;
}

// Symmetric eigenproblem: panels of reflections, then implicit QL steps after EISPACK's tql2 (as in JAMA). Values ascending,
// vectors in the columns of `vectors` [n, n]. Only the lower triangle of a is read. 0, 1 if it does not converge, -1 without memory.
static int64_t CK(eigen)(int64_t n, const double *a, double *values, double *vectors) {
  if (n == 0) return 0;
  double *v = malloc((size_t)(3 * n * n + 4 * n) * sizeof *v);
  if (!v) return -1;
  double *full = v + n * n, *reflectors = full + n * n, *e = reflectors + n * n, *cosines = e + n, *sines = cosines + n,
         *tau = sines + n, *d = values;
#define V_(row, column) v[(column) * n + (row)]  // stored by columns
  for (int64_t i = 0; i < n && !ck_must_stop(); i++)
    for (int64_t j = 0; j < n; j++) full[i * n + j] = i >= j ? a[i * n + j] : a[j * n + i];
  const double factor = CK(divided_into_range)(n * n, full, LEAST_ELEMENT, MOST_ELEMENT);
  int64_t failed = CK(tridiagonalise)(n, full, d, e, reflectors, tau);
  if (!failed) failed = CK(orthogonal_rows)(n, n - 1, 1, reflectors, tau, v);
  e[n - 1] = 0;
  CK(rotations) columns = {0};
  if (!failed) failed = CK(rotations_begin)(&columns, v, n);
  double f = 0, tst1 = 0;
  for (int64_t l = 0; l < n && !failed && !ck_must_stop(); l++) {
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
        double r = d_abs(p) > 0x1p500 ? d_abs(p) : SQRT(p * p + 1.0);
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
          cosines[i - l] = c;
          sines[i - l] = -s;
        }
        CK(rotate)(&columns, l, m - l, cosines, sines, 1);
        p = -s * s2 * c3 * el1 * e[l] / dl1;
        e[l] = s * p;
        d[l] = c * p;
      } while (d_abs(e[l]) > 0x1p-52 * tst1);
    }
    d[l] += f;
    e[l] = 0;
  }
  if (!failed) CK(rotate_now)(&columns);
  free(columns.c);
  // Ascending, columns with their values.
  for (int64_t i = 0; i < n - 1 && !ck_must_stop(); i++) {
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
  for (int64_t i = 0; i < n && factor != 1; i++) d[i] *= factor;
  for (int64_t i = 0; i < n && !ck_must_stop(); i++)
    for (int64_t j = 0; j < n; j++) vectors[i * n + j] = V_(i, j);
#undef V_
  free(v);
  return failed;
}
