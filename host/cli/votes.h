/// What the commands votes and explain share: a world, weights and the way votes are made.
#ifndef THRONG_CLI_VOTES_H
#define THRONG_CLI_VOTES_H

#include "cli/cli.h"

typedef struct votes_session {
  throng_config config;
  throng_world *world;
  throng_backend *backend;
  throng_sta *sta;         // NULL without weights
  throng_votes_def votes;  // the config's; see votes_open
  const char *rule, *semantics;
} votes_session;

/// Open the world (first argument), the configuration (second) and the weights. Without weights
/// and without a rule asked for, the rule is "logical", which a note says.
throng_status votes_open(cli_run *run, votes_session *session);
void votes_close(votes_session *session);

#endif
