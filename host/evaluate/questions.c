/// Making questions of the histories, and asking the public votes about them.
#include "evaluate/questions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/split.h"
#include "world/unseen.h"
#include "world/world.h"

void questions_free(questions *q) {
  free(q->user);
  free(q->candidate);
  free(q->label);
  free(q->rating);
  free(q->offset);
  free(q->item);
  free(q->like);
  free(q->vote);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(q->further[k]);
  *q = (questions){0};
}

throng_status questions_reserve(int64_t n, int64_t n_entry, questions *q) {
  *q = (questions){.capacity = n, .entry_capacity = n_entry};
  throng_status status;
#define TAKE(name, count) \
  THRONG_TRY_GOTO(throng_alloc((void **)&q->name, (size_t)(count), sizeof *q->name, "questions"))
  TAKE(user, n);
  TAKE(candidate, n);
  TAKE(label, n);
  TAKE(rating, n);
  TAKE(offset, n + 1);
  TAKE(item, n_entry);
  TAKE(like, n_entry);
  TAKE(vote, n);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) TAKE(further[k], n);
#undef TAKE
done:
  if (status != THRONG_OK) questions_free(q);
  return status;
}

void questions_add(questions *q, int64_t user, int32_t candidate, uint8_t label, float rating,
                   int64_t n_entry, const int32_t *item, const uint8_t *like) {
  int64_t end = q->offset[q->n];
  for (int64_t k = 0; k < n_entry; ++k) {
    if (item[k] == candidate) continue;
    q->item[end] = item[k];
    q->like[end++] = like[k];
  }
  q->user[q->n] = (int32_t)user;
  q->candidate[q->n] = candidate;
  q->label[q->n] = label != 0;
  q->rating[q->n] = rating;
  q->offset[++q->n] = end;
}

/// The last question's history before an unseen item, which stands for a dislike.
static void add_unseen(const throng_world *world, uint32_t seed, uint32_t use, questions *q) {
  const int64_t last = q->n - 1, begin = q->offset[last];
  const int32_t item = world_draw_unseen(world, q->user[last], seed, use);
  if (item < 0) return;
  questions_add(q, q->user[last], item, 0, (float)NAN, q->offset[last + 1] - begin, q->item + begin,
                q->like + begin);
  ++q->sampled;
}

static int back_of(fidelity_split split) {
  return split == FIDELITY_VALIDATION ? SPLIT_VALIDATION : SPLIT_TEST;
}

/// How many questions a user has; 0 too where no history stands before them.
static int64_t questions_of(const throng_world *world, fidelity_split split, int64_t user) {
  const int64_t n = world->user_offset[user + 1] - world->user_offset[user];
  if (split != FIDELITY_LATER) return n > back_of(split);
  const int64_t later = throng_world_later(world, user, NULL, NULL, NULL);
  if (n == 0) return 0;
  return later < LATER_MOST ? later : LATER_MOST;
}

/// The candidate is the interaction `back` from the end (data/split.h); it and all after it are
/// hidden.
static void ask_held_out(const throng_world *world, int64_t u, bool sampled, uint32_t seed,
                         questions *q) {
  const int back = back_of(q->split);
  const int64_t begin = world->user_offset[u], at = world->user_offset[u + 1] - back;
  questions_add(q, u, world->history_item[at], world->history_like[at], world->history_rating[at],
                at - begin, world->history_item + begin, world->history_like + begin);
  q->likes += world->history_like[at] != 0;
  if (sampled) add_unseen(world, seed, (uint32_t)back, q);
}

/// All after the history that the world has. With the later rows before a question as well, a score
/// that follows the user's like rate would fall behind: of a user's answers so many are likes, and
/// the more came before, the fewer are left.
static void ask_later(const throng_world *world, int64_t u, bool sampled, uint32_t seed,
                      questions *q) {
  const int64_t begin = world->user_offset[u], n = world->user_offset[u + 1] - begin;
  const int64_t first = world->later_offset[u];
  for (int64_t k = first; k < first + questions_of(world, q->split, u); ++k) {
    questions_add(q, u, world->later_item[k], world->later_like[k], world->later_rating[k], n,
                  world->history_item + begin, world->history_like + begin);
    q->likes += world->later_like[k] != 0;
    if (sampled) add_unseen(world, seed, (uint32_t)(SPLIT_HELD_OUT + 1 + k - first), q);
  }
}

static throng_status nobody(const throng_world *world, fidelity_split split) {
  if (split == FIDELITY_LATER)
    return throng_fail(THRONG_ERROR_DATA,
                       "evaluate: no user of this world has a later part to ask about; make it "
                       "with dataset.later_share (or synth.later_share) of 0.5, say");
  return throng_fail(THRONG_ERROR_DATA,
                     "evaluate: no user of %lld has %d interactions, so none can be held out",
                     (long long)world->n_user, back_of(split) + 1);
}

throng_status questions_make(const throng_world *world, fidelity_split split, int64_t most,
                             uint32_t seed, questions *q) {
  const bool sampled = world_lacks_dislikes(world);
  int64_t n_user = 0, n = 0, n_entry = 0, seen = 0;
  *q = (questions){0};
  for (int64_t u = 0; u < world->n_user; ++u) {
    const int64_t asked = questions_of(world, split, u);
    n_user += asked > 0;
    n += asked;
    n_entry += asked * (world->user_offset[u + 1] - world->user_offset[u]);
  }
  if (n == 0) return nobody(world, split);
  const int64_t wanted = most > 0 && most < n_user ? most : n_user;
  THRONG_TRY(questions_reserve(sampled ? 2 * n : n, sampled ? 2 * n_entry : n_entry, q));
  q->split = split;
  q->users_short = world->n_user - n_user;
  for (int64_t u = 0; u < world->n_user; ++u) {
    if (questions_of(world, split, u) == 0) continue;
    if (seen++ * wanted / n_user < q->users) continue;  // every n_user / wanted-th
    if (split == FIDELITY_LATER)
      ask_later(world, u, sampled, seed, q);
    else
      ask_held_out(world, u, sampled, seed, q);
    ++q->users;
  }
  return THRONG_OK;
}

vote_further questions_further(const questions *q, int64_t i) {
  vote_further f;
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) f.score[k] = q->further[k][i];
  return f;
}

bool questions_answer_rule(const questions *q, const throng_votes_def *rule) {
  const unsigned asked = rule_asks(rule);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (asked & VOTE_BIT(k) && !q->measured[k]) return false;
  double sum = 0;
  const vote_rule join = vote_make_rule(rule, NULL, NULL);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) sum += (double)join.weights[k];
  return sum > 0;
}

static throng_pairs pairs_of(const questions *q) {
  return (throng_pairs){q->n, q->user, q->candidate, q->offset, q->item, q->like};
}

int questions_hide(fidelity_split split) {
  switch (split) {
    case FIDELITY_TEST: return SPLIT_TEST;
    case FIDELITY_VALIDATION: return SPLIT_VALIDATION;
    default: return 0;  // the later part stands in no history
  }
}

/// What does not depend on the rule, asked under one that needs no weights: all further votes at
/// once, and where the world has nothing to fit one of them on, each by itself.
throng_status questions_ask(questions *q, throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_votes_def *votes, uint32_t seed) {
  return questions_ask_some(q, backend, world, sta, votes, seed, ~0u);
}

throng_status questions_ask_some(questions *q, throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_votes_def *votes,
                                 uint32_t seed, unsigned asked) {
  throng_votes_def def = *votes;
  def.rule = THRONG_RULE_LOGICAL;
  const throng_pairs pairs = pairs_of(q);
  float *all[THRONG_VOTE_FURTHER];
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) q->measured[k] = true;
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) {
    const bool wanted = (asked & VOTE_BIT(THRONG_VOTE_IN_RECORD + k)) != 0;
    q->measured[THRONG_VOTE_IN_RECORD + k] = wanted;
    all[k] = wanted ? q->further[k] : NULL;
  }
  q->measured[THRONG_VOTE_F_STA] = sta != NULL;
  throng_status status = votes_evaluate_hiding(backend, world, sta, &def, seed,
                                               questions_hide(q->split), &pairs, q->vote, all);
  if (status != THRONG_ERROR_DATA) return status;
  THRONG_TRY(votes_evaluate_hiding(backend, world, sta, &def, seed, questions_hide(q->split),
                                   &pairs, q->vote, NULL));
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) {
    float *one[THRONG_VOTE_FURTHER] = {NULL};
    if (!all[k]) continue;
    one[k] = q->further[k];
    status = votes_evaluate_hiding(backend, world, sta, &def, seed, questions_hide(q->split),
                                   &pairs, q->vote, one);
    q->measured[THRONG_VOTE_IN_RECORD + k] = status == THRONG_OK;
    if (status == THRONG_OK) continue;
    if (status != THRONG_ERROR_DATA) return status;
    snprintf(q->missing[k], sizeof q->missing[k], "%s", throng_error_message());
  }
  return THRONG_OK;
}

/// A rule that asks only votes of the record joins what is known already; one that asks a further
/// vote asks its model too, which may have a threshold of its own.
throng_status questions_join(const questions *q, throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                             uint8_t *answer, double *score) {
  const vote_rule rule = vote_make_rule(def, sta, NULL);
  throng_vote *vote = NULL;
  throng_status status = THRONG_OK;
  const bool further = (rule_asks(def) & ~VOTES_OF_RECORD) != 0;
  if (further) {
    const throng_pairs pairs = pairs_of(q);
    THRONG_TRY(throng_alloc((void **)&vote, (size_t)q->n, sizeof *vote, "answers of a rule"));
    THRONG_TRY_GOTO(votes_evaluate_hiding(backend, world, sta, def, seed, questions_hide(q->split),
                                          &pairs, vote, NULL));
  }
  for (int64_t i = 0; i < q->n; ++i) {
    const vote_further f = questions_further(q, i);
    const vote_stream stream = {seed, 0, 0, (uint32_t)i, (uint32_t)(i >> 32)};
    answer[i] = further ? vote[i].like : rule_answer(&rule, &stream, &q->vote[i], &f);
    score[i] = rule_score(&rule, &q->vote[i], &f);
  }
done:
  free(vote);
  return status;
}
