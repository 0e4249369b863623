/// One agent after the other on the same lanes, then the yardsticks.
#include "study/judge.h"

#include <math.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "evaluate/metrics.h"
#include "train/contest.h"

typedef struct judge {
  trained *t;
  contest contest;
  int32_t first, n_agent;  // of the checkpoint's
  throng_metrics *each;    // (n_agent)
  bool *counts;            // (n_agent)
  double *likes, *rest;    // (episodes) see evaluator_add_sessions
} judge;

static throng_status take_memory(judge *j, const throng_progress *progress, train_result *out) {
  const trained *t = j->t;
  const throng_evaluation_def *def = &t->config.train.evaluation;
  const size_t n = (size_t)j->n_agent, n_episode = (size_t)def->episodes;
  THRONG_TRY(contest_create(t->backend, t->world, t->sta, &t->config.sim, def, j->n_agent, 1,
                            t->config.train.yardsticks, progress, &j->contest));
  THRONG_TRY(throng_alloc((void **)&j->each, n, sizeof *j->each, "judge"));
  THRONG_TRY(throng_alloc((void **)&j->counts, n, sizeof *j->counts, "judge"));
  THRONG_TRY(throng_alloc((void **)&j->likes, n_episode, sizeof *j->likes, "judge"));
  THRONG_TRY(throng_alloc((void **)&j->rest, n_episode, sizeof *j->rest, "judge"));
  THRONG_TRY(throng_alloc((void **)&out->agent, n, sizeof *out->agent, "judge"));
  return throng_alloc((void **)&out->against, n, sizeof *out->against, "judge");
}

static throng_status find_states(judge *j, train_result *out) {
  throng_agent_state *state;
  THRONG_TRY(throng_alloc((void **)&state, (size_t)j->t->n_agent, sizeof *state, "judge"));
  const throng_status status = trained_states(j->t, state);
  int32_t counted = 0;
  for (int32_t k = 0; k < j->n_agent; ++k) {
    out->agent[k].state = state[j->first + k];
    j->counts[k] = state[j->first + k] == THRONG_AGENT_LEARNING;
    counted += j->counts[k];
  }
  // Whoever asks for one agent gets it, whatever became of it; and so where none learned to the
  // end.
  for (int32_t k = 0; k < j->n_agent && counted == 0; ++k) j->counts[k] = true;
  free(state);
  return status;
}

/// Agent `k` of those that are judged plays all sessions.
static throng_status play_agent(judge *j, agent_actor *actor, int32_t k,
                                const throng_progress *progress) {
  evaluator *e = j->contest.agents;
  throng_metrics mean;
  THRONG_TRY(trained_take(j->t, j->first + k));
  THRONG_TRY(evaluator_play_agents(e, actor, NULL, progress, &j->each[k], &mean));
  returns_set_agent(&j->contest.returns, k, e, 0);
  if (j->counts[k]) evaluator_add_sessions(e, 0, &j->each[k], j->likes, j->rest);
  return THRONG_OK;
}

static throng_status play_agents(judge *j, const throng_progress *progress, train_result *out) {
  evaluator *e = j->contest.agents;
  agent_actor *actor;
  THRONG_TRY(agent_actor_create(j->t->population, evaluator_sim(e), evaluator_top(e), &actor));
  out->title = agent_title(actor);
  throng_status status = THRONG_OK;
  for (int32_t k = 0; k < j->n_agent && status == THRONG_OK; ++k)
    status = play_agent(j, actor, k, progress);
  agent_actor_free(actor);
  if (status != THRONG_OK) return status;
  throng_metrics *mean = &out->report.agent;
  *mean = metrics_mean(j->n_agent, j->each, j->counts);
  int32_t counted = 0;
  for (int32_t k = 0; k < j->n_agent; ++k) counted += j->counts[k];
  if (isnan(mean->average_reward_sem))
    evaluator_set_errors(counted, evaluator_episodes(e), j->likes, j->rest, mean);
  returns_join_agents(&j->contest.returns, j->counts);
  return THRONG_OK;
}

static throng_status play_yardsticks(judge *j, const throng_progress *progress) {
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    bool kept;
    if (!contest_plays(&j->contest, (throng_yardstick)k)) continue;
    THRONG_TRY(contest_find(&j->contest, (throng_yardstick)k, progress, &kept));
  }
  return THRONG_OK;
}

throng_status judge_trained(trained *t, int32_t agent, const throng_progress *progress,
                            train_result *out) {
  judge j = {.t = t, .first = agent < 0 ? 0 : agent, .n_agent = agent < 0 ? t->n_agent : 1};
  throng_status status;
  *out = (train_result){0};
  if (agent >= t->n_agent)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: agent %d is not in 0..%d", t->checkpoint, agent,
                       t->n_agent - 1);
  THRONG_TRY_GOTO(take_memory(&j, progress, out));
  out->n_agent = j.n_agent;
  THRONG_TRY_GOTO(find_states(&j, out));
  THRONG_TRY_GOTO(play_agents(&j, progress, out));
  THRONG_TRY_GOTO(play_yardsticks(&j, progress));
  contest_report(&j.contest, &out->report);
  out->report.agent_against = returns_compare_agents(&j.contest.returns);
  for (int32_t k = 0; k < j.n_agent; ++k) {
    out->agent[k].metrics = j.each[k];
    out->against[k] = returns_compare_agent(&j.contest.returns, k);
  }
done:
  contest_free(&j.contest);
  free(j.each);
  free(j.counts);
  free(j.likes);
  free(j.rest);
  return status;
}
