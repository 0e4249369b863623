/// Whole sweeps on a crew that answers from a formula: made, cut, gone on with, looked at.
#ifndef THRONG_TESTS_SUPPORT_SWEEP_RIG_H
#define THRONG_TESTS_SUPPORT_SWEEP_RIG_H

#include <sys/stat.h>
#include <unistd.h>

#include "sweep/sweep.h"
#include "sweep_rows.h"
#include "toy_crew.h"

static const char config_text[] =
    "{\"sim\": {\"lanes\": 10}, \"agent\": {\"learning_rate\": 1e-4, \"gamma\": 0.95},"
    " \"train\": {\"steps\": 1600, \"evaluate_every\": 100},"
    " \"sweep\": {\"sampler\": \"random\", \"scheduler\": \"asha\", \"slots\": 8,"
    "  \"max_trials\": 40, \"test_seeds\": 0, \"checkpoint_seconds\": 1000,"
    "  \"space\": {\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
    "             \"agent.gamma\": {\"min\": 0.5, \"max\": 0.99},"
    "             \"agent.batch\": {\"values\": [16, 32, 64]}}}}";

typedef struct run {
  throng_config config;
  sweep *sweep;
  toy_crew *crew;
  throng_status status;
} run;

static inline const char *folder_of(const char *name) {
  static char path[8][600];
  static int next;
  char *to = path[next++ % 8];
  snprintf(to, 600, "%s/%s", throng_test_folder(), name);
  return to;
}

static double checkpoint_seconds = 1000;  // of all sweeps from here on

static double diverge_above;  // as toy_crew's, of all sweeps from here on
static int64_t fail_start_of;

/// Load the config and make the crew; `set` is NULL-terminated or NULL.
static inline bool prepare(run *r, const char *const *set) {
  memset(r, 0, sizeof *r);
  r->status = config_load_text(config_text, sizeof config_text - 1, "toy", set, &r->config);
  if (r->status != THRONG_OK) return false;
  r->config.sweep.checkpoint_seconds = checkpoint_seconds;
  r->status = sweep_create(&r->config, &r->sweep);
  if (r->status == THRONG_OK) r->crew = toy_crew_create(sweep_get_def(r->sweep)->slots);
  return r->status == THRONG_OK;
}

static inline void begin(run *r, const char *folder, bool resume) {
  mkdir(folder_of(folder), 0777);
  r->status = sweep_begin(r->sweep, folder_of(folder), resume, &r->crew->crew);
}

static inline void search(run *r) {
  if (r->status == THRONG_OK) r->status = sweep_search(r->sweep, NULL, NULL);
  if (r->status == THRONG_OK) r->status = sweep_confirm(r->sweep, NULL, NULL);
  if (r->status == THRONG_OK) r->status = sweep_finish(r->sweep);
}

static inline void finish(run *r) {
  sweep_close(r->sweep);
  if (r->crew) r->crew->crew.ops->close(&r->crew->crew);
  config_free(&r->config);
}

/// A whole sweep into `folder`; cut after `rounds` (0: not).
static inline throng_status go(const char *folder, const char *const *set, bool resume,
                               int64_t rounds, run *keep) {
  run r;
  if (prepare(&r, set)) {
    r.crew->stop_after = rounds;
    r.crew->diverge_above = diverge_above;
    r.crew->fail_start_of = fail_start_of;
    begin(&r, folder, resume);
    search(&r);
  }
  const throng_status status = r.status;
  if (keep)
    *keep = r;
  else
    finish(&r);
  return status;
}

static inline char *rows(const char *folder) {
  char path[700];
  snprintf(path, sizeof path, "%s/trials.db", folder_of(folder));
  return sweep_rows_text(path);
}

static inline sweep_view view_of(const run *r) {
  sweep_view view;
  sweep_look(r->sweep, &view);
  return view;
}

#endif
