/// Playing and ranking: scratch memory for simulators of one shape, and what is done in it.
#include <stdlib.h>

#include "agent/learner.h"
#include "kernels/agent/agent_act.h"
#include "kernels/list.h"

struct agent_actor {
  throng_population *agent;
  int64_t n_lane, lanes;  // all, and one agent's
  int32_t history, slate, top;
  tensor_set scratch;
  agent_pass pass;
  float *best_value;   // (n_lane, top)
  int32_t *best_item;  // (n_lane, top)
  int64_t *packed;     // see agent_best
};

throng_status agent_actor_create(throng_population *agent, const throng_sim *sim, int32_t top,
                                 agent_actor **out) {
  *out = NULL;
  if (sim->n_lane % agent->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent.count: %d agents cannot play %d lanes evenly; the lanes must be a "
                       "multiple of it",
                       agent->n_agent, sim->n_lane);
  if (sim->backend != agent->backend || sim->world->n_item != agent->n_item ||
      sim->world->n_user != agent->n_user)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: it was made for %lld users and %lld items on its own backend, the "
                       "simulator has %lld and %lld",
                       (long long)agent->n_user, (long long)agent->n_item,
                       (long long)sim->world->n_user, (long long)sim->world->n_item);
  if (top < 0 || top > agent->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d items asked of a catalogue of %lld", top,
                       (long long)agent->n_item);
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(agent_actor), "actor"));
  agent_actor *actor = block;
  actor->agent = agent;
  actor->n_lane = sim->n_lane;
  actor->lanes = actor->n_lane / agent->n_agent;
  actor->history = sim->def.history;
  actor->slate = sim->def.slate_size;
  actor->top = top > actor->slate ? top : actor->slate;
  throng_status status;
  tensor_set *set = &actor->scratch;
  THRONG_TRY_GOTO(pass_register(agent, set, &actor->pass, actor->lanes, actor->history, "actor"));
  THRONG_TRY_GOTO(tensors_add(set, &actor->best_value, TENSOR_F32,
                              TENSOR_SHAPE(actor->n_lane, actor->top), "best_value"));
  THRONG_TRY_GOTO(tensors_add(set, &actor->best_item, TENSOR_I32,
                              TENSOR_SHAPE(actor->n_lane, actor->top), "best_item"));
  if (agent_packed_size(agent, actor->lanes, actor->top))
    THRONG_TRY_GOTO(tensors_add(set, &actor->packed, TENSOR_I64,
                                TENSOR_SHAPE(agent_packed_size(agent, actor->lanes, actor->top)),
                                "packed"));
  THRONG_TRY_GOTO(tensors_allocate(set, agent->backend, "actor of the agents"));
  pass_bind(agent, &actor->pass);
  *out = actor;
  return THRONG_OK;
done:
  agent_actor_free(actor);
  return status;
}

void agent_actor_free(agent_actor *actor) {
  if (!actor) return;
  tensors_free(&actor->scratch);
  free(actor);
}

const char *agent_title(const agent_actor *actor) {
  (void)actor;
  return "DQN";
}

bool agent_actor_fits(const agent_actor *actor, const throng_sim *sim) {
  return sim->backend == actor->agent->backend && sim->world->n_item == actor->agent->n_item &&
         sim->world->n_user == actor->agent->n_user && sim->n_lane == actor->n_lane &&
         sim->def.history == actor->history && sim->def.slate_size == actor->slate;
}

/// The `top` best items of every lane, in best_item.
static throng_status find_best(agent_actor *actor, const throng_sim *sim, int32_t top) {
  throng_population *a = actor->agent;
  if (!agent_actor_fits(actor, sim))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "agent: the actor was made for %lld lanes, history %d, slate %d; the "
                       "simulator has %d, %d, %d",
                       (long long)actor->n_lane, actor->history, actor->slate, sim->n_lane,
                       sim->def.history, sim->def.slate_size);
  lane_state_args state = {sim->history, sim->count, sim->initial_count, sim->user,
                           actor->pass.state};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, lane_state, actor->n_lane, &state));
  THRONG_TRY(agent_refresh(a));
  THRONG_TRY(pass_features(a, &actor->pass));
  THRONG_TRY(pass_forward(a, &a->weight, &actor->pass));
  best_mask mask = {.seen = sim->def.mask_seen ? sim->seen : NULL, .n_seen_word = sim->n_seen_word};
  return agent_best(a, a->vector, a->vector_bias, actor->pass.query, actor->lanes, &mask, top,
                    actor->packed, actor->best_value, actor->best_item);
}

throng_status agent_actor_act(agent_actor *actor, throng_sim *sim, bool greedy) {
  throng_population *a = actor->agent;
  THRONG_TRY(find_best(actor, sim, actor->slate));
  choose_args choose = {
      .epsilon = {a->epsilon_start, a->epsilon_end, a->epsilon_steps,
                  a->def.epsilon == THRONG_EPSILON_EXPONENTIAL},
      .clock = a->counter,
      .agent_lanes = a->lanes,
      .greedy = greedy,
      .agent_seed = a->seed,
      .step = sim->step,
      .episode = sim->episode,
      .first_lane = sim->def.first_lane,
      .lane_period = sim->lane_period,
      .best = actor->best_item,
      .seen = sim->def.mask_seen ? sim->seen : NULL,
      .action = sim->action,
      .lanes = actor->lanes,
      .n_seen_word = sim->n_seen_word,
      .n_item = (int32_t)a->n_item,
      .top = actor->slate,
      .slate = actor->slate,
  };
  return BACKEND_LAUNCH(a->backend, choose, actor->n_lane, &choose);
}

throng_status agent_actor_rank(agent_actor *actor, throng_sim *sim, int32_t top, int32_t *item) {
  if (top < 1 || top > actor->top)
    return throng_fail(THRONG_ERROR_ARGUMENT, "top: %d is not in 1..%d", top, actor->top);
  THRONG_TRY(find_best(actor, sim, top));
  throng_backend *backend = actor->agent->backend;
  return backend->ops->download(backend, item, actor->best_item,
                                sizeof(int32_t) * (size_t)actor->n_lane * (size_t)top);
}

float agent_epsilon(throng_epsilon kind, float start, float end, float steps, int64_t agent_steps) {
  epsilon_schedule schedule = {&start, &end, &steps, kind == THRONG_EPSILON_EXPONENTIAL};
  return epsilon_at(&schedule, 0, (float)agent_steps);
}
