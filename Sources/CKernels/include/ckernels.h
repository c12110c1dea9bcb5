#pragma once
// The kernels of Exp in C: one source compiled per instruction set, reached through a table of function pointers that is
// chosen once when the process starts. All variants give the same bits (Sources/CKernels/README.md says how).
#include <stddef.h>
#include <stdint.h>
#include "ck_networks.h"
#include "ck_windows.h"

// Element types and operations are the raw values of the Swift enumerations in Sources/Tensors (tested there).
enum { CK_F32 = 0, CK_F64 = 1, CK_I32 = 2, CK_I64 = 3, CK_BOOL = 4 };
// Bytes of an element.
static inline int ck_bytes_of(int type) {
  static const int bytes[] = {4, 8, 4, 8, 1};
  return bytes[type];
}
enum {
  CK_NEGATE, CK_ABS, CK_SIGN, CK_SQRT, CK_EXP, CK_EXPM1, CK_LOG, CK_LOG1P, CK_SIN, CK_COS, CK_TAN, CK_ASIN, CK_ACOS,
  CK_ATAN, CK_SINH, CK_COSH, CK_TANH, CK_SIGMOID, CK_SOFTPLUS, CK_ERF, CK_GELU, CK_FLOOR, CK_CEIL, CK_ROUND, CK_NOT,
  CK_ISNAN, CK_ISFINITE
};
enum {
  CK_ADD, CK_SUBTRACT, CK_MULTIPLY, CK_DIVIDE, CK_FLOORDIVIDE, CK_REMAINDER, CK_POWER, CK_ATAN2, CK_MINIMUM, CK_MAXIMUM,
  CK_AND, CK_OR, CK_XOR
};
enum { CK_EQUAL, CK_NOTEQUAL, CK_LESS, CK_LESSEQUAL, CK_GREATER, CK_GREATEREQUAL };
enum { CK_SUM, CK_PRODUCT, CK_MAX, CK_MIN, CK_ANY, CK_ALL };
enum { CK_UNIFORM, CK_NORMAL, CK_INTEGER };
// Epilogues of a matrix product, applied to the finished element after the bias: maximum(0, x) is relu.
enum { CK_NOACTIVATION = 0, CK_MAXIMUM_WITH_CONSTANT = 1 };

// What a matrix product needs: C[m,n] = A[m,k] B[k,n]; lda etc. are row strides in elements of the stored matrices
// (A is stored [k,m] if trans_a, B [n,k] if trans_b). bias: n elements or NULL.
typedef struct ck_product {
  int64_t m, n, k;
  const void *a;
  int64_t lda;
  const void *b;
  int64_t ldb;
  void *c;
  int64_t ldc;
  const void *bias;
  // Added after the bias: n elements for every row, or (added_whole) a matrix laid out as C; NULL for none.
  const void *added;
  int added_whole;
  double constant;  // of the activation
  int activation;
  // Last of all: an element becomes `replacement` where `threshold` >= the element of `gate` (laid out as C) in its place.
  const void *gate;
  double threshold, replacement;
  int trans_a, trans_b;
} ck_product;
// Where the operands of one of many products begin, in elements behind the first one's; what is laid out as C moves with it.
typedef struct ck_place {
  int64_t a, b, c;
} ck_place;

typedef struct ck_table {
  const char *name;
  // Bit 0: hardware fused multiply-add.
  int flags;
  int lanes_f32;
  // Elementwise; strides are 0 (one element repeated) or 1. out may equal x or y exactly.
  void (*unary)(int op, int type, const void *x, void *out, int64_t count);
  // Of f32 or f64; `sine` may equal x exactly.
  void (*sine_cosine)(int type, const void *x, void *sine, void *cosine, int64_t count);
  void (*binary)(int op, int type, const void *x, int64_t sx, const void *y, int64_t sy, void *out, int64_t count);
  void (*compare)(
    int op, int type, const void *x, int64_t sx, const void *y, int64_t sy, uint8_t *out, int64_t count);
  void (*select)(
    int bytes, const uint8_t *c, int64_t sc, const void *x, int64_t sx, const void *y, int64_t sy, void *out,
    int64_t count);
  void (*convert)(int from, int to, const void *x, void *out, int64_t count);
  // x is [outer, length, inner], out is [outer, inner]; columns first ..< last of inner only (a tile).
  void (*reduce)(
    int op, int type, int64_t outer, int64_t length, int64_t inner, int64_t first, int64_t last, const void *x,
    void *out);
  void (*arg_reduce)(
    int is_max, int type, int64_t outer, int64_t length, int64_t inner, const void *x, int64_t *out);
  void (*cumulative_sum)(int type, int64_t outer, int64_t length, int64_t inner, const void *x, void *out);
  void (*product_f32)(const ck_product *p);
  void (*product_f64)(const ck_product *p);
  // `count` products that differ in their places only, with the bits of each alone.
  void (*products_f32)(const ck_product *p, int64_t count, const ck_place *places);
  void (*products_f64)(const ck_product *p, int64_t count, const ck_place *places);
  // Of i32 or i64, which wrap; without bias, what else is added, activation and gate.
  void (*products_whole)(int type, const ck_product *p, int64_t count, const ck_place *places);
  // Convolutions (ck_windows.h): the filter is packed once (`packed` elements), then strips of the target may run in any
  // order, 0 ..< pieces. The gradient with respect to the filter: parts, to be added in order by fold_parts.
  int64_t (*convolution_pieces)(int type, const ck_convolution *p);
  int64_t (*convolution_packed)(int type, const ck_convolution *p);
  void (*convolution_pack)(int type, const ck_convolution *p, const void *filter, void *packed);
  void (*convolution)(int type, const ck_convolution *p, int64_t first, int64_t last);
  int64_t (*filter_parts)(const ck_convolution *p);
  void (*filter_gradient)(int type, const ck_convolution *p, const void *cotangent, int64_t part, void *out);
  void (*fold_parts)(int type, int64_t parts, int64_t count, const void *x, void *out);
  // Images first ..< last of a pooling; f32 or f64.
  void (*pool)(
    int op, int type, const ck_pool *p, int64_t first, int64_t last, const void *x, const void *y, void *out);
  // Networks first ..< last of many (ck_networks.h), with what came of each: 0, 1 where its code makes no sense, -1 without
  // memory. f32 or f64.
  void (*network)(int type, const ck_networks *p, int64_t first, int64_t last, int64_t *outcomes);
  void (*transpose2)(int bytes, int64_t rows, int64_t columns, const void *x, int64_t ldx, void *out, int64_t ldo);
  // Draws first ..< first + count of the stream of `key`.
  void (*random)(
    int distribution, int type, int64_t low, int64_t high, uint64_t key, uint64_t first, void *out, int64_t count);
  // 64 blocks of Philox words of the stream (key, tag) from block `first`: word w of block b at w * 64 + b.
  void (*words)(uint64_t key, uint64_t first, uint32_t tag, uint32_t *words);
  double (*scalar_unary)(int op, double x);
  double (*scalar_binary)(int op, double x, double y);
  // Linear algebra in doubles, row-major; results are 0 for success, -1 without memory, else what the source says.
  int64_t (*cholesky)(int64_t n, double *a);
  int64_t (*lu)(int64_t n, double *a, int64_t *pivots);
  int64_t (*lu_solve)(
    int transposed, int64_t n, const double *a, const int64_t *pivots, int64_t nrhs, double *b);
  int64_t (*triangular)(
    int upper, int transposed, int unit, int64_t n, const double *a, int64_t lda, int64_t nrhs, double *b);
  int64_t (*qr)(int64_t m, int64_t n, const double *a, double *q, double *r, int64_t *order);
  int64_t (*svd)(int64_t m, int64_t n, const double *a, double *u, double *s, double *vt);
  int64_t (*least_squares)(
    int64_t m, int64_t n, int64_t nrhs, const double *a, const double *b, double rcond, double *x, int64_t *rank);
  int64_t (*eigen)(int64_t n, const double *a, double *values, double *vectors);
  // `vectors` is NULL or receives the real and then the imaginary parts [2, n, n], in columns.
  int64_t (*eigenvalues)(int64_t n, const double *a, double *re, double *im, double *vectors);
  // Multiply-add chains for measuring the peak: returns the operations done.
  double (*peak_f32)(int64_t rounds);
  double (*peak_f64)(int64_t rounds);
} ck_table;

// The table in use, set before main by a constructor from EXP_KERNELS or the processor.
extern const ck_table *ck_current;
// The compiled variants from the best down: the table, or NULL if this processor cannot run it. Count of variants.
const ck_table *ck_variant(int index);
int ck_variant_count(void);
// Name asked for in EXP_KERNELS that could not be given, or NULL. `exp` ends with it.
const char *ck_refused_variant(void);

// Variant-independent kernels -----------------------------------------------------------------------------------------
// out[i] = x at broadcast strides; `strides` in elements (0 where broadcast), any rank.
void ck_strided_copy(
  int bytes, int rank, const int64_t *shape, const int64_t *strides, const void *x, void *out);
// Such a copy's axes without those of extent one; axes that continue each other are joined.
enum { CK_VIEW_AXES = 64 };
typedef struct {
  int rank;
  int64_t extent[CK_VIEW_AXES], stride[CK_VIEW_AXES];
} ck_view;
// 0 where even that leaves too many axes.
int ck_make_view(int rank, const int64_t *shape, const int64_t *strides, ck_view *v);
// Elements first ..< first + count of a view that has them, in row-major order; `x` is the element at index zero.
void ck_copy_view(const ck_view *v, int bytes, const void *x, int64_t first, int64_t count, void *out);
// Rows of `bytes` bytes that lie `x_step` and `out_step` bytes apart.
void ck_copy_rows(int64_t rows, int64_t bytes, const void *x, int64_t x_step, void *out, int64_t out_step);
// Rows of `row_bytes`; returns the position of the first id out of range, or -1. Negative ids count from the end.
int64_t ck_gather_rows(
  int64_t rows, int64_t row_bytes, const void *table, int id_type, const void *ids, int64_t count, void *out);
// Rows that this thread will probably gather soon, the first 256 of them: long products bring them nearer while they compute. Ids
// out of range are left out. Nothing is read later but by prefetching, so the table need not outlive the call.
void ck_expect_rows(
  int64_t rows, int64_t row_bytes, const void *table, int id_type, const void *ids, int64_t count);
// The same of `count` stretches of memory, the first 256 KiB of them.
void ck_expect_stretches(int64_t count, const void *const *places, const int64_t *bytes);
// The expected row that is the i-th to come, NULL when there are not so many left.
const void *ck_expected_row(int64_t i);
int64_t ck_scatter_add_rows(
  int type, int64_t rows, int64_t width, int id_type, const void *ids, int64_t count, const void *updates, void *out);
int64_t ck_pick(
  int bytes, int64_t rows, int64_t width, const void *x, int id_type, const void *ids, void *out);
int64_t ck_unpick(
  int bytes, int64_t rows, int64_t width, int id_type, const void *ids, const void *updates, void *out);
int64_t ck_one_hot(int type, int64_t rows, int64_t width, int id_type, const void *ids, void *out);
void ck_iota(int type, int64_t outer, int64_t length, int64_t inner, void *out);
// NaNs that are not the canonical one (positive, quiet, no payload), and a copy with all of them replaced.
int64_t ck_count_odd_nans(int type, const void *x, int64_t count);
void ck_canonical_nans(int type, const void *x, void *out, int64_t count);
int ck_same_bytes(const void *x, const void *y, int64_t count);
void ck_fill(int bytes, const void *value, void *out, int64_t count);
// Rows `first` up to `first + rows` of [outer, length, inner] along the middle axis, row o · inner + j; order is NULL or receives i64
// positions, out may be NULL. 0, or -1 without memory.
int ck_sort(
  int type, int64_t length, int64_t inner, int64_t first, int64_t rows, const void *x, void *out, int64_t *order);
// Such rows' positions of their `count` largest elements, NaN before all, of equal ones the first first, as [outer, count, inner].
int ck_top_order(
  int type, int64_t length, int64_t inner, int64_t first, int64_t rows, int64_t count, const void *x, int64_t *order);
// Words of Philox 4x32-10.
void ck_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
uint64_t ck_derive(uint64_t key, uint64_t number);
// out[i] = permutation(n, key)[first + i]. 0, or -1 without memory.
int ck_permutation(int64_t n, uint64_t key, int64_t first, int64_t count, int64_t *out);

// Memory pool ---------------------------------------------------------------------------------------------------------
// 64-byte aligned, at least 64 bytes; NULL when over the limit or out of memory. ck_free needs the same size.
void *ck_allocate(int64_t bytes);
void ck_free(void *p, int64_t bytes);
int64_t ck_live_bytes(void);
int64_t ck_peak_bytes(void);
int64_t ck_pooled_bytes(void);
void ck_reset_peak(void);
void ck_set_limit(int64_t bytes);
int64_t ck_limit(void);
void ck_trim(void);

// Text ----------------------------------------------------------------------------------------------------------------
// A double in the form 'f', 'e' or 'g' of printf, correctly rounded; `alternate` keeps point and zeros. The number of bytes written: at most
// size - 1, behind which stands a zero.
int64_t ck_print_double(char *out, int64_t size, char form, int precision, int alternate, double x);

// Files ---------------------------------------------------------------------------------------------------------------
// The whole file, to be released; NULL and an errno, 0 for what is no file but a pipe or a device.
uint8_t *ck_read_file(const char *path, int64_t *size, int *error);
// Writes the parts one after the other into a new file beside, syncs it and renames it to `path`. 0 or an errno.
int ck_write_file(const char *path, const void *const *parts, const int64_t *sizes, int count);
void ck_release(void *p);
// A gzip stream unpacked, to be released; NULL with status 1 (no zlib on this system), 2 (damaged) or 3 (past `limit`).
uint8_t *ck_gunzip(const uint8_t *data, int64_t size, int64_t limit, int64_t *out_size, int *status);
// The same for a deflated stream with nothing around it, as in a zip archive.
uint8_t *ck_inflate(const uint8_t *data, int64_t size, int64_t limit, int64_t *out_size, int *status);
// The check sum of zip archives, going on from that of what came before (0 at first).
uint32_t ck_crc32(uint32_t crc, const void *data, int64_t count);
