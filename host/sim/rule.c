/// The rules by name, and which votes each asks.
#include "sim/rule.h"

#include <math.h>

#include "sim/sim_fields.h"
#include "sta/sta.h"

static const struct rule_row {
  const char *help;
  unsigned votes;
  float threshold;
  int32_t equal;
  bool draws;
} rows[THRONG_RULE_COUNT] = {
#define X(ID, name, votes, threshold, equal, draws, help) \
  [THRONG_RULE_##ID] = {help, votes, threshold, equal, draws},
    RULES(X)
#undef X
};

const char *const rule_names[THRONG_RULE_COUNT + 1] = {
#define X(ID, name, ...) [THRONG_RULE_##ID] = name,
    RULES(X)
#undef X
};

static const char *const vote_names[THRONG_VOTE_COUNT] = {
#define X(name, ID, title) #name,
    THRONG_VOTES(X)
#undef X
};

static const char *const vote_titles[THRONG_VOTE_COUNT] = {
#define X(name, ID, title) title,
    THRONG_VOTES(X)
#undef X
};

const char *throng_rule_name(throng_rule rule) {
  return (unsigned)rule < THRONG_RULE_COUNT ? rule_names[rule] : NULL;
}
const char *throng_vote_name(throng_vote_id vote) {
  return (unsigned)vote < THRONG_VOTE_COUNT ? vote_names[vote] : NULL;
}
const char *throng_vote_title(throng_vote_id vote) {
  return (unsigned)vote < THRONG_VOTE_COUNT ? vote_titles[vote] : NULL;
}

const char *rule_help(throng_rule rule) { return rows[rule].help; }

int rule_single_vote(throng_rule rule) {
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (rows[rule].votes == VOTE_BIT(k)) return k;
  return -1;
}

bool rule_draws(const throng_votes_def *def) {
  if (def->rule == THRONG_RULE_CALIBRATED) return def->answer == THRONG_ANSWER_DRAW;
  return rows[def->rule].draws || rows[def->rule].equal == RULE_EQUAL_COIN;
}

/// Weight of vote `k` in the sum or mean.
static float weight_of(const throng_votes_def *def, int k) {
  const unsigned votes = rows[def->rule].votes;
  return votes ? (float)((votes >> k) & 1u) : def->weights[k];
}

unsigned rule_asks(const throng_votes_def *def) {
  unsigned asked = 0;
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (weight_of(def, k) != 0) asked |= VOTE_BIT(k);
  if (def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE && !rows[def->rule].draws)
    asked &= ~VOTE_BIT(THRONG_VOTE_F_STA);
  return asked;
}

bool rule_takes_sta(const throng_votes_def *def) {
  return rule_asks(def) & (VOTE_BIT(THRONG_VOTE_F_STA) | VOTE_BIT(THRONG_VOTE_F_CAL));
}

vote_rule vote_make_rule(const throng_votes_def *def, const throng_sta *sta,
                         const vote_models *models) {
  const struct rule_row *row = &rows[def->rule];
  const bool published = def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  vote_rule rule = {
      .semantics = (int32_t)def->semantics,
      .similarity = (int32_t)def->similarity,
      .threshold = row->votes ? row->threshold : def->weight_threshold,
      .equal = row->equal == RULE_EQUAL_COIN && published ? RULE_EQUAL_DISLIKES : row->equal,
      .draws = row->draws,
      .sta_threshold = sta ? sta->def.threshold : 0.5f,
      .has_sta = sta != NULL,
  };
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) rule.weights[k] = weight_of(def, k);
  rule.by_threshold = def->rule == THRONG_RULE_CALIBRATED && def->answer == THRONG_ANSWER_THRESHOLD;
  rule.leaves_own = (rule_asks(def) & VOTE_BIT(THRONG_VOTE_F_CAL)) != 0;
  if (models) vote_models_show(models, &rule);
  return rule;
}

double rule_score(const vote_rule *rule, const throng_vote *v, const vote_further *further) {
  double sum = 0, total = 0;
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const double weight = (double)rule->weights[k];
    sum += weight * (rule->draws ? vote_score_double(v, further, k) : vote_hard(v, further, k));
    total += weight;
  }
  return total > 0 ? fmin(fmax(sum / total, 0), 1) : 0.5;
}

throng_status votes_check(const throng_votes_def *def, const throng_world *world,
                          const throng_sta *sta) {
  THRONG_TRY(fields_check(&votes_fields, def));
  if (def->similarity == THRONG_SIMILARITY_MEAN &&
      def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "votes.similarity: the published code knows the nearest item only; use "
                       "\"max\", or semantics \"paper\"");
  if (rows[def->rule].draws && rule_asks(def) == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "votes.weights: all are 0, so rule %s has no mean to draw with",
                       rule_names[def->rule]);
  if (!sta && rule_asks(def) & VOTE_BIT(THRONG_VOTE_F_STA))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "votes.rule asks for the statistical vote and no f_sta was given: fit one, "
                       "or choose a rule without it (f_mat, f_sim, logical)");
  return sta ? sta_check_world(sta, world) : THRONG_OK;
}
