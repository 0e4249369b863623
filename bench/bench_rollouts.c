/// PPO, A2C or TRPO at the reference size, from the outside: user-steps a second while a rollout is
/// collected (acting, stepping, values and log-probabilities), and rows a second of what is learned
/// from it (a row is a user-step in one epoch); by the clock, and by seconds of processors, which a
/// busy machine moves less. peers/torch_ppo.py and peers/sb3.py print the same.
///   bench_rollouts --world W [--sta S] [--algorithm ppo|a2c|trpo] [--head flat|two_tower]
///                [--lanes B] [--n-steps T] [--epochs K] [--batch M] [--ent-coef C] [--threads N]
///                [--rollouts R]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench.h"
#include "throng/throng.h"

enum { MOST_ROLLOUTS = 64, CLOCKS = 2 };

static double now(int which) {
  struct timespec t;
  if (which == 0) return clock_now();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int rising(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// The first, in which pages are touched, does not count.
static double median(double *seconds, int n) {
  qsort(seconds + 1, (size_t)n - 1, sizeof *seconds, rising);
  return seconds[1 + (n - 1) / 2];
}

static throng_algorithm algorithm_of(const char *name) {
  if (!strcmp(name, "ppo")) return THRONG_ALGORITHM_PPO;
  if (!strcmp(name, "a2c")) return THRONG_ALGORITHM_A2C;
  if (!strcmp(name, "trpo")) return THRONG_ALGORITHM_TRPO;
  fprintf(stderr, "--algorithm %s: expected ppo, a2c or trpo\n", name);
  exit(2);
}

int main(int argc, char **argv) {
  const char *world_path = bench_option(argc, argv, "--world", NULL);
  const char *sta_path = bench_option(argc, argv, "--sta", NULL);
  const char *name = bench_option(argc, argv, "--algorithm", "ppo");
  const char *head = bench_option(argc, argv, "--head", "flat");
  const int rollouts = atoi(bench_option(argc, argv, "--rollouts", "6"));
  if (!world_path || rollouts < 2 || rollouts > MOST_ROLLOUTS) {
    fprintf(stderr,
            "usage: bench_rollouts --world FILE [--sta FILE] [--algorithm ppo|a2c|trpo] [--head "
            "flat|two_tower] [--lanes B] [--n-steps T] [--epochs K] [--batch M] [--ent-coef C] "
            "[--threads N] [--rollouts 2..64]\n");
    return 2;
  }
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = "cpu";
  backend_def.threads = atoi(bench_option(argc, argv, "--threads", "0"));
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta = NULL;
  throng_sim *sim;
  throng_population *agents;
  bench_require(throng_backend_open(&backend_def, &backend));
  bench_require(throng_world_open(world_path, &world));
  if (sta_path) bench_require(throng_sta_open(backend, world, sta_path, &sta));
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = atoi(bench_option(argc, argv, "--lanes", "256"));
  if (!sta_path) sim_def.votes.rule = THRONG_RULE_LOGICAL;
  bench_require(throng_sim_create(backend, world, sta, &sim_def, &sim));
  throng_agent_def def = throng_algorithm_agent_def(algorithm_of(name));
  def.head = strcmp(head, "flat") ? THRONG_HEAD_TWO_TOWER : THRONG_HEAD_FLAT;
  def.n_steps = atoi(bench_option(argc, argv, "--n-steps", "32"));
  def.n_epochs = atoi(bench_option(argc, argv, "--epochs", "10"));
  def.batch = atoi(bench_option(argc, argv, "--batch", "1024"));
  def.ent_coef = atof(bench_option(argc, argv, "--ent-coef", "0"));
  const int64_t rows = (int64_t)def.n_steps * sim_def.lanes;
  bench_require(throng_population_create(sim, &def, rows * rollouts, &agents));
  double rolling[CLOCKS][MOST_ROLLOUTS] = {{0}}, learning[CLOCKS][MOST_ROLLOUTS] = {{0}};
  for (int k = 0; k < rollouts; ++k) {
    for (int t = 0; t < def.n_steps; ++t) {
      const double start[CLOCKS] = {now(0), now(1)};
      bench_require(throng_population_train_step(agents));
      for (int c = 0; c < CLOCKS; ++c)
        *(t + 1 < def.n_steps ? &rolling[c][k] : &learning[c][k]) += now(c) - start[c];
    }
    for (int c = 0; c < CLOCKS && def.n_steps > 1; ++c) {  // the last step acts, too
      const double step = rolling[c][k] / (def.n_steps - 1);
      rolling[c][k] += step;
      learning[c][k] -= step;
    }
  }
  const int epochs = def.algorithm == THRONG_ALGORITHM_PPO ? def.n_epochs : 1;
  const double n = (double)rows, m = (double)(rows * epochs);
  printf(
      "{\"ours\": \"throng %s\", \"algorithm\": \"%s\", \"head\": \"%s\", \"user_steps\": %lld, "
      "\"rollout_user_steps_s\": %.0f, \"update_rows_s\": %.0f, "
      "\"rollout_user_steps_processor_s\": %.0f, \"update_rows_processor_s\": %.0f}\n",
      throng_version(), name, head, (long long)(rows * rollouts), n / median(rolling[0], rollouts),
      m / median(learning[0], rollouts), n / median(rolling[1], rollouts),
      m / median(learning[1], rollouts));
  throng_population_close(agents);
  throng_sim_close(sim);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
  return 0;
}
