/// throng fit-users: what real sessions say about how users change, and the options that follow.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/field.h"
#include "cli/cli.h"
#include "evaluate/users_fit.h"
#include "sim/sim_fields.h"
#include "world/world.h"

static cJSON *interval_json(const fit_interval *x) {
  if (isnan(x->value)) return cJSON_CreateNull();
  return cJSON_CreateDoubleArray((const double[]){x->value, x->low, x->high}, 3);
}

/// The options that the fit decides, as a config has them.
static cJSON *options_json(const users_fit *f) {
  static const char *const decided[] = {"temper",        "temper_like",      "temper_dislike",
                                        "repeat_window", "repeat_threshold", "bored_likes",
                                        "satiation",     "satiation_memory", "sessions",
                                        "return_bias",   "return_reward",    "return_gap"};
  throng_sim_def sim = throng_default_sim_def();
  sim.leave_probability = f->leave_probability;
  cJSON *root = cJSON_CreateObject(), *users = cJSON_AddObjectToObject(root, "users");
  for (size_t k = 0; k < sizeof decided / sizeof *decided; ++k)
    cJSON_AddItemToObject(users, decided[k],
                          field_json(fields_find(&users_fields, decided[k]), &f->users));
  field_put(root, "sim.leave_probability",
            field_json(fields_find(&sim_fields, "leave_probability"), &sim));
  return root;
}

static cJSON *sources_json(const users_fit *f) {
  cJSON *root = cJSON_CreateObject();
  for (int k = 0; k < USERS_FIT_OPTIONS; ++k) {
    const char *source, *name = users_fit_option(f, k, &source);
    cJSON_AddStringToObject(root, name, source ? source : "data");
  }
  return root;
}

/// Which options the data told, and whose constants the others are.
static void print_sources(const users_fit *f) {
  for (int fitted = 1; fitted >= 0; --fitted) {
    int n = 0;
    for (int k = 0; k < USERS_FIT_OPTIONS; ++k) {
      const char *source, *name = users_fit_option(f, k, &source);
      if ((source == NULL) != fitted) continue;
      if (n++ == 0) puts(fitted ? "told by the data:" : "not told by the data:");
      printf("  %-18s%s%s\n", name, source ? " " : "", source ? source : "");
    }
  }
}

static cJSON *fit_json(const users_fit *f) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "gaps", (double)f->n_gap);
  cJSON_AddNumberToObject(root, "gap_within_seconds", f->within);
  cJSON_AddNumberToObject(root, "gap_between_seconds", f->between);
  cJSON_AddNumberToObject(root, "separation", f->separation);
  cJSON_AddNumberToObject(root, "cut_seconds", f->cut);
  cJSON_AddBoolToObject(root, "told", f->told);
  if (f->told) {
    cJSON_AddNumberToObject(root, "sessions", (double)f->n_session);
    cJSON_AddNumberToObject(root, "length", f->length);
    cJSON_AddNumberToObject(root, "length_variation", f->length_cv);
    cJSON_AddNumberToObject(root, "length_variation_by_chance", f->chance_cv);
    cJSON_AddItemToObject(root, "end_ratio", interval_json(&f->end_ratio));
    cJSON_AddNumberToObject(root, "repeat_threshold", f->threshold);
    cJSON_AddItemToObject(root, "repeat_ratio", interval_json(&f->repeat_ratio));
    cJSON *bored = cJSON_AddArrayToObject(root, "like_rate_after_likes");
    for (int k = 2; k <= USERS_FIT_MOST_LIKES; ++k)
      cJSON_AddItemToArray(bored, interval_json(&f->bored[k]));
    cJSON_AddItemToObject(root, "satiation", interval_json(&f->satiation));
    cJSON_AddNumberToObject(root, "sessions_per_user", f->sessions);
    cJSON_AddNumberToObject(root, "returns", (double)f->n_return);
  }
  cJSON_AddItemToObject(root, "sources", sources_json(f));
  cJSON_AddItemToObject(root, "config", options_json(f));
  return root;
}

static void print_interval(const char *label, const fit_interval *x, const char *what,
                           const char *otherwise) {
  if (isnan(x->value))
    printf("%-18s the data cannot tell: %s\n", label, otherwise);
  else
    printf("%-18s %.3f [%.3f, %.3f] %s\n", label, x->value, x->low, x->high, what);
}

static void print_time(const char *label, double seconds) {
  static const struct {
    double size;
    const char *name;
  } unit[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {0, "seconds"}};
  int k = 0;
  while (seconds < unit[k].size) ++k;
  printf("%-18s %.1f %s\n", label, unit[k].size > 0 ? seconds / unit[k].size : seconds,
         unit[k].name);
}

static void print_sessions(const users_fit *f) {
  char n[32];
  printf("%-18s %s, of %.2f interactions (variation %.2f; by chance alone it would be %.2f)\n",
         "sessions", cli_count(f->n_session, n), f->length, f->length_cv, f->chance_cv);
  printf("%-18s %s\n", "leaving",
         f->users.temper > 0 ? "lengths are more alike than chance makes them: by mood (temper)"
                             : "lengths vary as by chance: leave_probability, no temper");
  print_interval("ends at dislikes", &f->end_ratio, "times as often as at likes",
                 "KuaiSim's cost of a dislike, 2, stands");
  printf(
      "%-18s 95 %% of the interactions after which sessions went on had their topic at most "
      "%d times in the %d before\n",
      "repeats", f->threshold, USERS_FIT_WINDOW);
  print_interval("ends at more", &f->repeat_ratio, "times as often as at fewer repeats",
                 "leaving on repetition stays off (EasyRL4Rec: 5 steps, more than once)");
  for (int k = 2; k <= USERS_FIT_MOST_LIKES; ++k) {
    char label[32];
    snprintf(label, sizeof label, "after %d likes", k);
    print_interval(label, &f->bored[k], "change of the like rate of the topic",
                   "boredom stays off (SARDINE: 5 likes in 5 steps)");
  }
  print_interval("satiation", &f->satiation, "lost appetite for each time a topic was shown",
                 "satiation stays off");
  printf("%-18s %.2f a user; %s returns, 95 %% of them within %.0f days\n", "returns", f->sessions,
         cli_count(f->n_return, n), ceil(f->gap / 86400));
}

static int print_fit(const users_fit *f) {
  char n[32];
  printf("%-18s %s\n", "gaps", cli_count(f->n_gap, n));
  print_time("  within sessions", f->within);
  print_time("  between", f->between);
  printf("%-18s %.2f (above 2: two kinds of gaps)\n", "separation", f->separation);
  if (f->told) {
    print_time("cut", f->cut);
    print_sessions(f);
    puts("\nWhat follows, and whose the rest is (docs/dynamics.md):\n");
    print_sources(f);
    puts("");
  } else {
    puts(
        "\nThese gaps do not show sessions of several interactions, so that nothing can be told "
        "from\nthem. The usual values; users.preset = \"dynamic\" has the literature's:\n");
  }
  cJSON *options = options_json(f);
  char *text = cJSON_Print(options);
  cJSON_Delete(options);
  if (text) puts(text);
  free(text);
  return CLI_DONE;
}

int cmd_fit_users(cli_run *run) {
  throng_world *world = NULL;
  users_fit fit;
  throng_status status = throng_world_open(run->argument[0], &world);
  if (status == THRONG_OK) status = users_fit_measure(world, &fit);
  throng_world_close(world);
  if (status != THRONG_OK) return cli_fail(run);
  return run->json ? cli_json(fit_json(&fit)) : print_fit(&fit);
}
