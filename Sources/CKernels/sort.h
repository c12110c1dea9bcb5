#pragma once
#include <stdint.h>

// A key and where it came from.
typedef struct {
  uint64_t key;
  int64_t position;
} ck_sort_item;

// Sorts n items by key, stable; `temporary` has room for n more.
void ck_sort_items(ck_sort_item *items, ck_sort_item *temporary, int64_t n);
