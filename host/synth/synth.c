/// throng_synth: a world with planted tastes, for demonstrations, tests and benchmarks. Nothing in
/// it is real; its numbers say how well a learner finds what was hidden.
#include "synth/synth.h"
#include "base/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

throng_synth_def throng_default_synth_def(void) {
  return (throng_synth_def){
      .n_user = 15000,
      .n_item = 10000,
      .n_category = 40,
      .n_keyword = 2000,
      .dim = 128,
      .n_taste = 24,
      .history_mean = 40,
      .noise = 0.1f,
      .seed = 1,
      .cookie = THRONG_COOKIE,
  };
}

static throng_status check_range(const char *field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "synth: %s is %lld, expected %lld to %lld", field,
                     (long long)value, (long long)least, (long long)most);
}

static throng_status check_def(const throng_synth_def *def) {
  const int32_t most = 100000000;
  if (!def || def->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "throng_synth_def: start from throng_default_synth_def()");
  THRONG_TRY(check_range("n_taste", def->n_taste, 4, 1000));
  THRONG_TRY(check_range("n_category", def->n_category, 1, 100000));
  int32_t least = def->n_taste > def->n_category ? def->n_taste : def->n_category;
  THRONG_TRY(check_range("n_item (at least one for each taste and category)", def->n_item,
                         least > 10 ? least : 10, most));
  THRONG_TRY(check_range("n_user", def->n_user, 1, most));
  THRONG_TRY(check_range("n_keyword (at least 8 for each taste)", def->n_keyword,
                         (int64_t)8 * def->n_taste, 10000000));
  THRONG_TRY(check_range("dim", def->dim, 2, 4096));
  THRONG_TRY(check_range("history_mean", def->history_mean, 5, 10000));
  if (def->noise >= 0 && def->noise <= 1) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "synth: noise is %g, expected 0 to 1",
                     (double)def->noise);
}

void synth_plan_free(synth_plan *plan) {
  free(plan->praise);
  free(plan->complaint);
  free(plan->main_taste);
  free(plan->second_taste);
  free(plan->quality_shift);
  free(plan->taste_item);
  free(plan->taste_offset);
  free(plan->popularity);
  *plan = (synth_plan){0};
}

#define ALLOCATE(pointer, count) \
  THRONG_TRY(                    \
      throng_alloc((void **)&(pointer), (size_t)(count), sizeof *(pointer), "synthetic world"))

static throng_status allocate(const throng_synth_def *def, synth_plan *plan, throng_world *w) {
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
  if (asprintf(out, "synthetic: %d tastes, noise %g, seed %u", def->n_taste, (double)def->noise,
               def->seed) >= 0)
    return THRONG_OK;
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "synthetic world: no memory");
}

static throng_status fill(synth_plan *plan, throng_world *w, const throng_progress *progress) {
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
  world_item_embeddings(w);
  THRONG_TRY(world_check(w, "synthetic world"));
  return world_finish(w);
}

throng_status synth_build(const throng_synth_def *def, const throng_progress *progress,
                          throng_world **out) {
  throng_world *world;
  *out = NULL;
  THRONG_TRY(check_def(def));
  synth_plan plan = {.def = *def};
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
