/// A lane that is stepped one slate at a time.
#include "throng/play.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "base/field.h"
#include "evaluate/yardsticks.h"
#include "sim/sim.h"

struct throng_play {
  throng_play_def def;
  throng_sim *sim;      // of one lane
  agent_actor *actor;   // who shows: an agent, or
  yardsticks *ranking;  // a yardstick
  throng_play_step step;
  throng_play_item *item;    // (slate_size)
  throng_explanation **why;  // (slate_size) those of `item`
  int32_t *action;           // (slate_size)
  throng_vote *vote;         // (slate_size)
  uint8_t *examined;         // (slate_size)
  int32_t n_history, n_liked;
  bool shown, over;
};

throng_play_def throng_default_play_def(void) {
  return (throng_play_def){.size = sizeof(throng_play_def),
                           .cookie = THRONG_COOKIE,
                           .seed = throng_default_evaluation_def().seed};
}

static throng_status check(const throng_play_def *def) {
  THRONG_TRY(def_check(def, sizeof *def, "throng_play_def"));
  if (def->population && throng_population_get_def(def->population).count != 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "play: one agent plays, not a population of %d",
                       throng_population_get_def(def->population).count);
  if (!def->population && (unsigned)def->yardstick > THRONG_YARDSTICK_PLANNER)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "play: %s cannot play a single session: it learns from many before",
                       yardstick_title(def->yardstick));
  return THRONG_OK;
}

static throng_status make_player(throng_play *p) {
  const throng_evaluation_def usual = throng_default_evaluation_def();
  if (p->def.population) return agent_actor_create(p->def.population, p->sim, 0, &p->actor);
  THRONG_TRY(yardsticks_create(p->sim, 1, &p->ranking));
  if (p->def.yardstick != THRONG_YARDSTICK_PLANNER) return THRONG_OK;
  return yardsticks_add_planner(p->ranking, p->def.planner ? p->def.planner : &usual);
}

throng_status throng_play_create(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sim_def *sim,
                                 const throng_play_def *def, throng_play **out) {
  throng_play *p = NULL;
  throng_status status;
  *out = NULL;
  THRONG_TRY(check(def));
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  throng_sim_def lane = *sim;
  lane.lanes = 1;
  lane.autoreset = false;
  lane.seed = def->seed;
  lane.first_lane = 0;
  lane.votes.table_bytes = 0;  // pays for thousands of lanes, and changes no answer
  THRONG_TRY(throng_alloc((void **)&p, 1, sizeof *p, "play"));
  p->def = *def;
  p->over = true;  // until a session begins
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &lane, &p->sim));
  if (def->person) sim_stop_leaving_by_chance(p->sim);
  const size_t slate = (size_t)lane.slate_size;
  THRONG_TRY_GOTO(throng_alloc((void **)&p->item, slate, sizeof *p->item, "play"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p->why, slate, sizeof(throng_explanation *), "play"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p->action, slate, sizeof *p->action, "play"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p->vote, slate, sizeof *p->vote, "play"));
  THRONG_TRY_GOTO(throng_alloc((void **)&p->examined, slate, sizeof *p->examined, "play"));
  p->step = (throng_play_step){.n_item = lane.slate_size, .item = p->item};
  THRONG_TRY_GOTO(make_player(p));
  *out = p;
  return THRONG_OK;
done:
  throng_play_close(p);
  return status;
}

static void forget_reasons(throng_play *p) {
  for (int32_t k = 0; p->why && k < p->step.n_item; ++k) {
    throng_explanation_free(p->why[k]);
    p->why[k] = NULL;
    p->item[k].why = NULL;
  }
}

void throng_play_close(throng_play *p) {
  if (!p) return;
  forget_reasons(p);
  agent_actor_free(p->actor);
  yardsticks_free(p->ranking);
  throng_sim_close(p->sim);
  free(p->item);
  free(p->why);
  free(p->action);
  free(p->vote);
  free(p->examined);
  free(p);
}

throng_status throng_play_begin(throng_play *p, uint32_t session, int32_t user) {
  const bool drawn = user < 0;
  throng_observation seen;
  THRONG_TRY(throng_sim_set_starts(p->sim, drawn ? THRONG_START_DRAWN : THRONG_START_BY_LANE,
                                   drawn ? 0 : 1, drawn ? NULL : &user, NULL, NULL, NULL));
  THRONG_TRY(sim_number_lanes(p->sim, 0, 1, session));
  THRONG_TRY(throng_sim_reset(p->sim));
  THRONG_TRY(throng_sim_observe(p->sim, &seen));
  forget_reasons(p);
  p->step = (throng_play_step){
      .session = session, .user = seen.user[0], .n_item = p->step.n_item, .item = p->item};
  p->n_history = seen.length[0];
  p->n_liked = 0;
  for (int32_t k = 0; k < p->n_history; ++k) p->n_liked += seen.like[k] > 0;
  p->shown = p->over = false;
  return THRONG_OK;
}

/// The slate into the lane's `action`, on the backend.
static throng_status choose(throng_play *p) {
  return p->actor ? agent_actor_act(p->actor, p->sim, true)
                  : yardsticks_act(p->ranking, p->def.yardstick);
}

/// What the simulated user would answer: the step's own votes, with all draws, before it moves.
static throng_status foretell(throng_play *p) {
  throng_sim *s = p->sim;
  const backend_ops *ops = s->backend->ops;
  const size_t slate = (size_t)p->step.n_item;
  THRONG_TRY(sim_answer_on_backend(s));
  THRONG_TRY(ops->download(s->backend, p->vote, s->vote, slate * sizeof *p->vote));
  if (s->examined) THRONG_TRY(ops->download(s->backend, p->examined, s->examined, slate));
  for (size_t k = 0; k < slate; ++k) {
    p->item[k].vote = p->vote[k];
    p->item[k].examined = !s->examined || p->examined[k];
    p->item[k].like = p->vote[k].like;
  }
  return THRONG_OK;
}

throng_status throng_play_show(throng_play *p, const throng_play_step **out) {
  throng_sim *s = p->sim;
  *out = &p->step;
  if (p->over || p->shown)
    return throng_fail(THRONG_ERROR_ARGUMENT, "play: %s",
                       p->over ? "no session goes on" : "what was shown has no answer yet");
  forget_reasons(p);
  THRONG_TRY(choose(p));
  THRONG_TRY(s->backend->ops->download(s->backend, p->action, s->action,
                                       (size_t)p->step.n_item * sizeof *p->action));
  for (int32_t k = 0; k < p->step.n_item; ++k) {
    p->item[k].item = p->action[k];
    THRONG_TRY(throng_sim_explain(s, 0, p->action[k], &p->why[k]));
    p->item[k].why = p->why[k];
  }
  THRONG_TRY(foretell(p));
  p->step.step += 1;
  p->step.reward = 0;
  p->step.returned = 0;
  p->shown = true;
  return THRONG_OK;
}

throng_status throng_play_answer(throng_play *p, const uint8_t *like,
                                 const throng_play_step **out) {
  throng_outcome outcome;
  *out = &p->step;
  if (!p->shown) return throng_fail(THRONG_ERROR_ARGUMENT, "play: nothing was shown");
  THRONG_TRY(like ? throng_sim_step_answered(p->sim, p->action, like)
                  : throng_sim_step(p->sim, p->action));
  THRONG_TRY(throng_sim_outcome(p->sim, &outcome));
  for (int32_t k = 0; k < p->step.n_item; ++k) p->item[k].like = outcome.vote[k].like;
  p->step.reward = (double)outcome.reward[0];
  p->step.total += p->step.reward;
  p->step.end = (throng_end)outcome.ended[0];
  p->step.left = outcome.left ? (throng_leave)outcome.left[0] : THRONG_LEAVE_NONE;
  // Who does not change leaves by chance alone, which the simulator does not say each time.
  if (!outcome.left && p->step.end == THRONG_END_LEFT) p->step.left = THRONG_LEAVE_CHANCE;
  p->step.returned = outcome.returned ? outcome.returned[0] : 0;
  p->shown = false;
  p->over = p->step.end != THRONG_END_NONE;
  return THRONG_OK;
}

int32_t throng_play_user(const throng_play *p) { return p->step.user; }
int32_t throng_play_history(const throng_play *p, int32_t *likes) {
  *likes = p->n_liked;
  return p->n_history;
}
const char *throng_play_title(const throng_play *p) {
  return p->actor ? agent_title(p->actor) : yardstick_title(p->def.yardstick);
}
