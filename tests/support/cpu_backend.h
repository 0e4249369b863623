/// The CPU backend, whose memory tests may read.
#ifndef THRONG_TESTS_CPU_BACKEND_H
#define THRONG_TESTS_CPU_BACKEND_H

#include "throng/base.h"
#include "throng_test.h"

/// NULL, and the test has failed, where it cannot be opened.
static inline throng_backend *open_cpu(void) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend = NULL;
  def.name = "cpu";
  EXPECT_OK(throng_backend_open(&def, &backend));
  return backend;
}

#endif
