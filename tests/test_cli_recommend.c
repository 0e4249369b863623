/// `throng recommend` and `throng export RUN` as a person meets them.
#include "cli_driver.h"

static void write_config(void) {
  write_file("run.json",
             "{\"synth\": {\"users\": 60, \"items\": 40, \"categories\": 4, \"keywords\": 40, "
             "\"dim\": 8, \"tastes\": 4, \"history_mean\": 8}, "
             "\"sta\": {\"epochs\": 2, \"window\": 8, \"width\": 8}, "
             "\"sim\": {\"lanes\": 16, \"history\": 8, \"max_steps\": 10}, "
             "\"agent\": {\"count\": 2, \"batch\": 8, \"buffer\": 400, \"learning_starts\": 64, "
             "\"hidden\": [8, 8], \"width\": 8, \"n_steps\": 8}, "
             "\"train\": {\"steps\": 960, \"evaluate_every\": 960, \"yardsticks\": false, "
             "\"evaluation\": {\"episodes\": 16}}}");
}

static char kept[] = "/tmp/throng-recommend-XXXXXX";

static void drop_kept(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -rf %s", kept);
  if (system(command) != 0) abort();
}

/// A run in the test's folder "run", with other options. The plain one is trained once, for all.
static bool train(const char *more) {
  static bool is_kept;
  char command[600];
  if (!*more && is_kept) {
    snprintf(command, sizeof command, "cp -r %s/run %s", kept, throng_test_folder());
    EXPECT_EQ(system(command), 0);
    return true;
  }
  write_config();
  snprintf(command, sizeof command, "train run.json -q --threads 1 -o run %s", more);
  EXPECT_EQ(throng(command), 0);
  if (last.code != 0 || *more) return last.code == 0;
  is_kept = mkdtemp(kept) && atexit(drop_kept) == 0;
  snprintf(command, sizeof command, "cp -r %s/run %s", throng_test_folder(), kept);
  EXPECT_EQ(system(command), 0);
  return is_kept;
}

static cJSON *json_of(const char *command) {
  EXPECT_EQ(throng(command), 0);
  cJSON *document = cJSON_Parse(last.out);
  if (!document) throng_test_fail(__FILE__, __LINE__, "not JSON: %s%s", last.out, last.err);
  return document;
}

static const cJSON *item_at(const cJSON *document, int k) {
  return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "items"), k);
}

static const char *text_at(const cJSON *object, const char *key) {
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(text) ? text->valuestring : "";
}

TEST(cli_recommend, one_user_gets_items_with_titles_scores_and_reasons) {
  if (!train("")) return;
  cJSON *document = json_of("recommend run --user u00003 --top 4 --agent 1 --json -q");
  EXPECT_STREQ(text_at(document, "user"), "u00003");
  EXPECT_STREQ(text_at(document, "score"), "Q");
  EXPECT_EQ(number_at(document, "agent", NULL), 1);
  EXPECT_EQ(number_at(document, "user_steps", NULL), 960);
  double before = INFINITY;
  int words = 0;
  for (int k = 0; k < 4; ++k) {
    const cJSON *one = item_at(document, k);
    const double score = number_at(one, "score", NULL);
    EXPECT_EQ(number_at(one, "rank", NULL), k + 1);
    EXPECT_TRUE(strlen(text_at(one, "name")) > 0);
    EXPECT_LE(score, before);
    before = score;
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(one, "why");
    const cJSON *votes = cJSON_GetObjectItemCaseSensitive(why, "votes");
    for (const char *const *v = (const char *const[]){"f_mat", "f_sim", "f_sta", NULL}; *v; ++v)
      EXPECT_TRUE(isfinite(number_at(votes, *v, "score")));
    const cJSON *liked = cJSON_GetObjectItemCaseSensitive(why, "liked");
    words += cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(liked, "keywords"));
  }
  EXPECT_GT(words, 0);
  EXPECT_TRUE(item_at(document, 4) == NULL);
  ASSERT_EQ(throng("recommend run --user u00003 --top 4 --agent 1 -q"), 0);
  EXPECT_CONTAINS(last.out, text_at(item_at(document, 0), "name"));
  EXPECT_CONTAINS(last.out, "f_sta");
  EXPECT_CONTAINS(last.out, "agent 1 of 2 after 960 user-steps");
  for (const char *line = last.out; line; line = strchr(line + 1, '\n'))
    EXPECT_LE(strcspn(line + 1, "\n"), 100u);
  cJSON_Delete(document);
}

/// What explain says of the same pair.
TEST(cli_recommend, reasons_are_those_of_explain) {
  if (!train("--set votes.rule=calibrated")) return;
  char command[256];
  cJSON *document = json_of("recommend run --user u00003 --top 1 --json -q");
  const cJSON *why = cJSON_GetObjectItemCaseSensitive(item_at(document, 0), "why");
  snprintf(command, sizeof command,
           "explain run/world.safetensors run/config.json --sta run/sta.safetensors --user u00003 "
           "--item %s --json -q",
           text_at(item_at(document, 0), "item"));
  cJSON *told = json_of(command);
  const cJSON *votes = cJSON_GetObjectItemCaseSensitive(why, "votes");
  for (const char *const *v = (const char *const[]){"f_mat", "f_sim", "f_sta", "f_cal", NULL}; *v;
       ++v)
    EXPECT_EQ(number_at(votes, *v, "vote"), number_at(told, *v, "vote"));
  EXPECT_NEAR(number_at(votes, "f_cal", "score"), number_at(told, "f_cal", "p"), 1e-6);
  cJSON_Delete(told);
  cJSON_Delete(document);
}

TEST(cli_recommend, many_users_get_what_each_gets_alone) {
  static const char released[] =
      "--set votes.semantics=published-code --set sim.environment=published-by-time";
  static const char *const kinds[] = {"",
                                      "--set agent.head=flat",
                                      "--set agent.head=flat_dueling",
                                      "--set agent.algorithm=ppo",
                                      "--set sim.slate_size=2",
                                      released};
  for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; ++kind) {
    if (!train(kinds[kind])) return;
    write_file("users.txt", "u00003\n\nu00041\nu00003\n");
    ASSERT_EQ(
        throng("recommend run --users users.txt --top 3 --exclude-seen --json -q -o rows.jsonl"),
        0);
    char rows[8192];
    slurp(in_folder("rows.jsonl"), rows, sizeof rows);
    int n = 0;
    for (char *line = strtok(rows, "\n"); line; line = strtok(NULL, "\n"), ++n) {
      cJSON *row = cJSON_Parse(line);
      char command[128];
      snprintf(command, sizeof command, "recommend run --user %s --top 3 --exclude-seen --json -q",
               text_at(row, "user"));
      cJSON *alone = json_of(command);
      EXPECT_STREQ(text_at(row, "user"), n == 1 ? "u00041" : "u00003");
      EXPECT_STREQ(text_at(alone, "score"), kind == 3 ? "log-probability" : "Q");
      for (int k = 0; k < 3; ++k) {
        EXPECT_STREQ(text_at(item_at(row, k), "item"), text_at(item_at(alone, k), "item"));
        EXPECT_NEAR(number_at(item_at(row, k), "score", NULL),
                    number_at(item_at(alone, k), "score", NULL), 1e-5);
        EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(item_at(alone, k), "seen")));
      }
      cJSON_Delete(alone);
      cJSON_Delete(row);
    }
    EXPECT_EQ(n, 3);
  }
}

TEST(cli_recommend, rows_of_csv_go_to_standard_output_from_standard_input) {
  if (!train("")) return;
  ASSERT_EQ(throng("info >/dev/null; echo u00007 | " TEST_PROGRAM
                   " recommend run --users - --top 2 -q >rows.csv"),
            0);
  char rows[4096];
  slurp(in_folder("rows.csv"), rows, sizeof rows);
  EXPECT_EQ(strncmp(rows, "user,rank,item,name,score\nu00007,1,i", 36), 0);
  EXPECT_CONTAINS(rows, "\nu00007,2,i");
}

TEST(cli_recommend, a_past_from_a_file_counts_in_place_of_the_worlds) {
  if (!train("")) return;
  write_file("past.csv", "item,like\ni00001,1\ni00002,0\n");
  write_file("rated.csv", "item,rating\ni00001,5\ni00002,1\n");
  cJSON *known = json_of("recommend run --user u00003 --history past.csv --top 3 --json -q");
  cJSON *rated = json_of("recommend run --user u00003 --history rated.csv --top 3 --json -q");
  cJSON *own = json_of("recommend run --user u00003 --top 3 --json -q");
  cJSON *stranger = json_of("recommend run --history past.csv --top 40 --exclude-seen --json -q");
  EXPECT_EQ(number_at(known, "history", NULL), 2);
  EXPECT_EQ(number_at(item_at(known, 0), "score", NULL),
            number_at(item_at(rated, 0), "score", NULL));
  EXPECT_TRUE(number_at(item_at(known, 0), "score", NULL) !=
              number_at(item_at(own, 0), "score", NULL));
  EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(stranger, "user")));
  // 40 items less the two of the past; f_sta, which was fitted to users, says nothing of strangers.
  EXPECT_TRUE(item_at(stranger, 37) != NULL && item_at(stranger, 38) == NULL);
  const cJSON *why = cJSON_GetObjectItemCaseSensitive(item_at(stranger, 0), "why");
  const cJSON *votes = cJSON_GetObjectItemCaseSensitive(why, "votes");
  EXPECT_TRUE(cJSON_HasObjectItem(votes, "f_sim"));
  EXPECT_FALSE(cJSON_HasObjectItem(votes, "f_sta"));
  cJSON_Delete(known);
  cJSON_Delete(rated);
  cJSON_Delete(own);
  cJSON_Delete(stranger);
}

TEST(cli_recommend, an_agent_that_may_show_nothing_of_the_history_recommends_nothing_of_it) {
  if (!train("--set sim.mask=all --set sim.history=16 --set sim.max_steps=4")) return;
  cJSON *document = json_of("recommend run --user u00003 --top 40 --json --no-reasons -q");
  const int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(document, "items"));
  EXPECT_LE(n, 39);
  for (int k = 0; k < n; ++k) {
    EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(item_at(document, k), "seen")));
    EXPECT_FALSE(cJSON_HasObjectItem(item_at(document, k), "why"));
  }
  cJSON_Delete(document);
}

TEST(cli_recommend, what_is_wrong_is_said_with_its_place) {
  if (!train("")) return;
  EXPECT_EQ(throng("recommend run"), 2);
  EXPECT_CONTAINS(last.err, "expected --user ID, --history FILE, or --users FILE");
  EXPECT_EQ(throng("recommend run --user u00003 --users u.txt"), 2);
  EXPECT_EQ(throng("recommend run --user u3 -q"), 1);
  EXPECT_CONTAINS(last.err, "did you mean 'u00003'");
  EXPECT_EQ(throng("recommend run --user u00003 --top 41 -q"), 1);
  EXPECT_CONTAINS(last.err, "--top: expected 1 to the world's 40 items");
  EXPECT_EQ(throng("recommend run --user u00003 --top 0 -q"), 2);
  EXPECT_CONTAINS(last.err, "--top: expected 1 or more items");
  EXPECT_EQ(throng("recommend run --user u00003 --agent 4294967296 -q"), 2);
  EXPECT_CONTAINS(last.err, "--agent: expected an integer in 0..2147483647, not '4294967296'");
  EXPECT_EQ(throng("recommend run --user u00003 --agent 2 -q"), 1);
  EXPECT_CONTAINS(last.err, "agent 2 is not in 0..1");
  EXPECT_EQ(throng("recommend nowhere --user u00003 -q"), 1);
  EXPECT_CONTAINS(last.err, "nowhere: No such file or directory");
  write_file("users.txt", "u00003\nnobody\n");
  EXPECT_EQ(throng("recommend run --users users.txt -q -o rows.csv"), 1);
  EXPECT_CONTAINS(last.err, "users.txt:2: no user 'nobody'");
  EXPECT_FALSE(exists("rows.csv"));
  write_file("past.csv", "item,like\ni00001,2\n");
  EXPECT_EQ(throng("recommend run --history past.csv -q"), 1);
  EXPECT_CONTAINS(last.err, "past.csv:2: like is \"2\", expected 1 or 0");
  write_file("past.csv", "item,like\nnothing,1\n");
  EXPECT_EQ(throng("recommend run --history past.csv -q"), 1);
  EXPECT_CONTAINS(last.err, "past.csv:2: no item 'nothing'");
  write_file("past.csv", "item,like,time\ni00001,1,5\n");
  EXPECT_EQ(throng("recommend run --history past.csv -q"), 1);
  EXPECT_CONTAINS(last.err, "column \"time\": expected item,like or item,rating");
  // Reasons need the weights of f_sta; scores do not.
  EXPECT_EQ(rename(in_folder("run/sta.safetensors"), in_folder("sta")), 0);
  EXPECT_EQ(throng("recommend run --user u00003 -q"), 1);
  EXPECT_CONTAINS(last.err, "run/sta.safetensors: no such file");
  EXPECT_EQ(throng("recommend run --user u00003 -q --no-reasons"), 0);
  EXPECT_EQ(throng("recommend run --user u00003 -q --sta sta"), 0);
}

TEST(cli_recommend, an_export_asks_for_a_run_or_for_a_world_by_its_format) {
  if (!train("")) return;
  cJSON *document = json_of("export run -o agent.safetensors --agent 1 --json -q");
  EXPECT_STREQ(text_at(document, "format"), "safetensors");
  EXPECT_EQ(number_at(document, "agent", NULL), 1);
  cJSON_Delete(document);
  EXPECT_EQ(throng("export run/checkpoint-960.safetensors --format onnx -o a.onnx -q"), 0);
  EXPECT_TRUE(exists("a.onnx") && exists("a.onnx.sample.safetensors"));
  EXPECT_EQ(throng("export run --format vectors -o v -q"), 0);
  for (const char *const *f = (const char *const[]){"v.items.npy", "v.queries.npy", "v.items.csv",
                                                    "v.users.csv", NULL};
       *f; ++f)
    EXPECT_TRUE(exists(*f));
  EXPECT_EQ(throng("export run/world.safetensors --sessions 2 -o episodes.csv -q"), 0);
  EXPECT_EQ(throng("export run/world.safetensors --format onnx -o x -q"), 2);
  EXPECT_CONTAINS(last.err, "expected RUN");
  EXPECT_EQ(throng("export run --format csv -o x -q"), 2);
  EXPECT_CONTAINS(last.err, "expected a world, not a run");
  EXPECT_EQ(throng("export run run/config.json -o x -q"), 2);
  EXPECT_CONTAINS(last.err, "expected RUN alone");
  EXPECT_EQ(throng("export run --policy random -o x -q"), 2);
  EXPECT_CONTAINS(last.err, "for episodes");
  EXPECT_EQ(throng("export run -o /nowhere/x -q"), 1);
  EXPECT_CONTAINS(last.err, "/nowhere");
  EXPECT_FALSE(exists("x"));
}
