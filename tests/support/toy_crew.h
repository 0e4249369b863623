/// A crew that answers from a formula instead of training: a sweep's rounds, decisions and resumes
/// are tested with thousands of evaluations in no time. An agent is its clock and a sum over its
/// past, so that what a checkpoint loses or a copy forgets shows in its score.
#ifndef THRONG_TESTS_SUPPORT_TOY_CREW_H
#define THRONG_TESTS_SUPPORT_TOY_CREW_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew/crew.h"
#include "throng_test.h"

typedef struct toy_agent {
  bool used, diverged;
  crew_setup setup;
  int64_t clock;
  double past;  // sum over its rounds of what its options gave
} toy_agent;

typedef struct toy_crew {
  crew crew;
  toy_agent *agent;         // (n_slot)
  int64_t rounds, trained;  // that it was asked for; agent-rounds of them
  int64_t starts, copies, loads;
  int64_t stop_after;     // rounds, then it is CANCELLED as by a kill; 0: never
  useconds_t pause;       // microseconds that a round lasts
  double diverge_above;   // learning rates that diverge at once
  int64_t fail_start_of;  // agents with this batch cannot be made; 0: all can
} toy_crew;

/// Best at a learning rate of 1e-3 and a gamma of 0.9; some noise by seed and clock.
static inline double toy_gain(const crew_setup *s, int64_t clock) {
  const double rate = log10((double)s->agent.learning_rate) + 3;
  const double gamma = (double)s->agent.gamma - 0.9;
  const uint64_t mixed =
      ((uint64_t)s->agent.seed * 2654435761u + (uint64_t)clock * 40503u + s->sim.first_lane) * 97u;
  return 1 - rate * rate / 4 - gamma * gamma * 20 + 0.01 * (double)(mixed % 101) / 101;
}

static inline throng_status toy_start(crew *c, int32_t slot, const crew_setup *setup) {
  toy_crew *t = (toy_crew *)c;
  if (t->agent[slot].used) abort();
  if (t->fail_start_of && setup->agent.batch == t->fail_start_of)
    return throng_fail(THRONG_ERROR_MEMORY, "toy: a batch of %d does not fit", setup->agent.batch);
  t->agent[slot] = (toy_agent){.used = true, .setup = *setup};
  ++t->starts;
  return THRONG_OK;
}

static inline throng_status toy_copy(crew *c, int32_t slot, int32_t from, const crew_setup *setup) {
  toy_crew *t = (toy_crew *)c;
  if (!t->agent[from].used) abort();
  t->agent[slot] = t->agent[from];
  t->agent[slot].setup = *setup;
  ++t->copies;
  return THRONG_OK;
}

static inline throng_status toy_stop(crew *c, int32_t slot) {
  toy_crew *t = (toy_crew *)c;
  t->agent[slot].used = false;
  return THRONG_OK;
}

static inline int64_t toy_next(const crew_setup *s, int64_t now) {
  const int64_t lanes = s->sim.lanes, every = s->train.evaluate_every;
  do now += lanes;
  while (now / every == (now - lanes) / every && now < s->train.steps);
  return now;
}

static inline throng_status toy_round(crew *c, const throng_progress *progress, crew_report *report,
                                      int32_t *n) {
  toy_crew *t = (toy_crew *)c;
  *n = 0;
  if (t->stop_after > 0 && t->rounds == t->stop_after) return throng_cancelled("toy");
  ++t->rounds;
  if (t->pause > 0) usleep(t->pause);
  (void)throng_report(progress, "toy", t->rounds, 0, "rounds");
  for (int32_t k = 0; k < c->n_slot; ++k) {
    toy_agent *a = &t->agent[k];
    if (!a->used) continue;
    if (a->clock >= a->setup.train.steps) abort();
    a->clock = toy_next(&a->setup, a->clock);
    a->past += toy_gain(&a->setup, a->clock) * (double)a->setup.train.evaluate_every;
    ++t->trained;
    const bool diverged =
        t->diverge_above > 0 && (double)a->setup.agent.learning_rate > t->diverge_above;
    crew_report *r = &report[(*n)++];
    *r = (crew_report){.slot = k,
                       .state = diverged ? THRONG_AGENT_DIVERGED : THRONG_AGENT_LEARNING,
                       .user_steps = a->clock,
                       .updates = a->clock / 10,
                       .loss = 1 / (double)a->clock,
                       .episodes = a->clock / 20};
    r->evaluation.episodes = 16;
    r->evaluation.average_reward = a->past / (double)a->clock * 10;
    r->evaluation.liking = 100 * (1 - (double)a->setup.agent.gamma);
    if (diverged) snprintf(r->cause, sizeof r->cause, "toy: the loss is no number");
  }
  return THRONG_OK;
}

static inline throng_status toy_save(crew *c, int32_t slot, const char *path) {
  const toy_agent *a = &((toy_crew *)c)->agent[slot];
  FILE *file = fopen(path, "w");
  if (!a->used) abort();
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: cannot be written", path);
  fprintf(file, "%lld %a\n", (long long)a->clock, a->past);
  return fclose(file) ? throng_fail(THRONG_ERROR_IO, "%s: cannot be written", path) : THRONG_OK;
}

static inline throng_status toy_load(crew *c, int32_t slot, const crew_setup *setup,
                                     const char *path) {
  toy_crew *t = (toy_crew *)c;
  FILE *file = fopen(path, "r");
  long long clock = 0;
  double past = 0;
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: cannot be read", path);
  const bool whole = fscanf(file, "%lld %la", &clock, &past) == 2;
  fclose(file);
  if (!whole) return throng_fail(THRONG_ERROR_DATA, "%s: damaged", path);
  t->agent[slot] = (toy_agent){.used = true, .setup = *setup, .clock = clock, .past = past};
  ++t->loads;
  return THRONG_OK;
}

static inline void toy_close(crew *c) {
  free(((toy_crew *)c)->agent);
  free(c);
}

static inline toy_crew *toy_crew_create(int32_t n_slot) {
  static const crew_ops ops = {toy_start, toy_copy, toy_stop, toy_round,
                               toy_save,  toy_load, toy_close};
  toy_crew *t = calloc(1, sizeof *t);
  t->crew = (crew){&ops, n_slot};
  t->agent = calloc((size_t)n_slot, sizeof *t->agent);
  return t;
}

#endif
