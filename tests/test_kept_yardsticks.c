/// Yardsticks that an earlier run has kept: they are the same bits, and are taken where everything
/// that they depend on is the same and nowhere else.
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/backend.h"
#include "evaluate/kept_yardsticks.h"
#include "support/run_files.h"
#include "support/small_run.h"
#include "train/train_folder.h"
#include "world/world.h"

typedef struct heard {
  int played, kept, evaluations;
  char note[1024];
} heard;

static void on_yardstick(void *context, throng_yardstick yardstick, const throng_metrics *metrics,
                         bool kept, double seconds) {
  heard *h = context;
  (void)yardstick, (void)metrics, (void)seconds;
  ++*(kept ? &h->kept : &h->played);
}
static void on_evaluation(void *context, const train_evaluation *e) {
  heard *h = context;
  EXPECT_TRUE(e->agent->episodes > 0);
  ++h->evaluations;
}
static void on_note(void *context, const char *text) {
  heard *h = context;
  if (strstr(text, "yardstick")) snprintf(h->note, sizeof h->note, "%s", text);
}

/// A whole run into the folder `name` of the test's.
static heard train(const small_run *run, const char *name, throng_train_report *report) {
  heard h = {0};
  char out[600];
  snprintf(out, sizeof out, "%s/%s", throng_test_folder(), name);
  throng_train_def def = run->train;
  def.out = out;
  const train_watch watch = {on_yardstick, on_evaluation, &h};
  const throng_progress progress = {.note = on_note, .context = &h};
  run_folder *none = NULL;
  train_result result;
  EXPECT_OK(train_in_folder(run->backend, run->world, NULL, &run->sim, &run->agent, &def, &none,
                            &progress, &watch, &result));
  *report = result.report;
  train_result_free(&result);
  return h;
}

/// Rows without the times that they were written at.
static char *rows(const char *name) {
  size_t size = 0;
  char folder[600], *out = NULL;
  snprintf(folder, sizeof folder, "%s/%s", throng_test_folder(), name);
  char *text = read_file(folder, "metrics.jsonl", &size), *kept = calloc(1, size + 1);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    cJSON *row = cJSON_Parse(line);
    cJSON_DeleteItemFromObject(row, "seconds");
    cJSON_DeleteItemFromObject(row, "train/user_steps_per_second");
    out = cJSON_PrintUnformatted(row);
    strcat(strcat(kept, out), "\n");
    free(out);
    cJSON_Delete(row);
  }
  free(text);
  return kept;
}

TEST(kept_yardsticks, a_second_run_plays_none_and_comes_to_the_same_bits) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_train_report first, second, third;
    run.train.evaluation.planner = THRONG_PLANNER_ON;
    run.train.evaluation.planner_width = 2;
    run.train.evaluation.planner_depth = 2;
    run.train.evaluation.bandits = true;
    run.train.evaluation.bandit_steps = 500;
    heard h = train(&run, "first", &first);
    EXPECT_EQ(h.played, THRONG_YARDSTICK_COUNT);
    EXPECT_EQ(h.kept, 0);
    EXPECT_EQ(h.evaluations, 4);  // before the first step, two marks, the end
    h = train(&run, "second", &second);
    EXPECT_EQ(h.kept, THRONG_YARDSTICK_COUNT);
    EXPECT_EQ(h.played, 0);
    EXPECT_CONTAINS(h.note, "7 of 7 yardsticks taken from ");
    EXPECT_EQ(memcmp(first.yardstick, second.yardstick, sizeof first.yardstick), 0);
    EXPECT_EQ(memcmp(&first.agent, &second.agent, sizeof first.agent), 0);
    EXPECT_EQ(memcmp(&first.agent_against, &second.agent_against, sizeof first.agent_against), 0);
    EXPECT_EQ(
        memcmp(first.yardstick_against, second.yardstick_against, sizeof first.yardstick_against),
        0);
    EXPECT_TRUE(first.agent_against.myopic.sessions > 0);
    char *a = rows("first"), *b = rows("second");
    EXPECT_STREQ(a, b);
    free(a);
    free(b);
    // Lanes, seed and agents of training are no matter to them.
    run.sim.lanes = 64;
    run.sim.seed = 7;
    run.agent.count = 2;
    h = train(&run, "third", &third);
    EXPECT_EQ(h.kept, THRONG_YARDSTICK_COUNT);
    EXPECT_EQ(memcmp(first.yardstick, third.yardstick, sizeof first.yardstick), 0);
  }
  small_run_close(&run);
}

/// Is the myopic policy's result of an evaluation with these options there?
static bool is_kept(const small_run *run, const throng_sta *sta) {
  evaluator *e;
  throng_metrics m;
  double *returns = calloc((size_t)run->train.evaluation.episodes, sizeof *returns);
  bool found = false;
  EXPECT_OK(evaluator_create(run->backend, run->world, sta, &run->sim, &run->train.evaluation, 1,
                             true, &e));
  EXPECT_OK(kept_yardstick_find(e, THRONG_YARDSTICK_MYOPIC, &m, returns, &found));
  evaluator_free(e);
  free(returns);
  return found;
}

static void keep(const small_run *run, const throng_sta *sta) {
  evaluator *e;
  throng_metrics m;
  double *returns = calloc((size_t)run->train.evaluation.episodes, sizeof *returns);
  EXPECT_OK(evaluator_create(run->backend, run->world, sta, &run->sim, &run->train.evaluation, 1,
                             true, &e));
  EXPECT_OK(evaluator_play_yardstick(e, THRONG_YARDSTICK_MYOPIC, NULL, &m));
  evaluator_copy_returns(e, 0, returns);
  EXPECT_OK(kept_yardstick_save(e, THRONG_YARDSTICK_MYOPIC, &m, returns));
  evaluator_free(e);
  free(returns);
}

/// With fresh weights of this Def.
static bool is_kept_with(const small_run *run, const throng_sta_def *shape) {
  throng_sta *sta;
  EXPECT_OK(throng_sta_create(run->backend, run->world, shape, &sta));
  const bool found = is_kept(run, sta);
  throng_sta_close(sta);
  return found;
}

TEST(kept_yardsticks, are_not_taken_where_any_fact_that_they_depend_on_differs) {
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_sta *sta;
    throng_sta_def shape = throng_default_sta_def();
    shape.window = 8;
    shape.width = 8;
    run.sim.votes.rule = THRONG_RULE_MAJORITY;
    ASSERT_OK(throng_sta_create(run.backend, run.world, &shape, &sta));
    EXPECT_FALSE(is_kept(&run, sta));
    keep(&run, sta);
    EXPECT_TRUE(is_kept(&run, sta));
#define DIFFERS(change)                                                                            \
  do {                                                                                             \
    const small_run before = run;                                                                  \
    change;                                                                                        \
    if (is_kept(&run, sta)) throng_test_fail(__FILE__, __LINE__, "taken in spite of %s", #change); \
    run = before;                                                                                  \
    EXPECT_TRUE(is_kept(&run, sta));                                                               \
  } while (0)
    // The votes.
    DIFFERS(run.sim.votes.rule = THRONG_RULE_WEIGHTED);
    DIFFERS(run.sim.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE);
    DIFFERS(run.sim.votes.similarity = THRONG_SIMILARITY_MEAN);
    DIFFERS(run.sim.votes.weight_threshold = 1.25f);
    // The simulator.
    DIFFERS(run.sim.leave_probability = 0.05f);
    DIFFERS(run.sim.max_steps = 41);
    DIFFERS(run.sim.history = 33);
    DIFFERS(run.sim.slate_size = 2);
    DIFFERS(run.sim.mask_seen = true);
    DIFFERS(run.sim.mask = THRONG_MASK_ALL; run.sim.mask_seen = true);
    // The users.
    DIFFERS(run.sim.users.temper = 10);
    DIFFERS(run.sim.users.repeat_window = 5);
    DIFFERS(run.sim.users.satiation = 0.5f);
    // The evaluation.
    DIFFERS(run.train.evaluation.episodes = 25);
    DIFFERS(run.train.evaluation.seed = 5);
    DIFFERS(run.train.evaluation.top = 9);
    DIFFERS(run.train.evaluation.planner_width = 7);
    shape.seed = 2;
    EXPECT_FALSE(is_kept_with(&run, &shape));  // by what the weights hold
    shape.seed = 1;
    EXPECT_TRUE(is_kept_with(&run, &shape));
    shape.threshold = 0.4f;  // and what votes 1
    EXPECT_FALSE(is_kept_with(&run, &shape));
    // The arithmetic, and what it runs on.
    run.backend->arithmetic[0] ^= 1;
    EXPECT_FALSE(is_kept(&run, sta));
    run.backend->arithmetic[0] ^= 1;
    EXPECT_TRUE(is_kept(&run, sta));
    // What is none of their matter.
    run.sim.lanes = 8;
    run.sim.seed = 99;
    run.sim.first_lane = 5;
    run.sim.autoreset = false;
    run.sim.votes.table_bytes = 0;
    run.train.steps = 10;
    EXPECT_TRUE(is_kept(&run, sta));
    // A released environment answers otherwise than the session's user, with the same votes.
    run.sim.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
    keep(&run, sta);
    DIFFERS(run.sim.environment = THRONG_ENVIRONMENT_PUBLISHED_BY_TIME);
    throng_sta_close(sta);
#undef DIFFERS
  }
  small_run_close(&run);
}

TEST(kept_yardsticks, of_a_world_that_was_made_anew_under_the_same_name_are_not_taken) {
  small_run run;
  char path[1200];
  if (small_run_open(&run, throng_test_folder(), 1)) {
    keep(&run, NULL);
    EXPECT_TRUE(is_kept(&run, NULL));
    throng_synth_def synth = small_run_synth();
    synth.seed = 2;
    snprintf(path, sizeof path, "%s/world.safetensors", throng_test_folder());
    throng_world_close(run.world);
    run.world = NULL;
    ASSERT_OK(throng_synth(&synth, path, NULL));
    ASSERT_OK(throng_world_open(path, &run.world));
    EXPECT_FALSE(is_kept(&run, NULL));
  }
  small_run_close(&run);
}

/// The only file in WORLD.yardsticks.
static bool only_file(char path[1200]) {
  char folder[600];
  int n = 0;
  snprintf(folder, sizeof folder, "%s/world.safetensors.yardsticks", throng_test_folder());
  DIR *directory = opendir(folder);
  for (const struct dirent *d; directory && (d = readdir(directory));)
    if (d->d_name[0] != '.') snprintf(path, 1200, "%s/%.255s", folder, d->d_name), ++n;
  if (directory) closedir(directory);
  return n == 1;
}

TEST(kept_yardsticks, that_are_damaged_or_say_that_they_are_of_something_else_are_not_taken) {
  small_run run;
  char path[1200], other[1200];
  if (small_run_open(&run, throng_test_folder(), 1)) {
    keep(&run, NULL);
    ASSERT_TRUE(only_file(path));
    // A byte of a number: the checksum tells.
    FILE *file = fopen(path, "r+b");
    ASSERT_TRUE(file != NULL);
    fseek(file, -3, SEEK_END);
    const int byte = getc(file);
    fseek(file, -3, SEEK_END);
    putc(byte ^ 1, file);
    fclose(file);
    EXPECT_FALSE(is_kept(&run, NULL));
    // Cut, as no rename leaves one.
    EXPECT_EQ(truncate(path, 100), 0);
    EXPECT_FALSE(is_kept(&run, NULL));
    keep(&run, NULL);
    EXPECT_TRUE(is_kept(&run, NULL));
    // Under the name of another's, as where hashes meet.
    ASSERT_TRUE(only_file(path));
    snprintf(other, sizeof other, "%s/aside", throng_test_folder());
    EXPECT_EQ(rename(path, other), 0);
    run.train.evaluation.seed = 5;
    keep(&run, NULL);
    EXPECT_TRUE(is_kept(&run, NULL));
    ASSERT_TRUE(only_file(path));
    EXPECT_EQ(rename(other, path), 0);
    EXPECT_FALSE(is_kept(&run, NULL));
  }
  small_run_close(&run);
}

TEST(kept_yardsticks, that_cannot_be_kept_are_played_and_the_run_goes_on) {
  small_run run;
  char path[1200];
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_train_report report;
    // A file where their folder would be: nothing can be written there, by nobody.
    snprintf(path, sizeof path, "%s/world.safetensors.yardsticks", throng_test_folder());
    FILE *file = fopen(path, "w");
    ASSERT_TRUE(file != NULL);
    fclose(file);
    run.train.steps = 320;
    heard h = train(&run, "run", &report);
    EXPECT_EQ(h.played, 4);
    EXPECT_CONTAINS(h.note, "is not kept for another run: ");
    EXPECT_TRUE(report.yardstick[THRONG_YARDSTICK_MYOPIC].average_reward > 0);
    EXPECT_EQ(unlink(path), 0);
    // A world that was read from no file has no place for them.
    char *was = run.world->path;
    run.world->path = NULL;
    h = train(&run, "again", &report);
    EXPECT_EQ(h.played, 4);
    EXPECT_STREQ(h.note, "");
    EXPECT_FALSE(only_file(path));
    run.world->path = was;
  }
  small_run_close(&run);
}
