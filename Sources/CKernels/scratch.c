// One block of scratch memory per thread, freed when the thread ends.
#include "scratch.h"
#include <pthread.h>
#include <stdlib.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local void *mine;

static void make_key(void) { pthread_key_create(&key, free); }

void *ck_scratch(void) {
  if (mine) return mine;
  pthread_once(&once, make_key);
  if (posix_memalign(&mine, 4096, SCRATCH_BYTES) != 0) {
    mine = NULL;
    return NULL;
  }
  pthread_setspecific(key, mine);
  return mine;
}
