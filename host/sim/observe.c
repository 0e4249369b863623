/// What callers may look at: observations, outcomes and hashes.
#include <stdlib.h>

#include "kernels/base/history.h"
#include "sim/sim.h"

struct sim_host {
  // Copies of the lanes' arrays.
  int32_t *user, *count, *step;
  uint32_t *episode, *history;
  uint8_t *ended;
  float *reward, *final_return;
  int32_t *final_user, *final_count, *final_step;
  uint32_t *final_history;
  throng_vote *vote;
  float *further[THRONG_VOTE_FURTHER];  // (n_lane, slate_size), or NULL
  // Made from them.
  int32_t *length, *item;
  int8_t *like;
  sim_host_preference preference;
};

/// X(name, elements a lane)
#define HOST_ARRAYS(X)             \
  X(user, 1)                       \
  X(count, 1)                      \
  X(step, 1)                       \
  X(episode, 1)                    \
  X(history, s->def.history)       \
  X(ended, 1)                      \
  X(reward, 1)                     \
  X(final_return, 1)               \
  X(final_user, 1)                 \
  X(final_count, 1)                \
  X(final_step, 1)                 \
  X(final_history, s->def.history) \
  X(vote, s->def.slate_size)       \
  X(length, 1)                     \
  X(item, s->def.history)          \
  X(like, s->def.history)

throng_status sim_host_create(throng_sim *s) {
  THRONG_TRY(throng_alloc((void **)&s->host, 1, sizeof *s->host, "simulator"));
#define X(name, each)                                                                 \
  THRONG_TRY(throng_alloc((void **)&s->host->name, (size_t)s->n_lane *(size_t)(each), \
                          sizeof *s->host->name, "host copy of the lanes"));
  HOST_ARRAYS(X)
#undef X
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (s->further[k])
      THRONG_TRY(throng_alloc((void **)&s->host->further[k],
                              (size_t)s->n_lane * (size_t)s->def.slate_size,
                              sizeof *s->host->further[k], "host copy of the lanes"));
  if (!s->n_preference) return THRONG_OK;
  sim_host_preference *p = &s->host->preference;
  const size_t n = (size_t)s->n_lane, size = n * (size_t)s->world->dim;
  THRONG_TRY(throng_alloc((void **)&p->liked, size, sizeof *p->liked, "preference vectors"));
  THRONG_TRY(throng_alloc((void **)&p->disliked, size, sizeof *p->disliked, "preference vectors"));
  THRONG_TRY(throng_alloc((void **)&p->n_liked, n, sizeof *p->n_liked, "preference vectors"));
  return throng_alloc((void **)&p->n_disliked, n, sizeof *p->n_disliked, "preference vectors");
}

sim_host_preference *sim_host_preferences(struct sim_host *host) { return &host->preference; }

void sim_host_free(struct sim_host *host) {
  if (!host) return;
#define X(name, each) free(host->name);
  HOST_ARRAYS(X)
#undef X
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(host->further[k]);
  free(host->preference.liked);
  free(host->preference.disliked);
  free(host->preference.n_liked);
  free(host->preference.n_disliked);
  free(host);
}

#define DOWNLOAD(name, each)                                               \
  THRONG_TRY(s->backend->ops->download(s->backend, s->host->name, s->name, \
                                       (size_t)s->n_lane *(size_t)(each) * sizeof *s->host->name))

static throng_status download_state(throng_sim *s) {
  DOWNLOAD(user, 1);
  DOWNLOAD(count, 1);
  DOWNLOAD(step, 1);
  DOWNLOAD(episode, 1);
  DOWNLOAD(history, s->def.history);
  return THRONG_OK;
}

/// A lane's ring, oldest first.
static void unroll(const throng_sim *s, int64_t lane) {
  struct sim_host *host = s->host;
  int32_t n = s->def.history;
  history_view h = {host->history + lane * n, n, host->count[lane]};
  int32_t length = history_length(&h);
  host->length[lane] = length;
  for (int32_t k = 0; k < n; ++k) {
    uint32_t entry = k < length ? history_entry(&h, k) : 0;
    host->item[lane * n + k] = k < length ? history_item(entry) : -1;
    host->like[lane * n + k] = (int8_t)(k >= length ? 0 : history_like(entry) ? 1 : -1);
  }
}

static void fill_observation(const throng_sim *s, throng_observation *out) {
  for (int64_t lane = 0; lane < s->n_lane; ++lane) unroll(s, lane);
  *out = (throng_observation){
      .n_lane = s->n_lane,
      .n_history = s->def.history,
      .user = s->host->user,
      .length = s->host->length,
      .item = s->host->item,
      .like = s->host->like,
      .step = s->host->step,
      .episode = s->host->episode,
  };
}

throng_status throng_sim_observe(throng_sim *s, throng_observation *out) {
  THRONG_TRY(download_state(s));
  fill_observation(s, out);
  return THRONG_OK;
}

throng_status throng_sim_observe_final(throng_sim *s, throng_observation *out) {
  struct sim_host *host = s->host;
  int32_t n = s->def.history;
  THRONG_TRY(download_state(s));
  DOWNLOAD(ended, 1);
  DOWNLOAD(final_user, 1);
  DOWNLOAD(final_count, 1);
  DOWNLOAD(final_step, 1);
  DOWNLOAD(final_history, n);
  for (int64_t lane = 0; lane < s->n_lane; ++lane) {
    if (host->ended[lane] == THRONG_END_NONE) continue;
    host->user[lane] = host->final_user[lane];
    host->count[lane] = host->final_count[lane];
    host->step[lane] = host->final_step[lane];
    if (s->def.autoreset) host->episode[lane] -= 1;
    for (int32_t k = 0; k < n; ++k) host->history[lane * n + k] = host->final_history[lane * n + k];
  }
  fill_observation(s, out);
  return THRONG_OK;
}

throng_status throng_sim_outcome(throng_sim *s, throng_outcome *out) {
  DOWNLOAD(reward, 1);
  DOWNLOAD(ended, 1);
  DOWNLOAD(vote, s->def.slate_size);
  DOWNLOAD(final_return, 1);
  DOWNLOAD(final_step, 1);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (s->further[k]) DOWNLOAD(further[k], s->def.slate_size);
  *out = (throng_outcome){
      .n_lane = s->n_lane,
      .slate_size = s->def.slate_size,
      .reward = s->host->reward,
      .ended = s->host->ended,
      .vote = s->host->vote,
      .further = (const float *const *)s->host->further,
      .final_return = s->host->final_return,
      .final_length = s->host->final_step,
  };
  return THRONG_OK;
}

throng_status throng_sim_hash(throng_sim *s, uint64_t *out) { return tensors_hash(&s->lanes, out); }
