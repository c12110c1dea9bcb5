#include "bodies.h"
#include "ck_parallel.h"
#include "one_step.h"

typedef struct {
  cb_world *const *worlds;
  int64_t count;
  const uint8_t *alive;
  const cb_rows *rows;
} steps;

static void piece(void *context, int64_t lane, int64_t i) {
  (void)lane;
  const steps *all = context;
  if (!all->alive[i] || ck_stopped()) return;
  const cb_rows *rows = all->rows;
  cb_rows own = {rows->speeds + i, rows->torques + i, rows->forces + i, rows->sensed + i};
  cb_step_one(all->worlds[i], own, all->count);
}

void cb_step(cb_world *const *worlds, int64_t count, const uint8_t *alive, const cb_rows *rows, int32_t threads) {
  steps all = {worlds, count, alive, rows};
  ck_parallel(threads, count, piece, &all);
}
