/// Three tables: who tells likes from dislikes, who says how likely they are, and for whom.
#include "cli/fidelity_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static void number(text_table *t, double x, int digits) {
  if (isnan(x))
    text_table_put(t, "-");
  else
    text_table_put(t, "%.*f", digits, x);
}

/// "0.712 [0.690, 0.733]"; `sign`: "+0.027 [+0.003, +0.051]".
static void interval(text_table *t, double x, double low, double high, bool sign) {
  if (isnan(x))
    text_table_put(t, "-");
  else if (isnan(low) && sign)
    text_table_put(t, "%+.3f", x);
  else if (isnan(low))
    text_table_put(t, "%.3f", x);
  else if (sign)
    text_table_put(t, "%+.3f [%+.3f, %+.3f]", x, low, high);
  else
    text_table_put(t, "%.3f [%.3f, %.3f]", x, low, high);
}

static const char *shown_name(int c) {
  static char text[4][48];
  static int next;
  if (contender_kind_of(c) != CONTENDER_RULE) return contender_name(c);
  next = (next + 1) % 4;
  snprintf(text[next], sizeof text[next], "rule %s", contender_name(c));
  return text[next];
}

static bool is_shown(const fidelity_report *r, int c) {
  return r->contender[c].measured && r->contender[c].same_as < 0;
}

/// A blank line between yardsticks, votes and rules.
static void separate(text_table *t, int c) {
  if (c == CONTENDER_OF_VOTES || c == CONTENDER_OF_RULES) text_table_end_row(t);
}

static void print_order(const fidelity_report *r) {
  static const char *const head[] = {"", "AUC", "minus the ensemble's", "within a user",
                                     "of answers"};
  const bool within = !isnan(r->contender[CONTENDER_OF_ENSEMBLE].all[MEASURE_WITHIN_AUC].value);
  const int columns = within ? 5 : 3;
  text_table t;
  cli_say(0, "Who tells likes from dislikes (95 %% intervals over users)\n");
  text_table_begin(&t, columns);
  for (int k = 0; k < columns; ++k) text_table_put(&t, "%s", head[k]);
  for (int k = 1; k < 4; ++k) t.left[k] = true;
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(&t, c);
    if (!is_shown(r, c)) continue;
    const measured_value *v = r->contender[c].all;
    text_table_put(&t, "%s", shown_name(c));
    interval(&t, v[MEASURE_AUC].value, v[MEASURE_AUC].low, v[MEASURE_AUC].high, false);
    interval(&t, v[MEASURE_AUC].minus, v[MEASURE_AUC].minus_low, v[MEASURE_AUC].minus_high, true);
    if (!within) continue;
    interval(&t, v[MEASURE_WITHIN_AUC].value, v[MEASURE_WITHIN_AUC].low, v[MEASURE_WITHIN_AUC].high,
             false);
    number(&t, v[MEASURE_ANSWER_WITHIN_AUC].value, 3);
  }
  cli_print_table(&t);
  if (within)
    cli_say(0,
            "\nwithin a user: AUC among the questions of one user, mean over users weighted by "
            "them; of answers: the same of the answers themselves, which are what an agent is "
            "rewarded by");
}

static void print_answers(const fidelity_report *r) {
  static const measure_id column[] = {MEASURE_LOG_LOSS,
                                      MEASURE_BRIER,
                                      MEASURE_LIKE_RATE_SAID,
                                      MEASURE_LIKE_RATE_ANSWERED,
                                      MEASURE_ACCURACY,
                                      MEASURE_MACRO_F1,
                                      MEASURE_MAE,
                                      MEASURE_RMSE,
                                      MEASURE_HIT_RATE,
                                      MEASURE_NDCG};
  enum { COLUMNS = sizeof column / sizeof *column };
  bool shown[COLUMNS];
  static const char *const title[] = {"loss", "Brier", "says", "likes", "right",
                                      "F1",   "MAE",   "RMSE", "HR",    "NDCG"};
  const int64_t n = r->basic.questions + r->basic.sampled;
  int n_shown = 0;
  text_table t;
  for (int k = 0; k < COLUMNS; ++k) {
    shown[k] = false;
    for (int c = 0; c < CONTENDER_COUNT; ++c)
      shown[k] |= is_shown(r, c) && !isnan(r->contender[c].all[column[k]].value);
    n_shown += shown[k];
  }
  cli_say(0, "\nWho says how likely a like is, and what they answer\n");
  text_table_begin(&t, 2 + n_shown);
  t.left[1] = true;
  text_table_put(&t, "%s", "");
  text_table_put(&t, "ECE");
  for (int k = 0; k < COLUMNS; ++k)
    if (shown[k]) text_table_put(&t, "%s", title[k]);
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(&t, c);
    if (!is_shown(r, c)) continue;
    const measured_value *v = r->contender[c].all;
    text_table_put(&t, "%s", shown_name(c));
    interval(&t, v[MEASURE_ECE].value, v[MEASURE_ECE].low, v[MEASURE_ECE].high, false);
    for (int k = 0; k < COLUMNS; ++k)
      if (shown[k]) number(&t, v[column[k]].value, 3);
  }
  cli_print_table(&t);
  cli_say(0,
          "\nloss: log-loss; says: mean p; likes, right: shares of answers; really %.3f are likes",
          (double)r->basic.likes / (double)n);
  if (shown[6])
    cli_say(0,
            "MAE, RMSE: of the expected rating, mean ratings of dislikes and likes weighted by p");
  if (shown[8])
    cli_say(0, "HR, NDCG: at 10, of %lld liked items among 100 that their users never met",
            (long long)r->ranked);
}

static void print_strata(const fidelity_report *r) {
  static const char *const title[] = {"short", "middle", "long",    "rare",     "usual",
                                      "often", "never",  "below 5", "new users"};
  text_table t;
  cli_say(
      0,
      "\nFor whom: AUC by the length of histories (short, middle, long: thirds), by how often "
      "items were answered before (rare, usual, often: thirds; never, below 5: new ones), and of "
      "users with fewer than 5 answers\n");
  text_table_begin(&t, 1 + STRATUM_COUNT);
  text_table_put(&t, "%s", "");
  for (int g = 0; g < STRATUM_COUNT; ++g) text_table_put(&t, "%s", title[g]);
  text_table_put(&t, "questions");
  for (int g = 0; g < STRATUM_COUNT; ++g) text_table_put(&t, "%lld", (long long)r->groups.n[g]);
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(&t, c);
    if (!is_shown(r, c)) continue;
    text_table_put(&t, "%s", shown_name(c));
    for (int g = 0; g < STRATUM_COUNT; ++g)
      number(&t, r->contender[c].stratum[g][MEASURE_AUC].value, 3);
  }
  cli_print_table(&t);
}

static void print_missing(const fidelity *f) {
  if (!f->measured[THRONG_VOTE_F_STA])
    cli_say(0, "\nf_sta was not measured: give its weights with --sta");
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (*f->missing[k])
      cli_say(0, "\n%s was not measured: %s",
              throng_vote_name((throng_vote_id)(THRONG_VOTE_IN_RECORD + k)), f->missing[k]);
}

void fidelity_print(const fidelity_report *r) {
  static const char *const asked[] = {"last interaction", "last but one interaction",
                                      "later interactions"};
  const fidelity *f = &r->basic;
  char users[32], count[32], all[32];
  char later[64] = "";
  if (r->def.split == FIDELITY_LATER)
    snprintf(later, sizeof later, ", %s in all", cli_count(f->questions, count));
  cli_say(0, "%s users asked about their %s%s, %.1f %% likes; %s interactions before\n",
          cli_count(f->users, users), asked[r->def.split], later,
          f->questions ? 100.0 * (double)f->likes / (double)f->questions : 0,
          cli_count(f->interactions, all));
  if (f->sampled)
    cli_say(0,
            "no answer in this world is a dislike: %s unseen items, one a question and drawn "
            "evenly, stand for dislikes\n",
            cli_count(f->sampled, count));
  print_order(r);
  print_answers(r);
  print_strata(r);
  print_missing(f);
}
