/// A trained agent as files for other programs (docs/file_formats.md, "Exported agent").
#ifndef THRONG_EXPORT_H
#define THRONG_EXPORT_H

#include "agent.h"
#include "base.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What is written.
typedef enum throng_export_format {
  THRONG_EXPORT_SAFETENSORS = 0,  ///< network, item vectors and a sample of scores in one file
  THRONG_EXPORT_ONNX,             ///< the network as a model, PATH.sample.safetensors beside it
  THRONG_EXPORT_VECTORS,          ///< PATH.items.npy, .queries.npy, .items.csv, .users.csv
  THRONG_EXPORT_FORMAT_COUNT,     ///< may grow
} throng_export_format;

/// "safetensors", "onnx", "vectors"; "unknown" for other numbers.
THRONG_API const char *throng_export_format_name(throng_export_format format);

/// Write agent number `agent` of a population to `path` (of vectors: what their names begin with),
/// whole or not at all. `world` is what the population acts in: its ids, titles and histories go
/// into the files. Errors: ARGUMENT (no such agent or format; a world of another size), IO,
/// CANCELLED, MEMORY, BACKEND.
THRONG_API throng_status throng_population_export(throng_population *population,
                                                  const throng_world *world, int32_t agent,
                                                  throng_export_format format, const char *path,
                                                  const throng_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
