// Eigenvalues and vectors of general matrices.

// Rows and columns scaled by powers of two until they are of like size (Parlett & Reinsch 1969): exact, and eigenvalues stay.
// Row i of the eigenvectors of the result times scale[i] is that of the matrix.
static void CK(balance)(int64_t n, double *a, double *scale) {
  for (int64_t i = 0; i < n; i++) scale[i] = 1;
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
        scale[i] *= f;
      }
    }
  }
}
// Similar matrix Q' a Q that is zero below the first subdiagonal, by reflections. v and w hold n each. Where z is given
// it becomes Q [n, n].
static void CK(hessenberg)(int64_t n, double *a, double *v, double *w, double *z) {
  if (z) {
    ck_clear(z, n * n * (int64_t)sizeof *z);
    for (int64_t i = 0; i < n && !ck_must_stop(); i++) z[i * n + i] = 1;
  }
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
    // The first row of Q stays that of the identity.
    for (int64_t i = 1; z && i < n; i++)
      CK(axpy)(-tau * CK(dot)(z + i * n + j + 1, v, len), v, z + i * n + j + 1, len);
    a[(j + 1) * n + j] = beta;
    for (int64_t r = 1; r < len; r++) a[(j + 1 + r) * n + j] = 0;
  }
}
// Two neighbouring elements turned.
INL void CK(turn_pair)(double *x, double p, double q) {
  double f = x[0];
  x[0] = q * f + p * x[1];
  x[1] = q * x[1] - p * f;
}
// Three neighbouring elements reflected, or the first two.
INL void CK(turn_three)(double *row, double x, double y, double z, double q, double r, int two) {
  double f = x * row[0] + y * row[1] + (two ? 0 : z * row[2]);
  if (!two) row[2] -= f * r;
  row[1] -= f * q;
  row[0] -= f;
}
// Eigenvalues of a Hessenberg matrix, which is destroyed, by Francis' double steps (EISPACK's hqr and hqr2). Where z is
// given it turns with the matrix, which becomes triangular but for blocks of two of complex pairs. The values are the
// same either way. 0, or 1 when it does not converge.
static int64_t CK(hessenberg_values)(int64_t n, double *a, double *re, double *im, double *z_) {
#define A_(i, j) a[(i) * n + (j)]
  double norm = 0, t = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i > 0 ? i - 1 : 0; j < n; j++) norm += d_abs(A_(i, j));
  int64_t high = n - 1;
  int steps = 0;
  while (high >= 0 && !ck_must_stop()) {
    // With vectors all of a row or column is turned, not only the part that the values need.
    const int64_t last_column = z_ ? n - 1 : high;
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
      re[high] = A_(high, high) = x + t;
      im[high] = 0;
      high--;
      steps = 0;
      continue;
    }
    double y = A_(high - 1, high - 1), w = A_(high, high - 1) * A_(high - 1, high);
    if (l == high - 1) {
      double p = 0.5 * (y - x), q = p * p + w, z = SQRT(d_abs(q));
      x += t;
      A_(high, high) = x;
      A_(high - 1, high - 1) = y + t;
      if (q >= 0) {
        z = p + (p < 0 ? -z : z);
        re[high - 1] = x + z;
        re[high] = z != 0 ? x - w / z : x + z;
        im[high - 1] = im[high] = 0;
        if (z_) {
          // The block becomes triangular.
          x = A_(high, high - 1);
          double size = d_abs(x) + d_abs(z);
          p = x / size;
          q = z / size;
          double r = SQRT(p * p + q * q);
          p /= r;
          q /= r;
          for (int64_t j = high - 1; j < n; j++) {
            double f = A_(high - 1, j);
            A_(high - 1, j) = q * f + p * A_(high, j);
            A_(high, j) = q * A_(high, j) - p * f;
          }
          for (int64_t i = 0; i <= high; i++) CK(turn_pair)(a + i * n + high - 1, p, q);
          for (int64_t i = 0; i < n; i++) CK(turn_pair)(z_ + i * n + high - 1, p, q);
          A_(high, high - 1) = 0;
        }
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
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = k; j <= last_column; j++) {
          double f = FMA(q, r1[j], r0[j]);
          r1[j] -= f * y;
          r0[j] -= f * x;
        }
      else
        _Pragma("clang loop vectorize(assume_safety)") for (int64_t j = k; j <= last_column; j++) {
          double f = FMA(r, r2[j], FMA(q, r1[j], r0[j]));
          r2[j] -= f * z;
          r1[j] -= f * y;
          r0[j] -= f * x;
        }
      int64_t to = high < k + 3 ? high : k + 3;
      for (int64_t i = z_ ? 0 : l; i <= to; i++) CK(turn_three)(a + i * n + k, x, y, z, q, r, last);
      for (int64_t i = 0; z_ && i < n; i++) CK(turn_three)(z_ + i * n + k, x, y, z, q, r, last);
    }
  }
#undef A_
  return 0;
}
// A complex number, for the few places that need one.
typedef struct {
  double re, im;
} CK(complex);
INL CK(complex) CK(divided)(double a, double b, double c, double d) {
  if (d_abs(c) > d_abs(d)) {
    double r = d / c, s = c + r * d;
    return (CK(complex)){(a + r * b) / s, (b - r * a) / s};
  }
  double r = c / d, s = d + r * c;
  return (CK(complex)){(r * a + b) / s, (r * b - a) / s};
}
// Eigenvectors of the block triangular t by solving from below (EISPACK's hqr2): rows of x, for a pair one row of real
// and one of imaginary parts, of the value with the positive imaginary part.
static void CK(triangular_vectors)(int64_t n, const double *t, const double *re, const double *im, double *x) {
#define T_(i, j) t[(i) * n + (j)]
  double norm = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i > 0 ? i - 1 : 0; j < n; j++) norm += d_abs(T_(i, j));
  const double least = 0x1p-52 * norm;
  ck_clear(x, n * n * (int64_t)sizeof *x);
  for (int64_t k = n - 1; k >= 0 && !ck_must_stop(); k--) {
    if (im[k] < 0) continue;
    const double p = re[k], q = im[k];
    const int pair = q > 0;
    // The last element of a pair's vector stands for i, the one before it follows.
    double *u = x + (pair ? k - 1 : k) * n, *v = x + k * n;
    int64_t first = k - 1;
    if (pair) {
      // By the row with the larger element beside the diagonal.
      CK(complex) c;
      if (d_abs(T_(k, k - 1)) < d_abs(T_(k - 1, k))) c = CK(divided)(0, -T_(k - 1, k), T_(k - 1, k - 1) - p, -q);
      else c = (CK(complex)){-q / T_(k, k - 1), -(T_(k, k) - p) / T_(k, k - 1)};
      u[k - 1] = c.re;
      v[k - 1] = c.im;
      u[k] = 0;
      v[k] = 1;
      first = k - 2;
    } else {
      u[k] = 1;
    }
    for (int64_t i = first; i >= 0; i--) {
      const int64_t from = i + 1, length = k - i;
      const int block = im[i] > 0;
      double ra = CK(dot)(t + i * n + from, u + from, length);
      double sa = pair ? CK(dot)(t + i * n + from, v + from, length) : 0;
      if (block) {
        // Rows i - 1 and i together.
        double rb = CK(dot)(t + (i - 1) * n + from, u + from, length);
        double sb = pair ? CK(dot)(t + (i - 1) * n + from, v + from, length) : 0;
        const double a = T_(i - 1, i - 1) - p, b = T_(i - 1, i), c = T_(i, i - 1), d = T_(i, i) - p;
        // The determinant of [[a - iq, b], [c, d - iq]].
        double dr = a * d - b * c - q * q, di = -q * (a + d);
        if (dr == 0 && di == 0) dr = least * (norm > 0 ? norm : 1);
        // By Cramer's rule for -(rb + i sb), -(ra + i sa).
        double nr = -(d * rb + q * sb) + b * ra, ni = -(d * sb - q * rb) + b * sa;
        CK(complex) top = CK(divided)(nr, ni, dr, di);
        nr = -(a * ra + q * sa) + c * rb;
        ni = -(a * sa - q * ra) + c * sb;
        CK(complex) low = CK(divided)(nr, ni, dr, di);
        u[i - 1] = top.re;
        u[i] = low.re;
        if (pair) {
          v[i - 1] = top.im;
          v[i] = low.im;
        }
        i--;
      } else {
        double wr = T_(i, i) - p;
        if (wr == 0 && q == 0) wr = least > 0 ? least : 0x1p-1000;
        if (pair) {
          CK(complex) one = CK(divided)(-ra, -sa, wr, -q);
          u[i] = one.re;
          v[i] = one.im;
        } else {
          u[i] = -ra / wr;
        }
      }
      // Kept from growing past all bounds.
      const int64_t low_row = i;
      double grown = d_max(d_abs(u[low_row]), d_abs(u[low_row + 1]));
      if (pair) grown = d_max(grown, d_max(d_abs(v[low_row]), d_abs(v[low_row + 1])));
      if (grown > 0x1p400) {
        CK(scale)(1.0 / grown, u + low_row, k + 1 - low_row);
        if (pair) CK(scale)(1.0 / grown, v + low_row, k + 1 - low_row);
      }
    }
  }
#undef T_
}
// Each eigenvector, columns of re and im [n, n], of length 1 with its largest element positive.
static void CK(normalise_vectors)(int64_t n, const double *values_im, double *re, double *im) {
  for (int64_t j = 0; j < n && !ck_must_stop(); j++) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = d_max(largest, d_max(d_abs(re[i * n + j]), d_abs(im[i * n + j])));
    if (!(largest > 0 && largest < D_INF)) continue;
    double sum = 0, most = -1;
    int64_t place = 0;
    for (int64_t i = 0; i < n; i++) {
      const double x = re[i * n + j] / largest, y = im[i * n + j] / largest, size = FMA(x, x, y * y);
      sum += size;
      // By more than rounding: of equal ones the first.
      if (size > most * (1 + 0x1p-40)) {
        most = size;
        place = i;
      }
    }
    const double length = SQRT(sum) * largest;
    double c = re[place * n + j], s = im[place * n + j];
    const double top = SQRT(most) * largest;
    c /= top;
    s /= top;
    for (int64_t i = 0; i < n; i++) {
      const double x = re[i * n + j] / length, y = im[i * n + j] / length;
      re[i * n + j] = FMA(c, x, s * y);
      im[i * n + j] = values_im[j] == 0 ? 0 : FMA(c, y, -(s * x));
    }
    im[place * n + j] = 0;
  }
}
// Eigenvalues of a general matrix [n, n]: pairs of complex ones have both signs of im. Where `vectors` is given: the
// real parts of the eigenvectors in the columns of its first [n, n], the imaginary ones in its second. 0, 1 when it
// does not converge, -1 without memory.
static int64_t CK(eigenvalues)(int64_t n, const double *a, double *re, double *im, double *vectors) {
  double *h = malloc((size_t)((vectors ? 3 : 1) * n * n + 3 * n + 1) * sizeof *h);
  if (!h) return -1;
  double *scale = h + n * n, *v = scale + n, *w = v + n, *z = vectors ? w + n : NULL, *x = vectors ? z + n * n : NULL;
  ck_copy(h, a, n * n * (int64_t)sizeof *h);
  // Small ones before, where balancing would take bits of theirs; large ones after, as it may bring elements far apart together.
  const double before = CK(divided_into_range)(n * n, h, LEAST_ELEMENT, D_INF);
  CK(balance)(n, h, scale);
  const double after = CK(divided_into_range)(n * n, h, LEAST_ELEMENT, MOST_ELEMENT);
  CK(hessenberg)(n, h, v, w, z);
  int64_t failed = CK(hessenberg_values)(n, h, re, im, z);
  if (!failed && vectors && !ck_must_stop()) {
    CK(triangular_vectors)(n, h, re, im, x);
    double *vr = vectors, *vi = vectors + n * n;
    // Columns of z times rows of x.
    CK(multiply)(0, 1, n, n, n, z, n, x, n, vr, n);
    for (int64_t i = 0; i < n && !ck_must_stop(); i++)
      for (int64_t j = 0; j < n; j++) {
        double *r = vr + i * n + j, *m = vi + i * n + j;
        *r *= scale[i];
        *m = 0;
        // Column j holds the imaginary parts of the pair whose real parts are in column j - 1.
        if (im[j] > 0) {
          const double y = *r;
          r[0] = r[-1];
          m[0] = y;
          m[-1] = -y;
        }
      }
    CK(normalise_vectors)(n, im, vr, vi);
  }
  for (int64_t i = 0; i < n; i++) {
    re[i] = re[i] * after * before;
    im[i] = im[i] * after * before;
  }
  free(h);
  return failed;
}
