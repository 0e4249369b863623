/// The simulator at the reference size, and the files from which the PyTorch peer simulates the
/// same users.
///   bench_sim --world W --sta S [--make 1] [--sample F] [--threads N] [--seconds T] [--csv FILE]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernels/base/random.h"
#include "sim/sim.h"
#include "timing/bench_sim.h"

enum { SAMPLED_LANES = 4096, HASHED_LANES = 512 };

static int32_t at_most(int32_t n, int32_t most) { return n < most ? n : most; }

static void print_row(void *context, const measure_row *row) { bench_print(context, row); }

/// Lanes before a step and the votes that the step gave: what the peer must agree with.
static throng_status write_sample(throng_backend *backend, const throng_world *world,
                                  const throng_sta *sta, int32_t lanes, const char *path) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = lanes;
  throng_sim *sim = NULL;
  throng_backend *host = bench_host_backend();
  tensor_set set = {0};
  int32_t *user, *length, *count, *item, *candidate, *alpha;
  uint8_t *like, *vote;
  float *beta, *p;
  throng_status status;
  THRONG_TRY_GOTO(throng_sim_create(backend, world, sta, &def, &sim));
  int64_t n = def.lanes, n_history = def.history;
#define ADD(slot, type, ...) \
  THRONG_TRY_GOTO(tensors_add(&set, &(slot), TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ADD(user, I32, n);
  ADD(length, I32, n);
  ADD(count, I32, n);  // ever written: f_sta's window hops by it
  ADD(item, I32, n, n_history);
  ADD(like, U8, n, n_history);
  ADD(candidate, I32, n);
  ADD(alpha, I32, n, 2);
  ADD(beta, F32, n, 2);
  ADD(p, F32, n);
  ADD(vote, U8, n, 4);  // f_mat, f_sim, f_sta, answer
#undef ADD
  THRONG_TRY_GOTO(tensors_allocate(&set, host, "sample"));
  for (int step = 0; step < 60; ++step) {
    for (int64_t lane = 0; lane < n; ++lane)
      candidate[lane] = (int32_t)random_index(
          random_draw(7, RANDOM_YARDSTICK, 0, (uint32_t)step, (uint32_t)lane, 0).w[0],
          (uint32_t)world->n_item);
    throng_observation seen;
    THRONG_TRY_GOTO(throng_sim_observe(sim, &seen));
    memcpy(user, seen.user, (size_t)n * sizeof *user);
    memcpy(length, seen.length, (size_t)n * sizeof *length);
    THRONG_TRY_GOTO(backend->ops->download(backend, count, sim->count, (size_t)n * sizeof *count));
    for (int64_t k = 0; k < n * n_history; ++k) {
      item[k] = seen.item[k];
      like[k] = seen.like[k] > 0;
    }
    THRONG_TRY_GOTO(throng_sim_step(sim, candidate));
  }
  throng_outcome outcome;
  THRONG_TRY_GOTO(throng_sim_outcome(sim, &outcome));
  for (int64_t lane = 0; lane < n; ++lane) {
    const throng_vote *v = &outcome.vote[lane];
    alpha[2 * lane] = v->alpha_pos;
    alpha[2 * lane + 1] = v->alpha_neg;
    beta[2 * lane] = v->beta_pos;
    beta[2 * lane + 1] = v->beta_neg;
    p[lane] = v->p_like;
    memcpy(vote + 4 * lane, (uint8_t[]){v->f_mat, v->f_sim, v->f_sta, v->like}, 4);
  }
  const tensor_set *const sets[] = {&set};
  const char *const prefixes[] = {""};
  status = tensors_save(sets, prefixes, 1, NULL, path);
done:
  tensors_free(&set);
  throng_sim_close(sim);
  throng_backend_close(host);
  return status;
}

/// The same trajectories with one thread as with all: a rate is worth nothing otherwise.
static void require_same_hash(throng_backend *backend, const throng_world *world,
                              const char *sta_path, int32_t lanes) {
  uint64_t hash[2];
  for (int k = 0; k < 2; ++k) {
    throng_backend_def def = throng_default_backend_def();
    throng_backend *other;
    throng_sta *sta;
    throng_sim *sim;
    def.name = throng_backend_name(backend);
    def.threads = k == 0 ? 1 : backend->n_thread;
    bench_require(throng_backend_open(&def, &other));
    bench_require(throng_sta_open(other, world, sta_path, &sta));
    throng_sim_def sim_def = throng_default_sim_def();
    sim_def.lanes = lanes;
    bench_require(throng_sim_create(other, world, sta, &sim_def, &sim));
    int32_t action[HASHED_LANES];
    for (int step = 0; step < 100; ++step) {
      for (int lane = 0; lane < lanes; ++lane)
        action[lane] = (int32_t)((lane * 7919 + step * 104729) % world->n_item);
      bench_require(throng_sim_step(sim, action));
    }
    bench_require(throng_sim_hash(sim, &hash[k]));
    throng_sim_close(sim);
    throng_sta_close(sta);
    throng_backend_close(other);
  }
  if (hash[0] != hash[1]) {
    fprintf(stderr, "trajectories differ between 1 and %d threads\n", backend->n_thread);
    exit(1);
  }
  printf("\n%d lanes, 100 steps: hash %016llx with 1 and with %d threads\n", lanes,
         (unsigned long long)hash[0], backend->n_thread);
}

int main(int argc, char **argv) {
  const char *world_path = bench_option(argc, argv, "--world", NULL);
  const char *sta_path = bench_option(argc, argv, "--sta", NULL);
  if (!world_path || !sta_path) {
    fprintf(stderr,
            "usage: bench_sim --world FILE --sta FILE [--make 1] [--sample FILE] [--threads N] "
            "[--lanes B] [--backend cpu|cuda] [--seconds T] [--ceilings no] [--csv FILE]\n");
    return 2;
  }
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = bench_option(argc, argv, "--backend", "cpu");
  backend_def.threads = atoi(bench_option(argc, argv, "--threads", "0"));
  throng_backend *backend;
  bench_require(throng_backend_open(&backend_def, &backend));
  if (bench_option(argc, argv, "--make", NULL))
    bench_require(bench_reference_world(backend, world_path, sta_path, NULL));
  throng_world *world;
  throng_sta *sta;
  bench_require(throng_world_open(world_path, &world));
  bench_require(throng_sta_open(backend, world, sta_path, &sta));

  bench_sim_def def = bench_sim_default_def();
  def.lanes = atoi(bench_option(argc, argv, "--lanes", "4096"));
  def.seconds = atof(bench_option(argc, argv, "--seconds", "2"));
  bench_require(bench_sim_check_memory(backend, world, sta, &def));
  bench_output out = bench_open(backend, argc, argv);
  bench_require(bench_sim(backend, world, sta, &def, print_row, &out));
  bench_close(&out);

  const char *sample = bench_option(argc, argv, "--sample", NULL);
  if (sample) {
    bench_require(write_sample(backend, world, sta, at_most(def.lanes, SAMPLED_LANES), sample));
    require_same_hash(backend, world, sta_path, at_most(def.lanes, HASHED_LANES));
  }
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
  return 0;
}
