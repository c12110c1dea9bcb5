#pragma once
#include <stdint.h>

// A key and where it came from.
typedef struct {
  uint64_t key;
  int64_t position;
} ck_sort_item;
