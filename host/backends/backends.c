/// The backends, and the public call that opens one.
#include "backends/backends.h"

#include <stdio.h>
#include <string.h>

/// X(name): each room's backend_name, in the order in which "auto" tries them; the last always
/// opens.
#define BACKENDS(X) \
  X(cuda)           \
  X(cpu)

#define X(name) extern const backend_kind backend_##name;
BACKENDS(X)
#undef X
#define X(name) &backend_##name,
const backend_kind *const backends[] = {BACKENDS(X) NULL};
#undef X
#define X(name) #name,
static const char *const names[] = {"auto", BACKENDS(X) NULL};
#undef X

#define FIELD_DEF throng_backend_def
static const field backend_rows[] = {
    FIELD_TEXT("name", FIELD_KIND_STRING, name, "auto", names, FIELD_NOT_IDENTITY,
               "cpu, cuda, or auto: cuda where a device is usable"),
    FIELD_I32("threads", threads, 0, 0, 1024, FIELD_NOT_IDENTITY, "CPU threads; 0: one a core"),
    FIELD_I32("device", device, 0, 0, 1024, FIELD_NOT_IDENTITY, "CUDA device"),
};
#undef FIELD_DEF
const field_table backend_fields = FIELD_TABLE("backend", throng_backend_def, backend_rows);

throng_backend_def throng_default_backend_def(void) {
  throng_backend_def def;
  fields_default(&backend_fields, &def);
  return def;
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
  *out = NULL;
  THRONG_TRY(fields_check(&backend_fields, def));
  for (const backend_kind *const *kind = backends; def->name && *kind; ++kind)
    if (!strcmp((*kind)->name, def->name)) return (*kind)->open(def, out);
  return open_best(def, out);
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
