/// Each ranked question becomes 1 + RANKED_OTHERS, asked together; see ranks.h.
#include "evaluate/ranks.h"

#include <math.h>
#include <stdlib.h>

#include "world/unseen.h"
#include "world/world.h"

enum { ROWS = RANKED_OTHERS + 1, MOST_ENTRIES = 1 << 25, FIRST_USE = 1 << 20, TRIES = 64 };

void ranks_free(ranks *r) {
  free(r->row);
  free(r->hit);
  free(r->gain);
  *r = (ranks){0};
}

/// Every user's first liked question; of more than RANKED_MOST every so manieth.
static throng_status choose_rows(const questions *q, ranks *out) {
  int64_t n = 0;
  THRONG_TRY(throng_alloc((void **)&out->row, (size_t)q->users, sizeof *out->row, "ranking"));
  for (int64_t i = 0; i < q->n; ++i) {
    const bool chosen = n > 0 && q->user[out->row[n - 1]] == q->user[i];
    if (q->label[i] && !chosen) out->row[n++] = i;
  }
  out->n = n < RANKED_MOST ? n : RANKED_MOST;
  for (int64_t k = 0; k < out->n; ++k) out->row[k] = out->row[k * n / out->n];
  return THRONG_OK;
}

static bool is_later(const throng_world *world, int64_t user, int32_t candidate) {
  const int32_t *item;
  const int64_t n = throng_world_later(world, user, &item, NULL, NULL);
  for (int64_t k = 0; k < n; ++k)
    if (item[k] == candidate) return true;
  return false;
}

/// -1 where there is none.
static int32_t draw_other(const contender_task *t, int64_t user, int other) {
  for (int attempt = 0; attempt < TRIES; ++attempt) {
    const uint32_t use = (uint32_t)(FIRST_USE + other + attempt * RANKED_OTHERS);
    const int32_t item = world_draw_unseen(t->world, user, t->seed, use);
    if (item < 0 || !is_later(t->world, user, item)) return item;
  }
  return -1;
}

/// The question and its others; false where the user knows too much for them to be drawn.
static bool add_question(const contender_task *t, int64_t row, questions *to) {
  const questions *q = t->questions;
  const int64_t begin = q->offset[row], n = q->offset[row + 1] - begin, first = to->n;
  questions_add(to, q->user[row], q->candidate[row], 1, 0, n, q->item + begin, q->like + begin);
  for (int k = 0; k < RANKED_OTHERS; ++k) {
    const int32_t other = draw_other(t, q->user[row], k);
    if (other < 0) {
      to->n = first;
      return false;
    }
    questions_add(to, q->user[row], other, 0, 0, n, q->item + begin, q->like + begin);
  }
  return true;
}

/// What place `greater` and `equal` others leave, on average over the orders of the equal ones.
static void judge(int greater, int equal, float *hit, float *gain) {
  double hits = 0, gains = 0;
  for (int place = greater; place <= greater + equal && place < RANKED_TOP; ++place) {
    hits += 1;
    gains += 1 / log2(place + 2.0);
  }
  *hit = (float)(hits / (equal + 1));
  *gain = (float)(gains / (equal + 1));
}

static void rank_scores(const double *score, float *hit, float *gain) {
  int greater = 0, equal = 0;
  for (int k = 1; k < ROWS; ++k) {
    greater += score[k] > score[0];
    equal += score[k] == score[0];
  }
  judge(greater, equal, hit, gain);
}

/// Questions first .. end - 1 of those that are ranked, all at once; `kept` says which were asked.
static throng_status rank_some(const contender_task *task, int64_t first, int64_t end,
                               int64_t n_entry, ranks *out) {
  const int64_t n = end - first;
  questions q = {0};
  contender_task t = *task;
  double *score = NULL;
  uint8_t *answer = NULL, *asked = NULL;
  bool measured;
  throng_status status;
  THRONG_TRY_GOTO(questions_reserve(n * ROWS, n_entry * ROWS, &q));
  THRONG_TRY_GOTO(throng_alloc((void **)&score, (size_t)(n * ROWS), sizeof *score, "ranking"));
  THRONG_TRY_GOTO(throng_alloc((void **)&answer, (size_t)(n * ROWS), 1, "ranking"));
  THRONG_TRY_GOTO(throng_alloc((void **)&asked, (size_t)n, 1, "ranking"));
  for (int64_t k = 0; k < n; ++k) asked[k] = add_question(task, out->row[first + k], &q);
  if (q.n == 0) goto done;
  THRONG_TRY_GOTO(questions_ask(&q, t.backend, t.world, t.sta, t.votes, t.seed));
  t.questions = &q;
  for (int c = 0; c < CONTENDER_COUNT; ++c) {
    THRONG_TRY_GOTO(contender_answer(&t, c, score, answer, &measured));
    for (int64_t k = 0, at = 0; k < n && measured; ++k) {
      if (!asked[k]) continue;
      const int64_t to = c * out->n + first + k;
      rank_scores(score + ROWS * at++, &out->hit[to], &out->gain[to]);
    }
  }
done:
  questions_free(&q);
  free(score);
  free(answer);
  free(asked);
  return status;
}

throng_status ranks_make(const contender_task *t, const throng_progress *progress, ranks *out) {
  const questions *q = t->questions;
  throng_status status;
  *out = (ranks){0};
  THRONG_TRY_GOTO(choose_rows(q, out));
  const size_t n = (size_t)out->n * CONTENDER_COUNT;
  THRONG_TRY_GOTO(throng_alloc((void **)&out->hit, n, sizeof *out->hit, "ranking"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->gain, n, sizeof *out->gain, "ranking"));
  for (size_t k = 0; k < n; ++k) out->hit[k] = out->gain[k] = (float)NAN;
  for (int64_t first = 0, end = 0; first < out->n; first = end) {
    int64_t n_entry = 0;
    for (; end < out->n; ++end) {
      const int64_t length = q->offset[out->row[end] + 1] - q->offset[out->row[end]];
      if (end > first && (n_entry + length) * ROWS > MOST_ENTRIES) break;
      n_entry += length;
    }
    if (!throng_report(progress, "evaluate", first, out->n, "rankings"))
      THRONG_TRY_GOTO(throng_cancelled("evaluate"));
    THRONG_TRY_GOTO(rank_some(t, first, end, n_entry, out));
  }
done:
  if (status != THRONG_OK) ranks_free(out);
  return status;
}
