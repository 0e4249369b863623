/// The later part of a synthetic world: the ends of the drawn histories.
#include <string.h>

#include "data/split.h"
#include "synth/synth_truth.h"

#define ALLOCATE(pointer, count) \
  THRONG_TRY(throng_alloc((void **)&(pointer), (size_t)(count), sizeof *(pointer), "later part"))

static throng_status allocate(throng_world *w, int64_t n) {
  ALLOCATE(w->later_offset, w->n_user + 1);
  ALLOCATE(w->later_item, n);
  ALLOCATE(w->later_like, n);
  ALLOCATE(w->later_rating, n);
  ALLOCATE(w->later_time, n);
  return THRONG_OK;
}

throng_status synth_cut_later(const throng_synth_def *def, throng_world *w) {
  int64_t n = 0, kept = 0;
  if (!(def->later_share > 0)) return THRONG_OK;
  for (int64_t u = 0; u < w->n_user; ++u)
    n += split_later_length(w->user_offset[u + 1] - w->user_offset[u], def->later_share,
                            def->later_least);
  if (n == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "synth.later_share: %g of no history is an interaction: none of %lld users "
                       "has %d; expected a larger share or history_mean, or a smaller later_least",
                       def->later_share, (long long)w->n_user, def->later_least);
  THRONG_TRY(allocate(w, n));
  for (int64_t u = 0, begin = 0; u < w->n_user; ++u) {
    const int64_t end = w->user_offset[u + 1];
    const int64_t later = split_later_length(end - begin, def->later_share, def->later_least);
    for (int64_t k = begin; k < end; ++k) {
      const bool first = k < end - later;
      const int64_t to = first ? kept++ : w->n_later++;
      (first ? w->history_item : w->later_item)[to] = w->history_item[k];
      (first ? w->history_like : w->later_like)[to] = w->history_like[k];
      (first ? w->history_rating : w->later_rating)[to] = w->history_rating[k];
      (first ? w->history_time : w->later_time)[to] = w->history_time[k];
    }
    begin = end;
    w->user_offset[u + 1] = kept;
    w->later_offset[u + 1] = w->n_later;
  }
  w->n_interaction = kept;
  return THRONG_OK;
}
