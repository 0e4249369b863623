/// The search over the whole catalogue that the myopic policy and most-similar yardsticks make:
/// what the simulator would answer to every candidate, row = (lane, tile of candidates). The
/// history is the outer loop: by the table's symmetry a history item's row is streamed over the
/// candidates.
#ifndef THRONG_KERNELS_YARDSTICK_SEARCH_H
#define THRONG_KERNELS_YARDSTICK_SEARCH_H

#include "kernels/sim/sim_sta.h"

enum { YARDSTICK_TILE = 512 };  // candidates whose sums stay in the nearest cache
/// Candidates whose sums are kept at a time: on a device a thread's own memory is set aside for all
/// threads that fit on it.
#ifdef THRONG_DEVICE
enum { YARDSTICK_HELD = 32 };
#else
enum { YARDSTICK_HELD = YARDSTICK_TILE };
#endif

/// vote_sums of some candidates, arrays side by side.
typedef struct yardstick_sums {
  int32_t count[2];                       // [side] entries, the same for all candidates
  int32_t inside[2][YARDSTICK_HELD];      // [side] entries that share a category
  int32_t matches[2][2][YARDSTICK_HELD];  // [side][scope]
  int32_t nearest[2][2][YARDSTICK_HELD];
} yardstick_sums;

/// One history entry into the sums of one side, over `n` candidates.
THRONG_ROW void yardstick_add(int32_t *THRONG_RESTRICT inside, int32_t *THRONG_RESTRICT matches,
                              int32_t *THRONG_RESTRICT matches_inside,
                              int32_t *THRONG_RESTRICT nearest,
                              int32_t *THRONG_RESTRICT nearest_inside,
                              const uint32_t *THRONG_RESTRICT record, int32_t n) {
  for (int32_t c = 0; c < n; ++c) {
    int32_t overlap = pair_overlap(record[c]), shared = pair_matches(record[c]);
    int32_t near = pair_quantised(record[c]);
    int32_t near_inside = overlap ? near : -PAIR_UNIT;
    inside[c] += overlap;
    matches[c] += shared;
    matches_inside[c] += overlap ? shared : 0;
    nearest[c] = near > nearest[c] ? near : nearest[c];
    nearest_inside[c] = near_inside > nearest_inside[c] ? near_inside : nearest_inside[c];
  }
}

THRONG_ROW void yardstick_gather(const world_view *w, const uint32_t *table, const history_view *h,
                                 int32_t begin, int32_t n, yardstick_sums *sums) {
  for (int side = 0; side < 2; ++side) {
    sums->count[side] = 0;
    for (int32_t c = 0; c < n; ++c) sums->inside[side][c] = 0;
    for (int scope = 0; scope < 2; ++scope)
      for (int32_t c = 0; c < n; ++c) {
        sums->matches[side][scope][c] = 0;
        sums->nearest[side][scope][c] = -PAIR_UNIT;
      }
  }
  int32_t length = history_length(h);
  for (int32_t k = 0; k < length; ++k) {
    int side = history_like(h->entry[k]) ? PAIR_POS : PAIR_NEG;
    const uint32_t *record =
        pair_table_at(table, w->n_item, side, history_item(h->entry[k])) + begin;
    sums->count[side] += 1;
    yardstick_add(sums->inside[side], sums->matches[side][0], sums->matches[side][1],
                  sums->nearest[side][0], sums->nearest[side][1], record, n);
  }
}

THRONG_ROW vote_sums yardstick_sums_of(const yardstick_sums *sums, int32_t c) {
  vote_sums s;
  for (int side = 0; side < 2; ++side) {
    s.count[side][0] = sums->count[side];
    s.count[side][1] = sums->inside[side][c];
    for (int scope = 0; scope < 2; ++scope) {
      s.matches[side][scope] = sums->matches[side][scope][c];
      s.nearest[side][scope] = sums->nearest[side][scope][c];
    }
  }
  return s;
}

/// What the myopic policy expects of showing an item: the chance of a like (a tie's coin counts
/// half, and what the session has done to the user counts too), and the ensemble's score, which
/// orders what is expected alike.
typedef struct yardstick_value {
  float expected, ensemble;
} yardstick_value;

typedef struct yardstick_search_args {
  sim_args sim;
  sta_view sta;            // where sim.rule.has_sta
  const float *sta_query;  // (n_lane, width)
  int32_t yardstick;       // THRONG_YARDSTICK_MOST_SIMILAR or THRONG_YARDSTICK_MYOPIC
  int32_t n_tile, top;
  int32_t *item;           // (n_lane, n_tile, top) best first, -1 after the last
  yardstick_value *value;  // (n_lane, n_tile, top)
} yardstick_search_args;

THRONG_ROW yardstick_value yardstick_value_of(const yardstick_search_args *a, int64_t lane,
                                              const vote_sums *sums, int32_t candidate) {
  const vote_rule *rule = &a->sim.rule;
  throng_vote v;
  yardstick_value value;
  vote_compare(sums, rule->semantics, &v);
  if (a->yardstick == THRONG_YARDSTICK_MOST_SIMILAR) {
    value.expected = v.beta_pos - v.beta_neg;
    value.ensemble = 0.0f;
    return value;
  }
  float p = rule->has_sta ? sta_score(&a->sta, a->sta_query + lane * a->sta.width,
                                      a->sim.user[lane], candidate)
                          : 0.5f;
  vote_decide_sta(rule, p, &v);
  vote_further further = vote_score_further(rule, &v, a->sim.user[lane], candidate);
  const float chance =
      published_is_coin(&a->sim.published, candidate) ? 0.5f : rule_chance(rule, &v, &further);
  value.expected = sim_modulated_chance(&a->sim, lane, candidate, chance);
  value.ensemble = vote_ensemble(&v);
  return value;
}

THRONG_ROW int yardstick_better(yardstick_value a, int32_t item_a, yardstick_value b,
                                int32_t item_b) {
  if (item_b < 0) return 1;
  if (a.expected != b.expected) return a.expected > b.expected;
  if (a.ensemble != b.ensemble) return a.ensemble > b.ensemble;
  return item_a < item_b;
}

/// Put an item into a list of the `top` best.
THRONG_ROW void yardstick_insert(int32_t *item, yardstick_value *value, int32_t top,
                                 int32_t candidate, yardstick_value v) {
  if (!yardstick_better(v, candidate, value[top - 1], item[top - 1])) return;
  int32_t at = top - 1;
  for (; at > 0 && yardstick_better(v, candidate, value[at - 1], item[at - 1]); --at) {
    item[at] = item[at - 1];
    value[at] = value[at - 1];
  }
  item[at] = candidate;
  value[at] = v;
}

/// Does the yardstick ask the released environment, in which each candidate has a history of its
/// own? (What is most similar is told by the lane's.)
THRONG_ROW int yardstick_asks_published(const yardstick_search_args *a) {
  return a->sim.published.reviewer != 0 && a->yardstick == THRONG_YARDSTICK_MYOPIC;
}

THRONG_ROW int yardstick_masked(const sim_args *s, int64_t lane, int32_t item) {
  if (!s->mask_seen) return 0;
  return (int)(s->seen[lane * s->n_seen_word + item / 32] >> (item % 32)) & 1;
}

/// Has the candidate an earlier entry of its own, where the rule leaves these out?
THRONG_ROW int yardstick_meets_own(const vote_rule *rule, const history_view *h,
                                   int32_t candidate) {
  const int32_t length = history_length(h);
  for (int32_t k = 0; rule->leaves_own && k < length; ++k)
    if (history_item(h->entry[k]) == candidate) return 1;
  return 0;
}

/// The best of one tile. An idle lane (see sim_idle) finds nothing.
THRONG_ROW void yardstick_search_row(const yardstick_search_args *a, int64_t row) {
  const sim_args *s = &a->sim;
  int64_t lane = row / a->n_tile;
  int32_t begin = (int32_t)(row % a->n_tile) * YARDSTICK_TILE;
  int32_t n = s->world.n_item - begin < YARDSTICK_TILE ? s->world.n_item - begin : YARDSTICK_TILE;
  int32_t *item = a->item + row * a->top;
  yardstick_value *value = a->value + row * a->top;
  for (int32_t k = 0; k < a->top; ++k) item[k] = -1;
  if (sim_idle(s, lane)) return;
  history_view h = sim_history(s, lane);
  const int32_t *preference = sim_preference_of(s, lane);
  const int published = yardstick_asks_published(a);
  yardstick_sums sums;
  for (int32_t c = 0; c < n; ++c) {
    const int32_t at = c % YARDSTICK_HELD;
    if (s->table && at == 0 && !published)
      yardstick_gather(&s->world, s->table, &h, begin + c,
                       n - c < YARDSTICK_HELD ? n - c : YARDSTICK_HELD, &sums);
    if (yardstick_masked(s, lane, begin + c)) continue;
    const int by_tile = s->table && !yardstick_meets_own(&s->rule, &h, begin + c);
    vote_sums one = published ? published_gather(&s->world, s->table, &s->published, &h, begin + c)
                    : by_tile
                        ? yardstick_sums_of(&sums, at)
                        : vote_gather(&s->world, s->table, &s->rule, preference, &h, begin + c);
    if (by_tile && s->rule.similarity == THRONG_SIMILARITY_MEAN)
      vote_gather_mean(&one, &s->world, &s->rule, preference, h.entry, history_length(&h),
                       begin + c);
    yardstick_insert(item, value, a->top, begin + c, yardstick_value_of(a, lane, &one, begin + c));
  }
}

/// The best of all tiles, row = lane.
typedef struct yardstick_merge_args {
  int32_t n_tile, top;
  const int32_t *item;           // (n_lane, n_tile, top)
  const yardstick_value *value;  // (n_lane, n_tile, top)
  int32_t *best;                 // (n_lane, top)
  yardstick_value *best_value;   // (n_lane, top)
} yardstick_merge_args;

THRONG_ROW void yardstick_merge_row(const yardstick_merge_args *a, int64_t lane) {
  int32_t *best = a->best + lane * a->top;
  yardstick_value *best_value = a->best_value + lane * a->top;
  for (int32_t k = 0; k < a->top; ++k) best[k] = -1;
  int64_t n = (int64_t)a->n_tile * a->top;
  for (int64_t k = lane * n; k < (lane + 1) * n; ++k)
    if (a->item[k] >= 0) yardstick_insert(best, best_value, a->top, a->item[k], a->value[k]);
  // An idle lane ignores its action, but it must be an item all the same.
  for (int32_t k = 0; k < a->top; ++k)
    if (best[k] < 0) best[k] = 0;
}

#endif
