/// The environment that the authors released (Applied-Machine-Learning-Lab/LLM_User_Simulator,
/// environment/env.py, `reset` and `step`): the shown item's first row is looked up, and what
/// answers is the history of that row's reviewer before that row with the session's entries behind
/// it, whoever the session's user is; without such a history a fair coin answers. A session begins
/// with its user's first two rows. (How votes come of a history is kernels/vote.)
#ifndef THRONG_KERNELS_SIM_PUBLISHED_ENV_H
#define THRONG_KERNELS_SIM_PUBLISHED_ENV_H

#include "kernels/vote/logical.h"

enum { PUBLISHED_START_ROWS = 2 };  // `max_len` of the released code

typedef struct published_env_view {
  const int32_t
      *reviewer;  // (n_item) of the first row, -1: nobody met it; NULL: another environment
  const int32_t *earlier;  // (n_item) rows of that reviewer's history from before it; 0: a coin
  int32_t start_rows;      // that a session begins with, the oldest ones; 0: all
} published_env_view;

/// Is the answer to this item a coin?
THRONG_ROW int published_is_coin(const published_env_view *v, int32_t item) {
  return v->reviewer && v->earlier[item] == 0;
}

/// Entries into both scopes at once: which one counts is known only after both parts.
THRONG_ROW void published_add(vote_sums *sums, const world_view *w, const uint32_t *table,
                              const uint32_t *entry, int32_t n, int32_t candidate) {
  if (table) {
    vote_gather_table(sums, w, table, entry, n, candidate);
    return;
  }
  for (int32_t k = 0; k < n; ++k) {
    const int32_t item = history_item(entry[k]);
    const int32_t side = history_like(entry[k]) ? PAIR_POS : PAIR_NEG;
    const int32_t inside = pair_share_category(w, candidate, item);
    const int32_t matches = pair_count_matches(w, side, 1, candidate, item);
    const int32_t near = pair_embedding_similarity(w, side, candidate, item);
    for (int32_t scope = 0; scope <= inside; ++scope) {
      sums->count[side][scope] += 1;
      sums->matches[side][scope] += matches;
      if (near > sums->nearest[side][scope]) sums->nearest[side][scope] = near;
    }
  }
}

/// As vote_gather, over what the released environment goes by; nothing where a coin answers.
THRONG_ROW vote_sums published_gather(const world_view *w, const uint32_t *table,
                                      const published_env_view *v, const history_view *session,
                                      int32_t candidate) {
  vote_sums sums = {
      {{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}, {{-PAIR_UNIT, -PAIR_UNIT}, {-PAIR_UNIT, -PAIR_UNIT}}};
  if (v->earlier[candidate] == 0) return sums;
  const uint32_t *reviews = w->history + w->user_offset[v->reviewer[candidate]];
  published_add(&sums, w, table, reviews, v->earlier[candidate], candidate);
  published_add(&sums, w, table, session->entry, history_length(session), candidate);
  return sums;
}

#endif
