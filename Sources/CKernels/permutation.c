// Keys and permutations on Philox words: no floating point, so one code for every instruction set.
#include "ckernels.h"
#include "philox.h"
#include "sort.h"
#include "stop.h"
#include <stdlib.h>

void ck_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  philox4(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
}

static uint64_t word64(uint64_t key, uint64_t index, uint32_t tag) {
  uint32_t c[4] = {(uint32_t)index, (uint32_t)(index >> 32), 0, tag};
  uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  uint32_t o[4];
  ck_philox(c, k, o);
  return (uint64_t)o[1] << 32 | o[0];
}

uint64_t ck_derive(uint64_t key, uint64_t number) { return word64(key, number, 0x6b657973u); }

// Ten rounds of an alternating Feistel network over `bits` bits, walked until the value is below n.
typedef struct {
  uint32_t keys[10];
  int left, right;
} feistel;
static uint32_t mix(uint32_t v, uint32_t k) {
  v ^= k;
  v *= 0x85ebca6bu;
  v ^= v >> 13;
  v *= 0xc2b2ae35u;
  v ^= v >> 16;
  v += k;
  v *= 0x9E3779B1u;
  return v ^ v >> 15;
}
static uint64_t encipher(const feistel *f, uint64_t v) {
  uint64_t l = v >> f->right, r = v & (((uint64_t)1 << f->right) - 1);
  uint64_t lm = ((uint64_t)1 << f->left) - 1, rm = ((uint64_t)1 << f->right) - 1;
  for (int i = 0; i < 10; i += 2) {
    l ^= mix((uint32_t)r, f->keys[i]) & lm;
    r ^= mix((uint32_t)l, f->keys[i + 1]) & rm;
  }
  return l << f->right | r;
}

int ck_permutation(int64_t n, uint64_t key, int64_t first, int64_t count, int64_t *out) {
  if (n <= 0 || count <= 0) return 0;
  if (n <= 65536) {
    // The words are uniform, so their top bits spread them nearly in order; insertion does the rest.
    int bits = n > 1 ? 64 - __builtin_clzll((uint64_t)(n - 1)) : 1;
    ck_sort_item *items = malloc((size_t)n * 2 * sizeof *items);
    uint32_t *starts = calloc(((size_t)1 << bits) + 1, sizeof *starts);
    if (!items || !starts) {
      free(items);
      free(starts);
      return -1;
    }
    ck_sort_item *raw = items + n;
    for (int64_t i = 0; i < n; i += 64) {
      uint32_t w[256];
      ck_current->words(key, (uint64_t)i, 4, w);
      for (int64_t j = 0; j < 64 && i + j < n; j++) {
        raw[i + j].key = (uint64_t)w[64 + j] << 32 | w[j];
        raw[i + j].position = i + j;
        starts[(raw[i + j].key >> (64 - bits)) + 1]++;
      }
    }
    for (int64_t d = 0; d < (int64_t)1 << bits; d++) starts[d + 1] += starts[d];
    for (int64_t i = 0; i < n; i++) items[starts[raw[i].key >> (64 - bits)]++] = raw[i];
    for (int64_t i = 1; i < n; i++) {
      ck_sort_item v = items[i];
      int64_t j = i;
      for (; j > 0 && items[j - 1].key > v.key; j--) items[j] = items[j - 1];
      items[j] = v;
    }
    for (int64_t i = 0; i < count; i++) out[i] = first + i >= 0 && first + i < n ? items[first + i].position : 0;
    free(starts);
    free(items);
    return 0;
  }
  int bits = 64 - __builtin_clzll((uint64_t)(n - 1));
  feistel f = {.left = bits / 2, .right = bits - bits / 2};
  for (int i = 0; i < 10; i++) f.keys[i] = (uint32_t)word64(key, (uint64_t)i, 5);
  for (int64_t i = 0; i < count; i++) {
    if ((i & 0xffff) == 0 && ck_must_stop()) return 0;
    uint64_t v = (uint64_t)(first + i);
    if (first + i < 0 || first + i >= n) {
      out[i] = 0;
      continue;
    }
    do v = encipher(&f, v);
    while (v >= (uint64_t)n);
    out[i] = (int64_t)v;
  }
  return 0;
}
