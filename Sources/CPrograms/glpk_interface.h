#pragma once

// The part of GLPK's interface (libglpk 40: GLPK 4.58 to 5.0) that is used.

enum { MINIMIZE = 1, MAXIMIZE = 2 };
enum { FREE = 1, LOWER = 2, UPPER = 3, DOUBLE = 4, FIXED = 5 };
enum { CONTINUOUS = 1, INTEGER = 2 };
enum { BASIC = 1, AT_LOWER = 2, AT_UPPER = 3, AT_FREE = 4, AT_FIXED = 5 };
enum { NO_FEASIBLE = 4, OPTIMAL = 5, UNBOUNDED = 6 };
enum { SCALE_AUTO = 0x80 };
enum { MESSAGES_ON = 2, MESSAGES_ALL = 3 };
enum { PRIMAL = 1, DUAL = 3, LARGEST = 0x11, STEEPEST_EDGE = 0x22, TEXTBOOK = 0x11, HARRIS = 0x22 };
enum { STEPS_USED_UP = 0x08, NO_PRIMAL_FEASIBLE = 0x0A, NO_DUAL_FEASIBLE = 0x0B };

// The first fields of the parameters, which GLPK fills itself, and room for those behind them.
typedef struct {
  int messages, method, pricing, ratio_test;
  double bound_tolerance, dual_tolerance, pivot_tolerance, objective_low, objective_high;
  int iteration_limit, time_limit, output_frequency, output_delay, presolve;
  double rest[128];
} simplex_parameters;

typedef struct {
  int messages, branching, backtracking;
  double integer_tolerance, objective_tolerance;
  int time_limit, output_frequency, output_delay;
  void (*callback)(void *tree, void *info);
  void *callback_info;
  double rest[128];
} integer_parameters;

// Name, result and parameters of every function.
#define GLPK_FUNCTIONS(F) \
  F(version, const char *, (void)) \
  F(create_prob, void *, (void)) \
  F(delete_prob, void, (void *)) \
  F(set_obj_dir, void, (void *, int)) \
  F(add_rows, int, (void *, int)) \
  F(add_cols, int, (void *, int)) \
  F(set_row_bnds, void, (void *, int, int, double, double)) \
  F(set_col_bnds, void, (void *, int, int, double, double)) \
  F(set_obj_coef, void, (void *, int, double)) \
  F(set_mat_row, void, (void *, int, int, const int *, const double *)) \
  F(set_col_kind, void, (void *, int, int)) \
  F(scale_prob, void, (void *, int)) \
  F(init_smcp, void, (void *)) \
  F(simplex, int, (void *, const void *)) \
  F(exact, int, (void *, const void *)) \
  F(std_basis, void, (void *)) \
  F(get_status, int, (void *)) \
  F(get_row_stat, int, (void *, int)) \
  F(get_row_dual, double, (void *, int)) \
  F(get_col_stat, int, (void *, int)) \
  F(get_col_prim, double, (void *, int)) \
  F(init_iocp, void, (void *)) \
  F(intopt, int, (void *, const void *)) \
  F(mip_status, int, (void *)) \
  F(mip_col_val, double, (void *, int)) \
  F(term_hook, void, (int (*)(void *, const char *), void *)) \
  F(error_hook, void, (void (*)(void *), void *)) \
  F(mem_limit, void, (int)) \
  F(free_env, int, (void))
