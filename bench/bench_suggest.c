/// How long a sampler takes to suggest the next trial, over ten parameters of all kinds, after as
/// many trials as a sweep has. The Optuna peer (peers/peer_suggest.py) has the same trials.
///   bench_suggest [--seconds S] [--csv FILE] [--study SEEDS]
/// With --study: how good the best trial of three functions is, instead.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench.h"
#include "config/config_sweep.h"
#include "suggest/sampler.h"
#include "support/sweep_functions.h"

static const char config_text[] =
    "{\"sweep\": {\"space\": {"
    "\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-1, \"log\": true},"
    "\"agent.gamma\": {\"min\": 0.8, \"max\": 1},"
    "\"agent.tau\": {\"min\": 0.001, \"max\": 1, \"log\": true},"
    "\"agent.epsilon_end\": {\"min\": 0, \"max\": 0.5},"
    "\"agent.adam_epsilon\": {\"min\": 1e-10, \"max\": 1e-4, \"log\": true},"
    "\"agent.buffer\": {\"min\": 1000, \"max\": 1000000, \"log\": true},"
    "\"agent.width\": {\"min\": 16, \"max\": 512, \"step\": 16},"
    "\"agent.n_step\": {\"min\": 1, \"max\": 8},"
    "\"agent.head\": {}, \"agent.batch\": {\"values\": [64, 128, 256, 512]}}}}";

typedef struct call {
  sampler *sampler;
  int64_t number;
} call;

static throng_status suggest_once(void *context) {
  call *c = context;
  double x[SPACE_MOST];
  bool end;
  return sampler_suggest(c->sampler, c->number++, x, &end);
}

/// The regret of a point, so that models have something to learn.
static double value_of(const space *s, const double *x) {
  double sum = 0;
  for (int32_t k = 0; k < s->n; ++k) sum += pow(space_to_unit(&s->parameter[k], x[k]) - 0.7, 2);
  return sum;
}

static void tell_trials(sampler *s, const sampler_def *def, int64_t n) {
  sampler *random;
  bench_require(sampler_create(THRONG_SAMPLER_RANDOM, def, &random));
  for (int64_t k = 0; k < n; ++k) {
    double x[SPACE_MOST];
    bool end;
    bench_require(sampler_suggest(random, k, x, &end));
    const double value = value_of(def->space, x);
    // As in a sweep that prunes: a quarter of the trials reaches its end.
    const sampler_trial trial = {.number = k,
                                 .state = k % 4 ? TRIAL_PRUNED : TRIAL_COMPLETE,
                                 .x = x,
                                 .value = &value,
                                 .resource = (double)(1 + k % 3),
                                 .cost = (double)(1 + k % 3)};
    bench_require(sampler_tell(s, &trial));
  }
  sampler_free(random);
}

static void run_once(bench_output *out, const space *s, int kind, int64_t n, int32_t candidates,
                     double seconds) {
  const sampler_def def = {.space = s,
                           .n_objective = 1,
                           .seed = 1,
                           .max_trials = n,
                           .startup_trials = 10,
                           .candidates = candidates,
                           .constant_liar = true};
  measure_row row = {.unit = "suggestions", .threads = 1, .units = 1};
  call c = {.number = n};
  bench_require(sampler_create(kind, &def, &c.sampler));
  tell_trials(c.sampler, &def, n);
  bench_require(measure(suggest_once, &c, seconds, &row));
  const int written = snprintf(row.name, sizeof row.name, "suggest, %s, %lld trials",
                               sampler_name(kind), (long long)n);
  if (candidates)
    snprintf(row.name + written, sizeof row.name - (size_t)written, ", %d candidates", candidates);
  snprintf(row.size, sizeof row.size, "parameters=%d", s->n);
  bench_print(out, &row);
  sampler_free(c.sampler);
}

// --- studies ---------------------------------------------------------------------------------

enum { STUDY_TRIALS = 96, STUDY_SLOTS = 8 };

/// Best value of a study in which STUDY_SLOTS trials run at a time.
static double study(const space *s, int kind, uint32_t seed, objective f) {
  const sampler_def def = {.space = s,
                           .n_objective = 1,
                           .seed = seed,
                           .max_trials = STUDY_TRIALS,
                           .startup_trials = 10,
                           .constant_liar = true};
  sampler *chooser;
  double best = HUGE_VAL, x[STUDY_SLOTS][SPACE_MOST], u[SPACE_MOST], value = (double)NAN;
  bench_require(sampler_create(kind, &def, &chooser));
  for (int64_t first = 0; first < STUDY_TRIALS; first += STUDY_SLOTS)
    for (int64_t t = first; t < first + 2 * STUDY_SLOTS; ++t) {
      // First all begin, then all come to their ends.
      const int64_t slot = (t - first) % STUDY_SLOTS;
      const bool begins = t < first + STUDY_SLOTS;
      bool end;
      if (begins) {
        bench_require(sampler_suggest(chooser, t, x[slot], &end));
        value = (double)NAN;
      } else {
        for (int32_t k = 0; k < s->n; ++k)
          u[k] = isnan(x[slot][k]) ? x[slot][k] : space_to_unit(&s->parameter[k], x[slot][k]);
        value = f(u);
        best = fmin(best, value);
      }
      const sampler_trial trial = {.number = first + slot,
                                   .state = begins ? TRIAL_RUNNING : TRIAL_COMPLETE,
                                   .x = x[slot],
                                   .value = &value,
                                   .resource = 1,
                                   .cost = 1};
      bench_require(sampler_tell(chooser, &trial));
    }
  sampler_free(chooser);
  return best;
}

static void run_studies(int seeds) {
  static const struct {
    const char *name;
    objective f;
  } functions[] = {{"valley", valley}, {"branin", branin}, {"branches", branches}};
  static const int kinds[] = {THRONG_SAMPLER_RANDOM, THRONG_SAMPLER_SOBOL, THRONG_SAMPLER_TPE,
                              THRONG_SAMPLER_GP};
  char text[2048];
  throng_config config;
  space *s;
  snprintf(text, sizeof text, "{\"sweep\": {\"space\": %s}}", study_space);
  bench_require(config_load_text(text, strlen(text), "bench", NULL, &config));
  bench_require(config_space(&config, &s));
  for (size_t k = 0; k < sizeof functions / sizeof *functions; ++k)
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
      double sum = 0, square = 0;
      for (int seed = 1; seed <= seeds; ++seed) {
        const double regret = log10(study(s, kinds[i], (uint32_t)seed, functions[k].f) + 1e-9);
        sum += regret;
        square += regret * regret;
      }
      const double mean = sum / seeds;
      printf(
          "%-9s %-7s log10 of the regret after %d trials, %d at a time: %.2f +- %.2f (%d seeds)\n",
          functions[k].name, sampler_name(kinds[i]), STUDY_TRIALS, STUDY_SLOTS, mean,
          sqrt((square / seeds - mean * mean) / (seeds - 1)), seeds);
    }
  space_free(s);
  config_free(&config);
}

/// As in a sweep: a trial ends, which may fit a model anew, and the next is suggested. The mean of
/// CYCLES, the fastest and the slowest.
static void run_cycles(bench_output *out, const space *s, int kind, int64_t n) {
  enum { CYCLES = 64 };
  const sampler_def def = {.space = s,
                           .n_objective = 1,
                           .seed = 1,
                           .max_trials = n + CYCLES,
                           .startup_trials = 10,
                           .constant_liar = true};
  measure_row row = {.unit = "trials", .threads = 1, .units = 1, .low = INFINITY};
  sampler *sampler;
  double x[SPACE_MOST];
  bool end;
  bench_require(sampler_create(kind, &def, &sampler));
  tell_trials(sampler, &def, n);
  bench_require(sampler_suggest(sampler, n, x, &end));
  for (int64_t k = n; k < n + CYCLES; ++k) {
    const double value = value_of(s, x);
    const sampler_trial trial = {
        .number = k, .state = TRIAL_COMPLETE, .x = x, .value = &value, .resource = 3, .cost = 3};
    const double start = clock_now();
    bench_require(sampler_tell(sampler, &trial));
    bench_require(sampler_suggest(sampler, k + 1, x, &end));
    const double seconds = clock_now() - start;
    row.seconds += seconds / CYCLES;
    row.low = fmin(row.low, seconds);
    row.high = fmax(row.high, seconds);
  }
  snprintf(row.name, sizeof row.name, "tell and suggest, %s, %lld trials", sampler_name(kind),
           (long long)n);
  snprintf(row.size, sizeof row.size, "parameters=%d", s->n);
  bench_print(out, &row);
  printf("    from %.3f to %.3f ms\n", 1e3 * row.low, 1e3 * row.high);
  sampler_free(sampler);
}

int main(int argc, char **argv) {
  const double seconds = atof(bench_option(argc, argv, "--seconds", "1"));
  throng_backend_def backend_def = throng_default_backend_def();
  throng_backend *backend;
  throng_config config;
  space *s;
  const int seeds = atoi(bench_option(argc, argv, "--study", "0"));
  if (seeds > 1) return run_studies(seeds), 0;
  backend_def.threads = 1;
  bench_require(throng_backend_open(&backend_def, &backend));
  bench_require(config_load_text(config_text, strlen(config_text), "bench", NULL, &config));
  bench_require(config_space(&config, &s));
  bench_output out = bench_open(backend, argc, argv);
  run_once(&out, s, THRONG_SAMPLER_RANDOM, 200, 0, seconds);
  run_once(&out, s, THRONG_SAMPLER_SOBOL, 200, 0, seconds);
  run_once(&out, s, THRONG_SAMPLER_TPE, 200, 24, seconds);
  run_once(&out, s, THRONG_SAMPLER_TPE, 200, 64, seconds);
  run_once(&out, s, THRONG_SAMPLER_TPE, 10000, 24, seconds);
  run_once(&out, s, THRONG_SAMPLER_TPE, 10000, 64, seconds);
  run_once(&out, s, THRONG_SAMPLER_GP, 200, 0, seconds);
  run_once(&out, s, THRONG_SAMPLER_GP, 10000, 0, seconds);
  const int64_t sizes[] = {200, 1000, 10000};
  for (int k = 0; k < 3; ++k) {
    run_cycles(&out, s, THRONG_SAMPLER_TPE, sizes[k]);
    run_cycles(&out, s, THRONG_SAMPLER_GP, sizes[k]);
  }
  bench_close(&out);
  space_free(s);
  config_free(&config);
  throng_backend_close(backend);
  return 0;
}
