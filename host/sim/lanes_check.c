/// Do a lane's numbers in a file fit together? Their ranges are the tensors' own matter
/// (SIM_ARRAYS); here is what no single range can say, for kernels index by these numbers without
/// looking.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"
#include "world/world.h"

enum { BLOCK_BYTES = 1 << 20 };

/// A block of lanes as the file has them, each array (block, ..).
typedef struct lane_block {
  int64_t lanes;
  int32_t *user, *step, *count, *initial_count, *preference;
  uint8_t *ended;
  uint32_t *number, *episode, *history, *seen;
  throng_vote *vote;
  uint8_t *examined;
  int32_t *shown_at, *session, *first_step, *first_count, *gap, *returned;
  float *first_return, *running_return;
} lane_block;

typedef struct lane_reader {
  const throng_sim *sim;
  const safetensors_file *file;
  const char *prefix;
  lane_block block;
} lane_reader;

static throng_status broken(const lane_reader *r, int64_t lane, const char *what) {
  return throng_fail(THRONG_ERROR_DATA, "%s: lane %lld: %s", safetensors_path(r->file),
                     (long long)lane, what);
}

/// The lanes' numbers in the random stream: where a file has none they are the usual ones.
static throng_status read_numbers(const lane_reader *r, int64_t first, int64_t n, uint32_t *to) {
  char name[2 * TENSOR_MAX_NAME];
  snprintf(name, sizeof name, "%snumber", r->prefix);
  const safetensors_tensor *t = safetensors_find(r->file, name);
  if (t)
    return safetensors_read(r->file, t, (uint64_t)first * sizeof *to, to, (size_t)n * sizeof *to);
  for (int64_t k = 0; k < n; ++k) to[k] = r->sim->def.first_lane + (uint32_t)(first + k);
  return THRONG_OK;
}

/// Lanes `first` .. of one array; `bytes` a lane.
static throng_status read_array(const lane_reader *r, const char *name, int64_t first, int64_t n,
                                size_t bytes, void *to) {
  char full[2 * TENSOR_MAX_NAME];
  snprintf(full, sizeof full, "%s%s", r->prefix, name);
  const safetensors_tensor *t = safetensors_find(r->file, full);
  if (!t)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' is missing", safetensors_path(r->file),
                       full);
  return safetensors_read(r->file, t, (uint64_t)first * bytes, to, (size_t)n * bytes);
}

/// Length of the history that the lane's episode began with.
static throng_status start_length(const lane_reader *r, int64_t lane, int64_t k, int64_t *length) {
  const throng_sim *s = r->sim;
  const int32_t user = r->block.user[k];
  const int64_t *offset = s->world->user_offset;
  const int32_t oldest = s->starts.view.offset ? 0 : s->published.view.start_rows;
  *length = history_oldest(oldest, offset[user + 1] - offset[user]);
  if (!s->starts.hash) return THRONG_OK;
  const int32_t start =
      sim_start_of(&s->starts.view, s->def.seed, r->block.number[k], r->block.episode[k]);
  if (s->starts.user[start] != user)
    return broken(r, lane, "'user' is not the one that its episode starts with");
  *length = history_oldest(oldest, s->starts.length[start]);
  return THRONG_OK;
}

static throng_status check_steps(const lane_reader *r, int64_t lane, int64_t k) {
  const throng_sim *s = r->sim;
  const lane_block *b = &r->block;
  int64_t real;
  THRONG_TRY(start_length(r, lane, k, &real));
  const int64_t initial = real < s->def.history ? real : s->def.history;
  // A lane that reached the end starts again at once, or stands still and says so.
  const bool over = b->step[k] >= s->def.max_steps;
  if (over && (s->def.autoreset || b->ended[k] == THRONG_END_NONE))
    return broken(r, lane, "its episode has all of its steps and has not ended");
  if (b->initial_count[k] != initial)
    return broken(r, lane, "'initial_count' is not the length of its user's history");
  const int32_t most = b->initial_count[k] + b->step[k] * s->def.slate_size;
  const int32_t least = s->n_examined ? b->initial_count[k] : most;
  if (b->count[k] < least || b->count[k] > most)
    return broken(r, lane, "'count' is not what its history and steps come to");
  return THRONG_OK;
}

/// The steps that showed the session's entries: rising, and all of this session.
static throng_status check_shown_at(const lane_reader *r, int64_t lane, int64_t k) {
  const throng_sim *s = r->sim;
  const lane_block *b = &r->block;
  const int32_t capacity = s->def.history;
  const int32_t before = s->n_session ? b->first_count[k] : b->initial_count[k];
  int32_t last = b->step[k] - 1;
  for (int32_t n = b->count[k] - 1; n >= before && n >= b->count[k] - capacity; --n) {
    const int32_t at = b->shown_at[k * capacity + n % capacity];
    if (at > last || at < (s->n_session ? b->first_step[k] : 0))
      return broken(r, lane, "'shown_at' does not fit its steps");
    last = at;
  }
  return THRONG_OK;
}

/// Where the present session stands in its episode.
static throng_status check_session(const lane_reader *r, int64_t lane, int64_t k) {
  const lane_block *b = &r->block;
  const bool first = b->session[k] == 0;
  const int32_t steps = b->step[k] - b->first_step[k];
  const int32_t entries = b->count[k] - b->first_count[k];
  const int32_t shown = steps * r->sim->def.slate_size;
  if (b->session[k] > b->first_step[k] || first != (b->first_step[k] == 0) || steps < 0)
    return broken(r, lane, "'session' and 'first_step' do not fit its steps");
  if (entries < (r->sim->n_examined ? 0 : shown) || entries > shown ||
      b->first_count[k] < b->initial_count[k] ||
      (first && b->first_count[k] != b->initial_count[k]))
    return broken(r, lane, "'first_count' is not what its session began with");
  if (b->first_return[k] > b->running_return[k] || (first && b->first_return[k] > 0))
    return broken(r, lane, "'first_return' is not what its session began with");
  if (first != (b->gap[k] == 0) || b->returned[k] != (steps == 0 ? b->gap[k] : 0))
    return broken(r, lane, "'gap' and 'returned' do not fit its session");
  return THRONG_OK;
}

/// No more items may be marked as seen than were shown (and stand in the history, where that is
/// masked), or none would be left to show.
static throng_status check_seen(const lane_reader *r, int64_t lane, int64_t k) {
  const throng_sim *s = r->sim;
  const uint32_t *seen = r->block.seen + k * s->n_seen_word;
  int64_t marked = 0;
  for (int64_t i = 0; i < s->n_seen_word; ++i) marked += __builtin_popcount(seen[i]);
  const int64_t rest = s->world->n_item % 32;
  if (rest && seen[s->n_seen_word - 1] >> rest)
    return broken(r, lane, "'seen' marks an item that the world does not have");
  const int32_t steps = r->block.step[k] - (s->n_session ? r->block.first_step[k] : 0);
  int64_t real = 0;
  if (s->def.mask == THRONG_MASK_ALL) THRONG_TRY(start_length(r, lane, k, &real));
  if (marked > (int64_t)steps * s->def.slate_size + real)
    return broken(r, lane, "'seen' marks more items than were shown");
  return THRONG_OK;
}

/// The sums are those of a fresh count, bit for bit.
static throng_status check_preference(const lane_reader *r, int64_t lane, int64_t k, int32_t *sum) {
  const throng_sim *s = r->sim;
  const throng_world *w = s->world;
  const world_view view = {
      .dim = w->dim, .embedding_pos = w->embedding_pos, .embedding_neg = w->embedding_neg};
  const history_view h = {r->block.history + k * s->def.history, s->def.history, r->block.count[k]};
  memset(sum, 0, (size_t)s->n_preference * sizeof *sum);
  for (int32_t i = 0; i < history_length(&h); ++i)
    preference_move(&view, h.entry[i], 1, 0, w->dim, sum);
  if (!memcmp(sum, r->block.preference + k * s->n_preference,
              (size_t)s->n_preference * sizeof *sum))
    return THRONG_OK;
  return broken(r, lane, "'preference' is not the sum over its history");
}

static bool vote_possible(const throng_vote *v) {
  return v->alpha_pos >= 0 && v->alpha_neg >= 0 && isfinite(v->beta_pos) && isfinite(v->beta_neg) &&
         v->p_like >= 0.0f && v->p_like <= 1.0f && v->f_mat <= 1 && v->f_sim <= 1 &&
         v->f_sta <= 1 && v->like <= 1;
}

static throng_status check_block(const lane_reader *r, int64_t first, int32_t *sum) {
  const throng_sim *s = r->sim;
  for (int64_t k = 0; k < r->block.lanes; ++k) {
    THRONG_TRY(check_steps(r, first + k, k));
    if (s->n_session) THRONG_TRY(check_session(r, first + k, k));
    if (s->n_examined) THRONG_TRY(check_shown_at(r, first + k, k));
    if (s->n_seen_word) THRONG_TRY(check_seen(r, first + k, k));
    if (s->n_preference) THRONG_TRY(check_preference(r, first + k, k, sum));
    for (int64_t at = k * s->def.slate_size; at < (k + 1) * s->def.slate_size; ++at) {
      if (!vote_possible(&r->block.vote[at]))
        return broken(r, first + k, "'vote' holds what no vote can say");
      if (s->n_examined && r->block.vote[at].like > r->block.examined[at])
        return broken(r, first + k, "'vote' likes what 'examined' says was not looked at");
    }
  }
  return THRONG_OK;
}

/// X(type, name, elements a lane): what is looked at together, beside the lanes' numbers.
#define CHECKED_ARRAYS(X)                                    \
  X(int32_t, user, 1)                                        \
  X(int32_t, step, 1)                                        \
  X(int32_t, count, 1)                                       \
  X(int32_t, initial_count, 1)                               \
  X(uint8_t, ended, 1)                                       \
  X(uint32_t, episode, s->starts.hash ? 1 : 0)               \
  X(throng_vote, vote, s->def.slate_size)                    \
  X(uint8_t, examined, s->n_examined)                        \
  X(int32_t, shown_at, s->n_examined ? s->def.history : 0)   \
  X(int32_t, session, s->n_session)                          \
  X(int32_t, first_step, s->n_session)                       \
  X(int32_t, first_count, s->n_session)                      \
  X(float, first_return, s->n_session)                       \
  X(float, running_return, s->n_session)                     \
  X(int32_t, gap, s->n_session)                              \
  X(int32_t, returned, s->n_session)                         \
  X(uint32_t, seen, s->n_seen_word)                          \
  X(uint32_t, history, s->n_preference ? s->def.history : 0) \
  X(int32_t, preference, s->n_preference)

throng_status sim_check_lanes(const throng_sim *s, const safetensors_file *file,
                              const char *prefix) {
  lane_reader r = {.sim = s, .file = file, .prefix = prefix};
  lane_block *b = &r.block;
  size_t lane_bytes = 0;
  int32_t *sum = NULL;
  throng_status status = THRONG_OK;
#define X(type, name, n) lane_bytes += sizeof(type) * (size_t)(n);
  CHECKED_ARRAYS(X)
#undef X
  int64_t most = BLOCK_BYTES / (int64_t)lane_bytes;
  if (most < 1) most = 1;
  if (most > s->n_lane) most = s->n_lane;
  THRONG_TRY_GOTO(throng_alloc((void **)&sum, (size_t)s->n_preference, sizeof *sum, "lanes"));
  THRONG_TRY_GOTO(throng_alloc((void **)&b->number, (size_t)most, sizeof *b->number, "lanes"));
#define X(type, name, n) \
  THRONG_TRY_GOTO(       \
      throng_alloc((void **)&b->name, (size_t)most *(size_t)(n), sizeof(type), "lanes"));
  CHECKED_ARRAYS(X)
#undef X
  for (int64_t first = 0; first < s->n_lane; first += most) {
    b->lanes = s->n_lane - first < most ? s->n_lane - first : most;
#define X(type, name, n) \
  if ((n) > 0)           \
    THRONG_TRY_GOTO(read_array(&r, #name, first, b->lanes, sizeof(type) * (size_t)(n), b->name));
    CHECKED_ARRAYS(X)
#undef X
    THRONG_TRY_GOTO(read_numbers(&r, first, b->lanes, b->number));
    THRONG_TRY_GOTO(check_block(&r, first, sum));
  }
done:
#define X(type, name, n) free(b->name);
  CHECKED_ARRAYS(X)
#undef X
  free(b->number);
  free(sum);
  return status;
}
