/// The variants of ablation and cost.
#include "experiment/variants.h"

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

throng_votes_def experiment_variant_votes(const experiment_variant *v,
                                          const throng_votes_def *votes) {
  throng_votes_def def = *votes;
  def.rule = v->rule;
  if (v->rule == THRONG_RULE_PROBABILITY) memcpy(def.weights, v->weights, sizeof def.weights);
  return def;
}

bool experiment_variant_possible(const experiment_variant *v, const fidelity *f) {
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (v->weights[k] > 0 && !f->measured[k]) return false;
  return true;
}

const classification *experiment_variant_measure(const experiment_variant *v, const fidelity *f) {
  int n = 0, last = 0;
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (v->weights[k] > 0) ++n, last = k;
  return n == 1 ? &f->vote[last] : &f->rule[v->rule];
}
