/// The rounds of a search: slots are filled, train, report; what happens to each is decided in the
/// order of slots, and written down at once. Rounds that an earlier process wrote down are gone
/// through by the same code, with the database in place of the crew and of the judge (past.c).
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "statistics/statistics.h"
#include "sweep/inside.h"

enum { HOPELESS = 16 };  // failures, beyond those of a whole set of slots

/// A round that lasted no longer is waited for when somebody asks to stop.
static const double patience = 10;

/// What becomes of a slot after a round.
typedef struct verdict {
  bool ends, replaced;
  trial_state state;
  char cause[320];  // "": none
  int32_t from;     // replaced: by a copy of this slot
  const double *x;  // replaced: with this point
} verdict;

/// The report into the trial: steps, last value, a finished seed.
static throng_status count_report(sweep *s, slot_report *r) {
  sweep_slot *slot = &s->slot[r->slot];
  sweep_trial *t = &s->trial[r->trial];
  if (!slot->dead) {
    t->user_steps += r->clock - slot->clock;
    s->user_steps += r->clock - slot->clock;
    if (!past_knows(s, s->round)) s->process_steps += r->clock - slot->clock;
    t->seconds += r->full ? r->full->seconds : 0;
  }
  slot->clock = r->clock;
  if (r->failed) return THRONG_OK;
  ++t->n_report;
  t->last = r->value[0];
  r->seed_ended = slot->clock >= slot->at.steps;
  if (!r->seed_ended) return THRONG_OK;
  if (past_knows(s, s->round)) THRONG_TRY(past_seed_value(s, r->trial, t->n_seed, r->value));
  memcpy(trial_seed_value(s, r->trial, t->n_seed++), r->value,
         (size_t)s->n_objective * sizeof(double));
  return THRONG_OK;
}

/// Rungs and exploits are of a trial's first seed.
static throng_status ask_scheduler(sweep *s) {
  int64_t n = 0;
  for (int32_t i = 0; i < s->n_report; ++i) {
    const slot_report *r = &s->report[i];
    sweep_slot *slot = &s->slot[r->slot];
    slot->asked = NULL;
    if (slot->seed != 0 || (r->failed && !s->population)) continue;
    const int64_t marks = slot->clock / slot->at.every * slot->at.every;
    s->scheduler_report[n] = (scheduler_report){
        .slot = r->slot,
        .trial = r->trial,
        .steps = slot->clock >= slot->at.steps ? slot->at.steps : marks,
        .value = r->failed ? (double)NAN : objective_signed(&s->objective[0], r->value[0]),
        .x = trial_x(s, r->trial)};
    slot->asked = &s->decision[n];
    *slot->asked = (schedule_decision){
        .action = SCHEDULE_GO_ON, .from = -1, .x = s->decision_x + n * s->space->n, .rung = -1};
    ++n;
  }
  return n > 0 ? scheduler_round(s->scheduler, n, s->scheduler_report, s->decision) : THRONG_OK;
}

/// Is the trial worse than the best complete one over the seeds that it has finished? By
/// Wilcoxon's signed-rank test of pairs of equal seeds, as Optuna's WilcoxonPruner: never where its
/// mean is the better one.
static throng_status worse_over_seeds(const sweep *s, int64_t trial, bool *worse) {
  const sweep_trial *t = &s->trial[trial];
  const int64_t best = trial_best(s);
  *worse = false;
  if (best < 0 || s->n_objective > 1 || !(s->def.prune_p > 0) || t->n_seed >= s->def.seeds ||
      t->n_seed < s->def.prune_startup)
    return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)t->n_seed, sizeof(double), "pairs of seeds"));
  double *d = block, sum = 0, p = 1;
  for (int32_t j = 0; j < t->n_seed; ++j) {
    d[j] = objective_signed(&s->objective[0], *trial_seed_value(s, trial, j)) -
           objective_signed(&s->objective[0], *trial_seed_value(s, best, j));
    sum += d[j];
  }
  throng_status status = sum > 0 ? statistics_wilcoxon(t->n_seed, d, &p) : THRONG_OK;
  free(d);
  *worse = status == THRONG_OK && p < s->def.prune_p;
  return status;
}

static void give_up(verdict *v, trial_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void give_up(verdict *v, trial_state state, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  v->ends = true;
  v->state = state;
  vsnprintf(v->cause, sizeof v->cause, format, arguments);
  va_end(arguments);
}

static throng_status judge(const sweep *s, const slot_report *r, verdict *v) {
  const sweep_slot *slot = &s->slot[r->slot];
  const sweep_trial *t = &s->trial[r->trial];
  const schedule_decision *d = slot->asked;
  bool worse = false;
  v->replaced = d && d->action == SCHEDULE_REPLACE && !s->stopping;
  if (v->replaced) {
    v->from = d->from;
    v->x = d->x;
  }
  if (r->failed)
    give_up(v, TRIAL_FAILED, "%s", r->cause ? r->cause : "");
  else if (v->replaced)
    give_up(v, TRIAL_PRUNED, "replaced by a copy of trial %" PRId64, s->slot[d->from].trial);
  else if (r->seed_ended && t->n_seed == s->def.seeds)
    give_up(v, TRIAL_COMPLETE, "%s", "");
  else if (d && d->action == SCHEDULE_PRUNE)
    give_up(v, TRIAL_PRUNED, "%s", "");
  else if (r->seed_ended) {
    THRONG_TRY(worse_over_seeds(s, r->trial, &worse));
    if (worse)
      give_up(v, TRIAL_PRUNED, "worse than trial %" PRId64 " over %d seeds", trial_best(s),
              t->n_seed);
  }
  if (!v->ends && s->stopping) give_up(v, TRIAL_PRUNED, "%s was reached", s->stopping);
  return THRONG_OK;
}

/// The same from the database.
static throng_status recall(const sweep *s, const slot_report *r, verdict *v) {
  const int64_t next = s->n_trial;
  v->ends = past_ended(s, r->trial, s->round, &v->state);
  if (v->ends) {
    char *cause = past_cause(s, r->trial);
    snprintf(v->cause, sizeof v->cause, "%s", cause ? cause : "");
    free(cause);
  }
  if (past_begun(s, s->round + 1, next) && s->past_trial[next].slot == r->slot &&
      s->past_trial[next].parent >= 0) {
    v->replaced = true;
    v->from = s->trial[s->past_trial[next].parent].slot;
    v->x = s->past.row[next].x;
  }
  return THRONG_OK;
}

static throng_status replace(sweep *s, int32_t k, const verdict *v) {
  const sweep_slot *from = &s->slot[v->from];
  int64_t number;
  THRONG_TRY(trial_add(s, v->x, s->round + 1, k, &number));
  sweep_trial *t = &s->trial[number];
  t->parent = from->trial;
  t->parent_steps = from->clock;
  t->n_report = s->trial[from->trial].n_report;
  THRONG_TRY(slot_put(s, k, number, from->seed));
  s->slot[k].from = v->from;
  s->slot[k].clock = from->clock;
  return THRONG_OK;
}

static throng_status carry_out(sweep *s, const slot_report *r, const verdict *v) {
  sweep_slot *slot = &s->slot[r->slot];
  if (v->ends && !slot->dead) {
    THRONG_TRY(trial_end(s, r->trial, v->state, v->cause[0] ? v->cause : NULL));
  }
  if (v->replaced) return replace(s, r->slot, v);
  if (slot->dead || (v->ends && v->state == TRIAL_FAILED && s->population)) {
    slot->dead = true;  // a copy will take its place
    return slot->clock >= slot->at.steps || s->stopping ? slot_free(s, r->slot)
                                                        : slot_stop(s, r->slot);
  }
  if (v->ends) return slot_free(s, r->slot);
  if (!r->seed_ended) return THRONG_OK;
  THRONG_TRY(slot_stop(s, r->slot));
  return slot_put(s, r->slot, r->trial, slot->seed + 1);
}

static throng_status settle(sweep *s) {
  for (int32_t i = 0; i < s->n_report; ++i) {
    verdict v = {.from = -1};
    const slot_report *r = &s->report[i];
    THRONG_TRY(past_knows(s, s->round) ? recall(s, r, &v) : judge(s, r, &v));
    THRONG_TRY(carry_out(s, r, &v));
  }
  bool alive = false;
  for (int32_t k = 0; k < s->n_slot; ++k) alive |= s->slot[k].trial >= 0 && !s->slot[k].dead;
  for (int32_t k = 0; k < s->n_slot && !alive; ++k) THRONG_TRY(slot_free(s, k));
  return THRONG_OK;
}

/// Trials of round `round` that the database has, into their slots.
static throng_status fill_again(sweep *s, int64_t round) {
  while (past_begun(s, round, s->n_trial)) {
    const int64_t k = s->n_trial;
    int64_t number;
    const int32_t slot = s->past_trial[k].slot;
    if (slot < 0 || s->slot[slot].trial >= 0)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s/trials.db: trial %" PRId64 " began in a slot that was not free",
                         s->folder, k);
    THRONG_TRY(trial_add(s, s->past.row[k].x, round, slot, &number));
    THRONG_TRY(slot_put(s, slot, number, 0));
  }
  return THRONG_OK;
}

/// User-steps of all trials after one more round.
static int64_t steps_after_round(const sweep *s) {
  int64_t next = s->user_steps;
  for (int32_t k = 0; k < s->n_slot; ++k) {
    const sweep_slot *slot = &s->slot[k];
    if (slot->trial >= 0 && slot->clock < slot->at.steps)
      next += clock_next(&slot->at, slot->clock) - slot->clock;
  }
  return next;
}

/// Is there room for a further trial within the bounds?
static bool may_begin(const sweep *s, int64_t round) {
  if (s->stopping || s->exhausted || (s->population && round > 0)) return false;
  if (s->def.max_trials > 0 && s->n_trial >= s->def.max_trials) return false;
  return s->def.max_steps <= 0 ||
         steps_after_round(s) + clock_next(&s->clock, 0) <= s->def.max_steps;
}

/// Free slots take new trials, the config's own values first.
static throng_status fill(sweep *s, int64_t round) {
  for (int32_t k = 0; k < s->n_slot; ++k) {
    const int64_t number = s->n_trial;
    if (s->slot[k].trial >= 0) continue;
    if (!may_begin(s, round)) break;
    double *x = s->decision_x;  // nobody's between two rounds
    if (number == 0)
      space_initial(s->space, x);
    else
      THRONG_TRY(sampler_suggest(s->sampler, number, x, &s->exhausted));
    if (s->exhausted) break;
    int64_t made;
    THRONG_TRY(trial_add(s, x, round, k, &made));
    THRONG_TRY(slot_put(s, k, made, 0));
  }
  return THRONG_OK;
}

/// A bound that leaves no room for another round of all that train.
static const char *bound_reached(const sweep *s) {
  if (s->def.max_steps > 0 && steps_after_round(s) > s->def.max_steps) return "sweep.max_steps";
  if (s->def.max_seconds > 0 && sweep_seconds(s) >= s->def.max_seconds) return "sweep.max_seconds";
  return NULL;
}

/// Enough trials, every one of them a failure: the rest would be, too.
static throng_status check_hope(const sweep *s) {
  int64_t failed = 0, last = -1;
  for (int64_t k = 0; k < s->n_trial; ++k) {
    const sweep_trial *t = &s->trial[k];
    if (t->state != TRIAL_FAILED && (t->state != TRIAL_RUNNING || t->n_report > 0))
      return THRONG_OK;
    if (t->state != TRIAL_FAILED) continue;
    ++failed;
    last = k;
  }
  if (failed == 0 || (failed < HOPELESS + s->n_slot && !s->ended)) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DIVERGED,
                     "all of %" PRId64 " trials have failed, the last one (%" PRId64
                     ") because: %s; the space or the config's own values do not do (%s/trials.db "
                     "has every cause)",
                     failed, last, s->trial[last].cause ? s->trial[last].cause : "it diverged",
                     s->folder);
}

static throng_status one_round(sweep *s, const throng_progress *progress) {
  const double start = clock_now();
  const bool known = past_knows(s, s->round);
  THRONG_TRY(slots_begin(s));
  THRONG_TRY(slots_train(s, progress));
  for (int32_t i = 0; i < s->n_report; ++i) THRONG_TRY(count_report(s, &s->report[i]));
  s->rounds_slots += s->n_slot;
  for (int32_t k = 0; k < s->n_slot; ++k)
    s->rounds_used += s->slot[k].trial >= 0 && !s->slot[k].dead && !s->slot[k].unable;
  THRONG_TRY(ask_scheduler(s));
  if (!known) s->stopping = bound_reached(s);
  THRONG_TRY(settle(s));
  THRONG_TRY(known ? fill_again(s, s->round + 1) : fill(s, s->round + 1));
  s->ended = slots_in_use(s) == 0;
  ++s->round;
  if (!known) {
    THRONG_TRY(rows_add(s));
    THRONG_TRY(board_add(s));
    THRONG_TRY(write_round(s));
  }
  s->n_report = 0;
  s->round_seconds = clock_now() - start;
  return THRONG_OK;
}

/// All rounds of earlier processes; the crew follows from its checkpoint on.
static throng_status go_through_past(sweep *s, const throng_progress *progress) {
  THRONG_TRY(fill_again(s, 0));
  while (true) {
    if (!s->live && s->round == s->state_round) THRONG_TRY(state_load(s));
    if (s->round == s->past_rounds) return THRONG_OK;
    THRONG_TRY(one_round(s, progress));
  }
}

static bool patient_report(void *context, const char *stage, int64_t done, int64_t total,
                           const char *unit) {
  patient *p = context;
  p->asked |= !throng_report(p->progress, stage, done, total, unit);
  return !p->asked || (p->s->round_seconds > 0 && p->s->round_seconds <= patience);
}

static void patient_note(void *context, const char *text) {
  const patient *p = context;
  throng_note(p->progress, "%s", text);
}

throng_progress patient_progress(patient *p) {
  return (throng_progress){.report = patient_report, .note = patient_note, .context = p};
}

static throng_status search(sweep *s, const sweep_observer *observer, patient *p,
                            const throng_progress *progress) {
  THRONG_TRY(go_through_past(s, progress));
  s->stopping = bound_reached(s);
  THRONG_TRY(fill(s, s->round));
  s->ended = slots_in_use(s) == 0;
  THRONG_TRY(write_round(s));
  s->checkpointed = clock_now();
  while (!s->ended) {
    THRONG_TRY(one_round(s, progress));
    sweep_view view;
    sweep_look(s, &view);
    if (observer && !observer->round(observer->context, s, &view)) p->asked = true;
    if (p->asked || clock_now() - s->checkpointed >= s->def.checkpoint_seconds)
      THRONG_TRY(state_save(s));
    THRONG_TRY(check_hope(s));
    if (p->asked && !s->ended) return throng_cancelled("sweep");
  }
  THRONG_TRY(check_hope(s));
  state_clear(s);
  return THRONG_OK;
}

/// Who asks for a grid means all of it.
static void note_left_out(const sweep *s, const throng_progress *progress) {
  const int64_t points = space_size(s->space), most = s->def.max_trials;
  if (s->def.sampler != THRONG_SAMPLER_GRID || s->population || most == 0 || points <= most) return;
  throng_note(progress,
              "the grid has %" PRId64 " points; sweep.max_trials leaves %" PRId64
              " of them out (0: all are tried)",
              points, points - most);
}

throng_status sweep_search(sweep *s, const sweep_observer *observer,
                           const throng_progress *progress) {
  note_left_out(s, progress);
  patient p = {.progress = progress, .s = s};
  const throng_progress waits = patient_progress(&p);
  return search(s, observer, &p, &waits);
}
