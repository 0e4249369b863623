/// Spaces from JSON, and what is said of wrong ones.
#ifndef THRONG_TESTS_SUPPORT_SPACE_TEXT_H
#define THRONG_TESTS_SUPPORT_SPACE_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_sweep.h"
#include "space/space.h"
#include "throng_test.h"

/// The space of a config whose sweep.space is `space`, with `agent` as its section agent.
static inline throng_status make(const char *agent, const char *space_json, throng_config *config,
                                 space **out) {
  char text[8192];
  *out = NULL;
  snprintf(text, sizeof text, "{\"agent\": {%s},\n \"sweep\": {\"space\": %s}}", agent, space_json);
  THRONG_TRY(config_load_text(text, strlen(text), "s.json", NULL, config));
  throng_status status = config_space(config, out);
  if (status != THRONG_OK) config_free(config);
  return status;
}

static inline void release(throng_config *config, space *s) {
  space_free(s);
  config_free(config);
}

static inline const char *refusal(const char *space_json) {
  throng_config config;
  space *s;
  throng_status status = make("", space_json, &config, &s);
  if (status == THRONG_OK) {
    release(&config, s);
    return "(accepted)";
  }
  EXPECT_EQ(status, THRONG_ERROR_CONFIG);
  return throng_error_message();
}

static inline void expect_refusal(const char *space_json, const char *said) {
  EXPECT_CONTAINS(refusal(space_json), said);
}

#endif
