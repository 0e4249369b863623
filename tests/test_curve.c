/// The learning curve and the table as text.
#include "report/curve.h"

#include <math.h>
#include <stdlib.h>

#include "report/metrics_table.h"
#include "report/text_table.h"
#include "throng_test.h"

static int lines(const char *text) {
  int n = 0;
  for (const char *c = text; *c; ++c) n += *c == '\n';
  return n;
}

TEST(curve, rising_line_in_ascii_runs_from_bottom_left_to_top_right) {
  const double x[] = {0, 1000, 2000}, y[] = {0, 5, 10};
  const curve_def def = {.width = 9, .height = 3, .x_label = "user-steps", .n = 3, .x = x, .y = y};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_STREQ(text,
               "       10 |      ***\n"
               "        5 |  ****   \n"
               "        0 |**       \n"
               "          +---------\n"
               "           0      2k user-steps\n");
  free(text);
}

TEST(curve, levels_are_drawn_and_named_where_they_lie) {
  const double x[] = {0, 1}, y[] = {2, 2};
  const curve_level level[] = {{"myopic", 4}, {"random", 0}, {"lost", (double)NAN}};
  const curve_def def = {.width = 8,
                         .height = 5,
                         .title = "A.Rwd",
                         .n = 2,
                         .x = x,
                         .y = y,
                         .n_level = 3,
                         .level = level};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_STREQ(text,
               "A.Rwd\n"
               "        4 |- - - -  myopic 4\n"
               "          |        \n"
               "        2 |********\n"
               "          |        \n"
               "        0 |- - - -  random 0\n"
               "          +--------\n"
               "           0      1\n");
  free(text);
}

TEST(curve, flat_line_in_braille_fills_one_row_of_dots) {
  const double x[] = {0, 1}, y[] = {3, 3};
  const curve_def def = {.width = 8, .height = 3, .unicode = true, .n = 2, .x = x, .y = y};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_CONTAINS(text, "⠒⠒⠒⠒⠒⠒⠒⠒");
  EXPECT_EQ(lines(text), 5);
  free(text);
}

TEST(curve, no_points_and_points_that_are_not_finite_still_give_a_drawing) {
  const double x[] = {0, 1, 2}, y[] = {(double)NAN, (double)INFINITY, (double)NAN};
  curve_def def = {.width = 8, .height = 3, .n = 3, .x = x, .y = y};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_TRUE(strchr(text, '*') == NULL);
  free(text);
  def.n = 0;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_EQ(lines(text), 5);
  free(text);
}

TEST(curve, drawing_too_small_is_an_error) {
  const curve_def def = {.width = 2, .height = 3};
  char *text;
  EXPECT_EQ(curve_render(&def, &text), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "2 x 3");
}

TEST(table, rows_are_ordered_by_reward_and_those_without_a_number_come_last) {
  const metrics_row row[] = {{.title = "lost", .average_reward = (double)NAN, .state = "diverged"},
                             {.title = "DQN",
                              .average_reward = 20,
                              .reward_per_step = 0.5,
                              .total_reward = 80,
                              .liking = 45.5,
                              .coverage = 0.25},
                             {.title = "random", .average_reward = 10},
                             {.title = "myopic", .average_reward = 22.5}};
  char *text;
  ASSERT_OK(metrics_table(4, row, 80, false, &text));
  const char *myopic = strstr(text, "myopic"), *dqn = strstr(text, "DQN"),
             *random = strstr(text, "random"), *lost = strstr(text, "lost");
  EXPECT_TRUE(myopic && dqn && random && myopic < dqn && dqn < random && random < lost);
  EXPECT_CONTAINS(text, "DQN             20.00   0.500     80    45.50     25.0%");
  EXPECT_CONTAINS(lost, "lost, diverged ");
  EXPECT_TRUE(strstr(text, "pairs") == NULL);  // nobody was compared
  free(text);
}

TEST(table, players_that_were_compared_stand_in_a_second_table_with_their_intervals) {
  const metrics_row row[] = {{.title = "DQN",
                              .average_reward = 20,
                              .against_random = {512, 12.5, 12, 13},
                              .against_myopic = {32, -0.75, -1, -0.5}},
                             {.title = "random", .average_reward = 7.5},
                             {.title = "one", .average_reward = 9, .against_random = {1, 2}}};
  char *text;
  ASSERT_OK(metrics_table(3, row, 80, false, &text));
  const char *pairs = strstr(text, "in pairs of sessions");
  ASSERT_TRUE(pairs != NULL);
  EXPECT_CONTAINS(pairs, "DQN     +12.50 [+12.00, +13.00]    512  -0.75 [-1.00, -0.50]     32\n");
  EXPECT_CONTAINS(pairs, "one     +2.00                        1  -                         -\n");
  EXPECT_TRUE(strstr(strstr(pairs, "policy"), "random ") < strstr(pairs, "DQN"));
  EXPECT_TRUE(strstr(strstr(pairs, "DQN"), "random") == NULL);  // no row of its own
  free(text);
}

/// Characters of the longest line.
static int longest_line(const char *text) {
  int most = 0;
  for (int length = 0; *text; ++text) {
    length = *text == '\n' ? 0 : length + (((unsigned char)*text & 0xc0) != 0x80);
    if (length > most) most = length;
  }
  return most;
}

/// As a run with every yardstick has them: two close together, and long names.
static const curve_level crowd[] = {
    {"myopic", 36.38}, {"most similar", 36.3}, {"popular", 11.65},          {"random", 11.6},
    {"planner", 36.5}, {"LinUCB", 36.31},      {"Thompson sampling", 36.32}};

TEST(curve, no_line_is_longer_than_its_columns_and_every_level_is_named) {
  const double x[] = {0, 5e5, 1e6}, y[] = {11, 30, 35};
  for (int columns = 40; columns <= 120; ++columns)
    for (int unicode = 0; unicode < 2; ++unicode) {
      const curve_def def = {.columns = columns,
                             .height = 12,
                             .unicode = unicode,
                             .title = "A.Rwd, mean return of an evaluation episode",
                             .x_label = "user-steps",
                             .n = 3,
                             .x = x,
                             .y = y,
                             .n_level = 7,
                             .level = crowd};
      char *text;
      ASSERT_OK(curve_render(&def, &text));
      EXPECT_LE(longest_line(text), columns);
      for (int k = 0; k < 7; ++k) EXPECT_CONTAINS(text, crowd[k].name);
      if (columns >= 60) EXPECT_CONTAINS(text, "most similar 36.3");
      free(text);
    }
}

TEST(curve, crowded_levels_are_named_from_the_highest_to_the_lowest) {
  const double x[] = {0, 1}, y[] = {11, 35};
  const curve_def def = {
      .columns = 80, .height = 12, .n = 2, .x = x, .y = y, .n_level = 7, .level = crowd};
  static const char *const order[] = {
      "planner 36.5", "myopic 36.38",      "Thompson sampling 36.32",
      "LinUCB 36.31", "most similar 36.3", "popular 11.65",
      "random 11.6"};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  const char *at = text;
  for (int k = 0; k < 7; ++k) {
    const char *found = strstr(at, order[k]);
    EXPECT_TRUE(found != NULL);
    if (found) at = found;
  }
  free(text);
}

TEST(curve, of_a_run_that_goes_on_leaves_room_up_to_its_end) {
  const double x[] = {0, 1000}, y[] = {0, 10};
  const curve_def def = {
      .columns = 60, .height = 3, .x_label = "steps", .n = 2, .x = x, .y = y, .x_end = 4000};
  char *text;
  ASSERT_OK(curve_render(&def, &text));
  EXPECT_CONTAINS(text, "4k steps");
  // A quarter of the way: its stars end there.
  const int margin = (int)(strchr(text, '|') - text) + 1, width = 60 - margin;
  int last = 0;
  for (const char *at = text, *line = text; *at; ++at) {
    if (*at == '*' && at - line - margin > last) last = (int)(at - line) - margin;
    if (*at == '\n') line = at + 1;
  }
  EXPECT_GE(last, width / 4 - 1);
  EXPECT_LE(last, width / 4 + 1);
  free(text);
}

TEST(table, no_line_is_longer_than_the_width_and_nothing_is_left_out) {
  const metrics_row row[] = {
      {.title = "DQN",
       .average_reward = 1234.56,
       .total_reward = 1234567,
       .liking = 100,
       .coverage = 1,
       .against_random = {512, 12.5, 12, 13},
       .against_myopic = {32, -0.75, -1, -0.5}},
      {.title = "Thompson sampling", .against_random = {512, -12.5, -12, -13}},
      {.title = "agent 1", .state = "diverged"}};
  for (int width = 40; width <= 120; ++width) {
    char *text;
    ASSERT_OK(metrics_table(3, row, width, true, &text));
    EXPECT_LE(longest_line(text), width);
    static const char *const all[] = {
        "A.Rwd", "a step",  "T.Rwd",  "Liking%",     "coverage",    "Gini",     "diversity",
        "steps", "1234567", "100.0%", "than random", "than myopic", "diverged", "[-1.00, -0.50]"};
    for (size_t k = 0; k < sizeof all / sizeof *all; ++k) EXPECT_CONTAINS(text, all[k]);
    free(text);
  }
}

TEST(text_table, that_is_too_wide_repeats_its_first_column_in_each_block) {
  text_table t;
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  text_table_begin(&t, 4);
  for (int k = 0; k < 8; ++k) text_table_put(&t, "%s%d", k < 4 ? "head" : "cell", k % 4);
  ASSERT_OK(text_table_print(&t, 18, false, out));
  fclose(out);
  EXPECT_STREQ(text,
               "head0  head1\n------------\ncell0  cell1\n\n"
               "head0  head2\n------------\ncell0  cell2\n\n"
               "head0  head3\n------------\ncell0  cell3\n");
  free(text);
}

TEST(text_fold, keeps_words_whole_and_indents_what_follows) {
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  text_fold("one two  three four", 9, 2, out);
  text_fold("  a", 9, 2, out);
  text_fold("anextraordinarilylongword b", 9, 2, out);
  fclose(out);
  EXPECT_STREQ(text, "one two\n  three\n  four\n  a\nanextraordinarilylongword\n  b\n");
  free(text);
}
