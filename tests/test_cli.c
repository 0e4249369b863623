/// The program as a person meets it: usage, exit codes, help, and worlds made and described.
#include "cli_driver.h"

TEST(cli, without_a_command_it_says_how_to_get_help) {
  EXPECT_EQ(throng(""), 2);
  EXPECT_CONTAINS(last.err, "`throng --help` lists the commands");
  EXPECT_STREQ(last.out, "");
}

TEST(cli, help_of_every_command_lists_its_options_and_an_example) {
  EXPECT_EQ(throng("--help"), 0);
  static const char *const commands[] = {"synth",   "prepare",  "fit",   "votes",
                                         "explain", "evaluate", "train", "bench",
                                         "info",    "extract",  "config"};
  char *program = strdup(last.out);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
    char line[64];
    snprintf(line, sizeof line, "\n  %s ", commands[i]);
    EXPECT_CONTAINS(program, line);
    snprintf(line, sizeof line, "%s --help", commands[i]);
    EXPECT_EQ(throng(line), 0);
    snprintf(line, sizeof line, "usage: throng %s", commands[i]);
    EXPECT_CONTAINS(last.out, line);
    EXPECT_CONTAINS(last.out, "--json");
    EXPECT_CONTAINS(last.out, "--backend auto|cuda|cpu");
    EXPECT_CONTAINS(last.out, "Examples:\n  throng ");
  }
  free(program);
}

TEST(cli, wrong_usage_exits_with_2_and_names_the_nearest_word) {
  EXPECT_EQ(throng("pepare x"), 2);
  EXPECT_CONTAINS(last.err, "no command 'pepare'; did you mean 'prepare'?");
  EXPECT_EQ(throng("synth --ouput=x"), 2);
  EXPECT_CONTAINS(last.err, "no option '--ouput'; did you mean '--output'?");
  EXPECT_EQ(throng("synth -z"), 2);
  EXPECT_CONTAINS(last.err, "no option '-z'");
  EXPECT_EQ(throng("synth -o"), 2);
  EXPECT_CONTAINS(last.err, "-o needs a value");
  EXPECT_EQ(throng("synth --json=yes -o x"), 2);
  EXPECT_CONTAINS(last.err, "--json takes no value");
  EXPECT_EQ(throng("synth"), 2);
  EXPECT_CONTAINS(last.err, "expected -o FILE");
  EXPECT_EQ(throng("fit"), 2);
  EXPECT_CONTAINS(last.err, "expected WORLD [CONFIG]");
  EXPECT_EQ(throng("info a b c"), 2);
  EXPECT_CONTAINS(last.err, "one argument too many: 'c'");
  EXPECT_EQ(throng("info --threads two"), 2);
  EXPECT_CONTAINS(last.err, "--threads: expected an integer in 0..1024, not 'two'");
  EXPECT_EQ(throng("info --backend gpu"), 2);
  EXPECT_CONTAINS(last.err, "--backend: expected auto|cuda|cpu, not 'gpu'");
  EXPECT_EQ(throng("info --seed 4294967296"), 2);
  EXPECT_EQ(throng("synth -o ''"), 2);
  EXPECT_CONTAINS(last.err, "--output: expected FILE, not an empty text");
  EXPECT_EQ(throng("synth -o w --set synth.users"), 2);
  EXPECT_CONTAINS(last.err, "--set: expected KEY=VALUE, not 'synth.users'");
  EXPECT_EQ(throng("synth -o w -s =10"), 2);
  EXPECT_STREQ(last.out, "");
}

TEST(cli, a_misspelt_key_fails_with_1_and_names_the_nearest_one) {
  EXPECT_EQ(throng("synth -o w.safetensors --set synth.user=10"), 1);
  EXPECT_CONTAINS(last.err, "--set synth.user: no such key; did you mean synth.users?");
  write_file("run.json", "{\n  \"sim\": { \"lane\": 4 }\n}\n");
  EXPECT_EQ(throng("prepare run.json -o w.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "run.json:2:12: sim.lane: no such key; did you mean sim.lanes?");
  EXPECT_FALSE(exists("w.safetensors"));
}

TEST(cli, info_tells_version_and_backend) {
  ASSERT_EQ(throng("info"), 0);
  EXPECT_CONTAINS(last.out, throng_version());
  EXPECT_CONTAINS(last.out, "cpu");
  ASSERT_EQ(throng("info --json --threads 1 --backend cpu"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(document, "backend")), "cpu");
  const char *build = cJSON_GetStringValue(cJSON_GetObjectItem(document, "build"));
  EXPECT_TRUE(build && *build);
  EXPECT_GE(cJSON_GetNumberValue(cJSON_GetObjectItem(document, "cores")), 1);
  cJSON_Delete(document);
}

TEST(cli, results_that_cannot_be_written_to_stdout_are_a_failure) {
  if (access("/dev/full", W_OK) != 0) SKIP("no /dev/full here");
  EXPECT_EQ(throng("info > /dev/full"), 1);
  EXPECT_CONTAINS(last.err, "writing to standard output: No space left");
  EXPECT_EQ(throng("--help > /dev/full"), 1);
  EXPECT_EQ(throng("info --json >&-"), 1);
}

TEST(cli, synth_writes_a_world_that_info_describes) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("info world.safetensors --json --lanes 10"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(document, "users")), 60);
  EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(document, "items")), 40);
  cJSON *memory = cJSON_GetObjectItem(document, "memory");
  double lanes = 10 * cJSON_GetNumberValue(cJSON_GetObjectItem(memory, "bytes_per_lane"));
  EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(memory, "total_bytes")),
            lanes + cJSON_GetNumberValue(cJSON_GetObjectItem(memory, "world_bytes")) +
                cJSON_GetNumberValue(cJSON_GetObjectItem(memory, "table_bytes")));
  EXPECT_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(memory, "table_bytes")), 8 * 40 * 40);
  cJSON_Delete(document);
}

TEST(cli, info_says_what_fits_by_sums_that_hold) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("info world.safetensors --json --lanes 10"), 0);
  cJSON *document = cJSON_Parse(last.out);
  cJSON *taken = cJSON_GetObjectItem(document, "memory");
  cJSON *fits = cJSON_GetObjectItem(document, "fits");
  ASSERT_TRUE(taken != NULL && fits != NULL);
#define NUMBER(object, name) cJSON_GetNumberValue(cJSON_GetObjectItem(object, name))
  double memory = NUMBER(fits, "memory_bytes"), lane = NUMBER(taken, "bytes_per_lane");
  double world = NUMBER(taken, "world_bytes"), item = world / 40;
  double rest = memory - 10 * lane, n = NUMBER(fits, "items_with_table");
  EXPECT_TRUE(8 * n * n + item * n <= rest);
  EXPECT_TRUE(8 * (n + 1) * (n + 1) + item * (n + 1) > rest);
  EXPECT_TRUE(fabs(NUMBER(fits, "items_without_table") - rest / item) <= 1);
  rest = memory - world - 8 * 40 * 40;
  EXPECT_TRUE(fabs(NUMBER(fits, "lanes") - rest / lane) <= 1);
  EXPECT_TRUE(fabs(NUMBER(fits, "replay_transitions") - (rest - 10 * lane) / 17) <= 1);
#undef NUMBER
  cJSON_Delete(document);
  ASSERT_EQ(throng("info world.safetensors"), 0);
  EXPECT_CONTAINS(last.out, "largest N with 8 N^2");
}

TEST(cli, what_runs_kernels_says_on_which_backend_and_why_not_on_a_device) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("evaluate world.safetensors --backend cpu"), 0);
  EXPECT_CONTAINS(last.err, "backend: cpu, ");
  EXPECT_TRUE(strstr(last.err, "not cuda") == NULL);
  ASSERT_EQ(throng("evaluate world.safetensors"), 0);
  EXPECT_CONTAINS(last.err, "backend: c");
  if (!strstr(last.err, "backend: cuda")) EXPECT_CONTAINS(last.err, "; not cuda: ");
}

TEST(cli, the_same_seed_writes_the_same_world) {
  ASSERT_EQ(throng("synth -q -o a.safetensors --set synth.users=50 --set synth.items=50 --seed 7"),
            0);
  ASSERT_EQ(throng("synth -q -o b.safetensors --set synth.users=50 --set synth.items=50 --seed 7"),
            0);
  ASSERT_EQ(throng("synth -q -o c.safetensors --set synth.users=50 --set synth.items=50 --seed 8"),
            0);
  char line[2048];
  snprintf(line, sizeof line, "cmp -s %s %s", in_folder("a.safetensors"),
           in_folder("b.safetensors"));
  EXPECT_EQ(system(line), 0);
  snprintf(line, sizeof line, "cmp -s %s %s", in_folder("a.safetensors"),
           in_folder("c.safetensors"));
  EXPECT_NE(system(line), 0);
}

TEST(cli, a_truncated_world_is_refused_by_name) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(truncate(in_folder("world.safetensors"), 100), 0);
  EXPECT_EQ(throng("info world.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "world.safetensors");
  EXPECT_EQ(throng("info missing.safetensors"), 1);
  EXPECT_CONTAINS(last.err, "missing.safetensors: ");
  EXPECT_CONTAINS(last.err, "No such file");
}

TEST(cli, quiet_keeps_standard_error_empty) {
  ASSERT_TRUE(make_world());
  EXPECT_STREQ(last.err, "");
}

TEST(cli, generated_documents_hold_every_command_and_key) {
  ASSERT_EQ(throng("--generate man"), 0);
  EXPECT_CONTAINS(last.out, ".TH THRONG 1");
  EXPECT_CONTAINS(last.out, ".SS throng explain WORLD");
  EXPECT_CONTAINS(last.out, ".SS throng train CONFIG");
  EXPECT_CONTAINS(last.out, ".SS throng evaluate [WORLD");
  EXPECT_CONTAINS(last.out, ".SS throng bench");
  EXPECT_CONTAINS(last.out, "agent.epsilon_share");
  ASSERT_EQ(throng("--generate bash-completion"), 0);
  EXPECT_CONTAINS(last.out, "complete -F _throng throng");
  EXPECT_CONTAINS(last.out, "sim.leave_probability=");
  char line[1024];
  snprintf(line, sizeof line, "bash -n %s", in_folder("stdout"));
  EXPECT_EQ(system(line), 0);
  ASSERT_EQ(throng("--generate zsh-completion"), 0);
  EXPECT_CONTAINS(last.out, "#compdef throng");
  EXPECT_EQ(throng("--generate poem"), 2);
}
