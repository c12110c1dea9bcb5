#pragma once
#include <stdint.h>

// Linear and mixed integer programs, solved by GLPK; see README.md.

// Where a row or an unknown of the solution stands.
enum { CP_INSIDE = 0, CP_AT_LOW = 1, CP_AT_HIGH = 2, CP_AT_ZERO = 3 };

enum {
  CP_OPTIMAL = 0,
  CP_INFEASIBLE = 1,
  // With whole numbers: there are some within the bounds, and the program without them is unbounded.
  CP_UNBOUNDED = 2,
  CP_STOPPED = 3,
  // Too ill-conditioned for GLPK, or a mistake within it.
  CP_FAILED = 4,
  CP_NO_MEMORY = 5,
  CP_ABSENT = 6,
  // GLPK has used up the steps that it may take.
  CP_ENDLESS = 7,
};

// The x with the least (or largest) cost·x among those with row_low ≤ A x ≤ row_high and low ≤ x ≤ high. A's `rows` rows of `columns`
// elements follow one another. Bounds may be infinite, everything else is finite, and no lower bound is above its upper
// one. `whole` (NULL: none) marks unknowns that are whole numbers, whose bounds are then whole or infinite. GLPK may take so many megabytes in this thread.
//
// Fills x [columns] for CP_OPTIMAL; and, without whole numbers, dual [rows] (what the optimum gains when a row's bound is raised
// by one), row_place [rows] and column_place [columns].
int32_t cp_solve(
  int32_t rows, int32_t columns, const double *cost, const double *matrix, const double *row_low, const double *row_high,
  const double *low, const double *high, const uint8_t *whole, int32_t maximize, int32_t megabytes, double *x, double *dual,
  uint8_t *row_place, uint8_t *column_place);

// GLPK's version, or NULL where it is not installed.
const char *cp_version(void);
