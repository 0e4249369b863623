/// A training run from mark to mark: lanes, population and the evaluators, and one clock for all.
#include "train/session.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/memory_plan.h"
#include "train/contest.h"
#include "train/train_fields.h"
#include "train/train_memory.h"
#include "world/world.h"

struct throng_session {
  throng_train_def def;
  throng_backend *backend;
  throng_sim *sim;
  throng_population *population;
  int32_t n_agent;
  contest contest;                // agents, a block of lanes each, and yardsticks
  agent_actor *actor;             // plays on the lanes of contest.agents
  throng_metrics *each;           // (n_agent) of the last evaluation
  bool *learning;                 // (n_agent)
  bool played;                    // the agents have been evaluated
  throng_population_stats stats;  // of the last mark
  throng_train_report report;     // but for its clock, which is the population's
  int64_t begun;                  // the clock where this session began to count seconds
};

static throng_status make_parts(throng_session *s, throng_backend *backend,
                                const throng_world *world, const throng_sta *sta,
                                const throng_sim_def *sim, const throng_agent_def *agent,
                                const throng_progress *progress) {
  THRONG_TRY(throng_sim_create(backend, world, sta, sim, &s->sim));
  THRONG_TRY(throng_population_create(s->sim, agent, s->def.steps, &s->population));
  const size_t n = (size_t)agent->count;
  s->n_agent = agent->count;
  THRONG_TRY(contest_create(backend, world, sta, sim, &s->def.evaluation, s->n_agent, s->n_agent,
                            s->def.yardsticks, progress, &s->contest));
  evaluator *e = s->contest.agents;
  THRONG_TRY(agent_actor_create(s->population, evaluator_sim(e), evaluator_top(e), &s->actor));
  THRONG_TRY(throng_alloc((void **)&s->each, n, sizeof *s->each, "evaluation"));
  THRONG_TRY(throng_alloc((void **)&s->learning, n, sizeof *s->learning, "evaluation"));
  if (backend->planning) return THRONG_OK;
  return throng_population_get_stats(s->population, &s->stats);
}

throng_status session_make(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_sim_def *sim,
                           const throng_agent_def *agent, const throng_train_def *def,
                           const throng_progress *progress, throng_session **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(fields_check(&train_fields, def));
  THRONG_TRY(throng_alloc(&block, 1, sizeof(throng_session), "training"));
  throng_session *s = block;
  s->def = *def;
  s->backend = backend;
  backend_asker asker = {progress, "make the lanes", "user-steps", 0, 0};
  backend->stop_context = &asker;
  backend->stop = backend_ask;
  throng_status status = make_parts(s, backend, world, sta, sim, agent, progress);
  backend->stop = NULL;
  if (status == THRONG_OK)
    *out = s;
  else
    throng_session_close(s);
  return status;
}

throng_status throng_session_create(throng_backend *backend, const throng_world *world,
                                    const throng_sta *sta, const throng_sim_def *sim,
                                    const throng_agent_def *agent, const throng_train_def *def,
                                    const throng_progress *progress, throng_session **out) {
  *out = NULL;
  throng_sim_def lanes;
  throng_agent_def agents;
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  THRONG_TRY(def_check(agent, sizeof *agent, "throng_agent_def"));
  lanes = *sim;
  agents = *agent;
  THRONG_TRY(train_settle_count(backend, world, sta, NULL, &lanes, &agents, def));
  THRONG_TRY(train_check_memory(backend, world, sta, NULL, &lanes, &agents, def));
  return session_make(backend, world, sta, &lanes, &agents, def, progress, out);
}

void throng_session_close(throng_session *s) {
  if (!s) return;
  agent_actor_free(s->actor);
  contest_free(&s->contest);
  throng_population_close(s->population);
  throng_sim_close(s->sim);
  free(s->learning);
  free(s->each);
  free(s);
}

throng_status train_check(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                          const throng_sta_def *shape, const throng_sim_def *sim,
                          const throng_agent_def *agent, const throng_train_def *def) {
  throng_backend *plan;
  throng_sta *fitted = NULL;
  throng_session *trial = NULL;
  THRONG_TRY(fields_check(&train_fields, def));
  THRONG_TRY(memory_plan_open(backend, &plan));
  throng_status status = THRONG_OK;
  if (!sta && shape) status = throng_sta_create(plan, world, shape, &fitted);
  if (status == THRONG_OK)
    status = session_make(plan, world, sta ? sta : fitted, sim, agent, def, NULL, &trial);
  if (status == THRONG_OK && backend->ops->memory)
    status = memory_plan_check(
        plan, backend,
        world_device_held(backend, world, sim->votes.table_bytes,
                          sim->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE),
        "training",
        "sim.lanes, agent.buffer, agent.batch, evaluation.episodes or "
        "votes.table_bytes");
  throng_session_close(trial);
  throng_sta_close(fitted);
  throng_backend_close(plan);
  return status;
}

throng_status train_check_memory(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 const throng_sim_def *sim, const throng_agent_def *agent,
                                 const throng_train_def *def) {
  if (!backend->ops->memory) return fields_check(&train_fields, def);
  return train_check(backend, world, sta, shape, sim, agent, def);
}

int64_t session_user_steps(const throng_session *s) { return agent_run_steps(s->population); }

static bool passed(int64_t before, int64_t now, int64_t every) {
  return now / every > before / every;
}

uint32_t session_marks(const throng_session *s, int64_t before, int64_t now) {
  const int64_t end = s->def.steps;
  if (before < end && now >= end)
    return THRONG_MARK_EVALUATION | THRONG_MARK_CHECKPOINT | THRONG_MARK_END;
  uint32_t marks = 0;
  if (passed(before, now, s->def.evaluate_every)) marks |= THRONG_MARK_EVALUATION;
  if (passed(before, now, s->def.checkpoint_every)) marks |= THRONG_MARK_CHECKPOINT;
  // Past its end a session stops at every further `steps`, too, so that a step always returns.
  if (now >= end && (marks || passed(before, now, end))) marks |= THRONG_MARK_END;
  return marks;
}

/// One step of all lanes, which `progress` may stop before anything has moved.
static throng_status step_lanes(throng_session *s, int64_t now, const throng_progress *progress) {
  throng_backend *backend = s->backend;
  if (!throng_report(progress, "train", now, s->def.steps, "user-steps"))
    return throng_cancelled("train");
  backend_asker asker = {progress, "train", "user-steps", now, s->def.steps};
  backend->stop_context = &asker;
  backend->stop = backend_ask;
  throng_status status = throng_population_train_step(s->population);
  backend->stop = NULL;
  const char *note = agent_take_note(s->population);
  if (note) throng_note(progress, "%s", note);
  return status;
}

throng_status throng_session_step(throng_session *s, const throng_progress *progress,
                                  uint32_t *marks) {
  throng_backend *backend = s->backend;
  uint32_t reached = 0;
  *marks = 0;
  while (!reached) {
    const double begin = clock_now();
    const int64_t before = session_user_steps(s);
    THRONG_TRY(step_lanes(s, before, progress));
    reached = session_marks(s, before, session_user_steps(s));
    // What is only queued on a device has not been done yet.
    if (reached) THRONG_TRY(backend->ops->synchronize(backend));
    s->report.seconds += clock_now() - begin;
  }
  // Read at every mark, so that a run that goes on from a checkpoint reads the same ones.
  THRONG_TRY(throng_population_get_stats(s->population, &s->stats));
  THRONG_TRY(agent_any_left(s->population));  // else a mark's checkpoint would be of nothing
  *marks = reached;
  return THRONG_OK;
}

throng_population_stats throng_session_get_stats(const throng_session *s) { return s->stats; }

throng_status throng_session_evaluate(throng_session *s, const throng_progress *progress,
                                      throng_metrics *each) {
  const throng_agent_state *state = agent_states(s->population);
  for (int32_t k = 0; k < s->n_agent; ++k) s->learning[k] = state[k] == THRONG_AGENT_LEARNING;
  evaluator *e = s->contest.agents;
  THRONG_TRY(evaluator_play_agents(e, s->actor, s->learning, progress, s->each, &s->report.agent));
  returns_take_agents(&s->contest.returns, e, s->learning);
  s->played = true;
  if (each) memcpy(each, s->each, (size_t)s->n_agent * sizeof *each);
  return THRONG_OK;
}

throng_status throng_session_evaluate_yardstick(throng_session *s, throng_yardstick yardstick,
                                                const throng_progress *progress,
                                                throng_metrics *out) {
  THRONG_TRY(contest_play(&s->contest, yardstick, progress));
  if (out) *out = s->contest.yardstick[yardstick];
  return THRONG_OK;
}

throng_status session_find_yardstick(throng_session *s, throng_yardstick yardstick,
                                     const throng_progress *progress, bool *kept) {
  return contest_find(&s->contest, yardstick, progress, kept);
}

void session_yardstick_folder(const throng_session *s, char path[KEPT_PATH_SIZE]) {
  path[0] = '\0';
  if (s->contest.yardsticks) kept_yardstick_folder(s->contest.yardsticks, path);
}

bool session_plays(const throng_session *s, throng_yardstick yardstick) {
  return contest_plays(&s->contest, yardstick);
}

throng_status throng_session_compare(throng_session *s, int32_t agent, throng_comparison *out) {
  *out = (throng_comparison){0};
  if (agent < 0 || agent >= s->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "compare: agent %d is not in 0..%d", agent,
                       s->n_agent - 1);
  if (!s->played)
    return throng_fail(THRONG_ERROR_ARGUMENT, "compare: no agent has been evaluated yet");
  *out = returns_compare_agent(&s->contest.returns, agent);
  return THRONG_OK;
}

throng_status throng_session_save(throng_session *s, const char *path) {
  return throng_population_save(s->population, path);
}

/// Seconds and rate are this session's own.
static throng_status restored(throng_session *s) {
  s->begun = session_user_steps(s);
  s->report.seconds = 0;
  return throng_population_get_stats(s->population, &s->stats);
}

throng_status throng_session_restore(throng_session *s, const char *path) {
  THRONG_TRY(throng_population_restore(s->population, path));
  return restored(s);
}

throng_status session_restore_from(throng_session *s, const safetensors_file *file) {
  THRONG_TRY(agent_restore_from(s->population, file));
  return restored(s);
}

const evaluator *session_evaluator(const throng_session *s) { return s->contest.agents; }

void session_count_keywords(throng_session *s) {
  evaluator_set_watch(s->contest.agents, &(evaluator_watch){.keywords = true});
}

throng_population *throng_session_get_population(throng_session *s) { return s->population; }
throng_sim *throng_session_get_sim(throng_session *s) { return s->sim; }
const char *session_agent_title(const throng_session *s) { return agent_title(s->actor); }

void throng_session_get_report(const throng_session *s, throng_train_report *out) {
  *out = s->report;
  contest_report(&s->contest, out);
  if (out->agent.episodes > 0) out->agent_against = returns_compare_agents(&s->contest.returns);
  out->user_steps = session_user_steps(s);
  out->user_steps_per_second =
      out->seconds > 0 ? (double)(out->user_steps - s->begun) / out->seconds : 0;
}
