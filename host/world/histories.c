/// Checking histories that a caller gives.
#include "world/histories.h"

static throng_status check_rows(const given_histories *h, const char *what, int64_t n_user) {
  if (h->n > 0 && h->offset[0] != 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%ss: offset[0] is %lld, expected 0", what,
                       (long long)h->offset[0]);
  for (int64_t r = 0; r < h->n; ++r) {
    const int64_t begin = h->offset[r], end = h->offset[r + 1];
    if (h->user && (h->user[r] < 0 || h->user[r] >= n_user))
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s %lld: user %d is not in 0..%lld", what,
                         (long long)r, h->user[r], (long long)n_user - 1);
    if (end < begin || end - begin > INT32_MAX)
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s %lld: its history runs from %lld to %lld", what,
                         (long long)r, (long long)begin, (long long)end);
    if (end > begin && (!h->item || !h->like))
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s %lld: a history needs both items and likes",
                         what, (long long)r);
  }
  return THRONG_OK;
}

throng_status histories_check(const given_histories *h, const char *what, int64_t n_user,
                              int64_t n_item) {
  THRONG_TRY(check_rows(h, what, n_user));
  for (int64_t r = 0; r < h->n; ++r)
    for (int64_t k = h->offset[r]; k < h->offset[r + 1]; ++k) {
      if (h->item[k] < 0 || h->item[k] >= n_item)
        return throng_fail(THRONG_ERROR_ARGUMENT,
                           "%s %lld, history entry %lld: item %d is not in 0..%lld", what,
                           (long long)r, (long long)k, h->item[k], (long long)n_item - 1);
      if (h->like[k] > 1)
        return throng_fail(THRONG_ERROR_ARGUMENT,
                           "%s %lld, history entry %lld: like is %d, expected 0 or 1", what,
                           (long long)r, (long long)k, h->like[k]);
    }
  return THRONG_OK;
}
