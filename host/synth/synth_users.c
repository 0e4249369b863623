/// Users of a synthetic world: a few liked tastes, a couple of detested ones, the rest left cold.
/// They meet mostly what they like and answer by taste, with some noise.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth/synth_truth.h"

enum { MOST_LIKED = 4, DETESTED = 2, LEAST_HISTORY = 5 };

static const double share_met_liked = 0.62;     // of what a user meets: of a liked taste,
static const double share_met_detested = 0.12;  // of a detested one; the rest of any other
static const float stay = 0.3f;                 // chance that the next item has the last's taste
static const float cold = -0.35f;               // affinity to a taste that is neither

typedef struct synth_user {
  float *affinity;   // (n_taste)
  double *exposure;  // (n_taste) running sums
} synth_user;

/// Some tastes have more friends than others, so that popularity tells something but not all.
static int32_t draw_free_taste(const synth_truth *plan, synth_stream *stream,
                               const synth_user *user) {
  for (;;) {
    double u = synth_uniform(stream);
    int32_t t = (int32_t)(pow(u, 1.3) * plan->def.n_taste);
    if (t < plan->def.n_taste && user->affinity[t] == cold) return t;
  }
}

static void draw_tastes(const synth_truth *plan, synth_stream *stream, synth_user *user) {
  int32_t n_taste = plan->def.n_taste;
  int32_t n_liked = 2 + synth_index(stream, MOST_LIKED - 1);
  if (n_liked > n_taste / 2) n_liked = n_taste / 2;
  double liked_weight = 0;
  for (int32_t t = 0; t < n_taste; ++t) {
    user->affinity[t] = cold;
    user->exposure[t] = 0;
  }
  for (int32_t k = 0; k < n_liked; ++k) {
    int32_t t = draw_free_taste(plan, stream, user);
    user->affinity[t] = 0.6f + 0.4f * (float)synth_uniform(stream);
    user->exposure[t] = 0.3 + synth_uniform(stream);
    liked_weight += user->exposure[t];
  }
  int32_t n_detested = n_taste - n_liked > DETESTED ? DETESTED : 1;
  for (int32_t k = 0; k < n_detested; ++k)
    user->affinity[draw_free_taste(plan, stream, user)] = -1.0f;
  int32_t n_cold = n_taste - n_liked - n_detested;
  double sum = 0;
  for (int32_t t = 0; t < n_taste; ++t) {
    double met = (1 - share_met_liked - share_met_detested) / (n_cold > 0 ? n_cold : 1);
    if (user->affinity[t] > 0) met = user->exposure[t] * share_met_liked / liked_weight;
    if (user->affinity[t] == -1.0f) met = share_met_detested / n_detested;
    if (plan->taste_offset[t] == plan->taste_offset[t + 1]) met = 0;
    user->exposure[t] = sum += met;
  }
}

/// First place in begin .. end-1 whose running sum reaches u of the total.
static int32_t draw_place(const double *sum, int32_t begin, int32_t end, double u) {
  double target = u * sum[end - 1];
  int32_t low = begin, high = end - 1;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (sum[middle] >= target)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static bool answer(const synth_truth *plan, synth_stream *stream, const synth_user *user,
                   int32_t item) {
  float affinity = user->affinity[plan->main_taste[item]];
  if (plan->second_taste[item] >= 0)
    affinity += SYNTH_SECOND_SHARE * (user->affinity[plan->second_taste[item]] - affinity);
  bool like = affinity + plan->quality_shift[item] > 0;
  bool careless = synth_chance(stream, plan->def.noise), coin = synth_word(stream) >> 31;
  return careless ? coin : like;
}

static int32_t draw_length(const synth_truth *plan, synth_stream *stream) {
  int32_t mean = plan->def.history_mean;
  double length = LEAST_HISTORY;
  if (mean > LEAST_HISTORY)
    length += floor(log(synth_uniform(stream)) / log1p(-1.0 / (mean - LEAST_HISTORY + 1)));
  double most = floor(plan->def.n_item * 0.5);
  if (most > 20.0 * mean) most = 20.0 * mean;
  return (int32_t)(length < most ? length : most);
}

typedef struct synth_histories {
  size_t item_capacity, like_capacity, rating_capacity, time_capacity;
  int32_t *last_user;  // (n_item) user + 1 who met the item last
  int32_t *length;     // (n_user) where the interactions are counted; else NULL: drawn
  int64_t next_item;   // where they are counted: who is to be met next, so that all are
} synth_histories;

/// Share `n_interaction` out: one each, the rest by log-normal weights, no more than half of the
/// catalogue to one. What a user cannot take goes to the next.
static throng_status share_interactions(const synth_truth *plan, synth_histories *h) {
  const int64_t n_user = plan->def.n_user, spare = plan->def.n_interaction - n_user;
  const int64_t most = plan->def.n_item / 2;
  double *sum, total = 0;
  THRONG_TRY(throng_alloc((void **)&sum, (size_t)n_user, sizeof *sum, "users"));
  throng_status status =
      throng_alloc((void **)&h->length, (size_t)n_user, sizeof *h->length, "users");
  if (status == THRONG_OK) {
    for (int64_t u = 0; u < n_user; ++u) {
      synth_stream stream = synth_stream_of(plan->def.seed, SYNTH_LENGTH, u);
      sum[u] = total += exp((double)synth_normal(&stream));
      h->length[u] = 1;
    }
    int64_t left = 0, given = 0;
    for (int64_t u = 0; u < n_user; ++u) {
      const int64_t due = u + 1 < n_user ? (int64_t)((double)spare * (sum[u] / total)) : spare;
      left += due - given;
      given = due;
      const int64_t taken = left < most - 1 ? left : most - 1;
      h->length[u] += (int32_t)taken;
      left -= taken;
    }
    for (int64_t u = 0; left > 0; ++u) {  // what the last ones could not take
      const int64_t room = most - h->length[u], taken = left < room ? left : room;
      h->length[u] += (int32_t)taken;
      left -= taken;
    }
  }
  free(sum);
  return status;
}

/// The item whose turn it is to be met, or -1: item i's turn is at row i n_interaction / n_item.
static int64_t item_in_turn(const synth_truth *plan, const throng_world *w,
                            const synth_histories *h) {
  const int64_t n_item = plan->def.n_item;
  const bool due = h->length && h->next_item < n_item &&
                   (double)h->next_item * (double)plan->def.n_interaction <=
                       (double)w->n_interaction * (double)n_item;
  return due ? h->next_item : -1;
}

/// Any item that the user has not met; lengths leave at least half of the catalogue.
static int32_t draw_unmet(const synth_truth *plan, const synth_histories *h, synth_stream *stream,
                          int64_t number) {
  int32_t item = synth_index(stream, plan->def.n_item);
  while (h->last_user[item] == (int32_t)number + 1) item = (item + 1) % plan->def.n_item;
  return item;
}

static throng_status append_interaction(throng_world *w, synth_histories *h, int32_t item,
                                        bool like, float rating, int64_t time) {
  size_t n = (size_t)w->n_interaction + 1;
  THRONG_TRY(throng_grow((void **)&w->history_item, &h->item_capacity, n, sizeof *w->history_item,
                         "histories"));
  THRONG_TRY(throng_grow((void **)&w->history_like, &h->like_capacity, n, sizeof *w->history_like,
                         "histories"));
  THRONG_TRY(throng_grow((void **)&w->history_rating, &h->rating_capacity, n,
                         sizeof *w->history_rating, "histories"));
  THRONG_TRY(throng_grow((void **)&w->history_time, &h->time_capacity, n, sizeof *w->history_time,
                         "histories"));
  w->history_item[n - 1] = item;
  w->history_like[n - 1] = like;
  w->history_rating[n - 1] = rating;
  w->history_time[n - 1] = time;
  w->n_interaction = (int64_t)n;
  return THRONG_OK;
}

static throng_status make_history(const synth_truth *plan, throng_world *w, synth_histories *h,
                                  synth_user *user, int64_t number) {
  synth_stream stream = synth_stream_of(plan->def.seed, SYNTH_USER, number);
  draw_tastes(plan, &stream, user);
  int32_t n_taste = plan->def.n_taste, taste = -1;
  int32_t length = h->length ? h->length[number] : draw_length(plan, &stream);
  // 2020-01-01 and two years on; a few minutes to a few days between interactions.
  int64_t time = 1577836800 + (int64_t)(synth_uniform(&stream) * 2 * 365 * 86400);
  // An item is met once; who has met all that there is to meet gets a shorter history, or, where
  // interactions are counted, meets others.
  for (int32_t tries = 0, n = 0; n < length && (h->length || tries < 20 * length); ++tries) {
    if (taste < 0 || !synth_chance(&stream, stay))
      taste = draw_place(user->exposure, 0, n_taste, synth_uniform(&stream));
    int32_t place = draw_place(plan->popularity, plan->taste_offset[taste],
                               plan->taste_offset[taste + 1], synth_uniform(&stream));
    int32_t item = plan->taste_item[place];
    const int64_t in_turn = item_in_turn(plan, w, h);
    if (in_turn >= 0) {
      item = (int32_t)in_turn;
      ++h->next_item;
    } else if (tries >= 20 * length) {
      item = draw_unmet(plan, h, &stream, number);
    }
    if (h->last_user[item] == (int32_t)number + 1) continue;
    h->last_user[item] = (int32_t)number + 1;
    bool like = answer(plan, &stream, user, item);
    float rating = (like ? 4.0f : 1.0f) + (synth_chance(&stream, 0.5f) ? 1.0f : 0.0f);
    time += 60 + (int64_t)(-log(synth_uniform(&stream)) * 2 * 86400);
    THRONG_TRY(append_interaction(w, h, item, like, rating, time));
    ++n;
  }
  w->user_offset[number + 1] = w->n_interaction;
  return THRONG_OK;
}

throng_status synth_make_users(const synth_truth *plan, throng_world *w,
                               const throng_progress *progress) {
  synth_histories histories = {0};
  synth_user user = {0};
  char text[32];
  size_t n_taste = (size_t)plan->def.n_taste;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&histories.last_user, (size_t)plan->def.n_item,
                               sizeof *histories.last_user, "users"));
  THRONG_TRY_GOTO(throng_alloc((void **)&user.affinity, n_taste, sizeof *user.affinity, "users"));
  THRONG_TRY_GOTO(throng_alloc((void **)&user.exposure, n_taste, sizeof *user.exposure, "users"));
  if (plan->def.n_interaction) THRONG_TRY_GOTO(share_interactions(plan, &histories));
  for (int64_t u = 0; u < plan->def.n_user; ++u) {
    if (u % 1024 == 0 && !throng_report(progress, "draw users", u, plan->def.n_user, "users")) {
      status = throng_cancelled("draw users");
      goto done;
    }
    int digits = snprintf(text, sizeof text, "u%05lld", (long long)u);
    THRONG_TRY_GOTO(strings_append(&w->user_id, text, (size_t)digits));
    THRONG_TRY_GOTO(make_history(plan, w, &histories, &user, u));
  }
done:
  free(histories.last_user);
  free(histories.length);
  free(user.affinity);
  free(user.exposure);
  return status;
}
