/// Asks the public votes about every held-out interaction and measures the answers.
#include "evaluate/fidelity.h"

#include <math.h>
#include <stdlib.h>

#include "data/split.h"
#include "world/unseen.h"
#include "world/world.h"

static const char *const vote_name[FIDELITY_VOTES] = {"f_mat", "f_sim", "f_sta"};
static const char *const rule_name[FIDELITY_RULES] = {
    [THRONG_RULE_MAJORITY] = "majority",
    [THRONG_RULE_MAT] = "f_mat",
    [THRONG_RULE_SIM] = "f_sim",
    [THRONG_RULE_STA] = "f_sta",
    [THRONG_RULE_LOGICAL] = "logical",
    [THRONG_RULE_WEIGHTED] = "weighted",
    [THRONG_RULE_PROBABILITY] = "probability",
};

const char *fidelity_vote_name(int vote) { return vote_name[vote]; }
const char *fidelity_rule_name(int rule) { return rule_name[rule]; }

/// The pairs in the layout of throng_votes_evaluate, and what came of them.
typedef struct held_out {
  int64_t n;           // users, and as many again where dislikes are sampled
  int32_t *user;       // (n)
  int32_t *candidate;  // (n)
  uint8_t *label;      // (n)
  int64_t *offset;     // (n + 1)
  int32_t *item;       // (offset[n])
  uint8_t *like;       // (offset[n])
  throng_vote *vote;   // (n)
  uint8_t *answer;     // (n)
  double *score;       // (n)
} held_out;

static void held_out_free(held_out *h) {
  free(h->user);
  free(h->candidate);
  free(h->label);
  free(h->offset);
  free(h->item);
  free(h->like);
  free(h->vote);
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

static double vote_score(const throng_vote *v, int vote) {
  int32_t sum = v->alpha_pos + v->alpha_neg;
  if (vote == 0) return sum ? (double)v->alpha_pos / sum : 0.5;
  if (vote == 1) return ((double)v->beta_pos - (double)v->beta_neg + 2) / 4;
  return (double)v->p_like;
}

static double rule_score(const throng_vote *v, throng_rule rule, const float *weights) {
  double weight[3] = {1, 1, 1}, sum = 0, total = 0;
  switch (rule) {
    case THRONG_RULE_MAJORITY: break;
    case THRONG_RULE_MAT: weight[1] = weight[2] = 0; break;
    case THRONG_RULE_SIM: weight[0] = weight[2] = 0; break;
    case THRONG_RULE_STA: weight[0] = weight[1] = 0; break;
    case THRONG_RULE_LOGICAL: weight[2] = 0; break;
    case THRONG_RULE_WEIGHTED:
    case THRONG_RULE_PROBABILITY:
      for (int k = 0; k < 3; ++k) weight[k] = (double)weights[k];
      break;
  }
  const uint8_t hard[3] = {v->f_mat, v->f_sim, v->f_sta};
  for (int k = 0; k < 3; ++k) {
    sum += weight[k] * (rule == THRONG_RULE_PROBABILITY ? vote_score(v, k) : hard[k]);
    total += weight[k];
  }
  return total > 0 ? fmin(fmax(sum / total, 0), 1) : 0.5;
}

static bool rule_measured(throng_rule rule, bool has_sta, const throng_votes_def *votes) {
  bool none = votes->weights[0] + votes->weights[1] + votes->weights[2] <= 0;
  if ((rule == THRONG_RULE_PROBABILITY || rule == THRONG_RULE_WEIGHTED) && none) return false;
  return has_sta || rule == THRONG_RULE_MAT || rule == THRONG_RULE_SIM ||
         rule == THRONG_RULE_LOGICAL;
}

/// The simulator answers under this rule; ask it in pieces, so that it may be cancelled.
static throng_status ask(throng_backend *backend, const throng_world *world, const throng_sta *sta,
                         const throng_votes_def *votes, throng_rule rule, uint32_t seed,
                         held_out *h) {
  throng_votes_def def = *votes;
  def.rule = rule;
  return throng_votes_evaluate(backend, world, sta, &def, seed, h->n, h->user, h->candidate,
                               h->offset, h->item, h->like, h->vote);
}

static throng_status measure_votes(held_out *h, fidelity *out) {
  for (int vote = 0; vote < (out->has_sta ? 3 : 2); ++vote) {
    for (int64_t i = 0; i < h->n; ++i) {
      const throng_vote *v = &h->vote[i];
      h->answer[i] = vote == 0 ? v->f_mat : vote == 1 ? v->f_sim : v->f_sta;
      h->score[i] = fmin(fmax(vote_score(v, vote), 0), 1);
    }
    THRONG_TRY(classification_measure(h->n, h->label, h->answer, h->score, &out->vote[vote]));
  }
  int n_vote = out->has_sta ? 3 : 2;
  for (int64_t i = 0; i < h->n; ++i) {
    double sum = 0;
    for (int vote = 0; vote < n_vote; ++vote) sum += vote_score(&h->vote[i], vote);
    h->score[i] = fmin(fmax(sum / n_vote, 0), 1);
    h->answer[i] = h->score[i] >= 0.5;
  }
  return classification_measure(h->n, h->label, h->answer, h->score, &out->ensemble);
}

static throng_status measure_all(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_votes_def *votes,
                                 uint32_t seed, held_out *h, const throng_progress *progress,
                                 fidelity *out) {
  bool votes_measured = false;
  for (int rule = 0; rule < FIDELITY_RULES; ++rule) {
    if (!throng_report(progress, "evaluate", rule, FIDELITY_RULES, "rules"))
      return throng_cancelled("evaluate");
    if (!rule_measured((throng_rule)rule, out->has_sta, votes)) continue;
    THRONG_TRY(ask(backend, world, sta, votes, (throng_rule)rule, seed, h));
    for (int64_t i = 0; i < h->n; ++i) {
      h->answer[i] = h->vote[i].like;
      h->score[i] = rule_score(&h->vote[i], (throng_rule)rule, votes->weights);
    }
    THRONG_TRY(classification_measure(h->n, h->label, h->answer, h->score, &out->rule[rule]));
    // The votes themselves are the same under every rule.
    if (!votes_measured) THRONG_TRY(measure_votes(h, out));
    votes_measured = true;
  }
  if (!throng_report(progress, "evaluate", FIDELITY_RULES, FIDELITY_RULES, "rules"))
    return throng_cancelled("evaluate");
  return THRONG_OK;
}

throng_status fidelity_evaluate(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                                fidelity_split split, const throng_progress *progress,
                                fidelity *out) {
  *out = (fidelity){.interactions = world->n_interaction, .has_sta = sta != NULL};
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
  THRONG_TRY_GOTO(measure_all(backend, world, sta, votes, seed, &h, progress, out));
done:
  held_out_free(&h);
  return status;
}
