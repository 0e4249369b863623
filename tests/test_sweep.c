/// A sweep's rounds on a crew that answers from a formula: slots, seeds, bounds, failures, copies,
/// and the runs on fresh seeds.
#include "support/sweep_rig.h"
#include "sweep/lineage.h"

// --- a search ---------------------------------------------------------------------------------

TEST(sweep, trial_0_is_the_config_s_own) {
  run r;
  ASSERT_OK(go("a", NULL, false, 0, &r));
  const double *x = sweep_point(r.sweep, 0);
  EXPECT_NEAR(x[0], 1e-4, 1e-9);
  EXPECT_NEAR(x[1], 0.95, 1e-9);
  finish(&r);
}

TEST(sweep, every_trial_and_seed_that_was_trained_has_a_run_in_tensorboard) {
  run r;
  const char *const set[] = {"sweep.seeds=2", "sweep.max_trials=12", "sweep.test_seeds=2", NULL};
  const sweep_trial *trial;
  char path[700];
  int runs = 0, tested = 0;
  ASSERT_OK(go("a", set, false, 0, &r));
  for (int64_t k = 0; k < sweep_trials(r.sweep, &trial); ++k)
    for (int j = 0; j < 2; ++j) {
      // A trial that was given up in its first seed has no second.
      const bool trained = j <= trial[k].n_seed && !(j == 1 && trial[k].n_seed < 1);
      snprintf(path, sizeof path, "%s/tensorboard/%05lld/seed-%d", folder_of("a"), (long long)k, j);
      runs += access(path, F_OK) == 0;
      EXPECT_TRUE(access(path, F_OK) == 0 || !trained || trial[k].state == TRIAL_PRUNED);
      EXPECT_TRUE(access(path, F_OK) != 0 || trained);
      snprintf(path, sizeof path, "%s/tensorboard/%05lld/seed-%d", folder_of("a"), (long long)k,
               1000 + j);
      tested += access(path, F_OK) == 0;
    }
  EXPECT_GE(runs, 12);
  const sweep_tested *list;
  EXPECT_EQ(tested, 2 * sweep_get_tested(r.sweep, &list));
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

TEST(sweep, what_costs_or_goes_wrong_is_minimised_unless_a_direction_says_otherwise) {
  static const struct {
    const char *set;
    bool maximise;
  } cases[] = {{"sweep.objective=liking", true},
               {"sweep.objective=evaluation/agent/coverage", true},
               {"sweep.objective=train/loss", false},
               {"sweep.objective=gini", false},
               {"sweep.objective={\"metric\": \"loss\", \"direction\": \"maximize\"}", true},
               {"sweep.objective={\"metric\": \"liking\", \"direction\": \"minimize\"}", false}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
    run r;
    const sweep_objective *objective;
    ASSERT_TRUE(prepare(&r, (const char *const[]){cases[k].set, NULL}));
    EXPECT_EQ(sweep_objectives(r.sweep, &objective), 1);
    EXPECT_EQ(objective->maximise, cases[k].maximise);
    finish(&r);
  }
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

static void keep_note(void *context, const char *text) { snprintf(context, 300, "%s", text); }

/// The last note of a search over a grid of six points.
static const char *note_of_grid(const char *max_trials, const char *folder) {
  static char note[300];
  const char *const set[] = {
      "sweep.sampler=grid", max_trials,
      "sweep.space={\"agent.batch\": {\"values\": [16, 32, 64]}, \"agent.double_dqn\": {}}", NULL};
  const throng_progress progress = {.note = keep_note, .context = note};
  run r;
  *note = '\0';
  EXPECT_TRUE(prepare(&r, set));
  begin(&r, folder, false);
  EXPECT_OK(r.status);
  EXPECT_OK(sweep_search(r.sweep, NULL, &progress));
  finish(&r);
  return note;
}

TEST(sweep, says_how_many_points_of_a_grid_its_bound_leaves_out) {
  EXPECT_CONTAINS(note_of_grid("sweep.max_trials=4", "a"),
                  "the grid has 6 points; sweep.max_trials leaves 2 of them out");
  EXPECT_STREQ(note_of_grid("sweep.max_trials=6", "b"), "");
  EXPECT_STREQ(note_of_grid("sweep.max_trials=0", "c"), "");
}

TEST(sweep, out_of_time_gives_up_what_runs_and_goes_on_with_more_of_it) {
  run r;
  const sweep_trial *trial;
  int64_t late = 0;
  const char *const brief[] = {"sweep.max_trials=500", "sweep.max_seconds=0.1", NULL};
  const char *const all[] = {"sweep.max_trials=100", NULL};
  ASSERT_TRUE(prepare(&r, brief));
  r.crew->pause = 30000;
  begin(&r, "a", false);
  search(&r);
  ASSERT_OK(r.status);
  const int64_t n = sweep_trials(r.sweep, &trial);
  EXPECT_TRUE(n < 100);
  for (int64_t k = 0; k < n; ++k)
    late += trial[k].cause && strstr(trial[k].cause, "sweep.max_seconds") != NULL;
  EXPECT_TRUE(late > 0);
  EXPECT_EQ(view_of(&r).count[TRIAL_RUNNING], 0);
  finish(&r);
  ASSERT_EQ(go("a", all, true, 4, &r), THRONG_ERROR_CANCELLED);
  finish(&r);
  ASSERT_OK(go("a", all, true, 0, &r));
  EXPECT_EQ(sweep_trials(r.sweep, &trial), 100);
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
