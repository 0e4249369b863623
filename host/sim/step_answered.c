/// A step whose answers come from elsewhere.
#include <stdlib.h>

#include "sim/sim.h"

/// Host copies of what a step's answers stand in.
typedef struct answered {
  throng_vote *vote;        // (n_lane, slate_size)
  uint8_t *examined;        // (n_lane, slate_size), where there is such an array
  float *reward;            // (n_lane)
  uint8_t *ended, *halted;  // (n_lane)
} answered;

static void free_answered(answered *h) {
  free(h->vote);
  free(h->examined);
  free(h->reward);
  free(h->ended);
  free(h->halted);
}

static throng_status take_memory(const throng_sim *s, answered *h) {
  const size_t n_lane = (size_t)s->n_lane, n = n_lane * (size_t)s->def.slate_size;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&h->name, (count), sizeof *h->name, "answers"))
  TAKE(vote, n);
  TAKE(examined, n);
  TAKE(reward, n_lane);
  TAKE(ended, n_lane);
  TAKE(halted, n_lane);
#undef TAKE
  return THRONG_OK;
}

/// Copy what a step writes to the host (`down`), or back.
static throng_status move(throng_sim *s, answered *h, bool down) {
  const size_t n_lane = (size_t)s->n_lane, n = n_lane * (size_t)s->def.slate_size;
  const struct {
    void *here, *there;
    size_t bytes;
  } part[] = {{h->vote, s->vote, n * sizeof *h->vote},
              {h->reward, s->reward, n_lane * sizeof *h->reward},
              {h->examined, s->examined, s->n_examined ? n : 0}};
  for (size_t k = 0; k < sizeof part / sizeof *part; ++k) {
    if (part[k].bytes == 0) continue;
    THRONG_TRY(
        down ? s->backend->ops->download(s->backend, part[k].here, part[k].there, part[k].bytes)
             : s->backend->ops->upload(s->backend, part[k].there, part[k].here, part[k].bytes));
  }
  return THRONG_OK;
}

/// Lanes that stand keep what they have.
static void put(const throng_sim *s, answered *h, const uint8_t *like) {
  const int32_t slate = s->def.slate_size;
  for (int64_t lane = 0; lane < s->n_lane; ++lane) {
    if (h->halted[lane] || (!s->def.autoreset && h->ended[lane] != THRONG_END_NONE)) continue;
    h->reward[lane] = 0;
    for (int64_t at = lane * slate; at < (lane + 1) * slate; ++at) {
      h->vote[at].like = like[at];
      h->examined[at] = 1;
      h->reward[lane] += (float)like[at];
    }
  }
}

static throng_status check(const throng_sim *s, const uint8_t *like) {
  const int64_t slate = s->def.slate_size;
  for (int64_t k = 0; k < s->n_lane * slate; ++k)
    if (like[k] > 1)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "lane %lld: the answer is %d, expected 1 (liked) or 0 (not)",
                         (long long)(k / slate), like[k]);
  return THRONG_OK;
}

throng_status throng_sim_step_answered(throng_sim *s, const int32_t *action, const uint8_t *like) {
  const backend_ops *ops = s->backend->ops;
  const size_t n_lane = (size_t)s->n_lane;
  answered h = {0};
  throng_status status;
  THRONG_TRY(check(s, like));
  THRONG_TRY_GOTO(take_memory(s, &h));
  THRONG_TRY_GOTO(action ? sim_upload_action(s, action) : sim_check_action(s));
  // How the step before ended says which lanes stand.
  THRONG_TRY_GOTO(ops->download(s->backend, h.ended, s->ended, n_lane));
  THRONG_TRY_GOTO(ops->download(s->backend, h.halted, s->halted, n_lane));
  THRONG_TRY_GOTO(sim_answer_on_backend(s));
  THRONG_TRY_GOTO(move(s, &h, true));
  put(s, &h, like);
  THRONG_TRY_GOTO(move(s, &h, false));
  THRONG_TRY_GOTO(sim_transition_on_backend(s));
  THRONG_TRY_GOTO(sim_advance_on_backend(s));
done:
  free_answered(&h);
  return status;
}
