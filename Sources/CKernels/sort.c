// Stable sorting of (key, position) pairs: merging for short runs, radix for long ones.
#include "sort.h"
#include "stop.h"
#include <string.h>

// Items between two looks whether the work is to stop, less one.
enum { STRETCH = (1 << 20) - 1 };

static void merge_sort(ck_sort_item *a, ck_sort_item *t, int64_t n) {
  if (n <= 24) {
    for (int64_t i = 1; i < n; i++) {
      ck_sort_item v = a[i];
      int64_t j = i;
      for (; j > 0 && a[j - 1].key > v.key; j--) a[j] = a[j - 1];
      a[j] = v;
    }
    return;
  }
  int64_t h = n / 2;
  merge_sort(a, t, h);
  merge_sort(a + h, t, n - h);
  if (a[h - 1].key <= a[h].key) return;
  memcpy(t, a, (size_t)h * sizeof *a);
  int64_t i = 0, j = h, o = 0;
  while (i < h && j < n) a[o++] = a[j].key < t[i].key ? a[j++] : t[i++];
  while (i < h) a[o++] = t[i++];
}

// Byte-wise radix sort for long runs; digits that all agree are skipped.
static void radix_sort(ck_sort_item *a, ck_sort_item *t, int64_t n) {
  ck_sort_item *from = a, *to = t;
  for (int shift = 0; shift < 64; shift += 11) {
    int64_t count[2048] = {0};
    for (int64_t i = 0; i < n; i++) {
      if ((i & STRETCH) == 0 && ck_must_stop()) return;
      count[(from[i].key >> shift) & 2047]++;
    }
    if (count[(from[0].key >> shift) & 2047] == n) continue;
    int64_t sum = 0;
    for (int d = 0; d < 2048; d++) {
      int64_t c = count[d];
      count[d] = sum;
      sum += c;
    }
    for (int64_t i = 0; i < n; i++) {
      if ((i & STRETCH) == 0 && ck_must_stop()) return;
      to[count[(from[i].key >> shift) & 2047]++] = from[i];
    }
    ck_sort_item *s = from;
    from = to;
    to = s;
  }
  if (from != a) memcpy(a, from, (size_t)n * sizeof *a);
}

void ck_sort_items(ck_sort_item *items, ck_sort_item *temporary, int64_t n) {
  if (n > 4096) radix_sort(items, temporary, n);
  else merge_sort(items, temporary, n);
}
