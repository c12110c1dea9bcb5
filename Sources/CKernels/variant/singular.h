// Singular values: reduction to a bidiagonal matrix by panels of reflections (Dongarra, Sorensen & Hammarling 1989), then
// implicit QR steps with and without shift that keep small singular values exact (Demmel & Kahan 1990).

#define PANEL 24

// y += a x for four at once: y[i] += Σ a[q] x[q * ldx + i] in the order of q.
static void CK(axpy4)(const double *a, const double *x, int64_t ldx, double *y, int64_t n) {
  const double *x1 = x + ldx, *x2 = x1 + ldx, *x3 = x2 + ldx;
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < n; i++) y[i] =
    FMA(a[3], x3[i], FMA(a[2], x2[i], FMA(a[1], x1[i], FMA(a[0], x[i], y[i]))));
}

// a [k, k] = Q B P' with B upper bidiagonal (d, e). left[g] and right[g], rows of [k, k], become the reflectors written out
// (right[g] starts at g + 1), tauq and taup their factors. a is destroyed. 0, or -1 without memory.
static int64_t CK(bidiagonalise)(
  int64_t k, double *a, double *d, double *e, double *left, double *tauq, double *right, double *taup) {
  // Rows q: V and then X of the panel; Y and then U.
  double *vx = malloc((size_t)(4 * PANEL * k + k * k + 1) * sizeof *vx);
  if (!vx) return -1;
  double *yu = vx + 2 * PANEL * k, *update = yu + 2 * PANEL * k;
  ck_clear(left, k * k * (int64_t)sizeof *left);
  ck_clear(right, k * k * (int64_t)sizeof *right);
  for (int64_t j0 = 0; j0 < k && !ck_must_stop(); j0 += PANEL) {
    int64_t nb = k - j0 < PANEL ? k - j0 : PANEL;
    double *V = vx, *X = vx + nb * k, *Y = yu, *U = yu + nb * k;
    memset(vx, 0, (size_t)(2 * nb * k) * sizeof *vx);
    memset(yu, 0, (size_t)(2 * nb * k) * sizeof *yu);
    for (int64_t i = 0; i < nb && !ck_must_stop(); i++) {
      int64_t g = j0 + i, rows = k - g, rest = k - g - 1;
      double *v = V + i * k + g, *u = U + i * k + g + 1, *y = Y + i * k + g + 1, *x = X + i * k + g + 1;
      for (int64_t r = 0; r < rows; r++) v[r] = a[(g + r) * k + g];
      for (int64_t q = 0; q < i; q++) {
        CK(axpy)(-Y[q * k + g], V + q * k + g, v, rows);
        CK(axpy)(-U[q * k + g], X + q * k + g, v, rows);
      }
      tauq[g] = CK(reflector)(v, rows);
      d[g] = v[0];
      v[0] = 1;
      memcpy(left + g * k + g, v, (size_t)rows * sizeof *v);
      if (rest == 0) {
        taup[g] = 0;
        break;
      }
      int64_t r = 0;
      for (; r + 4 <= rows; r += 4) CK(axpy4)(v + r, a + (g + r) * k + g + 1, k, y, rest);
      for (; r < rows; r++) CK(axpy)(v[r], a + (g + r) * k + g + 1, y, rest);
      for (int64_t q = 0; q < i; q++) {
        CK(axpy)(-CK(dot)(V + q * k + g, v, rows), Y + q * k + g + 1, y, rest);
        CK(axpy)(-CK(dot)(X + q * k + g, v, rows), U + q * k + g + 1, y, rest);
      }
      CK(scale)(tauq[g], y, rest);
      memcpy(u, a + g * k + g + 1, (size_t)rest * sizeof *u);
      for (int64_t q = 0; q < i; q++) {
        CK(axpy)(-V[q * k + g], Y + q * k + g + 1, u, rest);
        CK(axpy)(-X[q * k + g], U + q * k + g + 1, u, rest);
      }
      CK(axpy)(-1.0, y, u, rest);
      taup[g] = CK(reflector)(u, rest);
      e[g] = u[0];
      u[0] = 1;
      memcpy(right + g * k + g + 1, u, (size_t)rest * sizeof *u);
      for (int64_t q = 0; q < rest; q++) x[q] = CK(dot)(a + (g + 1 + q) * k + g + 1, u, rest);
      for (int64_t q = 0; q <= i; q++) CK(axpy)(-CK(dot)(Y + q * k + g + 1, u, rest), V + q * k + g + 1, x, rest);
      for (int64_t q = 0; q < i; q++) CK(axpy)(-CK(dot)(U + q * k + g + 1, u, rest), X + q * k + g + 1, x, rest);
      CK(scale)(taup[g], x, rest);
    }
    int64_t j1 = j0 + nb, rest = k - j1;
    if (rest == 0) break;
    CK(multiply)(1, 0, rest, rest, 2 * nb, vx + j1, k, yu + j1, k, update, rest);
    CK(subtract)(update, rest, a + j1 * k + j1, k, rest, rest);
  }
  free(vx);
  return 0;
}

// out [k, k] := (H_0 H_1 …)' for reflectors written out as rows of v; the first `first` elements of v[0] are zero.
static int64_t CK(orthogonal_rows)(int64_t k, int64_t steps, int64_t first, const double *v, const double *tau, double *out) {
  double *block = malloc((size_t)(QR_BLOCK * k + 2 * k * QR_BLOCK + k * k + 1) * sizeof *block);
  if (!block) return -1;
  double *y = block + QR_BLOCK * k, *z = y + k * QR_BLOCK, *update = z + k * QR_BLOCK;
  ck_clear(out, k * k * (int64_t)sizeof *out);
  for (int64_t i = 0; i < k && !ck_must_stop(); i++) out[i * k + i] = 1;
  int64_t blocks = (steps + QR_BLOCK - 1) / QR_BLOCK;
  for (int64_t s = blocks - 1; s >= 0 && !ck_must_stop(); s--) {
    int64_t j0 = s * QR_BLOCK, nb = steps - j0 < QR_BLOCK ? steps - j0 : QR_BLOCK, start = j0 + first;
    int64_t len = k - start;
    double t[QR_BLOCK][QR_BLOCK];
    for (int64_t i = 0; i < nb; i++) memcpy(block + i * len, v + (j0 + i) * k + start, (size_t)len * sizeof *v);
    CK(block_factor)(nb, len, block, tau + j0, t);
    // Rows before `start` have no part in later blocks yet.
    CK(block_reflect)(1, nb, len, block, t, len, out + start * k + start, k, y, z, update);
  }
  free(block);
  return 0;
}

// c, s with c f + s g = r and c g = s f.
static double CK(rotation)(double f, double g, double *c, double *s) {
  if (g == 0) {
    *c = 1;
    *s = 0;
    return f;
  }
  if (f == 0) {
    *c = 0;
    *s = 1;
    return g;
  }
  double m = d_max(d_abs(f), d_abs(g));
  double x = f / m, y = g / m, r = SQRT(x * x + y * y);
  if (f < 0) r = -r;
  *c = x / r;
  *s = y / r;
  return r * m;
}
// The smaller singular value of [f g; 0 h].
static double CK(smaller_of_two)(double f, double g, double h) {
  double fa = d_abs(f), ga = d_abs(g), ha = d_abs(h);
  double low = fa < ha ? fa : ha, high = fa < ha ? ha : fa;
  if (low == 0) return 0;
  double as = 1.0 + low / high, at = (high - low) / high;
  if (ga < high) {
    double au = (ga / high) * (ga / high);
    return low * (2.0 / (SQRT(as * as + au) + SQRT(at * at + au)));
  }
  double au = high / ga;
  if (au == 0) return low * high / ga;
  double c = 1.0 / (SQRT(1.0 + (as * au) * (as * au)) + SQRT(1.0 + (at * au) * (at * au)));
  return 2.0 * (low * c * au);
}
// One implicit QR step on d[low ... high], e[low ..< high]; the rotations of right and left rows go into cr, sr, cl, sl.
static void CK(bidiagonal_step_down)(
  int64_t low, int64_t high, double shift, double *d, double *e, double *cr, double *sr, double *cl, double *sl) {
  if (shift == 0) {
    double cs = 1, sn = 0, oldcs = 1, oldsn = 0;
    for (int64_t i = low; i < high; i++) {
      double r = CK(rotation)(d[i] * cs, e[i], &cs, &sn);
      if (i > low) e[i - 1] = oldsn * r;
      d[i] = CK(rotation)(oldcs * r, d[i + 1] * sn, &oldcs, &oldsn);
      cr[i - low] = cs;
      sr[i - low] = sn;
      cl[i - low] = oldcs;
      sl[i - low] = oldsn;
    }
    double h = d[high] * cs;
    d[high] = h * oldcs;
    e[high - 1] = h * oldsn;
    return;
  }
  double f = (d_abs(d[low]) - shift) * ((d[low] < 0 ? -1.0 : 1.0) + shift / d[low]), g = e[low];
  for (int64_t i = low; i < high; i++) {
    double c, s;
    double r = CK(rotation)(f, g, &c, &s);
    if (i > low) e[i - 1] = r;
    cr[i - low] = c;
    sr[i - low] = s;
    f = c * d[i] + s * e[i];
    e[i] = c * e[i] - s * d[i];
    g = s * d[i + 1];
    d[i + 1] = c * d[i + 1];
    d[i] = CK(rotation)(f, g, &c, &s);
    cl[i - low] = c;
    sl[i - low] = s;
    f = c * e[i] + s * d[i + 1];
    d[i + 1] = c * d[i + 1] - s * e[i];
    if (i < high - 1) {
      g = s * e[i + 1];
      e[i + 1] = c * e[i + 1];
    }
  }
  e[high - 1] = f;
}
// The same from the other end.
static void CK(bidiagonal_step_up)(
  int64_t low, int64_t high, double shift, double *d, double *e, double *cr, double *sr, double *cl, double *sl) {
  if (shift == 0) {
    double cs = 1, sn = 0, oldcs = 1, oldsn = 0;
    for (int64_t i = high; i > low; i--) {
      double r = CK(rotation)(d[i] * cs, e[i - 1], &cs, &sn);
      if (i < high) e[i] = oldsn * r;
      d[i] = CK(rotation)(oldcs * r, d[i - 1] * sn, &oldcs, &oldsn);
      cl[i - 1 - low] = cs;
      sl[i - 1 - low] = -sn;
      cr[i - 1 - low] = oldcs;
      sr[i - 1 - low] = -oldsn;
    }
    double h = d[low] * cs;
    d[low] = h * oldcs;
    e[low] = h * oldsn;
    return;
  }
  double f = (d_abs(d[high]) - shift) * ((d[high] < 0 ? -1.0 : 1.0) + shift / d[high]), g = e[high - 1];
  for (int64_t i = high; i > low; i--) {
    double c, s;
    double r = CK(rotation)(f, g, &c, &s);
    if (i < high) e[i] = r;
    cl[i - 1 - low] = c;
    sl[i - 1 - low] = -s;
    f = c * d[i] + s * e[i - 1];
    e[i - 1] = c * e[i - 1] - s * d[i];
    g = s * d[i - 1];
    d[i - 1] = c * d[i - 1];
    d[i] = CK(rotation)(f, g, &c, &s);
    cr[i - 1 - low] = c;
    sr[i - 1 - low] = -s;
    f = c * e[i - 1] + s * d[i - 1];
    d[i - 1] = c * d[i - 1] - s * e[i - 1];
    if (i > low + 1) {
      g = s * e[i - 2];
      e[i - 2] = c * e[i - 2];
    }
  }
  e[low] = f;
}

// Whether some e in low ..< high is small enough to be zero, which it then is; otherwise *least is a bound on the smallest
// singular value of the block.
static int CK(bidiagonal_splits)(
  int64_t low, int64_t high, int down, double tolerance, const double *d, double *e, double *least) {
  int64_t end = down ? high - 1 : low;
  if (d_abs(e[end]) <= tolerance * d_abs(d[down ? high : low])) {
    e[end] = 0;
    return 1;
  }
  double mu = d_abs(d[down ? low : high]);
  *least = mu;
  for (int64_t s = low; s < high; s++) {
    int64_t i = down ? s : low + high - 1 - s;
    if (d_abs(e[i]) <= tolerance * mu) {
      e[i] = 0;
      return 1;
    }
    mu = d_abs(d[down ? i + 1 : i]) * (mu / (mu + d_abs(e[i])));
    if (mu < *least) *least = mu;
  }
  return 0;
}

// The bidiagonal matrix (d, e) made diagonal; the rows collected in rows[0] (left) and rows[1] (right) turn with it. work holds
// 4 k. 0, or 1 when it does not converge.
static int64_t CK(bidiagonal_values)(int64_t k, double *d, double *e, CK(rotations) rows[2], double *work) {
  const double epsilon = 0x1p-53, tolerance = 98.7 * 0x1p-53;
  double *cr = work, *sr = cr + k, *cl = sr + k, *sl = cl + k;
  double mu = d_abs(d[0]), least = mu;
  for (int64_t i = 1; i < k; i++) {
    double sum = mu + d_abs(e[i - 1]);
    mu = sum == 0 ? 0 : d_abs(d[i]) * (mu / sum);
    if (mu < least) least = mu;
  }
  double threshold = d_max(tolerance * (least / SQRT((double)k)), 6.0 * (double)k * (double)k * 0x1p-1022);
  int64_t left_over = 30 * k * k + 100, high = k - 1, old_low = -1, old_high = -1;
  int down = 1;
  while (high > 0 && !ck_must_stop()) {
    if (left_over < 0) return 1;
    double largest = d_abs(d[high]);
    int64_t low = high;
    int split = 0;
    while (low > 0) {
      if (d_abs(e[low - 1]) <= threshold) {
        e[low - 1] = 0;
        split = 1;
        break;
      }
      low--;
      largest = d_max(largest, d_max(d_abs(d[low]), d_abs(e[low])));
    }
    if (split && low == high) {
      high--;
      continue;
    }
    if (low > old_high || high < old_low) down = d_abs(d[low]) >= d_abs(d[high]);
    double smallest;
    if (CK(bidiagonal_splits)(low, high, down, tolerance, d, e, &smallest)) continue;
    old_low = low;
    old_high = high;
    double shift = 0;
    if ((double)k * tolerance * (smallest / largest) > d_max(epsilon, 0.01 * tolerance)) {
      shift = down ? CK(smaller_of_two)(d[high - 1], e[high - 1], d[high])
                   : CK(smaller_of_two)(d[low], e[low], d[low + 1]);
      double start = d_abs(d[down ? low : high]);
      if (start > 0 && (shift / start) * (shift / start) < epsilon) shift = 0;
    }
    left_over -= high - low;
    if (down) CK(bidiagonal_step_down)(low, high, shift, d, e, cr, sr, cl, sl);
    else CK(bidiagonal_step_up)(low, high, shift, d, e, cr, sr, cl, sl);
    CK(rotate)(&rows[0], low, high - low, cl, sl, !down);
    CK(rotate)(&rows[1], low, high - low, cr, sr, !down);
    int64_t end = down ? high - 1 : low;
    if (d_abs(e[end]) <= threshold) e[end] = 0;
  }
  CK(rotate_now)(&rows[0]);
  CK(rotate_now)(&rows[1]);
  return 0;
}

// r [k, k] (row-major) = left' diag(s) right with rows of left and right orthonormal, s descending. r is destroyed. 0, 1 when it
// does not converge, -1 without memory.
static int64_t CK(svd_square)(int64_t k, double *r, double *left, double *s, double *right) {
  if (k == 0) return 0;
  // Scaled by a power of two, so that no product overflows or vanishes.
  double m = CK(largest)(r, k * k);
  double factor = 1.0;
  if (m > 0 && m < D_INF) {
    int exponent;
    frexp(m, &exponent);
    factor = ldexp(1.0, exponent < -1000 ? -1000 : exponent);
    for (int64_t i = 0; i < k * k; i++) r[i] /= factor;
  }
  double *left_v = malloc((size_t)(2 * k * k + 8 * k + 1) * sizeof *left_v);
  if (!left_v) return -1;
  double *right_v = left_v + k * k, *tauq = right_v + k * k, *taup = tauq + k, *d = taup + k, *e = d + k, *work = e + k;
  int64_t failed = CK(bidiagonalise)(k, r, d, e, left_v, tauq, right_v, taup);
  if (!failed) failed = CK(orthogonal_rows)(k, k, 0, left_v, tauq, left);
  if (!failed) failed = CK(orthogonal_rows)(k, k - 1, 1, right_v, taup, right);
  CK(rotations) rows[2] = {{0}};
  if (!failed) failed = CK(rotations_begin)(&rows[0], left, k) | CK(rotations_begin)(&rows[1], right, k);
  if (!failed) failed = CK(bidiagonal_values)(k, d, e, rows, work);
  free(rows[0].c);
  free(rows[1].c);
  if (!failed) {
    // Descending and positive; rows go with their values.
    for (int64_t i = 0; i < k; i++) s[i] = d_abs(d[i]);
    int64_t *order = malloc((size_t)k * sizeof *order);
    if (order) {
      for (int64_t i = 0; i < k; i++) {
        int64_t q = i;
        for (; q > 0 && s[order[q - 1]] < s[i]; q--) order[q] = order[q - 1];
        order[q] = i;
      }
      ck_copy(left_v, left, k * k * (int64_t)sizeof *left);
      ck_copy(right_v, right, k * k * (int64_t)sizeof *right);
      for (int64_t i = 0; i < k && !ck_must_stop(); i++) {
        e[i] = s[order[i]] * factor;
        memcpy(left + i * k, left_v + order[i] * k, (size_t)k * sizeof *left);
        memcpy(right + i * k, right_v + order[i] * k, (size_t)k * sizeof *right);
        if (d[order[i]] < 0) CK(scale)(-1.0, right + i * k, k);
      }
      memcpy(s, e, (size_t)k * sizeof *s);
      free(order);
    } else {
      failed = -1;
    }
  }
  free(left_v);
  return failed;
}
// a [m, n] = u [m, k] diag(s) vt [k, n], k = min(m, n), s descending. A matrix that is not square is first made so by QR.
static int64_t CK(svd)(int64_t m, int64_t n, const double *a, double *u, double *s, double *vt) {
  int tall = m >= n;
  int64_t k = tall ? n : m, length = tall ? m : n;
  double *w = malloc((size_t)(2 * k * length + 3 * k * k + k + 1) * sizeof *w);
  if (!w) return -1;
  double *r = w + k * length, *left = r + k * k, *right = left + k * k, *long_side = right + k * k,
         *tau = long_side + k * length;
  int64_t failed = 0;
  if (m == n) {
    ck_copy(r, a, k * k * (int64_t)sizeof *r);
    failed = CK(svd_square)(k, r, left, s, vt);
    if (!failed) CK(transpose2)(8, k, k, left, k, u, k);
    free(w);
    return failed;
  }
  if (tall) CK(transpose2)(8, m, n, a, n, w, m);
  else ck_copy(w, a, m * n * (int64_t)sizeof *w);
  const double factor = CK(divided_into_range)(k * length, w, LEAST_ELEMENT, MOST_ELEMENT);
  failed = CK(qr_columns)(k, length, w, tau);
  if (!failed) {
    for (int64_t i = 0; i < k && !ck_must_stop(); i++)
      for (int64_t j = 0; j < k; j++) r[i * k + j] = j >= i ? w[j * length + i] : 0;
    failed = CK(svd_square)(k, r, left, s, right);
  }
  if (!failed) {
    if (factor != 1) CK(scale)(factor, s, k);
    // The long side is Q left'; the short side right.
    ck_clear(long_side, k * length * (int64_t)sizeof *long_side);
    for (int64_t j = 0; j < k && !ck_must_stop(); j++) memcpy(long_side + j * length, left + j * k, (size_t)k * sizeof *left);
    failed = CK(apply_q_rows)(k, length, w, tau, k, long_side);
    if (tall) {
      CK(transpose2)(8, k, m, long_side, m, u, k);
      ck_copy(vt, right, k * k * (int64_t)sizeof *vt);
    } else {
      ck_copy(vt, long_side, k * n * (int64_t)sizeof *vt);
      CK(transpose2)(8, k, k, right, k, u, k);
    }
  }
  free(w);
  return failed;
}
