#include "bodies.h"
#include "ck_parallel.h"
#include "one_step.h"

typedef struct {
  cb_world *const *worlds;
  int64_t count;
  const uint8_t *alive;
  const double *speeds, *torques;
  double *sensed;
} steps;

static void piece(void *context, int64_t lane, int64_t i) {
  (void)lane;
  const steps *all = context;
  if (!all->alive[i] || ck_stopped()) return;
  cb_step_one(all->worlds[i], all->speeds + i, all->torques + i, all->sensed + i, all->count);
}

void cb_step(
  cb_world *const *worlds, int64_t count, const uint8_t *alive, const double *speeds, const double *torques, double *sensed,
  int32_t threads) {
  steps all = {worlds, count, alive, speeds, torques, sensed};
  ck_parallel(threads, count, piece, &all);
}
