/// The options of an evaluation.
#include "evaluate/evaluation_fields.h"

#include "throng/evaluate.h"

#define FIELD_DEF throng_evaluation_def
static const field evaluation_rows[] = {
    FIELD_I32("episodes", episodes, 512, 1, 1048576, 0, "sessions of an evaluation"),
    FIELD_SEED("seed", seed, 1000003, 0, "seed of evaluations, apart from training's"),
    FIELD_I32("top", top, 10, 1, 1000, 0, "items that Liking% asks about"),
};
#undef FIELD_DEF
const field_table evaluation_fields =
    FIELD_TABLE("train.evaluation", throng_evaluation_def, evaluation_rows);

throng_evaluation_def throng_default_evaluation_def(void) {
  throng_evaluation_def def;
  fields_default(&evaluation_fields, &def);
  return def;
}
