/// `throng train`, `evaluate` and `bench` as a person meets them: a run from a config to a folder,
/// resumed after kills, and what they print.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>

#include "base/safetensors.h"
#include "cli_driver.h"

#define SMALL_WORLD                                                                             \
  "\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, \"dim\": 8, " \
  "\"tastes\": 4, \"history_mean\": 8}, \"sta\": {\"epochs\": 2, \"window\": 8, \"width\": 8}, "

static void write_config(const char *name, const char *out) {
  char text[2048];
  snprintf(text, sizeof text,
           "// a small run\n{" SMALL_WORLD
           "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10},"
           "\"agent\": {\"batch\": 8, \"learning_starts\": 64, \"hidden\": [8, 8], \"width\": 8},"
           "\"train\": {\"steps\": 4800, \"evaluate_every\": 1600, \"checkpoint_every\": 400,"
           " \"evaluation\": {\"episodes\": 16}, \"out\": \"%s\"}}",
           out);
  write_file(name, text);
}

static cJSON *train_json(const char *command) {
  EXPECT_EQ(throng(command), 0);
  cJSON *document = cJSON_Parse(last.out);
  if (!document) throng_test_fail(__FILE__, __LINE__, "not JSON: %s%s", last.out, last.err);
  return document;
}

TEST(cli_train, a_config_becomes_a_run_folder_with_everything_in_it) {
  write_config("run.json", "run");
  cJSON *document = train_json("train run.json --json --threads 1");
  EXPECT_EQ(number_at(document, "user_steps", NULL), 4800);
  const cJSON *policies = cJSON_GetObjectItemCaseSensitive(document, "policies");
  static const char *const names[] = {"agent", "random", "popular", "most_similar", "myopic"};
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(number_at(policies, names[k], "episodes"), 16);
    EXPECT_TRUE(number_at(policies, names[k], "average_reward") >= 0);
  }
  EXPECT_TRUE(number_at(policies, "myopic", "average_reward") >
              number_at(policies, "random", "average_reward"));
  static const char *const files[] = {"run/config.json", "run/metrics.jsonl", "run/summary.json",
                                      "run/world.safetensors", "run/sta.safetensors"};
  for (int k = 0; k < 5; ++k) EXPECT_TRUE(exists(files[k]));
  cJSON_Delete(document);
}

TEST(cli_train, what_contradicts_is_said_before_a_world_is_made_or_f_sta_is_fitted) {
  write_config("wrong.json", "wrong");
  EXPECT_EQ(throng("train wrong.json --threads 1 --set users.sessions=3 "
                   "--set sim.leave_probability=0"),
            1);
  EXPECT_CONTAINS(last.err, "users who never leave cannot come back");
  EXPECT_EQ(throng("train wrong.json --threads 1 --set sta.file=nowhere.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "nowhere.safetensors");
  EXPECT_EQ(throng("train wrong.json --threads 1 --set sta.file=wrong.json"), 1);
  EXPECT_CONTAINS(last.err, "wrong.json: is ");
  EXPECT_FALSE(exists("wrong"));
  // What only a world can tell: after the world, before the fit.
  EXPECT_EQ(throng("train wrong.json --threads 1 --set sim.mask=all --set sim.max_steps=39"), 1);
  EXPECT_CONTAINS(last.err, "of the longest history, would run out of the 40 items");
  EXPECT_TRUE(exists("wrong/world.safetensors"));
  EXPECT_FALSE(exists("wrong/sta.safetensors"));
  EXPECT_TRUE(strstr(last.err, "epoch 1") == NULL);
  EXPECT_EQ(throng("train wrong.json --threads 1 --set sim.history=6"), 1);
  EXPECT_CONTAINS(last.err, "is shorter than the window of f_sta, 8");
  EXPECT_EQ(throng("train wrong.json --threads 1 --set agent.count=3"), 1);
  EXPECT_CONTAINS(last.err, "agent.count");
  EXPECT_FALSE(exists("wrong/sta.safetensors"));
}

TEST(cli_train, the_text_shows_the_curve_the_table_and_where_the_folder_is) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json --threads 1"), 0);
  static const char *const parts[] = {"A.Rwd",        "T.Rwd",  "Liking%",
                                      "DQN",          "random", "popular",
                                      "most similar", "myopic", "run folder: run"};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; ++k) EXPECT_CONTAINS(last.out, parts[k]);
}

TEST(cli_train, world_and_weights_are_made_again_only_when_their_sections_change) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json --json --threads 1"), 0);
  cJSON *again = train_json("train run.json --json --threads 1 --set train.steps=1600");
  EXPECT_EQ(number_at(again, "prepare_seconds", NULL), 0);
  EXPECT_EQ(number_at(again, "fit_seconds", NULL), 0);
  cJSON_Delete(again);
  again = train_json("train run.json --json --threads 1 --set synth.noise=0.3");
  EXPECT_TRUE(number_at(again, "prepare_seconds", NULL) > 0);
  EXPECT_TRUE(number_at(again, "fit_seconds", NULL) > 0);
  cJSON_Delete(again);
}

static const char *const recipe = "run/world.safetensors.recipe.json";

TEST(cli_train, a_world_that_could_not_be_made_again_leaves_no_claim_about_the_old_one) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  EXPECT_TRUE(exists(recipe));
  EXPECT_EQ(throng("info >/dev/null; ulimit -f 1; trap '' XFSZ; exec " TEST_PROGRAM
                   " train run.json -q --set synth.noise=0.3 >/dev/null"),
            1);
  EXPECT_CONTAINS(last.err, "run/world.safetensors");
  EXPECT_FALSE(exists(recipe));
  cJSON *again = train_json("train run.json --json --threads 1");
  EXPECT_TRUE(number_at(again, "prepare_seconds", NULL) > 0);
  cJSON_Delete(again);
}

TEST(cli_train, raw_files_become_a_world_once_and_again_when_they_were_written_anew) {
  write_reviews_csv(1000);
  write_file("data.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", \"columns\": {\"user\": "
             "\"user\", \"item\": \"item\", \"rating\": \"rating\", \"time\": \"time\", "
             "\"text\": \"text\"}},"
             "\"keywords\": {\"min_items\": 1, \"max_share\": 1, \"min_z\": 0},"
             "\"embedding\": {\"dim\": 2},"
             "\"sta\": {\"epochs\": 1, \"window\": 4, \"width\": 4},"
             "\"sim\": {\"lanes\": 8, \"history\": 8, \"max_steps\": 5},"
             "\"agent\": {\"batch\": 8, \"learning_starts\": 16, \"hidden\": [8, 8], \"width\": 4},"
             "\"train\": {\"steps\": 160, \"evaluate_every\": 80, \"evaluation\": {\"episodes\": "
             "8}, \"out\": \"runs/data\"}}");
  cJSON *document = train_json("train data.json --json --threads 1");
  EXPECT_TRUE(number_at(document, "prepare_seconds", NULL) > 0);
  EXPECT_TRUE(number_at(document, "fit_seconds", NULL) > 0);
  cJSON_Delete(document);
  ASSERT_EQ(throng("info runs/data/world.safetensors --json"), 0);
  document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "users", NULL), 30);
  EXPECT_EQ(number_at(document, "items", NULL), 12);
  cJSON_Delete(document);
  document = train_json("train data.json --json --threads 1");
  EXPECT_EQ(number_at(document, "prepare_seconds", NULL), 0);
  EXPECT_EQ(number_at(document, "fit_seconds", NULL), 0);
  cJSON_Delete(document);
  usleep(20000);  // file times move in steps of the kernel's clock
  write_reviews_csv(1000);
  document = train_json("train data.json --json --threads 1");
  EXPECT_TRUE(number_at(document, "prepare_seconds", NULL) > 0);
  cJSON_Delete(document);
}

/// The newest checkpoint's tensors, hashed; 0 without one.
static uint64_t last_weights(const char *run) {
  char name[128];
  snprintf(name, sizeof name, "%s/checkpoint-4800.safetensors", run);
  safetensors_file *file;
  if (safetensors_open(in_folder(name), &file) != THRONG_OK) return 0;
  uint64_t hash = 1469598103934665603u;
  for (size_t i = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    void *data;
    if (safetensors_read_all(file, t, &data) != THRONG_OK) break;
    for (size_t k = 0; k < t->bytes; ++k)
      hash = (hash ^ ((const uint8_t *)data)[k]) * 1099511628211u;
    free(data);
  }
  safetensors_close(file);
  return hash;
}

static pid_t start_run(const char *const *arguments) {
  pid_t child = fork();
  if (child != 0) return child;
  int nothing = open("/dev/null", O_WRONLY);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  if (chdir(throng_test_folder()) != 0) _exit(127);
  execv(TEST_PROGRAM, (char *const *)(uintptr_t)arguments);
  _exit(127);
}

TEST(cli_train, the_seed_of_the_command_line_reaches_world_fit_and_agent) {
  write_config("run.json", "one");
  ASSERT_EQ(throng("train run.json -q --threads 1 --seed 1 -o one"), 0);
  ASSERT_EQ(throng("train run.json -q --threads 1 --seed 1 -o same"), 0);
  ASSERT_EQ(throng("train run.json -q --threads 1 --seed 2 -o other"), 0);
  ASSERT_EQ(throng("train run.json -q --threads 1 --seed 2 --set synth.seed=1 -o world1"), 0);
  EXPECT_TRUE(last_weights("one") != 0 && last_weights("one") == last_weights("same"));
  EXPECT_TRUE(last_weights("one") != last_weights("other"));
  static const char *const pairs[][2] = {{"one/world", "same/world"},
                                         {"one/sta", "same/sta"},
                                         {"one/world", "world1/world"},
                                         {"one/world", "other/world"},
                                         {"one/sta", "world1/sta"}};
  for (int k = 0; k < 5; ++k) {
    char line[256];
    snprintf(line, sizeof line, "info >/dev/null; cmp -s %s.safetensors %s.safetensors >/dev/null",
             pairs[k][0], pairs[k][1]);
    EXPECT_EQ(throng(line), k < 3 ? 0 : 1);
  }
}

TEST(cli_train, quiet_training_says_nothing_on_standard_error) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  EXPECT_STREQ(last.err, "");
}

TEST(cli_train, a_run_killed_again_and_again_ends_with_the_same_weights) {
  write_config("whole.json", "whole");
  ASSERT_EQ(throng("train whole.json -q --threads 1"), 0);
  uint64_t whole = last_weights("whole");
  EXPECT_TRUE(whole != 0);
  write_config("cut.json", "cut");
  const char *const arguments[] = {"throng", "train",     "cut.json", "--resume",
                                   "-q",     "--threads", "1",        NULL};
  int killed = 0, status = 1;
  for (int attempt = 0; attempt < 60; ++attempt) {
    pid_t child = start_run(arguments);
    ASSERT_TRUE(child > 0);
    usleep(20000 + 13577 * (unsigned)attempt % 90000 + 4000 * (unsigned)attempt);
    if (attempt < 59) kill(child, SIGKILL);  // a busy machine may take long for each start
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) break;
    ++killed;
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_GT(killed, 0);
  EXPECT_TRUE(last_weights("cut") == whole);
}

/// Start `throng COMMAND`, send it the signal once `file` is there, and wait. `before`: what the
/// shell does first.
static int interrupt_after(const char *before, const char *command, const char *file, int number) {
  char line[2048], err[600];
  snprintf(err, sizeof err, "%s", in_folder("stderr"));
  snprintf(line, sizeof line, "cd %s && %s exec " TEST_PROGRAM " %s >stdout 2>%s",
           throng_test_folder(), before, command, err);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
  }
  for (int k = 0; k < 2000 && !exists(file); ++k) usleep(10000);
  kill(child, number);
  int status;
  waitpid(child, &status, 0);
  slurp(err, last.err, sizeof last.err);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int interrupt(const char *command, const char *file, int number) {
  return interrupt_after("", command, file, number);
}

TEST(cli_train, a_stopped_run_names_its_checkpoint_and_the_line_that_goes_on_to_the_same_weights) {
  write_config("whole.json", "whole");
  ASSERT_EQ(throng("train whole.json -q --threads 1"), 0);
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  for (int k = 0; k < 3; ++k) {
    write_config("run.json", "the run's");
    EXPECT_EQ(interrupt("train run.json -q --threads 1 --set sim.mask_seen=false",
                        "the run's/checkpoint-400.safetensors", numbers[k]),
              128 + numbers[k]);
    EXPECT_CONTAINS(last.err, "stopped on request after ");
    EXPECT_CONTAINS(last.err, " of 4800 user-steps; checkpoint the run's/checkpoint-");
    char *checkpoint = strstr(last.err, "checkpoint the run's/");
    ASSERT_TRUE(checkpoint != NULL);
    checkpoint += strlen("checkpoint ");
    checkpoint[strcspn(checkpoint, "\n")] = '\0';
    EXPECT_TRUE(exists(checkpoint));
    char *line = strstr(checkpoint + strlen(checkpoint) + 1, "to go on:\n  ");
    ASSERT_TRUE(line != NULL);
    line += strlen("to go on:\n  ");
    line[strcspn(line, "\n")] = '\0';
    EXPECT_CONTAINS(line, "train 'the run'\\''s/config.json' --resume");
    char again[2048];
    snprintf(again, sizeof again, "cd %s && %s >/dev/null 2>&1", throng_test_folder(), line);
    EXPECT_EQ(system(again), 0);
    EXPECT_TRUE(last_weights("whole") != 0 && last_weights("the run's") == last_weights("whole"));
    snprintf(again, sizeof again, "rm -r \"%s\"", in_folder("the run's"));
    EXPECT_EQ(system(again), 0);
  }
}

TEST(cli_train, resuming_a_run_that_is_finished_says_so) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  ASSERT_EQ(throng("train run.json --resume --threads 1"), 0);
  EXPECT_CONTAINS(last.err, "run: this run is finished: all of its 4800 user-steps are taken");
  ASSERT_EQ(throng("train run/config.json --resume --threads 1 --set train.steps=4816"), 0);
  EXPECT_TRUE(strstr(last.err, "is finished") == NULL);
}

TEST(cli_train, a_run_of_a_release_that_had_fewer_keys_goes_on) {
  write_config("run.json", "run");
  ASSERT_EQ(throng("train run.json -q --threads 1"), 0);
  char text[4096];
  slurp(in_folder("run/sta.safetensors.recipe.json"), text, sizeof text);
  char *key = strstr(text, "\t\t\"patience\"");
  ASSERT_TRUE(key != NULL);
  memmove(key, strchr(key, '\n') + 1, strlen(strchr(key, '\n') + 1) + 1);
  write_file("run/sta.safetensors.recipe.json", text);
  ASSERT_EQ(throng("train run.json --resume --threads 1 --set train.steps=4816"), 0);
  EXPECT_CONTAINS(last.err, "using run/sta.safetensors again");
  EXPECT_EQ(throng("train run.json --resume -q --threads 1 --set sta.patience=9"), 1);
  EXPECT_CONTAINS(last.err, "was made with other settings (sta)");
}

TEST(cli_train, a_run_stopped_before_it_began_says_that_nothing_was_saved) {
  write_config("run.json", "run");
  EXPECT_EQ(interrupt("train run.json -q --threads 1 --set synth.users=200000 --set "
                      "synth.items=20000 --set synth.history_mean=200",
                      "run", SIGTERM),
            128 + SIGTERM);
  EXPECT_CONTAINS(last.err, "to go on, give the same command again");
  EXPECT_FALSE(exists("run/world.safetensors"));
}

TEST(cli_train, an_interrupt_ends_the_run_and_keeps_its_checkpoints) {
  write_config("run.json", "run");
  EXPECT_EQ(interrupt("train run.json -q --threads 1 --set train.steps=100000000",
                      "run/checkpoint-800.safetensors", SIGINT),
            128 + SIGINT);
  DIR *folder = opendir(in_folder("run"));
  ASSERT_TRUE(folder != NULL);
  int checkpoints = 0, temporary = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    checkpoints += strstr(entry->d_name, "checkpoint-") == entry->d_name;
    temporary += strstr(entry->d_name, ".tmp") != NULL;
  }
  closedir(folder);
  EXPECT_GE(checkpoints, 1);
  EXPECT_EQ(temporary, 0);
}

TEST(cli_train, a_signal_that_was_ignored_from_the_start_stays_ignored) {
  write_config("run.json", "run");
  static const struct {
    const char *name;
    int number;
  } all[] = {{"HUP", SIGHUP}, {"INT", SIGINT}};
  for (int k = 0; k < 2; ++k) {
    // As nohup and the shell's & do it; the run ends by itself, as if nothing had come.
    char before[64];
    snprintf(before, sizeof before, "trap '' %s;", all[k].name);
    EXPECT_EQ(interrupt_after(before, "train run.json -q --threads 1",
                              "run/checkpoint-400.safetensors", all[k].number),
              0);
    EXPECT_TRUE(exists("run/summary.json"));
    ASSERT_EQ(remove(in_folder("run/summary.json")), 0);
  }
}

TEST(cli_train, evaluate_prints_the_documented_layout) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("fit world.safetensors -q -o sta.safetensors --set sta.epochs=1"), 0);
  ASSERT_EQ(throng("evaluate world.safetensors --sta sta.safetensors --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_TRUE(number_at(document, "users", NULL) > 0);
  EXPECT_TRUE(number_at(document, "interactions", NULL) > 0);
  const cJSON *votes = cJSON_GetObjectItemCaseSensitive(document, "votes");
  static const char *const names[] = {"f_mat", "f_sim", "f_sta", "f_pop", "f_cal"};
  for (int k = 0; k < 5; ++k) {
    double auc = number_at(votes, names[k], "auc");
    EXPECT_TRUE(auc >= 0 && auc <= 1);
    EXPECT_TRUE(number_at(votes, names[k], "log_loss") > 0);
  }
  EXPECT_TRUE(number_at(document, "ensemble", "auc") > 0);
  EXPECT_TRUE(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(document, "rules")));
  cJSON_Delete(document);
  ASSERT_EQ(throng("evaluate world.safetensors --split validation"), 0);
  EXPECT_CONTAINS(last.out, "ensemble");
  EXPECT_CONTAINS(last.out, "f_sta was not measured");
  EXPECT_CONTAINS(last.out, "item_mean");
  EXPECT_CONTAINS(last.out, "f_pop");
}

TEST(cli_train, evaluate_asks_about_a_later_part_rolls_out_and_draws) {
  ASSERT_EQ(throng("synth -q -o halved.safetensors --set synth.users=80 --set synth.items=120 "
                   "--set synth.keywords=256 --set synth.later_share=0.5"),
            0);
  ASSERT_EQ(throng("evaluate halved.safetensors --split later --resamples 50 --svg r.svg"), 0);
  EXPECT_CONTAINS(last.out, "within a user");
  EXPECT_CONTAINS(last.out, "biased_mf");
  EXPECT_TRUE(exists("r.svg"));
  ASSERT_EQ(throng("evaluate halved.safetensors --rollout --resamples 50 --users 30 --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_EQ((int)number_at(document, "users", NULL), 30);
  EXPECT_TRUE(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(document, "free")));
  cJSON_Delete(document);
  EXPECT_EQ(throng("evaluate halved.safetensors --rollout --svg r.svg"), 2);
  EXPECT_CONTAINS(last.err, "--rollout goes along the later part");
}

TEST(cli_train, bench_measures_a_world_that_it_is_given) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("bench world.safetensors --lanes 32 --seconds 0.02 --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  const cJSON *rows = cJSON_GetObjectItemCaseSensitive(document, "rows");
  EXPECT_GE(cJSON_GetArraySize(rows), 2);
  EXPECT_TRUE(number_at(cJSON_GetArrayItem(rows, 0), "rate", NULL) > 0);
  cJSON_Delete(document);
}

TEST(cli_train, wrong_usage_of_train_evaluate_and_bench_exits_with_2) {
  EXPECT_EQ(throng("train"), 2);
  EXPECT_CONTAINS(last.err, "expected CONFIG");
  EXPECT_EQ(throng("train a.json b.json"), 2);
  EXPECT_EQ(throng("evaluate"), 2);
  EXPECT_EQ(throng("evaluate w --split tests"), 2);
  EXPECT_CONTAINS(last.err, "--split: expected test|validation|later, not 'tests'");
  EXPECT_EQ(throng("bench --seconds 0"), 2);
  EXPECT_CONTAINS(last.err, "--seconds: expected a number above 0");
  EXPECT_EQ(throng("bench --sta f.safetensors"), 2);
  EXPECT_CONTAINS(last.err, "expected WORLD too");
}
