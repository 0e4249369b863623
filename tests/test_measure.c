/// Timing reports what was done and what a failing call said.
#include <time.h>

#include "throng_test.h"
#include "timing/timing.h"

static throng_status sleep_a_millisecond(void *context) {
  ++*(int *)context;
  struct timespec pause = {.tv_nsec = 1000000};
  nanosleep(&pause, NULL);
  return THRONG_OK;
}

static throng_status fail_at_once(void *context) {
  (void)context;
  return throng_fail(THRONG_ERROR_DATA, "no such thing");
}

TEST(measure, a_call_that_sleeps_a_millisecond_is_not_reported_as_faster) {
  int calls = 0;
  measure_row row = {0};
  ASSERT_OK(measure(sleep_a_millisecond, &calls, 0.05, &row));
  EXPECT_TRUE(row.seconds >= 1e-3);
  EXPECT_TRUE(row.low <= row.seconds && row.seconds <= row.high);
  EXPECT_GE(row.chunks, 3);
  EXPECT_GE(calls, row.chunks + 1);
}

TEST(measure, a_failing_call_stops_the_measurement_with_its_status) {
  measure_row row = {0};
  EXPECT_EQ(measure(fail_at_once, NULL, 0.05, &row), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "no such thing");
}

TEST(measure, the_machine_moves_multiplies_and_loads_at_some_rate) {
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = 1;
  throng_backend *backend;
  ASSERT_OK(throng_backend_open(&def, &backend));
  measure_ceiling ceiling;
  EXPECT_OK(measure_machine(backend, &ceiling));
  EXPECT_TRUE(ceiling.bytes > 1e8);
  EXPECT_TRUE(ceiling.operations > 1e8);
  EXPECT_TRUE(ceiling.loads > 1e6);
  throng_backend_close(backend);
}
