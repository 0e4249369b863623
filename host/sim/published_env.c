/// The first row of every item, found in a world's histories.
#include "sim/published_env.h"

#include <stdlib.h>

#include "sim/sim_fields.h"
#include "world/world.h"

throng_status published_env_check(const throng_sim_def *def) {
  if (def->environment == THRONG_ENVIRONMENT_SESSION) return THRONG_OK;
  THRONG_TRY(fields_check(&votes_fields, &def->votes));
  if (def->votes.semantics != THRONG_SEMANTICS_PUBLISHED_CODE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.environment: the released environment asks infer_user_interaction, "
                       "which is votes.semantics \"published-code\"");
  if (def->votes.rule != THRONG_RULE_MAJORITY)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.environment: the released environment joins votes by votes.rule "
                       "\"majority\", not \"%s\"",
                       throng_rule_name(def->votes.rule));
  if (def->slate_size != 1)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.environment: the released environment shows one item a step, not "
                       "sim.slate_size %d",
                       def->slate_size);
  return THRONG_OK;
}

/// Rows of `user` from before row `at` of the world: strictly earlier, as the released code asks.
static int32_t count_earlier(const throng_world *w, int32_t user, int64_t at) {
  int64_t k = w->user_offset[user];
  while (k < at && w->history_time[k] < w->history_time[at]) ++k;
  return (int32_t)(k - w->user_offset[user]);
}

/// The world's rows go by user; `by_time` prefers an earlier row of a later user. `first` (n_item)
/// is left as the row of each item, -1 where there is none.
static void find_first_rows(const throng_world *w, bool by_time, int64_t *first,
                            published_env *env) {
  for (int64_t i = 0; i < w->n_item; ++i) {
    first[i] = -1;
    env->reviewer[i] = -1;
  }
  for (int32_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u]; k < w->user_offset[u + 1]; ++k) {
      const int32_t item = w->history_item[k];
      const int64_t before = first[item];
      if (before >= 0 && !(by_time && w->history_time[k] < w->history_time[before])) continue;
      first[item] = k;
      env->reviewer[item] = u;
    }
  for (int64_t i = 0; i < w->n_item; ++i)
    if (first[i] >= 0) env->earlier[i] = count_earlier(w, env->reviewer[i], first[i]);
}

static throng_status upload(throng_backend *backend, int64_t n_item, published_env *env) {
  const size_t bytes = (size_t)n_item * sizeof(int32_t);
  THRONG_TRY(
      tensors_add(&env->set, &env->view.reviewer, TENSOR_I32, TENSOR_SHAPE(n_item), "reviewer"));
  THRONG_TRY(
      tensors_add(&env->set, &env->view.earlier, TENSOR_I32, TENSOR_SHAPE(n_item), "earlier"));
  THRONG_TRY(tensors_allocate(&env->set, backend, "first rows of the items"));
  THRONG_TRY(
      backend->ops->upload(backend, (void *)(uintptr_t)env->view.reviewer, env->reviewer, bytes));
  return backend->ops->upload(backend, (void *)(uintptr_t)env->view.earlier, env->earlier, bytes);
}

throng_status published_env_make(throng_backend *backend, const throng_world *world,
                                 throng_environment environment, published_env *out) {
  *out = (published_env){0};
  if (environment == THRONG_ENVIRONMENT_SESSION) return THRONG_OK;
  const size_t n = (size_t)world->n_item;
  int64_t *first = NULL;
  throng_status status;
  out->view.start_rows = PUBLISHED_START_ROWS;
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->reviewer, n, sizeof *out->reviewer, "first rows of the items"));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->earlier, n, sizeof *out->earlier, "first rows of the items"));
  THRONG_TRY_GOTO(throng_alloc((void **)&first, n, sizeof *first, "first rows of the items"));
  find_first_rows(world, environment == THRONG_ENVIRONMENT_PUBLISHED_BY_TIME, first, out);
  THRONG_TRY_GOTO(upload(backend, world->n_item, out));
done:
  free(first);
  if (status != THRONG_OK) published_env_free(out);
  return status;
}

void published_env_free(published_env *env) {
  tensors_free(&env->set);
  free(env->reviewer);
  free(env->earlier);
  *env = (published_env){0};
}
