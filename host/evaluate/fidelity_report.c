/// One contender after the other: scores, measures of every group, intervals and differences.
#include "evaluate/fidelity_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/processors.h"
#include "evaluate/ranks.h"
#include "world/world.h"

enum { GROUPS = STRATUM_COUNT + 1 };  // the last one: all questions

/// What the measuring of all contenders shares.
typedef struct making {
  const contender_task *task;
  const fidelity_report_def *def;
  const throng_progress *progress;
  workers *pool;
  strata groups;
  ranks ranked;
  int64_t n_user;
  int32_t *slot;                  // (n)
  double *score, *vote_score;     // (n)
  uint8_t *answer, *vote_answer;  // (n)
  float *hit, *gain;              // (n)
  double *ensemble[GROUPS];       // (MEASURE_COUNT, resamples) of the ensemble
  double *difference;             // (resamples)
  fidelity_report *out;
} making;

static void making_free(making *m) {
  strata_free(&m->groups);
  ranks_free(&m->ranked);
  free(m->slot);
  free(m->score);
  free(m->vote_score);
  free(m->answer);
  free(m->vote_answer);
  free(m->hit);
  free(m->gain);
  for (int g = 0; g < GROUPS; ++g) free(m->ensemble[g]);
  free(m->difference);
  workers_close(m->pool);
}

static throng_status making_begin(making *m) {
  const questions *q = m->task->questions;
  const size_t n = (size_t)q->n;
  const char *what = "measuring answers";
  THRONG_TRY(workers_open(processors_usable(), &m->pool));
  THRONG_TRY(throng_alloc((void **)&m->slot, n, sizeof *m->slot, what));
  THRONG_TRY(throng_alloc((void **)&m->score, n, sizeof *m->score, what));
  THRONG_TRY(throng_alloc((void **)&m->vote_score, n, sizeof *m->score, what));
  THRONG_TRY(throng_alloc((void **)&m->answer, n, 1, what));
  THRONG_TRY(throng_alloc((void **)&m->vote_answer, n, 1, what));
  THRONG_TRY(throng_alloc((void **)&m->hit, n, sizeof *m->hit, what));
  THRONG_TRY(throng_alloc((void **)&m->gain, n, sizeof *m->gain, what));
  THRONG_TRY(
      throng_alloc((void **)&m->difference, (size_t)m->def->resamples, sizeof(double), what));
  for (int64_t i = 0; i < q->n; ++i) {
    m->n_user += i == 0 || q->user[i] != q->user[i - 1];
    m->slot[i] = (int32_t)(m->n_user - 1);
  }
  if (m->def->brief) return THRONG_OK;
  THRONG_TRY(strata_make(q, m->task->rates, &m->groups));
  return ranks_make(m->task, m->progress, &m->ranked);
}

/// Intervals of the measures of one group, and differences to the ensemble's of the same group.
static void conclude(const making *m, const measures *of, const double *ensemble_value,
                     const double *ensemble, measured_value *out) {
  const int64_t n = of->sample ? m->def->resamples : 0;
  for (int k = 0; k < MEASURE_COUNT; ++k) {
    measured_value *v = &out[k];
    *v = (measured_value){of->value[k], (double)NAN, (double)NAN, of->value[k] - ensemble_value[k],
                          (double)NAN,  (double)NAN};
    double *sample = of->sample + k * n;
    for (int64_t r = 0; r < n && ensemble; ++r) m->difference[r] = sample[r] - ensemble[k * n + r];
    if (ensemble) statistics_percentiles(n, m->difference, 0.95, &v->minus_low, &v->minus_high);
    statistics_percentiles(n, sample, 0.95, &v->low, &v->high);
  }
}

static throng_status measure_groups(making *m, const measured_answers *answers, int contender) {
  contender_report *r = &m->out->contender[contender];
  const contender_report *ensemble = &m->out->contender[CONTENDER_OF_ENSEMBLE];
  const bool is_ensemble = contender == CONTENDER_OF_ENSEMBLE;
  for (int g = m->def->brief ? STRATUM_COUNT : 0; g < GROUPS; ++g) {
    const bool all = g == STRATUM_COUNT;
    measures of;
    double point[MEASURE_COUNT];
    THRONG_TRY(measures_take(answers, all ? 0 : m->groups.n[g], all ? NULL : m->groups.row[g],
                             m->def->resamples, m->def->seed, m->pool, &of));
    if (is_ensemble && of.sample) {  // a copy: intervals put their samples in order
      const size_t size = (size_t)m->def->resamples * MEASURE_COUNT;
      const throng_status status =
          throng_alloc((void **)&m->ensemble[g], size, sizeof(double), "measuring answers");
      if (status != THRONG_OK) {
        measures_free(&of);
        return status;
      }
      memcpy(m->ensemble[g], of.sample, size * sizeof(double));
    }
    for (int k = 0; k < MEASURE_COUNT; ++k)
      point[k] = is_ensemble ? of.value[k] : (all ? ensemble->all : ensemble->stratum[g])[k].value;
    conclude(m, &of, point, m->ensemble[g], all ? r->all : r->stratum[g]);
    if (all) memcpy(r->bin, of.bin, sizeof r->bin);
    measures_free(&of);
  }
  return THRONG_OK;
}

static void spread_ranks(making *m, int contender) {
  const ranks *r = &m->ranked;
  for (int64_t i = 0; i < m->task->questions->n; ++i) m->hit[i] = m->gain[i] = (float)NAN;
  for (int64_t k = 0; k < r->n; ++k) {
    m->hit[r->row[k]] = r->hit[contender * r->n + k];
    m->gain[r->row[k]] = r->gain[contender * r->n + k];
  }
}

/// The vote that a rule asks alone and answers as, or -1.
static throng_status find_same(making *m, int contender, int *same_as) {
  bool measured;
  *same_as = -1;
  if (contender_kind_of(contender) != CONTENDER_RULE) return THRONG_OK;
  const int vote = rule_single_vote((throng_rule)(contender - CONTENDER_OF_RULES));
  if (vote < 0) return THRONG_OK;
  const int of = CONTENDER_OF_VOTES + vote;
  THRONG_TRY(contender_answer(m->task, of, m->vote_score, m->vote_answer, &measured));
  if (measured && memcmp(m->answer, m->vote_answer, (size_t)m->task->questions->n) == 0)
    *same_as = of;
  return THRONG_OK;
}

static const measured_value unknown = {(double)NAN, (double)NAN, (double)NAN,
                                       (double)NAN, (double)NAN, (double)NAN};

/// Of rules the asked one alone, and as its vote where it asks one: what it draws is left out.
static bool told_by_vote(const making *m, int contender, contender_report *r) {
  if (contender_kind_of(contender) != CONTENDER_RULE) return false;
  const throng_rule rule = (throng_rule)(contender - CONTENDER_OF_RULES);
  const int vote = rule_single_vote(rule);
  if (rule != m->task->votes->rule) return true;
  if (vote < 0) return false;
  r->same_as = CONTENDER_OF_VOTES + vote;
  r->measured = m->task->questions->measured[vote];
  return true;
}

static throng_status measure_contender(making *m, int contender) {
  const questions *q = m->task->questions;
  contender_report *r = &m->out->contender[contender];
  r->same_as = -1;
  for (int g = 0; g < STRATUM_COUNT; ++g)
    for (int k = 0; k < MEASURE_COUNT; ++k) r->stratum[g][k] = unknown;
  if (m->def->brief && told_by_vote(m, contender, r)) return THRONG_OK;
  THRONG_TRY(contender_answer(m->task, contender, m->score, m->answer, &r->measured));
  if (!r->measured) return THRONG_OK;
  THRONG_TRY(find_same(m, contender, &r->same_as));
  if (r->same_as >= 0) return THRONG_OK;
  spread_ranks(m, contender);
  const measured_answers answers = {
      .n = q->n,
      .n_user = m->n_user,
      .slot = m->slot,
      .label = q->label,
      .rating = q->rating,
      .score = m->score,
      .answer = m->answer,
      .hit = m->def->brief ? NULL : m->hit,
      .gain = m->def->brief ? NULL : m->gain,
      .rating_of = {m->task->rates->rating[0], m->task->rates->rating[1]},
  };
  return measure_groups(m, &answers, contender);
}

/// The ensemble first: the others are held against it.
static throng_status measure_all(making *m) {
  THRONG_TRY(making_begin(m));
  m->out->ranked = m->ranked.n;
  for (int k = 0; k < CONTENDER_COUNT; ++k) {
    if (!throng_report(m->progress, "evaluate", k, CONTENDER_COUNT, "contenders"))
      return throng_cancelled("evaluate");
    THRONG_TRY(measure_contender(m, k == 0 ? CONTENDER_OF_ENSEMBLE : k - 1));
  }
  for (int g = 0; g < STRATUM_COUNT; ++g) {
    m->out->groups.n[g] = m->groups.n[g];
    m->out->groups.users[g] = m->groups.users[g];
    m->out->groups.likes[g] = m->groups.likes[g];
  }
  return THRONG_OK;
}

throng_status fidelity_report_make(throng_backend *backend, const throng_world *world,
                                   const throng_sta *sta, const throng_votes_def *votes,
                                   const fidelity_report_def *def, const throng_progress *progress,
                                   fidelity_report **out) {
  questions q = {0};
  learned_rates rates = {0};
  const contender_task task = {&q, &rates, backend, world, sta, votes, def->seed};
  making m = {.task = &task, .def = def, .progress = progress};
  throng_status status;
  *out = NULL;
  THRONG_TRY_GOTO(throng_alloc((void **)&m.out, 1, sizeof *m.out, "fidelity"));
  m.out->def = *def;
  THRONG_TRY_GOTO(questions_make(world, def->split, def->users, def->seed, &q));
  THRONG_TRY_GOTO(questions_ask_some(&q, backend, world, sta, votes, def->seed,
                                     def->brief ? rule_asks(votes) : ~0u));
  THRONG_TRY_GOTO(learned_rates_make(world, def->split, def->seed, &rates));
  if (def->brief)
    fidelity_count(&task, &m.out->basic);
  else
    THRONG_TRY_GOTO(fidelity_measure(&task, progress, &m.out->basic));
  THRONG_TRY_GOTO(measure_all(&m));
  *out = m.out;
done:
  making_free(&m);
  learned_rates_free(&rates);
  questions_free(&q);
  if (status != THRONG_OK) free(m.out);
  return status;
}
