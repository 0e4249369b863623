/// What looking ahead is worth under each dynamic of users: exactly on small instances, and by the
/// planner against the myopic oracle in whole sessions. Where both are 0 a world is a bandit.
#include "evaluate/planning.h"

#include "experiment/experiment.h"
#include "sim/rule.h"
#include "sim/users.h"

enum {
  NUMBER,
  USERS,
  EXACT_MYOPIC,
  EXACT_BEST,
  EXACT_GAIN,
  EXACT_LOW,
  EXACT_HIGH,
  EXACT_ABOVE,
  SESSIONS,
  MYOPIC,
  PLANNER,
  GAIN,
  GAIN_LOW,
  GAIN_HIGH,
  ABOVE
};

/// Items and steps of a small instance. Where answers are drawn the search goes through both, which
/// takes 2^steps times as long.
enum { POOL = 150, SURE_ITEMS = 7, SURE_STEPS = 6, DRAWN_ITEMS = 6, DRAWN_STEPS = 5 };

/// Each alone, at the values of its source (docs/dynamics.md), and the config's own together.
typedef enum dynamic {
  NONE,
  TEMPER,
  REPEAT_1,
  REPEAT_4,
  REPEAT_5,
  BORED,
  DEAF,
  SATIATION,
  EXPOSURE,
  DRIFT,
  RETURN,
  PRESET,
  DYNAMICS
} dynamic;
static const char *const names[DYNAMICS] = {"none",     "temper", "repeat 1", "repeat 4",
                                            "repeat 5", "bored",  "deaf",     "satiation",
                                            "exposure", "drift",  "return",   "preset"};

static throng_users_def users_of(dynamic d, const throng_users_def *config) {
  throng_users_def u = throng_default_users_def();
  switch (d) {
    case TEMPER: u.temper = 10; break;
    case REPEAT_1: u.repeat_window = 1; break;
    case REPEAT_4: u.repeat_window = 4; break;
    case REPEAT_5: u.repeat_window = 5, u.repeat_threshold = 1; break;
    case BORED: u.bored_likes = 3; break;
    case DEAF: u.bored_likes = 3, u.bored_deaf = true; break;
    case SATIATION: u.satiation = 0.5f; break;
    case EXPOSURE: u.exposure = u.exposure_tau = 1; break;
    case DRIFT: u.drift = 10; break;
    case RETURN: u.sessions = 6, u.temper = 5, u.temper_dislike = 1; break;
    case PRESET: u = users_are_dynamic(config) ? *config : throng_dynamic_users_def(); break;
    default: break;
  }
  return u;
}

static double low(const planning_gain *g) { return g->gain - 1.96 * g->gain_error; }
static double high(const planning_gain *g) { return g->gain + 1.96 * g->gain_error; }

/// Items are shown once at the most, and nobody leaves by chance: the search sees to both. Coming
/// back takes more steps than an instance has.
static throng_status solve(const experiment_room *room, dynamic d, const throng_sim_def *sim,
                           experiment_row *row) {
  const bool drawn = rule_draws(&sim->votes);
  const planning_instances instances = {.users = room->config->train.evaluation.episodes,
                                        .pool = POOL,
                                        .items = drawn ? DRAWN_ITEMS : SURE_ITEMS,
                                        .steps = drawn ? DRAWN_STEPS : SURE_STEPS};
  throng_sim_def lanes = *sim;
  planning_gain g;
  if (d == RETURN) return THRONG_OK;
  lanes.mask_seen = false;
  lanes.mask = THRONG_MASK_NONE;
  THRONG_TRY(planning_exact(room->backend, room->world, room->sta, &lanes, &instances,
                            room->progress, &g));
  row->value[USERS] = (double)g.n;
  row->value[EXACT_MYOPIC] = g.myopic;
  row->value[EXACT_BEST] = g.planned;
  row->value[EXACT_GAIN] = g.gain;
  row->value[EXACT_LOW] = low(&g);
  row->value[EXACT_HIGH] = high(&g);
  row->value[EXACT_ABOVE] = g.gained;
  return THRONG_OK;
}

static throng_status play(const experiment_room *room, const throng_sim_def *sim,
                          experiment_row *row) {
  planning_gain g;
  THRONG_TRY(planning_beam(room->backend, room->world, room->sta, sim,
                           &room->config->train.evaluation, room->progress, &g));
  row->value[SESSIONS] = (double)g.n;
  row->value[MYOPIC] = g.myopic;
  row->value[PLANNER] = g.planned;
  row->value[GAIN] = g.gain;
  row->value[GAIN_LOW] = low(&g);
  row->value[GAIN_HIGH] = high(&g);
  row->value[ABOVE] = g.gained;
  return THRONG_OK;
}

throng_status experiment_planning(experiment_room *room) {
  for (int d = 0; d < DYNAMICS; ++d) {
    throng_sim_def sim = room->config->sim;
    experiment_row row = experiment_row_of(names[d], NULL, NULL);
    if (experiment_table_has(room->table, &row)) continue;
    sim.users = users_of((dynamic)d, &room->config->sim.users);
    row.value[NUMBER] = d;
    THRONG_TRY(solve(room, (dynamic)d, &sim, &row));
    THRONG_TRY(play(room, &sim, &row));
    THRONG_TRY(experiment_table_add(room->table, &row));
  }
  return THRONG_OK;
}
