/// The best trials and the config's own values, trained again on seeds that nobody has tuned on and
/// measured with other users: what a sweep's winner is worth. Runs that are done are kept in the
/// database, so that this too goes on after a kill.
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "sweep/inside.h"

static double *value_of(const sweep *s, const sweep_tested *c, int32_t seed) {
  return c->value + seed * s->n_objective;
}

/// "test_values" of a trial: {"1000": [value, ...], ...}; null: that run failed.
static throng_status read_tests(const sweep *s, sweep_tested *c) {
  char *text, name[32];
  THRONG_TRY(trials_get(s->db, c->trial, SWEEP_TESTS, &text));
  cJSON *all = text ? cJSON_Parse(text) : NULL;
  free(text);
  for (int32_t j = 0; j < s->def.test_seeds; ++j) {
    snprintf(name, sizeof name, "%d", SWEEP_FIRST_TEST + j);
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(all, name);
    c->done[j] = values != NULL;
    for (int32_t o = 0; o < s->n_objective; ++o) {
      const cJSON *one = cJSON_GetArrayItem(values, o);
      value_of(s, c, j)[o] = cJSON_IsNumber(one) ? one->valuedouble : (double)NAN;
    }
  }
  cJSON_Delete(all);
  return THRONG_OK;
}

static throng_status write_tests(const sweep *s, const sweep_tested *c) {
  NUMBERS_WITHOUT_LOCALE;
  char name[32];
  cJSON *all = cJSON_CreateObject();
  for (int32_t j = 0; j < s->def.test_seeds; ++j) {
    if (!c->done[j]) continue;
    snprintf(name, sizeof name, "%d", SWEEP_FIRST_TEST + j);
    if (isnan(*value_of(s, c, j)))
      cJSON_AddNullToObject(all, name);
    else
      cJSON_AddItemToObject(all, name, cJSON_CreateDoubleArray(value_of(s, c, j), s->n_objective));
  }
  char *text = cJSON_PrintUnformatted(all);
  cJSON_Delete(all);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "test seeds: out of memory");
  throng_status status = trials_set(s->db, c->trial, SWEEP_TESTS, text);
  free(text);
  return status;
}

void tested_free(sweep *s) {
  for (int32_t k = 0; k < s->n_tested; ++k) {
    free(s->tested[k].value);
    free(s->tested[k].done);
    free(s->tested[k].score);
    free(s->tested[k].profile);
  }
  free(s->tested);
  free(s->tau);
  s->tau = NULL;
  s->tested = NULL;
  s->n_tested = 0;
}

static throng_status add_contender(sweep *s, int64_t trial) {
  sweep_tested *c = &s->tested[s->n_tested];
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)(s->def.test_seeds * s->n_objective), sizeof(double),
                          "test seeds"));
  *c = (sweep_tested){.trial = trial, .value = block};
  ++s->n_tested;
  THRONG_TRY(throng_alloc(&block, (size_t)s->def.test_seeds, sizeof(bool), "test seeds"));
  c->done = block;
  return read_tests(s, c);
}

/// The best, best first, then the config's own values.
static throng_status choose(sweep *s) {
  tested_free(s);
  s->tests_done = s->tests_planned = 0;
  if (s->def.top == 0 || s->def.test_seeds == 0 || s->n_trial == 0) return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)s->def.top + 1, sizeof(int64_t), "test seeds"));
  int64_t *best = block;
  throng_status status =
      throng_alloc(&block, (size_t)s->def.top + 1, sizeof *s->tested, "test seeds");
  s->tested = block;
  const int32_t n = sweep_best(s, best, s->def.top);
  bool has_own = false;
  for (int32_t k = 0; k < n && status == THRONG_OK; ++k) {
    has_own |= best[k] == 0;
    status = add_contender(s, best[k]);
  }
  if (status == THRONG_OK && n > 0 && !has_own) status = add_contender(s, 0);
  free(best);
  for (int32_t k = 0; k < s->n_tested; ++k)
    for (int32_t j = 0; j < s->def.test_seeds; ++j) s->tests_done += s->tested[k].done[j];
  s->tests_planned = (int64_t)s->n_tested * s->def.test_seeds;
  return status;
}

static bool runs_already(const sweep *s, int64_t trial, int32_t seed) {
  for (int32_t k = 0; k < s->n_slot; ++k)
    if (s->slot[k].trial == trial && s->slot[k].seed == seed) return true;
  return false;
}

/// Every free slot takes the next run that is neither done nor under way.
static throng_status fill_slots(sweep *s) {
  int32_t slot = 0;
  for (int32_t k = 0; k < s->n_tested; ++k)
    for (int32_t j = 0; j < s->def.test_seeds; ++j) {
      while (slot < s->n_slot && s->slot[slot].trial >= 0) ++slot;
      if (slot == s->n_slot) return THRONG_OK;
      const sweep_tested *c = &s->tested[k];
      if (c->done[j] || runs_already(s, c->trial, SWEEP_FIRST_TEST + j)) continue;
      THRONG_TRY(slot_put(s, slot, c->trial, SWEEP_FIRST_TEST + j));
    }
  return THRONG_OK;
}

/// Trials that began as copies are tested with all that they went through: at the same clocks the
/// agent takes the next options of its schedule.
static void follow_schedules(sweep *s) {
  for (int32_t k = 0; k < s->n_slot; ++k) {
    sweep_slot *slot = &s->slot[k];
    if (slot->trial < 0) continue;
    const int64_t options = options_at(s, slot->trial, slot->clock);
    if (options == slot->options) continue;
    slot->options = options;
    if (slot->pending) continue;  // it has not begun
    slot->pending = true;
    slot->from = k;
  }
}

static sweep_tested *find_contender(const sweep *s, int64_t trial) {
  for (int32_t k = 0; k < s->n_tested; ++k)
    if (s->tested[k].trial == trial) return &s->tested[k];
  return NULL;
}

static throng_status take(sweep *s, const slot_report *r) {
  sweep_slot *slot = &s->slot[r->slot];
  sweep_tested *c = find_contender(s, r->trial);
  s->process_steps += r->clock - slot->clock;
  slot->clock = r->clock;
  if (!r->failed && slot->clock < slot->at.steps) return THRONG_OK;
  const int32_t j = r->seed - SWEEP_FIRST_TEST;
  c->done[j] = true;
  ++s->tests_done;
  for (int32_t o = 0; o < s->n_objective; ++o)
    value_of(s, c, j)[o] = r->failed ? (double)NAN : r->value[o];
  THRONG_TRY(slot_free(s, r->slot));
  return write_tests(s, c);
}

static throng_status one_round(sweep *s, const throng_progress *progress) {
  const double start = clock_now();
  THRONG_TRY(fill_slots(s));
  follow_schedules(s);
  THRONG_TRY(slots_begin(s));
  THRONG_TRY(slots_train(s, progress));
  s->round_seconds = clock_now() - start;
  THRONG_TRY(board_add(s));
  THRONG_TRY(trials_begin(s->db));
  for (int32_t i = 0; i < s->n_report; ++i) THRONG_TRY(take(s, &s->report[i]));
  THRONG_TRY(trials_set_number(s->db, -1, SWEEP_SECONDS, sweep_seconds(s)));
  return trials_commit(s->db);
}

static throng_status confirm(sweep *s, const sweep_observer *observer, patient *p,
                             const throng_progress *progress) {
  THRONG_TRY(choose(s));
  if (s->tests_done == s->tests_planned) return tested_measure(s);
  s->testing = true;
  s->checkpointed = clock_now();
  THRONG_TRY(state_load_tests(s));
  while (s->tests_done < s->tests_planned) {
    THRONG_TRY(one_round(s, progress));
    sweep_view view;
    sweep_look(s, &view);
    if (observer && !observer->round(observer->context, s, &view)) p->asked = true;
    if (p->asked || clock_now() - s->checkpointed >= s->def.checkpoint_seconds)
      THRONG_TRY(state_save(s));
    if (p->asked && s->tests_done < s->tests_planned) return throng_cancelled("test seeds");
  }
  state_clear(s);
  return tested_measure(s);
}

int32_t sweep_get_tested(const sweep *s, const sweep_tested **out) {
  *out = s->tested;
  return s->n_tested;
}

throng_status sweep_confirm(sweep *s, const sweep_observer *observer,
                            const throng_progress *progress) {
  patient p = {.progress = progress, .s = s};
  const throng_progress waits = patient_progress(&p);
  return confirm(s, observer, &p, &waits);
}
