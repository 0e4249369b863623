/// Histories as callers give them to votes, scores and starts, outside any world: checked once,
/// here, before anything reads them.
#ifndef THRONG_WORLD_HISTORIES_H
#define THRONG_WORLD_HISTORIES_H

#include "base/status.h"

/// Row r is a user, after entries offset[r] .. offset[r+1] - 1 of `item` and `like`, oldest first.
typedef struct given_histories {
  int64_t n;
  const int32_t *user;    // (n); NULL: not looked at
  const int64_t *offset;  // (n + 1)
  const int32_t *item;    // (offset[n]), as `like`; NULL where no row has entries
  const uint8_t *like;
} given_histories;

/// Are users, offsets, items and likes what they should be? All offsets are looked at before any
/// entry is: one that is too large would lead past the arrays. `what` is a row's name in messages
/// ("pair"); `offset` is there. Errors: ARGUMENT, naming row and entry (its place in
/// `item`).
throng_status histories_check(const given_histories *h, const char *what, int64_t n_user,
                              int64_t n_item);

#endif
