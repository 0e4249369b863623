/// Lanes for agents and yardsticks, and their returns.
#include "train/contest.h"

#include <inttypes.h>
#include <string.h>

#include "evaluate/kept_yardsticks.h"
#include "evaluate/yardsticks.h"
#include "world/world.h"

/// Episodes of yardsticks that search slowly.
enum { SEARCH_EPISODES = 32 };

static throng_status make_yardsticks(contest *c, throng_backend *backend, const throng_world *world,
                                     const throng_sta *sta, const throng_sim_def *sim,
                                     const throng_evaluation_def *def, int32_t n_block,
                                     const throng_progress *progress) {
  throng_evaluation_def few = *def;
  if (n_block == 1)
    c->yardsticks = c->agents;
  else
    THRONG_TRY(evaluator_create(backend, world, sta, sim, &few, 1, true, &c->yardsticks));
  if (!evaluator_searches_slowly(c->yardsticks) || few.episodes <= SEARCH_EPISODES)
    return THRONG_OK;
  throng_note(progress,
              "no item-item table for %" PRId64
              " items: most-similar and the myopic policy play %d episodes instead of %d",
              world->n_item, SEARCH_EPISODES, few.episodes);
  few.episodes = SEARCH_EPISODES;
  return evaluator_create(backend, world, sta, sim, &few, 1, true, &c->searches);
}

throng_status contest_create(throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_sim_def *sim,
                             const throng_evaluation_def *def, int32_t n_agent, int32_t n_block,
                             bool yardsticks, const throng_progress *progress, contest *out) {
  memset(out, 0, sizeof *out);
  THRONG_TRY(evaluator_create(backend, world, sta, sim, def, n_block, n_block == 1 && yardsticks,
                              &out->agents));
  THRONG_TRY(returns_create(n_agent, def->episodes, &out->returns));
  if (!yardsticks) return THRONG_OK;
  return make_yardsticks(out, backend, world, sta, sim, def, n_block, progress);
}

void contest_free(contest *c) {
  evaluator_free(c->searches);
  if (c->yardsticks != c->agents) evaluator_free(c->yardsticks);
  evaluator_free(c->agents);
  returns_free(&c->returns);
  memset(c, 0, sizeof *c);
}

bool contest_plays(const contest *c, throng_yardstick yardstick) {
  return c->yardsticks && evaluator_plays(c->yardsticks, yardstick);
}

static throng_status check(const contest *c, throng_yardstick yardstick) {
  if ((unsigned)yardstick >= THRONG_YARDSTICK_COUNT)
    return throng_fail(THRONG_ERROR_ARGUMENT, "yardstick: %d is none", (int)yardstick);
  if (c->yardsticks) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "yardstick %s: train.yardsticks is false, so no lanes were made for them",
                     throng_yardstick_name(yardstick));
}

/// The lanes that it plays on.
static evaluator *lanes_of(const contest *c, throng_yardstick yardstick) {
  return yardstick_searches(yardstick) && c->searches ? c->searches : c->yardsticks;
}

throng_status contest_play(contest *c, throng_yardstick yardstick,
                           const throng_progress *progress) {
  THRONG_TRY(check(c, yardstick));
  evaluator *e = lanes_of(c, yardstick);
  THRONG_TRY(evaluator_play_yardstick(e, yardstick, progress, &c->yardstick[yardstick]));
  returns_take_yardstick(&c->returns, e, yardstick);
  return THRONG_OK;
}

throng_status contest_find(contest *c, throng_yardstick yardstick, const throng_progress *progress,
                           bool *kept) {
  THRONG_TRY(check(c, yardstick));
  const evaluator *e = lanes_of(c, yardstick);
  returns_table *t = &c->returns;
  THRONG_TRY(kept_yardstick_find(e, yardstick, &c->yardstick[yardstick], t->difference, kept));
  if (*kept) {
    returns_set_yardstick(t, yardstick, evaluator_episodes(e), t->difference);
    return THRONG_OK;
  }
  THRONG_TRY(contest_play(c, yardstick, progress));
  const throng_status saved =
      kept_yardstick_save(e, yardstick, &c->yardstick[yardstick], t->yardstick[yardstick]);
  if (saved != THRONG_ERROR_IO) return saved;
  throng_note(progress, "yardstick %s is not kept for another run: %s", yardstick_title(yardstick),
              throng_error_message());
  return THRONG_OK;
}

void contest_report(const contest *c, throng_train_report *out) {
  memcpy(out->yardstick, c->yardstick, sizeof out->yardstick);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
    out->yardstick_against[k] = returns_compare_yardstick(&c->returns, (throng_yardstick)k);
}
