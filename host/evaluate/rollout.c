/// Playing the lanes, position by position and all users at once.
#include "evaluate/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "world/world.h"

const char *const rollout_mode_names[ROLLOUT_MODES] = {"forced", "free"};
const char *const rollout_measure_names[ROLLOUT_MEASURE_COUNT] = {
#define X(ID, name, help) [ROLLOUT_##ID] = name,
    ROLLOUT_MEASURES(X)
#undef X
};

void rollout_lanes_free(rollout_lanes *l) {
  free(l->user);
  free(l->length);
  free(l->real);
  for (int m = 0; m < ROLLOUT_MODES; ++m) {
    free(l->answer[m]);
    free(l->score[m]);
  }
  *l = (rollout_lanes){0};
}

static int64_t positions_of(const throng_world *world, int64_t user) {
  const int64_t n = throng_world_later(world, user, NULL, NULL, NULL);
  return n < LATER_MOST ? n : LATER_MOST;
}

static bool plays(const throng_world *world, int64_t user) {
  return world->user_offset[user + 1] > world->user_offset[user] && positions_of(world, user) > 0;
}

static throng_status choose_users(const throng_world *world, int64_t most, rollout_lanes *l) {
  int64_t n = 0, seen = 0;
  for (int64_t u = 0; u < world->n_user; ++u) n += plays(world, u);
  if (n == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "evaluate: this world has no later part to roll out along; make it with "
                       "dataset.later_share (or synth.later_share) of 0.5, say");
  const int64_t wanted = most > 0 && most < n ? most : n;
  const size_t cells = (size_t)wanted * LATER_MOST;
  const char *what = "rollout";
  THRONG_TRY(throng_alloc((void **)&l->user, (size_t)wanted, sizeof *l->user, what));
  THRONG_TRY(throng_alloc((void **)&l->length, (size_t)wanted, sizeof *l->length, what));
  THRONG_TRY(throng_alloc((void **)&l->real, cells, 1, what));
  for (int m = 0; m < ROLLOUT_MODES; ++m) {
    THRONG_TRY(throng_alloc((void **)&l->answer[m], cells, 1, what));
    THRONG_TRY(throng_alloc((void **)&l->score[m], cells, sizeof **l->score, what));
  }
  for (int64_t u = 0; u < world->n_user; ++u) {
    if (!plays(world, u)) continue;
    if (seen++ * wanted / n < l->n) continue;  // every n / wanted-th
    l->user[l->n] = (int32_t)u;
    l->length[l->n] = (int32_t)positions_of(world, u);
    const int64_t first = world->later_offset[u];
    memcpy(l->real + l->n * LATER_MOST, world->later_like + first, (size_t)l->length[l->n]);
    ++l->n;
  }
  return THRONG_OK;
}

/// What one lane remembers at a position: the newest `history` of its user's history and of the
/// positions before. Returns how many; `item`, `like` hold that many and LATER_MOST more.
static int64_t remember(const throng_world *world, const rollout_lanes *l, int64_t lane,
                        int position, rollout_mode mode, int32_t history, int32_t *item,
                        uint8_t *like) {
  const int32_t user = l->user[lane];
  const int64_t end = world->user_offset[user + 1], later = world->later_offset[user];
  const int own = position < history ? position : history;
  int64_t begin = end - (history - own), n = 0;
  if (begin < world->user_offset[user]) begin = world->user_offset[user];
  for (int64_t k = begin; k < end; ++k, ++n) {
    item[n] = world->history_item[k];
    like[n] = world->history_like[k];
  }
  const uint8_t *answer = mode == ROLLOUT_FORCED ? l->real : l->answer[ROLLOUT_FREE];
  for (int k = position - own; k < position; ++k, ++n) {
    item[n] = world->later_item[later + k];
    like[n] = answer[lane * LATER_MOST + k];
  }
  return n;
}

typedef struct playing {
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  const throng_votes_def *votes;
  const rollout_def *def;
  vote_models models;  // of the rule
  int32_t *item;       // (history + LATER_MOST)
  uint8_t *like;
  float *further[THRONG_VOTE_FURTHER];  // (n) of those that the rule asks, else NULL
  throng_vote *vote;                    // (n)
} playing;

static void answer_position(const playing *p, int position, rollout_mode mode, rollout_lanes *l) {
  vote_rule rule = vote_make_rule(p->votes, p->sta, NULL);
  rule.draws = 1;  // so that the score is the mean of the votes' scores, whatever the rule answers
  for (int64_t lane = 0, i = 0; lane < l->n; ++lane) {
    if (position >= l->length[lane]) continue;
    vote_further f = {{0}};
    for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
      if (p->further[k]) f.score[k] = p->further[k][i];
    const int64_t cell = lane * LATER_MOST + position;
    l->answer[mode][cell] = p->vote[i].like;
    l->score[mode][cell] = rule_score(&rule, &p->vote[i], &f);
    ++i;
  }
}

/// Every lane that has this position answers it. Each position and mode has coins of its own.
static throng_status play_position(playing *p, int position, rollout_mode mode, rollout_lanes *l) {
  int64_t n = 0;
  questions q;
  for (int64_t lane = 0; lane < l->n; ++lane) n += position < l->length[lane];
  if (n == 0) return THRONG_OK;
  THRONG_TRY(questions_reserve(n, n * p->def->history, &q));
  for (int64_t lane = 0; lane < l->n; ++lane) {
    if (position >= l->length[lane]) continue;
    const int64_t at = p->world->later_offset[l->user[lane]] + position;
    const int64_t entries =
        remember(p->world, l, lane, position, mode, p->def->history, p->item, p->like);
    questions_add(&q, l->user[lane], p->world->later_item[at], p->world->later_like[at],
                  p->world->later_rating[at], entries, p->item, p->like);
  }
  const uint32_t seed =
      random_draw(p->def->seed, RANDOM_ANSWER, (uint32_t)position, (uint32_t)mode, 0, 7).w[0];
  const throng_pairs pairs = {q.n, q.user, q.candidate, q.offset, q.item, q.like};
  throng_status status = votes_evaluate_by(p->backend, p->world, p->sta, p->votes, seed, &p->models,
                                           &pairs, p->vote, p->further);
  if (status == THRONG_OK) answer_position(p, position, mode, l);
  questions_free(&q);
  return status;
}

static throng_status take_memory(playing *p, int64_t n) {
  const size_t entries = (size_t)(p->def->history + LATER_MOST);
  const unsigned asked = rule_asks(p->votes);
  THRONG_TRY(throng_alloc((void **)&p->item, entries, sizeof *p->item, "rollout"));
  THRONG_TRY(throng_alloc((void **)&p->like, entries, sizeof *p->like, "rollout"));
  THRONG_TRY(throng_alloc((void **)&p->vote, (size_t)n, sizeof *p->vote, "rollout"));
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (asked & VOTE_BIT(THRONG_VOTE_IN_RECORD + k))
      THRONG_TRY(throng_alloc((void **)&p->further[k], (size_t)n, sizeof(float), "rollout"));
  return THRONG_OK;
}

throng_status rollout_play(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_votes_def *votes,
                           const rollout_def *def, const throng_progress *progress,
                           rollout_lanes *out) {
  const bool needs_sta = (rule_asks(votes) & VOTE_BIT(THRONG_VOTE_F_STA)) != 0;
  playing p = {.backend = backend,
               .world = world,
               .sta = needs_sta || rule_asks(votes) & ~VOTES_OF_RECORD ? sta : NULL,
               .votes = votes,
               .def = def};
  throng_status status;
  *out = (rollout_lanes){0};
  THRONG_TRY_GOTO(choose_users(world, def->users, out));
  THRONG_TRY_GOTO(votes_check(votes, world, p.sta));
  THRONG_TRY_GOTO(vote_models_make(backend, world, p.sta, votes, rule_asks(votes), 0, &p.models));
  THRONG_TRY_GOTO(take_memory(&p, out->n));
  for (int position = 0; position < LATER_MOST; ++position) {
    if (!throng_report(progress, "roll out", position, LATER_MOST, "positions"))
      THRONG_TRY_GOTO(throng_cancelled("roll out"));
    for (int m = 0; m < ROLLOUT_MODES; ++m)
      THRONG_TRY_GOTO(play_position(&p, position, (rollout_mode)m, out));
  }
done:
  vote_models_free(&p.models);
  free(p.item);
  free(p.like);
  free(p.vote);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(p.further[k]);
  if (status != THRONG_OK) rollout_lanes_free(out);
  return status;
}

throng_status rollout_make(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_votes_def *votes,
                           const rollout_def *def, const throng_progress *progress, rollout *out) {
  rollout_lanes lanes;
  THRONG_TRY(rollout_play(backend, world, sta, votes, def, progress, &lanes));
  const throng_status status = rollout_measure_lanes(&lanes, def, out);
  out->rule = votes->rule;
  out->has_time = world->has_time;
  rollout_lanes_free(&lanes);
  return status;
}
