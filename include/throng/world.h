/// The world: everything that stays constant while users are simulated — items, keywords,
/// embeddings, categories and the users' real histories. Opening and looking only; worlds are made
/// by `throng prepare` and `throng synth` (or throng_prepare() and throng_synth()).
#ifndef THRONG_WORLD_H
#define THRONG_WORLD_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct throng_world throng_world;

typedef struct throng_world_info {
  int64_t n_user;
  int64_t n_item;
  int64_t n_category;
  int64_t n_keyword;      ///< distinct keywords, liking and disliking together
  int64_t n_interaction;  ///< rows of all histories
  int64_t n_like;         ///< of which likes
  int32_t dim;            ///< length of e+ and e-
} throng_world_info;

/// Read and validate a world file (safetensors). Errors: IO, DATA (with the tensor's name and what
/// was expected of it), MEMORY.
THRONG_API throng_status throng_world_open(const char *path, throng_world **out);
/// NULL is allowed.
THRONG_API void throng_world_close(throng_world *world);
THRONG_API throng_world_info throng_world_get_info(const throng_world *world);

/// Index of a raw id, or -1 where the world has no such user (item).
THRONG_API int64_t throng_world_find_user(const throng_world *world, const char *id);
THRONG_API int64_t throng_world_find_item(const throng_world *world, const char *id);
/// Raw id of an index; NULL where the index is out of range. Lives as long as the world.
THRONG_API const char *throng_world_user_id(const throng_world *world, int64_t user);
THRONG_API const char *throng_world_item_id(const throng_world *world, int64_t item);
/// The item's title, or its id where it has none.
THRONG_API const char *throng_world_item_name(const throng_world *world, int64_t item);

/// A user's real history in time order: `*item` and `*like` point at `return value` entries.
/// -1 where the index is out of range.
THRONG_API int64_t throng_world_history(const throng_world *world, int64_t user,
                                        const int32_t **item, const uint8_t **like,
                                        const int64_t **time);

/// A synthetic world with planted tastes (the default demo). The numbers are those of the demo.
typedef struct throng_synth_def {
  int32_t size, cookie;  ///< set by throng_default_synth_def(); do not touch
  int32_t n_user;        ///< 15,000
  int32_t n_item;        ///< 10,000
  int32_t n_category;    ///< 40
  int32_t n_keyword;     ///< 2,000
  int32_t dim;           ///< 128; length of the embeddings
  int32_t n_taste;       ///< 24; latent tastes that users and items are drawn from
  int32_t history_mean;  ///< 40; interactions a user, geometrically spread
  float noise;           ///< 0.1; share of answers that ignore the taste
  uint32_t seed;         ///< 1
} throng_synth_def;

THRONG_API throng_synth_def throng_default_synth_def(void);
/// Write a synthetic world to `path`, atomically.
THRONG_API throng_status throng_synth(const throng_synth_def *def, const char *path,
                                      const throng_progress *progress);

/// Raw files to a world file: what `throng prepare CONFIG --set ...` does. `overrides` is a
/// NULL-terminated list of "a.b=c", or NULL. Errors: CONFIG (file, line, key), DATA (file, line),
/// IO; nothing is left at `path` then.
THRONG_API throng_status throng_prepare(const char *config_path, const char *const *overrides,
                                        const char *path, const throng_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
