#include "programs.h"
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

// How far a program has come. What it is made of is read no more when GLPK's copy is full.
enum { BEGUN, FILLED, ENDED, GIVEN_UP };

// A program to be solved.
typedef struct {
  int32_t rows, columns;
  const double *cost, *matrix, *row_low, *row_high, *low, *high;
  const uint8_t *whole;
  int32_t maximize, megabytes;
  // What is found.
  int32_t status;
  double *x, *dual;
  uint8_t *row_place, *column_place;
  // One row for GLPK.
  int *indices;
  double *values;
  // Where GLPK is left in the midst of its work, and whether for want of memory.
  jmp_buf way_out;
  int has_no_memory;
  // How often a search that may have no end calls back before it is given up; 0: always.
  int calls_left;
  // In a thread of its own, which watches `stop`.
  int state;
  uint32_t stop;
} program;

static void discard(program *p) {
  free(p->x);
  free(p->dual);
  free(p->row_place);
  free(p->column_place);
  free(p->indices);
  free(p->values);
  free(p);
}

// Called with each line that GLPK would print: also with those on its progress, every few milliseconds.
static int hear(void *info, const char *line) {
  program *p = info;
  if (strstr(line, "memory allocation limit exceeded") || strstr(line, "no memory available")) p->has_no_memory = 1;
  if (ck_stopped()) longjmp(p->way_out, CP_STOPPED);
  return 1;
}

static void fail(void *info) {
  program *p = info;
  longjmp(p->way_out, p->has_no_memory ? CP_NO_MEMORY : CP_FAILED);
}

// At every node of the tree of integer programs.
static void at_node(void *tree, void *info) {
  (void)tree;
  program *p = info;
  if (ck_stopped()) longjmp(p->way_out, CP_STOPPED);
  if (p->calls_left > 0 && --p->calls_left == 0) longjmp(p->way_out, CP_ENDLESS);
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
static void fill_row(void *lp, int row, const program *p) {
  const double *elements = p->matrix + (size_t)row * p->columns;
  int count = 0;
  double largest = 0;
  for (int32_t j = 0; j < p->columns; j++) largest = fmax(largest, fabs(elements[j]));
  for (int32_t j = 0; j < p->columns; j++)
    if (fabs(elements[j]) > 1e-13 * largest) {
      p->indices[++count] = j + 1;
      p->values[count] = elements[j];
    }
  set_mat_row(lp, row + 1, count, p->indices, p->values);
}

static void fill(void *lp, program *p) {
  set_obj_dir(lp, p->maximize ? MAXIMIZE : MINIMIZE);
  if (p->rows > 0) add_rows(lp, p->rows);
  if (p->columns > 0) add_cols(lp, p->columns);
  for (int32_t j = 0; j < p->columns; j++) {
    set_col_bnds(lp, j + 1, kind_of_bounds(p->low[j], p->high[j]), p->low[j], p->high[j]);
    set_obj_coef(lp, j + 1, p->cost[j]);
    if (p->whole && p->whole[j]) set_col_kind(lp, j + 1, INTEGER);
  }
  for (int32_t i = 0; i < p->rows; i++) {
    set_row_bnds(lp, i + 1, kind_of_bounds(p->row_low[i], p->row_high[i]), p->row_low[i], p->row_high[i]);
    fill_row(lp, i, p);
    if (ck_stopped()) longjmp(p->way_out, CP_STOPPED);
  }
}

static int meaning(int status) {
  return status == OPTIMAL ? CP_OPTIMAL : status == NO_FEASIBLE ? CP_INFEASIBLE : status == UNBOUNDED ? CP_UNBOUNDED : CP_FAILED;
}

// What it means that a method has ended with a code of GLPK's and left a status.
static int outcome(int code, int status) {
  switch (code) {
    case 0: return meaning(status);
    case NO_PRIMAL_FEASIBLE: return CP_INFEASIBLE;
    case NO_DUAL_FEASIBLE: return CP_UNBOUNDED;
    case STEPS_USED_UP: return CP_ENDLESS;
    default: return CP_FAILED;
  }
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
    int status = outcome(simplex(lp, &parameters), get_status(lp));
    if (status < CP_FAILED) return status;
    std_basis(lp);
    if (size <= 200) return outcome(exact(lp, &parameters), get_status(lp));
    if (i + 1 == sizeof manners / sizeof *manners) return status;
  }
  return CP_FAILED;
}

static int branch(void *lp, program *p) {
  integer_parameters parameters;
  init_iocp(&parameters);
  parameters.messages = MESSAGES_ALL;
  parameters.output_frequency = 20;
  parameters.callback = at_node;
  parameters.callback_info = p;
  int code = intopt(lp, &parameters);
  return outcome(code, mip_status(lp));
}

// Of a program that is unbounded if no number need be whole: whether any whole numbers are within its bounds. Where none are, that may never be
// found out, so the search is limited.
static int with_whole_numbers(void *lp, program *p) {
  for (int32_t j = 0; j <= p->columns; j++) set_obj_coef(lp, j, 0);
  int status = optimize(lp, p->rows + p->columns);
  p->calls_left = 20000;
  if (status == CP_OPTIMAL) status = branch(lp, p);
  return status == CP_OPTIMAL ? CP_UNBOUNDED : status;
}

static int32_t solve_filled(void *lp, program *p) {
  scale_prob(lp, SCALE_AUTO);
  int status = optimize(lp, p->rows + p->columns);
  if (p->whole && status == CP_OPTIMAL) status = branch(lp, p);
  else if (p->whole && status == CP_UNBOUNDED) status = with_whole_numbers(lp, p);
  if (status != CP_OPTIMAL) return status;
  for (int32_t i = 0; i < p->rows && !p->whole; i++) {
    p->row_place[i] = place_of(get_row_stat(lp, i + 1));
    p->dual[i] = get_row_dual(lp, i + 1);
  }
  for (int32_t j = 0; j < p->columns; j++) {
    p->column_place[j] = place_of(get_col_stat(lp, j + 1));
    p->x[j] = p->whole ? mip_col_val(lp, j + 1) : get_col_prim(lp, j + 1);
  }
  return status;
}

// In this thread, whose GLPK is as new afterwards.
static void solve(program *p) {
  int32_t status = setjmp(p->way_out);
  if (status == 0) {
    term_hook(hear, p);
    error_hook(fail, p);
    mem_limit(p->megabytes);
    void *lp = create_prob();
    fill(lp, p);
    __atomic_store_n(&p->state, FILLED, __ATOMIC_RELEASE);
    status = solve_filled(lp, p);
  }
  p->status = status;
  free_env();
}

static void *solve_apart(void *context) {
  program *p = context;
  ck_float_control();
  ck_watch(&p->stop);
  solve(p);
  if (__atomic_exchange_n(&p->state, ENDED, __ATOMIC_ACQ_REL) == GIVEN_UP) discard(p);
  return NULL;
}

// GLPK may factor a large matrix for seconds without a word. So it does that in another thread, and where that is to stop its caller
// does not wait for it. True when the program has ended, false when the other thread will discard it.
static int ends_apart(program *p) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 8 << 20);
  pthread_t thread;
  int has_started = pthread_create(&thread, &attributes, solve_apart, p) == 0;
  pthread_attr_destroy(&attributes);
  if (!has_started) {
    solve(p);
    return 1;
  }
  while (__atomic_load_n(&p->state, __ATOMIC_ACQUIRE) != ENDED) {
    int filled = FILLED;
    if (ck_stopped()) {
      __atomic_store_n(&p->stop, 1, __ATOMIC_RELAXED);
      if (__atomic_compare_exchange_n(&p->state, &filled, GIVEN_UP, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return 0;
    }
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  return 1;
}

int32_t cp_solve(
  int32_t rows, int32_t columns, const double *cost, const double *matrix, const double *row_low, const double *row_high,
  const double *low, const double *high, const uint8_t *whole, int32_t maximize, int32_t megabytes, double *x, double *dual,
  uint8_t *row_place, uint8_t *column_place) {
  if (!has_library()) return CP_ABSENT;
  program *p = malloc(sizeof *p);
  if (!p) return CP_NO_MEMORY;
  size_t height = (size_t)rows + 1, width = (size_t)columns + 1;
  *p = (program){
    .rows = rows, .columns = columns, .cost = cost, .matrix = matrix, .row_low = row_low, .row_high = row_high, .low = low,
    .high = high, .whole = whole, .maximize = maximize, .megabytes = megabytes, .status = CP_NO_MEMORY,
    .x = malloc(width * sizeof *x), .dual = malloc(height * sizeof *dual), .row_place = malloc(height),
    .column_place = malloc(width), .indices = malloc(width * sizeof(int)), .values = malloc(width * sizeof(double))};
  int has_room = p->x && p->dual && p->row_place && p->column_place && p->indices && p->values;
  if (has_room && (int64_t)rows * columns < 1 << 16) solve(p);
  else if (has_room && !ends_apart(p)) return CP_STOPPED;
  int32_t status = p->status;
  if (status == CP_OPTIMAL) {
    memcpy(x, p->x, (size_t)columns * sizeof *x);
    if (!whole) memcpy(dual, p->dual, (size_t)rows * sizeof *dual);
    if (!whole) memcpy(row_place, p->row_place, (size_t)rows);
    memcpy(column_place, p->column_place, (size_t)columns);
  }
  discard(p);
  return status;
}
