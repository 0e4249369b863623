/// Plays one episode a lane and measures it.
#include "evaluate/evaluator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/statistics.h"
#include "evaluate/evaluation_fields.h"
#include "evaluate/metrics.h"
#include "evaluate/probe.h"
#include "evaluate/yardsticks.h"
#include "sim/users.h"
#include "world/world.h"

struct evaluator {
  throng_evaluation_def def;
  throng_sim *sim;         // n_block blocks of n_episode lanes that meet the same users
  yardsticks *yardsticks;  // NULL where none will play
  probe *probe;
  int32_t n_block, n_episode;
  int32_t top;          // items that Liking% asks about: no more than there are
  uint8_t *tercile;     // (n_user) of activity: 0 least, 2 most
  int32_t *ranking;     // (n_lane, top)
  uint8_t *liked;       // (n_lane, top)
  int32_t *shown;       // (n_lane, slate_size)
  uint8_t *ended;       // (n_lane)
  int32_t *user;        // (n_lane)
  float *final_return;  // (n_lane)
  int32_t *final_step;  // (n_lane)
  int64_t *exposure;    // (n_block, n_item)
  double *value;        // (n_episode)
  double *other_value;  // (n_episode)
  // In a released environment, of the items shown: those whose first row is another user's, and
  // those about which a coin answered.
  int64_t *other_user, *coin;  // (n_block)
  evaluator_watch watch;
  int32_t watched;    // the block whose keywords are counted; -1: none
  throng_vote *vote;  // (n_episode, slate_size) of that block
  int64_t hits[2][EVALUATOR_HITS];
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
  TAKE(exposure, (size_t)e->n_block * (size_t)world->n_item);
  TAKE(value, (size_t)e->n_episode);
  TAKE(other_value, (size_t)e->n_episode);
  TAKE(other_user, (size_t)e->n_block);
  TAKE(coin, (size_t)e->n_block);
  TAKE(vote, (size_t)e->n_episode * slate);
#undef TAKE
  return THRONG_OK;
}

static throng_status check(const throng_evaluation_def *def, int32_t n_block) {
  enum { LANES_MOST = 1 << 24 };
  THRONG_TRY(fields_check(&evaluation_fields, def));
  if ((int64_t)def->episodes * n_block > LANES_MOST)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "evaluation.episodes: %d for each of %d agents are more than %d lanes",
                       def->episodes, n_block, LANES_MOST);
  return THRONG_OK;
}

static bool evaluator_plans(const evaluator *e) {
  if (!e->yardsticks || e->def.planner == THRONG_PLANNER_OFF) return false;
  return e->def.planner == THRONG_PLANNER_ON ||
         (users_are_dynamic(&e->sim->def.users) && e->sim->def.slate_size == 1 &&
          !users_examine(&e->sim->def.users));
}

bool evaluator_plays(const evaluator *e, throng_yardstick yardstick) {
  if (!e->yardsticks) return false;
  if (yardstick == THRONG_YARDSTICK_PLANNER) return evaluator_plans(e);
  return e->def.bandits ||
         (yardstick != THRONG_YARDSTICK_LINUCB && yardstick != THRONG_YARDSTICK_THOMPSON);
}

throng_status evaluator_create(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_evaluation_def *def, int32_t n_block, bool yardsticks,
                               evaluator **out) {
  *out = NULL;
  THRONG_TRY(check(def, n_block));
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  throng_sim_def lanes = *sim;
  lanes.lanes = def->episodes * n_block;
  lanes.autoreset = false;
  lanes.seed = def->seed;
  lanes.first_lane = 0;
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(evaluator), "evaluation"));
  evaluator *e = block;
  throng_status status;
  e->def = *def;
  e->n_block = n_block;
  e->n_episode = def->episodes;
  e->top = def->top < world->n_item ? def->top : (int32_t)world->n_item;
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &lanes, &e->sim));
  THRONG_TRY_GOTO(probe_create(e->sim, e->top, &e->probe));
  if (yardsticks) THRONG_TRY_GOTO(yardsticks_create(e->sim, e->top, &e->yardsticks));
  if (evaluator_plans(e)) THRONG_TRY_GOTO(yardsticks_add_planner(e->yardsticks, def));
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
  probe_free(e->probe);
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
  free(e->other_value);
  free(e->other_user);
  free(e->coin);
  free(e->vote);
  free(e);
}

throng_sim *evaluator_sim(evaluator *e) { return e->sim; }
int32_t evaluator_top(const evaluator *e) { return e->top; }
int32_t evaluator_episodes(const evaluator *e) { return e->n_episode; }
const int64_t *evaluator_exposure(const evaluator *e, int32_t block) {
  return e->exposure + block * e->sim->world->n_item;
}
void evaluator_set_watch(evaluator *e, const evaluator_watch *watch) {
  e->watch = watch ? *watch : (evaluator_watch){0};
}
const throng_evaluation_def *evaluator_def(const evaluator *e) { return &e->def; }
const throng_world *evaluator_world(const evaluator *e) { return e->sim->world; }
const throng_backend *evaluator_backend(const evaluator *e) { return e->sim->backend; }
int32_t evaluator_watched(const evaluator *e) { return e->watched; }
const int64_t *evaluator_hits(const evaluator *e, int side) { return e->hits[side]; }
const int32_t *evaluator_users(const evaluator *e) { return e->user; }
throng_status evaluator_identity(const evaluator *e, char **out) {
  return sim_identity(e->sim, out);
}

bool evaluator_searches_slowly(const evaluator *e) {
  enum { FEW_ITEMS = 4096 };
  return !e->sim->device.table && e->sim->world->n_item > FEW_ITEMS;
}

#define DOWNLOAD(to, from, count)                                          \
  THRONG_TRY(e->sim->backend->ops->download(e->sim->backend, (to), (from), \
                                            (size_t)(count) * sizeof *(to)))

/// Who plays: the agents of an actor, or without one a yardstick.
typedef struct player {
  agent_actor *actor;
  throng_yardstick yardstick;
} player;

/// The best items at the start, and whether the users would like them.
static throng_status rank_start(evaluator *e, player who) {
  if (who.actor) {
    THRONG_TRY(agent_actor_rank(who.actor, e->sim, e->top, e->ranking));
  } else {
    int32_t *best;
    THRONG_TRY(yardsticks_rank(e->yardsticks, who.yardstick, e->top, &best));
    DOWNLOAD(e->ranking, best, (int64_t)e->sim->n_lane * e->top);
  }
  return probe_ask(e->probe, e->ranking, e->liked);
}

/// Count what a session that lasts was shown.
static void count_shown(evaluator *e, int64_t lane, int32_t item) {
  const published_env *env = &e->sim->published;
  const int64_t block = lane / e->n_episode;
  e->exposure[block * e->sim->world->n_item + item] += 1;
  if (!env->reviewer) return;
  e->other_user[block] += env->reviewer[item] != e->user[lane];
  e->coin[block] += env->earlier[item] == 0;
}

static void count_hits(int64_t *hits, int32_t keywords) {
  ++hits[keywords < EVALUATOR_HITS ? keywords : EVALUATOR_HITS - 1];
}

/// Keywords that the items just shown share with what their users liked and disliked, where the
/// session still lasts: before `ended` is that of this step.
static throng_status watch_keywords(evaluator *e) {
  const int64_t slate = e->sim->def.slate_size;
  const int64_t first = (int64_t)e->watched * e->n_episode, n = e->n_episode * slate;
  if (!e->watch.keywords || e->watched < 0) return THRONG_OK;
  DOWNLOAD(e->vote, e->sim->vote + first * slate, n);
  for (int64_t k = 0; k < n; ++k) {
    if (e->ended[first + k / slate]) continue;
    count_hits(e->hits[0], e->vote[k].alpha_pos);
    count_hits(e->hits[1], e->vote[k].alpha_neg);
  }
  return THRONG_OK;
}

/// Show every lane an item, counting what was shown where the session still lasted.
static throng_status play_step(evaluator *e, player who) {
  throng_sim *sim = e->sim;
  const int64_t slate = sim->def.slate_size;
  if (who.actor)
    THRONG_TRY(agent_actor_act(who.actor, sim, true));
  else
    THRONG_TRY(yardsticks_act(e->yardsticks, who.yardstick));
  DOWNLOAD(e->shown, sim->action, sim->n_lane * slate);
  const evaluator_watch *w = &e->watch;
  if (w->shown) THRONG_TRY(w->shown(w->context, sim, e->shown, e->ended));
  THRONG_TRY(sim_step_on_backend(sim));
  if (w->answered) THRONG_TRY(w->answered(w->context, sim, e->shown, e->ended));
  for (int64_t k = 0; k < sim->n_lane * slate; ++k)
    if (!e->ended[k / slate]) count_shown(e, k / slate, e->shown[k]);
  THRONG_TRY(watch_keywords(e));
  DOWNLOAD(e->ended, sim->ended, sim->n_lane);
  return THRONG_OK;
}

/// Play until every lane has ended.
static throng_status play(evaluator *e, player who, const throng_progress *progress,
                          backend_asker *asker) {
  throng_sim *sim = e->sim;
  const char *stage = asker->stage;
  memset(e->exposure, 0, (size_t)(e->n_block * sim->world->n_item) * sizeof *e->exposure);
  memset(e->other_user, 0, (size_t)e->n_block * sizeof *e->other_user);
  memset(e->coin, 0, (size_t)e->n_block * sizeof *e->coin);
  memset(e->hits, 0, sizeof e->hits);
  memset(e->ended, 0, (size_t)sim->n_lane);
  int64_t playing = sim->n_lane;
  while (playing > 0) {
    if (!throng_report(progress, stage, sim->n_lane - playing, sim->n_lane, "episodes"))
      return throng_cancelled(stage);
    asker->done = sim->n_lane - playing;
    THRONG_TRY(play_step(e, who));
    playing = 0;
    for (int64_t lane = 0; lane < sim->n_lane; ++lane) playing += !e->ended[lane];
  }
  DOWNLOAD(e->final_return, sim->final_return, sim->n_lane);
  DOWNLOAD(e->final_step, sim->final_step, sim->n_lane);
  if (!throng_report(progress, stage, sim->n_lane, sim->n_lane, "episodes"))
    return throng_cancelled(stage);
  return THRONG_OK;
}

static throng_status play_from_start(evaluator *e, player who, const char *title,
                                     const throng_progress *progress) {
  throng_sim *sim = e->sim;
  char stage[64];
  snprintf(stage, sizeof stage, "evaluate %s", title);
  backend_asker asker = {progress, stage, "episodes", 0, sim->n_lane};
  sim->backend->stop = backend_ask;
  sim->backend->stop_context = &asker;
  throng_status status = sim_reset_in_blocks(sim, e->n_episode);
  if (status == THRONG_OK)
    status = sim->backend->ops->download(sim->backend, e->user, sim->user,
                                         (size_t)sim->n_lane * sizeof *e->user);
  if (status == THRONG_OK) status = rank_start(e, who);
  if (status == THRONG_OK) status = play(e, who, progress, &asker);
  sim->backend->stop = NULL;
  return status;
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

/// Mean over the lanes of a block whose user belongs to a third (-1: all); NaN where there is none.
static mean_error mean_of(evaluator *e, int32_t block, int tercile, lane_value *value) {
  int64_t n = 0, first = (int64_t)block * e->n_episode;
  for (int64_t lane = first; lane < first + e->n_episode; ++lane)
    if (tercile < 0 || e->tercile[e->user[lane]] == tercile) e->value[n++] = value(e, lane);
  return mean_with_error(n, e->value);
}

void evaluator_copy_returns(const evaluator *e, int32_t block, double *to) {
  for (int32_t k = 0; k < e->n_episode; ++k)
    to[k] = lane_return(e, (int64_t)block * e->n_episode + k);
}

/// Likes a step, over all sessions of a block.
static mean_error reward_per_step(evaluator *e, int32_t block) {
  evaluator_copy_returns(e, block, e->value);
  for (int32_t k = 0; k < e->n_episode; ++k)
    e->other_value[k] = lane_length(e, (int64_t)block * e->n_episode + k);
  return ratio_with_error(e->n_episode, e->value, e->other_value);
}

/// Share of the items that a block was shown; NaN outside released environments.
static double share_of_shown(const evaluator *e, int32_t block, const int64_t *count) {
  int64_t shown = 0;
  if (!e->sim->published.reviewer) return (double)NAN;
  for (int32_t k = 0; k < e->n_episode; ++k)
    shown += e->final_step[(int64_t)block * e->n_episode + k];
  return (double)count[block] / (double)shown;
}

static throng_status measure_block(evaluator *e, int32_t block, throng_metrics *out) {
  const int64_t n_item = e->sim->world->n_item;
  const int64_t *exposure = e->exposure + block * n_item;
  mean_error reward = mean_of(e, block, -1, lane_return), rate = reward_per_step(e, block);
  *out = (throng_metrics){
      .episodes = e->n_episode,
      .average_reward = reward.mean,
      .average_reward_sem = reward.sem,
      .total_reward = reward.mean * e->n_episode,
      .liking = mean_of(e, block, -1, lane_liking).mean,
      .diversity = mean_of(e, block, -1, lane_diversity).mean,
      .session_length = mean_of(e, block, -1, lane_length).mean,
      .coverage = coverage_share(n_item, exposure),
      .reward_per_step = rate.mean,
      .reward_per_step_sem = rate.sem,
      .other_user_share = share_of_shown(e, block, e->other_user),
      .coin_share = share_of_shown(e, block, e->coin),
  };
  THRONG_TRY(gini_coefficient(n_item, exposure, &out->gini));
  for (int third = 0; third < 3; ++third) {
    out->tercile_reward[third] = mean_of(e, block, third, lane_return).mean;
    out->tercile_liking[third] = mean_of(e, block, third, lane_liking).mean;
    out->tercile_length[third] = mean_of(e, block, third, lane_length).mean;
  }
  return THRONG_OK;
}

void evaluator_add_sessions(const evaluator *e, int32_t block, const throng_metrics *m,
                            double *likes, double *rest) {
  for (int64_t episode = 0; episode < e->n_episode; ++episode) {
    const int64_t lane = (int64_t)block * e->n_episode + episode;
    likes[episode] += lane_return(e, lane);
    rest[episode] +=
        (lane_return(e, lane) - m->reward_per_step * lane_length(e, lane)) / m->session_length;
  }
}

void evaluator_set_errors(int32_t n_player, int32_t n_episode, double *likes, double *rest,
                          throng_metrics *mean) {
  for (int32_t k = 0; k < n_episode; ++k) {
    likes[k] /= n_player;
    rest[k] /= n_player;
  }
  mean->average_reward_sem = mean_with_error(n_episode, likes).sem;
  mean->reward_per_step_sem = mean_with_error(n_episode, rest).sem;
}

/// Of the blocks that count, in the evaluator's scratch.
static void set_errors_of_mean(evaluator *e, const throng_metrics *each, const bool *counts,
                               throng_metrics *mean) {
  int32_t n = 0;
  memset(e->value, 0, (size_t)e->n_episode * sizeof *e->value);
  memset(e->other_value, 0, (size_t)e->n_episode * sizeof *e->other_value);
  for (int32_t block = 0; block < e->n_block; ++block) {
    if (counts && !counts[block]) continue;
    evaluator_add_sessions(e, block, &each[block], e->value, e->other_value);
    ++n;
  }
  evaluator_set_errors(n, e->n_episode, e->value, e->other_value, mean);
}

throng_status evaluator_play_agents(evaluator *e, agent_actor *actor, const bool *counts,
                                    const throng_progress *progress, throng_metrics *each,
                                    throng_metrics *mean) {
  memset(each, 0, (size_t)e->n_block * sizeof *each);
  *mean = (throng_metrics){0};
  e->watched = 0;
  while (counts && e->watched < e->n_block && !counts[e->watched]) ++e->watched;
  if (e->watched == e->n_block) e->watched = -1;
  THRONG_TRY(play_from_start(e, (player){.actor = actor}, agent_title(actor), progress));
  for (int32_t block = 0; block < e->n_block; ++block)
    THRONG_TRY(measure_block(e, block, &each[block]));
  *mean = metrics_mean(e->n_block, each, counts);
  // That of a single one is its own.
  if (mean->episodes > 0 && isnan(mean->average_reward_sem))
    set_errors_of_mean(e, each, counts, mean);
  return THRONG_OK;
}

throng_status evaluator_play_yardstick(evaluator *e, throng_yardstick yardstick,
                                       const throng_progress *progress, throng_metrics *out) {
  *out = (throng_metrics){0};
  if (!e->yardsticks)
    return throng_fail(THRONG_ERROR_ARGUMENT, "yardstick %s: this evaluation was made without",
                       yardstick_title(yardstick));
  if (yardstick == THRONG_YARDSTICK_PLANNER)
    THRONG_TRY(yardsticks_add_planner(e->yardsticks, &e->def));
  if (yardstick == THRONG_YARDSTICK_LINUCB || yardstick == THRONG_YARDSTICK_THOMPSON)
    THRONG_TRY(yardsticks_add_bandits(e->yardsticks, &e->def));
  const player who = {.yardstick = yardstick};
  e->watched = -1;
  THRONG_TRY(play_from_start(e, who, yardstick_title(yardstick), progress));
  return measure_block(e, 0, out);
}
