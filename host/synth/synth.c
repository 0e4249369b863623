/// throng_synth: a world with planted tastes, for demonstrations, tests and benchmarks. Nothing in
/// it is real; its numbers say how well a learner finds what was hidden.
#include "synth/synth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "synth/synth_fields.h"
#include "synth/synth_truth.h"

/// What a Def's row cannot say: at least one item for each taste and category, 8 keywords a taste,
/// interactions that fit users and items.
static throng_status check_def(const throng_synth_def *def) {
  THRONG_TRY(fields_check(&synth_fields, def));
  int32_t least = def->n_taste > def->n_category ? def->n_taste : def->n_category;
  if (def->n_item < least)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "synth.items: %d, expected at least one for each of %d tastes and %d "
                       "categories",
                       def->n_item, def->n_taste, def->n_category);
  if (def->n_keyword < 8 * def->n_taste)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "synth.keywords: %d, expected at least 8 for each of %d tastes",
                       def->n_keyword, def->n_taste);
  int64_t fewest = def->n_user > def->n_item ? def->n_user : def->n_item;
  int64_t most = (int64_t)def->n_user * (def->n_item / 2);
  if (def->n_interaction && (def->n_interaction < fewest || def->n_interaction > most))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "synth.interactions: %" PRId64 ", expected 0 or %" PRId64 " to %" PRId64
                       ": one for each of %d users and %d items, and half of the items for a user",
                       def->n_interaction, fewest, most, def->n_user, def->n_item);
  return THRONG_OK;
}

void synth_plan_free(synth_truth *plan) {
  free(plan->praise);
  free(plan->complaint);
  free(plan->main_taste);
  free(plan->second_taste);
  free(plan->quality_shift);
  free(plan->taste_item);
  free(plan->taste_offset);
  free(plan->popularity);
  *plan = (synth_truth){0};
}

#define ALLOCATE(pointer, count) \
  THRONG_TRY(                    \
      throng_alloc((void **)&(pointer), (size_t)(count), sizeof *(pointer), "synthetic world"))

static throng_status allocate(const throng_synth_def *def, synth_truth *plan, throng_world *w) {
  ALLOCATE(plan->praise, def->n_taste);
  ALLOCATE(plan->complaint, def->n_taste);
  ALLOCATE(plan->main_taste, def->n_item);
  ALLOCATE(plan->second_taste, def->n_item);
  ALLOCATE(plan->quality_shift, def->n_item);
  ALLOCATE(plan->taste_item, def->n_item);
  ALLOCATE(plan->taste_offset, def->n_taste + 1);
  ALLOCATE(plan->popularity, def->n_item);
  ALLOCATE(w->category_offset, def->n_item + 1);
  ALLOCATE(w->pos_offset, def->n_item + 1);
  ALLOCATE(w->neg_offset, def->n_item + 1);
  ALLOCATE(w->user_offset, def->n_user + 1);
  ALLOCATE(w->keyword_embedding, (int64_t)def->n_keyword * def->dim);
  ALLOCATE(w->embedding_pos, (int64_t)def->n_item * def->dim);
  ALLOCATE(w->embedding_neg, (int64_t)def->n_item * def->dim);
  return THRONG_OK;
}

static throng_status describe(const throng_synth_def *def, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  char later[64] = "";
  if (def->later_share > 0)
    snprintf(later, sizeof later, "; the last %g of each history kept apart", def->later_share);
  if (asprintf(out, "synthetic: %d tastes, noise %g, seed %u%s", def->n_taste, (double)def->noise,
               def->seed, later) >= 0)
    return THRONG_OK;
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "synthetic world: no memory");
}

static throng_status fill(synth_truth *plan, throng_world *w, const throng_progress *progress) {
  const throng_synth_def *def = &plan->def;
  w->n_user = def->n_user;
  w->n_item = def->n_item;
  w->n_category = def->n_category;
  w->n_keyword = def->n_keyword;
  w->dim = def->dim;
  w->has_time = true;
  w->like_threshold = 3;
  THRONG_TRY(describe(def, &w->source));
  THRONG_TRY(allocate(def, plan, w));
  THRONG_TRY(synth_make_keywords(plan, w));
  THRONG_TRY(synth_make_items(plan, w));
  THRONG_TRY(synth_make_users(plan, w, progress));
  THRONG_TRY(synth_cut_later(def, w));
  world_item_embeddings(w);
  THRONG_TRY(world_check(w, "synthetic world"));
  return world_finish(w);
}

throng_status synth_build(const throng_synth_def *def, const throng_progress *progress,
                          throng_world **out) {
  throng_world *world;
  *out = NULL;
  THRONG_TRY(check_def(def));
  synth_truth plan = {.def = *def};
  THRONG_TRY(throng_alloc((void **)&world, 1, sizeof *world, "synthetic world"));
  throng_status status = fill(&plan, world, progress);
  synth_plan_free(&plan);
  if (status == THRONG_OK)
    *out = world;
  else
    throng_world_close(world);
  return status;
}

throng_status throng_synth(const throng_synth_def *def, const char *path,
                           const throng_progress *progress) {
  throng_world *world;
  THRONG_TRY(synth_build(def, progress, &world));
  throng_status status = THRONG_OK;
  if (!throng_report(progress, "write world", 0, 1, "files"))
    status = throng_cancelled("write world");
  else
    status = throng_world_save(world, path);
  throng_world_close(world);
  return status;
}
