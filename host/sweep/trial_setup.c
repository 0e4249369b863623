/// From a point and a seed to what a slot trains; and how such an agent's clock goes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/inside.h"

void setup_free(trial_setup *setup) {
  if (!setup->made) return;
  config_free(&setup->config);
  free(setup->override);
  memset(setup, 0, sizeof *setup);
}

/// Seed j: lanes and an agent's seed of its own; the world's and f_sta's stay. Test seeds are also
/// measured with other users.
static void spread_seed(throng_config *config, int32_t seed) {
  config->sim.first_lane += (uint32_t)seed * (uint32_t)config->sim.lanes;
  config->agent.seed += (uint32_t)seed;
  if (seed >= SWEEP_FIRST_TEST) config->train.evaluation.seed += SWEEP_FIRST_TEST;
}

/// The point's overrides and those of the seed, in one block.
static throng_status list_overrides(const sweep *s, const double *x, int32_t seed,
                                    const throng_config *config, char ***out) {
  enum { SEED_LINES = 3, LINE = 64 };
  char **of_point, line[SEED_LINES][LINE];
  THRONG_TRY(space_overrides(s->space, x, &of_point));
  size_t n = 0, bytes = 0;
  for (; of_point[n]; ++n) bytes += strlen(of_point[n]) + 1;
  snprintf(line[0], LINE, "sim.first_lane=%u", config->sim.first_lane);
  snprintf(line[1], LINE, "agent.seed=%u", config->agent.seed);
  snprintf(line[2], LINE, "train.evaluation.seed=%u", config->train.evaluation.seed);
  const size_t more = seed == 0 ? 0 : seed >= SWEEP_FIRST_TEST ? 3 : 2;
  for (size_t k = 0; k < more; ++k) bytes += strlen(line[k]) + 1;
  throng_status status = throng_alloc((void **)out, 1, (n + more + 1) * sizeof(char *) + bytes,
                                      "overrides of a trial");
  char *to = status == THRONG_OK ? (char *)(*out + n + more + 1) : NULL;
  for (size_t k = 0; to && k < n + more; ++k) {
    (*out)[k] = to;
    to = stpcpy(to, k < n ? of_point[k] : line[k - n]) + 1;
  }
  free(of_point);
  return status;
}

throng_status setup_make(const sweep *s, const double *x, int32_t seed, trial_setup *out) {
  char **of_point;
  memset(out, 0, sizeof *out);
  THRONG_TRY(space_overrides(s->space, x, &of_point));
  throng_status status = config_load_text(s->config_text, strlen(s->config_text), "sweep's config",
                                          (const char *const *)of_point, &out->config);
  free(of_point);
  THRONG_TRY(status);
  spread_seed(&out->config, seed);
  status = list_overrides(s, x, seed, &out->config, &out->override);
  if (status != THRONG_OK) {
    config_free(&out->config);
    return status;
  }
  out->crew = (crew_setup){.sim = out->config.sim,
                           .agent = out->config.agent,
                           .train = out->config.train,
                           .overrides = (const char *const *)out->override};
  out->made = true;
  return THRONG_OK;
}

throng_status sweep_trial_config(const sweep *s, int64_t number, char ***overrides, char **json) {
  trial_setup setup;
  *overrides = NULL;
  *json = NULL;
  THRONG_TRY(setup_make(s, trial_x(s, number), 0, &setup));
  throng_status status = config_print(&setup.config, json);
  if (status == THRONG_OK) {
    *overrides = setup.override;
    setup.override = NULL;
  }
  setup_free(&setup);
  return status;
}

throng_status setup_clock(const sweep *s, const double *x, trial_clock *out) {
  *out = s->clock;
  if (!s->clock_varies) return THRONG_OK;
  trial_setup setup;
  THRONG_TRY(setup_make(s, x, 0, &setup));
  *out =
      (trial_clock){setup.crew.sim.lanes, setup.crew.train.evaluate_every, setup.crew.train.steps};
  setup_free(&setup);
  return THRONG_OK;
}

static int64_t whole_steps(const trial_clock *at, int64_t user_steps) {
  return (user_steps + at->lanes - 1) / at->lanes * at->lanes;
}

int64_t clock_next(const trial_clock *at, int64_t now) {
  const int64_t mark = whole_steps(at, (now / at->every + 1) * at->every);
  const int64_t end = whole_steps(at, at->steps);
  return mark < end ? mark : end;
}

int64_t clock_reports(const trial_clock *at) {
  int64_t n = 0;
  for (int64_t now = 0; now < at->steps; now = clock_next(at, now)) ++n;
  return n;
}

int64_t clock_after(const trial_clock *at, int64_t n) {
  int64_t now = 0;
  while (n-- > 0) now = clock_next(at, now);
  return now;
}
