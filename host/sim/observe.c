/// What callers may look at: observations, outcomes, what was seen, and hashes.
#include <stdlib.h>
#include <string.h>

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
  uint8_t *left, *examined;             // (n_lane), (n_lane, slate_size), or NULL
  int32_t *returned;                    // (n_lane), or NULL
  // Made from them.
  int32_t *length, *item;
  int8_t *like;
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

/// The same of arrays that not every simulator has.
#define SOME_HOST_ARRAYS(X)      \
  X(left, 1)                     \
  X(examined, s->def.slate_size) \
  X(returned, 1)

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
#define X(name, each)                                                                   \
  if (s->name)                                                                          \
    THRONG_TRY(throng_alloc((void **)&s->host->name, (size_t)s->n_lane *(size_t)(each), \
                            sizeof *s->host->name, "host copy of the lanes"));
  SOME_HOST_ARRAYS(X)
#undef X
  return THRONG_OK;
}

void sim_host_free(struct sim_host *host) {
  if (!host) return;
#define X(name, each) free(host->name);
  HOST_ARRAYS(X)
  SOME_HOST_ARRAYS(X)
#undef X
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(host->further[k]);
  free(host);
}

#define DOWNLOAD(name, each)                                               \
  THRONG_TRY(s->backend->ops->download(s->backend, s->host->name, s->name, \
                                       (size_t)s->n_lane *(size_t)(each) * sizeof *s->host->name))

/// Where the host may read what lanes are, or were when they ended.
typedef struct lanes_read {
  const int32_t *user, *count, *step;
  const uint32_t *episode, *history;
} lanes_read;

/// `at` = the array where it lies, or a copy of it in the host's memory.
#define READ(at, name, each)        \
  do {                              \
    (at) = s->name;                 \
    if (!s->backend->host_memory) { \
      DOWNLOAD(name, each);         \
      (at) = s->host->name;         \
    }                               \
  } while (0)

static throng_status read_present(throng_sim *s, lanes_read *out) {
  READ(out->user, user, 1);
  READ(out->count, count, 1);
  READ(out->step, step, 1);
  READ(out->episode, episode, 1);
  READ(out->history, history, s->def.history);
  return THRONG_OK;
}

/// `ended` (n_lane) says of which.
static throng_status read_final(throng_sim *s, lanes_read *out, const uint8_t **ended) {
  READ(*ended, ended, 1);
  READ(out->user, final_user, 1);
  READ(out->count, final_count, 1);
  READ(out->step, final_step, 1);
  READ(out->episode, episode, 1);  // of what has begun since, where lanes begin by themselves
  READ(out->history, final_history, s->def.history);
  return THRONG_OK;
}

/// A lane's ring, oldest first.
static void unroll(const history_view *h, int32_t *item, int8_t *like) {
  const int32_t n = h->capacity, length = history_length(h);
  const int32_t first = h->count < n ? 0 : h->count % n;
  const int32_t straight = length < n - first ? length : n - first;  // up to the ring's end
  for (int part = 0; part < 2; ++part) {
    const int32_t from = part ? straight : 0, end = part ? length : straight;
    const uint32_t *entry = h->entry + (part ? 0 : first);
    for (int32_t k = from; item && k < end; ++k) item[k] = history_item(entry[k - from]);
    for (int32_t k = from; like && k < end; ++k)
      like[k] = (int8_t)(2 * history_like(entry[k - from]) - 1);
  }
  for (int32_t k = length; item && k < n; ++k) item[k] = -1;
  for (int32_t k = length; like && k < n; ++k) like[k] = 0;
}

static void copy_lane(const throng_sim *s, const lanes_read *from, int64_t lane, bool over,
                      const throng_observation_copy *to) {
  const int32_t n = s->def.history;
  const history_view h = {from->history + lane * n, n, from->count[lane]};
  if (to->length) to->length[lane] = history_length(&h);
  unroll(&h, to->item ? to->item + lane * n : NULL, to->like ? to->like + lane * n : NULL);
  if (to->user) to->user[lane] = from->user[lane];
  if (to->step) to->step[lane] = from->step[lane];
  if (to->episode) to->episode[lane] = from->episode[lane] - (over && s->def.autoreset);
}

throng_status sim_check_moment(throng_moment moment) {
  if ((unsigned)moment <= THRONG_ENDED) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "moment: %d is none", (int)moment);
}

throng_status throng_sim_copy_observation(throng_sim *s, throng_moment moment,
                                          const throng_observation_copy *to) {
  lanes_read now = {0}, final = {0};
  const uint8_t *ended = NULL;
  THRONG_TRY(sim_check_moment(moment));
  if (moment != THRONG_ENDED) THRONG_TRY(read_present(s, &now));
  if (moment != THRONG_PRESENT) THRONG_TRY(read_final(s, &final, &ended));
  for (int64_t lane = 0; lane < s->n_lane; ++lane) {
    const bool over = ended && ended[lane] != THRONG_END_NONE;
    if (over || moment != THRONG_ENDED) copy_lane(s, over ? &final : &now, lane, over, to);
  }
  return THRONG_OK;
}

static throng_status observe(throng_sim *s, throng_moment moment, throng_observation *out) {
  const struct sim_host *host = s->host;
  const throng_observation_copy all = {.user = host->user,
                                       .length = host->length,
                                       .item = host->item,
                                       .like = host->like,
                                       .step = host->step,
                                       .episode = host->episode};
  THRONG_TRY(throng_sim_copy_observation(s, moment, &all));
  *out = (throng_observation){
      .n_lane = s->n_lane,
      .n_history = s->def.history,
      .user = host->user,
      .length = host->length,
      .item = host->item,
      .like = host->like,
      .step = host->step,
      .episode = host->episode,
  };
  return THRONG_OK;
}

throng_status throng_sim_observe(throng_sim *s, throng_observation *out) {
  return observe(s, THRONG_PRESENT, out);
}

throng_status throng_sim_observe_final(throng_sim *s, throng_observation *out) {
  return observe(s, THRONG_FINAL, out);
}

throng_status throng_sim_outcome(throng_sim *s, throng_outcome *out) {
  DOWNLOAD(reward, 1);
  DOWNLOAD(ended, 1);
  DOWNLOAD(vote, s->def.slate_size);
  DOWNLOAD(final_return, 1);
  DOWNLOAD(final_step, 1);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (s->further[k]) DOWNLOAD(further[k], s->def.slate_size);
#define X(name, each) \
  if (s->name) DOWNLOAD(name, each);
  SOME_HOST_ARRAYS(X)
#undef X
  *out = (throng_outcome){
      .n_lane = s->n_lane,
      .slate_size = s->def.slate_size,
      .reward = s->host->reward,
      .ended = s->host->ended,
      .left = s->host->left,
      .examined = s->host->examined,
      .returned = s->host->returned,
      .vote = s->host->vote,
      .further = (const float *const *)s->host->further,
      .final_return = s->host->final_return,
      .final_length = s->host->final_step,
  };
  return THRONG_OK;
}

static throng_status require_mask(const throng_sim *s) {
  if (s->n_seen_word) return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_ARGUMENT,
      "this simulator does not keep what a session has shown: set sim.mask (or sim.mask_seen)");
}

throng_status throng_sim_copy_seen_bits(throng_sim *s, uint32_t *bits) {
  THRONG_TRY(require_mask(s));
  return s->backend->ops->download(s->backend, bits, s->seen,
                                   (size_t)(s->n_lane * s->n_seen_word) * sizeof *bits);
}

throng_status throng_sim_copy_seen(throng_sim *s, uint8_t *seen) {
  enum { PART = 2048 };
  uint32_t word[PART] = {0};
  const int64_t n_item = s->world->n_item, n_word = s->n_seen_word * s->n_lane;
  THRONG_TRY(require_mask(s));
  for (int64_t first = 0; first < n_word; first += PART) {
    const int64_t part = n_word - first < PART ? n_word - first : PART;
    THRONG_TRY(
        s->backend->ops->download(s->backend, word, s->seen + first, (size_t)part * sizeof *word));
    for (int64_t k = 0; k < part; ++k) {
      const int64_t lane = (first + k) / s->n_seen_word;
      const int64_t item = (first + k) % s->n_seen_word * 32;
      const int64_t n = n_item - item < 32 ? n_item - item : 32;
      for (int64_t bit = 0; bit < n; ++bit)
        seen[lane * n_item + item + bit] = (uint8_t)(word[k] >> bit & 1u);
    }
  }
  return THRONG_OK;
}

throng_status throng_sim_hash(throng_sim *s, uint64_t *out) { return tensors_hash(&s->lanes, out); }
