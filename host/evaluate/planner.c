/// The beam search of kernels/yardstick/yardstick_plan.h, some roots at a time.
#include "evaluate/planner.h"

#include <stdlib.h>

#include "kernels/list.h"
#include "sim/users.h"

enum { MOST_CHILDREN = 8192, RANKED = 256 };

struct planner {
  throng_sim *sim;  // for whose lanes it plans
  throng_sim *node, *child;
  int32_t width, depth, n_candidate, n_ranked;
  int32_t n_root;  // planned at a time
  tensor_set set;
  int32_t *lane;           // (n_root) of `sim`
  int32_t *alphabet;       // (n_root, n_candidate)
  plan_node *plan, *next;  // (n_root, width)
  int32_t *node_from, *child_from;
  float *chance;      // (n_child)
  float *best_value;  // (n_root)
  int32_t *best;      // (n_root)
  int32_t *chosen;    // (lanes of `sim`)
  // Host.
  int32_t *host_lane, *host_from, *host_best, *host_chosen;
  plan_node *host_plan;
  float *host_value;
  uint8_t *host_halted, *host_ended;
};

throng_status planner_check(const throng_sim_def *def) {
  if (def->slate_size > 1 || users_examine(&def->users))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "planner: it plans one item a step that users look at; sim.slate_size is "
                       "%d, and users.choice must be each",
                       def->slate_size);
  return THRONG_OK;
}

throng_status planner_make_lanes(const throng_sim *sim, int32_t lanes, throng_sim **out) {
  throng_sim_def def = sim->def;
  def.lanes = lanes;
  def.autoreset = false;
  def.seed ^= 0x9e3779b9u;
  THRONG_TRY(throng_sim_create(sim->backend, sim->world, sim->sta, &def, out));
  sim_stop_leaving_by_chance(*out);
  return THRONG_OK;
}

throng_status planner_answer(throng_sim *sim, const uint8_t *answer, float *chance) {
  yardstick_answer_args a = {
      .ask = {.sim = sim_make_args(sim), .yardstick = THRONG_YARDSTICK_MYOPIC},
      .answer = answer,
      .chance = chance};
  if (sim->sta) {
    a.ask.sta = sim->sta->view;
    a.ask.sta_query = sim->sta_query;
  }
  return BACKEND_LAUNCH(sim->backend, yardstick_answer, sim->n_lane, &a);
}

static throng_status register_arrays(planner *p) {
  const int64_t n_root = p->n_root, n_node = p->node->n_lane, n_child = p->child->n_lane;
#define ADD(name, type, ...) \
  THRONG_TRY(tensors_add(&p->set, &p->name, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #name))
  ADD(lane, I32, n_root);
  ADD(alphabet, I32, n_root, p->n_candidate);
  ADD(plan, U8, n_node, (int64_t)sizeof(plan_node));
  ADD(next, U8, n_node, (int64_t)sizeof(plan_node));
  ADD(node_from, I32, n_node);
  ADD(child_from, I32, n_child);
  ADD(chance, F32, n_child);
  ADD(best_value, F32, n_root);
  ADD(best, I32, n_root);
  ADD(chosen, I32, p->sim->n_lane);
#undef ADD
  return tensors_allocate(&p->set, p->sim->backend, "plans");
}

static throng_status take_host(planner *p) {
  const size_t n_root = (size_t)p->n_root, n_node = (size_t)p->node->n_lane;
  const size_t n_lane = (size_t)p->sim->n_lane;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&p->name, (count), sizeof *p->name, "plans"))
  TAKE(host_lane, n_root);
  TAKE(host_best, n_root);
  TAKE(host_value, n_root);
  TAKE(host_from, n_node);
  TAKE(host_plan, n_node);
  TAKE(host_halted, n_node);
  TAKE(host_chosen, n_lane);
  TAKE(host_ended, n_lane);
#undef TAKE
  return THRONG_OK;
}

throng_status planner_create(throng_sim *sim, const throng_evaluation_def *def, planner **out) {
  void *block;
  throng_status status;
  *out = NULL;
  THRONG_TRY(planner_check(&sim->def));
  THRONG_TRY(throng_alloc(&block, 1, sizeof(planner), "plans"));
  planner *p = block;
  const int64_t n_item = sim->world->n_item;
  p->sim = sim;
  p->width = def->planner_width;
  p->depth = def->planner_depth;
  p->n_ranked = n_item < RANKED ? (int32_t)n_item : (int32_t)RANKED;
  p->n_candidate = def->planner_candidates < p->n_ranked ? def->planner_candidates : p->n_ranked;
  const int32_t each = p->width * p->n_candidate;
  p->n_root = MOST_CHILDREN / each < 1 ? 1 : MOST_CHILDREN / each;
  if (p->n_root > sim->n_lane) p->n_root = sim->n_lane;
  THRONG_TRY_GOTO(planner_make_lanes(sim, p->n_root * p->width, &p->node));
  THRONG_TRY_GOTO(planner_make_lanes(sim, p->n_root * each, &p->child));
  THRONG_TRY_GOTO(register_arrays(p));
  THRONG_TRY_GOTO(take_host(p));
  *out = p;
  return THRONG_OK;
done:
  planner_free(p);
  return status;
}

void planner_free(planner *p) {
  if (!p) return;
  tensors_free(&p->set);
  throng_sim_close(p->node);
  throng_sim_close(p->child);
  free(p->host_lane);
  free(p->host_best);
  free(p->host_value);
  free(p->host_from);
  free(p->host_plan);
  free(p->host_halted);
  free(p->host_chosen);
  free(p->host_ended);
  free(p);
}

int32_t planner_ranked(const planner *p) { return p->n_ranked; }

/// The beams of roots 0 .. n - 1 hold one plan each, without an item: the lane as it is.
static throng_status plant(planner *p, int32_t n) {
  throng_backend *backend = p->sim->backend;
  const backend_ops *ops = backend->ops;
  const size_t n_node = (size_t)p->node->n_lane, n_root = (size_t)p->n_root;
  for (int32_t k = 0; k < p->node->n_lane; ++k) {
    const int32_t root = k / p->width;
    const bool used = root < n && k % p->width == 0;
    p->host_from[k] = used ? p->host_lane[root] : -1;
    p->host_halted[k] = !used;
    p->host_plan[k] = (plan_node){0.0f, used ? 1.0f : 0.0f, -1};
  }
  for (int32_t root = 0; root < p->n_root; ++root) {
    if (root >= n) p->host_lane[root] = 0;
    p->host_value[root] = -1.0f;
    p->host_best[root] = -1;
  }
  THRONG_TRY(ops->upload(backend, p->lane, p->host_lane, n_root * sizeof *p->lane));
  THRONG_TRY(ops->upload(backend, p->best, p->host_best, n_root * sizeof *p->best));
  THRONG_TRY(ops->upload(backend, p->best_value, p->host_value, n_root * sizeof *p->best_value));
  THRONG_TRY(ops->upload(backend, p->node_from, p->host_from, n_node * sizeof *p->node_from));
  THRONG_TRY(ops->upload(backend, p->plan, p->host_plan, n_node * sizeof *p->plan));
  THRONG_TRY(ops->upload(backend, p->node->halted, p->host_halted, n_node));
  return sim_gather_lanes(p->node, p->sim, p->node_from);
}

/// Try every item of the alphabet after every plan, and keep the best.
static throng_status grow(planner *p, int32_t n, int32_t depth) {
  throng_sim *node = p->node, *child = p->child;
  throng_backend *backend = p->sim->backend;
  plan_branch_args branch = {.node = sim_make_args(node),
                             .width = p->width,
                             .n_candidate = p->n_candidate,
                             .plan = p->plan,
                             .alphabet = p->alphabet,
                             .from = p->child_from,
                             .action = child->action,
                             .halted = child->halted};
  THRONG_TRY(BACKEND_LAUNCH(backend, plan_branch, child->n_lane, &branch));
  THRONG_TRY(sim_gather_lanes(child, node, p->child_from));
  // The gathered lanes' actions were those of before.
  THRONG_TRY(BACKEND_LAUNCH(backend, plan_branch, child->n_lane, &branch));
  THRONG_TRY(planner_answer(child, NULL, p->chance));
  THRONG_TRY(sim_transition_on_backend(child));
  plan_select_args select = {.width = p->width,
                             .n_candidate = p->n_candidate,
                             .depth = depth + 1,
                             .left = p->depth - depth - 1,
                             .stay = 1.0f - p->sim->def.leave_probability,
                             .max_steps = p->sim->def.max_steps,
                             .chance = p->chance,
                             .halted = child->halted,
                             .ended = child->ended,
                             .step = child->step,
                             .alphabet = p->alphabet,
                             .plan = p->plan,
                             .next = p->next,
                             .from = p->node_from,
                             .node_halted = node->halted,
                             .best_value = p->best_value,
                             .best = p->best};
  THRONG_TRY(BACKEND_LAUNCH(backend, plan_select, n, &select));
  p->next = p->plan;
  p->plan = select.next;
  THRONG_TRY(sim_gather_lanes(node, child, p->node_from));
  return sim_advance_on_backend(node);
}

/// Plans for the lanes in host_lane, n of them; their first items into host_chosen.
static throng_status plan_some(planner *p, const int32_t *ranked, int32_t n_ranked, int32_t n) {
  throng_backend *backend = p->sim->backend;
  if (n == 0) return THRONG_OK;
  THRONG_TRY(plant(p, n));
  plan_alphabet_args alphabet = {.world = p->sim->device.view,
                                 .n_ranked = n_ranked,
                                 .n_candidate = p->n_candidate,
                                 .ranked = ranked,
                                 .lane = p->lane,
                                 .alphabet = p->alphabet};
  THRONG_TRY(BACKEND_LAUNCH(backend, plan_alphabet, p->n_root, &alphabet));
  for (int32_t depth = 0; depth < p->depth; ++depth) THRONG_TRY(grow(p, n, depth));
  THRONG_TRY(
      backend->ops->download(backend, p->host_best, p->best, (size_t)n * sizeof *p->host_best));
  for (int32_t root = 0; root < n; ++root) p->host_chosen[p->host_lane[root]] = p->host_best[root];
  return THRONG_OK;
}

throng_status planner_choose(planner *p, const int32_t *ranked, int32_t n_ranked,
                             int32_t **chosen) {
  throng_sim *sim = p->sim;
  const backend_ops *ops = sim->backend->ops;
  const size_t n_lane = (size_t)sim->n_lane;
  int32_t n = 0;
  THRONG_TRY(ops->download(sim->backend, p->host_ended, sim->ended, n_lane));
  for (int32_t lane = 0; lane < sim->n_lane; ++lane) {
    p->host_chosen[lane] = -1;
    if (!sim->def.autoreset && p->host_ended[lane] != THRONG_END_NONE) continue;
    p->host_lane[n++] = lane;
    if (n < p->n_root) continue;
    THRONG_TRY(plan_some(p, ranked, n_ranked, n));
    n = 0;
  }
  THRONG_TRY(plan_some(p, ranked, n_ranked, n));
  *chosen = p->chosen;
  return ops->upload(sim->backend, p->chosen, p->host_chosen, n_lane * sizeof *p->chosen);
}
