#pragma once
#include "bodies.h"

#ifdef __cplusplus
extern "C" {
#endif

// One step of one world, and what is sensed then; `stride` lies between its numbers.
void cb_step_one(cb_world *world, const double *speeds, const double *torques, double *sensed, int64_t stride);

#ifdef __cplusplus
}
#endif
