/// What a session does to an answer (docs/dynamics.md). Every dynamic that modulates gives a change
/// d of appetite, in log-odds-like units, and one law applies their sum to whatever the votes' rule
/// answered: d <= 0 keeps a like with chance exp(d), d > 0 turns a dislike into a like with chance
/// 1 - exp(-d). So satiation is exactly p exp(-lambda s), and exposure exactly p / (1 + E).
#ifndef THRONG_KERNELS_SIM_USERS_APPETITE_H
#define THRONG_KERNELS_SIM_USERS_APPETITE_H

#include "kernels/base/exponential.h"
#include "kernels/sim/users.h"
#include "kernels/vote/vote_rule.h"

/// E_t = exposure sum_k exp(-(t - k) |e+(item) - e+(a_k)| / exposure_tau) (CIRS).
THRONG_ROW float users_exposure(const users_view *v, const world_view *w, const users_session *s,
                                int32_t item) {
  const float *e = w->embedding_pos + (int64_t)item * w->dim;
  float sum = 0.0f;
  for (int32_t back = 0; back < s->kept; ++back) {
    const float *f = w->embedding_pos + (int64_t)history_item(users_entry(s, back)) * w->dim;
    float square = 0.0f;
    for (int32_t k = 0; k < w->dim; ++k) square += (e[k] - f[k]) * (e[k] - f[k]);
    sum += exp_portable(-(float)users_steps_ago(s, back) * sqrtf(square) / v->exposure_tau);
  }
  return v->exposure * sum;
}

/// <u, e+(item)> before the session, u being the mean of e+ over the likes among the user's newest
/// real interactions, as many as the ring holds; 0 where there are none.
THRONG_ROW float users_first_interest(const world_view *w, int32_t capacity, int32_t user,
                                      int32_t item) {
  const float *e = w->embedding_pos + (int64_t)item * w->dim;
  const int64_t end = w->user_offset[user + 1];
  int64_t begin = w->user_offset[user];
  if (end - begin > capacity) begin = end - capacity;
  float sum = 0.0f;
  int32_t likes = 0;
  for (int64_t k = begin; k < end; ++k) {
    if (!history_like(w->history[k])) continue;
    sum += dot_product(w->embedding_pos + (int64_t)history_item(w->history[k]) * w->dim, e, w->dim);
    likes += 1;
  }
  return likes ? sum / (float)likes : 0.0f;
}
/// <u_t - u_0, e+(item)>, where u <- (1 - drift_rate) u + drift_rate e+(a) with each liked item a
/// of the episode, from the oldest on: interests do not move back between sessions.
THRONG_ROW float users_drift(const users_view *v, const world_view *w, const users_session *s,
                             int32_t user, int32_t item) {
  const float *e = w->embedding_pos + (int64_t)item * w->dim, keep = 1.0f - v->drift_rate;
  float moved = 0.0f, left = 1.0f;
  for (int32_t back = s->of_episode - 1; back >= 0; --back) {
    const uint32_t entry = users_entry(s, back);
    if (!history_like(entry)) continue;
    const float *f = w->embedding_pos + (int64_t)history_item(entry) * w->dim;
    moved = keep * moved + v->drift_rate * dot_product(f, e, w->dim);
    left *= keep;
  }
  if (left == 1.0f) return 0.0f;
  return moved - (1.0f - left) * users_first_interest(w, s->history.capacity, user, item);
}

/// What changes the answer to one item, each 0 where its dynamic is off.
typedef struct users_terms {
  int32_t bored, bored_topic;  // steps for which boredom lasts, 0: none; which topic bores, or -1
  float satiation;             // s
  int32_t satiation_topic;     // which topic has it, or -1
  float exposure;              // E
  float drift;                 // <u_t - u_0, e+(item)>
  float appetite;              // d, without boredom
} users_terms;

THRONG_ROW users_terms users_terms_of(const users_view *v, const world_view *w,
                                      const users_session *s, int32_t user, int32_t item) {
  users_terms t = {0, -1, 0.0f, -1, 0.0f, 0.0f, 0.0f};
  if (v->bored_likes > 0) t.bored = users_bored(v, w, s, item, &t.bored_topic);
  if (v->satiation > 0.0f) {
    t.satiation = users_satiation(v, w, s, item, &t.satiation_topic);
    t.appetite -= v->satiation * t.satiation;
  }
  if (v->exposure > 0.0f) {
    t.exposure = users_exposure(v, w, s, item);
    t.appetite -= log_portable(1.0f + t.exposure);
  }
  if (v->drift > 0.0f) {
    t.drift = users_drift(v, w, s, user, item);
    t.appetite += v->drift * t.drift;
  }
  return t;
}

/// Chance that a like stays one, and that a dislike becomes one.
THRONG_ROW float users_keep(const users_terms *t) {
  if (t->bored) return 0.0f;
  return t->appetite < 0.0f ? exp_portable(t->appetite) : 1.0f;
}
THRONG_ROW float users_turn(const users_terms *t) {
  if (t->bored || t->appetite <= 0.0f) return 0.0f;
  return 1.0f - exp_portable(-t->appetite);
}

/// The answer after the law; `like` is the rule's.
THRONG_ROW uint8_t users_answer(const users_terms *t, const vote_stream *s, uint8_t like) {
  if (t->bored) return 0;
  if (t->appetite == 0.0f) return like;
  const uint32_t word =
      random_draw(s->seed, RANDOM_APPETITE, s->slot, s->step, s->lane, s->episode).w[0];
  return (uint8_t)(like ? random_bernoulli(word, users_keep(t))
                        : random_bernoulli(word, users_turn(t)));
}

#endif
