/// Expectimax on scratch lanes: a simulator a level, whose lanes are the children of some of the
/// level before. A child is (node, item, answer).
#include "evaluate/exact_plan.h"

#include <stdlib.h>

#include "evaluate/planner.h"

/// A level's lanes and what is known of them, on the host.
typedef struct level {
  throng_sim *sim;
  int32_t n;  // lanes
  tensor_set set;
  int32_t *from;    // (n) on the backend: lane of the level before
  uint8_t *answer;  // (n) on the backend
  float *chance;    // (n) on the backend
  int32_t *host_from, *action;
  uint8_t *host_answer, *halted, *ended;
  float *host_chance;
  uint32_t *used;  // (n) items shown on the way, a bit each
  bool *live;      // (n) something can follow
  double *best, *myopic;
} level;

struct exact_plan {
  throng_sim *sim;
  int32_t n_item, steps;
  const int32_t *item;
  int32_t first;  // of the root
  level level[EXACT_MOST_STEPS + 1];
};

enum { LEVEL_LANES = 1024 };

static throng_status level_make(level *l, const throng_sim *sim, int32_t n) {
  const size_t all = (size_t)n;
  l->n = n;
  THRONG_TRY(planner_make_lanes(sim, n, &l->sim));
  THRONG_TRY(tensors_add(&l->set, &l->from, TENSOR_I32, TENSOR_SHAPE(n), "from"));
  THRONG_TRY(tensors_add(&l->set, &l->answer, TENSOR_U8, TENSOR_SHAPE(n), "answer"));
  THRONG_TRY(tensors_add(&l->set, &l->chance, TENSOR_F32, TENSOR_SHAPE(n), "chance"));
  THRONG_TRY(tensors_allocate(&l->set, sim->backend, "exact plans"));
#define TAKE(name) THRONG_TRY(throng_alloc((void **)&l->name, all, sizeof *l->name, "exact plans"))
  TAKE(host_from);
  TAKE(action);
  TAKE(host_answer);
  TAKE(halted);
  TAKE(ended);
  TAKE(host_chance);
  TAKE(used);
  TAKE(live);
  TAKE(best);
  TAKE(myopic);
#undef TAKE
  return THRONG_OK;
}

static void level_free(level *l) {
  throng_sim_close(l->sim);
  tensors_free(&l->set);
  free(l->host_from);
  free(l->action);
  free(l->host_answer);
  free(l->halted);
  free(l->ended);
  free(l->host_chance);
  free(l->used);
  free(l->live);
  free(l->best);
  free(l->myopic);
}

throng_status exact_plan_create(throng_sim *sim, int32_t n_item, int32_t steps, exact_plan **out) {
  void *block;
  throng_status status;
  *out = NULL;
  if (n_item < 1 || n_item > EXACT_MOST_ITEMS || steps < 1 || steps > EXACT_MOST_STEPS ||
      steps > n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "exact plan: %d steps of %d items; expected at most %d of %d, and no more "
                       "steps than items",
                       steps, n_item, EXACT_MOST_STEPS, EXACT_MOST_ITEMS);
  THRONG_TRY(planner_check(&sim->def));
  THRONG_TRY(throng_alloc(&block, 1, sizeof(exact_plan), "exact plans"));
  exact_plan *e = block;
  e->sim = sim;
  e->n_item = n_item;
  e->steps = steps;
  THRONG_TRY_GOTO(level_make(&e->level[0], sim, 1));
  for (int32_t k = 1; k <= steps; ++k) THRONG_TRY_GOTO(level_make(&e->level[k], sim, LEVEL_LANES));
  *out = e;
  return THRONG_OK;
done:
  exact_plan_free(e);
  return status;
}

void exact_plan_free(exact_plan *e) {
  if (!e) return;
  for (int32_t k = 0; k <= EXACT_MOST_STEPS; ++k) level_free(&e->level[k]);
  free(e);
}

/// Children of a node for each item: the liked one, then the disliked one. After the last step
/// nothing follows, and one is enough to ask for its chance.
static int32_t children_each(const exact_plan *e, int32_t depth) {
  return depth + 1 < e->steps ? 2 : 1;
}

/// Children of one node, by items that it has not shown.
static int32_t add_children(const exact_plan *e, int32_t depth, int32_t node, level *to,
                            int32_t n) {
  const int least = 2 - children_each(e, depth);
  for (int32_t i = 0; i < e->n_item; ++i) {
    const uint32_t used = e->level[depth].used[node];
    if (used >> i & 1u) continue;
    for (int like = 1; like >= least; --like, ++n) {
      to->host_from[n] = node;
      to->action[n] = e->item[i];
      to->host_answer[n] = (uint8_t)like;
      to->used[n] = used | 1u << i;
    }
  }
  return n;
}

/// Let the first `n` lanes of a level be the children that were added, and take their step.
static throng_status step_children(exact_plan *e, int32_t depth, int32_t n) {
  level *from = &e->level[depth], *to = &e->level[depth + 1];
  throng_backend *backend = e->sim->backend;
  const backend_ops *ops = backend->ops;
  const size_t all = (size_t)to->n;
  for (int32_t k = 0; k < to->n; ++k) {
    to->halted[k] = k >= n;
    if (k >= n) to->host_from[k] = -1;
  }
  THRONG_TRY(ops->upload(backend, to->from, to->host_from, all * sizeof *to->from));
  THRONG_TRY(ops->upload(backend, to->answer, to->host_answer, all));
  THRONG_TRY(ops->upload(backend, to->sim->halted, to->halted, all));
  THRONG_TRY(sim_gather_lanes(to->sim, from->sim, to->from));
  THRONG_TRY(ops->upload(backend, to->sim->action, to->action, (size_t)n * sizeof *to->action));
  THRONG_TRY(planner_answer(to->sim, to->answer, to->chance));
  if (depth + 1 < e->steps) THRONG_TRY(sim_transition_on_backend(to->sim));
  THRONG_TRY(ops->download(backend, to->host_chance, to->chance, all * sizeof *to->chance));
  THRONG_TRY(ops->download(backend, to->ended, to->sim->ended, all));
  for (int32_t k = 0; k < n; ++k) {
    const float reached = to->host_answer[k] ? to->host_chance[k] : 1.0f - to->host_chance[k];
    to->live[k] = reached > 0.0f && to->ended[k] == THRONG_END_NONE && depth + 1 < e->steps;
    to->halted[k] = !to->live[k];
  }
  if (depth + 1 == e->steps) return THRONG_OK;
  THRONG_TRY(ops->upload(backend, to->sim->halted, to->halted, all));
  return sim_advance_on_backend(to->sim);
}

/// Values of nodes from those of their children 0 .. n - 1, which stand node by node.
static void back_up(exact_plan *e, int32_t depth, int32_t n) {
  level *of = &e->level[depth];
  const level *child = &e->level[depth + 1];
  const double stay = 1.0 - (double)e->sim->def.leave_probability;
  const int32_t each = children_each(e, depth);
  float likeliest = -1.0f;
  for (int32_t k = 0; k < n; k += each) {
    const int32_t node = child->host_from[k], other = k + each - 1;
    const double p = (double)child->host_chance[k];
    const double best = p + stay * (p * child->best[k] + (1.0 - p) * child->best[other]);
    const double myopic = p + stay * (p * child->myopic[k] + (1.0 - p) * child->myopic[other]);
    if (k == 0 || child->host_from[k - 1] != node) {
      of->best[node] = -1.0;
      likeliest = -1.0f;
    }
    if (best > of->best[node]) {
      of->best[node] = best;
      if (depth == 0) e->first = child->action[k];
    }
    if (child->host_chance[k] > likeliest) {
      likeliest = child->host_chance[k];
      of->myopic[node] = myopic;
    }
  }
}

/// Values of the first `n` lanes of a level, by their children some nodes at a time.
static throng_status solve(exact_plan *e, int32_t depth, int32_t n) {
  level *of = &e->level[depth];
  level *to = &e->level[depth + 1];
  const int32_t each = children_each(e, depth) * (e->n_item - depth);
  for (int32_t node = 0; node < n;) {
    int32_t n_child = 0;
    for (; node < n && n_child + each <= to->n; ++node) {
      of->best[node] = of->myopic[node] = 0;
      if (of->live[node]) n_child = add_children(e, depth, node, to, n_child);
    }
    if (n_child == 0) continue;
    THRONG_TRY(step_children(e, depth, n_child));
    if (depth + 1 < e->steps) {
      THRONG_TRY(solve(e, depth + 1, n_child));
    } else {
      for (int32_t k = 0; k < n_child; ++k) to->best[k] = to->myopic[k] = 0;
    }
    back_up(e, depth, n_child);
  }
  return THRONG_OK;
}

throng_status exact_plan_solve(exact_plan *e, int32_t lane, const int32_t *item,
                               exact_values *out) {
  level *root = &e->level[0];
  const throng_sim *sim = e->sim;
  if (lane < 0 || lane >= sim->n_lane)
    return throng_fail(THRONG_ERROR_ARGUMENT, "exact plan: lane %d is not in 0..%d", lane,
                       sim->n_lane - 1);
  for (int32_t k = 0; k < e->n_item; ++k)
    if (item[k] < 0 || item[k] >= sim->world->n_item)
      return throng_fail(THRONG_ERROR_ARGUMENT, "exact plan: item %d is not in 0..%lld", item[k],
                         (long long)sim->world->n_item - 1);
  e->item = item;
  root->used[0] = 0;
  root->live[0] = true;
  THRONG_TRY(sim->backend->ops->upload(sim->backend, root->from, &lane, sizeof lane));
  THRONG_TRY(sim_gather_lanes(root->sim, sim, root->from));
  THRONG_TRY(solve(e, 0, 1));
  *out = (exact_values){root->best[0], root->myopic[0], e->first};
  return THRONG_OK;
}
