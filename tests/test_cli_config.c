/// throng config: what it prints is taken again, and its list of keys is whole.
#include "agent/agent_fields.h"
#include "cli_driver.h"

TEST(cli_config, it_prints_what_throng_takes_again_and_the_keys_with_their_ranges) {
  ASSERT_EQ(throng("config --set sim.lanes=64 --set dataset.file=x --set dataset.format=csv"), 0);
  write_file("again.json", last.out);
  char *first = strdup(last.out);
  ASSERT_EQ(throng("config again.json"), 0);
  EXPECT_STREQ(last.out, first);
  EXPECT_STREQ(last.err, "");
  free(first);
  cJSON *document = cJSON_Parse(last.out);
  EXPECT_EQ(number_at(document, "sim", "lanes"), 64);
  EXPECT_TRUE(cJSON_GetObjectItem(document, "synth") == NULL);
  cJSON_Delete(document);
  ASSERT_EQ(throng("config --keys"), 0);
  EXPECT_CONTAINS(last.out, "\nsim.lanes = ");
  EXPECT_CONTAINS(last.out, "an integer in 1..16777216");
  EXPECT_CONTAINS(last.out, "\n    user sessions that advance together\n");
  EXPECT_CONTAINS(last.out, "\nvotes.rule = \"majority\"; majority, f_mat, f_sim");
  EXPECT_CONTAINS(last.out, "dataset.state = null; a string (yelp)");
  ASSERT_EQ(throng("config again.json --keys --json"), 0);
  document = cJSON_Parse(last.out);
  const cJSON *key, *lanes = NULL;
  int keys = 0, per_agent = 0, up_to = 0, sweepable = 0;
  cJSON_ArrayForEach(key, cJSON_GetObjectItem(document, "keys")) {
    ++keys;
    per_agent += cJSON_IsTrue(cJSON_GetObjectItem(key, "per_agent"));
    up_to += cJSON_IsTrue(cJSON_GetObjectItem(key, "up_to_population"));
    sweepable += cJSON_IsTrue(cJSON_GetObjectItem(key, "sweepable"));
    EXPECT_TRUE(cJSON_GetStringValue(cJSON_GetObjectItem(key, "type")) != NULL);
    EXPECT_TRUE(cJSON_GetStringValue(cJSON_GetObjectItem(key, "help")) != NULL);
    EXPECT_TRUE(cJSON_HasObjectItem(key, "default"));
    if (!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(key, "key")), "sim.lanes")) lanes = key;
  }
  EXPECT_GT(keys, 100);
  int rows = 0;
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) ++rows;
  EXPECT_TRUE(rows > 0 && per_agent == rows);
  EXPECT_EQ(up_to, 5);  // batch, updates, buffer, n_step, n_steps
  EXPECT_TRUE(sweepable > per_agent && sweepable < keys / 2);
  EXPECT_EQ(number_at(lanes, "minimum", NULL), 1);
  EXPECT_EQ(number_at(lanes, "maximum", NULL), 16777216);
  EXPECT_EQ(number_at(lanes, "here", NULL), 64);
  cJSON_Delete(document);
  EXPECT_EQ(throng("config --set sim.lane=3"), 1);
  EXPECT_CONTAINS(last.err, "did you mean sim.lanes?");
}

TEST(cli_config, it_checks_a_sweeps_space_and_objectives) {
  write_file("sweep.json",
             "{\"sweep\": {\"space\": {\"agent.gamma\": {\"min\": 0.9, \"max\": 1}}}}");
  EXPECT_EQ(throng("config sweep.json"), 0);
  EXPECT_EQ(throng("config sweep.json --set 'sweep.space.agent.gama={\"value\": 1}'"), 1);
  EXPECT_CONTAINS(last.err, "agent.gama: no such option; did you mean agent.gamma?");
  EXPECT_EQ(throng("config sweep.json --set sweep.objective={}"), 1);
  EXPECT_CONTAINS(last.err, "--set sweep.objective: expected the name of a metric");
}

/// Beside the shipped config of each format: small files of that format.
TEST(cli_config, every_formats_config_makes_a_world_of_small_files_and_may_not_show_an_item_twice) {
#define CONFIGS TEST_SOURCE_DIR "/../configs/"
#define DATA TEST_SOURCE_DIR "/data/"
  static const char *const lines[] = {
      CONFIGS "amazon_digital_music.json --set dataset.reviews=" DATA
              "amazon_2018/Soap_5.json.gz --set dataset.metadata=" DATA
              "amazon_2018/meta_Soap.json.gz",
      CONFIGS "paper-yelp.json --set dataset.reviews=" DATA
              "yelp/yelp_academic_dataset_review.json --set dataset.businesses=" DATA
              "yelp/yelp_academic_dataset_business.json --set dataset.state=null",
      CONFIGS "anime.json --set dataset.ratings=" DATA "anime/rating.csv --set dataset.items=" DATA
              "anime/anime.csv",
      CONFIGS "movielens.json --set dataset.ratings=" DATA
              "movielens_latest/ratings.csv --set dataset.items=" DATA
              "movielens_latest/movies.csv",
      CONFIGS "recbole.json --set dataset.interactions=" DATA
              "recbole/tiny.inter --set dataset.items=" DATA "recbole/tiny.item",
      CONFIGS "csv.json --set dataset.file=" DATA
              "csv/visits.csv --set dataset.k_core=0 --set 'dataset.columns={\"user\": \"who\", "
              "\"item\": \"what\", "
              "\"rating\": \"stars\", \"time\": \"when\", \"text\": \"remark\"}'",
  };
  unsetenv("THRONG_DATA");
  for (size_t k = 0; k < sizeof lines / sizeof *lines; ++k) {
    char command[2048];
    snprintf(command, sizeof command, "prepare %s -o %zu.safetensors --set keywords.min_items=1",
             lines[k], k);
    if (throng(command) != 0 && !strstr(last.err, "nothing is left to learn from"))
      throng_test_fail(__FILE__, __LINE__, "%s: %s", command, last.err);
    snprintf(command, sizeof command, "config %s", lines[k]);
    EXPECT_EQ(throng(command), 0);
    cJSON *document = cJSON_Parse(last.out);
    const cJSON *sim = cJSON_GetObjectItemCaseSensitive(document, "sim");
    if (!strstr(lines[k], "paper-"))
      EXPECT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(sim, "mask_seen")));
    cJSON_Delete(document);
  }
}

TEST(cli_config, it_leaves_a_variable_that_is_not_set_and_says_so) {
  write_file("c.json",
             "{\"dataset\": {\"reviews\": \"${THRONG_TEST_NONE}/r\", \"metadata\": \"~/m\"}}");
  unsetenv("THRONG_TEST_NONE");
  setenv("HOME", "/home/someone", 1);
  ASSERT_EQ(throng("config c.json"), 0);
  EXPECT_CONTAINS(last.out, "\"${THRONG_TEST_NONE}/r\"");
  EXPECT_CONTAINS(last.out, "\"/home/someone/m\"");
  EXPECT_CONTAINS(last.err, "THRONG_TEST_NONE is not set");
  setenv("THRONG_TEST_NONE", "/there", 1);
  ASSERT_EQ(throng("config c.json"), 0);
  EXPECT_CONTAINS(last.out, "\"/there/r\"");
  EXPECT_STREQ(last.err, "");
  unsetenv("THRONG_TEST_NONE");
}
