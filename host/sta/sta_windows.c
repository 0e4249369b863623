/// Cutting training histories into the windows that SASRec is fitted on.
#include "sta/sta_windows.h"

#include <stdlib.h>

#include "data/split.h"
#include "world/world.h"

/// The windows of a user with `length` training entries: writes them where `out` is not NULL.
static int64_t cut(const throng_sta_def *def, int32_t user, int64_t length, sta_window *out) {
  const int64_t window = def->window;
  const int64_t least = def->objective == THRONG_STA_NEXT_ITEM ? 1 : 0;
  int64_t n = 0;
  for (int64_t first = least; first < length; ++n) {
    // Entries up to `reach` are predicted by the window of which `first` is the first example.
    const int64_t start = sta_window_start((int32_t)first, def->window);
    int64_t reach = start + window;
    if (reach > length - 1) reach = length - 1;
    if (out)
      out[n] = (sta_window){.user = user,
                            .start = (int32_t)start,
                            .n_token = (int32_t)(reach - start),
                            .first = (int32_t)first,
                            .n_example = (int32_t)(reach - first + 1)};
    first = reach + 1;
  }
  return n;
}

throng_status sta_windows_create(const throng_world *world, const throng_sta_def *def,
                                 sta_windows *out) {
  *out = (sta_windows){0};
  for (int64_t user = 0; user < world->n_user; ++user) {
    const int64_t n_entry = world->user_offset[user + 1] - world->user_offset[user];
    if (n_entry > INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT, "user %lld has %lld interactions: too many",
                         (long long)user, (long long)n_entry);
    out->n += cut(def, (int32_t)user, split_train_length(n_entry), NULL);
  }
  THRONG_TRY(
      throng_alloc((void **)&out->window, (size_t)out->n, sizeof *out->window, "training windows"));
  int64_t at = 0;
  for (int64_t user = 0; user < world->n_user; ++user)
    at += cut(def, (int32_t)user,
              split_train_length(world->user_offset[user + 1] - world->user_offset[user]),
              out->window + at);
  for (int64_t i = 0; i < out->n; ++i) out->n_example += out->window[i].n_example;
  return THRONG_OK;
}

void sta_windows_free(sta_windows *windows) {
  free(windows->window);
  *windows = (sta_windows){0};
}

/// Sum of the `batch` largest of numbers that were counted by value.
static int64_t sum_of_largest(const int64_t *count, int32_t largest, int64_t batch) {
  int64_t sum = 0;
  for (int32_t value = largest; value > 0 && batch > 0; --value) {
    const int64_t taken = count[value] < batch ? count[value] : batch;
    sum += taken * value;
    batch -= taken;
  }
  return sum;
}

void sta_windows_most(const sta_windows *windows, int32_t window, int64_t batch, int64_t *n_token,
                      int64_t *n_example) {
  int64_t tokens[STA_MAX_WINDOW + 2] = {0}, examples[STA_MAX_WINDOW + 2] = {0};
  for (int64_t i = 0; i < windows->n; ++i) {
    ++tokens[windows->window[i].n_token];
    ++examples[windows->window[i].n_example];
  }
  *n_token = sum_of_largest(tokens, window, batch);
  *n_example = sum_of_largest(examples, window + 1, batch);
}
