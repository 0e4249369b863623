/// The variants of the experiments, and their measures.
#include "experiment/variants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
const experiment_variant experiment_variants[] = {
    {"f_mat", THRONG_RULE_F_MAT, {1}},
    {"f_sim", THRONG_RULE_F_SIM, {0, 1}},
    {"f_sta", THRONG_RULE_F_STA, {0, 0, 1}},
    {"f_pop", THRONG_RULE_F_POP, {0, 0, 0, 1}},
    {"f_mat+f_sim", THRONG_RULE_PROBABILITY, {1, 1}},
    {"f_mat+f_sta", THRONG_RULE_PROBABILITY, {1, 0, 1}},
    {"f_sim+f_sta", THRONG_RULE_PROBABILITY, {0, 1, 1}},
    {"logical", THRONG_RULE_LOGICAL, {1, 1}},
    {"majority", THRONG_RULE_MAJORITY, {1, 1, 1}},
    {"ensemble", THRONG_RULE_PROBABILITY, {1, 1, 1}},
    {"calibrated", THRONG_RULE_CALIBRATED, {[THRONG_VOTE_F_CAL] = 1}},
};
// clang-format on
const int experiment_variant_count = sizeof experiment_variants / sizeof *experiment_variants;

const experiment_variant *experiment_variant_find(const char *name) {
  for (int k = 0; k < experiment_variant_count; ++k)
    if (!strcmp(experiment_variants[k].name, name)) return &experiment_variants[k];
  return NULL;
}

throng_votes_def experiment_variant_votes(const experiment_variant *v,
                                          const throng_votes_def *votes) {
  throng_votes_def def = *votes;
  def.rule = v->rule;
  if (v->rule == THRONG_RULE_PROBABILITY) memcpy(def.weights, v->weights, sizeof def.weights);
  return def;
}

throng_status experiment_questions(const experiment_room *room, const throng_world *world,
                                   const throng_sta *sta, questions *out) {
  const bool later = throng_world_get_info(world).n_later > 0;
  const throng_sim_def *sim = &room->config->sim;
  throng_status status =
      questions_make(world, later ? FIDELITY_LATER : FIDELITY_TEST, 0, sim->seed, out);
  if (status == THRONG_OK && (out->likes == 0 || out->likes == out->n))
    status = throng_fail(THRONG_ERROR_DATA,
                         "%s: all %lld answers that the votes are asked about are %s, so nothing "
                         "tells a good vote from a bad one; a dataset.like_threshold that leaves "
                         "both kinds would help",
                         room->name, (long long)out->n, out->likes ? "likes" : "dislikes");
  if (status == THRONG_OK)
    status = questions_ask(out, room->backend, world, sta, &sim->votes, sim->seed);
  if (status != THRONG_OK) questions_free(out);
  return status;
}

const char *experiment_variant_missing(const experiment_variant *v, const questions *q) {
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    if (v->weights[k] == 0 || q->measured[k]) continue;
    return k < THRONG_VOTE_IN_RECORD ? "there are no weights of f_sta; a votes.rule that asks it, "
                                       "as calibrated does, has them fitted"
                                     : q->missing[k - THRONG_VOTE_IN_RECORD];
  }
  return NULL;
}

bool experiment_variant_possible(const experiment_room *room, const experiment_variant *v,
                                 const questions *q) {
  const char *missing = experiment_variant_missing(v, q);
  if (missing) throng_note(room->progress, "%s is left out: %s", v->name, missing);
  return !missing;
}

typedef struct asked {
  double *score, *hard;
  uint8_t *answer, *drawn;
  int32_t *slot;
} asked;

/// Scores are those of the rule that draws, answers those of the variant's own.
static throng_status answer(const experiment_room *room, const throng_world *world,
                            const throng_sta *sta, const experiment_variant *v, const questions *q,
                            asked *a) {
  const throng_sim_def *sim = &room->config->sim;
  const throng_votes_def rule = experiment_variant_votes(v, &sim->votes);
  throng_votes_def mean = rule;
  mean.rule = THRONG_RULE_PROBABILITY;
  memcpy(mean.weights, v->weights, sizeof mean.weights);
  const size_t n = (size_t)q->n;
#define TAKE(name) THRONG_TRY(throng_alloc((void **)&a->name, n, sizeof *a->name, "questions"))
  TAKE(score);
  TAKE(hard);
  TAKE(answer);
  TAKE(drawn);
  TAKE(slot);
#undef TAKE
  for (int64_t i = 1; i < q->n; ++i) a->slot[i] = a->slot[i - 1] + (q->user[i] != q->user[i - 1]);
  THRONG_TRY(questions_join(q, room->backend, world, sta, &mean, sim->seed, a->drawn, a->score));
  return questions_join(q, room->backend, world, sta, &rule, sim->seed, a->answer, a->hard);
}

throng_status experiment_variant_measure(const experiment_room *room, const throng_world *world,
                                         const throng_sta *sta, const experiment_variant *v,
                                         const questions *q, double value[MEASURE_COUNT]) {
  asked a = {0};
  throng_status status = answer(room, world, sta, v, q, &a);
  if (status == THRONG_OK) {
    const measured_answers answers = {.n = q->n,
                                      .n_user = q->n ? a.slot[q->n - 1] + 1 : 0,
                                      .slot = a.slot,
                                      .label = q->label,
                                      .rating = q->rating,
                                      .score = a.score,
                                      .answer = a.answer,
                                      .rating_of = {(double)NAN, (double)NAN}};
    measures m;
    status = measures_take(&answers, 0, NULL, 0, 1, NULL, &m);
    if (status == THRONG_OK) {
      memcpy(value, m.value, sizeof m.value);
      measures_free(&m);
    }
  }
  free(a.score);
  free(a.hard);
  free(a.answer);
  free(a.drawn);
  free(a.slot);
  return status;
}

static throng_status add_row(experiment_room *room, const experiment_variant *v, const questions *q,
                             experiment_fill *fill) {
  experiment_row row = experiment_row_of(v->name, NULL, NULL);
  if (experiment_table_has(room->table, &row)) return THRONG_OK;
  if (!experiment_variant_possible(room, v, q)) return THRONG_OK;
  THRONG_TRY(fill(room, v, q, &row));
  return experiment_table_add(room->table, &row);
}

throng_status experiment_each_variant(experiment_room *room, experiment_fill *fill) {
  questions q = {0};
  throng_status status = experiment_questions(room, room->world, room->sta, &q);
  for (int k = 0; k < experiment_variant_count && status == THRONG_OK; ++k)
    status = add_row(room, &experiment_variants[k], &q, fill);
  questions_free(&q);
  return status;
}
