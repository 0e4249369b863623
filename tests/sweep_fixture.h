/// A small space of real options, for tests of what is done with one.
#ifndef THRONG_TESTS_SWEEP_FIXTURE_H
#define THRONG_TESTS_SWEEP_FIXTURE_H

#include <stdlib.h>

#include "agent/agent_fields.h"
#include "base/json.h"
#include "space/space.h"
#include "throng/agent.h"
#include "throng_test.h"

static throng_agent_def fixture_agent;

static inline bool fixture_find(void *context, const char *name, const field_table **table,
                                const field **f, const void **def) {
  (void)context;
  if (strncmp(name, "agent.", 6) != 0) return false;
  *table = &agent_fields;
  *f = fields_find(&agent_fields, name + 6);
  *def = &fixture_agent;
  return *f != NULL;
}

static const space_options fixture_options = {fixture_find, NULL, NULL, NULL};

static inline space *fixture_space(const char *text) {
  cJSON *json = NULL;
  space *s = NULL;
  fixture_agent = throng_default_agent_def();
  EXPECT_OK(json_parse("space", 1, text, strlen(text), JSON_STRICT, &json));
  EXPECT_OK(space_read(json, "space", &fixture_options, &s));
  cJSON_Delete(json);
  if (!s) abort();
  return s;
}

/// A number of each kind, a choice, and one that applies to one choice alone.
#define FIXTURE_SPACE                                                                         \
  "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": true}, "                 \
  "\"agent.gamma\": {\"min\": 0.5, \"max\": 0.999}, "                                         \
  "\"agent.n_step\": {\"min\": 1, \"max\": 8}, "                                              \
  "\"agent.epsilon\": {\"values\": [\"linear\", \"exponential\"]}, "                          \
  "\"agent.width\": {\"min\": 16, \"max\": 128, \"step\": 16, \"when\": {\"agent.epsilon\": " \
  "\"exponential\"}}}"

#endif
