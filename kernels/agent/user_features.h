/// What agents see of a user who changes (throng_users_def.features): mood, boredom, satiation and
/// repeated categories, told from the state's session as the simulator tells them from a lane's;
/// and of one who comes back, which session it is.
///
/// Laid out as USER_FACTS numbers, then blocks as wide as the category buckets (category % n),
/// those of the dynamics that are on, in the order of enum user_block, then USER_SESSION_FACTS
/// numbers where users have several sessions.
#ifndef THRONG_KERNELS_AGENT_USER_FEATURES_H
#define THRONG_KERNELS_AGENT_USER_FEATURES_H

#include "kernels/agent/replay.h"
#include "kernels/sim/users.h"

enum {
  USER_MOOD = 0,  // what is left of the budget / temper
  USER_MOOD_LOW,  // 1 / (1 + what is left of it): told apart near the end
  USER_STEPS,     // of the session / the history's steps
  USER_DEAF,      // steps that the longest boredom lasts / bored_steps
  USER_FACTS,
};

enum user_block {
  USER_REPEATS = 0,   // times shown within repeat_window / (repeat_threshold + 1)
  USER_REPEATS_LEFT,  // steps for which the newest of them counts / repeat_window
  USER_LIKES,         // likes within bored_window / bored_likes
  USER_BORED,         // steps that boredom of it lasts / bored_steps
  USER_SATIATION,     // s (1 - satiation_memory), or s where nothing is forgotten
  USER_BLOCKS,
};

enum {
  USER_NUMBER = 0,  // of the session / the last one's that there may be
  USER_GAP,         // days before it / return_gap; 0: the first
  USER_SESSION_FACTS,
};

/// Which blocks there are.
THRONG_SIZE int user_block_is(const users_view *v, int block) {
  if (block <= USER_REPEATS_LEFT) return v->repeat_window > 0;
  return block == USER_SATIATION ? v->satiation > 0.0f : v->bored_likes > 0;
}
/// Columns before block `block`; of USER_BLOCKS: of all of them.
THRONG_SIZE int32_t user_feature_count(const users_view *v, int32_t n_category, int block) {
  int32_t n = USER_FACTS;
  for (int k = 0; k < block; ++k) n += user_block_is(v, k) ? n_category : 0;
  return n;
}
/// All columns.
THRONG_SIZE int32_t user_feature_all(const users_view *v, int32_t n_category) {
  const int32_t blocks = user_feature_count(v, n_category, USER_BLOCKS);
  return blocks + (v->sessions > 1 ? USER_SESSION_FACTS : 0);
}

/// Row: (agent, row).
typedef struct user_features_args {
  state_view state;
  users_view users;
  world_view world;
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t slate, n_category;
  float *feature;  // (n_row, stride), from the first of these columns on
  int64_t stride;
} user_features_args;

/// Bits of an item's buckets.
THRONG_ROW uint64_t user_buckets(const world_view *w, int32_t item, int32_t n_category) {
  uint64_t bits = 0;
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k)
    bits |= (uint64_t)1 << (w->category[k] % n_category);
  return bits;
}

THRONG_ROW void user_repeats(const user_features_args *a, const users_session *s, float *repeats,
                             float *left) {
  const users_view *v = &a->users;
  for (int32_t back = users_within(s, v->repeat_window) - 1; back >= 0; --back) {
    const uint64_t bits =
        user_buckets(&a->world, history_item(users_entry(s, back)), a->n_category);
    const int32_t lasts = v->repeat_window - users_steps_ago(s, back) + 1;
    for (int32_t c = 0; c < a->n_category; ++c) {
      if (!(bits >> c & 1)) continue;
      repeats[c] += 1.0f / (float)(v->repeat_threshold + 1);
      left[c] = (float)lasts / (float)v->repeat_window;
    }
  }
}

/// Also the longest boredom.
THRONG_ROW float user_boredom(const user_features_args *a, const users_session *s, float *likes,
                              float *bored) {
  const users_view *v = &a->users;
  const world_view *w = &a->world;
  const int32_t within = users_within(s, v->bored_window);
  const int32_t most = users_within(s, v->bored_steps);
  float longest = 0.0f;
  for (int32_t back = (within > most ? within : most) - 1; back >= 0; --back) {
    const uint32_t e = users_entry(s, back);
    const int32_t item = history_item(e), ago = users_steps_ago(s, back);
    if (!history_like(e)) continue;
    for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k) {
      const int32_t c = w->category[k] % a->n_category;
      if (back < within) likes[c] += 1.0f / (float)v->bored_likes;
      if (back >= most || users_topic_likes(v, w, s, w->category[k], ago) < v->bored_likes)
        continue;
      bored[c] = (float)(v->bored_steps - ago + 1) / (float)v->bored_steps;
      longest = bored[c] > longest ? bored[c] : longest;
    }
  }
  return longest;
}

THRONG_ROW void user_satiation(const user_features_args *a, const users_session *s, float *level) {
  const float memory = a->users.satiation_memory;
  uint64_t shown = 0;
  for (int32_t back = s->kept - 1; back >= 0; --back) {
    shown |= user_buckets(&a->world, history_item(users_entry(s, back)), a->n_category);
    const int32_t next = back > 0 ? users_steps_ago(s, back - 1) : 0;
    for (int32_t ago = users_steps_ago(s, back); ago > next; --ago) {
      for (int32_t c = 0; c < a->n_category; ++c)
        level[c] = memory * level[c] + (float)(shown >> c & 1);
      shown = 0;
    }
  }
  const float scale = memory < 1.0f ? 1.0f - memory : 1.0f;
  for (int32_t c = 0; c < a->n_category; ++c) level[c] *= scale;
}

THRONG_ROW void user_features_row(const user_features_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  const users_view *v = &a->users;
  const int32_t nc = a->n_category, capacity = a->state.capacity;
  float *feature = a->feature + row * a->stride, *block[USER_BLOCKS];
  for (int32_t k = 0; k < user_feature_all(v, nc); ++k) feature[k] = 0.0f;
  for (int k = 0; k < USER_BLOCKS; ++k) block[k] = feature + user_feature_count(v, nc, k);
  const history_view h = {a->state.entry + row * capacity, capacity, a->state.length[row]};
  users_session s = users_session_of(h, a->state.session[row], a->slate);
  if (a->state.shown_at) s.shown_at = a->state.shown_at + row * capacity;
  if (v->temper > 0.0f) {
    const float mood = users_mood(v, &s);
    feature[USER_MOOD] = mood / v->temper;
    feature[USER_MOOD_LOW] = mood > 0.0f ? 1.0f / (1.0f + mood) : 1.0f;
  }
  feature[USER_STEPS] = (float)s.kept / (float)capacity;
  if (v->sessions > 1) {
    float *facts = feature + user_feature_count(v, nc, USER_BLOCKS);
    facts[USER_NUMBER] = (float)a->state.number[row] / (float)(v->sessions - 1);
    facts[USER_GAP] = (float)a->state.gap[row] / (float)v->return_gap;
  }
  if (nc == 0) return;
  if (v->repeat_window > 0) user_repeats(a, &s, block[USER_REPEATS], block[USER_REPEATS_LEFT]);
  if (v->bored_likes > 0)
    feature[USER_DEAF] = user_boredom(a, &s, block[USER_LIKES], block[USER_BORED]);
  if (v->satiation > 0.0f) user_satiation(a, &s, block[USER_SATIATION]);
}

#endif
