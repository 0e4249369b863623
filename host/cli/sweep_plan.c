/// A sweep before it starts, for people and as JSON.
#include "cli/sweep_plan.h"

#include <inttypes.h>
#include <stdio.h>

static void duration(double seconds, char *text, size_t size) {
  const long s = (long)(seconds + 0.5);
  if (s >= 86400)
    snprintf(text, size, "%.1f days", seconds / 86400);
  else if (s >= 3600)
    snprintf(text, size, "%ld h %02ld min", s / 3600, s / 60 % 60);
  else if (s >= 60)
    snprintf(text, size, "%ld min %02ld s", s / 60, s % 60);
  else
    snprintf(text, size, "%.1f s", seconds);
}

static void print_text(const sweep *s, const sweep_memory *m, const sweep_time *t) {
  const throng_sweep_def *def = sweep_get_def(s);
  char a[32], b[32], c[32];
  printf("slots: %d agents at once, %s\n", def->slots,
         m->cohorts == 1 ? "all in one population" : "in populations of one kind each");
  if (m->cohorts > 1)
    printf("cohorts: at most %s%s kinds of agents\n", cli_count(m->cohorts, a),
           m->cohorts >= SWEEP_MOST_COHORTS ? " or more" : "");
  printf("memory: %s an agent, %s shared, %s in all; at most %s agents fit\n",
         cli_bytes(m->agent_bytes, a), cli_bytes(m->shared_bytes, b),
         cli_bytes(m->shared_bytes + m->agent_bytes * def->slots, c),
         cli_count(m->most, (char[32]){0}));
  duration(t->search_seconds, b, sizeof b);
  printf("search: about %s user-steps, %s\n", cli_count(t->search_steps, a), b);
  duration(t->test_seconds, b, sizeof b);
  printf("test seeds: about %s user-steps, %s\n", cli_count(t->test_steps, a), b);
  printf("measured with %d agents: %.0f user-steps a second, %.2g s an evaluation\n", t->agents,
         1 / t->step_seconds, t->evaluation_seconds);
}

static void print_json(const sweep *s, const sweep_memory *m, const sweep_time *t) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddNumberToObject(root, "slots", sweep_get_def(s)->slots);
  cJSON_AddNumberToObject(root, "cohorts", (double)m->cohorts);
  cJSON_AddNumberToObject(root, "agent_bytes", m->agent_bytes);
  cJSON_AddNumberToObject(root, "shared_bytes", m->shared_bytes);
  cJSON_AddNumberToObject(root, "most_agents", (double)m->most);
  cJSON_AddNumberToObject(root, "search_steps", (double)t->search_steps);
  cJSON_AddNumberToObject(root, "search_seconds", t->search_seconds);
  cJSON_AddNumberToObject(root, "test_steps", (double)t->test_steps);
  cJSON_AddNumberToObject(root, "test_seconds", t->test_seconds);
  cJSON_AddNumberToObject(root, "measured_agents", t->agents);
  cJSON_AddNumberToObject(root, "user_steps_per_second", 1 / t->step_seconds);
  cJSON_AddNumberToObject(root, "evaluation_seconds", t->evaluation_seconds);
  (void)cli_json(root);
}

throng_status sweep_plan_print(cli_run *run, const sweep *s, const sweep_memory *memory,
                               crew *crew) {
  sweep_time time;
  THRONG_TRY(sweep_plan_time(s, crew, &run->progress, &time));
  cli_progress_clear();
  if (run->json)
    print_json(s, memory, &time);
  else
    print_text(s, memory, &time);
  return THRONG_OK;
}

throng_status sweep_replay_print(cli_run *run, sweep *s, int64_t trial) {
  sweep_replayed r;
  const sweep_objective *objective;
  sweep_objectives(s, &objective);
  THRONG_TRY(sweep_replay(s, trial, &run->progress, &r));
  cli_progress_clear();
  if (run->json) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "trial", (double)r.trial);
    cJSON_AddNumberToObject(root, "ancestors", r.ancestors);
    cJSON_AddNumberToObject(root, "reports", (double)r.reports);
    cJSON_AddNumberToObject(root, "different", (double)r.different);
    cJSON_AddNumberToObject(root, objective->name, r.last);
    cJSON_AddStringToObject(root, "file", r.path);
    (void)cli_json(root);
  } else {
    printf("trial %" PRId64 " again: %s %.9g (%d ancestors, %" PRId64 " reports", trial,
           objective->name, r.last, r.ancestors, r.reports);
    if (r.different > 0)
      printf(", %" PRId64 " of them others than in the sweep)\n", r.different);
    else
      printf(", all the same)\n");
    printf("its agent: %s\n", r.path);
  }
  if (r.different == 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "trial %" PRId64 ": %" PRId64 " of %" PRId64
                     " reports are not those of the sweep; another processor, library or version?",
                     trial, r.different, r.reports);
}
