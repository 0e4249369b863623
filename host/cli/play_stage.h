/// What `throng play` plays on: a run's world with an agent of it or of another run, or a yardstick
/// in a run's world or in any.
#ifndef THRONG_CLI_PLAY_STAGE_H
#define THRONG_CLI_PLAY_STAGE_H

#include "cli/votes.h"
#include "study/trained.h"
#include "throng/play.h"

typedef struct play_stage {
  trained run, other;   // the first argument's, and --agent's; empty where there is none
  votes_session world;  // where the first argument is a world
  // Of one of these, not to be closed:
  throng_backend *backend;
  const throng_world *at;
  const throng_sta *sta;
  throng_sim_def sim;
  throng_evaluation_def evaluation;
  throng_play_def def;
} play_stage;

/// Errors: ARGUMENT (no such agent, with the nearest name), those of trained_open and votes_open.
throng_status play_stage_open(cli_run *run, play_stage *out);
void play_stage_close(play_stage *stage);

#endif
