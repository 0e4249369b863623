/// A training run in a folder: yardsticks, then a session from mark to mark with its rows and
/// checkpoints, then a summary. What is written where is host/report/run_folder.c's business.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/field.h"
#include "base/numbers.h"
#include "report/run_folder.h"
#include "train/resume.h"
#include "train/session.h"
#include "train/train_board.h"
#include "train/train_folder.h"
#include "train/train_json.h"
#include "train/train_memory.h"
#include "train/train_row.h"

typedef struct train_run {
  const throng_train_def *def;
  const throng_progress *progress;
  const train_watch *watch;  // NULL: nobody
  const throng_sta *sta;     // NULL: none
  const char *arithmetic;    // of the backend
  const char *config;        // as JSON
  throng_session *session;
  int32_t n_agent;
  int64_t lanes;
  throng_metrics *each;  // (n_agent) of the last evaluation
  train_row row;
  run_folder *folder;
  int64_t start;   // user-steps before this process; -1: a run from its beginning
  double earlier;  // seconds of training before this process
  int64_t saved;   // user-steps of the last checkpoint; -1: none yet
  bool evaluated;  // in this process
} train_run;

static int64_t user_steps(const train_run *t) { return session_user_steps(t->session); }

static throng_status write_row(train_run *t) {
  throng_train_report report;
  throng_session_get_report(t->session, &report);
  const int64_t n = t->row.n;
  t->row.n = 0;
  return run_folder_row(t->folder, user_steps(t), t->earlier + report.seconds, t->row.value, n);
}

static throng_status write_config(train_run *t) {
  bool differs = false;
  THRONG_TRY(run_folder_config(t->folder, t->config, &differs));
  if (differs && t->start >= 0)
    throng_note(t->progress, "the config is not the one that this run was started with");
  return THRONG_OK;
}

/// Of the agents that learn: the mean of a number of their statistics, NaN without one.
static double mean_over_learning(const throng_population_stats *stats, const float *value) {
  double sum = 0;
  int32_t n = 0;
  for (int32_t k = 0; value && k < stats->count; ++k)
    if (stats->state[k] == THRONG_AGENT_LEARNING) sum += (double)value[k], ++n;
  return n > 0 ? sum / n : (double)NAN;
}

static double best_of(const train_run *t, const throng_population_stats *stats) {
  double best = NAN;
  for (int32_t k = 0; k < t->n_agent; ++k)
    if (stats->state[k] == THRONG_AGENT_LEARNING && !(t->each[k].average_reward <= best))
      best = t->each[k].average_reward;
  return best;
}

static throng_status evaluate_agents(train_run *t) {
  throng_train_report report;
  THRONG_TRY(throng_session_evaluate(t->session, t->progress, t->each));
  throng_session_get_report(t->session, &report);
  train_row_add_metrics(&t->row, "agent", &report.agent);
  train_row_add_comparison(&t->row, "agent", &report.agent_against);
  train_row_add_agents(&t->row, t->n_agent, t->each);
  for (int32_t k = 0; k < t->n_agent && t->n_agent > 1; ++k) {
    char player[40];
    throng_comparison against;
    snprintf(player, sizeof player, "agent_%d", k);
    THRONG_TRY(throng_session_compare(t->session, k, &against));
    train_row_add_comparison(&t->row, player, &against);
  }
  t->evaluated = true;
  const throng_population_stats stats = throng_session_get_stats(t->session);
  return train_board_evaluation(run_folder_board(t->folder), t->session,
                                t->n_agent > 1 ? best_of(t, &stats) : (double)NAN);
}

/// After its row is written. An algorithm that learns from rollouts has an entropy and no epsilon;
/// before the first update there is no loss.
static void tell_evaluation(const train_run *t) {
  throng_train_report report;
  if (!t->watch || !t->watch->evaluation) return;
  const throng_population_stats stats = throng_session_get_stats(t->session);
  throng_session_get_report(t->session, &report);
  const bool rollouts = stats.entropy_loss != NULL;
  const bool learned = mean_over_learning(&stats, stats.loss) != 0;
  const train_evaluation e = {
      .title = session_agent_title(t->session),
      .n_agent = t->n_agent,
      .user_steps = user_steps(t),
      .steps = t->def->steps,
      .seconds = t->earlier + report.seconds,
      .user_steps_per_second = report.user_steps_per_second,
      .agent = &report.agent,
      .best = best_of(t, &stats),
      .loss = learned ? mean_over_learning(&stats, stats.loss) : (double)NAN,
      .epsilon = rollouts ? (double)NAN : mean_over_learning(&stats, stats.epsilon),
      .entropy =
          rollouts && learned ? -mean_over_learning(&stats, stats.entropy_loss) : (double)NAN,
  };
  t->watch->evaluation(t->watch->context, &e);
}

/// All that play, from an earlier run where nothing has changed.
static throng_status find_yardsticks(train_run *t) {
  char folder[KEPT_PATH_SIZE];
  int n_kept = 0, n = 0;
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    throng_train_report report;
    bool kept;
    const double start = clock_now();
    const throng_yardstick yardstick = (throng_yardstick)k;
    if (!session_plays(t->session, yardstick)) continue;
    THRONG_TRY(session_find_yardstick(t->session, yardstick, t->progress, &kept));
    n_kept += kept;
    ++n;
    if (!t->watch || !t->watch->yardstick) continue;
    throng_session_get_report(t->session, &report);
    t->watch->yardstick(t->watch->context, yardstick, &report.yardstick[k], kept,
                        clock_now() - start);
  }
  session_yardstick_folder(t->session, folder);
  const char *slash = strrchr(folder, '/');
  if (n_kept > 0)  // without the path, which is the world's: no line of a terminal holds it
    throng_note(t->progress, "%d of %d yardsticks taken from %s: what they depend on is unchanged",
                n_kept, n, slash ? slash + 1 : folder);
  return THRONG_OK;
}

static throng_status evaluate_yardsticks(train_run *t) {
  throng_train_report report;
  THRONG_TRY(find_yardsticks(t));
  if (t->start >= 0) return THRONG_OK;  // a resumed run has their rows
  // Each row compares with the others, so that all are there first.
  throng_session_get_report(t->session, &report);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    const throng_yardstick yardstick = (throng_yardstick)k;
    if (!session_plays(t->session, yardstick)) continue;
    train_row_add_metrics(&t->row, throng_yardstick_name(yardstick), &report.yardstick[k]);
    train_row_add_comparison(&t->row, throng_yardstick_name(yardstick),
                             &report.yardstick_against[k]);
    THRONG_TRY(write_row(t));
  }
  return THRONG_OK;
}

/// How many steps the replay remembers: with many lanes a buffer of usual size holds a few, and the
/// agent learns from almost nothing but the present.
static void tell_replay(const train_run *t, const throng_agent_def *agent) {
  enum { FEW_STEPS = 16, ENOUGH_STEPS = 256 };
  const int64_t lanes = t->lanes / agent->count, steps = (agent->buffer + lanes - 1) / lanes;
  if (steps < FEW_STEPS && steps * t->lanes < t->def->steps)
    throng_note(t->progress,
                "agent.buffer: %" PRId64 " transitions an agent are the last %" PRId64
                " steps of its %" PRId64 " lanes; %d steps want agent.buffer=%" PRId64,
                agent->buffer, steps, lanes, ENOUGH_STEPS, ENOUGH_STEPS * lanes);
}

/// A rollout that the run is too short for teaches nothing, and nor does the part of one that the
/// run ends with.
static void tell_rollouts(const train_run *t, const throng_agent_def *agent) {
  const int64_t steps = (t->def->steps + t->lanes - 1) / t->lanes, left = steps % agent->n_steps;
  if (steps < agent->n_steps)
    throng_note(
        t->progress,
        "warning: agent.n_steps: no rollout of %d steps fits train.steps, which are %" PRId64
        " of each of the %" PRId64
        " lanes: nothing will be learned; give "
        "agent.n_steps=%" PRId64 " or fewer, or train.steps=%" PRId64,
        agent->n_steps, steps, t->lanes, steps, agent->n_steps * t->lanes);
  else if (left)
    throng_note(t->progress,
                "agent.n_steps: train.steps are %" PRId64
                " steps of each lane, of which the last %" PRId64
                " fill no rollout and teach nothing; train.steps=%" PRId64 " has none of them",
                steps, left, (steps - left) * t->lanes);
}

/// Rows first: a checkpoint must not outlive the rows before it.
static throng_status save(train_run *t) {
  const int64_t now = user_steps(t);
  THRONG_TRY(run_folder_sync(t->folder));
  THRONG_TRY(throng_session_save(t->session, run_folder_checkpoint_path(t->folder, now)));
  t->saved = now;
  return run_folder_prune(t->folder);
}

/// What was learned up to here is not lost.
static throng_status save_new(train_run *t) {
  return user_steps(t) == 0 || t->saved == user_steps(t) ? THRONG_OK : save(t);
}

static throng_status at_mark(train_run *t, uint32_t marks) {
  const throng_population_stats stats = throng_session_get_stats(t->session);
  throng_train_report report;
  throng_session_get_report(t->session, &report);
  train_row_add_stats(&t->row, &stats);
  train_row_add_rate(&t->row, report.user_steps_per_second);
  throng_status status = THRONG_OK;
  if (marks & THRONG_MARK_EVALUATION) status = evaluate_agents(t);
  if (status != THRONG_OK && status != THRONG_ERROR_CANCELLED) return status;
  THRONG_TRY(write_row(t));
  if ((marks & THRONG_MARK_EVALUATION) && status == THRONG_OK) tell_evaluation(t);
  // Stopped within the evaluation: run makes it up for when this run goes on.
  if ((marks & THRONG_MARK_CHECKPOINT) || status != THRONG_OK) THRONG_TRY(save(t));
  return status;
}

static throng_status take_steps(train_run *t) {
  while (user_steps(t) < t->def->steps) {
    uint32_t marks;
    throng_status status = throng_session_step(t->session, t->progress, &marks);
    if (status == THRONG_ERROR_CANCELLED) THRONG_TRY(save_new(t));
    THRONG_TRY(status);
    THRONG_TRY(at_mark(t, marks));
  }
  if (!throng_report(t->progress, "train", user_steps(t), t->def->steps, "user-steps"))
    return throng_cancelled("train");
  return THRONG_OK;
}

static throng_status write_summary(train_run *t, train_result *result) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *json;
  THRONG_TRY(train_result_take(result, t->session, t->each));
  result->report.seconds += t->earlier;
  THRONG_TRY(train_result_json(result, &json));
  (void)cJSON_AddStringToObject(json, "arithmetic", t->arithmetic);
  (void)cJSON_AddStringToObject(json, "version", throng_version());
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its summary");
  throng_status status = run_folder_summary(t->folder, text);
  free(text);
  return status;
}

/// An evaluation at the checkpoint's mark that was stopped before its row was written.
static throng_status make_up_evaluation(train_run *t) {
  bool mark = t->start >= t->def->steps ||
              session_marks(t->session, t->start - t->lanes, t->start) & THRONG_MARK_EVALUATION;
  bool there = true;
  if (t->start <= 0 || !mark) return THRONG_OK;
  THRONG_TRY(run_folder_has(t->folder, t->start, "evaluation/agent/average_reward", &there));
  if (there) return THRONG_OK;
  THRONG_TRY(evaluate_agents(t));
  THRONG_TRY(write_row(t));
  tell_evaluation(t);
  return THRONG_OK;
}

/// Begin in the folder, or go on from its newest checkpoint if there ever was one.
static throng_status begin(train_run *t) {
  if (!t->folder) THRONG_TRY(run_folder_lock(t->def->out, &t->folder));
  THRONG_TRY(run_folder_start(t->folder, t->def->resume, t->progress));
  if (t->def->resume) {
    throng_status status =
        resume_newest(t->folder, t->def->out, t->session, t->arithmetic, t->progress, &t->start);
    t->saved = t->start;
    THRONG_TRY(status);
  }
  if (t->start >= t->def->steps)
    throng_note(t->progress,
                "%s: this run is finished: all of its %" PRId64
                " user-steps are taken; a larger "
                "train.steps goes on with it",
                t->def->out, t->start);
  THRONG_TRY(run_folder_begin(t->folder, t->start, t->progress, &t->earlier));
  session_count_keywords(t->session);  // for the events' histograms
  if (t->start < 0) THRONG_TRY(train_board_begin(run_folder_board(t->folder), t->sta));
  return write_config(t);
}

static throng_status run(train_run *t, const throng_agent_def *agent, train_result *result) {
  THRONG_TRY(begin(t));
  if (agent->algorithm == THRONG_ALGORITHM_DQN)
    tell_replay(t, agent);
  else
    tell_rollouts(t, agent);
  if (t->def->yardsticks) THRONG_TRY(evaluate_yardsticks(t));
  THRONG_TRY(make_up_evaluation(t));
  if (t->start < 0) {
    THRONG_TRY(evaluate_agents(t));
    THRONG_TRY(write_row(t));
    tell_evaluation(t);
  }
  THRONG_TRY(take_steps(t));
  // Nothing was left to do for a run that had ended: its agents are measured all the same.
  if (!t->evaluated) {
    THRONG_TRY(evaluate_agents(t));
    tell_evaluation(t);
  }
  return write_summary(t, result);
}

/// A run that was stopped is as good as one that goes on, if its user knows from where.
static void say_what_is_kept(train_run *t) {
  if (t->saved >= 0)
    throng_fail(THRONG_ERROR_CANCELLED,
                "stopped on request after %" PRId64 " of %" PRId64 " user-steps; checkpoint %s",
                t->saved, t->def->steps, run_folder_checkpoint_path(t->folder, t->saved));
  else
    throng_fail(THRONG_ERROR_CANCELLED,
                "stopped on request before the first user-step; there was nothing to save");
}

static throng_status make(train_run *t, throng_backend *backend, const throng_world *world,
                          const throng_sta *sta, const throng_sim_def *sim,
                          const throng_agent_def *agent) {
  THRONG_TRY(session_make(backend, world, sta, sim, agent, t->def, t->progress, &t->session));
  t->n_agent = agent->count;
  t->lanes = sim->lanes;
  THRONG_TRY(throng_alloc((void **)&t->each, (size_t)t->n_agent, sizeof *t->each, "evaluation"));
  return train_row_create(t->n_agent, &t->row);
}

static throng_status train_settled(throng_backend *backend, const throng_world *world,
                                   const throng_sta *sta, const throng_sim_def *sim,
                                   const throng_agent_def *agent, const throng_train_def *def,
                                   run_folder **folder, const throng_progress *progress,
                                   const train_watch *watch, train_result *result) {
  THRONG_TRY(train_check_memory(backend, world, sta, NULL, sim, agent, def));
  THRONG_TRY(train_tell_room(backend, world, sta, sim, agent, def, progress));
  if (!def->out || !*def->out)
    return throng_fail(THRONG_ERROR_ARGUMENT, "train.out: expected the path of a run folder");
  char *made = NULL;
  if (!def->config_json) THRONG_TRY(train_config_json(backend, world, sta, sim, agent, def, &made));
  train_run t = {.def = def,
                 .config = made ? made : def->config_json,
                 .progress = progress,
                 .watch = watch,
                 .sta = sta,
                 .arithmetic = throng_backend_arithmetic(backend),
                 .folder = *folder,
                 .start = -1,
                 .saved = -1};
  *folder = NULL;
  throng_status status = make(&t, backend, world, sta, sim, agent);
  if (status == THRONG_OK) status = run(&t, agent, result);
  if (status == THRONG_ERROR_CANCELLED) say_what_is_kept(&t);
  if (status != THRONG_OK && status != THRONG_ERROR_CANCELLED && t.saved >= 0)
    throng_fail_context(status, "the checkpoint of %" PRId64 " user-steps is kept", t.saved);
  throng_status closed =
      run_folder_close(t.folder, status == THRONG_OK ? TENSORBOARD_END_OK : TENSORBOARD_END_FAILED);
  if (status == THRONG_OK) status = closed;
  train_row_free(&t.row);
  free(t.each);
  throng_session_close(t.session);
  free(made);
  return status;
}

throng_status train_in_folder(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sim_def *sim,
                              const throng_agent_def *agent, const throng_train_def *def,
                              run_folder **folder, const throng_progress *progress,
                              const train_watch *watch, train_result *result) {
  *result = (train_result){0};
  THRONG_TRY(def_check(sim, sizeof *sim, "throng_sim_def"));
  THRONG_TRY(def_check(agent, sizeof *agent, "throng_agent_def"));
  throng_sim_def lanes = *sim;
  throng_agent_def agents = *agent;
  THRONG_TRY(train_settle_count(backend, world, sta, NULL, &lanes, &agents, def));
  return train_settled(backend, world, sta, &lanes, &agents, def, folder, progress, watch, result);
}

throng_status throng_train(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_sim_def *sim,
                           const throng_agent_def *agent, const throng_train_def *def,
                           const throng_progress *progress, throng_train_report *report) {
  run_folder *none = NULL;
  train_result result;
  throng_status status =
      train_in_folder(backend, world, sta, sim, agent, def, &none, progress, NULL, &result);
  if (report) *report = result.report;
  train_result_free(&result);
  return status;
}
