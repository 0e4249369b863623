/// What each contender says to questions.
#include "evaluate/contenders.h"

#include <math.h>
#include <stdlib.h>

#include "sim/factors.h"
#include "sim/like_rates.h"
#include "world/world.h"

contender_kind contender_kind_of(int contender) {
  if (contender < CONTENDER_OF_VOTES) return CONTENDER_YARDSTICK;
  if (contender < CONTENDER_OF_RULES) return CONTENDER_VOTE;
  return contender < CONTENDER_OF_ENSEMBLE ? CONTENDER_RULE : CONTENDER_ENSEMBLE;
}

const char *contender_name(int contender) {
  static const char *const yardstick[] = {
#define X(ID, name, help) name,
      FIDELITY_YARDSTICKS(X)
#undef X
  };
  switch (contender_kind_of(contender)) {
    case CONTENDER_YARDSTICK: return yardstick[contender];
    case CONTENDER_VOTE: return throng_vote_name((throng_vote_id)(contender - CONTENDER_OF_VOTES));
    case CONTENDER_RULE: return throng_rule_name((throng_rule)(contender - CONTENDER_OF_RULES));
    default: return "ensemble";
  }
}

void learned_rates_free(learned_rates *rates) {
  free(rates->item_n);
  free(rates->item_rate);
  biased_mf_free(&rates->mf);
  *rates = (learned_rates){0};
}

/// The end of what may be learned of a user's history: all before what is asked about, as f_cal.
static int64_t learned_end(const throng_world *world, fidelity_split split, int64_t user) {
  const int64_t begin = world->user_offset[user], end = world->user_offset[user + 1];
  const int64_t last = end - questions_hide(split);
  return last > begin ? last : begin;
}

/// A rate with LIKE_RATES_PRIOR answers of the share of all, as f_pop smooths.
static double smoothed(double likes, double n, double share) {
  return (likes + LIKE_RATES_PRIOR * share) / (n + LIKE_RATES_PRIOR);
}

static void count(const throng_world *world, fidelity_split split, learned_rates *out) {
  double likes = 0, rating[2] = {0};
  for (int64_t u = 0; u < world->n_user; ++u)
    for (int64_t k = world->user_offset[u]; k < learned_end(world, split, u); ++k) {
      const int like = world->history_like[k] != 0;
      ++out->n;
      likes += like;
      rating[like] += (double)world->history_rating[k];
      ++out->item_n[world->history_item[k]];
      out->item_rate[world->history_item[k]] += like;
    }
  out->share = (likes + 1) / ((double)out->n + 2);
  for (int64_t i = 0; i < world->n_item; ++i)
    out->item_rate[i] = smoothed(out->item_rate[i], (double)out->item_n[i], out->share);
  const bool rated = !isnan(world->like_threshold) && likes > 0 && likes < (double)out->n;
  out->rating[0] = rated ? rating[0] / ((double)out->n - likes) : (double)NAN;
  out->rating[1] = rated ? rating[1] / likes : (double)NAN;
}

throng_status learned_rates_make(const throng_world *world, fidelity_split split, uint32_t seed,
                                 learned_rates *out) {
  const size_t n = (size_t)world->n_item;
  throng_status status;
  *out = (learned_rates){0};
  THRONG_TRY_GOTO(throng_alloc((void **)&out->item_n, n, sizeof *out->item_n, "rates"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->item_rate, n, sizeof *out->item_rate, "rates"));
  count(world, split, out);
  biased_mf_def def = biased_mf_default_def();
  def.seed = seed;
  THRONG_TRY_GOTO(factors_fit(world, questions_hide(split), &def, &out->mf));
done:
  if (status != THRONG_OK) learned_rates_free(out);
  return status;
}

static double user_mean(const contender_task *t, int64_t i) {
  const questions *q = t->questions;
  double likes = 0;
  for (int64_t k = q->offset[i]; k < q->offset[i + 1]; ++k) likes += q->like[k];
  return smoothed(likes, (double)(q->offset[i + 1] - q->offset[i]), t->rates->share);
}

static void yardstick_answer(const contender_task *t, fidelity_yardstick yardstick, double *score,
                             uint8_t *answer) {
  const questions *q = t->questions;
  for (int64_t i = 0; i < q->n; ++i) {
    switch (yardstick) {
      case FIDELITY_USER_MEAN: score[i] = user_mean(t, i); break;
      case FIDELITY_ITEM_MEAN: score[i] = t->rates->item_rate[q->candidate[i]]; break;
      case FIDELITY_BIASED_MF:
        score[i] = biased_mf_score(&t->rates->mf, q->user[i], q->candidate[i]);
        break;
      default: score[i] = t->rates->share;
    }
    answer[i] = score[i] >= 0.5;
    if (yardstick != FIDELITY_RANDOM) continue;
    const random_words w =
        random_draw(t->seed, RANDOM_YARDSTICK, 0, 0, (uint32_t)i, (uint32_t)(i >> 32));
    answer[i] = (uint8_t)random_bernoulli(w.w[0], (float)score[i]);
  }
}

static void vote_answer(const questions *q, int k, double *score, uint8_t *answer) {
  for (int64_t i = 0; i < q->n; ++i) {
    const vote_further further = questions_further(q, i);
    answer[i] = vote_hard(&q->vote[i], &further, k);
    score[i] = fmin(fmax(vote_score_double(&q->vote[i], &further, k), 0), 1);
  }
}

static void ensemble_answer(const questions *q, double *score, uint8_t *answer) {
  for (int64_t i = 0; i < q->n; ++i) {
    const vote_further further = questions_further(q, i);
    double sum = 0;
    int n_vote = 0;
    for (int k = 0; k < THRONG_VOTE_IN_RECORD; ++k) {
      if (!q->measured[k]) continue;
      sum += vote_score_double(&q->vote[i], &further, k);
      ++n_vote;
    }
    score[i] = fmin(fmax(sum / n_vote, 0), 1);
    answer[i] = score[i] >= 0.5;
  }
}

throng_status contender_answer(const contender_task *t, int contender, double *score,
                               uint8_t *answer, bool *measured) {
  const questions *q = t->questions;
  *measured = true;
  switch (contender_kind_of(contender)) {
    case CONTENDER_YARDSTICK:
      yardstick_answer(t, (fidelity_yardstick)contender, score, answer);
      return THRONG_OK;
    case CONTENDER_VOTE:
      *measured = q->measured[contender - CONTENDER_OF_VOTES];
      if (*measured) vote_answer(q, contender - CONTENDER_OF_VOTES, score, answer);
      return THRONG_OK;
    case CONTENDER_RULE: {
      throng_votes_def def = *t->votes;
      def.rule = (throng_rule)(contender - CONTENDER_OF_RULES);
      *measured = questions_answer_rule(q, &def);
      if (!*measured) return THRONG_OK;
      return questions_join(q, t->backend, t->world, t->sta, &def, t->seed, answer, score);
    }
    default: ensemble_answer(q, score, answer); return THRONG_OK;
  }
}
