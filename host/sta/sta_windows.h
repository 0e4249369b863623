/// SASRec's training set as windows: left-aligned pieces of users' histories with the same hops as
/// in inference, each example in exactly one of them.
#ifndef THRONG_STA_WINDOWS_H
#define THRONG_STA_WINDOWS_H

#include "data/split.h"
#include "sta/sta.h"

/// Tokens are the user's entries start .. start + n_token - 1; examples are the entries first ..
/// first + n_example - 1, each predicted after the token before it (entry 0 after nothing).
typedef struct sta_window {
  int32_t user;
  int32_t start, n_token;
  int32_t first, n_example;
} sta_window;

typedef struct sta_windows {
  int64_t n, n_example;
  sta_window *window;  // (n) by user, then start
} sta_windows;

throng_status sta_windows_create(const throng_world *world, const throng_sta_def *def,
                                 sta_windows *out);
void sta_windows_free(sta_windows *windows);

/// Tokens and examples that the fullest possible batch of `batch` windows has.
void sta_windows_most(const sta_windows *windows, int32_t window, int64_t batch, int64_t *n_token,
                      int64_t *n_example);

#endif
