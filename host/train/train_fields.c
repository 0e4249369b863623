/// The options of a training run.
#include "train/train_fields.h"

#include "throng/train.h"

#define FIELD_DEF throng_train_def
static const field train_rows[] = {
    FIELD_I64("steps", steps, 2000000, 1, FIELD_LARGE, FIELD_SWEEPABLE, "user-steps"),
    FIELD_I64("evaluate_every", evaluate_every, 100000, 1, FIELD_LARGE, 0,
              "user-steps between evaluations"),
    FIELD_I64("checkpoint_every", checkpoint_every, 500000, 1, FIELD_LARGE, 0,
              "user-steps between checkpoints"),
    FIELD_BOOL("yardsticks", yardsticks, true, 0,
               "evaluate random, popular, most-similar and the myopic policy too; the planner: see "
               "evaluation.planner"),
    FIELD_BOOL("resume", resume, false, 0, "go on from the run folder's last good checkpoint"),
    FIELD_PATH("out", out, NULL, "run folder, made where missing"),
};
#undef FIELD_DEF
const field_table train_fields = FIELD_TABLE("train", throng_train_def, train_rows);

throng_train_def throng_default_train_def(void) {
  throng_train_def def;
  fields_default(&train_fields, &def);
  def.evaluation = throng_default_evaluation_def();
  return def;
}
