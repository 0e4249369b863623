/// A sweep's rounds on a crew that answers from a formula: slots, seeds, bounds, decisions, and
/// resumes that were cut at every round.
#include "sweep/sweep.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/sweep_rows.h"
#include "support/toy_crew.h"
#include "sweep/lineage.h"

static const char config_text[] =
    "{\"sim\": {\"lanes\": 10}, \"agent\": {\"learning_rate\": 1e-4, \"gamma\": 0.95},"
    " \"train\": {\"steps\": 1600, \"evaluate_every\": 100},"
    " \"sweep\": {\"sampler\": \"random\", \"scheduler\": \"asha\", \"slots\": 8,"
    "  \"max_trials\": 40, \"test_seeds\": 0, \"checkpoint_seconds\": 1000,"
    "  \"space\": {\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
    "             \"agent.gamma\": {\"min\": 0.5, \"max\": 0.99},"
    "             \"agent.batch\": {\"values\": [16, 32, 64]}}}}";

typedef struct run {
  throng_config config;
  sweep *sweep;
  toy_crew *crew;
  throng_status status;
} run;

static const char *folder_of(const char *name) {
  static char path[8][600];
  static int next;
  char *to = path[next++ % 8];
  snprintf(to, 600, "%s/%s", throng_test_folder(), name);
  return to;
}

static double checkpoint_seconds = 1000;  // of all sweeps from here on

/// Load the config and make the crew; `set` is NULL-terminated or NULL.
static bool prepare(run *r, const char *const *set) {
  memset(r, 0, sizeof *r);
  r->status = config_load_text(config_text, sizeof config_text - 1, "toy", set, &r->config);
  if (r->status != THRONG_OK) return false;
  r->config.sweep.checkpoint_seconds = checkpoint_seconds;
  r->status = sweep_create(&r->config, &r->sweep);
  if (r->status == THRONG_OK) r->crew = toy_crew_create(sweep_get_def(r->sweep)->slots);
  return r->status == THRONG_OK;
}

static void begin(run *r, const char *folder, bool resume) {
  mkdir(folder_of(folder), 0777);
  r->status = sweep_begin(r->sweep, folder_of(folder), resume, &r->crew->crew);
}

static void search(run *r) {
  if (r->status == THRONG_OK) r->status = sweep_search(r->sweep, NULL, NULL);
  if (r->status == THRONG_OK) r->status = sweep_confirm(r->sweep, NULL, NULL);
  if (r->status == THRONG_OK) r->status = sweep_finish(r->sweep);
}

static void finish(run *r) {
  sweep_close(r->sweep);
  if (r->crew) r->crew->crew.ops->close(&r->crew->crew);
  config_free(&r->config);
}

/// A whole sweep into `folder`; cut after `rounds` (0: not).
static throng_status go(const char *folder, const char *const *set, bool resume, int64_t rounds,
                        run *keep) {
  run r;
  if (prepare(&r, set)) {
    r.crew->stop_after = rounds;
    begin(&r, folder, resume);
    search(&r);
  }
  const throng_status status = r.status;
  if (keep)
    *keep = r;
  else
    finish(&r);
  return status;
}

static char *rows(const char *folder) {
  char path[700];
  snprintf(path, sizeof path, "%s/trials.db", folder_of(folder));
  return sweep_rows_text(path);
}

static sweep_view view_of(const run *r) {
  sweep_view view;
  sweep_look(r->sweep, &view);
  return view;
}

// --- a search ---------------------------------------------------------------------------------

TEST(sweep, trial_0_is_the_config_s_own) {
  run r;
  ASSERT_OK(go("a", NULL, false, 0, &r));
  const double *x = sweep_point(r.sweep, 0);
  EXPECT_NEAR(x[0], 1e-4, 1e-9);
  EXPECT_NEAR(x[1], 0.95, 1e-9);
  finish(&r);
}

TEST(sweep, asha_gives_up_most_trials_and_finds_a_better_one_than_the_config_s) {
  run r;
  const sweep_trial *trial;
  int64_t best;
  ASSERT_OK(go("a", NULL, false, 0, &r));
  const sweep_view view = view_of(&r);
  EXPECT_EQ(sweep_trials(r.sweep, &trial), 40);
  EXPECT_EQ(view.count[TRIAL_RUNNING] + view.count[TRIAL_FAILED], 0);
  EXPECT_TRUE(view.count[TRIAL_PRUNED] > 20);
  EXPECT_TRUE(view.count[TRIAL_COMPLETE] > 0);
  ASSERT_EQ(sweep_best(r.sweep, &best, 1), 1);
  EXPECT_TRUE(trial[0].state != TRIAL_COMPLETE || trial[best].value[0] > trial[0].value[0]);
  EXPECT_TRUE(view.user_steps < 40 * 1600 / 2);
  finish(&r);
}

TEST(sweep, without_a_scheduler_every_trial_reaches_its_end) {
  run r;
  const char *const set[] = {"sweep.scheduler=none", "sweep.max_trials=12", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_EQ(view_of(&r).count[TRIAL_COMPLETE], 12);
  EXPECT_EQ(view_of(&r).user_steps, 12 * 1600);
  EXPECT_EQ(r.crew->trained, 12 * 16);
  finish(&r);
}

TEST(sweep, a_trial_s_value_is_the_mean_over_its_seeds) {
  run r;
  const sweep_trial *trial;
  const char *const set[] = {"sweep.scheduler=none", "sweep.max_trials=3", "sweep.seeds=4",
                             "sweep.prune_p=0", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_EQ(sweep_trials(r.sweep, &trial), 3);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(trial[k].n_seed, 4);
    EXPECT_EQ(trial[k].user_steps, 4 * 1600);
    EXPECT_EQ(trial[k].n_report, 4 * 16);
  }
  finish(&r);
}

TEST(sweep, a_paired_test_over_seeds_gives_bad_trials_up) {
  run r;
  const sweep_trial *trial;
  int64_t best, few = 0;
  const char *const set[] = {"sweep.scheduler=none", "sweep.max_trials=16", "sweep.seeds=8",
                             "sweep.slots=2", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  const int64_t n = sweep_trials(r.sweep, &trial);
  for (int64_t k = 0; k < n; ++k) {
    if (trial[k].state != TRIAL_PRUNED) continue;
    EXPECT_TRUE(trial[k].n_seed >= 4 && trial[k].n_seed < 8);  // p < 0.1 needs four of four
    EXPECT_CONTAINS(trial[k].cause, "over");
    ++few;
  }
  EXPECT_TRUE(few > 4);
  ASSERT_EQ(sweep_best(r.sweep, &best, 1), 1);
  EXPECT_EQ(trial[best].n_seed, 8);
  finish(&r);
}

TEST(sweep, several_objectives_leave_a_pareto_front) {
  run r;
  const sweep_trial *trial;
  int64_t best[16];
  const char *const set[] = {"sweep.scheduler=none", "sweep.max_trials=16",
                             "sweep.objective=[\"average_reward\", \"liking\"]", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  sweep_trials(r.sweep, &trial);
  const int32_t n = sweep_best(r.sweep, best, 16);
  EXPECT_TRUE(n > 1);
  for (int k = 1; k < n; ++k) {
    EXPECT_TRUE(trial[best[k]].value[0] <= trial[best[k - 1]].value[0]);
    EXPECT_TRUE(trial[best[k]].value[1] > trial[best[k - 1]].value[1]);
  }
  finish(&r);
}

TEST(sweep, an_objective_that_nobody_reports_is_refused_before_the_start) {
  const char *const set[] = {"sweep.objective=average_rewrad", NULL};
  EXPECT_EQ(go("a", set, false, 0, NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "did you mean average_reward?");
  EXPECT_CONTAINS(throng_error_message(), "coverage");
}

TEST(sweep, several_objectives_and_a_scheduler_contradict_each_other) {
  const char *const set[] = {"sweep.objective=[\"average_reward\", \"liking\"]", NULL};
  EXPECT_EQ(go("a", set, false, 0, NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "sweep.scheduler: asha");
}

// --- bounds -----------------------------------------------------------------------------------

TEST(sweep, never_takes_more_user_steps_than_it_may) {
  run r;
  const char *const set[] = {"sweep.max_trials=0", "sweep.max_steps=10050", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_TRUE(view_of(&r).user_steps <= 10050);
  EXPECT_TRUE(view_of(&r).user_steps > 10050 - 8 * 100);
  EXPECT_EQ(view_of(&r).count[TRIAL_RUNNING], 0);
  finish(&r);
}

TEST(sweep, larger_bounds_go_on_with_a_sweep_that_had_ended) {
  run r;
  const char *const more[] = {"sweep.max_trials=60", NULL};
  char *before, *after;
  ASSERT_OK(go("a", NULL, false, 0, NULL));
  before = rows("a");
  ASSERT_OK(go("a", NULL, true, 0, &r));
  EXPECT_EQ(r.crew->trained, 0);
  finish(&r);
  after = rows("a");
  EXPECT_STREQ(before, after);
  free(before);
  free(after);
  ASSERT_OK(go("a", more, true, 0, &r));
  EXPECT_EQ(view_of(&r).n_trial, 60);
  finish(&r);
}

// --- failures ---------------------------------------------------------------------------------

TEST(sweep, agents_that_diverge_or_do_not_fit_are_failed_trials_with_a_cause) {
  run r;
  const sweep_trial *trial;
  int64_t diverged = 0, refused = 0;
  ASSERT_TRUE(prepare(&r, NULL));
  r.crew->diverge_above = 1e-2;
  r.crew->fail_start_of = 64;
  begin(&r, "a", false);
  search(&r);
  ASSERT_OK(r.status);
  EXPECT_EQ(sweep_trials(r.sweep, &trial), 40);
  for (int k = 0; k < 40; ++k) {
    if (trial[k].state != TRIAL_FAILED) continue;
    diverged += strstr(trial[k].cause, "toy: the loss is no number") != NULL;
    refused += strstr(trial[k].cause, "toy: a batch of 64 does not fit") != NULL;
  }
  EXPECT_TRUE(diverged > 0);
  EXPECT_TRUE(refused > 0);
  EXPECT_EQ(diverged + refused, view_of(&r).count[TRIAL_FAILED]);
  finish(&r);
}

TEST(sweep, that_fails_in_every_trial_ends_with_their_cause) {
  run r;
  ASSERT_TRUE(prepare(&r, NULL));
  r.crew->diverge_above = 1e-9;
  begin(&r, "a", false);
  search(&r);
  EXPECT_EQ(r.status, THRONG_ERROR_DIVERGED);
  finish(&r);
}

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

TEST(sweep_resume, cut_at_every_round_gives_the_same_rows_pbt) {
  const char *const set[] = {"sweep.scheduler=pbt", NULL};
  expect_same_rows(set);
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

// --- fresh seeds ------------------------------------------------------------------------------

TEST(sweep_confirm, the_best_and_the_config_s_own_are_trained_again_on_fresh_seeds) {
  run r;
  char *text;
  const char *const set[] = {"sweep.test_seeds=10", "sweep.top=2", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_EQ(view_of(&r).tests_done, view_of(&r).tests_planned);
  EXPECT_TRUE(view_of(&r).tests_done == 20 || view_of(&r).tests_done == 30);
  ASSERT_OK(sweep_summary(r.sweep, &text));
  cJSON *summary = cJSON_Parse(text);
  const cJSON *confirmation = cJSON_GetObjectItem(summary, "confirmation");
  const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(confirmation, "trials"), 0);
  const cJSON *iqm = cJSON_GetObjectItem(first, "test_iqm");
  EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(first, "test_values")), 10);
  EXPECT_TRUE(cJSON_GetObjectItem(iqm, "low")->valuedouble <=
              cJSON_GetObjectItem(iqm, "point")->valuedouble);
  EXPECT_TRUE(cJSON_GetObjectItem(iqm, "high")->valuedouble >=
              cJSON_GetObjectItem(iqm, "point")->valuedouble);
  const cJSON *better = cJSON_GetObjectItem(first, "probability_of_improvement");
  EXPECT_NEAR(cJSON_GetObjectItem(better, "point")->valuedouble, 1, 1e-9);
  EXPECT_CONTAINS(cJSON_GetObjectItem(confirmation, "note")->valuestring, "biased");
  cJSON_Delete(summary);
  free(text);
  finish(&r);
}

// --- copies -----------------------------------------------------------------------------------

TEST(sweep_pbt, every_member_of_a_population_reaches_the_end_and_any_can_be_had_again_alone) {
  run r;
  const sweep_trial *trial;
  sweep_replayed again;
  const char *const set[] = {"sweep.scheduler=pbt", "sweep.space.agent.batch=null", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_EQ(view_of(&r).count[TRIAL_COMPLETE], 8);
  EXPECT_EQ(view_of(&r).user_steps, 8 * 1600);
  EXPECT_EQ(view_of(&r).rounds_used, view_of(&r).rounds_slots);
  finish(&r);
  int32_t copies = 0;
  ASSERT_TRUE(prepare(&r, set));
  begin(&r, "a", true);
  ASSERT_OK(r.status);
  ASSERT_OK(sweep_search(r.sweep, NULL, NULL));
  const int64_t n = sweep_trials(r.sweep, &trial);
  for (int64_t k = 0; k < n; ++k) {
    ASSERT_OK(sweep_replay(r.sweep, k, NULL, &again));
    EXPECT_EQ(again.different, 0);
    EXPECT_TRUE(again.last == trial[k].last);
    copies += again.ancestors > 0;
  }
  EXPECT_TRUE(copies > 8);
  finish(&r);
}

TEST(sweep_pbt, members_that_diverge_give_their_slots_to_copies) {
  run r;
  const char *const set[] = {"sweep.scheduler=pbt", "sweep.space.agent.batch=null", NULL};
  ASSERT_TRUE(prepare(&r, set));
  r.crew->diverge_above = 1e-2;
  begin(&r, "a", false);
  search(&r);
  ASSERT_OK(r.status);
  EXPECT_TRUE(view_of(&r).count[TRIAL_FAILED] > 0);
  EXPECT_EQ(view_of(&r).count[TRIAL_COMPLETE], 8);
  finish(&r);
}

TEST(sweep, slots_are_in_use_while_there_are_trials_to_begin) {
  run r;
  const char *const set[] = {"sweep.max_trials=256", "sweep.test_seeds=0", NULL};
  ASSERT_OK(go("a", set, false, 0, &r));
  EXPECT_EQ(view_of(&r).n_trial, 256);
  // The last trials to begin end one after another: 16 rounds at most without others.
  EXPECT_TRUE(view_of(&r).rounds_slots - view_of(&r).rounds_used <= 8 * 16);
  EXPECT_TRUE((double)view_of(&r).rounds_used > 0.85 * (double)view_of(&r).rounds_slots);
  printf("slots in use over 256 trials: %.1f %%\n",
         100.0 * (double)view_of(&r).rounds_used / (double)view_of(&r).rounds_slots);
  finish(&r);
}
