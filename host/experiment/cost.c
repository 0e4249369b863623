/// What fidelity costs: user-steps a second under random actions, beside AUC, of each vote, pair
/// and rule.
#include <stdlib.h>

#include "base/clock.h"
#include "base/sort.h"
#include "experiment/variants.h"
#include "kernels/base/random.h"

enum { RATE, MICROSECONDS, AUC, WITHIN_AUC, ANSWER_WITHIN_AUC, ECE };

static const double seconds_each = 0.5;
enum { WARM_STEPS = 2, FEWEST_STEPS = 101, MOST_STEPS = 65536 };

/// Random items for every lane.
static void draw_actions(const experiment_room *room, uint32_t step, int32_t n, int32_t *action) {
  const int64_t n_item = throng_world_get_info(room->world).n_item;
  for (int32_t k = 0; k < n; ++k) {
    const random_words r =
        random_draw(room->config->sim.seed, RANDOM_YARDSTICK, 0, step, (uint32_t)k, 0);
    action[k] = (int32_t)random_index(r.w[0], (uint32_t)n_item);
  }
}

/// By the median step, which what else the machine does hardly moves.
static throng_status measure(const experiment_room *room, throng_sim *sim, int32_t n,
                             int32_t *action, double *seconds, double *rate) {
  const double start = clock_now();
  int64_t steps = 0;
  for (uint32_t step = 0; steps < MOST_STEPS; ++step) {
    draw_actions(room, step, n, action);
    const double before = clock_now();
    THRONG_TRY(throng_sim_step(sim, action));
    throng_outcome outcome;  // on a device the step is done once its outcome is here
    THRONG_TRY(throng_sim_outcome(sim, &outcome));
    const double after = clock_now();
    if (step < WARM_STEPS) continue;
    seconds[steps++] = after - before;
    if (steps >= FEWEST_STEPS && after - start >= seconds_each) break;
  }
  sort_numbers(steps, seconds);
  *rate = room->config->sim.lanes / seconds[steps / 2];
  return THRONG_OK;
}

static throng_status step_rate(const experiment_room *room, const throng_votes_def *votes,
                               double *rate) {
  throng_sim_def def = room->config->sim;
  throng_sim *sim;
  int32_t *action = NULL;
  double *seconds = NULL;
  def.votes = *votes;
  const int32_t n = def.lanes * def.slate_size;
  THRONG_TRY(throng_sim_create(room->backend, room->world, room->sta, &def, &sim));
  throng_status status = throng_alloc((void **)&action, (size_t)n, sizeof *action, "actions");
  if (status == THRONG_OK)
    status = throng_alloc((void **)&seconds, MOST_STEPS, sizeof *seconds, "times of steps");
  if (status == THRONG_OK) status = measure(room, sim, n, action, seconds, rate);
  free(action);
  free(seconds);
  throng_sim_close(sim);
  return status;
}

static throng_status fill(experiment_room *room, const experiment_variant *v, const questions *q,
                          experiment_row *row) {
  const throng_votes_def votes = experiment_variant_votes(v, &room->config->sim.votes);
  double value[MEASURE_COUNT];
  THRONG_TRY(experiment_variant_measure(room, room->world, room->sta, v, q, value));
  THRONG_TRY(step_rate(room, &votes, &row->value[RATE]));
  row->value[MICROSECONDS] = 1e6 / row->value[RATE];
  row->value[AUC] = value[MEASURE_AUC];
  row->value[WITHIN_AUC] = value[MEASURE_WITHIN_AUC];
  row->value[ANSWER_WITHIN_AUC] = value[MEASURE_ANSWER_WITHIN_AUC];
  row->value[ECE] = value[MEASURE_ECE];
  return THRONG_OK;
}

throng_status experiment_cost(experiment_room *room) { return experiment_each_variant(room, fill); }
