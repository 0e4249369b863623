/// The options of a backend.
#include "base/backend.h"

static const char *const backend_names[] = {"auto", "cpu", "cuda", NULL};

#define FIELD_DEF throng_backend_def
static const field backend_rows[] = {
    FIELD_TEXT("name", FIELD_KIND_STRING, name, "auto", backend_names, FIELD_NOT_IDENTITY, 0,
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
