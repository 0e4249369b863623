/// A run's report.html: well-formed, self-contained, escaped; what it says is what the run's files
/// and its agent say; and runs that were stopped, diverged or are of other kinds have pages too.
#include "run_report/run_report.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/page.h"
#include "support/commas.h"
#include "support/hostile_world.h"
#include "support/xml_page.h"
#include "throng_test.h"

typedef struct rig {
  throng_backend *backend;
  throng_world *world;
  throng_sim_def sim;
  throng_agent_def agent;
  throng_train_def train;
} rig;

static const char *in(const char *name) {
  static char path[4][PATH_MAX];
  static int turn;
  char *to = path[turn++ % 4];
  snprintf(to, PATH_MAX, "%s/%s", throng_test_folder(), name);
  return to;
}

static rig rig_open(void) {
  rig r = {0};
  throng_backend_def backend = throng_default_backend_def();
  backend.name = "cpu";
  backend.threads = 1;
  hostile_world(in("world.safetensors"));
  EXPECT_OK(throng_backend_open(&backend, &r.backend));
  EXPECT_OK(throng_world_open(in("world.safetensors"), &r.world));
  r.sim = throng_default_sim_def();
  r.sim.lanes = 8;
  r.sim.history = 16;
  r.sim.max_steps = 8;
  r.sim.votes.rule = THRONG_RULE_LOGICAL;
  r.agent = throng_default_agent_def();
  r.agent.hidden[0] = r.agent.hidden[1] = r.agent.width = 8;
  r.agent.user_width = 0;
  r.agent.batch = 16;
  r.agent.buffer = 512;
  r.agent.learning_starts = 64;
  r.train = throng_default_train_def();
  r.train.steps = 960;
  r.train.evaluate_every = 320;
  r.train.checkpoint_every = 320;
  r.train.evaluation.episodes = 24;
  return r;
}

static void rig_close(rig *r) {
  throng_world_close(r->world);
  throng_backend_close(r->backend);
}

static throng_status train(rig *r, const char *folder) {
  r->train.out = in(folder);
  return throng_train(r->backend, r->world, NULL, &r->sim, &r->agent, &r->train, NULL, NULL);
}

/// The page of a run, parsed. NULL, and a failed test, where there is none.
static xmlDoc *page_of(const char *folder) {
  char wrote[PATH_MAX];
  const char *run = in(folder);
  const run_report_def def = {.n_run = 1, .run = &run};
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  char expected[PATH_MAX];
  snprintf(expected, sizeof expected, "%s/report.html", run);
  EXPECT_STREQ(wrote, expected);
  return read_page(wrote);
}

static cJSON *summary_of(const char *folder) {
  char path[PATH_MAX], *text = calloc(1, 1 << 16);
  snprintf(path, sizeof path, "%s/summary.json", in(folder));
  FILE *file = fopen(path, "r");
  if (!file || fread(text, 1, (1 << 16) - 1, file) == 0)
    throng_test_fail(__FILE__, __LINE__, "%s: cannot be read", path);
  if (file) fclose(file);
  cJSON *json = cJSON_Parse(text);
  free(text);
  return json;
}

static double member(const cJSON *json, const char *a, const char *b, const char *c) {
  const cJSON *at = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, a), b);
  return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(at, c));
}

static const char *const sections[] = {"curves",   "policies", "fidelity", "exposure",
                                       "keywords", "users",    "config",   "repeat"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/// What holds for every page, whatever ran.
static void check_page(xmlDoc *doc) {
  char path[160];
  for (int k = 0; k < SECTIONS; ++k) {
    snprintf(path, sizeof path, "//h:section[@id='%s']/h:h2", sections[k]);
    EXPECT_EQ(count(doc, path), 1);
    snprintf(path, sizeof path, "//h:nav//h:a[@href='#%s']", sections[k]);
    EXPECT_EQ(count(doc, path), 1);
  }
  const char *never[] = {"//h:script",
                         "//h:img",
                         "//h:link",
                         "//h:iframe",
                         "//h:object",
                         "//@src",
                         "//h:b/h:b",
                         "//h:u",
                         "//h:i",
                         "//@*[starts-with(name(), 'on')]",
                         "//@href[not(starts-with(., '#'))]",
                         "//h:h1/*"};
  for (size_t k = 0; k < sizeof never / sizeof *never; ++k) EXPECT_EQ(count(doc, never[k]), 0);
  EXPECT_EQ(count(doc, "//h:style[contains(., 'url(') or contains(., '@import')]"), 0);
  EXPECT_EQ(count(doc, "//@d[contains(., 'nan') or contains(., 'inf')]"), 0);
  EXPECT_EQ(count(doc, "//@*[. = 'nan' or . = '-nan' or . = 'inf' or . = '-inf']"), 0);
  EXPECT_EQ(count(doc, "//h:svg[not(h:title) or not(h:desc)]"), 0);
}

// ---- names --------------------------------------------------------------------------------------
TEST(run_report, hostile_names_stay_text_and_turn_nothing_around_them) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  check_page(doc);
  // All 24 items are shown to somebody: titles stand in the list of the most shown, or in sessions.
  EXPECT_GE(count(doc, "//h:bdi[. = '<script>alert(1)</script>']"), 1);
  EXPECT_EQ(count(doc, "//h:td[h:bdi and text()[contains(., 'script')]]"), 0);
  EXPECT_GE(count(doc, "//h:section[@id='users']/h:h3[contains(., \"'<user>'\")]"), 1);
  EXPECT_GE(count(doc, "//*[local-name()='text'][. = '<i>kind</i>']"), 1);
  EXPECT_GE(count(doc, "//*[local-name()='text'][. = '<b>bold</b>']"), 1);
  // Titles without anything to see are shown by their id, and a book is cut.
  EXPECT_EQ(count(doc, "//h:bdi[normalize-space(.) = '']"), 0);
  EXPECT_EQ(count(doc, "//h:bdi[string-length(.) > 121]"), 0);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report, a_title_without_anything_to_see_is_shown_by_its_id) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  static const char *const unseen[] = {"",
                                       "  ",
                                       "\xe2\x80\x8b\xc2\xa0",
                                       "\xe3\x80\x80\xef\xbb\xbf",
                                       "\xe2\x80\xae",
                                       "\xe2\x81\xa6\t"};
  static const char *const seen[] = {"a", "\xe2\x80\xb0", "\xc2\xa1", "\xe3\x80\x81", " x"};
  for (int k = 0; k < 6; ++k) page_name(out, unseen[k], "id", 9);
  for (int k = 0; k < 5; ++k) page_name(out, seen[k], "other", 9);
  page_name(out, "\xc3\xa9\xc3\xa9\xc3\xa9<", "id", 2);
  fclose(out);
  int ids = 0;
  for (const char *at = text; (at = strstr(at, "<bdi>id</bdi>")); ++at) ++ids;
  EXPECT_EQ(ids, 6);
  EXPECT_TRUE(strstr(text, "other") == NULL);
  EXPECT_CONTAINS(text, "<bdi>\xc3\xa9\xc3\xa9\xe2\x80\xa6</bdi>");
  free(text);
}

// ---- numbers ------------------------------------------------------------------------------------
TEST(run_report, tables_say_what_the_summary_says) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  cJSON *summary = summary_of("run");
  ASSERT_TRUE(doc && summary);
  static const char *const title[] = {"DQN", "random", "popular", "most similar", "myopic"};
  static const char *const name[] = {"agent", "random", "popular", "most_similar", "myopic"};
  char path[200];
  for (int k = 0; k < 5; ++k) {
    snprintf(path, sizeof path, "//h:section[@id='policies']//h:table[1]//h:tr[h:th='%s']/h:td[1]",
             title[k]);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                member(summary, "policies", name[k], "average_reward"), 0.0051);
    snprintf(path, sizeof path,
             "(//h:section[@id='policies']//h:table)[1]//h:tr[h:th='%s']/h:td[5]", title[k]);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL), member(summary, "policies", name[k], "gini"),
                0.00051);
  }
  const cJSON *pair = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(summary, "policies"),
                                       "agent"),
      "against_random");
  char expected[64];
  snprintf(expected, sizeof expected, "%+.2f [%+.2f, %+.2f]",
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "mean")),
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "low")),
           cJSON_GetNumberValue(cJSON_GetObjectItem(pair, "high")));
  EXPECT_STREQ(text_at(doc, "(//h:section[@id='policies']//h:table)[2]//h:tr[h:th='DQN']/h:td[1]"),
               expected);
  cJSON_Delete(summary);
  xmlFreeDoc(doc);
  rig_close(&r);
}

/// The page's agent met the evaluation's users: what it showed is what the run has measured.
TEST(run_report, the_opened_agent_shows_what_the_run_has_measured) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  cJSON *summary = summary_of("run");
  ASSERT_TRUE(doc && summary);
  static const char *const title[] = {"DQN", "random", "popular"};
  static const char *const name[] = {"agent", "random", "popular"};
  char path[200];
  for (int k = 0; k < 3; ++k) {
    const char *row = "(//h:section[@id='exposure']//h:table)[1]//h:tr[h:th='%s']/h:td[%d]";
    snprintf(path, sizeof path, row, title[k], 1);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                24 * member(summary, "policies", name[k], "session_length"), 1e-6);
    snprintf(path, sizeof path, row, title[k], 3);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL),
                100 * member(summary, "policies", name[k], "coverage"), 0.051);
    snprintf(path, sizeof path, row, title[k], 4);
    EXPECT_NEAR(strtod(text_at(doc, path), NULL), member(summary, "policies", name[k], "gini"),
                0.00051);
  }
  // Bars by popularity are shares of all that was shown.
  xmlXPathObject *bars =
      find(doc, "//h:svg[@aria-labelledby='popularity-t popularity-d']/h:rect[h:title]");
  ASSERT_TRUE(bars && bars->nodesetval);
  EXPECT_EQ(bars->nodesetval->nodeNr, 10);
  double sum = 0;
  for (int k = 0; k < bars->nodesetval->nodeNr; ++k) {
    xmlChar *hint = xmlNodeGetContent(bars->nodesetval->nodeTab[k]);
    sum += strtod(strrchr((char *)hint, ':') + 1, NULL);
    xmlFree(hint);
  }
  EXPECT_NEAR(sum, 100, 0.6);
  xmlXPathFreeObject(bars);
  cJSON_Delete(summary);
  xmlFreeDoc(doc);
  rig_close(&r);
}

static double attribute(xmlNode *node, const char *name) {
  xmlChar *value = xmlGetProp(node, BAD_CAST name);
  const double x = value ? strtod((char *)value, NULL) : (double)NAN;
  xmlFree(value);
  return x;
}

/// Two of the curve's points and a yardstick's line tell the axis; all others must lie on it.
TEST(run_report, points_of_the_curve_lie_where_the_rows_say) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  xmlXPathObject *found =
      find(doc, "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:circle[h:title]");
  ASSERT_TRUE(found && found->nodesetval);
  const int n = found->nodesetval->nodeNr;
  EXPECT_EQ(n, 4);  // untrained, and every 320 of 960
  double x[4], y[4], steps[4], value[4];
  for (int k = 0; k < n && k < 4; ++k) {
    xmlNode *point = found->nodesetval->nodeTab[k];
    xmlChar *hint = xmlNodeGetContent(point);
    EXPECT_EQ(sscanf((char *)hint, "DQN, %lf user-steps: %lf", &steps[k], &value[k]), 2);
    xmlFree(hint);
    x[k] = attribute(point, "cx");
    y[k] = attribute(point, "cy");
  }
  for (int k = 2; k < 4; ++k)
    EXPECT_NEAR((x[k] - x[0]) / (steps[k] - steps[0]), (x[1] - x[0]) / (steps[1] - steps[0]), 1e-3);
  for (int k = 1; k < 4; ++k) EXPECT_EQ(value[k] > value[0], y[k] < y[0]);
  EXPECT_EQ(steps[0], 960);
  EXPECT_EQ(steps[3], 0);
  EXPECT_EQ(count(doc,
                  "//h:svg[@aria-labelledby='curve-reward-t curve-reward-d']/h:path[contains("
                  "@class, 'dash')]"),
            4);
  xmlXPathFreeObject(found);
  xmlFreeDoc(doc);
  rig_close(&r);
}

TEST(run_report, what_differs_from_the_usual_is_listed_and_nothing_else) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  xmlDoc *doc = page_of("run");
  ASSERT_TRUE(doc != NULL);
  const char *row = "//h:section[@id='config']//h:tr[h:th='%s']/h:td[%d]";
  static const char *const expected[][3] = {{"sim.lanes", "8", "4096"},
                                            {"votes.rule", "\"logical\"", "\"majority\""},
                                            {"agent.hidden", "[8,8]", "[64,64]"},
                                            {"train.evaluation.episodes", "24", "512"}};
  char path[200];
  for (int k = 0; k < 4; ++k)
    for (int j = 1; j < 3; ++j) {
      snprintf(path, sizeof path, row, expected[k][0], j);
      EXPECT_STREQ(text_at(doc, path), expected[k][j]);
    }
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[h:th='agent.gamma']"), 0);
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[h:td[1] = h:td[2]]"), 0);
  EXPECT_EQ(count(doc, "//h:section[@id='config']//h:tr[starts-with(h:th, 'llm')]"), 0);
  EXPECT_CONTAINS(text_at(doc, "//h:section[@id='config']/h:pre"), "world.safetensors");
  xmlFreeDoc(doc);
  rig_close(&r);
}

// ---- runs that went another way -----------------------------------------------------------------
static bool stop_later(void *context, const char *stage, int64_t done, int64_t total,
                       const char *unit) {
  (void)total, (void)unit;
  (void)context;
  return strcmp(stage, "train") != 0 || done < 640;
}

TEST(run_report, a_run_that_was_stopped_says_so_and_a_resumed_one_has_all_of_its_curve) {
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

static void write_text(const char *name, const char *text) {
  FILE *file = fopen(in(name), "w");
  ASSERT_TRUE(file != NULL);
  fputs(text, file);
  fclose(file);
}

TEST(run_report, numbers_that_are_none_and_a_row_that_was_cut_off_are_told) {
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

TEST(run_report, agents_that_diverged_are_counted_and_marked) {
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

TEST(run_report, slates_users_who_change_and_policies_have_pages_too) {
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

/// Agents that are gone leave what the files say.
TEST(run_report, without_a_world_or_an_agent_the_page_says_why_and_has_the_rest) {
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

TEST(run_report, several_runs_are_paired_and_only_what_differs_is_listed) {
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

TEST(run_report, what_is_no_run_is_an_error_that_names_it) {
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
  mkdir(in("empty"), 0777);
  write_text("empty/config.json", "{}");
  write_text("empty/metrics.jsonl", "");
  const char *empty = in("empty");
  def = (run_report_def){.n_run = 1, .run = &empty};
  EXPECT_EQ(run_report_write(&def, NULL, wrote), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "nothing was measured yet");
  EXPECT_TRUE(access(in("empty/report.html"), F_OK) != 0);
}

TEST(run_report, a_locale_with_decimal_commas_changes_no_number) {
  rig r = rig_open();
  EXPECT_OK(train(&r, "run"));
  const bool commas = use_commas();
  if (commas) {
    EXPECT_TRUE(commas_now());
    xmlDoc *doc = page_of("run");
    setlocale(LC_ALL, "C");
    ASSERT_TRUE(doc != NULL);
    EXPECT_EQ(count(doc, "//@d[contains(., ',')] | //@cx[contains(., ',')]"), 0);
    EXPECT_GE(count(doc, "//h:section[@id='config']//h:td[. = '0.025' or contains(., '.')]"), 1);
    xmlFreeDoc(doc);
  }
  rig_close(&r);
  if (!commas) SKIP("localedef or its sources are missing (Debian: locales)");
}

/// For tests/checks/browser.sh and sound_html.py, which look at them.
TEST(run_report, pages_are_left_for_a_browser) {
  rig r = rig_open();
  char wrote[PATH_MAX], first[PATH_MAX];
  EXPECT_OK(train(&r, "a"));
  snprintf(first, sizeof first, "%s", in("a"));
  r.agent.gamma = 0.5f;
  EXPECT_OK(train(&r, "b"));
  const char *run[] = {first, in("b")};
  run_report_def def = {.n_run = 1, .run = run, .path = TEST_BINARY_DIR "/run_report.html"};
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  def.n_run = 2;
  def.path = TEST_BINARY_DIR "/runs_report.html";
  EXPECT_OK(run_report_write(&def, NULL, wrote));
  rig_close(&r);
}
