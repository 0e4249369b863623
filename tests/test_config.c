/// Config files: ranges, positions in errors, overrides, paths and printing.
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/keys.h"
#include "throng_test.h"

static throng_status load(const char *text, const char *const *overrides, throng_config *out) {
  return config_load_text(text, strlen(text), "run.json", overrides, out);
}

/// The message that a wrong text gives; the text must be refused as a configuration error.
static const char *refusal(const char *text) {
  throng_config config;
  throng_status status = load(text, NULL, &config);
  if (status == THRONG_OK) {
    config_free(&config);
    return "(accepted)";
  }
  EXPECT_EQ(status, THRONG_ERROR_CONFIG);
  return throng_error_message();
}

static const char *override_refusal(const char *override) {
  throng_config config;
  const char *overrides[] = {override, NULL};
  throng_status status = config_load(NULL, overrides, &config);
  if (status == THRONG_OK) {
    config_free(&config);
    return "(accepted)";
  }
  EXPECT_EQ(status, THRONG_ERROR_CONFIG);
  return throng_error_message();
}

TEST(config, an_empty_object_gives_the_defaults) {
  throng_config config;
  ASSERT_OK(load("{}", NULL, &config));
  EXPECT_EQ(config.sim.lanes, throng_default_sim_def().lanes);
  EXPECT_EQ(config.agent.buffer, throng_default_agent_def().buffer);
  EXPECT_NEAR(config.agent.gamma, throng_default_agent_def().gamma, 0);
  EXPECT_EQ(config.train.steps, throng_default_train_def().steps);
  EXPECT_FALSE(config_has_section(&config, "dataset"));
  config_free(&config);
}

TEST(config, values_of_every_kind_reach_their_fields) {
  throng_config config;
  ASSERT_OK(
      load("{ \"$schema\": \"throng.schema.json\",\n"
           "  \"dataset\": {\"format\": \"csv\", \"file\": \"a.csv\", \"rating_min\": null,\n"
           "               \"columns\": {\"user\": \"uid\"}, \"like_threshold\": 3.5},\n"
           "  \"votes\": {\"semantics\": \"published-code\", \"rule\": \"f_sta\",\n"
           "            \"weights\": [1, 2.5, 0], \"table_bytes\": 17179869184},\n"
           "  \"sim\": {\"lanes\": 64, \"mask_seen\": true, \"seed\": 4294967295},\n"
           "  \"agent\": {\"hidden\": [32, 16], \"head\": \"two_tower\"},\n"
           "  \"train\": {\"evaluation\": {\"episodes\": 7}}}",
           NULL, &config));
  EXPECT_EQ(config.dataset.format, DATASET_CSV);
  EXPECT_STREQ(config.dataset.file, "a.csv");
  EXPECT_STREQ(config.dataset.column_user, "uid");
  EXPECT_TRUE(isnan(config.dataset.rating_min));
  EXPECT_NEAR(config.dataset.like_threshold, 3.5, 0);
  EXPECT_EQ(config.sim.votes.semantics, THRONG_SEMANTICS_PUBLISHED_CODE);
  EXPECT_EQ(config.sim.votes.rule, THRONG_RULE_F_STA);
  EXPECT_NEAR(config.sim.votes.weights[1], 2.5, 0);
  EXPECT_NEAR(config.sim.votes.weights[2], 0, 0);
  EXPECT_NEAR(config.sim.votes.weights[THRONG_VOTE_F_POP], 0, 0);  // not given: its default
  EXPECT_EQ(config.sim.votes.table_bytes, 17179869184LL);
  EXPECT_EQ(config.sim.lanes, 64);
  EXPECT_TRUE(config.sim.mask_seen);
  EXPECT_EQ(config.sim.seed, 4294967295LL);
  EXPECT_EQ(config.agent.hidden[1], 16);
  EXPECT_EQ(config.agent.head, THRONG_HEAD_TWO_TOWER);
  EXPECT_EQ(config.train.evaluation.episodes, 7);
  EXPECT_TRUE(config_has_key(&config, "sim.lanes"));
  EXPECT_FALSE(config_has_key(&config, "sim.history"));
  config_free(&config);
}

TEST(config, comments_go_and_strings_that_look_like_comments_stay) {
  throng_config config;
  ASSERT_OK(
      load("// first\n{ /* two\nlines */ \"dataset\": { \"reviews\": \"http://a/*b*/\\\"//c\" "
           "} } // last",
           NULL, &config));
  EXPECT_STREQ(config.dataset.reviews, "http://a/*b*/\"//c");
  config_free(&config);
  EXPECT_CONTAINS(refusal("{}\n /* open"), "run.json:2:2: comment without its end");
}

TEST(config, a_misspelt_key_names_its_place_and_the_nearest_key) {
  EXPECT_CONTAINS(refusal("{ \"sim\": {\n  \"lanes\": 4,\n  \"max_step\": 3 } }"),
                  "run.json:3:3: sim.max_step: no such key; did you mean sim.max_steps?");
  EXPECT_CONTAINS(refusal("{ \"agnet\": { \"gamma\": 0.9 } }"), "run.json:1:3: agnet: no such key");
  EXPECT_CONTAINS(
      refusal("{ \"synth\": { \"dimensions\": 9 } }"),
      "synth.dimensions: no such key; synth has users, items, categories, keywords, dim");
  EXPECT_CONTAINS(refusal("{ \"dataset\": { \"csv\": { \"x\": 9 } } }"),
                  "dataset.csv.x: no such key; dataset.csv has separator, quote, escape, names");
  EXPECT_CONTAINS(refusal("{ \"train\": { \"gamma\": 0.9 } }"), "did you mean agent.gamma?");
  EXPECT_CONTAINS(refusal("{ \"sim.lanes\": 4 }"), "nested objects");
  EXPECT_CONTAINS(refusal("{ \"zzzzzzzzzzzzzzzz\": 4 }"), "the sections are dataset, ");
}

TEST(config, a_comment_does_not_move_the_place_that_an_error_names) {
  EXPECT_CONTAINS(refusal("/* a\n b */ { \"sim\": { /* \xc3\xa9 */ \"lanes\": 0 } }"),
                  "run.json:2:36: sim.lanes: expected an integer in 1..16777216, not 0");
}

TEST(config, a_key_given_twice_is_refused) {
  EXPECT_CONTAINS(refusal("{\"sim\": {\"lanes\": 1, \"lanes\": 1}}"),
                  "1:22: sim.lanes: given twice");
  EXPECT_CONTAINS(refusal("{\"sim\": {}, \"sim\": {}}"), "1:13: sim: given twice");
}

TEST(config, values_out_of_range_or_of_another_kind_are_refused) {
  EXPECT_CONTAINS(refusal("{\"sim\": {\"lanes\": 1.5}}"), "an integer in 1..16777216, not 1.5");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"lanes\": \"many\"}}"), "not \"many\"");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"leave_probability\": 1.01}}"),
                  "a number in 0..1, not 1.01");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"leave_probability\": 1e999}}"),
                  "1:31: number out of range");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"leave_probability\": NaN}}"), "1:31: expected a value");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"seed\": 4294967296}}"), "0..4294967295, not 4294967296");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"mask_seen\": 1}}"), "true or false, not 1");
  EXPECT_CONTAINS(refusal("{\"votes\": {\"rule\": \"most\"}}"),
                  "expected majority, f_mat, f_sim, f_sta, logical, weighted, probability");
  EXPECT_CONTAINS(refusal("{\"votes\": {\"weights\": [1, 2]}}"), "an array of 3 to ");
  EXPECT_CONTAINS(refusal("{\"votes\": {\"weights\": [1, 2]}}"), "not [1,2]");
  EXPECT_CONTAINS(refusal("{\"votes\": {\"weights\": [1, 2, true]}}"), "not a boolean");
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"columns\": 3}}"), "expected an object with its keys");
  EXPECT_CONTAINS(refusal("{\"dataset\": 3}"), "1:13: dataset: expected an object");
  EXPECT_CONTAINS(refusal("[1]"), "1:1: expected an object of sections");
}

TEST(config, broken_text_is_refused_with_its_place) {
  EXPECT_CONTAINS(refusal("{\"sim\": {\"lanes\": 4}"), "expected ',' or '}'");
  EXPECT_CONTAINS(refusal(""), "run.json: is empty, not a config");
  EXPECT_CONTAINS(refusal("{}\n{}"), "run.json:2:1: text after the end");
  EXPECT_CONTAINS(refusal("{\"sim\": {\"lanes\": 4,}}"), "expected a key");
  EXPECT_CONTAINS(refusal("{\n\"train\": {\"out\": \"a\xff\"}}"), "run.json:2:20: invalid UTF-8");
  EXPECT_CONTAINS(refusal("{\"train\": {\"out\": \"a\\u0000b\"}}"), "1:21: \\u0000");
  throng_config config;
  EXPECT_EQ(config_load_text("{}\0", 3, "run.json", NULL, &config), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "text after the end");
}

TEST(config, a_missing_file_is_an_input_error) {
  throng_config config;
  EXPECT_EQ(config_load("/nowhere/run.json", NULL, &config), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/run.json: No such file");
  EXPECT_EQ(config_load("/", NULL, &config), THRONG_ERROR_IO);
}

TEST(config, lists_of_texts_come_from_arrays_and_from_commas) {
  throng_config config;
  ASSERT_OK(load("{\"dataset\": {\"missing\": [\"0\", \"a,b\"]}}", NULL, &config));
  EXPECT_STREQ(config.dataset.missing[0], "0");
  EXPECT_STREQ(config.dataset.missing[1], "a,b");
  EXPECT_TRUE(config.dataset.missing[2] == NULL);
  char *text = NULL;
  throng_config again;
  ASSERT_OK(config_print(&config, &text));
  ASSERT_OK(load(text, NULL, &again));
  EXPECT_STREQ(again.dataset.missing[1], "a,b");
  free(text);
  config_free(&again);
  config_free(&config);
  const char *const overrides[] = {"dataset.missing=0,-1", "dataset.csv.names=[\"user\",\"x\"]",
                                   NULL};
  ASSERT_OK(load("{\"dataset\": {\"format\": \"csv\"}}", overrides, &config));
  EXPECT_STREQ(config.dataset.missing[0], "0");
  EXPECT_STREQ(config.dataset.missing[1], "-1");
  EXPECT_TRUE(config.dataset.missing[2] == NULL);
  EXPECT_STREQ(config.dataset.csv.names[1], "x");
  config_free(&config);
  ASSERT_OK(load("{\"dataset\": {\"missing\": null}}", NULL, &config));
  EXPECT_TRUE(config.dataset.missing == dataset_usual_missing);
  config_free(&config);
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"missing\": \"0\"}}"),
                  "dataset.missing: expected an array of strings, not \"0\"");
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"missing\": [0]}}"),
                  "dataset.missing: expected an array of strings, not 0");
}

TEST(config, overrides_win_over_the_file_and_unknown_ones_are_fatal) {
  throng_config config;
  const char *overrides[] = {
      "sim.lanes=8",   "agent.hidden=8,4", "votes.rule=f_mat",           "sim.autoreset=false",
      "train.out=a=b", "dataset.reviews=", "sim.leave_probability=5e-1", NULL};
  ASSERT_OK(
      load("{\"sim\": {\"lanes\": 16}, \"dataset\": {\"reviews\": \"x\"}}", overrides, &config));
  EXPECT_EQ(config.sim.lanes, 8);
  EXPECT_EQ(config.agent.hidden[0], 8);
  EXPECT_EQ(config.agent.hidden[1], 4);
  EXPECT_EQ(config.sim.votes.rule, THRONG_RULE_F_MAT);
  EXPECT_FALSE(config.sim.autoreset);
  EXPECT_STREQ(config.train.out, "a=b");
  EXPECT_TRUE(config.dataset.reviews == NULL);
  EXPECT_NEAR(config.sim.leave_probability, 0.5, 0);
  config_free(&config);
  EXPECT_CONTAINS(override_refusal("sim.lane=8"),
                  "--set sim.lane: no such key; did you mean sim.lanes?");
  EXPECT_CONTAINS(override_refusal("sim.lanes"), "expected section.key=value");
  EXPECT_CONTAINS(override_refusal("train.out=runs/caf\xe9"),
                  "--set train.out: byte 0xE9 is not UTF-8");
  EXPECT_CONTAINS(override_refusal("sim.lanes=eight"),
                  "--set sim.lanes: expected an integer in 1..16777216, not \"eight\"");
  EXPECT_CONTAINS(override_refusal("sim.lanes=8 9"), "not \"8 9\"");
  EXPECT_CONTAINS(override_refusal("agent.hidden=8"), "an array of 2");
}

TEST(config, one_seed_reaches_every_part_that_has_none_of_its_own) {
  throng_config config;
  ASSERT_OK(load("{\"train\": {\"seed\": 9}, \"sim\": {\"seed\": 3}}", NULL, &config));
  EXPECT_EQ(config.sim.seed, 3);
  EXPECT_EQ(config.agent.seed, 9);
  EXPECT_EQ(config.sta.seed, 9);
  config_free(&config);
  const char *overrides[] = {"train.seed=5", "agent.seed=6", NULL};
  ASSERT_OK(load("{\"sim\": {\"seed\": 3}}", overrides, &config));
  EXPECT_EQ(config.sim.seed, 5);
  EXPECT_EQ(config.agent.seed, 6);
  EXPECT_EQ(config.sta.seed, 5);
  config_free(&config);
}

TEST(config, variables_and_the_home_folder_stand_in_paths_only_and_where_they_are_used) {
  throng_config config;
  setenv("THRONG_TEST_ROOT", "/data", 1);
  setenv("HOME", "/home/someone", 1);
  ASSERT_OK(
      load("{\"dataset\": {\"reviews\": \"${THRONG_TEST_ROOT}/$a/$${b}/$$/${THRONG_TEST_ROOT}\",\n"
           "\"format\": \"amazon\", \"metadata\": \"~/m.json\", \"state\": null},"
           "\"llm\": {\"model\": \"${THRONG_TEST_ROOT}\"}, \"train\": {\"out\": \"~\"},"
           "\"sta\": {\"file\": \"~other/${THRONG_TEST_ROOT}\"}}",
           NULL, &config));
  ASSERT_OK(config_use_data(&config));
  EXPECT_STREQ(config.dataset.reviews, "/data/$a/${b}/$$//data");
  EXPECT_STREQ(config.dataset.metadata, "/home/someone/m.json");
  EXPECT_STREQ(config.llm.model, "${THRONG_TEST_ROOT}");
  EXPECT_STREQ(config.train.out, "~");
  ASSERT_OK(config_use(&config, "train.out"));
  ASSERT_OK(config_use(&config, "sta.file"));
  EXPECT_STREQ(config.train.out, "/home/someone");
  EXPECT_STREQ(config.sta_file, "~other//data");
  config_free(&config);
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"reviews\": \"${THRONG\"}}"),
                  "run.json:1:25: dataset.reviews: '${THRONG': expected ${NAME}");
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"reviews\": \"${}\"}}"), "expected ${NAME}");
  EXPECT_CONTAINS(override_refusal("train.out=a${"), "--set train.out: 'a${': expected ${NAME}");
}

TEST(config, a_default_stands_in_for_a_variable_that_is_not_set_or_empty) {
  static const struct {
    const char *set, *path;
  } cases[] = {{NULL, "./x"}, {"", "./x"}, {"/data", "/data/x"}};
  for (int i = 0; i < 3; ++i) {
    unsetenv("THRONG_TEST_ROOT");
    if (cases[i].set) setenv("THRONG_TEST_ROOT", cases[i].set, 1);
    throng_config config;
    ASSERT_OK(load("{\"train\": {\"out\": \"${THRONG_TEST_ROOT:-.}/x\"}}", NULL, &config));
    ASSERT_OK(config_use(&config, "train.out"));
    EXPECT_STREQ(config.train.out, cases[i].path);
    config_free(&config);
  }
  unsetenv("THRONG_TEST_ROOT");
}

/// A config whose every path names a variable that is not set.
#define UNSET_PATHS                                                                \
  "{\"dataset\": {\"format\": \"csv\",\n  \"file\": \"${THRONG_TEST_NONE}/x\"},\n" \
  "\"llm\": {\"store\": \"${THRONG_TEST_NONE}/s\"},\n"                             \
  "\"world\": {\"file\": \"${THRONG_TEST_NONE}/w\"},\n\"sta\": {\"file\": "        \
  "\"${THRONG_TEST_NONE}/f\"}}"

TEST(config, a_variable_that_is_not_set_is_an_error_only_where_its_path_is_used) {
  throng_config config;
  unsetenv("THRONG_TEST_NONE");
  ASSERT_OK(load(UNSET_PATHS, NULL, &config));
  EXPECT_EQ(config_check_dataset(&config), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(),
                  "run.json:2:11: dataset.file: '${THRONG_TEST_NONE}/x': the environment variable "
                  "THRONG_TEST_NONE is not set");
  EXPECT_EQ(config_use(&config, "world.file"), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "run.json:4:19: world.file");
  config_free(&config);
  const char *const given[] = {"dataset.file=x.csv", "world.file=null", "sta.file=", NULL};
  ASSERT_OK(load(UNSET_PATHS, given, &config));
  EXPECT_OK(config_check_dataset(&config));
  EXPECT_OK(config_use(&config, "world.file"));
  EXPECT_OK(config_use(&config, "sta.file"));
  EXPECT_STREQ(config.dataset.file, "x.csv");
  EXPECT_TRUE(config.world_file == NULL && config.sta_file == NULL);
  config_free(&config);
  const char *const again[] = {"dataset.file=${THRONG_TEST_NONE}", "dataset.file=y.csv",
                               "dataset.file=${THRONG_TEST_NONE}/z", NULL};
  ASSERT_OK(load(UNSET_PATHS, again, &config));
  EXPECT_EQ(config_use_data(&config), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "--set dataset.file: '${THRONG_TEST_NONE}/z'");
  config_free(&config);
  const char *const asked[] = {"dataset.file=x.csv", "keywords.provider=llm", "llm.model=m", NULL};
  ASSERT_OK(load(UNSET_PATHS, asked, &config));
  EXPECT_EQ(config_check_dataset(&config), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "run.json:3:18: llm.store");
  config_free(&config);
}

TEST(config, null_unsets_a_key_and_a_section_in_the_file_and_behind_set) {
  throng_config config;
  const char *text =
      "{\"dataset\": {\"format\": \"anime\", \"ratings\": \"r\", \"items\": \"i\","
      " \"like_threshold\": 8}, \"sim\": {\"lanes\": 7, \"mask_seen\": null},"
      " \"agent\": {\"hidden\": [4, 4]}, \"synth\": null, \"llm\": {\"url\": null}}";
  ASSERT_OK(load(text, NULL, &config));
  EXPECT_FALSE(config_has_key(&config, "sim.mask_seen"));
  EXPECT_FALSE(config_has_section(&config, "synth"));
  EXPECT_STREQ(config.llm.url, llm_default_def().url);
  config_free(&config);
  const char *const nulls[] = {"sim.lanes=null", "agent.hidden=null", "dataset.like_threshold=null",
                               NULL};
  ASSERT_OK(load(text, nulls, &config));
  EXPECT_EQ(config.sim.lanes, throng_default_sim_def().lanes);
  EXPECT_EQ(config.agent.hidden[1], throng_default_agent_def().hidden[1]);
  EXPECT_NEAR(config.dataset.like_threshold, 4, 0);
  EXPECT_FALSE(config_has_key(&config, "sim.lanes"));
  EXPECT_TRUE(config_has_section(&config, "dataset"));
  config_free(&config);
  const char *const section[] = {"dataset=null", "sim.lanes=3", "sim=null", "sim.history=5", NULL};
  ASSERT_OK(load(text, section, &config));
  EXPECT_FALSE(config_has_section(&config, "dataset"));
  EXPECT_EQ(config.sim.lanes, throng_default_sim_def().lanes);
  EXPECT_EQ(config.sim.history, 5);
  config_free(&config);
}

TEST(config, a_whole_section_can_be_given_behind_set) {
  throng_config config;
  const char *const sections[] = {"dataset={\"format\": \"csv\", \"file\": \"a.csv\"}",
                                  "dataset.columns={\"user\": \"who\"}", "sim={\"lanes\": 9}",
                                  NULL};
  ASSERT_OK(load("{\"sim\": {\"history\": 6}}", sections, &config));
  EXPECT_STREQ(config.dataset.file, "a.csv");
  EXPECT_STREQ(config.dataset.column_user, "who");
  EXPECT_EQ(config.sim.lanes, 9);
  EXPECT_EQ(config.sim.history, 6);
  config_free(&config);
  EXPECT_CONTAINS(override_refusal("sim={\"lane\": 9}"), "no such key; did you mean sim.lanes?");
  EXPECT_CONTAINS(override_refusal("sim=4"), "--set sim");
  EXPECT_CONTAINS(override_refusal("sim={\"lanes\": 9}, \"agent\": {}"), "text after the end");
  EXPECT_CONTAINS(override_refusal("dataset.columns={\"user\": 4}"), "expected a string, not 4");
}

TEST(config, what_was_put_into_a_path_is_printed_so_that_it_is_not_put_in_again) {
  throng_config config, again;
  char *text = NULL;
  setenv("THRONG_TEST_ROOT", "~/${x}", 1);
  unsetenv("THRONG_TEST_NONE");
  ASSERT_OK(
      load("{\"dataset\": {\"reviews\": \"${THRONG_TEST_ROOT}/a\", \"metadata\": "
           "\"${THRONG_TEST_NONE}/$${b}\"}}",
           NULL, &config));
  ASSERT_OK(config_use_set(&config, NULL));
  ASSERT_OK(config_print(&config, &text));
  ASSERT_OK(load(text, NULL, &again));
  EXPECT_STREQ(again.dataset.metadata, "${THRONG_TEST_NONE}/$${b}");
  EXPECT_EQ(config_use_data(&again), THRONG_ERROR_CONFIG);
  EXPECT_STREQ(again.dataset.reviews, "./~/${x}/a");
  free(text);
  config_free(&config);
  config_free(&again);
}

TEST(config, the_printed_config_names_no_world_that_was_not_asked_for) {
  throng_config config, again;
  char *text = NULL;
  ASSERT_OK(load("{\"dataset\": {\"format\": \"csv\", \"file\": \"a\"}, \"llm\": {\"url\": \"\"}}",
                 NULL, &config));
  ASSERT_OK(config_print(&config, &text));
  ASSERT_OK(load(text, NULL, &again));
  EXPECT_TRUE(config_has_section(&again, "dataset"));
  EXPECT_FALSE(config_has_section(&again, "synth"));
  EXPECT_TRUE(again.llm.url == NULL);
  free(text);
  config_free(&config);
  config_free(&again);
}

TEST(config, files_of_another_format_are_refused_with_the_format_that_uses_them) {
  EXPECT_CONTAINS(refusal("{\"dataset\": {\"format\": \"amazon\", \"ratings\": \"r.csv\"}}"),
                  "run.json: dataset.ratings: dataset.format amazon does not use it (anime and "
                  "movielens do); --set dataset.ratings=null leaves it out");
  EXPECT_CONTAINS(
      refusal("{\"dataset\": {\"format\": \"anime\", \"columns\": {\"user\": \"u\"}}}"),
      "dataset.columns.user: dataset.format anime does not use it (recbole and csv do)");
  throng_config config;
  ASSERT_OK(load("{\"dataset\": {\"format\": \"anime\", \"ratings\": \"r.csv\"}}", NULL, &config));
  EXPECT_EQ(config_check_dataset(&config), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "dataset.items: missing; dataset.format anime needs it");
  config_free(&config);
}

TEST(config, keys_that_contradict_each_other_are_refused) {
  EXPECT_CONTAINS(refusal("{\"sta\": {\"width\": 32, \"heads\": 3}}"),
                  "sta.heads: 3 does not divide");
  EXPECT_CONTAINS(refusal("{\"sta\": {\"window\": 7}}"), "sta.window: 7 is odd");
  EXPECT_CONTAINS(refusal("{\"agent\": {\"count\": 3}, \"sim\": {\"lanes\": 4}}"),
                  "agent.count: 3");
  EXPECT_CONTAINS(refusal("{\"backend\": {\"name\": \"gpu\"}}"),
                  "run.json:1:22: backend.name: expected auto, cuda or cpu, not \"gpu\"");
  EXPECT_CONTAINS(refusal("{\"agent\": {\"epsilon_start\": 0.1, \"epsilon_end\": 0.2}}"),
                  "agent.epsilon_end: 0.2 is above");
}

TEST(config, the_printed_config_reads_back_to_the_same_one) {
  throng_config config, again;
  ASSERT_OK(
      load("{\"dataset\": {\"format\": \"csv\", \"file\": \"\xc3\xa9\\\"\\\\.csv\"},\n"
           "\"sim\": {\"leave_probability\": 0.1}, \"agent\": {\"learning_rate\": 3.3e-4,\n"
           "\"adam_epsilon\": 1e-8}, \"train\": {\"seed\": 4}}",
           NULL, &config));
  char *first = NULL, *second = NULL;
  ASSERT_OK(config_print(&config, &first));
  EXPECT_CONTAINS(first, "\"leave_probability\":\t0.1,");
  EXPECT_TRUE(strstr(first, "businesses") == NULL);  // what the format does not use stays out
  ASSERT_OK(load(first, NULL, &again));
  ASSERT_OK(config_print(&again, &second));
  EXPECT_STREQ(first, second);
  EXPECT_NEAR(again.agent.learning_rate, config.agent.learning_rate, 0);
  EXPECT_EQ(again.sim.seed, config.sim.seed);
  EXPECT_STREQ(again.dataset.file, config.dataset.file);
  free(first);
  free(second);
  config_free(&config);
  config_free(&again);
}

TEST(config, a_count_of_agents_may_be_the_word_auto_and_is_printed_so) {
  throng_config config;
  const char *const overrides[] = {"agent.count=auto", NULL};
  char *text = NULL;
  ASSERT_OK(config_load(NULL, overrides, &config));
  EXPECT_EQ(config.agent.count, 0);
  ASSERT_OK(config_print(&config, &text));
  EXPECT_CONTAINS(text, "\"count\":\t\"auto\"");
  config_free(&config);
  ASSERT_OK(load(text, NULL, &config));
  EXPECT_EQ(config.agent.count, 0);
  config_free(&config);
  free(text);
  EXPECT_CONTAINS(override_refusal("agent.count=many"),
                  "expected an integer in 1..65535 or \"auto\", not \"many\"");
  EXPECT_CONTAINS(override_refusal("agent.count=-1"), "or \"auto\", not -1");
}
