/// AUC and log-loss of held-out answers (label objective); HR@10 and NDCG@10 of held-out items
/// among 100 random others (next-item objective; Kang & McAuley 2018, section IV-C).
#include "sta/sta_evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "base/statistics.h"
#include "data/split.h"
#include "kernels/base/history.h"
#include "kernels/base/random.h"
#include "world/unseen.h"
#include "world/world.h"

enum { N_OTHER = 100, TOP = 10, MOST_DRAWS = 64 };

/// The questions on the host, on their way to the scorer.
typedef struct pair_lists {
  int32_t *user, *count;      // (n_history)
  int64_t *begin, *question;  // (n_history), (n_history + 1)
  int32_t *candidate, *other, *seen_by;
  uint32_t *packed;
} pair_lists;

static void lists_free(pair_lists *l) {
  free(l->user);
  free(l->candidate);
  free(l->count);
  free(l->other);
  free(l->seen_by);
  free(l->begin);
  free(l->question);
  free(l->packed);
}

static throng_status lists_alloc(pair_lists *l, const throng_world *world, const sta_scorer *s) {
  const size_t rows = (size_t)s->n, asked = (size_t)s->n_question;
  THRONG_TRY(throng_alloc((void **)&l->user, rows, sizeof *l->user, "held-out pairs"));
  THRONG_TRY(throng_alloc((void **)&l->count, rows, sizeof *l->count, "held-out pairs"));
  THRONG_TRY(throng_alloc((void **)&l->begin, rows, sizeof *l->begin, "held-out pairs"));
  THRONG_TRY(throng_alloc((void **)&l->question, rows + 1, sizeof *l->question, "held-out pairs"));
  THRONG_TRY(throng_alloc((void **)&l->candidate, asked, sizeof *l->candidate, "held-out pairs"));
  THRONG_TRY(throng_alloc((void **)&l->other, asked * (size_t)s->n_other, sizeof *l->other,
                          "items to rank among"));
  THRONG_TRY(throng_alloc((void **)&l->seen_by, (size_t)world->n_item, sizeof *l->seen_by,
                          "items to rank among"));
  return throng_alloc((void **)&l->packed, (size_t)world->n_interaction, sizeof *l->packed,
                      "histories");
}

/// Items of nowhere in the user's history. `seen_by` holds user + 1 for the items that are.
static void draw_others(const throng_world *world, uint32_t seed, int64_t user, int back,
                        int32_t *seen_by, int32_t *other) {
  for (int64_t k = world->user_offset[user]; k < world->user_offset[user + 1]; ++k)
    seen_by[world->history_item[k]] = (int32_t)user + 1;
  for (uint32_t i = 0; i < N_OTHER; ++i)
    for (uint32_t draw = 0; draw < MOST_DRAWS; ++draw) {
      random_words r = random_draw(seed, RANDOM_NEGATIVE, draw / 4, i + (uint32_t)back * N_OTHER,
                                   (uint32_t)user, 1);
      other[i] = (int32_t)random_index(r.w[draw % 4], (uint32_t)(world->n_item - world->n_cold));
      if (seen_by[other[i]] != (int32_t)user + 1) break;
    }
}

static int64_t least_history(const sta_evaluation *e, int back) {
  return e->objective == THRONG_STA_NEXT_ITEM ? SPLIT_HELD_OUT + 1 : back;
}

static void fill_lists(sta_evaluation *e, const throng_sta *sta, const throng_world *world,
                       int back, pair_lists *l) {
  int64_t row = 0, at = 0;
  for (int64_t user = 0; user < world->n_user; ++user) {
    const int64_t begin = world->user_offset[user], end = world->user_offset[user + 1];
    if (end - begin < least_history(e, back)) continue;
    l->user[row] = (int32_t)user;
    l->begin[row] = begin;
    l->count[row] = (int32_t)(end - begin - back);
    l->question[row++] = at;
    l->candidate[at] = world->history_item[end - back];
    e->like[at] = world->history_like[end - back] != 0;
    if (e->objective == THRONG_STA_NEXT_ITEM)
      draw_others(world, sta->def.seed, user, back, l->seen_by, l->other + at * N_OTHER);
    ++at;
    if (!e->sampled) continue;
    // What nobody disliked is held against an unseen item; who knows all items is asked twice.
    const int32_t unseen = world_draw_unseen(world, user, sta->def.seed, (uint32_t)back);
    l->candidate[at] = unseen < 0 ? l->candidate[at - 1] : unseen;
    e->like[at] = unseen < 0;
    ++at;
  }
  l->question[row] = at;
  for (int64_t k = 0; k < world->n_interaction; ++k)
    l->packed[k] = history_pack(world->history_item[k], world->history_like[k]);
}

static throng_status upload_lists(sta_scorer *s, const pair_lists *l, int64_t n_entry) {
  throng_backend *backend = s->tensors.backend;
  const backend_ops *ops = backend->ops;
  const size_t n = (size_t)s->n, asked = (size_t)s->n_question;
  THRONG_TRY(ops->upload(backend, s->user, l->user, n * sizeof *l->user));
  THRONG_TRY(ops->upload(backend, s->begin, l->begin, n * sizeof *l->begin));
  THRONG_TRY(ops->upload(backend, s->count, l->count, n * sizeof *l->count));
  THRONG_TRY(ops->upload(backend, s->question, l->question, (n + 1) * sizeof *l->question));
  THRONG_TRY(ops->upload(backend, s->candidate, l->candidate, asked * sizeof *l->candidate));
  THRONG_TRY(
      ops->upload(backend, s->other, l->other, asked * (size_t)s->n_other * sizeof *l->other));
  return ops->upload(backend, s->history, l->packed, (size_t)n_entry * sizeof *l->packed);
}

throng_status sta_evaluation_create(const throng_sta *sta, const throng_world *world, int back,
                                    sta_evaluation *e) {
  *e = (sta_evaluation){.objective = sta->def.objective};
  e->sampled = e->objective == THRONG_STA_LABEL && world_lacks_dislikes(world);
  const int32_t n_other = e->objective == THRONG_STA_NEXT_ITEM ? N_OTHER : 0;
  for (int64_t user = 0; user < world->n_user; ++user)
    e->n += world->user_offset[user + 1] - world->user_offset[user] >= least_history(e, back);
  const int64_t n_history = e->n;
  if (e->sampled) e->n *= 2;
  const size_t n = (size_t)e->n;
  THRONG_TRY(throng_alloc((void **)&e->like, n, sizeof *e->like, "held-out answers"));
  THRONG_TRY(throng_alloc((void **)&e->answer, n, sizeof *e->answer, "held-out answers"));
  THRONG_TRY(throng_alloc((void **)&e->p, n, sizeof *e->p, "held-out answers"));
  THRONG_TRY(throng_alloc((void **)&e->score, n, sizeof *e->score, "held-out answers"));
  THRONG_TRY(throng_alloc((void **)&e->rank, n, sizeof *e->rank, "held-out ranks"));
  THRONG_TRY(sta_scorer_create(sta->backend, &sta->view, n_history, e->n, world->n_interaction,
                               n_other, &e->scorer));
  pair_lists lists = {0};
  throng_status status = lists_alloc(&lists, world, &e->scorer);
  if (status == THRONG_OK) {
    fill_lists(e, sta, world, back, &lists);
    status = upload_lists(&e->scorer, &lists, world->n_interaction);
  }
  lists_free(&lists);
  return status;
}

/// Lower end of the 95 % interval of an AUC over so many positives and negatives (Hanley & McNeil,
/// Radiology 143, 1982).
static double auc_low(double auc, int64_t n_positive, int64_t n_negative) {
  const double a = (double)n_positive, b = (double)n_negative;
  const double both = auc / (2 - auc) - auc * auc, other = 2 * auc * auc / (1 + auc) - auc * auc;
  const double variance = (auc * (1 - auc) + (a - 1) * both + (b - 1) * other) / (a * b);
  return auc - 1.96 * sqrt(fmax(variance, 0));
}

/// Lower end of Wilson's 95 % interval of a share (JASA 22, 1927).
static double share_low(double share, int64_t n) {
  const double z = 1.96, all = (double)n, middle = share + z * z / (2 * all);
  const double half = z * sqrt(share * (1 - share) / all + z * z / (4 * all * all));
  return (middle - half) / (1 + z * z / all);
}

static throng_status measure_answers(sta_evaluation *e, sta_measures *out) {
  classification c;
  THRONG_TRY(sta_scorer_run(&e->scorer, e->p, NULL));
  for (int64_t i = 0; i < e->n; ++i) {
    e->score[i] = (double)e->p[i];
    e->answer[i] = e->p[i] >= e->scorer.view.threshold;
  }
  THRONG_TRY(classification_measure(e->n, e->like, e->answer, e->score, &c));
  out->auc = c.auc;
  out->log_loss = c.log_loss;
  out->low = auc_low(c.auc, c.n_positive, c.n - c.n_positive);
  return THRONG_OK;
}

static throng_status measure_ranks(sta_evaluation *e, sta_measures *out) {
  THRONG_TRY(sta_scorer_run(&e->scorer, NULL, e->rank));
  double hits = 0, gain = 0;
  for (int64_t i = 0; i < e->n; ++i)
    if (e->rank[i] < TOP) {
      hits += 1;
      gain += 1 / log2(e->rank[i] + 2.0);
    }
  out->hr10 = e->n ? hits / (double)e->n : NAN;
  out->ndcg10 = e->n ? gain / (double)e->n : NAN;
  out->low = share_low(out->hr10, e->n);
  return THRONG_OK;
}

throng_status sta_evaluation_run(sta_evaluation *e, sta_measures *out) {
  *out = (sta_measures){NAN, NAN, NAN, NAN, NAN};
  return e->objective == THRONG_STA_LABEL ? measure_answers(e, out) : measure_ranks(e, out);
}

void sta_evaluation_free(sta_evaluation *e) {
  sta_scorer_free(&e->scorer);
  free(e->like);
  free(e->answer);
  free(e->p);
  free(e->score);
  free(e->rank);
}
