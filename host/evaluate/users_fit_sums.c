/// One pass over real histories, session by session.
#include "evaluate/users_fit_sums.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"
#include "world/world.h"

void fit_mean_add(fit_mean *to, double x) {
  to->n += 1;
  to->sum += x;
  to->square += x * x;
}

void fit_mean_join(fit_mean *to, const fit_mean *other) {
  to->n += other->n;
  to->sum += other->sum;
  to->square += other->square;
}

double fit_mean_value(const fit_mean *m) { return m->n ? m->sum / (double)m->n : NAN; }

double fit_mean_variance(const fit_mean *m) {
  if (m->n < 2) return NAN;
  const double n = (double)m->n;
  return (m->square - m->sum * m->sum / n) / (n - 1);
}

/// Rows begin .. end - 1 of one user: a session.
typedef struct span {
  const throng_world *world;
  int64_t begin, end;
} span;

static bool has_topic(const throng_world *w, int32_t item, int32_t topic) {
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k)
    if (w->category[k] == topic) return true;
  return false;
}

/// What the session had of one topic before row `at`.
typedef struct topic_past {
  int32_t shown, likes;  // among the USERS_FIT_WINDOW rows before
  double satiation;      // with memory 0.7, of the FAR rows before
} topic_past;

static topic_past look_back(const span *s, int64_t at, int32_t topic) {
  enum { FAR = 24 };  // 0.7^24 is 0.0002
  topic_past past = {0};
  double worth = 1;
  for (int64_t k = at - 1; k >= s->begin && at - k <= FAR; --k, worth *= 0.7) {
    if (!has_topic(s->world, s->world->history_item[k], topic)) continue;
    past.satiation += worth;
    if (at - k > USERS_FIT_WINDOW) continue;
    past.shown += 1;
    past.likes += s->world->history_like[k];
  }
  return past;
}

/// The largest of each over the topics of row `at`.
static topic_past past_of(const span *s, int64_t at) {
  const throng_world *w = s->world;
  const int32_t item = w->history_item[at];
  topic_past most = {0};
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k) {
    const topic_past one = look_back(s, at, w->category[k]);
    if (one.shown > most.shown) most.shown = one.shown;
    if (one.likes > most.likes) most.likes = one.likes;
    if (one.satiation > most.satiation) most.satiation = one.satiation;
  }
  return most;
}

static int cell_of(double x, int cells) {
  const int k = (int)(x * cells);
  return k < 0 ? 0 : k < cells ? k : cells - 1;
}

/// The mean of the user's answers but for row `at` and those that past_of counts likes in; NaN
/// where fewer than five are left.
static double rate_elsewhere(const span *s, int64_t at, double likes, double n) {
  for (int64_t k = at; k >= s->begin && at - k <= USERS_FIT_WINDOW; --k, --n)
    likes -= s->world->history_like[k];
  return n < 5 ? NAN : likes / n;
}

/// The mean of the user's other answers, two average ones among them.
static double rate_without(double likes, double n, int like, double all) {
  return (likes - like + 2 * all) / (n - 1 + 2);
}

/// `likes` of the user's `n` rows; `all`: the like rate of all.
static void add_row(fit_sums *sums, const span *s, int64_t at, double likes, double n, double all) {
  const int like = s->world->history_like[at], last = at + 1 == s->end;
  sums->row[like] += 1;
  sums->end[like] += last;
  if (at == s->begin) return;
  const topic_past past = past_of(s, at);
  sums->repeat_row[past.shown] += 1;
  sums->repeat_end[past.shown] += last;
  const double user_rate = rate_without(likes, n, like, all);
  const double elsewhere = rate_elsewhere(s, at, likes, n);
  if (!isnan(elsewhere)) fit_mean_add(&sums->after_likes[past.likes], like - elsewhere);
  const double most = 1 / (1 - 0.7);
  const int rate = cell_of(user_rate, FIT_RATES);
  const int satiation = cell_of(past.satiation / most, FIT_SATIATIONS);
  sums->cell[rate][satiation].n += 1;
  sums->cell[rate][satiation].likes += like;
  sums->cell[rate][satiation].rate += user_rate;
  sums->cell[rate][satiation].satiation += past.satiation;
  sums->n_satiated += past.satiation > 0;
}

static void add_user(fit_sums *sums, const throng_world *w, int64_t user, double cut, double all,
                     double *gap, int64_t *n_gap) {
  const int64_t begin = w->user_offset[user], end = w->user_offset[user + 1];
  double likes = 0;
  for (int64_t k = begin; k < end; ++k) likes += w->history_like[k];
  sums->n_user += end > begin;
  for (int64_t first = begin, next; first < end; first = next) {
    double pleased = 0;
    next = first + 1;
    while (next < end && (double)(w->history_time[next] - w->history_time[next - 1]) <= cut) ++next;
    const span s = {w, first, next};
    for (int64_t k = first; k < next; ++k) {
      add_row(sums, &s, k, likes, (double)(end - begin), all);
      pleased += w->history_like[k];
    }
    fit_mean_add(&sums->length, (double)(next - first));
    sums->n_long += next - first > 1;
    if (next == end) continue;
    const double seconds = (double)(w->history_time[next] - w->history_time[next - 1]);
    const double rate = pleased / (double)(next - first);
    gap[(*n_gap)++] = seconds;
    fit_mean_add(&sums->days[rate > all], fmax(1, ceil(seconds / 86400)));
    fit_mean_add(&sums->rate[rate > all], rate);
  }
}

throng_status fit_sums_make(const throng_world *w, double cut, fit_sums **out) {
  double *gap = NULL, likes = 0;
  int64_t n_gap = 0;
  *out = NULL;
  THRONG_TRY(throng_alloc((void **)&gap, (size_t)w->n_interaction, sizeof *gap, "gaps"));
  const throng_status status = throng_alloc((void **)out, 1, sizeof **out, "users' sessions");
  if (status != THRONG_OK) {
    free(gap);
    return status;
  }
  for (int64_t k = 0; k < w->n_interaction; ++k) likes += w->history_like[k];
  const double all = likes / (double)w->n_interaction;
  for (int64_t user = 0; user < w->n_user; ++user) add_user(*out, w, user, cut, all, gap, &n_gap);
  sort_numbers(n_gap, gap);
  (*out)->gap_95 = n_gap ? gap[(int64_t)(0.95 * (double)(n_gap - 1))] : NAN;
  free(gap);
  return THRONG_OK;
}

void fit_sums_free(fit_sums *sums) { free(sums); }

/// Log-likelihood of log a and lambda.
static double likelihood(const fit_sums *sums, double log_a, double lambda) {
  double total = 0;
  for (int r = 0; r < FIT_RATES; ++r)
    for (int s = 0; s < FIT_SATIATIONS; ++s) {
      const double n = sums->cell[r][s].n, likes = sums->cell[r][s].likes;
      if (!(n > 0)) continue;
      double p = sums->cell[r][s].rate / n * exp(log_a - lambda * sums->cell[r][s].satiation / n);
      p = p < 1e-6 ? 1e-6 : p > 1 - 1e-6 ? 1 - 1e-6 : p;
      total += likes * log(p) + (n - likes) * log(1 - p);
    }
  return total;
}

/// The best over log a in -1..1, by golden section; the likelihood is concave there.
static double best_with(const fit_sums *sums, double lambda) {
  const double ratio = 0.6180339887498949;
  double low = -1, high = 1;
  while (high - low > 1e-4) {
    const double a = high - ratio * (high - low), b = low + ratio * (high - low);
    if (likelihood(sums, a, lambda) > likelihood(sums, b, lambda))
      high = b;
    else
      low = a;
  }
  return likelihood(sums, (low + high) / 2, lambda);
}

fit_interval fit_satiation(const fit_sums *sums) {
  enum { STEPS = 500 };  // of 0.01
  double value[STEPS + 1];
  int best = 0, low, high;
  for (int k = 0; k <= STEPS; ++k) {
    value[k] = best_with(sums, 0.01 * k);
    if (value[k] > value[best]) best = k;
    if (value[k] < value[best] - 50) {  // far past it
      for (int rest = k; rest <= STEPS; ++rest) value[rest] = value[k];
      break;
    }
  }
  for (low = best; low > 0 && value[best] - value[low] < 1.92; --low) {
  }
  for (high = best; high < STEPS && value[best] - value[high] < 1.92; ++high) {
  }
  if (value[best] - value[low] < 1.92) low = 0;
  return (fit_interval){0.01 * best, 0.01 * low, 0.01 * high};
}
