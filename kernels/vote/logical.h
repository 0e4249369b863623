/// The two logical votes (arXiv 2412.16984, eq. 1-8) of one candidate after one history: keywords
/// that meet, and the nearest embeddings. How votes become an answer: vote_rule.h.
#ifndef THRONG_KERNELS_VOTE_LOGICAL_H
#define THRONG_KERNELS_VOTE_LOGICAL_H

#include "kernels/base/history.h"
#include "kernels/vote/pair.h"
#include "kernels/vote/pair_table.h"
#include "kernels/vote/preference.h"
#include "kernels/vote/vote_rule.h"

/// What a pass over the history gathers, for each side, over all entries [0] and over those that
/// share a category with the candidate [1].
typedef struct vote_sums {
  int32_t count[2][2];    // [side][scope] entries
  int32_t matches[2][2];  // shared keywords, summed
  int32_t nearest[2][2];  // largest similarity, quantised; -PAIR_UNIT where there is none
} vote_sums;

enum { VOTE_BLOCK = 64 };  // entries whose records are loaded before any is looked at

/// Add `n` entries to the sums. Written as selections without branches over whole numbers, so that
/// a compiler may take many entries at once: order plays no part in sums and maxima of integers.
THRONG_ROW void vote_add(vote_sums *sums, const uint32_t *THRONG_RESTRICT entry,
                         const uint32_t *THRONG_RESTRICT record, int32_t n) {
  int32_t likes = 0, likes_inside = 0, inside_all = 0;
  int32_t matches_pos = 0, matches_neg = 0, matches_pos_inside = 0, matches_neg_inside = 0;
  int32_t near_pos = -PAIR_UNIT, near_neg = -PAIR_UNIT;
  int32_t near_pos_inside = -PAIR_UNIT, near_neg_inside = -PAIR_UNIT;
  for (int32_t k = 0; k < n; ++k) {
    int32_t liked = history_like(entry[k]), inside = pair_overlap(record[k]);
    int32_t matches = pair_matches(record[k]), near = pair_quantised(record[k]);
    int32_t pos = liked ? matches : 0, neg = matches - pos;
    int32_t to_pos = liked ? near : -PAIR_UNIT, to_neg = liked ? -PAIR_UNIT : near;
    int32_t to_pos_inside = inside ? to_pos : -PAIR_UNIT;
    int32_t to_neg_inside = inside ? to_neg : -PAIR_UNIT;
    likes += liked;
    inside_all += inside;
    likes_inside += liked & inside;
    matches_pos += pos;
    matches_neg += neg;
    matches_pos_inside += inside ? pos : 0;
    matches_neg_inside += inside ? neg : 0;
    near_pos = to_pos > near_pos ? to_pos : near_pos;
    near_neg = to_neg > near_neg ? to_neg : near_neg;
    near_pos_inside = to_pos_inside > near_pos_inside ? to_pos_inside : near_pos_inside;
    near_neg_inside = to_neg_inside > near_neg_inside ? to_neg_inside : near_neg_inside;
  }
  sums->count[PAIR_POS][0] += likes;
  sums->count[PAIR_NEG][0] += n - likes;
  sums->count[PAIR_POS][1] += likes_inside;
  sums->count[PAIR_NEG][1] += inside_all - likes_inside;
  sums->matches[PAIR_POS][0] += matches_pos;
  sums->matches[PAIR_NEG][0] += matches_neg;
  sums->matches[PAIR_POS][1] += matches_pos_inside;
  sums->matches[PAIR_NEG][1] += matches_neg_inside;
#define RAISE(at, by) at = (by) > (at) ? (by) : (at)
  RAISE(sums->nearest[PAIR_POS][0], near_pos);
  RAISE(sums->nearest[PAIR_NEG][0], near_neg);
  RAISE(sums->nearest[PAIR_POS][1], near_pos_inside);
  RAISE(sums->nearest[PAIR_NEG][1], near_neg_inside);
#undef RAISE
}

/// Which entries count, for each side: those that share a category with the candidate (1), or all
/// (0). Paper: one choice for both sides; published code: one for each.
typedef struct vote_scope {
  int32_t of[2];
} vote_scope;

THRONG_ROW vote_scope vote_choose_scope(const vote_sums *sums, int32_t semantics) {
  int32_t pos = sums->count[PAIR_POS][1] > 0, neg = sums->count[PAIR_NEG][1] > 0;
  vote_scope each = {{pos, neg}}, both = {{pos | neg, pos | neg}};
  return semantics == THRONG_SEMANTICS_PUBLISHED_CODE ? each : both;
}

/// With the item-item table: one record an entry, all of them looked at.
THRONG_ROW void vote_gather_table(vote_sums *sums, const world_view *w, const uint32_t *table,
                                  const uint32_t *entry, int32_t n, int32_t candidate) {
  uint32_t record[VOTE_BLOCK];
  const uint32_t *pos = pair_table_at(table, w->n_item, PAIR_POS, candidate);
  const int64_t to_neg = (int64_t)w->n_item * w->n_item;
  for (int32_t begin = 0; begin < n; begin += VOTE_BLOCK) {
    int32_t block = n - begin < VOTE_BLOCK ? n - begin : VOTE_BLOCK;
    for (int32_t k = 0; k < block; ++k) {
      uint32_t e = entry[begin + k];
      record[k] = pos[(history_like(e) ? 0 : to_neg) + history_item(e)];
    }
    vote_add(sums, entry + begin, record, block);
  }
}

/// Keywords and, where it is asked for, the embedding of one entry that counts.
THRONG_ROW void vote_add_direct(vote_sums *sums, const world_view *w, const vote_rule *rule,
                                const vote_scope *scope, uint32_t entry, int32_t candidate) {
  const int32_t side = history_like(entry) ? PAIR_POS : PAIR_NEG, of = scope->of[side];
  const int32_t item = history_item(entry);
  sums->matches[side][of] += pair_count_matches(
      w, side, rule->semantics == THRONG_SEMANTICS_PUBLISHED_CODE, candidate, item);
  if (rule->similarity == THRONG_SIMILARITY_MEAN) return;
  const int32_t near = pair_embedding_similarity(w, side, candidate, item);
  if (near > sums->nearest[side][of]) sums->nearest[side][of] = near;
}

/// Without a table: categories first, for they say which entries count; keywords and embeddings,
/// which cost far more, of those alone, each asked for while the one before it is worked on. Sums
/// of the scope that does not count stay as they were.
THRONG_ROW void vote_gather_direct(vote_sums *sums, const world_view *w, const vote_rule *rule,
                                   const uint32_t *entry, int32_t n, int32_t candidate) {
  const int32_t own = rule->leaves_own ? candidate : -1;
  uint8_t inside[VOTE_BLOCK];  // of the block looked at last
  for (int32_t k = 0; k < n; ++k) {
    if (history_item(entry[k]) == own) continue;
    int side = history_like(entry[k]) ? PAIR_POS : PAIR_NEG;
    int32_t shares = pair_share_category(w, candidate, history_item(entry[k]));
    inside[k % VOTE_BLOCK] = (uint8_t)shares;
    sums->count[side][0] += 1;
    sums->count[side][1] += shares;
  }
  const vote_scope scope = vote_choose_scope(sums, rule->semantics);
  int32_t before = -1;  // the entry whose embedding is on its way
  for (int32_t k = 0; k < n; ++k) {
    int side = history_like(entry[k]) ? PAIR_POS : PAIR_NEG;
    int32_t item = history_item(entry[k]);
    if (item == own) continue;
    if (scope.of[side] && !(n <= VOTE_BLOCK ? inside[k] : pair_share_category(w, candidate, item)))
      continue;
    if (rule->similarity == THRONG_SIMILARITY_MAX) pair_look_ahead(w, side, item);
    if (before >= 0) vote_add_direct(sums, w, rule, &scope, entry[before], candidate);
    before = k;
  }
  if (before >= 0) vote_add_direct(sums, w, rule, &scope, entry[before], candidate);
}

/// With the table and without the candidate's own entries: the runs between them.
THRONG_ROW void vote_gather_others(vote_sums *sums, const world_view *w, const uint32_t *table,
                                   const uint32_t *entry, int32_t n, int32_t candidate) {
  for (int32_t begin = 0; begin < n;) {
    int32_t end = begin;
    while (end < n && history_item(entry[end]) != candidate) ++end;
    vote_gather_table(sums, w, table, entry + begin, end - begin, candidate);
    begin = end + 1;
  }
}

/// How many entries of one side are the candidate's own, where the rule leaves these out.
THRONG_ROW int32_t vote_count_own(const vote_rule *rule, const uint32_t *entry, int32_t n, int side,
                                  int32_t candidate) {
  int32_t own = 0;
  if (!rule->leaves_own) return 0;
  for (int32_t k = 0; k < n; ++k) own += entry[k] == history_pack(candidate, side == PAIR_POS);
  return own;
}

/// Similarity to the mean in place of the nearest, over the whole history whatever the scope.
THRONG_ROW void vote_gather_mean(vote_sums *sums, const world_view *w, const vote_rule *rule,
                                 const int32_t *preference, const uint32_t *entry, int32_t n,
                                 int32_t candidate) {
  for (int side = 0; side < 2; ++side) {
    int32_t count = sums->count[side][0];
    if (count == 0) continue;
    int32_t own = vote_count_own(rule, entry, n, side, candidate);
    int32_t mean =
        pair_quantise(preference_similarity(w, side, preference, entry, n, count, own, candidate));
    sums->nearest[side][0] = sums->nearest[side][1] = mean;
  }
}

/// One pass over the history (the ring as it lies: order plays no part). `table` may be NULL, and
/// so may `preference` (2, dim), the history's sums, which only similarity "mean" reads. Of
/// matches and nearest only the scope that counts is filled in without a table.
THRONG_ROW vote_sums vote_gather(const world_view *w, const uint32_t *table, const vote_rule *rule,
                                 const int32_t *preference, const history_view *h,
                                 int32_t candidate) {
  vote_sums sums = {
      {{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}, {{-PAIR_UNIT, -PAIR_UNIT}, {-PAIR_UNIT, -PAIR_UNIT}}};
  int32_t n = history_length(h);
  if (table && rule->leaves_own)
    vote_gather_others(&sums, w, table, h->entry, n, candidate);
  else if (table)
    vote_gather_table(&sums, w, table, h->entry, n, candidate);
  else
    vote_gather_direct(&sums, w, rule, h->entry, n, candidate);
  if (rule->similarity == THRONG_SIMILARITY_MEAN)
    vote_gather_mean(&sums, w, rule, preference, h->entry, n, candidate);
  return sums;
}

/// Fill the logical part of a vote, ties left as VOTE_TIE. Paper: entries of the candidate's
/// categories, or all where it shares none with the history. Published code: the choice is made for
/// likes and dislikes apart, ties are 0, a history without likes answers 1 and one without dislikes
/// 0.
THRONG_ROW void vote_compare(const vote_sums *sums, int32_t semantics, throng_vote *v) {
  const vote_scope scope = vote_choose_scope(sums, semantics);
  const int32_t scope_pos = scope.of[PAIR_POS], scope_neg = scope.of[PAIR_NEG];
  int32_t near_pos = sums->nearest[PAIR_POS][scope_pos];
  int32_t near_neg = sums->nearest[PAIR_NEG][scope_neg];
  v->alpha_pos = sums->matches[PAIR_POS][scope_pos];
  v->alpha_neg = sums->matches[PAIR_NEG][scope_neg];
  v->beta_pos = pair_similarity(near_pos);
  v->beta_neg = pair_similarity(near_neg);
  if (semantics == THRONG_SEMANTICS_PUBLISHED_CODE) {
    if (sums->count[PAIR_POS][0] == 0) {
      v->f_mat = v->f_sim = 1;
    } else if (sums->count[PAIR_NEG][0] == 0) {
      v->f_mat = v->f_sim = 0;
    } else {
      v->f_mat = v->alpha_pos > v->alpha_neg;
      v->f_sim = near_pos > near_neg;
    }
    return;
  }
  v->f_mat = v->alpha_pos != v->alpha_neg ? v->alpha_pos > v->alpha_neg : VOTE_TIE;
  v->f_sim = near_pos != near_neg ? near_pos > near_neg : VOTE_TIE;
}

/// The logical part of a vote, ties by a coin.
THRONG_ROW void vote_decide_logical(const vote_sums *sums, int32_t semantics, const vote_stream *s,
                                    throng_vote *v) {
  vote_compare(sums, semantics, v);
  if (v->f_mat == VOTE_TIE) v->f_mat = vote_coin(s, RANDOM_COIN_F_MAT);
  if (v->f_sim == VOTE_TIE) v->f_sim = vote_coin(s, RANDOM_COIN_F_SIM);
}

#endif
