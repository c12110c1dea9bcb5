// Elementwise kernels. out may be exactly an operand, so the loops are declared safe to vectorise.

#define LOOP _Pragma("clang loop vectorize(assume_safety) interleave(enable)") for (int64_t i = 0; i < n; i++)

INL float f_sign(float x) { return x > 0 ? 1.0f : (x < 0 ? -1.0f : x); }
INL double d_sign(double x) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : x); }
// Half to even, keeping the sign of zero.
INL float f_round(float x) {
  float a = f_abs(x);
  float t = a + 0x1p23f - 0x1p23f;
  return a < 0x1p23f ? f_copysign(t, x) : x;
}
INL double d_round(double x) {
  double a = d_abs(x);
  double t = a + 0x1p52 - 0x1p52;
  return a < 0x1p52 ? d_copysign(t, x) : x;
}
INL float f_floor(float x) {
  float t = f_round(x);
  return f_copysign(t > x ? t - 1.0f : t, x);
}
INL double d_floor(double x) {
  double t = d_round(x);
  return d_copysign(t > x ? t - 1.0 : t, x);
}
INL float f_ceil(float x) { return -f_floor(-x); }
INL double d_ceil(double x) { return -d_floor(-x); }
INL float f_neg(float x) { return from32(bits32(x) ^ 0x80000000u); }
INL double d_neg(double x) { return from64(bits64(x) ^ 0x8000000000000000u); }
INL float f_sqrt(float x) { return SQRTF(x); }
INL double d_sqrt(double x) { return SQRT(x); }

// Sine and its like: the fast reduction while all of a stretch is small, element by element otherwise; same bits.
static void CK(trig_f64)(int which, const double *x, double *out, int64_t n) {
  for (int64_t at = 0; at < n; at += 512) {
    int64_t m = n - at < 512 ? n - at : 512;
    const double *s = x + at;
    double *d = out + at;
    // Two vectors at a time, since one alone mostly waits for itself.
    const int64_t pairs = m / (CK_VECTOR_BYTES / 4) * (CK_VECTOR_BYTES / 4);
    int large = 0;
    for (int64_t i = 0; i < m; i++) large |= !(d_abs(s[i]) <= D_TRIG_LIMIT);
    if (large) {
      for (int64_t i = 0; i < m; i++) d[i] = d_trig_any(s[i], which);
      continue;
    }
#define STRETCH(w)                                                                                \
  _Pragma("clang loop vectorize(assume_safety) interleave_count(2)") for (int64_t i = 0; i < pairs; i++) \
    d[i] = d_trig(s[i], w);                                                                       \
  _Pragma("clang loop vectorize(assume_safety) interleave_count(1)") for (int64_t i = pairs; i < m; i++) \
    d[i] = d_trig(s[i], w);
    if (which == 0) { STRETCH(0) }
    else if (which == 1) { STRETCH(1) }
    else { STRETCH(2) }
#undef STRETCH
  }
}
static void CK(trig_f32)(int which, const float *x, float *out, int64_t n) {
  double buffer[512];
  for (int64_t at = 0; at < n; at += 512) {
    int64_t m = n - at < 512 ? n - at : 512;
    for (int64_t i = 0; i < m; i++) buffer[i] = (double)x[at + i];
    CK(trig_f64)(which, buffer, buffer, m);
    for (int64_t i = 0; i < m; i++) out[at + i] = (float)buffer[i];
  }
}

#include "sine_cosine.h"

#define UNARY(T, name) \
  static void CK(name)(const T *x, T *out, int64_t n) { LOOP out[i] = name(x[i]); }
#define UNARY_BOTH(name) \
  UNARY(float, f_##name)  \
  UNARY(double, d_##name)
UNARY_BOTH(neg)
UNARY_BOTH(abs)
UNARY_BOTH(sign)
UNARY_BOTH(sqrt)
UNARY_BOTH(exp)
UNARY_BOTH(expm1)
UNARY_BOTH(log)
UNARY_BOTH(log1p)
UNARY_BOTH(asin)
UNARY_BOTH(acos)
UNARY_BOTH(atan)
UNARY_BOTH(sinh)
UNARY_BOTH(cosh)
UNARY_BOTH(tanh)
UNARY_BOTH(sigmoid)
UNARY_BOTH(softplus)
UNARY_BOTH(erf)
UNARY_BOTH(gelu)
UNARY_BOTH(floor)
UNARY_BOTH(ceil)
UNARY_BOTH(round)

static void CK(unary_int)(int op, int type, const void *xv, void *ov, int64_t n) {
#define INT_CASES(T, U)                                              \
  {                                                                  \
    const T *x = xv;                                                 \
    T *out = ov;                                                     \
    switch (op) {                                                    \
    case CK_NEGATE: LOOP out[i] = (T)(0 - (U)x[i]); return;          \
    case CK_ABS: LOOP out[i] = x[i] < 0 ? (T)(0 - (U)x[i]) : x[i]; return; \
    case CK_SIGN: LOOP out[i] = (T)((x[i] > 0) - (x[i] < 0)); return; \
    case CK_NOT: LOOP out[i] = x[i] == 0; return;                    \
    case CK_ISNAN: memset(ov, 0, (size_t)n); return;                 \
    case CK_ISFINITE: memset(ov, 1, (size_t)n); return;              \
    default: memmove(ov, xv, (size_t)n * sizeof(T)); return;         \
    }                                                                \
  }
  if (type == CK_I32) INT_CASES(int32_t, uint32_t)
  if (type == CK_I64) INT_CASES(int64_t, uint64_t)
  INT_CASES(uint8_t, uint8_t)
#undef INT_CASES
}

static void CK(unary)(int op, int type, const void *xv, void *ov, int64_t n) {
  if (n <= 0) return;
#define FLOAT_CASES(T, p, trig)                               \
  switch (op) {                                               \
  case CK_NEGATE: CK(p##neg)(xv, ov, n); return;              \
  case CK_ABS: CK(p##abs)(xv, ov, n); return;                 \
  case CK_SIGN: CK(p##sign)(xv, ov, n); return;               \
  case CK_SQRT: CK(p##sqrt)(xv, ov, n); return;               \
  case CK_EXP: CK(p##exp)(xv, ov, n); return;                 \
  case CK_EXPM1: CK(p##expm1)(xv, ov, n); return;             \
  case CK_LOG: CK(p##log)(xv, ov, n); return;                 \
  case CK_LOG1P: CK(p##log1p)(xv, ov, n); return;             \
  case CK_SIN: CK(trig)(0, xv, ov, n); return;                \
  case CK_COS: CK(trig)(1, xv, ov, n); return;                \
  case CK_TAN: CK(trig)(2, xv, ov, n); return;                \
  case CK_ASIN: CK(p##asin)(xv, ov, n); return;               \
  case CK_ACOS: CK(p##acos)(xv, ov, n); return;               \
  case CK_ATAN: CK(p##atan)(xv, ov, n); return;               \
  case CK_SINH: CK(p##sinh)(xv, ov, n); return;               \
  case CK_COSH: CK(p##cosh)(xv, ov, n); return;               \
  case CK_TANH: CK(p##tanh)(xv, ov, n); return;               \
  case CK_SIGMOID: CK(p##sigmoid)(xv, ov, n); return;         \
  case CK_SOFTPLUS: CK(p##softplus)(xv, ov, n); return;       \
  case CK_ERF: CK(p##erf)(xv, ov, n); return;                 \
  case CK_GELU: CK(p##gelu)(xv, ov, n); return;               \
  case CK_FLOOR: CK(p##floor)(xv, ov, n); return;             \
  case CK_CEIL: CK(p##ceil)(xv, ov, n); return;               \
  case CK_ROUND: CK(p##round)(xv, ov, n); return;             \
  case CK_ISNAN: {                                            \
    const T *x = xv;                                          \
    uint8_t *out = ov;                                        \
    for (int64_t i = 0; i < n; i++) out[i] = x[i] != x[i];    \
    return;                                                   \
  }                                                           \
  case CK_ISFINITE: {                                         \
    const T *x = xv;                                          \
    uint8_t *out = ov;                                        \
    for (int64_t i = 0; i < n; i++) out[i] = x[i] - x[i] == 0; \
    return;                                                   \
  }                                                           \
  default: return;                                            \
  }
  if (type == CK_F32) FLOAT_CASES(float, f_, trig_f32)
  else if (type == CK_F64) FLOAT_CASES(double, d_, trig_f64)
  else CK(unary_int)(op, type, xv, ov, n);
#undef FLOAT_CASES
}

// Binary ---------------------------------------------------------------------------------------------------------------
INL float f_min(float x, float y) { return (x <= y) | (x != x) ? x : y; }
INL float f_max(float x, float y) { return (x >= y) | (x != x) ? x : y; }
INL double d_min(double x, double y) { return (x <= y) | (x != x) ? x : y; }
INL double d_max(double x, double y) { return (x >= y) | (x != x) ? x : y; }
INL double d_remainder(double x, double y) {
  double r = __builtin_fmod(x, y);
  if (r != 0) return (y < 0) != (r < 0) ? r + y : r;
  return d_copysign(r, y);
}
INL double d_floordivide(double x, double y) {
  if (y == 0) return x / y;
  double r = __builtin_fmod(x, y);
  double q = (x - r) / y;
  if (r != 0 && (y < 0) != (r < 0)) q -= 1.0;
  double f = d_floor(q);
  if (q - f > 0.5) f += 1.0;
  return q == 0 ? d_copysign(0.0, x / y) : f;
}
INL float f_remainder(float x, float y) {
  float r = __builtin_fmodf(x, y);
  if (r != 0) return (y < 0) != (r < 0) ? r + y : r;
  return f_copysign(r, y);
}
INL float f_floordivide(float x, float y) { return (float)d_floordivide((double)x, (double)y); }
#define INT_FUNCTIONS(T, U, p)                                                         \
  INL T p##floordivide(T x, T y) {                                                     \
    if (y == 0) return 0;                                                              \
    if (y == -1) return (T)(0 - (U)x);                                                 \
    T q = x / y;                                                                       \
    return (x % y != 0) & ((x < 0) != (y < 0)) ? q - 1 : q;                            \
  }                                                                                    \
  INL T p##remainder(T x, T y) {                                                       \
    if (y == 0 || y == -1) return 0;                                                   \
    T r = x % y;                                                                       \
    return (r != 0) & ((r < 0) != (y < 0)) ? r + y : r;                                \
  }                                                                                    \
  INL T p##power(T x, T y) {                                                           \
    if (y < 0) return x == 1 ? 1 : (x == -1 ? ((y & 1) ? -1 : 1) : 0);                 \
    U r = 1, b = (U)x;                                                                 \
    for (U e = (U)y; e; e >>= 1, b *= b)                                               \
      if (e & 1) r *= b;                                                               \
    return (T)r;                                                                       \
  }
INT_FUNCTIONS(int32_t, uint32_t, i_)
INT_FUNCTIONS(int64_t, uint64_t, l_)

// One loop per stride pattern, so that a repeated operand stays in a register.
#define EACH(T, O, expression)                                                  \
  {                                                                             \
    const T *x = xv, *y = yv;                                                   \
    O *out = ov;                                                                \
    if (sx && sy) {                                                             \
      LOOP {                                                                    \
        T a = x[i], b = y[i];                                                   \
        (void)b;                                                                \
        out[i] = expression;                                                    \
      }                                                                         \
    } else if (sx) {                                                            \
      T b = *y;                                                                 \
      (void)b;                                                                  \
      LOOP {                                                                    \
        T a = x[i];                                                             \
        out[i] = expression;                                                    \
      }                                                                         \
    } else if (sy) {                                                            \
      T a = *x;                                                                 \
      LOOP {                                                                    \
        T b = y[i];                                                             \
        (void)b;                                                                \
        out[i] = expression;                                                    \
      }                                                                         \
    } else {                                                                    \
      T a = *x, b = *y;                                                         \
      (void)b;                                                                  \
      O v = expression;                                                         \
      LOOP out[i] = v;                                                          \
    }                                                                           \
    return;                                                                     \
  }

#define ARGUMENTS const void *xv, int64_t sx, const void *yv, int64_t sy, void *ov, int64_t n
#define BINARY_FLOAT(T, p)                                             \
  static void CK(p##power_special)(T e, const T *x, T *out, int64_t n) { \
    if (e == (T)2) { LOOP out[i] = x[i] * x[i]; }                      \
    else if (e == (T)3) { LOOP out[i] = x[i] * x[i] * x[i]; }          \
    else if (e == (T)-1) { LOOP out[i] = (T)1 / x[i]; }                \
    else { LOOP out[i] = x[i]; }                                       \
  }                                                                    \
  static void CK(p##binary)(int op, ARGUMENTS) {                       \
    switch (op) {                                                      \
    case CK_ADD: EACH(T, T, a + b)                                     \
    case CK_SUBTRACT: EACH(T, T, a - b)                                \
    case CK_MULTIPLY: EACH(T, T, a * b)                                \
    case CK_DIVIDE: EACH(T, T, a / b)                                  \
    case CK_FLOORDIVIDE: EACH(T, T, p##floordivide(a, b))              \
    case CK_REMAINDER: EACH(T, T, p##remainder(a, b))                  \
    case CK_POWER:                                                     \
      if (sx && !sy) {                                                 \
        T e = *(const T *)yv;                                          \
        if (e == (T)2 || e == (T)3 || e == (T)-1 || e == (T)1) {       \
          CK(p##power_special)(e, xv, ov, n);                          \
          return;                                                      \
        }                                                              \
      }                                                                \
      EACH(T, T, p##pow(a, b))                                         \
    case CK_ATAN2: EACH(T, T, p##atan2(a, b))                          \
    case CK_MINIMUM: EACH(T, T, p##min(a, b))                          \
    case CK_MAXIMUM: EACH(T, T, p##max(a, b))                          \
    case CK_AND: EACH(T, T, (T)(a != 0 && b != 0))                     \
    case CK_OR: EACH(T, T, (T)(a != 0 || b != 0))                      \
    default: EACH(T, T, (T)((a != 0) != (b != 0)))                     \
    }                                                                  \
  }
BINARY_FLOAT(float, f_)
BINARY_FLOAT(double, d_)
#define BINARY_INT(T, U, p)                                            \
  static void CK(p##binary)(int op, ARGUMENTS) {                       \
    switch (op) {                                                      \
    case CK_ADD: EACH(T, T, (T)((U)a + (U)b))                          \
    case CK_SUBTRACT: EACH(T, T, (T)((U)a - (U)b))                     \
    case CK_MULTIPLY: EACH(T, T, (T)((U)a * (U)b))                     \
    case CK_DIVIDE:                                                    \
    case CK_FLOORDIVIDE: EACH(T, T, p##floordivide(a, b))              \
    case CK_REMAINDER: EACH(T, T, p##remainder(a, b))                  \
    case CK_POWER: EACH(T, T, p##power(a, b))                          \
    case CK_MINIMUM: EACH(T, T, a <= b ? a : b)                        \
    case CK_MAXIMUM: EACH(T, T, a >= b ? a : b)                        \
    case CK_AND: EACH(T, T, a & b)                                     \
    case CK_OR: EACH(T, T, a | b)                                      \
    case CK_XOR: EACH(T, T, a ^ b)                                     \
    default: EACH(T, T, a)                                             \
    }                                                                  \
  }
BINARY_INT(int32_t, uint32_t, i_)
BINARY_INT(int64_t, uint64_t, l_)

// Bools: 0 or 1; sums are "or", products "and".
static void CK(bool_binary)(int op, ARGUMENTS) {
  switch (op) {
  case CK_ADD:
  case CK_MAXIMUM:
  case CK_OR: EACH(uint8_t, uint8_t, (uint8_t)(a | b))
  case CK_MULTIPLY:
  case CK_MINIMUM:
  case CK_AND: EACH(uint8_t, uint8_t, (uint8_t)(a & b))
  case CK_SUBTRACT:
  case CK_XOR: EACH(uint8_t, uint8_t, (uint8_t)(a ^ b))
  default: EACH(uint8_t, uint8_t, a)
  }
}
static void CK(binary)(int op, int type, ARGUMENTS) {
  if (n <= 0) return;
  switch (type) {
  case CK_F32: CK(f_binary)(op, xv, sx, yv, sy, ov, n); return;
  case CK_F64: CK(d_binary)(op, xv, sx, yv, sy, ov, n); return;
  case CK_I32: CK(i_binary)(op, xv, sx, yv, sy, ov, n); return;
  case CK_I64: CK(l_binary)(op, xv, sx, yv, sy, ov, n); return;
  default: CK(bool_binary)(op, xv, sx, yv, sy, ov, n);
  }
}

#define COMPARE(T, p)                                    \
  static void CK(p##compare)(int op, ARGUMENTS) {        \
    switch (op) {                                        \
    case CK_EQUAL: EACH(T, uint8_t, a == b)              \
    case CK_NOTEQUAL: EACH(T, uint8_t, a != b)           \
    case CK_LESS: EACH(T, uint8_t, a < b)                \
    case CK_LESSEQUAL: EACH(T, uint8_t, a <= b)          \
    case CK_GREATER: EACH(T, uint8_t, a > b)             \
    default: EACH(T, uint8_t, a >= b)                    \
    }                                                    \
  }
COMPARE(float, f_)
COMPARE(double, d_)
COMPARE(int32_t, i_)
COMPARE(int64_t, l_)
COMPARE(uint8_t, b_)
static void CK(compare)(
  int op, int type, const void *xv, int64_t sx, const void *yv, int64_t sy, uint8_t *ov, int64_t n) {
  if (n <= 0) return;
  switch (type) {
  case CK_F32: CK(f_compare)(op, xv, sx, yv, sy, ov, n); return;
  case CK_F64: CK(d_compare)(op, xv, sx, yv, sy, ov, n); return;
  case CK_I32: CK(i_compare)(op, xv, sx, yv, sy, ov, n); return;
  case CK_I64: CK(l_compare)(op, xv, sx, yv, sy, ov, n); return;
  default: CK(b_compare)(op, xv, sx, yv, sy, ov, n);
  }
}

#define SELECT(T)                                                              \
  {                                                                            \
    const T *x = xv, *y = yv;                                                  \
    T *out = ov;                                                               \
    if (!sc) {                                                                 \
      const T *s = *c ? x : y;                                                 \
      int64_t step = *c ? sx : sy;                                             \
      if (step) memmove(out, s, (size_t)n * sizeof(T));                        \
      else {                                                                   \
        T v = *s;                                                              \
        LOOP out[i] = v;                                                       \
      }                                                                        \
    } else if (sx && sy) {                                                     \
      LOOP {                                                                   \
        T a = x[i], b = y[i];                                                  \
        out[i] = c[i] ? a : b;                                                 \
      }                                                                        \
    } else if (sx) {                                                           \
      T b = *y;                                                                \
      LOOP {                                                                   \
        T a = x[i];                                                            \
        out[i] = c[i] ? a : b;                                                 \
      }                                                                        \
    } else if (sy) {                                                           \
      T a = *x;                                                                \
      LOOP {                                                                   \
        T b = y[i];                                                            \
        out[i] = c[i] ? a : b;                                                 \
      }                                                                        \
    } else {                                                                   \
      T a = *x, b = *y;                                                        \
      LOOP out[i] = c[i] ? a : b;                                              \
    }                                                                          \
    return;                                                                    \
  }
static void CK(select)(
  int bytes, const uint8_t *c, int64_t sc, const void *xv, int64_t sx, const void *yv, int64_t sy, void *ov,
  int64_t n) {
  if (n <= 0) return;
  if (bytes == 4) SELECT(uint32_t)
  if (bytes == 8) SELECT(uint64_t)
  SELECT(uint8_t)
}

// Conversions: float to integer truncates and saturates, NaN is 0.
INL int32_t to_i32(double x) {
  double c = x >= 2147483647.0 ? 2147483647.0 : x;
  c = c <= -2147483648.0 ? -2147483648.0 : c;
  c = c != c ? 0.0 : c;
  return (int32_t)c;
}
INL int64_t to_i64(double x) {
  if (x != x) return 0;
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (x <= -9223372036854775808.0) return INT64_MIN;
  return (int64_t)x;
}
#define CONVERT_FROM(T, TO_I32, TO_I64)                                  \
  {                                                                      \
    const T *x = xv;                                                     \
    switch (to) {                                                        \
    case CK_F32: { float *out = ov; LOOP out[i] = (float)x[i]; return; }   \
    case CK_F64: { double *out = ov; LOOP out[i] = (double)x[i]; return; } \
    case CK_I32: { int32_t *out = ov; LOOP out[i] = TO_I32(x[i]); return; } \
    case CK_I64: { int64_t *out = ov; LOOP out[i] = TO_I64(x[i]); return; } \
    default: { uint8_t *out = ov; LOOP out[i] = x[i] != 0; return; }       \
    }                                                                    \
  }
static void CK(convert)(int from, int to, const void *xv, void *ov, int64_t n) {
  if (n <= 0) return;
#define CAST32(v) (int32_t)(v)
#define CAST64(v) (int64_t)(v)
  switch (from) {
  case CK_F32: CONVERT_FROM(float, to_i32, to_i64)
  case CK_F64: CONVERT_FROM(double, to_i32, to_i64)
  case CK_I32: CONVERT_FROM(int32_t, CAST32, CAST64)
  case CK_I64: CONVERT_FROM(int64_t, CAST32, CAST64)
  default: CONVERT_FROM(uint8_t, CAST32, CAST64)
  }
}

static double CK(scalar_unary)(int op, double x) {
  switch (op) {
  case CK_NEGATE: return d_neg(x);
  case CK_ABS: return d_abs(x);
  case CK_SIGN: return d_sign(x);
  case CK_SQRT: return d_sqrt(x);
  case CK_EXP: return d_exp(x);
  case CK_EXPM1: return d_expm1(x);
  case CK_LOG: return d_log(x);
  case CK_LOG1P: return d_log1p(x);
  case CK_SIN: return d_trig_any(x, 0);
  case CK_COS: return d_trig_any(x, 1);
  case CK_TAN: return d_trig_any(x, 2);
  case CK_ASIN: return d_asin(x);
  case CK_ACOS: return d_acos(x);
  case CK_ATAN: return d_atan(x);
  case CK_SINH: return d_sinh(x);
  case CK_COSH: return d_cosh(x);
  case CK_TANH: return d_tanh(x);
  case CK_SIGMOID: return d_sigmoid(x);
  case CK_SOFTPLUS: return d_softplus(x);
  case CK_ERF: return d_erf(x);
  case CK_GELU: return d_gelu(x);
  case CK_FLOOR: return d_floor(x);
  case CK_CEIL: return d_ceil(x);
  case CK_ROUND: return d_round(x);
  default: return D_NAN;
  }
}
static double CK(scalar_binary)(int op, double x, double y) {
  switch (op) {
  case CK_ADD: return x + y;
  case CK_SUBTRACT: return x - y;
  case CK_MULTIPLY: return x * y;
  case CK_DIVIDE: return x / y;
  case CK_FLOORDIVIDE: return d_floordivide(x, y);
  case CK_REMAINDER: return d_remainder(x, y);
  case CK_POWER: return d_pow(x, y);
  case CK_ATAN2: return d_atan2(x, y);
  case CK_MINIMUM: return d_min(x, y);
  case CK_MAXIMUM: return d_max(x, y);
  default: return D_NAN;
  }
}
