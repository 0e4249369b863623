/// Three tables: who tells likes from dislikes, who says how likely they are, and for whom.
#include "cli/fidelity_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/// A number in `width` columns, "-" where there is none.
static void number(double x, int width, int digits) {
  if (isnan(x))
    printf("%*s", width, "-");
  else
    printf("%*.*f", width, digits, x);
}

/// "0.712 [0.690, 0.733]" in 21 columns; `sign`: "+0.027 [+0.003, +0.051]" in 24.
static void interval(double x, double low, double high, bool sign) {
  const char *form = isnan(x)     ? "%*s"
                     : isnan(low) ? (sign ? " %+.3f" : " %.3f")
                     : sign       ? " %+.3f [%+.3f, %+.3f]"
                                  : " %.3f [%.3f, %.3f]";
  char text[64];
  if (isnan(x))
    snprintf(text, sizeof text, " -");
  else
    snprintf(text, sizeof text, form, x, low, high);
  printf("%-*s", sign ? 25 : 22, text);
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
static void separate(int c) {
  if (c == CONTENDER_OF_VOTES || c == CONTENDER_OF_RULES) putchar('\n');
}

static void print_order(const fidelity_report *r) {
  const bool within = !isnan(r->contender[CONTENDER_OF_ENSEMBLE].all[MEASURE_WITHIN_AUC].value);
  puts("Who tells likes from dislikes (95 % intervals over users)\n");
  printf("%-17s %-21s %-24s %-21s %s\n", "", " AUC", " minus the ensemble's",
         within ? " within a user" : "", within ? "of answers" : "");
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(c);
    if (!is_shown(r, c)) continue;
    const measured_value *v = r->contender[c].all;
    printf("%-17s", shown_name(c));
    interval(v[MEASURE_AUC].value, v[MEASURE_AUC].low, v[MEASURE_AUC].high, false);
    interval(v[MEASURE_AUC].minus, v[MEASURE_AUC].minus_low, v[MEASURE_AUC].minus_high, true);
    if (within) {
      interval(v[MEASURE_WITHIN_AUC].value, v[MEASURE_WITHIN_AUC].low, v[MEASURE_WITHIN_AUC].high,
               false);
      number(v[MEASURE_ANSWER_WITHIN_AUC].value, 9, 3);
    }
    putchar('\n');
  }
  if (within)
    puts(
        "\nwithin a user: AUC among the questions of one user, mean over users weighted by them;\n"
        "of answers: the same of the answers themselves, which are what an agent is rewarded by");
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
  puts("\nWho says how likely a like is, and what they answer\n");
  printf("%-17s%-22s", "", " ECE");
  for (int k = 0; k < COLUMNS; ++k) {
    shown[k] = false;
    for (int c = 0; c < CONTENDER_COUNT; ++c)
      shown[k] |= is_shown(r, c) && !isnan(r->contender[c].all[column[k]].value);
    if (shown[k]) printf("%*s", k == 0 ? 7 : 6, title[k]);
  }
  putchar('\n');
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(c);
    if (!is_shown(r, c)) continue;
    const measured_value *v = r->contender[c].all;
    printf("%-17s", shown_name(c));
    interval(v[MEASURE_ECE].value, v[MEASURE_ECE].low, v[MEASURE_ECE].high, false);
    for (int k = 0; k < COLUMNS; ++k)
      if (shown[k]) number(v[column[k]].value, k == 0 ? 7 : 6, 3);
    putchar('\n');
  }
  printf("\nloss: log-loss; says: mean p; likes, right: shares of answers; really %.3f are likes\n",
         (double)r->basic.likes / (double)n);
  if (shown[6])
    puts("MAE, RMSE: of the expected rating, mean ratings of dislikes and likes weighted by p");
  if (shown[8])
    printf("HR, NDCG: at 10, of %lld liked items among 100 that their users never met\n",
           (long long)r->ranked);
}

static void print_strata(const fidelity_report *r) {
  static const char *const title[] = {"short", "middle", "long",    "rare",   "middle",
                                      "often", "never",  "below 5", "below 5"};
  puts("\nFor whom: AUC by the length of histories, and by how often items were answered before\n");
  printf("%-17s%-24s %-24s %-16s %s\n%-17s", "", "  histories (thirds)", "  items (thirds)",
         "  new items", "new users", "");
  for (int g = 0; g < STRATUM_COUNT; ++g) printf("%8s", title[g]);
  printf("\n%-17s", "questions");
  for (int g = 0; g < STRATUM_COUNT; ++g) printf("%8lld", (long long)r->groups.n[g]);
  putchar('\n');
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    separate(c);
    if (!is_shown(r, c)) continue;
    printf("%-17s", shown_name(c));
    for (int g = 0; g < STRATUM_COUNT; ++g)
      number(r->contender[c].stratum[g][MEASURE_AUC].value, 8, 3);
    putchar('\n');
  }
}

static void print_missing(const fidelity *f) {
  if (!f->measured[THRONG_VOTE_F_STA])
    printf("\nf_sta was not measured: give its weights with --sta\n");
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (*f->missing[k])
      printf("\n%s was not measured: %s\n",
             throng_vote_name((throng_vote_id)(THRONG_VOTE_IN_RECORD + k)), f->missing[k]);
}

void fidelity_print(const fidelity_report *r) {
  static const char *const asked[] = {"last interaction", "last but one interaction",
                                      "later interactions"};
  const fidelity *f = &r->basic;
  char users[32], count[32], all[32];
  printf("%s users asked about their %s", cli_count(f->users, users), asked[r->def.split]);
  if (r->def.split == FIDELITY_LATER) printf(", %s in all", cli_count(f->questions, count));
  printf(", %.1f %% likes; %s interactions before\n\n",
         f->questions ? 100.0 * (double)f->likes / (double)f->questions : 0,
         cli_count(f->interactions, all));
  if (f->sampled)
    printf(
        "no answer in this world is a dislike: %s unseen items, one a question and drawn evenly, "
        "stand for dislikes\n\n",
        cli_count(f->sampled, count));
  print_order(r);
  print_answers(r);
  print_strata(r);
  print_missing(f);
}
