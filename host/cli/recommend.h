/// What throng recommend's two halves share: one user in words with reasons, many users as rows.
#ifndef THRONG_CLI_RECOMMEND_H
#define THRONG_CLI_RECOMMEND_H

#include "cli/cli.h"
#include "study/trained.h"

typedef struct recommend_session {
  trained t;
  int32_t top;
  throng_exclude exclude;
  bool whys;  // reasons are asked for
} recommend_session;

/// One user (--user, --history) to standard output. Returns the exit code.
int recommend_one(const cli_run *run, recommend_session *s);
/// The users of --users to -o or standard output.
int recommend_batch(const cli_run *run, recommend_session *s);

#endif
