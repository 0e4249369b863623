/// A world from arrays, and what callers may ask of a world: the same as of one from a file, by the
/// same checks, and nothing copied.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "throng/throng.h"
#include "throng_test.h"
#include "tiny_world.h"

/// The arrays of tiny_world() as callers give them.
static throng_world_source source_of(const throng_world *w) {
  static const char *const user[] = {"u0", "u1", "u2"}, *const item[] = {"a", "b", "c", "d"},
                           *const name[] = {"Blue Door", "Red Hill", NULL, "\xc3\x9cnder"},
                           *const keyword[] = {"fresh", "calm", "loud", "slow", "dull"},
                           *const category[] = {"doors", "hills"};
  throng_world_source s = throng_default_world_source();
  s.n_user = w->n_user;
  s.n_item = w->n_item;
  s.n_category = w->n_category;
  s.n_keyword = w->n_keyword;
  s.dim = w->dim;
  s.user_offset = w->user_offset;
  s.history_item = w->history_item;
  s.history_like = w->history_like;
  s.history_time = w->history_time;
  s.history_rating = w->history_rating;
  s.category_offset = w->category_offset;
  s.category = w->category;
  s.liking_offset = w->pos_offset;
  s.liking = w->pos;
  s.disliking_offset = w->neg_offset;
  s.disliking = w->neg;
  s.keyword_embedding = w->keyword_embedding;
  s.user_id = user;
  s.item_id = item;
  s.item_name = name;
  s.category_name = category;
  s.keyword = keyword;
  s.like_threshold = 3;
  s.source = "tiny test world";
  return s;
}

TEST(world_arrays, a_world_from_arrays_is_the_one_that_was_filled_by_hand) {
  throng_world *tiny = tiny_world(), *w, *again;
  char path[4096];
  const throng_world_source source = source_of(tiny);
  ASSERT_OK(world_finish(tiny));
  ASSERT_OK(throng_world_from_arrays(&source, &w));
  EXPECT_EQ(throng_world_hash(w), tiny->hash);
  EXPECT_STREQ(throng_world_user_id(w, 2), "u2");
  EXPECT_STREQ(throng_world_item_name(w, 2), "c");
  EXPECT_EQ(throng_world_find_item(w, "d"), 3);
  snprintf(path, sizeof path, "%s/world.safetensors", throng_test_folder());
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &again));
  EXPECT_EQ(throng_world_hash(again), tiny->hash);
  const throng_world_info info = throng_world_get_info(again);
  EXPECT_TRUE(info.has_time);
  EXPECT_EQ(info.like_threshold, 3);
  EXPECT_EQ(memcmp(again->history_rating, tiny->history_rating, 4 * sizeof(float)), 0);
  EXPECT_EQ(memcmp(again->history_time, tiny->history_time, 4 * sizeof(int64_t)), 0);
  EXPECT_EQ(memcmp(again->keyword_embedding, tiny->keyword_embedding, 10 * sizeof(float)), 0);
  throng_world_close(again);
  throng_world_close(w);
  throng_world_close(tiny);
}

TEST(world_arrays, histories_alone_make_a_world_that_can_be_played) {
  const int64_t offset[] = {0, 2, 3};
  const int32_t item[] = {2, 0, 1};
  const uint8_t like[] = {1, 0, 1};
  throng_world_source s = throng_default_world_source();
  throng_world *w;
  s.n_user = 2;
  s.n_item = 3;
  s.user_offset = offset;
  s.history_item = item;
  s.history_like = like;
  ASSERT_OK(throng_world_from_arrays(&s, &w));
  EXPECT_STREQ(throng_world_user_id(w, 1), "1");
  EXPECT_STREQ(throng_world_item_name(w, 2), "2");
  const throng_world_info info = throng_world_get_info(w);
  EXPECT_FALSE(info.has_time);
  EXPECT_TRUE(isnan(info.like_threshold));
  EXPECT_EQ(info.n_like, 2);
  const int64_t *time;
  EXPECT_EQ(throng_world_history(w, 0, NULL, NULL, &time), 2);
  EXPECT_EQ(time[1], 1);
  EXPECT_EQ(throng_world_history(w, 1, NULL, NULL, &time), 1);
  EXPECT_EQ(time[0], 0);
  throng_backend *backend;
  throng_backend_def any = throng_default_backend_def();
  any.name = "cpu";
  ASSERT_OK(throng_backend_open(&any, &backend));
  throng_sim *sim;
  throng_sim_def def = throng_default_sim_def();
  def.lanes = 4;
  def.votes.rule = THRONG_RULE_LOGICAL;
  ASSERT_OK(throng_sim_create(backend, w, NULL, &def, &sim));
  const int32_t action[] = {0, 1, 2, 0};
  throng_outcome out;
  ASSERT_OK(throng_sim_step(sim, action));
  ASSERT_OK(throng_sim_outcome(sim, &out));
  for (int lane = 0; lane < 4; ++lane) EXPECT_EQ(out.vote[lane].alpha_pos, 0);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(w);
}

TEST(world_arrays, ready_embeddings_need_no_keywords_and_are_taken_as_they_are) {
  const int64_t offset[] = {0, 1};
  const int32_t item[] = {1};
  const uint8_t like[] = {1};
  float liking[] = {0.6f, 0.8f, 0, 1, 0, 0}, disliking[] = {1, 0, 0, 0, 0.8f, -0.6f};
  throng_world_source s = throng_default_world_source();
  throng_world *w;
  s.n_user = 1;
  s.n_item = 3;
  s.dim = 2;
  s.user_offset = offset;
  s.history_item = item;
  s.history_like = like;
  s.embedding_liking = liking;
  s.embedding_disliking = disliking;
  ASSERT_OK(throng_world_from_arrays(&s, &w));
  EXPECT_EQ(throng_world_item_embedding(w, 0, THRONG_LIKING)[1], 0.8f);
  EXPECT_EQ(throng_world_item_embedding(w, 2, THRONG_DISLIKING)[1], -0.6f);
  throng_world_close(w);
  liking[0] = 0.7f;
  EXPECT_EQ(throng_world_from_arrays(&s, &w), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'embedding_pos' row 0: length");
  EXPECT_TRUE(w == NULL);
  s.embedding_disliking = NULL;
  EXPECT_EQ(throng_world_from_arrays(&s, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "embedding_disliking is missing");
}

TEST(world_arrays, what_a_file_may_not_hold_is_refused_with_its_place) {
  throng_world *tiny = tiny_world(), *w;
  throng_world_source s;
#define REFUSED(status, change, text)                  \
  s = source_of(tiny);                                 \
  change;                                              \
  EXPECT_EQ(throng_world_from_arrays(&s, &w), status); \
  EXPECT_CONTAINS(throng_error_message(), text);       \
  EXPECT_TRUE(w == NULL)
  const int64_t falling[] = {0, 3, 2, 4}, negative[] = {0, 1, 2, -1};
  const int32_t outside[] = {0, 1, 4, 3}, repeated[] = {1, 1, 1, 2}, keyword[] = {0, 1, 1, 5};
  const uint8_t like[] = {1, 2, 0, 0};
  const int64_t time[] = {100, 50, 200, 50};
  const char *const twice[] = {"a", "b", "a", "d"}, *const hole[] = {"a", NULL, "b", "d"};
  float embedding[10] = {0};
  embedding[3] = NAN;
  REFUSED(THRONG_ERROR_ARGUMENT, s.cookie = 0, "throng_default_world_source");
  REFUSED(THRONG_ERROR_ARGUMENT, s.user_offset = NULL, "user_offset is missing");
  REFUSED(THRONG_ERROR_ARGUMENT, s.history_like = NULL, "history_like is missing");
  REFUSED(THRONG_ERROR_ARGUMENT, s.liking = NULL, "liking is missing");
  REFUSED(THRONG_ERROR_ARGUMENT, s.keyword_embedding = NULL, "keyword_embedding is missing");
  REFUSED(THRONG_ERROR_ARGUMENT, s.item_id = hole, "item_id[1] is NULL");
  REFUSED(THRONG_ERROR_DATA, s.n_item = 0, "n_item is 0");
  REFUSED(THRONG_ERROR_DATA, s.dim = 0, "dim is 0");
  REFUSED(THRONG_ERROR_DATA, s.user_offset = falling, "'user_offset' at index 2: 2");
  REFUSED(THRONG_ERROR_DATA, s.user_offset = negative, "ends at -1");
  REFUSED(THRONG_ERROR_DATA, s.history_item = outside, "'history_item' at index 2: 4");
  REFUSED(THRONG_ERROR_DATA, s.history_like = like, "'history_like' at index 1");
  REFUSED(THRONG_ERROR_DATA, s.history_time = time, "'history_time' at index 1");
  REFUSED(THRONG_ERROR_DATA, s.liking = repeated, "'pos' at index 1");
  REFUSED(THRONG_ERROR_DATA, s.liking = keyword, "'pos' at index 3: 5");
  REFUSED(THRONG_ERROR_DATA, s.keyword_embedding = embedding, "'keyword_embedding' at index 3");
  REFUSED(THRONG_ERROR_DATA, s.item_id = twice, "'a' stands twice");
  REFUSED(THRONG_ERROR_DATA, s.n_cold = 1, "nobody rated");
  REFUSED(THRONG_ERROR_DATA, s.dim = 65537, "dim is 65537, expected 0 to 65536");
  REFUSED(THRONG_ERROR_DATA, s.source = "\xff", "source: not UTF-8");
  const int64_t far_away[] = {INT64_MIN, INT64_MAX, 3, 4};
  REFUSED(THRONG_ERROR_DATA, s.user_offset = far_away;
          s.history_time = NULL, "'user_offset' at index 0");
#undef REFUSED
  throng_world_close(tiny);
}

TEST(world_arrays, items_are_asked_for_in_place) {
  throng_world *w = tiny_world();
  const int32_t *list;
  ASSERT_EQ(throng_world_item_categories(w, 1, &list), 2);
  EXPECT_EQ(list[0], 0);
  EXPECT_EQ(list[1], 1);
  EXPECT_TRUE(list == w->category + 1);
  EXPECT_EQ(throng_world_item_categories(w, 3, &list), 0);
  ASSERT_EQ(throng_world_item_keywords(w, 0, THRONG_LIKING, &list), 2);
  EXPECT_STREQ(throng_world_keyword(w, list[1]), "calm");
  ASSERT_EQ(throng_world_item_keywords(w, 3, THRONG_DISLIKING, &list), 1);
  EXPECT_STREQ(throng_world_keyword(w, list[0]), "dull");
  EXPECT_TRUE(throng_world_item_embedding(w, 2, THRONG_DISLIKING) == w->embedding_neg + 4);
  EXPECT_STREQ(throng_world_category_name(w, 1), "hills");
  EXPECT_EQ(throng_world_item_categories(w, 4, &list), -1);
  EXPECT_EQ(throng_world_item_keywords(w, -1, THRONG_LIKING, &list), -1);
  EXPECT_TRUE(throng_world_item_embedding(w, 4, THRONG_LIKING) == NULL);
  EXPECT_EQ(throng_world_item_keywords(w, 0, (throng_side)2, &list), -1);
  EXPECT_TRUE(throng_world_item_embedding(w, 0, (throng_side)-1) == NULL);
  EXPECT_TRUE(throng_world_keyword(w, 5) == NULL);
  EXPECT_TRUE(throng_world_category_name(w, -1) == NULL);
  int64_t count[4], likes[4];
  throng_world_item_counts(w, count, likes);
  throng_world_item_counts(w, NULL, NULL);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(count[i], 1);
    EXPECT_EQ(likes[i], i == 0 || i == 2);
  }
  throng_world_close(w);
}

TEST(world_arrays, all_arrays_are_named_as_in_a_file_and_lie_in_the_world) {
  throng_world *w = tiny_world();
  throng_array array[32];
  const int64_t n = throng_world_arrays(w, 32, array);
  EXPECT_EQ(n, 14);
  EXPECT_EQ(throng_world_arrays(w, 0, NULL), n);
  const throng_array *e = throng_array_find(array, n, "embedding_pos");
  ASSERT_TRUE(e != NULL);
  EXPECT_TRUE(e->data == w->embedding_pos);
  EXPECT_EQ(e->device, THRONG_DEVICE_CPU);
  EXPECT_EQ(e->dtype, THRONG_DTYPE_F32);
  EXPECT_EQ(e->n_dim, 2);
  EXPECT_EQ(e->shape[0], 4);
  EXPECT_EQ(e->shape[1], 2);
  EXPECT_EQ(e->stride[0], 2);
  EXPECT_EQ(e->stride[1], 1);
  EXPECT_TRUE(e->read_only);
  const throng_array *offset = throng_array_find(array, n, "user_offset");
  ASSERT_TRUE(offset != NULL);
  EXPECT_EQ(offset->n_dim, 1);
  EXPECT_EQ(offset->shape[0], 4);
  EXPECT_EQ(((const int64_t *)offset->data)[2], 4);
  throng_world_close(w);
}
