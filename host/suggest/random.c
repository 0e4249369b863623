/// Random search: every trial a uniform point of its own (Bergstra and Bengio 2012).
#include "suggest/samplers.h"

static throng_status create(const sampler_def *def, void **own) {
  (void)def;
  *own = NULL;
  return THRONG_OK;
}

static throng_status suggest(void *own, const sampler_history *history, int64_t number, double *x,
                             bool *end) {
  (void)own, (void)end;
  sampler_draw(history->def, number, x);
  return THRONG_OK;
}

const sampler_ops sampler_random = {"random", create, sampler_free_nothing, sampler_hear_nothing,
                                    suggest};
