/// Schedulers by their names, what all of them refuse, and the one that lets every trial go on.
#include "schedule/scheduler.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "schedule/kinds.h"
#include "throng/sweep.h"

struct scheduler {
  const scheduler_ops *ops;
  void *own;
};

#define X(NAME, name) [THRONG_SCHEDULER_##NAME] = &scheduler_##name,
static const scheduler_ops *const kinds[] = {SWEEP_SCHEDULERS(X)};
#undef X

static throng_status options_check(const scheduler_def *def) {
  if (def->period <= 0 || def->max_steps <= 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep: reports every %" PRId64 " of %" PRId64
                       " user-steps, expected at least 1",
                       def->period, def->max_steps);
  if (def->min_steps < 0 || def->min_steps > def->max_steps)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep.min_steps: expected 0..%" PRId64
                       ", the length of a trial (train.steps), not %" PRId64,
                       def->max_steps, def->min_steps);
  return THRONG_OK;
}

throng_status scheduler_create(int kind, const scheduler_def *def, scheduler **out) {
  *out = NULL;
  if (kind < 0 || (size_t)kind >= sizeof kinds / sizeof *kinds)
    return throng_fail(THRONG_ERROR_ARGUMENT, "sweep.scheduler: there is no kind %d", kind);
  THRONG_TRY(options_check(def));
  void *room;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(scheduler), "scheduler"));
  scheduler *s = room;
  s->ops = kinds[kind];
  throng_status status = s->ops->create(def, &s->own);
  if (status == THRONG_OK) {
    *out = s;
  } else {
    scheduler_free(s);
  }
  return status;
}

void scheduler_free(scheduler *s) {
  if (!s) return;
  s->ops->free(s->own);
  free(s);
}

throng_status scheduler_round(scheduler *s, int64_t n, const scheduler_report *report,
                              schedule_decision *decision) {
  for (int64_t k = 0; k < n; ++k) {
    decision[k].action = SCHEDULE_GO_ON;
    decision[k].from = decision[k].rung = -1;
  }
  return s->ops->round(s->own, n, report, decision);
}

bool scheduler_is_population(int kind) { return kinds[kind]->population; }
const char *scheduler_name(int kind) { return kinds[kind]->name; }
int64_t scheduler_steps(int kind, const scheduler_def *def, int64_t trials) {
  return kinds[kind]->steps(def, trials);
}

int64_t scheduler_report_at(const scheduler_def *def, double steps) {
  double at = ceil(steps / (double)def->period) * (double)def->period;
  return at < (double)def->max_steps ? (int64_t)at : def->max_steps;
}

// None: all to their end.
static throng_status none_create(const scheduler_def *def, void **own) {
  (void)def;
  *own = NULL;
  return THRONG_OK;
}
static void none_free(void *own) { (void)own; }
static throng_status none_round(void *own, int64_t n, const scheduler_report *report,
                                schedule_decision *decision) {
  (void)own, (void)n, (void)report, (void)decision;
  return THRONG_OK;
}
static int64_t none_steps(const scheduler_def *def, int64_t trials) {
  return trials * def->max_steps;
}
const scheduler_ops scheduler_none = {"none",    false,      none_create,
                                      none_free, none_round, none_steps};
