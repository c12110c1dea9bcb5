// Kernels that move elements and compute nothing: the same code for every instruction set.
#include "ck_loops.h"
#include "ckernels.h"
#include "expected.h"
#include "movement.h"
#include "stop.h"
#include "versions.h"
#include <string.h>

static void copy_row(int bytes, int64_t n, int64_t stride, const char *x, char *out) {
  enum { STRETCH = 1 << 22 };
  for (; n > STRETCH && !ck_must_stop(); n -= STRETCH, out += STRETCH * (int64_t)bytes, x += STRETCH * stride * bytes)
    copy_row(bytes, STRETCH, stride, x, out);
  if (n > STRETCH) return;
  if (stride == 1) {
    memcpy(out, x, (size_t)(n * bytes));
    return;
  }
#define ROW(T)                                                              \
  {                                                                         \
    const T *s = (const T *)x;                                              \
    T *d = (T *)out;                                                        \
    if (stride == 0) {                                                      \
      T v = *s;                                                             \
      for (int64_t i = 0; i < n; i++) d[i] = v;                             \
    } else {                                                                \
      for (int64_t i = 0; i < n; i++) d[i] = s[i * stride];                 \
    }                                                                       \
  }
  if (bytes == 4) ROW(uint32_t)
  else if (bytes == 8) ROW(uint64_t)
  else ROW(uint8_t)
#undef ROW
}

// [rows, columns] where a step along columns is `ldx` elements of x and a step along rows is one.
static void transposed_plane(int bytes, int64_t rows, int64_t columns, int64_t ldx, const char *x, char *out) {
  ck_current->transpose2(bytes, columns, rows, x, ldx, out, columns);
}

// A row of 64 bytes or more, in lines; the last one may overlap the one before.
typedef char ck_line __attribute__((vector_size(64), aligned(1), may_alias));
static inline __attribute__((always_inline)) void copy_lines(const char *x, char *out, int64_t bytes) {
  int64_t b = 0;
  for (; b + 64 <= bytes; b += 64) *(ck_line *)(out + b) = *(const ck_line *)(x + b);
  if (b < bytes) *(ck_line *)(out + bytes - 64) = *(const ck_line *)(x + bytes - 64);
}

// Rows of several lines that are not long enough for the C library's copy to pay.
#define SHORT_ROW 4096
WIDEST static void copy_rows(int64_t rows, int64_t bytes, const char *x, int64_t x_step, char *out, int64_t out_step) {
  const int in_lines = bytes >= 64 && bytes <= SHORT_ROW;
  for (int64_t r = 0; r < rows; r++) {
    if ((r & 1023) == 0 && ck_must_stop()) return;
    if (in_lines) copy_lines(x + r * x_step, out + r * out_step, bytes);
    else copy_row(1, bytes, 1, x + r * x_step, out + r * out_step);
  }
}

void ck_copy_rows(int64_t rows, int64_t bytes, const void *x, int64_t x_step, void *out, int64_t out_step) {
  copy_rows(rows, bytes, x, x_step, out, out_step);
}

// Planes of a few rows of at most SHORT_ROW bytes; planes and rows lie `apart` bytes from each other.
WIDEST static void copy_small_planes(
  int64_t planes, int64_t rows, int64_t bytes, const int64_t apart[2], const char *x, char *out) {
  const int in_lines = bytes >= 64;
  for (int64_t p = 0; p < planes && !ck_must_stop(); p++, x += apart[0])
    for (int64_t r = 0; r < rows; r++, out += bytes) {
      if (in_lines) copy_lines(x + r * apart[1], out, bytes);
      else copy_row(1, bytes, 1, x + r * apart[1], out);
    }
}

int ck_make_view(int rank, const int64_t *shape, const int64_t *strides, ck_view *v) {
  v->rank = 0;
  for (int i = 0; i < rank; i++) {
    if (shape[i] == 1) continue;
    if (v->rank > 0 && v->stride[v->rank - 1] == strides[i] * shape[i]) {
      v->extent[v->rank - 1] *= shape[i];
      v->stride[v->rank - 1] = strides[i];
    } else {
      if (v->rank == CK_VIEW_AXES) return 0;
      v->extent[v->rank] = shape[i];
      v->stride[v->rank++] = strides[i];
    }
  }
  return 1;
}

// Planes of rows of elements, `steps` apart: from plane to plane, row to row, and element to element.
static void copy_planes(
  int bytes, int64_t planes, int64_t rows, int64_t columns, const int64_t steps[3], const char *x, char *out) {
  enum { STRETCH = 1 << 22 };
  const int64_t plane_bytes = rows * columns * bytes;
  if (steps[2] == 1 && rows < 64 && columns * bytes <= SHORT_ROW) {
    const int64_t apart[2] = {steps[0] * bytes, steps[1] * bytes};
    return copy_small_planes(planes, rows, columns * bytes, apart, x, out);
  }
  for (int64_t p = 0; p < planes && !ck_must_stop(); p++, x += steps[0] * bytes, out += plane_bytes) {
    if (steps[2] == 1) ck_copy_rows(rows, columns * bytes, x, steps[1] * bytes, out, columns * bytes);
    else if (steps[1] == 1 && steps[2] > 1) transposed_plane(bytes, rows, columns, steps[2], x, out);
    else if (steps[1] == 1 && steps[2] == 0 && plane_bytes < STRETCH) ck_repeat_columns(bytes, rows, columns, x, out);
    else
      for (int64_t r = 0; r < rows; r++) {
        if ((r & 1023) == 0 && ck_must_stop()) return;
        copy_row(bytes, columns, steps[2], x + r * steps[1] * bytes, out + r * columns * bytes);
      }
  }
}

void ck_copy_view(const ck_view *v, int bytes, const void *x, int64_t first, int64_t count, void *out) {
  if (count <= 0) return;
  const int last = v->rank - 1;
  if (last < 0) {
    memcpy(out, x, (size_t)bytes);
    return;
  }
  int64_t index[CK_VIEW_AXES];
  const char *s = x;
  char *d = out;
  for (int axis = last; axis >= 0; axis--) {
    index[axis] = first % v->extent[axis];
    first /= v->extent[axis];
    s += index[axis] * v->stride[axis] * bytes;
  }
  const int64_t columns = v->extent[last], plane = last > 0 ? v->extent[last - 1] * columns : count + 1;
  const int64_t across[3] = {last > 1 ? v->stride[last - 2] : 0, last > 0 ? v->stride[last - 1] : 0, v->stride[last]};
  while (!ck_must_stop()) {
    // Whole planes as far as the axis before them goes, else whole rows as far as theirs goes, else what is left of one row.
    int axis = last;
    int64_t steps = columns - index[last] < count ? columns - index[last] : count, done = steps;
    if (last > 0 && index[last] == 0 && count >= columns) {
      int64_t left = v->extent[last - 1] - index[last - 1], planes = 1;
      const int64_t rows = count / columns < left ? count / columns : left;
      axis = last - 1;
      steps = rows;
      if (last > 1 && index[last - 1] == 0 && count >= plane) {
        left = v->extent[last - 2] - index[last - 2];
        axis = last - 2;
        steps = planes = count / plane < left ? count / plane : left;
      }
      copy_planes(bytes, planes, rows, columns, across, s, d);
      done = planes * rows * columns;
    } else {
      copy_row(bytes, steps, v->stride[last], s, d);
    }
    d += done * bytes;
    if ((count -= done) == 0) return;
    s += steps * v->stride[axis] * bytes;
    for (index[axis] += steps; index[axis] == v->extent[axis]; index[axis]++) {
      if (axis == 0) return;
      s -= v->extent[axis] * v->stride[axis] * bytes;
      index[axis--] = 0;
      s += v->stride[axis] * bytes;
    }
  }
}

void ck_strided_copy(
  int bytes, int rank, const int64_t *shape, const int64_t *strides, const void *x, void *out) {
  int64_t count = 1;
  for (int i = 0; i < rank; i++) count *= shape[i];
  ck_view view;
  if (ck_make_view(rank, shape, strides, &view)) ck_copy_view(&view, bytes, x, 0, count, out);
}

// In a loop over rows: leaves with `result` when the work is to stop, which is looked up after every few megabytes; a row counts
// for a cache line more than it has, since it may have to come from memory.
#define LEAVE_WHEN_STOPPED(bytes, result)       \
  if ((moved += (bytes) + 64) > 1 << 23) {      \
    moved = 0;                                  \
    if (ck_must_stop()) return result;          \
  }

void ck_copy(void *out, const void *x, int64_t bytes) { copy_row(1, bytes, 1, x, out); }

void ck_clear(void *out, int64_t bytes) {
  enum { STRETCH = 1 << 22 };
  for (int64_t at = 0; at < bytes && !ck_must_stop(); at += STRETCH)
    memset((char *)out + at, 0, (size_t)(bytes - at < STRETCH ? bytes - at : STRETCH));
}

static inline int64_t id_at(int type, const void *ids, int64_t i, int64_t rows) {
  int64_t id = type == CK_I32 ? ((const int32_t *)ids)[i] : ((const int64_t *)ids)[i];
  return id < 0 ? id + rows : id;
}

// Tables larger than this are expected to lie far away.
#define FAR_TABLE (1 << 19)
WIDEST static int64_t gather_lines(
  int64_t rows, int64_t row_bytes, const char *table, int id_type, const void *ids, int64_t count, char *out) {
  int64_t bad = -1, moved = 0;
  const int far = rows * row_bytes > FAR_TABLE;
  for (int64_t i = 0; i < count; i++, out += row_bytes) {
    LEAVE_WHEN_STOPPED(row_bytes, bad)
    int64_t id = id_at(id_type, ids, i, rows);
    if (id < 0 || id >= rows) {
      if (bad < 0) bad = i;
      memset(out, 0, (size_t)row_bytes);
      continue;
    }
    // The row after next is on its way from memory while this one is copied.
    if (far && i + 2 < count) {
      int64_t ahead = id_at(id_type, ids, i + 2, rows);
      if (ahead >= 0 && ahead < rows)
        for (int64_t b = 0; b < row_bytes && b < 8192; b += 64)
          __builtin_prefetch(table + ahead * row_bytes + b, 0, 2);
    }
    if (row_bytes <= SHORT_ROW) copy_lines(table + id * row_bytes, out, row_bytes);
    else memcpy(out, table + id * row_bytes, (size_t)row_bytes);
  }
  return bad;
}

// So many ids are looked through at once.
#define IDS_TOGETHER 1024
// Whether ids first ..< last all lie in -bound ..< bound.
WIDEST static int ids_hold(int type, const void *ids, int64_t first, int64_t last, int64_t bound) {
  int64_t outside = 0;
  if (type == CK_I32) {
    const int32_t *x = ids;
    for (int64_t i = first; i < last; i++) outside |= (x[i] < -bound) | (x[i] >= bound);
  } else {
    const int64_t *x = ids;
    for (int64_t i = first; i < last; i++) outside |= (x[i] < -bound) | (x[i] >= bound);
  }
  return !outside;
}
// Elements or short rows picked one by one: GOOD and BAD have the place `i` and its `id`. Where no id is out of range, nothing is
// asked for each of them.
#define EACH_ID(count, bound, GOOD, BAD)                                          \
  for (int64_t from = 0; from < (count); from += IDS_TOGETHER) {                  \
    const int64_t to = (count) - from < IDS_TOGETHER ? (count) : from + IDS_TOGETHER; \
    LEAVE_WHEN_STOPPED((to - from) * 64, bad)                                     \
    if (ids_hold(id_type, ids, from, to, bound)) {                                \
      for (int64_t i = from; i < to; i++) {                                       \
        const int64_t id = id_at(id_type, ids, i, bound);                         \
        GOOD;                                                                     \
      }                                                                           \
      continue;                                                                   \
    }                                                                             \
    for (int64_t i = from; i < to; i++) {                                         \
      const int64_t id = id_at(id_type, ids, i, bound);                           \
      if (id < 0 || id >= (bound)) {                                              \
        if (bad < 0) bad = i;                                                     \
        BAD;                                                                      \
      } else {                                                                    \
        GOOD;                                                                     \
      }                                                                           \
    }                                                                             \
  }
#define BY_BYTES(bytes, M) \
  if (bytes == 4) M(uint32_t) else if (bytes == 8) M(uint64_t) else M(uint8_t)

int64_t ck_gather_rows(
  int64_t rows, int64_t row_bytes, const void *table, int id_type, const void *ids, int64_t count, void *out) {
  if (row_bytes >= 64) return gather_lines(rows, row_bytes, table, id_type, ids, count, out);
  int64_t bad = -1, moved = 0;
#define GATHER(T) EACH_ID(count, rows, ((T *)out)[i] = ((const T *)table)[id], ((T *)out)[i] = 0)
  if (row_bytes == 4 || row_bytes == 8 || row_bytes == 1) {
    BY_BYTES(row_bytes, GATHER)
  } else {
    EACH_ID(
      count, rows, memcpy((char *)out + i * row_bytes, (const char *)table + id * row_bytes, (size_t)row_bytes),
      memset((char *)out + i * row_bytes, 0, (size_t)row_bytes))
  }
#undef GATHER
  return bad;
}

_Thread_local ck_expected ck_soon;

void ck_expect_rows(
  int64_t rows, int64_t row_bytes, const void *table, int id_type, const void *ids, int64_t count) {
  ck_expected *e = &ck_soon;
  e->left = e->line = 0;
  e->lines = (row_bytes + 126) / 64;
  for (int64_t i = count < EXPECTED_ROWS ? count : EXPECTED_ROWS; i-- > 0;) {
    const int64_t id = id_at(id_type, ids, i, rows);
    if (id >= 0 && id < rows) e->rows[e->left++] = (const char *)table + id * row_bytes;
  }
}

void ck_expect_stretches(int64_t count, const void *const *places, const int64_t *bytes) {
  enum { LINES = 16, PIECE = 64 * LINES };
  ck_expected *e = &ck_soon;
  e->left = e->line = 0;
  e->lines = LINES;
  int64_t pieces = 0;
  for (int64_t i = 0; i < count; i++) pieces += (bytes[i] + PIECE - 1) / PIECE;
  e->left = pieces < EXPECTED_ROWS ? pieces : EXPECTED_ROWS;
  // The last of them is the first to come.
  int64_t at = e->left;
  for (int64_t i = 0; i < count; i++)
    for (int64_t b = 0; b < bytes[i] && at > 0; b += PIECE) e->rows[--at] = (const char *)places[i] + b;
}

const void *ck_expected_row(int64_t i) { return i >= 0 && i < ck_soon.left ? ck_soon.rows[ck_soon.left - 1 - i] : NULL; }

int64_t ck_scatter_add_rows(
  int type, int64_t rows, int64_t width, int id_type, const void *ids, int64_t count, const void *updates, void *out) {
  int bytes = ck_bytes_of(type);
  ck_clear(out, rows * width * bytes);
  int64_t bad = -1, moved = 0;
  for (int64_t i = 0; i < count; i++) {
    LEAVE_WHEN_STOPPED(width * bytes, bad)
    int64_t id = id_at(id_type, ids, i, rows);
    if (id < 0 || id >= rows) {
      if (bad < 0) bad = i;
      continue;
    }
    char *d = (char *)out + id * width * bytes;
    const char *s = (const char *)updates + i * width * bytes;
    if (type == CK_BOOL) {
      for (int64_t j = 0; j < width; j++) d[j] |= s[j];
    } else {
      ck_current->binary(CK_ADD, type, d, 1, s, 1, d, width);
    }
  }
  return bad;
}

int64_t ck_pick(
  int bytes, int64_t rows, int64_t width, const void *x, int id_type, const void *ids, void *out) {
  int64_t bad = -1, moved = 0;
#define PICK(T) EACH_ID(rows, width, ((T *)out)[i] = ((const T *)x)[i * width + id], ((T *)out)[i] = 0)
  BY_BYTES(bytes, PICK)
#undef PICK
  return bad;
}

int64_t ck_unpick(
  int bytes, int64_t rows, int64_t width, int id_type, const void *ids, const void *updates, void *out) {
  int64_t bad = -1, moved = 0;
  ck_clear(out, rows * width * bytes);
#define UNPICK(T) EACH_ID(rows, width, ((T *)out)[i * width + id] = ((const T *)updates)[i], )
  BY_BYTES(bytes, UNPICK)
#undef UNPICK
  return bad;
}

int64_t ck_one_hot(int type, int64_t rows, int64_t width, int id_type, const void *ids, void *out) {
  int bytes = ck_bytes_of(type);
  int64_t bad = -1, moved = 0;
  ck_clear(out, rows * width * bytes);
  for (int64_t r = 0; r < rows; r++) {
    LEAVE_WHEN_STOPPED(bytes, bad)
    int64_t id = id_at(id_type, ids, r, width);
    if (id < 0 || id >= width) {
      if (bad < 0) bad = r;
      continue;
    }
    int64_t at = r * width + id;
    switch (type) {
    case CK_F32: ((float *)out)[at] = 1; break;
    case CK_F64: ((double *)out)[at] = 1; break;
    case CK_I32: ((int32_t *)out)[at] = 1; break;
    case CK_I64: ((int64_t *)out)[at] = 1; break;
    default: ((uint8_t *)out)[at] = 1;
    }
  }
  return bad;
}

void ck_iota(int type, int64_t outer, int64_t length, int64_t inner, void *out) {
  int64_t at = 0, moved = 0;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < length; i++) {
      LEAVE_WHEN_STOPPED(inner * 8, )
      for (int64_t j = 0; j < inner; j++, at++) switch (type) {
        case CK_F32: ((float *)out)[at] = (float)i; break;
        case CK_F64: ((double *)out)[at] = (double)i; break;
        case CK_I32: ((int32_t *)out)[at] = (int32_t)i; break;
        case CK_I64: ((int64_t *)out)[at] = i; break;
        default: ((uint8_t *)out)[at] = i != 0;
        }
    }
}

int64_t ck_count_odd_nans(int type, const void *x, int64_t count) {
  int64_t found = 0;
  if (type == CK_F32) {
    const uint32_t *u = x;
    for (int64_t i = 0; i < count; i++) found += (u[i] & 0x7fffffffu) > 0x7f800000u && u[i] != 0x7fc00000u;
  } else if (type == CK_F64) {
    const uint64_t *u = x;
    for (int64_t i = 0; i < count; i++)
      found += (u[i] & 0x7fffffffffffffffu) > 0x7ff0000000000000u && u[i] != 0x7ff8000000000000u;
  }
  return found;
}

void ck_canonical_nans(int type, const void *x, void *out, int64_t count) {
  if (type == CK_F32) {
    const uint32_t *u = x;
    uint32_t *d = out;
    for (int64_t i = 0; i < count; i++) d[i] = (u[i] & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : u[i];
  } else if (type == CK_F64) {
    const uint64_t *u = x;
    uint64_t *d = out;
    for (int64_t i = 0; i < count; i++)
      d[i] = (u[i] & 0x7fffffffffffffffu) > 0x7ff0000000000000u ? 0x7ff8000000000000u : u[i];
  }
}

int ck_same_bytes(const void *x, const void *y, int64_t count) { return memcmp(x, y, (size_t)count) == 0; }

void ck_fill(int bytes, const void *value, void *out, int64_t count) {
  copy_row(bytes, count, 0, value, out);
}
