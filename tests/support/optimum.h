/// Small worlds whose optimum is known: users like an item with a chance that does not depend on
/// what they were shown (f_pop, drawn), lose appetite for its category with each item of it
/// (satiation, nothing forgotten), and leave: on a category that comes again too soon, when their
/// temper is used up, or by chance. What a session has made of a user is then how many items of
/// each category were shown, the newest categories and the likes: value iteration over these is
/// exact.
///
/// Within a category the best unseen item comes first: satiation and the chance to have left fall
/// with every step, and a like now is worth no less than a like later, in itself and in temper.
#ifndef TESTS_OPTIMUM_H
#define TESTS_OPTIMUM_H

#include <math.h>

#include "cpu/backend_cpu.h"
#include "sim/like_rates.h"
#include "sim/logistic.h"
#include "sim/sim.h"
#include "small_world.h"
#include "throng/throng.h"
#include "throng_test.h"

enum { OPTIMUM_CATEGORIES = 8, OPTIMUM_USERS = 60, OPTIMUM_HISTORY = 8 };

/// Category c has items c, c + categories, c + 2 categories, ..
typedef struct optimum_kind {
  const char *name;
  uint32_t seed;
  int32_t items, categories, steps;
  int32_t repeat_window;
  float satiation, temper, leave;
  double spread;   // of what the items of a category are liked
  int32_t effort;  // times as long as others that agents are trained
} optimum_kind;

static const optimum_kind optimum_kinds[] = {
    {"turns", 1, 20, 4, 10, 1, 0.05f, 0, 0, 0.15, 1},
    {"chance", 2, 36, 4, 12, 2, 0.05f, 0, 0.05f, 0.15, 1},
    {"temper", 3, 24, 4, 12, 2, 0.02f, 12, 0.02f, 0.05, 3},
};
enum { OPTIMUM_KINDS = sizeof optimum_kinds / sizeof *optimum_kinds };

typedef struct optimum {
  const optimum_kind *kind;
  throng_world world;
  throng_sim_def sim;
  double gamma;    // 1; discount a step
  double *chance;  // (users, items) of a like, by whom nothing was shown yet
  int32_t each;    // items of a category
  int64_t states;
  double *value;  // (states) of one user: likes to come; below 0: not known yet
  int8_t *best;   // (states) the category to show
  int32_t order[OPTIMUM_CATEGORIES][64];  // of that user: likeliest first
  int32_t user;
} optimum;

/// What a session has made of its user.
typedef struct optimum_state {
  int32_t shown[OPTIMUM_CATEGORIES], newest[2];  // newest: category + 1, 0 none
  int32_t steps, likes;
} optimum_state;

/// One category pleases most, so that a policy of today's likes comes back to it, and loses its
/// user.
static double optimum_quality(const optimum_kind *k, test_random *r, int32_t item) {
  return (item % k->categories == 0 ? 0.95 : 0.7) - k->spread * (double)test_unit(r);
}

/// Every user has met OPTIMUM_HISTORY items, as often each, liked by quality.
static throng_world optimum_make_world(const optimum_kind *k) {
  throng_world w = small_world(k->seed, OPTIMUM_USERS, k->items, 8, OPTIMUM_HISTORY);
  test_random r = {k->seed, 100000};
  w.n_category = k->categories;
  w.n_category_entry = k->items;
  double quality[64], owed[64] = {0};
  for (int32_t i = 0; i < k->items; ++i) {
    w.category_offset[i + 1] = i + 1;
    w.category[i] = i % k->categories;
    quality[i] = optimum_quality(k, &r, i);
  }
  w.n_interaction = 0;
  for (int64_t u = 0; u < OPTIMUM_USERS; ++u) {
    for (int32_t h = 0; h < OPTIMUM_HISTORY; ++h, ++w.n_interaction) {
      const int32_t item = (int32_t)((u * 7 + h * (k->items / OPTIMUM_HISTORY)) % k->items);
      owed[item] += quality[item];
      const bool like = owed[item] + (double)test_unit(&r) - 0.5 >= 0.5;
      owed[item] -= like;
      w.history_item[w.n_interaction] = item;
      w.history_like[w.n_interaction] = like;
      w.history_rating[w.n_interaction] = like ? 5.0f : 1.0f;
      w.history_time[w.n_interaction] = h;
    }
    w.user_offset[u + 1] = w.n_interaction;
  }
  return w;
}

static throng_sim_def optimum_sim(const optimum_kind *k) {
  throng_sim_def def = throng_default_sim_def();
  def.history = 32;
  def.max_steps = k->steps;
  def.leave_probability = k->leave;
  def.mask_seen = true;
  def.votes.rule = THRONG_RULE_PROBABILITY;
  for (int v = 0; v < THRONG_VOTE_COUNT; ++v)
    def.votes.weights[v] = v == THRONG_VOTE_F_POP ? 1.0f : 0.0f;
  def.users.repeat_window = k->repeat_window;
  def.users.satiation = k->satiation;
  def.users.satiation_memory = 1;
  def.users.temper = k->temper;
  return def;
}

static bool optimum_open(optimum *o, const optimum_kind *k) {
  *o = (optimum){.kind = k, .each = k->items / k->categories, .user = -1, .states = 1, .gamma = 1};
  o->world = optimum_make_world(k);
  o->sim = optimum_sim(k);
  for (int32_t c = 0; c < k->categories; ++c) o->states *= o->each + 1;
  for (int32_t n = 0; n < k->repeat_window; ++n) o->states *= k->categories + 1;
  if (k->temper > 0) o->states *= k->steps + 1;
  o->chance = calloc((size_t)(OPTIMUM_USERS * k->items), sizeof *o->chance);
  o->value = calloc((size_t)o->states, sizeof *o->value);
  o->best = calloc((size_t)o->states, 1);
  like_rates rates;
  const throng_status status = like_rates_fit(&o->world, &rates);
  EXPECT_OK(status);
  if (status != THRONG_OK) return false;
  for (int32_t u = 0; u < OPTIMUM_USERS; ++u)
    for (int32_t i = 0; i < k->items; ++i)
      o->chance[u * k->items + i] =
          1 / (1 + exp(-rates.weight[0] - rates.weight[1] * logistic_logit(rates.item_rate[i]) -
                       rates.weight[2] * logistic_logit(rates.user_rate[u])));
  like_rates_free(&rates);
  return true;
}

static void optimum_close(optimum *o) {
  free(o->chance);
  free(o->value);
  free(o->best);
  small_world_free(&o->world);
}

/// Values are of one user at a time: nothing of this one's is known yet.
static void optimum_take_user(optimum *o, int32_t user) {
  const optimum_kind *k = o->kind;
  const double *chance = o->chance + (int64_t)user * k->items;
  if (user == o->user) return;
  o->user = user;
  for (int64_t s = 0; s < o->states; ++s) o->value[s] = -1;
  for (int32_t c = 0; c < k->categories; ++c)
    for (int32_t n = 0; n < o->each; ++n) {
      int32_t item = c + n * k->categories, at = n;
      for (; at > 0 && chance[o->order[c][at - 1]] < chance[item]; --at)
        o->order[c][at] = o->order[c][at - 1];
      o->order[c][at] = item;
    }
}

static int64_t optimum_index(const optimum *o, const optimum_state *s) {
  const optimum_kind *k = o->kind;
  int64_t at = k->temper > 0 ? s->likes : 0;
  for (int32_t c = 0; c < k->categories; ++c) at = at * (o->each + 1) + s->shown[c];
  for (int32_t n = 0; n < k->repeat_window; ++n) at = at * (k->categories + 1) + s->newest[n];
  return at;
}

static optimum_state optimum_next(const optimum *o, const optimum_state *s, int32_t c, int like) {
  optimum_state next = *s;
  next.shown[c] += 1;
  next.steps += 1;
  next.likes += like;
  if (o->kind->repeat_window > 1) next.newest[1] = s->newest[0];
  next.newest[0] = c + 1;
  return next;
}

/// Is the session over for certain, after a step that showed `c` in state `s`?
static bool optimum_over(const optimum *o, const optimum_state *s, int32_t c,
                         const optimum_state *next) {
  const optimum_kind *k = o->kind;
  for (int32_t n = 0; n < k->repeat_window; ++n)
    if (s->newest[n] == c + 1) return true;
  const float cost = (float)(next->likes + 2 * (next->steps - next->likes));
  return next->steps >= k->steps || (k->temper > 0 && k->temper - cost < 1.0f);
}

static double optimum_value(optimum *o, const optimum_state *s) {
  const optimum_kind *k = o->kind;
  const int64_t at = optimum_index(o, s);
  if (o->value[at] >= 0) return o->value[at];
  double best = -1;
  for (int32_t c = 0; c < k->categories; ++c) {
    if (s->shown[c] >= o->each) continue;
    const int32_t item = o->order[c][s->shown[c]];
    const double p =
        o->chance[(int64_t)o->user * k->items + item] * exp(-(double)k->satiation * s->shown[c]);
    double value = p;
    for (int like = 0; like < 2; ++like) {
      const optimum_state next = optimum_next(o, s, c, like);
      if (!optimum_over(o, s, c, &next))
        value += o->gamma * (1 - (double)k->leave) * (like ? p : 1 - p) * optimum_value(o, &next);
    }
    if (value <= best) continue;
    best = value;
    o->best[at] = (int8_t)c;
  }
  return o->value[at] = best;
}

/// Mean over the users of the most likes that a session can be expected to give.
static double optimum_mean(optimum *o) {
  const optimum_state start = {.steps = 0};
  double sum = 0;
  for (int32_t u = 0; u < OPTIMUM_USERS; ++u) {
    optimum_take_user(o, u);
    sum += optimum_value(o, &start);
  }
  return sum / OPTIMUM_USERS;
}

#endif
