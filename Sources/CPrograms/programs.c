#include "programs.h"
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "ck_parallel.h"
#include "glpk_interface.h"

#define DECLARE(name, result, parameters) static result (*name) parameters;
GLPK_FUNCTIONS(DECLARE)

static int is_present;

// EXP_WITHOUT names libraries that are treated as if they were not installed.
static int is_left_out(const char *name) {
  const char *list = getenv("EXP_WITHOUT");
  return list && strstr(list, name);
}

static void open_library(void) {
  static const char *names[] = {
    "libglpk.so.40", "libglpk.40.dylib", "/opt/homebrew/lib/libglpk.40.dylib", "/usr/local/lib/libglpk.40.dylib",
    "libglpk.so", "libglpk.dylib"};
  if (is_left_out("glpk")) return;
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  is_present = 1;
#define FIND(name, result, parameters) \
  *(void **)&name = dlsym(library, "glp_" #name); \
  if (!name) is_present = 0;
  GLPK_FUNCTIONS(FIND)
}

static int has_library(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return is_present;
}

const char *cp_version(void) { return has_library() ? version() : NULL; }

// Where GLPK is left in the midst of its work, and why; and what is to be freed then.
typedef struct {
  jmp_buf place;
  int has_no_memory;
  int *columns;
  double *values;
} way_out;

static void leave(way_out *out) {
  free(out->columns);
  free(out->values);
}

// Called with each line that GLPK would print: also with those on its progress, every few milliseconds.
static int hear(void *info, const char *line) {
  way_out *out = info;
  if (strstr(line, "memory allocation limit exceeded") || strstr(line, "no memory available")) out->has_no_memory = 1;
  if (ck_stopped()) longjmp(out->place, CP_STOPPED);
  return 1;
}

static void fail(void *info) {
  way_out *out = info;
  longjmp(out->place, out->has_no_memory ? CP_NO_MEMORY : CP_FAILED);
}

// At every node of the tree of integer programs.
static void at_node(void *tree, void *info) {
  (void)tree;
  if (ck_stopped()) longjmp(((way_out *)info)->place, CP_STOPPED);
}

static int kind_of_bounds(double low, double high) {
  if (low == high) return FIXED;
  if (isinf(low)) return isinf(high) ? FREE : UPPER;
  return isinf(high) ? LOWER : DOUBLE;
}

static uint8_t place_of(int status) {
  switch (status) {
    case BASIC: return CP_INSIDE;
    case AT_UPPER: return CP_AT_HIGH;
    case AT_FREE: return CP_AT_ZERO;
    default: return CP_AT_LOW;
  }
}

// One row's elements other than 0; GLPK's arrays begin at 1. What is 10¹³ times smaller than the row's largest is what rounding left
// of a 0: scaled like the others it would lead GLPK astray.
static void fill(void *lp, int row, const double *elements, int32_t columns, const way_out *out) {
  int count = 0;
  double largest = 0;
  for (int32_t j = 0; j < columns; j++) largest = fmax(largest, fabs(elements[j]));
  for (int32_t j = 0; j < columns; j++)
    if (fabs(elements[j]) > 1e-13 * largest) {
      out->columns[++count] = j + 1;
      out->values[count] = elements[j];
    }
  set_mat_row(lp, row, count, out->columns, out->values);
}

static int meaning(int status) {
  return status == OPTIMAL ? CP_OPTIMAL : status == NO_FEASIBLE ? CP_INFEASIBLE : status == UNBOUNDED ? CP_UNBOUNDED : CP_FAILED;
}

// The simplex method may go round in circles where many rows meet at a corner, so its steps are limited. Then small programs are solved
// in rational numbers, larger ones in another manner.
static int optimize(void *lp, int size) {
  static const struct { int method, pricing, ratio_test; } manners[] = {
    {PRIMAL, STEEPEST_EDGE, HARRIS}, {PRIMAL, LARGEST, TEXTBOOK}, {DUAL, STEEPEST_EDGE, TEXTBOOK}};
  simplex_parameters parameters;
  init_smcp(&parameters);
  parameters.messages = MESSAGES_ON;
  parameters.output_frequency = 20;
  parameters.iteration_limit = size < 50000000 ? 1000 + 20 * size : 0x7fffffff;
  for (size_t i = 0; i < sizeof manners / sizeof *manners; i++) {
    parameters.method = manners[i].method;
    parameters.pricing = manners[i].pricing;
    parameters.ratio_test = manners[i].ratio_test;
    int status = simplex(lp, &parameters) == 0 ? meaning(get_status(lp)) : CP_FAILED;
    if (status != CP_FAILED) return status;
    std_basis(lp);
    if (size <= 200) return exact(lp, &parameters) == 0 ? meaning(get_status(lp)) : CP_FAILED;
  }
  return CP_FAILED;
}

static int branch(void *lp, way_out *out) {
  integer_parameters parameters;
  init_iocp(&parameters);
  parameters.messages = MESSAGES_ALL;
  parameters.output_frequency = 20;
  parameters.callback = at_node;
  parameters.callback_info = out;
  int status = intopt(lp, &parameters);
  return status == 0 ? meaning(mip_status(lp)) : status == NO_PRIMAL_FEASIBLE ? CP_INFEASIBLE : CP_FAILED;
}

int32_t cp_solve(
  int32_t rows, int32_t columns, const double *cost, const double *matrix, const double *row_low, const double *row_high,
  const double *low, const double *high, const uint8_t *whole, int32_t maximize, int32_t megabytes, double *x, double *dual,
  uint8_t *row_place, uint8_t *column_place) {
  if (!has_library()) return CP_ABSENT;
  way_out out = {.columns = malloc(((size_t)columns + 1) * sizeof(int)), .values = malloc(((size_t)columns + 1) * sizeof(double))};
  int status = out.columns && out.values ? setjmp(out.place) : CP_NO_MEMORY;
  if (status != 0) {
    leave(&out);
    free_env();
    return status;
  }
  term_hook(hear, &out);
  error_hook(fail, &out);
  mem_limit(megabytes);
  void *lp = create_prob();
  set_obj_dir(lp, maximize ? MAXIMIZE : MINIMIZE);
  if (rows > 0) add_rows(lp, rows);
  if (columns > 0) add_cols(lp, columns);
  for (int32_t j = 0; j < columns; j++) {
    set_col_bnds(lp, j + 1, kind_of_bounds(low[j], high[j]), low[j], high[j]);
    set_obj_coef(lp, j + 1, cost[j]);
    if (whole && whole[j]) set_col_kind(lp, j + 1, INTEGER);
  }
  for (int32_t i = 0; i < rows; i++) {
    set_row_bnds(lp, i + 1, kind_of_bounds(row_low[i], row_high[i]), row_low[i], row_high[i]);
    fill(lp, i + 1, matrix + (size_t)i * columns, columns, &out);
    if (ck_stopped()) longjmp(out.place, CP_STOPPED);
  }
  scale_prob(lp, SCALE_AUTO);
  status = optimize(lp, rows + columns);
  if (whole && status == CP_OPTIMAL) status = branch(lp, &out);
  if (status == CP_OPTIMAL) {
    for (int32_t i = 0; i < rows && !whole; i++) {
      row_place[i] = place_of(get_row_stat(lp, i + 1));
      dual[i] = get_row_dual(lp, i + 1);
    }
    for (int32_t j = 0; j < columns; j++) {
      column_place[j] = place_of(get_col_stat(lp, j + 1));
      x[j] = whole ? mip_col_val(lp, j + 1) : get_col_prim(lp, j + 1);
    }
  }
  delete_prob(lp);
  leave(&out);
  term_hook(NULL, NULL);
  error_hook(NULL, NULL);
  return status;
}
