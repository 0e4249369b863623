/// A trained agent as files that other programs read: its network and item vectors as safetensors,
/// as ONNX, and as matrices for a search by inner product. The formats are in docs/file_formats.md.
#ifndef THRONG_EXPORT_EXPORT_H
#define THRONG_EXPORT_EXPORT_H

#include "agent/agent.h"
#include "throng/export.h"

extern const char *const export_format_names[THRONG_EXPORT_FORMAT_COUNT];

enum { EXPORT_SAMPLES = 16 };

/// Whose network, and some users of the world with what our own code makes of them, so that a
/// loader can check itself.
typedef struct export_agent {
  throng_population *population;
  const throng_world *world;
  int32_t agent;
  agent_copy network;
  float *start;     // (n_user_feature) what a state says of the user when a session begins, or NULL
  int64_t n;        // users of the sample
  int32_t *user;    // (n), and their histories:
  int64_t *offset;  // (n + 1)
  int32_t *item;    // (offset[n])
  uint8_t *like;
  float *state, *query, *score;  // (n, n_state), (n, width), (n, n_item)
} export_agent;

/// Errors: ARGUMENT (no such agent; a world of another size), MEMORY, BACKEND.
throng_status export_begin(throng_population *population, const throng_world *world, int32_t agent,
                           export_agent *out);
void export_end(export_agent *e);

/// Write `path`, whole or not at all: one safetensors file; an ONNX model, and beside it
/// PATH.sample.safetensors; PATH.items.npy, PATH.queries.npy, PATH.items.csv and PATH.users.csv.
/// Errors: IO, MEMORY, BACKEND.
throng_status export_write(export_agent *e, throng_export_format format, const char *path,
                           const throng_progress *progress);

// The formats.
throng_status export_safetensors(const export_agent *e, const char *path);
/// The sample alone.
throng_status export_sample(const export_agent *e, const char *path);
throng_status export_onnx(const export_agent *e, const char *path);
throng_status export_vectors(const export_agent *e, const char *path,
                             const throng_progress *progress);
/// Histories of users `first` .. `first + n - 1` times `step`, as the world has them. Arrays are
/// grown with throng_alloc and are the caller's. Errors: MEMORY.
throng_status export_histories(const throng_world *world, int64_t first, int64_t n, int64_t step,
                               export_agent *to);

#endif
