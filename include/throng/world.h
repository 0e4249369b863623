/// The world: everything that stays constant while users are simulated — items, keywords,
/// embeddings, categories and the users' real histories. Worlds come from files, from raw data
/// (throng_prepare), from arrays (throng_world_from_arrays) or are made up (throng_synth).
#ifndef THRONG_WORLD_H
#define THRONG_WORLD_H

#include "array.h"
#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Threads: nothing changes a world between its making and its closing, so that any number of
/// threads may look at it, and simulators on several backends may run on it, at the same time.
/// Pointers into it live as long as it does.
typedef struct throng_world throng_world;

/// Sizes of a world and a few facts.
typedef struct throng_world_info {
  int64_t n_user;         ///< users, each with a history
  int64_t n_item;         ///< items, whether anybody rated them or not
  int64_t n_category;     ///< distinct categories
  int64_t n_keyword;      ///< distinct keywords, liking and disliking together
  int64_t n_interaction;  ///< rows of all histories
  int64_t n_like;         ///< of which likes
  int32_t dim;            ///< length of e+ and e-
  int64_t n_cold;         ///< items that no history has and that were kept: the last ones
  bool has_time;          ///< times are real ones, not the order of a file
  double like_threshold;  ///< ratings from here on are likes; NaN where answers are no ratings
  int64_t n_later;        ///< rows of later parts (throng_world_later), beside n_interaction
} throng_world_info;

/// Read and validate a world file (safetensors). Errors: IO, DATA (with the tensor's name and what
/// was expected of it), MEMORY.
THRONG_API throng_status throng_world_open(const char *path, throng_world **out);
/// Write a world file that throng_world_open reads (safetensors, atomic). Errors: IO, MEMORY.
THRONG_API throng_status throng_world_save(const throng_world *world, const char *path);
/// Give its memory back; nothing may run on it any more. NULL is allowed.
THRONG_API void throng_world_close(throng_world *world);
/// Sizes and a few facts; counts the likes, one pass over all interactions.
THRONG_API throng_world_info throng_world_get_info(const throng_world *world);

/// Index of a user's raw id, or -1 where the world has no such user.
THRONG_API int64_t throng_world_find_user(const throng_world *world, const char *id);
/// Index of an item's raw id, or -1 where the world has no such item.
THRONG_API int64_t throng_world_find_item(const throng_world *world, const char *id);
/// A user's raw id; NULL where the index is out of range.
THRONG_API const char *throng_world_user_id(const throng_world *world, int64_t user);
/// An item's raw id; NULL where the index is out of range.
THRONG_API const char *throng_world_item_id(const throng_world *world, int64_t item);
/// The item's title, or its id where it has none; NULL where the index is out of range.
THRONG_API const char *throng_world_item_name(const throng_world *world, int64_t item);
/// Text of a keyword; NULL where the index is out of range.
THRONG_API const char *throng_world_keyword(const throng_world *world, int64_t keyword);
/// Name of a category; NULL where the index is out of range.
THRONG_API const char *throng_world_category_name(const throng_world *world, int64_t category);

/// Reasons to like an item, or to dislike it.
typedef enum throng_side {
  THRONG_LIKING = 0,  ///< reasons to like: P(i), e+(i)
  THRONG_DISLIKING,   ///< reasons to dislike: N(i), e-(i)
} throng_side;

/// C(i), the categories of an item: `*category` points at `return value` indices, rising. -1 where
/// the index is out of range.
THRONG_API int64_t throng_world_item_categories(const throng_world *world, int64_t item,
                                                const int32_t **category);
/// P(i) or N(i), the liking or disliking keywords of an item: `*keyword` points at `return value`
/// indices, rising. -1 where the index is out of range, or the side is none.
THRONG_API int64_t throng_world_item_keywords(const throng_world *world, int64_t item,
                                              throng_side side, const int32_t **keyword);
/// e+(i) or e-(i): `dim` numbers, of unit length or zero. NULL where the index is out of range, or
/// the side is none. The rows of all items follow one another.
THRONG_API const float *throng_world_item_embedding(const throng_world *world, int64_t item,
                                                    throng_side side);
/// How often each item stands in the histories, and how often liked: count and likes (n_item), the
/// caller's memory; either may be NULL. One pass over all interactions.
THRONG_API void throng_world_item_counts(const throng_world *world, int64_t *count, int64_t *likes);

/// A user's real history in time order: `*item`, `*like` and `*time` (each may be NULL) point at
/// `return value` entries. -1 where the index is out of range.
THRONG_API int64_t throng_world_history(const throng_world *world, int64_t user,
                                        const int32_t **item, const uint8_t **like,
                                        const int64_t **time);

/// A user's later part, what the real user did after the history: kept apart when the world was
/// made (dataset.later_share), before keywords, embeddings or weights, so that none of them knows
/// it and nothing but measures reads it. As throng_world_history: `return value` entries in time
/// order, whose items may be among the n_cold last ones; 0, and nothing is pointed at, where the
/// user has none. -1 where the index is out of range.
THRONG_API int64_t throng_world_later(const throng_world *world, int64_t user, const int32_t **item,
                                      const uint8_t **like, const int64_t **time);

/// A part of the users, always the same for the same seed: those whose draw from 0..1 is in
/// from..to (`to` left out). Whether a user is among them depends on the seed and the user's index
/// alone, so that 0..0.8 and 0.8..1 are two parts without a user in common. Writes their indices,
/// rising, to `user` (n_user at the most; NULL: only count) and returns how many they are.
THRONG_API int64_t throng_world_split_users(const throng_world *world, uint32_t seed, double from,
                                            double to, int32_t *user);

/// The world's arrays where they lie, in host memory and read_only; fills at most `most` of `out`
/// and returns how many there are. Names and shapes are those of a world file
/// (docs/file_formats.md) but for texts, which are not among them.
THRONG_API int64_t throng_world_arrays(const throng_world *world, int64_t most, throng_array *out);
/// 64 bits that tell worlds apart by all that answers depend on; weights and lanes are tied to it.
THRONG_API uint64_t throng_world_hash(const throng_world *world);

/// A world as arrays in host memory, of which throng_world_from_arrays copies what it needs. Lists
/// are CSR: those of row i are entries offset[i] .. offset[i+1]-1, and offset[0] is 0. What is NULL
/// is left out, or stands for what is said there.
typedef struct throng_world_source {
  int32_t size, cookie;  ///< set by throng_default_world_source(); do not touch
  int64_t n_user, n_item, n_category, n_keyword;  ///< 0; users and items: 1 at least
  int32_t dim;                                    ///< length of embeddings; 0 where there are none

  // Histories, oldest first. Required.
  const int64_t *user_offset;   ///< (n_user + 1)
  const int32_t *history_item;  ///< (user_offset[n_user])
  const uint8_t *history_like;  ///< (user_offset[n_user]) 1 or 0
  const int64_t *history_time;  ///< the same; NULL: 0, 1, .. within each user, has_time false
  const float *history_rating;  ///< the same; NULL: the like as a number

  // Sets of items: each list rises strictly.
  const int64_t *category_offset;   ///< (n_item + 1) NULL: no item has a category
  const int32_t *category;          ///< (category_offset[n_item]) 0 .. n_category - 1
  const int64_t *liking_offset;     ///< (n_item + 1) P(i); NULL: none
  const int32_t *liking;            ///< (liking_offset[n_item]) 0 .. n_keyword - 1
  const int64_t *disliking_offset;  ///< (n_item + 1) N(i); NULL: none
  const int32_t *disliking;         ///< (disliking_offset[n_item]) 0 .. n_keyword - 1

  // Embeddings: of the keywords, from which e+ and e- are made as their normalised means; or e+ and
  // e- themselves, which then must both be there. Neither: e+ and e- are zero, and the similarity
  // vote is always a tie.
  const float *keyword_embedding;    ///< (n_keyword, dim) of any length
  const float *embedding_liking;     ///< (n_item, dim) rows of unit length or zero
  const float *embedding_disliking;  ///< (n_item, dim)

  // Texts, UTF-8.
  const char *const *user_id;        ///< (n_user) distinct; NULL: "0", "1", ..
  const char *const *item_id;        ///< (n_item) distinct; NULL: "0", "1", ..
  const char *const *item_name;      ///< (n_item) NULL: none
  const char *const *category_name;  ///< (n_category) distinct; NULL: "0", "1", ..
  const char *const *keyword;        ///< (n_keyword) distinct; NULL: "0", "1", ..

  int64_t n_cold;         ///< 0; items that nobody rated, if kept they are the last ones
  double like_threshold;  ///< NaN; what made ratings likes
  const char *source;     ///< one line that says where it came from; NULL: "arrays"

  // Later parts (throng_world_later), each after its user's history. All NULL: none.
  const int64_t *later_offset;  ///< (n_user + 1)
  const int32_t *later_item;    ///< (later_offset[n_user])
  const uint8_t *later_like;    ///< the same, 1 or 0
  const float *later_rating;    ///< the same; NULL: the like as a number
  const int64_t *later_time;    ///< the same; there where history_time is, and only then
} throng_world_source;

/// Everything empty, like_threshold NaN.
THRONG_API throng_world_source throng_default_world_source(void);
/// Make a world from arrays. They are checked as a file is.
/// Errors: ARGUMENT (not initialised; a required array is missing), DATA (an array, named as in a
/// world file: pos_offset, pos and embedding_pos are the liking ones, neg.. the disliking; its
/// index and what was expected), MEMORY.
THRONG_API throng_status throng_world_from_arrays(const throng_world_source *source,
                                                  throng_world **out);

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
  double later_share;   ///< 0; of each user's interactions, kept apart (throng_world_later); .. 0.9
  int32_t later_least;  ///< 8; users with fewer interactions have no later part
  /// 0: by history_mean. Else this many in all, and not one more or less: spread over the users
  /// log-normally, at least one each, and every item is met. n_user and n_item at the least, and
  /// half of the catalogue for each user at the most.
  int64_t n_interaction;
  float noise;    ///< 0.1; share of answers that ignore the taste
  uint32_t seed;  ///< 1
} throng_synth_def;

/// Every field with its usual value.
THRONG_API throng_synth_def throng_default_synth_def(void);
/// Write a synthetic world to `path`, atomically.
/// Errors: ARGUMENT (a Def field), IO, MEMORY, CANCELLED.
THRONG_API throng_status throng_synth(const throng_synth_def *def, const char *path,
                                      const throng_progress *progress);

/// Raw files to a world file: what `throng prepare CONFIG --set ...` does. `overrides` is a
/// NULL-terminated list of "a.b=c", or NULL.
/// Errors: CONFIG (file, line, key), DATA (file, line), IO, ARGUMENT (a provider's option), MEMORY,
/// CANCELLED; nothing is left at `path` then.
THRONG_API throng_status throng_prepare(const char *config_path, const char *const *overrides,
                                        const char *path, const throng_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
