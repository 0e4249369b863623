/// Linear bandits on the lanes of simulators.
#include "evaluate/bandits.h"

#include <stdlib.h>

#include "agent/network/network.h"
#include "evaluate/linear_bandit.h"
#include "kernels/list.h"

enum { LANES = 64, MODELS = 2 };

/// What the bandits read and write of one simulator's lanes.
typedef struct bandit_lanes {
  throng_sim *sim;
  bandit_view view;
  tensor_set set;
  state_view state;
  float *feature;  // (n_lane, n_state)
  float *theta;    // (n_lane, width)
  float *root;     // (width, width)
  float *value;    // (n_lane, most)
  float *x;        // (n_lane, slate, width)
} bandit_lanes;

struct bandits {
  tensor_set set;
  float *item;  // (n_item, n_feature)
  bandit_view view;
  int32_t width;
  linear_bandit model[MODELS];  // LinUCB's, Thompson sampling's
  bandit_lanes lanes;           // those that are played for
};

static int model_of(throng_yardstick which) { return which == THRONG_YARDSTICK_THOMPSON; }

static throng_status take_item_features(bandits *b, const throng_sim *sim) {
  const throng_world *world = sim->world;
  bandit_view *v = &b->view;
  void *item;
  item_features_shape(world, &v->n_direction, &v->n_category);
  v->n_feature = 2 * v->n_direction + v->n_category + AGENT_ITEM_FACTS;
  v->n_state = state_feature_count(v->n_direction, v->n_category, 0);
  b->width = bandit_width(v->n_direction);
  const size_t size = (size_t)world->n_item * (size_t)v->n_feature;
  THRONG_TRY(tensors_add(&b->set, &b->item, TENSOR_F32, TENSOR_SHAPE(world->n_item, v->n_feature),
                         "item_feature"));
  THRONG_TRY(tensors_allocate(&b->set, sim->backend, "features of the bandits"));
  v->item = b->item;
  THRONG_TRY(throng_alloc(&item, size, sizeof(float), "item features"));
  throng_status status = item_features_make(world, v->n_direction, v->n_category, item);
  if (status == THRONG_OK)
    status = sim->backend->ops->upload(sim->backend, b->item, item, size * sizeof(float));
  free(item);
  return status;
}

static throng_status lanes_make(const bandits *b, throng_sim *sim, int32_t most,
                                bandit_lanes *out) {
  const int64_t n = sim->n_lane, history = sim->def.history, slate = sim->def.slate_size;
  tensor_set *set = &out->set;
  out->sim = sim;
  out->state.capacity = (int32_t)history;
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &out->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ADD(state.entry, U32, n, history);
  ADD(state.length, I32, n);
  ADD(state.session, I32, n);
  ADD(state.user, I32, n);
  ADD(feature, F32, n, b->view.n_state);
  ADD(theta, F32, n, b->width);
  ADD(root, F32, b->width, b->width);
  ADD(value, F32, n, most);
  ADD(x, F32, n, slate, b->width);
#undef ADD
  THRONG_TRY(tensors_allocate(set, sim->backend, "lanes of the bandits"));
  out->view = b->view;
  out->view.state = out->feature;
  return THRONG_OK;
}

/// Features of the lanes' present states.
static throng_status lanes_look(const bandit_lanes *l) {
  const throng_sim *sim = l->sim;
  const bandit_view *v = &l->view;
  THRONG_TRY(lane_states(sim, &l->state));
  state_features_args features = {.state = l->state,
                                  .rows = sim->n_lane,
                                  .item = v->item,
                                  .n_feature = v->n_feature,
                                  .n_direction = v->n_direction,
                                  .n_category = v->n_category,
                                  .feature = l->feature,
                                  .stride = v->n_state};
  return BACKEND_LAUNCH(sim->backend, state_features, sim->n_lane, &features);
}

/// The best items of every lane by the thetas that lie on the backend.
static throng_status lanes_rank(const bandit_lanes *l, int32_t width, float alpha, int32_t top,
                                int32_t *best) {
  THRONG_TRY(lanes_look(l));
  bandit_search_args search = {.sim = sim_make_args(l->sim),
                               .of = l->view,
                               .theta = l->theta,
                               .root = l->root,
                               .alpha = alpha,
                               .width = width,
                               .top = top,
                               .best = best,
                               .value = l->value};
  return BACKEND_LAUNCH(l->sim->backend, bandit_search, l->sim->n_lane, &search);
}

/// What a step of learning works in, on the host.
typedef struct bandit_step {
  float *theta;       // (n_lane, width)
  float *root;        // (width, width)
  float *x;           // (n_lane, slate, width)
  throng_vote *vote;  // (n_lane, slate)
  uint8_t *examined;  // (n_lane, slate)
} bandit_step;

/// Thetas of all lanes: the mean, or for Thompson sampling a draw of each lane's own.
static throng_status upload_model(const bandit_lanes *l, const linear_bandit *m, double scale,
                                  uint32_t seed, uint32_t step, const bandit_step *host) {
  const backend_ops *ops = l->sim->backend->ops;
  const int32_t width = m->width;
  float normal[BANDIT_MOST] = {0};
  for (int32_t lane = 0; lane < l->sim->n_lane; ++lane) {
    for (int32_t i = 0; scale > 0 && i < width; ++i) {
      const random_words r = random_draw(seed, RANDOM_BANDIT, (uint32_t)i, step, (uint32_t)lane, 0);
      normal[i] = random_normal(r.w[0], r.w[1]);
    }
    linear_bandit_sample(m, scale, normal, host->theta + (int64_t)lane * width);
  }
  for (int32_t i = 0; i < width * width; ++i) host->root[i] = (float)m->root[i];
  THRONG_TRY(ops->upload(l->sim->backend, l->theta, host->theta,
                         sizeof(float) * (size_t)l->sim->n_lane * (size_t)width));
  return ops->upload(l->sim->backend, l->root, host->root,
                     sizeof(float) * (size_t)width * (size_t)width);
}

static throng_status learn_step(const bandit_lanes *l, linear_bandit *m, const bandit_step *host) {
  throng_sim *sim = l->sim;
  const int32_t slate = sim->def.slate_size;
  const size_t n = (size_t)sim->n_lane * (size_t)slate;
  const backend_ops *ops = sim->backend->ops;
  bandit_shown_args shown = {
      .of = l->view, .action = sim->action, .slate = slate, .width = m->width, .x = l->x};
  THRONG_TRY(BACKEND_LAUNCH(sim->backend, bandit_shown, (int64_t)n, &shown));
  THRONG_TRY(sim_step_on_backend(sim));
  THRONG_TRY(ops->download(sim->backend, host->x, l->x, sizeof(float) * n * (size_t)m->width));
  THRONG_TRY(ops->download(sim->backend, host->vote, sim->vote, sizeof *host->vote * n));
  if (sim->examined) THRONG_TRY(ops->download(sim->backend, host->examined, sim->examined, n));
  for (size_t k = 0; k < n; ++k)
    if (!sim->examined || host->examined[k])
      linear_bandit_add(m, host->x + k * (size_t)m->width, host->vote[k].like);
  return linear_bandit_solve(m);
}

static throng_status take_host(const bandit_lanes *l, int32_t width, bandit_step *host) {
  const size_t n = (size_t)l->sim->n_lane, shown = n * (size_t)l->sim->def.slate_size;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&host->name, (count), sizeof *host->name, "bandits"))
  TAKE(theta, n * (size_t)width);
  TAKE(root, (size_t)width * (size_t)width);
  TAKE(x, shown * (size_t)width);
  TAKE(vote, shown);
  TAKE(examined, shown);
#undef TAKE
  return THRONG_OK;
}

static void free_host(bandit_step *host) {
  free(host->theta);
  free(host->root);
  free(host->x);
  free(host->vote);
  free(host->examined);
}

/// One bandit learns on a simulator of its own, of which nothing is left.
static throng_status learn(bandits *b, const throng_sim *like, int which,
                           const throng_evaluation_def *def) {
  throng_sim_def sim_def = like->def;
  bandit_lanes l = {.sim = NULL};
  bandit_step host = {0};
  throng_sim *sim = NULL;
  linear_bandit *m = &b->model[which];
  throng_status status;
  sim_def.lanes = LANES;
  sim_def.autoreset = true;
  sim_def.seed ^= 0x85ebca6bu;
  sim_def.first_lane = 0;
  const float alpha = def->bandit_alpha;
  THRONG_TRY_GOTO(linear_bandit_make(b->width, m));
  THRONG_TRY_GOTO(throng_sim_create(like->backend, like->world, like->sta, &sim_def, &sim));
  THRONG_TRY_GOTO(lanes_make(b, sim, sim_def.slate_size, &l));
  THRONG_TRY_GOTO(take_host(&l, b->width, &host));
  for (int64_t t = 0; t * LANES < def->bandit_steps; ++t) {
    THRONG_TRY_GOTO(upload_model(&l, m, which ? (double)alpha : 0, def->seed, (uint32_t)t, &host));
    THRONG_TRY_GOTO(lanes_rank(&l, b->width, which ? 0 : alpha, sim_def.slate_size, sim->action));
    THRONG_TRY_GOTO(learn_step(&l, m, &host));
  }
done:
  free_host(&host);
  tensors_free(&l.set);
  throng_sim_close(sim);
  return status;
}

throng_status bandits_create(throng_sim *sim, const throng_evaluation_def *def, int32_t most,
                             bandits **out) {
  void *block;
  throng_status status;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(bandits), "bandits"));
  bandits *b = block;
  THRONG_TRY_GOTO(take_item_features(b, sim));
  for (int k = 0; k < MODELS; ++k) THRONG_TRY_GOTO(learn(b, sim, k, def));
  THRONG_TRY_GOTO(lanes_make(b, sim, most, &b->lanes));
  *out = b;
  return THRONG_OK;
done:
  bandits_free(b);
  return status;
}

void bandits_free(bandits *b) {
  if (!b) return;
  for (int k = 0; k < MODELS; ++k) linear_bandit_free(&b->model[k]);
  tensors_free(&b->lanes.set);
  tensors_free(&b->set);
  free(b);
}

throng_status bandits_rank(bandits *b, throng_yardstick which, int32_t top, int32_t *best) {
  const linear_bandit *m = &b->model[model_of(which)];
  bandit_step host = {0};
  throng_status status;
  THRONG_TRY_GOTO(take_host(&b->lanes, b->width, &host));
  THRONG_TRY_GOTO(upload_model(&b->lanes, m, 0, 0, 0, &host));
  THRONG_TRY_GOTO(lanes_rank(&b->lanes, b->width, 0, top, best));
done:
  free_host(&host);
  return status;
}
