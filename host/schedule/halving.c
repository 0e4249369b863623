/// Successive halving without a barrier (ASHA: Li et al., MLSys 2020) and Hyperband (Li et al.,
/// JMLR 2018), by the rules of Optuna's SuccessiveHalvingPruner and HyperbandPruner. A trial that
/// reaches a rung is compared with what was recorded there before it, and goes on at once or never:
/// nobody waits for a rung to fill, and a trial that was pruned is not taken up again.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "schedule/kinds.h"

enum { MOST_RUNGS = 128 };  // of 1.5, the smallest reduction, more than 2^63 user-steps hold

typedef struct rung {
  double *value;  // (n) ascending
  int64_t n;
  size_t capacity;
} rung;

/// Bracket b begins at rung b; ASHA is bracket 0 alone.
typedef struct ladder {
  int32_t n_rung, n_bracket;
  double steps[MOST_RUNGS];   // (n_rung) user-steps: min_steps * reduction^rung
  double budget[MOST_RUNGS];  // (n_bracket) share of the trials, in parts of
  double total;               // their sum
} ladder;

typedef struct halving {
  ladder ladder;
  double reduction;
  int64_t max_steps;
  char *study;
  rung *rung;        // (n_bracket, n_rung)
  int32_t *reached;  // (n_trial) rungs in which the trial was recorded
  int64_t n_trial;
  size_t reached_capacity;
} halving;

/// A product that is meant to be a whole number: 100 * 2.2 is 220, not a bit more, which a report
/// after 220 user-steps would not reach.
static double whole(double x) { return fabs(x - rint(x)) < 1e-9 * fabs(x) ? rint(x) : x; }

static double first_rung(const scheduler_def *def) {
  return (double)(def->min_steps > 0 ? def->min_steps : def->period);
}

int32_t scheduler_rungs(const scheduler_def *def, int32_t most, double *steps) {
  int32_t n = 0;
  for (double at = first_rung(def); at <= (double)def->max_steps && n < most;
       at = whole(at * def->reduction))
    steps[n++] = at;
  return n;
}

/// HyperbandPruner: floor(log(max / min, reduction)) + 1 brackets, of which bracket b gets
/// ceil(n * reduction^s / (s + 1)) parts of the trials, s = n - 1 - b. The logarithm's floor is
/// taken as Optuna takes it, though it rounds down at 3^5.
static void ladder_climb(const scheduler_def *def, bool hyperband, ladder *out) {
  const double least = first_rung(def), most = (double)def->max_steps;
  *out = (ladder){.n_bracket = 1};
  out->n_rung = scheduler_rungs(def, MOST_RUNGS, out->steps);
  if (hyperband && most > least)
    out->n_bracket = (int32_t)floor(log(most / least) / log(def->reduction)) + 1;
  if (out->n_bracket > out->n_rung) out->n_bracket = out->n_rung > 0 ? out->n_rung : 1;
  for (int32_t b = 0; b < out->n_bracket; ++b) {
    const int32_t s = out->n_bracket - 1 - b;
    out->budget[b] = ceil(out->n_bracket * pow(def->reduction, s) / (s + 1));
    out->total += out->budget[b];
  }
}

static void halving_free(void *own) {
  halving *h = own;
  if (!h) return;
  for (int32_t k = 0; h->rung && k < h->ladder.n_bracket * h->ladder.n_rung; ++k)
    free(h->rung[k].value);
  free(h->rung);
  free(h->reached);
  free(h->study);
  free(h);
}

static throng_status halving_create(const scheduler_def *def, bool hyperband, void **own) {
  if (!(def->reduction >= 1.5) || !isfinite(def->reduction))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep.reduction: expected a number of at least 1.5, not %g",
                       def->reduction);
  void *room;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(halving), "scheduler"));
  halving *h = room;
  throng_status status = THRONG_OK;
  ladder_climb(def, hyperband, &h->ladder);
  h->reduction = def->reduction;
  h->max_steps = def->max_steps;
  h->study = strdup(def->study ? def->study : "");
  if (!h->study) THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_MEMORY, "scheduler: no memory"));
  THRONG_TRY_GOTO(throng_alloc(&room, (size_t)(h->ladder.n_bracket * h->ladder.n_rung + 1),
                               sizeof(rung), "rungs of a scheduler"));
  h->rung = room;
  *own = h;
done:
  if (status != THRONG_OK) halving_free(h);
  return status;
}

/// By crc32 of "STUDY_NUMBER", as HyperbandPruner has it, so that a number says its bracket.
static int32_t bracket_of(const halving *h, int64_t trial) {
  if (h->ladder.n_bracket == 1) return 0;
  char number[32];
  snprintf(number, sizeof number, "_%" PRId64, trial);
  uLong crc = crc32(0, (const Bytef *)h->study, (uInt)strlen(h->study));
  crc = crc32(crc, (const Bytef *)number, (uInt)strlen(number));
  double part = fmod((double)crc, h->ladder.total);
  int32_t b = 0;
  while ((part -= h->ladder.budget[b]) >= 0) ++b;
  return b;
}

/// Record the value; `*goes_on`: it is among the best n / reduction, or the very best.
static throng_status rung_record(rung *at, double reduction, double value, bool *goes_on) {
  void *room = at->value;
  THRONG_TRY(throng_grow(&room, &at->capacity, (size_t)at->n + 1, sizeof(double), "a rung"));
  at->value = room;
  int64_t low = 0, high = at->n;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (at->value[middle] <= value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  memmove(at->value + low + 1, at->value + low, (size_t)(at->n - low) * sizeof(double));
  at->value[low] = value;
  const int64_t last = (int64_t)floor(whole((double)++at->n / reduction)) - 1;
  *goes_on = value <= at->value[last > 0 ? last : 0];
  return THRONG_OK;
}

static throng_status decide(halving *h, const scheduler_report *report,
                            schedule_decision *decision) {
  while (h->n_trial <= report->trial) {
    void *room = h->reached;
    THRONG_TRY(throng_grow(&room, &h->reached_capacity, (size_t)h->n_trial + 1, sizeof(int32_t),
                           "trials of a scheduler"));
    h->reached = room;
    h->reached[h->n_trial++] = 0;
  }
  const int32_t bracket = bracket_of(h, report->trial);
  int32_t *reached = &h->reached[report->trial];
  bool goes_on = true;
  while (goes_on && bracket + *reached < h->ladder.n_rung &&
         (double)report->steps >= h->ladder.steps[bracket + *reached]) {
    goes_on = false;
    if (isnan(report->value)) break;
    rung *at = &h->rung[bracket * h->ladder.n_rung + *reached];
    THRONG_TRY(rung_record(at, h->reduction, report->value, &goes_on));
    ++*reached;
  }
  if (*reached > 0) decision->rung = bracket + *reached - 1;
  if (!goes_on && (isnan(report->value) || report->steps < h->max_steps))
    decision->action = SCHEDULE_PRUNE;
  return THRONG_OK;
}

static throng_status halving_round(void *own, int64_t n, const scheduler_report *report,
                                   schedule_decision *decision) {
  for (int64_t k = 0; k < n; ++k) THRONG_TRY(decide(own, &report[k], &decision[k]));
  return THRONG_OK;
}

/// Of every bracket's trials 1 / reduction leave each rung, at least one.
static int64_t ladder_steps(const scheduler_def *def, bool hyperband, int64_t trials) {
  ladder l;
  ladder_climb(def, hyperband, &l);
  double sum = 0;
  for (int32_t b = 0; b < l.n_bracket; ++b) {
    double n = (double)trials * l.budget[b] / l.total;
    int64_t before = 0;
    for (int32_t k = b; k <= l.n_rung; ++k) {
      int64_t at = k < l.n_rung ? scheduler_report_at(def, l.steps[k]) : def->max_steps;
      sum += n * (double)(at - before);
      before = at;
      if (n > 1) n = fmax(n / def->reduction, 1);
    }
  }
  return (int64_t)sum;
}

static throng_status asha_create(const scheduler_def *def, void **own) {
  return halving_create(def, false, own);
}
static int64_t asha_steps(const scheduler_def *def, int64_t trials) {
  return ladder_steps(def, false, trials);
}
const scheduler_ops scheduler_asha = {"asha",       false,         asha_create,
                                      halving_free, halving_round, asha_steps};

static throng_status hyperband_create(const scheduler_def *def, void **own) {
  return halving_create(def, true, own);
}
static int64_t hyperband_steps(const scheduler_def *def, int64_t trials) {
  return ladder_steps(def, true, trials);
}
const scheduler_ops scheduler_hyperband = {"hyperband",  false,         hyperband_create,
                                           halving_free, halving_round, hyperband_steps};
