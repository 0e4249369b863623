/// The cases of bench_sim and what each must cost by arithmetic.
#include "timing/bench_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory_plan.h"
#include "base/numbers.h"
#include "kernels/base/random.h"
#include "sim/sim.h"

enum { ACTION_SETS = 64, SETTLE_STEPS = 64, CACHE_LINE = 64 };

bench_sim_def bench_sim_default_def(void) {
  return (bench_sim_def){
      .lanes = 4096, .history = 64, .seconds = 1, .without_table = true, .seed = 1};
}

typedef struct stepping {
  throng_sim *sim;
  const int32_t *action;  // (ACTION_SETS, lanes) drawn beforehand: an agent's cost is not ours
  int64_t next;
} stepping;

static throng_status one_step(void *context) {
  stepping *s = context;
  const int32_t *action = s->action + s->next++ % ACTION_SETS * s->sim->n_lane;
  return throng_sim_step(s->sim, action);
}

/// What a lane holds on average, as the lanes stand.
typedef struct lane_means {
  double history;   // entries in use
  double counting;  // of which count for the next candidate: they share a category, or none does
  double window;    // tokens in f_sta's window
} lane_means;

static void write_size(const throng_sim *sim, const lane_means *mean, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  snprintf(text, size, "N=%lld d=%d H=%d (%.1f in use, %.1f count) L=%d (%.1f) B=%d",
           (long long)sim->world->n_item, sim->world->dim, sim->def.history, mean->history,
           mean->counting, sim->sta ? sim->sta->def.window : 0, mean->window, sim->def.lanes);
}

static throng_status measure_lanes(throng_sim *sim, const int32_t *action, lane_means *out) {
  throng_observation seen;
  *out = (lane_means){0};
  THRONG_TRY(throng_sim_observe(sim, &seen));
  int32_t *count;
  size_t n = (size_t)sim->n_lane;
  THRONG_TRY(throng_alloc((void **)&count, n, sizeof *count, "lengths"));
  throng_status status =
      sim->backend->ops->download(sim->backend, count, sim->count, n * sizeof *count);
  int32_t most = sim->sta ? sim->sta->def.window : 0;
  for (size_t lane = 0; lane < n; ++lane) {
    const int32_t *item = seen.item + lane * (size_t)seen.n_history;
    int32_t inside = 0;
    for (int32_t k = 0; k < seen.length[lane]; ++k)
      inside += world_share_category(sim->world, action[lane], item[k]);
    out->history += seen.length[lane] / (double)n;
    out->counting += (inside ? inside : seen.length[lane]) / (double)n;
    out->window += (most ? count[lane] - sta_window_start(count[lane], most) : 0) / (double)n;
  }
  free(count);
  return status;
}

/// What a call must move and compute, however it is written.
static void count_floor(const throng_sim *sim, const lane_means *mean, measure_row *row) {
  double history = mean->history, counting = mean->counting, window = mean->window;
  double lanes = sim->n_lane, dim = sim->world->dim, bytes = 0, operations = 0;
  bytes += 4 * history + sizeof(throng_vote) + 32;  // the ring, the answer, the lane's counters
  if (sim->def.votes.rule != THRONG_RULE_F_STA) {
    if (sim->def.votes.table_bytes > 0) {
      bytes += CACHE_LINE * history;  // one record an entry, no two of them near each other
    } else {
      const throng_world *w = sim->world;
      double keywords = (double)(w->n_pos_entry + w->n_neg_entry) / (double)(2 * w->n_item);
      double categories = (double)w->n_category_entry / (double)w->n_item;
      bytes += 4 * (history * categories + counting * keywords);
      if (sim->def.votes.rule != THRONG_RULE_F_MAT) {
        bytes += (counting + 2) * 4 * dim;
        operations += counting * 2 * dim;
      }
    }
  }
  if (sim->sta) {
    double width = sim->sta->def.width, layers = sim->sta->def.layers;
    // One token read: attention's inputs of the window, four matrices, the read-out and the score.
    bytes += layers * window * width * sizeof(float);
    operations +=
        layers * (4 * 2 * width * width + 2 * 2 * window * width) + 2 * width * width + 2 * width;
  }
  row->bytes = lanes * bytes;
  row->operations = lanes * operations;
}

/// What all cases have in common.
typedef struct bench_cases {
  throng_backend *backend;
  const throng_world *world;
  const bench_sim_def *def;
  const int32_t *action;  // as in `stepping`
  bench_sim_each *each;
  void *context;
} bench_cases;

/// Step a simulator under one rule; on a plan of memory it is only made.
static throng_status run_case(const bench_cases *c, throng_rule rule, const char *name,
                              const throng_sta *sta, bool table) {
  throng_sim *sim = NULL;
  lane_means mean;
  throng_status status;
  throng_sim_def d = throng_default_sim_def();
  d.lanes = c->def->lanes;
  d.history = c->def->history;
  d.seed = c->def->seed;
  d.votes.rule = rule;
  if (!table) d.votes.table_bytes = 0;
  THRONG_TRY_GOTO(throng_sim_create(c->backend, c->world, sta, &d, &sim));
  if (c->backend->planning) goto done;
  stepping s = {.sim = sim, .action = c->action};
  // Sessions begin together; let them come apart, so that every step does the same work.
  for (int i = 0; i < SETTLE_STEPS; ++i) THRONG_TRY_GOTO(one_step(&s));
  measure_row row = {.unit = "user-steps", .threads = c->backend->n_thread, .units = d.lanes};
  snprintf(row.name, sizeof row.name, "%s%s", name, sim->device.table ? ", table" : "");
  THRONG_TRY_GOTO(measure(one_step, &s, c->def->seconds, &row));
  THRONG_TRY_GOTO(measure_lanes(sim, c->action, &mean));
  count_floor(sim, &mean, &row);
  write_size(sim, &mean, row.size, sizeof row.size);
  c->each(c->context, &row);
done:
  throng_sim_close(sim);
  return status;
}

static throng_status run_cases(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const bench_sim_def *def,
                               bench_sim_each *each, void *context) {
  static const struct {
    throng_rule rule;
    const char *name;
    bool needs_sta;
  } rules[] = {
      {THRONG_RULE_F_MAT, "f_mat alone", false},
      {THRONG_RULE_F_SIM, "f_sim alone", false},
      {THRONG_RULE_F_STA, "f_sta alone", true},
      {THRONG_RULE_MAJORITY, "three votes", true},
  };
  throng_status status = THRONG_OK;
  throng_sim *holder = NULL;
  int32_t *action;
  size_t n_action = (size_t)ACTION_SETS * (size_t)def->lanes;
  THRONG_TRY(throng_alloc((void **)&action, n_action, sizeof *action, "actions"));
  uint32_t n_item = (uint32_t)throng_world_get_info(world).n_item;
  for (size_t i = 0; i < n_action && !backend->planning; ++i)
    action[i] = (int32_t)random_index(
        random_draw(def->seed, RANDOM_YARDSTICK, (uint32_t)i, 0, 0, 0).w[0], n_item);

  // One simulator holds on to the table, which all the others share.
  throng_sim_def holder_def = throng_default_sim_def();
  holder_def.lanes = 1;
  holder_def.votes.rule = THRONG_RULE_F_MAT;
  double begin = clock_now();
  THRONG_TRY_GOTO(throng_sim_create(backend, world, NULL, &holder_def, &holder));
  if (holder->device.table && !backend->planning) {
    double n = (double)n_item, dim = world->dim;
    measure_row row = {.name = "item-item table, made once",
                       .unit = "pairs",
                       .threads = backend->n_thread,
                       .chunks = 1,
                       .units = 2 * n * n,
                       .seconds = clock_now() - begin,
                       .bytes = 2 * n * n * sizeof(uint32_t),
                       .operations = 2 * n * n * 2 * dim};
    row.low = row.high = row.seconds;
    snprintf(row.size, sizeof row.size, "N=%u d=%d", n_item, world->dim);
    each(context, &row);
  }

  const bench_cases cases = {backend, world, def, action, each, context};
  for (int table = 1; table >= (def->without_table ? 0 : 1); --table) {
    for (size_t k = 0; k < sizeof rules / sizeof *rules; ++k) {
      if (rules[k].needs_sta && !sta) continue;
      // f_sta alone asks nothing of the table: once is enough.
      if (rules[k].rule == THRONG_RULE_F_STA && !table) continue;
      const throng_sta *asked = rules[k].needs_sta ? sta : NULL;
      THRONG_TRY_GOTO(run_case(&cases, rules[k].rule, rules[k].name, asked, table));
    }
  }
done:
  throng_sim_close(holder);
  free(action);
  return status;
}

throng_status bench_sim_check_memory(throng_backend *backend, const throng_world *world,
                                     const throng_sta *sta, const bench_sim_def *def) {
  throng_backend *plan;
  if (!backend->ops->memory) return THRONG_OK;
  THRONG_TRY(memory_plan_open(backend, &plan));
  throng_status status = run_cases(plan, world, sta, def, NULL, NULL);
  if (status == THRONG_OK)
    status = memory_plan_check(
        plan, backend,
        world_device_held(backend, world, throng_default_sim_def().votes.table_bytes, false),
        "the benchmark", "sim.lanes or sim.history");
  throng_backend_close(plan);
  return status;
}

throng_status bench_sim(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                        const bench_sim_def *def, bench_sim_each *each, void *context) {
  THRONG_TRY(bench_sim_check_memory(backend, world, sta, def));
  return run_cases(backend, world, sta, def, each, context);
}

throng_status bench_reference_world(throng_backend *backend, const char *path, const char *sta_path,
                                    const throng_progress *progress) {
  throng_synth_def synth = throng_default_synth_def();
  synth.n_item = 10000;
  synth.dim = 384;
  synth.history_mean = 96;
  THRONG_TRY(throng_synth(&synth, path, progress));
  throng_world *world;
  throng_sta *sta = NULL;
  THRONG_TRY(throng_world_open(path, &world));
  throng_sta_def def = throng_default_sta_def();
  throng_status status = throng_sta_create(backend, world, &def, &sta);
  if (status == THRONG_OK) status = throng_sta_save(sta, sta_path);
  throng_sta_close(sta);
  throng_world_close(world);
  return status;
}
