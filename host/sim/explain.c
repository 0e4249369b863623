/// Why votes fell as they did, gathered the slow and readable way from the world's arrays; the
/// votes themselves come from the kernels.
#include "throng/explain.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/list.h"
#include "sim/logistic.h"
#include "sim/sim.h"

/// An explanation and the memory behind it.
typedef struct explained {
  throng_explanation shown;  // first: what callers hold
  throng_shared_keyword *shared[2];
  size_t shared_capacity[2];
  throng_explained_vote votes[THRONG_VOTE_COUNT];
  throng_like_rates rates;
  throng_calibrated calibrated;
  throng_calibrated_term term[7];
  throng_explained_session session;
} explained;

/// What is explained.
typedef struct question {
  const throng_world *world;
  const throng_votes_def *def;
  const throng_sta *sta;
  const vote_models *models;  // of the further votes that the rule asks
  int32_t user, candidate;
  bool coin;  // the released environment has no history to ask, and a coin answered
  int64_t n;  // history, oldest first
  const int32_t *item;
  const uint8_t *like;
} question;

void throng_explanation_free(throng_explanation *explanation) {
  explained *e = (explained *)explanation;
  if (!e) return;
  for (int side = 0; side < 2; ++side) free(e->shared[side]);
  free(e);
}

static bool has(const int32_t *list, int64_t begin, int64_t end, int32_t wanted) {
  for (int64_t k = begin; k < end; ++k)
    if (list[k] == wanted) return true;
  return false;
}

static throng_evidence *side_of(explained *e, int side) {
  return side == PAIR_POS ? &e->shown.liked : &e->shown.disliked;
}

static throng_status add_shared(explained *e, int side, const char *keyword, int32_t item) {
  throng_evidence *evidence = side_of(e, side);
  THRONG_TRY(throng_grow((void **)&e->shared[side], &e->shared_capacity[side],
                         (size_t)evidence->n_shared + 1, sizeof *e->shared[side], "explanation"));
  e->shared[side][evidence->n_shared++] = (throng_shared_keyword){keyword, item};
  return THRONG_OK;
}

/// Is entry k the candidate's own, where the rule leaves these out?
static bool left_out(const question *q, int64_t k) {
  return (q->models->asked & VOTE_BIT(THRONG_VOTE_F_CAL)) && q->item[k] == q->candidate;
}

/// Is entry k of this side, and among those that count?
static bool counts(const question *q, const throng_evidence *evidence, int side, int64_t k) {
  return (q->like[k] ? PAIR_POS : PAIR_NEG) == side && !left_out(q, k) &&
         (evidence->all_count || world_share_category(q->world, q->candidate, q->item[k]));
}

static throng_status gather_keywords(const question *q, int side, explained *e) {
  const throng_world *w = q->world;
  const throng_evidence *evidence = side_of(e, side);
  const int64_t *offset = side == PAIR_POS ? w->pos_offset : w->neg_offset;
  const int32_t *list = side == PAIR_POS ? w->pos : w->neg;
  const int64_t begin = offset[q->candidate], end = offset[q->candidate + 1];
  const bool empty_equal = q->def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  for (int64_t c = begin; c < end; ++c)
    for (int64_t k = 0; k < q->n; ++k)
      if (counts(q, evidence, side, k) &&
          has(list, offset[q->item[k]], offset[q->item[k] + 1], list[c]))
        THRONG_TRY(add_shared(e, side, strings_get(&w->keyword, list[c]), q->item[k]));
  for (int64_t k = 0; begin == end && empty_equal && k < q->n; ++k)
    if (counts(q, evidence, side, k) && offset[q->item[k]] == offset[q->item[k] + 1])
      THRONG_TRY(add_shared(e, side, NULL, q->item[k]));
  return THRONG_OK;
}

static void gather_nearest(const question *q, int side, throng_evidence *evidence) {
  const throng_world *w = q->world;
  const float *e = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
  int32_t best = -PAIR_UNIT;
  evidence->nearest = -1;
  for (int64_t k = 0; k < q->n; ++k) {
    if (!counts(q, evidence, side, k)) continue;
    const float *a = e + (int64_t)q->candidate * w->dim, *b = e + (int64_t)q->item[k] * w->dim;
    const int32_t similarity = pair_quantise(dot_product(a, b, w->dim));
    if (evidence->nearest >= 0 && similarity < best) continue;
    best = similarity;
    evidence->nearest = q->item[k];
  }
  evidence->similarity = pair_similarity(best);
}

static throng_status gather_evidence(const question *q, explained *e) {
  for (int64_t k = 0; k < q->n; ++k) {
    if (left_out(q, k)) continue;
    throng_evidence *evidence = side_of(e, q->like[k] ? PAIR_POS : PAIR_NEG);
    evidence->n_past += 1;
    evidence->n_same_category += world_share_category(q->world, q->candidate, q->item[k]);
  }
  // The paper falls back for the history as a whole, the published code for each side.
  const bool published = q->def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  const bool none = e->shown.liked.n_same_category + e->shown.disliked.n_same_category == 0;
  for (int side = 0; side < 2; ++side) {
    throng_evidence *evidence = side_of(e, side);
    evidence->all_count = published ? evidence->n_same_category == 0 : none;
    THRONG_TRY(gather_keywords(q, side, e));
    gather_nearest(q, side, evidence);
    evidence->shared = e->shared[side];
  }
  return THRONG_OK;
}

static throng_like_rate rate_of(double rate, int64_t answers) {
  return (throng_like_rate){answers, rate, logistic_logit(rate)};
}

static void fill_rates(const question *q, explained *e) {
  const like_rates *r = &q->models->rates;
  e->rates = (throng_like_rates){
      .item = rate_of(r->item_rate[q->candidate], r->item_n[q->candidate]),
      .user = rate_of(r->user_rate[q->user], r->user_n[q->user]),
      .weight = {r->weight[0], r->weight[1], r->weight[2]},
  };
  const double z =
      r->weight[0] + r->weight[1] * e->rates.item.logit + r->weight[2] * e->rates.user.logit;
  e->rates.p = 1 / (1 + exp(-z));
  e->shown.like_rates = &e->rates;
}

static void fill_calibrated(const question *q, explained *e) {
  const calibration *c = &q->models->calibration;
  const sta_calibration *f = &c->fitted;
  const throng_vote *v = &e->shown.vote;
  const throng_calibrated_term term[] = {
      {"intercept", 1, f->intercept, 0},
      {"f_mat", (double)calibration_mat(&c->view, v), f->mat, 0},
      {"f_sim", (double)calibration_sim(v), f->sim, 0},
      {"f_sta", q->sta ? (double)calibration_sta(v) : 0, f->sta, 0},
      {"item", c->effects->item[q->candidate], f->item, 0},
      {"user", c->effects->user[q->user], f->user, 0},
      {"factors", c->factors ? factors_product(c->factors, q->user, q->candidate) : 0, f->factors,
       0},
  };
  const int32_t n = (int32_t)(sizeof term / sizeof *term) - (c->factors ? 0 : 1);
  double z = 0;
  for (int32_t k = 0; k < n; ++k) {
    e->term[k] = term[k];
    e->term[k].log_odds = term[k].weight * term[k].value;
    z += e->term[k].log_odds;
  }
  e->calibrated = (throng_calibrated){
      .n = n,
      .term = e->term,
      .item_answers = c->effects->item_n[q->candidate],
      .user_answers = c->effects->user_n[q->user],
      .smoothing = f->smoothing,
      .p = logistic_sigmoid(z),
      .threshold = f->threshold,
      .answer = q->def->answer,
  };
  e->shown.calibrated = &e->calibrated;
}

/// What decides vote `k` by its sign.
static double margin_of(const explained *e, int k, const vote_further *further) {
  const throng_vote *v = &e->shown.vote;
  switch (k) {
    case THRONG_VOTE_F_MAT: return v->alpha_pos - v->alpha_neg;
    case THRONG_VOTE_F_SIM: return (double)v->beta_pos - (double)v->beta_neg;
    case THRONG_VOTE_F_STA: return (double)v->p_like - e->shown.sta_threshold;
    default: return vote_score_double(v, further, k) - 0.5;
  }
}

static void fill_votes(const question *q, explained *e, const vote_further *further) {
  throng_explanation *x = &e->shown;
  const unsigned asked = rule_asks(q->def);
  // The published code knows no coin: its ties are 0.
  const bool coins = q->def->semantics == THRONG_SEMANTICS_PAPER;
  const vote_rule rule = vote_make_rule(q->def, q->sta, NULL);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const double margin = margin_of(e, k, further);
    const bool logical = k == THRONG_VOTE_F_MAT || k == THRONG_VOTE_F_SIM;
    e->votes[k] = (throng_explained_vote){
        .name = throng_vote_name((throng_vote_id)k),
        .title = throng_vote_title((throng_vote_id)k),
        .made = logical || (k == THRONG_VOTE_F_STA ? q->sta != NULL : (asked & VOTE_BIT(k)) != 0),
        .asked = (asked & VOTE_BIT(k)) != 0,
        .coin = logical && (q->coin || (coins && !(margin > 0 || margin < 0))),
        .vote = vote_hard(&x->vote, further, k),
        .score = vote_score(&x->vote, further, k),
        .margin = margin,
    };
  }
  x->votes = e->votes;
  x->score = rule_score(&rule, &x->vote, further);
}

static throng_status explain(const question *q, const throng_vote *vote,
                             const vote_further *further, throng_explanation **out) {
  explained *e;
  THRONG_TRY(throng_alloc((void **)&e, 1, sizeof *e, "explanation"));
  e->shown = (throng_explanation){
      .user = q->user,
      .candidate = q->candidate,
      .n_history = q->n,
      .vote = *vote,
      .sta_threshold = q->sta ? (double)q->sta->def.threshold : 0.5,
      .semantics = q->def->semantics,
      .rule = q->def->rule,
      .rule_help = rule_help(q->def->rule),
  };
  throng_status status = gather_evidence(q, e);
  if (status != THRONG_OK) {
    throng_explanation_free(&e->shown);
    return status;
  }
  fill_votes(q, e, further);
  if (q->models->asked & VOTE_BIT(THRONG_VOTE_F_POP)) fill_rates(q, e);
  if (q->models->asked & VOTE_BIT(THRONG_VOTE_F_CAL)) fill_calibrated(q, e);
  *out = &e->shown;
  return THRONG_OK;
}

/// Of one pair, by votes whose models are there.
static throng_status explain_by(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                                const vote_models *models, const throng_pairs *pair,
                                throng_explanation **out) {
  throng_vote vote;
  vote_further further = {{0}};
  float *wanted[THRONG_VOTE_FURTHER];
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    wanted[k] = models->asked & VOTE_BIT(k + THRONG_VOTE_IN_RECORD) ? &further.score[k] : NULL;
  THRONG_TRY(votes_evaluate_by(backend, world, sta, def, seed, models, pair, &vote, wanted));
  const question q = {.world = world,
                      .def = def,
                      .sta = sta,
                      .models = models,
                      .user = pair->user[0],
                      .candidate = pair->candidate[0],
                      .n = pair->offset[1],
                      .item = pair->item,
                      .like = pair->like};
  return explain(&q, &vote, &further, out);
}

static throng_status require_one(const throng_pairs *pair, const char *what) {
  if (pair->n == 1) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s: one pair is explained, not %lld", what,
                     (long long)pair->n);
}

throng_status throng_explain(throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                             const throng_pairs *pair, throng_explanation **out) {
  *out = NULL;
  THRONG_TRY(require_one(pair, "throng_explain"));
  THRONG_TRY(votes_check(def, world, sta));
  vote_models models = {0};
  throng_status status = vote_models_make(backend, world, sta, def, rule_asks(def), 0, &models);
  if (status == THRONG_OK) status = explain_by(backend, world, sta, def, seed, &models, pair, out);
  vote_models_free(&models);
  return status;
}

throng_status throng_sim_explain_pair(throng_sim *s, const throng_pairs *pair,
                                      throng_explanation **out) {
  *out = NULL;
  THRONG_TRY(require_one(pair, "throng_sim_explain_pair"));
  return explain_by(s->backend, s->world, s->sta, &s->def.votes, s->def.seed, &s->models, pair,
                    out);
}

/// The votes of one lane on one item, from the backend.
static throng_status ask_lane(throng_sim *s, int32_t lane, int32_t item, throng_vote *vote,
                              vote_further *further) {
  const backend_ops *ops = s->backend->ops;
  const int64_t bytes = (int64_t)sizeof *vote, further_bytes = (int64_t)sizeof *further;
  tensor_set set = {0};
  int32_t *lane_there, *item_there;
  sim_ask_args a = {.of = sim_make_sta_args(s)};
  throng_status status;
  THRONG_TRY_GOTO(tensors_add(&set, &lane_there, TENSOR_I32, TENSOR_SHAPE(1), "lane"));
  THRONG_TRY_GOTO(tensors_add(&set, &item_there, TENSOR_I32, TENSOR_SHAPE(1), "item"));
  THRONG_TRY_GOTO(tensors_add(&set, &a.vote, TENSOR_U8, TENSOR_SHAPE(1, bytes), "vote"));
  THRONG_TRY_GOTO(
      tensors_add(&set, &a.further, TENSOR_U8, TENSOR_SHAPE(1, further_bytes), "further"));
  THRONG_TRY_GOTO(tensors_allocate(&set, s->backend, "explanation"));
  THRONG_TRY_GOTO(ops->upload(s->backend, lane_there, &lane, sizeof lane));
  THRONG_TRY_GOTO(ops->upload(s->backend, item_there, &item, sizeof item));
  a.lane = lane_there;
  a.item = item_there;
  THRONG_TRY_GOTO(BACKEND_LAUNCH(s->backend, sim_ask, 1, &a));
  THRONG_TRY_GOTO(ops->download(s->backend, vote, a.vote, sizeof *vote));
  THRONG_TRY_GOTO(ops->download(s->backend, further, a.further, sizeof *further));
done:
  tensors_free(&set);
  return status;
}

static bool answers_by_coin(const throng_sim *s, int32_t item) {
  return s->published.reviewer && s->published.earlier[item] == 0;
}

/// Who answers a lane about an item, and after which entries.
typedef struct lane_past {
  int32_t user;
  int64_t n;
  int32_t *item;  // (n) oldest first
  uint8_t *like;  // (n)
} lane_past;

/// The lane's own history; in the released environment the item's reviewer's before it (nothing at
/// all where there is none, for then a coin answers).
static throng_status gather_past(throng_sim *s, int32_t lane, int32_t item, lane_past *past) {
  throng_observation seen;
  THRONG_TRY(throng_sim_observe(s, &seen));
  const int64_t first = (int64_t)lane * seen.n_history;
  const bool coin = answers_by_coin(s, item);
  const int64_t n_own = coin ? 0 : seen.length[lane];
  const bool other = s->published.reviewer && s->published.reviewer[item] >= 0;
  const int64_t n_reviewer = other ? s->published.earlier[item] : 0;
  past->user = other ? s->published.reviewer[item] : seen.user[lane];
  past->n = n_reviewer + n_own;
  const size_t size = (size_t)past->n + 1;
  THRONG_TRY(throng_alloc((void **)&past->item, size, sizeof *past->item, "explanation"));
  THRONG_TRY(throng_alloc((void **)&past->like, size, sizeof *past->like, "explanation"));
  const int64_t begin = s->world->user_offset[past->user];
  for (int64_t k = 0; k < n_reviewer; ++k) {
    past->item[k] = s->world->history_item[begin + k];
    past->like[k] = s->world->history_like[begin + k] != 0;
  }
  for (int64_t k = 0; k < n_own; ++k) {
    past->item[n_reviewer + k] = seen.item[first + k];
    past->like[n_reviewer + k] = seen.like[first + k] > 0;
  }
  return THRONG_OK;
}

/// What the session has made of the lane's user, from the backend.
static throng_status ask_session(throng_sim *s, int32_t lane, int32_t item,
                                 throng_explained_session *out) {
  const backend_ops *ops = s->backend->ops;
  const int64_t bytes = (int64_t)sizeof(users_asked);
  tensor_set set = {0};
  int32_t *lane_there, *item_there;
  users_asked x;
  uint8_t left = 0;
  sim_users_ask_args a = {.of = sim_make_sta_args(s)};
  throng_status status;
  THRONG_TRY_GOTO(tensors_add(&set, &lane_there, TENSOR_I32, TENSOR_SHAPE(1), "lane"));
  THRONG_TRY_GOTO(tensors_add(&set, &item_there, TENSOR_I32, TENSOR_SHAPE(1), "item"));
  THRONG_TRY_GOTO(tensors_add(&set, &a.asked, TENSOR_U8, TENSOR_SHAPE(1, bytes), "session"));
  THRONG_TRY_GOTO(tensors_allocate(&set, s->backend, "explanation"));
  THRONG_TRY_GOTO(ops->upload(s->backend, lane_there, &lane, sizeof lane));
  THRONG_TRY_GOTO(ops->upload(s->backend, item_there, &item, sizeof item));
  a.lane = lane_there;
  a.item = item_there;
  THRONG_TRY_GOTO(BACKEND_LAUNCH(s->backend, sim_users_ask, 1, &a));
  THRONG_TRY_GOTO(ops->download(s->backend, &x, a.asked, sizeof x));
  THRONG_TRY_GOTO(ops->download(s->backend, &left, s->left + lane, sizeof left));
  *out = (throng_explained_session){
      .n_shown = x.shown,
      .rule_like = (uint8_t)x.rule_like,
      .mood_counts = s->def.users.temper > 0,
      .mood = (double)x.mood,
      .mood_after = {(double)x.mood_after[0], (double)x.mood_after[1]},
      .repeats = x.repeats,
      .repeats_topic = x.repeats_topic,
      .bored = x.terms.bored,
      .bored_topic = x.terms.bored_topic,
      .satiation = (double)x.terms.satiation,
      .satiation_topic = x.terms.satiation_topic,
      .exposure = (double)x.terms.exposure,
      .drift = (double)x.terms.drift,
      .appetite = (double)x.terms.appetite,
      .keep = (double)users_keep(&x.terms),
      .turn = (double)users_turn(&x.terms),
      .leaves = {(throng_leave)x.leaves[0], (throng_leave)x.leaves[1]},
      .left = (throng_leave)left,
      .number = x.number,
      .gap = x.gap,
      .return_chance = {(double)x.returns[0], (double)x.returns[1]},
  };
done:
  tensors_free(&set);
  return status;
}

throng_status throng_sim_explain(throng_sim *s, int32_t lane, int32_t item,
                                 throng_explanation **out) {
  *out = NULL;
  if (lane < 0 || lane >= s->n_lane)
    return throng_fail(THRONG_ERROR_ARGUMENT, "explain: lane %d is not in 0..%d", lane,
                       s->n_lane - 1);
  if (item < 0 || item >= s->world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT, "explain: item %d is not in 0..%lld", item,
                       (long long)s->world->n_item - 1);
  throng_vote vote;
  vote_further further;
  lane_past past = {0};
  throng_explained_session session;
  throng_status status;
  THRONG_TRY_GOTO(ask_lane(s, lane, item, &vote, &further));
  THRONG_TRY_GOTO(gather_past(s, lane, item, &past));
  const question q = {.world = s->world,
                      .def = &s->def.votes,
                      .sta = s->sta,
                      .models = &s->models,
                      .user = past.user,
                      .candidate = item,
                      .coin = answers_by_coin(s, item),
                      .n = past.n,
                      .item = past.item,
                      .like = past.like};
  if (s->left) THRONG_TRY_GOTO(ask_session(s, lane, item, &session));
  THRONG_TRY_GOTO(explain(&q, &vote, &further, out));
  if (s->left) {
    explained *e = (explained *)*out;
    e->session = session;
    e->shown.session = &e->session;
  }
done:
  free(past.item);
  free(past.like);
  return status;
}
