/// Outputs are there whole or not at all.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "throng_test.h"

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

static int files_in_folder(void) {
  int n = 0;
  DIR *folder = opendir(throng_test_folder());
  for (struct dirent *e; (e = readdir(folder));)
    n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
  closedir(folder);
  return n;
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  fputs(text, file);
  fclose(file);
}

static const char *read_text(const char *path) {
  static char text[256];
  FILE *file = fopen(path, "rb");
  if (!file) return "(missing)";
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

TEST(atomic_file, the_target_changes_only_at_commit) {
  const char *path = in_folder("a.txt");
  write_text(path, "old");
  atomic_file *file;
  ASSERT_OK(atomic_file_create(path, &file));
  fprintf(atomic_file_stream(file), "new %d", 1);
  ASSERT_OK(atomic_file_write(file, "!", 1));
  EXPECT_STREQ(read_text(path), "old");
  EXPECT_OK(atomic_file_commit(file));
  EXPECT_STREQ(read_text(path), "new 1!");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST(atomic_file, abort_keeps_the_old_file_and_leaves_no_other) {
  const char *path = in_folder("a.txt");
  write_text(path, "old");
  atomic_file *file;
  ASSERT_OK(atomic_file_create(path, &file));
  ASSERT_OK(atomic_file_write_at(file, 3, "abc", 3));
  EXPECT_EQ(files_in_folder(), 2);
  atomic_file_abort(file);
  EXPECT_STREQ(read_text(path), "old");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST(atomic_file, a_missing_folder_is_an_error_that_names_path_and_reason) {
  atomic_file *file;
  EXPECT_EQ(atomic_file_create(in_folder("none/a.txt"), &file), THRONG_ERROR_IO);
  EXPECT_TRUE(file == NULL);
  EXPECT_CONTAINS(throng_error_message(), "none/a.txt");
  EXPECT_CONTAINS(throng_error_message(), "No such file or directory");
}

TEST(atomic_file, a_folder_as_target_is_an_error) {
  atomic_file *file;
  EXPECT_EQ(atomic_file_create(throng_test_folder(), &file), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "Is a directory");
  EXPECT_EQ(files_in_folder(), 0);
}

TEST(atomic_file, a_full_device_is_an_error_and_the_device_stays_a_device) {
  if (access("/dev/full", W_OK) != 0) SKIP("/dev/full is not here");
  atomic_file *file;
  ASSERT_OK(atomic_file_create("/dev/full", &file));
  fputs("text", atomic_file_stream(file));
  EXPECT_EQ(atomic_file_commit(file), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/dev/full: write failed: No space left on device");
  ASSERT_OK(atomic_file_create("/dev/full", &file));
  EXPECT_EQ(atomic_file_write_at(file, 0, "x", 1), THRONG_ERROR_IO);
  atomic_file_abort(file);
  EXPECT_EQ(access("/dev/full", W_OK), 0);
}

TEST(atomic_file, a_file_that_may_not_grow_keeps_the_old_one_and_leaves_no_other) {
  const char *path = in_folder("a.txt");
  write_text(path, "old");
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 1000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  atomic_file *file;
  throng_status created = atomic_file_create(path, &file), committed = THRONG_OK;
  for (int i = 0; created == THRONG_OK && i < 500; ++i)
    fputs("0123456789", atomic_file_stream(file));
  if (created == THRONG_OK) committed = atomic_file_commit(file);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  ASSERT_OK(created);
  EXPECT_EQ(committed, THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "File too large");
  EXPECT_STREQ(read_text(path), "old");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST(atomic_file, a_link_keeps_pointing_at_the_file_that_is_replaced) {
  char real[4096];
  snprintf(real, sizeof real, "%s", in_folder("real.txt"));
  write_text(real, "old");
  const char *link = in_folder("link.txt");
  ASSERT_EQ(symlink(real, link), 0);
  atomic_file *file;
  ASSERT_OK(atomic_file_create(link, &file));
  ASSERT_OK(atomic_file_write(file, "new", 3));
  ASSERT_OK(atomic_file_commit(file));
  EXPECT_STREQ(read_text(real), "new");
  char target[8];
  EXPECT_TRUE(readlink(link, target, sizeof target) > 0);
}

TEST(atomic_file, a_sweep_takes_what_dead_processes_left_and_nothing_else) {
  pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, NULL, 0);
  char name[128];
  snprintf(name, sizeof name, ".step-10.safetensors.%ld.3.tmp", (long)dead);
  write_text(in_folder(name), "half");
  snprintf(name, sizeof name, ".step-10.safetensors.%ld.3.tmp", (long)getpid());
  write_text(in_folder(name), "being written");
  write_text(in_folder(".notes.tmp"), "somebody's");
  write_text(in_folder(".a.b.c.tmp"), "somebody's");
  write_text(in_folder("a.1.2.tmp"), "somebody's");
  write_text(in_folder(".1.2.tmp"), "somebody's");
  EXPECT_EQ(atomic_file_sweep(throng_test_folder()), 1);
  EXPECT_EQ(files_in_folder(), 5);
  EXPECT_EQ(atomic_file_sweep(in_folder("none")), 0);
}
