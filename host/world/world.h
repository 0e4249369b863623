/// The inside of a world: one list of arrays drives reading, checking, writing and printing.
#ifndef THRONG_WORLD_INTERNAL_H
#define THRONG_WORLD_INTERNAL_H

#include "base/strings.h"
#include "throng/world.h"

/// X(C type, tensor type, name, first dimension, second dimension or 1), of world `w` (nothing:
/// only types and names are wanted).
///   Lists are CSR: item i's keywords are pos[pos_offset[i]] .. pos[pos_offset[i+1]-1], rising.
#define WORLD_ARRAYS(X, w)                                   \
  X(int64_t, I64, category_offset, (w)->n_item + 1, 1)       \
  X(int32_t, I32, category, (w)->n_category_entry, 1)        \
  X(int64_t, I64, pos_offset, (w)->n_item + 1, 1)            \
  X(int32_t, I32, pos, (w)->n_pos_entry, 1)                  \
  X(int64_t, I64, neg_offset, (w)->n_item + 1, 1)            \
  X(int32_t, I32, neg, (w)->n_neg_entry, 1)                  \
  X(float, F32, embedding_pos, (w)->n_item, (w)->dim)        \
  X(float, F32, embedding_neg, (w)->n_item, (w)->dim)        \
  X(float, F32, keyword_embedding, (w)->n_keyword, (w)->dim) \
  X(int64_t, I64, user_offset, (w)->n_user + 1, 1)           \
  X(int32_t, I32, history_item, (w)->n_interaction, 1)       \
  X(uint8_t, U8, history_like, (w)->n_interaction, 1)        \
  X(float, F32, history_rating, (w)->n_interaction, 1)       \
  X(int64_t, I64, history_time, (w)->n_interaction, 1)

/// As WORLD_ARRAYS: later parts, which stand in a world and its file where n_later is above 0
/// alone. Nothing but measures reads them.
#define WORLD_LATER_ARRAYS(X, w)                    \
  X(int64_t, I64, later_offset, (w)->n_user + 1, 1) \
  X(int32_t, I32, later_item, (w)->n_later, 1)      \
  X(uint8_t, U8, later_like, (w)->n_later, 1)       \
  X(float, F32, later_rating, (w)->n_later, 1)      \
  X(int64_t, I64, later_time, (w)->n_later, 1)

/// X(name, count): string tables; in the file NAME.blob (U8) and NAME.offset (I64).
#define WORLD_STRINGS(X, w)  \
  X(user_id, (w)->n_user)    \
  X(item_id, (w)->n_item)    \
  X(item_name, (w)->n_item)  \
  X(keyword, (w)->n_keyword) \
  X(category_name, (w)->n_category)

enum { WORLD_MOST_DIM = 65536 };

struct throng_world {
  int64_t n_user, n_item, n_category, n_keyword, n_interaction;
  int64_t n_category_entry, n_pos_entry, n_neg_entry;
  int64_t n_cold;   // items that no history has and that were kept: the last ones
  int64_t n_later;  // rows of later parts
  int32_t dim;
  bool has_time;          // history_time is real time, not file order
  double like_threshold;  // NaN where answers are not ratings
  char *source;           // one line: what it was made from
  char *path;             // the file it was read from; NULL: none
#define X(type, tensor_type, name, d0, d1) type *name;
  WORLD_ARRAYS(X, )
  WORLD_LATER_ARRAYS(X, )
#undef X
#define X(name, count) string_table name;
  WORLD_STRINGS(X, )
#undef X
  struct world_index *index;  // raw id -> number
  struct world_fits *fits;    // what was fitted to it (world_fits.h)
  uint64_t hash;              // of the constants that answers depend on; ties weights to worlds
};

/// Check every invariant (offsets rise, ids in range, e+ and e- of unit length or zero, no NaN).
throng_status world_check(const throng_world *world, const char *name);
/// e+ and e-: means of the keywords' embeddings as they are, normalised; zero where a set is empty.
/// The published code compares the means themselves, by their cosine: the product of these.
void world_item_embeddings(throng_world *world);
/// Do two items have a category in common? For those who ask now and then; kernels have their own.
bool world_share_category(const throng_world *world, int32_t a, int32_t b);
/// Build `index` and `hash` after filling a world by hand (tests, synth), or changing it: what was
/// fitted to it before is forgotten.
throng_status world_finish(throng_world *world);
/// Free what the world holds, and leave it empty; not the struct itself.
void world_clear(throng_world *world);

#endif
