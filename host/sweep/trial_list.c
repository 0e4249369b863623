/// The trials of a sweep in memory: made, told to the sampler, ended, ranked.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/inside.h"

static throng_status grow(sweep *s) {
  const size_t n = (size_t)s->n_trial + 1;
  void *block = s->trial;
  THRONG_TRY(throng_grow(&block, &s->trial_capacity, n, sizeof *s->trial, "trials"));
  s->trial = block;
  block = s->x;
  THRONG_TRY(throng_grow(&block, &s->x_capacity, n, (size_t)s->space->n * sizeof *s->x, "trials"));
  s->x = block;
  block = s->seed_value;
  THRONG_TRY(throng_grow(&block, &s->seed_capacity, n,
                         (size_t)(s->def.seeds * s->n_objective) * sizeof *s->seed_value,
                         "trials"));
  s->seed_value = block;
  return THRONG_OK;
}

throng_status trial_add(sweep *s, const double *x, int64_t first_round, int32_t slot,
                        int64_t *number) {
  THRONG_TRY(grow(s));
  const int64_t k = s->n_trial;
  s->trial[k] = (sweep_trial){.state = TRIAL_RUNNING,
                              .slot = slot,
                              .first_round = first_round,
                              .parent = -1,
                              .last = (double)NAN};
  for (int j = 0; j < SWEEP_MOST_OBJECTIVES; ++j) s->trial[k].value[j] = (double)NAN;
  memmove(s->x + k * s->space->n, x, (size_t)s->space->n * sizeof *x);
  for (int32_t j = 0; j < s->def.seeds * s->n_objective; ++j)
    trial_seed_value(s, k, 0)[j] = (double)NAN;
  ++s->n_trial;
  *number = k;
  return trial_tell(s, k);
}

throng_status trial_tell(sweep *s, int64_t number) {
  const sweep_trial *t = &s->trial[number];
  double value[SWEEP_MOST_OBJECTIVES];
  for (int32_t k = 0; k < s->n_objective; ++k)
    value[k] = objective_signed(&s->objective[k], t->value[k]);
  const sampler_trial told = {.number = number,
                              .state = t->state,
                              .x = trial_x(s, number),
                              .value = value,
                              .resource = (double)(t->user_steps + t->parent_steps),
                              .cost = (double)t->user_steps};
  return sampler_tell(s->sampler, &told);
}

throng_status trial_end(sweep *s, int64_t number, trial_state state, const char *cause) {
  sweep_trial *t = &s->trial[number];
  t->state = state;
  t->ended_at = s->user_steps;
  if (cause && !(t->cause = strdup(cause)))
    return throng_fail(THRONG_ERROR_MEMORY, "trial %" PRId64 ": out of memory", number);
  const bool counts = state == TRIAL_COMPLETE || (state == TRIAL_PRUNED && t->n_seed > 0);
  for (int32_t k = 0; k < s->n_objective; ++k) {
    double sum = 0;
    for (int32_t j = 0; j < t->n_seed; ++j) sum += trial_seed_value(s, number, j)[k];
    t->value[k] = counts ? sum / t->n_seed : (double)NAN;
  }
  if (state == TRIAL_PRUNED && t->n_seed == 0 && s->n_objective == 1) t->value[0] = t->last;
  return trial_tell(s, number);
}

bool trial_better(const sweep *s, int64_t a, int64_t b) {
  const double x = objective_signed(&s->objective[0], s->trial[a].value[0]);
  const double y = objective_signed(&s->objective[0], s->trial[b].value[0]);
  return x < y || (isnan(y) && !isnan(x));
}

int64_t trial_best(const sweep *s) {
  int64_t best = -1;
  for (int64_t k = 0; k < s->n_trial; ++k)
    if (s->trial[k].state == TRIAL_COMPLETE && (best < 0 || trial_better(s, k, best))) best = k;
  return best;
}

/// Is there a complete trial at least as good in everything and better in something?
static bool dominated(const sweep *s, int64_t k) {
  for (int64_t j = 0; j < s->n_trial; ++j) {
    if (j == k || s->trial[j].state != TRIAL_COMPLETE) continue;
    bool worse = false, better = false;
    for (int32_t o = 0; o < s->n_objective; ++o) {
      const double x = objective_signed(&s->objective[o], s->trial[j].value[o]);
      const double y = objective_signed(&s->objective[o], s->trial[k].value[o]);
      worse |= !(x <= y);
      better |= x < y;
    }
    if (!worse && better) return true;
  }
  return false;
}

int32_t sweep_best(const sweep *s, int64_t *trial, int32_t most) {
  int32_t n = 0;
  for (int64_t k = 0; k < s->n_trial; ++k) {
    if (s->trial[k].state != TRIAL_COMPLETE || isnan(s->trial[k].value[0])) continue;
    if (s->n_objective > 1 && dominated(s, k)) continue;
    int32_t at = n;
    while (at > 0 && trial_better(s, k, trial[at - 1])) --at;
    if (at == most) continue;
    if (n < most) ++n;
    memmove(trial + at + 1, trial + at, (size_t)(n - at - 1) * sizeof *trial);
    trial[at] = k;
  }
  return n;
}

int64_t sweep_trials(const sweep *s, const sweep_trial **out) {
  *out = s->trial;
  return s->n_trial;
}

const double *sweep_point(const sweep *s, int64_t trial) { return trial_x(s, trial); }

void trial_list_free(sweep *s) {
  for (int64_t k = 0; k < s->n_trial; ++k) free(s->trial[k].cause);
  free(s->trial);
  free(s->x);
  free(s->seed_value);
}
