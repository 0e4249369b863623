/// Sums by user where a measure is a ratio of sums, one pass over the questions in order of their
/// scores where it is not; then the same again for every resample, with weights.
#include "evaluate/measures.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const measure_names[MEASURE_COUNT] = {
#define X(ID, name, help) [MEASURE_##ID] = name,
    FIDELITY_MEASURES(X)
#undef X
};

/// Resamples that are summed side by side: a question's place is read once for all of them.
enum { LANES = 8 };

/// What a user's questions add up to.
typedef struct user_sums {
  double n, said, loss, square;
  double said_like[2], said_dislike[2];  // answers, by the real one: [0] a dislike, [1] a like
  double both, within, answer_within;    // questions, where both answers occur, and AUC times them
  double rated, rating_error, rating_square;
  double ranked, hit, gain;
} user_sums;
enum { N_SUM = sizeof(user_sums) / sizeof(double) };

/// A question in the order of scores.
typedef struct placed {
  double score;
  int32_t slot;
  uint8_t label, bin;
  bool ends_tie;
} placed;

typedef struct measuring {
  const measured_answers *a;
  int64_t n;
  const int32_t *row;
  user_sums *user;  // (n_user)
  placed *place;    // (n) by score
  int32_t resamples;
  uint32_t seed;
  double *sample;      // (MEASURE_COUNT, resamples)
  double *bin_real;    // (RELIABILITY_BINS, resamples)
  float *once;         // (n_user, LANES) ones
  atomic_bool failed;  // no memory for a resample
} measuring;

static int64_t row_at(const measuring *m, int64_t i) { return m->row ? m->row[i] : i; }

/// AUC of rows i .. end-1 of one user, pair by pair: they are few.
static void add_within(const measuring *m, int64_t i, int64_t end, user_sums *u) {
  const measured_answers *a = m->a;
  double wins = 0, answer_wins = 0, pairs = 0;
  for (int64_t x = i; x < end; ++x)
    for (int64_t y = i; y < end; ++y) {
      const int64_t like = row_at(m, x), dislike = row_at(m, y);
      if (!a->label[like] || a->label[dislike]) continue;
      const double more = a->score[like] - a->score[dislike];
      const int answer = a->answer[like] - a->answer[dislike];
      wins += more > 0 ? 1 : more == 0 ? 0.5 : 0;
      answer_wins += answer > 0 ? 1 : answer == 0 ? 0.5 : 0;
      pairs += 1;
    }
  if (pairs == 0) return;
  const double n = (double)(end - i);
  u->both += n;
  u->within += n * wins / pairs;
  u->answer_within += n * answer_wins / pairs;
}

static void add_question(const measured_answers *a, int64_t i, user_sums *u) {
  const double s = a->score[i], p = fmin(fmax(s, DBL_EPSILON), 1 - DBL_EPSILON);
  const int truth = a->label[i] != 0;
  u->n += 1;
  u->said += s;
  u->loss -= truth ? log(p) : log1p(-p);
  u->square += (s - truth) * (s - truth);
  (a->answer[i] ? u->said_like : u->said_dislike)[truth] += 1;
  const double error = (1 - s) * a->rating_of[0] + s * a->rating_of[1] - (double)a->rating[i];
  if (!isnan(error)) {
    u->rated += 1;
    u->rating_error += fabs(error);
    u->rating_square += error * error;
  }
  if (a->hit && !isnan(a->hit[i])) {
    u->ranked += 1;
    u->hit += (double)a->hit[i];
    u->gain += (double)a->gain[i];
  }
}

static void sum_users(measuring *m) {
  for (int64_t i = 0; i < m->n;) {
    const int32_t slot = m->a->slot[row_at(m, i)];
    int64_t end = i;
    for (; end < m->n && m->a->slot[row_at(m, end)] == slot; ++end)
      add_question(m->a, row_at(m, end), &m->user[slot]);
    add_within(m, i, end, &m->user[slot]);
    i = end;
  }
}

static int by_score(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->score != y->score) return x->score < y->score ? -1 : 1;
  return (x->slot > y->slot) - (x->slot < y->slot);
}

/// numpy.percentile's linear interpolation.
static double quantile(const measuring *m, double q) {
  const double at = q * (double)(m->n - 1);
  const int64_t i = (int64_t)at;
  const double x = m->place[i].score;
  return i + 1 < m->n ? x + (at - (double)i) * (m->place[i + 1].score - x) : x;
}

static void place_by_score(measuring *m) {
  for (int64_t i = 0; i < m->n; ++i) {
    const int64_t row = row_at(m, i);
    m->place[i] = (placed){m->a->score[row], m->a->slot[row], m->a->label[row] != 0, 0, false};
  }
  if (m->n > 1) qsort(m->place, (size_t)m->n, sizeof *m->place, by_score);
  for (int64_t i = 0; i < m->n; ++i)
    m->place[i].ends_tie = i + 1 == m->n || m->place[i + 1].score != m->place[i].score;
  int64_t i = 0;
  for (int bin = 0; bin < RELIABILITY_BINS; ++bin) {
    const double edge = quantile(m, (bin + 1.0) / RELIABILITY_BINS);
    for (; i < m->n && (bin + 1 == RELIABILITY_BINS || m->place[i].score <= edge); ++i)
      m->place[i].bin = (uint8_t)bin;
  }
}

typedef struct ordered_sums {
  double twice_wins[LANES], likes[LANES], dislikes[LANES];  // of AUC
  double n[RELIABILITY_BINS][LANES], said[RELIABILITY_BINS][LANES], real[RELIABILITY_BINS][LANES];
} ordered_sums;

#define EACH_LANE for (int l = 0; l < LANES; ++l)

/// `weight` (n_user, LANES).
static void sum_in_order(const measuring *m, const float *weight, ordered_sums *out) {
  double tied_likes[LANES] = {0}, tied_dislikes[LANES] = {0};
  *out = (ordered_sums){.likes = {0}};
  for (int64_t i = 0; i < m->n;) {
    const int bin = m->place[i].bin;
    double n[LANES] = {0}, said[LANES] = {0}, real[LANES] = {0};
    for (; i < m->n && m->place[i].bin == bin; ++i) {
      const placed *p = &m->place[i];
      const float *w = weight + (int64_t)p->slot * LANES;
      const double like = p->label, score = p->score;
      EACH_LANE {
        const double x = (double)w[l], liked = x * like;
        n[l] += x;
        said[l] += x * score;
        real[l] += liked;
        tied_likes[l] += liked;
        tied_dislikes[l] += x - liked;
      }
      if (!p->ends_tie) continue;
      EACH_LANE {
        out->twice_wins[l] += tied_likes[l] * (2 * out->dislikes[l] + tied_dislikes[l]);
        out->dislikes[l] += tied_dislikes[l];
        out->likes[l] += tied_likes[l];
        tied_likes[l] = tied_dislikes[l] = 0;
      }
    }
    memcpy(out->n[bin], n, sizeof n);
    memcpy(out->said[bin], said, sizeof said);
    memcpy(out->real[bin], real, sizeof real);
  }
}

/// user_sums in lanes.
typedef struct lane_sums {
  double of[N_SUM][LANES];
} lane_sums;

static void sum_of_users(const measuring *m, const float *weight, lane_sums *sum) {
  *sum = (lane_sums){{{0}}};
  for (int64_t u = 0; u < m->a->n_user; ++u) {
    const double *from = (const double *)&m->user[u];
    const float *w = weight + u * LANES;
    if (m->user[u].n == 0) continue;
    for (int k = 0; k < N_SUM; ++k) EACH_LANE sum->of[k][l] += (double)w[l] * from[k];
  }
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : (double)NAN; }

/// Mean of the classes that occur or were answered, as scikit-learn with zero_division = 0.
static double macro_f1(const user_sums *s) {
  const double like = 2 * s->said_like[1] + s->said_like[0] + s->said_dislike[1];
  const double dislike = 2 * s->said_dislike[0] + s->said_dislike[1] + s->said_like[0];
  double sum = 0, n = 0;
  if (like > 0) sum += 2 * s->said_like[1] / like, n += 1;
  if (dislike > 0) sum += 2 * s->said_dislike[0] / dislike, n += 1;
  return ratio(sum, n);
}

/// The measures of one lane, `stride` apart.
static void finish(const lane_sums *sum, const ordered_sums *o, int lane, int64_t stride,
                   double *out) {
  user_sums users;
  double *to = (double *)&users, wrong = 0;
  for (int k = 0; k < N_SUM; ++k) to[k] = sum->of[k][lane];
  for (int b = 0; b < RELIABILITY_BINS; ++b) wrong += fabs(o->said[b][lane] - o->real[b][lane]);
  const user_sums *s = &users;
  const double likes = s->said_like[1] + s->said_dislike[1], n = s->n;
  const double dislikes = s->said_like[0] + s->said_dislike[0];
  double value[MEASURE_COUNT] = {
      [MEASURE_AUC] = ratio(o->twice_wins[lane] / 2, o->likes[lane] * o->dislikes[lane]),
      [MEASURE_WITHIN_AUC] = ratio(s->within, s->both),
      [MEASURE_ANSWER_AUC] =
          (ratio(s->said_like[1], likes) + ratio(s->said_dislike[0], dislikes)) / 2,
      [MEASURE_ANSWER_WITHIN_AUC] = ratio(s->answer_within, s->both),
      [MEASURE_LOG_LOSS] = ratio(s->loss, n),
      [MEASURE_BRIER] = ratio(s->square, n),
      [MEASURE_ECE] = ratio(wrong, n),
      [MEASURE_LIKE_RATE_SAID] = ratio(s->said, n),
      [MEASURE_LIKE_RATE_ANSWERED] = ratio(s->said_like[0] + s->said_like[1], n),
      [MEASURE_LIKE_RATE_GAP] = ratio(s->said_like[0] - s->said_dislike[1], n),
      [MEASURE_ACCURACY] = ratio(s->said_like[1] + s->said_dislike[0], n),
      [MEASURE_MACRO_F1] = macro_f1(s),
      [MEASURE_MAE] = ratio(s->rating_error, s->rated),
      [MEASURE_RMSE] = sqrt(ratio(s->rating_square, s->rated)),
      [MEASURE_HIT_RATE] = ratio(s->hit, s->ranked),
      [MEASURE_NDCG] = ratio(s->gain, s->ranked),
  };
  for (int k = 0; k < MEASURE_COUNT; ++k) out[k * stride] = value[k];
}

/// LANES resamples, those of `task`.
static void resample_some(void *context, int64_t task) {
  measuring *m = context;
  const int64_t n_user = m->a->n_user, first = task * LANES;
  lane_sums sum;
  ordered_sums ordered;
  int32_t *count = malloc((size_t)n_user * sizeof *count);
  float *weight = malloc((size_t)n_user * LANES * sizeof *weight);
  if (!count || !weight) {
    atomic_store(&m->failed, true);
  } else {
    EACH_LANE {
      statistics_resample(m->seed, first + l, n_user, count);
      for (int64_t u = 0; u < n_user; ++u) weight[u * LANES + l] = (float)count[u];
    }
    sum_of_users(m, weight, &sum);
    sum_in_order(m, weight, &ordered);
    for (int l = 0; l < LANES && first + l < m->resamples; ++l) {
      finish(&sum, &ordered, l, m->resamples, m->sample + first + l);
      for (int b = 0; b < RELIABILITY_BINS; ++b)
        m->bin_real[(int64_t)b * m->resamples + first + l] =
            ratio(ordered.real[b][l], ordered.n[b][l]);
    }
  }
  free(count);
  free(weight);
}

/// Every user once, in all lanes; the first is looked at.
static void point_values(const measuring *m, const float *once, measures *out) {
  lane_sums sum;
  ordered_sums o;
  sum_of_users(m, once, &sum);
  sum_in_order(m, once, &o);
  finish(&sum, &o, 0, 1, out->value);
  for (int b = 0; b < RELIABILITY_BINS; ++b)
    out->bin[b] = (reliability_bin){.n = (int64_t)o.n[b][0],
                                    .said = ratio(o.said[b][0], o.n[b][0]),
                                    .real = ratio(o.real[b][0], o.n[b][0]),
                                    .low = (double)NAN,
                                    .high = (double)NAN};
}

static throng_status take_memory(measuring *m) {
  const size_t users = (size_t)m->a->n_user, resamples = (size_t)m->resamples;
  const char *what = "measures";
  THRONG_TRY(throng_alloc((void **)&m->user, users, sizeof *m->user, what));
  THRONG_TRY(throng_alloc((void **)&m->place, (size_t)m->n, sizeof *m->place, what));
  THRONG_TRY(throng_alloc((void **)&m->once, users * LANES, sizeof *m->once, what));
  for (size_t k = 0; k < users * LANES; ++k) m->once[k] = 1;
  if (resamples == 0) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&m->sample, MEASURE_COUNT * resamples, sizeof(double), what));
  return throng_alloc((void **)&m->bin_real, RELIABILITY_BINS * resamples, sizeof(double), what);
}

throng_status measures_take(const measured_answers *a, int64_t n_row, const int32_t *row,
                            int32_t resamples, uint32_t seed, workers *pool, measures *out) {
  measuring m = {.a = a, .n = row ? n_row : a->n, .row = row, .resamples = resamples, .seed = seed};
  throng_status status;
  *out = (measures){.sample = NULL};
  for (int k = 0; k < MEASURE_COUNT; ++k) out->value[k] = (double)NAN;
  if (m.n == 0) m.resamples = 0;
  THRONG_TRY_GOTO(take_memory(&m));
  if (m.n == 0) goto done;
  sum_users(&m);
  place_by_score(&m);
  point_values(&m, m.once, out);
  const int64_t tasks = (m.resamples + LANES - 1) / LANES;
  if (tasks > 0) workers_run(pool, (int)tasks, tasks, resample_some, &m);
  if (atomic_load(&m.failed))
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_MEMORY, "measures: no memory for a resample"));
  for (int b = 0; b < RELIABILITY_BINS && m.resamples > 0; ++b)
    statistics_percentiles(m.resamples, m.bin_real + (int64_t)b * m.resamples, 0.95,
                           &out->bin[b].low, &out->bin[b].high);
  out->sample = m.sample;
  m.sample = NULL;
done:
  free(m.user);
  free(m.place);
  free(m.sample);
  free(m.bin_real);
  free(m.once);
  return status;
}

void measures_free(measures *m) {
  free(m->sample);
  m->sample = NULL;
}
