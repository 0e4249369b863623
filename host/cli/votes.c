/// Opening what votes are made with.
#include "cli/votes.h"

#include <string.h>

#include "config/keys.h"
#include "sim/sim_fields.h"

throng_status votes_open(cli_run *run, votes_session *s) {
  memset(s, 0, sizeof *s);
  THRONG_TRY(cli_config(run, run->n_argument > 1 ? run->argument[1] : NULL, &s->config));
  throng_status status;
  THRONG_TRY_GOTO(throng_world_open(run->argument[0], &s->world));
  THRONG_TRY_GOTO(cli_backend(run, &s->config, &s->backend));
  s->votes = s->config.sim.votes;
  THRONG_TRY_GOTO(config_use(&s->config, "sta.file"));
  if (s->config.sta_file) {
    THRONG_TRY_GOTO(throng_sta_open(s->backend, s->world, s->config.sta_file, &s->sta));
  } else if (!config_has_key(&s->config, "votes.rule") &&
             s->votes.semantics == THRONG_SEMANTICS_PAPER) {
    s->votes.rule = THRONG_RULE_LOGICAL;
    throng_note(&run->progress,
                "without --sta there is no statistical vote: the reward is that of rule logical");
  }
  s->rule = throng_rule_name(s->votes.rule);
  s->semantics = field_name(fields_find(&votes_fields, "semantics"), &s->votes);
  return THRONG_OK;
done:
  votes_close(s);
  return status;
}

void votes_close(votes_session *s) {
  throng_sta_close(s->sta);
  throng_backend_close(s->backend);
  throng_world_close(s->world);
  config_free(&s->config);
  memset(s, 0, sizeof *s);
}
