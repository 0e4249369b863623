/// report.html of a sweep: what the sweep knows beside its database, for the room that draws it.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statistics/importance.h"
#include "sweep/inside.h"
#include "sweep_report/sweep_report.h"

enum { MOST_RUNGS = 64, LEAST_FOR_IMPORTANCE = 4 };

/// All that the report needs to be allocated for.
typedef struct report_room {
  double *steps, *total;              // (n_trial)
  double *x, *value;                  // of the complete trials
  double *importance;                 // (space->n)
  sweep_report_contender *contender;  // (n_contender)
  double rung[MOST_RUNGS];
} report_room;

static void room_free(report_room *room) {
  free(room->steps);
  free(room->total);
  free(room->x);
  free(room->value);
  free(room->importance);
  free(room->contender);
}

static throng_status room_make(const sweep *s, report_room *room) {
  const size_t n = (size_t)s->n_trial + 1, m = (size_t)s->space->n;
  THRONG_TRY(throng_alloc((void **)&room->steps, n, sizeof(double), "report.html"));
  THRONG_TRY(throng_alloc((void **)&room->total, n, sizeof(double), "report.html"));
  THRONG_TRY(throng_alloc((void **)&room->x, n * m, sizeof(double), "report.html"));
  THRONG_TRY(throng_alloc((void **)&room->value, n, sizeof(double), "report.html"));
  THRONG_TRY(throng_alloc((void **)&room->importance, m, sizeof(double), "report.html"));
  return throng_alloc((void **)&room->contender, (size_t)s->n_tested + 1, sizeof *room->contender,
                      "report.html");
}

static throng_status rate_options(const sweep *s, report_room *room, bool *rated) {
  importance_data data = {.space = s->space, .x = room->x, .value = room->value};
  for (int64_t k = 0; k < s->n_trial; ++k) {
    const sweep_trial *t = &s->trial[k];
    if (t->state != TRIAL_COMPLETE || !isfinite(t->value[0])) continue;
    memcpy(room->x + data.n * s->space->n, trial_x(s, k), (size_t)s->space->n * sizeof(double));
    room->value[data.n++] = objective_signed(&s->objective[0], t->value[0]);
  }
  *rated = data.n >= LEAST_FOR_IMPORTANCE;
  return *rated ? importance_ped_anova(&data, room->importance) : THRONG_OK;
}

static int32_t list_rungs(const sweep *s, double *rung) {
  if (s->def.scheduler != THRONG_SCHEDULER_ASHA && s->def.scheduler != THRONG_SCHEDULER_HYPERBAND)
    return 0;
  const scheduler_def def = sweep_scheduler_def(s);
  return scheduler_rungs(&def, MOST_RUNGS, rung);
}

static void list_contenders(const sweep *s, sweep_report_contender *out) {
  for (int32_t k = 0; k < s->n_tested; ++k) {
    const sweep_tested *c = &s->tested[k];
    out[k] = (sweep_report_contender){.trial = c->trial,
                                      .n_seed = c->n,
                                      .score = c->score,
                                      .iqm = c->iqm,
                                      .improvement = c->improvement,
                                      .profile = c->profile};
  }
}

throng_status report_write(const sweep *s, const trials_list *list) {
  report_room room = {0};
  char path[SWEEP_PATH_SIZE], title[128];
  bool rated = false;
  throng_status status;
  THRONG_TRY_GOTO(room_make(s, &room));
  for (int64_t k = 0; k < s->n_trial; ++k) {
    room.steps[k] = (double)s->trial[k].user_steps;
    room.total[k] =
        s->trial[k].state == TRIAL_RUNNING ? (double)s->user_steps : (double)s->trial[k].ended_at;
  }
  THRONG_TRY_GOTO(rate_options(s, &room, &rated));
  list_contenders(s, room.contender);
  snprintf(title, sizeof title, "%lld trials, %s and %s", (long long)s->n_trial,
           sampler_name(s->def.sampler), scheduler_name(s->def.scheduler));
  const sweep_report_extra extra = {.title = title,
                                    .version = throng_version(),
                                    .running = !s->ended,
                                    .step_unit = (double)s->clock.every,
                                    .steps = room.steps,
                                    .total = room.total,
                                    .n_rung = list_rungs(s, room.rung),
                                    .rung = room.rung,
                                    .importance = rated ? room.importance : NULL,
                                    .importance_name = "PED-ANOVA",
                                    .n_contender = s->n_tested,
                                    .contender = room.contender,
                                    .level = SWEEP_LEVEL,
                                    .n_tau = s->n_tau,
                                    .tau = s->tau};
  status =
      sweep_report_write(list, trials_get_def(s->db), &extra, sweep_path(s, "report.html", path));
done:
  room_free(&room);
  return status;
}
