/// How votes are made and joined: the options.
#include "sim/rule.h"
#include "sim/sim_fields.h"

static const char *const similarity_names[] = {"max", "mean", NULL};
static const char *const answer_names[] = {"draw", "threshold", NULL};
static const char *const semantics_names[] = {"paper", "published-code", NULL};

#define FIELD_DEF throng_votes_def
static const field votes_rows[] = {
    FIELD_ENUM(
        "semantics", throng_semantics, semantics, semantics_names, THRONG_SEMANTICS_PAPER,
        FIELD_SWEEPABLE,
        "paper: the equations; published-code: the authors' released infer_user_interaction bit "
        "for "
        "bit; their predict applies the sigmoid twice, so that its statistical vote is always 1 "
        "(their environment around it: sim.environment)"),
    FIELD_ENUM("rule", throng_rule, rule, rule_names, THRONG_RULE_MAJORITY, FIELD_SWEEPABLE,
               RULES_HELP),
    FIELD_ENUM(
        "similarity", throng_similarity, similarity, similarity_names, THRONG_SIMILARITY_MAX,
        FIELD_SWEEPABLE,
        "max: the nearest past item that counts (the paper); mean: the mean of all past items"),
    FIELD_ENUM("answer", throng_answer, answer, answer_names, THRONG_ANSWER_DRAW, FIELD_SWEEPABLE,
               "rule calibrated: draw: the answer is drawn with the probability; threshold: a like "
               "from the probability on at which as many like as really do"),
    FIELD_BOOL(
        "factors", factors, false, FIELD_SWEEPABLE,
        "rule calibrated: weigh the factors of a matrix factorisation of the histories too: worth "
        "something where histories are long"),
    FIELD_F32S_FROM("weights", weights, THRONG_VOTE_IN_RECORD, THRONG_VOTE_COUNT, 0, 1e6,
                    FIELD_SWEEPABLE, WEIGHTS_HELP, WEIGHTS_USUAL),
    FIELD_F32("weight_threshold", weight_threshold, 1.5, -1e9, 1e9, FIELD_SWEEPABLE,
              "what the weighted votes must reach (rule weighted)"),
    FIELD_I64("table_bytes", table_bytes, 4294967296.0, 0, FIELD_LARGE, FIELD_NOT_IDENTITY,
              "budget of the item-item table in bytes; 0: never build one"),
};
#undef FIELD_DEF
const field_table votes_fields = FIELD_TABLE("votes", throng_votes_def, votes_rows);

throng_votes_def throng_default_votes_def(void) {
  throng_votes_def def;
  fields_default(&votes_fields, &def);
  return def;
}
