/// Trials that began as copies: their schedule as a file, and one of them trained again alone.
#include "sweep/lineage.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "sweep/inside.h"

/// The agent on its way: slot 0 of the crew.
typedef struct walk {
  trial_setup setup;
  trial_clock at;
  int64_t clock;
  int32_t seed;
  bool held;
} walk;

static throng_status walk_begin(const sweep *s, int64_t trial, int32_t seed, walk *w) {
  trial_setup setup;
  const bool copies = w->held && seed == w->seed;
  THRONG_TRY(setup_make(s, s->past.row[trial].x, seed, &setup));
  throng_status status = THRONG_OK;
  if (w->held && !copies) status = s->crew->ops->stop(s->crew, 0);
  if (status == THRONG_OK)
    status = copies ? s->crew->ops->copy(s->crew, 0, 0, &setup.crew)
                    : s->crew->ops->start(s->crew, 0, &setup.crew);
  setup_free(&w->setup);
  w->setup = setup;
  w->held = status == THRONG_OK;
  w->seed = seed;
  if (!copies) w->clock = 0;
  w->at =
      (trial_clock){setup.crew.sim.lanes, setup.crew.train.evaluate_every, setup.crew.train.steps};
  return status;
}

static throng_status walk_round(sweep *s, int64_t trial, int64_t report,
                                const throng_progress *progress, walk *w, sweep_replayed *out) {
  int32_t n;
  THRONG_TRY(s->crew->ops->round(s->crew, progress, s->crew_report, &n));
  const crew_report *r = &s->crew_report[0];
  if (r->state != THRONG_AGENT_LEARNING)
    return throng_fail(THRONG_ERROR_DIVERGED, "trial %" PRId64 ": %s", trial, r->cause);
  w->clock = r->user_steps;
  out->last = objective_value(&s->objective[0], r);
  out->was = s->past.row[trial].report_value[report];
  out->different += memcmp(&out->last, &out->was, sizeof(double)) != 0;
  ++out->reports;
  return THRONG_OK;
}

/// All reports of one trial, or as many as came before a child's copying.
static throng_status walk_trial(sweep *s, int64_t trial, int64_t reports,
                                const throng_progress *progress, walk *w, sweep_replayed *out) {
  THRONG_TRY(walk_begin(s, trial, 0, w));
  for (int64_t i = 0; i < reports; ++i) {
    if (w->clock >= w->at.steps) THRONG_TRY(walk_begin(s, trial, w->seed + 1, w));
    THRONG_TRY(walk_round(s, trial, i, progress, w, out));
  }
  return THRONG_OK;
}

/// From its first ancestor down to the trial itself.
static throng_status walk_down(sweep *s, int64_t trial, int64_t reports,
                               const throng_progress *progress, walk *w, sweep_replayed *out) {
  const past_trial *p = &s->past_trial[trial];
  if (p->parent >= 0) {
    if (p->parent >= trial)
      return throng_fail(THRONG_ERROR_DATA, "%s/trials.db: trial %" PRId64 " is its own ancestor",
                         s->folder, trial);
    ++out->ancestors;
    // A report a round: those of the parent until the child's first round.
    const int64_t before = p->first_round - s->past_trial[p->parent].first_round;
    THRONG_TRY(walk_down(s, p->parent, before, progress, w, out));
  }
  return walk_trial(s, trial, reports, progress, w, out);
}

throng_status sweep_replay(sweep *s, int64_t trial, const throng_progress *progress,
                           sweep_replayed *out) {
  walk w = {.held = false};
  *out = (sweep_replayed){.trial = trial};
  if (trial < 0 || trial >= s->past.n)
    return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 ": there are 0..%" PRId64, trial,
                       s->past.n - 1);
  const int64_t reports = s->past.row[trial].n_report;
  if (reports == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 " has never reported", trial);
  throng_status status = walk_down(s, trial, reports, progress, &w, out);
  if (status == THRONG_OK) {
    char name[64];
    snprintf(name, sizeof name, "trial-%" PRId64 ".safetensors", trial);
    status = s->crew->ops->save(s->crew, 0, sweep_path(s, name, out->path));
  }
  if (w.held) (void)s->crew->ops->stop(s->crew, 0);
  setup_free(&w.setup);
  return status;
}

// --- the schedule as a file -------------------------------------------------------------------

static cJSON *trial_line(const sweep *s, int64_t trial) {
  const sweep_trial *t = &s->trial[trial];
  cJSON *line = cJSON_CreateObject();
  cJSON_AddNumberToObject(line, "round", (double)t->first_round);
  cJSON_AddNumberToObject(line, "trial", (double)trial);
  cJSON_AddNumberToObject(line, "slot", t->slot);
  if (t->parent >= 0) {
    cJSON_AddNumberToObject(line, "parent", (double)t->parent);
    cJSON_AddNumberToObject(line, "parent_steps", (double)t->parent_steps);
  }
  options_json(line, s, trial);
  return line;
}

throng_status lineage_write(const sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  char path[SWEEP_PATH_SIZE];
  atomic_file *file;
  THRONG_TRY(atomic_file_create(sweep_path(s, "pbt.jsonl", path), &file));
  for (int64_t k = 0; k < s->n_trial; ++k) {
    cJSON *line = trial_line(s, k);
    char *text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    if (!text) {
      atomic_file_abort(file);
      return throng_fail(THRONG_ERROR_MEMORY, "pbt.jsonl: out of memory");
    }
    fprintf(atomic_file_stream(file), "%s\n", text);
    free(text);
  }
  return atomic_file_commit(file);
}
