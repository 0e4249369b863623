/// A small run of two agents for tests of what is done with trained ones, and a look into JSON.
#ifndef THRONG_TESTS_RUN_FIXTURE_H
#define THRONG_TESTS_RUN_FIXTURE_H

#include "cli_driver.h"

static const char *const run_config =
    "{\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 200, \"dim\": 8, "
    "\"history_mean\": 8}, \"votes\": {\"rule\": \"logical\"}, \"backend\": {\"name\": \"cpu\", "
    "\"threads\": 1}, \"sim\": {\"lanes\": 16, \"history\": 12, \"max_steps\": 8, \"mask_seen\": "
    "true}, \"agent\": {\"hidden\": [8, 8], \"width\": 8, \"user_width\": 4, \"batch\": 8, "
    "\"buffer\": 400, \"learning_starts\": 32, \"count\": 2}, \"train\": {\"steps\": 1280, "
    "\"evaluate_every\": 1280, \"checkpoint_every\": 640, \"evaluation\": {\"episodes\": 12}}}";

/// A run of two agents, trained once for all tests.
static inline bool make_run(void) {
  if (exists("run/summary.json")) return true;
  write_file("run.json", run_config);
  const int code = throng("train run.json -q -o run --json");
  EXPECT_STREQ(last.err, "");
  EXPECT_EQ(code, 0);
  return code == 0;
}

static inline cJSON *document(void) { return cJSON_Parse(last.out); }

static inline const cJSON *at(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static inline double number(const cJSON *object, const char *key) {
  const cJSON *value = at(object, key);
  return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

static inline const char *text(const cJSON *object, const char *key) {
  const cJSON *value = at(object, key);
  return cJSON_IsString(value) ? value->valuestring : "";
}

/// What the run's own last evaluation says; freed by the caller.
static inline cJSON *read_summary(void) {
  static char file[1 << 16];
  slurp(in_folder("run/summary.json"), file, sizeof file);
  return cJSON_Parse(file);
}

#endif
