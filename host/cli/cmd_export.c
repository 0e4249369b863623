/// throng export: logged episodes of a policy, with propensities, for other programs; or, of a run,
/// its agent (agent_export.h).
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/agent_export.h"
#include "cli/votes.h"
#include "episodes/episodes_file.h"
#include "evaluate/yardsticks.h"

enum { MOST_LANES = 512, MOST_SESSIONS = 1000000000 };

/// Who plays: an agent needs lanes and a population like those of its checkpoint.
typedef struct export_player {
  throng_sim *sim;
  throng_population *population;
  episodes_policy policy;
} export_player;

static throng_status open_agent(const cli_run *run, const votes_session *s, const char *checkpoint,
                                export_player *out) {
  THRONG_TRY(throng_sim_create(s->backend, s->world, s->sta, &s->config.sim, &out->sim));
  THRONG_TRY(throng_population_create(out->sim, &s->config.agent, s->config.train.steps,
                                      &out->population));
  THRONG_TRY(throng_population_restore(out->population, checkpoint));
  out->policy.population = out->population;
  out->policy.agent = (int32_t)cli_number(run, "agent", 0);
  return THRONG_OK;
}

static throng_status open_player(const cli_run *run, votes_session *s, export_player *out) {
  const char *policy = cli_text(run, "policy"), *checkpoint = cli_text(run, "checkpoint");
  if (policy && !strcmp(policy, "oracle")) {
    throng_note(&run->progress, "--policy oracle: it looks one step ahead, and its name is myopic");
    policy = throng_yardstick_name(THRONG_YARDSTICK_MYOPIC);
  }
  out->policy.epsilon = (float)cli_number(run, "epsilon", 0.1);
  if (checkpoint && policy && strcmp(policy, "agent") != 0)
    return throng_fail(THRONG_ERROR_ARGUMENT, "--checkpoint is an agent's, and --policy is %s",
                       policy);
  if (checkpoint) return open_agent(run, s, checkpoint, out);
  if (policy && !strcmp(policy, "agent"))
    return throng_fail(
        THRONG_ERROR_ARGUMENT,
        "--policy agent: expected --checkpoint FILE, with the config.json of its run "
        "as CONFIG");
  if (policy) (void)yardstick_find(policy, &out->policy.yardstick);
  return THRONG_OK;
}

static void close_player(export_player *player) {
  throng_population_close(player->population);
  throng_sim_close(player->sim);
}

static episodes_format format_of(const cli_run *run) {
  const char *name = cli_text(run, "format");
  for (int k = 0; name && k < EPISODES_FORMAT_COUNT; ++k)
    if (!strcmp(name, episodes_format_names[k])) return (episodes_format)k;
  return EPISODES_CSV;
}

/// Play and write, whole or not at all.
static throng_status write_episodes(cli_run *run, const votes_session *s,
                                    const export_player *player, const episodes_def *def,
                                    int64_t *rows) {
  episodes_file *file;
  THRONG_TRY(episodes_file_create(s->world, format_of(run), cli_text(run, "output"),
                                  episodes_epsilon(&player->policy), -1, cli_flag(run, "history"),
                                  &file));
  throng_sim_def sim = s->config.sim;
  sim.votes = s->votes;
  throng_status status = episodes_play(s->backend, s->world, s->sta, &sim, def, &player->policy,
                                       NULL, &run->progress, episodes_file_session, file);
  *rows = episodes_file_rows(file);
  if (status == THRONG_OK) return episodes_file_commit(file);
  episodes_file_abort(file);
  return status;
}

static int print(const cli_run *run, const episodes_def *def, int64_t rows, double seconds) {
  const char *path = cli_text(run, "output");
  const bool parts = format_of(run) == EPISODES_RECBOLE;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "out", path);
    cJSON_AddStringToObject(document, "format", episodes_format_names[format_of(run)]);
    cJSON_AddNumberToObject(document, "sessions", (double)def->sessions);
    cJSON_AddNumberToObject(document, "rows", (double)rows);
    cJSON_AddNumberToObject(document, "seconds", seconds);
    return cli_json(document);
  }
  char n_row[32], n_session[32];
  printf("%s rows of %s sessions in %s%s, in %.1f s\n", cli_count(rows, n_row),
         cli_count(def->sessions, n_session), cli_word(path), parts ? ".inter, .item, .user" : "",
         seconds);
  return CLI_DONE;
}

int cmd_export(cli_run *run) {
  const char *path = cli_text(run, "output"), *wrong;
  const bool of_agent = agent_export_is_asked(run, &wrong);
  if (wrong) return cli_wrong(run, "%s", wrong);
  if (!path) return cli_wrong(run, "expected -o FILE, to be written");
  if (of_agent) return agent_export(run);
  const double sessions = cli_number(run, "sessions", 1000);
  if (sessions < 1 || sessions > MOST_SESSIONS)
    return cli_wrong(run, "--sessions: expected 1 to %d", MOST_SESSIONS);
  if (cli_check_tensor_output(path) != THRONG_OK) return cli_fail(run);
  votes_session s;
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  const double start = clock_now();
  const episodes_def def = {.sessions = (int64_t)sessions,
                            .lanes = sessions < MOST_LANES ? (int32_t)sessions : MOST_LANES,
                            .seed = s.config.sim.seed,
                            .planner = &s.config.train.evaluation};
  export_player player = {0};
  int64_t rows = 0;
  throng_status status = open_player(run, &s, &player);
  if (status == THRONG_OK) status = write_episodes(run, &s, &player, &def, &rows);
  cli_progress_clear();
  const int code =
      status == THRONG_OK ? print(run, &def, rows, clock_now() - start) : cli_fail(run);
  close_player(&player);
  votes_close(&s);
  return code;
}
