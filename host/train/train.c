/// A training run: yardsticks, then steps with evaluations and checkpoints at their marks, then a
/// summary. What is written where is host/report/run_folder.c's business.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/memory_plan.h"
#include "base/numbers.h"
#include "evaluate/evaluator.h"
#include "evaluate/yardsticks.h"
#include "report/run_folder.h"
#include "train/resume.h"
#include "train/train_folder.h"
#include "train/train_json.h"
#include "train/train_memory.h"
#include "world/world.h"

/// Above this many items and without an item-item table, a search over the catalogue at every step
/// takes hours; these policies then play fewer episodes.
enum { SEARCH_ITEMS = 4096, SEARCH_EPISODES = 32 };

typedef struct train_run {
  const throng_train_def *def;
  const throng_progress *progress;
  throng_train_report *report;
  throng_sim *sim;
  throng_population *agent;
  evaluator *agents;      // a block of lanes for each
  evaluator *yardsticks;  // one block: that of a single agent, or lanes of its own; NULL for none
  evaluator *searches;    // fewer lanes for searches without a table; NULL where there is one
  agent_actor *actor;     // plays on the lanes of `agents`
  throng_metrics *each;   // (count) of the last evaluation
  run_folder *folder;
  int64_t steps;      // user-steps taken
  int64_t start;      // of which before this process; -1: a run from its beginning
  double seconds;     // training alone, of all processes
  double earlier;     // of which before this process
  int64_t evaluated;  // steps at the last evaluation; -1: none yet
  int64_t saved;      // steps of the last checkpoint; -1: none yet
  backend_asker asker;
} train_run;

throng_train_def throng_default_train_def(void) {
  return (throng_train_def){
      .steps = 2000000,
      .evaluate_every = 100000,
      .checkpoint_every = 500000,
      .evaluation = throng_default_evaluation_def(),
      .yardsticks = true,
      .resume = false,
      .out = NULL,
      .config_json = NULL,
      .cookie = THRONG_COOKIE,
  };
}

static throng_status check(const throng_train_def *def) {
  if (!def || def->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "throng_train_def: start from throng_default_train_def()");
  if (def->steps < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "train.steps: %" PRId64 " is below 1", def->steps);
  if (def->evaluate_every < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "train.evaluate_every: %" PRId64 " is below 1",
                       def->evaluate_every);
  if (def->checkpoint_every < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "train.checkpoint_every: %" PRId64 " is below 1",
                       def->checkpoint_every);
  if (!def->out || !*def->out)
    return throng_fail(THRONG_ERROR_ARGUMENT, "train.out: expected the path of a run folder");
  return THRONG_OK;
}

/// Go on from the newest checkpoint, if there ever was one.
static throng_status resume(train_run *t) {
  int64_t step = -1;
  throng_status status = resume_newest(t->folder, t->def->out, t->agent,
                                       t->sim->backend->arithmetic, t->progress, &step);
  if (step >= 0) t->start = t->steps = t->saved = step;
  return status;
}

static throng_status write_config(train_run *t, const throng_agent_def *agent) {
  throng_sim_def sim = throng_sim_get_def(t->sim);
  char *made = NULL;
  if (!t->def->config_json) THRONG_TRY(train_config_json(&sim, agent, t->def, &made));
  bool differs = false;
  throng_status status = run_folder_config(t->folder, made ? made : t->def->config_json, &differs);
  free(made);
  if (status == THRONG_OK && differs && t->start >= 0)
    throng_note(t->progress, "the config is not the one that this run was started with");
  return status;
}

static throng_status write_row(train_run *t, const train_row *row) {
  return run_folder_row(t->folder, t->steps, t->seconds, row->value, row->n);
}

static double mean(const float *x, int32_t n) {
  double sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += (double)x[i];
  return sum / n;
}

/// Losses since the last row; a loss that is not a number ends the run, the checkpoints stay.
static throng_status add_statistics(train_run *t, int32_t n_agent, train_row *row) {
  throng_population_stats stats;
  THRONG_TRY(throng_population_get_stats(t->agent, &stats));
  double loss = mean(stats.loss, n_agent), q = mean(stats.q, n_agent);
  if (!isfinite(loss) || !isfinite(q)) {
    return throng_fail(THRONG_ERROR_DIVERGED,
                       "train: the loss is %g and Q is %g after %" PRId64
                       " user-steps: learning has diverged; "
                       "lower agent.learning_rate or set agent.max_grad_norm",
                       loss, q, t->steps);
  }
  double elapsed = t->seconds - t->earlier;
  train_row_add(row, "train", "loss", loss);
  train_row_add(row, "train", "q", q);
  train_row_add(row, "train", "grad_norm", mean(stats.grad_norm, n_agent));
  train_row_add(row, "train", "epsilon", (double)stats.epsilon[0]);
  train_row_add(row, "train", "updates", (double)stats.updates[0]);
  train_row_add(row, "train", "user_steps_per_second",
                elapsed > 0 ? (double)(t->steps - (t->start > 0 ? t->start : 0)) / elapsed : 0);
  return THRONG_OK;
}

static throng_status evaluate_agent(train_run *t, train_row *row) {
  throng_metrics *m = &t->report->agent;
  THRONG_TRY(evaluator_play_agents(t->agents, t->actor, NULL, t->progress, t->each, m));
  train_row_add_metrics(row, "agent", m);
  t->evaluated = t->steps;
  return THRONG_OK;
}

static throng_status evaluate_yardsticks(train_run *t) {
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    const throng_yardstick yardstick = (throng_yardstick)k;
    evaluator *e = yardstick_searches(yardstick) && t->searches ? t->searches : t->yardsticks;
    throng_metrics *m = &t->report->yardstick[k];
    THRONG_TRY(evaluator_play_yardstick(e, yardstick, t->progress, m));
    if (t->start >= 0) continue;  // a resumed run has their rows
    train_row row = {.n = 0};
    train_row_add_metrics(&row, throng_yardstick_name(yardstick), m);
    THRONG_TRY(write_row(t, &row));
  }
  return THRONG_OK;
}

/// How many steps the replay remembers: with many lanes a buffer of usual size holds a few, and the
/// agent learns from almost nothing but the present.
static void tell_replay(train_run *t, const throng_agent_def *agent) {
  enum { FEW_STEPS = 16 };
  const int64_t steps =
      (agent->buffer + t->sim->n_lane / agent->count - 1) / (t->sim->n_lane / agent->count);
  if (steps < FEW_STEPS && steps * t->sim->n_lane < t->def->steps)
    throng_note(t->progress,
                "agent.buffer: %" PRId64 " transitions an agent are the last %" PRId64
                " steps of its %d lanes; %d steps want agent.buffer=%" PRId64,
                agent->buffer, steps, t->sim->n_lane / agent->count, 256,
                (int64_t)256 * (t->sim->n_lane / agent->count));
}

/// Rows first: a checkpoint must not outlive the rows before it.
static throng_status save(train_run *t) {
  THRONG_TRY(run_folder_sync(t->folder));
  THRONG_TRY(throng_population_save(t->agent, run_folder_checkpoint_path(t->folder, t->steps)));
  t->saved = t->steps;
  return run_folder_prune(t->folder);
}

static bool passed(int64_t before, int64_t now, int64_t every) {
  return now / every > before / every;
}

/// What was learned up to here is not lost.
static throng_status save_new(train_run *t) {
  return t->steps == 0 || t->saved == t->steps ? THRONG_OK : save(t);
}

/// Evaluation and checkpoint where a mark was passed, or at the end. Statistics are read at every
/// mark, so that a run that goes on from a checkpoint reads the same ones.
static throng_status at_marks(train_run *t, int64_t before, int32_t n_agent) {
  bool last = t->steps >= t->def->steps;
  bool evaluate = last || passed(before, t->steps, t->def->evaluate_every);
  bool checkpoint = last || passed(before, t->steps, t->def->checkpoint_every);
  if (!evaluate && !checkpoint) return THRONG_OK;
  train_row row = {.n = 0};
  THRONG_TRY(add_statistics(t, n_agent, &row));
  throng_status status = evaluate ? evaluate_agent(t, &row) : THRONG_OK;
  if (status != THRONG_OK && status != THRONG_ERROR_CANCELLED) return status;
  THRONG_TRY(write_row(t, &row));
  // Stopped within the evaluation: run makes it up for when this run goes on.
  if (checkpoint || status != THRONG_OK) THRONG_TRY(save(t));
  return status;
}

static bool marked(const train_run *t, int64_t before) {
  return t->steps >= t->def->steps || passed(before, t->steps, t->def->evaluate_every) ||
         passed(before, t->steps, t->def->checkpoint_every);
}

static throng_status take_steps(train_run *t, int32_t n_agent) {
  while (t->steps < t->def->steps) {
    throng_backend *backend = t->sim->backend;
    throng_status status = THRONG_OK;
    if (!throng_report(t->progress, "train", t->steps, t->def->steps, "user-steps"))
      status = throng_cancelled("train");
    double begin = clock_now();
    int64_t before = t->steps;
    t->asker = (backend_asker){t->progress, "train", "user-steps", t->steps, t->def->steps};
    backend->stop_context = &t->asker;
    backend->stop = backend_ask;
    if (status == THRONG_OK) status = throng_population_train_step(t->agent);
    backend->stop = NULL;
    if (status == THRONG_ERROR_CANCELLED) THRONG_TRY(save_new(t));
    THRONG_TRY(status);
    const char *note = agent_take_note(t->agent);
    if (note) throng_note(t->progress, "%s", note);
    t->steps += t->sim->n_lane;
    // What is only queued on a device has not been done yet.
    if (marked(t, before)) THRONG_TRY(backend->ops->synchronize(backend));
    t->seconds += clock_now() - begin;
    THRONG_TRY(at_marks(t, before, n_agent));
  }
  if (!throng_report(t->progress, "train", t->steps, t->def->steps, "user-steps"))
    return throng_cancelled("train");
  return THRONG_OK;
}

static throng_status write_summary(train_run *t) {
  NUMBERS_WITHOUT_LOCALE;
  double elapsed = t->seconds - t->earlier;
  t->report->user_steps = t->steps;
  t->report->seconds = t->seconds;
  t->report->user_steps_per_second =
      elapsed > 0 ? (double)(t->steps - (t->start > 0 ? t->start : 0)) / elapsed : 0;
  cJSON *json;
  THRONG_TRY(train_report_json(t->report, &json));
  (void)cJSON_AddStringToObject(json, "arithmetic", t->sim->backend->arithmetic);
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its summary");
  throng_status status = run_folder_summary(t->folder, text);
  free(text);
  return status;
}

/// Searches without a table play fewer episodes.
static throng_status make_searches(train_run *t, throng_backend *backend, const throng_world *world,
                                   const throng_sta *sta, const throng_sim_def *sim) {
  throng_evaluation_def few = t->def->evaluation;
  bool slow = !t->sim->device.table && world->n_item > SEARCH_ITEMS;
  if (!slow || few.episodes <= SEARCH_EPISODES) return THRONG_OK;
  few.episodes = SEARCH_EPISODES;
  throng_note(t->progress,
              "no item-item table for %" PRId64
              " items: most-similar and oracle play %d episodes instead of %d",
              world->n_item, few.episodes, t->def->evaluation.episodes);
  return evaluator_create(backend, world, sta, sim, &few, 1, true, &t->searches);
}

static throng_status make_parts(train_run *t, throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_sim_def *sim,
                                const throng_agent_def *agent) {
  const throng_evaluation_def *evaluation = &t->def->evaluation;
  const bool yardsticks = t->def->yardsticks, shared = agent->count == 1;
  THRONG_TRY(throng_sim_create(backend, world, sta, sim, &t->sim));
  THRONG_TRY(throng_population_create(t->sim, agent, t->def->steps, &t->agent));
  THRONG_TRY(evaluator_create(backend, world, sta, sim, evaluation, agent->count,
                              yardsticks && shared, &t->agents));
  THRONG_TRY(
      agent_actor_create(t->agent, evaluator_sim(t->agents), evaluator_top(t->agents), &t->actor));
  THRONG_TRY(throng_alloc((void **)&t->each, (size_t)agent->count, sizeof *t->each, "evaluation"));
  if (!yardsticks) return THRONG_OK;
  if (shared)
    t->yardsticks = t->agents;
  else
    THRONG_TRY(evaluator_create(backend, world, sta, sim, evaluation, 1, true, &t->yardsticks));
  return make_searches(t, backend, world, sta, sim);
}

static void free_parts(train_run *t) {
  free(t->each);
  agent_actor_free(t->actor);
  evaluator_free(t->searches);
  if (t->yardsticks != t->agents) evaluator_free(t->yardsticks);
  evaluator_free(t->agents);
  throng_population_close(t->agent);
  throng_sim_close(t->sim);
}

throng_status train_check_memory(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 const throng_sim_def *sim, const throng_agent_def *agent,
                                 const throng_train_def *def) {
  throng_backend *plan;
  throng_sta *fitted = NULL;
  train_run trial = {.def = def};
  THRONG_TRY(check(def));
  if (!backend->ops->memory) return THRONG_OK;
  THRONG_TRY(memory_plan_open(backend, &plan));
  throng_status status = THRONG_OK;
  if (!sta && shape) status = throng_sta_create(plan, world, shape, &fitted);
  if (status == THRONG_OK) status = make_parts(&trial, plan, world, sta ? sta : fitted, sim, agent);
  if (status == THRONG_OK)
    status = memory_plan_check(
        plan, backend,
        world_device_held(backend, world, sim->votes.table_bytes,
                          sim->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE),
        "training",
        "sim.lanes, agent.buffer, agent.batch, evaluation.episodes or "
        "votes.table_bytes");
  free_parts(&trial);
  throng_sta_close(fitted);
  throng_backend_close(plan);
  return status;
}

/// An evaluation at the checkpoint's mark that was stopped before its row was written.
static throng_status make_up_evaluation(train_run *t) {
  bool mark = t->start >= t->def->steps ||
              passed(t->start - t->sim->n_lane, t->start, t->def->evaluate_every);
  bool there = true;
  if (t->start <= 0 || !mark) return THRONG_OK;
  THRONG_TRY(run_folder_has(t->folder, t->start, "evaluation/agent/average_reward", &there));
  if (there) return THRONG_OK;
  train_row row = {.n = 0};
  THRONG_TRY(evaluate_agent(t, &row));
  return write_row(t, &row);
}

static throng_status run(train_run *t, const throng_agent_def *agent) {
  if (!t->folder) THRONG_TRY(run_folder_lock(t->def->out, &t->folder));
  THRONG_TRY(run_folder_start(t->folder, t->def->resume, t->progress));
  if (t->def->resume) THRONG_TRY(resume(t));
  if (t->start >= t->def->steps)
    throng_note(t->progress,
                "%s: this run is finished: all of its %" PRId64
                " user-steps are taken; a larger "
                "train.steps goes on with it",
                t->def->out, t->start);
  THRONG_TRY(run_folder_begin(t->folder, t->start, &t->seconds));
  t->earlier = t->seconds;
  THRONG_TRY(write_config(t, agent));
  tell_replay(t, agent);
  THRONG_TRY(make_up_evaluation(t));
  if (t->def->yardsticks) THRONG_TRY(evaluate_yardsticks(t));
  if (t->start < 0) {
    train_row row = {.n = 0};
    THRONG_TRY(evaluate_agent(t, &row));
    THRONG_TRY(write_row(t, &row));
  }
  THRONG_TRY(take_steps(t, agent->count));
  // Nothing was left to do for a run that had ended: its agent is measured all the same.
  train_row unused = {.n = 0};
  if (t->evaluated < 0) THRONG_TRY(evaluate_agent(t, &unused));
  return write_summary(t);
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

throng_status train_in_folder(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sim_def *sim,
                              const throng_agent_def *agent, const throng_train_def *def,
                              run_folder **folder, const throng_progress *progress,
                              throng_train_report *report) {
  throng_train_report unwanted;
  if (!report) report = &unwanted;
  *report = (throng_train_report){0};
  THRONG_TRY(train_check_memory(backend, world, sta, NULL, sim, agent, def));
  train_run t = {.def = def,
                 .progress = progress,
                 .report = report,
                 .folder = *folder,
                 .start = -1,
                 .evaluated = -1,
                 .saved = -1};
  *folder = NULL;
  t.asker = (backend_asker){progress, "make the lanes", "user-steps", 0, 0};
  backend->stop_context = &t.asker;
  backend->stop = backend_ask;
  throng_status status = make_parts(&t, backend, world, sta, sim, agent);
  backend->stop = NULL;
  if (status == THRONG_OK) status = run(&t, agent);
  if (status == THRONG_ERROR_CANCELLED) say_what_is_kept(&t);
  if (status != THRONG_OK && status != THRONG_ERROR_CANCELLED && t.saved >= 0)
    throng_fail_context(status, "the checkpoint of %" PRId64 " user-steps is kept", t.saved);
  throng_status closed =
      run_folder_close(t.folder, status == THRONG_OK ? TENSORBOARD_END_OK : TENSORBOARD_END_FAILED);
  if (status == THRONG_OK) status = closed;
  free_parts(&t);
  return status;
}

throng_status throng_train(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_sim_def *sim,
                           const throng_agent_def *agent, const throng_train_def *def,
                           const throng_progress *progress, throng_train_report *report) {
  run_folder *none = NULL;
  return train_in_folder(backend, world, sta, sim, agent, def, &none, progress, report);
}
