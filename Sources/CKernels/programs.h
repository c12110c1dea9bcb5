#pragma once
// What the codes of some networks say to do, in an order in which much can be done at once (programs.c).
#include <stdint.h>
#include "ckernels.h"

enum {
  // Networks of one program, and the rows of values that they may have: what fits a thread's scratch memory, see
  // variant/networks.h.
  CK_PROGRAM_NETWORKS = 8, CK_PROGRAM_ROWS = 16384,
  // Activations that are worth many lanes at once.
  CK_NODE_QUEUED = 1 << CK_NODE_SIN | 1 << CK_NODE_COS | 1 << CK_NODE_GAUSS | 1 << CK_NODE_TANH | 1 << CK_NODE_SIGMOID,
};

// A node: its sum goes to a row or, counted from 1, to a slot of the wave's queues.
typedef struct ck_sum {
  int64_t weight;
  uint32_t row, slot, incoming, activation;
} ck_sum;
// Sums that need nothing of their own wave's queues, then these: so many slots of each activation, in order.
typedef struct ck_wave {
  int64_t sums, slots[CK_NODE_SQUARE + 1];
} ck_wave;

typedef struct ck_program {
  int64_t networks, rows, waves;
  // Of each network its first row and the one after its last, which are the same where its code makes no sense or is large.
  int64_t first[CK_PROGRAM_NETWORKS], end[CK_PROGRAM_NETWORKS];
  const ck_wave *wave;
  const ck_sum *sum;
  // The rows of the sums' sources, and those that the slots are for, both in the order in which they come.
  const uint32_t *source, *target;
} ck_program;

// Whether a network has more rows than a program may have: CK_PROGRAM_ROWS - 2 inputs and nodes together are no more.
int ck_network_is_large(const ck_networks *p, const int64_t *code);
// The program of up to CK_PROGRAM_NETWORKS networks from `place` on and before `last`, made anew unless this thread has made
// it of the same codes before; it lasts until this thread asks for another. NULL without memory.
const ck_program *ck_network_program(const ck_networks *p, int64_t place, int64_t last);
