// Convolutions of every channel alone (as many groups as channels) for one element type: vectors of channels, some
// places at once. The chains are those of convolution.h, so the bits are those of the general way.

enum { P(channel_vectors) = 2, P(channel_places) = 4 };

// One tap: the first channel's element of a place, and of the filter. Beside the image, where elements are zero, x is
// NULL.
typedef struct {
  const T *x, *f;
} P(channel_tap);

INL int P(by_channel)(const ck_convolution *p) {
  return p->groups > 1 && p->source_channels == 1 && p->target_channels == 1
         && p->rows.window * p->columns.window <= K_BLOCK;
}

// `places` places of `vectors` vectors of channels from c on, of the last one those under the mask; a place lies `step`
// after the one before it in the source, `out_step` in the target. Several places lie inside the image.
INL void P(channel_body)(
  const ck_convolution *p, const P(channel_tap) * taps, int64_t count, int64_t offset, int64_t step, T *out,
  int64_t out_step, int64_t c, P(mask) mask, int vectors, int places) {
  P(vec) acc[P(channel_places)][P(channel_vectors)];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < places; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) acc[i][v] = (P(vec)){0};
#define CHANNELS_(q) (v == vectors - 1 ? P(load_mask)((q) + c + v * LANES_T, mask) : P(load)((q) + c + v * LANES_T))
  for (int64_t k = 0; k < count; k++) {
    const T *x = taps[k].x;
    const int inside = places > 1 || x;
    if (inside) x += offset;
    P(vec) f[P(channel_vectors)];
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) f[v] = CHANNELS_(taps[k].f);
    _Pragma("clang loop unroll(full)") for (int i = 0; i < places; i++)
      _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
        P(vec) element = {0};
        if (inside) element = CHANNELS_(x + i * step);
        acc[i][v] = P(fused)(element, f[v], acc[i][v]);
      }
  }
  const P(vec) constant = P(spread)((T)p->constant);
  _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
    P(vec) shift = {0};
    if (p->bias) shift = CHANNELS_((const T *)p->bias);
    _Pragma("clang loop unroll(full)") for (int i = 0; i < places; i++) {
      P(vec) r = acc[i][v];
      if (p->bias) r = r + shift;
      if (p->activation) {
        typedef __typeof__(r < r) bits;
        bits keep = (constant >= r) | (constant != constant);
        r = (P(vec))(((bits)constant & keep) | ((bits)r & ~keep));
      }
      P(put)(out + i * out_step + c + v * LANES_T, r, v == vectors - 1, mask);
    }
  }
#undef CHANNELS_
}
// All channels.
INL void P(channel_places_at)(
  const ck_convolution *p, const P(channel_tap) * taps, int64_t count, int64_t offset, int64_t step, T *out,
  int64_t out_step, int places) {
  const int64_t all = p->groups;
  int64_t c = 0;
  for (; all - c > LANES_T; c += 2 * LANES_T)
    P(channel_body)(p, taps, count, offset, step, out, out_step, c, P(mask_of)(all - c - LANES_T), 2, places);
  if (c < all) P(channel_body)(p, taps, count, offset, step, out, out_step, c, P(mask_of)(all - c), 1, places);
}

// A strip of the target.
static void P(convolve_channels)(const ck_convolution *p, CK(strip) s) {
  const ck_window_axis *h = &p->rows, *w = &p->columns;
  const int64_t all = p->groups, qh = CK(class_count)(h, p->turned), qw = CK(class_count)(w, p->turned);
  const int64_t sh = CK(class_step)(h, p->turned), sw = CK(class_step)(w, p->turned);
  P(channel_tap) taps[K_BLOCK];
  for (int64_t n = s.n0; n < s.n1; n++)
    for (int64_t u = s.u0; u < s.u1; u++)
      for (int64_t r = 0; r < qw; r++) {
        // Places r + qw * j of the row, j0 ..< j1; of these low ..< high look at columns of the image only.
        const int64_t j0 = (s.t0 - r + qw - 1) / qw, j1 = (s.t1 - r + qw - 1) / qw;
        int64_t base, row, low = j0, high = j1;
        for (int64_t k = 0; k < w->window; k++)
          if (CK(tap)(w, p->turned, r, k, &base)) {
            low = CK(most)(low, -CK(floor_quotient)(base, sw));
            high = CK(least)(high, CK(floor_quotient)(w->source - 1 - base, sw) + 1);
          }
        T *out = (T *)p->target + ((n * h->target + u) * w->target + r) * all;
        for (int64_t j = j0; j < j1;) {
          const int inside = j >= low && j < high;
          int64_t count = 0;
          for (int64_t i = 0; i < h->window; i++) {
            if (!CK(tap)(h, p->turned, u % qh, i, &row)) continue;
            row += u / qh * sh;
            if (row < 0 || row >= h->source) continue;
            for (int64_t k = 0; k < w->window; k++) {
              if (!CK(tap)(w, p->turned, r, k, &base)) continue;
              base += j * sw;
              const T *x = (const T *)p->source + ((n * h->source + row) * w->source + base) * all;
              taps[count++] = (P(channel_tap)){
                base >= 0 && base < w->source ? x : NULL, (const T *)p->filter + (i * w->window + k) * all};
            }
          }
          // Those inside the image have the same taps, further on.
          const int64_t first = j, end = inside ? high : j + 1;
          for (; j + P(channel_places) <= end; j += P(channel_places))
            P(channel_places_at)(
              p, taps, count, (j - first) * sw * all, sw * all, out + j * qw * all, qw * all, P(channel_places));
          for (; j < end; j++)
            P(channel_places_at)(p, taps, count, (j - first) * sw * all, sw * all, out + j * qw * all, qw * all, 1);
        }
      }
}

// A strip's share of the gradient with respect to the filter [kh, kw, channels]: one chain over its places, for some
// columns of taps at once.
enum { P(channel_columns) = 4 };
INL void P(filter_channel_body)(
  const ck_convolution *p, CK(strip) s, const T *cotangent, int64_t i, int64_t k0, int64_t c, P(mask) mask, int vectors,
  int columns, T *out) {
  const ck_window_axis *h = &p->rows, *w = &p->columns;
  const int64_t all = p->groups;
  P(vec) acc[P(channel_columns)][P(channel_vectors)];
  _Pragma("clang loop unroll(full)") for (int q = 0; q < columns; q++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) acc[q][v] = (P(vec)){0};
#define CHANNELS_(q) (v == vectors - 1 ? P(load_mask)((q) + c + v * LANES_T, mask) : P(load)((q) + c + v * LANES_T))
  for (int64_t n = s.n0; n < s.n1; n++)
    for (int64_t u = s.u0; u < s.u1; u++) {
      const int64_t r = u * h->stride - h->before + i * h->dilation;
      if (r < 0 || r >= h->source) continue;
      const T *x = (const T *)p->source + (n * h->source + r) * w->source * all;
      const T *y = cotangent + (n * h->target + u) * w->target * all;
      for (int64_t t = s.t0; t < s.t1; t++) {
        P(vec) slope[P(channel_vectors)];
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) slope[v] = CHANNELS_(y + t * all);
        _Pragma("clang loop unroll(full)") for (int q = 0; q < columns; q++) {
          const int64_t at = t * w->stride - w->before + (k0 + q) * w->dilation;
          const int inside = at >= 0 && at < w->source;
          _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
            P(vec) element = {0};
            if (inside) element = CHANNELS_(x + at * all);
            acc[q][v] = P(fused)(element, slope[v], acc[q][v]);
          }
        }
      }
    }
  _Pragma("clang loop unroll(full)") for (int q = 0; q < columns; q++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {
      T *to = out + (i * w->window + k0 + q) * all;
      P(put)(to + c + v * LANES_T, CHANNELS_(to) + acc[q][v], v == vectors - 1, mask);
    }
#undef CHANNELS_
}
INL void P(filter_channel_columns)(
  const ck_convolution *p, CK(strip) s, const T *cotangent, int64_t i, int64_t k, int columns, T *out) {
  const int64_t all = p->groups;
  int64_t c = 0;
  for (; all - c > LANES_T; c += 2 * LANES_T)
    P(filter_channel_body)(p, s, cotangent, i, k, c, P(mask_of)(all - c - LANES_T), 2, columns, out);
  if (c < all) P(filter_channel_body)(p, s, cotangent, i, k, c, P(mask_of)(all - c), 1, columns, out);
}
static void P(filter_channels)(const ck_convolution *p, CK(strip) s, const T *cotangent, T *out) {
  for (int64_t i = 0; i < p->rows.window; i++) {
    int64_t k = 0;
    for (; k + P(channel_columns) <= p->columns.window; k += P(channel_columns))
      P(filter_channel_columns)(p, s, cotangent, i, k, P(channel_columns), out);
    switch (p->columns.window - k) {
    case 3: P(filter_channel_columns)(p, s, cotangent, i, k, 3, out); break;
    case 2: P(filter_channel_columns)(p, s, cotangent, i, k, 2, out); break;
    case 1: P(filter_channel_columns)(p, s, cotangent, i, k, 1, out); break;
    }
  }
}
