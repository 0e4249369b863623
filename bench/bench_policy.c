/// Policies over a catalogue: drawing items, log-probabilities and gradients beside the product of
/// queries and items that each is made on, which is their ceiling; and what PPO does beside a step
/// of the simulator, in a synthetic world that is made first. (Rollouts and updates:
/// bench_rollouts.)
///   bench_policy [--items N] [--rows R] [--width W] [--lanes B] [--head two_tower|flat]
///                [--backend cpu|cuda] [--threads K] [--seconds S] [--csv FILE]
/// The products: R states (4,096) and N items (10,000) of width W (64). PPO: B lanes (4,096).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/policy_gradient/policy_gradient.h"
#include "base/clock.h"
#include "bench.h"
#include "kernels/list.h"
#include "sim/sim.h"

enum { USERS = 5000 };

/// A catalogue on a population's network, and states with slates of one item.
typedef struct softmax_case {
  throng_population *agent;
  tensor_set set;
  catalogue items, d_items;
  float *query, *d_query, *d, *value;
  float *beside;  // of which entropies' gradients are not asked
  int32_t *item;
  int64_t *packed;
  uint32_t *number;
  int32_t *step;
  softmax_scores score;
} softmax_case;

static throng_status only_product(void *context, const catalogue_tile *tile) {
  const softmax_case *c = context;
  return catalogue_score_tile(tile, &c->items, c->query, c->score.rows, 0.0f, tile->n->tile);
}

static throng_status one_product(void *context) {
  const softmax_case *c = context;
  return catalogue_walk(&c->agent->net, c->score.rows, false, only_product, context);
}

static const best_mask nothing = {0};

static throng_status one_best(void *context) {
  const softmax_case *c = context;
  return catalogue_best(&c->agent->net, &c->items, c->query, c->score.rows, &nothing, 1, c->packed,
                        c->value, c->item);
}

static throng_status one_draw(void *context) {
  const softmax_case *c = context;
  const catalogue_noise noise = {c->agent->option.seed, c->step, c->number, c->number};
  return catalogue_draw(&c->agent->net, &c->items, c->query, c->score.rows, &nothing, &noise, 1,
                        c->packed, c->value, c->item);
}

static throng_status one_softmax(void *context) {
  softmax_case *c = context;
  return catalogue_softmax(&c->agent->net, &c->items, c->query, &nothing, c->item, &c->score);
}

static throng_status one_gradient(void *context) {
  softmax_case *c = context;
  return catalogue_softmax_gradients(&c->agent->net, &c->items, c->query, &nothing, c->item,
                                     &c->score, c->d, c->d, c->d_query, &c->d_items);
}

static throng_status one_at_once(void *context) {
  softmax_case *c = context;
  const softmax_question question = {NULL, NULL, c->d, c->d, c->beside};
  return catalogue_softmax_and_gradients(&c->agent->net, &c->items, c->query, &nothing, c->item,
                                         &c->score, &question, c->d_query, &c->d_items);
}

/// Draws, and what a rollout logs of them.
static throng_status one_draw_with_sums(void *context) {
  softmax_case *c = context;
  const network *n = &c->agent->net;
  const catalogue_noise noise = {c->agent->option.seed, c->step, c->number, c->number};
  if (!softmax_may_draw(n, &c->score)) {
    const throng_status drawn = one_draw(context);
    return drawn == THRONG_OK ? one_softmax(context) : drawn;
  }
  const throng_status drawn = catalogue_draw_and_sums(n, &c->items, c->query, &nothing, &noise,
                                                      c->value, c->item, &c->score);
  if (drawn != THRONG_OK) return drawn;
  return catalogue_softmax_of_sums(n, &c->items, c->query, &nothing, c->item, &c->score);
}

/// Uniform numbers of half width `scale`, by the start of weights.
static void fill(const throng_population *a, float *x, int64_t n, float scale, uint32_t which) {
  weight_start_args start = {a->option.seed, x, n, which, scale, 0};
  bench_require(BACKEND_LAUNCH(a->backend, weight_start, n, &start));
}

/// Every state has noise of its own.
static void number_states(const softmax_case *c, int64_t rows) {
  uint32_t *number = malloc((size_t)rows * sizeof *number);
  for (int64_t row = 0; number && row < rows; ++row) number[row] = (uint32_t)row;
  throng_backend *backend = c->agent->backend;
  if (number)
    bench_require(backend->ops->upload(backend, c->number, number, (size_t)rows * sizeof *number));
  free(number);
}

static void open_case(softmax_case *c, throng_population *a, int64_t rows) {
  const int64_t n_item = a->net.n_item, width = a->net.width;
  *c = (softmax_case){.agent = a};
  tensor_set *set = &c->set;
#define ADD(slot, type, ...) \
  bench_require(tensors_add(set, &c->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ADD(items.vector, F32, n_item, width);
  ADD(items.bias, F32, n_item);
  ADD(d_items.vector, F32, n_item, width);
  ADD(d_items.bias, F32, n_item);
  ADD(query, F32, rows, width);
  ADD(d_query, F32, rows, width);
  ADD(d, F32, rows);
  ADD(value, F32, rows);
  ADD(beside, F32, 1);
  ADD(item, I32, rows, 1);
  ADD(number, U32, rows);
  ADD(step, I32, rows);
  const int64_t packed = catalogue_packed_size(&a->net, rows, 1);
  if (packed) ADD(packed, I64, packed);
#undef ADD
  bench_require(softmax_register(&a->net, set, &c->score, rows, 1, "score"));
  bench_require(softmax_register_kept(&a->net, set, &c->score, CATALOGUE_KEPT, "score"));
  bench_require(tensors_allocate(set, a->backend, "benchmark"));
  bench_require(softmax_fill(&a->net, &c->score));
  fill(a, c->items.vector, n_item * width, 0.5f, 1);
  fill(a, c->items.bias, n_item, 0.5f, 2);
  fill(a, c->query, rows * width, 0.5f, 3);
  fill(a, c->d, rows, 1.0f, 4);
  number_states(c, rows);
}

/// Rates of a call: by the clock, and by the least seconds of processors of a call, which others on
/// the machine move less.
typedef struct rates {
  double clock, processors;
} rates;

static double least_processor_seconds(softmax_case *c, measure_call *call, double seconds) {
  const double start = clock_now();
  double least = INFINITY;
  do {
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    bench_require(call(c));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    const double took =
        (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
    least = took < least ? took : least;
  } while (clock_now() - start < seconds);
  return least;
}

/// `products`: passes of the product that the call cannot do without.
static rates run_case(softmax_case *c, const char *name, measure_call *call, double products,
                      double seconds, const rates *ceiling, bench_output *out) {
  const double rows = (double)c->score.rows, n_item = (double)c->agent->net.n_item;
  const double width = c->agent->net.width;
  measure_row row = {.unit = "states",
                     .threads = c->agent->backend->n_thread,
                     .units = rows,
                     .operations = products * rows * n_item * 2 * width,
                     .bytes = 4 * (rows + n_item) * width};
  snprintf(row.name, sizeof row.name, "%s", name);
  snprintf(row.size, sizeof row.size, "N=%.0f rows=%.0f width=%.0f", n_item, rows, width);
  bench_require(measure(call, c, seconds, &row));
  bench_print(out, &row);
  const rates r = {row.operations / row.seconds,
                   row.operations / least_processor_seconds(c, call, seconds)};
  if (!ceiling) ceiling = &r;
  printf("%-44s %.1f GFLOP/s, %.0f %% of the product's; by processors %.1f, %.0f %%\n", "",
         r.clock * 1e-9, 100 * r.clock / ceiling->clock, r.processors * 1e-9,
         100 * r.processors / ceiling->processors);
  return r;
}

/// The parts alone.
static void bench_softmax(throng_population *a, int64_t rows, double seconds, bench_output *out) {
  softmax_case c;
  open_case(&c, a, rows);
  const rates ceiling = run_case(&c, "product alone", one_product, 1, seconds, NULL, out);
  run_case(&c, "best item (greedy)", one_best, 1, seconds, &ceiling, out);
  run_case(&c, "drawn item (Gumbel noise)", one_draw, 1, seconds, &ceiling, out);
  run_case(&c, "log-probability and entropy", one_softmax, 1, seconds, &ceiling, out);
  run_case(&c, "gradients of both", one_gradient, 3, seconds, &ceiling, out);
  run_case(&c, "both and their gradients at once", one_at_once, 3, seconds, &ceiling, out);
  run_case(&c, "draw, log-probability and entropy at once", one_draw_with_sums, 1, seconds,
           &ceiling, out);
  tensors_free(&c.set);
}

static throng_status one_act(void *context) {
  throng_population *a = context;
  return agent_actor_act(a->actor, a->sim, false);
}

/// What a step of a rollout costs besides the simulator's.
static void run_act(throng_population *a, double seconds, bench_output *out) {
  measure_row row = {
      .unit = "user-steps", .threads = a->backend->n_thread, .units = (double)a->n_lane};
  snprintf(row.name, sizeof row.name, "PPO: draw, value, log-probability");
  snprintf(row.size, sizeof row.size, "N=%lld B=%lld", (long long)a->net.n_item,
           (long long)a->n_lane);
  bench_require(measure(one_act, a, seconds, &row));
  bench_print(out, &row);
}

int main(int argc, char **argv) {
  const double seconds = atof(bench_option(argc, argv, "--seconds", "2"));
  const char *head = bench_option(argc, argv, "--head", "two_tower");
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = bench_option(argc, argv, "--backend", "cpu");
  backend_def.threads = atoi(bench_option(argc, argv, "--threads", "0"));
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = atoi(bench_option(argc, argv, "--items", "10000"));
  synth.n_user = USERS;
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = atoi(bench_option(argc, argv, "--lanes", "4096"));
  sim_def.mask_seen = true;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;
  throng_agent_def def = throng_algorithm_agent_def(THRONG_ALGORITHM_PPO);
  def.head = strcmp(head, "flat") ? THRONG_HEAD_TWO_TOWER : THRONG_HEAD_FLAT;
  def.width = atoi(bench_option(argc, argv, "--width", "64"));
  def.n_steps = 1;
  def.batch = sim_def.lanes;
  throng_backend *backend;
  throng_world *world;
  throng_sim *sim;
  throng_population *a;
  char folder[] = "/tmp/bench_policy.XXXXXX", path[64];
  if (!mkdtemp(folder)) {
    perror(folder);
    return 1;
  }
  snprintf(path, sizeof path, "%s/world.safetensors", folder);
  const throng_status made = throng_synth(&synth, path, NULL);
  const throng_status opened = made == THRONG_OK ? throng_world_open(path, &world) : made;
  (void)unlink(path);
  (void)rmdir(folder);
  bench_require(opened);
  bench_require(throng_backend_open(&backend_def, &backend));
  bench_require(throng_sim_create(backend, world, NULL, &sim_def, &sim));
  bench_require(throng_population_create(sim, &def, 0, &a));
  bench_output out = bench_open(backend, argc, argv);
  bench_softmax(a, atoi(bench_option(argc, argv, "--rows", "4096")), seconds, &out);
  run_act(a, seconds, &out);
  bench_close(&out);
  throng_population_close(a);
  throng_sim_close(sim);
  throng_world_close(world);
  throng_backend_close(backend);
  return 0;
}
