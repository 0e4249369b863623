/// Two commands at one folder or one file, and what killed ones leave: through the real program.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cli_driver.h"

#define SMALL_WORLD                                                                             \
  "\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, \"dim\": 8, " \
  "\"tastes\": 4, \"history_mean\": 8}, \"sta\": {\"epochs\": 2, \"window\": 8, \"width\": 8}, "

static void write_config(const char *name, const char *out) {
  char text[2048];
  snprintf(text, sizeof text,
           "{" SMALL_WORLD
           "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10},"
           "\"agent\": {\"batch\": 8, \"learning_starts\": 64, \"hidden\": [8, 8], \"width\": 8},"
           "\"train\": {\"steps\": 4800, \"evaluate_every\": 1600, \"checkpoint_every\": 400,"
           " \"evaluation\": {\"episodes\": 16}, \"out\": \"%s\"}}",
           out);
  write_file(name, text);
}

/// From here on flock fails, as on a file system that has no locks.
static void take_locks_away(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_flock, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(126);
}

static pid_t start_with(const char *const *arguments, bool locks) {
  const char *folder = throng_test_folder();  // made by its first call: not in the child
  pid_t child = fork();
  if (child != 0) return child;
  if (!locks) take_locks_away();
  int nothing = open("/dev/null", O_WRONLY);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  if (chdir(folder) != 0) _exit(127);
  execv(TEST_PROGRAM, (char *const *)(uintptr_t)arguments);
  _exit(127);
}

static pid_t start(const char *const *arguments) { return start_with(arguments, true); }

static bool wait_for(const char *name) {
  for (int k = 0; k < 3000 && !exists(name); ++k) usleep(10000);
  return exists(name);
}

static const char *const endless[] = {
    "throng", "train", "run.json", "-q", "--threads", "1", "--set", "train.steps=100000000", NULL};

/// A hash of the names, sizes and times of what a run must find as it left it.
static uint64_t state_of(const char *const *names, int n) {
  uint64_t hash = 0;
  for (int k = 0; k < n; ++k) {
    struct stat state;
    if (stat(in_folder(names[k]), &state) != 0) return 0;
    hash = hash * 1099511628211u + (uint64_t)state.st_ino;
    hash = hash * 1099511628211u + (uint64_t)state.st_mtim.tv_nsec + (uint64_t)state.st_size;
  }
  return hash;
}

TEST(cli_locks, a_second_run_is_refused_before_it_touches_world_weights_or_config) {
  static const char *const files[] = {"run/world.safetensors", "run/sta.safetensors",
                                      "run/world.safetensors.recipe.json",
                                      "run/sta.safetensors.recipe.json", "run/config.json"};
  write_config("run.json", "run");
  pid_t child = start(endless);
  ASSERT_TRUE(child > 0);
  EXPECT_TRUE(wait_for("run/checkpoint-400.safetensors"));
  uint64_t before = state_of(files, 5);
  EXPECT_TRUE(before != 0);
  static const char *const others[] = {
      "train run.json -q --set synth.noise=0.3", "train run.json -q --resume --set sta.epochs=1",
      "synth -q -o run/world.safetensors --set synth.users=50",
      "fit run/world.safetensors -q -o run/sta.safetensors --set sta.epochs=1"};
  for (int k = 0; k < 4; ++k) {
    EXPECT_EQ(throng(others[k]), 1);
    EXPECT_CONTAINS(last.err, k < 2 ? "another process (" : "a run is being written into");
  }
  EXPECT_TRUE(state_of(files, 5) == before);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  // The lock went with its process, though its file is still there.
  EXPECT_TRUE(exists("run/.lock"));
  EXPECT_EQ(throng("train run.json -q --threads 1"), 0);
  EXPECT_FALSE(exists("run/.lock"));
}

TEST(cli_locks, an_output_that_another_command_is_working_on_is_refused) {
  static const char *const slow[] = {
      "throng", "synth", "-q", "-o", "big.safetensors", "--set", "synth.users=300000", NULL};
  pid_t child = start(slow);
  ASSERT_TRUE(child > 0);
  EXPECT_TRUE(wait_for(".big.safetensors.lock"));
  EXPECT_EQ(throng("synth -q -o big.safetensors --set synth.users=50"), 1);
  EXPECT_CONTAINS(last.err, "big.safetensors: another process (");
  EXPECT_FALSE(exists("big.safetensors"));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  EXPECT_EQ(throng("synth -q -o big.safetensors --set synth.users=50"), 0);
  EXPECT_FALSE(exists(".big.safetensors.lock"));
}

TEST(cli_locks, what_a_killed_writer_left_goes_with_the_next_start_and_a_live_ones_stays) {
  pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, NULL, 0);
  char left[80], other[80], live[80];
  snprintf(left, sizeof left, ".w.safetensors.%ld.0.tmp", (long)dead);
  snprintf(other, sizeof other, ".v.safetensors.%ld.0.tmp", (long)dead);
  snprintf(live, sizeof live, ".w.safetensors.%ld.1.tmp", (long)dead);
  write_file(left, "half a world");
  write_file(other, "of another output");
  write_file(live, "locked by its writer");  // whose number says nothing: another container's
  int writer = open(in_folder(live), O_WRONLY);
  ASSERT_EQ(flock(writer, LOCK_EX), 0);
  EXPECT_EQ(throng("synth -q -o w.safetensors --set synth.users=50 --set synth.items=40"), 0);
  EXPECT_FALSE(exists(left));
  EXPECT_TRUE(exists(other));
  EXPECT_TRUE(exists(live));
  close(writer);
}

TEST(cli_locks, a_world_of_the_run_folder_that_is_damaged_is_made_again_with_a_word) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  FILE *file = fopen(in_folder("run/world.safetensors"), "r+b");
  ASSERT_TRUE(file != NULL);
  fseek(file, -3, SEEK_END);
  putc(0x7e, file);
  fclose(file);
  EXPECT_EQ(throng("info run/world.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "damaged since it was written");
  ASSERT_EQ(throng("train run.json --threads 1"), 0);
  EXPECT_CONTAINS(last.err, "damaged since it was written");
  EXPECT_CONTAINS(last.err, "made again");
  EXPECT_EQ(throng("info run/world.safetensors"), 0);
}

TEST(cli_locks, resuming_with_other_settings_replaces_neither_world_nor_weights) {
  static const char *const files[] = {"run/world.safetensors", "run/sta.safetensors",
                                      "run/checkpoint-4800.safetensors", "run/config.json"};
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  uint64_t before = state_of(files, 4);
  static const char *const changed[][2] = {{"synth.noise=0.3", "world.safetensors was made with"},
                                           {"sta.epochs=1", "sta.safetensors was made with"},
                                           {"sta.threshold=0.25", "(sta)"}};
  for (int k = 0; k < 3; ++k) {
    char line[256];
    snprintf(line, sizeof line, "train run.json -q --threads 1 --resume --set %s", changed[k][0]);
    EXPECT_EQ(throng(line), 1);
    EXPECT_CONTAINS(last.err, "cannot resume");
    EXPECT_CONTAINS(last.err, changed[k][1]);
    EXPECT_TRUE(state_of(files, 4) == before);
  }
  // Weights from elsewhere, of the same shape: known by their hash.
  ASSERT_EQ(throng("fit run/world.safetensors -q -o other.safetensors --set sta.seed=9 "
                   "--set sta.window=8 --set sta.width=8"),
            0);
  EXPECT_EQ(throng("train run.json -q --threads 1 --resume --set sta.file=other.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "it has f_sta ");
  EXPECT_EQ(throng("train run.json -q --threads 1 --resume"), 0);
}

TEST(cli_locks, without_locks_in_the_file_system_a_run_works_and_a_second_one_is_refused) {
  write_config("run.json", "run");
  pid_t first = start_with(endless, false);
  ASSERT_TRUE(first > 0);
  ASSERT_TRUE(wait_for("run/checkpoint-400.safetensors"));
  int status;
  pid_t second = start_with(endless, false);
  EXPECT_EQ(waitpid(second, &status, 0), second);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  EXPECT_EQ(kill(first, SIGKILL), 0);
  EXPECT_EQ(waitpid(first, &status, 0), first);
  EXPECT_TRUE(exists("run/.lock"));  // of a process that is no more: in nobody's way
  static const char *const goes_on[] = {"throng",    "train", "run.json", "-q",
                                        "--threads", "1",     "--resume", NULL};
  pid_t third = start_with(goes_on, false);
  EXPECT_EQ(waitpid(third, &status, 0), third);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_FALSE(exists("run/.lock"));
}
