/// The table of agents and yardsticks, and how sure its figures are.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "run_report/parts.h"

enum { MOST = 16 };

/// Players by A.Rwd, the best first; those without a number last.
static int sorted(const run_files *f, const cJSON **player) {
  int n = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, f->policies) {
    const double value = json_number(one, "average_reward");
    if (n == MOST) break;
    int at = n++;
    for (; at > 0 && !(json_number(player[at - 1], "average_reward") >= value) && isfinite(value);
         --at)
      player[at] = player[at - 1];
    player[at] = one;
  }
  return n;
}

static void number_cell(FILE *out, double value, double error, int digits) {
  char text[64];
  page_cell(out, "td", page_mean(value, error, digits, text));
}

static void share_cell(FILE *out, double share) {
  char text[32];
  page_cell(out, "td", page_percent(share, text));
}

static void name_cell(const run_page *p, const cJSON *player) {
  char text[32];
  const bool agent = !strcmp(player->string, "agent");
  fputs(agent ? "<th><b>" : "<th>", p->out);
  svg_escaped(p->out, run_files_player(p->files, player->string, text));
  fputs(agent ? "</b></th>" : "</th>", p->out);
}

static void write_sessions(const run_page *p, int n, const cJSON *const *player) {
  static const char *const head[] = {"policy",   "A.Rwd", "likes a step", "Liking%",
                                     "coverage", "Gini",  "diversity",    "steps"};
  page_table(p->out, "What evaluation sessions came to, \xc2\xb1 of 95 %", 8, head);
  for (int k = 0; k < n; ++k) {
    const cJSON *m = player[k];
    fputs("<tr>", p->out);
    name_cell(p, m);
    number_cell(p->out, json_number(m, "average_reward"), json_number(m, "average_reward_sem"), 2);
    number_cell(p->out, json_number(m, "reward_per_step"), json_number(m, "reward_per_step_sem"),
                3);
    number_cell(p->out, json_number(m, "liking"), (double)NAN, 2);
    share_cell(p->out, json_number(m, "coverage"));
    number_cell(p->out, json_number(m, "gini"), (double)NAN, 3);
    number_cell(p->out, json_number(m, "diversity"), (double)NAN, 3);
    number_cell(p->out, json_number(m, "session_length"), (double)NAN, 1);
    fputs("</tr>\n", p->out);
  }
  page_table_end(p->out);
}

/// Both ends of a paired difference; of rows, which have no interval, by its error.
static bool pair_of(const cJSON *player, const char *against, double *mean, double *low,
                    double *high) {
  const cJSON *pair = cJSON_GetObjectItemCaseSensitive(player, against);
  *mean = json_number(pair, "mean");
  *low = json_number(pair, "low");
  *high = json_number(pair, "high");
  const double error = json_number(pair, "sem");
  if (!isfinite(*low) || !isfinite(*high))
    *low = *mean - 1.96 * error, *high = *mean + 1.96 * error;
  return isfinite(*mean);
}

static void pair_cell(FILE *out, const cJSON *player, const char *against) {
  double mean, low, high;
  if (!pair_of(player, against, &mean, &low, &high))
    page_cell(out, "td", "-");
  else if (isfinite(low) && isfinite(high))
    page_cell_of(out, "%+.2f [%+.2f, %+.2f]", mean, low, high);
  else
    page_cell_of(out, "%+.2f", mean);
}

/// A row a player: the difference to random, with its interval.
static void draw_pairs(const run_page *p, int n, const cJSON *const *player) {
  page_interval row[MOST];
  char text[MOST][32];
  int rows = 0;
  for (int k = 0; k < n; ++k) {
    page_interval *r = &row[rows];
    if (!pair_of(player[k], "against_random", &r->mean, &r->low, &r->high)) continue;
    r->name = run_files_player(p->files, player[k]->string, text[rows]);
    r->style = strcmp(player[k]->string, "agent") ? "c6" : "c0";
    ++rows;
  }
  run_page_draw_intervals(p->out, "pairs", "likes a session more than random, in pairs of sessions",
                          "A row a policy: the mean difference of its likes a session to those of "
                          "the random policy with the same user and the same draws, with its 95 % "
                          "interval.",
                          rows, row);
}

static void write_pairs(const run_page *p, int n, const cJSON *const *player) {
  static const char *const head[] = {"policy", "than random, 95 %", "than the myopic policy, 95 %",
                                     "pairs"};
  bool any = false;
  double mean, low, high;
  for (int k = 0; k < n; ++k)
    any |= pair_of(player[k], "against_random", &mean, &low, &high) ||
           pair_of(player[k], "against_myopic", &mean, &low, &high);
  if (!any) {
    fputs("<p>No yardstick was evaluated beside it (train.yardsticks).</p>\n", p->out);
    return;
  }
  page_table(p->out, "Likes a session more: the same user, the same draws", 4, head);
  for (int k = 0; k < n; ++k) {
    char text[32];
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(player[k], "against_random");
    if (!pair) pair = cJSON_GetObjectItemCaseSensitive(player[k], "against_myopic");
    fputs("<tr>", p->out);
    name_cell(p, player[k]);
    pair_cell(p->out, player[k], "against_random");
    pair_cell(p->out, player[k], "against_myopic");
    page_cell(p->out, "td", page_count(json_number(pair, "sessions"), text));
    fputs("</tr>\n", p->out);
  }
  page_table_end(p->out);
}

/// By how active users are: who is served.
static void write_thirds(const run_page *p, int n, const cJSON *const *player) {
  static const char *const head[] = {"policy", "least active third", "middle", "most active"};
  static const char *const row[] = {"reward_least_active", "reward_middle", "reward_most_active"};
  page_table(p->out, "A.Rwd by how much the real users did", 4, head);
  for (int k = 0; k < n; ++k) {
    const cJSON *three = cJSON_GetObjectItemCaseSensitive(player[k], "tercile_reward");
    fputs("<tr>", p->out);
    name_cell(p, player[k]);
    for (int j = 0; j < 3; ++j) {
      const cJSON *item = cJSON_GetArrayItem(three, j);
      number_cell(p->out,
                  three ? (cJSON_IsNumber(item) ? item->valuedouble : (double)NAN)
                        : json_number(player[k], row[j]),
                  (double)NAN, 2);
    }
    fputs("</tr>\n", p->out);
  }
  page_table_end(p->out);
}

/// Agents of a population: their state, and what each came to.
static void write_agents(const run_page *p) {
  NUMBERS_WITHOUT_LOCALE;
  static const char *const head[] = {"agent", "state", "user-steps", "A.Rwd", "Liking%", "Gini"};
  const int n = cJSON_GetArraySize(p->files->agents);
  if (n < 2) return;
  int diverged = 0, rows = 0;
  char title[32];
  const cJSON *one;
  cJSON_ArrayForEach(one, p->files->agents) {
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "state"));
    diverged += state && !strcmp(state, "diverged");
  }
  page_heading(p->out, "The population");
  page_note(p->out,
            "%d agents, %d of them diverged. The row %s above is the mean of those that learn.", n,
            diverged, run_files_agent(p->files, title));
  page_table(p->out, NULL, 6, head);
  cJSON_ArrayForEach(one, p->files->agents) {
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(one, "metrics");
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "state"));
    char text[32];
    if (rows++ == MOST) break;
    fprintf(p->out, "<tr><th>%s</th><td%s>", page_count(json_number(one, "agent"), text),
            state && !strcmp(state, "diverged") ? " class=\"bad\"" : "");
    svg_escaped(p->out, state ? state : "-");
    fputs("</td>", p->out);
    page_cell(p->out, "td", page_count(json_number(one, "user_steps"), text));
    number_cell(p->out, json_number(m, "average_reward"), json_number(m, "average_reward_sem"), 2);
    number_cell(p->out, json_number(m, "liking"), (double)NAN, 2);
    number_cell(p->out, json_number(m, "gini"), (double)NAN, 3);
    fputs("</tr>\n", p->out);
  }
  page_table_end(p->out);
  if (n > MOST) page_note(p->out, "The other %d stand in summary.json.", n - MOST);
}

throng_status run_page_players(const run_page *p) {
  const cJSON *player[MOST];
  const int n = sorted(p->files, player);
  page_section(
      p->out, "policies", "Agent and yardsticks",
      "All of them met the same users with the same draws. A.Rwd's own error is mostly how "
      "long sessions are, which all share: who is better is said by the differences in "
      "pairs, which leave that out.");
  if (n == 0) fputs("<p>Nobody was evaluated.</p>\n", p->out);
  if (n > 0) {
    write_sessions(p, n, player);
    draw_pairs(p, n, player);
    write_pairs(p, n, player);
    write_thirds(p, n, player);
  }
  write_agents(p);
  page_section_end(p->out);
  return THRONG_OK;
}
