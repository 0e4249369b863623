/// The options of a synthetic world.
#include "synth/synth_fields.h"

#include "throng/world.h"

#define FIELD_DEF throng_synth_def
static const field synth_rows[] = {
    FIELD_I32("users", n_user, 15000, 1, 100000000, 0, "users"),
    FIELD_I32("items", n_item, 10000, 10, 100000000, 0, "items"),
    FIELD_I32("categories", n_category, 40, 1, 100000, 0, "categories"),
    FIELD_I32("keywords", n_keyword, 2000, 32, 10000000, 0, "distinct keywords"),
    FIELD_I32("dim", dim, 128, 2, 4096, 0, "length of the embeddings"),
    FIELD_I32("tastes", n_taste, 24, 4, 1000, 0,
              "latent tastes that users and items are drawn from"),
    FIELD_I32("history_mean", history_mean, 40, 5, 10000, 0, "mean interactions a user"),
    FIELD_I64("interactions", n_interaction, 0, 0, FIELD_LARGE, 0,
              "interactions in all, one a user and an item at the least (0: by history_mean)"),
    FIELD_F32("noise", noise, 0.1, 0, 1, 0, "share of answers that ignore the taste"),
    FIELD_SEED("seed", seed, 1, FIELD_FOLLOWS_SEED,
               "seed of the synthetic world; follows train.seed unless given"),
    FIELD_F64("later_share", later_share, 0, 0, 0.9, 0,
              "of each user's interactions, the last ones, that no history and no fit sees and "
              "throng evaluate asks about; 0: none"),
    FIELD_I32("later_least", later_least, 8, 2, 1000000, 0,
              "users with fewer interactions have no later part"),
};
#undef FIELD_DEF
const field_table synth_fields = FIELD_TABLE("synth", throng_synth_def, synth_rows);

throng_synth_def throng_default_synth_def(void) {
  throng_synth_def def;
  fields_default(&synth_fields, &def);
  return def;
}
