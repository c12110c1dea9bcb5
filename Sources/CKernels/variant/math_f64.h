// Elementary functions of doubles. Every function is straight-line code with selections only, so that loops over it
// vectorise and the bits do not depend on the vector width. Errors are at most 2 units in the last place (tested against
// mpmath). Included once per instruction set, see variant.h.

INL uint64_t bits64(double x) {
  uint64_t u;
  __builtin_memcpy(&u, &x, 8);
  return u;
}
INL double from64(uint64_t u) {
  double x;
  __builtin_memcpy(&x, &u, 8);
  return x;
}
#define D_NAN __builtin_nan("")
#define D_INF __builtin_inf()
#define D_MAGIC 6755399441055744.0  // 1.5 * 2^52: adding it rounds to an integer in the low bits

INL double d_abs(double x) { return from64(bits64(x) & 0x7fffffffffffffffu); }
INL double d_copysign(double x, double s) {
  return from64((bits64(x) & 0x7fffffffffffffffu) | (bits64(s) & 0x8000000000000000u));
}
// 2^n for an integer n (as a magic sum's low bits) in -1022 ... 1023.
INL double d_pow2(uint64_t n) { return from64((n + 1023) << 52); }

#define D_LOG2E 0x1.71547652b82fep+0
#define D_LN2_HI 0x1.62e42fefa39efp-1
#define D_LN2_LO 0x1.abc9e3b39803fp-56

// (exp(r) - 1 - r) / r^2 on |r| <= 0.35, relative to exp(r) 2^-62.
INL double d_expq(double r) {
  double q = 0x1.1f75aba0b1e2ep-29;
  q = FMA(q, r, 0x1.af52906239de4p-26);
  q = FMA(q, r, 0x1.27e4da1a3bf04p-22);
  q = FMA(q, r, 0x1.71ddffef9e7b1p-19);
  q = FMA(q, r, 0x1.a01a01a741b3cp-16);
  q = FMA(q, r, 0x1.a01a01aca0134p-13);
  q = FMA(q, r, 0x1.6c16c16c16212p-10);
  q = FMA(q, r, 0x1.111111110ff87p-7);
  q = FMA(q, r, 0x1.5555555555556p-5);
  q = FMA(q, r, 0x1.5555555555557p-3);
  return FMA(q, r, 0.5);
}

// exp(x + lo) * 2^bias for |lo| far below |x|'s last place.
INL double d_exp_extended(double x, double lo, int64_t bias) {
  double c = x > 760.0 ? 760.0 : x;
  c = c < -800.0 ? -800.0 : c;
  double t = FMA(c, D_LOG2E, D_MAGIC);
  double n = t - D_MAGIC;
  double rh = FMA(n, -D_LN2_HI, c);
  double rl = FMA(n, -D_LN2_LO, lo);
  double r = rh + rl;
  double e = (rh - r) + rl;
  double p = r + FMA(r * r, d_expq(r), e);
  double y = 1.0 + p;
  uint64_t k = bits64(t) - bits64(D_MAGIC) + (uint64_t)bias + 4096;
  uint64_t a = (k >> 1) - 2048;
  uint64_t b = k - 4096 - a;
  return y * d_pow2(a) * d_pow2(b);
}
INL double d_exp(double x) { return d_exp_extended(x, 0.0, 0); }

// Half of exp(c) - 1 is a + b + s * low, a and b exact but for the rounding of b; s is half of the power of two.
INL void d_expm1_halves(double c, double *a, double *b, double *s, double *low) {
  double t = FMA(c, D_LOG2E, D_MAGIC);
  double n = t - D_MAGIC;
  double rh = FMA(n, -D_LN2_HI, c);
  double rl = n * -D_LN2_LO;
  double r = rh + rl;
  *low = FMA(r * r, d_expq(r), (rh - r) + rl);
  *s = d_pow2(bits64(t) - bits64(D_MAGIC) - 1);
  *a = *s - 0.5;
  *b = *s * r;
}
INL double d_expm1(double x) {
  double c = x > 710.0 ? 710.0 : x;
  c = c < -40.0 ? -40.0 : c;
  double a, b, s, low;
  d_expm1_halves(c, &a, &b, &s, &low);
  double hi = a + b;
  double bb = hi - a;
  double err = (a - (hi - bb)) + (b - bb);
  double y = 2.0 * (hi + FMA(s, low, err));
  return d_abs(x) < 0x1p-54 ? x : y;
}

// x = m * 2^e with m in [sqrt(1/2), sqrt(2)); e as a double. x is positive and finite.
INL double d_split(double x, double *exponent) {
  int small = x < 0x1p-1022;
  double s = small ? x * 0x1p54 : x;
  uint64_t u = bits64(s) - 0x3fe6a09e667f3bcdu;
  uint64_t e = ((u >> 52) ^ 0x800) - 0x800;  // sign-extended 12 bits
  *exponent = (from64(bits64(D_MAGIC) + e) - D_MAGIC) + (small ? -54.0 : 0.0);
  return from64((u & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
}
// log(1 + f) + c + e log 2 after fdlibm, f in [sqrt(1/2) - 1, sqrt(2) - 1].
INL double d_log_finish(double f, double c, double e) {
  double hfsq = 0.5 * f * f;
  double s = f / (2.0 + f);
  double z = s * s;
  double p = 1.479819860511658591e-01;
  p = FMA(p, z, 1.531383769920937332e-01);
  p = FMA(p, z, 1.818357216161805012e-01);
  p = FMA(p, z, 2.222219843214978396e-01);
  p = FMA(p, z, 2.857142874366239149e-01);
  p = FMA(p, z, 3.999999999940941908e-01);
  p = FMA(p, z, 6.666666666666735130e-01);
  double r = p * z;
  double low = FMA(s, hfsq + r, FMA(e, 1.90821492927058770002e-10, c));
  return FMA(e, 6.93147180369123816490e-01, -((hfsq - low) - f));
}
INL double d_log(double x) {
  double e;
  double m = d_split(x, &e);
  double y = d_log_finish(m - 1.0, 0.0, e);
  y = x == D_INF ? x : y;
  y = x == 0 ? -D_INF : y;
  y = x < 0 ? D_NAN : y;
  return x != x ? x : y;
}
INL double d_log1p(double x) {
  double u = 1.0 + x;
  double e;
  double m = d_split(u, &e);
  double c = (x >= 1.0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
  int direct = e == 0;  // u in [sqrt(1/2), sqrt(2)): x itself is the reduced argument
  double y = d_log_finish(direct ? x : m - 1.0, direct ? 0.0 : c, e);
  y = x == D_INF ? x : y;
  y = x == -1.0 ? -D_INF : y;
  y = x < -1.0 ? D_NAN : y;
  y = d_abs(x) < 0x1p-54 ? x : y;
  return x != x ? x : y;
}

// log x as hi + lo with about 66 bits, for pow. x positive and finite.
INL void d_log_double(double x, double *hi, double *lo) {
  double e;
  double m = d_split(x, &e);
  double f = m - 1.0;
  double gh = m + 1.0;
  double gl = m - (gh - 1.0);
  double sh = f / gh;
  double sl = (FMA(-sh, gh, f) - sh * gl) / gh;
  double zh = sh * sh;
  double zl = FMA(sh, sh, -zh) + 2.0 * sh * sl;
  double t = 1.0 / 27;
  t = FMA(t, zh, 1.0 / 25);
  t = FMA(t, zh, 1.0 / 23);
  t = FMA(t, zh, 1.0 / 21);
  t = FMA(t, zh, 1.0 / 19);
  t = FMA(t, zh, 1.0 / 17);
  t = FMA(t, zh, 1.0 / 15);
  t = FMA(t, zh, 1.0 / 13);
  t = FMA(t, zh, 1.0 / 11);
  t = FMA(t, zh, 1.0 / 9);
  t = FMA(t, zh, 1.0 / 7);
  t = FMA(t, zh, 1.0 / 5);
  t = t * zh * zh;
  double third = 0x1.5555555555555p-2;
  double wh = zh * third;
  double wl = FMA(zh, third, -wh) + FMA(zh, 0x1.5555555555555p-56, zl * third);
  double vh = wh + t;
  double vl = (wh - vh) + t + wl;
  double ph = sh * vh;
  double pl = FMA(sh, vh, -ph) + FMA(sh, vl, sl * vh);
  double ah = sh + ph;
  double al = (sh - ah) + ph + (sl + pl);
  double eh = e * 0x1.62e42fef00000p-1;
  double el = e * 0x1.473de6af278edp-34;
  ah += ah;
  al += al;
  double rh = eh + ah;
  double bb = rh - eh;
  double err = (eh - (rh - bb)) + (ah - bb);
  double rl = err + (el + al);
  *hi = rh + rl;
  *lo = (rh - *hi) + rl;
}

// Powers that are defined by products: exponents 1, 2, 3, -1 and 1/2 are what a reader expects of x * x and sqrt.
INL double d_pow_general(double x, double y) {
  double ax = d_abs(x);
  double lh, ll;
  d_log_double(ax, &lh, &ll);
  double yh = y * lh;
  double yl = FMA(y, lh, -yh) + y * ll;
  yl = d_abs(yh) < 1000.0 ? yl : 0.0;
  double r = d_exp_extended(yh, yl, 0);
  r = ax == 0 ? (y > 0 ? 0.0 : D_INF) : r;
  r = ax == D_INF ? (y > 0 ? D_INF : 0.0) : r;
  double ay = d_abs(y);
  r = ay == D_INF ? (ax == 1.0 ? 1.0 : ((ax > 1.0) == (y > 0) ? D_INF : 0.0)) : r;
  double t = ay < 0x1p52 ? ay + 0x1p52 - 0x1p52 : ay;
  double h = ay * 0.5;
  double th = h < 0x1p52 ? h + 0x1p52 - 0x1p52 : h;
  int whole = t == ay;
  int odd = whole & (th != h);
  int negative = (bits64(x) >> 63) != 0;
  r = negative & odd ? -r : r;
  r = (x < 0) & !whole & (ax != D_INF) ? D_NAN : r;
  r = x != x ? x : r;
  r = y != y ? y : r;
  return (y == 0) | (x == 1.0) ? 1.0 : r;
}
INL double d_pow(double x, double y) {
  double r = d_pow_general(x, y);
  r = y == 1.0 ? x : r;
  r = y == 2.0 ? x * x : r;
  r = y == 3.0 ? x * x * x : r;
  r = y == -1.0 ? 1.0 / x : r;
  return y == 0.5 ? (x == -D_INF ? D_INF : SQRT(x) + 0.0) : r;
}

INL double d_sinh(double x) {
  double a = d_abs(x);
  double t = d_expm1(a);
  double small = 0.5 * (2.0 * t - t * t / (t + 1.0));
  double medium = 0.5 * (t + t / (t + 1.0));
  double large = d_exp_extended(a, 0.0, -1);
  double y = a < 1.0 ? small : (a < 22.0 ? medium : large);
  y = d_abs(x) < 0x1p-28 ? a : y;
  return x != x ? x : d_copysign(y, x);
}
INL double d_cosh(double x) {
  double a = d_abs(x);
  double t = d_expm1(a);
  double w = 1.0 + t;
  double small = 1.0 + t * t / (w + w);
  double e = d_exp_extended(a, 0.0, -1);
  double medium = e + 0.25 / e;
  double y = a < 0.35 ? small : (a < 22.0 ? medium : e);
  return x != x ? x : y;
}
// t / (t + 2) for t = expm1(2 |x|); y is half of t, as d_expm1 finds it but for what cannot happen from 0 to 44: no clamps, and
// the sums' errors by the short way.
INL double d_tanh(double x) {
  double a = d_abs(x);
  a = a > 22.0 ? 22.0 : a;
  double whole, part, s, low;
  d_expm1_halves(a + a, &whole, &part, &s, &low);
  double hi = whole + part;
  double y = hi + FMA(s, low, part - (hi - whole));
  double u = y + 1.0, lost = y - (u - 1.0);  // exact for a < 1, where it is needed
  double inverse = 1.0 / u;
  double q = y * inverse;
  // The quotient without the errors of the sum and of itself.
  double small = FMA(FMA(-q, lost, FMA(-q, u, y)), inverse, q);
  double z = a < 1.0 ? small : 1.0 - inverse;
  z = a < 0x1p-28 ? a : z;
  return x != x ? x : d_copysign(z, x);
}
INL double d_sigmoid(double x) {
  double e = d_exp(-d_abs(x));
  double u = 1.0 + e, lost = e - (u - 1.0);
  double r = 1.0 / u, top = x >= 0 ? 1.0 : e;
  // One step of Newton's takes out the errors of the sum and of the quotient.
  double q = top * r;
  double y = FMA(FMA(-q, lost, FMA(-q, u, top)), r, q);
  return x != x ? x : y;
}
INL double d_softplus(double x) {
  // log1p of e in [0, 1]: u = 1 + e needs no splitting but by two.
  double e = d_exp(-d_abs(x));
  double u = 1.0 + e;
  int halved = u > 1.4142135623730951;
  double c = (e - (u - 1.0)) / u;
  double f = halved ? 0.5 * u - 1.0 : e;
  double y = (x > 0 ? x : 0.0) + d_log_finish(f, halved ? c : 0.0, halved ? 1.0 : 0.0);
  return x != x ? x : y;
}
// The upper tail of the normal distribution, exp(-(h + l)) R(t) / (a + k), where h + l = a^2 / 2.
#define TAIL_K 4.0
// `factor` is the exponential, the result and `lo` are R(t) / (a + k) in two parts.
INL double d_tail_parts(double a, double h, double l, double *factor, double *lo) {
  double d = a + TAIL_K, n = a - TAIL_K;
  double back = d - a, d_lo = (a - (d - back)) + (TAIL_K - back);
  back = n - a;
  double n_lo = (a - (n - back)) + (-TAIL_K - back);
  double inverse = 1.0 / d;
  double t = n * inverse;
  double t_lo = (FMA(-t, d, n) + (n_lo - t * d_lo)) * inverse;
  double r_lo;
  double r = d_tail_r(t, t_lo, &r_lo);
  double q = r * inverse;
  *lo = (FMA(-q, d, r) + (r_lo - q * d_lo)) * inverse;
  *factor = d_exp_extended(-h, -l, 0);
  return q;
}
INL double d_tail(double a, double h, double l) {
  double factor, lo;
  double q = d_tail_parts(a, h, l, &factor, &lo);
  return FMA(factor, q, factor * lo);
}
INL double d_erf(double x) {
  double a = d_abs(x);
  double u = x * x;
  double p = -0x1.ac9585a44fe29p-31;
  p = FMA(p, u, 0x1.d76af6ca49787p-27);
  p = FMA(p, u, -0x1.5c131500d3f88p-23);
  p = FMA(p, u, 0x1.b981d78881a5dp-20);
  p = FMA(p, u, -0x1.f4ca838adb73bp-17);
  p = FMA(p, u, 0x1.f9a2be4f731a1p-14);
  p = FMA(p, u, -0x1.c02db0665e53dp-11);
  p = FMA(p, u, 0x1.565bccfa44156p-8);
  p = FMA(p, u, -0x1.b82ce31203772p-6);
  p = FMA(p, u, 0x1.ce2f21a040f66p-4);
  p = FMA(p, u, -0x1.812746b0379c1p-2);
  p = FMA(p, u, 0x1.20dd750429b6dp+0);
  double c = a > 6.0 ? 6.0 : a;
  double h = c * c;
  double l = FMA(c, c, -h);
  double big = 1.0 - 2.0 * d_tail(c * 1.4142135623730951, h, l);
  double y = a < 1.0 ? a * p : big;
  return x != x ? x : d_copysign(y, x);
}
// x Phi(x), the exact form. What each product and difference lacks is added to the next.
INL double d_gelu(double x) {
  double a = d_abs(x);
  a = a > 39.0 ? 39.0 : a;
  double s = a * a;
  double factor, q_lo;
  double q = d_tail_parts(a, 0.5 * s, 0.5 * FMA(a, a, -s), &factor, &q_lo);
  double tail = factor * q, tail_lo = FMA(factor, q, -tail) + factor * q_lo;
  double body = 1.0 - tail, body_lo = ((1.0 - body) - tail) - tail_lo;
  // On the left first x R, which does not vanish, and then the exponential, which may.
  double xq = x * q, xq_lo = FMA(x, q, -xq) + x * q_lo;
  double y = x > 0 ? FMA(x, body, x * body_lo) : FMA(factor, xq, factor * xq_lo);
  y = x < -39.0 ? -0.0 : y;
  y = x == D_INF ? x : y;
  return x != x ? x : y;
}
