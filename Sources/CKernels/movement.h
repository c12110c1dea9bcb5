#pragma once
#include <stdint.h>
// Of many bytes: after every few megabytes they look whether to stop. Memory that is fresh from the system is cleared by it where it is
// first written, which takes longer than the writing: a great matrix would keep Ctrl-C waiting.
void ck_copy(void *out, const void *x, int64_t bytes);
void ck_clear(void *out, int64_t bytes);
