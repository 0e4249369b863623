/// Changes to a whole trials.db: refused, or read, and then as CSV too. An input is edits of four
/// bytes each: where (24 bits) and what.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent_fields.h"
#include "base/json.h"
#include "throng/agent.h"
#include "trials/trials.h"

static throng_agent_def agent;

static bool find(void *context, const char *name, const field_table **table, const field **f,
                 const void **def) {
  (void)context;
  *table = &agent_fields;
  *def = &agent;
  *f = strncmp(name, "agent.", 6) ? NULL : fields_find(&agent_fields, name + 6);
  return *f != NULL;
}
static const space_options options = {find, NULL, NULL, NULL};

static void must(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "broken: %s\n", throng_error_message());
  abort();
}

/// A database with a bit of everything.
static void make(const char *path) {
  static const char text[] =
      "{\"agent.gamma\": {\"min\": 0.5, \"max\": 0.9}, \"agent.epsilon\": {\"values\": "
      "[\"linear\", "
      "\"exponential\"]}, \"agent.width\": {\"min\": 1, \"max\": 9, \"when\": {\"agent.epsilon\": "
      "\"linear\"}}}";
  cJSON *json;
  space *s;
  trials *t;
  agent = throng_default_agent_def();
  must(json_parse("space", 1, text, strlen(text), JSON_STRICT, &json));
  must(space_read(json, "space", &options, &s));
  cJSON_Delete(json);
  const trials_def def = {
      .path = path, .study = "sweep", .space = s, .n_objective = 1, .metric = {"reward"}};
  must(trials_open(&def, false, &t));
  must(trials_begin(t));
  for (int64_t k = 0; k < 6; ++k) {
    const double x[] = {0.5 + (double)k / 20, (double)(k % 2), k % 2 ? (double)NAN : 5};
    must(trials_add(t, k, x));
    for (int64_t r = 1; r <= 9 * k; ++r)
      must(trials_report(t, k, r, r == 7 ? INFINITY : 1.0 / (double)r));
    must(trials_set_text(t, k, TRIALS_CAUSE, "why"));
    if (k < 5) must(trials_finish(t, k, (trial_state)(1 + k % 3), &x[0]));
  }
  must(trials_commit(t));
  must(trials_close(t));
  space_free(s);
}

static char path[] = "/tmp/throng-fuzz-trials-XXXXXX";
static void forget(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t *whole, *bytes;
  static size_t length;
  if (!whole) {
    int descriptor = mkstemp(path);
    if (descriptor < 0) abort();
    close(descriptor);
    atexit(forget);
    make(path);
    whole = malloc(1 << 20);
    bytes = malloc(1 << 20);
    FILE *file = fopen(path, "rb");
    if (!file || !whole || !bytes) abort();
    length = fread(whole, 1, 1 << 20, file);
    fclose(file);
  }
  memcpy(bytes, whole, length);
  for (size_t k = 0; k + 4 <= size; k += 4)
    bytes[(data[k] | (size_t)data[k + 1] << 8 | (size_t)data[k + 2] << 16) % length] = data[k + 3];
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) abort();
  trials *t;
  trials_list list = {0};
  if (trials_open_to_read(path, &options, &t) != THRONG_OK) return 0;
  if (trials_read(t, &list) == THRONG_OK) {
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) abort();
    (void)trials_csv_write(&list, trials_get_def(t), nowhere);
    fclose(nowhere);
  } else if (memcmp(bytes, whole, length) == 0) {
    abort();
  }
  trials_list_free(&list);
  must(trials_close(t));
  return 0;
}
