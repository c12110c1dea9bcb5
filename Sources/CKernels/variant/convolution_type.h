// Convolutions for one element type; see convolution.h. T, P(name), LANES_T, FUSED and T_MAX are given; vectors and masks are
// those of vector_type.h.

#include "window_tile_type.h"

// The filter as panels of `width` columns, zeros behind the last: [group][panel][tap and channel][column].
INL int64_t P(panel_width)(const ck_convolution *p) {
  const int64_t places = p->columns.target / CK(class_count)(&p->columns, p->turned);
  return (places <= ROWS_WIDE ? ACROSS_WIDE : ACROSS) * LANES_T;
}
INL int64_t P(rounded)(int64_t columns) { return (columns + LANES_T - 1) / LANES_T * LANES_T; }
INL int64_t P(chain)(const ck_convolution *p) { return p->rows.window * p->columns.window * p->source_channels; }
#include "depthwise_type.h"
static int64_t P(packed_count)(const ck_convolution *p) {
  return p->groups * P(chain)(p) * (P(by_channel)(p) ? 1 : P(rounded)(p->target_channels));
}
// Of a filter for every channel alone: [tap][channel], in the order of the chain.
static void P(pack_filter)(const ck_convolution *p, const void *filter, void *packed) {
  const T *f = filter;
  T *out = packed;
  if (P(by_channel)(p)) {
    const int64_t taps = P(chain)(p), all = p->groups;
    for (int64_t k = 0; k < taps; k++)
      memcpy(out + k * all, f + (p->turned ? taps - 1 - k : k) * all, (size_t)all * sizeof(T));
    return;
  }
  const int64_t kh = p->rows.window, kw = p->columns.window, ns = p->source_channels, nt = p->target_channels;
  const int64_t width = P(panel_width)(p), all = p->groups * (p->turned ? ns : nt);
  for (int64_t g = 0; g < p->groups; g++)
    for (int64_t j = 0; j < nt; j += width) {
      const int64_t w = CK(least)(nt - j, width), wide = P(rounded)(w);
      for (int64_t tap = 0; tap < kh * kw; tap++) {
        const T *s = f + (p->turned ? kh * kw - 1 - tap : tap) * (p->turned ? nt : ns) * all;
        if (p->turned) {
          P(transpose)(w, ns, s + j * all + g * ns, all, out, wide);
          for (int64_t c = 0; c < ns; c++)
            for (int64_t i = w; i < wide; i++) out[c * wide + i] = 0;
        } else {
          for (int64_t c = 0; c < ns; c++) {
            for (int64_t i = 0; i < w; i++) out[c * wide + i] = s[c * all + g * nt + j + i];
            for (int64_t i = w; i < wide; i++) out[c * wide + i] = 0;
          }
        }
        out += ns * wide;
      }
    }
}

// Source rows low ..< high (already inside the image) of images n0 ..< n1 with their border of columns, some channels of them:
// a copy, or the image itself where there is no border.
typedef struct {
  const T *origin;
  int64_t image, row, pixel;  // strides
  int64_t r0, c0;             // of the element at origin
} P(view);
INL void P(zero)(T *out, int64_t n) {
  if (n > 0) memset(out, 0, (size_t)n * sizeof(T));
}
INL void P(copy)(T *out, const T *x, int64_t n) {
  int64_t i = 0;
  for (; i + LANES_T <= n; i += LANES_T) P(store)(out + i, P(load)(x + i));
  if (i < n) P(store_mask)(out + i, P(load_mask)(x + i, P(mask_of)(n - i)), P(mask_of)(n - i));
}
static P(view) P(make_view)(
  const ck_convolution *p, CK(strip) s, int64_t channel, int64_t channels, T *buffer, int may_share) {
  int64_t r0, r1, c0, c1;
  CK(source_range)(&p->rows, p->turned, s.u0, s.u1, &r0, &r1);
  CK(source_range)(&p->columns, p->turned, s.t0, s.t1, &c0, &c1);
  r0 = CK(most)(r0, 0);
  r1 = CK(most)(r0, CK(least)(r1, p->rows.source));
  const int64_t all = p->groups * p->source_channels, columns = p->columns.source;
  const T *x = (const T *)p->source + channel;
  P(view) v = {.r0 = r0, .c0 = c0};
  if (may_share && channels == all && c0 >= 0 && c1 <= columns) {
    v.pixel = all;
    v.row = columns * all;
    v.image = p->rows.source * v.row;
    v.origin = x + s.n0 * v.image + r0 * v.row + c0 * all;
    return v;
  }
  v.pixel = channels;
  v.row = (c1 - c0) * channels;
  v.image = (r1 - r0) * v.row;
  v.origin = buffer;
  const int64_t in0 = CK(least)(CK(most)(c0, 0), columns), in1 = CK(most)(in0, CK(least)(c1, columns));
  for (int64_t n = s.n0; n < s.n1; n++)
    for (int64_t r = r0; r < r1; r++) {
      T *out = buffer + (n - s.n0) * v.image + (r - r0) * v.row;
      P(zero)(out, (in0 - c0) * channels);
      T *to = out + (in0 - c0) * channels;
      const T *from = x + ((n * p->rows.source + r) * columns + in0) * all;
      if (channels == all) {
        P(copy)(to, from, (in1 - in0) * all);
      } else {
        for (int64_t c = in0; c < in1; c++) {
          for (int64_t i = 0; i < channels; i++) to[i] = from[i];
          to += channels;
          from += all;
        }
      }
      P(zero)(out + (in1 - c0) * channels, (c1 - in1) * channels);
    }
  return v;
}

// What the next strip will look at and write comes into the second cache in `steps` shares while this one is computed: the
// processor itself does not look past the end of a page.
typedef struct {
  const char *at[2], *until[2];
  int64_t share[2];
} P(coming);
static P(coming) P(next_strip)(
  const ck_convolution *p, CK(strip) s, const void *source, const void *target, int64_t steps) {
  int64_t r0, r1;
  CK(source_range)(&p->rows, p->turned, s.u0, s.u1, &r0, &r1);
  r0 = CK(least)(CK(most)(r0, 0), p->rows.source);
  r1 = CK(most)(r0, CK(least)(r1, p->rows.source));
  const int64_t row[2] = {
    p->columns.source * p->groups * p->source_channels * (int64_t)sizeof(T),
    p->columns.target * p->groups * p->target_channels * (int64_t)sizeof(T)};
  const int64_t begin[2] = {s.n0 * p->rows.source + r0, s.n0 * p->rows.target + s.u0};
  const int64_t end[2] = {(s.n1 - 1) * p->rows.source + r1, (s.n1 - 1) * p->rows.target + s.u1};
  const void *memory[2] = {source, target};
  P(coming) c;
  for (int i = 0; i < 2; i++) {
    c.at[i] = c.until[i] = (const char *)memory[i] + begin[i] * row[i];
    c.share[i] = (end[i] - begin[i]) * row[i] / CK(most)(steps, 1) + 1;
  }
  return c;
}
INL void P(bring)(P(coming) *c) {
  for (int i = 0; i < 2; i++) {
    c->until[i] += c->share[i];
    for (; c->at[i] < c->until[i]; c->at[i] += 64) __builtin_prefetch(c->at[i], 0, 2);
  }
}

// The definition, for windows too large to copy or without memory to copy into.
static void P(convolve_plain)(const ck_convolution *p, CK(strip) s) {
  const int64_t ns = p->source_channels, nt = p->target_channels, width = P(panel_width)(p), chain = P(chain)(p);
  const ck_window_axis *h = &p->rows, *w = &p->columns;
  const int64_t qh = CK(class_count)(h, p->turned), qw = CK(class_count)(w, p->turned);
  const int64_t sh = CK(class_step)(h, p->turned), sw = CK(class_step)(w, p->turned);
  for (int64_t n = s.n0; n < s.n1; n++)
    for (int64_t u = s.u0; u < s.u1; u++)
      for (int64_t t = s.t0; t < s.t1; t++)
        for (int64_t o = 0; o < p->groups * nt; o++) {
          const int64_t g = o / nt, j = o % nt / width * width, wide = P(rounded)(CK(least)(nt - j, width));
          const T *b = (const T *)p->filter + g * chain * P(rounded)(nt) + j * chain + (o % nt - j);
          T sum = 0, acc = 0;
          int64_t block = -1;
          int any = 0;
          for (int64_t k = 0; k < chain; k++) {
            int64_t r, c;
            if (!CK(tap)(h, p->turned, u % qh, k / ns / w->window, &r)) continue;
            if (!CK(tap)(w, p->turned, t % qw, k / ns % w->window, &c)) continue;
            r += u / qh * sh;
            c += t / qw * sw;
            if (r < 0 || r >= h->source) continue;
            if (k / K_BLOCK != block) {
              if (block >= 0) sum = any ? sum + acc : acc;
              any = block >= 0;
              block = k / K_BLOCK;
              acc = 0;
            }
            const int inside = c >= 0 && c < w->source;
            const T x = inside ? ((const T *)p->source)[((n * h->source + r) * w->source + c) * p->groups * ns + g * ns + k % ns] : 0;
            acc = FUSED(x, b[k * wide], acc);
          }
          sum = any ? sum + acc : acc;
          if (p->bias) sum = sum + ((const T *)p->bias)[o];
          if (p->activation) sum = T_MAX((T)p->constant, sum);
          ((T *)p->target)[((n * h->target + u) * w->target + t) * p->groups * nt + o] = sum;
        }
}

// Neighbouring column taps of one class as one: `taps` of them from tap `first`, the first one at source column `base`.
typedef struct {
  int64_t first, taps, base;
} P(column_run);

static void P(convolve)(const ck_convolution *p, int64_t first_strip, int64_t last_strip) {
  const CK(strip_size) size = CK(convolution_strips)(p, sizeof(T));
  const ck_window_axis *h = &p->rows, *w = &p->columns;
  enum { RUNS = 512 };
  const int64_t room = CONVOLUTION_SCRATCH / (int64_t)sizeof(T);
  T *buffer = ck_scratch();
  const int fits = buffer && w->window <= K_BLOCK && CK(strip_elements)(p, size, p->source_channels) <= room;
  const int64_t ns = p->source_channels, nt = p->target_channels, all = p->groups * nt;
  const int64_t width = P(panel_width)(p), height = width > ACROSS * LANES_T ? ROWS_WIDE : ROWS_MAX;
  const int64_t chain = P(chain)(p);
  const int64_t qh = CK(class_count)(h, p->turned), qw = CK(class_count)(w, p->turned);
  const int64_t sh = CK(class_step)(h, p->turned), sw = CK(class_step)(w, p->turned);
  P(run) runs[RUNS];
  P(column_run) along[K_BLOCK];
  for (int64_t index = first_strip; index < last_strip && !ck_must_stop(); index++) {
    const CK(strip) s = CK(strip_at)(p, size, index);
    if (P(by_channel)(p)) {
      P(convolve_channels)(p, s);
      continue;
    }
    if (!fits) {
      P(convolve_plain)(p, s);
      continue;
    }
    const int brings = index + 1 < last_strip && s.t0 == 0 && s.t1 == w->target;
    P(coming) coming = {0};
    if (brings)
      coming = P(next_strip)(
        p, CK(strip_at)(p, size, index + 1), p->source, p->target,
        p->groups * CK(least)(qw, s.t1) * ((chain + K_BLOCK - 1) / K_BLOCK) * ((nt + width - 1) / width) * (s.n1 - s.n0)
          * (s.u1 - s.u0) * ((s.t1 / qw + height - 1) / height));
    for (int64_t g = 0; g < p->groups; g++) {
      const P(view) view = P(make_view)(p, s, g * ns, ns, buffer, 1);
      const T *panels = (const T *)p->filter + g * chain * P(rounded)(nt);
      for (int64_t r = 0; r < qw; r++) {
        // Places r + qw * j of the strip, j0 ..< j1.
        const int64_t j0 = (s.t0 - r + qw - 1) / qw, j1 = (s.t1 - r + qw - 1) / qw;
        if (j1 <= j0) continue;
        int64_t columns = 0;
        for (int64_t i = 0; i < w->window; i++) {
          int64_t base;
          if (!CK(tap)(w, p->turned, r, i, &base)) continue;
          P(column_run) *last = columns > 0 ? &along[columns - 1] : NULL;
          if (last && last->first + last->taps == i && last->base + last->taps == base) last->taps++;
          else along[columns++] = (P(column_run)){i, 1, base};
        }
        const int64_t tiles = (j1 - j0 + height - 1) / height;
        for (int64_t k0 = 0; k0 < chain || k0 == 0; k0 += K_BLOCK) {
          const int64_t k1 = CK(least)(k0 + K_BLOCK, chain);
          for (int64_t j = 0; j < nt; j += width) {
            const int64_t valid = CK(least)(nt - j, width), wide = P(rounded)(valid);
            const T *panel = panels + j * chain;
            for (int64_t n = s.n0; n < s.n1; n++)
              for (int64_t u = s.u0; u < s.u1; u++) {
                int before = 0, after = 0;
                int64_t count = 0;
                for (int64_t i = 0; i < h->window; i++) {
                  int64_t row;
                  if (!CK(tap)(h, p->turned, u % qh, i, &row)) continue;
                  row += u / qh * sh;
                  if (row < 0 || row >= h->source) continue;
                  const int64_t at = (n - s.n0) * view.image + (row - view.r0) * view.row - view.c0 * view.pixel;
                  for (int64_t c = 0; c < columns; c++) {
                    const int64_t start = (i * w->window + along[c].first) * ns, end = start + along[c].taps * ns;
                    before |= start < k0;
                    after |= end > k1;
                    const int64_t from = CK(most)(start, k0), to = CK(least)(end, k1);
                    if (from < to)
                      runs[count++] = (P(run)){
                        at + along[c].base * view.pixel + (from - start), panel + from * wide, to - from};
                  }
                }
                // Nothing of this block; without any tap at all the sum is 0.
                if (count == 0 && (before || after || k0 > 0)) continue;
                P(window_tile) t = {
                  .runs = runs, .count = count, .a_row = sw * view.pixel, .ldc = qw * all, .columns = valid,
                  .first = !before};
                if (!after) {
                  t.bias = p->bias ? (const T *)p->bias + g * nt + j : NULL;
                  t.activation = p->activation;
                  t.constant = (T)p->constant;
                }
                T *c = (T *)p->target + ((n * h->target + u) * w->target + r) * all + g * nt + j;
                for (int64_t q = 0; q < tiles; q++) {
                  const int64_t a = j0 + (j1 - j0) * q / tiles, b = j0 + (j1 - j0) * (q + 1) / tiles;
                  if (brings) P(bring)(&coming);
                  t.a = view.origin + a * t.a_row;
                  t.c = c + a * qw * all;
                  P(run_tile)(&t, b - a, 1);
                }
              }
          }
        }
      }
    }
  }
}

// One part of the gradient with respect to the filter, [kh, kw, channels of a group, all target channels]: over its strips in
// order, one chain per strip over the places in order.
static void P(filter_part)(const ck_convolution *p, const void *cotangent, int64_t part, void *result) {
  const CK(strip_size) size = CK(filter_strips)(p);
  const int64_t strips = CK(strip_count)(p, size), parts = CK(filter_parts)(p);
  const ck_window_axis *h = &p->rows, *w = &p->columns;
  const int64_t ns = p->source_channels, nt = p->target_channels, all = p->groups * nt;
  T *out = result;
  const int64_t first_strip = strips * part / parts, last_strip = strips * (part + 1) / parts;
  P(zero)(out, h->window * w->window * ns * all);
  const int64_t width = ACROSS * LANES_T, room = CONVOLUTION_SCRATCH / (int64_t)sizeof(T);
  T *panel = ck_scratch(), *buffer = panel ? panel + FILTER_STRIP * ACROSS * LANES_T : NULL;
  const int64_t space = room - FILTER_STRIP * ACROSS * LANES_T;
  const int64_t one = CK(strip_elements)(p, size, 1);
  int64_t chunk = CK(least)(ns, ns > 4 * ROWS_MAX ? 4 * ROWS_MAX : ns);
  if (one * chunk > space) chunk = CK(most)(1, space / CK(most)(one, 1));
  const int plain = !panel || one * chunk > space;
  P(run) runs[FILTER_STRIP];
  for (int64_t index = first_strip; index < last_strip && !ck_must_stop(); index++) {
    const CK(strip) s = CK(strip_at)(p, size, index);
    if (P(by_channel)(p)) {
      P(filter_channels)(p, s, cotangent, out);
      continue;
    }
    const int64_t places = s.t1 - s.t0;
    const int brings = index + 1 < last_strip && s.t0 == 0 && s.t1 == w->target;
    P(coming) coming = {0};
    if (brings)
      coming = P(next_strip)(
        p, CK(strip_at)(p, size, index + 1), p->source, cotangent,
        p->groups * ((ns + chunk - 1) / chunk) * ((nt + width - 1) / width) * h->window
          * ((chunk * w->window + ROWS_MAX - 1) / ROWS_MAX));
    for (int64_t g = 0; g < p->groups; g++)
      for (int64_t c0 = 0; c0 < ns; c0 += chunk) {
        const int64_t channels = CK(least)(chunk, ns - c0);
        const T *y = (const T *)cotangent + g * nt;
        if (plain) {
          for (int64_t k = 0; k < h->window * w->window; k++)
            for (int64_t c = c0; c < c0 + channels; c++)
              for (int64_t o = 0; o < nt; o++) {
                T acc = 0;
                for (int64_t n = s.n0; n < s.n1; n++)
                  for (int64_t u = s.u0; u < s.u1; u++) {
                    const int64_t r = u * h->stride - h->before + k / w->window * h->dilation;
                    if (r < 0 || r >= h->source) continue;
                    for (int64_t t = s.t0; t < s.t1; t++) {
                      const int64_t q = t * w->stride - w->before + k % w->window * w->dilation;
                      const T x = q < 0 || q >= w->source
                        ? 0 : ((const T *)p->source)[((n * h->source + r) * w->source + q) * p->groups * ns + g * ns + c];
                      acc = FUSED(x, y[((n * h->target + u) * w->target + t) * all + o], acc);
                    }
                  }
                out[(k * ns + c) * all + g * nt + o] += acc;
              }
          continue;
        }
        const P(view) view = P(make_view)(p, s, g * ns + c0, channels, buffer, 0);
        for (int64_t j = 0; j < nt; j += width) {
          const int64_t valid = CK(least)(nt - j, width), wide = P(rounded)(valid);
          // Whole vectors of the cotangent are read where they lie.
          const int in_place = valid == wide;
          T *to = panel;
          for (int64_t n = s.n0; n < s.n1 && !in_place; n++)
            for (int64_t u = s.u0; u < s.u1; u++) {
              const T *from = y + ((n * h->target + u) * w->target + s.t0) * all + j;
              for (int64_t t = 0; t < places; t++) {
                const P(mask) mask = P(mask_of)(valid - (wide - LANES_T));
                if (wide > LANES_T) P(store)(to, P(load)(from));
                P(store)(to + wide - LANES_T, P(load_mask)(from + wide - LANES_T, mask));
                to += wide;
                from += all;
              }
            }
          P(window_tile) t = {.a_row = 1, .ldb = in_place ? all : wide, .ldc = all, .columns = valid};
          t.runs = runs;
          T *c = out + g * nt + j;
          t.a_step = w->stride * view.pixel;
          const int joined = w->dilation == 1 && channels == ns;
          const int64_t rows = joined ? w->window * ns : channels;
          const int64_t tiles = (rows + ROWS_MAX - 1) / ROWS_MAX;
          for (int64_t i = 0; i < h->window; i++) {
            t.count = 0;
            for (int64_t n = s.n0; n < s.n1; n++)
              for (int64_t u = s.u0; u < s.u1; u++) {
                const int64_t r = u * h->stride - h->before + i * h->dilation;
                if (r < 0 || r >= h->source) continue;
                runs[t.count++] = (P(run)){
                  (n - s.n0) * view.image + (r - view.r0) * view.row
                    + (s.t0 * w->stride - w->before - view.c0) * view.pixel,
                  in_place ? y + ((n * h->target + u) * w->target + s.t0) * all + j
                           : panel + ((n - s.n0) * (s.u1 - s.u0) + (u - s.u0)) * places * wide,
                  places};
              }
            for (int64_t k = 0; k < (joined ? 1 : w->window); k++) {
              const int64_t target = (i * w->window + k) * ns + c0;
              for (int64_t q = 0; q < tiles; q++) {
                const int64_t a = rows * q / tiles, b = rows * (q + 1) / tiles;
                if (brings) P(bring)(&coming);
                t.a = view.origin + k * w->dilation * view.pixel + a;
                t.c = c + (target + a) * all;
                P(run_tile)(&t, b - a, 0);
              }
            }
          }
        }
      }
  }
}

// out = parts of `count` elements added in order.
static void P(fold)(int64_t parts, int64_t count, const void *parts_of, void *result) {
  const T *x = parts_of;
  T *out = result;
  for (int64_t i = 0; i < count; i++) {
    T sum = x[i];
    for (int64_t q = 1; q < parts; q++) sum = sum + x[q * count + i];
    out[i] = sum;
  }
}
