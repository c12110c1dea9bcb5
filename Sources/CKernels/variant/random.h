// The distributions on Philox words: draw i is a pure function of (key, i).

#include "../philox.h"

// Blocks first ..< first + count of a stream, words stored [4][count] (word w of block b at w * count + b).
#define RANDOM_BLOCKS 64
static void CK(words)(uint64_t key, uint64_t first, uint32_t tag, uint32_t *w) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  _Pragma("clang loop vectorize(assume_safety)")
  for (uint64_t b = 0; b < RANDOM_BLOCKS; b++) {
    uint64_t c = first + b;
    uint32_t o[4];
    philox4((uint32_t)c, (uint32_t)(c >> 32), 0, tag, k0, k1, o);
    w[b] = o[0];
    w[RANDOM_BLOCKS + b] = o[1];
    w[2 * RANDOM_BLOCKS + b] = o[2];
    w[3 * RANDOM_BLOCKS + b] = o[3];
  }
}

// cos and sin of 2 pi t for t = word * 2^-32: the top bits give the octant exactly.
INL void f_turn(uint32_t word, float *c, float *s) {
  uint32_t q = (word + 0x20000000u) >> 30;
  int32_t rest = (int32_t)(word - (q << 30));  // in -2^29 ..< 2^29: a quarter turn is 2^30
  float r = (float)rest * 1.4629180792671596e-09f;  // 2 pi / 2^32
  float z = r * r;
  float sp = FMAF(FMAF(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f);
  float sn = FMAF(r * z, sp, r);
  float cp = FMAF(FMAF(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f);
  float cs = FMAF(z * z, cp, FMAF(-0.5f, z, 1.0f));
  float a = q & 1 ? sn : cs;
  float b = q & 1 ? cs : sn;
  *c = from32(bits32(a) ^ (((q + 1) & 2) << 30));
  *s = from32(bits32(b) ^ ((q & 2) << 30));
}
// A pair of normals of two words (Box and Muller).
INL void f_normals(uint32_t w0, uint32_t w1, float *a, float *b) {
  float u = ((float)(w0 >> 8) + 0.5f) * 0x1p-24f;
  float r = SQRTF(-2.0f * f_log(u));
  float c, s;
  f_turn(w1, &c, &s);
  *a = r * c;
  *b = r * s;
}
INL void d_normals(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3, double *a, double *b) {
  uint64_t n = ((uint64_t)w1 << 32 | w0) >> 12;
  double u = (from64(n | 0x3ff0000000000000u) - 1.0) + 0x1p-53;
  double r = SQRT(-2.0 * d_log(u));
  // The angle as a signed 52-bit fraction of a turn, quadrant by the magic sum.
  uint64_t m = ((uint64_t)w3 << 32 | w2) >> 12;
  double t = from64(m | 0x3ff0000000000000u) - 1.0;
  double magic = FMA(t, 4.0, D_MAGIC);
  double rest = FMA(t, 4.0, -(magic - D_MAGIC));
  uint64_t q = bits64(magic);
  double h = rest * 1.5707963267948966;
  double l = FMA(rest, 1.5707963267948966, -h) + rest * 6.123233995736766e-17;
  double unused, sn = d_sin_kernel(h, l, &unused), cs = d_cos_kernel(h, l, &unused);
  double x = q & 1 ? sn : cs;
  double y = q & 1 ? cs : sn;
  *a = r * from64(bits64(x) ^ (((q + 1) & 2) << 62));
  *b = r * from64(bits64(y) ^ ((q & 2) << 62));
}

// Draws of whole runs of RANDOM_BLOCKS blocks into `t` (as many elements as the type has per block).
static void CK(uniform_f32)(const uint32_t *w, float *t) {
  for (int e = 0; e < 4; e++)
    for (int b = 0; b < RANDOM_BLOCKS; b++)
      t[b * 4 + e] = (float)(int32_t)(w[e * RANDOM_BLOCKS + b] >> 8) * 0x1p-24f;
}
static void CK(uniform_f64)(const uint32_t *w, double *t) {
  for (int e = 0; e < 2; e++)
    for (int b = 0; b < RANDOM_BLOCKS; b++) {
      uint64_t v = (uint64_t)w[(2 * e + 1) * RANDOM_BLOCKS + b] << 32 | w[2 * e * RANDOM_BLOCKS + b];
      t[b * 2 + e] = (double)(int64_t)(v >> 11) * 0x1p-53;
    }
}
static void CK(normal_f32)(const uint32_t *w, float *t) {
  float r[4][RANDOM_BLOCKS];
  for (int e = 0; e < 2; e++)
    _Pragma("clang loop vectorize(assume_safety)")
    for (int b = 0; b < RANDOM_BLOCKS; b++)
      f_normals(w[2 * e * RANDOM_BLOCKS + b], w[(2 * e + 1) * RANDOM_BLOCKS + b], &r[2 * e][b], &r[2 * e + 1][b]);
  for (int b = 0; b < RANDOM_BLOCKS; b++)
    for (int e = 0; e < 4; e++) t[b * 4 + e] = r[e][b];
}
static void CK(normal_f64)(const uint32_t *w, double *t) {
  double r[2][RANDOM_BLOCKS];
  _Pragma("clang loop vectorize(assume_safety)")
  for (int b = 0; b < RANDOM_BLOCKS; b++)
    d_normals(w[b], w[RANDOM_BLOCKS + b], w[2 * RANDOM_BLOCKS + b], w[3 * RANDOM_BLOCKS + b], &r[0][b], &r[1][b]);
  for (int b = 0; b < RANDOM_BLOCKS; b++)
    for (int e = 0; e < 2; e++) t[b * 2 + e] = r[e][b];
}

// Lemire's unbiased bounded integer; each draw has its own counter, each attempt its own third word.
static int64_t CK(bounded)(uint64_t key, uint64_t index, int64_t low, int64_t high) {
  uint64_t range = (uint64_t)high - (uint64_t)low;
  if (high <= low) return low;
  uint64_t threshold = (0 - range) % range;
  for (uint32_t attempt = 0;; attempt++) {
    uint32_t w[4];
    philox4((uint32_t)index, (uint32_t)(index >> 32), attempt, 3, (uint32_t)key, (uint32_t)(key >> 32), w);
    for (int e = 0; e < 2; e++) {
      uint64_t v = (uint64_t)w[2 * e + 1] << 32 | w[2 * e];
      unsigned __int128 m = (unsigned __int128)v * range;
      if ((uint64_t)m >= threshold) return (int64_t)((uint64_t)low + (uint64_t)(m >> 64));
    }
  }
}

static void CK(random)(
  int distribution, int type, int64_t low, int64_t high, uint64_t key, uint64_t first, void *ov, int64_t n) {
  if (distribution == CK_INTEGER) {
    // The first attempts of 64 draws at a time; the rare refusals go through all attempts alone.
    uint32_t words[4 * RANDOM_BLOCKS];
    const uint64_t range = (uint64_t)high - (uint64_t)low;
    const uint64_t threshold = range ? (0 - range) % range : 0;
    for (int64_t i = 0; i < n; i++) {
      const int64_t at = i % RANDOM_BLOCKS;
      if (at == 0) CK(words)(key, first + (uint64_t)i, 3, words);
      const uint64_t word = (uint64_t)words[RANDOM_BLOCKS + at] << 32 | words[at];
      const unsigned __int128 m = (unsigned __int128)word * range;
      int64_t v = low < high && (uint64_t)m >= threshold ? (int64_t)((uint64_t)low + (uint64_t)(m >> 64))
                                                         : CK(bounded)(key, first + (uint64_t)i, low, high);
      switch (type) {
      case CK_F32: ((float *)ov)[i] = (float)v; break;
      case CK_F64: ((double *)ov)[i] = (double)v; break;
      case CK_I32: ((int32_t *)ov)[i] = (int32_t)v; break;
      case CK_I64: ((int64_t *)ov)[i] = v; break;
      default: ((uint8_t *)ov)[i] = v != 0;
      }
    }
    return;
  }
  uint32_t w[4 * RANDOM_BLOCKS];
  double buffer[2 * RANDOM_BLOCKS];  // 4 floats or 2 doubles per block
  int wide = type != CK_F32;
  uint64_t per = wide ? 2 : 4;
  uint64_t run = per * RANDOM_BLOCKS;
  uint32_t tag = distribution == CK_NORMAL ? 2 : 1;
  uint64_t i = first, end = first + (uint64_t)n;
  while (i < end) {
    uint64_t start = i / run * run;
    CK(words)(key, start / per, tag, w);
    uint64_t stop = start + run < end ? start + run : end;
    if (distribution == CK_NORMAL) {
      if (wide) CK(normal_f64)(w, buffer);
      else CK(normal_f32)(w, (float *)buffer);
    } else {
      if (wide) CK(uniform_f64)(w, buffer);
      else CK(uniform_f32)(w, (float *)buffer);
    }
    size_t bytes = wide ? 8 : 4;
    memcpy((char *)ov + (i - first) * bytes, (char *)buffer + (i - start) * bytes, (size_t)(stop - i) * bytes);
    i = stop;
  }
}
