/// A world made from a data set holds what the data set and the keywords say.
#include <math.h>
#include <stdio.h>

#include "keyword_fixture.h"
#include "prepare/build_world.h"

static const fixture_item items[] = {{"a", "rock", ""}, {"b", "rock,pop", ""}, {"c", "", ""}};
static const fixture_row rows[] = {{0, 0, 1, NULL}, {0, 1, 0, NULL}, {1, 2, 1, NULL}};

/// a: P {x, y}, N {z}; b: P {y}; c: nothing.
static keyword_sets make_sets(const dataset *d) {
  keyword_sets sets = {0};
  static const char *const name[] = {"x", "y", "z"};
  for (int k = 0; k < 3; ++k) EXPECT_OK(strings_append(&sets.keyword, name[k], 1));
  for (int64_t c = 0; c < d->n_category; ++c)
    EXPECT_OK(strings_append(&sets.category, strings_get(&d->category_name, c),
                             strings_length(&d->category_name, c)));
  sets.pos_offset = calloc(4, sizeof *sets.pos_offset);
  sets.neg_offset = calloc(4, sizeof *sets.neg_offset);
  sets.category_offset = calloc(4, sizeof *sets.category_offset);
  sets.pos = calloc(3, sizeof *sets.pos);
  sets.neg = calloc(1, sizeof *sets.neg);
  sets.category_id = calloc(3, sizeof *sets.category_id);
  memcpy(sets.category_offset, d->category_offset, 4 * sizeof *sets.category_offset);
  memcpy(sets.category_id, d->category, 3 * sizeof *sets.category_id);
  sets.pos_offset[1] = 2;
  sets.pos_offset[2] = sets.pos_offset[3] = 3;
  sets.pos[1] = sets.pos[2] = 1;
  sets.neg_offset[1] = sets.neg_offset[2] = sets.neg_offset[3] = 1;
  sets.neg[0] = 2;
  return sets;
}

static const float embedding[6] = {1, 0, 0, 1, 0.6f, -0.8f};

TEST(build_world, item_embeddings_are_normalised_means_and_empty_sets_are_zero) {
  dataset d = fixture_dataset(items, 3, rows, 3);
  keyword_sets sets = make_sets(&d);
  throng_world *w = calloc(1, sizeof *w);
  ASSERT_OK(world_build(&d, &sets, embedding, 2, "by hand", 4, w));
  const float half = (float)sqrt(0.5);
  const float pos[6] = {half, half, 0, 1, 0, 0}, neg[6] = {0.6f, -0.8f, 0, 0, 0, 0};
  for (int k = 0; k < 6; ++k) {
    EXPECT_NEAR(w->embedding_pos[k], pos[k], 1e-6);
    EXPECT_NEAR(w->embedding_neg[k], neg[k], 1e-6);
  }
  throng_world_close(w);
  keyword_sets_free(&sets);
  fixture_free(&d);
}

TEST(build_world, a_saved_world_opens_with_the_same_facts) {
  dataset d = fixture_dataset(items, 3, rows, 3);
  keyword_sets sets = make_sets(&d);
  throng_world *w = calloc(1, sizeof *w), *again = NULL;
  ASSERT_OK(world_build(&d, &sets, embedding, 2, "by hand", 4, w));
  keyword_sets_free(&sets);
  fixture_free(&d);  // the world owns copies
  char path[512];
  snprintf(path, sizeof path, "%s/world.safetensors", throng_test_folder());
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &again));
  throng_world_info info = throng_world_get_info(again);
  EXPECT_EQ(info.n_user, 2);
  EXPECT_EQ(info.n_item, 3);
  EXPECT_EQ(info.n_category, 2);
  EXPECT_EQ(info.n_keyword, 3);
  EXPECT_EQ(info.n_interaction, 3);
  EXPECT_EQ(info.n_like, 2);
  EXPECT_EQ(throng_world_find_item(again, "b"), 1);
  EXPECT_EQ(throng_world_find_user(again, "user 1"), 1);
  EXPECT_EQ(again->hash, w->hash);
  EXPECT_STREQ(again->source, "by hand");
  throng_world_close(w);
  throng_world_close(again);
}

TEST(build_world, a_keyword_out_of_range_is_refused_and_leaves_nothing) {
  dataset d = fixture_dataset(items, 3, rows, 3);
  keyword_sets sets = make_sets(&d);
  sets.neg[0] = 3;
  throng_world w;
  EXPECT_EQ(world_build(&d, &sets, embedding, 2, "by hand", 4, &w), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'neg'");
  EXPECT_TRUE(w.pos == NULL && w.item_id.blob == NULL && w.source == NULL);
  keyword_sets_free(&sets);
  fixture_free(&d);
}

TEST(build_world, sizes_that_do_not_fit_are_refused) {
  dataset d = fixture_dataset(items, 3, rows, 3);
  keyword_sets sets = make_sets(&d);
  throng_world w;
  EXPECT_EQ(world_build(&d, &sets, embedding, 0, "by hand", 4, &w), THRONG_ERROR_ARGUMENT);
  strings_append(&d.item_id, "extra", 5);
  EXPECT_EQ(world_build(&d, &sets, embedding, 2, "by hand", 4, &w), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "4 item ids, expected 3");
  keyword_sets_free(&sets);
  fixture_free(&d);
}
