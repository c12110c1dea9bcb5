#pragma once
#include "bodies.h"

#ifdef __cplusplus
extern "C" {
#endif

// One step of one world, and what is sensed then: the rows begin with its numbers, between which `stride` lies.
void cb_step_one(cb_world *world, cb_rows rows, int64_t stride);

#ifdef __cplusplus
}
#endif
