/// The agents at the reference size: user-steps a second of acting, of acting and stepping, of
/// training, and updates a second; both heads. The same weights, lanes and batch go to the PyTorch
/// peer (peers/peer_dqn.py). The simulator alone: bench_sim.
///   bench_agent --world W --sta S [--sample PREFIX] [--only HEAD] [--lanes B] [--batch M]
///               [--updates K] [--backend cpu|cuda] [--threads N] [--seconds T] [--csv FILE]
/// A step of training: K updates (2) of M transitions (512) after a user-step of each of the B
/// lanes (4,096).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dqn/dqn.h"
#include "bench.h"
#include "sim/sim.h"

enum { SETTLE_STEPS = 64 };

/// Floating-point operations and bytes of memory that a part must cost, however it is written.
typedef struct cost {
  double operations, bytes;
} cost;

static cost sum(cost a, cost b) { return (cost){a.operations + b.operations, a.bytes + b.bytes}; }
static cost times(double n, cost a) { return (cost){n * a.operations, n * a.bytes}; }

static bool two_tower(const throng_population *a) { return a->def.head == THRONG_HEAD_TWO_TOWER; }

/// Features of a state, with `entries` in its history: their rows of item features, or of the
/// input layer, read once.
static cost state_cost(const throng_population *a, double entries) {
  if (!two_tower(a))
    return (cost){entries * 2 * a->def.hidden[0], entries * 4 * (a->def.hidden[0] + 1)};
  const double used = 2 * a->net.n_direction + 2 * a->net.n_category;
  return (cost){entries * 2 * used, entries * 4 * (a->net.n_direction + a->net.n_category + 1)};
}

/// Dense layers of a state, forward; the weights stay in the caches.
static double forward_operations(const throng_population *a) {
  const double n = a->net.n_input, h0 = a->def.hidden[0], h1 = a->def.hidden[1];
  return 2 * (n * h0 + h0 * h1) + (two_tower(a) ? 2 * (n + h1) * (a->net.width + 1) : 0);
}

/// The best item of the catalogue for `rows` states: Q is not stored, vectors are read once.
static cost search_cost(const throng_population *a, double rows) {
  const double n = (double)a->net.n_item;
  return (cost){rows * n * (2 * a->net.width + 1), 4 * (rows + n) * a->net.width + rows * n / 8};
}

/// Vectors of `rows` items from their features.
static cost vectors_cost(const throng_population *a, double rows) {
  const double width = a->net.width;
  if (!two_tower(a)) return (cost){0, 4 * rows * (width + 1)};
  return (cost){rows * (2 * a->net.n_feature * (width + 1) + width),
                4 * rows * (a->net.n_feature + 2 * width)};
}

static cost act_cost(const throng_population *a, double lanes, double entries) {
  cost c = sum(times(lanes, state_cost(a, entries)), search_cost(a, lanes));
  c.operations += lanes * forward_operations(a);
  return c;
}

static double weight_count(const throng_population *a) {
  double n = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) n += (double)a->net.size[p];
  return n;
}

/// Double DQN: the present network sees both states, the target network the next one; the backward
/// pass of the state costs two forward ones. Then norm, Adam and the soft target of every weight.
static cost update_cost(const throng_population *a, double entries) {
  const double batch = a->def.batch, n_weight = weight_count(a);
  cost c = times(2 * batch, state_cost(a, entries));
  c.operations += 5 * batch * forward_operations(a);
  c = sum(c, search_cost(a, batch));
  c = sum(c, times(4, vectors_cost(a, batch)));  // action, its gradient twice, next action
  if (two_tower(a)) c = sum(c, vectors_cost(a, (double)a->net.n_item));
  // Gradient read twice, weight, moments and target read and written.
  return sum(c, (cost){n_weight * 17, n_weight * 4 * 10});
}

static throng_status one_act(void *context) {
  throng_population *a = context;
  return agent_actor_act(a->actor, a->sim, true);
}

static throng_status one_act_and_step(void *context) {
  throng_population *a = context;
  THRONG_TRY(agent_actor_act(a->actor, a->sim, true));
  return sim_step_on_backend(a->sim);
}

/// An update as training makes it: a graph, where the backend records such.
typedef struct recorded_update {
  throng_population *agent;
  struct backend_graph *graph;  // NULL: single calls
} recorded_update;

static throng_status one_update(void *context) {
  const recorded_update *u = context;
  throng_population *a = u->agent;
  if (u->graph) return a->backend->ops->graph_launch(a->backend, u->graph);
  return dqn_update(a);
}

/// After an update, so that the graph finds the tables as every later one will. Where none can be
/// recorded, updates are timed as single calls, which is said.
static void record_update(recorded_update *u) {
  throng_population *a = u->agent;
  const backend_ops *ops = a->backend->ops;
  if (!ops->capture_begin) return;
  bench_require(dqn_update(a));
  const unsigned current = a->current;
  throng_status status = ops->capture_begin(a->backend);
  if (status == THRONG_OK) {
    status = dqn_update(a);
    const throng_status ended = ops->capture_end(a->backend, &u->graph);
    if (status == THRONG_OK) status = ended;
  }
  if (status == THRONG_OK) return;
  printf("updates could not be recorded as a graph: %s\n", throng_error_message());
  if (u->graph) ops->graph_free(a->backend, u->graph);
  u->graph = NULL;
  a->current = current;
}

static throng_status one_training_step(void *context) {
  return throng_population_train_step(context);
}

/// Entries in use a lane.
static double mean_entries(throng_sim *sim) {
  throng_observation seen;
  double entries = 0;
  bench_require(throng_sim_observe(sim, &seen));
  for (int32_t lane = 0; lane < seen.n_lane; ++lane) entries += seen.length[lane];
  return entries / seen.n_lane;
}

/// Lanes with their greedy actions, a batch with its mean loss, and the weights of both.
static void write_sample(throng_population *a, const char *prefix, const char *head) {
  throng_sim *sim = a->sim;
  throng_backend *host = bench_host_backend();
  tensor_set lanes = {0};
  int32_t *user, *length, *session, *item, *action;
  uint8_t *like;
  const int64_t n = sim->n_lane, n_history = sim->def.history;
#define ADD(slot, type, ...) \
  bench_require(tensors_add(&lanes, &(slot), TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ADD(user, I32, n);
  ADD(length, I32, n);
  ADD(session, I32, n);  // entries that are masked: the newest ones
  ADD(item, I32, n, n_history);
  ADD(like, U8, n, n_history);
  ADD(action, I32, n);
#undef ADD
  bench_require(tensors_allocate(&lanes, host, "sample"));
  throng_observation seen;
  bench_require(throng_sim_observe(sim, &seen));
  for (int64_t lane = 0; lane < n; ++lane) {
    user[lane] = seen.user[lane];
    length[lane] = seen.length[lane];
    session[lane] = seen.step[lane];
  }
  for (int64_t k = 0; k < n * n_history; ++k) {
    item[k] = seen.item[k];
    like[k] = seen.like[k] > 0;
  }
  bench_require(throng_population_act(a, sim, true, action));
  bench_require(replay_draw(a, &dqn_of(a)->batch, 12345));
  bench_require(dqn_gradients(a));
  const tensor_set *const sets[] = {&a->weights, &a->constants, &a->scratch, &lanes};
  const char *const prefixes[] = {"", "", "", "lanes."};
  char path[1024];
  snprintf(path, sizeof path, "%s.%s.safetensors", prefix, head);
  bench_require(tensors_save(sets, prefixes, 4, NULL, path));
  tensors_free(&lanes);
  throng_backend_close(host);
}

static void run_case(throng_population *a, const char *head, const char *name, measure_call *call,
                     void *context, bool counts_updates, cost floor, double entries, double seconds,
                     bench_output *out) {
  measure_row row = {.unit = counts_updates ? "updates" : "user-steps",
                     .threads = a->backend->n_thread,
                     .units = counts_updates ? 1 : a->sim->n_lane,
                     .operations = floor.operations,
                     .bytes = floor.bytes};
  snprintf(row.name, sizeof row.name, "%s, %s", head, name);
  snprintf(row.size, sizeof row.size,
           "N=%lld d=%d H=%d (%.1f in use) B=%lld width=%d batch=%d weights=%.0f",
           (long long)a->net.n_item, a->sim->world->dim, a->history, entries, (long long)a->n_lane,
           a->net.width, a->def.batch, weight_count(a));
  bench_require(measure(call, context, seconds, &row));
  bench_print(out, &row);
  printf("%-44s %.3g GFLOP and %.3g MB a call: %.1f GFLOP/s\n", "", row.operations * 1e-9,
         row.bytes * 1e-6, row.operations / row.seconds * 1e-9);
}

static void bench_head(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                       throng_head head, int argc, char **argv, bench_output *out) {
  const char *name = head == THRONG_HEAD_FLAT ? "flat" : "two_tower";
  const char *only = bench_option(argc, argv, "--only", name);
  if (strcmp(only, name) != 0) return;
  const double seconds = atof(bench_option(argc, argv, "--seconds", "2"));
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = atoi(bench_option(argc, argv, "--lanes", "4096"));
  sim_def.mask_seen = true;
  throng_agent_def def = throng_default_agent_def();
  def.head = head;
  def.epsilon_start = def.epsilon_end;
  def.batch = atoi(bench_option(argc, argv, "--batch", "512"));
  def.updates = atoi(bench_option(argc, argv, "--updates", "2"));
  throng_sim *sim;
  throng_population *a;
  bench_require(throng_sim_create(backend, world, sta, &sim_def, &sim));
  bench_require(throng_population_create(sim, &def, 0, &a));
  // Sessions begin together; let them come apart, and fill the replay.
  for (int i = 0; i < SETTLE_STEPS; ++i) bench_require(throng_population_train_step(a));
  const double entries = mean_entries(sim), lanes = (double)a->n_lane;
  const cost act = act_cost(a, lanes, entries), update = update_cost(a, entries);
  cost training = sum(act, times(def.updates, update));
  if (two_tower(a)) training = sum(training, vectors_cost(a, (double)a->net.n_item));
  const char *sample = bench_option(argc, argv, "--sample", NULL);
  if (sample) write_sample(a, sample, name);
  char steps[64];
  snprintf(steps, sizeof steps, "training, %d updates a step", def.updates);
  run_case(a, name, "act", one_act, a, false, act, entries, seconds, out);
  // What the step itself must cost is bench_sim's matter.
  run_case(a, name, "act + step", one_act_and_step, a, false, act, entries, seconds, out);
  recorded_update recorded = {.agent = a};
  record_update(&recorded);
  run_case(a, name, "update", one_update, &recorded, true, update, entries, seconds, out);
  if (recorded.graph) backend->ops->graph_free(backend, recorded.graph);
  run_case(a, name, steps, one_training_step, a, false, training, entries, seconds, out);
  throng_population_close(a);
  throng_sim_close(sim);
}

int main(int argc, char **argv) {
  const char *world_path = bench_option(argc, argv, "--world", NULL);
  const char *sta_path = bench_option(argc, argv, "--sta", NULL);
  if (!world_path || !sta_path) {
    fprintf(stderr,
            "usage: bench_agent --world FILE --sta FILE [--sample PREFIX] [--only flat|two_tower] "
            "[--lanes B] [--batch M] [--updates K] [--backend cpu|cuda] [--threads N] "
            "[--seconds T] [--csv FILE]\n");
    return 2;
  }
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = bench_option(argc, argv, "--backend", "cpu");
  backend_def.threads = atoi(bench_option(argc, argv, "--threads", "0"));
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta;
  bench_require(throng_backend_open(&backend_def, &backend));
  bench_require(throng_world_open(world_path, &world));
  bench_require(throng_sta_open(backend, world, sta_path, &sta));
  bench_output out = bench_open(backend, argc, argv);
  // The item-item table outlives its simulator in the first one made: keep one for both heads.
  throng_sim_def holder_def = throng_default_sim_def();
  throng_sim *holder;
  holder_def.lanes = 1;
  bench_require(throng_sim_create(backend, world, sta, &holder_def, &holder));
  bench_head(backend, world, sta, THRONG_HEAD_TWO_TOWER, argc, argv, &out);
  bench_head(backend, world, sta, THRONG_HEAD_FLAT, argc, argv, &out);
  bench_close(&out);
  throng_sim_close(holder);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
  return 0;
}
