/// throng play, as people type it.
#include "run_fixture.h"

/// Of the run's own final evaluation: who's A.Rwd.
static double evaluated(const char *who, int agent) {
  cJSON *summary = read_summary();
  const cJSON *player = agent < 0 ? at(at(summary, "policies"), who)
                                  : at(cJSON_GetArrayItem(at(summary, "agents"), agent), "metrics");
  const double value = number(player, "average_reward");
  cJSON_Delete(summary);
  return value;
}

TEST(cli_play, the_sessions_of_an_evaluation_have_its_mean_whoever_shows) {
  if (!make_run()) return;
  static const struct {
    const char *options, *who;
    int agent;
  } players[] = {{"", NULL, 0},
                 {"--agent-number 1", NULL, 1},
                 {"--agent run --agent-number 1", NULL, 1},
                 {"--agent random", "random", -1},
                 {"--agent popular", "popular", -1},
                 {"--agent most_similar", "most_similar", -1},
                 {"--agent myopic", "myopic", -1},
                 {"--agent oracle", "myopic", -1}};
  for (size_t k = 0; k < sizeof players / sizeof *players; ++k) {
    char line[200];
    snprintf(line, sizeof line, "play run -q --sessions 12 --json %s", players[k].options);
    ASSERT_EQ(throng(line), 0);
    cJSON *found = document();
    EXPECT_NEAR(number(found, "mean_return"), evaluated(players[k].who, players[k].agent), 1e-9);
    EXPECT_EQ(cJSON_GetArraySize(at(found, "sessions")), 12);
    cJSON_Delete(found);
  }
}

TEST(cli_play, rewards_of_the_steps_add_up_to_the_sessions_return) {
  if (!make_run()) return;
  ASSERT_EQ(throng("play run -q --sessions 5 --session 3 --json --set users.temper=6"), 0);
  cJSON *found = document();
  int k = 3;
  const cJSON *session, *step;
  cJSON_ArrayForEach(session, at(found, "sessions")) {
    double sum = 0;
    int n = 0;
    cJSON_ArrayForEach(step, at(session, "steps")) {
      const cJSON *shown = cJSON_GetArrayItem(at(step, "shown"), 0);
      sum += number(step, "reward");
      EXPECT_NEAR(number(step, "step"), ++n, 0);
      EXPECT_NEAR(number(step, "reward"), number(shown, "like"), 0);
      EXPECT_NEAR(number(step, "return"), sum, 0);
      // A step before cost 1 where it pleased, else 2.
      EXPECT_NEAR(number(at(step, "state"), "mood"), 6 - 2 * (n - 1) + sum - number(step, "reward"),
                  1e-6);
    }
    EXPECT_NEAR(number(session, "session"), k++, 0);
    EXPECT_NEAR(number(session, "return"), sum, 0);
    EXPECT_NEAR(number(session, "length"), n, 0);
    if (!strcmp(text(session, "left"), "mood")) EXPECT_NEAR(6 - 2 * n + sum, 0, 1);
  }
  EXPECT_EQ(k, 8);
  cJSON_Delete(found);
}

TEST(cli_play, a_persons_answers_come_through_a_pipe_and_end_with_it) {
  if (!make_run()) return;
  write_file("answers", "y\n no\nYES\nN\n");
  ASSERT_EQ(throng("play run -q --user u00007 --interactive --jsonl lines.jsonl <answers"), 0);
  EXPECT_CONTAINS(last.out, "you answer");
  EXPECT_CONTAINS(last.out, "Over after 4 steps: the input ended. Return 2.");
  EXPECT_CONTAINS(last.err, "Do you like it? [y/n/q]");
  static char lines[1 << 16];
  slurp(in_folder("lines.jsonl"), lines, sizeof lines);
  static const int want[] = {1, 0, 1, 0};
  int n = 0;
  for (char *rest = lines, *line; (line = strsep(&rest, "\n")) && *line; ++n) {
    cJSON *one = cJSON_Parse(line);
    EXPECT_STREQ(text(one, "user"), "u00007");
    EXPECT_STREQ(text(one, "kind"), n < 4 ? "step" : "end");
    const cJSON *shown = cJSON_GetArrayItem(at(one, "shown"), 0);
    if (n < 4) {
      EXPECT_NEAR(number(shown, "like"), want[n], 0);
      EXPECT_TRUE(cJSON_IsNumber(at(shown, "simulated_like")));
    } else {
      EXPECT_STREQ(text(one, "end"), "input_ended");
      EXPECT_NEAR(number(one, "return"), 2, 0);
    }
    cJSON_Delete(one);
  }
  EXPECT_EQ(n, 5);
}

/// Every key of `json` stands on the page as `key`.
static void expect_described(const cJSON *json, const char *page) {
  for (const cJSON *one = json ? json->child : NULL; one; one = one->next) {
    char quoted[80];
    snprintf(quoted, sizeof quoted, "`%s`", one->string ? one->string : "kind");
    if (!strstr(page, quoted)) fprintf(stderr, "docs/file_formats.md: no %s\n", quoted);
    EXPECT_TRUE(strstr(page, quoted) != NULL);
    expect_described(one, page);
  }
}

TEST(cli_play, every_field_of_a_trajectory_stands_on_the_page_of_formats) {
  static char formats[1 << 18], lines[1 << 18];
  if (!make_run()) return;
  slurp(TEST_SOURCE_DIR "/../docs/file_formats.md", formats, sizeof formats);
  char *page = strstr(formats, "## Trajectories");
  ASSERT_TRUE(page != NULL);
  *strstr(page, "## Sweep folder") = '\0';
  write_file("answers", "y\nn\ny\ny\ny\nn\n");
  ASSERT_EQ(throng("play run -q --interactive --jsonl person.jsonl --set users.temper=9 <answers"),
            0);
  slurp(in_folder("person.jsonl"), lines, sizeof lines);
  ASSERT_EQ(throng("play run -q --sessions 40 --jsonl all.jsonl --set users.temper=4 --set "
                   "users.sessions=3 --set users.return_bias=0.9 --set votes.rule=f_pop"),
            0);
  const size_t used = strlen(lines);
  slurp(in_folder("all.jsonl"), lines + used, sizeof lines - used);
  EXPECT_CONTAINS(lines, "returned_days");
  EXPECT_CONTAINS(lines, "f_pop");
  for (char *rest = lines, *line; (line = strsep(&rest, "\n")) && *line;) {
    cJSON *one = cJSON_Parse(line);
    EXPECT_TRUE(one != NULL);
    expect_described(one, page);
    cJSON_Delete(one);
  }
}

TEST(cli_play, answers_that_are_none_are_refused_with_their_line_and_q_leaves) {
  if (!make_run()) return;
  write_file("answers", "y\nperhaps\n");
  EXPECT_EQ(throng("play run -q --interactive --jsonl none.jsonl <answers"), 1);
  EXPECT_CONTAINS(last.err, "standard input, line 2: 'perhaps' is no answer; expected y");
  EXPECT_FALSE(exists("none.jsonl"));
  write_file("answers", "y\nQ\ny\n");
  EXPECT_EQ(throng("play run -q --interactive --sessions 3 --json <answers"), 0);
  cJSON *found = document();
  ASSERT_EQ(cJSON_GetArraySize(at(found, "sessions")), 1);
  EXPECT_STREQ(text(cJSON_GetArrayItem(at(found, "sessions"), 0), "end"), "quit");
  EXPECT_NEAR(number(found, "mean_return"), 1, 0);
  cJSON_Delete(found);
  FILE *endless = fopen(in_folder("answers"), "wb");
  for (int k = 0; k < 70000; ++k) fputc('\0', endless);
  fclose(endless);
  EXPECT_EQ(throng("play run -q --interactive <answers"), 1);
  EXPECT_CONTAINS(last.err, "standard input, line 1: longer than 64 KiB, expected y, n or q");
  EXPECT_EQ(throng("play run -q --interactive </dev/null"), 0);
  EXPECT_CONTAINS(last.out, "Over after 0 steps: the input ended. Return 0.");
}

/// Characters of the longest line of UTF-8.
static int longest_line(const char *printed) {
  int longest = 0, n = 0;
  for (const char *c = printed; *c; ++c) {
    if (*c == '\n') n = 0;
    if (*c != '\n' && ((unsigned char)*c & 0xc0) != 0x80) ++n;
    if (n > longest) longest = n;
  }
  return longest;
}

TEST(cli_play, what_is_printed_fits_eighty_columns_and_fewer) {
  if (!make_run()) return;
  ASSERT_EQ(throng("play run -q --set users.preset=dynamic --set users.temper=9 --set "
                   "users.bored_window=3"),
            0);
  EXPECT_TRUE(longest_line(last.out) <= 80);
  EXPECT_CONTAINS(last.out, "mood 9 of 9");
  setenv("COLUMNS", "44", 1);
  ASSERT_EQ(throng("play run -q --set sim.slate_size=3"), 0);
  unsetenv("COLUMNS");
  EXPECT_TRUE(longest_line(last.out) <= 44);
  EXPECT_TRUE(strchr(last.out, '\x1b') == NULL);
}

TEST(cli_play, a_world_without_a_run_is_played_by_yardsticks) {
  if (!make_run()) return;
  ASSERT_EQ(throng("play run/world.safetensors -q --steps 2 --set sim.history=12"), 0);
  EXPECT_CONTAINS(last.out, "myopic shows");
  EXPECT_CONTAINS(last.out, "Over after 2 steps: no more steps were asked for");
  ASSERT_EQ(throng("play run/world.safetensors run.json -q --agent run --steps 2"), 0);
  EXPECT_CONTAINS(last.out, "DQN shows");
}

TEST(cli_play, what_is_wrong_is_said_with_what_was_meant) {
  if (!make_run()) return;
  EXPECT_EQ(throng("play run -q --user u0007"), 1);
  EXPECT_CONTAINS(last.err, "no user 'u0007' in this world; did you mean 'u00007'");
  EXPECT_EQ(throng("play run -q --agent populer"), 1);
  EXPECT_CONTAINS(last.err, "no agent 'populer'; did you mean 'popular'?");
  EXPECT_EQ(throng("play run -q --agent linucb"), 1);
  EXPECT_CONTAINS(last.err, "LinUCB cannot play a single session");
  EXPECT_EQ(throng("play run -q --agent-number 2"), 1);
  EXPECT_CONTAINS(last.err, "agent 2 is not in 0..1");
  EXPECT_EQ(throng("play nowhere -q"), 1);
  EXPECT_CONTAINS(last.err, "nowhere");
  EXPECT_EQ(throng("play run run.json -q"), 1);
  EXPECT_CONTAINS(last.err, "a run has its own config");
  EXPECT_EQ(throng("play run -q --sessions 0"), 2);
  EXPECT_EQ(throng("play run -q --json --jsonl -"), 2);
  EXPECT_EQ(throng("play run -q --jsonl nowhere/lines.jsonl"), 1);
  EXPECT_CONTAINS(last.err, "nowhere/lines.jsonl: cannot be written");
}
