#pragma once
// SHA-256 (FIPS 180-4), its inner function: the caller keeps the state, the bytes that are no whole block yet, and the
// length.
#include <stdint.h>

// Takes `count` blocks of 64 bytes into the eight words of the state, with the processor's own instructions where it
// has them.
void ch_sha256_blocks(uint32_t state[8], const uint8_t *bytes, int64_t count);

// The same in plain C, for processors without such instructions, and for tests.
void ch_sha256_blocks_plain(uint32_t state[8], const uint8_t *bytes, int64_t count);

// Whether ch_sha256_blocks has such instructions here.
int ch_sha256_has_instructions(void);
