/// What of a slate a user looks at, and so answers: choice models over the slots' scores, and
/// position bias. A score is the chance that the votes' rule says like (rule_chance).
///   each          every slot by itself, looked at with its position's chance (position-based
///   model:
///                 Richardson et al. 2007; the chance (1 / (1 + slot))^eta: Joachims et al. 2017)
///   multinomial   one item at most: slot k with chance s_k / (no_choice + sum s)
///                 (MultinomialProportionalChoiceModel of google-research/recsim
///                 recsim/choice_model.py, min_normalizer 0, no_click_mass no_choice)
///   plackett_luce up to `choices` of them, chosen so one after the other without putting back
///   (Luce
///                 1959, Plackett 1975), until no_choice is drawn; with choices 1 it is multinomial
///   cascade       from the top, each looked at with its position's chance, until one is liked
///                 (CascadeChoiceModel of the same file, score_scaling 1; Craswell et al. 2008)
/// With position bias multinomial and plackett_luce multiply a score by its position's chance.
#ifndef THRONG_KERNELS_SIM_USERS_CHOICE_H
#define THRONG_KERNELS_SIM_USERS_CHOICE_H

#include "kernels/base/exponential.h"
#include "kernels/base/random.h"
#include "kernels/sim/users.h"
#include "kernels/vote/vote_rule.h"

/// Draw `n` of a step: slots by their number, then the one for choosing none.
THRONG_ROW float choice_uniform(const vote_stream *s, int32_t n) {
  return random_uniform(
      random_draw(s->seed, RANDOM_CHOICE, (uint32_t)n, s->step, s->lane, s->episode).w[0]);
}

/// Chance that a user looks at `slot`, of all slots alike without position bias.
THRONG_ROW float choice_position(const users_view *v, int32_t slot) {
  if (!(v->position_bias > 0.0f)) return 1.0f;
  return exp_portable(-v->position_bias * log_portable((float)(1 + slot)));
}

/// A race of exponential clocks with rates `score`, which the first wins with chance
/// score / sum of scores: the Gumbel-max draw (Yellott 1977), log score - log(-log u), upside down
/// and with one logarithm. Of rate 0: never.
THRONG_ROW float choice_time(float uniform, float score) {
  return score > 0.0f ? -log_portable(uniform) / score : INFINITY;
}

/// Multinomial and plackett_luce. The clocks are read again for each item chosen: no memory of its
/// own.
///   chance (n) of a like, the scores; examined (n) 0 where it begins
THRONG_ROW void choice_race(const users_view *v, const vote_stream *s, const float *chance,
                            int32_t n, uint8_t *examined) {
  const int32_t most = v->choice == THRONG_CHOICE_MULTINOMIAL ? 1 : v->choices;
  const float none = choice_time(choice_uniform(s, n), v->no_choice);
  for (int32_t chosen = 0; chosen < most; ++chosen) {
    float first = none;
    int32_t which = -1;
    for (int32_t slot = 0; slot < n; ++slot) {
      if (examined[slot]) continue;
      const float time =
          choice_time(choice_uniform(s, slot), chance[slot] * choice_position(v, slot));
      if (!(time < first)) continue;
      first = time;
      which = slot;
    }
    if (which < 0) return;
    examined[which] = 1;
  }
}

/// Each and cascade.
///   vote, examined (n)
THRONG_ROW void choice_scan(const users_view *v, const vote_stream *s, const throng_vote *vote,
                            int32_t n, uint8_t *examined) {
  for (int32_t slot = 0; slot < n; ++slot) {
    const float chance = choice_position(v, slot);
    examined[slot] = chance >= 1.0f || choice_uniform(s, slot) <= chance;
    if (v->choice == THRONG_CHOICE_CASCADE && examined[slot] && vote[slot].like) return;
  }
}

#endif
