/// Runs that were stopped, resumed or diverged, of slates, policies and users who change, without a
/// world: they have pages too; and several runs on one page.
#include <sys/stat.h>
#include <unistd.h>

#include "support/run_report_rig.h"

// ---- runs that went another way -----------------------------------------------------------------
static bool stop_later(void *context, const char *stage, int64_t done, int64_t total,
                       const char *unit) {
  (void)total, (void)unit;
  (void)context;
  return strcmp(stage, "train") != 0 || done < 640;
}

TEST(run_report_kinds, a_run_that_was_stopped_says_so_and_a_resumed_one_has_all_of_its_curve) {
  rig r = rig_open();
  const throng_progress progress = {stop_later, NULL, NULL};
  r.train.out = in("run");
  EXPECT_EQ(throng_train(r.backend, r.world, NULL, &r.sim, &r.agent, &r.train, &progress, NULL),
            THRONG_ERROR_CANCELLED);
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  EXPECT_CONTAINS(text_at(doc, "//h:ul[@class='worth']"), "not finished: 640 of 960 user-steps");
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='repeat']/h:pre"), "--resume");
  // The yardsticks stand in rows alone: their table is there all the same.
  EXPECT_NE(text_at(doc, "(//h:section[@id='policies']//h:table)[2]//h:tr[h:th='DQN']/h:td[1]")[0],
            '-');
  xmlFreeDoc(doc);
  r.train.resume = true;
  EXPECT_OK(train(&r, "run"));
  doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  EXPECT_EQ(count(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle"), 4);
  EXPECT_EQ(count(doc, "//h:ul[@class='worth']/h:li[contains(., 'not finished')]"), 0);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report_kinds, numbers_that_are_none_and_a_row_that_was_cut_off_are_told) {
  mkdir(in("run"), 0777);
  write_text("run/config.json", "{\"train\": {\"steps\": 4000}, \"agent\": {\"count\": 3}}");
  write_text("run/metrics.jsonl",
             "{\"step\":0,\"seconds\":0,\"evaluation/random/average_reward\":null}\n"
             "{\"step\":0,\"seconds\":0,\"evaluation/agent/average_reward\":null,"
             "\"evaluation/agent/average_reward_sem\":null,\"train/loss\":null}\n"
             "{\"step\":100,\"seconds\":1,\"evaluation/agent/average_reward\":2.5,"
             "\"evaluation/agent/average_reward_sem\":null,\"train/loss\":1e300}\n"
             "{\"step\":200,\"seconds\":2,\"evaluation/agent/average_rew");
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  EXPECT_CONTAINS(text_at(doc, "//h:ul[@class='worth']"), "up to line 3 alone");
  EXPECT_CONTAINS(text_at(doc, "//h:ul[@class='worth']"), "one evaluation at most");
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='fidelity']"), "Not measured: ");
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='fidelity']"), "no checkpoint yet");
  xmlFreeDoc(doc);
}

/// Whatever JSON somebody has put there.
TEST(run_report_kinds, files_of_another_shape_are_no_crash) {
  static const char *const summary[] = {
      "{\"policies\": [1, {\"average_reward\": 2}], \"agents\": {\"a\": 1}, \"user_steps\": 100}",
      "{\"policies\": {\"agent\": 3, \"random\": [], \"<b>\": {\"average_reward\": 1e308}}, "
      "\"agents\": [null, 1, {\"agent\": 1e300, \"metrics\": {\"average_reward\": 1}}], "
      "\"user_steps\": 1e300, \"arithmetic\": 3, \"version\": {}}",
      "{}"};
  mkdir(in("run"), 0777);
  write_text("run/config.json", "{\"train\": 3, \"agent\": [], \"sim\": {\"lanes\": {\"a\": 1}}}");
  write_text("run/metrics.jsonl",
             "{\"step\":100,\"seconds\":-1,\"evaluation/agent/average_reward\":1,"
             "\"evaluation/agent/against_random\":\"x\",\"evaluation/\":1,\"evaluation/a\":2,"
             "\"/agent_\":1,\"evaluation/agent_3\":1}\n");
  for (int k = 0; k < 3; ++k) {
    write_text("run/summary.json", summary[k]);
    xmlDoc *doc = page_of("run");
    ASSERT_TRUE(doc != NULL);
    check_page(doc);
    xmlFreeDoc(doc);
  }
}

TEST(run_report_kinds, agents_that_diverged_are_counted_and_marked) {
  rig r = rig_open();
  r.agent.count = 3;
  r.sim.lanes = 24;
  EXPECT_OK(train(&r, "run"));
  cJSON *summary = summary_of("run");
  cJSON *agent = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(summary, "agents"), 1);
  ASSERT_TRUE(agent != NULL);
  cJSON_ReplaceItemInObjectCaseSensitive(agent, "state", cJSON_CreateString("diverged"));
  cJSON *metrics = cJSON_GetObjectItemCaseSensitive(agent, "metrics");
  cJSON_ReplaceItemInObjectCaseSensitive(metrics, "average_reward", cJSON_CreateNull());
  char *text = cJSON_Print(summary);
  write_text("run/summary.json", text);
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  EXPECT_CONTAINS(text_at(doc, "//h:ul[@class='worth']"), "1 of 3 agents diverged");
  EXPECT_EQ(count(doc, "//h:td[@class='bad'][. = 'diverged']"), 1);
  EXPECT_EQ(count(doc,
                  "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:path[@class='"
                  "line c5 thin']"),
            3);
  xmlFreeDoc(doc);
  cJSON_free(text);
  cJSON_Delete(summary);
  rig_close(&r);
}

TEST(run_report_kinds, slates_users_who_change_and_policies_have_pages_too) {
  rig r = rig_open();
  r.sim.slate_size = 3;
  r.sim.users.temper = 4;
  r.agent = throng_algorithm_agent_def(THRONG_ALGORITHM_PPO);
  r.agent.hidden[0] = r.agent.hidden[1] = r.agent.width = 8;
  r.agent.user_width = 0;
  r.agent.n_steps = 8;
  r.agent.batch = 16;
  r.agent.n_epochs = 2;
  r.train.evaluate_every = r.train.steps;
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  EXPECT_CONTAINS(text_at(doc, "//h:body/h:p[1]"), "PPO on 40 users and 24 items; finished");
  EXPECT_GE(count(doc, "//h:svg[@aria-labelledby='curve-entropy-t curve-entropy-d']"), 1);
  EXPECT_EQ(count(doc, "//h:svg[@aria-labelledby='curve-epsilon-t curve-epsilon-d']"), 0);
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='users']"), "Of slates of 3 items");
  xmlFreeDoc(doc);
  rig_close(&r);
}

static char noted[2048];
static void keep_note(void *context, const char *text) {
  (void)context;
  strncat(noted, text, sizeof noted - strlen(noted) - 1);
  strncat(noted, "\n", sizeof noted - strlen(noted) - 1);
}

TEST(run_report_kinds, damaged_rows_are_left_out_with_their_place_and_those_behind_them_are_drawn) {
  static const char two_in_one[] =
      "{\"step\":100,\"evaluation/agent/average_reward\":2.5}"
      "{\"step\":150,\"evaluation/agent/average_reward\":2}\n";
  static const char *const damage[] = {
      "{\"step\":100,\"evalu\n", "[1, 2]\n",          "\n", two_in_one,
      "{\"step\":\"100\"}\n",    "{\"step\":1e999}\n"};
  mkdir(in("run"), 0777);
  write_text("run/config.json", "{\"train\": {\"steps\": 4000}}");
  for (size_t k = 0; k <= sizeof damage / sizeof *damage; ++k) {
    char text[2048], wrote[PATH_MAX];
    const bool all = k == sizeof damage / sizeof *damage;
    int n = snprintf(text, sizeof text, "{\"step\":0,\"evaluation/agent/average_reward\":1}\n");
    for (size_t d = 0; d < sizeof damage / sizeof *damage; ++d)
      if (all || d == k) n += snprintf(text + n, sizeof text - (size_t)n, "%s", damage[d]);
    snprintf(text + n, sizeof text - (size_t)n,
             "{\"step\":200,\"evaluation/agent/average_reward\":3}\n"
             "{\"step\":300,\"evaluation/agent/average_reward\":4}\n");
    write_text("run/metrics.jsonl", text);
    noted[0] = '\0';
    const char *run = in("run");
    const throng_progress progress = {.note = keep_note};
    const run_report_def def = {.n_run = 1, .run = &run, .files_only = true};
    EXPECT_OK(run_report_write(&def, &progress, wrote));
    EXPECT_CONTAINS(noted, "run/metrics.jsonl:2:");
    EXPECT_CONTAINS(noted, all ? "6 lines that are no rows were left out" : "was left out");
    xmlDoc *doc = read_page(wrote);
    ASSERT_TRUE(doc != NULL);
    check_page(doc);
    EXPECT_CONTAINS(text_at(doc, "//h:ul[@class='worth']"),
                    all ? "6 lines of metrics.jsonl, the first of them line 2, are damaged"
                        : "Line 2 of metrics.jsonl is damaged");
    EXPECT_EQ(count(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle"), 3);
    xmlFreeDoc(doc);
  }
}

/// Agents that are gone leave what the files say.
TEST(run_report_kinds, without_a_world_or_an_agent_the_page_says_why_and_has_the_rest) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  EXPECT_EQ(unlink(in("world.safetensors")), 0);
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='exposure']"), "world.safetensors");
  EXPECT_EQ(count(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle"), 4);
  xmlFreeDoc(doc);
  rig_close(&r);
}

// ---- several ------------------------------------------------------------------------------------
static xmlDoc *joined(int n, const char *const *run) {
  char wrote[PATH_MAX], path[PATH_MAX];
  snprintf(path, sizeof path, "%s", in("both.html"));
  const run_report_def def = {.n_run = n, .run = run, .path = path};
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  return read_page(wrote);
}

TEST(run_report_kinds, several_runs_are_paired_and_only_what_differs_is_listed) {
  rig r = rig_open();
  char a[PATH_MAX], b[PATH_MAX], c[PATH_MAX];
  EXPECT_OK(train(&r, "a"));
  r.agent.gamma = 0.25f;
  EXPECT_OK(train(&r, "b"));
  r.train.evaluation.seed = 7;
  EXPECT_OK(train(&r, "c"));
  snprintf(a, sizeof a, "%s", in("a"));
  snprintf(b, sizeof b, "%s", in("b"));
  snprintf(c, sizeof c, "%s", in("c"));
  xmlDoc *doc = joined(4, (const char *const[]){a, b, a, c});
  ASSERT_TRUE(doc != NULL);
  const char *row = "//h:section[@id='sessions']//h:tr[%d]/h:td[%d]";
  char path[120];
  snprintf(path, sizeof path, row, 3, 2);
  EXPECT_STREQ(text_at(doc, path), "+0.00 [+0.00, +0.00]");  // the same run
  snprintf(path, sizeof path, row, 2, 3);
  EXPECT_STREQ(text_at(doc, path), "24");
  snprintf(path, sizeof path, row, 4, 2);
  EXPECT_CONTAINS(text_at(doc, path), "not paired: train.evaluation.seed");
  cJSON *first = summary_of("a"), *second = summary_of("b");
  snprintf(path, sizeof path, row, 2, 2);
  EXPECT_NEAR(strtod(text_at(doc, path), NULL),
              member(second, "policies", "agent", "average_reward") -
                  member(first, "policies", "agent", "average_reward"),
              0.0051);
  // gamma, the seed of the evaluation, and where each was written.
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tbody/h:tr"), 3);
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[h:th='agent.gamma']/h:td[. = '0.25']"), 2);
  EXPECT_EQ(count(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle"), 16);
  cJSON_Delete(first);
  cJSON_Delete(second);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report_kinds, what_is_no_run_is_an_error_that_names_it) {
  char wrote[PATH_MAX];
  const char *nowhere = "/nowhere/run";
  run_report_def def = {.n_run = 1, .run = &nowhere};
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/run/config.json");
  def.n_run = 0;
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_ARGUMENT);
  const char *two[] = {"a", "b"};
  def = (run_report_def){.n_run = 2, .run = two};
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_ARGUMENT);
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  static const char *const overrides[] = {"nosuch.key=1", NULL};
  const char *run = in("run");
  def = (run_report_def){.n_run = 1, .run = &run, .overrides = overrides};
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "nosuch.key");
  rig_close(&r);
  mkdir(in("empty"), 0777);
  write_text("empty/config.json", "{}");
  write_text("empty/metrics.jsonl", "");
  const char *empty = in("empty");
  def = (run_report_def){.n_run = 1, .run = &empty};
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "nothing was measured yet");
  write_text("empty/metrics.jsonl", "{\"step\":");  // is being written
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "nothing was measured yet");
  write_text("empty/metrics.jsonl", "[1]\n{\"steps\": 1}\n");
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "empty/metrics.jsonl:1: no row of metrics, expected");
  write_text("empty/metrics.jsonl",
             "{\"step\": 1, \"evaluation/agent/average_reward\": 1e308}\n"
             "{\"step\": 2, \"evaluation/agent/average_reward\": -1e308}\n");
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  xmlDoc *page = read_page(wrote);
  ASSERT_TRUE(page != NULL);
  check_page(page);
  EXPECT_EQ(count(page, "//h:svg//@*[contains(., 'nan') or contains(., 'inf')]"), 0);
  xmlFreeDoc(page);
  unlink(in("empty/report.html"));
  EXPECT_TRUE(access(in("empty/report.html"), F_OK) != 0);
}
