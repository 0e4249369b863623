/// Off-policy estimators. Each is a function of sums over rows, so a resample of clusters adds the
/// sums of those that were drawn.
#include "episodes/off_policy.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "kernels/base/random.h"
#include "statistics/statistics.h"

const char *const off_policy_names[OFF_POLICY_COUNT] = {
    "ips", "ips_clipped", "snips", "snips_clipped", "dm", "dr", "dr_clipped", "sndr"};

off_policy_def off_policy_default_def(void) {
  return (off_policy_def){.clip = 10, .level = 0.95, .resamples = 2000, .seed = 1};
}

/// Sums over rows: n, w, w', w r, w' r, model of the target, and w, w' times what it misses.
enum { N, W, W_CLIP, WR, WR_CLIP, MODEL, MISSED, MISSED_CLIP, N_SUM };
typedef struct sums {
  double of[N_SUM];
} sums;

static void add(sums *to, const sums *from) {
  for (int k = 0; k < N_SUM; ++k) to->of[k] += from->of[k];
}

static sums row_sums(const off_policy_log *log, double clip, int64_t i) {
  const double w = log->target[i] / log->logged[i], w_clip = w < clip ? w : clip;
  const double r = log->reward[i];
  sums s = {.of = {[N] = 1,
                   [W] = w,
                   [W_CLIP] = w_clip,
                   [WR] = w * r,
                   [WR_CLIP] = w_clip * r,
                   [MODEL] = (double)NAN,
                   [MISSED] = (double)NAN,
                   [MISSED_CLIP] = (double)NAN}};
  if (log->model_logged && log->model_target) {
    const double missed = r - log->model_logged[i];
    s.of[MODEL] = log->model_target[i];
    s.of[MISSED] = w * missed;
    s.of[MISSED_CLIP] = w_clip * missed;
  }
  return s;
}

static double divide(double a, double b) { return b > 0 ? a / b : (double)NAN; }

static void estimate(const sums *s, double value[OFF_POLICY_COUNT]) {
  const double *of = s->of, model = of[MODEL] / of[N];
  value[OFF_POLICY_IPS] = of[WR] / of[N];
  value[OFF_POLICY_IPS_CLIPPED] = of[WR_CLIP] / of[N];
  value[OFF_POLICY_SNIPS] = divide(of[WR], of[W]);
  value[OFF_POLICY_SNIPS_CLIPPED] = divide(of[WR_CLIP], of[W_CLIP]);
  value[OFF_POLICY_DM] = model;
  value[OFF_POLICY_DR] = model + of[MISSED] / of[N];
  value[OFF_POLICY_DR_CLIPPED] = model + of[MISSED_CLIP] / of[N];
  value[OFF_POLICY_SNDR] = model + divide(of[MISSED], of[W]);
}

static throng_status check(const off_policy_log *log, const off_policy_def *def) {
  if (!(def->clip > 0) || !(def->level > 0 && def->level < 1) || def->resamples < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "off-policy: clip %g, level %g, %d resamples; expected above 0, between 0 "
                       "and 1, 1 or more",
                       def->clip, def->level, def->resamples);
  if (log->n < 1) return throng_fail(THRONG_ERROR_ARGUMENT, "off-policy: the log is empty");
  for (int64_t i = 0; i < log->n; ++i) {
    const double p = log->logged[i], t = log->target[i];
    const bool model = log->model_logged && log->model_target;
    if (!(p > 0 && p <= 1 + 1e-9) || !(t >= 0 && t <= 1 + 1e-9))
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "off-policy: row %lld: propensities %g logged and %g of the target; "
                         "expected in (0, 1] and in [0, 1]",
                         (long long)i, p, t);
    if (!isfinite(log->reward[i]) ||
        (model && (!isfinite(log->model_logged[i]) || !isfinite(log->model_target[i]))))
      return throng_fail(THRONG_ERROR_ARGUMENT, "off-policy: row %lld: no finite number",
                         (long long)i);
  }
  return THRONG_OK;
}

/// value (OFF_POLICY_COUNT, resamples) of one resample of the clusters.
static void resample(const off_policy_def *def, int64_t n_cluster, const sums *cluster,
                     int32_t number, double *value) {
  sums s = {0};
  double one[OFF_POLICY_COUNT];
  random_words r = {{0, 0, 0, 0}};
  for (int64_t k = 0; k < n_cluster; ++k) {
    if (k % 4 == 0)
      r = random_draw(def->seed, RANDOM_BOOTSTRAP, (uint32_t)(k / 4), (uint32_t)number,
                      (uint32_t)(k >> 34), 0);
    add(&s, &cluster[random_index(r.w[k % 4], (uint32_t)n_cluster)]);
  }
  estimate(&s, one);
  for (int e = 0; e < OFF_POLICY_COUNT; ++e) value[(int64_t)e * def->resamples + number] = one[e];
}

static throng_status bootstrap(const off_policy_def *def, int64_t n_cluster, const sums *cluster,
                               off_policy_result *out) {
  double *value;
  THRONG_TRY(throng_alloc((void **)&value, (size_t)def->resamples * OFF_POLICY_COUNT, sizeof *value,
                          "off-policy"));
  for (int32_t b = 0; b < def->resamples; ++b) resample(def, n_cluster, cluster, b, value);
  // A resample of weights that are all 0 is NaN: it says nothing.
  for (int e = 0; e < OFF_POLICY_COUNT; ++e)
    statistics_percentiles(def->resamples, value + (int64_t)e * def->resamples, def->level,
                           &out->low[e], &out->high[e]);
  free(value);
  return THRONG_OK;
}

throng_status off_policy_estimate(const off_policy_log *log, const off_policy_def *def,
                                  off_policy_result *out) {
  *out = (off_policy_result){0};
  THRONG_TRY(check(log, def));
  sums *cluster, all = {0};
  double squares = 0, reward = 0;
  int64_t n_cluster = 0, above = 0;
  THRONG_TRY(throng_alloc((void **)&cluster, (size_t)log->n, sizeof *cluster, "off-policy"));
  for (int64_t i = 0; i < log->n; ++i) {
    const sums row = row_sums(log, def->clip, i);
    const bool new = i == 0 || !log->cluster || log->cluster[i] != log->cluster[i - 1];
    n_cluster += new;
    add(&cluster[n_cluster - 1], &row);
    add(&all, &row);
    squares += row.of[W] * row.of[W];
    reward += log->reward[i];
    above += row.of[W] > def->clip;
    if (row.of[W] > out->most_weight) out->most_weight = row.of[W];
  }
  estimate(&all, out->value);
  out->mean_reward = reward / (double)log->n;
  out->mean_weight = all.of[W] / (double)log->n;
  out->effective_sample = squares > 0 ? all.of[W] * all.of[W] / squares : 0;
  out->clipped = (double)above / (double)log->n;
  throng_status status =
      n_cluster <= UINT32_MAX
          ? bootstrap(def, n_cluster, cluster, out)
          : throng_fail(THRONG_ERROR_ARGUMENT, "off-policy: more than 2^32 clusters");
  free(cluster);
  return status;
}
