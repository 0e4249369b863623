/// What repeats bit for bit and for what: each of OpenBLAS's kernels and each build of the rows
/// that this machine can run, in a process of its own, since the environment chooses them as it
/// starts.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backend.h"
#include "base/hash.h"
#include "support/small_run.h"
#include "world/world.h"

enum { LANES = 64, STEPS = 40, PAIRS = 200 };

/// What a process computed: its arithmetic, and hashes of trajectories, votes and fitted weights.
typedef struct computed {
  char arithmetic[128];
  unsigned long long trajectories, votes, weights;
} computed;

static const char *const words[3] = {"trajectories", "votes", "weights"};

static uint64_t hash_of_file(const char *path) {
  static char text[1 << 20];
  FILE *file = fopen(path, "rb");
  size_t n = file ? fread(text, 1, sizeof text, file) : 0;
  if (file) fclose(file);
  EXPECT_GT(n, 0);
  return hash64(text, n, 0);
}

/// Every member of a vote by itself: what lies between them is nobody's.
static uint64_t hash_of_votes(const throng_vote *vote, int n) {
  uint64_t hash = 0;
  for (int k = 0; k < n; ++k) {
    hash = hash64(&vote[k].beta_pos, sizeof vote[k].beta_pos, hash);
    hash = hash64(&vote[k].beta_neg, sizeof vote[k].beta_neg, hash);
    hash = hash64(&vote[k].p_like, sizeof vote[k].p_like, hash);
    hash = hash64((uint8_t[]){vote[k].f_mat, vote[k].f_sim, vote[k].f_sta, vote[k].like}, 4, hash);
  }
  return hash;
}

static void simulate(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                     computed *out) {
  throng_sim_def def = throng_default_sim_def();
  throng_sim *sim;
  uint64_t hash = 0;
  def.lanes = LANES;
  ASSERT_OK(throng_sim_create(backend, world, sta, &def, &sim));
  int32_t action[LANES];
  for (int step = 0; step < STEPS; ++step) {
    for (int lane = 0; lane < LANES; ++lane)
      action[lane] = (int32_t)((lane * 7919 + step * 104729) % world->n_item);
    EXPECT_OK(throng_sim_step(sim, action));
  }
  EXPECT_OK(throng_sim_hash(sim, &hash));
  out->trajectories = hash;
  throng_sim_close(sim);
}

static void vote(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                 computed *out) {
  int32_t user[PAIRS], candidate[PAIRS], item[PAIRS * 8];
  int64_t offset[PAIRS + 1] = {0};
  uint8_t like[PAIRS * 8];
  throng_vote votes[PAIRS];
  for (int k = 0; k < PAIRS; ++k) {
    user[k] = k;
    candidate[k] = (k * 37) % 240;
    offset[k + 1] = offset[k] + k % 9;
    for (int64_t h = offset[k]; h < offset[k + 1]; ++h) {
      item[h] = (int32_t)((h * 53 + k) % 240);
      like[h] = (uint8_t)(h % 3 == 0);
    }
  }
  throng_votes_def def = throng_default_sim_def().votes;
  const throng_pairs pairs = {PAIRS, user, candidate, offset, item, like};
  ASSERT_OK(throng_votes_evaluate(backend, world, sta, &def, 1, &pairs, votes, NULL));
  out->votes = hash_of_votes(votes, PAIRS);
}

/// Compute in this process, in `folder`: votes and trajectories of the weights that lie there, and
/// weights fitted anew.
static void compute(const char *folder, int threads, computed *out) {
  char path[600];
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta;
  def.name = "cpu";
  def.threads = threads;
  ASSERT_OK(throng_backend_open(&def, &backend));
  snprintf(out->arithmetic, sizeof out->arithmetic, "%s", throng_backend_arithmetic(backend));
  snprintf(path, sizeof path, "%s/world.safetensors", folder);
  ASSERT_OK(throng_world_open(path, &world));
  snprintf(path, sizeof path, "%s/sta.safetensors", folder);
  ASSERT_OK(throng_sta_open(backend, world, path, &sta));
  simulate(backend, world, sta, out);
  vote(backend, world, sta, out);
  throng_sta_close(sta);
  throng_sta_def fit = throng_default_sta_def();
  fit.epochs = 1;
  ASSERT_OK(throng_sta_fit(backend, world, &fit, NULL, &sta, NULL));
  snprintf(path, sizeof path, "%s/fitted-%d.safetensors", folder, (int)getpid());
  EXPECT_OK(throng_sta_save(sta, path));
  out->weights = hash_of_file(path);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
}

/// The other end of computed_by(): what the environment asks for; nothing by itself.
TEST(arithmetic, a_process_of_its_own_writes_what_it_computed) {
  const char *folder = getenv("THRONG_TEST_FOLDER"), *threads = getenv("THRONG_TEST_THREADS");
  if (!folder || !threads) SKIP("asked for by the tests that follow");
  computed c = {0};
  compute(folder, atoi(threads), &c);
  char path[600];
  snprintf(path, sizeof path, "%s/computed", folder);
  FILE *file = fopen(path, "w");
  ASSERT_TRUE(file != NULL);
  fprintf(file, "%s\n%llx %llx %llx\n", c.arithmetic, c.trajectories, c.votes, c.weights);
  fclose(file);
}

static bool computed_by(const char *folder, const char *kernel, const char *isa, int threads,
                        computed *out) {
  char self[512] = "", line[2048], path[600];
  *out = (computed){0};
  EXPECT_GT(readlink("/proc/self/exe", self, sizeof self - 1), 0);
  snprintf(path, sizeof path, "%s/computed", folder);
  (void)remove(path);
  snprintf(line, sizeof line,
           "OPENBLAS_CORETYPE='%s' THRONG_ISA='%s' THRONG_TEST_FOLDER='%s' THRONG_TEST_THREADS=%d "
           "'%s' --gtest_filter='*a_process_of_its_own*' >'%s/log' 2>&1",
           kernel, isa, folder, threads, self, folder);
  EXPECT_EQ(system(line), 0);
  FILE *file = fopen(path, "r");
  bool read = file && fscanf(file, "%127[^\n] %llx %llx %llx", out->arithmetic, &out->trajectories,
                             &out->votes, &out->weights) == 4;
  EXPECT_TRUE(read);
  if (file) fclose(file);
  return read;
}

/// A world, and weights that are random, but not so near to 0 that nothing depends on them.
static bool prepare(const char *folder) {
  small_run run;
  char path[600];
  throng_sta *sta;
  throng_sta_def def = throng_default_sta_def();
  if (!small_run_open(&run, folder, 2)) return false;
  def.epochs = 2;
  throng_status status = throng_sta_fit(run.backend, run.world, &def, NULL, &sta, NULL);
  EXPECT_OK(status);
  if (status == THRONG_OK) {
    snprintf(path, sizeof path, "%s/sta.safetensors", folder);
    status = throng_sta_save(sta, path);
    EXPECT_OK(status);
    throng_sta_close(sta);
  }
  small_run_close(&run);
  return status == THRONG_OK;
}

/// Kernels of OpenBLAS that this processor has the instructions for; how many.
static int runnable_kernels(const char *kernel[6]) {
  int n = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse3")) kernel[n++] = "Prescott";
  if (__builtin_cpu_supports("sse4.2")) kernel[n++] = "Nehalem";
  if (__builtin_cpu_supports("avx")) kernel[n++] = "Sandybridge";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernel[n++] = "Haswell";
    kernel[n++] = "Zen";
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    kernel[n++] = "SkylakeX";
#else
  (void)kernel;
#endif
  return n;
}

TEST(arithmetic, votes_and_trajectories_are_the_same_bits_whatever_the_kernel_of_openblas) {
  const char *folder = throng_test_folder(), *kernel[6];
  int n = runnable_kernels(kernel);
  if (n < 2) SKIP("OpenBLAS has one kernel for this processor");
  ASSERT_TRUE(prepare(folder));
  computed first, other;
  ASSERT_TRUE(computed_by(folder, kernel[0], "", 2, &first));
  EXPECT_CONTAINS(first.arithmetic, kernel[0]);
  int fits_apart = 0;
  for (int k = 1; k < n; ++k) {
    ASSERT_TRUE(computed_by(folder, kernel[k], "", 2, &other));
    EXPECT_EQ(other.trajectories, first.trajectories);
    EXPECT_EQ(other.votes, first.votes);
    // The description tells them apart, for what does depend on them.
    EXPECT_CONTAINS(other.arithmetic, kernel[k]);
    EXPECT_NE(strcmp(other.arithmetic, first.arithmetic), 0);
    fits_apart += other.weights != first.weights;
  }
  EXPECT_GT(fits_apart, 0);  // else the README says too little
}

TEST(arithmetic, everything_is_the_same_bits_whatever_the_instruction_set_and_the_threads) {
  const char *folder = throng_test_folder();
  static const char *const isa[] = {"", "v3", "baseline"};
  ASSERT_TRUE(prepare(folder));
  computed first, other;
  ASSERT_TRUE(computed_by(folder, "", "", 1, &first));
  for (int k = 0; k < 3; ++k)
    for (int threads = k == 0 ? 2 : 1; threads <= 5; threads += 3) {
      ASSERT_TRUE(computed_by(folder, "", isa[k], threads, &other));
      const unsigned long long a[3] = {first.trajectories, first.votes, first.weights};
      const unsigned long long b[3] = {other.trajectories, other.votes, other.weights};
      for (int what = 0; what < 3; ++what)
        if (a[what] != b[what])
          throng_test_fail(__FILE__, __LINE__, "%s differ with %d threads and THRONG_ISA '%s'",
                           words[what], threads, isa[k]);
    }
}
