/// What the two_tower head sees of a state: sums of item features over the history, apart for
/// likes and dislikes, long and recent; and the user's learned row.
///
/// An item's features x_i (n_item, n_feature) are [e+ | e- | categories | facts], widths
/// n_direction, n_direction, n_category, AGENT_ITEM_FACTS. A state's features are laid out by
/// enum state_block below, then AGENT_STATE_FACTS numbers, then the user's row.
#ifndef THRONG_KERNELS_AGENT_FEATURES_H
#define THRONG_KERNELS_AGENT_FEATURES_H

#include "kernels/agent/replay.h"
#include "kernels/base/elementwise.h"

enum {
  AGENT_MAX_DIRECTION = 64,  // columns of e+ (e-) that are kept
  AGENT_MAX_CATEGORY = 64,   // buckets that categories are counted in
  AGENT_ITEM_FACTS = 4,      // like rate, popularity, |P|, |N|
  AGENT_STATE_FACTS = 6,
};

/// Blocks as wide as a direction come first, then those as wide as the categories.
enum state_block {
  STATE_LIKED_MEAN = 0,  // mean of e+ over likes
  STATE_DISLIKED_MEAN,   // mean of e- over dislikes
  STATE_LIKED_SHARE,     // sum of e+ over likes / length: a+ and a- on one scale
  STATE_DISLIKED_SHARE,
  STATE_LIKED_RECENT,  // weighted by AGENT_RECENCY^age
  STATE_DISLIKED_RECENT,
  STATE_DIRECTION_BLOCKS,
  STATE_CATEGORY_SIGN = 0,  // (likes - dislikes) / (likes + dislikes + 1)
  STATE_CATEGORY_LIKED,     // likes / (likes + 1)
  STATE_CATEGORY_DISLIKED,
  STATE_CATEGORY_RECENT,  // signed, weighted by AGENT_RECENCY^age
  STATE_CATEGORY_BLOCKS,
};

#define AGENT_RECENCY 0.8f

THRONG_ROW int32_t state_feature_count(int32_t n_direction, int32_t n_category,
                                       int32_t user_width) {
  return STATE_DIRECTION_BLOCKS * n_direction + STATE_CATEGORY_BLOCKS * n_category +
         AGENT_STATE_FACTS + user_width;
}

/// Row: (agent, row).
typedef struct state_features_args {
  state_view state;
  const int32_t *used;  // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  const float *item;  // (n_item, n_feature)
  int32_t n_feature, n_direction, n_category;
  float *feature;  // (n_row, stride); the user's columns are not touched
  int64_t stride;
} state_features_args;

/// The same row into the plain sum and the one weighted by age, read once.
THRONG_ROW void feature_add(float *THRONG_RESTRICT plain, float *THRONG_RESTRICT recent,
                            const float *THRONG_RESTRICT from, float weight, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    plain[i] += from[i];
    recent[i] += weight * from[i];
  }
}

THRONG_ROW void state_features_row(const state_features_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  int32_t nd = a->n_direction, nc = a->n_category, length = a->state.length[row];
  const uint32_t *entry = a->state.entry + row * a->state.capacity;
  float *direction = a->feature + row * a->stride;
  float *category = direction + STATE_DIRECTION_BLOCKS * nd;
  float *fact = category + STATE_CATEGORY_BLOCKS * nc;
  for (float *at = direction; at < fact + AGENT_STATE_FACTS; ++at) *at = 0.0f;

  int32_t likes = 0, session_likes = 0, session = a->state.session[row];
  float weight = 1.0f, recent_likes = 0.0f;
  for (int32_t k = length - 1; k >= 0; --k) {
    const float *x = a->item + (int64_t)history_item(entry[k]) * a->n_feature;
    int like = history_like(entry[k]);
    const float *e = like ? x : x + nd;
    feature_add(direction + (like ? STATE_LIKED_SHARE : STATE_DISLIKED_SHARE) * nd,
                direction + (like ? STATE_LIKED_RECENT : STATE_DISLIKED_RECENT) * nd, e, weight,
                nd);
    feature_add(category + (like ? STATE_CATEGORY_LIKED : STATE_CATEGORY_DISLIKED) * nc,
                category + STATE_CATEGORY_RECENT * nc, x + 2 * nd, like ? weight : -weight, nc);
    likes += like;
    session_likes += like && k >= length - session;
    recent_likes += like ? weight : 0.0f;
    weight *= AGENT_RECENCY;
  }

  float per_like = likes ? 1.0f / (float)likes : 0.0f;
  float per_dislike = length > likes ? 1.0f / (float)(length - likes) : 0.0f;
  float per_entry = length ? 1.0f / (float)length : 0.0f;
  float recent = 1.0f - AGENT_RECENCY;
  for (int32_t i = 0; i < nd; ++i) {
    float liked = direction[STATE_LIKED_SHARE * nd + i];
    float disliked = direction[STATE_DISLIKED_SHARE * nd + i];
    direction[STATE_LIKED_MEAN * nd + i] = liked * per_like;
    direction[STATE_DISLIKED_MEAN * nd + i] = disliked * per_dislike;
    direction[STATE_LIKED_SHARE * nd + i] = liked * per_entry;
    direction[STATE_DISLIKED_SHARE * nd + i] = disliked * per_entry;
    direction[STATE_LIKED_RECENT * nd + i] *= recent;
    direction[STATE_DISLIKED_RECENT * nd + i] *= recent;
  }
  for (int32_t i = 0; i < nc; ++i) {
    float liked = category[STATE_CATEGORY_LIKED * nc + i];
    float disliked = category[STATE_CATEGORY_DISLIKED * nc + i];
    category[STATE_CATEGORY_SIGN * nc + i] = (liked - disliked) / (liked + disliked + 1.0f);
    category[STATE_CATEGORY_LIKED * nc + i] = liked / (liked + 1.0f);
    category[STATE_CATEGORY_DISLIKED * nc + i] = disliked / (disliked + 1.0f);
    category[STATE_CATEGORY_RECENT * nc + i] *= recent;
  }
  fact[0] = (float)likes * per_entry;
  fact[1] = recent_likes * recent;
  fact[2] = (float)length / (float)a->state.capacity;
  fact[3] = (float)session / (float)a->state.capacity;
  fact[4] = session ? (float)session_likes / (float)session : 0.0f;
  fact[5] = length ? (history_like(entry[length - 1]) ? 1.0f : -1.0f) : 0.0f;
}

/// Of which agents the catalogue is made anew, all of its items: those whose weights have changed
/// and that need it. Row: an agent.
typedef struct catalogue_due_args {
  int32_t *stale;         // (n_agent) 1 where it is of other weights
  const int32_t *wanted;  // (n_agent) 0 where nobody asks, or NULL: all are asked for
  const float *tau;       // (n_agent) below 1: stale whenever asked for, or NULL
  int32_t *rows;          // (n_agent) n_item, or 0
  int64_t n_item;
} catalogue_due_args;

THRONG_ROW void catalogue_due_row(const catalogue_due_args *a, int64_t row) {
  const int stale = a->stale[row] || (a->tau && a->tau[row] < 1.0f);
  a->rows[row] = 0;
  if (!stale || (a->wanted && a->wanted[row] == 0)) return;
  a->rows[row] = (int32_t)a->n_item;
  a->stale[row] = 0;
}

/// Finish the catalogue's vectors and biases: v += learned row, bias = own + a . x. Row: (agent,
/// item), or (agent, place) of a batch of items where `index` is given.
typedef struct item_finish_args {
  const int32_t *index;      // (n_agent, rows) or NULL: row is the item
  const float *item;         // (n_item, n_feature)
  const float *item_vector;  // (n_agent, n_item, width) learned
  const float *item_bias;    // (n_agent, n_item) learned
  const float *bias_weight;  // (n_agent, n_feature)
  float *vector;             // (n_agent, rows, width) holds x A
  float *bias;               // (n_agent, rows)
  const int32_t *used;       // (n_agent) or NULL, see row_is_idle
  int64_t rows, n_item;
  int32_t n_feature, width;
} item_finish_args;

THRONG_ROW void item_finish_row(const item_finish_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  int64_t agent = row / a->rows;
  int64_t item = a->index ? a->index[row] : row % a->rows;
  if (item < 0) {  // no item was better than any other: Q is not a number, and neither is this
    a->bias[row] = NAN;
    return;
  }
  float *THRONG_RESTRICT vector = a->vector + row * a->width;
  const float *THRONG_RESTRICT learned = a->item_vector + (agent * a->n_item + item) * a->width;
  for (int32_t i = 0; i < a->width; ++i) vector[i] += learned[i];
  a->bias[row] = a->item_bias[agent * a->n_item + item] +
                 dot_product(a->item + item * a->n_feature, a->bias_weight + agent * a->n_feature,
                             a->n_feature);
}

/// The state's own value: hidden . weight + feature . skip + bias. Row: (agent, row).
typedef struct state_value_args {
  const float *hidden;   // (n_agent, rows, n_hidden)
  const float *feature;  // (n_agent, rows, n_feature)
  const float *weight;   // (n_agent, n_hidden)
  const float *skip;     // (n_agent, n_feature)
  const float *bias;     // (n_agent)
  float *value;          // (n_agent, rows)
  const int32_t *used;   // (n_agent) or NULL, see row_is_idle
  int64_t rows;
  int32_t n_hidden, n_feature;
} state_value_args;

THRONG_ROW void state_value_row(const state_value_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  int64_t agent = row / a->rows;
  a->value[row] =
      dot_product(a->hidden + row * a->n_hidden, a->weight + agent * a->n_hidden, a->n_hidden) +
      dot_product(a->feature + row * a->n_feature, a->skip + agent * a->n_feature, a->n_feature) +
      a->bias[agent];
}

#endif
