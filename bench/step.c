/// A simulator's step as a user of the library takes it: from C, through the shared library and its
/// public headers alone. threads.sh holds it against the same step from Python.
///   bench_step WORLD STA THREADS LANES SECONDS [history]     prints median and quartiles of a
///   step, in seconds; history: what the lanes remember is copied out at every step, too
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <throng/throng.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

/// Of all threads of this process, in seconds.
static double processor(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int rising(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  enum { MOST = 1 << 20, WARM_UP = 20 };
  const bool observes = argc == 7 && !strcmp(argv[6], "history");
  if (argc != 6 && !observes) {
    fprintf(stderr, "usage: bench_step WORLD STA THREADS LANES SECONDS [history]\n");
    return 2;
  }
  throng_backend_def backend_def = throng_default_backend_def();
  throng_sim_def sim_def = throng_default_sim_def();
  backend_def.name = "cpu";
  backend_def.threads = atoi(argv[3]);
  sim_def.lanes = atoi(argv[4]);
  sim_def.votes.table_bytes = 0;  // making it takes longer than what is timed
  double wanted = atof(argv[5]);
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta;
  throng_sim *sim;
  require(throng_backend_open(&backend_def, &backend));
  require(throng_world_open(argv[1], &world));
  require(throng_sta_open(backend, world, argv[2], &sta));
  require(throng_sim_create(backend, world, sta, &sim_def, &sim));
  int64_t n_item = throng_world_get_info(world).n_item;
  static double taken[MOST], used[MOST];
  int32_t *action = malloc((size_t)sim_def.lanes * sizeof *action);
  const size_t entries = (size_t)sim_def.lanes * (size_t)sim_def.history;
  const throng_observation_copy seen = {.item = malloc(entries * sizeof *seen.item),
                                        .like = malloc(entries * sizeof *seen.like)};
  if (!action || !seen.item || !seen.like) {
    free(action);
    free(seen.item);
    free(seen.like);
    return 1;
  }
  int n = 0;
  double start = 0;
  for (int64_t step = 0; n < MOST; ++step) {
    if (step == WARM_UP) start = now();
    for (int64_t lane = 0; lane < sim_def.lanes; ++lane)
      action[lane] = (int32_t)((lane * 7919 + step * 104729) % n_item);
    double before = now(), used_before = processor();
    require(throng_sim_step(sim, action));
    if (observes) require(throng_sim_copy_observation(sim, THRONG_PRESENT, &seen));
    double after = now();
    used[n] = processor() - used_before;
    if (step >= WARM_UP) taken[n++] = after - before;
    if (step >= WARM_UP && after - start > wanted) break;
  }
  qsort(taken, (size_t)n, sizeof *taken, rising);
  qsort(used, (size_t)n, sizeof *used, rising);
  printf("%.6g %.6g %.6g %.6g\n", taken[n / 2], taken[n / 4], taken[3 * n / 4], used[n / 2]);
  free(action);
  free(seen.item);
  free(seen.like);
  throng_sim_close(sim);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
  return 0;
}
