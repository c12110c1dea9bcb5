// Eigenvalues: symmetric with vectors, general without.
// Symmetric a [n, n] = Q T Q' with T tridiagonal (d, e), by panels of reflections; reflectors written out as rows of v (row g
// starts at g + 1). a is destroyed. 0, or -1 without memory.
static int64_t CK(tridiagonalise)(int64_t n, double *a, double *d, double *e, double *v, double *tau) {
  // Rows q: V and then W of the panel, and the other way round, so that both products of the update are one.
  double *vw = malloc((size_t)(4 * PANEL * n + n * n + 1) * sizeof *vw);
  if (!vw) return -1;
  double *wv = vw + 2 * PANEL * n, *update = wv + 2 * PANEL * n;
  memset(v, 0, (size_t)(n * n) * sizeof *v);
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
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) full[i * n + j] = i >= j ? a[i * n + j] : a[j * n + i];
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

// Rows and columns scaled by powers of two until they are of like size (Parlett & Reinsch 1969): exact, and eigenvalues stay.
static void CK(balance)(int64_t n, double *a) {
  for (int again = 1, pass = 0; again && pass < 50; pass++) {
    again = 0;
    for (int64_t i = 0; i < n && !ck_must_stop(); i++) {
      double row = 0, column = 0;
      for (int64_t j = 0; j < n; j++)
        if (j != i) {
          column += d_abs(a[j * n + i]);
          row += d_abs(a[i * n + j]);
        }
      if (!(row > 0 && column > 0 && row < D_INF && column < D_INF)) continue;
      double f = 1, sum = row + column;
      while (column < row / 2 && f < 0x1p200) {
        f *= 2;
        column *= 4;
      }
      while (column >= row * 2 && f > 0x1p-200) {
        f /= 2;
        column /= 4;
      }
      if ((column + row) / f < 0.95 * sum) {
        again = 1;
        for (int64_t j = 0; j < n; j++) a[i * n + j] /= f;
        for (int64_t j = 0; j < n; j++) a[j * n + i] *= f;
      }
    }
  }
}
// Similar matrix that is zero below the first subdiagonal, by reflections. v and w hold n each.
static void CK(hessenberg)(int64_t n, double *a, double *v, double *w) {
  for (int64_t j = 0; j + 2 < n && !ck_must_stop(); j++) {
    int64_t len = n - j - 1;
    for (int64_t r = 0; r < len; r++) v[r] = a[(j + 1 + r) * n + j];
    double tau = CK(reflector)(v, len);
    double beta = v[0];
    v[0] = 1;
    memset(w, 0, (size_t)len * sizeof *w);
    for (int64_t r = 0; r < len; r++) CK(axpy)(v[r], a + (j + 1 + r) * n + j + 1, w, len);
    for (int64_t r = 0; r < len; r++) CK(axpy)(-tau * v[r], w, a + (j + 1 + r) * n + j + 1, len);
    for (int64_t i = 0; i < n; i++) {
      double s = CK(dot)(a + i * n + j + 1, v, len);
      CK(axpy)(-tau * s, v, a + i * n + j + 1, len);
    }
    a[(j + 1) * n + j] = beta;
    for (int64_t r = 1; r < len; r++) a[(j + 1 + r) * n + j] = 0;
  }
}
// Eigenvalues of a Hessenberg matrix, which is destroyed, by Francis' double steps (EISPACK's hqr). 0, or 1 when it does not
// converge.
static int64_t CK(hessenberg_values)(int64_t n, double *a, double *re, double *im) {
#define A_(i, j) a[(i) * n + (j)]
  double norm = 0, t = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i > 0 ? i - 1 : 0; j < n; j++) norm += d_abs(A_(i, j));
  int64_t high = n - 1;
  int steps = 0;
  while (high >= 0 && !ck_must_stop()) {
    int64_t l = high;
    for (; l > 0; l--) {
      double s = d_abs(A_(l - 1, l - 1)) + d_abs(A_(l, l));
      if (s == 0) s = norm;
      if (d_abs(A_(l, l - 1)) <= 0x1p-53 * s) {
        A_(l, l - 1) = 0;
        break;
      }
    }
    double x = A_(high, high);
    if (l == high) {
      re[high] = x + t;
      im[high] = 0;
      high--;
      steps = 0;
      continue;
    }
    double y = A_(high - 1, high - 1), w = A_(high, high - 1) * A_(high - 1, high);
    if (l == high - 1) {
      double p = 0.5 * (y - x), q = p * p + w, z = SQRT(d_abs(q));
      x += t;
      if (q >= 0) {
        z = p + (p < 0 ? -z : z);
        re[high - 1] = x + z;
        re[high] = z != 0 ? x - w / z : x + z;
        im[high - 1] = im[high] = 0;
      } else {
        re[high - 1] = re[high] = x + p;
        im[high - 1] = -z;
        im[high] = z;
      }
      high -= 2;
      steps = 0;
      continue;
    }
    if (steps == 60) return 1;
    if (steps > 0 && steps % 10 == 0) {
      t += x;
      for (int64_t i = 0; i <= high; i++) A_(i, i) -= x;
      double s = d_abs(A_(high, high - 1)) + d_abs(A_(high - 1, high - 2));
      y = x = 0.75 * s;
      w = -0.4375 * s * s;
    }
    steps++;
    double p = 0, q = 0, r = 0;
    int64_t m = high - 2;
    for (; m >= l; m--) {
      double z = A_(m, m), rr = x - z, ss = y - z;
      p = (rr * ss - w) / A_(m + 1, m) + A_(m, m + 1);
      q = A_(m + 1, m + 1) - z - rr - ss;
      r = A_(m + 2, m + 1);
      double s = d_abs(p) + d_abs(q) + d_abs(r);
      p /= s;
      q /= s;
      r /= s;
      if (m == l) break;
      double u = d_abs(A_(m, m - 1)) * (d_abs(q) + d_abs(r));
      double v = d_abs(p) * (d_abs(A_(m - 1, m - 1)) + d_abs(z) + d_abs(A_(m + 1, m + 1)));
      if (u <= 0x1p-53 * v) break;
    }
    for (int64_t i = m + 2; i <= high; i++) {
      A_(i, i - 2) = 0;
      if (i != m + 2) A_(i, i - 3) = 0;
    }
    for (int64_t k = m; k < high; k++) {
      int last = k == high - 1;
      if (k != m) {
        p = A_(k, k - 1);
        q = A_(k + 1, k - 1);
        r = last ? 0 : A_(k + 2, k - 1);
        x = d_abs(p) + d_abs(q) + d_abs(r);
        if (x != 0) {
          p /= x;
          q /= x;
          r /= x;
        }
      }
      double s = SQRT(p * p + q * q + r * r);
      if (p < 0) s = -s;
      if (s == 0) continue;
      if (k == m) {
        if (l != m) A_(k, k - 1) = -A_(k, k - 1);
      } else {
        A_(k, k - 1) = -s * x;
      }
      p += s;
      x = p / s;
      y = q / s;
      double z = r / s;
      q /= p;
      r /= p;
      double *r0 = a + k * n, *r1 = r0 + n, *r2 = last ? r1 : r1 + n;
      if (last)
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = k; j <= high; j++) {
          double f = FMA(q, r1[j], r0[j]);
          r1[j] -= f * y;
          r0[j] -= f * x;
        }
      else
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = k; j <= high; j++) {
          double f = FMA(r, r2[j], FMA(q, r1[j], r0[j]));
          r2[j] -= f * z;
          r1[j] -= f * y;
          r0[j] -= f * x;
        }
      int64_t to = high < k + 3 ? high : k + 3;
      for (int64_t i = l; i <= to; i++) {
        double *row = a + i * n + k;
        double f = x * row[0] + y * row[1] + (last ? 0 : z * row[2]);
        if (!last) row[2] -= f * r;
        row[1] -= f * q;
        row[0] -= f;
      }
    }
  }
#undef A_
  return 0;
}
// Eigenvalues of a general matrix [n, n]: pairs of complex ones have both signs of im. 0, 1 when it does not converge, -1 without
// memory.
static int64_t CK(eigenvalues)(int64_t n, const double *a, double *re, double *im) {
  double *h = malloc((size_t)(n * n + 2 * n + 1) * sizeof *h);
  if (!h) return -1;
  memcpy(h, a, (size_t)(n * n) * sizeof *h);
  CK(balance)(n, h);
  CK(hessenberg)(n, h, h + n * n, h + n * n + n);
  int64_t failed = CK(hessenberg_values)(n, h, re, im);
  free(h);
  return failed;
}
