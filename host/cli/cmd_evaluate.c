/// throng evaluate: how well votes, rules and ensemble foretell what real users answered.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/votes.h"
#include "evaluate/fidelity.h"
#include "sim/rule.h"

/// "-" where nothing can be measured: no AUC with answers of one kind alone.
static const char *auc_text(double auc, char text[16]) {
  snprintf(text, 16, isnan(auc) ? "-" : "%.4f", auc);
  return text;
}

static void print_row(const char *name, const classification *c) {
  char auc[16];
  printf("%-17s %7s %9.4f %9.4f %10.4f %8.4f %8.4f %9.4f\n", name, auc_text(c->auc, auc),
         c->log_loss, c->accuracy, c->macro.precision, c->macro.recall, c->macro.f1,
         c->weighted.f1);
}

static int print(const fidelity *f, const char *split, double seconds) {
  char users[32], interactions[32], memory[32];
  printf("%s users asked about their %s interaction, %.1f %% likes; %s interactions in all\n\n",
         cli_count(f->users, users), split,
         f->users ? 100.0 * (double)f->likes / (double)f->users : 0,
         cli_count(f->interactions, interactions));
  if (f->sampled)
    printf(
        "no answer in this world is a dislike: %s unseen items, one a user and drawn evenly, "
        "stand for dislikes\n\n",
        cli_count(f->sampled, interactions));
  printf("%-17s %7s %9s %9s %10s %8s %8s %9s\n", "", "AUC", "log-loss", "accuracy", "precision",
         "recall", "F1", "weighted");
  printf("%-17s %27s %10s %8s %8s %9s\n", "", "", "macro", "macro", "macro", "F1");
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (f->measured[k])
      print_row(k == THRONG_VOTE_F_POP ? "f_pop, like rates" : throng_vote_name((throng_vote_id)k),
                &f->vote[k]);
  for (int k = 0; k < THRONG_RULE_COUNT; ++k)
    if (rule_single_vote((throng_rule)k) < 0 && f->rule[k].n > 0 && !isnan(f->rule[k].accuracy)) {
      char name[48];
      snprintf(name, sizeof name, "rule %s", throng_rule_name((throng_rule)k));
      print_row(name, &f->rule[k]);
    }
  print_row("ensemble", &f->ensemble);
  if (!f->measured[THRONG_VOTE_F_STA])
    printf("\nf_sta was not measured: give its weights with --sta\n");
  if (*f->f_pop_missing) printf("\nf_pop was not measured: %s\n", f->f_pop_missing);
  printf("\nin %.1f s, %s at most\n", seconds, cli_bytes(cli_peak_memory(), memory));
  return CLI_DONE;
}

int cmd_evaluate(cli_run *run) {
  votes_session s;
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  double start = clock_now();
  const char *name = cli_text(run, "split");
  fidelity_split split = name && !strcmp(name, "validation") ? FIDELITY_VALIDATION : FIDELITY_TEST;
  fidelity f;
  cJSON *document = NULL;
  throng_status status = fidelity_evaluate(s.backend, s.world, s.sta, &s.votes, s.config.sim.seed,
                                           split, &run->progress, &f);
  if (status == THRONG_OK && run->json) status = fidelity_json(&f, &document);
  int code;
  if (status != THRONG_OK) {
    code = cli_fail(run);
  } else if (run->json) {
    cJSON_AddNumberToObject(document, "seconds", clock_now() - start);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    code = cli_json(document);
  } else {
    cli_progress_clear();
    code = print(&f, split == FIDELITY_TEST ? "last" : "last but one", clock_now() - start);
  }
  votes_close(&s);
  return code;
}
