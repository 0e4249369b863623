/// A world small enough to count on fingers: 3 users, 4 items, 5 keywords, 2 categories, dim 2.
/// For tests that need some valid world and change one thing in it.
#ifndef THRONG_TESTS_TINY_WORLD_H
#define THRONG_TESTS_TINY_WORLD_H

#include <stdlib.h>

#include "throng_test.h"
#include "world/world.h"

static inline void *tiny_copy(const void *from, size_t bytes) {
  void *block = malloc(bytes ? bytes : 1);
  if (bytes) memcpy(block, from, bytes);
  return block;
}

#define TINY(w, name, type, ...) \
  ((w)->name = tiny_copy((const type[]){__VA_ARGS__}, sizeof((const type[]){__VA_ARGS__})))

/// Items: 0 "Blue Door" {cat 0; + kw 0, 1; - kw 3}, 1 "Red Hill" {cat 0, 1; + kw 1; - kw 3, 4},
/// 2 "" {cat 1; + kw 2; no -}, 3 "Ünder" {no category, no +; - kw 4}.
/// Users: u0 likes 0, dislikes 1, likes 2; u1 dislikes 3; u2 has no history.
static inline throng_world *tiny_world(void) {
  throng_world *w = calloc(1, sizeof *w);
  w->n_user = 3;
  w->n_item = 4;
  w->n_category = 2;
  w->n_keyword = 5;
  w->n_interaction = 4;
  w->n_category_entry = 4;
  w->n_pos_entry = 4;
  w->n_neg_entry = 4;
  w->dim = 2;
  w->has_time = true;
  w->like_threshold = 3;
  w->source = tiny_copy("tiny test world", sizeof "tiny test world");
  TINY(w, category_offset, int64_t, 0, 1, 3, 4, 4);
  TINY(w, category, int32_t, 0, 0, 1, 1);
  TINY(w, pos_offset, int64_t, 0, 2, 3, 4, 4);
  TINY(w, pos, int32_t, 0, 1, 1, 2);
  TINY(w, neg_offset, int64_t, 0, 1, 3, 3, 4);
  TINY(w, neg, int32_t, 3, 3, 4, 4);
  TINY(w, keyword_embedding, float, 1, 0, 0, 1, -1, 0, 0.6f, 0.8f, 0.8f, 0.6f);
  w->embedding_pos = calloc(8, sizeof(float));
  w->embedding_neg = calloc(8, sizeof(float));
  TINY(w, user_offset, int64_t, 0, 3, 4, 4);
  TINY(w, history_item, int32_t, 0, 1, 2, 3);
  TINY(w, history_like, uint8_t, 1, 0, 1, 0);
  TINY(w, history_rating, float, 5, 1, 4, 2);
  TINY(w, history_time, int64_t, 100, 200, 200, 50);
  static const char *const text[5][6] = {{"u0", "u1", "u2"},
                                         {"a", "b", "c", "d"},
                                         {"Blue Door", "Red Hill", "", "\xc3\x9cnder"},
                                         {"fresh", "calm", "loud", "slow", "dull"},
                                         {"doors", "hills"}};
  string_table *table[] = {&w->user_id, &w->item_id, &w->item_name, &w->keyword, &w->category_name};
  for (int k = 0; k < 5; ++k)
    for (int i = 0; i < 6 && text[k][i]; ++i)
      EXPECT_OK(strings_append(table[k], text[k][i], strlen(text[k][i])));
  world_item_embeddings(w);
  return w;
}

#endif
