/// Configurations for callers outside (throng/config.h): Defs by name, and a whole run.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "throng/throng.h"
#include "throng_test.h"

TEST(config_public, options_by_name_reach_every_def) {
  throng_config *config;
  const char *const overrides[] = {"agent.gamma=0.5", NULL};
  ASSERT_OK(
      throng_config_read("{\"sim\": {\"lanes\": 64}, \"votes\": {\"rule\": \"f_mat\"}, "
                         "\"sta\": {\"width\": 8}, \"synth\": {\"items\": 77}, "
                         "\"backend\": {\"name\": \"cpu\"}, "
                         "\"train\": {\"steps\": 5, \"evaluation\": {\"episodes\": 3}}}",
                         "here", overrides, &config));
  EXPECT_EQ(throng_config_get_sim_def(config).lanes, 64);
  EXPECT_EQ(throng_config_get_sim_def(config).votes.rule, THRONG_RULE_F_MAT);
  EXPECT_EQ(throng_config_get_sta_def(config).width, 8);
  EXPECT_EQ(throng_config_get_synth_def(config).n_item, 77);
  EXPECT_NEAR(throng_config_get_agent_def(config).gamma, 0.5, 1e-7);
  EXPECT_EQ(throng_config_get_train_def(config).steps, 5);
  EXPECT_EQ(throng_config_get_train_def(config).evaluation.episodes, 3);
  EXPECT_STREQ(throng_config_get_backend_def(config).name, "cpu");
  throng_config_close(config);
}

TEST(config_public, what_is_printed_reads_back_the_same) {
  throng_config *config, *again;
  const char *text, *second;
  ASSERT_OK(throng_config_read("{\"sim\": {\"lanes\": 64}}", "here", NULL, &config));
  ASSERT_OK(throng_config_get_json(config, &text));
  ASSERT_OK(throng_config_read(text, "printed", NULL, &again));
  ASSERT_OK(throng_config_get_json(again, &second));
  EXPECT_STREQ(text, second);
  ASSERT_OK(throng_config_get_schema(config, &text));
  EXPECT_TRUE(strstr(text, "\"lanes\"") != NULL);
  throng_config_close(again);
  throng_config_close(config);
}

TEST(config_public, a_wrong_key_is_refused_with_the_nearest_and_leaves_nothing) {
  throng_config *config;
  EXPECT_EQ(throng_config_read("{\"sim\": {\"lane\": 64}}", "here", NULL, &config),
            THRONG_ERROR_CONFIG);
  EXPECT_TRUE(config == NULL);
  EXPECT_STREQ(throng_error_message(), "here:1:10: sim.lane: no such key; did you mean sim.lanes?");
  EXPECT_EQ(throng_config_open("/nowhere/run.json", NULL, &config), THRONG_ERROR_IO);
  EXPECT_TRUE(config == NULL);
}

TEST(config_public, a_run_needs_a_world_and_a_folder) {
  throng_config *config;
  throng_world *world;
  throng_train_report report;
  ASSERT_OK(throng_config_read("{}", "here", NULL, &config));
  EXPECT_EQ(throng_config_make_world(config, "/nowhere/w.safetensors", NULL, &world),
            THRONG_ERROR_CONFIG);
  EXPECT_EQ(throng_config_train(config, NULL, &report), THRONG_ERROR_CONFIG);
  throng_config_close(config);
}

TEST(config_public, the_whole_run_of_a_config_leaves_its_folder) {
  throng_config *config;
  throng_world *world;
  throng_train_report report;
  char folder[] = "/tmp/throng-config-XXXXXX", path[64], text[512];
  ASSERT_TRUE(mkdtemp(folder) != NULL);
  snprintf(text, sizeof text,
           "{\"synth\": {\"users\": 60, \"items\": 40, \"keywords\": 200, \"dim\": 8}, "
           "\"votes\": {\"rule\": \"logical\"}, \"backend\": {\"name\": \"cpu\", \"threads\": 1}, "
           "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 6}, "
           "\"agent\": {\"hidden\": [8, 8], \"width\": 8, \"batch\": 8, \"buffer\": 200, "
           "\"learning_starts\": 32}, \"train\": {\"steps\": 320, \"evaluate_every\": 160, "
           "\"checkpoint_every\": 320, \"evaluation\": {\"episodes\": 8}, \"out\": \"%s\"}}",
           folder);
  ASSERT_OK(throng_config_read(text, "here", NULL, &config));
  ASSERT_OK(throng_config_train(config, NULL, &report));
  EXPECT_EQ(report.user_steps, 320);
  EXPECT_GT(report.agent.episodes, 0);
  snprintf(path, sizeof path, "%s/summary.json", folder);
  EXPECT_EQ(access(path, F_OK), 0);
  snprintf(path, sizeof path, "%s/other.safetensors", folder);
  ASSERT_OK(throng_config_make_world(config, path, NULL, &world));
  EXPECT_EQ(throng_world_get_info(world).n_item, 40);
  throng_world_close(world);
  throng_config_close(config);
  snprintf(text, sizeof text, "rm -rf %s", folder);
  EXPECT_EQ(system(text), 0);
}
