/// throng votes, throng explain and a word of throng export: columns, times, reasons, and what
/// malformed input does.
#include <math.h>

#include "cli_driver.h"
#include "tiny_world.h"

/// The tiny world, whose answers can be counted on fingers, in the test's folder.
static void save_tiny(void) {
  throng_world *world = tiny_world();
  EXPECT_OK(world_finish(world));
  EXPECT_OK(throng_world_save(world, in_folder("tiny.safetensors")));
  throng_world_close(world);
}

TEST(cli_votes, votes_writes_the_columns_of_the_specification) {
  ASSERT_TRUE(make_world());
  throng_world *world = NULL;
  ASSERT_OK(throng_world_open(in_folder("world.safetensors"), &world));
  char text[512];
  snprintf(text, sizeof text, "user,item\n%s,%s\n%s,%s\n", throng_world_user_id(world, 0),
           throng_world_item_id(world, 1), throng_world_user_id(world, 2),
           throng_world_item_id(world, 3));
  throng_world_close(world);
  write_file("pairs.csv", text);
  ASSERT_EQ(throng("votes world.safetensors --pairs pairs.csv"), 0);
  EXPECT_CONTAINS(last.out,
                  "user,item,alpha_pos,alpha_neg,beta_pos,beta_neg,p_like,f_mat,f_sim,f_sta,"
                  "reward\n");
  EXPECT_CONTAINS(last.err, "rule logical");
  int lines = 0;
  for (const char *at = last.out; *at; ++at) lines += *at == '\n';
  EXPECT_EQ(lines, 3);
  // A pipe reads the same as the file.
  char *from_file = strdup(last.out);
  ASSERT_EQ(throng("votes world.safetensors -q --pairs - -o v.csv < pairs.csv"), 0);
  char written[1 << 12];
  slurp(in_folder("v.csv"), written, sizeof written);
  EXPECT_STREQ(written, from_file);
  free(from_file);
}

TEST(cli_votes, a_rule_that_asks_f_pop_has_its_columns_its_reasons_and_its_json) {
  ASSERT_TRUE(make_world());
  throng_world *world = NULL;
  ASSERT_OK(throng_world_open(in_folder("world.safetensors"), &world));
  char text[512], line[512];
  const char *user = throng_world_user_id(world, 0), *item = throng_world_item_id(world, 1);
  snprintf(text, sizeof text, "user,item\n%s,%s\n", user, item);
  write_file("pairs.csv", text);
  ASSERT_EQ(throng("votes world.safetensors --pairs pairs.csv -q --set votes.rule=f_pop"), 0);
  EXPECT_CONTAINS(last.out, ",f_mat,f_sim,f_sta,f_pop_score,f_pop,reward\n");
  const char *row = strchr(last.out, '\n') + 1;
  double score = 0;
  int f_pop = -1, reward = -1;
  for (int comma = 0; comma < 10; ++comma) row = strchr(row, ',') + 1;
  EXPECT_EQ(sscanf(row, "%lf,%d,%d", &score, &f_pop, &reward), 3);
  EXPECT_TRUE(score > 0 && score < 1);
  EXPECT_EQ(f_pop, score >= 0.5);
  EXPECT_EQ(reward, f_pop);
  snprintf(line, sizeof line, "explain world.safetensors --user %s --item %s -q --json %s", user,
           item, "--set votes.rule=weighted --set votes.weights=1,1,0,2");
  ASSERT_EQ(throng(line), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_NEAR(number_at(document, "f_pop", "p"), score, 1e-6);
  EXPECT_EQ(number_at(document, "f_pop", "vote"), f_pop);
  const cJSON *vote = cJSON_GetObjectItem(document, "f_pop");
  const double item_logit = number_at(vote, "item", "logit");
  const double user_logit = number_at(vote, "user", "logit");
  const cJSON *w = cJSON_GetObjectItem(vote, "weights");
  const double z = cJSON_GetArrayItem(w, 0)->valuedouble +
                   cJSON_GetArrayItem(w, 1)->valuedouble * item_logit +
                   cJSON_GetArrayItem(w, 2)->valuedouble * user_logit;
  EXPECT_NEAR(1 / (1 + exp(-z)), score, 1e-6);
  cJSON_Delete(document);
  snprintf(line, sizeof line, "explain world.safetensors --user %s --item %s -q %s", user, item,
           "--set votes.rule=f_pop");
  ASSERT_EQ(throng(line), 0);
  EXPECT_CONTAINS(last.out, "Popularity vote f_pop = ");
  EXPECT_CONTAINS(last.out, "answers that are learned from: like rate ");
  EXPECT_CONTAINS(last.out, "p = sigmoid(");
  throng_world_close(world);
}

TEST(cli_votes, a_malformed_pair_is_refused_with_its_line_and_leaves_no_output) {
  ASSERT_TRUE(make_world());
  throng_world *world = NULL;
  ASSERT_OK(throng_world_open(in_folder("world.safetensors"), &world));
  char text[1024];
  const char *user = throng_world_user_id(world, 0), *item = throng_world_item_id(world, 1);
  snprintf(text, sizeof text, "user,item\n%s,%s\n%s,%sx\n", user, item, user, item);
  write_file("pairs.csv", text);
  EXPECT_EQ(throng("votes world.safetensors --pairs pairs.csv -o votes.csv"), 1);
  EXPECT_CONTAINS(last.err, "pairs.csv:3: no item '");
  EXPECT_CONTAINS(last.err, "did you mean '");
  EXPECT_FALSE(exists("votes.csv"));
  snprintf(text, sizeof text, "user,item,time\n%s,%s,soon\n", user, item);
  write_file("pairs.csv", text);
  EXPECT_EQ(throng("votes world.safetensors --pairs pairs.csv -o votes.csv"), 1);
  EXPECT_CONTAINS(last.err, "pairs.csv:2: time 'soon'");
  write_file("pairs.csv", "person,item\na,b\n");
  EXPECT_EQ(throng("votes world.safetensors --pairs pairs.csv -o votes.csv"), 1);
  EXPECT_CONTAINS(last.err, "pairs.csv:1");
  write_file("pairs.csv", "user,item\na\n");
  EXPECT_EQ(throng("votes world.safetensors --pairs pairs.csv -o votes.csv"), 1);
  EXPECT_CONTAINS(last.err, "pairs.csv:2");
  write_file("pairs.csv", "");
  EXPECT_EQ(throng("votes world.safetensors --pairs pairs.csv -o votes.csv"), 1);
  EXPECT_FALSE(exists("votes.csv"));
  EXPECT_EQ(throng("votes world.safetensors --pairs none.csv -o votes.csv"), 1);
  EXPECT_EQ(throng("votes world.safetensors -o votes.csv"), 2);
  throng_world_close(world);
}

TEST(cli_votes, votes_count_what_happened_before_the_time_and_never_the_candidate) {
  save_tiny();
  // u0 liked a at 100, disliked b and liked c at 200. Candidate b shares "calm" with a alone.
  write_file("pairs.csv", "user,item,time\nu0,b,\nu0,b,200\nu0,b,100\nu0,d,201\nu0,d,200\n");
  ASSERT_EQ(throng("votes tiny.safetensors --pairs pairs.csv -q"), 0);
  EXPECT_CONTAINS(last.out,
                  "\nu0,b,1,0,0.707106769,-1,0.5,1,1,0,1\n"
                  "u0,b,1,0,0.707106769,-1,0.5,1,1,0,1\nu0,b,0,0,-1,-1,0.5,");
  // d has no category, so the whole history counts: b was disliked and shares "dull".
  EXPECT_CONTAINS(last.out, "\nu0,d,0,1,0,0.989949584,0.5,0,0,0,0\nu0,d,0,0,0,-1,0.5,");
}

TEST(cli_votes, a_time_is_taken_in_every_spelling_and_as_seconds_where_the_world_has_no_dates) {
  throng_world *world = tiny_world();
  static const char *const same[] = {"1500457815", "1500457815000", "2017-07-19T11:50:15+0200",
                                     "'2017-07-19 09:50:15.5 UTC'", "20170719095015"};
  world->history_time[0] = 1500457814;
  world->history_time[1] = world->history_time[2] = 1500457815;
  world->history_time[3] = 1500457000;
  EXPECT_OK(world_finish(world));
  EXPECT_OK(throng_world_save(world, in_folder("dated.safetensors")));
  throng_world_close(world);
  for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
    char line[200];
    snprintf(line, sizeof line, "explain dated.safetensors --user u0 --item d --time %s", same[i]);
    ASSERT_EQ(throng(line), 0);
    EXPECT_CONTAINS(last.out, "history: 1 interactions before");
  }
  world = tiny_world();
  world->history_time[1] = world->history_time[2] = 20170715;
  EXPECT_OK(world_finish(world));
  EXPECT_OK(throng_world_save(world, in_folder("relative.safetensors")));
  throng_world_close(world);
  ASSERT_EQ(throng("explain relative.safetensors --user u0 --item d --time 20170714"), 0);
  EXPECT_CONTAINS(last.out, "history: 1 interactions before");
}

TEST(cli_votes, explain_names_keywords_items_margins_and_the_fallback) {
  save_tiny();
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item b"), 0);
  EXPECT_CONTAINS(last.out, "User u0 and item b, \"Red Hill\"");
  EXPECT_CONTAINS(last.out, "history: 2 interactions, 2 liked and 0 disliked");
  EXPECT_CONTAINS(last.out,
                  "liking keywords met 1 time in liked items:\n      \"calm\" in Blue Door\n");
  EXPECT_CONTAINS(last.out, "1 against 0, margin +1: more met on the liking side");
  EXPECT_CONTAINS(last.out, "nearest liked item: Blue Door, at 0.7071");
  EXPECT_CONTAINS(last.out, "no disliked item counts, which stands as -1");
  EXPECT_CONTAINS(last.out, "Reward = 1: the user likes it (rule logical");
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item d"), 0);
  EXPECT_CONTAINS(last.out, "no past item shares a category with it, so the whole history counts");
  EXPECT_CONTAINS(last.out, "\"dull\" in Red Hill");
  EXPECT_CONTAINS(last.out, "nearest disliked item: Red Hill, at 0.9899");
  EXPECT_CONTAINS(last.out, "Reward = 0: the user does not like it");
  ASSERT_EQ(throng("explain tiny.safetensors --user u2 --item a"), 0);
  EXPECT_CONTAINS(last.out, "0 against 0, margin +0: a tie, which a fair coin decided");
}

TEST(cli_votes, explain_gives_the_same_facts_as_json) {
  save_tiny();
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item d --time 201 --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_EQ(number_at(document, "history", NULL), 3);
  EXPECT_EQ(number_at(document, "f_mat", "alpha_neg"), 1);
  EXPECT_EQ(number_at(document, "f_mat", "margin"), -1);
  EXPECT_EQ(number_at(document, "f_mat", "vote"), 0);
  EXPECT_NEAR(number_at(document, "f_sim", "margin"), -0.98994958, 1e-6);
  EXPECT_EQ(number_at(document, "reward", NULL), 0);
  const cJSON *disliking = cJSON_GetObjectItem(document, "disliking");
  EXPECT_TRUE(cJSON_IsTrue(cJSON_GetObjectItem(disliking, "category_fallback")));
  const cJSON *met = cJSON_GetArrayItem(cJSON_GetObjectItem(disliking, "keywords_met"), 0);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(met, "keyword")), "dull");
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(met, "item")), "b");
  const cJSON *nearest = cJSON_GetObjectItem(disliking, "nearest");
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(nearest, "item")), "b");
  cJSON_Delete(document);
}

TEST(cli_votes, explain_says_what_a_session_has_made_of_the_user_and_why_they_leave) {
  save_tiny();
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item b --after a --set "
                   "users.repeat_window=1 --set users.temper=9"),
            0);
  EXPECT_CONTAINS(last.out, "  a: the user ");
  EXPECT_CONTAINS(last.out, "\"doors\" was shown 1 times in the last 1 steps (more than 0");
  EXPECT_CONTAINS(last.out, "the user leaves: a category came again too soon after a like");
  EXPECT_CONTAINS(last.out, "of 9.00 left");
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item d --after a,c --set users.temper=1"),
            0);
  EXPECT_CONTAINS(last.out, "leaves: the budget of temper fell below 1");
  EXPECT_CONTAINS(last.out, "the session is over: 1 of the items are not shown");
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item b --after a --json --set "
                   "users.repeat_window=1 --set users.satiation=0.5"),
            0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  const cJSON *session = cJSON_GetObjectItem(document, "session");
  EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(session, "shown")), 1);
  EXPECT_EQ(number_at(document, "session", "satiation"), 1);
  EXPECT_NEAR(number_at(document, "session", "appetite"), -0.5, 1e-6);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(session, "satiation_category")), "doors");
  const cJSON *leaves = cJSON_GetObjectItem(session, "leaves");
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(leaves, "disliked")), "repetition");
  cJSON_Delete(document);
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item b --after nobody"), 1);
  EXPECT_CONTAINS(last.err, "nobody");
}

TEST(cli_votes, fit_users_prints_a_section_that_a_config_takes) {
  save_tiny();
  ASSERT_EQ(throng("fit-users tiny.safetensors"), 0);
  EXPECT_CONTAINS(last.out, "do not show sessions");
  EXPECT_CONTAINS(last.out, "\"leave_probability\":\t0.025");
  ASSERT_EQ(throng("fit-users tiny.safetensors --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(document, "told")));
  const cJSON *sources = cJSON_GetObjectItem(document, "sources");
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(sources, "return_bias")), "KuaiSim");
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItem(sources, "leave_probability")),
               "the paper");
  char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(document, "config"));
  ASSERT_TRUE(text != NULL);
  write_file("users.json", text);
  ASSERT_EQ(throng("config users.json"), 0);
  EXPECT_CONTAINS(last.out, "\"return_bias\":\t0.4");
  free(text);
  cJSON_Delete(document);
}

TEST(cli_votes, explain_of_the_published_code_says_where_it_differs) {
  save_tiny();
  ASSERT_EQ(throng("explain tiny.safetensors --user u0 --item b --semantics published-code"), 0);
  EXPECT_CONTAINS(last.out, "nothing was disliked before: the published code says 0");
  EXPECT_CONTAINS(last.out, "applies the sigmoid twice");
  EXPECT_CONTAINS(last.out, "Reward = 0");
  ASSERT_EQ(throng("explain tiny.safetensors --user u1 --item b --semantics published-code"), 0);
  EXPECT_CONTAINS(last.out, "nothing was liked before: the published code says 1");
  EXPECT_CONTAINS(last.out, "Reward = 1");
}

TEST(cli_votes, an_unknown_id_is_answered_with_the_nearest_ones) {
  save_tiny();
  EXPECT_EQ(throng("explain tiny.safetensors --user u9 --item b"), 1);
  EXPECT_CONTAINS(last.err, "no user 'u9' in this world; did you mean 'u0', 'u1', 'u2'?");
  EXPECT_EQ(throng("explain tiny.safetensors --user u0 --item 'red hill'"), 1);
  EXPECT_CONTAINS(last.err, "no item 'red hill' in this world; did you mean 'b' (Red Hill)?");
  EXPECT_EQ(throng("explain tiny.safetensors --user u0 --item b --time yesterday"), 1);
  EXPECT_CONTAINS(last.err, "time 'yesterday': expected seconds, milli-");
  EXPECT_EQ(throng("explain tiny.safetensors --user u0"), 2);
}

/// Explanations of a whole synthetic world agree with the votes themselves.
TEST(cli_votes, what_explain_counts_is_what_votes_counts) {
  ASSERT_TRUE(make_world());
  throng_world *world = NULL;
  ASSERT_OK(throng_world_open(in_folder("world.safetensors"), &world));
  for (int k = 0; k < 12; ++k) {
    const char *user = throng_world_user_id(world, 5 * k),
               *item = throng_world_item_id(world, 3 * k);
    const char *semantics = k % 2 ? "published-code" : "paper";
    char line[512], text[256];
    snprintf(text, sizeof text, "user,item\n%s,%s\n", user, item);
    write_file("pairs.csv", text);
    snprintf(line, sizeof line, "votes world.safetensors -q --pairs pairs.csv --semantics %s",
             semantics);
    ASSERT_EQ(throng(line), 0);
    int alpha[2], mat, sim, sta, reward;
    double beta[2], p;
    const char *row = strchr(last.out, '\n') + 1 + strlen(user) + strlen(item) + 2;
    ASSERT_EQ(sscanf(row, "%d,%d,%lf,%lf,%lf,%d,%d,%d,%d", &alpha[0], &alpha[1], &beta[0], &beta[1],
                     &p, &mat, &sim, &sta, &reward),
              9);
    snprintf(line, sizeof line,
             "explain world.safetensors -q --json --user %s --item %s --semantics %s", user, item,
             semantics);
    ASSERT_EQ(throng(line), 0);
    cJSON *document = cJSON_Parse(last.out);
    ASSERT_TRUE(document != NULL);
    static const char *const sides[] = {"liking", "disliking"};
    for (int s = 0; s < 2; ++s) {
      const cJSON *side = cJSON_GetObjectItem(document, sides[s]);
      const cJSON *nearest = cJSON_GetObjectItem(side, "nearest");
      EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(side, "keywords_met")), alpha[s]);
      EXPECT_NEAR(cJSON_IsNull(nearest) ? -1 : number_at(nearest, "similarity", NULL), beta[s],
                  1e-7);
    }
    EXPECT_EQ(number_at(document, "reward", NULL), reward);
    cJSON_Delete(document);
  }
  throng_world_close(world);
}

TEST(cli_export, plays_the_myopic_policy_under_its_former_name_too_and_says_so) {
  ASSERT_TRUE(make_world());
  ASSERT_EQ(throng("export world.safetensors --sessions 3 --policy myopic -o new.csv"), 0);
  ASSERT_EQ(throng("export world.safetensors --sessions 3 --policy oracle -o old.csv"), 0);
  EXPECT_CONTAINS(last.err, "its name is myopic");
  char of_new[1 << 14], of_old[1 << 14];
  slurp(in_folder("new.csv"), of_new, sizeof of_new);
  slurp(in_folder("old.csv"), of_old, sizeof of_old);
  EXPECT_TRUE(strlen(of_new) > 100);
  EXPECT_STREQ(of_old, of_new);
  EXPECT_EQ(throng("export world.safetensors --policy orakel -o third.csv"), 2);
}

TEST(cli_votes, likes_alone_fit_without_nan_and_say_what_the_calibrated_rule_needs) {
  FILE *file = fopen(in_folder("r.csv"), "w");
  ASSERT_TRUE(file != NULL);
  fputs("user,item\n", file);
  for (int u = 0; u < 12; u++)
    for (int k = 0; k < 5; k++) fprintf(file, "u%d,i%d\n", u, (u * u + k * (1 + u % 3)) % 16);
  fclose(file);
  write_file("c.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\"},"
             "\"keywords\": {\"min_items\": 1, \"max_share\": 1}, \"sta\": {\"epochs\": 1}}");
  ASSERT_EQ(throng("prepare c.json -q -o w.safetensors"), 0);
  ASSERT_EQ(throng("fit w.safetensors c.json -q -o s.safetensors"), 0);
  EXPECT_EQ(strstr(last.out, "nan"), NULL);
  EXPECT_CONTAINS(last.out, "validation AUC          -  ");
  EXPECT_EQ(throng("train c.json -q --set world.file=w.safetensors --set sta.file=s.safetensors "
                   "--set votes.rule=calibrated --set train.out=run"),
            1);
  EXPECT_CONTAINS(last.err, "dataset.negatives 1");
  EXPECT_EQ(strstr(last.err, "like_threshold"), NULL);
}
