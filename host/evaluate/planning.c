/// Planning gain, exactly on small instances and by the beam search on whole sessions.
#include "evaluate/planning.h"

#include <math.h>
#include <stdlib.h>

#include "base/statistics.h"
#include "evaluate/evaluation_fields.h"
#include "evaluate/exact_plan.h"
#include "evaluate/yardsticks.h"
#include "kernels/base/random.h"
#include "world/world.h"

/// From each user's two values; `planned` becomes the differences.
static planning_gain gain_of(int64_t n, const double *myopic, double *planned) {
  int64_t gained = 0;
  const double before = mean_with_error(n, myopic).mean, after = mean_with_error(n, planned).mean;
  for (int64_t k = 0; k < n; ++k) {
    gained += planned[k] > 1.01 * myopic[k];
    planned[k] -= myopic[k];
  }
  return (planning_gain){.n = n,
                         .myopic = before,
                         .planned = after,
                         .gain = after / before - 1,
                         .gain_error = mean_with_error(n, planned).sem / before,
                         .gained = (double)gained / (double)n};
}

typedef struct instances {
  const planning_instances *def;
  throng_sim *sim;
  yardsticks *ranking;
  exact_plan *plan;
  int32_t *ranked;  // (users, n_item) best first
  int32_t *user;    // (users)
  double *myopic, *best;
} instances;

/// The likeliest unseen items of a pool that was drawn for this lane: false where there are too
/// few.
static bool choose_items(const instances *s, int32_t lane, int32_t *item) {
  const throng_world *w = s->sim->world;
  const int32_t user = s->user[lane];
  int32_t n = 0;
  for (int64_t k = 0; k < w->n_item && n < s->def->items; ++k) {
    const int32_t i = s->ranked[lane * w->n_item + k];
    const uint32_t word =
        random_draw(s->sim->def.seed, RANDOM_YARDSTICK, (uint32_t)i, 0, (uint32_t)lane, 0).w[0];
    bool taken = random_index(word, (uint32_t)w->n_item) >= (uint32_t)s->def->pool;
    for (int64_t h = w->user_offset[user]; h < w->user_offset[user + 1]; ++h)
      taken = taken || w->history_item[h] == i;
    for (int32_t j = 0; j < n; ++j) taken = taken || item[j] == i;
    if (!taken) item[n++] = i;
  }
  return n == s->def->items;
}

static throng_status solve_all(instances *s, const throng_progress *progress, int64_t *n) {
  static const char stage[] = "plan exactly";
  int32_t item[EXACT_MOST_ITEMS], *best;
  throng_sim *sim = s->sim;
  const size_t n_ranked = (size_t)(sim->n_lane * sim->world->n_item);
  THRONG_TRY(
      yardsticks_rank(s->ranking, THRONG_YARDSTICK_MYOPIC, (int32_t)sim->world->n_item, &best));
  THRONG_TRY(
      sim->backend->ops->download(sim->backend, s->ranked, best, n_ranked * sizeof *s->ranked));
  THRONG_TRY(sim->backend->ops->download(sim->backend, s->user, sim->user,
                                         (size_t)sim->n_lane * sizeof *s->user));
  for (int32_t lane = 0; lane < sim->n_lane; ++lane) {
    exact_values values;
    if (!throng_report(progress, stage, lane, sim->n_lane, "users")) return throng_cancelled(stage);
    if (!choose_items(s, lane, item)) continue;
    THRONG_TRY(exact_plan_solve(s->plan, lane, item, &values));
    s->myopic[*n] = values.myopic;
    s->best[(*n)++] = values.best;
  }
  return THRONG_OK;
}

throng_status planning_exact(throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_sim_def *sim,
                             const planning_instances *def, const throng_progress *progress,
                             planning_gain *out) {
  throng_status status;
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  throng_sim_def lanes = *sim;
  instances s = {.def = def};
  int64_t n = 0;
  lanes.lanes = def->users;
  lanes.autoreset = false;
  const size_t users = (size_t)def->users;
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &lanes, &s.sim));
  THRONG_TRY_GOTO(yardsticks_create(s.sim, (int32_t)world->n_item, &s.ranking));
  THRONG_TRY_GOTO(exact_plan_create(s.sim, def->items, def->steps, &s.plan));
  sim_stop_leaving_by_chance(s.sim);
  THRONG_TRY_GOTO(throng_alloc((void **)&s.ranked, users * (size_t)world->n_item, sizeof *s.ranked,
                               "planning gain"));
  THRONG_TRY_GOTO(throng_alloc((void **)&s.user, users, sizeof *s.user, "planning gain"));
  THRONG_TRY_GOTO(throng_alloc((void **)&s.myopic, users, sizeof *s.myopic, "planning gain"));
  THRONG_TRY_GOTO(throng_alloc((void **)&s.best, users, sizeof *s.best, "planning gain"));
  THRONG_TRY_GOTO(solve_all(&s, progress, &n));
  *out = gain_of(n, s.myopic, s.best);
done:
  exact_plan_free(s.plan);
  yardsticks_free(s.ranking);
  throng_sim_close(s.sim);
  free(s.ranked);
  free(s.user);
  free(s.myopic);
  free(s.best);
  return status;
}

/// One session a lane, whose returns become `to` (n_lane). `room` and `ended` (n_lane).
static throng_status play(throng_sim *sim, yardsticks *p, throng_yardstick yardstick,
                          const throng_progress *progress, float *room, uint8_t *ended,
                          double *to) {
  const backend_ops *ops = sim->backend->ops;
  const char *stage = yardstick_title(yardstick);
  int64_t playing = sim->n_lane;
  THRONG_TRY(throng_sim_reset(sim));
  while (playing > 0) {
    if (!throng_report(progress, stage, sim->n_lane - playing, sim->n_lane, "episodes"))
      return throng_cancelled(stage);
    THRONG_TRY(yardsticks_act(p, yardstick));
    THRONG_TRY(sim_step_on_backend(sim));
    THRONG_TRY(ops->download(sim->backend, ended, sim->ended, (size_t)sim->n_lane));
    playing = 0;
    for (int64_t lane = 0; lane < sim->n_lane; ++lane) playing += !ended[lane];
  }
  THRONG_TRY(
      ops->download(sim->backend, room, sim->final_return, (size_t)sim->n_lane * sizeof *room));
  for (int64_t lane = 0; lane < sim->n_lane; ++lane) to[lane] = (double)room[lane];
  return THRONG_OK;
}

throng_status planning_beam(throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_sim_def *sim,
                            const throng_evaluation_def *def, const throng_progress *progress,
                            planning_gain *out) {
  throng_status status;
  throng_sim *played = NULL;
  yardsticks *p = NULL;
  void *myopic = NULL, *planned = NULL, *room = NULL, *ended = NULL;
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  THRONG_TRY(fields_check(&evaluation_fields, def));
  throng_sim_def lanes = *sim;
  const size_t n = (size_t)def->episodes;
  lanes.lanes = def->episodes;
  lanes.autoreset = false;
  lanes.seed = def->seed;
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &lanes, &played));
  THRONG_TRY_GOTO(yardsticks_create(played, 1, &p));
  THRONG_TRY_GOTO(yardsticks_add_planner(p, def));
  THRONG_TRY_GOTO(throng_alloc(&myopic, n, sizeof(double), "planning gain"));
  THRONG_TRY_GOTO(throng_alloc(&planned, n, sizeof(double), "planning gain"));
  THRONG_TRY_GOTO(throng_alloc(&room, n, sizeof(float), "planning gain"));
  THRONG_TRY_GOTO(throng_alloc(&ended, n, 1, "planning gain"));
  THRONG_TRY_GOTO(play(played, p, THRONG_YARDSTICK_MYOPIC, progress, room, ended, myopic));
  THRONG_TRY_GOTO(play(played, p, THRONG_YARDSTICK_PLANNER, progress, room, ended, planned));
  *out = gain_of((int64_t)n, myopic, planned);
done:
  yardsticks_free(p);
  throng_sim_close(played);
  free(myopic);
  free(planned);
  free(room);
  free(ended);
  return status;
}
