#pragma once
// Memory of the calling thread for packed operands, 64-byte aligned, made once per thread: room for a block of A
// (256 x 16 elements of 8 bytes) and of B (256 rows of 4096 bytes), or for twice a B. NULL without memory.
enum { SCRATCH_BYTES = 2 * (256 * 4096) + 256 * 16 * 8 + 4096 };
void *ck_scratch(void);
