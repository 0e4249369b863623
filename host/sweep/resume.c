/// May this config go on with what a folder holds? Everything that results depend on must be the
/// same; bounds may be others, and where the folder lies.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "sweep/inside.h"

enum { MOST_CHANGES = 8 };

/// Keys that no number of a trial depends on, and those that the database compares.
static bool may_differ(const config_key *key) {
  static const char *const names[] = {
      "train.out",       "train.resume",      "train.checkpoint_every",
      "sweep.space",     "sweep.objective",   "sweep.max_trials",
      "sweep.max_steps", "sweep.max_seconds", "sweep.checkpoint_seconds"};
  for (size_t k = 0; k < sizeof names / sizeof *names; ++k)
    if (!strcmp(key->path, names[k])) return true;
  return config_key_within(key, "backend") || config_key_within(key, "llm");
}

static throng_status text_of(const throng_config *config, const config_key *key, char **out) {
  cJSON *value = config_value_json(config, key);
  *out = value ? cJSON_PrintUnformatted(value) : NULL;
  cJSON_Delete(value);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "sweep: out of memory");
}

static throng_status compare(const throng_config *before, const throng_config *now, char *changes,
                             size_t size) {
  config_key key;
  size_t used = 0;
  for (int i = 0, n = 0; config_key_at(i, &key) && n < MOST_CHANGES; ++i) {
    if (may_differ(&key)) continue;
    char *a, *b = NULL;
    throng_status status = text_of(before, &key, &a);
    if (status == THRONG_OK) status = text_of(now, &key, &b);
    if (status == THRONG_OK && strcmp(a, b) != 0 && used < size) {
      used += (size_t)snprintf(changes + used, size - used, "%s%s: %.60s -> %.60s", n ? "; " : "",
                               key.path, a, b);
      ++n;
    }
    free(a);
    free(b);
    THRONG_TRY(status);
  }
  return THRONG_OK;
}

throng_status resume_check(sweep *s) {
  char path[SWEEP_PATH_SIZE], changes[1024] = "";
  throng_config before, now;
  throng_status status;
  THRONG_TRY(config_load(sweep_path(s, "config.json", path), NULL, &before));
  if (s->def.slots == 0 && (status = sweep_set_slots(s, before.sweep.slots)) != THRONG_OK) {
    config_free(&before);
    return status;
  }
  // As it would be written and read again: both have been through that.
  status = config_load_text(s->config_text, strlen(s->config_text), "config", NULL, &now);
  if (status == THRONG_OK) {
    status = compare(&before, &now, changes, sizeof changes);
    config_free(&now);
  }
  config_free(&before);
  THRONG_TRY(status);
  if (!*changes) return THRONG_OK;
  return throng_fail(THRONG_ERROR_CONFIG,
                     "cannot resume %s: the config has changed (%s); resume with the sweep's own, "
                     "%s/config.json, or choose another folder",
                     s->folder, changes, s->folder);
}
