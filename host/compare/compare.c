/// Contenders out of runs, and what can be said of them.
#include "compare/compare.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAUS = 41, MOST_OPTIONS = 400 };

typedef struct block {
  double *value;  // (runs) by contender
  double *tau;    // (TAUS)
  statistics_interval *profile;
  contender *contender;
  int64_t *of;           // (runs) contender of each run; -1: it stands twice
  double *left, *right;  // (runs) pairs
} block;

static int64_t find(const comparison *c, const compare_runs *runs, const int64_t *of, int64_t at) {
  for (int64_t k = 0; k < at; ++k)
    if (of[k] >= 0 && !strcmp(runs->run[k].config, runs->run[at].config)) return of[k];
  return c->n;
}

/// The same run twice would count twice.
static bool stands_before(const compare_runs *runs, int64_t at) {
  const compare_run *r = &runs->run[at];
  for (int64_t k = 0; k < at; ++k)
    if (!strcmp(runs->run[k].config, r->config) && !strcmp(runs->run[k].seed, r->seed)) return true;
  return false;
}

/// Every key of `now` whose value is another than in `first`, as "section.key=value".
static void differences(const cJSON *first, const cJSON *now, const char *path, char *to) {
  const cJSON *item;
  cJSON_ArrayForEach(item, now) {
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(first, item->string);
    char name[160];
    snprintf(name, sizeof name, "%s%s%s", path, *path ? "." : "", item->string);
    if (cJSON_IsObject(item)) {
      differences(before, item, name, to);
      continue;
    }
    if (before && cJSON_Compare(before, item, true)) continue;
    char *value = cJSON_PrintUnformatted(item);
    const size_t used = strlen(to);
    snprintf(to + used, MOST_OPTIONS - used, "%s%s=%s", used ? " " : "", name, value ? value : "?");
    free(value);
  }
}

static throng_status name_of(const compare_runs *runs, const int64_t *of, int64_t at,
                             contender *c) {
  const compare_run *first = NULL;
  char *text, options[MOST_OPTIONS] = "";
  for (int64_t k = runs->n; k-- > 0;)
    if (of[k] == at) first = &runs->run[k];
  const size_t size = strlen(first->name) + 32;
  THRONG_TRY(throng_alloc((void **)&text, size, 1, "comparison"));
  c->name = text;
  snprintf(text, size, "%s", first->name);
  if (at == 0) return THRONG_OK;
  cJSON *before = cJSON_Parse(runs->run[0].config), *now = cJSON_Parse(first->config);
  differences(before, now, "", options);
  cJSON_Delete(before);
  cJSON_Delete(now);
  c->options = strdup(options);
  return c->options ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "comparison: out of memory");
}

static throng_status gather(const compare_runs *runs, block *b, comparison *c) {
  for (int64_t k = 0; k < runs->n; ++k) {
    b->of[k] = stands_before(runs, k) ? -1 : find(c, runs, b->of, k);
    if (b->of[k] == c->n) ++c->n;
  }
  int64_t at = 0;
  for (int64_t i = 0; i < c->n; ++i) {
    contender *one = &b->contender[i];
    one->value = b->value + at;
    for (int64_t k = 0; k < runs->n; ++k) {
      if (b->of[k] != i) continue;
      if (isfinite(runs->run[k].value))
        b->value[at++] = runs->run[k].value, ++one->n;
      else
        ++one->without;
    }
    THRONG_TRY(name_of(runs, b->of, i, one));
  }
  return THRONG_OK;
}

static double two_sided(int64_t n, double *difference, throng_status *status) {
  double above = 1, below = 1;
  *status = statistics_wilcoxon(n, difference, &above);
  for (int64_t k = 0; k < n; ++k) difference[k] = -difference[k];
  if (*status == THRONG_OK) *status = statistics_wilcoxon(n, difference, &below);
  return fmin(1, 2 * fmin(above, below));
}

/// Runs of contender `at` and of the first that have the same seed.
static int64_t pair_up(const compare_runs *runs, const block *b, int64_t at) {
  int64_t n = 0;
  for (int64_t i = 0; i < runs->n; ++i)
    for (int64_t j = 0; j < runs->n && b->of[i] == at; ++j) {
      const compare_run *x = &runs->run[i], *y = &runs->run[j];
      if (b->of[j] != 0 || strcmp(x->seed, y->seed) || !isfinite(x->value) || !isfinite(y->value))
        continue;
      b->left[n] = x->value;
      b->right[n++] = y->value;
    }
  return n;
}

static throng_status beside_first(const compare_runs *runs, const compare_def *def, const block *b,
                                  int64_t at) {
  contender *c = &b->contender[at];
  const contender *first = &b->contender[0];
  throng_status status = THRONG_OK;
  if (c->n > 0 && first->n > 0) {
    const contender *better = def->minimise ? first : c, *worse = def->minimise ? c : first;
    THRONG_TRY(statistics_probability_of_improvement(1, better->n, better->value, worse->n,
                                                     worse->value, def->level, def->resamples,
                                                     def->seed, &c->improvement));
    if (c->n < 2 || first->n < 2) c->improvement.low = c->improvement.high = (double)NAN;
  }
  c->pairs = pair_up(runs, b, at);
  if (c->pairs < 2) return THRONG_OK;
  THRONG_TRY(statistics_paired(c->pairs, b->left, b->right, def->level, def->resamples, def->seed,
                               &c->difference));
  for (int64_t k = 0; k < c->pairs; ++k) b->left[k] -= b->right[k];
  c->p = two_sided(c->pairs, b->left, &status);
  return status;
}

static const statistics_interval unknown = {(double)NAN, (double)NAN, (double)NAN};

static throng_status measure(const compare_def *def, contender *c) {
  c->mean = statistics_mean(c->n, c->value);
  c->standard_error = statistics_standard_error(c->n, c->value);
  c->iqm = c->improvement = c->difference = unknown;
  c->p = (double)NAN;
  if (c->n == 0) return THRONG_OK;
  THRONG_TRY(statistics_bootstrap(STATISTICS_IQM, 1, c->n, c->value, def->level, def->resamples,
                                  def->seed, &c->iqm));
  if (c->n < 2) c->iqm.low = c->iqm.high = (double)NAN;
  return THRONG_OK;
}

/// Shares better than tau: with a sign, so that larger is better.
static throng_status profiles(const compare_def *def, const block *b, comparison *c) {
  const double sign = def->minimise ? -1 : 1;
  double low = INFINITY, high = -INFINITY, turned[TAUS];
  for (int64_t i = 0; i < c->n; ++i)
    for (int64_t k = 0; k < b->contender[i].n; ++k) {
      low = fmin(low, b->contender[i].value[k]);
      high = fmax(high, b->contender[i].value[k]);
    }
  if (!(low < high)) return THRONG_OK;
  c->n_tau = TAUS;
  for (int k = 0; k < TAUS; ++k) {
    c->tau[k] = low + (high - low) * k / (TAUS - 1);
    turned[k] = sign * c->tau[k];
  }
  for (int64_t i = 0; i < c->n; ++i) {
    const contender *one = &b->contender[i];
    for (int64_t k = 0; k < one->n; ++k) b->left[k] = sign * one->value[k];
    if (one->n == 0) continue;
    THRONG_TRY(statistics_profile(1, one->n, b->left, TAUS, turned, def->level,
                                  def->resamples < 2000 ? def->resamples : 2000, def->seed,
                                  c->profile + i * TAUS));
  }
  return THRONG_OK;
}

static throng_status take(const compare_runs *runs, block *b, comparison *out) {
  const size_t n = (size_t)runs->n;
  THRONG_TRY(throng_alloc(&out->owned, 1,
                          n * (3 * sizeof(double) + sizeof(int64_t) + sizeof(contender) +
                               TAUS * sizeof(statistics_interval)) +
                              TAUS * sizeof(double),
                          "comparison"));
  b->value = out->owned;
  b->left = b->value + n;
  b->right = b->left + n;
  b->tau = b->right + n;
  b->profile = (statistics_interval *)(void *)(b->tau + TAUS);
  b->contender = (contender *)(void *)(b->profile + n * TAUS);
  b->of = (int64_t *)(void *)(b->contender + n);
  for (size_t k = 0; k < n * TAUS; ++k) b->profile[k] = unknown;
  out->tau = b->tau;
  out->profile = b->profile;
  out->contender = b->contender;
  return THRONG_OK;
}

throng_status compare_make(const compare_runs *runs, const compare_def *def, comparison *out) {
  block b;
  *out = (comparison){.metric = def->metric, .minimise = def->minimise, .level = def->level};
  if (runs->n < 1) return throng_fail(THRONG_ERROR_ARGUMENT, "comparison: no run");
  THRONG_TRY(take(runs, &b, out));
  throng_status status = gather(runs, &b, out);
  for (int64_t i = 0; i < out->n && status == THRONG_OK; ++i) {
    status = measure(def, &b.contender[i]);
    if (status == THRONG_OK && i > 0) status = beside_first(runs, def, &b, i);
  }
  if (status == THRONG_OK) status = profiles(def, &b, out);
  if (status != THRONG_OK) compare_free(out);
  return status;
}

void compare_free(comparison *c) {
  for (int64_t i = 0; i < c->n; ++i) {
    free(c->contender[i].name);
    free(c->contender[i].options);
  }
  free(c->owned);
  *c = (comparison){.n = 0};
}
