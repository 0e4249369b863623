/// The learning curve and the table as text.
#include "report/curve.h"

#include <math.h>
#include <stdlib.h>

#include "report/metrics_table.h"
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
  ASSERT_OK(metrics_table(4, row, false, &text));
  const char *myopic = strstr(text, "myopic"), *dqn = strstr(text, "DQN"),
             *random = strstr(text, "random"), *lost = strstr(text, "lost");
  EXPECT_TRUE(myopic && dqn && random && myopic < dqn && dqn < random && random < lost);
  EXPECT_CONTAINS(text, "DQN              20.00   0.500         80     45.50     25.0%");
  EXPECT_CONTAINS(lost, "  diverged\n");
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
  ASSERT_OK(metrics_table(3, row, false, &text));
  const char *pairs = strstr(text, "in pairs of sessions");
  ASSERT_TRUE(pairs != NULL);
  EXPECT_CONTAINS(pairs,
                  "DQN              +12.50 [+12.00, +13.00]      512     -0.75 [-1.00, -0.50] ");
  EXPECT_CONTAINS(pairs, "     32\n");
  EXPECT_CONTAINS(pairs, "one               +2.00                         1         -");
  EXPECT_TRUE(strstr(strstr(pairs, "policy"), "random ") < strstr(pairs, "DQN"));
  EXPECT_TRUE(strstr(strstr(pairs, "DQN"), "random") == NULL);  // no row of its own
  free(text);
}
