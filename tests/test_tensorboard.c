/// TensorBoard event files: the known bytes, and the file that TensorBoard itself has read
/// (tests/golden/make_tfevents.py wrote down what it saw).
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "report/crc32c.h"
#include "report/tensorboard.h"
#include "throng_test.h"

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *bytes = malloc(1 << 16);
  *size = fread(bytes, 1, 1 << 16, file);
  fclose(file);
  return bytes;
}

static tensorboard_def fixed(const char *folder, double wall_time) {
  return (tensorboard_def){
      .folder = folder, .wall_time = wall_time, .host = "golden", .process = 7, .serial = 0};
}

TEST(crc32c, is_that_of_the_known_answer) {
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32c_masked("123456789", 9), 0xc78ab0e5u);
  EXPECT_EQ(crc32c("", 0), 0);
}

TEST(tensorboard, first_record_has_the_known_bytes) {
  const char *expected =
      "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a";
  tensorboard *board;
  tensorboard_def def = fixed(throng_test_folder(), 1.0);
  ASSERT_OK(tensorboard_open(&def, &board));
  char path[512];
  snprintf(path, sizeof path, "%s", tensorboard_path(board));
  EXPECT_CONTAINS(path, "/events.out.tfevents.0000000001.golden.7.0");
  ASSERT_OK(tensorboard_close(board));
  size_t size = 0;
  char *bytes = read_file(path, &size);
  ASSERT_TRUE(bytes != NULL);
  ASSERT_EQ(size, 40);
  char hex[81];
  for (size_t i = 0; i < size; ++i) snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
  EXPECT_STREQ(hex, expected);
  free(bytes);
}

TEST(tensorboard, file_from_fixed_times_is_the_one_that_tensorboard_has_read) {
  tensorboard *board;
  tensorboard_def def = fixed(throng_test_folder(), 1700000000.5);
  ASSERT_OK(tensorboard_open(&def, &board));
  const tensorboard_hparam hparam[] = {
      {"agent.head", TENSORBOARD_STRING, "two_tower", 0},
      {"agent.double_dqn", TENSORBOARD_BOOL, NULL, 1},
      {"agent.learning_rate", TENSORBOARD_NUMBER, NULL, 1e-3},
  };
  const char *const metric[] = {"evaluation/dqn/average_reward"};
  EXPECT_OK(tensorboard_experiment(board, "golden", hparam, 3, metric, 1));
  EXPECT_OK(tensorboard_session_start(board, NULL, hparam, 3));
  EXPECT_OK(tensorboard_scalar(board, 0, "train/loss", 0.75));
  EXPECT_OK(tensorboard_scalar(board, 100, "train/loss", 0.0));
  EXPECT_OK(tensorboard_scalar(board, 200, "train/loss", -1.5e-30));
  EXPECT_OK(tensorboard_scalar(board, 200, "evaluation/dqn/average_reward", 27.56));
  EXPECT_OK(tensorboard_restart(board, 101));
  EXPECT_OK(tensorboard_scalar(board, 5000000000, "train/loss", 3.0));
  histogram h;
  const float value[] = {1, 3, 2.5f, (float)NAN, 1, -1, (float)INFINITY};
  histogram_of_values(7, value, &h);
  EXPECT_OK(tensorboard_histogram(board, 5000000000, "histogram/q", &h));
  histogram_of_counts(6, (const int64_t[]){0, 0, 4, 0, 1, 0}, &h);
  EXPECT_OK(tensorboard_histogram(board, 5000000001, "histogram/keywords_liked", &h));
  histogram_of_counts(3, (const int64_t[]){0, 0, 0}, &h);
  EXPECT_OK(tensorboard_histogram(board, 5000000001, "histogram/none", &h));
  const tensorboard_chart chart[] = {{"return", "A.Rwd", {"^return/"}},
                                     {"return", "Liking%", {"^evaluation/agent/liking$"}},
                                     {"f_sta", "losses", {"^sta/a$", "^sta/b$", "^c$", "^d$"}}};
  EXPECT_OK(tensorboard_layout(board, chart, 3));
  EXPECT_OK(tensorboard_session_end(board, TENSORBOARD_END_OK));
  char path[512];
  snprintf(path, sizeof path, "%s", tensorboard_path(board));
  ASSERT_OK(tensorboard_close(board));
  size_t size = 0, golden_size = 0;
  char *bytes = read_file(path, &size);
  char *golden = read_file(
      TEST_SOURCE_DIR "/golden/tfevents/events.out.tfevents.1700000000.golden.7.0", &golden_size);
  ASSERT_TRUE(bytes != NULL);
  ASSERT_TRUE(golden != NULL);
  EXPECT_EQ(size, golden_size);
  EXPECT_TRUE(size == golden_size && !memcmp(bytes, golden, size));
  free(bytes);
  free(golden);
}

TEST(histogram, of_values_counts_what_is_finite_between_the_least_and_the_largest) {
  const float value[] = {1, 3, 2.5f, (float)NAN, 1, -1, (float)INFINITY};
  histogram h;
  histogram_of_values(7, value, &h);
  EXPECT_EQ(h.n, 5);
  EXPECT_EQ(h.least, -1);
  EXPECT_EQ(h.most, 3);
  EXPECT_EQ(h.sum, 6.5);
  EXPECT_EQ(h.sum_of_squares, 1 + 9 + 6.25 + 1 + 1);
  ASSERT_EQ(h.buckets, HISTOGRAM_BUCKETS);
  double all = 0;
  for (int k = 0; k < h.buckets; ++k) {
    // Bucket k of 64 over -1 .. 3 begins at -1 + k / 16.
    EXPECT_NEAR(h.limit[k], -1 + (k + 1) / 16.0, 1e-12);
    all += h.count[k];
  }
  EXPECT_EQ(all, 5);
  EXPECT_EQ(h.count[0], 1);
  EXPECT_EQ(h.count[32], 2);
  EXPECT_EQ(h.count[56], 1);
  EXPECT_EQ(h.count[63], 1);
}

TEST(histogram, of_one_value_or_none_has_one_bucket_or_none) {
  histogram h;
  histogram_of_values(2, (const float[]){2, 2}, &h);
  EXPECT_EQ(h.buckets, 1);
  EXPECT_EQ(h.limit[0], 2);
  EXPECT_EQ(h.count[0], 2);
  histogram_of_values(1, (const float[]){(float)NAN}, &h);
  EXPECT_EQ(h.buckets, 0);
}

TEST(histogram, of_counts_has_a_bucket_a_number_from_the_first_to_the_last_that_came) {
  histogram h;
  histogram_of_counts(6, (const int64_t[]){0, 0, 4, 0, 1, 0}, &h);
  EXPECT_EQ(h.buckets, 3);
  EXPECT_EQ(h.least, 2);
  EXPECT_EQ(h.most, 4);
  EXPECT_EQ(h.n, 5);
  EXPECT_EQ(h.sum, 12);
  EXPECT_EQ(h.sum_of_squares, 32);
  EXPECT_EQ(h.limit[0], 2.5);
  EXPECT_EQ(h.count[0], 4);
  EXPECT_EQ(h.count[1], 0);
  EXPECT_EQ(h.count[2], 1);
}

TEST(tensorboard, missing_folder_is_an_error_that_names_the_file) {
  tensorboard *board;
  tensorboard_def def = fixed("/no/such/folder", 1.0);
  EXPECT_EQ(tensorboard_open(&def, &board), THRONG_ERROR_IO);
  EXPECT_TRUE(board == NULL);
  EXPECT_CONTAINS(throng_error_message(), "/no/such/folder/events.out.tfevents.0000000001");
}

TEST(tensorboard, existing_file_is_not_overwritten) {
  tensorboard *first, *second;
  tensorboard_def def = fixed(throng_test_folder(), 1.0);
  ASSERT_OK(tensorboard_open(&def, &first));
  EXPECT_EQ(tensorboard_open(&def, &second), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "exists");
  EXPECT_OK(tensorboard_close(first));
}

TEST(tensorboard, full_disk_is_an_error_at_flush) {
  tensorboard *board;
  tensorboard_def def = fixed(throng_test_folder(), 1.0);
  ASSERT_OK(tensorboard_open(&def, &board));
  // A limit on the file's size takes the place of a full disk.
  struct rlimit before, tight = {.rlim_cur = 50, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight.rlim_max = before.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_OK(tensorboard_scalar(board, 1, "a", 1.0));
  throng_status status = tensorboard_flush(board);
  char message[512];
  snprintf(message, sizeof message, "%s", throng_error_message());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(message, "events.out.tfevents.0000000001.golden.7.0: cannot write");
  (void)tensorboard_close(board);
}
