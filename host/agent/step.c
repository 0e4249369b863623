/// A step of training: act, show, log, learn. Where the backend records graphs, each kind of step
/// is recorded once and launched from then on: a recorded step reads no host state, its clocks
/// being on the backend. Where one cannot be recorded, steps go on as single calls, which give the
/// same bits.
#include <stdio.h>

#include "agent/population.h"

static throng_status show(throng_population *a) {
  THRONG_TRY(agent_actor_act(a->actor, a->sim, false));
  // Choosing changes nothing and may be stopped; from here on a step is whole or not at all.
  a->backend->stop = NULL;
  THRONG_TRY(replay_before_step(a));
  THRONG_TRY(sim_step_on_backend(a->sim));
  return replay_after_step(a);
}

/// The whole step as calls that a graph can record.
static throng_status queue_step(throng_population *a, int kind) {
  if (kind == STEP_TURN) return a->algorithm->learn(a);
  THRONG_TRY(show(a));
  if (kind == STEP_ACTS) return THRONG_OK;
  const int32_t turns = clocks_turns(a);
  for (int32_t turn = 0; turn < turns; ++turn) {
    THRONG_TRY(clocks_find_learners(a, turn));
    if (turn == 0 && kind == STEP_ALONE && a->algorithm->prepare)
      THRONG_TRY(a->algorithm->prepare(a));
    THRONG_TRY(a->algorithm->learn(a));
  }
  return THRONG_OK;
}

/// Record a step and queue it for the first time. After an error nothing of it has run.
static throng_status record(throng_population *a, int kind, step_graph *g) {
  const backend_ops *ops = a->backend->ops;
  THRONG_TRY(ops->capture_begin(a->backend));
  throng_status status = queue_step(a, kind);
  if (status == THRONG_OK) {
    g->current = a->current;
    status = ops->capture_end(a->backend, &g->graph);
    if (status == THRONG_OK) status = ops->graph_launch(a->backend, g->graph);
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
static throng_status record_or_run(throng_population *a, int kind, step_graph *g) {
  const unsigned current = a->current;
  if (record(a, kind, g) == THRONG_OK) return THRONG_OK;
  a->current = current;
  a->unrecorded = true;
  snprintf(a->note, sizeof a->note,
           "a step of training could not be recorded as a graph, so steps run as single calls, "
           "which takes longer and gives the same result: %s",
           throng_error_message());
  return queue_step(a, kind);
}

const char *agent_take_note(throng_population *a) {
  if (!a->note[0]) return NULL;
  snprintf(a->told, sizeof a->told, "%s", a->note);
  a->note[0] = '\0';
  return a->told;
}

static throng_status graph_step(throng_population *a, int kind) {
  step_graph *g = &a->graph[kind + STEP_KINDS * (int)a->current];
  if (g->graph) {
    THRONG_TRY(a->backend->ops->graph_launch(a->backend, g->graph));
    a->current = g->current;
    return THRONG_OK;
  }
  if (g->seen && !a->unrecorded) return record_or_run(a, kind, g);
  g->seen = true;
  return queue_step(a, kind);
}

/// A simulator that was reseeded or given other starts is stepped with other arguments.
static throng_status follow_simulator(throng_population *a) {
  if (a->sim_generation == a->sim->generation) return THRONG_OK;
  THRONG_TRY(sim_require_real_histories(a->sim));
  population_free_graphs(a);
  a->sim_generation = a->sim->generation;
  return THRONG_OK;
}

static throng_status run_step(throng_population *a, int kind) {
  if (a->backend->ops->capture_begin && kind != STEP_ALONE) return graph_step(a, kind);
  return queue_step(a, kind);
}

/// A rollout's updates are many and alike: each is a graph of its own.
static throng_status run_rollout_step(throng_population *a, int kind) {
  THRONG_TRY(run_step(a, STEP_ACTS));
  if (kind == STEP_ACTS) return THRONG_OK;
  THRONG_TRY(a->algorithm->close(a));
  const int32_t turns = clocks_turns(a);
  for (int32_t turn = 0; turn < turns; ++turn) THRONG_TRY(run_step(a, STEP_TURN));
  return THRONG_OK;
}

throng_status throng_population_train_step(throng_population *a) {
  THRONG_TRY(agent_any_left(a));
  THRONG_TRY(follow_simulator(a));
  const int kind = a->algorithm->kind_of_step(a);
  THRONG_TRY(a->algorithm->rolls ? run_rollout_step(a, kind) : run_step(a, kind));
  clocks_moved(a, kind != STEP_ACTS);
  if (a->algorithm->after_step) THRONG_TRY(a->algorithm->after_step(a));
  THRONG_TRY(clocks_watch(a, false));
  return agent_any_left(a);
}

void population_free_graphs(throng_population *a) {
  for (int k = 0; k < STEP_GRAPHS; ++k) {
    if (a->graph[k].graph) a->backend->ops->graph_free(a->backend, a->graph[k].graph);
    a->graph[k].graph = NULL;
  }
}

void population_forget_graphs(throng_population *a) {
  population_free_graphs(a);
  for (int k = 0; k < STEP_GRAPHS; ++k) a->graph[k].seen = false;
}
