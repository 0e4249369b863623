/// throng explain --after: a session of the given items, answered by the simulated user, before the
/// item that is explained; and the words and JSON of what the session has made of the user.
#ifndef THRONG_CLI_EXPLAIN_SESSION_H
#define THRONG_CLI_EXPLAIN_SESSION_H

#include "cli/votes.h"
#include "throng/explain.h"

typedef struct shown_item {
  int32_t item;
  uint8_t like;
  int32_t returned;   // days after which the user came back, or 0
  throng_leave left;  // why the user left after it
} shown_item;

typedef struct shown_session {
  shown_item *shown;  // (n) those until the user left
  int32_t n, asked;   // items that were asked for
  throng_users_def users;
} shown_session;

/// Show the items of `list` ("id,id,..", or NULL: none) to a user with the history `past`, of one
/// candidate, and explain the candidate then. Nobody leaves by chance here. Errors: as
/// throng_sim_create and throng_sim_explain; ARGUMENT (no such item).
throng_status explain_session(const votes_session *s, const throng_pairs *past, const char *list,
                              shown_session *out, throng_explanation **why);
void explain_session_free(shown_session *session);

void explain_session_print(const votes_session *s, const shown_session *session,
                           const throng_explanation *why);
/// Adds "session" to the document.
void explain_session_json(const votes_session *s, const shown_session *session,
                          const throng_explanation *why, cJSON *document);

#endif
