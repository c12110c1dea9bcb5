// Matrix products. An element of C is the sum, over blocks of K_BLOCK of k in order, of one fused multiply-add chain per
// block that starts at +0; so it depends on its row of A, its column of B and k only. Everything below (register tiles,
// packing, masks) decides where values live, never this order.
#define K_BLOCK 256

#if defined(__aarch64__)
#define ROWS_MAX 12
#define ROWS_WIDE 6
#elif CK_VECTOR_BYTES == 64
#define ROWS_MAX 14
#define ROWS_WIDE 6
#elif CK_VECTOR_BYTES == 32
#define ROWS_MAX 6
#define ROWS_WIDE 3
#else
#define ROWS_MAX 4
#define ROWS_WIDE 2
#endif
// Vectors across: two under tall register tiles, four under flat ones (a row times a matrix).
#define ACROSS 2
#define ACROSS_WIDE 4

#define REPEAT_ROWS_14(M) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14)
#define REPEAT_ROWS_12(M) M(7) M(8) M(9) M(10) M(11) M(12)
#define REPEAT_ROWS_6(M) M(5) M(6)
#define REPEAT_ROWS_4(M) M(1) M(2) M(3) M(4)

#define T float
#define P(name) CK(name##_f32)
#define LANES_T (CK_VECTOR_BYTES / 4)
#define FUSED(a, b, c) FMAF(a, b, c)
#define T_MAX f_max
#define T_IS_F32 1
#include "product_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX
#undef T_IS_F32

#define T double
#define P(name) CK(name##_f64)
#define LANES_T (CK_VECTOR_BYTES / 8)
#define FUSED(a, b, c) FMA(a, b, c)
#define T_MAX d_max
#define T_IS_F32 0
#include "product_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX
#undef T_IS_F32
