/// throng/sweep.h: a sweep as one handle, from a config's text to its best trial.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "study/open_or_make.h"
#include "sweep/plan.h"
#include "sweep/sweep.h"

struct throng_sweep {
  throng_config config;
  sweep *sweep;
  bool asked, ran;
  run_folder *lock;  // of a sweep that is asked
  // Of the last answer:
  char **overrides, *json, *summary;
};

throng_status throng_sweep_create(const char *text, const char *const *overrides,
                                  throng_sweep **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(throng_sweep), "sweep"));
  throng_sweep *p = block;
  throng_status status = config_load_text(text, strlen(text), "config", overrides, &p->config);
  if (status != THRONG_OK) {
    free(p);
    return status;
  }
  // Which objectives there may be is known once it runs or is asked.
  status = sweep_create_to_ask(&p->config, &p->sweep);
  if (status == THRONG_OK && (!p->config.train.out || !*p->config.train.out))
    status = throng_fail(THRONG_ERROR_CONFIG, "train.out: missing; expected the sweep's folder");
  if (status == THRONG_OK)
    *out = p;
  else
    throng_sweep_close(p);
  return status;
}

void throng_sweep_close(throng_sweep *p) {
  if (!p) return;
  sweep_close(p->sweep);
  (void)run_folder_close(p->lock, TENSORBOARD_END_OK);
  config_free(&p->config);
  free(p->overrides);
  free(p->json);
  free(p->summary);
  free(p);
}

static throng_status require_new(const throng_sweep *p) {
  if (!p->asked && !p->ran) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "sweep: it %s already",
                     p->asked ? "answers to throng_sweep_ask" : "has run");
}

// --- a whole sweep ----------------------------------------------------------------------------

/// As many slots as fit where the config asks for that.
static throng_status make_crew(throng_sweep *p, throng_backend *backend, const train_inputs *in,
                               crew **out) {
  sweep_memory memory;
  THRONG_TRY(sweep_plan_memory(p->sweep, backend, in->world, in->sta, &memory));
  int32_t slots = sweep_get_def(p->sweep)->slots;
  if (slots > memory.most || (slots == 0 && memory.most < 1))
    return throng_fail(THRONG_ERROR_MEMORY,
                       "sweep.slots: at most %" PRId64 " agents of %.0f bytes fit", memory.most,
                       memory.agent_bytes);
  if (slots == 0) {
    slots = memory.most < SWEEP_MOST_SLOTS ? (int32_t)memory.most : SWEEP_MOST_SLOTS;
    THRONG_TRY(sweep_set_slots(p->sweep, slots));
  }
  return crew_local_create(backend, in->world, in->sta, slots, out);
}

static throng_status run_with(throng_sweep *p, bool resume, crew *crew,
                              const throng_progress *progress) {
  THRONG_TRY(sweep_begin(p->sweep, p->config.train.out, resume, crew));
  throng_status status = sweep_search(p->sweep, NULL, progress);
  if (status == THRONG_OK) status = sweep_confirm(p->sweep, NULL, progress);
  if (status == THRONG_OK) status = sweep_finish(p->sweep);
  sweep_leave_crew(p->sweep);
  return status;
}

throng_status throng_sweep_run(throng_sweep *p, bool resume, const throng_progress *progress) {
  throng_backend *backend = NULL;
  train_inputs in = {0};
  crew *crew = NULL;
  throng_status status;
  THRONG_TRY(require_new(p));
  sweep_close(p->sweep);
  p->sweep = NULL;
  p->ran = true;
  THRONG_TRY(sweep_create(&p->config, &p->sweep));
  THRONG_TRY_GOTO(train_inputs_use(&p->config));
  THRONG_TRY_GOTO(sweep_check(p->sweep, p->config.train.out, resume));
  THRONG_TRY_GOTO(throng_backend_open(&p->config.backend, &backend));
  p->config.train.resume = resume;
  THRONG_TRY_GOTO(train_inputs_open(&p->config, backend, progress, &in));
  THRONG_TRY_GOTO(sweep_set_world(p->sweep, in.world, in.sta));
  THRONG_TRY_GOTO(make_crew(p, backend, &in, &crew));
  status = run_with(p, resume, crew, progress);
done:
  if (crew) crew->ops->close(crew);
  train_inputs_close(&in);
  throng_backend_close(backend);
  return status;
}

// --- ask and tell -----------------------------------------------------------------------------

throng_status throng_sweep_open(throng_sweep *p, bool resume) {
  THRONG_TRY(require_new(p));
  THRONG_TRY(config_use(&p->config, "train.out"));
  THRONG_TRY(run_folder_lock(p->config.train.out, &p->lock));
  p->asked = true;
  return sweep_ask_begin(p->sweep, p->config.train.out, resume);
}

static throng_status require_asked(const throng_sweep *p) {
  if (p->asked) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "sweep: throng_sweep_open was not called");
}

throng_status throng_sweep_ask(throng_sweep *p, throng_trial *out, bool *end) {
  int64_t number;
  memset(out, 0, sizeof *out);
  THRONG_TRY(require_asked(p));
  THRONG_TRY(sweep_ask(p->sweep, &number, end));
  return *end ? THRONG_OK : throng_sweep_get_trial(p, number, out);
}

throng_status throng_sweep_tell(throng_sweep *p, int64_t trial, int64_t user_steps, double value,
                                bool *stop) {
  THRONG_TRY(require_asked(p));
  return sweep_tell(p->sweep, trial, user_steps, value, stop);
}

throng_status throng_sweep_finish(throng_sweep *p, int64_t trial, throng_trial_state state,
                                  const double *value, const char *cause) {
  THRONG_TRY(require_asked(p));
  return sweep_tell_end(p->sweep, trial, (trial_state)state, value, cause);
}

throng_status throng_sweep_write(throng_sweep *p) {
  if (!p->asked && !p->ran)
    return throng_fail(THRONG_ERROR_ARGUMENT, "sweep: it was neither opened nor run");
  return sweep_finish(p->sweep);
}

// --- looking at it ----------------------------------------------------------------------------

throng_sweep_counts throng_sweep_get_counts(const throng_sweep *p) {
  sweep_view v;
  sweep_look(p->sweep, &v);
  return (throng_sweep_counts){.trials = v.n_trial,
                               .running = v.count[TRIAL_RUNNING],
                               .complete = v.count[TRIAL_COMPLETE],
                               .pruned = v.count[TRIAL_PRUNED],
                               .failed = v.count[TRIAL_FAILED],
                               .user_steps = v.user_steps};
}

throng_status throng_sweep_get_trial(throng_sweep *p, int64_t number, throng_trial *out) {
  const sweep_trial *all;
  const sweep_objective *objective;
  const int64_t n = sweep_trials(p->sweep, &all);
  memset(out, 0, sizeof *out);
  if (number < 0 || number >= n)
    return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 ": there is none", number);
  free(p->overrides);
  free(p->json);
  p->overrides = NULL;
  p->json = NULL;
  THRONG_TRY(sweep_trial_config(p->sweep, number, &p->overrides, &p->json));
  const sweep_trial *t = &all[number];
  *out = (throng_trial){.number = number,
                        .state = (throng_trial_state)t->state,
                        .user_steps = t->user_steps,
                        .objectives = sweep_objectives(p->sweep, &objective),
                        .overrides = (const char *const *)p->overrides,
                        .config = p->json,
                        .cause = t->cause};
  for (int k = 0; k < THRONG_OBJECTIVES_MOST; ++k) out->value[k] = t->value[k];
  return THRONG_OK;
}

throng_status throng_sweep_get_best(throng_sweep *p, throng_trial *out) {
  int64_t best;
  memset(out, 0, sizeof *out);
  if (sweep_best(p->sweep, &best, 1) == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "sweep: no trial is complete");
  return throng_sweep_get_trial(p, best, out);
}

throng_status throng_sweep_get_summary(throng_sweep *p, const char **out) {
  free(p->summary);
  p->summary = NULL;
  THRONG_TRY(sweep_summary(p->sweep, &p->summary));
  *out = p->summary;
  return THRONG_OK;
}
