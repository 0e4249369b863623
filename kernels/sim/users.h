/// How users change within a session (docs/dynamics.md), told from the session's entries of the
/// lane's ring: mood, repeated topics, boredom, satiation. What follows for an answer:
/// users_appetite.h. Entries that fell out of the ring are forgotten.
#ifndef THRONG_KERNELS_SIM_USERS_H
#define THRONG_KERNELS_SIM_USERS_H

#include "kernels/base/history.h"
#include "kernels/base/world_view.h"
#include "throng/types.h"

/// The options of throng_users_def (include/throng/users.h), by their names.
typedef struct users_view {
  int32_t on;         // any dynamic is: where not, nothing else is looked at
  int32_t modulates;  // one that changes answers is
  float temper, temper_like, temper_dislike;
  int32_t repeat_window, repeat_threshold;
  int32_t bored_likes, bored_window, bored_steps, bored_deaf;
  float satiation, satiation_memory;
  float exposure, exposure_tau;
  float drift, drift_rate;
  int32_t sessions, return_gap;
  float return_bias, return_reward, return_activity;
  float activity;  // mean length of the world's real histories; 0 where return_activity is
  int32_t choice;  // throng_choice
  int32_t choices;
  float position_bias, no_choice;
} users_view;

/// A session so far: the newest `kept` entries of a ring, `slate_size` a step.
typedef struct users_session {
  history_view history;
  int32_t kept;
  int32_t of_episode;  // the newest entries that are of the user's earlier sessions too, or `kept`
  int32_t slate_size;
  // Where a slate may leave fewer entries (docs/slates.md): a ring beside the history's with the
  // step that showed each, and the step that comes. Else NULL.
  const int32_t *shown_at;
  int32_t step;
} users_session;

/// The session of the newest `shown` entries ever written to the ring, all of a slate a step.
THRONG_ROW users_session users_session_of(history_view h, int32_t shown, int32_t slate_size) {
  const int32_t kept = shown < h.capacity ? shown : h.capacity;
  users_session s = {h, kept, kept, slate_size, 0, 0};
  return s;
}

/// Where in the ring entry `back` lies, 0 being the newest.
THRONG_ROW int32_t users_place(const users_session *s, int32_t back) {
  return (s->history.count - 1 - back) % s->history.capacity;
}
THRONG_ROW uint32_t users_entry(const users_session *s, int32_t back) {
  return s->history.entry[users_place(s, back)];
}
/// How many steps ago it was shown, counted from the step that comes: 1 or more.
THRONG_ROW int32_t users_steps_ago(const users_session *s, int32_t back) {
  return s->shown_at ? s->step - s->shown_at[users_place(s, back)] : back / s->slate_size + 1;
}
/// Entries of the last `steps` steps that are kept.
THRONG_ROW int32_t users_within(const users_session *s, int32_t steps) {
  const int64_t most = (int64_t)steps * s->slate_size;
  int32_t within = most < s->kept ? (int32_t)most : s->kept;
  while (s->shown_at && within > 0 && users_steps_ago(s, within - 1) > steps) --within;
  return within;
}

/// Is the item of this topic? (Masks tell most apart, and with 64 categories or fewer all.)
THRONG_ROW int users_has_topic(const world_view *w, int32_t item, int32_t topic) {
  if (!(w->category_mask[item] >> (topic % 64) & 1)) return 0;
  if (w->n_category <= 64) return 1;
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k)
    if (w->category[k] == topic) return 1;
  return 0;
}

/// What is left of the budget: tau_t = temper - sum over steps of the slate's mean cost. The user
/// leaves below 1.
THRONG_ROW float users_mood(const users_view *v, const users_session *s) {
  int32_t likes = 0;
  for (int32_t back = 0; back < s->kept; ++back) likes += history_like(users_entry(s, back));
  const float cost = v->temper_like * (float)likes + v->temper_dislike * (float)(s->kept - likes);
  return v->temper - cost / (float)s->slate_size;
}

/// How many items of the topic the last repeat_window steps showed.
THRONG_ROW int32_t users_topic_repeats(const users_view *v, const world_view *w,
                                       const users_session *s, int32_t topic) {
  int32_t n = 0;
  for (int32_t back = 0; back < users_within(s, v->repeat_window); ++back)
    n += users_has_topic(w, history_item(users_entry(s, back)), topic);
  return n;
}
/// The same for the topic of `item` that was shown most; `*topic` is -1 where it has none. More
/// than repeat_threshold: the user leaves where `item` is shown.
THRONG_ROW int32_t users_repeats(const users_view *v, const world_view *w, const users_session *s,
                                 int32_t item, int32_t *topic) {
  int32_t most = 0;
  *topic = -1;
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k) {
    const int32_t n = users_topic_repeats(v, w, s, w->category[k]);
    if (*topic >= 0 && n <= most) continue;
    most = n;
    *topic = w->category[k];
  }
  return most;
}

/// Likes of the topic in the bored_window steps that end `ago` steps ago.
THRONG_ROW int32_t users_topic_likes(const users_view *v, const world_view *w,
                                     const users_session *s, int32_t topic, int32_t ago) {
  const int32_t end = users_within(s, ago - 1 + v->bored_window);
  int32_t n = 0;
  for (int32_t back = users_within(s, ago - 1); back < end; ++back) {
    const uint32_t e = users_entry(s, back);
    n += history_like(e) && users_has_topic(w, history_item(e), topic);
  }
  return n;
}
/// For how many steps, the coming one counted, the topic bores still; 0: it does not. A like that
/// makes bored_likes of them within bored_window bores for the bored_steps steps after it.
THRONG_ROW int32_t users_topic_bored(const users_view *v, const world_view *w,
                                     const users_session *s, int32_t topic) {
  for (int32_t back = 0; back < users_within(s, v->bored_steps); ++back) {
    const uint32_t e = users_entry(s, back);
    if (!history_like(e) || !users_has_topic(w, history_item(e), topic)) continue;
    const int32_t ago = users_steps_ago(s, back);
    if (users_topic_likes(v, w, s, topic, ago) >= v->bored_likes) return v->bored_steps - ago + 1;
  }
  return 0;
}
/// The same for the topic that bores longest: of all (bored_deaf), or of `item`'s. `*topic`: which,
/// or -1.
THRONG_ROW int32_t users_bored(const users_view *v, const world_view *w, const users_session *s,
                               int32_t item, int32_t *topic) {
  int32_t longest = 0;
  *topic = -1;
  for (int32_t back = 0; back < users_within(s, v->bored_steps); ++back) {
    const uint32_t e = users_entry(s, back);
    const int32_t ago = users_steps_ago(s, back), liked = history_item(e);
    if (longest > v->bored_steps - ago) break;  // older ones end sooner
    if (!history_like(e)) continue;
    for (int64_t k = w->category_offset[liked]; k < w->category_offset[liked + 1]; ++k) {
      const int32_t c = w->category[k];
      if (longest || (!v->bored_deaf && !users_has_topic(w, item, c))) continue;
      if (users_topic_likes(v, w, s, c, ago) < v->bored_likes) continue;
      longest = v->bored_steps - ago + 1;
      *topic = c;
    }
  }
  return longest;
}

/// s <- satiation_memory s + 1[topic shown], a step each, from the oldest entry on.
THRONG_ROW float users_topic_satiation(const users_view *v, const world_view *w,
                                       const users_session *s, int32_t topic) {
  float satiation = 0.0f;
  int32_t shown = 0, ago = s->kept > 0 ? users_steps_ago(s, s->kept - 1) : 1;
  for (int32_t back = s->kept - 1; back >= 0; --back) {
    for (; ago > users_steps_ago(s, back); --ago) {
      satiation *= v->satiation_memory;
      shown = 0;
    }
    if (shown || !users_has_topic(w, history_item(users_entry(s, back)), topic)) continue;
    satiation += 1.0f;
    shown = 1;
  }
  for (; ago > 1; --ago) satiation *= v->satiation_memory;  // steps that left no entry
  return satiation;
}
/// Of `item`: that of its topic with the most; `*topic` is -1 where it has none.
THRONG_ROW float users_satiation(const users_view *v, const world_view *w, const users_session *s,
                                 int32_t item, int32_t *topic) {
  float most = 0.0f;
  *topic = -1;
  for (int64_t k = w->category_offset[item]; k < w->category_offset[item + 1]; ++k) {
    const float x = users_topic_satiation(v, w, s, w->category[k]);
    if (*topic >= 0 && x <= most) continue;
    most = x;
    *topic = w->category[k];
  }
  return most;
}

#endif
