/// Users' dynamics from real histories with times.
#include "evaluate/users_fit.h"

#include <math.h>
#include <stdlib.h>

#include "evaluate/users_fit_sums.h"
#include "world/world.h"

static const double day = 86400;

// --- sessions: gaps as two normal distributions of log(1 + seconds) ----------------------------

typedef struct normal {
  double weight, mean, deviation;
} normal;

static double density(const normal *n, double x) {
  const double z = (x - n->mean) / n->deviation;
  return n->weight / n->deviation * exp(-z * z / 2);
}

/// Expectation maximisation from what lies below and above the mean of `x` (n).
static void fit_two(const double *x, int64_t n, normal part[2]) {
  const double least = 0.1;  // a deviation may not vanish: times are often whole days
  fit_mean all = {0}, half[2] = {{0}, {0}};
  for (int64_t i = 0; i < n; ++i) fit_mean_add(&all, x[i]);
  for (int64_t i = 0; i < n; ++i) fit_mean_add(&half[x[i] > fit_mean_value(&all)], x[i]);
  for (int k = 0; k < 2; ++k) part[k] = (normal){0.5, fit_mean_value(&half[half[k].n ? k : 0]), 1};
  for (int round = 0; round < 200; ++round) {
    double sum[2] = {0}, first[2] = {0}, second[2] = {0};
    for (int64_t i = 0; i < n; ++i) {
      const double a = density(&part[0], x[i]), b = density(&part[1], x[i]);
      // Far from both: to the nearer one.
      const double p =
          a + b > 0 ? b / (a + b) : fabs(x[i] - part[1].mean) < fabs(x[i] - part[0].mean);
      const double share[2] = {1 - p, p};
      for (int k = 0; k < 2; ++k) {
        sum[k] += share[k];
        first[k] += share[k] * x[i];
        second[k] += share[k] * x[i] * x[i];
      }
    }
    for (int k = 0; k < 2; ++k) {
      if (!(sum[k] > 0)) continue;
      const double mean = first[k] / sum[k], variance = second[k] / sum[k] - mean * mean;
      part[k] =
          (normal){sum[k] / (double)n, mean, variance > least * least ? sqrt(variance) : least};
    }
  }
}

/// Where the weighted densities meet between the means.
static double meeting(const normal part[2]) {
  double low = part[0].mean, high = part[1].mean;
  for (int round = 0; round < 60; ++round) {
    const double x = (low + high) / 2;
    if (density(&part[0], x) > density(&part[1], x))
      low = x;
    else
      high = x;
  }
  return (low + high) / 2;
}

static throng_status cut_gaps(const throng_world *w, users_fit *out) {
  double *x = NULL;
  int64_t n = 0;
  THRONG_TRY(throng_alloc((void **)&x, (size_t)w->n_interaction, sizeof *x, "gaps"));
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u] + 1; k < w->user_offset[u + 1]; ++k)
      x[n++] = log1p((double)(w->history_time[k] - w->history_time[k - 1]));
  out->n_gap = n;
  if (n == 0) {
    free(x);
    return throng_fail(THRONG_ERROR_DATA, "nobody has two interactions: there are no gaps");
  }
  normal part[2];
  fit_two(x, n, part);
  free(x);
  if (part[0].mean > part[1].mean) {
    const normal first = part[0];
    part[0] = part[1];
    part[1] = first;
  }
  const double variance =
      part[0].deviation * part[0].deviation + part[1].deviation * part[1].deviation;
  out->separation = sqrt(2) * (part[1].mean - part[0].mean) / sqrt(variance);
  out->within = expm1(part[0].mean);
  out->between = expm1(part[1].mean);
  out->cut = expm1(meeting(part));
  out->told = out->separation > 2 && part[0].weight > 0.02 && part[1].weight > 0.02 &&
              1 + out->between > 10 * (1 + out->within);
  return THRONG_OK;
}

// --- intervals ---------------------------------------------------------------------------------

/// a of n by b of m, by the normal distribution of its logarithm (Katz et al. 1978).
static fit_interval ratio_of(int64_t a, int64_t n, int64_t b, int64_t m) {
  if (a == 0 || b == 0) return (fit_interval){NAN, NAN, NAN};
  const double x = (double)a / (double)n / ((double)b / (double)m);
  const double e = 1.96 * sqrt(1 / (double)a - 1 / (double)n + 1 / (double)b - 1 / (double)m);
  return (fit_interval){x, x * exp(-e), x * exp(e)};
}

/// The difference of two means.
static fit_interval difference_of(const fit_mean *x, const fit_mean *y) {
  if (x->n < 2 || y->n < 2) return (fit_interval){NAN, NAN, NAN};
  const double d = fit_mean_value(x) - fit_mean_value(y);
  const double e =
      1.96 * sqrt(fit_mean_variance(x) / (double)x->n + fit_mean_variance(y) / (double)y->n);
  return (fit_interval){d, d - e, d + e};
}

// --- what the sums say -------------------------------------------------------------------------

static void tell_lengths(const fit_sums *s, users_fit *out) {
  out->n_session = s->length.n;
  out->n_long = s->n_long;
  out->length = fit_mean_value(&s->length);
  out->length_cv = sqrt(fit_mean_variance(&s->length)) / out->length;
  out->likes = (double)s->row[1] / (double)(s->row[0] + s->row[1]);
  out->chance_cv = sqrt(1 - 1 / out->length);
  out->end_ratio = ratio_of(s->end[0], s->row[0], s->end[1], s->row[1]);
}

static void tell_repeats(const fit_sums *s, users_fit *out) {
  int64_t on = 0, passed = 0, row[2] = {0}, end[2] = {0};
  for (int k = 0; k <= USERS_FIT_WINDOW; ++k) on += s->repeat_row[k] - s->repeat_end[k];
  int threshold = USERS_FIT_WINDOW;
  for (; threshold > 0; --threshold) {
    passed += s->repeat_row[threshold] - s->repeat_end[threshold];
    if ((double)passed > 0.05 * (double)on) break;
  }
  out->threshold = threshold;
  for (int k = 0; k <= USERS_FIT_WINDOW; ++k) {
    row[k > threshold] += s->repeat_row[k];
    end[k > threshold] += s->repeat_end[k];
  }
  out->repeat_ratio = ratio_of(end[1], row[1], end[0], row[0]);
}

static void tell_boredom(const fit_sums *s, users_fit *out) {
  for (int likes = 2; likes <= USERS_FIT_MOST_LIKES; ++likes) {
    fit_mean below = {0}, above = {0};
    for (int k = 0; k <= USERS_FIT_MOST_LIKES; ++k)
      fit_mean_join(k < likes ? &below : &above, &s->after_likes[k]);
    out->n_bored[likes] = above.n;
    out->bored[likes] = difference_of(&above, &below);
  }
}

static void tell_satiation(const fit_sums *s, users_fit *out) {
  out->n_satiated = s->n_satiated;
  out->satiation = fit_satiation(s);
}

/// A line through the returns after sessions that pleased more and less than the median.
static void tell_returns(const fit_sums *s, users_fit *out) {
  out->n_return = s->days[0].n + s->days[1].n;
  out->sessions = (double)s->length.n / (double)s->n_user;
  out->gap = s->gap_95;
  out->return_bias = out->return_reward = NAN;
  if (s->days[0].n < USERS_FIT_LEAST || s->days[1].n < USERS_FIT_LEAST) return;
  const double low = 1 / fit_mean_value(&s->days[0]), high = 1 / fit_mean_value(&s->days[1]);
  const double rate_low = fit_mean_value(&s->rate[0]), rate_high = fit_mean_value(&s->rate[1]);
  out->return_reward = (high - low) / (rate_high - rate_low);
  out->return_bias = low - out->return_reward * rate_low;
}

static float bounded(double x, double least, double most) {
  return (float)(x < least ? least : x > most ? most : x);
}

/// The options: the data's where they tell, else the literature's, which are the defaults.
static void choose(users_fit *out) {
  throng_users_def *u = &out->users;
  out->leave_probability = bounded(1 / out->length, 0, 1);
  // Lengths that are more alike than chance makes them: a budget ends sessions.
  if (out->length_cv < out->chance_cv / 2) {
    if (out->end_ratio.low > 1 || out->end_ratio.high < 1)
      u->temper_dislike = bounded(out->end_ratio.value, 0.01, 100);
    u->temper = bounded(out->length * (out->likes + u->temper_dislike * (1 - out->likes)), 1, 1e6);
    out->leave_probability = 0;
  }
  if (out->repeat_ratio.low > 1 && out->threshold < USERS_FIT_WINDOW) {
    u->repeat_window = USERS_FIT_WINDOW;
    u->repeat_threshold = out->threshold;
  }
  for (int likes = USERS_FIT_MOST_LIKES; likes >= 2; --likes)
    if (out->n_bored[likes] >= USERS_FIT_LEAST && out->bored[likes].high < 0)
      u->bored_likes = likes;
  if (out->n_satiated >= USERS_FIT_LEAST && out->satiation.low > 0)
    u->satiation = bounded(out->satiation.value, 0, 10);
  if (isnan(out->return_bias)) return;
  u->sessions = (int32_t)bounded(round(out->sessions), 1, 65536);
  u->return_bias = bounded(out->return_bias, 0, 1);
  u->return_reward = bounded(out->return_reward, -1, 1);
  u->return_gap = (int32_t)bounded(ceil(out->gap / day), 1, 255);
}

throng_status users_fit_measure(const throng_world *w, users_fit *out) {
  *out = (users_fit){.users = throng_default_users_def(),
                     .leave_probability = throng_default_sim_def().leave_probability};
  if (!w->has_time)
    return throng_fail(THRONG_ERROR_DATA,
                       "the world has no times, only the order of interactions, so that sessions "
                       "cannot be told apart: prepare it from a file with a column of times "
                       "(dataset.columns.time), or take the literature's values by "
                       "users.preset = \"dynamic\"");
  THRONG_TRY(cut_gaps(w, out));
  if (!out->told) return THRONG_OK;
  fit_sums *sums = NULL;
  THRONG_TRY(fit_sums_make(w, out->cut, &sums));
  tell_lengths(sums, out);
  out->told = out->n_long >= USERS_FIT_LEAST && out->length >= 2;
  if (out->told) {
    tell_repeats(sums, out);
    tell_boredom(sums, out);
    tell_satiation(sums, out);
    tell_returns(sums, out);
    choose(out);
  }
  fit_sums_free(sums);
  return THRONG_OK;
}

// --- where options come from --------------------------------------------------------------------

/// What of the data an option goes by.
enum { BY_LENGTHS, BY_ENDS, BY_REPEATS, BY_LIKES, BY_SATIATION, BY_RETURNS, BY_NOTHING, BY_COUNT };

const char *users_fit_option(const users_fit *f, int k, const char **source) {
  static const struct {
    const char *name;
    int by;
    const char *source;
  } options[USERS_FIT_OPTIONS] = {
      {"leave_probability", BY_LENGTHS, "the paper"},
      {"temper", BY_LENGTHS, "off by default"},
      {"temper_like", BY_NOTHING, "KuaiSim"},
      {"temper_dislike", BY_ENDS, "KuaiSim"},
      {"repeat_window", BY_NOTHING, "EasyRL4Rec"},
      {"repeat_threshold", BY_REPEATS, "EasyRL4Rec"},
      {"bored_likes", BY_LIKES, "off by default"},
      {"bored_window", BY_NOTHING, "SARDINE"},
      {"bored_steps", BY_NOTHING, "SARDINE"},
      {"satiation", BY_SATIATION, "off by default"},
      {"satiation_memory", BY_NOTHING, "RecSim"},
      {"exposure", BY_NOTHING, "off by default; CIRS: 1, tau 100"},
      {"drift", BY_NOTHING, "off by default; SARDINE: rate 0.05"},
      {"sessions", BY_RETURNS, "one by default"},
      {"return_bias", BY_RETURNS, "KuaiSim"},
      {"return_reward", BY_RETURNS, "KuaiSim"},
      {"return_gap", BY_RETURNS, "KuaiSim"},
  };
  bool tells[BY_COUNT] = {false};
  int64_t most = 0;
  for (int likes = 2; likes <= USERS_FIT_MOST_LIKES; ++likes)
    if (f->n_bored[likes] > most) most = f->n_bored[likes];
  tells[BY_LENGTHS] = f->told;
  tells[BY_ENDS] =
      f->told && f->users.temper > 0 && (f->end_ratio.low > 1 || f->end_ratio.high < 1);
  tells[BY_REPEATS] = f->told && !isnan(f->repeat_ratio.value);
  tells[BY_LIKES] = f->told && most >= USERS_FIT_LEAST;
  tells[BY_SATIATION] = f->told && f->n_satiated >= USERS_FIT_LEAST;
  tells[BY_RETURNS] = f->told && !isnan(f->return_bias);
  *source = tells[options[k].by] ? NULL : options[k].source;
  return options[k].name;
}
