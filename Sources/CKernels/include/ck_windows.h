#pragma once
// Windows over images: convolutions, their gradients, pooling. Images are [batch, rows, columns, channels].
#include <stdint.h>

// How windows lie along one axis: target place t looks at source places t * stride - before + i * dilation.
typedef struct ck_window_axis {
  int64_t source, target, window, stride, dilation, before;
} ck_window_axis;

// A convolution, or (turned) the gradient of one with respect to its input: then source is the cotangent, target the
// input, and both axes are still those of the forward direction with `source` and `target` exchanged.
typedef struct ck_convolution {
  int64_t batch, groups;
  int64_t source_channels, target_channels;  // of one group
  ck_window_axis rows, columns;
  int turned;
  const void *source;
  const void *filter;  // packed
  void *target;
  const void *bias;  // one per target channel of all groups, or NULL
  double constant;   // of the activation
  int activation;
} ck_convolution;

typedef struct ck_pool {
  int64_t batch, channels;
  ck_window_axis rows, columns;
} ck_pool;

enum { CK_POOL_MAX, CK_POOL_PICK, CK_POOL_PLACE, CK_POOL_SUM, CK_POOL_SPREAD };
