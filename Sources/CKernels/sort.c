// Stable sorting along an axis of (key, position) pairs: merging for short runs, radix for long ones. The key is an unsigned integer
// in the elements' order, every NaN the largest. -0 sorts beside +0 in input order: they are equal.
#include "sort.h"
#include "ckernels.h"
#include "stop.h"
#include <stdlib.h>
#include <string.h>

// Items between two looks whether the work is to stop, less one.
enum { STRETCH = (1 << 20) - 1 };

// Keys of 32 bits above the positions in one word: comparing words is comparing keys, then positions.
#define ITEM uint64_t
#define NAME(x) narrow_##x
#define KEY(item) (item)
#define KEY_FIRST 32
#define KEY_BITS 32
#define LESS(a, b) ((a) < (b))
#include "sort_type.h"

#define ITEM ck_sort_item
#define NAME(x) wide_##x
#define KEY(item) ((item).key)
#define KEY_FIRST 0
#define KEY_BITS 64
#define LESS(a, b) ((a).key < (b).key)
#include "sort_type.h"

static inline uint32_t key_f32(float v) {
  uint32_t u;
  memcpy(&u, &v, 4);
  u = v == 0 ? 0 : u;
  u = u >> 31 ? ~u : u | 0x80000000u;
  return v != v ? UINT32_MAX : u;
}

static inline uint64_t key_f64(double v) {
  uint64_t u;
  memcpy(&u, &v, 8);
  u = v == 0 ? 0 : u;
  u = u >> 63 ? ~u : u | 0x8000000000000000u;
  return v != v ? UINT64_MAX : u;
}

// For each i below n, in stretches; a function that is told to stop returns 0.
#define FOR_EACH(n, body)                                                       \
  for (int64_t start = 0; start < (n); start += STRETCH + 1) {                  \
    if (ck_must_stop()) return 0;                                               \
    const int64_t end = (n) - start <= STRETCH ? (n) : start + STRETCH + 1;     \
    for (int64_t i = start; i < end; i++) {                                     \
      body;                                                                     \
    }                                                                           \
  }

// The items of one row, whose elements stand `stride` apart, for the ascending order of keys or, turned, for the descending one.
static int narrow_items(int type, const void *x, int64_t stride, int64_t n, int descending, uint64_t *items) {
  const uint32_t turn = descending ? UINT32_MAX : 0;
#define ITEMS(T, key_of) \
  FOR_EACH(n, const T v = ((const T *)x)[i * stride]; items[i] = (uint64_t)((key_of) ^ turn) << 32 | (uint64_t)i)
  if (type == CK_F32) ITEMS(float, key_f32(v))
  else if (type == CK_I32) ITEMS(int32_t, (uint32_t)v ^ 0x80000000u)
  else ITEMS(uint8_t, (uint32_t)v)
#undef ITEMS
  return 1;
}

static int wide_items(int type, const void *x, int64_t stride, int64_t n, int descending, ck_sort_item *items) {
  const uint64_t turn = descending ? UINT64_MAX : 0;
#define ITEMS(T, key_of) \
  FOR_EACH(n, const T v = ((const T *)x)[i * stride]; items[i].key = (key_of) ^ turn; items[i].position = i)
  if (type == CK_F32) ITEMS(float, (uint64_t)key_f32(v))
  else if (type == CK_F64) ITEMS(double, key_f64(v))
  else if (type == CK_I32) ITEMS(int32_t, (uint64_t)(int64_t)v ^ 0x8000000000000000u)
  else if (type == CK_I64) ITEMS(int64_t, (uint64_t)v ^ 0x8000000000000000u)
  else ITEMS(uint8_t, (uint64_t)v)
#undef ITEMS
  return 1;
}

// What is wanted of rows of `length` elements that stand `stride` apart, as those of the result do.
typedef struct {
  int type, bytes, narrow, descending;
  int64_t length, stride, count;
  void *memory;
} sorting;

// One row; 0 when told to stop, with the result unfinished.
static int sort_row(const sorting *s, const char *x, char *out, int64_t *order) {
  const int64_t n = s->length, count = s->count, stride = s->stride;
  uint64_t *words = s->memory;
  ck_sort_item *items = s->memory;
  if (s->narrow) {
    if (!narrow_items(s->type, x, stride, n, s->descending, words)) return 0;
    if (!(count < n ? narrow_sort_first(words, words + n, n, count) : narrow_sort(words, words + n, n))) return 0;
  } else {
    if (!wide_items(s->type, x, stride, n, s->descending, items)) return 0;
    if (!(count < n ? wide_sort_first(items, items + n, n, count) : wide_sort(items, items + n, n))) return 0;
  }
#define POSITION (s->narrow ? (int64_t)(uint32_t)words[i] : items[i].position)
#define MOVE(T) FOR_EACH(count, ((T *)out)[i * stride] = ((const T *)x)[POSITION * stride])
  if (order) FOR_EACH(count, order[i * stride] = POSITION)
  if (!out) return 1;
  if (s->bytes == 4) MOVE(uint32_t)
  else if (s->bytes == 8) MOVE(uint64_t)
  else MOVE(uint8_t)
#undef MOVE
#undef POSITION
  return 1;
}

// Rows `first` up to `first + rows` of [outer, length, inner], row o · inner + j, of which the first `count` places in order are
// written, as [outer, count, inner].
static int sort_rows(sorting s, int64_t first, int64_t rows, const char *x, char *out, int64_t *order) {
  if (rows <= 0 || s.length == 0 || s.count == 0) return 0;
  s.bytes = ck_bytes_of(s.type);
  s.narrow = s.bytes < 8 && s.length <= (int64_t)UINT32_MAX;
  s.memory = malloc((size_t)s.length * 2 * (s.narrow ? sizeof(uint64_t) : sizeof(ck_sort_item)));
  if (!s.memory) return -1;
  for (int64_t r = first; r < first + rows; r++) {
    if (ck_must_stop()) break;
    const int64_t from = r / s.stride * s.length * s.stride + r % s.stride;
    const int64_t to = r / s.stride * s.count * s.stride + r % s.stride;
    if (!sort_row(&s, x + from * s.bytes, out ? out + to * s.bytes : NULL, order ? order + to : NULL)) break;
  }
  free(s.memory);
  return 0;
}

int ck_sort(
  int type, int64_t length, int64_t inner, int64_t first, int64_t rows, const void *x, void *out, int64_t *order) {
  return sort_rows((sorting){.type = type, .length = length, .stride = inner, .count = length}, first, rows, x, out, order);
}

int ck_top_order(
  int type, int64_t length, int64_t inner, int64_t first, int64_t rows, int64_t count, const void *x, int64_t *order) {
  const sorting s = {.type = type, .length = length, .stride = inner, .count = count, .descending = 1};
  return sort_rows(s, first, rows, x, NULL, order);
}
