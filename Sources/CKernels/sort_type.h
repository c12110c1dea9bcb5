// Stable sorting of items by key, and finding the first few of their order. For a type of items it needs ITEM, NAME(x), the bit
// KEY_FIRST and the number KEY_BITS of the bits of its key in KEY(item), and LESS(a, b). A function that is told to stop gives 0
// and leaves the items in any state, else 1.

// Items with the digit at `shift`, of `bits` bits.
#define DIGIT(item, shift, bits) ((KEY(item) >> (shift)) & ((UINT64_C(1) << (bits)) - 1))

static void NAME(merge_sort)(ITEM *a, ITEM *t, int64_t n) {
  if (n <= 24) {
    for (int64_t i = 1; i < n; i++) {
      ITEM v = a[i];
      int64_t j = i;
      for (; j > 0 && LESS(v, a[j - 1]); j--) a[j] = a[j - 1];
      a[j] = v;
    }
    return;
  }
  int64_t h = n / 2;
  NAME(merge_sort)(a, t, h);
  NAME(merge_sort)(a + h, t, n - h);
  if (!LESS(a[h], a[h - 1])) return;
  memcpy(t, a, (size_t)h * sizeof *a);
  int64_t i = 0, j = h, o = 0;
  while (i < h && j < n) {
    const int second = LESS(a[j], t[i]);
    a[o++] = second ? a[j] : t[i];
    j += second;
    i += !second;
  }
  while (i < h) a[o++] = t[i++];
}

// From the lowest digit to the highest; digits that all agree are skipped.
static int NAME(radix_sort)(ITEM *a, ITEM *t, int64_t n, const int bits) {
  enum { MOST = (KEY_BITS + 10) / 11 * 2048 };
  int64_t counts[MOST];
  const int digits = (KEY_BITS + bits - 1) / bits;
  memset(counts, 0, ((size_t)digits << bits) * sizeof *counts);
  for (int64_t i = 0; i < n; i++) {
    if ((i & STRETCH) == 0 && ck_must_stop()) return 0;
    for (int d = 0; d < digits; d++) counts[((int64_t)d << bits) + (int64_t)DIGIT(a[i], KEY_FIRST + d * bits, bits)]++;
  }
  ITEM *from = a, *to = t;
  for (int d = 0; d < digits; d++) {
    const int shift = KEY_FIRST + d * bits;
    int64_t *count = counts + ((int64_t)d << bits);
    if (count[DIGIT(a[0], shift, bits)] == n) continue;
    int64_t sum = 0;
    for (int64_t i = 0; i < (int64_t)1 << bits; i++) {
      const int64_t c = count[i];
      count[i] = sum;
      sum += c;
    }
    for (int64_t i = 0; i < n; i++) {
      if ((i & STRETCH) == 0 && ck_must_stop()) return 0;
      to[count[DIGIT(from[i], shift, bits)]++] = from[i];
    }
    ITEM *s = from;
    from = to;
    to = s;
  }
  if (from != a) memcpy(a, from, (size_t)n * sizeof *a);
  return 1;
}

static int NAME(sort)(ITEM *items, ITEM *temporary, int64_t n) {
  if (n <= 3 * KEY_BITS) {
    NAME(merge_sort)(items, temporary, n);
    return 1;
  }
  return n <= 16384 ? NAME(radix_sort)(items, temporary, n, 8) : NAME(radix_sort)(items, temporary, n, 11);
}

// Brings the first k items of the order to the front, in order. Digit by digit from the highest, the items are told apart that are
// surely among them, that are surely not, and that have the digits of the k-th; what then may be among them is sorted.
static int NAME(sort_first)(ITEM *items, ITEM *temporary, int64_t n, int64_t k) {
  enum { BITS = 8 };
  if (n <= 64 || k > n / 4) return NAME(sort)(items, temporary, n);
  int64_t sure = 0, open = n, shift = KEY_FIRST + KEY_BITS;
  while (shift > KEY_FIRST && open > 2 * (k - sure) + 64) {
    shift -= BITS;
    int64_t count[1 << BITS] = {0};
    for (int64_t i = 0; i < open; i++) {
      if ((i & STRETCH) == 0 && ck_must_stop()) return 0;
      count[DIGIT(items[i], shift, BITS)]++;
    }
    uint64_t last = 0;
    for (int64_t before = sure; before + count[last] < k; last++) before += count[last];
    if (count[last] == open) continue;
    int64_t kept = 0;
    for (int64_t i = 0; i < open; i++) {
      if ((i & STRETCH) == 0 && ck_must_stop()) return 0;
      const ITEM v = items[i];
      const uint64_t digit = DIGIT(v, shift, BITS);
      temporary[sure] = v;
      sure += digit < last;
      items[kept] = v;
      kept += digit == last;
    }
    open = kept;
  }
  // Those whose digits all agree are equal: the first of them come first.
  const int64_t more = shift > KEY_FIRST ? open : k - sure;
  memcpy(temporary + sure, items, (size_t)more * sizeof *items);
  const int64_t left = sure + more;
  memcpy(items, temporary, (size_t)left * sizeof *items);
  return NAME(sort)(items, temporary, left);
}

#undef DIGIT
#undef ITEM
#undef NAME
#undef KEY
#undef KEY_FIRST
#undef KEY_BITS
#undef LESS
