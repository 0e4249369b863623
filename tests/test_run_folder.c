/// A run's folder: what is kept, cut, moved aside and refused.
#include <sys/resource.h>

#include "base/file_lock.h"
#include "report/run_folder.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "throng_test.h"

static char *read_text(const char *folder, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *text = calloc(1, 1 << 16);
  size_t size = fread(text, 1, (1 << 16) - 1, file);
  text[size] = '\0';
  fclose(file);
  return text;
}

static void write_text(const char *folder, const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file) return;
  fputs(text, file);
  fclose(file);
}

static bool exists(const char *folder, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return access(path, F_OK) == 0;
}

static int count(const char *folder, const char *pattern) {
  char path[1024];
  glob_t found;
  snprintf(path, sizeof path, "%s/%s", folder, pattern);
  int n = glob(path, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
  globfree(&found);
  return n;
}

static char noted[1024];
static void note(void *context, const char *text) {
  (void)context;
  snprintf(noted, sizeof noted, "%s", text);
}
static const throng_progress progress = {.note = note};

/// As a training run takes its folder.
static throng_status lock_and_start(const char *path, bool resume, const throng_progress *progress,
                                    run_folder **out) {
  THRONG_TRY(run_folder_lock(path, out));
  throng_status status = run_folder_start(*out, resume, progress);
  if (status == THRONG_OK) return THRONG_OK;
  (void)run_folder_close(*out, TENSORBOARD_END_FAILED);
  *out = NULL;
  return status;
}

static run_folder *open_at(const char *path, bool resume) {
  run_folder *folder = NULL;
  EXPECT_OK(lock_and_start(path, resume, &progress, &folder));
  return folder;
}

static void row(run_folder *folder, int64_t step, double seconds, double loss) {
  const run_value value[] = {{"train/loss", loss}, {"train/epsilon", 0.5}};
  EXPECT_OK(run_folder_row(folder, step, seconds, value, 2));
}

TEST(run_folder, rows_are_json_lines_with_null_for_what_is_not_finite) {
  const char *path = throng_test_folder();
  run_folder *folder = open_at(path, false);
  ASSERT_TRUE(folder != NULL);
  double seconds = -1;
  ASSERT_OK(run_folder_begin(folder, -1, &progress, &seconds));
  EXPECT_NEAR(seconds, 0, 0);
  row(folder, 100, 1.5, 0.25);
  row(folder, 5000000000, 3, (double)NAN);
  char *text = read_text(path, "metrics.jsonl");
  EXPECT_STREQ(text,
               "{\"step\":100,\"seconds\":1.5,\"train/loss\":0.25,\"train/epsilon\":0.5}\n"
               "{\"step\":5000000000,\"seconds\":3,\"train/loss\":null,\"train/epsilon\":0.5}\n");
  free(text);
  EXPECT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
  EXPECT_EQ(count(path, "events.out.tfevents.*"), 1);
}

TEST(run_folder, resumed_run_keeps_the_rows_up_to_its_checkpoint_and_no_more) {
  const char *path = throng_test_folder();
  run_folder *folder = open_at(path, false);
  ASSERT_TRUE(folder != NULL);
  double seconds;
  ASSERT_OK(run_folder_begin(folder, -1, &progress, &seconds));
  for (int i = 1; i <= 5; ++i) row(folder, 100 * i, i, 0.1 * i);
  ASSERT_OK(run_folder_close(folder, TENSORBOARD_END_FAILED));
  // A kill in the middle of a row leaves a broken last line.
  char file[512];
  snprintf(file, sizeof file, "%s/metrics.jsonl", path);
  FILE *rows = fopen(file, "ab");
  fputs("{\"step\":600,\"seco", rows);
  fclose(rows);

  folder = open_at(path, true);
  ASSERT_TRUE(folder != NULL);
  ASSERT_OK(run_folder_begin(folder, 300, &progress, &seconds));
  EXPECT_NEAR(seconds, 3, 0);
  row(folder, 400, 9, 0.5);
  ASSERT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
  char *text = read_text(path, "metrics.jsonl");
  int steps[] = {100, 200, 300, 400}, n = 0;
  for (char *line = text; line && *line; line = strchr(line, '\n') + 1, ++n) {
    char expected[32];
    snprintf(expected, sizeof expected, "{\"step\":%d,", n < 4 ? steps[n] : -1);
    EXPECT_TRUE(!strncmp(line, expected, strlen(expected)));
  }
  EXPECT_EQ(n, 4);
  EXPECT_CONTAINS(text, "{\"step\":400,\"seconds\":9,");
  free(text);
  EXPECT_EQ(count(path, "events.out.tfevents.*"), 2);
  EXPECT_FALSE(exists(path, "previous-1"));
}

/// What a fault of the disk or an editor did to one line is no reason to drop those behind it.
TEST(run_folder, a_damaged_row_takes_no_other_with_it_when_the_run_goes_on) {
  const char *path = throng_test_folder();
  write_text(path, "metrics.jsonl",
             "{\"step\":100,\"seconds\":1}\n"
             "{\"step\":200,\"sec\n"
             "[300]\n"
             "{\"step\":300,\"seconds\":3}{\"step\":350,\"seconds\":3.5}\n"
             "{\"step\":400,\"seconds\":4}\n"
             "{\"step\":500,\"seconds\":5}\n");
  noted[0] = '\0';
  run_folder *folder = open_at(path, true);
  ASSERT_TRUE(folder != NULL);
  double seconds;
  ASSERT_OK(run_folder_begin(folder, 400, &progress, &seconds));
  EXPECT_NEAR(seconds, 4, 0);
  EXPECT_CONTAINS(noted, "metrics.jsonl:2:");
  EXPECT_CONTAINS(noted, "3 damaged lines stay among the rows");
  row(folder, 500, 9, 0.5);
  ASSERT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
  char *text = read_text(path, "metrics.jsonl");
  EXPECT_CONTAINS(text, "{\"step\":100,\"seconds\":1}\n{\"step\":200,\"sec\n[300]\n");
  EXPECT_CONTAINS(text, "{\"step\":400,\"seconds\":4}\n{\"step\":500,\"seconds\":9,");
  EXPECT_TRUE(strstr(text, "\"seconds\":5}") == NULL);
  free(text);
}

TEST(run_folder, new_run_moves_the_files_of_an_earlier_one_aside_and_leaves_others) {
  const char *path = throng_test_folder();
  noted[0] = '\0';
  write_text(path, "world.safetensors", "mine");
  write_text(path, "checkpoint-notes.txt", "mine too");
  run_folder *folder = open_at(path, false);
  EXPECT_STREQ(noted, "");
  ASSERT_TRUE(folder != NULL);
  double seconds;
  ASSERT_OK(run_folder_begin(folder, -1, &progress, &seconds));
  row(folder, 100, 1, 1);
  EXPECT_OK(run_folder_summary(folder, "{\"first\": true}"));
  ASSERT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
  write_text(path, "checkpoint-100.safetensors", "x");

  folder = open_at(path, false);
  ASSERT_TRUE(folder != NULL);
  EXPECT_CONTAINS(noted, "previous-1");
  ASSERT_OK(run_folder_begin(folder, -1, &progress, &seconds));
  EXPECT_FALSE(exists(path, "summary.json"));
  EXPECT_FALSE(exists(path, "checkpoint-100.safetensors"));
  EXPECT_TRUE(exists(path, "previous-1/checkpoint-100.safetensors"));
  char *text = read_text(path, "previous-1/summary.json");
  EXPECT_STREQ(text, "{\"first\": true}\n");
  free(text);
  text = read_text(path, "metrics.jsonl");
  EXPECT_STREQ(text, "");
  free(text);
  EXPECT_TRUE(exists(path, "world.safetensors"));
  EXPECT_TRUE(exists(path, "checkpoint-notes.txt"));
  ASSERT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
}

static int n_checkpoint(const run_folder *folder, int64_t step[8]) {
  int n = 0;
  EXPECT_OK(run_folder_checkpoints(folder, step, 8, &n, NULL));
  return n;
}

TEST(run_folder, two_newest_checkpoints_are_kept_by_number_and_not_by_name) {
  const char *path = throng_test_folder();
  run_folder *folder = open_at(path, true);
  ASSERT_TRUE(folder != NULL);
  write_text(path, "checkpoint-900.safetensors", "");
  write_text(path, "checkpoint-1000.safetensors", "");
  write_text(path, "checkpoint-20000.safetensors", "");
  write_text(path, "checkpoint-7.safetensors.damaged", "");
  write_text(path, "checkpoint-x.safetensors", "");
  int64_t step[8];
  ASSERT_EQ(n_checkpoint(folder, step), 3);
  EXPECT_EQ(step[0], 20000);
  EXPECT_EQ(step[1], 1000);
  EXPECT_EQ(step[2], 900);
  EXPECT_OK(run_folder_prune(folder));
  ASSERT_EQ(n_checkpoint(folder, step), 2);
  EXPECT_EQ(step[1], 1000);
  EXPECT_OK(run_folder_set_aside(folder, 20000));
  ASSERT_EQ(n_checkpoint(folder, step), 1);
  EXPECT_TRUE(exists(path, "checkpoint-20000.safetensors.damaged"));
  EXPECT_CONTAINS(run_folder_checkpoint_path(folder, 5), "/checkpoint-5.safetensors");
  EXPECT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
}

TEST(run_folder, second_writer_is_refused_before_it_moves_anything) {
  const char *path = throng_test_folder();
  run_folder *first = open_at(path, false), *second = NULL;
  ASSERT_TRUE(first != NULL);
  write_text(path, "checkpoint-7.safetensors", "");
  EXPECT_EQ(lock_and_start(path, false, &progress, &second), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "another process");
  EXPECT_TRUE(exists(path, "checkpoint-7.safetensors"));
  EXPECT_TRUE(exists(path, "metrics.jsonl"));
  EXPECT_OK(run_folder_close(first, TENSORBOARD_END_OK));
  EXPECT_FALSE(exists(path, ".lock"));
  second = open_at(path, true);
  ASSERT_TRUE(second != NULL);
  EXPECT_OK(run_folder_close(second, TENSORBOARD_END_OK));
}

TEST(run_folder, folder_that_another_command_writes_into_is_refused) {
  const char *path = throng_test_folder();
  char lock[1024];
  snprintf(lock, sizeof lock, "%s/.world.safetensors.lock", path);
  file_lock *writer;
  run_folder *folder = NULL;
  ASSERT_OK(file_lock_take(lock, "world.safetensors", "wait", &writer));
  EXPECT_EQ(lock_and_start(path, false, &progress, &folder), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), ".world.safetensors.lock");
  file_lock_release(writer);
  write_text(path, ".world.safetensors.lock", "");  // a killed writer's, held by nobody
  folder = open_at(path, false);
  ASSERT_TRUE(folder != NULL);
  EXPECT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
}

TEST(run_folder, checkpoints_of_a_folder_that_cannot_be_read_are_an_error_and_not_none) {
  run_folder *folder = open_at(throng_test_folder(), true);
  ASSERT_TRUE(folder != NULL);
  write_text(throng_test_folder(), "checkpoint-7.safetensors", "");
  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  int64_t step[8];
  int n = -1;
  throng_status status = run_folder_checkpoints(folder, step, 8, &n, NULL);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "Too many open files");
  EXPECT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
}

TEST(run_folder, file_in_the_place_of_the_folder_is_an_error_that_names_it) {
  char path[512];
  snprintf(path, sizeof path, "%s/file", throng_test_folder());
  write_text(throng_test_folder(), "file", "x");
  run_folder *folder = NULL;
  EXPECT_EQ(lock_and_start(path, false, &progress, &folder), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), path);
  strcat(path, "/inside");
  EXPECT_EQ(lock_and_start(path, false, &progress, &folder), THRONG_ERROR_IO);
  EXPECT_EQ(lock_and_start("", false, &progress, &folder), THRONG_ERROR_ARGUMENT);
}

TEST(run_folder, missing_folders_are_made_and_the_config_written) {
  char path[512];
  snprintf(path, sizeof path, "%s/a/b/c", throng_test_folder());
  run_folder *folder = open_at(path, false);
  ASSERT_TRUE(folder != NULL);
  double seconds;
  ASSERT_OK(run_folder_begin(folder, -1, &progress, &seconds));
  bool differs = true;
  EXPECT_OK(run_folder_config(folder, "{\"agent\": {\"head\": \"flat\"}}", &differs));
  EXPECT_FALSE(differs);
  EXPECT_OK(run_folder_config(folder, "{\"agent\": {\"head\": \"flat\"}}", &differs));
  EXPECT_FALSE(differs);
  EXPECT_OK(run_folder_config(folder, "{\"agent\": {\"head\": \"two_tower\"}}", &differs));
  EXPECT_TRUE(differs);
  EXPECT_EQ(run_folder_config(folder, "{\"agent\": ", &differs), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "config.json");
  char *text = read_text(path, "config.json");
  EXPECT_STREQ(text, "{\"agent\": {\"head\": \"two_tower\"}}\n");
  free(text);
  EXPECT_OK(run_folder_close(folder, TENSORBOARD_END_OK));
}
