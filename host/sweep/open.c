/// A sweep is made from a config, begun or gone on with in a folder, and closed.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "sweep/inside.h"

// --- what varies ------------------------------------------------------------------------------

static bool varies_clock(const space *space) {
  for (int32_t k = 0; k < space->n; ++k) {
    const char *name = space->parameter[k].name;
    if (!strcmp(name, "sim.lanes") || !strncmp(name, "train.", 6)) return true;
  }
  return false;
}

static throng_status check_together(const sweep *s) {
  const throng_sweep_def *def = &s->def;
  const char *scheduler = scheduler_name(def->scheduler);
  if (s->space->n == 0)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep.space: empty; expected what varies, as {\"agent.learning_rate\": "
                       "{\"min\": 1e-5, \"max\": 1e-2, \"log\": true}}");
  if (s->n_objective > 1 && def->scheduler != THRONG_SCHEDULER_NONE)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep.scheduler: %s ranks by one number, but sweep.objective has %d; "
                       "expected none",
                       scheduler, s->n_objective);
  if (s->population && def->seeds > 1)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep.seeds: %s trains one seed a member, not %d; expected 1", scheduler,
                       def->seeds);
  if (s->population && s->clock_varies)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep.space: %s copies agents, which must have the same lanes and length; "
                       "sim.lanes and train.* cannot vary",
                       scheduler);
  if (def->max_steps > 0 && def->max_steps < clock_next(&s->clock, 0))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep.max_steps: %lld are fewer than the %lld of one trial's first "
                       "evaluation (train.evaluate_every)",
                       (long long)def->max_steps, (long long)clock_next(&s->clock, 0));
  if (def->max_trials == 0 && def->max_steps == 0 && def->max_seconds <= 0 &&
      def->sampler != THRONG_SAMPLER_GRID && !s->population)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "sweep: no bound; expected one of max_trials, max_steps and max_seconds "
                       "above 0");
  return THRONG_OK;
}

static throng_status make_text(sweep *s) {
  // What all trials have in common: agents alone, nothing of the folder.
  s->config->agent.count = 1;
  s->config->train.resume = false;
  return config_print(s->config, &s->config_text);
}

static throng_status create(throng_config *config, bool asked, sweep **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(sweep), "sweep"));
  sweep *s = block;
  throng_status status = THRONG_OK;
  s->config = config;
  s->def = config->sweep;
  s->clock = (trial_clock){config->sim.lanes, config->train.evaluate_every, config->train.steps};
  s->population = scheduler_is_population(s->def.scheduler);
  THRONG_TRY_GOTO(make_text(s));
  THRONG_TRY_GOTO(config_space(config, &s->space));
  THRONG_TRY_GOTO(space_print(s->space, &s->space_text));
  s->clock_varies = varies_clock(s->space);
  THRONG_TRY_GOTO(objectives_find(config, asked, s->given, s->objective, &s->n_objective));
  THRONG_TRY_GOTO(check_together(s));
  *out = s;
  return THRONG_OK;
done:
  sweep_close(s);
  return status;
}

throng_status sweep_create(throng_config *config, sweep **out) {
  return create(config, false, out);
}

throng_status sweep_create_to_ask(throng_config *config, sweep **out) {
  return create(config, true, out);
}

// --- who suggests and decides -----------------------------------------------------------------

static throng_status make_sampler(sweep *s) {
  const sampler_def def = {.space = s->space,
                           .n_objective = s->n_objective,
                           .seed = s->def.seed,
                           .max_trials = s->def.max_trials,
                           .startup_trials = s->def.startup_trials,
                           .candidates = s->def.candidates,
                           .constant_liar = true,
                           .max_cost = s->def.max_cost};
  return sampler_create(s->def.sampler, &def, &s->sampler);
}

scheduler_def sweep_scheduler_def(const sweep *s) {
  return (scheduler_def){.space = s->space,
                         .study = SWEEP_STUDY,
                         .seed = s->def.seed,
                         .slots = s->n_slot > 0 ? s->n_slot : s->def.slots,
                         .period = s->clock.every,
                         .min_steps = s->def.min_steps,
                         .max_steps = s->clock.steps,
                         .reduction = s->def.reduction,
                         .interval = s->def.interval,
                         .quantile = s->def.quantile,
                         .resample = s->def.resample,
                         .factor_low = s->def.factor_low,
                         .factor_high = s->def.factor_high};
}

static throng_status make_scheduler(sweep *s) {
  const scheduler_def def = sweep_scheduler_def(s);
  return scheduler_create(s->def.scheduler, &def, &s->scheduler);
}

throng_status sweep_make_judges(sweep *s) {
  THRONG_TRY(make_sampler(s));
  return make_scheduler(s);
}

static throng_status make_slots(sweep *s) {
  const size_t n = (size_t)s->n_slot;
  THRONG_TRY(throng_alloc((void **)&s->slot, n, sizeof *s->slot, "slots"));
  for (int32_t k = 0; k < s->n_slot; ++k) s->slot[k].trial = -1;
  THRONG_TRY(throng_alloc((void **)&s->crew_report, n, sizeof *s->crew_report, "slots"));
  THRONG_TRY(throng_alloc((void **)&s->report, n, sizeof *s->report, "slots"));
  THRONG_TRY(throng_alloc((void **)&s->scheduler_report, n, sizeof *s->scheduler_report, "slots"));
  THRONG_TRY(throng_alloc((void **)&s->decision, n, sizeof *s->decision, "slots"));
  return throng_alloc((void **)&s->decision_x, n * (size_t)s->space->n, sizeof(double), "slots");
}

// --- the folder -------------------------------------------------------------------------------

const char *sweep_path(const sweep *s, const char *name, char path[SWEEP_PATH_SIZE]) {
  snprintf(path, SWEEP_PATH_SIZE, "%s/%s", s->folder, name);
  return path;
}

throng_status sweep_write_file(const sweep *s, const char *name, const char *text) {
  char path[SWEEP_PATH_SIZE];
  atomic_file *file;
  THRONG_TRY(atomic_file_create(sweep_path(s, name, path), &file));
  fputs(text, atomic_file_stream(file));
  fputc('\n', atomic_file_stream(file));
  return atomic_file_commit(file);
}

static throng_status set_folder(sweep *s, const char *folder) {
  if (strlen(folder) >= sizeof s->folder)
    return throng_fail(THRONG_ERROR_IO, "train.out: a path of %zu bytes is too long",
                       strlen(folder));
  snprintf(s->folder, sizeof s->folder, "%s", folder);
  sweep_path(s, "trials.db", s->db_path);
  return THRONG_OK;
}

throng_status sweep_check(sweep *s, const char *folder, bool resume) {
  bool found;
  THRONG_TRY(set_folder(s, folder));
  THRONG_TRY(trials_found(s->db_path, &found));
  if (found && !resume)
    return throng_fail(THRONG_ERROR_IO,
                       "%s: a sweep is there already; --resume goes on with it, or choose another "
                       "folder",
                       s->folder);
  if (!found && resume)
    return throng_fail(THRONG_ERROR_DATA, "%s: there is no sweep to resume", s->folder);
  return resume ? resume_check(s) : THRONG_OK;
}

throng_status sweep_open_trials(sweep *s, bool resume) {
  trials_def def = {
      .path = s->db_path, .study = SWEEP_STUDY, .space = s->space, .n_objective = s->n_objective};
  for (int32_t k = 0; k < s->n_objective; ++k) {
    def.metric[k] = s->objective[k].name;
    def.maximise[k] = s->objective[k].maximise;
  }
  return trials_open(&def, resume, &s->db);
}

throng_status sweep_set_world(sweep *s, const throng_world *world, const throng_sta *sta) {
  uint64_t of_sta = 0;
  if (sta) THRONG_TRY(throng_sta_hash(sta, &of_sta));
  snprintf(s->world, sizeof s->world, "%016" PRIx64 "-%016" PRIx64, throng_world_hash(world),
           of_sta);
  return THRONG_OK;
}

/// Are the trials so far of this world and these weights?
static throng_status check_world(const sweep *s) {
  char *json;
  THRONG_TRY(trials_get(s->db, -1, SWEEP_WORLD, &json));
  const bool same = !json || !*s->world || strstr(json, s->world) != NULL;
  free(json);
  if (!same)
    return throng_fail(THRONG_ERROR_DATA,
                       "cannot resume %s: its trials were trained in another world, or with other "
                       "weights of f_sta, than are there now",
                       s->folder);
  return *s->world ? trials_set_text(s->db, -1, SWEEP_WORLD, s->world) : THRONG_OK;
}

static throng_status describe(sweep *s) {
  THRONG_TRY(trials_set_text(s->db, -1, TRIALS_STEP, "evaluation"));
  return trials_set_number(s->db, -1, TRIALS_PERIOD, (double)s->clock.every);
}

throng_status sweep_begin(sweep *s, const char *folder, bool resume, crew *crew) {
  THRONG_TRY(sweep_check(s, folder, resume));
  s->started = clock_now();
  s->crew = crew;
  s->n_slot = crew->n_slot;
  THRONG_TRY(make_slots(s));
  THRONG_TRY(sweep_make_judges(s));
  // Before the database: without it a sweep could not be resumed.
  if (!resume) THRONG_TRY(sweep_write_file(s, "config.json", s->config_text));
  THRONG_TRY(sweep_open_trials(s, resume));
  THRONG_TRY(ask_check(s, false));
  THRONG_TRY(check_world(s));
  THRONG_TRY(past_read(s));
  THRONG_TRY(state_find(s));
  char *ended;
  THRONG_TRY(trials_get(s->db, -1, SWEEP_ENDED, &ended));
  // Then no slot is in use after the last round, and nothing need be trained on the way there.
  if (ended && !strcmp(ended, "true")) s->state_round = s->past_rounds;
  free(ended);
  if (resume) THRONG_TRY(sweep_write_file(s, "config.json", s->config_text));
  THRONG_TRY(describe(s));
  THRONG_TRY(rows_begin(s));
  return board_begin(s);
}

void sweep_leave_crew(sweep *s) {
  for (int32_t k = 0; s->slot && k < s->n_slot; ++k) (void)slot_stop(s, k);
  s->crew = NULL;
}

void sweep_close(sweep *s) {
  if (!s) return;
  sweep_leave_crew(s);
  for (int32_t k = 0; s->slot && k < s->n_slot; ++k) free(s->slot[k].unable);
  (void)rows_end(s);
  (void)board_end(s);
  tested_free(s);
  trials_list_free(&s->past);
  (void)trials_close(s->db);
  sampler_free(s->sampler);
  scheduler_free(s->scheduler);
  trial_list_free(s);
  free(s->past_trial);
  free(s->slot);
  free(s->crew_report);
  free(s->report);
  free(s->scheduler_report);
  free(s->decision);
  free(s->decision_x);
  space_free(s->space);
  free(s->space_text);
  free(s->config_text);
  free(s);
}

// --- looking at it ----------------------------------------------------------------------------

throng_status sweep_set_slots(sweep *s, int32_t slots) {
  s->def.slots = s->config->sweep.slots = slots;
  free(s->config_text);
  s->config_text = NULL;
  return make_text(s);
}

crew_setup sweep_setup(const sweep *s) {
  return (crew_setup){.sim = s->config->sim, .agent = s->config->agent, .train = s->config->train};
}

double sweep_seconds(const sweep *s) { return s->earlier_seconds + clock_now() - s->started; }

const char *sweep_config_text(const sweep *s) { return s->config_text; }
const throng_sweep_def *sweep_get_def(const sweep *s) { return &s->def; }
const space *sweep_get_space(const sweep *s) { return s->space; }

int32_t sweep_objectives(const sweep *s, const sweep_objective **out) {
  *out = s->objective;
  return s->n_objective;
}

void sweep_look(const sweep *s, sweep_view *out) {
  *out = (sweep_view){.round = s->round,
                      .n_trial = s->n_trial,
                      .slots = s->n_slot,
                      .in_use = slots_in_use(s),
                      .user_steps = s->user_steps,
                      .process_steps = s->process_steps,
                      .seconds = sweep_seconds(s),
                      .process_seconds = clock_now() - s->started,
                      .rounds_used = s->rounds_used,
                      .rounds_slots = s->rounds_slots,
                      .planned_steps = sweep_planned_steps(s),
                      .tests_done = s->tests_done,
                      .tests_planned = s->tests_planned,
                      .finished = s->ended};
  for (int64_t k = 0; k < s->n_trial; ++k) ++out->count[s->trial[k].state];
}
