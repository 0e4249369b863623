/// Asks the public votes about every held-out interaction and measures the answers.
#include "evaluate/fidelity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/split.h"
#include "sim/rule.h"
#include "world/unseen.h"
#include "world/world.h"

/// The pairs in the layout of throng_votes_evaluate, and what came of them.
typedef struct held_out {
  int64_t n;                            // users, and as many again where dislikes are sampled
  int32_t *user;                        // (n)
  int32_t *candidate;                   // (n)
  uint8_t *label;                       // (n)
  int64_t *offset;                      // (n + 1)
  int32_t *item;                        // (offset[n])
  uint8_t *like;                        // (offset[n])
  throng_vote *vote;                    // (n)
  float *further[THRONG_VOTE_FURTHER];  // (n)
  uint8_t *answer;                      // (n)
  double *score;                        // (n)
} held_out;

static void held_out_free(held_out *h) {
  free(h->user);
  free(h->candidate);
  free(h->label);
  free(h->offset);
  free(h->item);
  free(h->like);
  free(h->vote);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(h->further[k]);
  free(h->answer);
  free(h->score);
}

static throng_status take_memory(held_out *h, const throng_world *world, bool sampled) {
  size_t n = (size_t)world->n_user, n_entry = (size_t)world->n_interaction;
  if (sampled) n *= 2, n_entry *= 2;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&h->name, (count), sizeof *h->name, "held-out interactions"))
  TAKE(user, n);
  TAKE(candidate, n);
  TAKE(label, n);
  TAKE(offset, n + 1);
  TAKE(item, n_entry);
  TAKE(like, n_entry);
  TAKE(vote, n);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) TAKE(further[k], n);
  TAKE(answer, n);
  TAKE(score, n);
#undef TAKE
  return THRONG_OK;
}

/// The same history before an unseen item, which stands for a dislike.
static void add_unseen(const throng_world *world, uint32_t seed, int64_t back, held_out *h,
                       fidelity *out) {
  int64_t last = h->n - 1, begin = h->offset[last], n = h->offset[last + 1] - begin;
  int32_t item = world_draw_unseen(world, h->user[last], seed, (uint32_t)back);
  if (item < 0) return;
  for (int64_t k = 0; k < n; ++k) {
    h->item[begin + n + k] = h->item[begin + k];
    h->like[begin + n + k] = h->like[begin + k];
  }
  h->user[h->n] = h->user[last];
  h->candidate[h->n] = item;
  h->label[h->n] = 0;
  h->offset[h->n + 1] = h->offset[h->n] + n;
  ++h->n;
  ++out->sampled;
}

/// The candidate is the interaction `back` from the end (data/split.h); it and all after it are
/// hidden.
static void split_users(const throng_world *world, int64_t back, bool sampled, uint32_t seed,
                        held_out *h, fidelity *out) {
  for (int64_t u = 0; u < world->n_user; ++u) {
    int64_t begin = world->user_offset[u], at = world->user_offset[u + 1] - back;
    if (at <= begin) {
      ++out->users_short;
      continue;
    }
    int64_t end = h->offset[h->n];
    for (int64_t k = begin; k < at; ++k) {
      // An earlier answer to the candidate itself would give the label away.
      if (world->history_item[k] == world->history_item[at]) continue;
      h->item[end] = world->history_item[k];
      h->like[end++] = world->history_like[k];
    }
    h->user[h->n] = (int32_t)u;
    h->candidate[h->n] = world->history_item[at];
    h->label[h->n] = world->history_like[at];
    out->likes += world->history_like[at] != 0;
    h->offset[++h->n] = end;
    ++out->users;
    if (sampled) add_unseen(world, seed, back, h, out);
  }
}

static vote_further further_of(const held_out *h, int64_t i) {
  vote_further f;
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) f.score[k] = h->further[k][i];
  return f;
}

static bool rule_measured(const throng_votes_def *def, const fidelity *out) {
  const unsigned asked = rule_asks(def);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (asked & VOTE_BIT(k) && !out->measured[k]) return false;
  double sum = 0;
  const vote_rule rule = vote_make_rule(def, NULL, NULL);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) sum += (double)rule.weights[k];
  return sum > 0;
}

static throng_pairs pairs_of(const held_out *h) {
  return (throng_pairs){h->n, h->user, h->candidate, h->offset, h->item, h->like};
}

/// What does not depend on the rule, asked under one that needs no weights. f_pop is left out where
/// the world has nothing to fit it on.
static throng_status ask_votes(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                               int back, held_out *h, fidelity *out) {
  throng_votes_def def = *votes;
  def.rule = THRONG_RULE_LOGICAL;
  const throng_pairs pairs = pairs_of(h);
  throng_status status =
      votes_evaluate_hiding(backend, world, sta, &def, seed, back, &pairs, h->vote, h->further);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) out->measured[k] = true;
  out->measured[THRONG_VOTE_F_STA] = sta != NULL;
  if (status != THRONG_ERROR_DATA) return status;
  snprintf(out->f_pop_missing, sizeof out->f_pop_missing, "%s", throng_error_message());
  out->measured[THRONG_VOTE_F_POP] = out->measured[THRONG_VOTE_F_CAL] = false;
  return votes_evaluate_hiding(backend, world, sta, &def, seed, back, &pairs, h->vote, NULL);
}

static throng_status measure_votes(held_out *h, fidelity *out) {
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    if (!out->measured[k]) continue;
    for (int64_t i = 0; i < h->n; ++i) {
      const vote_further further = further_of(h, i);
      h->answer[i] = vote_hard(&h->vote[i], &further, k);
      h->score[i] = fmin(fmax(vote_score_double(&h->vote[i], &further, k), 0), 1);
    }
    THRONG_TRY(classification_measure(h->n, h->label, h->answer, h->score, &out->vote[k]));
  }
  for (int64_t i = 0; i < h->n; ++i) {
    const vote_further further = further_of(h, i);
    double sum = 0;
    int n_vote = 0;
    for (int k = 0; k < THRONG_VOTE_IN_RECORD; ++k) {
      if (!out->measured[k]) continue;
      sum += vote_score_double(&h->vote[i], &further, k);
      ++n_vote;
    }
    h->score[i] = fmin(fmax(sum / n_vote, 0), 1);
    h->answer[i] = h->score[i] >= 0.5;
  }
  return classification_measure(h->n, h->label, h->answer, h->score, &out->ensemble);
}

/// The simulator answers under every rule, one after the other, so that it may be cancelled.
static throng_status measure_rules(throng_backend *backend, const throng_world *world,
                                   const throng_sta *sta, const throng_votes_def *votes,
                                   uint32_t seed, int back, held_out *h,
                                   const throng_progress *progress, fidelity *out) {
  const throng_pairs pairs = pairs_of(h);
  for (int k = 0; k < THRONG_RULE_COUNT; ++k) {
    if (!throng_report(progress, "evaluate", k, THRONG_RULE_COUNT, "rules"))
      return throng_cancelled("evaluate");
    throng_votes_def def = *votes;
    def.rule = (throng_rule)k;
    if (!rule_measured(&def, out)) continue;
    THRONG_TRY(votes_evaluate_hiding(backend, world, sta, &def, seed, back, &pairs, h->vote, NULL));
    const vote_rule rule = vote_make_rule(&def, sta, NULL);
    for (int64_t i = 0; i < h->n; ++i) {
      const vote_further further = further_of(h, i);
      h->answer[i] = h->vote[i].like;
      h->score[i] = rule_score(&rule, &h->vote[i], &further);
    }
    THRONG_TRY(classification_measure(h->n, h->label, h->answer, h->score, &out->rule[k]));
  }
  if (!throng_report(progress, "evaluate", THRONG_RULE_COUNT, THRONG_RULE_COUNT, "rules"))
    return throng_cancelled("evaluate");
  return THRONG_OK;
}

throng_status fidelity_evaluate(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                                fidelity_split split, const throng_progress *progress,
                                fidelity *out) {
  *out = (fidelity){.interactions = world->n_interaction};
  held_out h = {0};
  throng_status status;
  bool sampled = world_lacks_dislikes(world);
  THRONG_TRY_GOTO(take_memory(&h, world, sampled));
  const int back = split == FIDELITY_VALIDATION ? SPLIT_VALIDATION : SPLIT_TEST;
  split_users(world, back, sampled, seed, &h, out);
  if (h.n == 0)
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_DATA,
                                "evaluate: no user of %lld has %d interactions, so none can be "
                                "held out",
                                (long long)world->n_user, back + 1));
  THRONG_TRY_GOTO(ask_votes(backend, world, sta, votes, seed, back, &h, out));
  THRONG_TRY_GOTO(measure_votes(&h, out));
  THRONG_TRY_GOTO(measure_rules(backend, world, sta, votes, seed, back, &h, progress, out));
done:
  held_out_free(&h);
  return status;
}
