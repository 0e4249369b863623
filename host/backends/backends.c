/// The backends, and the public call that opens one.
#include "backends/backends.h"

#include <stdio.h>
#include <string.h>

#include "cpu/backend_cpu.h"
#include "cuda/backend_cuda.h"

const backend_kind *const backends[] = {&backend_cuda, &backend_cpu, NULL};

static const backend_kind *find(const char *name) {
  for (const backend_kind *const *kind = backends; *kind; ++kind)
    if (!strcmp((*kind)->name, name)) return *kind;
  return NULL;
}

bool backends_know(const char *name) { return !strcmp(name, "auto") || find(name) != NULL; }

const char *backends_names(char *text) {
  int n = sizeof backends / sizeof *backends - 1;
  size_t used = (size_t)snprintf(text, BACKENDS_TEXT, "auto");
  for (int k = n - 1; k >= 0 && used < BACKENDS_TEXT; --k)
    used += (size_t)snprintf(text + used, BACKENDS_TEXT - used, "%s%s", k ? ", " : " or ",
                             backends[k]->name);
  return text;
}

/// Remember why the present error refused `kind`. The cause alone: the place before it and the
/// advice behind ';' help those who asked for this backend by name.
static void note_refusal(const backend_kind *kind, char *why, size_t size) {
  const char *message = throng_error_message(), *cause = strstr(message, ": ");
  cause = cause ? cause + 2 : message;
  size_t used = strlen(why);
  snprintf(why + used, size - used, "; not %s: %.*s", kind->name, (int)strcspn(cause, ";"), cause);
}

/// The first that is usable; its description says why those before it are not.
static throng_status open_best(const throng_backend_def *def, throng_backend **out) {
  char why[300] = "";
  const backend_kind *const *kind = backends;
  for (; kind[1]; ++kind) {
    if ((*kind)->open(def, out) == THRONG_OK) break;
    note_refusal(*kind, why, sizeof why);
  }
  if (!kind[1]) THRONG_TRY((*kind)->open(def, out));
  char *description = (*out)->description;
  size_t used = strlen(description);
  snprintf(description + used, sizeof(*out)->description - used, "%s", why);
  return THRONG_OK;
}

throng_status throng_backend_open(const throng_backend_def *def, throng_backend **out) {
  char known[BACKENDS_TEXT];
  *out = NULL;
  if (!def || def->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "throng_backend_def: start from throng_default_backend_def()");
  if (def->threads < 0 || def->threads > 1024)
    return throng_fail(THRONG_ERROR_ARGUMENT, "threads: %d is not in 0..1024", def->threads);
  const char *name = def->name ? def->name : "auto";
  if (!strcmp(name, "auto")) return open_best(def, out);
  const backend_kind *kind = find(name);
  if (kind) return kind->open(def, out);
  return throng_fail(THRONG_ERROR_ARGUMENT, "backend '%s': expected %s", name,
                     backends_names(known));
}

static const backend_kind *with_devices(void) {
  const backend_kind *const *kind = backends;
  while (*kind && !(*kind)->devices) ++kind;
  return *kind;
}

throng_status backends_devices(int *count) {
  const backend_kind *kind = with_devices();
  *count = 0;
  if (kind) return kind->devices(count);
  return throng_fail(THRONG_ERROR_BACKEND, "no backend of this build has devices");
}

throng_status backends_device(int device, backend_device *out) {
  const backend_kind *kind = with_devices();
  *out = (backend_device){0};
  if (kind) return kind->device(device, out);
  return throng_fail(THRONG_ERROR_BACKEND, "no backend of this build has devices");
}
