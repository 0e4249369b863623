/// Population based training (Jaderberg et al. 2017) by Ray Tune's rules, and its variant with
/// several frequencies, MF-PBT (Doulazmi et al., ICML 2025, arXiv 2506.03225).
///
/// Ray's: of the members with a number, the worst ceil(n * quantile), half of them at most, are
/// replaced by copies of as many best, drawn evenly, whose options are explored. Ours: nothing is
/// copied from a member that is not strictly better (all alike: nobody is replaced), and a member
/// without a number, which Ray leaves idle, is replaced at the next exploit.
///
/// MF-PBT's: equal sub-populations, the k-th of which evolves at every delta_k-th exploit; within
/// it the worst quarter becomes explored copies of the best quarter; its third quarter (which is
/// neither) takes the weights of better members of other sub-populations, the best first. From a
/// slower sub-population their options come along; from a faster one, whose options serve the
/// short run, they do not: the options are then those of the best member at home. Migrants are not
/// explored. Ours: how many there are (four of the paper's, fewer where they would hold less than
/// four slots) and how the paper's 1, 10, 25, 50 shrink for runs of less than 200 exploits, so that
/// the slowest still evolves four times; and where a copy's shape differs it stays its own.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/random.h"
#include "schedule/explore.h"
#include "schedule/kinds.h"

enum { MOST_PARTS = 4, PART_LEAST = 4 };

typedef struct member {
  const scheduler_report *report;
  schedule_decision *decision;
  int32_t part;
} member;

typedef struct pbt {
  scheduler_def def;
  int64_t interval, last;  // user-steps; of the last exploit
  uint32_t exploit;        // their count
  int32_t n_part;
  int64_t every[MOST_PARTS];  // exploits from one of a sub-population's to its next
  member *member;             // (n) by sub-population, best first, those without a number last
  size_t capacity;
  int64_t begin[MOST_PARTS + 1], ranked[MOST_PARTS], share[MOST_PARTS];
} pbt;

static void pbt_free(void *own) {
  pbt *p = own;
  if (p) free(p->member);
  free(p);
}

static throng_status population_check(const scheduler_def *def) {
  if (def->slots < 2)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep.slots: a population needs 2 at least to copy from, not %d",
                       def->slots);
  if (!(def->quantile >= 0 && def->quantile <= 0.5))
    return throng_fail(THRONG_ERROR_ARGUMENT, "sweep.quantile: expected 0..0.5, not %g",
                       def->quantile);
  if (!(def->resample >= 0 && def->resample <= 1))
    return throng_fail(THRONG_ERROR_ARGUMENT, "sweep.resample: expected 0..1, not %g",
                       def->resample);
  if (!(def->factor_low > 0 && def->factor_low <= 1 && def->factor_high >= 1))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep.factor_low, sweep.factor_high: expected 0 < low <= 1 <= high, not %g "
                       "and %g",
                       def->factor_low, def->factor_high);
  return THRONG_OK;
}

static throng_status population_create(const scheduler_def *def, int32_t most_parts, void **own) {
  static const double paper[MOST_PARTS] = {1, 10, 25, 50};
  THRONG_TRY(population_check(def));
  void *room;
  THRONG_TRY(throng_alloc(&room, 1, sizeof(pbt), "scheduler"));
  pbt *p = room;
  p->def = *def;
  p->interval = def->interval > 0 ? def->interval : def->period;
  p->n_part = def->slots / PART_LEAST;
  if (p->n_part > most_parts) p->n_part = most_parts;
  if (p->n_part < 1) p->n_part = 1;
  const int64_t exploits = def->max_steps / p->interval;
  const double scale = fmin(1, (double)exploits / (4 * paper[3]));
  p->every[0] = 1;
  for (int32_t k = 1; k < p->n_part; ++k)
    p->every[k] = (int64_t)fmax((double)p->every[k - 1] + 1, round(paper[k] * scale));
  *own = p;
  return THRONG_OK;
}

static int compare_members(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->part != y->part) return x->part < y->part ? -1 : 1;
  const double u = x->report->value, v = y->report->value;
  if (isnan(u) != isnan(v)) return isnan(u) ? 1 : -1;
  if (u < v || u > v) return u < v ? -1 : 1;
  return x->report->slot < y->report->slot ? -1 : x->report->slot > y->report->slot;
}

static int64_t part_share(const pbt *p, int64_t ranked) {
  const int64_t most = ranked / (p->n_part > 1 ? 4 : 2);
  const int64_t share = (int64_t)ceil((double)ranked * p->def.quantile);
  return share < most ? share : most;
}

static throng_status rank(pbt *p, int64_t n, const scheduler_report *report,
                          schedule_decision *decision) {
  void *room = p->member;
  THRONG_TRY(throng_grow(&room, &p->capacity, (size_t)n, sizeof(member), "a population's ranks"));
  p->member = room;
  for (int64_t k = 0; k < n; ++k) {
    const int64_t part = (int64_t)report[k].slot * p->n_part / p->def.slots;
    p->member[k] = (member){&report[k], &decision[k], (int32_t)part};
  }
  qsort(p->member, (size_t)n, sizeof(member), compare_members);
  int64_t k = 0;
  for (int32_t part = 0; part < p->n_part; ++part) {
    p->begin[part] = k;
    p->ranked[part] = 0;
    for (; k < n && p->member[k].part == part; ++k)
      p->ranked[part] += !isnan(p->member[k].report->value);
    p->begin[part + 1] = k;
    p->share[part] = part_share(p, p->ranked[part]);
  }
  return THRONG_OK;
}

/// The best of other sub-populations' winners that were not taken yet, or NULL. Winners are never
/// replaced themselves.
static const member *next_migrant(const pbt *p, int32_t part, const int64_t *taken) {
  const member *best = NULL;
  for (int32_t k = 0; k < p->n_part; ++k) {
    const int64_t winners = p->share[k] > 0 ? p->share[k] : p->ranked[k] > 0;
    if (k == part || taken[k] >= winners) continue;
    const member *next = &p->member[p->begin[k] + taken[k]];
    if (!best || next->report->value < best->report->value) best = next;
  }
  return best;
}

static double *replace(const member *loser, const member *winner) {
  loser->decision->action = SCHEDULE_REPLACE;
  loser->decision->from = winner->report->slot;
  return loser->decision->x;
}

/// The worst, where it is this sub-population's turn, and all that have no number.
static void exploit(pbt *p, int32_t part, bool turn) {
  const member *first = &p->member[p->begin[part]];
  const int64_t n = p->begin[part + 1] - p->begin[part], ranked = p->ranked[part];
  const int64_t winners = p->share[part] > 0 ? p->share[part] : 1;
  for (int64_t k = ranked - (turn ? p->share[part] : 0); k < n; ++k) {
    const int32_t slot = first[k].report->slot;
    const int64_t nobody[MOST_PARTS] = {0};
    const uint32_t word =
        random_draw(p->def.seed, RANDOM_SCHEDULE, 0, p->exploit, (uint32_t)slot, 1).w[0];
    const member *winner =
        ranked > 0 ? &first[random_index(word, (uint32_t)winners)] : next_migrant(p, part, nobody);
    if (!winner || first[k].report->value <= winner->report->value) continue;
    explore(&p->def, p->exploit, slot, winner->report->x, replace(&first[k], winner));
  }
}

static void migrate(pbt *p, int32_t part) {
  const space *s = p->def.space;
  const member *first = &p->member[p->begin[part]];
  int64_t taken[MOST_PARTS] = {0};
  for (int64_t k = 2 * p->share[part]; k < 3 * p->share[part]; ++k) {
    const member *migrant = next_migrant(p, part, taken);
    if (!migrant || first[k].report->value <= migrant->report->value) continue;
    ++taken[migrant->part];
    double *x = replace(&first[k], migrant);
    const bool slower = p->every[migrant->part] > p->every[part];
    explore_join(s, migrant->report->x, slower ? migrant->report->x : first[0].report->x, x);
  }
}

static throng_status pbt_round(void *own, int64_t n, const scheduler_report *report,
                               schedule_decision *decision) {
  pbt *p = own;
  int64_t clock = 0;
  for (int64_t k = 0; k < n; ++k)
    if (report[k].steps > clock) clock = report[k].steps;
  if (clock < p->def.min_steps || clock - p->last < p->interval || clock >= p->def.max_steps)
    return THRONG_OK;
  p->last = clock;
  ++p->exploit;
  THRONG_TRY(rank(p, n, report, decision));
  for (int32_t part = 0; part < p->n_part; ++part) {
    const bool turn = p->exploit % p->every[part] == 0;
    exploit(p, part, turn);
    if (turn) migrate(p, part);
  }
  return THRONG_OK;
}

/// Copies cost nothing: the slots train on.
static int64_t pbt_steps(const scheduler_def *def, int64_t trials) {
  return (trials < def->slots ? trials : def->slots) * def->max_steps;
}

static throng_status pbt_create(const scheduler_def *def, void **own) {
  return population_create(def, 1, own);
}
const scheduler_ops scheduler_pbt = {"pbt", true, pbt_create, pbt_free, pbt_round, pbt_steps};

static throng_status mf_pbt_create(const scheduler_def *def, void **own) {
  return population_create(def, MOST_PARTS, own);
}
const scheduler_ops scheduler_mf_pbt = {"mf_pbt", true,      mf_pbt_create,
                                        pbt_free, pbt_round, pbt_steps};
