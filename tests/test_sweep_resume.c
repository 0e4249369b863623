/// Sweeps that were cut at every round and gone on with: the same rows as of one that nobody
/// disturbed; and what a resume refuses.
#include <dirent.h>
#include <sqlite3.h>
#include <sys/inotify.h>

#include "support/sweep_rig.h"

// --- resume -----------------------------------------------------------------------------------

/// Cut the sweep every `rounds` rounds until it is done; how often.
static int in_pieces(const char *folder, const char *const *set, int64_t rounds) {
  int cuts = 0;
  throng_status status = go(folder, set, false, rounds, NULL);
  for (; status == THRONG_ERROR_CANCELLED && cuts < 200; ++cuts)
    status = go(folder, set, true, rounds, NULL);
  EXPECT_OK(status);
  return cuts;
}

static void expect_rows(const char *expected, const char *folder) {
  char *text = rows(folder);
  if (strcmp(expected, text) != 0)
    throng_test_fail(__FILE__, __LINE__, "the rows of %s differ", folder);
  free(text);
}

/// Cut after every round, after every second, and once without a checkpoint.
static void expect_same_rows(const char *const *set) {
  char *whole;
  ASSERT_OK(go("whole", set, false, 0, NULL));
  whole = rows("whole");
  checkpoint_seconds = 0;
  EXPECT_TRUE(in_pieces("ones", set, 1) > 4);
  expect_rows(whole, "ones");
  EXPECT_TRUE(in_pieces("twos", set, 2) > 2);
  expect_rows(whole, "twos");
  checkpoint_seconds = 1000;
  EXPECT_EQ(go("once", set, false, 9, NULL), THRONG_ERROR_CANCELLED);
  EXPECT_OK(go("once", set, true, 0, NULL));
  expect_rows(whole, "once");
  free(whole);
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_asha) { expect_same_rows(NULL); }

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_tpe_and_hyperband) {
  const char *const set[] = {"sweep.sampler=tpe", "sweep.scheduler=hyperband", "sweep.reduction=3",
                             NULL};
  expect_same_rows(set);
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_seeds) {
  const char *const set[] = {"sweep.scheduler=none", "sweep.max_trials=10", "sweep.seeds=5",
                             "sweep.slots=3",        "train.steps=400",     NULL};
  expect_same_rows(set);
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_several_objectives) {
  const char *const set[] = {"sweep.scheduler=none",
                             "sweep.max_trials=10",
                             "train.steps=400",
                             "sweep.slots=3",
                             "sweep.objective=[\"average_reward\", \"liking\"]",
                             NULL};
  expect_same_rows(set);
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_pbt) {
  const char *const set[] = {"sweep.scheduler=pbt", NULL};
  expect_same_rows(set);
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_failures) {
  diverge_above = 1e-2;
  fail_start_of = 64;
  expect_same_rows(NULL);
  diverge_above = 0;
  fail_start_of = 0;
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_diverging_members) {
  const char *const pbt[] = {"sweep.scheduler=pbt", "sweep.space.agent.batch=null", NULL};
  diverge_above = 3e-3;
  expect_same_rows(pbt);
  diverge_above = 0;
}

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_test_seeds) {
  const char *const set[] = {"sweep.test_seeds=5", "sweep.top=2", "sweep.max_trials=10", NULL};
  expect_same_rows(set);
}

TEST(sweep_resume, without_checkpoints_running_trials_are_trained_again_and_ended_ones_are_not) {
  run r;
  char *whole, *again;
  const char *const *const set = NULL;
  ASSERT_OK(go("whole", set, false, 0, &r));
  const int64_t all = r.crew->trained;
  finish(&r);
  EXPECT_EQ(go("a", set, false, 12, NULL), THRONG_ERROR_CANCELLED);
  EXPECT_FALSE(access(folder_of("a/state"), F_OK) == 0);
  ASSERT_OK(go("a", set, true, 0, &r));
  EXPECT_TRUE(r.crew->trained < all);
  EXPECT_EQ(r.crew->loads, 0);
  finish(&r);
  whole = rows("whole");
  again = rows("a");
  EXPECT_STREQ(whole, again);
  free(whole);
  free(again);
}

TEST(sweep_resume, a_checkpoint_that_a_kill_left_half_written_is_in_nobody_s_way) {
  checkpoint_seconds = 0;
  EXPECT_EQ(go("a", NULL, false, 3, NULL), THRONG_ERROR_CANCELLED);
  mkdir(folder_of("a/state/new"), 0777);
  FILE *file = fopen(folder_of("a/state/new/.slot_0.safetensors.tmp"), "w");
  fclose(file);
  EXPECT_OK(go("a", NULL, true, 0, NULL));
  EXPECT_FALSE(access(folder_of("a/state"), F_OK) == 0);
  checkpoint_seconds = 1000;
}

static int watcher;  // of inotify

/// Every folder of checkpoints that is there after a round.
static bool watch_checkpoints(void *context, const sweep *s, const sweep_view *view) {
  (void)context, (void)s, (void)view;
  DIR *directory = opendir(folder_of("a/state"));
  for (const struct dirent *entry; directory && (entry = readdir(directory));) {
    char path[900];
    snprintf(path, sizeof path, "%s/%s", folder_of("a/state"), entry->d_name);
    if (entry->d_name[0] != '.' && strcmp(entry->d_name, "new") != 0)
      inotify_add_watch(watcher, path, IN_DELETE | IN_MOVE_SELF);
  }
  if (directory) closedir(directory);
  return true;
}

/// Files that were removed from a folder that still had its name, and all that were.
static void count_removals(int *early, int *all) {
  static union {
    char bytes[1 << 20];
    struct inotify_event event;
  } events;
  static bool moved[4096];
  const ssize_t size = read(watcher, events.bytes, sizeof events.bytes);
  for (ssize_t at = 0; at < size;) {
    const struct inotify_event *event = (const void *)(events.bytes + at);
    ASSERT_TRUE(event->wd >= 0 && event->wd < 4096);
    if (event->mask & IN_MOVE_SELF) moved[event->wd] = true;
    if (event->mask & IN_DELETE) ++*all, *early += !moved[event->wd];
    at += (ssize_t)(sizeof *event + event->len);
  }
}

TEST(sweep_resume, a_checkpoint_is_whole_as_long_as_it_has_its_name) {
  const char *const set[] = {"sweep.test_seeds=5", "sweep.top=2", "sweep.max_trials=10", NULL};
  const sweep_observer observer = {.round = watch_checkpoints};
  run r;
  int early = 0, all = 0;
  checkpoint_seconds = 0;
  watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ASSERT_TRUE(prepare(&r, set));
  begin(&r, "a", false);
  ASSERT_OK(r.status);
  EXPECT_OK(sweep_search(r.sweep, &observer, NULL));
  EXPECT_OK(sweep_confirm(r.sweep, &observer, NULL));
  finish(&r);
  count_removals(&early, &all);
  close(watcher);
  checkpoint_seconds = 1000;
  EXPECT_TRUE(all > 100);
  EXPECT_EQ(early, 0);
}

TEST(sweep_resume, that_is_not_asked_for_is_refused) {
  EXPECT_EQ(go("a", NULL, false, 3, NULL), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(go("a", NULL, false, 0, NULL), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "--resume");
}

TEST(sweep_resume, without_a_sweep_is_refused) {
  EXPECT_EQ(go("a", NULL, true, 0, NULL), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "no sweep to resume");
}

TEST(sweep_resume, with_another_space_objective_or_option_names_what_has_changed) {
  const char *const space[] = {"sweep.space.agent.gamma={\"min\": 0.5, \"max\": 0.999}", NULL};
  const char *const objective[] = {"sweep.objective=liking", NULL};
  const char *const option[] = {"agent.n_step=3", NULL};
  const char *const seed[] = {"sweep.seed=7", NULL};
  EXPECT_EQ(go("a", NULL, false, 3, NULL), THRONG_ERROR_CANCELLED);
  EXPECT_TRUE(go("a", space, true, 0, NULL) != THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), "agent.gamma");
  EXPECT_TRUE(go("a", objective, true, 0, NULL) != THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), "liking");
  EXPECT_TRUE(go("a", option, true, 0, NULL) != THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), "agent.n_step: 1 -> 3");
  EXPECT_TRUE(go("a", seed, true, 0, NULL) != THRONG_OK);
  EXPECT_CONTAINS(throng_error_message(), "sweep.seed: 1 -> 7");
}

TEST(sweep_resume, a_trial_without_one_of_its_options_is_refused) {
  sqlite3 *db;
  EXPECT_EQ(go("a", NULL, false, 4, NULL), THRONG_ERROR_CANCELLED);
  ASSERT_EQ(sqlite3_open(folder_of("a/trials.db"), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db,
                         "DELETE FROM trial_params WHERE param_name = 'agent.gamma' AND "
                         "trial_id = 3",
                         NULL, NULL, NULL),
            SQLITE_OK);
  sqlite3_close(db);
  EXPECT_EQ(go("a", NULL, true, 0, NULL), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "trial 2: agent.gamma is missing");
}

TEST(sweep_resume, a_lost_tail_of_metrics_is_written_once) {
  run r;
  int64_t lines = 0;
  char line[4096];
  EXPECT_EQ(go("a", NULL, false, 5, NULL), THRONG_ERROR_CANCELLED);
  FILE *file = fopen(folder_of("a/metrics.jsonl"), "a");
  fputs("{\"round\": 5, \"trial\": 1}\n{\"rou", file);
  fclose(file);
  ASSERT_OK(go("a", NULL, true, 0, &r));
  file = fopen(folder_of("a/metrics.jsonl"), "r");
  while (fgets(line, sizeof line, file)) ++lines;
  fclose(file);
  const sweep_trial *trial;
  int64_t reports = 0;
  const int64_t n = sweep_trials(r.sweep, &trial);
  for (int64_t k = 0; k < n; ++k) reports += trial[k].n_report;
  EXPECT_EQ(lines, reports);
  finish(&r);
}

static char *metrics_of(const char *folder) {
  char path[700], *text = calloc(1, 1 << 20);
  snprintf(path, sizeof path, "%s/metrics.jsonl", folder_of(folder));
  FILE *file = fopen(path, "r");
  const size_t n = file ? fread(text, 1, (1 << 20) - 1, file) : 0;
  if (file) fclose(file);
  text[n] = '\0';
  return text;
}

TEST(sweep_resume, a_damaged_row_takes_no_other_with_it) {
  EXPECT_EQ(go("a", NULL, false, 6, NULL), THRONG_ERROR_CANCELLED);
  char *before = metrics_of("a");
  char *second = strchr(before, '\n') + 1;
  ASSERT_TRUE(second[0] == '{' && strchr(second, '\n')[1] == '{');
  FILE *file = fopen(folder_of("a/metrics.jsonl"), "r+");
  fseek(file, (long)(second - before), SEEK_SET);
  fputc('x', file);
  fclose(file);
  second[0] = 'x';
  EXPECT_OK(go("a", NULL, true, 0, NULL));
  char *after = metrics_of("a");
  EXPECT_TRUE(strlen(after) > strlen(before) && !strncmp(after, before, strlen(before)));
  free(before);
  free(after);
}
