/// Plays one episode a lane and measures it.
#include "evaluate/evaluator.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/statistics.h"
#include "evaluate/yardsticks.h"
#include "report/table.h"
#include "world/world.h"

struct evaluator {
  throng_sim *sim;
  yardsticks *yardsticks;
  int32_t top;          // items that Liking% asks about: no more than there are
  uint8_t *tercile;     // (n_user) of activity: 0 least, 2 most
  int32_t *ranking;     // (n_lane, top)
  uint8_t *liked;       // (n_lane, top)
  int32_t *shown;       // (n_lane, slate_size)
  uint8_t *ended;       // (n_lane)
  int32_t *user;        // (n_lane)
  float *final_return;  // (n_lane)
  int32_t *final_step;  // (n_lane)
  int64_t *exposure;    // (n_item)
  double *value;        // (n_lane)
};

typedef struct activity {
  int64_t length;
  int32_t user;
} activity;

static int least_active_first(const void *a, const void *b) {
  const activity *x = a, *y = b;
  if (x->length != y->length) return x->length < y->length ? -1 : 1;
  return (x->user > y->user) - (x->user < y->user);
}

/// Thirds of the world's users by the length of their real history; equal lengths by number, so
/// that the thirds are thirds.
static throng_status find_terciles(const throng_world *world, uint8_t *tercile) {
  void *block;
  size_t n = (size_t)world->n_user;
  THRONG_TRY(throng_alloc(&block, n, sizeof(activity), "users by activity"));
  activity *sorted = block;
  for (size_t u = 0; u < n; ++u)
    sorted[u] = (activity){world->user_offset[u + 1] - world->user_offset[u], (int32_t)u};
  qsort(sorted, n, sizeof *sorted, least_active_first);
  for (size_t k = 0; k < n; ++k) tercile[sorted[k].user] = (uint8_t)(3 * k / n);
  free(sorted);
  return THRONG_OK;
}

static throng_status take_memory(evaluator *e, const throng_world *world) {
  size_t n_lane = (size_t)e->sim->n_lane, slate = (size_t)e->sim->def.slate_size;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&e->name, (count), sizeof *e->name, "evaluation"))
  TAKE(tercile, (size_t)world->n_user);
  TAKE(ranking, n_lane * (size_t)e->top);
  TAKE(liked, n_lane * (size_t)e->top);
  TAKE(shown, n_lane * slate);
  TAKE(ended, n_lane);
  TAKE(user, n_lane);
  TAKE(final_return, n_lane);
  TAKE(final_step, n_lane);
  TAKE(exposure, (size_t)world->n_item);
  TAKE(value, n_lane);
#undef TAKE
  return THRONG_OK;
}

throng_status evaluator_create(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_evaluation_def *def, int32_t multiple,
                               evaluator **out) {
  *out = NULL;
  THRONG_TRY(fields_check(&evaluation_fields, def));
  throng_sim_def lanes = *sim;
  lanes.lanes = (def->episodes + multiple - 1) / multiple * multiple;
  lanes.autoreset = false;
  lanes.seed = def->seed;
  lanes.first_lane = 0;
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(evaluator), "evaluation"));
  evaluator *e = block;
  throng_status status;
  e->top = def->top < world->n_item ? def->top : (int32_t)world->n_item;
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &lanes, &e->sim));
  THRONG_TRY_GOTO(yardsticks_create(e->sim, e->top, &e->yardsticks));
  THRONG_TRY_GOTO(take_memory(e, world));
  THRONG_TRY_GOTO(find_terciles(world, e->tercile));
  *out = e;
  e = NULL;
done:
  evaluator_free(e);
  return status;
}

void evaluator_free(evaluator *e) {
  if (!e) return;
  yardsticks_free(e->yardsticks);
  throng_sim_close(e->sim);
  free(e->tercile);
  free(e->ranking);
  free(e->liked);
  free(e->shown);
  free(e->ended);
  free(e->user);
  free(e->final_return);
  free(e->final_step);
  free(e->exposure);
  free(e->value);
  free(e);
}

throng_sim *evaluator_sim(evaluator *e) { return e->sim; }
int32_t evaluator_top(const evaluator *e) { return e->top; }

#define DOWNLOAD(to, from, count)                                          \
  THRONG_TRY(e->sim->backend->ops->download(e->sim->backend, (to), (from), \
                                            (size_t)(count) * sizeof *(to)))

/// The ten best items at the start, and whether the users would like them.
static throng_status rank_start(evaluator *e, throng_policy policy, agent_actor *actor) {
  int32_t *best;
  if (policy == THRONG_POLICY_AGENT) {
    THRONG_TRY(agent_actor_rank(actor, e->sim, e->top, e->ranking));
    THRONG_TRY(yardsticks_upload(e->yardsticks, e->top, e->ranking, &best));
  } else {
    THRONG_TRY(yardsticks_rank(e->yardsticks, policy, e->top, &best));
    DOWNLOAD(e->ranking, best, (int64_t)e->sim->n_lane * e->top);
  }
  return yardsticks_probe(e->yardsticks, e->top, best, e->liked);
}

/// Play until every lane has ended, counting what was shown.
static throng_status play(evaluator *e, throng_policy policy, agent_actor *actor,
                          const throng_progress *progress, backend_asker *asker) {
  throng_sim *sim = e->sim;
  int32_t slate = sim->def.slate_size;
  const char *stage = asker->stage;
  for (int64_t i = 0; i < sim->world->n_item; ++i) e->exposure[i] = 0;
  for (int64_t lane = 0; lane < sim->n_lane; ++lane) e->ended[lane] = 0;
  int64_t playing = sim->n_lane;
  while (playing > 0) {
    if (!throng_report(progress, stage, sim->n_lane - playing, sim->n_lane, "episodes"))
      return throng_cancelled(stage);
    asker->done = sim->n_lane - playing;
    if (policy == THRONG_POLICY_AGENT)
      THRONG_TRY(agent_actor_act(actor, sim, true));
    else
      THRONG_TRY(yardsticks_act(e->yardsticks, policy));
    DOWNLOAD(e->shown, sim->action, (int64_t)sim->n_lane * slate);
    THRONG_TRY(sim_step_on_backend(sim));
    for (int64_t k = 0; k < (int64_t)sim->n_lane * slate; ++k)
      if (!e->ended[k / slate]) e->exposure[e->shown[k]] += 1;
    DOWNLOAD(e->ended, sim->ended, sim->n_lane);
    playing = 0;
    for (int64_t lane = 0; lane < sim->n_lane; ++lane) playing += !e->ended[lane];
  }
  DOWNLOAD(e->final_return, sim->final_return, sim->n_lane);
  DOWNLOAD(e->final_step, sim->final_step, sim->n_lane);
  if (!throng_report(progress, stage, sim->n_lane, sim->n_lane, "episodes"))
    return throng_cancelled(stage);
  return THRONG_OK;
}

typedef double lane_value(const evaluator *e, int64_t lane);

static double lane_return(const evaluator *e, int64_t lane) {
  return (double)e->final_return[lane];
}
static double lane_length(const evaluator *e, int64_t lane) { return (double)e->final_step[lane]; }
static double lane_liking(const evaluator *e, int64_t lane) {
  int32_t likes = 0;
  for (int32_t k = 0; k < e->top; ++k) likes += e->liked[lane * e->top + k];
  return 100.0 * likes / e->top;
}
static double lane_diversity(const evaluator *e, int64_t lane) {
  const throng_world *world = e->sim->world;
  return list_diversity(e->top, e->ranking + lane * e->top, world->embedding_pos, world->dim);
}

/// Mean over the lanes whose user belongs to a third (-1: all); NaN where there is none.
static mean_error mean_of(evaluator *e, int tercile, lane_value *value) {
  int64_t n = 0;
  for (int64_t lane = 0; lane < e->sim->n_lane; ++lane)
    if (tercile < 0 || e->tercile[e->user[lane]] == tercile) e->value[n++] = value(e, lane);
  return mean_with_error(n, e->value);
}

static throng_status play_from_start(evaluator *e, throng_policy policy, agent_actor *actor,
                                     const throng_progress *progress, backend_asker *asker) {
  THRONG_TRY(throng_sim_reset(e->sim));
  DOWNLOAD(e->user, e->sim->user, e->sim->n_lane);
  THRONG_TRY(rank_start(e, policy, actor));
  return play(e, policy, actor, progress, asker);
}

throng_status evaluator_run(evaluator *e, throng_policy policy, agent_actor *actor,
                            const throng_progress *progress, throng_metrics *out) {
  throng_sim *sim = e->sim;
  *out = (throng_metrics){0};
  char stage[64];
  snprintf(stage, sizeof stage, "evaluate %s", policy_title(policy));
  backend_asker asker = {progress, stage, "episodes", 0, sim->n_lane};
  sim->backend->stop = backend_ask;
  sim->backend->stop_context = &asker;
  throng_status status = play_from_start(e, policy, actor, progress, &asker);
  sim->backend->stop = NULL;
  THRONG_TRY(status);
  mean_error reward = mean_of(e, -1, lane_return);
  out->average_reward = reward.mean;
  out->average_reward_sem = reward.sem;
  out->total_reward = reward.mean * sim->n_lane;
  out->liking = mean_of(e, -1, lane_liking).mean;
  out->diversity = mean_of(e, -1, lane_diversity).mean;
  out->session_length = mean_of(e, -1, lane_length).mean;
  out->coverage = coverage_share(sim->world->n_item, e->exposure);
  THRONG_TRY(gini_coefficient(sim->world->n_item, e->exposure, &out->gini));
  for (int third = 0; third < 3; ++third) {
    out->tercile_reward[third] = mean_of(e, third, lane_return).mean;
    out->tercile_liking[third] = mean_of(e, third, lane_liking).mean;
    out->tercile_length[third] = mean_of(e, third, lane_length).mean;
  }
  out->episodes = sim->n_lane;
  return THRONG_OK;
}
