/// World files: what is written comes back, what breaks a promise is refused by name.
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/safetensors.h"
#include "tiny_world.h"

#define GOLDEN TEST_SOURCE_DIR "/golden/world.safetensors"

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

static char *read_bytes(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *bytes = calloc(1, 65536);
  *length = file ? fread(bytes, 1, 65536, file) : 0;
  if (file) fclose(file);
  return bytes;
}

static void write_bytes(const char *path, const char *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  fwrite(bytes, 1, length, file);
  fclose(file);
}

TEST(world, a_world_written_by_the_stock_package_opens_and_answers_every_question) {
  throng_world *w;
  ASSERT_OK(throng_world_open(GOLDEN, &w));
  throng_world_info info = throng_world_get_info(w);
  EXPECT_EQ(info.n_user, 3);
  EXPECT_EQ(info.n_item, 4);
  EXPECT_EQ(info.n_category, 2);
  EXPECT_EQ(info.n_keyword, 5);
  EXPECT_EQ(info.n_interaction, 4);
  EXPECT_EQ(info.n_like, 2);
  EXPECT_EQ(info.dim, 2);
  EXPECT_EQ(throng_world_find_user(w, "u2"), 2);
  EXPECT_EQ(throng_world_find_user(w, "u"), -1);
  EXPECT_EQ(throng_world_find_item(w, "d"), 3);
  EXPECT_EQ(throng_world_find_item(w, ""), -1);
  EXPECT_STREQ(throng_world_user_id(w, 1), "u1");
  EXPECT_TRUE(throng_world_user_id(w, 3) == NULL);
  EXPECT_TRUE(throng_world_item_id(w, -1) == NULL);
  EXPECT_STREQ(throng_world_item_name(w, 3), "\xc3\x9cnder");
  EXPECT_STREQ(throng_world_item_name(w, 2), "c");
  const int32_t *item;
  const uint8_t *like;
  const int64_t *time;
  ASSERT_EQ(throng_world_history(w, 0, &item, &like, &time), 3);
  EXPECT_EQ(item[2], 2);
  EXPECT_EQ(like[1], 0);
  EXPECT_EQ(time[0], 100);
  EXPECT_EQ(throng_world_history(w, 2, &item, NULL, NULL), 0);
  EXPECT_EQ(throng_world_history(w, 3, &item, &like, &time), -1);
  EXPECT_TRUE(w->has_time);
  EXPECT_NEAR(w->like_threshold, 3, 0);
  EXPECT_STREQ(w->source, "tiny test world");
  throng_world_close(w);
}

/// The stock writer's metadata comes in no fixed order, and means round in their last bit: headers
/// are compared from the first tensor on, floats within 1e-6, all else byte for byte.
TEST(world, a_world_is_written_as_the_stock_package_writes_it) {
  throng_world *w = tiny_world();
  const char *path = in_folder("w.safetensors");
  ASSERT_OK(throng_world_save(w, path));
  size_t ours_length, golden_length;
  char *ours = read_bytes(path, &ours_length), *golden = read_bytes(GOLDEN, &golden_length);
  uint64_t ours_begin, golden_begin;
  memcpy(&ours_begin, ours, 8);
  memcpy(&golden_begin, golden, 8);
  ASSERT_EQ(ours_length - ours_begin, golden_length - golden_begin);
  const char *ours_header = strstr(ours + 8, "\"category_offset\"");
  const char *golden_header = strstr(golden + 8, "\"category_offset\"");
  ASSERT_TRUE(ours_header && golden_header);
  EXPECT_EQ(strncmp(ours_header, golden_header, (size_t)(strrchr(golden + 8, '}') - golden_header)),
            0);
  safetensors_file *a, *b;
  ASSERT_OK(safetensors_open(path, &a));
  ASSERT_OK(safetensors_open(GOLDEN, &b));
  for (size_t i = 0; i < safetensors_count(b); ++i) {
    const safetensors_tensor *x = safetensors_at(a, i), *y = safetensors_at(b, i);
    EXPECT_STREQ(x->name, y->name);
    ASSERT_EQ(x->bytes, y->bytes);
    if (y->type != TENSOR_F32) {
      EXPECT_EQ(memcmp(ours + x->offset, golden + y->offset, y->bytes), 0);
      continue;
    }
    for (uint64_t k = 0; k < y->bytes; k += 4) {
      float p, q;
      memcpy(&p, ours + x->offset + k, 4);
      memcpy(&q, golden + y->offset + k, 4);
      EXPECT_NEAR(p, q, 1e-6);
    }
  }
  safetensors_close(a);
  safetensors_close(b);
  free(ours);
  free(golden);
  throng_world_close(w);
}

TEST(world, item_embeddings_are_normalised_means_and_zero_for_empty_sets) {
  throng_world *w = tiny_world();
  EXPECT_NEAR(w->embedding_pos[0], sqrt(0.5), 1e-6);
  EXPECT_NEAR(w->embedding_pos[1], sqrt(0.5), 1e-6);
  EXPECT_NEAR(w->embedding_pos[4], -1, 1e-6);
  EXPECT_NEAR(w->embedding_pos[6], 0, 0);
  EXPECT_NEAR(w->embedding_neg[2], sqrt(0.5), 1e-6);
  EXPECT_NEAR(w->embedding_neg[4], 0, 0);
  throng_world_close(w);
}

TEST(world, a_saved_world_opens_with_the_same_hash_and_another_history_has_another) {
  throng_world *w = tiny_world(), *back;
  const char *path = in_folder("w.safetensors");
  ASSERT_OK(world_finish(w));
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &back));
  EXPECT_TRUE(w->hash == back->hash);
  back->history_like[0] = 0;
  ASSERT_OK(world_finish(back));
  EXPECT_FALSE(w->hash == back->hash);
  throng_world_close(back);
  throng_world_close(w);
}

TEST(world, answers_that_are_no_ratings_have_no_threshold_after_a_round_trip) {
  throng_world *w = tiny_world(), *back;
  const char *path = in_folder("w.safetensors");
  w->like_threshold = (double)NAN;
  w->has_time = false;
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &back));
  EXPECT_TRUE(isnan(back->like_threshold));
  EXPECT_FALSE(back->has_time);
  throng_world_close(back);
  throng_world_close(w);
}

TEST(world, a_world_without_categories_keywords_or_interactions_survives_a_round_trip) {
  throng_world *w = tiny_world(), *back;
  memset(w->category_offset, 0, 5 * sizeof *w->category_offset);
  memset(w->pos_offset, 0, 5 * sizeof *w->pos_offset);
  memset(w->neg_offset, 0, 5 * sizeof *w->neg_offset);
  memset(w->user_offset, 0, 4 * sizeof *w->user_offset);
  w->n_category = w->n_keyword = w->n_interaction = 0;
  w->n_category_entry = w->n_pos_entry = w->n_neg_entry = 0;
  strings_free(&w->keyword);
  strings_free(&w->category_name);
  world_item_embeddings(w);
  const char *path = in_folder("w.safetensors");
  ASSERT_OK(throng_world_save(w, path));
  ASSERT_OK(throng_world_open(path, &back));
  EXPECT_EQ(throng_world_get_info(back).n_keyword, 0);
  EXPECT_EQ(throng_world_history(back, 0, NULL, NULL, NULL), 0);
  throng_world_close(back);
  throng_world_close(w);
}

/// Change one thing, expect the message, put nothing on disk.
#define REFUSED(change, message)                                         \
  do {                                                                   \
    throng_world *w = tiny_world();                                      \
    change;                                                              \
    EXPECT_EQ(world_check(w, "w.file"), THRONG_ERROR_DATA);              \
    EXPECT_CONTAINS(throng_error_message(), "w.file");                   \
    EXPECT_CONTAINS(throng_error_message(), message);                    \
    EXPECT_EQ(throng_world_save(w, in_folder("no")), THRONG_ERROR_DATA); \
    EXPECT_TRUE(fopen(in_folder("no"), "rb") == NULL);                   \
    throng_world_close(w);                                               \
  } while (0)

TEST(world, every_broken_invariant_is_refused_with_tensor_and_index) {
  REFUSED(w->n_item = 0, "0 items");
  REFUSED(w->n_user = 0, "0 users");
  REFUSED(w->dim = 0, "embeddings of length 0");
  REFUSED(w->pos_offset[0] = 1, "'pos_offset' at index 0");
  REFUSED(w->pos_offset[2] = 1, "'pos_offset' at index 2: 1, expected 2 to 4");
  REFUSED(w->neg_offset[3] = 99, "'neg_offset' at index 3: 99, expected 3 to 4");
  REFUSED(w->neg_offset[4] = 3, "'neg_offset' ends at 3, expected 4");
  REFUSED(w->category[3] = 2, "'category' at index 3: 2, expected 0 to 1");
  REFUSED(w->pos[0] = -1, "'pos' at index 0: -1, expected 0 to 4");
  REFUSED(w->pos[1] = 0, "'pos' at index 1: an item's entries rise strictly");
  REFUSED(w->embedding_pos[3] = NAN, "'embedding_pos' at index 3: not a finite number");
  REFUSED(w->embedding_neg[0] = 3, "'embedding_neg' row 0: length");
  REFUSED(w->embedding_neg[4] = 1,
          "'embedding_neg' row 2: length 1, expected 0 (its set is empty)");
  REFUSED(w->keyword_embedding[1] = INFINITY, "'keyword_embedding' at index 1: not a finite");
  REFUSED(w->user_offset[1] = -3, "'user_offset' at index 1");
  REFUSED(w->history_item[2] = 4, "'history_item' at index 2: 4, expected 0 to 3");
  REFUSED(w->history_like[1] = 2, "'history_like' at index 1: neither 0 nor 1");
  REFUSED(w->history_rating[1] = INFINITY, "'history_rating' at index 1");
  REFUSED(w->history_time[2] = 150, "'history_time' at index 2: earlier");
  REFUSED(w->like_threshold = INFINITY, "like_threshold");
  REFUSED(w->item_name.blob[0] = '\xff', "'item_name' at index 0: not UTF-8");
  REFUSED(w->item_name.blob[0] = '\0', "'item_name' at index 0: a string that holds a NUL");
  REFUSED(memcpy(w->category_name.blob, "hills", 5), "'category_name' at index 1: 'hills' stands");
  REFUSED(strings_free(&w->category_name), "0 strings in 'category_name', expected 2");
}

TEST(world, an_id_that_stands_twice_is_refused) {
  throng_world *w = tiny_world();
  w->user_id.blob[4] = '0';
  EXPECT_EQ(world_finish(w), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "user_id[1]: 'u0' stands twice");
  throng_world_close(w);
}

TEST(world, a_file_cut_at_any_byte_is_refused_with_its_name) {
  size_t length;
  char *bytes = read_bytes(GOLDEN, &length);
  const char *path = in_folder("cut.world");
  int wrong = 0;
  write_bytes(path, bytes, length);
  for (off_t cut = (off_t)length - 1; cut >= 0; --cut) {
    throng_world *w;
    ASSERT_EQ(truncate(path, cut), 0);
    wrong += throng_world_open(path, &w) != THRONG_ERROR_DATA || w ||
             !strstr(throng_error_message(), "cut.world");
  }
  EXPECT_EQ(wrong, 0);
  free(bytes);
}

/// Whatever a byte of the header becomes, the answer is an error or a world that passes its check.
TEST(world, a_file_with_any_one_byte_changed_opens_valid_or_not_at_all) {
  size_t length;
  char *bytes = read_bytes(GOLDEN, &length);
  const char *path = in_folder("bit.world");
  int refused = 0;
  write_bytes(path, bytes, length);
  int fd = open(path, O_WRONLY);
  for (size_t at = 0; at < length; ++at) {
    throng_world *w;
    char changed = (char)(bytes[at] ^ 0x11);
    if (at > 0) ASSERT_EQ(pwrite(fd, bytes + at - 1, 1, (off_t)at - 1), 1);
    ASSERT_EQ(pwrite(fd, &changed, 1, (off_t)at), 1);
    throng_status status = throng_world_open(path, &w);
    if (status == THRONG_OK) EXPECT_OK(world_check(w, "changed"));
    if (status != THRONG_OK) EXPECT_CONTAINS(throng_error_message(), "bit.world");
    refused += status != THRONG_OK;
    throng_world_close(w);
  }
  close(fd);
  EXPECT_GT(refused, (int)length / 2);
  free(bytes);
}

TEST(world, a_tensor_file_that_is_no_world_is_refused_as_such) {
  throng_world *w;
  EXPECT_EQ(throng_world_open(TEST_SOURCE_DIR "/golden/stock.safetensors", &w), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "expected 'throng world'");
  EXPECT_EQ(throng_world_open("/none/w", &w), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/none/w: cannot be read: No such file");
  EXPECT_TRUE(w == NULL);
}
