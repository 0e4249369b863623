/// Yardsticks as launches of the kernels in kernels/yardstick/.
#include "evaluate/yardsticks.h"

#include <stdlib.h>
#include <string.h>

#include "evaluate/bandits.h"
#include "evaluate/planner.h"
#include "kernels/list.h"

static const struct {
  const char *key, *title;
} name[THRONG_YARDSTICK_COUNT] = {
    [THRONG_YARDSTICK_RANDOM] = {"random", "random"},
    [THRONG_YARDSTICK_POPULAR] = {"popular", "popular"},
    [THRONG_YARDSTICK_MOST_SIMILAR] = {"most_similar", "most similar"},
    [THRONG_YARDSTICK_MYOPIC] = {"myopic", "myopic"},
    [THRONG_YARDSTICK_PLANNER] = {"planner", "planner"},
    [THRONG_YARDSTICK_LINUCB] = {"linucb", "LinUCB"},
    [THRONG_YARDSTICK_THOMPSON] = {"thompson", "Thompson sampling"},
};

const char *throng_yardstick_name(throng_yardstick yardstick) {
  return (unsigned)yardstick < THRONG_YARDSTICK_COUNT ? name[yardstick].key : "unknown";
}
const char *yardstick_title(throng_yardstick yardstick) {
  return (unsigned)yardstick < THRONG_YARDSTICK_COUNT ? name[yardstick].title : "unknown";
}
bool yardstick_find(const char *key, throng_yardstick *out) {
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
    if (!strcmp(key, name[k].key)) {
      *out = (throng_yardstick)k;
      return true;
    }
  return false;
}
bool yardstick_searches(throng_yardstick yardstick) {
  return yardstick == THRONG_YARDSTICK_MOST_SIMILAR || yardstick == THRONG_YARDSTICK_MYOPIC ||
         yardstick >= THRONG_YARDSTICK_PLANNER;
}

struct yardsticks {
  throng_sim *sim;
  int32_t most, n_tile;
  tensor_set set;
  int32_t *tile_item;           // (n_lane, n_tile, most)
  yardstick_value *tile_value;  // (n_lane, n_tile, most)
  int32_t *best;                // (n_lane, most)
  yardstick_value *best_value;  // (n_lane, most)
  int32_t *order;               // (n_item) most liked first
  struct ranked {               // what the planner plans with, where it plays
    planner *planner;
    yardsticks *ranking;  // of planner_ranked items
  } plans;
  bandits *bandits;  // where they play
};

typedef struct liked {
  int64_t likes;
  int32_t item;
} liked;

static int most_liked_first(const void *a, const void *b) {
  const liked *x = a, *y = b;
  if (x->likes != y->likes) return x->likes < y->likes ? 1 : -1;
  return (x->item > y->item) - (x->item < y->item);
}

/// Items by their likes in the real histories.
static throng_status upload_order(yardsticks *p) {
  const throng_world *world = p->sim->world;
  size_t n = (size_t)world->n_item;
  void *count_block, *order_block;
  THRONG_TRY(throng_alloc(&count_block, n, sizeof(liked), "items by popularity"));
  throng_status status = throng_alloc(&order_block, n, sizeof(int32_t), "items by popularity");
  liked *count = count_block;
  if (status == THRONG_OK) {
    int32_t *order = order_block;
    for (size_t i = 0; i < n; ++i) count[i].item = (int32_t)i;
    for (int64_t k = 0; k < world->n_interaction; ++k)
      count[world->history_item[k]].likes += world->history_like[k] != 0;
    qsort(count, n, sizeof *count, most_liked_first);
    for (size_t i = 0; i < n; ++i) order[i] = count[i].item;
    status = p->sim->backend->ops->upload(p->sim->backend, p->order, order, n * sizeof *order);
    free(order);
  }
  free(count);
  return status;
}

static throng_status register_arrays(yardsticks *p) {
  int64_t n_lane = p->sim->n_lane, most = p->most;
  int64_t value_bytes = (int64_t)sizeof(yardstick_value);
  THRONG_TRY(tensors_add(&p->set, &p->tile_item, TENSOR_I32, TENSOR_SHAPE(n_lane, p->n_tile, most),
                         "tile_item"));
  THRONG_TRY(tensors_add(&p->set, &p->tile_value, TENSOR_U8,
                         TENSOR_SHAPE(n_lane, p->n_tile, most, value_bytes), "tile_value"));
  THRONG_TRY(tensors_add(&p->set, &p->best, TENSOR_I32, TENSOR_SHAPE(n_lane, most), "best"));
  THRONG_TRY(tensors_add(&p->set, &p->best_value, TENSOR_U8,
                         TENSOR_SHAPE(n_lane, most, value_bytes), "best_value"));
  THRONG_TRY(
      tensors_add(&p->set, &p->order, TENSOR_I32, TENSOR_SHAPE(p->sim->world->n_item), "order"));
  return tensors_allocate(&p->set, p->sim->backend, "rankings of the yardsticks");
}

throng_status yardsticks_create(throng_sim *sim, int32_t most, yardsticks **out) {
  *out = NULL;
  if (most < 1 || most > sim->world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "a ranking of %d items asked of a catalogue of %lld",
                       most, (long long)sim->world->n_item);
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(yardsticks), "yardsticks"));
  yardsticks *p = block;
  p->sim = sim;
  p->most = most > sim->def.slate_size ? most : sim->def.slate_size;
  p->n_tile = (int32_t)((sim->world->n_item + YARDSTICK_TILE - 1) / YARDSTICK_TILE);
  throng_status status = register_arrays(p);
  if (status == THRONG_OK) status = upload_order(p);
  if (status != THRONG_OK) {
    yardsticks_free(p);
    return status;
  }
  *out = p;
  return THRONG_OK;
}

throng_status yardsticks_add_planner(yardsticks *p, const throng_evaluation_def *def) {
  if (!p->plans.planner) THRONG_TRY(planner_create(p->sim, def, &p->plans.planner));
  if (p->plans.ranking) return THRONG_OK;
  const int32_t ranked = planner_ranked(p->plans.planner);
  return yardsticks_create(p->sim, ranked > p->most ? ranked : p->most, &p->plans.ranking);
}

throng_status yardsticks_add_bandits(yardsticks *p, const throng_evaluation_def *def) {
  return p->bandits ? THRONG_OK : bandits_create(p->sim, def, p->most, &p->bandits);
}

void yardsticks_free(yardsticks *p) {
  if (!p) return;
  bandits_free(p->bandits);
  yardsticks_free(p->plans.ranking);
  planner_free(p->plans.planner);
  tensors_free(&p->set);
  free(p);
}

/// Ask the simulator about every item: search the tiles, then join them.
static throng_status search(yardsticks *p, throng_yardstick yardstick, int32_t top, int32_t *best) {
  throng_sim *sim = p->sim;
  yardstick_search_args tiles = {
      .sim = sim_make_args(sim),
      .yardstick = (int32_t)yardstick,
      .n_tile = p->n_tile,
      .top = top,
      .item = p->tile_item,
      .value = p->tile_value,
  };
  if (sim->sta) {
    tiles.sta = sim->sta->view;
    tiles.sta_query = sim->sta_query;
  }
  THRONG_TRY(
      BACKEND_LAUNCH(sim->backend, yardstick_search, (int64_t)sim->n_lane * p->n_tile, &tiles));
  yardstick_merge_args merge = {
      .n_tile = p->n_tile,
      .top = top,
      .item = p->tile_item,
      .value = p->tile_value,
      .best = best,
      .best_value = p->best_value,
  };
  return BACKEND_LAUNCH(sim->backend, yardstick_merge, sim->n_lane, &merge);
}

/// The first items of the best plans, and after them those that the myopic policy would show.
static throng_status plan(yardsticks *p, int32_t top, int32_t *best) {
  yardsticks *ranking = p->plans.ranking;
  int32_t *ranked, *chosen;
  if (!ranking)
    return throng_fail(THRONG_ERROR_ARGUMENT, "planner: these yardsticks were made without");
  const int32_t n_ranked = ranking->most;
  THRONG_TRY(yardsticks_rank(ranking, THRONG_YARDSTICK_MYOPIC, n_ranked, &ranked));
  THRONG_TRY(planner_choose(p->plans.planner, ranked, n_ranked, &chosen));
  plan_order_args order = {
      .n_ranked = n_ranked, .top = top, .ranked = ranked, .chosen = chosen, .best = best};
  return BACKEND_LAUNCH(p->sim->backend, plan_order, p->sim->n_lane, &order);
}

static throng_status rank_into(yardsticks *p, throng_yardstick yardstick, int32_t top,
                               int32_t *best) {
  throng_sim *sim = p->sim;
  switch (yardstick) {
    case THRONG_YARDSTICK_RANDOM: {
      yardstick_random_args a = {.sim = sim_make_args(sim), .top = top, .best = best};
      return BACKEND_LAUNCH(sim->backend, yardstick_random, sim->n_lane, &a);
    }
    case THRONG_YARDSTICK_POPULAR: {
      yardstick_popular_args a = {
          .sim = sim_make_args(sim), .top = top, .order = p->order, .best = best};
      return BACKEND_LAUNCH(sim->backend, yardstick_popular, sim->n_lane, &a);
    }
    case THRONG_YARDSTICK_MOST_SIMILAR:
    case THRONG_YARDSTICK_MYOPIC: return search(p, yardstick, top, best);
    case THRONG_YARDSTICK_PLANNER: return plan(p, top, best);
    case THRONG_YARDSTICK_LINUCB:
    case THRONG_YARDSTICK_THOMPSON:
      if (p->bandits) return bandits_rank(p->bandits, yardstick, top, best);
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s: these yardsticks were made without",
                         yardstick_title(yardstick));
    case THRONG_YARDSTICK_COUNT: break;
  }
  return throng_fail(THRONG_ERROR_ARGUMENT, "yardstick: %d is none", (int)yardstick);
}

static throng_status check_top(const yardsticks *p, int32_t top) {
  if (top >= 1 && top <= p->most) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "a ranking of %d items is not in 1..%d", top, p->most);
}

throng_status yardsticks_rank(yardsticks *p, throng_yardstick yardstick, int32_t top,
                              int32_t **best) {
  THRONG_TRY(check_top(p, top));
  *best = p->best;
  return rank_into(p, yardstick, top, p->best);
}

throng_status yardsticks_act(yardsticks *p, throng_yardstick yardstick) {
  return rank_into(p, yardstick, p->sim->def.slate_size, p->sim->action);
}
