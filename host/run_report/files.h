/// What a run's folder says: config.json, metrics.jsonl, summary.json, and when it was.
#ifndef THRONG_RUN_REPORT_FILES_H
#define THRONG_RUN_REPORT_FILES_H

#include <cjson/cJSON.h>

#include "throng/evaluate.h"

enum { RUN_AGENTS_MOST = 16 /* of a population, whose own curves are kept */ };

typedef struct run_files {
  char *folder;
  cJSON *config;
  cJSON *summary;   // NULL: the run has not ended, or has gone on since
  cJSON *policies;  // player -> metric -> number: the summary's, or the newest of the rows
  cJSON *agents;    // the summary's list, or NULL where there is one agent
  int64_t n_row;
  cJSON **row;       // (n_row) of metrics.jsonl, without most of what single agents have
  double steps;      // user-steps of the last row
  double wanted;     // train.steps; NaN: not said
  double begun;      // seconds since 1970, NaN: not known
  double ended;      // when the last row was written, likewise
  char machine[80];  // that it ran on, "" where no file says
  int64_t bad_line;  // of metrics.jsonl, the first that is no row; 0: none
  int64_t n_bad;     // so many are none, and were left out
  int64_t cut_line;  // the last one, unfinished (a run that goes on, or was killed); 0: it is whole
} run_files;

/// Lines of metrics.jsonl that are no rows are left out, with a note. Errors: IO, DATA (no run's
/// folder; no row), MEMORY; `*out` is empty then.
throng_status run_files_read(const char *folder, const throng_progress *progress, run_files *out);
void run_files_free(run_files *files);

/// The finite values of a metric with their user-steps; x and y (n_row). Returns how many.
int64_t run_files_series(const run_files *files, const char *metric, double *x, double *y);
bool run_files_has(const run_files *files, const char *metric);
/// A member, a number; NaN where there is none. `object` may be NULL.
double json_number(const cJSON *object, const char *key);
/// A key of the config by its path ("agent.gamma"), or NULL.
const cJSON *run_files_option(const run_files *files, const char *path);
const char *run_files_text(const run_files *files, const char *path, const char *otherwise);
double run_files_number(const run_files *files, const char *path);
/// What tables call the agents: "DQN".
const char *run_files_agent(const run_files *files, char text[32]);
/// "DQN", "most similar": of a member of `policies`.
const char *run_files_player(const run_files *files, const char *player, char text[32]);
/// The folder's last part: "demo".
const char *run_files_name(const run_files *files, char text[128]);

#endif
