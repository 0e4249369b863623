/// A sweep's slots and its crew: agents begin, are copied, train a round, and go. Nothing here
/// judges.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/inside.h"

int32_t slots_in_use(const sweep *s) {
  int32_t n = 0;
  for (int32_t k = 0; k < s->n_slot; ++k) n += s->slot[k].trial >= 0;
  return n;
}

int64_t options_at(const sweep *s, int64_t trial, int64_t clock) {
  while (s->trial[trial].parent >= 0 && s->trial[trial].parent_steps > clock)
    trial = s->trial[trial].parent;
  return trial;
}

throng_status slot_put(sweep *s, int32_t k, int64_t trial, int32_t seed) {
  sweep_slot *slot = &s->slot[k];
  slot->trial = slot->options = trial;
  slot->seed = seed;
  slot->clock = 0;
  slot->dead = false;
  slot->pending = true;
  slot->from = -1;
  free(slot->unable);
  slot->unable = NULL;
  // Where even the config does not do, slots_begin finds it again and keeps why.
  if (setup_clock(s, trial_x(s, trial), &slot->at) != THRONG_OK) slot->at = s->clock;
  return THRONG_OK;
}

throng_status slot_stop(sweep *s, int32_t k) {
  sweep_slot *slot = &s->slot[k];
  throng_status status = THRONG_OK;
  if (slot->held) status = s->crew->ops->stop(s->crew, k);
  slot->held = false;
  slot->pending = false;
  setup_free(&slot->setup);
  return status;
}

throng_status slot_free(sweep *s, int32_t k) {
  s->slot[k].trial = -1;
  s->slot[k].dead = false;
  return slot_stop(s, k);
}

/// What is wrong with this one agent; the sweep goes on without it.
static bool is_own_fault(throng_status status) {
  return status == THRONG_ERROR_ARGUMENT || status == THRONG_ERROR_CONFIG ||
         status == THRONG_ERROR_MEMORY || status == THRONG_ERROR_DIVERGED;
}

static throng_status begin(sweep *s, int32_t k) {
  sweep_slot *slot = &s->slot[k];
  trial_setup setup = {0};
  throng_status status = setup_make(s, trial_x(s, slot->options), slot->seed, &setup);
  if (status == THRONG_OK)
    status = slot->from < 0 ? s->crew->ops->start(s->crew, k, &setup.crew)
                            : s->crew->ops->copy(s->crew, k, slot->from, &setup.crew);
  if (status == THRONG_OK) {
    setup_free(&slot->setup);  // of whoever was here before
    slot->setup = setup;
    slot->held = true;
    return THRONG_OK;
  }
  setup_free(&setup);
  if (!is_own_fault(status)) return status;
  slot->unable = strdup(throng_error_message());
  if (!slot->unable) return throng_fail(THRONG_ERROR_MEMORY, "sweep: out of memory");
  if (slot->held) (void)s->crew->ops->stop(s->crew, k);  // it may be gone already
  slot->held = false;
  return slot_stop(s, k);
}

throng_status slots_begin(sweep *s) {
  for (int32_t k = 0; k < s->n_slot; ++k) {
    sweep_slot *slot = &s->slot[k];
    if (slot->trial < 0 || !slot->pending) continue;
    if (s->live && past_needs(s, k, s->round)) THRONG_TRY(begin(s, k));
    slot->pending = false;
  }
  return THRONG_OK;
}

static const crew_report *find_report(const sweep *s, int32_t n, int32_t slot) {
  for (int32_t i = 0; i < n; ++i)
    if (s->crew_report[i].slot == slot) return &s->crew_report[i];
  return NULL;
}

static throng_status take_report(const sweep *s, int32_t k, const crew_report *full,
                                 slot_report *out) {
  const sweep_slot *slot = &s->slot[k];
  *out = (slot_report){.slot = k, .clock = slot->clock, .full = full};
  for (int32_t o = 0; o < SWEEP_MOST_OBJECTIVES; ++o) out->value[o] = (double)NAN;
  if (slot->dead || slot->unable) {
    out->failed = true;
    out->cause = slot->unable;
    if (slot->dead) out->clock = clock_next(&slot->at, slot->clock);
    return THRONG_OK;
  }
  if (!full) return throng_fail(THRONG_ERROR_BACKEND, "sweep: slot %d has not reported", k);
  out->clock = full->user_steps;
  out->failed = full->state != THRONG_AGENT_LEARNING;
  out->cause = full->cause[0] ? full->cause : "it has diverged";
  const bool last = out->clock >= slot->at.steps;
  for (int32_t o = 0; o < s->n_objective; ++o) {
    out->value[o] = objective_value(&s->objective[o], full);
    if (out->failed || !last || !isnan(out->value[o])) continue;
    out->failed = true;
    out->cause = "an objective is no number at its end";
  }
  return THRONG_OK;
}

throng_status slots_train(sweep *s, const throng_progress *progress) {
  int32_t held = 0, n = 0;
  for (int32_t k = 0; k < s->n_slot; ++k) held += s->slot[k].held;
  if (held > 0) THRONG_TRY(s->crew->ops->round(s->crew, progress, s->crew_report, &n));
  s->n_report = 0;
  for (int32_t k = 0; k < s->n_slot; ++k) {
    sweep_slot *slot = &s->slot[k];
    if (slot->trial < 0) continue;
    slot_report *out = &s->report[s->n_report++];
    if (past_knows(s, s->round) && !slot->dead)
      THRONG_TRY(past_report(s, k, s->round, out));
    else
      THRONG_TRY(take_report(s, k, find_report(s, n, k), out));
    out->trial = slot->trial;
    out->seed = slot->seed;
    out->dead = slot->dead;
  }
  return THRONG_OK;
}
