/// Asks every vote, rule and the ensemble, and compares their answers with the real ones.
#include "evaluate/fidelity.h"

#include <stdlib.h>
#include <string.h>

#include "world/world.h"

static classification *place_of(fidelity *f, int contender) {
  switch (contender_kind_of(contender)) {
    case CONTENDER_VOTE: return &f->vote[contender - CONTENDER_OF_VOTES];
    case CONTENDER_RULE: return &f->rule[contender - CONTENDER_OF_RULES];
    default: return &f->ensemble;
  }
}

/// The simulator answers under every rule, one after the other, so that it may be cancelled.
static throng_status measure(const contender_task *task, const throng_progress *progress,
                             fidelity *out) {
  const questions *q = task->questions;
  double *score = NULL;
  uint8_t *answer = NULL;
  bool measured;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&score, (size_t)q->n, sizeof *score, "answers"));
  THRONG_TRY_GOTO(throng_alloc((void **)&answer, (size_t)q->n, sizeof *answer, "answers"));
  for (int c = CONTENDER_OF_VOTES; c < CONTENDER_COUNT; ++c) {
    if (!throng_report(progress, "evaluate", c - CONTENDER_OF_VOTES,
                       CONTENDER_COUNT - CONTENDER_OF_VOTES, "votes and rules"))
      THRONG_TRY_GOTO(throng_cancelled("evaluate"));
    THRONG_TRY_GOTO(contender_answer(task, c, score, answer, &measured));
    if (measured)
      THRONG_TRY_GOTO(classification_measure(q->n, q->label, answer, score, place_of(out, c)));
  }
done:
  free(score);
  free(answer);
  return status;
}

void fidelity_count(const contender_task *task, fidelity *out) {
  const questions *q = task->questions;
  *out = (fidelity){.users = q->users,
                    .users_short = q->users_short,
                    .interactions = task->world->n_interaction,
                    .questions = q->n - q->sampled,
                    .likes = q->likes,
                    .sampled = q->sampled};
  memcpy(out->measured, q->measured, sizeof out->measured);
  memcpy(out->missing, q->missing, sizeof out->missing);
}

throng_status fidelity_measure(const contender_task *task, const throng_progress *progress,
                               fidelity *out) {
  fidelity_count(task, out);
  return measure(task, progress, out);
}

throng_status fidelity_evaluate(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                                fidelity_split split, const throng_progress *progress,
                                fidelity *out) {
  questions q;
  THRONG_TRY(questions_make(world, split, 0, seed, &q));
  throng_status status = questions_ask(&q, backend, world, sta, votes, seed);
  const contender_task task = {&q, NULL, backend, world, sta, votes, seed};
  if (status == THRONG_OK) status = fidelity_measure(&task, progress, out);
  questions_free(&q);
  return status;
}
