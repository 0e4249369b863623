/// Runs beside each other: who belongs together, what is said of them, and what is refused.
#include "compare/compare.h"

#include <libxml/parser.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "throng_test.h"

static const char *folder_of(const char *name) {
  static char path[8][256];
  static int at;
  char *to = path[at++ % 8];
  snprintf(to, sizeof path[0], TEST_BINARY_DIR "/compare_%s", name);
  mkdir(to, 0755);
  return to;
}

static void put(const char *folder, const char *name, const char *text) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  ASSERT_TRUE(file != NULL);
  fputs(text, file);
  fclose(file);
}

/// A run of one agent, as throng train leaves it, with what counts here.
static const char *make_run(const char *name, double gamma, int seed, double reward) {
  const char *folder = folder_of(name);
  char text[1000];
  snprintf(
      text, sizeof text,
      "{\"sim\":{\"lanes\":64,\"seed\":1,\"first_lane\":0},\"agent\":{\"count\":1,\"gamma\":%g,"
      "\"seed\":%d},\"train\":{\"steps\":1000,\"seed\":1,\"out\":\"%s\"}}",
      gamma, seed, name);
  put(folder, "config.json", text);
  snprintf(text, sizeof text,
           "{\"policies\":{\"agent\":{\"episodes\":64,\"average_reward\":%g,\"liking\":null}}}",
           reward);
  put(folder, "summary.json", text);
  return folder;
}

static const compare_def usual = {
    .metric = "average_reward", .level = 0.95, .resamples = 2000, .seed = 1};

/// Five seeds of two settings; b's are better by 1.0 to 1.4.
static void read_two(compare_runs *runs) {
  for (int s = 0; s < 5; ++s) {
    char name[40];
    snprintf(name, sizeof name, "a%d", s);
    ASSERT_EQ(compare_read(make_run(name, 0.9, s, 10 + 3 * s), usual.metric, runs), THRONG_OK);
    snprintf(name, sizeof name, "b%d", s);
    ASSERT_EQ(compare_read(make_run(name, 0.5, s, 11 + 3 * s + 0.1 * s), usual.metric, runs),
              THRONG_OK);
  }
}

TEST(compare, seeds_of_one_config_are_one_contender_and_are_paired) {
  compare_runs runs = {0};
  comparison c;
  read_two(&runs);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  ASSERT_EQ(c.n, 2);
  EXPECT_EQ(c.contender[0].n, 5);
  EXPECT_EQ(c.contender[1].n, 5);
  EXPECT_STREQ(c.contender[1].options, "agent.gamma=0.5");
  EXPECT_NEAR(c.contender[0].iqm.point, 16.0, 1e-12);  // of 13, 16, 19
  EXPECT_EQ(c.contender[1].pairs, 5);
  EXPECT_NEAR(c.contender[1].difference.point, 1.2, 1e-12);
  EXPECT_GT(c.contender[1].difference.low, 0.99);
  EXPECT_LT(c.contender[1].difference.high, 1.41);
  EXPECT_NEAR(c.contender[1].p, 2.0 / 32, 1e-12);  // all five of one sign
  EXPECT_NEAR(c.contender[1].improvement.point, 15.0 / 25, 1e-12);
  EXPECT_TRUE(isnan(c.contender[0].improvement.point));
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, lower_is_better_where_asked) {
  compare_runs runs = {0};
  comparison c;
  compare_def def = usual;
  def.minimise = true;
  read_two(&runs);
  ASSERT_EQ(compare_make(&runs, &def, &c), THRONG_OK);
  EXPECT_NEAR(c.contender[1].improvement.point, 10.0 / 25, 1e-12);
  EXPECT_NEAR(c.profile[0].point, 0.0, 1e-12);  // none is below the least
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, the_same_run_twice_counts_once) {
  compare_runs runs = {0};
  comparison c;
  const char *folder = make_run("twice", 0.9, 3, 5);
  ASSERT_EQ(compare_read(folder, usual.metric, &runs), THRONG_OK);
  ASSERT_EQ(compare_read(folder, usual.metric, &runs), THRONG_OK);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  EXPECT_EQ(c.n, 1);
  EXPECT_EQ(c.contender[0].n, 1);
  EXPECT_TRUE(isnan(c.contender[0].iqm.low));
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, agents_of_a_population_are_runs_and_the_diverged_are_counted_apart) {
  compare_runs runs = {0};
  comparison c;
  const char *folder = folder_of("many");
  put(folder, "config.json",
      "{\"sim\":{\"lanes\":128,\"seed\":1,\"first_lane\":0},\"agent\":{\"count\":2,\"gamma\":0.9,"
      "\"seed\":0},\"train\":{\"steps\":2000,\"seed\":1}}");
  put(folder, "summary.json",
      "{\"policies\":{\"agent\":{\"average_reward\":7}},\"agents\":["
      "{\"agent\":0,\"state\":\"learning\",\"metrics\":{\"average_reward\":7}},"
      "{\"agent\":1,\"state\":\"diverged\",\"metrics\":{\"average_reward\":1}}]}");
  ASSERT_EQ(compare_read(folder, usual.metric, &runs), THRONG_OK);
  // One agent alone with its share of lanes and steps is the same setting.
  ASSERT_EQ(compare_read(make_run("alone", 0.9, 9, 8), usual.metric, &runs), THRONG_OK);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  ASSERT_EQ(c.n, 1);
  EXPECT_EQ(c.contender[0].n, 2);
  EXPECT_EQ(c.contender[0].without, 1);
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, table_fits_80_columns_and_json_holds_the_same) {
  compare_runs runs = {0};
  comparison c;
  char *text;
  read_two(&runs);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  ASSERT_EQ(compare_table(&c, 80, false, &text), THRONG_OK);
  for (const char *line = text; *line;) {
    const size_t n = strcspn(line, "\n");
    EXPECT_TRUE(n <= 80 || strstr(line, "compare_"));  // but for paths
    line += n + (line[n] != '\0');
  }
  EXPECT_TRUE(strstr(text, "agent.gamma=0.5") != NULL);
  free(text);
  ASSERT_EQ(compare_json(&c, &text), THRONG_OK);
  EXPECT_TRUE(strstr(text, "\"paired_difference\"") != NULL);
  free(text);
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, trials_that_a_sweep_confirmed_are_contenders_and_pair_with_runs_of_their_seeds) {
  compare_runs runs = {0};
  comparison c;
  const char *folder = folder_of("sweep");
  put(folder, "config.json",
      "{\"sim\":{\"lanes\":64,\"seed\":1,\"first_lane\":0},\"agent\":{\"count\":1,\"gamma\":0.9,"
      "\"seed\":5},\"train\":{\"evaluation\":{\"seed\":7}},\"sweep\":{\"slots\":4}}");
  put(folder, "summary.json",
      "{\"trials\":{\"total\":9},\"confirmation\":{\"first_seed\":1000,\"metric\":"
      "\"average_reward\",\"trials\":["
      "{\"trial\":4,\"options\":{\"agent.gamma\":0.5},\"test_values\":[3,4,null]},"
      "{\"trial\":0,\"options\":{\"agent.gamma\":0.9},\"test_values\":[1,2,3]}]}}");
  ASSERT_EQ(compare_read(folder, usual.metric, &runs), THRONG_OK);
  EXPECT_STREQ(runs.run[1].seed, "agent 1006, users 1 from 64064");
  const char *alone = folder_of("of_its_seed");
  put(alone, "config.json",
      "{\"sim\":{\"lanes\":64,\"seed\":1,\"first_lane\":64128},\"agent\":{\"count\":1,"
      "\"gamma\":0.5,\"seed\":1007},\"train\":{\"evaluation\":{\"seed\":1007}}}");
  put(alone, "summary.json", "{\"policies\":{\"agent\":{\"average_reward\":5}}}");
  ASSERT_EQ(compare_read(alone, usual.metric, &runs), THRONG_OK);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  ASSERT_EQ(c.n, 2);  // the run stands for the seed that failed, of trial 4
  EXPECT_EQ(c.contender[0].n, 2);
  EXPECT_EQ(c.contender[0].without, 1);
  EXPECT_EQ(c.contender[1].pairs, 2);
  EXPECT_NEAR(c.contender[1].difference.point, -2.0, 1e-12);
  EXPECT_EQ(compare_read(folder, "liking", &runs), THRONG_ERROR_DATA);
  compare_free(&c);
  compare_runs_free(&runs);
  put(folder, "summary.json", "{\"trials\":{\"total\":9}}");
  EXPECT_EQ(compare_read(folder, usual.metric, &runs), THRONG_ERROR_DATA);
  compare_runs_free(&runs);
}

TEST(compare, drawing_is_xml_with_a_row_a_contender) {
  compare_runs runs = {0};
  comparison c;
  static char text[1 << 18];
  const char *path = TEST_BINARY_DIR "/compare.svg";
  read_two(&runs);
  ASSERT_EQ(compare_make(&runs, &usual, &c), THRONG_OK);
  ASSERT_EQ(compare_draw(&c, path), THRONG_OK);
  xmlDoc *document = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
  EXPECT_TRUE(document != NULL);
  xmlFreeDoc(document);
  FILE *file = fopen(path, "rb");
  ASSERT_TRUE(file != NULL);
  EXPECT_TRUE(fread(text, 1, sizeof text - 1, file) > 1000);
  fclose(file);
  EXPECT_TRUE(strstr(text, "B: interquartile mean") != NULL);
  EXPECT_EQ(compare_draw(&c, TEST_BINARY_DIR "/no such folder/x.svg"), THRONG_ERROR_IO);
  compare_free(&c);
  compare_runs_free(&runs);
}

TEST(compare, folders_that_hold_no_result_are_refused_with_their_place) {
  compare_runs runs = {0};
  EXPECT_EQ(compare_read(TEST_BINARY_DIR "/no such folder", usual.metric, &runs), THRONG_ERROR_IO);
  EXPECT_TRUE(strstr(throng_error_message(), "no such folder/config.json") != NULL);
  const char *folder = make_run("bad", 0.9, 1, 5);
  EXPECT_EQ(compare_read(folder, "likin", &runs), THRONG_ERROR_DATA);
  EXPECT_TRUE(strstr(throng_error_message(), "average_reward") != NULL);
  put(folder, "summary.json", "{\"policies\":{}}");
  EXPECT_EQ(compare_read(folder, usual.metric, &runs), THRONG_ERROR_DATA);
  put(folder, "summary.json", "{\"policies\":");
  EXPECT_EQ(compare_read(folder, usual.metric, &runs), THRONG_ERROR_DATA);
  comparison c;
  EXPECT_EQ(compare_make(&runs, &usual, &c), THRONG_ERROR_ARGUMENT);
  compare_runs_free(&runs);
}
