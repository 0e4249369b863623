/// f_cal's fit: the votes on each user's last but one interaction, and the regression on them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/status.h"
#include "data/split.h"
#include "sim/calibration.h"
#include "sim/logistic.h"
#include "sim/rule.h"
#include "sta/sta_prior.h"
#include "world/world.h"

enum { WEIGHTS = 7 };  // w0, w_mat, w_sim, w_sta, w_item, w_user, w_factors

/// The rows' votes and terms, and the smoothing that is tried.
typedef struct fit_rows {
  const throng_vote *vote;  // (n)
  uint8_t *like;            // (n)
  double *item, *user;      // (n) effects
  double *factors;          // (n) products; NULL: no such term
  int64_t n;
  bool has_sta;
  bool leaves[WEIGHTS];  // weights that would be below 0: their terms are left out
  double prior_pos, prior_neg;
} fit_rows;

static int64_t row_of(const throng_world *w, int64_t user) {
  const int64_t begin = w->user_offset[user], end = w->user_offset[user + 1];
  return end - begin >= SPLIT_VALIDATION ? end - SPLIT_VALIDATION : -1;
}

static void fill(const fit_rows *r, int64_t k, double x[WEIGHTS]) {
  const throng_vote *v = &r->vote[k];
  const double least = (double)CALIBRATION_LEAST;
  const double p = (double)v->p_like;
  x[0] = 1;
  x[1] = log((v->alpha_pos + r->prior_pos) / (v->alpha_neg + r->prior_neg));
  x[2] = tanh(3 * ((double)v->beta_pos - (double)v->beta_neg));
  x[3] = r->has_sta ? log(fmax(p, least) / fmax(1 - p, least)) : 0;
  x[4] = r->item[k];
  x[5] = r->user[k];
  x[6] = r->factors ? r->factors[k] : 0;
  for (int i = 0; i < WEIGHTS; ++i)
    if (r->leaves[i]) x[i] = 0;
}

static void each_row(const void *of, void (*add)(void *to, const double *x, int like), void *to) {
  const fit_rows *r = of;
  double x[WEIGHTS];
  for (int64_t k = 0; k < r->n; ++k) {
    fill(r, k, x);
    add(to, x, r->like[k]);
  }
}

/// The least penalised loss where no weight but the intercept is below 0: the most negative one
/// is left out until none is.
static throng_status regress_positive(fit_rows *r, double weight[WEIGHTS], double *loss) {
  const int n = r->factors ? WEIGHTS : WEIGHTS - 1;
  logistic l = {.name = "f_cal", .n = n, .centre = {[4] = 1, [5] = 1}, .of = r};
  l.rows = each_row;
  for (int i = 1; i < WEIGHTS; ++i) l.ridge[i] = CALIBRATION_RIDGE;
  memset(r->leaves, 0, sizeof r->leaves);
  for (;;) {
    int worst = 0;
    for (int i = 0; i < WEIGHTS; ++i) weight[i] = l.centre[i];
    THRONG_TRY(logistic_fit(&l, weight, loss));
    for (int i = 1; i < WEIGHTS; ++i)
      if (weight[i] < 0 && (worst == 0 || weight[i] < weight[worst])) worst = i;
    if (worst == 0) return THRONG_OK;
    r->leaves[worst] = true;
    l.centre[worst] = 0;
  }
}

/// The smoothing of the least penalised loss, and its weights.
static throng_status regress(fit_rows *r, double share, sta_calibration *out) {
  double least = INFINITY;
  for (int s = 0; s < CALIBRATION_SMOOTHINGS; ++s) {
    double weight[WEIGHTS], loss;
    const double k = ldexp(1, s);
    r->prior_pos = k * share;
    r->prior_neg = k * (1 - share);
    THRONG_TRY(regress_positive(r, weight, &loss));
    if (!(loss < least)) continue;
    least = loss;
    out->smoothing = k;
    out->intercept = weight[0];
    out->mat = weight[1];
    out->sim = weight[2];
    out->sta = weight[3];
    out->item = weight[4];
    out->user = weight[5];
    out->factors = weight[6];
  }
  r->prior_pos = out->smoothing * share;
  r->prior_neg = out->smoothing * (1 - share);
  memset(r->leaves, 0, sizeof r->leaves);
  return THRONG_OK;
}

/// Half way between the n_like-th largest probability and the next: as many rows reach it as like.
static throng_status find_threshold(const fit_rows *r, int64_t n_like, sta_calibration *out) {
  double *p;
  const double weight[WEIGHTS] = {out->intercept, out->mat,  out->sim,    out->sta,
                                  out->item,      out->user, out->factors};
  THRONG_TRY(throng_alloc((void **)&p, (size_t)r->n, sizeof *p, "calibration"));
  for (int64_t k = 0; k < r->n; ++k) {
    double x[WEIGHTS], z = 0;
    fill(r, k, x);
    for (int i = 0; i < WEIGHTS; ++i) z += weight[i] * x[i];
    p[k] = logistic_sigmoid(z);
  }
  sort_numbers(r->n, p);
  out->threshold = 0.5 * (p[r->n - n_like] + p[r->n - n_like - 1]);
  free(p);
  return THRONG_OK;
}

/// Nothing to fit on?
static throng_status check_rows(const throng_world *w, const fit_rows *r, const effects *e,
                                int64_t n_like) {
  if (r->n == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "f_cal: none of %lld users has %d interactions, so there is no answer to "
                       "fit its weights on",
                       (long long)w->n_user, SPLIT_VALIDATION);
  const int64_t all = e->n + r->n, likes = e->n_like + n_like;
  if (likes != 0 && likes != all) return THRONG_OK;
  // Where answers are no ratings no threshold divides them: dislikes have to be drawn.
  const bool ratings = !isnan(w->like_threshold);
  return throng_fail(THRONG_ERROR_DATA,
                     "f_cal: all of the %lld answers that its weights are fitted on are %s; %s, or "
                     "another votes.rule (majority)",
                     (long long)r->n, n_like ? "likes" : "dislikes",
                     ratings ? "a like_threshold that leaves both kinds would help"
                             : "dislikes drawn of unseen items would help (dataset.negatives 1 "
                               "where the world is prepared)");
}

static throng_status fit(const throng_world *w, fit_rows *r, const effects *e,
                         const biased_mf *factors, sta_calibration *out) {
  int64_t n_like = 0;
  for (int64_t u = 0; u < w->n_user; ++u) {
    const int64_t at = row_of(w, u);
    if (at < 0) continue;
    r->like[r->n] = w->history_like[at] != 0;
    r->item[r->n] = e->item[w->history_item[at]];
    r->user[r->n] = e->user[u];
    if (factors) r->factors[r->n] = factors_product(factors, (int32_t)u, w->history_item[at]);
    n_like += r->like[r->n];
    r->n += 1;
  }
  THRONG_TRY(check_rows(w, r, e, n_like));
  // Of one kind, they say nothing of the votes: the effects alone answer, as the weights' prior has
  // it.
  *out = (sta_calibration){
      .intercept = e->mean, .item = 1, .user = 1, .smoothing = 1, .threshold = 0.5};
  if (n_like > 0 && n_like < r->n) {
    THRONG_TRY(regress(r, effects_share(e), out));
    THRONG_TRY(find_threshold(r, n_like, out));
  }
  out->user_variance = e->user_variance;
  out->terms = factors ? STA_CALIBRATION_WITH_FACTORS : STA_CALIBRATION_TERMS;
  return THRONG_OK;
}

throng_status calibration_fit_votes(const throng_world *world, const throng_vote *vote,
                                    bool has_sta, bool has_factors, sta_calibration *out) {
  world_fit *effect = NULL, *factors = NULL;
  fit_rows r = {.vote = vote, .has_sta = has_sta};
  const size_t most = (size_t)world->n_user;
  throng_status status;
  *out = (sta_calibration){0};
  THRONG_TRY_GOTO(throng_alloc((void **)&r.like, most, sizeof *r.like, "calibration"));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.item, most, sizeof *r.item, "calibration"));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.user, most, sizeof *r.user, "calibration"));
  THRONG_TRY_GOTO(world_fit_take(world->fits, world, &effects_of_world, SPLIT_HELD_OUT, &effect));
  if (has_factors) {
    THRONG_TRY_GOTO(throng_alloc((void **)&r.factors, most, sizeof *r.factors, "calibration"));
    THRONG_TRY_GOTO(
        world_fit_take(world->fits, world, &factors_of_world, SPLIT_HELD_OUT, &factors));
  }
  const biased_mf *mf = factors ? world_fit_get(factors) : NULL;
  THRONG_TRY_GOTO(fit(world, &r, world_fit_get(effect), mf, out));
done:
  world_fit_give_back(effect);
  world_fit_give_back(factors);
  free(r.like);
  free(r.item);
  free(r.user);
  free(r.factors);
  return status;
}

// ---- the votes on them -------------------------------------------------------------------------

typedef struct asked_pairs {
  int32_t *user, *candidate, *item;
  int64_t *offset;
  uint8_t *like;
  throng_vote *vote;
} asked_pairs;

static throng_status take(const throng_world *w, asked_pairs *p) {
  const size_t n = (size_t)w->n_user, n_entry = (size_t)w->n_interaction;
#define TAKE(name, n) \
  THRONG_TRY(throng_alloc((void **)&p->name, (n), sizeof *p->name, "calibration"))
  TAKE(user, n);
  TAKE(candidate, n);
  TAKE(offset, n + 1);
  TAKE(vote, n);
  TAKE(item, n_entry);
  TAKE(like, n_entry);
#undef TAKE
  return THRONG_OK;
}

throng_status calibration_fit(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_votes_def *def,
                              sta_calibration *out) {
  asked_pairs p = {0};
  int64_t n = 0;
  throng_votes_def logical = *def;
  throng_sta *rates = NULL;
  bool of_rates = false;
  throng_status status;
  logical.rule = THRONG_RULE_LOGICAL;
  THRONG_TRY_GOTO(take(world, &p));
  for (int64_t u = 0; u < world->n_user; ++u) {
    const int64_t at = row_of(world, u);
    if (at < 0) continue;
    int64_t end = p.offset[n];
    for (int64_t k = world->user_offset[u]; k < at; ++k) {
      if (world->history_item[k] == world->history_item[at]) continue;  // never its own evidence
      p.item[end] = world->history_item[k];
      p.like[end++] = world->history_like[k];
    }
    p.user[n] = (int32_t)u;
    p.candidate[n] = world->history_item[at];
    p.offset[++n] = end;
  }
  const throng_pairs pairs = {n, p.user, p.candidate, p.offset, p.item, p.like};
  // Like rates in place of f_sta's fit count the answers that are fitted on here: others do not.
  if (sta) THRONG_TRY_GOTO(sta_is_rates(sta, &of_rates));
  if (of_rates)
    THRONG_TRY_GOTO(sta_rates_create(backend, world, &sta->def, SPLIT_HELD_OUT, &rates));
  const throng_sta *asked = rates ? rates : sta;
  THRONG_TRY_GOTO(throng_votes_evaluate(backend, world, asked, &logical, 0, &pairs, p.vote, NULL));
  THRONG_TRY_GOTO(calibration_fit_votes(world, p.vote, sta != NULL, def->factors, out));
  out->semantics = (double)def->semantics;
  out->similarity = (double)def->similarity;
done:
  throng_sta_close(rates);
  free(p.user);
  free(p.candidate);
  free(p.offset);
  free(p.vote);
  free(p.item);
  free(p.like);
  return status;
}

throng_status throng_calibrate(throng_sta *sta, const throng_world *world,
                               const throng_votes_def *votes, throng_calibration *out) {
  sta_calibration fitted;
  THRONG_TRY(votes_check(votes, world, sta));
  THRONG_TRY(calibration_fit(sta->backend, world, sta, votes, &fitted));
  sta->calibration = fitted;
  sta->calibrated = true;
  if (out)
    *out = (throng_calibration){
        .intercept = fitted.intercept,
        .mat = fitted.mat,
        .sim = fitted.sim,
        .sta = fitted.sta,
        .item = fitted.item,
        .user = fitted.user,
        .factors = fitted.factors,
        .smoothing = fitted.smoothing,
        .user_variance = fitted.user_variance,
        .threshold = fitted.threshold,
    };
  return THRONG_OK;
}
