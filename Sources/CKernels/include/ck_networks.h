#pragma once
// Networks of nodes with a code each (variant/networks.h).
#include <stdint.h>

// What a node does with the sum of what comes in.
enum {
  CK_NODE_LINEAR = 1, CK_NODE_STEP, CK_NODE_SIN, CK_NODE_GAUSS, CK_NODE_TANH, CK_NODE_SIGMOID, CK_NODE_INVERSE,
  CK_NODE_ABS, CK_NODE_RELU, CK_NODE_COS, CK_NODE_SQUARE
};

// x is [networks, inputs, lanes], or [inputs, lanes] for all; the code [networks, words]; weights [networks, connections];
// shared [lanes], which multiplies a node's sum; out [networks, outputs, lanes].
typedef struct ck_networks {
  int64_t lanes, inputs, outputs, words, connections;
  int same_input;
  const int64_t *code;
  const void *x, *weights, *shared;
  void *out;
} ck_networks;
