/// How much looking ahead is worth in a config's world, dynamic by dynamic: exactly on small
/// instances, and by the planner in whole sessions. A table on stdout; docs/dynamics_proof.md reads
/// it.
///   planning_gain CONFIG [--users N] [--sessions N] [--items N] [--steps N]
///     [--rows NAME,NAME] [KEY=VALUE ...]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "evaluate/planning.h"
#include "study/open_or_make.h"

typedef struct dynamic {
  const char *key, *title;
} dynamic;

/// Each alone, at the values of its source (docs/dynamics.md).
static const dynamic dynamics[] = {
    {"none", "none"},
    {"temper", "temper 10 (KuaiSim)"},
    {"repeat1", "leave on repetition, N 1, threshold 0 (EasyRL4Rec)"},
    {"repeat4", "leave on repetition, N 4, threshold 0 (EasyRL4Rec)"},
    {"repeat5", "leave on repetition, N 5, threshold 1 (EasyRL4Rec)"},
    {"bored", "boredom of the topic, 3 likes in 5 (SARDINE)"},
    {"deaf", "boredom that makes deaf, 3 likes in 5 (SARDINE)"},
    {"satiation", "satiation 0.5, memory 0.7"},
    {"exposure", "exposure 1, tau 1 (CIRS)"},
    {"drift", "drift 10, rate 0.05 (SARDINE)"},
    {"dynamic", "preset dynamic"},
};

static void turn_on(const char *key, throng_users_def *u) {
  *u = throng_default_users_def();
  if (!strcmp(key, "temper")) u->temper = 10;
  if (!strncmp(key, "repeat", 6)) u->repeat_window = atoi(key + 6);
  if (!strcmp(key, "repeat5")) u->repeat_threshold = 1;
  if (!strcmp(key, "bored") || !strcmp(key, "deaf")) u->bored_likes = 3;
  if (!strcmp(key, "deaf")) u->bored_deaf = true;
  if (!strcmp(key, "satiation")) u->satiation = 0.5f;
  if (!strcmp(key, "exposure")) u->exposure = u->exposure_tau = 1;
  if (!strcmp(key, "drift")) u->drift = 10;
  if (!strcmp(key, "dynamic")) *u = throng_dynamic_users_def();
}

static bool among(const char *list, const char *key) {
  char text[256], *rest = NULL;
  if (!*list) return true;
  snprintf(text, sizeof text, "%s", list);
  for (char *at = strtok_r(text, ",", &rest); at; at = strtok_r(NULL, ",", &rest))
    if (!strcmp(at, key)) return true;
  return false;
}

static void print_gain(const planning_gain *g) {
  printf(" %6.2f | %6.2f | %+6.1f %% ± %.1f | %3.0f %% |", g->myopic, g->planned, 100 * g->gain,
         196 * g->gain_error, 100 * g->gained);
}

static void print_row(throng_backend *backend, const train_inputs *in, const throng_config *config,
                      const dynamic *d, const planning_instances *instances) {
  throng_sim_def sim = config->sim;
  planning_gain exact, beam;
  turn_on(d->key, &sim.users);
  if (!strcmp(d->key, "dynamic")) sim.users = config->sim.users;
  if (!strcmp(d->key, "dynamic") && sim.users.preset == THRONG_USERS_STATIC)
    sim.users = throng_dynamic_users_def();
  printf("| %s |", d->title);
  if (instances->users > 0) {
    throng_sim_def small = sim;
    small.mask_seen = false;
    bench_require(planning_exact(backend, in->world, in->sta, &small, instances, NULL, &exact));
    print_gain(&exact);
  }
  if (config->train.evaluation.episodes > 1) {
    bench_require(
        planning_beam(backend, in->world, in->sta, &sim, &config->train.evaluation, NULL, &beam));
    print_gain(&beam);
  }
  printf("\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  const char *overrides[64] = {NULL};
  throng_config config;
  train_inputs in = {0};
  throng_backend *backend;
  int n = 0;
  if (argc < 2) {
    fprintf(stderr,
            "usage: planning_gain CONFIG [--users N] [--sessions N] [--rows A,B] [K=V ..]\n");
    return 2;
  }
  for (int k = 2; k < argc && n < 62; ++k)
    if (strncmp(argv[k], "--", 2) == 0)
      ++k;
    else
      overrides[n++] = argv[k];
  const planning_instances instances = {.users = atoi(bench_option(argc, argv, "--users", "24")),
                                        .pool = 150,
                                        .items = atoi(bench_option(argc, argv, "--items", "7")),
                                        .steps = atoi(bench_option(argc, argv, "--steps", "6"))};
  bench_require(config_load(argv[1], overrides, &config));
  config.train.evaluation.episodes = atoi(bench_option(argc, argv, "--sessions", "64"));
  bench_require(train_inputs_use(&config));
  bench_require(throng_backend_open(&config.backend, &backend));
  bench_require(train_inputs_open(&config, backend, NULL, &in));
  printf(
      "| dynamic | myopic | best | gain | users above 1 %% | myopic | planner | gain | sessions "
      "above "
      "1 %% |\n|---|---|---|---|---|---|---|---|---|\n");
  for (size_t k = 0; k < sizeof dynamics / sizeof *dynamics; ++k)
    if (among(bench_option(argc, argv, "--rows", ""), dynamics[k].key))
      print_row(backend, &in, &config, &dynamics[k], &instances);
  train_inputs_close(&in);
  throng_backend_close(backend);
  config_free(&config);
  return 0;
}
