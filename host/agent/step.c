/// A step of training: act, show, log, learn. Where the backend records graphs, each kind of step
/// is recorded once and replayed: nothing in it hangs on the host, the clock being on the backend.
/// Where one cannot be recorded, steps go on as single calls, which give the same bits.
#include <stdio.h>

#include "agent/learner.h"

/// What comes after the step's clock has moved on.
static bool learns(const throng_population *a) {
  const int64_t time = a->time + 1;
  return time * a->lanes >= a->def.learning_starts && time % a->def.update_every == 0 &&
         time >= a->def.n_step && a->def.updates > 0;
}

static throng_status show(throng_population *a) {
  THRONG_TRY(agent_actor_act(a->actor, a->sim, false));
  // Choosing changes nothing and may be stopped; from here on a step is whole or not at all.
  a->backend->stop = NULL;
  THRONG_TRY(replay_before_step(a));
  THRONG_TRY(sim_step_on_backend(a->sim));
  return replay_after_step(a);
}

/// The whole step as calls that a graph can record.
static throng_status queue_step(throng_population *a, bool learn) {
  THRONG_TRY(show(a));
  for (int32_t k = 0; learn && k < a->def.updates; ++k) THRONG_TRY(agent_update(a));
  return THRONG_OK;
}

/// Record a step and queue it for the first time. After an error nothing of it has run.
static throng_status record(throng_population *a, bool learn, agent_graph *g) {
  const backend_ops *ops = a->backend->ops;
  THRONG_TRY(ops->capture_begin(a->backend));
  throng_status status = queue_step(a, learn);  // moves the mirrors, as the replay moves the clock
  if (status == THRONG_OK) {
    g->fresh = a->fresh;
    g->target_fresh = a->target_fresh;
    status = ops->capture_end(a->backend, &g->graph);
    if (status == THRONG_OK) status = ops->replay(a->backend, g->graph);
    if (status == THRONG_OK) return THRONG_OK;
  } else {
    char cause[512];
    snprintf(cause, sizeof cause, "%s", throng_error_message());
    (void)ops->capture_end(a->backend, &g->graph);
    status = throng_fail(status, "%s", cause);
  }
  ops->graph_free(a->backend, g->graph);
  g->graph = NULL;
  return status;
}

/// A step that is to be recorded. What fails to be is run as single calls, and no other is tried.
static throng_status record_or_run(throng_population *a, bool learn, agent_graph *g) {
  const int64_t time = a->time, updates = a->updates, stat_updates = a->stat_updates;
  const bool fresh = a->fresh, target_fresh = a->target_fresh;
  if (record(a, learn, g) == THRONG_OK) return THRONG_OK;
  a->time = time;
  a->updates = updates;
  a->stat_updates = stat_updates;
  a->fresh = fresh;
  a->target_fresh = target_fresh;
  a->unrecorded = true;
  snprintf(a->note, sizeof a->note,
           "a step of training could not be recorded as a graph, so steps run as single calls, "
           "which takes longer and gives the same result: %s",
           throng_error_message());
  return queue_step(a, learn);
}

const char *agent_take_note(throng_population *a) {
  if (!a->note[0]) return NULL;
  snprintf(a->told, sizeof a->told, "%s", a->note);
  a->note[0] = '\0';
  return a->told;
}

static throng_status replay(throng_population *a, bool learn, const agent_graph *g) {
  THRONG_TRY(a->backend->ops->replay(a->backend, g->graph));
  a->time += 1;
  if (learn) a->updates += a->def.updates;
  if (learn) a->stat_updates += a->def.updates;
  a->fresh = g->fresh;
  a->target_fresh = g->target_fresh;
  return THRONG_OK;
}

static throng_status graph_step(throng_population *a, bool learn) {
  agent_graph *g = &a->graph[learn + 2 * a->fresh + 4 * a->target_fresh];
  const int64_t before = a->updates;
  if (g->graph) {
    THRONG_TRY(replay(a, learn, g));
  } else if (g->seen && !a->unrecorded) {
    THRONG_TRY(record_or_run(a, learn, g));
  } else {
    g->seen = true;
    THRONG_TRY(queue_step(a, learn));
  }
  return agent_check_loss(a, before);
}

static throng_status plain_step(throng_population *a, bool learn) {
  THRONG_TRY(show(a));
  for (int32_t k = 0; learn && k < a->def.updates; ++k) THRONG_TRY(agent_learn(a));
  return THRONG_OK;
}

/// A simulator that was reseeded or given other starts is stepped with other arguments.
static throng_status follow_simulator(throng_population *a) {
  if (a->sim_generation == a->sim->generation) return THRONG_OK;
  THRONG_TRY(sim_require_real_histories(a->sim));
  agent_graphs_free(a);
  a->sim_generation = a->sim->generation;
  return THRONG_OK;
}

throng_status throng_population_train_step(throng_population *a) {
  THRONG_TRY(follow_simulator(a));
  const bool learn = learns(a);
  // The first learning step prepares where learning starts from, which comes once.
  if (a->backend->ops->capture_begin && !(learn && a->updates == 0))
    THRONG_TRY(graph_step(a, learn));
  else
    THRONG_TRY(plain_step(a, learn));
  if (a->def.tau >= 1.0f && agent_steps(a) - a->synced >= a->def.target_every) {
    a->synced = agent_steps(a);
    THRONG_TRY(agent_copy_target(a));
  }
  return THRONG_OK;
}

void agent_graphs_free(throng_population *a) {
  for (int k = 0; k < AGENT_GRAPHS; ++k) {
    if (a->graph[k].graph) a->backend->ops->graph_free(a->backend, a->graph[k].graph);
    a->graph[k].graph = NULL;
  }
}
