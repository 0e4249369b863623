/// The options of an evaluation.
#include "evaluate/evaluation_fields.h"

#include "kernels/list.h"
#include "throng/evaluate.h"

static const char *const planner_names[] = {
    [THRONG_PLANNER_AUTO] = "auto", [THRONG_PLANNER_ON] = "on", [THRONG_PLANNER_OFF] = "off", NULL};

#define FIELD_DEF throng_evaluation_def
static const field evaluation_rows[] = {
    FIELD_I32("episodes", episodes, 512, 1, 1048576, 0, "sessions of an evaluation"),
    FIELD_SEED("seed", seed, 1000003, 0, "seed of evaluations, apart from training's"),
    FIELD_I32("top", top, 10, 1, 1000, 0, "items that Liking% asks about"),
    FIELD_ENUM("planner", throng_planner, planner, planner_names, THRONG_PLANNER_AUTO, 0,
               "the yardstick that looks ahead; auto: where users change with what they are shown"),
    FIELD_I32("planner_width", planner_width, 8, 1, PLAN_MOST_WIDTH, 0,
              "plans that its beam keeps"),
    FIELD_I32("planner_depth", planner_depth, 6, 1, 64, 0, "steps that it looks ahead"),
    FIELD_I32("planner_candidates", planner_candidates, 16, 1, PLAN_MOST_CANDIDATES, 0,
              "items that a plan is made of"),
    FIELD_BOOL("bandits", bandits, false, 0,
               "LinUCB and Thompson sampling play too: linear bandits over the two_tower network's "
               "features"),
    FIELD_I64("bandit_steps", bandit_steps, 20000, 1, FIELD_LARGE, 0,
              "user-steps that each bandit learns from before it plays"),
    FIELD_F32("bandit_alpha", bandit_alpha, 0.5, 0, 1e3, 0,
              "deviations by which LinUCB is optimistic and Thompson sampling draws"),
};
#undef FIELD_DEF
const field_table evaluation_fields =
    FIELD_TABLE("train.evaluation", throng_evaluation_def, evaluation_rows);

throng_evaluation_def throng_default_evaluation_def(void) {
  throng_evaluation_def def;
  fields_default(&evaluation_fields, &def);
  return def;
}
