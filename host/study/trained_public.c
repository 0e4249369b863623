/// A trained run for callers outside: throng/trained.h.
#include "throng/trained.h"

#include <stdlib.h>
#include <string.h>

#include "study/judge.h"

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
throng_config *throng_trained_config(throng_trained *t) { return &t->inner.config; }

throng_trained_info throng_trained_get_info(const throng_trained *trained) {
  const struct trained *t = &trained->inner;
  return (throng_trained_info){.folder = t->folder,
                               .checkpoint = t->checkpoint,
                               .title = t->title,
                               .score = t->score,
                               .user_steps = t->user_steps,
                               .agent = t->agent,
                               .n_agent = t->n_agent,
                               .same_world = t->same_world};
}

throng_status throng_trained_evaluate(throng_trained *t, int32_t agent,
                                      const throng_progress *progress, throng_train_report *out,
                                      throng_metrics *each, throng_comparison *against) {
  train_result result = {0};
  const int32_t acting = t->inner.agent;
  throng_status status;
  memset(out, 0, sizeof *out);
  if (agent < -1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: agent %d is not in 0..%d", t->inner.checkpoint,
                       agent, t->inner.n_agent - 1);
  THRONG_TRY_GOTO(judge_trained(&t->inner, agent, progress, &result));
  *out = result.report;
  for (int32_t k = 0; k < result.n_agent; ++k) {
    if (each) each[k] = result.agent[k].metrics;
    if (against) against[k] = train_comparison(&result, k);
  }
done:
  train_result_free(&result);
  // All of them have acted, the last one of the checkpoint at last.
  if (t->inner.agent != acting) {
    const throng_status back = trained_take(&t->inner, acting);
    if (status == THRONG_OK) status = back;
  }
  return status;
}
