/// A world whose names want to be markup, scripts, the other direction, nothing, or a book.
#ifndef TESTS_HOSTILE_WORLD_H
#define TESTS_HOSTILE_WORLD_H

#include <stdio.h>

#include "throng/throng.h"
#include "throng_test.h"

enum {
  HOSTILE_USERS = 40,
  HOSTILE_ITEMS = 24,
  HOSTILE_KEYWORDS = 8,
  HOSTILE_HISTORY = 9,
  HOSTILE_DIM = 8,
  HOSTILE_LONG = 6000,
};

static const char *const hostile_title[] = {
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae live",  // Hebrew, and an override of direction
    "",
    " \xe2\x80\x8b\xc2\xa0\t",  // nothing that one can see
    "]]></style></svg></table><h1>",
    "&lt;&amp;#60;",
};

/// 40 users who like items of even number with keyword 0, and a little of the rest. Written to
/// `path`.
static inline void hostile_world(const char *path) {
  static int64_t user_offset[HOSTILE_USERS + 1], keyword_offset[HOSTILE_ITEMS + 1],
      category_offset[HOSTILE_ITEMS + 1];
  static int32_t item[HOSTILE_USERS * HOSTILE_HISTORY], liking[HOSTILE_ITEMS],
      disliking[HOSTILE_ITEMS], category[HOSTILE_ITEMS];
  static uint8_t like[HOSTILE_USERS * HOSTILE_HISTORY];
  static float embedding[HOSTILE_KEYWORDS * HOSTILE_DIM];
  static char book[HOSTILE_LONG + 1], id[HOSTILE_USERS][40], name[HOSTILE_ITEMS][24];
  static const char *user_id[HOSTILE_USERS], *item_id[HOSTILE_ITEMS], *title[HOSTILE_ITEMS];
  static const char *const keyword[HOSTILE_KEYWORDS] = {"<b>bold</b>", "\"quoted\"",    "'single'",
                                                        "a & b",       "</text></svg>", "<!-- --",
                                                        "plain",       "&quot;"};
  static const char *const category_name[] = {"<i>kind</i>", "\"></a>"};
  for (int k = 0; k < HOSTILE_LONG; ++k) book[k] = (char)(k % 7 == 6 ? ' ' : 'a' + k % 26);
  const int titles = sizeof hostile_title / sizeof *hostile_title;
  for (int i = 0; i < HOSTILE_ITEMS; ++i) {
    keyword_offset[i] = category_offset[i] = i;
    liking[i] = i % 2 ? 2 + i % 6 : 0;
    disliking[i] = i % 2 ? 1 : 7;
    category[i] = i % 2;
    snprintf(name[i], sizeof name[i], "<u>%d</u>", i);
    item_id[i] = name[i];
    title[i] = i < titles ? hostile_title[i] : i <= titles + 3 ? book : name[i];
  }
  keyword_offset[HOSTILE_ITEMS] = category_offset[HOSTILE_ITEMS] = HOSTILE_ITEMS;
  for (int u = 0; u < HOSTILE_USERS; ++u) {
    user_offset[u] = (int64_t)u * HOSTILE_HISTORY;
    snprintf(id[u], sizeof id[u], "'<user>' \"%d\" $(x)", u);
    user_id[u] = id[u];
    for (int k = 0; k < HOSTILE_HISTORY; ++k) {
      const int at = u * HOSTILE_HISTORY + k;
      item[at] = (u * 5 + k * 7) % HOSTILE_ITEMS;
      like[at] = (uint8_t)((item[at] + (u + k) % 7 / 6) % 2 == 0);
    }
  }
  user_offset[HOSTILE_USERS] = HOSTILE_USERS * HOSTILE_HISTORY;
  for (int k = 0; k < HOSTILE_KEYWORDS; ++k) embedding[k * HOSTILE_DIM + k] = 1;
  throng_world_source s = throng_default_world_source();
  s.n_user = HOSTILE_USERS, s.n_item = HOSTILE_ITEMS, s.n_category = 2;
  s.n_keyword = HOSTILE_KEYWORDS, s.dim = HOSTILE_DIM;
  s.user_offset = user_offset, s.history_item = item, s.history_like = like;
  s.category_offset = category_offset, s.category = category;
  s.liking_offset = keyword_offset, s.liking = liking;
  s.disliking_offset = keyword_offset, s.disliking = disliking;
  s.keyword_embedding = embedding;
  s.user_id = user_id, s.item_id = item_id, s.item_name = title;
  s.category_name = category_name, s.keyword = keyword;
  throng_world *world = NULL;
  EXPECT_OK(throng_world_from_arrays(&s, &world));
  EXPECT_OK(throng_world_save(world, path));
  throng_world_close(world);
}

#endif
