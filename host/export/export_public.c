/// An agent's export for callers outside: throng/export.h.
#include "export/export.h"

const char *throng_export_format_name(throng_export_format format) {
  return (unsigned)format < THRONG_EXPORT_FORMAT_COUNT ? export_format_names[format] : "unknown";
}

throng_status throng_population_export(throng_population *population, const throng_world *world,
                                       int32_t agent, throng_export_format format, const char *path,
                                       const throng_progress *progress) {
  export_agent e;
  if ((unsigned)format >= THRONG_EXPORT_FORMAT_COUNT)
    return throng_fail(THRONG_ERROR_ARGUMENT, "export: format %d is none", (int)format);
  THRONG_TRY(export_begin(population, world, agent, &e));
  throng_status status = export_write(&e, format, path, progress);
  export_end(&e);
  return status;
}
