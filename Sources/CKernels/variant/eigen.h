// Eigenvalues: symmetric with vectors, general without.
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
  for (int64_t i = n - 1; i > 0 && !ck_must_stop(); i--) {
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

// Rows and columns scaled by powers of two until they are of like size (Parlett & Reinsch 1969): exact, and eigenvalues stay.
static void CK(balance)(int64_t n, double *a) {
  for (int again = 1, pass = 0; again && pass < 50; pass++) {
    again = 0;
    for (int64_t i = 0; i < n; i++) {
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
  for (int64_t j = 0; j + 2 < n; j++) {
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
