#pragma once
#include <stdint.h>
// Rows that this thread will probably gather soon (ck_expect_rows), or pieces of what it will read or write (ck_expect_stretches). Long
// products bring them into the second cache while they compute, a few lines at a time: many at once would keep what is wanted now waiting.
enum { EXPECTED_ROWS = 256 };
typedef struct {
  int64_t left;         // rows that have not come yet; the last of them is next
  int64_t line, lines;  // of the row that is next; of every row
  const char *rows[EXPECTED_ROWS];
} ck_expected;
extern _Thread_local ck_expected ck_soon;

static inline __attribute__((always_inline)) void ck_bring_expected(int64_t lines) {
  ck_expected *e = &ck_soon;
  for (; lines > 0 && e->left > 0; lines--) {
    __builtin_prefetch(e->rows[e->left - 1] + 64 * e->line, 0, 2);
    if (++e->line == e->lines) {
      e->line = 0;
      e->left--;
    }
  }
}
