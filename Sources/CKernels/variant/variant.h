// All kernels of one instruction set. The including file defines CK(name), CK_VARIANT_NAME, CK_VECTOR_BYTES and
// CK_HARDWARE_FMA, and opens the target attribute before this file.
// A few loops (integer division, fmod) have no vector form; Benchmarks/kernels shows which ones matter.
#pragma clang diagnostic ignored "-Wpass-failed"
#include <math.h>
#include <string.h>
#include "../movement.h"
#include "../programs.h"
#include "../scratch.h"
#include "../expected.h"
#include "../stop.h"

#define INL static inline __attribute__((always_inline))
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wbitwise-conditional-parentheses"

#if CK_HARDWARE_FMA
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define FMAF(a, b, c) __builtin_fmaf(a, b, c)
#else
// Without the instruction: f64 by the C library (exact by standard); f32 in doubles, where the product is exact and the sum is
// rounded to odd before the last rounding. Exists for correctness, not speed.
#define FMA(a, b, c) fma(a, b, c)
static inline float ck_fmaf(float a, float b, float c) {
  double p = (double)a * (double)b;
  double x = (double)c;
  double s = p + x;
  double bb = s - p;
  double err = (p - (s - bb)) + (x - bb);
  uint64_t u;
  __builtin_memcpy(&u, &s, 8);
  int inexact = (err > 0) | (err < 0);
  int even = (u & 1) == 0;
  // Towards the error when it points outwards, otherwise to the odd neighbour below in magnitude.
  int outwards = (err > 0) == (s > 0);
  uint64_t odd = outwards ? u + 1 : u - 1;
  u = inexact & even ? odd : u;
  __builtin_memcpy(&s, &u, 8);
  return (float)s;
}
#define FMAF(a, b, c) ck_fmaf(a, b, c)
#endif
#define SQRT(x) __builtin_sqrt(x)
#define SQRTF(x) __builtin_sqrtf(x)

#include "tail_r.h"
#include "math_f64.h"
#include "circular_f64.h"
#include "math_f32.h"
#include "elementwise.h"
#include "product.h"
#include "convolution.h"
#include "pooling.h"
#include "networks.h"
#include "reduce.h"
#include "random.h"
#include "linear.h"
#include "reflections.h"
#include "rotations.h"
#include "singular.h"
#include "least_squares.h"
#include "eigen.h"
#include "eigen_general.h"

const ck_table CK(table) = {
  .name = CK_VARIANT_NAME,
  .flags = CK_HARDWARE_FMA,
  .lanes_f32 = CK_VECTOR_BYTES / 4,
  .unary = CK(unary),
  .sine_cosine = CK(sine_cosine),
  .binary = CK(binary),
  .compare = CK(compare),
  .select = CK(select),
  .convert = CK(convert),
  .reduce = CK(reduce),
  .arg_reduce = CK(arg_reduce),
  .cumulative_sum = CK(cumulative_sum),
  .product_f32 = CK(product_f32),
  .product_f64 = CK(product_f64),
  .products_f32 = CK(products_f32),
  .products_f64 = CK(products_f64),
  .products_whole = CK(products_whole),
  .convolution_pieces = CK(convolution_pieces),
  .convolution_packed = CK(convolution_packed),
  .convolution_pack = CK(convolution_pack),
  .convolution = CK(convolution),
  .filter_parts = CK(filter_parts),
  .filter_gradient = CK(filter_gradient),
  .fold_parts = CK(fold_parts),
  .pool = CK(pool),
  .network = CK(network),
  .transpose2 = CK(transpose2),
  .random = CK(random),
  .words = CK(words),
  .scalar_unary = CK(scalar_unary),
  .scalar_binary = CK(scalar_binary),
  .cholesky = CK(cholesky),
  .lu = CK(lu),
  .lu_solve = CK(lu_solve),
  .triangular = CK(triangular),
  .qr = CK(qr),
  .svd = CK(svd),
  .least_squares = CK(least_squares),
  .eigen = CK(eigen),
  .eigenvalues = CK(eigenvalues),
  .peak_f32 = CK(peak_f32),
  .peak_f64 = CK(peak_f64),
};
