/// A trained run for callers outside: throng/trained.h.
#include "throng/trained.h"

#include <stdlib.h>

#include "study/trained.h"

struct throng_trained {
  trained inner;
};

throng_status throng_trained_open(const char *run, const char *const *overrides, int32_t agent,
                                  const throng_progress *progress, throng_trained **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(throng_trained), "trained run"));
  throng_trained *t = block;
  const trained_def def = {.run = run, .overrides = overrides, .agent = agent};
  throng_status status = trained_open(&def, progress, &t->inner);
  if (status == THRONG_OK)
    *out = t;
  else
    free(t);
  return status;
}

void throng_trained_close(throng_trained *t) {
  if (!t) return;
  trained_close(&t->inner);
  free(t);
}

const throng_world *throng_trained_world(const throng_trained *t) { return t->inner.world; }
throng_population *throng_trained_population(throng_trained *t) { return t->inner.population; }
throng_sim *throng_trained_sim(throng_trained *t) { return t->inner.sim; }
throng_backend *throng_trained_backend(throng_trained *t) { return t->inner.backend; }
const throng_sta *throng_trained_sta(const throng_trained *t) { return t->inner.sta; }
const char *throng_trained_checkpoint(const throng_trained *t) { return t->inner.checkpoint; }
