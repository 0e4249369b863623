/// Plays and asks.
#include "run_report/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "evaluate/evaluator.h"
#include "run_report/watch.h"
#include "world/world.h"

/// What was stopped or has no memory ends the page; all else is told on it.
static throng_status told(throng_status status, char *why, size_t size) {
  if (status == THRONG_OK || status == THRONG_ERROR_CANCELLED || status == THRONG_ERROR_MEMORY)
    return status;
  snprintf(why, size, "%s", throng_error_message());
  return THRONG_OK;
}

static throng_status play(run_measures *m, const throng_evaluation_def *def, watcher *watcher,
                          const throng_progress *progress) {
  trained *t = &m->opened;
  evaluator *e = NULL;
  agent_actor *actor = NULL;
  throng_status status;
  throng_metrics each;
  const size_t n_item = (size_t)t->world->n_item;
  const evaluator_watch watch = {
      .context = watcher, .shown = watcher_shown, .answered = watcher_answered};
  THRONG_TRY_GOTO(evaluator_create(t->backend, t->world, t->sta, &t->config.sim, def, 1, true, &e));
  THRONG_TRY_GOTO(agent_actor_create(t->population, evaluator_sim(e), evaluator_top(e), &actor));
  for (int k = 0; k < PLAYED_COUNT && !(watcher == NULL && k > 0); ++k) {
    if (k == PLAYED_AGENT) {
      if (watcher) evaluator_set_watch(e, &watch);
      THRONG_TRY_GOTO(evaluator_play_agents(e, actor, NULL, progress, &each, &m->metrics[k]));
      evaluator_set_watch(e, NULL);
      THRONG_TRY_GOTO(
          throng_alloc((void **)&m->returns, (size_t)def->episodes, sizeof(double), "report"));
      evaluator_copy_returns(e, 0, m->returns);
    } else {
      const throng_yardstick who =
          k == PLAYED_RANDOM ? THRONG_YARDSTICK_RANDOM : THRONG_YARDSTICK_POPULAR;
      THRONG_TRY_GOTO(evaluator_play_yardstick(e, who, progress, &m->metrics[k]));
    }
    THRONG_TRY_GOTO(
        throng_alloc((void **)&m->exposure[k], n_item, sizeof *m->exposure[k], "report"));
    memcpy(m->exposure[k], evaluator_exposure(e, 0), n_item * sizeof *m->exposure[k]);
  }
  m->episodes = def->episodes;
done:
  agent_actor_free(actor);
  evaluator_free(e);
  return status;
}

static throng_status ask(run_measures *m, const throng_progress *progress) {
  const trained *t = &m->opened;
  const fidelity_report_def def = {.split = FIDELITY_TEST,
                                   .resamples = MEASURE_RESAMPLES,
                                   .users = MEASURE_QUESTIONS,
                                   .seed = t->config.sim.seed,
                                   .brief = true};
  return told(fidelity_report_make(t->backend, t->world, t->sta, &t->config.sim.votes, &def,
                                   progress, &m->fidelity),
              m->why_no_fidelity, sizeof m->why_no_fidelity);
}

/// The item-item table takes longer to make than these few sessions take without it.
static throng_status open_run(trained_def *def, const char *const *overrides,
                              const throng_progress *progress, run_measures *out) {
  size_t n = 0;
  const char **all;
  while (overrides && overrides[n]) ++n;
  THRONG_TRY(throng_alloc((void **)&all, n + 2, sizeof *all, "report"));
  all[0] = "votes.table_bytes=0";
  for (size_t k = 0; k < n; ++k) all[k + 1] = overrides[k];
  def->overrides = all;
  const throng_status status = trained_open(def, progress, &out->opened);
  free(all);
  return status;
}

throng_status run_measures_take(const char *folder, int32_t agent, bool returns_only,
                                const char *const *overrides, bool (*stop)(void *user),
                                throng_world *lent, const throng_progress *progress,
                                run_measures *out) {
  const double start = clock_now();
  trained_def def = {
      .run = folder, .agent = agent, .without_votes = true, .stop = stop, .lent = lent};
  watcher *watcher = NULL;
  *out = (run_measures){0};
  throng_status status = open_run(&def, overrides, progress, out);
  // An override that is none is its giver's mistake; a config of another release is the run's.
  if (status == THRONG_ERROR_CONFIG && overrides && *overrides) return status;
  status = told(status, out->why, sizeof out->why);
  if (*out->why) throng_note(progress, "the agent cannot be opened: %s", out->why);
  if (status != THRONG_OK || !out->opened.world) return status;
  throng_evaluation_def evaluation = out->opened.config.train.evaluation;
  if (evaluation.episodes > MEASURE_SESSIONS) evaluation.episodes = MEASURE_SESSIONS;
  if (!returns_only) THRONG_TRY_GOTO(watcher_create(out, evaluation.episodes, &watcher));
  THRONG_TRY_GOTO(told(play(out, &evaluation, watcher, progress), out->why, sizeof out->why));
  if (!returns_only) THRONG_TRY_GOTO(ask(out, progress));
done:
  watcher_free(watcher);
  out->seconds = clock_now() - start;
  if (status != THRONG_OK) run_measures_free(out);
  return status;
}

void run_measures_free(run_measures *m) {
  for (int k = 0; k < PLAYED_COUNT; ++k) free(m->exposure[k]);
  for (int s = 0; s < 2; ++s) free(m->count[s]);
  free(m->returns);
  free(m->fidelity);
  trained_close(&m->opened);
  *m = (run_measures){0};
}
