/// Takes explanations apart.
#include "run_report/watch.h"

#include <stdlib.h>
#include <string.h>

#include "sim/evidence.h"
#include "world/world.h"

struct watcher {
  run_measures *to;
  const throng_world *world;
  int32_t n_lane;            // that are explained: the first ones
  throng_explanation **why;  // (n_lane) of the item shown first, or NULL
};

throng_status watcher_create(run_measures *to, int32_t episodes, watcher **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(watcher), "report"));
  watcher *w = *out = block;
  w->to = to;
  w->world = to->opened.world;
  w->n_lane = episodes < MEASURE_EXPLAINED ? episodes : MEASURE_EXPLAINED;
  const size_t n_keyword = (size_t)throng_world_get_info(w->world).n_keyword;
  throng_status status =
      throng_alloc((void **)&w->why, (size_t)w->n_lane, sizeof(throng_explanation *), "report");
  for (int s = 0; s < 2 && status == THRONG_OK; ++s)
    status = throng_alloc((void **)&to->count[s], n_keyword, sizeof *to->count[s], "report");
  for (size_t k = 0; k < n_keyword && status == THRONG_OK; ++k)
    to->count[0][k].keyword = to->count[1][k].keyword = (int32_t)k;
  to->n_told = w->n_lane < MEASURE_USERS ? w->n_lane : MEASURE_USERS;
  if (status == THRONG_OK) return THRONG_OK;
  watcher_free(w);
  *out = NULL;
  return status;
}

static void forget(watcher *w) {
  for (int32_t k = 0; k < w->n_lane && w->why; ++k) {
    throng_explanation_free(w->why[k]);
    w->why[k] = NULL;
  }
}

void watcher_free(watcher *w) {
  if (!w) return;
  forget(w);
  free(w->why);
  free(w);
}

/// Before the first step: whom the told sessions are of.
static void begin_told(watcher *w, throng_sim *sim) {
  throng_observation now;
  if (throng_sim_observe(sim, &now) != THRONG_OK) return;
  for (int32_t k = 0; k < w->to->n_told; ++k) {
    told_user *t = &w->to->told[k];
    if (t->steps > 0 || now.step[k] > 0) continue;
    t->user = now.user[k];
    t->history = now.length[k];
    t->liked = 0;
    for (int32_t i = 0; i < now.length[k]; ++i)
      t->liked += now.like[(int64_t)k * now.n_history + i] > 0;
  }
}

throng_status watcher_shown(void *context, throng_sim *sim, const int32_t *shown,
                            const uint8_t *ended) {
  watcher *w = context;
  const int64_t slate = throng_sim_get_def(sim).slate_size;
  begin_told(w, sim);
  forget(w);
  for (int32_t lane = 0; lane < w->n_lane; ++lane)
    if (!ended[lane]) THRONG_TRY(throng_sim_explain(sim, lane, shown[lane * slate], &w->why[lane]));
  return THRONG_OK;
}

/// Each keyword once: `shared` is by keyword, as the candidate's list is.
static void take_side(const watcher *w, const throng_explanation *x, throng_side side, bool looked,
                      bool decided, told_side *told) {
  const throng_evidence *of = side == THRONG_LIKING ? &x->liked : &x->disliked;
  const int32_t *list;
  const int64_t n = throng_world_item_keywords(w->world, x->candidate, side, &list);
  int64_t at = 0;
  for (int64_t k = 0; k < n; ++k) {
    const char *word = throng_world_keyword(w->world, list[k]);
    const int64_t first = at;
    if (at == of->n_shared || of->shared[at].keyword != word) continue;
    at = evidence_keyword_end(of, first);
    keyword_count *count = &w->to->count[side][list[k]];
    count->met += looked;
    count->decided += decided;
    if (!told) continue;
    ++told->met;
    if (told->n_named == MEASURE_KEYWORDS) continue;
    told->keyword[told->n_named] = word;
    told->past[told->n_named++] = of->shared[first].item;
  }
  if (!told) return;
  told->nearest = of->nearest;
  told->similarity = (double)of->similarity;
}

static void take_votes(const throng_explanation *x, told_step *step) {
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    step->asked[k] = x->votes[k].asked && x->votes[k].made;
    step->vote[k] = x->votes[k].vote;
    step->value[k] = (double)x->votes[k].score;
  }
  step->score = x->score;
}

throng_status watcher_answered(void *context, throng_sim *sim, const int32_t *shown,
                               const uint8_t *ended) {
  watcher *w = context;
  throng_outcome outcome;
  THRONG_TRY(throng_sim_outcome(sim, &outcome));
  const int64_t slate = outcome.slate_size;
  for (int32_t lane = 0; lane < w->n_lane; ++lane) {
    const throng_explanation *x = w->why[lane];
    told_user *user = lane < w->to->n_told ? &w->to->told[lane] : NULL;
    if (ended[lane] || !x) continue;
    const int64_t at = lane * slate;
    const bool looked = !outcome.examined || outcome.examined[at];
    const bool like = outcome.vote[at].like != 0;
    told_step *step = user && user->n < MEASURE_STEPS ? &user->step[user->n++] : NULL;
    if (step) {
      *step =
          (told_step){.item = shown[at],
                      .known = looked,
                      .like = like,
                      .left = outcome.left ? (throng_leave)outcome.left[lane] : THRONG_LEAVE_NONE};
      take_votes(x, step);
    }
    if (user) {
      ++user->steps;
      user->likes += (double)outcome.reward[lane];
    }
    // An item that was not looked at has no answer that a keyword could have decided.
    w->to->explained += looked;
    for (int s = 0; s < 2 && (looked || step); ++s)
      take_side(w, x, (throng_side)s, looked, looked && like == (s == THRONG_LIKING),
                step ? &step->side[s] : NULL);
  }
  return THRONG_OK;
}
