/// What goes wrong in the middle of a run on a device: each is told with cause and remedy, and the
/// last checkpoint is kept, from which the run goes on. The emulated device alone can be made to
/// fail.
#include "cuda_parity.h"
#include "support/runaway.h"
#include "support/small_run.h"

#ifdef CUDA_TEST_ON_CPU

enum { EVERY = 256 };  // user-steps between checkpoints, eight steps of 32 lanes

/// Is gone after so many user-steps.
static int64_t lost_at = INT64_MAX;
static bool report_progress(void *context, const char *stage, int64_t done, int64_t total,
                            const char *unit) {
  (void)context, (void)total, (void)unit;
  if (!strcmp(stage, "train") && done >= lost_at) cuda_on_cpu_lose(cudaErrorIllegalAddress);
  return true;
}
static throng_progress progress = {.report = report_progress};

/// Train to `steps` user-steps in the folder `out` on a device of its own.
static throng_status train(small_run *run, int64_t steps, bool resume) {
  throng_backend *cuda;
  throng_train_report report;
  throng_train_def def = run->train;
  def.steps = steps;
  def.resume = resume;
  THRONG_TRY(backend_cuda_open(1, 0, &cuda));
  cuda->searches = false;
  const throng_status status =
      throng_train(cuda, run->world, NULL, &run->sim, &run->agent, &def, &progress, &report);
  throng_backend_close(cuda);
  return status;
}

static bool open_run(small_run *run, const char *name, char *out, size_t size) {
  if (!small_run_open(run, throng_test_folder(), 1)) return false;
  snprintf(out, size, "%s/%s", throng_test_folder(), name);
  run->train.out = out;
  run->train.yardsticks = false;
  run->train.evaluation.episodes = 4;
  run->train.evaluate_every = 1 << 20;  // before and after alone
  run->train.checkpoint_every = EVERY;
  run->sim.max_steps = 12;
  run->agent.learning_starts = 96;
  return true;
}

/// Bytes of the checkpoint after `steps`; NULL where there is none.
static char *checkpoint(const char *out, int steps, size_t *size) {
  char path[1024];
  snprintf(path, sizeof path, "%s/checkpoint-%d.safetensors", out, steps);
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size + 1);
  *size = fread(bytes, 1, *size, file);
  fclose(file);
  return bytes;
}

static void expect_same_checkpoint(const char *out, const char *other, int steps) {
  size_t n[2] = {0, 0};
  char *x = checkpoint(out, steps, &n[0]), *y = checkpoint(other, steps, &n[1]);
  EXPECT_TRUE(x && y && n[0] == n[1] && !memcmp(x, y, n[0]));
  free(x);
  free(y);
}

TEST(cuda_failures, a_device_lost_in_a_run_leaves_the_checkpoint_that_it_then_goes_on_from) {
  small_run run;
  char whole[512], broken[512];
  if (open_run(&run, "whole", whole, sizeof whole)) {
    ASSERT_OK(train(&run, 3 * EVERY, false));
    snprintf(broken, sizeof broken, "%s/broken", throng_test_folder());
    run.train.out = broken;
    lost_at = EVERY + 64;
    EXPECT_EQ(train(&run, 3 * EVERY, false), THRONG_ERROR_BACKEND);
    EXPECT_CONTAINS(throng_error_message(), "the checkpoint of 256 user-steps is kept");
    EXPECT_CONTAINS(throng_error_message(), "an illegal memory access");
    EXPECT_CONTAINS(throng_error_message(), "start from the last checkpoint (train.resume)");
    lost_at = INT64_MAX;
    cuda_on_cpu_lose(cudaSuccess);
    ASSERT_OK(train(&run, 3 * EVERY, true));
    expect_same_checkpoint(whole, broken, 3 * EVERY);
  }
  small_run_close(&run);
}

/// Notes of a run that say that steps run as single calls.
static int notes;
static void take_note(void *context, const char *text) {
  (void)context;
  if (!strstr(text, "run as single calls")) return;
  ++notes;
  EXPECT_TRUE(strstr(text, "capture a graph") || strstr(text, "kernel "));
}

TEST(cuda_failures,
     a_run_whose_graphs_cannot_be_recorded_goes_on_by_single_calls_and_says_so_once) {
  small_run run;
  char whole[512], broken[512];
  if (open_run(&run, "recorded", whole, sizeof whole)) {
    notes = 0;
    progress.note = take_note;
    ASSERT_OK(train(&run, 3 * EVERY, false));
    EXPECT_EQ(notes, 0);
    snprintf(broken, sizeof broken, "%s/unrecorded", throng_test_folder());
    run.train.out = broken;
    cuda_on_cpu_fail_capture(cudaErrorStreamCaptureUnsupported);
    EXPECT_OK(train(&run, 3 * EVERY, false));
    cuda_on_cpu_fail_capture(cudaSuccess);
    EXPECT_EQ(notes, 1);
    expect_same_checkpoint(whole, broken, 3 * EVERY);
    progress.note = NULL;
  }
  small_run_close(&run);
}

TEST(cuda_failures, a_recording_that_breaks_off_anywhere_leaves_nothing_of_the_step_behind) {
  small_run run;
  char whole[512], broken[512];
  if (open_run(&run, "unbroken", whole, sizeof whole)) {
    const size_t calls[] = {0, 1, 2, 13, 40, 90};  // acting, the simulator's step, the update
    progress.note = take_note;
    ASSERT_OK(train(&run, EVERY, false));
    for (size_t k = 0; k < sizeof calls / sizeof *calls; ++k) {
      notes = 0;
      snprintf(broken, sizeof broken, "%s/broken-%zu", throng_test_folder(), calls[k]);
      run.train.out = broken;
      cuda_on_cpu_break_capture(calls[k]);
      EXPECT_OK(train(&run, EVERY, false));
      cuda_on_cpu_break_capture(SIZE_MAX);
      EXPECT_EQ(notes, 1);
      expect_same_checkpoint(whole, broken, EVERY);
    }
    progress.note = NULL;
  }
  small_run_close(&run);
}

TEST(cuda_failures, a_loss_that_is_not_a_number_ends_the_run_and_keeps_the_checkpoint) {
  small_run run;
  char out[512];
  if (open_run(&run, "diverged", out, sizeof out)) {
    run.agent.learning_starts = EVERY + 64;  // after the first checkpoint
    runaway_def(&run.agent);
    const throng_status status = train(&run, 3 * EVERY, false);
    EXPECT_EQ(status, THRONG_ERROR_DIVERGED);
    EXPECT_CONTAINS(throng_error_message(), "the checkpoint of 256 user-steps is kept");
    EXPECT_CONTAINS(throng_error_message(), "diverged");
    EXPECT_CONTAINS(throng_error_message(), "lower agent.learning_rate");
    size_t size;
    char *kept = checkpoint(out, EVERY, &size), *late = checkpoint(out, 2 * EVERY, &size);
    EXPECT_TRUE(kept != NULL && late == NULL);
    free(kept);
    free(late);
  }
  small_run_close(&run);
}

TEST(cuda_failures, a_fit_whose_device_is_lost_gives_no_model_and_all_memory_back) {
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  if (small_run_open(&run, throng_test_folder(), 1)) {
    throng_sta_def def = throng_default_sta_def();
    throng_sta *sta = NULL;
    def.width = 8;
    def.window = 8;
    def.epochs = 1;
    const size_t before = cuda_on_cpu_in_use();
    cuda_on_cpu_lose(cudaErrorLaunchFailure);
    EXPECT_EQ(throng_sta_fit(p.cuda, run.world, &def, NULL, &sta, NULL), THRONG_ERROR_BACKEND);
    EXPECT_CONTAINS(throng_error_message(), "this process cannot use it again");
    cuda_on_cpu_lose(cudaSuccess);
    EXPECT_TRUE(sta == NULL);
    EXPECT_EQ(cuda_on_cpu_in_use(), before);
  }
  small_run_close(&run);
  parity_close(&p);
}

#endif
