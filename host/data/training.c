/// Training rows by item.
#include "data/training.h"

#include <math.h>
#include <stdlib.h>

#include "data/split.h"

enum { RECEPTION_PRIOR = 4 };

static int64_t training_end(const dataset *data, int64_t user) {
  int64_t begin = data->user_offset[user], end = data->user_offset[user + 1];
  return begin + split_train_length(end - begin);
}

throng_status training_make(const dataset *data, training *out) {
  *out = (training){.n_item = data->n_item};
  size_t n_item = (size_t)data->n_item;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&out->item_offset, n_item + 1, sizeof *out->item_offset,
                               "training rows by item"));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->item_like, n_item, sizeof *out->item_like, "likes by item"));
  for (int64_t u = 0; u < data->n_user; ++u)
    for (int64_t r = data->user_offset[u]; r < training_end(data, u); ++r) {
      ++out->item_offset[data->item[r] + 1];
      out->item_like[data->item[r]] += data->like[r];
      out->n_like += data->like[r];
      ++out->n;
    }
  if (!out->n) {
    status = throng_fail(THRONG_ERROR_DATA,
                         "keywords: none of %lld users has more than two interactions; the last "
                         "two of each are kept for evaluation, so nothing is left to learn from",
                         (long long)data->n_user);
    goto done;
  }
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->row, (size_t)out->n, sizeof *out->row, "training rows by item"));
  for (size_t i = 0; i < n_item; ++i) out->item_offset[i + 1] += out->item_offset[i];
  for (int64_t u = 0; u < data->n_user; ++u)
    for (int64_t r = data->user_offset[u]; r < training_end(data, u); ++r)
      out->row[out->item_offset[data->item[r]]++] = r;
  for (size_t i = n_item; i > 0; --i) out->item_offset[i] = out->item_offset[i - 1];
  out->item_offset[0] = 0;
  return THRONG_OK;
done:
  training_free(out);
  return status;
}

void training_free(training *t) {
  free(t->item_offset);
  free(t->row);
  free(t->item_like);
  *t = (training){0};
}

/// Without dislikes: as if one unseen item a like, drawn evenly, were disliked. What is liked more
/// often than a draw would is well received.
static double popularity(const training *t, int64_t item) {
  double like = (double)t->item_like[item], dislike = (double)t->n_like / (double)t->n_item;
  return log((like + 0.5 * RECEPTION_PRIOR) / (dislike + 0.5 * RECEPTION_PRIOR));
}

double training_reception(const training *t, int64_t item) {
  if (t->n_like == t->n) return popularity(t, item);
  // One imagined answer on each side keeps both shares inside (0, 1).
  double share = ((double)t->n_like + 1) / ((double)t->n + 2);
  double total = (double)(t->item_offset[item + 1] - t->item_offset[item]);
  double like = (double)t->item_like[item];
  double own = (like + RECEPTION_PRIOR * share) / (total + RECEPTION_PRIOR);
  return log(own / (1 - own)) - log(share / (1 - share));
}
