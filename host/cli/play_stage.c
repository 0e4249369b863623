/// Opening what is played on.
#include "cli/play_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/nearest.h"
#include "evaluate/yardsticks.h"

/// True where `name` is a yardstick's; "oracle" is what the myopic one was called once.
static bool find_yardstick(const char *name, throng_yardstick *out) {
  *out = THRONG_YARDSTICK_MYOPIC;
  return !strcmp(name, "oracle") || yardstick_find(name, out);
}

static throng_status no_agent(const char *name) {
  const char *nearest = NULL;
  size_t best = edit_limit(name) + 1;
  for (int k = 0; k <= THRONG_YARDSTICK_PLANNER; ++k) {
    const char *known = throng_yardstick_name((throng_yardstick)k);
    const size_t distance = edit_distance(name, known, best);
    if (distance < best) best = distance, nearest = known;
  }
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "--agent: no agent '%.80s'%s%s%s; expected random, popular, most_similar, "
                     "myopic, planner or the folder of a run",
                     name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

static throng_status open_run(const cli_run *run, const char *path, const char *const *overrides,
                              const char *checkpoint, trained *out) {
  const trained_def def = {.run = path,
                           .overrides = overrides,
                           .checkpoint = checkpoint,
                           .agent = (int32_t)cli_number(run, "agent-number", 0),
                           .stop = cli_stop};
  return trained_open(&def, &run->progress, out);
}

static void take_trained(play_stage *s, const trained *t, bool its_sim) {
  s->backend = t->backend;
  s->at = t->world;
  s->sta = t->sta;
  if (!its_sim) return;
  s->sim = t->config.sim;
  s->evaluation = t->config.train.evaluation;
}

/// The agent of another run in the world of the first, with its weights of f_sta and its rule.
static throng_status open_other(const cli_run *run, const char *path, const char *world,
                                const char *sta, play_stage *s) {
  const char *overrides[CLI_MAX_SETS + CLI_MAX_OPTIONS + 1] = {NULL};
  char *text[3] = {NULL};
  int n = 0;
  throng_status status = THRONG_OK;
  if (asprintf(&text[0], "world.file=%s", world) < 0 ||
      (sta && asprintf(&text[1], "sta.file=%s", sta) < 0) ||
      asprintf(&text[2], "votes.rule=%s", throng_rule_name(s->sim.votes.rule)) < 0)
    status = throng_fail(THRONG_ERROR_MEMORY, "--agent: out of memory");
  for (int k = 0; k < 3; ++k)
    if (text[k]) overrides[n++] = text[k];
  for (int k = 0; k < run->n_set; ++k)
    if (!strncmp(run->set[k], "backend.", 8)) overrides[n++] = run->set[k];
  if (status == THRONG_OK) status = open_run(run, path, overrides, NULL, &s->other);
  if (status == THRONG_OK) take_trained(s, &s->other, false);
  for (int k = 0; k < 3; ++k) free(text[k]);
  return status;
}

static throng_status open_place(cli_run *run, play_stage *s) {
  const char *place = run->argument[0];
  if (file_kind_is_run(file_kind_of(place))) {
    if (run->n_argument > 1)
      return throng_fail(THRONG_ERROR_ARGUMENT, "'%s': a run has its own config; --set changes it",
                         run->argument[1]);
    THRONG_TRY(open_run(run, place, run->set, cli_text(run, "checkpoint"), &s->run));
    take_trained(s, &s->run, true);
    s->def.population = s->run.population;
    return THRONG_OK;
  }
  THRONG_TRY(votes_open(run, &s->world));
  s->backend = s->world.backend;
  s->at = s->world.world;
  s->sta = s->world.sta;
  s->sim = s->world.config.sim;
  s->sim.votes = s->world.votes;
  s->evaluation = s->world.config.train.evaluation;
  s->def.yardstick = THRONG_YARDSTICK_MYOPIC;
  return THRONG_OK;
}

throng_status play_stage_open(cli_run *run, play_stage *s) {
  const char *agent = cli_text(run, "agent");
  throng_yardstick yardstick = THRONG_YARDSTICK_MYOPIC;
  throng_status status;
  memset(s, 0, sizeof *s);
  s->def = throng_default_play_def();
  const bool is_yardstick = agent && find_yardstick(agent, &yardstick);
  if (agent && !strcmp(agent, "oracle"))
    throng_note(&run->progress, "--agent oracle: it looks one step ahead, and its name is myopic");
  if (agent && !is_yardstick && !file_kind_is_run(file_kind_of(agent))) return no_agent(agent);
  THRONG_TRY_GOTO(open_place(run, s));
  if (is_yardstick) {
    s->def.population = NULL;
    s->def.yardstick = yardstick;
  } else if (agent) {
    const throng_config *config = s->run.world ? &s->run.config : &s->world.config;
    THRONG_TRY_GOTO(open_other(run, agent, s->run.world ? config->world_file : run->argument[0],
                               s->sta ? config->sta_file : NULL, s));
    s->def.population = s->other.population;
  }
  s->def.seed = s->evaluation.seed;
  s->def.planner = &s->evaluation;
  return THRONG_OK;
done:
  play_stage_close(s);
  return status;
}

void play_stage_close(play_stage *s) {
  trained_close(&s->other);
  trained_close(&s->run);
  if (s->world.world) votes_close(&s->world);
  memset(s, 0, sizeof *s);
}
